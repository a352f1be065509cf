"""Numbers, names, sums and products of a tree, entries of arrays: the algebra of a formula in a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from mpmath import mp, mpf

from symbackprop.content import text
from symbackprop.formulas.keys import key_of_name
from symbackprop.formulas.names import bound, read_name
from symbackprop.formulas.tree import Name, Node, Printed, is_slope_pair
from symbackprop.formulas.unread import Unread
from symbackprop.reckoning import paper
from symbackprop.reckoning.paper import Jacobian, Misfit, Undefined, on_paper, settled, shape_of
from symbackprop.reckoning.scene import LARGEST, Scene, Unknown

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "leq": lambda a, b: a <= b,
    "geq": lambda a, b: a >= b,
    "neq": lambda a, b: a != b,
}
DEEPEST_DEFINITION = 20


class Algebra:
    """Evaluates what stands in a tree without functions and derivatives."""

    def __init__(self, scene: Scene, depth: int = 0) -> None:
        self.scene = scene
        self.depth = depth

    def settled(self, node: Node) -> Any:
        """The value, a link of a chain only where it is a derivative of an array by an array."""
        value = self(node)
        if isinstance(value, Jacobian) and (value.outer == 0 or value.value.ndim == value.outer):
            return settled(value)
        return on_paper(value) if not isinstance(value, Jacobian) else value

    def __call__(self, node: Node) -> Any:
        """The value, links of chains as such."""
        self.scene.budget[0] -= 1
        if self.scene.budget[0] < 0:
            raise Unknown(text("it takes too long to reckon"), "meaning")
        return getattr(self, f"_{node.kind}")(node)

    def plain(self, node: Node) -> Any:
        """The value as a number or an array."""
        return on_paper(settled(self(node)))

    def _number(self, node: Node) -> Any:
        printed = node.value
        assert isinstance(printed, Printed)
        value = mpf(printed.value.numerator) / printed.value.denominator
        return value + self.scene.shifts[node.start] if node.start in self.scene.shifts else value

    def _constant(self, node: Node) -> Any:
        return +mp.e if node.value == "e" else +mp.pi

    def _name(self, node: Node) -> Any:
        assert isinstance(node.value, Name)
        return self.named(node.value)

    def named(self, name: Name) -> Any:
        """The value of a name."""
        scene = self.scene
        if not name.below and not name.above and name.letter in scene.binding:
            return mpf(scene.binding[name.letter])
        full = scene.name(name)
        override = self._override(full)
        if override is not None:
            return override
        defined = scene.vocabulary.definition(full)
        if defined is not None:
            return self._defined(defined)
        referent = scene.referent(full)
        if referent is not None:
            return scene.value(referent)
        return self._unknown(full)

    def _override(self, name: Name) -> Any | None:
        """A value that differs from the point's: by the name, or by what it stands for."""
        overrides = self.scene.overrides
        if not overrides:
            return None
        if name in overrides:
            return overrides[name]
        return overrides.get(key_of_name(name, self.scene.vocabulary))

    def _defined(self, body: Node) -> Any:
        if self.depth > DEEPEST_DEFINITION:
            raise Unknown(text("a definition that uses itself"), "meaning")
        return type(self)(self.scene, self.depth + 1)(body)

    def _unknown(self, name: Name) -> Any:
        if name.letter == "delta" and len(name.below) == 2 and all(one.isdecimal() for one in name.below):
            return mpf(name.below[0] == name.below[1])
        derivative = self._by_subscript(name)
        if derivative is not None:
            return derivative
        without = replace(name, above=())
        if name.above and self.scene.vocabulary.is_value(without) and all(one for one, _ in name.above):
            return self.named(without)
        return self.scene.free_value(name)

    def _by_subscript(self, name: Name) -> Any | None:
        """L_w: the derivative of L by w."""
        vocabulary = self.scene.vocabulary
        of = vocabulary.find(replace(name, below=()))
        if of is None or of.kind != "node" or not name.below or vocabulary.graph[of.name].expression is None:
            return None
        try:
            below = read_name(name.below[0] if len(name.below) == 1 else _subscripted(name.below))
        except Unread:
            return None
        by = vocabulary.find(below)
        return None if by is None else self.scene.slope(of, by)

    def _ones(self, node: Node) -> Any:
        return self._filled(node, mpf(1))

    def _zeros(self, node: Node) -> Any:
        return self._filled(node, mpf(0))

    def _filled(self, node: Node, value: Any) -> Any:
        sizes = self._sizes(node)
        if not sizes:
            raise Unknown(text("the length of a vector of ones"), "meaning")
        shape = sizes if len(sizes) > 1 else (*sizes, 1)
        made = np.empty(shape, dtype=object)
        made.fill(value)
        return made

    def _unit(self, node: Node) -> Any:
        sizes = self._sizes(node)
        if not sizes:
            return paper.Identity(mpf(1))
        return np.array([[mpf(i == j) for j in range(sizes[0])] for i in range(sizes[0])], dtype=object)

    def _sizes(self, node: Node) -> tuple[int, ...]:
        assert isinstance(node.value, tuple)
        sizes = tuple(int(one) if one.isdecimal() else self._size(Name(one)) for one in node.value)
        entries = sizes[0] ** 2 if node.kind == "unit" and sizes else prod(sizes)
        if entries > LARGEST:
            raise Unknown(text("an array that is too large"), "meaning")
        return sizes

    def _size(self, name: Name) -> int:
        free = set(self.scene.free)
        value = settled(self.named(name))
        if self.scene.free - free:
            self.scene.free.intersection_update(free)
            raise Unknown(text("the size {name}", name=str(name)), "meaning")
        return int(value)

    def _sum(self, node: Node) -> Any:
        assert isinstance(node.value, tuple)
        total: Any = None
        for sign, part in zip(node.value, node.parts, strict=True):
            value = self(part)
            term = paper.times(mpf(-1), value) if sign == "-" else value
            total = term if total is None else paper.add(total, term)
        return total

    def _product(self, node: Node) -> Any:
        """Matrix products within, products entry by entry between them."""
        assert isinstance(node.value, tuple)
        runs: list[list[Node]] = [[node.parts[0]]]
        signs: list[list[str]] = [[]]
        for sign, part in zip(node.value, node.parts[1:], strict=True):
            if sign == "circ":
                runs.append([part])
                signs.append([])
            else:
                runs[-1].append(part)
                signs[-1].append(sign)
        values = [self._run(run, own) for run, own in zip(runs, signs, strict=True)]
        total = values[0]
        for value in values[1:]:
            total = self._circ(total, value)
        return total

    def _run(self, parts: list[Node], signs: list[str]) -> Any:
        """Factors from the left; an operator takes what stands to its right."""
        place = next((p for p, one in enumerate(parts) if one.kind == "operator"), None)
        if place is not None:
            return self._operated(parts, place)
        values = [self(part) for part in parts]
        if len(values) == 1:
            return values[0]
        loose = [self._is_loose(sign, *parts[place : place + 2]) for place, sign in enumerate(signs)]
        try:
            return self._folded(values, loose)
        except Misfit:
            return self._from_the_right(values, loose)

    def _is_loose(self, sign: str, left: Node, right: Node) -> bool:
        """Whether a product may be entry by entry: with a cross, or a(1 - a) where no ring is written."""
        return sign == "times" or (self.scene.loose and is_slope_pair(left, right))

    @staticmethod
    def _folded(values: list[Any], loose: list[bool]) -> Any:
        total = values[0]
        for value, own in zip(values[1:], loose, strict=True):
            total = paper.times(total, value, loose=own)
        return total

    @staticmethod
    def _from_the_right(values: list[Any], loose: list[bool]) -> Any:
        """Where it does not go from the left: a (b^T c)."""
        total = values[-1]
        for value, own in zip(reversed(values[:-1]), reversed(loose), strict=True):
            total = paper.times(value, total, loose=own)
        return total

    def _circ(self, left: Any, right: Any) -> Any:
        left, right = settled(left), settled(right)
        if (
            shape_of(left) != shape_of(right)
            and isinstance(left, np.ndarray)
            and isinstance(right, np.ndarray)
        ):
            raise Misfit(shape_of(left), shape_of(right), "circ")
        return paper.entrywise(left, right)

    def _quotient(self, node: Node) -> Any:
        return paper.divide(self(node.parts[0]), self.plain(node.parts[1]))

    def _power(self, node: Node) -> Any:
        return paper.power(self(node.parts[0]), self.plain(node.parts[1]))

    def _transposed(self, node: Node) -> Any:
        return on_paper(paper.transposed(self(node.parts[0])))

    def _inverse(self, node: Node) -> Any:
        return paper.inverted(self(node.parts[0]))

    def _group(self, node: Node) -> Any:
        return self(node.parts[0])

    def _absolute(self, node: Node) -> Any:
        return paper.each(abs, self.plain(node.parts[0]))

    def _norm(self, node: Node) -> Any:
        value = self.plain(node.parts[0])
        entries = value.reshape(-1) if isinstance(value, np.ndarray) else [value]
        if node.value == "1":
            return mp.fsum(abs(one) for one in entries)
        return mp.sqrt(mp.fsum(one**2 for one in entries))

    def _root(self, node: Node) -> Any:
        return self._each("sqrt", self.plain(node.parts[0]))

    def _matrix(self, node: Node) -> Any:
        rows = [[self.plain(cell) for cell in row.parts] for row in node.parts]
        if any(isinstance(cell, np.ndarray) for row in rows for cell in row):
            return self._blocks(rows)
        return on_paper(np.array(rows, dtype=object))

    @staticmethod
    def _blocks(rows: list[list[Any]]) -> Any:
        try:
            made = [
                np.concatenate([np.atleast_2d(np.asarray(one, dtype=object)) for one in row], axis=1)
                for row in rows
            ]
            return np.concatenate(made, axis=0)
        except ValueError:
            raise Misfit((), (), "blocks") from None

    def _listed(self, node: Node) -> Any:
        """Matrices within curly brackets: an array with more axes."""
        parts = [np.asarray(self(part), dtype=object) for part in node.parts]
        parts = [part.reshape(1, 1) if part.ndim == 0 else part for part in parts]
        if len({part.shape for part in parts}) > 1:
            raise Misfit(parts[0].shape, parts[1].shape, "list")
        return np.stack(parts)

    def _cases(self, node: Node) -> Any:
        for case in node.parts:
            if len(case.parts) == 1 or self._holds(case.parts[1]):
                return self(case.parts[0])
        raise Undefined(text("no case holds"))

    def _case(self, node: Node) -> Any:
        return self(node.parts[0])

    def _holds(self, node: Node) -> bool:
        left, right = self.plain(node.parts[0]), self.plain(node.parts[1])
        if isinstance(left, np.ndarray) or isinstance(right, np.ndarray) or node.value not in _COMPARISONS:
            raise Unknown(text("a condition on arrays"), "meaning")
        return _COMPARISONS[str(node.value)](left, right)

    def _indicator(self, node: Node) -> Any:
        relation = node.parts[0]
        left, right = self.plain(relation.parts[0]), self.plain(relation.parts[1])
        compare = _COMPARISONS.get(str(relation.value))
        if compare is None:
            raise Unknown(text("a condition"), "meaning")
        if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
            if left.shape != right.shape:
                raise Misfit(left.shape, right.shape, "circ")
            made = np.empty(left.shape, dtype=object)
            for place in np.ndindex(left.shape):
                made[place] = mpf(compare(left[place], right[place]))
            return made
        if isinstance(right, np.ndarray):
            return paper.each(lambda one: mpf(compare(left, one)), right)
        return paper.each(lambda one: mpf(compare(one, right)), left)

    def _relation(self, node: Node) -> Any:
        raise Unknown(text("a relation within a formula"), "meaning")

    def _entry(self, node: Node) -> Any:
        value = np.asarray(self.plain(node.parts[0]), dtype=object)
        assert isinstance(node.value, tuple)
        indices = [self._index(one) for one in node.value]
        if value.ndim == 2 and len(indices) == 1 and 1 in value.shape:
            value = value.reshape(-1)
        if len(indices) != value.ndim or not all(
            1 <= i <= size for i, size in zip(indices, value.shape, strict=True)
        ):
            if value.ndim == 0:
                return self.plain(node.parts[0])
            raise Misfit(value.shape, tuple(indices), "entry")
        return value[tuple(index - 1 for index in indices)]

    def _index(self, written: str) -> int:
        name = bound(Name("x", below=(written,)), self.scene.binding).below[0]
        if not name.lstrip("-").isdecimal():
            raise Unknown(text("the index {index}", index=written), "index")
        return int(name)

    def _item(self, node: Node) -> Any:
        value = settled(self(node.parts[0]))
        if not isinstance(value, np.ndarray):
            raise Misfit((), (), "entry")
        made = value if value.shape[-1] != 1 or value.ndim != 2 else value.reshape(-1)
        try:
            places = tuple(
                _slice(part)
                for part in str(node.value).replace("{:}", ":").replace("{", "").replace("}", "").split(",")
            )
            return on_paper(np.asarray(made[places], dtype=object)) if np.ndim(made[places]) else made[places]
        except (ValueError, IndexError):
            raise Unknown(text("the index {index}", index=str(node.value)), "meaning") from None

    _slash = _quotient
    _circ_power = _power
    _ellipsis = _hole = _foreign = _relation

    def _operated(self, parts: list[Node], place: int) -> Any:
        """An operator of differentiation, with what stands round it."""
        raise NotImplementedError

    def _each(self, word: str, value: Any) -> Any:
        """A function of numbers, entry by entry."""
        raise NotImplementedError


def _subscripted(parts: tuple[str, ...]) -> str:
    """w, 1, 1 as the name that it is below: w_{11}."""
    head, *rest = parts
    letter = f"\\{head}" if len(head) > 1 and not head.startswith("\\") else head
    return letter + (f"_{{{''.join(rest)}}}" if rest else "")


def _slice(text: str) -> Any:
    text = text.strip()
    if ":" not in text:
        return int(text)
    return slice(*(int(one) if one.strip() else None for one in text.split(":")))
