"""The solution of a training run: the formulas once, every iteration with its numbers, the losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from sympy import Expr, Rational, Symbol

from symbackprop.content import (
    Digits,
    Environment,
    Source,
    Value,
    batch_scope,
    example_scope,
    pass_scope,
    state_scope,
    text,
)
from symbackprop.data import Data
from symbackprop.expressions import Quotient, add, call, divide, mul, neg, power
from symbackprop.functions import sqrt
from symbackprop.notation.numbers import as_decimal
from symbackprop.numeric.train import Iteration, Trace
from symbackprop.problem import Problem, Training
from symbackprop.solution.backward import backward_pass, delta_numbers, gradient_numbers
from symbackprop.solution.derive import assignments, by_name, parameter_rows
from symbackprop.solution.forward import at_kinks, forward_numbers, forward_pass
from symbackprop.solution.header import header
from symbackprop.solution.lines import environment, rate_source, update
from symbackprop.solution.pictures import graph_picture, graph_section, training_pictures
from symbackprop.solution.steps import (
    Cell,
    Equation,
    Formulas,
    Heading,
    Notation,
    Sentence,
    Solution,
    Step,
    Table,
    demoted,
    equation,
)

IN_FULL = 5
"""So many iterations are shown in full unless asked for otherwise; the others take a row each."""

MOST_STATES = 60
"""A longer table of losses shows some of its rows only."""


def in_state(parameters: Mapping[str, Any], updates: int) -> dict[str, Value]:
    """The parameters after so many updates, with their source."""
    return {name: of_state(name, number, updates) for name, number in parameters.items()}


def of_state(name: str, number: Any, updates: int) -> Value:
    """One parameter after so many updates."""
    return Value(number, Source(state_scope(updates), Symbol(name)))


def solve_training(
    trace: Trace, *, full: int = IN_FULL, updates: bool = True, pictures: bool = False
) -> Solution:
    """The solution of a training run.

    Args:
        trace: the run.
        full: how many iterations are shown in full; the rest is shown as rows.
        updates: write the update of every parameter out.
        pictures: draw the graph, and plot the losses and gradients.
    """
    problem = trace.problem
    steps: list[Step] = [*header(problem)]
    if problem.data:
        steps += data_table(problem.data, problem)
    if pictures:
        steps += graph_section(problem, trace.derivation)
    steps += [*forward_pass(problem), *backward_pass(problem, trace.derivation, ("chain", "delta"))]
    steps += _rule(trace.training)
    for iteration in trace.iterations[:full]:
        steps += _Writer(trace, iteration, pictures=pictures).steps(updates=updates)
    steps += _rows(trace, trace.iterations[full:])
    steps += _final(trace)
    steps += losses(trace)
    if pictures:
        steps += training_pictures(trace)
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
    given = [Symbol(name) if name in data.examples[0] else None for name, _ in columns]
    rows = [
        (str(number), *map(partial(_digits_of, number), entries, given))
        for number, entries in enumerate(zip(*shown, strict=True), 1)
    ]
    yield Table(tuple(head), tuple(rows))


def _digits_of(number: int, digits: str, given: Symbol | None) -> Digits:
    """A number of the table; what the graph is given comes from an example."""
    return Digits(digits, None if given is None else Source(example_scope(number), given))


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
    lines: list[Equation] = [equation(rate, Value(training.learning_rate, rate_source(rate)))]
    slope: Expr = loss
    if training.weight_decay:
        decay = Symbol("lambda")
        lines += [
            equation(decay, Value(training.weight_decay, rate_source(decay))),
            equation(loss, add(loss, mul(decay, theta)), relation="←"),
        ]
    if training.optimizer == "adam":
        lines += _adam(training, loss, theta, rate)
    else:
        if training.momentum:
            momentum, speed = Symbol("mu"), Symbol("v")
            lines += [equation(momentum, Value(training.momentum, rate_source(momentum)))]
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
        equation(one, Value(training.beta_1, rate_source(one))),
        equation(two, Value(training.beta_2, rate_source(two))),
        equation(epsilon, Value(training.epsilon, rate_source(epsilon))),
        equation(mean, add(mul(one, mean), mul(add(1, neg(one)), gradient)), relation="←"),
        equation(square, add(mul(two, square), mul(add(1, neg(two)), power(gradient, 2))), relation="←"),
        equation(mean_hat, divide(mean, add(1, neg(power(one, count))))),
        equation(square_hat, divide(square, add(1, neg(power(two, count))))),
        equation(theta, add(theta, neg(step)), relation="←"),
    ]


class _Writer:
    """Writes one iteration in full."""

    def __init__(self, trace: Trace, iteration: Iteration, *, pictures: bool) -> None:
        self.trace, self.iteration, self.problem = trace, iteration, trace.problem
        self.pictures = pictures

    def steps(self, *, updates: bool) -> Iterator[Step]:
        number, examples = self.iteration.number, self.iteration.examples
        if not examples:
            yield Heading(2, text("Iteration {number}", number=number), number)
        elif len(examples) == 1:
            title = text("Iteration {number}: example {example}", number=number, example=examples[0])
            yield Heading(2, title, number)
        else:
            shown = ", ".join(map(str, examples))
            title = text("Iteration {number}: examples {examples}", number=number, examples=shown)
            yield Heading(2, title, number)
        together = None if self._has_several else self._environment()
        if together is not None:
            yield from self._picture(together)
        yield Heading(3, text("Parameters before the update"))
        yield from parameter_rows(self.problem, in_state(self.iteration.before, number - 1))
        if together is not None:
            yield from self._example(together)
        else:
            yield from self._one_by_one()
            yield from self._batch()
        yield from self._update(updates=updates)

    @property
    def _has_several(self) -> bool:
        """Whether examples are shown one by one; arrays hold a whole batch."""
        return len(self.iteration.examples) > 1 and not self.problem.graph.is_array

    def _environment(self, place: int = 0) -> Environment:
        """The numbers of one example of the batch; of arrays those of the whole batch."""
        return environment(
            self.problem,
            self.trace.derivation,
            self.iteration.evaluation,
            place if self._has_several else None,
            scope=pass_scope(self.iteration.number, place),
        )

    def _one_by_one(self) -> Iterator[Step]:
        for place, example in enumerate(self.iteration.examples):
            values = self._environment(place)
            yield Heading(3, text("Example {number}", number=example))
            yield from self._picture(values)
            yield from demoted(self._example(values))

    def _picture(self, values: Environment) -> Iterator[Step]:
        if self.pictures:
            yield from graph_picture(self.problem, self.trace.derivation, values)

    def _example(self, values: Environment) -> Iterator[Step]:
        given = [name for name in self.iteration.given if Symbol(name) in values]
        if given:
            yield Heading(3, text("Inputs"))
            yield assignments(self.problem, by_name(values, given))
        yield Heading(3, text("Forward pass"))
        for step in forward_numbers(self.problem, values):
            yield Heading(4, step.text) if isinstance(step, Heading) else step
        yield from at_kinks(self.problem, values)
        yield Heading(3, text("Deltas"))
        yield from delta_numbers(self.trace.derivation, values)
        count = sum(np.size(value) for value in self.iteration.gradients.values())
        yield Heading(3, text("Gradients: {count} value", "Gradients: {count} values", count=count))
        yield from gradient_numbers(self.problem, self.trace.derivation, values)

    def _batch(self) -> Iterator[Step]:
        """The gradient of a batch: the mean, or the sum, of its examples' gradients."""
        mean = self.trace.training.reduction == "mean"
        title = text("Gradients of the batch: the mean") if mean else text("Gradients of the batch: the sum")
        yield Heading(3, title)
        head: tuple[Cell, ...] = (
            text("by"),
            *(text("example {number}", number=n) for n in self.iteration.examples),
            text("mean") if mean else text("sum"),
        )
        rows = []
        for name, value in self.iteration.gradients.items():
            each = np.broadcast_to(self.iteration.evaluation.gradients[name], (len(self.iteration.examples),))
            slope = self.trace.derivation.gradients[name].symbol
            shown = [
                Value(float(one), Source(pass_scope(self.iteration.number, place), slope))
                for place, one in enumerate(each)
            ]
            rows.append((Symbol(name), *shown, Value(value, self._of_batch(slope))))
        yield Table(head, tuple(rows))

    def _update(self, *, updates: bool) -> Iterator[Step]:
        training = self.trace.training
        if updates and training.plain:
            yield Heading(3, text("Update of every parameter"))
            yield Formulas(tuple(self._line(name, training) for name in self.iteration.after))
        yield Heading(3, text("Parameters after the update"))
        yield from parameter_rows(self.problem, in_state(self.iteration.after, self.iteration.number))

    def _of_batch(self, slope: Quotient) -> Source:
        return Source(batch_scope(self.iteration.number), slope)

    def _line(self, name: str, training: Training) -> Equation:
        iteration, slope = self.iteration, self.trace.derivation.gradients[name].symbol
        return update(
            Symbol(name),
            iteration.number,
            slope,
            (
                of_state(name, iteration.before[name], iteration.number - 1),
                Value(iteration.gradients[name], self._of_batch(slope)),
                of_state(name, iteration.after[name], iteration.number),
            ),
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
        scope = batch_scope(iteration.number)
        numbers = (
            Value(iteration.loss, Source(scope, "loss")),
            Value(gradient, Source(scope, "norm")),
        )
        rows.append((str(iteration.number), examples, *numbers))
    yield Table(
        (text("Iteration"), text("Examples"), text("Loss before"), text("Norm of the gradient")), tuple(rows)
    )


def _final(trace: Trace) -> Iterator[Step]:
    if not trace.iterations:
        return
    count = len(trace.iterations)
    yield Heading(
        2,
        text("Parameters after {count} iteration", "Parameters after {count} iterations", count=count),
    )
    last = trace.iterations[-1]
    yield from parameter_rows(trace.problem, in_state(last.after, last.number))


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
        scope = state_scope(state)
        row += [
            Value(float(loss), Source(scope, f"loss {place}"))
            for place, loss in enumerate(table.table[state], 1)
        ]
        row += [Value(float(used[state]), Source(scope, "mean of used"))] if used is not None else []
        row += [Value(float(every[state]), Source(scope, "mean of all"))] if len(table.examples) > 1 else []
        rows.append(tuple(row))
    yield Table(tuple(head), tuple(rows))


def _some(states: Sequence[int]) -> Sequence[int]:
    """All states, or evenly chosen ones with the first and the last."""
    if len(states) <= MOST_STATES:
        return states
    chosen = np.linspace(0, len(states) - 1, MOST_STATES).round().astype(int)
    return [states[int(place)] for place in chosen]
