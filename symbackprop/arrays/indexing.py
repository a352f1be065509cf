"""Constant indices and slices along one axis, resolved as NumPy does."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Basic, Expr, Integer, S, Tuple

from symbackprop import operations as op
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.sizes import Shape, Size, as_size, show_shape
from symbackprop.errors import ShapeError


def resolved_index(spec: Basic, size: Size, array: Expr, shape: Shape) -> tuple[Basic, list[Size]]:
    """An index or a slice counted from 0, and the sizes that it leaves: none or one.

    Raises:
        ShapeError: the index is out of range, the slice empty, or its step needs a size in numbers.
    """
    if isinstance(spec, Tuple):
        return _slice(spec, size, array)
    number = as_size(spec)
    if not isinstance(number, int):
        return spec, []
    if isinstance(size, int) and not -size <= number < size:
        raise ShapeError(
            f"index {number} is out of range",
            where=in_code(array),
            known=f"{in_code(array)} has the shape {show_shape(shape)}",
            fix=f"indices count from 0 to {size - 1}, or back from -1",
        )
    return sympy.sympify(as_size(size + number) if number < 0 else number), []


def _slice(spec: Tuple, size: Size, array: Expr) -> tuple[Basic, list[Size]]:
    first, last, step = spec
    if isinstance(size, int) and all(one == op.NONE or isinstance(one, Integer) for one in spec):
        start, stop, stride = slice(*(None if one == op.NONE else int(one) for one in spec)).indices(size)
        many = len(range(start, stop, stride))
        if not many:
            raise ShapeError(
                f"the slice {_colons(spec)} of {in_code(array)} is empty",
                known=f"the axis has {size} entries",
            )
        return Tuple(start, op.NONE if stop < 0 else stop, stride), [many]
    if step not in (op.NONE, S.One):
        raise ShapeError(
            f"a slice with a step needs a size in numbers, and that of {in_code(array)} is {size}",
            fix="give the shape in numbers",
        )
    bounds = [0 if first == op.NONE else first, size if last == op.NONE else last]
    start_, stop_ = (as_size(size + one) if _is_negative(one) else as_size(one) for one in bounds)
    left = as_size(stop_ - start_)
    if isinstance(left, int) and left < 1:
        raise ShapeError(
            f"the slice {_colons(spec)} of {in_code(array)} is empty", known=f"the axis is {size}"
        )
    return Tuple(start_, stop_, 1), [left]


def _colons(spec: Tuple) -> str:
    return ":".join("" if one == op.NONE else str(one) for one in spec).removesuffix(":")


def _is_negative(size: Any) -> bool:
    return isinstance(size, int | Integer) and size < 0
