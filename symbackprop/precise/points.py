"""Where claims are tried: at random points, and at the numbers of a problem before and after each update."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import count as counting
from itertools import islice
from typing import Any

import numpy as np
from mpmath import mp, mpf
from sympy import Expr, Pow, Rational, Symbol, log

from symbackprop.arrays.sizes import sizes_in_numbers
from symbackprop.errors import ShapeError, ValuesError, listing
from symbackprop.graph import Node, Role
from symbackprop.numeric.train import Trace, train
from symbackprop.precise.digits import Number
from symbackprop.precise.point import GUARD, Point, shape_in_numbers
from symbackprop.precise.slopes import rules_of
from symbackprop.problem import Problem, Training

FAR = mpf("0.001")
"""No node of a random point is nearer to a kink, a jump or a tie."""

TRIES = 200
"""So often values of any sign are drawn, and then as often positive ones."""

KINKED = 25
"""After so many points that are finite and near a kink, the ties are taken to be there always."""

GROWTH = 4
"""So often larger sizes are taken, where slices and kernels need them."""


def random_points(problem: Problem, count: int = 3, seed: int = 0) -> list[Point]:
    """Points with random given values at which every node is finite and none is near a kink.

    Parameters, inputs and constants are ± 0.200 … 2.000, targets 0.050 … 0.950; targets that a shorter form
    of a delta takes to add up to 1 do so. Whole numbers of the problem that stand in exponents stay. Where
    every point is near a kink, as where zeros of a ReLU tie, the one that is farthest from kinks is taken.

    Args:
        problem: its graph, and the sizes of its numbers.
        count: how many.
        seed: of the dice.

    Raises:
        ValuesError: no point was found.
        ShapeError: the operations are possible at no sizes that were tried.
    """
    for growth in range(GROWTH):
        dice = random.Random(seed)
        drawer = _Drawer(problem, dice, sizes_of(problem, growth))
        try:
            return [drawer.point() for _ in range(count)]
        except ShapeError as error:
            failure = error
    raise failure


def sizes_of(problem: Problem, growth: int = 0) -> dict[Symbol, int]:
    """What the names of sizes stand for: as in the numbers of the problem; else small and distinct.

    The number of examples in a batch is 3, or one more where 3 is another size.
    """
    graph = problem.graph
    fixed = {size for node in graph.given for size in node.shape if isinstance(size, int)}
    sizes = sorted(graph.shapes().sizes, key=str)
    assembled = {size for one in problem.arrays for size in graph[one.name].shape if isinstance(size, Symbol)}
    batch = {Symbol("n"), *graph.scale.free_symbols, *assembled}
    found = {size: number for size, number in _known_sizes(problem).items() if size not in batch}
    for size in sizes:
        if size not in found:
            order = (
                counting(3 + growth) if size in batch else (2 + growth, 4 + growth, *range(3 + growth, 99))
            )
            taken = {*found.values(), *fixed}
            found[size] = next(number for number in order if number not in taken)
    return found


def _known_sizes(problem: Problem) -> dict[Symbol, int]:
    found: dict[Symbol, int] = {}
    for node in problem.graph.given:
        shape = np.shape(np.array(problem.values.get(node.name, 0), dtype=object))
        if len(shape) == len(node.shape):
            found |= sizes_in_numbers([(node.shape, shape)])
    return found


class _Drawer:
    """Draws the given values of a problem.

    Args:
        problem: the problem.
        dice: what decides.
        sizes: what the names of sizes stand for.
    """

    def __init__(self, problem: Problem, dice: random.Random, sizes: Mapping[Symbol, int]) -> None:
        self.problem, self.dice, self.sizes = problem, dice, sizes
        self.kept = _kept(problem)
        self.groups = _distributions(problem)
        collapses = rules_of(problem.graph, problem.conventions).collapses
        self.totals = [total for one in collapses for total in one.totals]
        self.targets = {symbol for group in self.groups for symbol in group}
        self.targets |= {total.args[0] for total in self.totals}
        self.targets |= {node.symbol for node in problem.graph.having(Role.TARGET)}
        self.signs: tuple[bool, ...] = (False, True)

    def point(self) -> Point:
        """The first point that will do."""
        best: tuple[mpf, Point] | None = None
        for positive in self.signs:
            kinked = 0
            for _ in range(TRIES):
                point = Point(self.problem, self.given(positive=positive))
                if not point.is_finite:
                    continue
                distance = point.kink_distance()
                if distance >= FAR:
                    return point
                best = max(best or (distance, point), (distance, point), key=lambda one: one[0])
                kinked += 1
                if kinked == KINKED:
                    break
            else:
                # No value of any sign has done: the next point need not try them.
                self.signs = (True,)
        if best is None:
            raise ValuesError(
                f"no random values were found at which every node is a finite number, in {2 * TRIES} tries",
                where="the equations",
                fix="look for a logarithm or a root of what is always negative, or a division by zero",
            )
        return best[1]

    def given(self, *, positive: bool) -> dict[str, Any]:
        """A value for every given name, exact and with three digits after the point."""
        nodes = [node for node in self.problem.graph.given if node.role is not Role.SIZE]
        found = {node.symbol: self._value(node, positive) for node in nodes}
        for group in self.groups:
            whole = sum(found[symbol][()] for symbol in group)
            found |= {symbol: found[symbol] / whole for symbol in group}
        for total in self.totals:
            array, axes = found[total.args[0]], tuple(map(int, total.args[1]))
            found[total.args[0]] = array / np.sum(array, axis=axes, keepdims=True)
        return {symbol.name: np.asarray(value).tolist() for symbol, value in found.items()}

    def _value(self, node: Node, positive: bool) -> Any:
        shape = shape_in_numbers(node, self.sizes)
        result = np.empty(shape, dtype=object)
        for place in np.ndindex(*shape):
            result[place] = self.kept.get(node.symbol) or self._number(node, positive)
        return result

    def _number(self, node: Node, positive: bool) -> Rational:
        if node.symbol in self.targets:
            return Rational(self.dice.randint(50, 950), 1000)
        sign = 1 if positive else self.dice.choice([-1, 1])
        return Rational(sign * self.dice.randint(200, 2000), 1000)


def _kept(problem: Problem) -> dict[Symbol, Rational]:
    """The whole numbers that stand in exponents, with the values that the problem gives them."""
    powers = [one for node in problem.graph.inner for one in _powers(node)]
    symbols = {symbol for one in powers for symbol in one.exp.free_symbols}
    numbers = problem.at(problem.first_example) if problem.examples else problem.values
    known = {symbol: numbers.get(symbol.name) for symbol in symbols}
    return {
        symbol: number
        for symbol, number in known.items()
        if isinstance(number, Rational) and number.is_Integer
    }


def _powers(node: Node) -> set[Expr]:
    return set() if node.expression is None else node.expression.atoms(Pow)


def _has_log(node: Node) -> bool:
    return node.expression is not None and bool(node.expression.has(log))


def _distributions(problem: Problem) -> list[tuple[Symbol, ...]]:
    """Numbers that are to add up to 1: as a shorter form says, or as all targets under a logarithm do."""
    graph = problem.graph
    groups = {node.collapse.summing_to_one for node in graph.nodes if node.collapse and not node.shape}
    targets = tuple(node.symbol for node in graph.having(Role.TARGET) if not node.shape)
    if not any(groups) and len(targets) > 1 and any(_has_log(node) for node in graph.inner):
        rows = [problem.at(example) for example in range(1, len(problem.examples) + 1)]
        if all(_total(row, targets) == 1 for row in rows):
            groups = {targets}
    return sorted((group for group in groups if group), key=str)


def _total(row: Mapping[str, Any], targets: Sequence[Symbol]) -> Any:
    return sum(row[symbol.name] for symbol in targets) if all(one.name in row for one in targets) else None


class States:
    """The numbers that a document of a problem may speak of: before the first update and after each.

    Args:
        problem: the problem; without numbers there is no state, without training there is one.
        steps: how many updates; as many as the problem says, unless given.

    Attributes:
        count: how many states there are: one more than updates.
        examples: the numbers of the rows, from 1; empty where there is no table.
        learning_rate: of the training; None where there is none.

    Raises:
        TrainingError: by what asks for the parameters: the training diverges.
        ValuesError: a node is not finite; there is no such state.
    """

    def __init__(self, problem: Problem, steps: int | None = None) -> None:
        self.problem = problem
        trained = problem.graph.having(Role.PARAMETER) and problem.is_numeric
        self._training: Training | None = problem.training if trained else None
        self.examples = list(range(1, len(problem.examples) + 1)) if problem.data else []
        self._steps = 0
        if self._training is not None:
            self._steps = self._training.count(len(self.examples)) if steps is None else steps
        self.count = self._steps + 1 if problem.is_numeric else 0
        self._points: dict[tuple[int, tuple[int, ...]], Point] = {}

    @property
    def learning_rate(self) -> Rational | None:
        """η."""
        return self._training.learning_rate if self._training else None

    @cached_property
    def trace(self) -> Trace | None:
        """The training, in doubles; None where there is none, or no step."""
        return train(self.problem, steps=self._steps) if self._training and self._steps else None

    def parameters(self, state: int) -> Mapping[str, Any]:
        """The values of the parameters, by name: at the start as they were typed, then doubles."""
        self._check(state)
        rounded = self.problem.conventions.carry == "rounded"
        if self.trace is not None and (state or rounded):
            iterations = self.trace.iterations
            return iterations[state].before if state < self._steps else iterations[-1].after
        start = self._start
        return {node.name: start[node.name] for node in self.problem.graph.having(Role.PARAMETER)}

    @property
    def _start(self) -> Mapping[str, Any]:
        return self.problem.at(self.problem.first_example) if self.problem.data else self.problem.values

    def point(self, state: int, example: int | None = None) -> Point:
        """The graph at a state, for one example.

        Args:
            state: how many updates were done.
            example: the number of the row; None: the rows of the update that starts from this state, where
                the graph takes arrays of them, or its only row; and where there is no table.

        Raises:
            ValuesError: there is no such state or example, or several examples and none is named.
        """
        self._check(state)
        if example is not None and example not in self.examples:
            raise ValuesError(f"there is no example {example}", known=listing(map(str, self.examples)))
        rows = tuple(self.batch(state) if example is None else [example])
        if len(rows) > 1 and not self.is_batched:
            raise ValuesError("there are several examples", known=listing(map(str, rows)), fix="name one")
        key = state, rows
        if key not in self._points:
            given = {**self.problem.values, **self.problem.given(rows), **self.parameters(state)}
            self._points[key] = Point(self.problem, given)
        return self._points[key]

    @property
    def is_batched(self) -> bool:
        """Whether the graph takes arrays of the examples of a batch."""
        return bool(self.problem.arrays) and not all(one.single for one in self.problem.arrays)

    def batch(self, state: int) -> list[int]:
        """The rows of the update that starts from a state; all where there is no training."""
        self._check(state)
        if self._training is None or not self.examples:
            return list(self.examples)
        return list(next(islice(self._training.batches(len(self.examples)), state, None)))

    def gradient(self, state: int, name: str) -> Number:
        """The derivative of the loss of the batch of a state: the mean or the sum over its examples.

        Raises:
            GraphError: there is no node of that name.
        """
        rows = self.batch(state)
        output = self.problem.graph.output.name
        if self.is_batched or len(rows) < 2:
            return self.point(state).slope(output, name)
        with mp.workdps(self.point(state, rows[0]).digits + GUARD):
            total = sum(self.point(state, row).slope(output, name) for row in rows)
            summed = self._training is not None and self._training.reduction == "sum"
            return total if summed else total / mpf(len(rows))

    def _check(self, state: int) -> None:
        if not 0 <= state < self.count:
            known = f"states 0 to {self.count - 1}" if self.count else "the problem has no numbers"
            raise ValuesError(f"there is no state {state}", known=known)
