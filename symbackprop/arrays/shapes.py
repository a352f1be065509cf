"""The shape of every expression, and expressions with their axes, shapes and slices resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympy import Expr

from symbackprop import operations as op
from symbackprop.arrays.finder import Found
from symbackprop.arrays.layouts import LayoutRules
from symbackprop.arrays.misfits import in_code, inner_size, refuse_matmul
from symbackprop.arrays.sizes import Shape, broadcast, count, show_shape
from symbackprop.errors import ShapeError
from symbackprop.expressions import plain_product


class Shapes(LayoutRules):
    """Knows the shape of every symbol, and finds that of every expression."""

    def matmul(self, expression: Expr) -> Found:
        """(…, n, k) @ (…, k, m) is (…, n, m); a vector on either side loses its axis."""
        factors = [self.resolved(factor) for factor in expression.args]
        result, shape = factors[0]
        for factor, other in factors[1:]:
            result, shape = self._matmul_two(result, shape, factor, other)
        return result, shape

    def _matmul_two(self, a: Expr, first: Shape, b: Expr, second: Shape) -> Found:
        if not first or not second:
            scalar = a if not first else b
            raise ShapeError(
                f"{in_code(scalar)} is a scalar, and @ multiplies matrices and vectors",
                where=in_code(op.of(op.matmul, a, b)),
                known=f"{in_code(a)}: {show_shape(first)}, {in_code(b)}: {show_shape(second)}",
                fix="use * between a scalar and an array",
            )
        if first[-1] != inner_size(second):
            refuse_matmul(a, first, b, second)
        if len(first) > 2 and len(second) == 1:
            return self.resolved(op.of(op.total, plain_product([a, b]), (-1,), 0))
        if len(second) > 2 and len(first) == 1:
            column = op.of(op.reshape, a, (first[0], 1))
            return self.resolved(op.of(op.total, plain_product([column, b]), (-2,), 0))
        lead = broadcast([first[:-2], second[:-2]])
        if lead is None:
            refuse_matmul(a, first, b, second)
        shape = (*lead, *first[-2:-1], *(second[-1:] if len(second) > 1 else ()))
        left = a.args if isinstance(a, op.matmul) and self[a.args[-1]][1:] else (a,)
        right = b.args if isinstance(b, op.matmul) and self[b.args[0]][1:] else (b,)
        return op.of(op.matmul, *left, *right), shape

    def reduction(self, expression: Expr) -> Found:
        """The reduced axes are dropped, or kept with length 1."""
        inner, shape = self.resolved(expression.args[0])
        axes = self._axes(expression.args[1], shape, inner)
        keep, *rest = expression.args[2:]
        kept = (1,) if keep != 0 else ()
        result = tuple(
            size for place, one in enumerate(shape) for size in (kept if place in axes else (one,))
        )
        if expression.func in (op.var, op.std):
            sizes = count(shape[axis] for axis in axes)
            if isinstance(sizes, int) and sizes <= rest[0]:
                raise ShapeError(
                    f"the variance of {sizes} numbers with ddof={rest[0]} divides by {sizes - int(rest[0])}",
                    where=in_code(inner),
                    fix="take ddof=0, or another axis",
                )
        if not axes and expression.func in (op.total, op.mean, op.prod, op.largest, op.smallest):
            return inner, shape
        return op.of(expression.func, inner, axes, keep, *rest), result

    def along(self, expression: Expr) -> Found:
        """Softmax keeps the shape."""
        inner, shape = self.resolved(expression.args[0])
        axis = self._axis(expression.args[1], shape, inner)
        return op.of(expression.func, inner, axis), shape

    def of_square(self, expression: Expr) -> Found:
        """tr A, det A, log |det A|: numbers."""
        inner, _ = self._square(expression)
        return op.of(expression.func, inner), ()

    def inverse(self, expression: Expr) -> Found:
        """A⁻¹ is as large as A."""
        inner, shape = self._square(expression)
        return op.of(op.inv, inner), shape

    def same(self, expression: Expr) -> Found:
        """The shape of its first argument."""
        inner, shape = self.resolved(expression.args[0])
        return expression.func(inner, *expression.args[1:], evaluate=False), shape

    def outer(self, expression: Expr) -> Found:
        """x yᵀ of vectors of n and m is (n, m)."""
        (x, first), (y, second) = map(self.resolved, expression.args)
        for one, shape in ((x, first), (y, second)):
            if len(shape) != 1:
                raise ShapeError(
                    f"outer takes two vectors, and {in_code(one)} has the shape {show_shape(shape)}",
                    where=in_code(expression),
                )
        return op.of(op.outer, x, y), (*first, *second)

    def diag(self, expression: Expr) -> Found:
        """A square matrix of a vector, or the diagonal of a square matrix."""
        inner, shape = self.resolved(expression.args[0])
        if len(shape) == 2:
            inner, _ = self._square(expression)
            return op.of(op.diagonal, inner), shape[:1]
        if len(shape) != 1:
            raise ShapeError(
                f"diag takes a vector or a square matrix: {in_code(inner)} has the shape {show_shape(shape)}"
            )
        return op.of(op.diag, inner), (*shape, *shape)

    def diagonal(self, expression: Expr) -> Found:
        """The diagonal of a square matrix."""
        inner, shape = self._square(expression)
        return op.of(op.diagonal, inner), shape[:1]


RULES: Mapping[Any, Callable[[Shapes, Any], Found]] = {
    op.matmul: Shapes.matmul,
    op.transpose: Shapes.transpose,
    **dict.fromkeys(
        (op.total, op.mean, op.var, op.std, op.prod, op.largest, op.smallest, op.norm, op.logsumexp),
        Shapes.reduction,
    ),
    **dict.fromkeys((op.softmax_along, op.log_softmax), Shapes.along),
    **dict.fromkeys((op.trace, op.det, op.logdet), Shapes.of_square),
    op.inv: Shapes.inverse,
    op.outer: Shapes.outer,
    op.diag: Shapes.diag,
    op.diagonal: Shapes.diagonal,
    **dict.fromkeys((op.eye, op.ones, op.zeros), Shapes.constant),
    **dict.fromkeys((op.extreme, op.others), Shapes.same),
    op.spread: Shapes.spread,
    op.item: Shapes.item,
    op.placed: Shapes.placed,
    op.reshape: Shapes.reshape,
    op.concatenate: Shapes.concatenate,
    op.stack: Shapes.stack,
    op.length: Shapes.length,
    op.conv1d: Shapes.convolution,
    op.conv2d: Shapes.convolution,
    **dict.fromkeys((op.conv_input, op.conv_kernel), Shapes.adjoint_of_convolution),
}

Shapes.rules = RULES
