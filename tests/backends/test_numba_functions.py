"""Numba's own exp, σ and tanh against those of mpmath at a hundred digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

functions = pytest.importorskip(
    "symbackprop.backends.numba_functions", reason="pip install 'symbackprop[numba]'"
)

TRUTH: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
}
_DRAWN = np.random.default_rng(7)
POINTS = [
    *_DRAWN.uniform(-1, 1, 300),
    *_DRAWN.uniform(-40, 40, 600),
    *_DRAWN.uniform(-745, 709, 600),
    *(0.0, 1e-300, -1e-10, 709.782712893384, 692.5, 693.5, -692.5, -693.5, -708.4, -708.5, -745.1),
]


def units(found: float, truth: Any) -> float:
    """How many units in the last place lie between a double and the truth."""
    return float(abs(mpmath.mpf(found) - truth) / math.ulp(float(truth)))


@pytest.mark.parametrize("name", TRUTH)
def test_a_function_is_within_three_units_in_the_last_place(name: str) -> None:
    function = getattr(functions, name)
    with mpmath.workdps(100):
        worst = max(units(function(float(x)), TRUTH[name](mpmath.mpf(float(x)))) for x in POINTS)
    assert worst <= 3


@pytest.mark.parametrize(
    ("name", "low", "high"), [("exp", 0.0, math.inf), ("sigmoid", 0.0, 1.0), ("tanh", -1.0, 1.0)]
)
def test_far_away_a_function_is_its_limit(name: str, low: float, high: float) -> None:
    function = getattr(functions, name)
    for far in (800.0, 1e10, 1e300, math.inf):
        assert (function(-far), function(far)) == (low, high)
    assert math.isnan(function(math.nan))
