"""The numbers behind the symbols of sizes."""

from __future__ import annotations

import pytest
from sympy import Symbol

from symbackprop.arrays.sizes import as_size
from symbackprop.loops.binding import bound_sizes, number_of, stored_shape
from symbackprop.loops.model import Buffer, Requirement, Routine

N, M, X = map(Symbol, "nmX")


def routine(*requirements: Requirement) -> Routine:
    given = (Buffer(X, (3, N, M), (1, 0, 2)),)
    return Routine((N, M), given, (), (), (), requirements)


def test_sizes_are_found_from_shapes() -> None:
    assert bound_sizes(routine(), [(3, 5, 7)]) == {N: 5, M: 7}


def test_a_size_may_be_made_of_others() -> None:
    assert number_of(as_size(2 * N + M - 1), {N: 5, M: 7}) == 16
    assert number_of(4, {}) == 4


def test_a_buffer_lies_in_memory_in_its_own_order() -> None:
    assert stored_shape(routine().given[0], {N: 5, M: 7}) == (5, 3, 7)
    assert routine().given[0].strides == (M, as_size(3 * M), 1)


def test_what_sizes_must_fulfil_is_told_where_they_do_not() -> None:
    needed = Requirement(4, N, "the slice 2:4 of an axis of n")
    assert bound_sizes(routine(needed), [(3, 4, 1)])[N] == 4
    with pytest.raises(IndexError, match="the slice 2:4 of an axis of n"):
        bound_sizes(routine(needed), [(3, 3, 1)])
