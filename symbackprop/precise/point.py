"""A graph at one point: the numbers of all nodes and the derivatives between them, in extra digits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from mpmath import mp, mpf
from numpy.typing import NDArray
from sympy import Expr, Integer, Rational, Symbol

from symbackprop.arrays.sizes import sizes_in_numbers
from symbackprop.conventions import Conventions
from symbackprop.errors import GraphError, ShapeError, ValuesError, did_you_mean, listing
from symbackprop.graph import Graph, Node, Role
from symbackprop.numeric.faults import wrong_shape
from symbackprop.precise.digits import Number, as_number
from symbackprop.precise.evaluation import evaluate
from symbackprop.precise.slopes import cotangent, gaps, kinks, rules_of
from symbackprop.problem import Problem

GUARD = 30
"""Digits that are worked with beyond those asked for: 1 - tanh(40)² has lost 35."""

Cotangents = list[Number]
"""For each entry of what is differentiated the derivative by one node, of its shape."""


class Point:
    """The numbers of all nodes of a graph where the given values are known, and the derivatives between them.

    Args:
        source: the graph, or a problem, whose conventions are taken.
        given: a number or nested lists for every given name, as Rational, Decimal, Fraction or float.
        digits: how many are right, where no more than `GUARD` cancel.
        conventions: what decides at kinks and ties, and the sign of the deltas. In every layout a derivative
            has the shape of what it is by.

    Attributes:
        graph: the graph.
        given: the given values, as they were given.
        sizes: what the symbols of sizes stand for.

    Raises:
        ValuesError: a name has no value, is none of the graph's, or has a value of another shape.
    """

    def __init__(
        self,
        source: Problem | Graph,
        given: Mapping[str, Any],
        digits: int = 50,
        conventions: Conventions | None = None,
    ) -> None:
        graph = source.graph if isinstance(source, Problem) else source
        own = source.conventions if isinstance(source, Problem) else Conventions()
        self.source, self.graph, self.given, self.digits = source, graph, dict(given), digits
        self.conventions = (conventions or own).model_copy(update={"layout": "parameter"})
        self.rules = rules_of(graph, self.conventions)
        self._numbers: dict[Symbol, Number] = {}
        self._upstream: dict[Symbol, Number] = {}
        self._partials: dict[tuple[Symbol, Symbol], Number] = {}
        self._sweeps: dict[tuple[Symbol, frozenset[Symbol], Symbol | None], dict[Symbol, Cotangents]] = {}
        with self._working():
            values = {node: self._taken(node) for node in graph.given if node.role is not Role.SIZE}
        self.sizes = self._sizes(values)
        self._numbers |= {node.symbol: value for node, value in values.items()}
        self._numbers |= {Symbol(name): mpf(size) for name, size in self.sizes.items()}

    def _working(self) -> Any:
        return mp.workdps(self.digits + GUARD)

    def _taken(self, node: Node) -> Number:
        if node.name not in self.given:
            raise ValuesError(f"no value for {node.name}", known=listing(self.given) or "no values at all")
        value = exact_number(self.given[node.name])
        if np.ndim(value) != len(node.shape):
            raise wrong_shape(node.name, np.shape(value), node.shape, {})
        return value

    def _sizes(self, values: Mapping[Node, Number]) -> dict[str, int]:
        """The sizes of the arrays; what the names of sizes stand for is found from them."""
        found = sizes_in_numbers((node.shape, np.shape(value)) for node, value in values.items())
        for node, value in values.items():
            if shape_in_numbers(node, found) != np.shape(value):
                raise wrong_shape(node.name, np.shape(value), node.shape, found)
        names = {node.name for node in self.graph.given} | {symbol.name for symbol in found}
        for name in self.given:
            if name not in names:
                raise ValuesError(f"{name!r} is not given to the graph", fix=did_you_mean(name, names))
        return {symbol.name: number for symbol, number in found.items()}

    # Values.

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self.graph or name in self.sizes)

    def __getitem__(self, name: str) -> Number:
        """The value of a node, or a size.

        Raises:
            GraphError: there is no node of that name.
            ValuesError: the value is infinite, or none.
        """
        symbol = Symbol(name)
        if name not in self.sizes:
            symbol = self.graph[name].symbol
            self._know(symbol)
        value = self._numbers[symbol]
        if not is_finite(value):
            raise ValuesError(f"the node {name} is not a finite number", where=f"{name} = {value}")
        return value

    @property
    def values(self) -> Mapping[Symbol, Number]:
        """The values of all nodes and sizes, for `evaluate`; what has none is nan."""
        for node in self.graph.nodes:
            self._know(node.symbol)
        return self._numbers

    @cached_property
    def given_doubles(self) -> NDArray[np.float64]:
        """Every number of the given values, as doubles."""
        return _doubles(self[node.name] for node in self.graph.given)

    @cached_property
    def inner_doubles(self) -> NDArray[np.float64]:
        """Every number of the other nodes, as doubles; those that are none left out."""
        return _doubles(self.values[node.symbol] for node in self.graph.inner)

    def _know(self, symbol: Symbol) -> None:
        """Find the value of a node, after those that it is made of."""
        pending = [symbol]
        while pending:
            node = self.graph[pending[-1]]
            missing = [parent for parent in node.parents if parent not in self._numbers]
            if node.symbol in self._numbers:
                pending.pop()
            elif missing:
                pending += missing
            else:
                self._numbers[node.symbol] = self._evaluated(node)

    def _evaluated(self, node: Node) -> Number:
        if node.expression is None:
            raise ValuesError(f"no array says what the size {node.name} is")
        with self._working():
            value = evaluate(node.expression, self._numbers, self.conventions)
            return _spread(value, self._shape(node))

    def _shape(self, node: Node) -> tuple[int, ...]:
        return shape_in_numbers(node, {Symbol(name): size for name, size in self.sizes.items()})

    @property
    def is_finite(self) -> bool:
        """Whether every node has a finite real value."""
        return all(map(is_finite, self.values.values()))

    def changed(self, values: Mapping[str, Number]) -> Point:
        """The point at which some nodes have other values than the computed ones, and all that uses them."""
        other = Point(self.source, self.given, self.digits, self.conventions)
        other._numbers |= {Symbol(name): value for name, value in values.items()}
        return other

    def with_slope(self, name: str, value: Number) -> Point:
        """The point at which the output's derivative by a node is another, and all derivatives below it."""
        other = Point(self.source, self.given, self.digits, self.conventions)
        other._numbers |= self._numbers
        other._upstream = {Symbol(name): value}
        return other

    def kink_distance(self) -> mpf:
        """How far the nearest kink, jump or tie of a node is; infinite where there is none."""
        values, found = self.values, [mp.inf]
        with mp.workdps(20):
            for node in self.graph.inner:
                assert node.expression is not None
                found += [
                    np.min(abs(evaluate(kink, values, self.conventions))) for kink in kinks(node.expression)
                ]
                found += [
                    _gap(sign * evaluate(array, values, self.conventions), axes)
                    for array, axes, sign in gaps(node.expression)
                ]
        return min(found)

    # Derivatives.

    def slope(self, of: str, by: str) -> Number:
        """dof/dby along all ways: of the shape of `of`, then that of `by`; of a node by itself the identity.

        Raises:
            GraphError: a name that is no node.
        """
        return self.partial(of, by)

    def partial(self, of: str, by: str, held: Collection[str] = ()) -> Number:
        """The derivative along the ways that pass through no held node: (∂f/∂x)_q.

        Args:
            of: what is differentiated.
            by: by which node.
            held: the nodes that keep their values; the two ends count for nothing.

        Raises:
            GraphError: a name that is no node.
        """
        upper, lower = self.graph[of], self.graph[by]
        fixed = frozenset(self.graph[name].symbol for name in held) - {upper.symbol, lower.symbol}
        # Of a number one sweep gives the derivatives by all nodes; of an array one sweep an entry is needed.
        key = (upper.symbol, fixed, lower.symbol if upper.shape else None)
        if key not in self._sweeps:
            with self._working():
                self._sweeps[key] = self._swept(upper, fixed, lower if upper.shape else None)
        shape = (*self._shape(upper), *self._shape(lower))
        found = self._sweeps[key].get(lower.symbol)
        if found is None:
            return _spread(mpf(0), shape)
        return np.stack(found).reshape(shape) if upper.shape else found[0]

    def _swept(self, upper: Node, held: frozenset[Symbol], lower: Node | None) -> dict[Symbol, Cotangents]:
        """The reverse sweep from one node to all, or to all between it and a lower one."""
        wanted = None if lower is None else self.graph.descendants([lower.symbol])
        found = {upper.symbol: _units(self._shape(upper))}
        for node in reversed(self.graph.nodes):
            if self._upstream and upper.symbol == self.graph.output and node.symbol in self._upstream:
                found[node.symbol] = [self._upstream[node.symbol]]
            if node.symbol not in found or node.expression is None or node.symbol in held:
                continue
            if lower is not None and node.symbol == lower.symbol:
                break
            for parent, share in self._shares(node, found[node.symbol], wanted):
                before = found.get(parent)
                found[parent] = share if before is None else _added(before, share)
        return found

    def _shares(
        self, node: Node, upstream: Cotangents, wanted: frozenset[Symbol] | None
    ) -> Iterator[tuple[Symbol, Cotangents]]:
        """What a node hands down to its parents."""
        local = self.rules.is_local(node)
        for parent, rule in self.rules(node).items():
            if wanted is None or parent in wanted:
                if local:
                    slope = self._local(node, parent, rule)
                    yield parent, [one * slope for one in upstream]
                else:
                    yield parent, self._pulled(node, self.graph[parent], rule, upstream)

    def _local(self, node: Node, parent: Symbol, rule: Expr) -> Number:
        edge = node.symbol, parent
        if edge not in self._partials:
            self._partials[edge] = evaluate(rule, self._around(node), self.conventions)
        return self._partials[edge]

    def _pulled(self, node: Node, parent: Node, rule: Expr, upstream: Cotangents) -> Cotangents:
        values, shape = dict(self._around(node)), self._shape(parent)
        zero = _spread(mpf(0), shape)
        found = []
        for one in upstream:
            values[cotangent(node)] = one
            found.append(_spread(evaluate(rule, values, self.conventions), shape) if np.any(one) else zero)
        return found

    def _around(self, node: Node) -> Mapping[Symbol, Number]:
        """The values, with those of the parents of a node among them."""
        for parent in node.parents:
            self._know(parent)
        return self._numbers

    # Deltas.

    @property
    def deltas(self) -> Mapping[str, str]:
        """For the name of each delta that of its node."""
        return self.rules.deltas

    def delta(self, name: str) -> Number:
        """A delta in the sign and the scale of the conventions, of the shape of its node.

        Args:
            name: of the delta, or of its node.

        Raises:
            GraphError: there is no delta of that name.
        """
        node = self.deltas.get(name, name)
        if node not in self.graph:
            known = listing(self.deltas) or "no deltas"
            raise GraphError(f"there is no delta {name!r}", known=known, fix=did_you_mean(name, self.deltas))
        with self._working():
            return self._factor() * self.slope(self.graph.output.name, node)

    def _factor(self) -> Number:
        """By what a delta is more than the derivative: -1 of descent, n of a batch."""
        scale = self.batch_scale if self.conventions.batch_factor == "gradient" else mpf(1)
        return -scale if self.conventions.error_sign == "minus" else scale

    @property
    def batch_scale(self) -> Number:
        """By what the loss of an example is more than its part of the loss of the batch: n of a mean."""
        return evaluate(self.graph.scale, {Symbol(name): mpf(size) for name, size in self.sizes.items()})


def _doubles(values: Iterable[Number]) -> NDArray[np.float64]:
    parts = [np.asarray(value, dtype=object).reshape(-1).astype(float) for value in values]
    joined: NDArray[np.float64] = np.concatenate([np.empty(0), *parts])
    return joined[np.isfinite(joined)]


def exact_number(value: Any) -> Number:
    """A given value in the digits that mpmath works with: a number, or an array of nested lists."""
    array = np.array(value, dtype=object)
    return as_number(np.frompyfunc(_exact, 1, 1)(array))


def _exact(value: Any) -> mpf:
    if isinstance(value, Rational):
        return mpf(value.p) / mpf(value.q)
    if isinstance(value, Fraction):
        return mpf(value.numerator) / mpf(value.denominator)
    return mpf(str(value)) if isinstance(value, Decimal) else mpf(value)


def shape_in_numbers(node: Node, sizes: Mapping[Symbol, int]) -> tuple[int, ...]:
    """The shape of a node, where the names of sizes stand for numbers.

    Raises:
        ShapeError: a size stays unknown.
    """
    shape = [size.subs(sizes) if isinstance(size, Expr) else size for size in node.shape]
    if any(isinstance(size, Expr) and not isinstance(size, Integer) for size in shape):
        raise ShapeError(f"no array says what the sizes of {node.name} are")
    return tuple(map(int, shape))


def is_finite(value: Number) -> bool:
    """Whether a number, or every entry of an array, is finite."""
    return all(map(mp.isfinite, np.ravel(value)))


def _spread(value: Number, shape: tuple[int, ...]) -> Number:
    return np.broadcast_to(value, shape) if shape and np.shape(value) != shape else value


def _units(shape: tuple[int, ...]) -> Cotangents:
    """For each entry of an array the array with 1 there and 0 elsewhere."""
    if not shape:
        return [mpf(1)]
    size = int(np.prod(shape))
    return [as_number(row.astype(object)).reshape(shape) for row in np.eye(size, dtype=int)]


def _added(one: Sequence[Number], two: Sequence[Number]) -> Cotangents:
    return [left + right for left, right in zip(one, two, strict=True)]


def _gap(array: Number, axes: tuple[int, ...]) -> mpf:
    """How far the largest over some axes is from the second one, at the least."""
    places = axes or tuple(range(np.ndim(array)))
    moved = np.moveaxis(array, places, range(-len(places), 0)) if places else np.reshape(array, (1,))
    rows = moved.reshape(-1, int(np.prod(moved.shape[moved.ndim - len(places) :])))
    if rows.shape[1] < 2:
        return mp.inf
    rows = np.sort(rows, axis=1)
    return np.min(rows[:, -1] - rows[:, -2])
