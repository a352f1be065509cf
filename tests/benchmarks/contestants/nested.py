"""The loss of one example as one nested expression of scalars, for the systems that differentiate such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks.cases import Case


def names(case: Case) -> tuple[list[str], list[str], list[str]]:
    """The names of the parameters in the order of `cases.flat`, of the inputs and of the targets."""
    return (
        [f"p{place}" for place in range(case.parameters)],
        [f"x{place}" for place in range(case.widths[0])],
        [f"y{place}" for place in range(case.widths[-1])],
    )


def loss(
    case: Case,
    parameters: Sequence[Any],
    inputs: Sequence[Any],
    targets: Sequence[Any],
    exp: Callable[[Any], Any],
) -> Any:
    """1/K Σ (ŷ - y)²."""
    values, rest = inputs, iter(parameters)
    for width, units in case.layers:
        rows = [[next(rest) for _ in range(width)] for _ in range(units)]
        biases = [next(rest) for _ in range(units)]
        sums = [_dot(row, values) + bias for row, bias in zip(rows, biases, strict=True)]
        values = [1 / (1 + exp(-one)) for one in sums]
    return sum((value - y) ** 2 for value, y in zip(values, targets, strict=True)) / len(targets)


def _dot(row: Sequence[Any], values: Sequence[Any]) -> Any:
    first, *others = (weight * value for weight, value in zip(row, values, strict=True))
    return sum(others, first)
