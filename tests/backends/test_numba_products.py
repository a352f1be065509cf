"""Products of matrices in Numba: each way against sums of whole numbers, which have no rounding."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from sympy import Symbol

from symbackprop.backends.base import Precision

products = pytest.importorskip(
    "symbackprop.backends.numba_products", reason="pip install 'symbackprop[numba]'"
)
loops = pytest.importorskip("symbackprop.backends.numba_loops")

TURNED: Mapping[str, Sequence[tuple[bool, bool]]] = {
    "sums": [(False, True)],
    "rows": [(False, False), (True, False)],
    "blas": [(False, False), (False, True), (True, False), (True, True)],
}
"""For each way whether k may come first in A, and last in B."""

CASES = [(way, *turned) for way, every in TURNED.items() for turned in every]

SIZES = [
    *itertools.product((1, 2, 3, 5), (1, 2, 4), (1, 3, 4)),
    *((rows, 3, 5) for rows in (6, 7, 12, 13)),
    *((7, columns, 5) for columns in (7, 8, 9, 15, 16, 17, 23, 24, 25, 32, 33)),
    *((6, 9, inner) for inner in (63, 64, 65, 130)),
    (13, 41, 67),
]
"""Rows, columns and steps of k: on either side of the edges of tiles, strips and vectors."""

MARGIN = 40
"""So many numbers before and behind each matrix in memory, which are none: what reads them gets none."""


def framed(matrix: Any, precision: Precision) -> tuple[Any, Any]:
    """A matrix row by row with margins in memory, and the margins."""
    whole = np.full(matrix.size + 2 * MARGIN, np.nan, dtype=precision)
    inside = whole[MARGIN:-MARGIN].reshape(matrix.shape)
    inside[...] = matrix
    return inside, (whole[:MARGIN], whole[-MARGIN:])


def multiply(way: str, matrices: Sequence[Any], sizes: Sequence[int], factor: float, *flags: bool) -> None:
    """C = α A B, or added, where A and B may lie turned."""
    code = products.machine_code(way, matrices[0].dtype.name)
    pointers = [one.ctypes.data_as(kind) for one, kind in zip(matrices, code.ctypes.argtypes, strict=False)]
    code.ctypes(*pointers, *sizes, factor, *flags)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(("way", "a_turned", "b_turned"), CASES)
def test_whole_numbers_are_multiplied_exactly(
    way: str, a_turned: bool, b_turned: bool, precision: Precision
) -> None:
    numbers = np.random.default_rng(3)
    for place, sizes in enumerate(SIZES):
        rows, columns, inner = sizes
        a, b = numbers.integers(-9, 9, (rows, inner)), numbers.integers(-9, 9, (inner, columns))
        before = numbers.integers(-9, 9, (rows, columns))
        is_added, factor = place % 2 == 1, (1.0, -0.5, 3.0)[place % 3]
        left, _ = framed(a.T if a_turned else a, precision)
        right, _ = framed(b.T if b_turned else b, precision)
        into, margins = framed(before, precision)
        multiply(way, (into, left, right), sizes, factor, is_added, a_turned, b_turned)
        np.testing.assert_array_equal(into, factor * (a @ b) + is_added * before, f"{sizes}")
        assert np.isnan(np.concatenate(margins)).all(), f"beyond a matrix of {rows}×{columns}"


def multiplication(rows: int, columns: int, inner: int, *, a_turned: bool, b_turned: bool) -> Any:
    ranges = tuple((Symbol(name), size) for name, size in zip("ijk", (rows, columns, inner), strict=True))
    return loops.Multiplication(ranges, (a_turned, b_turned))


@pytest.mark.parametrize(
    ("sizes", "a_turned", "b_turned", "way"),
    [
        ((4, 5, 6), False, False, "rows"),
        ((4, 5, 6), True, False, "rows"),
        ((4, 5, 6), False, True, "sums"),
        ((4, 5, 6), True, True, "blas"),
        ((200, 200, 200), False, False, "blas"),
        ((5000, 5000, 4), True, False, "rows"),
        ((300, 300, 8), False, True, "blas"),
        ((300, 300, 1), False, True, "sums"),
    ],
)
def test_a_product_takes_the_way_of_its_sizes(
    sizes: tuple[int, int, int], a_turned: bool, b_turned: bool, way: str
) -> None:
    assert multiplication(*sizes, a_turned=a_turned, b_turned=b_turned).way({}) == way
