"""Convolutions and their adjoints: one nest of loops, and which of its three arrays is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer, S, Symbol, sympify

from symbackprop import operations as op
from symbackprop.arrays.sizes import Shape, Size, as_size
from symbackprop.expressions import mul
from symbackprop.loops.context import Context
from symbackprop.loops.layouts import excess, lesser, over
from symbackprop.loops.model import Increase, Loop, Statement, index, nested


@dataclass(frozen=True)
class Moves:
    """How a kernel moves over the last axes.

    Attributes:
        stride: so far from one position to the next.
        padding: so many zeros at either end.
        image, kernel, result: the sizes of x, w and y along these axes.
    """

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    image: Shape
    kernel: Shape
    result: Shape


def _channels(shape: Shape, dims: int) -> Shape:
    """The sizes with those of examples and channels in front."""
    return (*((1,) * (dims + 2 - len(shape))), *shape)


def _own(indices: Sequence[Expr], rank: int) -> list[Expr]:
    return [*indices[len(indices) - rank :]]


def _fill(
    context: Context,
    target: Symbol,
    shapes: Sequence[Shape],
    options: Sequence[Any],
    add: Callable[[list[Expr], list[Expr], list[Expr]], Statement],
) -> None:
    """Zero, then for all places y_nou += w_oca x_nc(su+a-p), or what else is made of the three.

    Args:
        context: the lowering.
        target: what is written.
        shapes: of x, w and y.
        options: stride and padding.
        add: the statement at the indices of x, w and y.
    """
    stride, padding = (tuple(int(one) for one in option) for option in options)
    dims = len(stride)
    x, w, y = (_channels(shape, dims) for shape in shapes)
    for size, width, pad in zip(x[2:], w[2:], padding, strict=True):
        what = f"the kernel of {width} over {size} entries with padding {pad}"
        context.require(width, as_size(size + Integer(2 * pad)), what)
    context.fill_with(target, lambda indices, scope: S.Zero)
    lead = [(index(), size) for size in (y[0], y[1], x[1])]
    n, o, c = (S.Zero if size == 1 else one for one, size in lead)
    kernel = [(index(), size) for size in w[2:]]
    inside = [S.Zero if size == 1 else one for one, size in kernel]
    steps = [index() for _ in stride]
    image = [
        u if s == 1 and p == 0 and a is S.Zero else s * u + a - p
        for u, a, s, p in zip(steps, inside, stride, padding, strict=True)
    ]
    body: tuple[Statement, ...] = (add([n, c, *image], [o, c, *inside], [n, o, *steps]),)
    for axis in reversed(range(dims)):
        start, stop = _reach(inside[axis], w[axis + 2], x[axis + 2], y[axis + 2], stride[axis], padding[axis])
        body = (Loop(steps[axis], stop, body, start),)
    context.emit(nested([one for one in (*lead, *kernel) if one[1] != 1], body))


def _reach(a: Expr, width: Size, size: Size, count: Size, stride: int, padding: int) -> tuple[Expr, Expr]:
    """The positions u at which 0 ≤ su + a - p < size: those in the array, not in the zeros around it."""
    if not padding:
        return S.Zero, sympify(count)
    start = over(excess(Integer(padding), a) + stride - 1, stride)
    before_end = sympify(size) + padding
    inside = isinstance(width, int) and isinstance(size, int) and width <= size + padding
    room = before_end - a if inside else excess(before_end, a)
    return start, lesser(sympify(count), over(room + stride - 1, stride))


def convolution(context: Context, target: Symbol, expression: Expr) -> None:
    """y_nou += w_oca x_nc(su+a-p)."""
    x, w, *options = expression.args
    image, kernel = context.stored(x), context.stored(w)
    shapes = [context.shapes[x], context.shapes[w], context.shapes[expression]]

    def add(at_x: list[Expr], at_w: list[Expr], at_y: list[Expr]) -> Statement:
        product = mul(_read(context, kernel, at_w), _read(context, image, at_x))
        return Increase(_read(context, target, at_y), product)

    _fill(context, target, shapes, options, add)


def _read(context: Context, buffer: Symbol, indices: list[Expr]) -> Expr:
    return context.entry(buffer, _own(indices, len(context.buffers[buffer].shape)))


def adjoint_in_input(context: Context, target: Symbol, expression: Expr) -> None:
    """x̄_nc(su+a-p) += ȳ_nou w_oca."""
    g, w, *options, _ = expression.args
    upstream, kernel = context.stored(g), context.stored(w)
    shapes = [context.shapes[expression], context.shapes[w], context.shapes[g]]

    def add(at_x: list[Expr], at_w: list[Expr], at_y: list[Expr]) -> Statement:
        product = mul(_read(context, upstream, at_y), _read(context, kernel, at_w))
        return Increase(_read(context, target, at_x), product)

    _fill(context, target, shapes, options, add)


def adjoint_in_kernel(context: Context, target: Symbol, expression: Expr) -> None:
    """w̄_oca += ȳ_nou x_nc(su+a-p)."""
    g, x, *options, _ = expression.args
    upstream, image = context.stored(g), context.stored(x)
    shapes = [context.shapes[x], context.shapes[expression], context.shapes[g]]

    def add(at_x: list[Expr], at_w: list[Expr], at_y: list[Expr]) -> Statement:
        product = mul(_read(context, upstream, at_y), _read(context, image, at_x))
        return Increase(_read(context, target, at_w), product)

    _fill(context, target, shapes, options, add)


CONVOLUTIONS: Mapping[Any, Callable[[Context, Symbol, Expr], None]] = {
    op.conv1d: convolution,
    op.conv2d: convolution,
    op.conv_input: adjoint_in_input,
    op.conv_kernel: adjoint_in_kernel,
}
"""For each what computes it into a buffer."""
