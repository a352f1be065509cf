"""Operands that do not fit, told in words: which operation, which shapes, where a transpose would help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NoReturn

from sympy import Add, Expr, Mul, Pow

from symbackprop.arrays.sizes import Shape, Size, broadcast, show_shape
from symbackprop.conventions import Conventions
from symbackprop.errors import ShapeError
from symbackprop.notation.code import CODE
from symbackprop.notation.printer import Printer


def in_code(expression: Expr) -> str:
    """An expression in words of the language, shortened for a message."""
    text = Printer(CODE, Conventions())(expression)
    return text if len(text) <= 60 else text[:59] + "…"


def refuse_broadcast(expression: Expr, shapes: Sequence[Shape]) -> NoReturn:
    """Operands of an element-wise operation that do not broadcast."""
    arguments = expression.args
    (one, first), (two, second) = next(
        pair
        for pair in pairwise(_growing(list(zip(arguments, shapes, strict=True))))
        if broadcast([pair[0][1], pair[1][1]]) is None
    )
    fix = _column_fix(one, first, second) or _column_fix(two, second, first)
    fix = fix or _transposed_fix(one, first, two, second, lambda a, b: broadcast([a, b]) is not None)
    sign = {Add: "added", Mul: "multiplied element by element", Pow: "raised"}.get(
        expression.func, "combined"
    )
    raise ShapeError(
        f"{in_code(one)} and {in_code(two)} cannot be {sign}: {show_shape(first)} and {show_shape(second)}",
        where=in_code(expression),
        known="sizes are compared from the last one back; they must be equal, or one of them 1",
        fix=fix or _size_fix((*first, *second)),
    )


def _column_fix(vector: Expr, own: Shape, other: Shape) -> str:
    """A vector as long as the other has rows fits as a column."""
    if len(own) == 1 and len(other) == 2 and own[0] == other[0]:
        return f"a column would fit: {_bracketed(vector)}[:, None] has the shape ({own[0]}, 1)"
    return ""


def refuse_matmul(a: Expr, first: Shape, b: Expr, second: Shape) -> NoReturn:
    """Operands of a matrix product whose inner sizes differ."""
    raise ShapeError(
        f"{in_code(a)} @ {in_code(b)} cannot be multiplied: {show_shape(first)} @ {show_shape(second)}",
        where=f"{in_code(a)} @ {in_code(b)}",
        known=f"the inner sizes {first[-1]} and {inner_size(second)} must be equal",
        fix=_transposed_fix(a, first, b, second, _fits_matmul) or _size_fix((first[-1], inner_size(second))),
    )


def _growing(parts: list[tuple[Any, Shape]]) -> list[tuple[Any, Shape]]:
    """Operands that each next one is compared with: the largest so far stands before it."""
    result: list[tuple[Any, Shape]] = [parts[0]]
    largest = parts[0]
    for part in parts[1:]:
        if result[-1] is not largest:
            result.append(largest)
        result.append(part)
        joined = broadcast([largest[1], part[1]])
        if joined is not None and joined != largest[1]:
            largest = part if part[1] == joined else (largest[0], joined)
    return result


def inner_size(second: Shape) -> Size:
    """The size that the last of the left operand must have."""
    return second[-2] if len(second) > 1 else second[0]


def _fits_matmul(first: Shape, second: Shape) -> bool:
    return bool(first and second) and first[-1] == inner_size(second)


def _transposed_fix(
    a: Expr, first: Shape, b: Expr, second: Shape, fits: Callable[[Shape, Shape], bool]
) -> str:
    """Where a transpose would make the operands fit, that transpose."""
    if len(first) == 2 and fits(first[::-1], second):
        return f"a transpose would fit: {_bracketed(a)}.T has the shape {show_shape(first[::-1])}"
    if len(second) == 2 and fits(first, second[::-1]):
        return f"a transpose would fit: {_bracketed(b)}.T has the shape {show_shape(second[::-1])}"
    if fits is _fits_matmul and fits(second, first):
        return f"the other order would fit: {_bracketed(b)} @ {_bracketed(a)}"
    return ""


def _bracketed(expression: Expr) -> str:
    text = in_code(expression)
    return text if text.isidentifier() else f"({text})"


def _size_fix(sizes: Sequence[Size]) -> str:
    """Where a symbol stands beside a number, that they may be meant to be the same."""
    symbolic = [str(size) for size in sizes if isinstance(size, Expr)]
    numbers = [str(size) for size in sizes if isinstance(size, int) and size != 1]
    if symbolic and numbers:
        return f"if {symbolic[0]} is meant to be {numbers[0]}, say so in the shape"
    return "look at the shapes of both operands"
