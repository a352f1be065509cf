"""exp, σ and tanh without branches, for Numba: LLVM makes vectors of loops over them, as it cannot of calls.

Doubles throughout; the results are within 3 units in the last place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symbackprop.backends.numba_keeping import kept

EXACT: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "nogil": True}
"""Sums are added up as they are written."""

LOWEST, HIGHEST = -746.0, 710.0
"""Below the one e^x is 0, above the other infinite."""

PER_LN2, LN2_HIGH, LN2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""1/ln 2; ln 2 in two parts, the first with zeros at its end, so that multiples of it are exact."""

ROUNDING = 3.0 * 2.0**51
"""Added to a number, it leaves room for no digits behind the point: what is left is the nearest integer."""

INTEGER = int(np.float64(ROUNDING).view(np.int64))
"""The bits of that number: those of a sum are larger by the integer."""

BIAS, PLACE = 1023, 52
"""What an exponent is stored with, and where."""

FAR, RESERVE = 1000, 64
"""Beyond 2^±1000 an exponent is brought nearer by so much, and the number multiplied by the rest."""


def _njit(function: Callable[..., Any]) -> Any:
    return kept(function, **EXACT)


@_njit
def reduced(x: float) -> Any:
    """k and r of x = k ln 2 + r with |r| ≤ ln 2 / 2."""
    rounded = np.float64(x * PER_LN2 + ROUNDING)
    whole = rounded - ROUNDING
    return rounded.view(np.int64) - INTEGER, (x - whole * LN2_HIGH) - whole * LN2_LOW


@_njit
def scale(power: int) -> Any:
    """2^k for |k| ≤ 1022."""
    return np.int64((power + BIAS) << PLACE).view(np.float64)


@_njit
def near(power: int) -> Any:
    """2^k, or 2^{k ∓ 64} where it would be too large or too small for a double."""
    return scale(power + (-RESERVE if power > FAR else RESERVE if power < -FAR else 0))


@_njit
def raised(r: float) -> float:
    """e^r - 1 for |r| ≤ ln 2 / 2: its series up to r^13, in pairs, which are added up side by side."""
    square = r * r
    fourth = square * square
    first = (1 / 2 + r * (1 / 6)) + square * (1 / 24 + r * (1 / 120))
    second = (1 / 720 + r * (1 / 5040)) + square * (1 / 40320 + r * (1 / 362880))
    third = (1 / 3628800 + r * (1 / 39916800)) + square * (1 / 479001600 + r * (1 / 6227020800))
    return r + square * (first + fourth * (second + fourth * third))


@_njit
def exp(x: float) -> Any:
    """e^x = 2^k e^r; 2^k may be too large or too small for a double, and is then two factors."""
    bounded = LOWEST if x < LOWEST else np.float64(x)
    bounded = HIGHEST if bounded > HIGHEST else bounded
    power, r = reduced(bounded)
    rest = 2.0**RESERVE if power > FAR else 2.0**-RESERVE if power < -FAR else 1.0
    first = near(power)
    return (first + first * raised(r)) * rest


@_njit
def sigmoid(z: float) -> Any:
    """1/(1 + e^{-z}) = f/(f + f 2^k e^r), where f is 1 unless 2^k is too large for a double."""
    bounded = LOWEST if z < LOWEST else np.float64(z)
    bounded = -LOWEST if bounded > -LOWEST else bounded
    power, r = reduced(-bounded)
    rest = 2.0**-RESERVE if power > FAR else 1.0
    first = near(power)
    return rest / ((rest + first) + first * raised(r))


@_njit
def tanh(z: float) -> Any:
    """-u/(2 + u) with u = e^{-2|z|} - 1 = 2^k (e^r - 1) + (2^k - 1): no digits cancel near 0."""
    doubled = -2.0 * abs(z)
    bounded = -80.0 if doubled < -80.0 else np.float64(doubled)
    power, r = reduced(bounded)
    first = scale(power)
    less = first * raised(r) + (first - 1.0)
    value = (0.0 - less) / (2.0 + less)
    return value if z >= 0 else -value


FUNCTIONS: dict[str, Any] = {"exp": exp, "sigmoid": sigmoid, "tanh": tanh}
"""By what code calls them."""
