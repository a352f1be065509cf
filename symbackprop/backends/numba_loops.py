"""Routines as Python for Numba: loops over arrays, products of matrices as calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

from sympy import Expr, Symbol

from symbackprop.arrays.sizes import Size
from symbackprop.loops.binding import number_of
from symbackprop.loops.model import Entry, Product, Routine
from symbackprop.loops.python_code import PythonLoops
from symbackprop.loops.scopes import Range

Way = Literal["sums", "rows", "blas"]

LARGE, WIDE = 2_000_000, 32
"""Products of more multiplications, where no matrix is narrower, are left to BLAS."""

SHORT, MANY = 48, 400_000
"""So are sums of fewer terms where k runs along memory in both matrices, if there are many."""


@dataclass(frozen=True)
class Multiplication:
    """A product of matrices that is called.

    Attributes:
        ranges: of the rows, the columns and the steps of k.
        turned: whether k comes first in A, and whether it comes last in B.
    """

    ranges: tuple[Range, Range, Range]
    turned: tuple[bool, bool]

    def count(self, sizes: Mapping[Symbol, int]) -> tuple[int, int, int]:
        """How many rows, columns and steps there are."""
        rows, columns, inner = (number_of(size, sizes) for _, size in self.ranges)
        return rows, columns, inner

    def way(self, sizes: Mapping[Symbol, int]) -> Way:
        """How it is computed best: as loops that add up sums or rows, or by BLAS."""
        count = self.count(sizes)
        a_turned, b_turned = self.turned
        is_large = min(count) >= WIDE and prod(count) >= LARGE
        is_short = b_turned and count[2] < SHORT and prod(count) >= MANY and min(count) > 1
        if is_large or is_short or (a_turned and b_turned):
            return "blas"
        return "sums" if b_turned else "rows"


class NumbaLoops(PythonLoops):
    """Python over arrays for Numba.

    Args:
        routine: what is printed.
        names: what its buffers are called, and its sizes: they may be numbers.
        real: what makes a literal a number of the chosen precision; none where Python's own will do.

    Attributes:
        products: those that are called; `ways` in the code holds the address of what each calls.
    """

    def __init__(self, routine: Routine, names: Mapping[Symbol, str], real: str = "") -> None:
        super().__init__(routine, names, flat=False, real=real)
        self.products: list[Multiplication] = []

    def product(self, one: Product, begun: list[str]) -> Iterator[str]:
        """A product of whole matrices is a call, others are loops."""
        matrices = self._matrices(one)
        if matrices is None:
            yield from super().product(one, begun)
            return
        (c, i, j), (a, *left), (b, *right) = matrices
        k = one.inner[0]
        known = {one.rows[0]: one.rows, one.columns[0]: one.columns}
        turned = left[0] == k, right[1] == k
        place = len(self.products)
        self.products.append(Multiplication((known[i], known[j], one.inner), turned))
        sizes = ", ".join(self.indices(size) for _, size in self.products[-1].ranges)
        flags = ", ".join(str(int(flag)) for flag in (one.is_added, *turned))
        yield f"multiply(ways[{place}], {c}, {a}, {b}, {sizes}, {self.value(one.factor)}, {flags})"

    def _matrices(self, one: Product) -> list[tuple[str, Expr, Expr]] | None:
        """C, A and B in code, each with the indices along its axes in memory; (AB)' is B'A'."""
        i, j, k = one.rows, one.columns, one.inner
        entries = {one.target: (i, j), one.left: (i, k), one.right: (k, j)}
        if not all(self._is_matrix(entry, dict(ranges)) for entry, ranges in entries.items()):
            return None
        parts = [self._matrix(entry) for entry in entries]
        return parts if parts[0][1] == i[0] else [parts[0], parts[2], parts[1]]

    def _is_matrix(self, entry: Entry, sizes: Mapping[Symbol, Size]) -> bool:
        """Whether two indices are those of the last axes in memory, and take whole rows there."""
        buffer = self.buffers[entry.buffer]
        places = [entry.indices[axis] for axis in buffer.order[-2:]]
        return {*places} == {*sizes} and buffer.stored[-1] == sizes[places[-1]]

    def _matrix(self, entry: Entry) -> tuple[str, Expr, Expr]:
        """An array in code, and the indices along its last two axes in memory."""
        *before, row, column = (entry.indices[axis] for axis in self.buffers[entry.buffer].order)
        lead = ", ".join(map(self.indices, before))
        name = self.names[entry.buffer]
        return (f"{name}[{lead}]" if lead else name), row, column
