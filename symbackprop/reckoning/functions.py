"""Functions of a formula: of the language, of the document, unknown ones; and their slopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import mp, mpf
from sympy import Dummy

from symbackprop.content import text
from symbackprop.formulas.functions import ELEMENTWISE
from symbackprop.formulas.spec_names import Defined
from symbackprop.formulas.tree import Name, Node, called_as, is_numeric, times_of
from symbackprop.partials import declared_slopes
from symbackprop.precise.evaluation import evaluate
from symbackprop.precise.point import Point
from symbackprop.reckoning import paper
from symbackprop.reckoning.algebra import DEEPEST_DEFINITION
from symbackprop.reckoning.array_calls import array_call
from symbackprop.reckoning.paper import Misfit, Undefined
from symbackprop.reckoning.scene import Unknown
from symbackprop.reckoning.sums import Sums

_ARGUMENT = Dummy("argument")
STEP = mpf(10) ** -17
"""Of central differences; in 50 digits their error is about 1e-34."""


class Functions(Sums):
    """Evaluates calls."""

    def _call(self, node: Node) -> Any:
        head, index = called_as(node)
        if isinstance(head, Name):
            return self._called(head, node.parts)
        arguments = [self.plain(part) for part in node.parts]
        return self.apply(head, index, arguments)

    def _called(self, name: Name, parts: tuple[Node, ...]) -> Any:
        vocabulary = self.scene.vocabulary
        full = self.scene.name(name)
        function = vocabulary.called(name)
        at = self._at_arguments(full, parts) if function is None else None
        if at is not None:
            return at
        if function is None and (
            vocabulary.find(full) is not None or vocabulary.definition(full) is not None
        ):
            return self.named(name)
        if function is None and vocabulary.letters(full):
            return self.named(name)
        arguments = [self.plain(part) for part in parts if part.kind not in ("hole", "ellipsis")]
        if len(arguments) < len(parts):
            raise Unknown(text("{function} of what", function=str(name)), "meaning")
        if function is None:
            return self.scene.free_function(str(name), arguments)
        return self.apply_function(function, arguments)

    def _at_arguments(self, name: Name, parts: tuple[Node, ...]) -> Any | None:
        """f(0, 1): the value of a node with these numbers for what it is given, in their order."""
        referent = self.scene.vocabulary.find(name)
        if referent is None or referent.kind != "node" or not parts or not all(map(is_numeric, parts)):
            return None
        graph = self.scene.vocabulary.graph
        reached = graph.ancestors(graph[referent.name].symbol)
        given = [one.name for one in graph.given if one.symbol in reached and not one.shape]
        if len(given) != len(parts):
            raise Unknown(text("what {function} is given", function=str(name)), "meaning")
        numbers = dict(zip(given, map(self.plain, parts), strict=True))
        point = self.scene.point
        return Point(point.source, {**point.given, **numbers}, point.digits, point.conventions)[referent.name]

    def apply_function(self, function: str | Defined, arguments: list[Any]) -> Any:
        """The value of a function of the language, or of the document."""
        if isinstance(function, str):
            return self.apply(function, "", arguments)
        if len(arguments) != len(function.arguments):
            raise Unknown(text("a function of other arguments"), "meaning")
        if len(arguments) == 1 and isinstance(arguments[0], np.ndarray):
            return paper.each(lambda one: self.apply_function(function, [one]), arguments[0])
        if self.depth > DEEPEST_DEFINITION:
            raise Unknown(text("a function that calls itself"), "meaning")
        given = {
            self.scene.name(name): value for name, value in zip(function.arguments, arguments, strict=True)
        }
        scene = self.scene.having(overrides={**self.scene.overrides, **given})
        return type(self)(scene, self.depth + 1).plain(function.body)

    def apply(self, word: str, index: str, arguments: list[Any]) -> Any:
        """A function by its word."""
        if word in ("log", "lg") and (index or word == "lg"):
            return self._logarithm(index or "10", arguments)
        if word in ELEMENTWISE and len(arguments) == 1:
            return self._each(word, arguments[0])
        if word in ELEMENTWISE and not any(isinstance(one, np.ndarray) for one in arguments):
            return self._elementwise(word, arguments)
        if word in ELEMENTWISE:
            first, *rest = arguments
            return paper.each(lambda one: self._elementwise(word, [one, *rest]), first)
        try:
            index = self._indexed(index, arguments)
            return array_call(word, index, arguments, examples_in_rows=self._rows)
        except (ValueError, IndexError):
            # An axis that the array does not have.
            raise Unknown(word, "meaning") from None

    @property
    def _rows(self) -> bool:
        arrays = self.scene.vocabulary.problem.arrays
        return bool(arrays) and not any(one.across for one in arrays)

    def _logarithm(self, base: str, arguments: list[Any]) -> Any:
        """The logarithm to a base."""
        if len(arguments) != 1 or not base.isdecimal() or int(base) < 2:
            raise Unknown(f"log_{base}", "meaning")
        return paper.divide(self._each("log", arguments[0]), mp.log(int(base)))

    def _indexed(self, index: str, arguments: list[Any]) -> str:
        """The number that an index stands for within a sum; of a whole matrix it says along which axis."""
        of_matrix = len(arguments) == 1 and np.ndim(arguments[0]) == 2 and min(np.shape(arguments[0])) > 1
        return str(self.scene.binding[index]) if index in self.scene.binding and not of_matrix else index

    def _each(self, word: str, value: Any) -> Any:
        return paper.each(lambda one: self._elementwise(word, [one]), value)

    @staticmethod
    def _elementwise(word: str, arguments: list[Any]) -> Any:
        fast = _FAST.get(word)
        if fast is not None and len(arguments) == 1:
            return fast(arguments[0])
        symbols = [Dummy(f"argument_{place}") for place in range(len(arguments))]
        head: Any = ELEMENTWISE[word]
        return _real(evaluate(head(*symbols), dict(zip(symbols, arguments, strict=True))))

    def _prime(self, node: Node) -> Any:
        """σ'(z): the declared slope, or a central difference."""
        head, _ = called_as(node)
        if times_of(node) != 1:
            raise Unknown(text("derivatives of higher order"), "meaning")
        arguments = [self.plain(part) for part in node.parts if part.kind not in ("hole", "ellipsis")]
        if len(arguments) != 1 or len(node.parts) != 1:
            raise Unknown(text("the slope of a function of several arguments"), "meaning")
        function: Any = head
        if isinstance(head, Name):
            function = self.scene.vocabulary.called(head)
            if function is None:
                return self._free_slope(head, arguments[0])
        if isinstance(function, str) and function in ELEMENTWISE:
            return paper.each(lambda one: self._declared_slope(function, one), arguments[0])
        return paper.each(
            lambda one: self._difference(lambda x: self.apply_function(function, [x]), one), arguments[0]
        )

    def _free_slope(self, name: Name, argument: Any) -> Any:
        vocabulary = self.scene.vocabulary
        if vocabulary.find(name) is not None:
            raise Unknown(f"{name}'", "meaning")
        return paper.each(
            lambda one: self._difference(lambda x: self.scene.free_function(str(name), [x]), one), argument
        )

    def _declared_slope(self, word: str, value: Any) -> Any:
        head: Any = ELEMENTWISE[word]
        slopes = declared_slopes(head(_ARGUMENT), self.scene.point.conventions)
        return _real(evaluate(slopes[0], {_ARGUMENT: value}, self.scene.point.conventions))

    @staticmethod
    def _difference(function: Callable[[Any], Any], at: Any) -> Any:
        return (function(at + STEP) - function(at - STEP)) / (2 * STEP)

    def _adjoint(self, node: Node) -> Any:
        """conv(X, ·)*(δ): the inner products of δ with the map's values at all unit arrays of the shape."""
        shape = self.scene.shape
        if not shape:
            raise Unknown(text("the shape of an adjoint"), "meaning")
        call = node.value
        assert isinstance(call, Node)
        word, index = called_as(call)
        upstream = np.asarray(self.plain(node.parts[0]), dtype=object)
        made = np.empty(shape, dtype=object)
        for place in np.ndindex(shape):
            unit = np.full(shape, mpf(0), dtype=object)
            unit[place] = mpf(1)
            arguments = [unit if one.kind == "hole" else self.plain(one) for one in call.parts]
            image = np.asarray(self.apply(str(word), index, arguments), dtype=object)
            if image.shape != upstream.shape:
                raise Misfit(image.shape, upstream.shape, "circ")
            made[place] = mp.fsum(image.reshape(-1) * upstream.reshape(-1))
        return made


def _real(value: Any) -> Any:
    if isinstance(value, mpf) and not mp.isnan(value):
        return value
    raise Undefined(text("a value that is no real number"))


def _exp(x: Any) -> Any:
    if abs(x) > paper.LARGEST:
        raise Undefined(text("a number that is too large"))
    return mp.exp(x)


def _log(x: Any) -> Any:
    if x <= 0:
        raise Undefined(text("the logarithm of what is not positive"))
    return mp.log(x)


def _sqrt(x: Any) -> Any:
    if x < 0:
        raise Undefined(text("the root of a negative number"))
    return mp.sqrt(x)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + _exp(-x))


_FAST: dict[str, Callable[[Any], Any]] = {
    "exp": _exp, "log": _log, "ln": _log, "tanh": mp.tanh, "sqrt": _sqrt, "sigmoid": _sigmoid,
}  # fmt: skip
