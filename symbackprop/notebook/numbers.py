"""Numbers as they show themselves: compiled programs, one evaluation, a training run and its losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from symbackprop.arrays.shapes import Shapes
from symbackprop.content import Value
from symbackprop.conventions import Conventions
from symbackprop.errors import listing
from symbackprop.expressions import Quotient
from symbackprop.fitting.fit import Fit
from symbackprop.lowering.program import Kind, Program
from symbackprop.notation.code import CodeSyntax
from symbackprop.notation.numbers import number_format, typed
from symbackprop.notation.printer import Printer
from symbackprop.notebook.cells import View
from symbackprop.notebook.parts import MOST, counted, number, shortened, table, words
from symbackprop.numeric.compiled import Compiled, Evaluation
from symbackprop.numeric.train import Iteration, Losses, Trace
from symbackprop.plots import losses_plot
from symbackprop.shown import face
from symbackprop.solution.fitting import fit_steps
from symbackprop.solution.steps import Notation, Picture, Sentence, Step

COLUMNS = 6
"""So many examples have a column in the table of losses."""


@face.register
def _compiled(compiled: Compiled) -> View:
    lines = compiled.program.lines
    headline = f"{counted(len(lines), 'line')}, given {listing(compiled.given)}"
    return View(shortened(headline), _of_program(compiled.program))


def _of_program(program: Program) -> Iterator[Step]:
    given = listing((symbol.name for symbol in program.given), 40)
    yield Sentence(words("A function of {given}.", given=given))
    names = {line.symbol: line.name for line in program.lines}
    code = Printer(_LineNames(names), Conventions())
    rows = ((str(line.kind), names[line.symbol], code(line.expression)) for line in program.lines)
    yield from table(("Computes", "Name", "As"), rows, len(program.lines))


class _LineNames(CodeSyntax):
    """Calls a line by its name; the program itself calls it by one that no user can give."""

    def __init__(self, names: Mapping[Symbol, str]) -> None:
        super().__init__()
        self.names = names

    def name(self, symbol: Symbol, step: str = "") -> str:
        """Of a line its name, else the user's own."""
        return self.names.get(symbol) or super().name(symbol, step)


@face.register
def _evaluation(evaluation: Evaluation) -> View:
    headline = ", ".join(
        counted(len(found), kind)
        for kind, found in (
            ("value", evaluation.values),
            ("delta", evaluation.deltas),
            ("gradient", evaluation.gradients),
        )
    )
    return View(headline, _of_evaluation(evaluation), notation=_with_arrays(evaluation))


def _with_arrays(evaluation: Evaluation) -> Notation:
    """The shapes by which arrays of numbers are printed; a number for each example is an array too."""
    named = {**evaluation.values, **evaluation.deltas}
    return Notation(Shapes({Symbol(name): np.shape(value) for name, value in named.items()}))


def _of_evaluation(evaluation: Evaluation) -> Iterator[Step]:
    program = evaluation.program
    output = Symbol(program.output)
    # A delta without a name of its own is the derivative itself.
    deltas: dict[str, Expr] = {name: Symbol(name) for name in evaluation.deltas} | {
        name: Quotient(output, Symbol(line.node))
        for line in program.lines
        if (name := f"d{program.output}_d{line.node}") == line.name and line.kind is Kind.DELTA
    }
    yield from _named("Value", {Symbol(name): value for name, value in evaluation.values.items()})
    yield from _named("Delta", {deltas[name]: value for name, value in evaluation.deltas.items()})
    by = {Quotient(output, Symbol(name)): value for name, value in evaluation.gradients.items()}
    yield from _named("Gradient", by)


def _named(head: str, numbers: Mapping[Expr, Any]) -> Iterator[Step]:
    if numbers:
        rows = ((name, number(value)) for name, value in numbers.items())
        yield from table((head, "Number"), rows, len(numbers))


@face.register
def _trace(trace: Trace) -> View:
    conventions = trace.problem.conventions
    rule, mean = number_format(conventions), trace.losses.mean()
    done = counted(len(trace.iterations), "update")
    return View(f"{done}, mean loss {rule(mean[0])} to {rule(mean[-1])}", _of_trace(trace), conventions)


def _of_trace(trace: Trace) -> Iterator[Step]:
    told = words(
        "{done} by {optimizer} with {symbol} = {rate}; the losses:",
        done=counted(len(trace.iterations), "update"),
        optimizer=trace.training.optimizer,
        symbol=Symbol(trace.training.symbol),
        rate=typed(trace.training.learning_rate),
    )
    yield Sentence(told)
    yield from _of_losses(trace.losses)
    if len(trace.iterations) > 1:
        yield Picture(losses_plot(trace))


@face.register
def _fit(fit: Fit) -> View:
    rule = number_format(fit.problem.conventions)
    means = fit.losses.means
    went = f", mean loss {rule(means[0])} to {rule(means[-1])}" if len(means) else ""
    headline = f"{counted(fit.steps, 'update')}{went}"
    notation = Notation(fit.problem.graph.shapes())
    return View(headline, fit_steps(fit, pictures=True), fit.problem.conventions, notation)


@face.register
def _losses(losses: Losses) -> View:
    headline = f"{counted(len(losses.states), 'state')}, {counted(losses.table.shape[1], 'example')}"
    return View(headline, _of_losses(losses))


def _of_losses(losses: Losses) -> Iterator[Step]:
    shown = losses.examples[:COLUMNS]
    several = len(losses.examples) > 1
    head = ["Updates done", *(f"Example {one}" for one in shown)]
    head += ["Mean of all"] if several else [] if shown else ["Loss"]
    means = losses.mean()
    count = len(losses.states)
    # Of a long run the last state is worth more than one in the middle.
    places = [*range(min(count, MOST - 1)), *([count - 1] if count >= MOST else [])]
    rows = (
        (
            Value(losses.states[place]),
            *(Value(float(one)) for one in losses.table[place][: max(len(shown), 1)]),
            *([Value(float(means[place]))] if several else []),
        )
        for place in places
    )
    yield from table(head, rows, count)
    if len(losses.examples) > COLUMNS:
        yield Sentence(words("… and {more} more examples.", more=len(losses.examples) - COLUMNS))


def _examples(numbers: Sequence[int]) -> str:
    return f"example{'' if len(numbers) == 1 else 's'} {listing(map(str, numbers))}"


@face.register
def _iteration(iteration: Iteration) -> View:
    rule = number_format(Conventions())
    headline = f"update {iteration.number}, loss {rule(iteration.loss)}"
    shapes = Shapes({Symbol(name): np.shape(value) for name, value in iteration.before.items()})
    return View(headline, _of_iteration(iteration), notation=Notation(shapes))


def _of_iteration(iteration: Iteration) -> Iterator[Step]:
    told = words("Update {number}, loss {loss}.", number=iteration.number, loss=Value(iteration.loss))
    if iteration.examples:
        told = words(
            "Update {number} with {examples}, loss {loss}.",
            number=iteration.number,
            examples=_examples(iteration.examples),
            loss=Value(iteration.loss),
        )
    yield Sentence(told)
    rows = (
        (
            Symbol(name),
            number(value),
            number(iteration.gradients[name]),
            number(iteration.after[name]),
        )
        for name, value in iteration.before.items()
    )
    yield from table(("Parameter", "Before", "Gradient", "After"), rows, len(iteration.before))
