"""Routines as Python, run by CPython over flat lists: every value is NumPy's."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Basic, preorder_traversal

from symbackprop import operations as op
from symbackprop.arrays.shapes import RULES
from symbackprop.backends.python_arrays import python_array_function
from tests.loops.array_programs import Case, case_of, random_case
from tests.loops.every_operation import PROGRAMS, case

RANDOM = 160
"""So many random programs."""

NEVER_LEFT = {op.length}
"""Operations that are gone once shapes are known."""


def values(one: Case) -> list[Any]:
    return python_array_function(one.program)(one.given, one.sizes)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_operation_is_computed_as_numpy_does(name: str) -> None:
    one = case(name)
    one.assert_near(values(one))


def test_the_programs_above_have_every_operation() -> None:
    seen: set[type[Basic]] = set()
    for name in PROGRAMS:
        one = case(name)
        for line in one.program.lines:
            seen |= {part.func for part in preorder_traversal(line.expression)}
    assert {*RULES} - seen - NEVER_LEFT == {op.spread} - seen


@pytest.mark.parametrize("block", range(4))
def test_random_programs_are_computed_as_numpy_does(block: int) -> None:
    for seed in range(block * RANDOM // 4, (block + 1) * RANDOM // 4):
        one = random_case(seed)
        one.assert_near(values(one))


def test_what_would_overflow_is_computed_with_the_largest_taken_off() -> None:
    one = case_of("P = softmax(z); Q = log_softmax(z); L = logsumexp(z) + P[0]*Q[1]", {"z": (3,)})
    found = python_array_function(one.program)([np.array([1e4, -1e4, 1e4 - 1])], [])
    by_name = {line.name: value for line, value in zip(one.program.lines, found, strict=True)}
    share = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(by_name["P"], [share, 0, 1 - share], rtol=1e-14)
    np.testing.assert_allclose(
        by_name["Q"], [math.log(share), math.log(share) - 2e4, math.log(1 - share)], rtol=1e-14
    )


@pytest.mark.parametrize(("ties", "shares"), [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [0.5, 0, 0.5])])
def test_ties_are_broken_as_asked(ties: int, shares: list[float]) -> None:
    one = case_of("L = sum(x)", {"x": (3,)})
    symbol = one.program.given[0]
    extreme = replace(one.program.lines[-1], expression=op.of(op.extreme, symbol, (0,), 1, ties))
    found = python_array_function(replace(one.program, lines=(extreme,)))([np.array([2.0, 1.0, 2.0])], [])
    np.testing.assert_array_equal(found[0], shares)


def test_sizes_that_do_not_fit_are_refused() -> None:
    one = case_of("L = sum(x[2:4]**2)", {"x": ("n",)}, {"n": 5})
    with pytest.raises(IndexError, match="the slice 2:4 of an axis of n"):
        python_array_function(one.program)([np.ones(3)], [])


def test_a_number_that_is_none_goes_through() -> None:
    one = case_of("L = sum(max(A, axis=1)*2) + sum(A @ A)", {"A": (2, 2)})
    found = python_array_function(one.program)([np.array([[1.0, math.nan], [1.0, 2.0]])], [])
    by_name = {line.name: value for line, value in zip(one.program.lines, found, strict=True)}
    assert math.isnan(by_name["L"])
