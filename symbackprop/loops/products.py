"""Products of matrices as statements of their own, and those statements as loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, Mul, S, Symbol

from symbackprop import operations as op
from symbackprop.expressions import mul
from symbackprop.loops.context import Context
from symbackprop.loops.layouts import broadcast
from symbackprop.loops.model import (
    Assign,
    Buffer,
    Entry,
    Increase,
    Left,
    Local,
    Over,
    Product,
    Statement,
    index,
    nested,
    number,
)
from symbackprop.loops.scopes import Range


def fill_product(
    context: Context, target: Symbol, expression: Expr, factor: Expr = S.One, *, is_added: bool = False
) -> None:
    """α A B into a buffer, or added to what stands there; of several factors two at a time."""
    first, second = _two(context, expression)
    lead_shape = context.buffers[target].shape
    left_rank, right_rank = len(context.shapes[first]), len(context.shapes[second])
    own = lead_shape[len(lead_shape) - (left_rank > 1) - (right_rank > 1) :]
    lead, outer = context.ranges(lead_shape[: len(lead_shape) - len(own)])
    sizes = iter(own)
    rows = (index("i"), next(sizes)) if left_rank > 1 else (index("i"), 1)
    columns = (index("j"), next(sizes)) if right_rank > 1 else (index("j"), 1)
    inner = (index("k"), context.shapes[first][-1])
    i, j, k = (S.Zero if size == 1 else one for one, size in (rows, columns, inner))
    scale, a = _operand(context, first, [*([i] if left_rank > 1 else []), k], lead)
    other, b = _operand(context, second, [k, *([j] if right_rank > 1 else [])], lead)
    place = [*lead, *([i] if left_rank > 1 else []), *([j] if right_rank > 1 else [])]
    found = Product(
        context.entry(target, place), a, b, rows, columns, inner, mul(factor, scale, other), is_added
    )
    context.emit(nested(outer, [found]))


def _two(context: Context, expression: Expr) -> tuple[Expr, Expr]:
    """A chain of factors as a product of two: from the right if a vector stands there, else from the left."""
    factors = expression.args
    if len(factors) == 2:
        return factors[0], factors[1]
    if len(context.shapes[factors[-1]]) == 1:
        return factors[0], op.of(op.matmul, *factors[1:])
    return op.of(op.matmul, *factors[:-1]), factors[-1]


def _operand(
    context: Context, expression: Expr, own: Sequence[Expr], lead: Sequence[Expr]
) -> tuple[Expr, Entry]:
    """The number in front of an operand, and its entry; what is not simply read is stored before."""
    shape = context.shapes[expression]
    indices = [*broadcast(shape[: len(shape) - len(own)], lead), *own]
    scale, found = _scaled(context.at(expression, indices, None))
    if found is None:
        return S.One, context.entry(context.stored(expression), indices)
    return scale, found


def _scaled(value: Expr) -> tuple[Expr, Entry | None]:
    """α and x of α x; no x where it is another expression, or where its entries are not evenly spaced."""
    factors = value.args if isinstance(value, Mul) else (value,)
    entries = [one for one in factors if one.has(Entry)]
    if len(entries) != 1 or not isinstance(entries[0], Entry) or entries[0].has(Over, Left):
        return S.One, None
    return mul(*(one for one in factors if one is not entries[0])), entries[0]


def spelled(product: Product, buffers: Mapping[Symbol, Buffer]) -> tuple[Statement, ...]:
    """A product as loops, the innermost along memory: over k as a sum, or over a row or a column of C."""
    rows, columns, inner = product.rows, product.columns, product.inner
    target, left, right = product.target, product.left, product.right
    sums = _runs(left, inner, buffers) + _runs(right, inner, buffers)
    across = _runs(target, columns, buffers) + _runs(right, columns, buffers)
    down = _runs(target, rows, buffers) + _runs(left, rows, buffers)
    if sums > max(across, down):
        return _as_sums(product)
    if down > across:
        return _by_rows(product, columns, rows, right, left)
    return _by_rows(product, rows, columns, left, right)


def _runs(entry: Entry, over: Range, buffers: Mapping[Symbol, Buffer]) -> bool:
    """Whether an index runs along memory."""
    buffer = buffers[entry.buffer]
    last = [entry.indices[axis] for axis in buffer.order if buffer.shape[axis] != 1][-1:]
    return any(over[0] in one.free_symbols for one in last)


def _loops(ranges: Sequence[Range], body: Sequence[Statement]) -> tuple[Statement, ...]:
    return nested([one for one in ranges if one[1] != 1], body)


def _as_sums(product: Product) -> tuple[Statement, ...]:
    """C_ij = α Σ_k A_ik B_kj, the sum a number of its own."""
    total = number("s")
    summed = _loops([product.inner], [Increase(total, mul(product.left, product.right))])
    store = Increase if product.is_added else Assign
    body = [Local(total, S.Zero), *summed, store(product.target, mul(product.factor, total))]
    return _loops([product.rows, product.columns], body)


def _by_rows(
    product: Product, rows: Range, columns: Range, left: Entry, right: Entry
) -> tuple[Statement, ...]:
    """C_ij += (α A_ik) B_kj, for each i and k along the row of C."""
    start = _loops([columns], [Assign(product.target, S.Zero)])
    scale = number("a")
    added = _loops([columns], [Increase(product.target, mul(scale, right))])
    body = _loops([product.inner], [Local(scale, mul(product.factor, left)), *added])
    return _loops([rows], [*([] if product.is_added else start), *body])
