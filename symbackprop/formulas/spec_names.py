"""The names of a problem: how the spec's own names and the aliases are printed, and what they stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from symbackprop.errors import OptionError, did_you_mean, listing
from symbackprop.formulas.functions import FUNCTIONS, LETTERS
from symbackprop.formulas.names import (
    INDEX_LETTERS,
    flat,
    flat_parts,
    letters_in,
    read_alias,
    read_name,
    unified,
)
from symbackprop.formulas.tree import Name, Node
from symbackprop.notation.names import latex_name
from symbackprop.problem import Problem


@dataclass(frozen=True)
class Referent:
    """What a name stands for.

    Attributes:
        kind: `node`, `delta` (named by `name`), `rate`.
        name: the spec's name.
        indices: of an entry of an array, from 1.
        step: a superscript or subscript that counts updates: (letter, number).
        labels: other superscripts: the number of an example.
    """

    kind: str
    name: str
    indices: tuple[int, ...] = ()
    step: tuple[str, int] | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Defined:
    """A function that the document defines: f(x, y) = …"""

    arguments: tuple[Name, ...]
    body: Node


class SpecNames:
    """The names of a problem, by the ways in which they may be printed.

    Args:
        problem: the problem.
        aliases: the spec's names, by what a document writes for them.

    Raises:
        OptionError: an alias for a name that the spec does not have.
    """

    def __init__(self, problem: Problem, aliases: Mapping[str, str] | None = None) -> None:
        self.problem = problem
        self.graph = problem.graph
        self.functions: dict[str, str | Defined] = {}
        self._exact: dict[Name, tuple[str, str]] = {}
        self._flat: dict[Name, set[tuple[str, str]]] = defaultdict(set)
        self._families: dict[tuple[str, str, str], dict[tuple[str, ...], tuple[str, str]]] = defaultdict(dict)
        self._add_problem()
        for alias, meant in (aliases or {}).items():
            self._add_alias(alias, meant)
        self.words: frozenset[str] = frozenset(
            name.letter for name in self._exact if len(name.letter) > 1 and not name.is_greek
        )
        self.words |= {word for word in FUNCTIONS if len(word) > 1}

    def _add_problem(self) -> None:
        for node in self.graph.nodes:
            self._add(read_name(latex_name(node.name)), ("node", node.name))
            if node.delta is not None:
                self._add(read_name(latex_name(node.delta.name)), ("delta", node.delta.name))
        known = {node.name for node in self.graph.nodes}
        self.columns: frozenset[str] = frozenset(self.problem.data.columns if self.problem.data else ())
        self.column_names: dict[Name, str] = {}
        sizes = {
            str(one)
            for node in self.graph.nodes
            for size in node.shape
            for one in getattr(size, "free_symbols", ())
        }
        for size in sorted(sizes - known):
            self._add(read_name(latex_name(size)), ("size", size))
        if len(sizes - known) == 1:
            for letter in ("n", "m", "N", "M"):
                if Name(letter) not in self._exact and letter not in known:
                    self._exact[Name(letter)] = ("size", next(iter(sizes - known)))
        self.delta_of = {node.delta.name: node.name for node in self.graph.nodes if node.delta is not None}
        if self.problem.training is not None:
            symbol = self.problem.training.symbol
            for letter in dict.fromkeys((symbol, "eta", "alpha")):
                name = read_name(latex_name(letter))
                if name not in self._exact:
                    self._add(name, ("rate", symbol))
        for letter, function in LETTERS.items():
            if Name(letter) not in self._exact:
                self.functions[letter] = function

    def _add(self, name: Name, meant: tuple[str, str]) -> None:
        self._exact[name] = meant
        self._flat[flat(name)].add(meant)
        layer = name.above[0][1] if name.above else ""
        self._families[name.letter, name.accent, layer][flat(name).below] = meant

    def _add_alias(self, alias: str, meant: str) -> None:
        name = read_alias(alias)
        if meant in FUNCTIONS or meant in LETTERS.values():
            self.functions[name.letter] = meant
            return
        known = {node.name for node in self.graph.nodes} | set(self.delta_of)
        rates = {self.problem.training.symbol} if self.problem.training else set()
        if meant in self.columns and meant not in known:
            self.column_names[name] = meant
            return
        name = replace(name, above=tuple(("[", content) for _, content in name.above))
        if meant not in known | rates:
            raise OptionError(
                f"the spec has no name {meant!r}",
                where=f"--alias {alias}={meant}",
                known=listing(sorted(known | rates), 40),
                fix=did_you_mean(meant, sorted(known | rates)),
            )
        kind = "delta" if meant in self.delta_of else "rate" if meant in rates else "node"
        self._add(name, (kind, meant))

    def graph_node(self, referent: Referent) -> Any:
        """The node of a referent, or of its delta; None: it is no node."""
        name = self.delta_of.get(referent.name, referent.name)
        if name not in self.graph:
            return None
        return self.graph[name]

    def has_letter(self, name: Name) -> bool:
        """Whether the spec has a name of this letter and accent, with other indices."""
        return any((letter, accent) == (name.letter, name.accent) for letter, accent, _ in self._families)

    def example_axis(self, node: Any) -> int | None:
        """The axis of a node along which the examples of a batch stand."""
        sizes = (
            [place for place, size in enumerate(node.shape) if not isinstance(size, int)]
            if node is not None
            else []
        )
        return sizes[0] if len(sizes) == 1 else None

    def output_node(self, start: int) -> Node:
        """The output as a tree."""
        return Node("name", (), read_name(latex_name(self.graph.output.name)), start, start)

    # ------------------------------------------------------------------------------------- what a name is

    def _lookup(self, name: Name) -> Referent | None:
        """With a layer in square brackets, or without any."""
        meant = self._exact.get(name)
        if meant is None:
            choices = self._flat.get(flat(name), set())
            meant = next(iter(choices)) if len(choices) == 1 else None
        if meant is not None:
            return Referent(*meant)
        return self._entry(name)

    def _entry(self, name: Name) -> Referent | None:
        """W_{12}, an entry of an array of the spec."""
        if not name.below:
            return None
        meant = self._exact.get(replace(name, below=()))
        if meant is None or meant[0] in ("rate", "size"):
            return None
        node = self.graph[self.delta_of.get(meant[1], meant[1])]
        digits = name.below if len(name.below) == len(node.shape) else flat(name).below
        if len(digits) != len(node.shape) or not all(one.isdecimal() for one in digits):
            return None
        indices = tuple(map(int, digits))
        within = all(
            not isinstance(size, int) or 1 <= index <= size
            for index, size in zip(indices, node.shape, strict=True)
        )
        return Referent(*meant, indices=indices) if within and 0 not in indices else None

    def _matches(self, name: Name) -> list[dict[str, int]]:
        letters = self.letters_of(name)
        if not letters:
            return []
        found: list[dict[str, int]] = []
        for below, layer in self._members(name):
            binding = unified(flat_parts(name), below, name.above, layer)
            if binding is not None and binding not in found:
                found.append(binding)
        return found

    def letters_of(self, name: Name) -> frozenset[str]:
        """The letters in a name's scripts that may be indices."""
        found = {letter for part in name.below for letter in letters_in(part)}
        found |= {letter for _, content in name.above for letter in letters_in(content)}
        return frozenset(found) & INDEX_LETTERS

    def _members(self, name: Name) -> Iterator[tuple[tuple[str, ...], str]]:
        for (letter, accent, layer), members in self._families.items():
            if (letter, accent) != (name.letter, name.accent):
                continue
            for below, meant in members.items():
                yield below, layer
                if not below and meant[0] not in ("rate", "size"):
                    yield from ((indices, layer) for indices in self._indices(meant))

    def _indices(self, meant: tuple[str, str]) -> Iterator[tuple[str, ...]]:
        shape = self.graph[self.delta_of.get(meant[1], meant[1])].shape
        sizes = [size if isinstance(size, int) else 2 for size in shape]
        count = 1
        for size in sizes:
            count *= size
        if not sizes or count > 400:
            return
        for flat_index in range(count):
            indices, rest = [], flat_index
            for size in reversed(sizes):
                indices.append(str(rest % size + 1))
                rest //= size
            yield tuple(reversed(indices))
