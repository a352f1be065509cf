"""What is computed before a loop, and what stays in it."""

from __future__ import annotations

import pytest
from sympy import Expr, Symbol, exp

from symbackprop import functions
from symbackprop.expressions import add, call, mul, power
from symbackprop.loops.hoisting import hoisted
from symbackprop.loops.model import Entry, Local, index
from symbackprop.loops.scopes import Scope

X, Y, ROW, COLUMN = Symbol("X"), Symbol("Y"), index("i"), index("j")
OUTER, INNER, ALONE = Entry(X, ROW), Entry(Y, ROW, COLUMN), Entry(Symbol("a"))


def scope() -> Scope:
    return Scope.over([(ROW, 3), (COLUMN, 4)])


def before(found: Scope) -> list[list[Expr]]:
    """What is computed at each level."""
    return [[one.value for one in level.body if isinstance(one, Local)] for level in found.levels]


def test_a_function_is_computed_as_far_outside_as_it_can() -> None:
    loops = scope()
    value = hoisted(mul(call(exp, OUTER), INNER, call(exp, ALONE)), loops)
    assert before(loops) == [[call(exp, ALONE)], [call(exp, OUTER)], []]
    assert value.has(INNER)
    assert not value.has(exp)


def test_the_same_is_computed_once() -> None:
    loops = scope()
    hoisted(mul(call(exp, OUTER), INNER), loops)
    hoisted(add(call(exp, OUTER), INNER), loops)
    assert before(loops) == [[], [call(exp, OUTER)], []]


@pytest.mark.parametrize(
    "value",
    [
        mul(call(exp, INNER), OUTER),
        mul(OUTER, ALONE, INNER),
        mul(power(OUTER, 2), INNER),
        mul(call(functions.relu, OUTER), INNER),
        call(functions.where, OUTER > 0, call(exp, OUTER), INNER),
    ],
    ids=["of the inner loop", "a product", "a whole power", "a cheap function", "within a choice"],
)
def test_what_is_cheap_or_needed_inside_stays(value: Expr) -> None:
    loops = scope()
    assert hoisted(value, loops) == value
    assert before(loops) == [[], [], []]
