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


def _read(context: Context, buffer: Symbol, indices: list[Expr]) -> Expr:
    return context.entry(buffer, _own(indices, len(context.buffers[buffer].shape)))


def _sum(result: str, one: str, other: str, given: str) -> Callable[[Context, Symbol, Expr], None]:
    """What computes one of the arrays x, w and y from the two others, a product of entries after another.

    Args:
        result: which is computed.
        one, other: the factors.
        given: the first two arguments of the operation; stride and padding follow.
    """

    def fill(context: Context, target: Symbol, expression: Expr) -> None:
        first, second, *options = expression.args[:4]
        arrays = {given[0]: first, given[1]: second, result: expression}
        buffers = {given[0]: context.stored(first), given[1]: context.stored(second), result: target}

        def add(*places: list[Expr]) -> Statement:
            entry = {
                name: _read(context, buffers[name], place) for name, place in zip("xwy", places, strict=True)
            }
            return Increase(entry[result], mul(entry[one], entry[other]))

        _fill(context, target, [context.shapes[arrays[name]] for name in "xwy"], options, add)

    return fill


_convolution = _sum("y", "w", "x", given="xw")

CONVOLUTIONS: Mapping[Any, Callable[[Context, Symbol, Expr], None]] = {
    op.conv1d: _convolution,  # y_nou += w_oca x_nc(su+a-p)
    op.conv2d: _convolution,
    op.conv_input: _sum("x", "y", "w", given="yw"),  # x̄_nc(su+a-p) += ȳ_nou w_oca
    op.conv_kernel: _sum("w", "y", "x", given="yx"),  # w̄_oca += ȳ_nou x_nc(su+a-p)
}
"""For each what computes it into a buffer."""
