"""Which nests become one, and which may not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sympy import Expr, S, Symbol

from symbackprop.expressions import add, mul
from symbackprop.loops.fusing import PAIRS, fused
from symbackprop.loops.model import Assign, Entry, Group, Increase, Loop, Statement, index, nested

X, Y, Z, W = map(Symbol, "XYZW")


def nest(target: Symbol, *sources: Symbol, size: int = 4, turned: bool = False, shift: int = 0) -> Group:
    """target_ij = Σ sources_ij; turned: sources_ji; shift: sources_i+s,j."""
    i, j = index("i"), index("j")
    place: Sequence[Expr] = (j, i) if turned else (i + shift, j)
    value = add(*(Entry(one, *place) for one in sources))
    return Group((f"{target}",), nested([(i, size), (j, size)], [Assign(Entry(target, i, j), value)]))


def total(target: Symbol, source: Symbol, size: int = 4) -> Group:
    """target_j += source_ij."""
    i, j = index("i"), index("j")
    added = Increase(Entry(target, j), Entry(source, i, j))
    return Group((f"{target}",), nested([(i, size), (j, size)], [added]))


def innermost(group: Group) -> tuple[Statement, ...]:
    body = group.body
    while len(body) == 1 and isinstance(body[0], Loop):
        body = body[0].body
    return body


def test_what_is_read_where_it_was_written_is_computed_in_one_nest() -> None:
    (found,) = fused([nest(Y, X), nest(Z, Y, X)])
    assert found.formulas == ("Y", "Z")
    first, second = innermost(found)
    assert isinstance(first, Assign)
    assert isinstance(second, Assign)
    assert second.value.args[0] == first.target


@pytest.mark.parametrize(
    "second",
    [
        nest(Z, Y, turned=True),
        nest(Z, Y, shift=1),
        nest(Z, Y, size=3),
        total(Z, X, size=5),
    ],
    ids=["turned", "shifted", "of another size", "over another range"],
)
def test_what_is_read_elsewhere_waits(second: Group) -> None:
    assert len(fused([nest(Y, X), second])) == 2


def test_a_buffer_that_is_overwritten_waits_for_those_that_read_it_elsewhere() -> None:
    assert len(fused([nest(Y, X, turned=True), nest(X, W)])) == 2
    assert len(fused([nest(Y, X), nest(X, W)])) == 1


def test_sums_into_the_same_entries_wait_for_what_reads_them() -> None:
    i, j = index("i"), index("j")
    reading = Group(("W",), nested([(i, 4), (j, 4)], [Assign(Entry(W, i, j), Entry(Z, j))]))
    assert len(fused([total(Z, X), reading])) == 2


def test_matrices_that_have_nothing_in_common_stay_apart() -> None:
    assert len(fused([nest(Y, X), nest(Z, W)])) == 2
    assert len(fused([nest(Y, X), nest(Z, X)])) == 1


def test_a_nest_moves_up_past_what_does_not_touch_it() -> None:
    found = fused([nest(Y, X), nest(W, X, turned=True, size=5), nest(Z, Y)])
    assert [one.formulas for one in found] == [("Y", "Z"), ("W",)]


def test_a_nest_stays_behind_what_it_needs() -> None:
    found = fused([nest(Y, X), nest(W, Y, turned=True), nest(Z, W, Y)])
    assert [one.formulas for one in found] == [("Y",), ("W", "Z")] or len(found) == 3


def test_no_more_buffers_meet_in_a_nest_than_compilers_compare() -> None:
    every = [Symbol(f"A_{place}") for place in range(PAIRS)]
    found = fused([nest(one, X) for one in every])
    assert 1 < len(found) < len(every)


def test_factors_keep_their_order() -> None:
    i, k = index("i"), index("k")
    first = Group(("Y",), nested([(i, 3)], [Assign(Entry(Y, i), Entry(X, i))]))
    value = mul(Entry(Y, k), add(S.One, Entry(X, k)))
    (found,) = fused([first, Group(("Z",), nested([(k, 3)], [Assign(Entry(Z, k), value)]))])
    second = innermost(found)[1]
    assert isinstance(second, Assign)
    assert second.value.args == (Entry(Y, i), add(S.One, Entry(X, i)))
