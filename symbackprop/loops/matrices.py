"""Determinants and inverses: a copy of the matrix, and the call of a helper that takes it apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympy import Expr, Symbol, sympify

from symbackprop import operations as op
from symbackprop.arrays.sizes import as_size
from symbackprop.loops.context import Context
from symbackprop.loops.model import Assign, Call, nested


def number_by(helper: str) -> Callable[[Context, Symbol, Expr], None]:
    """What computes a number from a square matrix; the helper takes its entries and the number of rows."""

    def fill(context: Context, target: Symbol, expression: Expr) -> None:
        work, rows = _copied(context, expression.args[0])
        context.emit([Call(helper, (work, rows), (work,), context.entry(target, ()))])

    return fill


def inverse(context: Context, target: Symbol, expression: Expr) -> None:
    """A⁻¹; the helper takes where its entries go, those of A, and the number of rows."""
    work, rows = _copied(context, expression.args[0])
    result = context.temporary((as_size(rows * rows),))
    context.emit([Call("inverse", (result, work, rows), (result, work))])
    context.fill_with(target, lambda indices, scope: context.entry(result, [indices[0] * rows + indices[1]]))


def _copied(context: Context, matrix: Expr) -> tuple[Symbol, Expr]:
    """The entries of a matrix row by row, which helpers use up, and how many rows there are."""
    rows = sympify(context.shapes[matrix][0])
    work = context.temporary((as_size(rows * rows),))
    indices, ranges = context.ranges((as_size(rows), as_size(rows)))
    value = context.at(matrix, indices, None)
    context.emit(nested(ranges, [Assign(context.entry(work, [indices[0] * rows + indices[1]]), value)]))
    return work, rows


MATRICES: Mapping[Any, Callable[[Context, Symbol, Expr], None]] = {
    op.det: number_by("determinant"),
    op.logdet: number_by("log_determinant"),
    op.inv: inverse,
}
"""For each operation what computes it into a buffer."""
