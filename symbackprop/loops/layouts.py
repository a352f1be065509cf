"""The entry of every operation that moves entries: transposes, slices, reshapes, blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import accumulate
from typing import Any

import sympy
from sympy import Basic, Expr, S, Tuple

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.sizes import Shape, Size, as_size
from symbackprop.expressions import call, mul
from symbackprop.loops.context import Context, Indices, Where
from symbackprop.loops.model import AtMost, Below, Both, Excess, Left, Lesser, Over, Same

# Tests and quotients of indices, carried out where both are numbers.


def same(i: Expr, j: Expr) -> Basic:
    """i = j."""
    return sympy.true if i == j else sympy.false if _are_numbers(i, j) else Same(i, j, evaluate=False)


def below(i: Expr, j: Expr) -> Basic:
    """i < j."""
    return sympy.sympify(bool(i < j)) if _are_numbers(i, j) else Below(i, j, evaluate=False)


def at_most(i: Expr, j: Expr) -> Basic:
    """i ≤ j."""
    if i is S.Zero or _are_numbers(i, j):
        return sympy.sympify(i is S.Zero or bool(i <= j))
    return AtMost(i, j, evaluate=False)


def _are_numbers(*values: Expr) -> bool:
    return all(isinstance(one, sympy.Integer) for one in values)


def over(i: Expr, j: Size) -> Expr:
    """⌊i/j⌋."""
    if j == 1 or i is S.Zero:
        return i
    if _are_numbers(i, sympy.sympify(j)):
        return sympy.Integer(int(i) // int(j))
    return Over(i, sympy.sympify(j), evaluate=False)


def left(i: Expr, j: Size) -> Expr:
    """i mod j."""
    if j == 1 or i is S.Zero:
        return S.Zero
    if _are_numbers(i, sympy.sympify(j)):
        return sympy.Integer(int(i) % int(j))
    return Left(i, sympy.sympify(j), evaluate=False)


def excess(i: Expr, j: Expr) -> Expr:
    """i - j, or 0 where j is more."""
    if _are_numbers(i, j):
        return sympy.Integer(max(int(i) - int(j), 0))
    return i if j is S.Zero else Excess(i, j, evaluate=False)


def lesser(i: Expr, j: Expr) -> Expr:
    """The smaller of two."""
    return sympy.Integer(min(int(i), int(j))) if _are_numbers(i, j) else Lesser(i, j, evaluate=False)


def where(tests: Sequence[Basic], then: Expr, other: Expr = S.Zero) -> Expr:
    """The one value where all tests hold, else the other."""
    open_ = [test for test in tests if test is not sympy.true]
    if sympy.false in open_:
        return other
    if not open_ or then == other:
        return then
    test = open_[0] if len(open_) == 1 else Both(*open_, evaluate=False)
    return call(functions.where, test, then, other)


# Places within rows of entries.


def place_in_row(indices: Indices, shape: Shape) -> Expr:
    """The place of an entry when all are written in one row."""
    return reduce(lambda place, one: place * one[1] + one[0], zip(indices, shape, strict=True), S.Zero)


def place_in_shape(place: Expr, shape: Shape) -> list[Expr]:
    """The indices of an entry from its place in the row of all."""
    found: list[Expr] = []
    for axis, size in enumerate(shape):
        if size == 1:
            found.append(S.Zero)
            continue
        behind = as_size(sympy.Mul(*shape[axis + 1 :]))
        outermost = all(one == 1 for one in shape[:axis])
        share = over(place, behind)
        found.append(share if outermost else left(share, size))
    return found


def regrouped(indices: Indices, shape: Shape, before: Shape) -> list[Expr]:
    """The indices before a reshape: axes that come together, or that split, are moved among themselves."""
    found: list[Expr] = []
    own, old = 0, 0
    while own < len(shape) or old < len(before):
        ends = _group(shape[own:], before[old:])
        new_shape, old_shape = shape[own : own + ends[0]], before[old : old + ends[1]]
        place = place_in_row(indices[own : own + ends[0]], new_shape)
        found += place_in_shape(place, old_shape)
        own, old = own + ends[0], old + ends[1]
    return found


def _group(one: Shape, two: Shape) -> tuple[int, int]:
    """How many axes of each, at least one of them, hold the same number of entries."""
    ends = [[*accumulate(shape, lambda a, b: as_size(a * b), initial=1)] for shape in (one, two)]
    for total in range(1, len(one) + len(two) + 1):
        for first in range(min(total, len(one)) + 1):
            second = total - first
            if second <= len(two) and as_size(ends[0][first] - sympy.sympify(ends[1][second])) == 0:
                return first, second
    return len(one), len(two)


# The rules.


def transpose(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """(Aᵀ)_ij = A_ji."""
    inner, order = expression.args
    own = {int(axis): one for axis, one in zip(order, indices, strict=True)}
    return context.at(inner, [own[axis] for axis in range(len(own))], scope)


def outer(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """(x yᵀ)_ij = x_i y_j."""
    return mul(
        *(context.at(one, [place], scope) for one, place in zip(expression.args, indices, strict=True))
    )


def diag(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """x_i where i = j, else 0."""
    return where([same(*indices)], context.at(expression.args[0], indices[:1], scope))


def diagonal(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """A_ii."""
    return context.at(expression.args[0], [*indices, *indices], scope)


def eye(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """1 where i = j, else 0."""
    return where([same(*indices)], S.One)


def ones(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """1."""
    return S.One


def zeros(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """0."""
    return S.Zero


def spread(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """What is repeated along an axis does not depend on its index."""
    return context.at(expression.args[0], broadcast(context.shapes[expression.args[0]], indices), scope)


def broadcast(shape: Shape, indices: Indices) -> list[Expr]:
    """The indices of an operand from those of a wider result."""
    own = indices[len(indices) - len(shape) :]
    return [S.Zero if size == 1 else one for size, one in zip(shape, own, strict=True)]


def item(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """x[s:] has the entries x_{i+s}."""
    inner, where_ = expression.args
    shape = context.shapes[inner]
    rest = iter(indices)
    own: list[Expr] = []
    for spec, size in zip(where_, shape, strict=True):
        check_place(context, spec, size)
        own.append(spec[0] + spec[2] * next(rest) if isinstance(spec, Tuple) else spec)
    return context.at(inner, own, scope)


def check_place(context: Context, spec: Basic, size: Size) -> None:
    """An index or a slice may not reach beyond an axis whose size is known later."""
    if not isinstance(spec, Tuple):
        place = as_size(spec)
        context.require(0, place, f"the index {place} of an axis of {size}")
        context.require(as_size(place + sympy.S.One), size, f"the index {place} of an axis of {size}")
    elif spec[2] == 1:
        start, stop = as_size(spec[0]), as_size(spec[1])
        what = f"the slice {start}:{stop} of an axis of {size}"
        context.require(0, start, what)
        context.require(as_size(start + sympy.S.One), stop, what)
        context.require(stop, size, what)


def placed(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """Zeros with g in some places; elsewhere g has no entry, and nothing may be computed beforehand."""
    inner, where_, shape = expression.args
    sizes = iter(context.shapes[inner])
    tests: list[Basic] = []
    own: list[Expr] = []
    for one, spec, size in zip(indices, where_, shape, strict=True):
        check_place(context, spec, as_size(size))
        if not isinstance(spec, Tuple):
            tests.append(same(one, spec))
        elif spec == Tuple(0, size, 1):
            own.append(one)
            next(sizes)
        else:
            found, place = _within(one, spec, next(sizes))
            tests += found
            own.append(place)
    return where(tests, context.at(inner, own, None))


def _within(one: Expr, spec: Tuple, count: Size) -> tuple[list[Basic], Expr]:
    """Whether an index is in a slice of so many entries, and its place there."""
    start, _, step = spec
    last = start + step * (count - S.One)
    low, high = (start, last) if step > 0 else (last, start)
    tests = [at_most(low, one), below(one, high + 1)]
    away = one - start if step > 0 else start - one
    if abs(step) != 1:
        tests.append(same(left(away, int(abs(step))), S.Zero))
    return tests, over(away, int(abs(step)))


def reshape(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """The same place in the row of all entries."""
    inner = expression.args[0]
    own = regrouped(indices, context.shapes[expression], context.shapes[inner])
    return context.at(inner, own, scope)


def concatenate(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """a_i up to the length of a, then b_{i-n}; nothing may be computed before it is known which."""
    parts, axis = expression.args[0], int(expression.args[1])
    pieces: list[tuple[Basic, Expr]] = []
    stop: Expr = S.Zero
    for part in parts:
        own = [*indices[:axis], indices[axis] - stop, *indices[axis + 1 :]]
        stop = stop + context.shapes[part][axis]
        own[axis] = S.Zero if context.shapes[part][axis] == 1 else own[axis]
        pieces.append((below(indices[axis], stop), context.at(part, own, None)))
    return _cases(pieces)


def stack(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """a for the first index along the new axis, then b."""
    parts, axis = expression.args[0], int(expression.args[1])
    own = [*indices[:axis], *indices[axis + 1 :]]
    return _cases(
        [
            (same(indices[axis], sympy.Integer(place)), context.at(part, own, scope))
            for place, part in enumerate(parts)
        ]
    )


def _cases(pieces: Sequence[tuple[Basic, Expr]]) -> Expr:
    """The value of the first test that holds; of the last, whatever is left."""
    *before, (_, result) = pieces
    for test, value in reversed(before):
        result = where([test], value, result)
    return result


LAYOUTS: Mapping[Any, Callable[[Context, Expr, Indices, Where], Expr]] = {
    op.transpose: transpose,
    op.outer: outer,
    op.diag: diag,
    op.diagonal: diagonal,
    op.eye: eye,
    op.ones: ones,
    op.zeros: zeros,
    op.spread: spread,
    op.item: item,
    op.placed: placed,
    op.reshape: reshape,
    op.concatenate: concatenate,
    op.stack: stack,
}
"""For each operation the entry at some indices."""
