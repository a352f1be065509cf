"""The solution of a training run: the formulas once, every iteration with its numbers, the losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sympy import Expr, Rational, Symbol

from symbackprop.data import Data
from symbackprop.expressions import add, call, divide, mul, neg, power
from symbackprop.functions import sqrt
from symbackprop.notation.numbers import as_decimal
from symbackprop.numeric.train import Iteration, Trace
from symbackprop.problem import Problem, Training
from symbackprop.solution.backward import backward_pass, delta_numbers, gradient_numbers
from symbackprop.solution.derive import assignments, parameter_rows
from symbackprop.solution.forward import at_kinks, forward_numbers, forward_pass
from symbackprop.solution.header import header
from symbackprop.solution.lines import Environment, environment, update
from symbackprop.solution.steps import (
    Cell,
    Digits,
    Equation,
    Formulas,
    Heading,
    Notation,
    Sentence,
    Solution,
    Step,
    Table,
    Value,
    demoted,
    equation,
    text,
)

IN_FULL = 5
"""So many iterations are shown in full unless asked for otherwise; the others take a row each."""

MOST_STATES = 60
"""A longer table of losses shows some of its rows only."""


def solve_training(trace: Trace, *, full: int = IN_FULL, updates: bool = True) -> Solution:
    """The solution of a training run.

    Args:
        trace: the run.
        full: how many iterations are shown in full; the rest is shown as rows.
        updates: write the update of every parameter out.
    """
    problem = trace.problem
    steps: list[Step] = [*header(problem)]
    if problem.data:
        steps += data_table(problem.data, problem)
    steps += [*forward_pass(problem), *backward_pass(problem, trace.derivation, ("chain", "delta"))]
    steps += _rule(trace.training)
    for iteration in trace.iterations[:full]:
        steps += _Writer(trace, iteration).steps(updates=updates)
    steps += _rows(trace, trace.iterations[full:])
    steps += _final(trace)
    steps += losses(trace)
    return Solution(problem.title, tuple(steps), Notation(trace.derivation.shapes))


def data_table(data: Data, problem: Problem) -> Iterator[Step]:
    """The examples, with the inputs computed from the columns; each column with the digits it needs."""
    yield Heading(2, text("Data"))
    if data.formulas:
        yield Formulas(tuple(equation(Symbol(name), formula) for name, formula in data.formulas.items()))
    columns: list[tuple[str | Symbol, list[Rational]]] = [
        (name, [row[place] for row in data.rows]) for place, name in enumerate(data.columns)
    ]
    columns += [(name, [example[name] for example in data.examples]) for name in data.formulas]
    head: list[Cell] = [text("Example")]
    head += [Symbol(name) if name in data.examples[0] else name for name, _ in columns]
    shown = [_aligned(values, problem.conventions.digits) for _, values in columns]
    rows = [
        (str(number), *map(Digits, entries)) for number, entries in enumerate(zip(*shown, strict=True), 1)
    ]
    yield Table(tuple(head), tuple(rows))


def _aligned(values: Sequence[Rational], most: int) -> list[str]:
    """A column's numbers, all with as many decimals as the longest of them needs."""
    digits = [as_decimal(value) for value in values]
    places = max((len(one.partition(".")[2]) if one else most for one in digits), default=0)
    return [f"{float(value):.{min(places, most)}f}" for value in values]


def _rule(training: Training) -> Iterator[Step]:
    """The rule of the update."""
    yield Heading(2, text("The update"))
    theta, loss = Symbol("theta"), Symbol("g")
    rate = Symbol(training.symbol)
    lines: list[Equation] = [equation(rate, Value(training.learning_rate))]
    slope: Expr = loss
    if training.weight_decay:
        decay = Symbol("lambda")
        lines += [
            equation(decay, Value(training.weight_decay)),
            equation(loss, add(loss, mul(decay, theta)), relation="←"),
        ]
    if training.optimizer == "adam":
        lines += _adam(training, loss, theta, rate)
    else:
        if training.momentum:
            momentum, speed = Symbol("mu"), Symbol("v")
            lines += [equation(momentum, Value(training.momentum))]
            lines += [equation(speed, add(mul(momentum, speed), loss), relation="←")]
            slope = add(loss, mul(momentum, speed)) if training.nesterov else speed
        lines.append(equation(theta, add(theta, neg(mul(rate, slope))), relation="←"))
    yield Sentence(
        text("For every parameter {theta} with its gradient {gradient}:", theta=theta, gradient=loss)
    )
    yield Formulas(tuple(lines))


def _adam(training: Training, gradient: Expr, theta: Symbol, rate: Symbol) -> list[Equation]:
    one, two, epsilon = Symbol("beta_1"), Symbol("beta_2"), Symbol("epsilon")
    mean, square, count = Symbol("m"), Symbol("v"), Symbol("k")
    mean_hat, square_hat = Symbol("mhat"), Symbol("vhat")
    step = divide(mul(rate, mean_hat), add(call(sqrt, square_hat), epsilon))
    return [
        equation(one, Value(training.beta_1)),
        equation(two, Value(training.beta_2)),
        equation(epsilon, Value(training.epsilon)),
        equation(mean, add(mul(one, mean), mul(add(1, neg(one)), gradient)), relation="←"),
        equation(square, add(mul(two, square), mul(add(1, neg(two)), power(gradient, 2))), relation="←"),
        equation(mean_hat, divide(mean, add(1, neg(power(one, count))))),
        equation(square_hat, divide(square, add(1, neg(power(two, count))))),
        equation(theta, add(theta, neg(step)), relation="←"),
    ]


class _Writer:
    """Writes one iteration in full."""

    def __init__(self, trace: Trace, iteration: Iteration) -> None:
        self.trace, self.iteration, self.problem = trace, iteration, trace.problem

    def steps(self, *, updates: bool) -> Iterator[Step]:
        number, examples = self.iteration.number, self.iteration.examples
        if not examples:
            yield Heading(2, text("Iteration {number}", number=number))
        elif len(examples) == 1:
            yield Heading(
                2, text("Iteration {number}: example {example}", number=number, example=examples[0])
            )
        else:
            shown = ", ".join(map(str, examples))
            yield Heading(2, text("Iteration {number}: examples {examples}", number=number, examples=shown))
        yield Heading(3, text("Parameters before the update"))
        yield from parameter_rows(self.problem, self.iteration.before)
        if self.problem.graph.is_array:
            yield from self._example(
                environment(self.problem, self.trace.derivation, self.iteration.evaluation)
            )
            yield from self._update(updates=updates)
            return
        for place, example in enumerate(examples or [0]):
            several = len(examples) > 1
            values = environment(
                self.problem, self.trace.derivation, self.iteration.evaluation, place if several else None
            )
            if several:
                yield Heading(3, text("Example {number}", number=example))
                yield from demoted(self._example(values))
            else:
                yield from self._example(values)
        if len(examples) > 1:
            yield from self._batch()
        yield from self._update(updates=updates)

    def _example(self, values: Environment) -> Iterator[Step]:
        given = [name for name in self.iteration.given if Symbol(name) in values]
        if given:
            yield Heading(3, text("Inputs"))
            yield assignments(self.problem, {name: values[Symbol(name)] for name in given})
        yield Heading(3, text("Forward pass"))
        for step in forward_numbers(self.problem, values):
            yield Heading(4, step.text) if isinstance(step, Heading) else step
        yield from at_kinks(self.problem, values)
        yield Heading(3, text("Deltas"))
        yield from delta_numbers(self.trace.derivation, values)
        count = sum(np.size(value) for value in self.iteration.gradients.values())
        yield Heading(3, text("Gradients: {count} values", count=count))
        yield from gradient_numbers(self.problem, self.trace.derivation, values)

    def _batch(self) -> Iterator[Step]:
        """The gradient of a batch: the mean, or the sum, of its examples' gradients."""
        mean = self.trace.training.reduction == "mean"
        yield Heading(
            3, text("Gradients of the batch: the mean" if mean else "Gradients of the batch: the sum")
        )
        head: tuple[Cell, ...] = (
            text("by"),
            *(text("example {number}", number=n) for n in self.iteration.examples),
            text("mean" if mean else "sum"),
        )
        rows = []
        for name, value in self.iteration.gradients.items():
            each = np.broadcast_to(self.iteration.evaluation.gradients[name], (len(self.iteration.examples),))
            rows.append((Symbol(name), *(Value(float(one)) for one in each), Value(value)))
        yield Table(head, tuple(rows))

    def _update(self, *, updates: bool) -> Iterator[Step]:
        training = self.trace.training
        if updates and training.plain:
            yield Heading(3, text("Update of every parameter"))
            yield Formulas(tuple(self._line(name, training) for name in self.iteration.after))
        yield Heading(3, text("Parameters after the update"))
        yield from parameter_rows(self.problem, self.iteration.after)

    def _line(self, name: str, training: Training) -> Equation:
        iteration = self.iteration
        return update(
            Symbol(name),
            iteration.number,
            self.trace.derivation.gradients[name].symbol,
            (iteration.before[name], iteration.gradients[name], iteration.after[name]),
            (Symbol(training.symbol), training.learning_rate),
            self.problem.conventions,
        )


def _rows(trace: Trace, iterations: Sequence[Iteration]) -> Iterator[Step]:
    """One row an iteration: which examples, the loss, the size of the gradient."""
    if not iterations:
        return
    yield Heading(
        2, text("Further iterations") if len(iterations) < len(trace.iterations) else text("Iterations")
    )
    rows: list[tuple[Cell, ...]] = []
    for iteration in iterations:
        gradient = float(np.sqrt(sum(np.sum(np.square(value)) for value in iteration.gradients.values())))
        examples = ", ".join(map(str, iteration.examples[:8])) + (
            ", …" if len(iteration.examples) > 8 else ""
        )
        rows.append((str(iteration.number), examples, Value(iteration.loss), Value(gradient)))
    yield Table(
        (text("Iteration"), text("Examples"), text("Loss before"), text("Norm of the gradient")), tuple(rows)
    )


def _final(trace: Trace) -> Iterator[Step]:
    if not trace.iterations:
        return
    count = len(trace.iterations)
    words = "Parameters after {count} iterations" if count > 1 else "Parameters after {count} iteration"
    yield Heading(2, text(words, count=count))
    yield from parameter_rows(trace.problem, trace.iterations[-1].after)


def losses(trace: Trace) -> Iterator[Step]:
    """Every state of the parameters × every example, with means."""
    table = trace.losses
    yield Heading(2, text("Losses"))
    every: Any = table.mean()
    used: Any = table.mean(trace.used) if trace.used and len(trace.used) < len(table.examples) else None
    head: list[Cell] = [text("State")]
    head += [text("#{number}", number=number) for number in table.examples] or [text("Loss")]
    if used is not None:
        head.append(text("mean of the {count} used", count=len(trace.used)))
    if len(table.examples) > 1:
        head.append(text("mean of all"))
    rows = []
    for state in _some(table.states):
        row: list[Cell] = [
            text("before any update") if state == 0 else text("after update {number}", number=state)
        ]
        row += [Value(float(loss)) for loss in table.table[state]]
        row += [Value(float(used[state]))] if used is not None else []
        row += [Value(float(every[state]))] if len(table.examples) > 1 else []
        rows.append(tuple(row))
    yield Table(tuple(head), tuple(rows))


def _some(states: Sequence[int]) -> Sequence[int]:
    """All states, or evenly chosen ones with the first and the last."""
    if len(states) <= MOST_STATES:
        return states
    chosen = np.linspace(0, len(states) - 1, MOST_STATES).round().astype(int)
    return [states[int(place)] for place in chosen]
