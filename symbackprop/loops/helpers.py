"""What routines call: matrices taken apart. The entries lie row by row in flat sequences."""

from __future__ import annotations

from collections.abc import MutableSequence
from math import log, nan

Floats = MutableSequence[float]

PIVOT = 2.220446049250313e-16
"""A pivot smaller than so much of the largest entry, for each row, is none: the rows are dependent."""


def swap(work: Floats, rows: int, one: int, other: int) -> None:
    """Two rows change their places."""
    for j in range(rows):
        kept = work[one * rows + j]
        work[one * rows + j] = work[other * rows + j]
        work[other * rows + j] = kept


def pivot_row(work: Floats, rows: int, column: int) -> int:
    """Which row, from the diagonal on, has the largest entry in a column."""
    best = column
    for i in range(column + 1, rows):
        if abs(work[i * rows + column]) > abs(work[best * rows + column]):
            best = i
    return best


def cleared(work: Floats, rows: int, column: int) -> None:
    """Take multiples of a row off those below, so that their entries in its column vanish."""
    for i in range(column + 1, rows):
        share = work[i * rows + column] / work[column * rows + column]
        for j in range(column + 1, rows):
            work[i * rows + j] -= share * work[column * rows + j]


def determinant(work: Floats, rows: int) -> float:
    """The product of the pivots, its sign changed with each swap of rows; `work` is used up."""
    found = 1.0
    for column in range(rows):
        best = pivot_row(work, rows, column)
        if best != column:
            swap(work, rows, best, column)
            found = -found
        found *= work[column * rows + column]
        if work[column * rows + column] != 0:
            cleared(work, rows, column)
    return found


def log_determinant(work: Floats, rows: int) -> float:
    """log |det A|, the sum of the logarithms of the pivots; `work` is used up."""
    found = 0.0
    for column in range(rows):
        swap(work, rows, pivot_row(work, rows, column), column)
        found += log(abs(work[column * rows + column]))
        if work[column * rows + column] != 0:
            cleared(work, rows, column)
    return found


def inverse(result: Floats, work: Floats, rows: int) -> None:
    """A⁻¹ by Gauss and Jordan, `work` is used up; NaN where the rows depend on each other."""
    limit = 0.0
    for place in range(rows * rows):
        result[place] = 0.0
        limit = max(limit, abs(work[place]))
    limit *= rows * PIVOT
    for i in range(rows):
        result[i * rows + i] = 1.0
    for column in range(rows):
        best = pivot_row(work, rows, column)
        swap(work, rows, best, column)
        swap(result, rows, best, column)
        pivot = work[column * rows + column]
        if not abs(pivot) > limit:
            pivot = nan
        for j in range(rows):
            work[column * rows + j] /= pivot
            result[column * rows + j] /= pivot
        for i in range(rows):
            share = work[i * rows + column]
            if i != column:
                for j in range(rows):
                    work[i * rows + j] -= share * work[column * rows + j]
                    result[i * rows + j] -= share * result[column * rows + j]
