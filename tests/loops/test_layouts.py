"""Where entries are found once they have moved: places in rows of entries, tests of indices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy
from sympy import Integer, S

from symbackprop.loops.layouts import at_most, below, excess, left, lesser, over, regrouped, same, where
from symbackprop.loops.model import AtMost, Below, Both, Excess, Left, Lesser, Over, Same, index

ROW, COLUMN = index("i"), index("j")


@pytest.mark.parametrize(
    ("shape", "before"),
    [
        ((6,), (2, 3)),
        ((2, 3), (6,)),
        ((6, 4), (2, 3, 4)),
        ((2, 12), (2, 3, 4)),
        ((4, 6), (2, 3, 4)),
        ((4, 1, 3), (2, 2, 3)),
        ((1, 1), ()),
        ((), (1,)),
        ((3, 1, 2), (3, 2)),
        ((1, 5, 1), (5,)),
    ],
)
def test_entries_keep_their_place_in_the_row_of_all(shape: tuple[int, ...], before: tuple[int, ...]) -> None:
    for indices in itertools.product(*map(range, shape)):
        own = [int(one) for one in regrouped([*map(Integer, indices)], shape, before)]
        assert len(own) == len(before)
        if before and shape:
            assert np.ravel_multi_index(own, before) == np.ravel_multi_index(indices, shape)


def test_axes_that_stay_together_keep_their_indices() -> None:
    assert regrouped([ROW, COLUMN, S.Zero], (3, 4, 1), (3, 4)) == [ROW, COLUMN]


def test_tests_of_numbers_are_carried_out() -> None:
    one, two = Integer(1), Integer(2)
    assert (same(one, one), same(one, two)) == (sympy.true, sympy.false)
    assert (below(one, two), below(two, two)) == (sympy.true, sympy.false)
    assert (at_most(two, two), at_most(two, one), at_most(S.Zero, ROW)) == (
        sympy.true,
        sympy.false,
        sympy.true,
    )
    assert (over(Integer(7), 2), left(Integer(7), 2)) == (3, 1)
    assert (excess(two, one), excess(one, two), lesser(one, two)) == (1, 0, 1)
    assert (over(ROW, 1), left(ROW, 1), excess(ROW, S.Zero)) == (ROW, 0, ROW)


def test_tests_of_indices_are_left() -> None:
    made = {Same: same, Below: below, AtMost: at_most, Over: over, Left: left, Excess: excess, Lesser: lesser}
    for head, rule in made.items():
        assert rule(ROW, COLUMN) == head(ROW, COLUMN)


def test_a_choice_asks_only_what_is_open() -> None:
    a, b = sympy.symbols("a b")
    assert where([sympy.true], a, b) == a
    assert where([sympy.false, same(ROW, COLUMN)], a, b) == b
    assert where([same(ROW, COLUMN)], a, a) == a
    assert where([sympy.true, same(ROW, COLUMN)], a, b).args[0] == same(ROW, COLUMN)
    assert isinstance(where([same(ROW, COLUMN), below(ROW, COLUMN)], a, b).args[0], Both)
