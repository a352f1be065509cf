"""Operations along axes whose every entry needs the whole row: softmax, the share of an extreme, others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, S, Symbol

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.expressions import add, call, divide, mul, neg, power
from symbackprop.loops.context import Context
from symbackprop.loops.model import Assign, Entry, Increase, Local, number
from symbackprop.loops.scopes import Scope

_FIRST, _SPLIT = 1, 2
"""How `extreme` says who wins a tie: the first, or all in equal shares."""


@dataclass(frozen=True)
class RowLoops:
    """The rows of a buffer along some axes, one in each turn of the outer loops.

    Attributes:
        context: the lowering.
        target: the buffer.
        inner: what it is made of, of the same shape.
        axes: along which a row lies.
        own: the indices of the outer loops, and what holds the places of the row's.
        scope: the outer loops.
    """

    context: Context
    target: Symbol
    inner: Expr
    axes: Sequence[int]
    own: Sequence[Expr]
    scope: Scope

    @classmethod
    def of(cls, context: Context, target: Symbol, inner: Expr, axes: Sequence[int]) -> RowLoops:
        """The rows of an array."""
        shape = context.shapes[inner]
        kept = [axis for axis in range(len(shape)) if axis not in axes]
        indices, ranges = context.ranges_over(shape, kept)
        places = dict(zip(kept, indices, strict=True))
        own = [places.get(axis, S.Zero) for axis in range(len(shape))]
        return cls(context, target, inner, axes, own, Scope.over(ranges))

    def local(self, letter: str, value: Expr) -> Symbol:
        """A number of each row."""
        found = number(letter)
        self.scope.innermost.append(Local(found, value))
        return found

    def first(self) -> Expr:
        """The first entry of the row."""
        return self.context.at(self.inner, self.own, self.scope)

    def each(self, body: Callable[[Entry, Expr], Sequence[Any]], *, backwards: bool = False) -> None:
        """Statements for each entry of the row, from the target's and the array's."""
        level = len(self.scope.levels) - 1
        shape = self.context.shapes[self.inner]
        indices, ranges = self.context.ranges_over(shape, self.axes)
        loops = self.scope.within(level, ranges)
        if backwards:
            sizes = [shape[axis] for axis in self.axes]
            indices = [one if size == 1 else size - 1 - one for one, size in zip(indices, sizes, strict=True)]
        places = dict(zip(self.axes, indices, strict=True))
        own = [places.get(axis, one) for axis, one in enumerate(self.own)]
        value = self.context.at(self.inner, own, loops)
        loops.innermost.extend(body(self.context.entry(self.target, own), value))
        loops.close(level)

    def close(self) -> None:
        """No more statements."""
        self.context.emit(self.scope.close())


def _largest(row: RowLoops, sign: int = 1) -> Symbol:
    head = functions.maximum if sign > 0 else functions.minimum
    most = row.local("m", row.first())
    row.each(lambda _, z: [Assign(most, call(head, most, z))])
    return most


def softmax(context: Context, target: Symbol, expression: Expr) -> None:
    """e^{z_k - m} with the largest m, then each over their sum."""
    row = RowLoops.of(context, target, expression.args[0], [int(expression.args[1])])
    most = _largest(row)
    total = row.local("s", S.Zero)
    row.each(
        lambda one, z: [Assign(one, call(sympy.exp, add(z, neg(most)))), Increase(total, one)],
    )
    row.each(lambda one, _: [Assign(one, divide(one, total))])
    row.close()


def log_softmax(context: Context, target: Symbol, expression: Expr) -> None:
    """(z_k - m) - log Σ e^{z - m} with the largest m."""
    row = RowLoops.of(context, target, expression.args[0], [int(expression.args[1])])
    most = _largest(row)
    total = row.local("s", S.Zero)
    row.each(lambda _, z: [Increase(total, call(sympy.exp, add(z, neg(most))))])
    logarithm = row.local("c", call(sympy.log, total))
    row.each(lambda one, z: [Assign(one, add(z, neg(most), neg(logarithm)))])
    row.close()


def extreme(context: Context, target: Symbol, expression: Expr) -> None:
    """1 where x is the largest (the smallest); where several are: all 0, the first 1, or equal shares."""
    inner, axes, sign, ties = expression.args
    row = RowLoops.of(context, target, inner, [int(axis) for axis in axes])
    most = _largest(row, int(sign))
    count = row.local("c", S.Zero)

    def found(x: Expr) -> sympy.Basic:
        return sympy.Eq(x, most, evaluate=False)

    if ties == _FIRST:
        row.each(
            lambda one, x: [
                Assign(one, call(functions.where, found(x), add(S.One, neg(count)), S.Zero)),
                Increase(count, one),
            ]
        )
    else:
        row.each(lambda _, x: [Increase(count, call(functions.indicator, found(x)))])
        unique = call(functions.indicator, sympy.Eq(count, S.One, evaluate=False))
        share = row.local("share", power(count, -1) if ties == _SPLIT else unique)
        row.each(lambda one, x: [Assign(one, call(functions.where, found(x), share, S.Zero))])
    row.close()


def others(context: Context, target: Symbol, expression: Expr) -> None:
    """The product of all before, then times the product of all behind: without a division."""
    inner, axes = expression.args
    row = RowLoops.of(context, target, inner, [int(axis) for axis in axes])
    before = row.local("p", S.One)
    row.each(lambda one, x: [Assign(one, before), Assign(before, mul(before, x))])
    behind = row.local("q", S.One)
    row.each(lambda one, x: [Assign(one, mul(one, behind)), Assign(behind, mul(behind, x))], backwards=True)
    row.close()


ROWS: Mapping[Any, Callable[[Context, Symbol, Expr], None]] = {
    op.softmax_along: softmax,
    op.log_softmax: log_softmax,
    op.extreme: extreme,
    op.others: others,
}
"""For each operation what computes it into a buffer."""
