r"""What the names of a printed solution mean: at random points, and with the numbers under its headings.

Of numbers the meaning comes from the oracles, as in `tests/test_every_formula.py`; of arrays from the
compiled program, which other tests compare with the complex step. Sides are worked out by the independent
readers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from mpmath import mp, mpf
from sympy import Symbol

import symbackprop as sb
from symbackprop.notation.names import latex_name
from symbackprop.notation.numbers import number_format
from tests import latex_reader, matrix_reader
from tests.arrays.test_matrices import laid_out, names_and_values, with_distributions
from tests.check.printed import Equation
from tests.oracles import graph_values, kink_distance
from tests.test_every_formula import exact, mean_of, meaning, stepped, with_update, written

Value = Any
"""A number of mpmath, or an array."""
Moment = tuple[int, int, bool]
"""The iteration (0: none), the example if it stands alone (0: none), and whether its update is done."""

ARGUMENTS = {"z": "0.7", "t": "0.6", r"\alpha": "0.3", r"\theta": "0.9", "g": "-1.3"}
"""The names that only the definition of a function or the rule of an update uses."""


class Unknown(ValueError):
    """Nothing says what a side is worth, or it can be read in two ways."""


class Misfit(ValueError):
    """The shapes of what is put together do not fit."""


@dataclass(frozen=True)
class State:
    """What names mean: numbers or arrays by their LaTeX, and derivatives by pairs."""

    symbols: Mapping[str, Value]
    quotients: Mapping[tuple[str, str], Value]
    is_array: bool

    def __call__(self, side: str, shape: tuple[int, ...] | None = None) -> Value:
        """What a side is worth; a vector is a column, a 1×1 matrix a number.

        Raises:
            Unknown: a name means nothing here, or the side is not in the grammar.
            Misfit: the shapes do not fit.
        """
        try:
            if not self.is_array:
                return latex_reader.evaluate(side, *self._of(latex_reader.names(side)))
            values: dict[Any, Value] = {**self.symbols, **self.quotients}
            with np.errstate(all="ignore"):
                found = matrix_reader.evaluate(side, values, shape=shape, loose=True)
        except (latex_reader.ReadError, matrix_reader.ReadError) as error:
            raise (Misfit if _MISFIT.match(str(error)) else Unknown)(str(error)) from None
        if not np.all(np.isfinite(found)):
            raise Unknown(f"not finite: {side}")
        return matrix_reader.as_matrix(found)

    def _of(self, names: set[str]) -> tuple[dict[str, Value], dict[tuple[str, str], Value]]:
        """What these names mean: the reader goes through all that it is given."""
        symbols = {name: self.symbols[name] for name in names if name in self.symbols}
        pairs = {(over, under) for over, under in product(names, names) if (over, under) in self.quotients}
        return symbols, {pair: self.quotients[pair] for pair in pairs}

    def having(self, symbols: Mapping[str, Value]) -> State:
        """The same with other values of some names."""
        return replace(self, symbols={**self.symbols, **symbols})


_MISFIT = re.compile(
    r"a matrix product of|(?:∘|a sum|a fraction|a power|a comparison|\w+) of unequal shapes|a product of \("
    r"|Σ over|\w+ over \w+ of the shape|a power of a matrix that|\d+ indices of|cannot reshape|blocks that"
)


class Truth:
    """The meanings of a problem's names.

    Args:
        problem: with its conventions.
    """

    def __init__(self, problem: sb.Problem) -> None:
        self.problem, self.graph = problem, problem.graph
        self.is_array = problem.graph.is_array
        self.format = number_format(problem.conventions)

    @cached_property
    def random(self) -> list[State]:
        """At two random points, where distributions add up to one; no node is near a kink."""
        makers = self._random_arrays if self.is_array else self._random_numbers
        return [self._with_arguments(one) for one in makers()]

    @cached_property
    def numbers(self) -> Mapping[Moment, State]:
        """With the numbers of the problem; empty where some are missing."""
        return dict(self._moments()) if self.problem.is_numeric else {}

    def at(self, equation: Equation) -> State | None:
        """What names mean with numbers, where an equation stands."""
        return self.numbers.get(self.moment(equation), self.numbers.get((0, 0, False)))

    def update(self, equation: Equation) -> State | None:
        """What names mean at the update that comes after an equation."""
        iteration, _, _ = self.moment(equation)
        return self.numbers.get((iteration, 0, False))

    def moment(self, equation: Equation) -> Moment:
        """Where in a training an equation stands."""
        said = "\n".join(equation.headings)
        iteration = re.search(r"^Iteration (\d+)", said, re.MULTILINE)
        example = re.search(r"^Example (\d+)", said, re.MULTILINE)
        done = re.search(r"^Parameters after", said, re.MULTILINE) is not None
        last = self._last if done else 0
        return int(iteration[1]) if iteration else last, int(example[1]) if example else 0, done

    @cached_property
    def _last(self) -> int:
        return max((iteration for iteration, _, _ in self.numbers), default=0)

    def canonical(self, name: str) -> str:
        """A printed name as the key of its meaning."""
        return matrix_reader.canonical(name) if self.is_array else latex_reader.canonical(name)

    def key(self, name: str, step: int | None = None) -> str:
        """The key of a name of the graph, before any update or after so many."""
        if self.is_array:
            return matrix_reader.canonical(latex_name(name, "" if step is None else str(step)))
        return written(name) if step is None else stepped(name, step)

    def shown(self, value: Value) -> str:
        """A number or an array in LaTeX, as the solution would print it."""
        if np.ndim(value) == 0:
            return self._digits(float(value))
        if np.ndim(value) > 2:
            return r"\left\{" + ", ".join(map(self.shown, value)) + r"\right\}"
        array = matrix_reader.as_matrix(np.asarray(value, dtype=float))
        if array.ndim == 0:
            array = array.reshape(1, 1)
        rows = r" \\ ".join(" & ".join(map(self._digits, map(float, row))) for row in array)
        return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"

    def _digits(self, number: float) -> str:
        mantissa, _, exponent = self.format(number).partition("e")
        return mantissa + (rf" \times 10^{{{int(exponent)}}}" if exponent else "")

    # Random points.

    def _with_arguments(self, state: State) -> State:
        known = {name: mpf(number) for name, number in ARGUMENTS.items()}
        if self.is_array:
            known = {name: float(number) for name, number in known.items()}
        return replace(state, symbols={**known, **state.symbols})

    def _random_numbers(self) -> Iterator[State]:
        dice, count = random.Random(7), 0
        given = [node.symbol for node in self.graph.nodes if node.expression is None]
        targets = self.graph.having(sb.Role.TARGET)
        totals = {node.collapse.summing_to_one for node in self.graph.nodes if node.collapse} - {()}
        while count < 2:
            with mp.workdps(40):
                point = {one: mpf(dice.choice([-1, 1]) * dice.randint(2000, 20000)) / 10007 for one in given}
                point |= {one.symbol: mpf(dice.randint(500, 9500)) / 10007 for one in targets}
                for *others, last in totals:
                    point[last] = 1 - mp.fsum(point[other] for other in others)
                values = graph_values(self.graph, point)
                if any(kink_distance(node.expression, values) < 0.01 for node in self.graph.inner):
                    continue
                count += 1
                yield self._random_number({symbol.name: number for symbol, number in point.items()})

    def _random_number(self, given: dict[str, mpf]) -> State:
        here = meaning(self.problem, given)
        for step in range(1, self._steps + 1):
            here = with_update(self.problem, here, given, step)
            given |= {one.name: here.symbols[stepped(one.name, step)] for one in self.graph.parameters}
        return State(here.symbols, here.quotients, is_array=False)

    @property
    def _steps(self) -> int:
        training = self.problem.training
        if training is None:
            return 0
        return training.count(len(self.problem.examples) if self.problem.data else 0)

    def _random_arrays(self) -> Iterator[State]:
        derivation = sb.backprop(self.graph, conventions=self.problem.conventions)
        for seed in (3, 4):
            dice, given = np.random.default_rng(seed), dict[str, Any]()
            for node in self.graph.given:
                if node.role is sb.Role.SIZE:
                    continue
                shape = tuple(7 if isinstance(one, Symbol) else int(one) for one in node.shape)
                value = dice.uniform(0.2, 0.9, size=shape)
                sign = 1 if node.role is sb.Role.TARGET else dice.choice([-1, 1], size=shape)
                given[node.name] = value * sign
            yield self._of_arrays(derivation, with_distributions(derivation, given), range(self._steps))

    def _of_arrays(self, derivation: sb.Derivation, given: dict[str, Any], steps: range) -> State:
        """The meaning of names of arrays; the parameters go on from the given ones in these steps."""
        evaluation = sb.compile(derivation)(given)
        symbols = {self.key(name): one for name, one in names_and_values(derivation, evaluation).items()}
        quotients: dict[tuple[str, str], Any] = {}
        output = self.key(derivation.output.name)
        for delta in derivation.deltas.values():
            value = np.asarray(evaluation.deltas[derivation.delta_name(delta)])
            if delta.symbol is not None:
                sizes = {one: symbols[self.key(one.name)] for one in delta.sign.free_symbols}
                value = value / float(delta.sign.subs(sizes))
            quotients[output, self.key(delta.node.name)] = laid_out(derivation, value)
        for name, gradient in evaluation.gradients.items():
            quotients[output, self.key(name)] = laid_out(derivation, np.asarray(gradient))
            symbols |= self._updated(name, evaluation.values[name], np.asarray(gradient), steps)
        return State(symbols, quotients, is_array=True)

    def _updated(self, name: str, before: Any, gradient: Any, steps: range) -> dict[str, Any]:
        """A parameter before and after steps that all have the same gradient, and the learning rate."""
        training = self.problem.training
        if training is None:
            return {}
        rate = float(training.learning_rate)
        found = {self.key(name, step): before - rate * (step - steps[0]) * gradient for step in steps}
        found[self.key(name, steps[-1] + 1)] = before - rate * len(steps) * gradient
        return {**found, self.key(training.symbol): rate}

    # The problem's own numbers.

    def _moments(self) -> Iterator[tuple[Moment, State]]:
        yield (0, 0, False), self._first()
        if self.problem.training is None or not self.problem.training.plain:
            return
        iterations = sb.train(self.problem).iterations
        for iteration in iterations:
            moments = self._moments_of_arrays if self.is_array else self._moments_of_numbers
            yield from moments(iteration)

    def _first(self) -> State:
        """Of a derivation: at the first example, or at the first batch of arrays."""
        problem = self.problem
        if not self.is_array:
            given = problem.at(problem.first_example if problem.data else 1)
            here = with_update(problem, meaning(problem, given), given, 1)
            return State(here.symbols, here.quotients, is_array=False)
        derivation = sb.backprop(self.graph, conventions=problem.conventions)
        given = {**problem.values, **(problem.given(problem.first_batch) if problem.data else {})}
        plain = {name: np.asarray(value, dtype=float) for name, value in given.items()}
        return self._of_arrays(derivation, plain, range(1))

    def _moments_of_numbers(self, iteration: Any) -> Iterator[tuple[Moment, State]]:
        problem, rows, number = self.problem, list(iteration.examples), iteration.number
        before = iteration.before
        each = [
            meaning(problem, {**problem.values, **(problem.at(row) if row else {}), **before})
            for row in rows or [0]
        ]
        batch = with_update(problem, mean_of(problem, each), before, number)
        yield (number, 0, False), State(batch.symbols, batch.quotients, is_array=False)
        for row, one in zip(rows, each, strict=False):
            yield (number, row, False), State(one.symbols, one.quotients, is_array=False)
        after = {written(name): exact(value) for name, value in iteration.after.items()}
        yield (number, 0, True), State({**batch.symbols, **after}, batch.quotients, is_array=False)

    def _moments_of_arrays(self, iteration: Any) -> Iterator[tuple[Moment, State]]:
        derivation = sb.backprop(self.graph, conventions=self.problem.conventions)
        given = {**iteration.given, **iteration.before}
        here = self._of_arrays(derivation, given, range(iteration.number - 1, iteration.number))
        yield (iteration.number, 0, False), here
        after = {self.key(name): value for name, value in iteration.after.items()}
        yield (iteration.number, 0, True), here.having(after)


_KNOWN: list[Truth] = []


def truth_of(problem: sb.Problem) -> Truth:
    """The meanings of a problem's names, worked out once."""
    found = next((one for one in _KNOWN if one.problem is problem), None)
    if found is None:
        found = Truth(problem)
        _KNOWN.append(found)
    return found


def differ(one: Value, other: Value, tolerance: float = 1e-6) -> bool:
    """Whether two values are not the same on paper, in shape or in number."""
    if np.ndim(one) == 0 and np.ndim(other) == 0:
        return bool(abs(one - other) > tolerance * max(1, abs(one), abs(other)))
    if matrix_reader.on_paper(one) != matrix_reader.on_paper(other):
        return True
    left, right = (matrix_reader.as_matrix(np.asarray(side, dtype=float)) for side in (one, other))
    return bool(np.max(np.abs(left - right)) > tolerance * max(1.0, float(np.max(np.abs(left)))))


__all__ = ["Misfit", "State", "Truth", "Unknown", "differ", "truth_of"]
