"""Small problems for tests of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symbackprop.load import loads
from symbackprop.problem import Problem
from tests.fitting.files import Table

LINE = """\
[graph]
equations = "L = (w*x + b - y)**2"
[parameters]
w = 0.5
b = -1
[training]
learning_rate = 0.0625
@
"""
"""A line through points; `@` stands for more of the training."""

POINTS = '[data]\ncolumns = ["x", "y"]\nrows = [[1, 2], [2, 1], [3, 5], [4, 0]]\n'


def line(training: str = "", data: str = POINTS) -> Problem:
    return loads(LINE.replace("@", training) + data)


NETWORK = """\
[network]
notation = "{notation}"
inputs = 2
[[network.layers]]
units = 3
activation = "tanh"
weight = [[0.5, -0.25], [0.125, 0.75], [-0.5, 0.375]]
bias = [0.1, -0.2, 0.3]
[[network.layers]]
units = 1
activation = "identity"
weight = [[0.5, -0.75, 0.25]]
bias = [0.05]
[loss]
name = "mse"
[training]
learning_rate = 0.05
{training}
"""


def network(training: str, notation: str = "component", table: Table | None = None) -> Problem:
    """A 2-3-1 network; without a table it has no examples of its own."""
    return loads(
        NETWORK.format(notation=notation, training=training) + ("" if table is None else rows(table))
    )


def rows(table: Table) -> str:
    """A table as the [data] of a spec."""
    columns = [np.asarray(one).tolist() for one in table.values()]
    listed = [list(row) for row in zip(*columns, strict=True)]
    return f"[data]\ncolumns = {list(table)}\nrows = {listed}\n"


def points(count: int, seed: int = 0) -> dict[str, Any]:
    """Examples for the network, a short decimal each."""
    source = np.random.default_rng(seed)
    x_1, x_2 = (np.round(source.uniform(-1, 1, count), 4) for _ in range(2))
    return {"x_1": x_1, "x_2": x_2, "y": np.round(np.sin(3 * x_1) * x_2, 4)}


def trained_with(problem: Problem, **changes: Any) -> Problem:
    """The problem with another training."""
    assert problem.training is not None
    return replace(problem, training=replace(problem.training, **changes))


def same(one: Mapping[str, Any], other: Mapping[str, Any], names: Sequence[str] | None = None) -> bool:
    """Whether numbers by name are the same to the last bit."""
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in (names or one))
