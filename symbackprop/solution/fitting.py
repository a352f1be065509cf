"""What is told of a run: how it was computed, how the loss went, what the parameters are in the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sympy import Symbol

from symbackprop.content import Digits, Value, text
from symbackprop.fitting.fit import Fit
from symbackprop.plots import curve_plot, parameter_groups
from symbackprop.solution.derive import parameter_rows
from symbackprop.solution.steps import Cell, Heading, Notation, Picture, Sentence, Solution, Step, Table

MOST_LOSSES = 20
"""So many rows the table of losses has at the most."""

MOST_NUMBERS = 64
"""Parameters of so many numbers in all are written out; of more, the larger ones have a row each."""

SHORT = 12
"""An array of so many numbers is written out beside larger ones."""


def solve_fit(fit: Fit, *, pictures: bool = False) -> Solution:
    """The summary of a run.

    Args:
        fit: the run.
        pictures: plot the losses.
    """
    steps = tuple(fit_steps(fit, pictures=pictures))
    return Solution(fit.problem.title, steps, Notation(fit.problem.graph.shapes()))


def fit_steps(fit: Fit, *, pictures: bool) -> Iterator[Step]:
    """Its sections."""
    yield Heading(2, text("Run"))
    yield Table((text("Setting"), text("Here")), tuple(_settings(fit)))
    yield Heading(2, text("Losses"))
    yield Sentence(text("The mean loss of the steps since the row above, each before its update:"))
    yield _losses(fit)
    if pictures and len(fit.losses) > 1:
        yield Picture(curve_plot(fit.losses))
    count = fit.steps
    yield Heading(
        2, text("Parameters after {count} iteration", "Parameters after {count} iterations", count=count)
    )
    yield from _parameters(fit)


def _settings(fit: Fit) -> Iterator[tuple[Cell, ...]]:
    training = fit.problem.training
    assert training is not None
    yield text("computed by"), fit.choice
    yield text("numbers"), fit.dtype
    rate, symbol = Value(training.learning_rate), Symbol(training.symbol)
    how = text("{optimizer} with {symbol} = {rate}", optimizer=training.optimizer, symbol=symbol, rate=rate)
    yield text("optimizer"), how
    if fit.problem.data is not None or fit.problem.stream is not None or training.batch_size > 1:
        yield text("examples of a step"), str(training.batch_size)
    yield text("updates"), str(fit.steps)
    if fit.resumed:
        yield text("of these in the checkpoint"), str(fit.resumed)
    seconds = f"{fit.seconds:.3g}" if fit.seconds < 1000 else f"{fit.seconds:.0f}"
    yield text("seconds, with compilation"), Digits(seconds)


def _losses(fit: Fit) -> Table:
    curve = fit.losses.thinned(MOST_LOSSES)
    rows = zip(map(str, curve.steps.tolist()), map(Value, curve.means.tolist()), strict=True)
    return Table((text("Updates"), text("Mean loss")), tuple(rows))


def _parameters(fit: Fit) -> Iterator[Step]:
    parameters = fit.parameters
    if sum(np.size(one) for one in parameters.values()) <= MOST_NUMBERS:
        yield from parameter_rows(fit.problem, {name: Value(one) for name, one in parameters.items()})
        return
    if not fit.problem.graph.is_array:
        yield Table((text("Parameters"), text("Numbers"), text("Norm")), tuple(_groups(fit)))
        return
    short = {name: Value(one) for name, one in parameters.items() if np.size(one) <= SHORT}
    yield from parameter_rows(fit.problem, short)
    rows = [
        (Symbol(name), "×".join(map(str, np.shape(one))), Value(_norm([one])))
        for name, one in parameters.items()
        if name not in short
    ]
    yield Table((text("Parameter"), text("Shape"), text("Norm")), tuple(rows))


def _groups(fit: Fit) -> Iterator[tuple[Cell, ...]]:
    """Many numbers: those of each layer together."""
    for label, _, names in parameter_groups(fit.problem.graph, list(fit.parameters)):
        yield label, str(len(names)), Value(_norm([fit.parameters[name] for name in names]))


def _norm(arrays: list[Any]) -> float:
    """√ of the sum of all squares; the largest is taken out first, whose square may be too large."""
    largest = max((float(np.max(np.abs(one), initial=0)) for one in arrays), default=0.0)
    if largest == 0:
        return 0.0
    return largest * float(np.sqrt(sum(np.sum(np.square(one / largest, dtype=np.float64)) for one in arrays)))
