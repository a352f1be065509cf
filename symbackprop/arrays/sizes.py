"""Sizes and shapes: numbers or symbols, and how they broadcast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer, Symbol

Size: TypeAlias = int | Expr
"""A number, or an expression in symbols such as n."""

Shape: TypeAlias = tuple[Size, ...]


def as_size(value: Any) -> Size:
    """A whole number as Python's, anything else as SymPy's in its normal form.

    >>> as_size(Integer(3)), as_size("n")
    (3, n)
    """
    if isinstance(value, str):
        return int(value) if value.isdecimal() else Symbol(value)
    if isinstance(value, int | Integer):
        return int(value)
    return as_size(normal) if isinstance(normal := sympy.expand(value), Integer) else normal


def as_shape(values: Any) -> Shape:
    """A shape of numbers, names and expressions."""
    return tuple(map(as_size, values))


def show_shape(shape: Sequence[Size]) -> str:
    """A shape as NumPy writes it: (4, 3), (n,), ()."""
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


def sizes_in_numbers(pairs: Iterable[tuple[Sequence[Size], Sequence[int]]]) -> dict[Symbol, int]:
    """What the symbols of sizes stand for, from shapes each beside the same in numbers; the first tells.

    >>> sizes_in_numbers([(as_shape(["n", 3]), (4, 3)), (as_shape(["m", "n"]), (2, 4))])
    {n: 4, m: 2}
    """
    found: dict[Symbol, int] = {}
    for shape, numbers in pairs:
        for size, number in zip(shape, numbers, strict=True):
            if isinstance(size, Symbol):
                found.setdefault(size, number)
    return found


def count(shape: Iterable[Size]) -> Size:
    """How many entries: the product of the sizes."""
    return as_size(sympy.Mul(*shape))


def broadcast(shapes: Iterable[Shape]) -> Shape | None:
    """The shape that NumPy makes of several; None where they do not fit.

    >>> broadcast([(4, 1), (3,)])
    (4, 3)
    """
    result: list[Size] = []
    for shape in shapes:
        if len(shape) > len(result):
            result = [*shape[: len(shape) - len(result)], *result]
        for place in range(1, len(shape) + 1):
            one = shape[-place]
            if result[-place] == 1:
                result[-place] = one
            elif one not in (1, result[-place]):
                return None
    return tuple(result)
