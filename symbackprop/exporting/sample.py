"""The numbers at which an exported file checks its gradients: those of the spec, or random ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbackprop.errors import ValuesError
from symbackprop.exporting.formulas import Sheet
from symbackprop.nodes import Role
from symbackprop.numeric.compiled import as_floats, compile
from symbackprop.precise.point import Point, shape_in_numbers
from symbackprop.precise.points import FAR, random_points, sizes_of
from symbackprop.problem import Problem

MOST = 300
"""So many numbers are written into a file at the most; for more, dice are."""


@dataclass(frozen=True)
class Draw:
    """Numbers that the file draws when it is run, evenly between two bounds.

    Attributes:
        shape: of the array.
        low: the lower bound.
        high: the upper bound.
        total: the axis along which they are made to add up to 1, or none.
    """

    shape: tuple[int, ...]
    low: float
    high: float
    total: int | None = None


@dataclass(frozen=True)
class Sample:
    """A value for every given name.

    Attributes:
        values: numbers, nested lists of them, or what is drawn.
        is_random: they are not those of the spec.
    """

    values: Mapping[str, Any]
    is_random: bool


def sample(sheet: Sheet) -> Sample:
    """The numbers of the spec, where it has all, not too many, and none at a kink; else random ones.

    Raises:
        ValuesError: no random values were found at which every node is finite.
    """
    problem = sheet.problem
    sizes = sizes_of(problem)
    shapes = {node.name: shape_in_numbers(node, sizes) for node in sheet.given}
    if sum(int(np.prod(shape)) for shape in shapes.values()) > MOST:
        return Sample(_drawn(sheet, shapes), is_random=True)
    own = _own(problem)
    if own is not None:
        return Sample(own, is_random=False)
    found = random_points(problem, count=1)[0]
    return Sample(as_floats_of(found.given), is_random=True)


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a value of a sample."""
    return value.shape if isinstance(value, Draw) else np.shape(value)


def _own(problem: Problem) -> Mapping[str, Any] | None:
    if problem.missing:
        return None
    row = problem.first_example if problem.data else None
    values = dict(problem.values)
    if row is not None:
        values |= problem.given(problem.first_batch if problem.arrays else [row])
    try:
        point = Point(problem, values)
        usable = point.is_finite and point.kink_distance() >= FAR
    except ValuesError:
        return None
    return as_floats_of(values) if usable else None


def as_floats_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Exact numbers as doubles, arrays as nested lists."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in as_floats(values).items()
    }


def _drawn(sheet: Sheet, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Draw]:
    """Numbers of any sign where the nodes are finite for them, else positive ones; targets are positive."""
    every = {node.name: _draw(node.role, shapes[node.name], -1.0) for node in sheet.given}
    every |= _distributions(sheet, shapes)
    try:
        compile(sheet.derivation)(drawn(every))
    except ValuesError:
        every = {node.name: _draw(node.role, shapes[node.name], 0.1) for node in sheet.given}
        every |= _distributions(sheet, shapes)
    return every


def _draw(role: Role, shape: tuple[int, ...], low: float) -> Draw:
    if role is Role.TARGET:
        return Draw(shape, 0.1, 0.9)
    # Sums over an axis of weights stay of the size of one number.
    scale = round(1 / max(shape[-2:], default=1) ** 0.5, 2) if role is Role.PARAMETER else 1.0
    return Draw(shape, low * scale, scale)


def _distributions(sheet: Sheet, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Draw]:
    """The targets that a collapsed form takes to add up to 1."""
    found = {}
    for delta in sheet.derivation.deltas.values():
        for total in delta.collapse.totals if delta.collapse is not None else ():
            name, (axis,) = total.args[0].name, total.args[1]
            found[name] = Draw(shapes[name], 0.1, 0.9, int(axis))
    return found


def drawn(draws: Mapping[str, Draw], seed: int = 0) -> dict[str, Any]:
    """Numbers as a file draws them."""
    dice = np.random.default_rng(seed)
    found = {}
    for name, draw in draws.items():
        values = dice.uniform(draw.low, draw.high, draw.shape)
        if draw.total is not None:
            values = values / values.sum(axis=draw.total, keepdims=True)
        found[name] = values
    return found
