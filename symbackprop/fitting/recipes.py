"""Problem -> recipe: what a training loop computes, and what each of its steps takes from the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from symbackprop.backends.base import Feed, Precision, Recipe
from symbackprop.errors import TrainingError
from symbackprop.lowering.lean import lean
from symbackprop.lowering.program import Kind, Program
from symbackprop.lowering.updates import update_of
from symbackprop.numeric.trainable import checked_training
from symbackprop.problem import Assembly, Problem, Training

Form = Literal["numbers", "vector", "rows", "columns", "single"]


def trainable(problem: Problem, feeds: Sequence[Feed]) -> Training:
    """The training of a problem that can be run.

    Args:
        problem: what is to be trained.
        feeds: what its table gives.

    Raises:
        TrainingError: nothing to train, no way to, or a number is missing.
    """
    known = {feed.name for feed in feeds} | {*problem.values}
    training = checked_training(problem, [name for name in problem.names if name not in known])
    if problem.conventions.carry == "rounded":
        fix = "leave carry out of [conventions], or ask for the worked solution"
        raise TrainingError("a run does not carry rounded values", where="conventions.carry", fix=fix)
    return training


def recipe_of(
    problem: Problem,
    lines: Program,
    feeds: tuple[Feed, ...],
    precision: Precision = "float64",
    devices: int = 1,
) -> Recipe:
    """All that a training loop of the problem is made of.

    Args:
        problem: one that is `trainable`.
        lines: the program of its derivation.
        feeds: what its table gives.
        precision: of all numbers.
        devices: over how many a batch is split.
    """
    training = problem.training
    assert training is not None
    trained = [line.name for line in lines.lines if line.kind is Kind.GRADIENT]
    known = {*trained, *(feed.name for feed in feeds)}
    given = [symbol.name for symbol in lines.given if symbol.name not in known]
    return Recipe(
        lean(lines),
        start={name: _array(problem.values[name]) for name in trained},
        feeds=feeds,
        fixed={name: _array(problem.values[name]) for name in given},
        update=update_of(training),
        batch=training.batch_size if feeds else 1,
        reduction=training.reduction,
        precision=precision,
        devices=devices,
    )


def _array(value: Any) -> Any:
    """Exact numbers, or nested lists of them, in double precision."""
    return np.array(value, dtype=np.float64)[()]


def feeds_of(problem: Problem, columns: Sequence[str]) -> tuple[Feed, ...]:
    """What the columns of the table give to the graph.

    Args:
        problem: knows which arrays are made of which columns.
        columns: of the table; none where there is no table.
    """
    place = {column: number for number, column in enumerate(columns)}
    if not place:
        return ()
    if problem.arrays:
        return tuple(
            Feed(one.name, tuple(place[column] for column in one.columns), _form(one))
            for one in problem.arrays
        )
    return tuple(Feed(name, (place[name],), "numbers") for name in problem.names if name in place)


def _form(assembly: Assembly) -> Form:
    if assembly.single:
        return "single"
    if assembly.flat:
        return "vector"
    return "columns" if assembly.across else "rows"
