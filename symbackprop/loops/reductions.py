"""Sums, products, extremes over axes: a number of its own for each, made within the loops that need it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Integer, S, Symbol

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.sizes import Shape, as_size, count
from symbackprop.expressions import add, call, divide, mul, neg, power
from symbackprop.loops.context import Context, Indices, Where
from symbackprop.loops.hoisting import hoisted
from symbackprop.loops.model import Assign, Increase, Local, Statement, number
from symbackprop.loops.scopes import Scope


@dataclass(frozen=True)
class Fold:
    """How numbers are taken together.

    Attributes:
        letter: what the result is called.
        start: before the first number; None: the first of them.
        step: from the result so far and a number to what is done.
    """

    letter: str
    start: Expr | None
    step: Callable[[Symbol, Expr], Statement]


SUM = Fold("s", S.Zero, Increase)
PRODUCT = Fold("p", S.One, lambda so_far, one: Assign(so_far, mul(so_far, one)))
LARGEST = Fold("m", None, lambda so_far, one: Assign(so_far, call(functions.maximum, so_far, one)))
SMALLEST = Fold("m", None, lambda so_far, one: Assign(so_far, call(functions.minimum, so_far, one)))


@dataclass(frozen=True)
class Row:
    """The entries that a reduction takes together.

    Attributes:
        context: the lowering.
        inner: the array.
        own: its indices, of which those of the reduced axes do not count.
        axes: which are reduced.
        scope: where the result is computed, at its level.
        level: how deep.
    """

    context: Context
    inner: Expr
    own: Sequence[Expr]
    axes: Sequence[int]
    scope: Scope
    level: int

    @property
    def size(self) -> Expr:
        """How many entries there are."""
        shape = self.context.shapes[self.inner]
        return sympy.sympify(count(shape[axis] for axis in self.axes))

    def fold(self, fold: Fold, of: Callable[[Expr], Expr] = lambda one: one) -> Symbol:
        """The result over the row, a number of its own."""
        result = number(fold.letter)
        level = self.scope.levels[self.level]
        first = fold.start
        if first is None:
            first = of(self._at([S.Zero] * len(self.axes), self.scope.within(self.level, [])))
        level.body.append(Local(result, first))
        shape = self.context.shapes[self.inner]
        reduced, ranges = self.context.ranges_over(shape, self.axes)
        loops = self.scope.within(self.level, ranges)
        value = hoisted(of(self._at(reduced, loops)), loops)
        loops.innermost.append(fold.step(result, value))
        loops.close(self.level)
        return result

    def _at(self, reduced: Sequence[Expr], scope: Scope) -> Expr:
        places = dict(zip(self.axes, reduced, strict=True))
        own = [places.get(axis, one) for axis, one in enumerate(self.own)]
        return self.context.at(self.inner, own, scope)


def _total(row: Row) -> Expr:
    return row.fold(SUM)


def _mean(row: Row) -> Expr:
    return divide(row.fold(SUM), row.size)


def _var(row: Row, ddof: Integer) -> Expr:
    """Σ(x - x̄)²/(n - ddof)."""
    mean = _named(row, _mean(row))
    squares = row.fold(SUM, lambda one: power(add(one, neg(mean)), 2))
    return divide(squares, as_expression(row.size - ddof))


def _named(row: Row, value: Expr) -> Symbol:
    mean = number("mean")
    row.scope.levels[row.level].body.append(Local(mean, value))
    return mean


def as_expression(size: Any) -> Expr:
    """A size in its normal form."""
    return sympy.sympify(as_size(size))


def _logsumexp(row: Row) -> Expr:
    """m + log Σ e^{z - m} with the largest m."""
    most = row.fold(LARGEST)
    total = row.fold(SUM, lambda one: call(sympy.exp, add(one, neg(most))))
    return add(most, call(sympy.log, total))


def _norm(row: Row) -> Expr:
    return call(functions.sqrt, row.fold(SUM, lambda one: power(one, 2)))


REDUCTIONS: Mapping[Any, Callable[..., Expr]] = {
    op.total: _total,
    op.mean: _mean,
    op.prod: lambda row: row.fold(PRODUCT),
    op.largest: lambda row: row.fold(LARGEST),
    op.smallest: lambda row: row.fold(SMALLEST),
    op.var: _var,
    op.std: lambda row, ddof: call(functions.sqrt, _var(row, ddof)),
    op.norm: _norm,
    op.logsumexp: _logsumexp,
}
"""For each reduction its value over a row; the arguments behind its axes and whether they are kept follow."""


def reduction(context: Context, expression: Expr, indices: Indices, scope: Where) -> Expr:
    """An entry of a reduction: a number of its own, computed as far outside as its indices allow."""
    inner, axes, keep, *options = expression.args
    places = [int(axis) for axis in axes]
    shape = context.shapes[inner]
    rest = iter(one for axis, one in enumerate(indices) if keep == 0 or axis not in places)
    own = [S.Zero if axis in places else next(rest) for axis in range(len(shape))]
    level = scope.level_of(own) if scope is not None else None
    if scope is None or level is None or is_across(context, expression, shape, places):
        return context.entry(context.stored(expression), indices)
    known = scope.levels[level].known
    key = expression.func(inner, axes, *options, sympy.Tuple(*own), evaluate=False)
    if key not in known:
        row = Row(context, inner, own, places, scope, level)
        value = REDUCTIONS[expression.func](row, *options)
        known[key] = value
    return known[key]


def is_across(context: Context, expression: Expr, shape: Shape, axes: Sequence[int]) -> bool:
    """Whether a sum jumps from row to row of memory: then it is better added up row by row."""
    if expression.func not in (op.total, op.mean):
        return False
    long = [axis for axis in context.order(shape) if shape[axis] != 1]
    return bool(long) and long[-1] not in axes and any(axis in axes for axis in long)


def fill_across(context: Context, target: Symbol, expression: Expr) -> None:
    """A sum into a buffer, row by row: T = 0, then T_j += x_ij for each i, then for a mean T_j /= n."""
    inner, axes, keep = expression.args
    shape, places = context.shapes[inner], [int(axis) for axis in axes]
    context.fill_with(target, lambda indices, scope: S.Zero)
    indices, ranges = context.ranges(shape)
    kept = [
        S.Zero if axis in places else one
        for axis, one in enumerate(indices)
        if keep != 0 or axis not in places
    ]
    scope = Scope.over(ranges)
    value = hoisted(context.at(inner, indices, scope), scope)
    scope.innermost.append(Increase(context.entry(target, kept), value))
    context.emit(scope.close())
    if expression.func is op.mean:
        size = as_expression(count(shape[axis] for axis in places))
        context.fill_with(target, lambda indices, scope: divide(context.entry(target, indices), size))
