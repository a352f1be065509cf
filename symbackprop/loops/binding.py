"""The numbers that the symbols of sizes stand for, found from the shapes of what is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Symbol, sympify

from symbackprop.arrays.sizes import Size, sizes_in_numbers
from symbackprop.loops.model import Buffer, Routine


def bound_sizes(routine: Routine, shapes: Sequence[Sequence[int]]) -> dict[Symbol, int]:
    """The sizes, from the shapes of the given arrays in the routine's order.

    Raises:
        IndexError: an index, a slice or a kernel reaches beyond an axis of such a size.
    """
    found = sizes_in_numbers(zip((one.shape for one in routine.given), shapes, strict=True))
    for one in routine.requirements:
        if number_of(one.low, found) > number_of(one.high, found):
            raise IndexError(one.what)
    return found


def number_of(size: Size, sizes: Mapping[Symbol, int]) -> int:
    """A size in numbers."""
    return size if isinstance(size, int) else int(sympify(size).xreplace(dict(sizes)))


def stored_shape(buffer: Buffer, sizes: Mapping[Symbol, int]) -> tuple[int, ...]:
    """The sizes of a buffer as it lies in memory."""
    return tuple(number_of(size, sizes) for size in buffer.stored)
