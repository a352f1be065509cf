"""How times grow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Two points always lie on a line.
_FEWEST = 3


def growth(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The exponent p of value ≈ c · sizeᵖ: the slope of the straight line through the logarithms.

    None where there are not three different sizes, or where a value is 0.

    >>> round(growth([1, 10, 100], [3, 300, 30000]), 9)
    2.0
    """
    if len(set(sizes)) < _FEWEST or min(values) <= 0:
        return None
    slope, _ = np.polyfit(np.log(sizes), np.log(values), 1)
    return float(slope)
