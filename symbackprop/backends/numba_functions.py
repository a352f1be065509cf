"""exp, σ and tanh without branches, for Numba: LLVM makes vectors of loops over them, as it cannot of calls.

Doubles throughout; the results are within 3 units in the last place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

EXACT: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "nogil": True}
"""Sums are added up as they are written."""

LOWEST, HIGHEST = -746.0, 710.0
"""Below the one e^x is 0, above the other infinite."""

PER_LN2, LN2_HIGH, LN2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""1/ln 2; ln 2 in two parts, the first with zeros at its end, so that multiples of it are exact."""

SHIFT = 1100
"""Added to a power of 2, which is then positive: cutting off the digits behind the point rounds down."""

BIAS, PLACE = 1023 - SHIFT // 2, 52
"""Where an exponent stands in a double, after half the shift is taken off."""

_njit: Callable[[Callable[..., Any]], Callable[..., Any]] = numba.njit(cache=True, **EXACT)


@_njit
def reduced(x: float) -> Any:
    """k + 1100 and r of x = k ln 2 + r with |r| ≤ ln 2 / 2."""
    power = np.int32(x * PER_LN2 + (SHIFT + 0.5))
    whole = np.float64(power) - SHIFT
    return power, (x - whole * LN2_HIGH) - whole * LN2_LOW


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
def exp(x: float) -> float:
    """e^x = 2^k e^r; 2^k in two factors, for it may be too large or too small for one double."""
    bounded = x if x > LOWEST else LOWEST
    bounded = bounded if bounded < HIGHEST else HIGHEST
    power, r = reduced(bounded)
    half = np.int64(power) >> 1
    other = np.int64(power) - half
    one = np.int64((half + BIAS) << PLACE).view(np.float64)
    two = np.int64((other + BIAS) << PLACE).view(np.float64)
    return (1.0 + raised(r)) * one * two if x == x else np.float64(x)


@_njit
def sigmoid(z: float) -> Any:
    """1/(1 + e^{-z}), by e^{-|z|}."""
    small = exp(-abs(z))
    return (1.0 if z >= 0 else small) / (1.0 + small)


@_njit
def tanh(z: float) -> float:
    """-u/(2 + u) with u = e^{-2|z|} - 1 = 2^k (e^r - 1) + (2^k - 1): no digits cancel near 0."""
    doubled = -2.0 * abs(z)
    bounded = doubled if doubled > -80.0 else -80.0
    power, r = reduced(bounded)
    scale = np.int64((np.int64(power) - SHIFT + 1023) << PLACE).view(np.float64)
    less = scale * raised(r) + (scale - 1.0)
    value = (0.0 - less) / (2.0 + less)
    value = value if z >= 0 else -value
    return value if z == z else np.float64(z)


FUNCTIONS: dict[str, Any] = {"exp": exp, "sigmoid": sigmoid, "tanh": tanh}
"""By what code calls them."""
