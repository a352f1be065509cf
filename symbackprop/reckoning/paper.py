"""Numbers and arrays as they stand on paper: a vector is a column, a 1×1 array is a number.

Arrays are NumPy's, of numbers of mpmath. What does not fit is a `Misfit`, with both shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from mpmath import mp, mpf
from numpy.typing import NDArray

from symbackprop.content import Text, text

Array: TypeAlias = NDArray[np.object_]
Number: TypeAlias = Any
"""A number of mpmath, or an array of them with two axes or more."""


LARGEST = 10**6
"""Bits of the largest power that is reckoned."""


class Misfit(Exception):
    """Shapes that do not fit.

    Attributes:
        left: the shape on the left.
        right: the shape on the right.
        sign: of the operation: `+`, `product`, `circ`.
    """

    def __init__(self, left: tuple[int, ...], right: tuple[int, ...], sign: str) -> None:
        super().__init__(f"{left} {sign} {right}")
        self.left, self.right, self.sign = left, right, sign


class Undefined(Exception):
    """A value that does not exist: 1/0, log of 0.

    Attributes:
        what: does not exist, in words.
    """

    def __init__(self, what: Text) -> None:
        super().__init__(str(what))
        self.what = what


@dataclass(frozen=True)
class Jacobian:
    """The derivative of one array by another, for products along a chain.

    Attributes:
        value: its shape is that of the first, then that of the second.
        of: what is differentiated; `by` likewise.
        outer: the number of axes of the first.
        is_row: a number's derivative by an array stands transposed, as in numerator layout.
    """

    value: Array
    of: str
    by: str
    outer: int
    is_row: bool = False


@dataclass(frozen=True)
class Identity:
    """The identity matrix of the size that its neighbours have, times a number."""

    scale: Any


def _sized(identity: Identity, like: Any) -> Array:
    """The identity of the size of a square array."""
    shape = shape_of(like)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise Misfit(shape, (), "+")
    size = range(shape[0])
    return np.array([[identity.scale if i == j else mpf(0) for j in size] for i in size], dtype=object)


def on_paper(value: Any) -> Number:
    """A value with a vector as a column, and a 1×1 array as a number."""
    if not isinstance(value, np.ndarray):
        return value
    if value.size == 1 and value.ndim <= 2:
        return value.reshape(-1)[0]
    return value.reshape(-1, 1) if value.ndim == 1 else value


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape on paper; () of a number."""
    return value.shape if isinstance(value, np.ndarray) else ()


def settled(value: Any) -> Number:
    """A value for use in a sum or product: a number's derivative by an array is an array like it."""
    if not isinstance(value, Jacobian):
        return value
    if value.outer == 0:
        whole = on_paper(value.value)
        return whole.T if value.is_row and np.ndim(whole) == 2 else whole
    if value.value.ndim == value.outer:
        return on_paper(value.value)
    raise Misfit(value.value.shape[: value.outer], value.value.shape[value.outer :], "chain")


def add(left: Any, right: Any) -> Any:
    """The sum; a number or a single column or row is added to every entry, column or row."""
    if isinstance(left, Jacobian) and isinstance(right, Jacobian):
        if left.value.shape != right.value.shape:
            raise Misfit(left.value.shape, right.value.shape, "+")
        return replace(left, value=left.value + right.value)
    left, right = settled(left), settled(right)
    if isinstance(left, Identity) and isinstance(right, Identity):
        return Identity(left.scale + right.scale)
    left = _sized(left, right) if isinstance(left, Identity) else left
    right = _sized(right, left) if isinstance(right, Identity) else right
    return _broadcast(left, right, lambda a, b: a + b, "+")


def times(left: Any, right: Any, *, loose: bool = False) -> Any:
    """The matrix product; along a chain of derivatives their contraction.

    Args:
        left: the first factor.
        right: the second.
        loose: arrays of one shape whose matrix product does not exist are multiplied entry by entry.
    """
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Identity) and not isinstance(other, (Jacobian, Identity)):
            return (
                settled(other) * one.scale if isinstance(other, np.ndarray) else Identity(one.scale * other)
            )
    if isinstance(left, Jacobian) or isinstance(right, Jacobian):
        return _chained(left, right, loose=loose)
    if not isinstance(left, np.ndarray) or not isinstance(right, np.ndarray):
        return left * right
    if left.ndim == 2 and right.ndim == 2 and left.shape[1] == right.shape[0]:
        return on_paper(left.dot(right))
    if loose and left.shape == right.shape:
        return left * right
    raise Misfit(left.shape, right.shape, "product")


def _chained(left: Any, right: Any, *, loose: bool) -> Any:
    if isinstance(left, Jacobian) and isinstance(right, Jacobian):
        if left.by == right.of:
            return _contracted(left, right)
        if right.by == left.of:
            return _contracted(right, left)
        return times(settled(left), settled(right), loose=loose)
    jacobian, other = (left, right) if isinstance(left, Jacobian) else (right, left)
    if not isinstance(other, np.ndarray):
        return replace(jacobian, value=jacobian.value * other)
    return times(settled(left), settled(right), loose=loose)


def _contracted(first: Jacobian, second: Jacobian) -> Jacobian:
    axes = second.outer
    value = np.tensordot(first.value, second.value, axes=axes) if axes else first.value * second.value
    return replace(first, value=np.asarray(value, dtype=object), by=second.by)


def entrywise(left: Any, right: Any) -> Number:
    """The product entry by entry; shapes are equal, or one is a number, or a column or row to repeat."""
    return _broadcast(settled(left), settled(right), lambda a, b: a * b, "circ")


def divide(left: Any, right: Any) -> Any:
    """The quotient, entry by entry."""
    if isinstance(left, Jacobian) and not isinstance(right, (Jacobian, np.ndarray)):
        return replace(left, value=left.value * _inverse(right))
    return _broadcast(settled(left), each(_inverse, settled(right)), lambda a, b: a * b, "/")


def _inverse(value: Any) -> Any:
    if value == 0:
        raise Undefined(text("a division by zero"))
    return 1 / value


def power(base: Any, exponent: Any) -> Number:
    """A power, entry by entry."""
    base, exponent = settled(base), settled(exponent)
    if isinstance(exponent, np.ndarray):
        raise Misfit(shape_of(base), exponent.shape, "power")
    return each(lambda one: _raised(one, exponent), base)


def _raised(base: Any, exponent: Any) -> Any:
    if base == 0 and exponent < 0:
        raise Undefined(text("a division by zero"))
    if (
        not mp.isfinite(exponent)
        or mp.mag(exponent) > 40
        or (base and abs(exponent) * abs(mp.mag(base)) > LARGEST)
    ):
        raise Undefined(text("a number that is too large"))
    value = base ** (int(exponent) if exponent == int(exponent) else exponent)
    if not isinstance(value, mpf):
        raise Undefined(text("a root of a negative number"))
    return value


def each(function: Callable[[Any], Any], value: Number) -> Number:
    """A function of every entry.

    Raises:
        Misfit: it makes an array of an entry, as x ↦ x ∘ v does.
    """
    if not isinstance(value, np.ndarray):
        return function(value)
    made = np.empty(value.shape, dtype=object)
    for place, entry in enumerate(value.reshape(-1)):
        image = function(entry)
        if isinstance(image, np.ndarray):
            raise Misfit(image.shape, (), "each")
        made.reshape(-1)[place] = image
    return made


def _broadcast(left: Number, right: Number, operation: Callable[[Any, Any], Any], sign: str) -> Number:
    if not isinstance(left, np.ndarray) or not isinstance(right, np.ndarray):
        return operation(left, right)
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
        made = operation(left, right)
    except ValueError:
        raise Misfit(left.shape, right.shape, sign) from None
    is_outer = left.ndim == right.ndim == 2 and shape not in (left.shape, right.shape)
    if is_outer or (
        left.shape != right.shape and 1 not in (*left.shape, *right.shape) and left.ndim == right.ndim
    ):
        raise Misfit(left.shape, right.shape, sign)
    return made


def transposed(value: Any) -> Number:
    """Rows and columns exchanged."""
    value = settled(value)
    if not isinstance(value, np.ndarray):
        return value
    if value.ndim != 2:
        raise Misfit(value.shape, (), "transpose")
    return value.T


def inverted(value: Any) -> Number:
    """The inverse of a matrix, or of a number."""
    value = settled(value)
    if not isinstance(value, np.ndarray):
        return _inverse(value)
    if value.ndim != 2 or value.shape[0] != value.shape[1]:
        raise Misfit(value.shape, (), "inverse")
    try:
        made = mp.matrix(value.tolist()) ** -1
    except ZeroDivisionError:
        raise Undefined(text("the inverse of a singular matrix")) from None
    return np.array(made.tolist(), dtype=object).reshape(value.shape)


def entries_of(value: Any) -> list[Any]:
    """The numbers of a value."""
    plain = value.value if isinstance(value, Jacobian) else value
    return list(np.asarray(plain, dtype=object).reshape(-1))


def same(left: Any, right: Any, tolerance: Any, floor: Any) -> bool:
    """Whether two values are equal: in shape, and in every entry up to a part of the largest.

    Args:
        left: one value.
        right: the other.
        tolerance: the part of the largest entry.
        floor: what is nothing.
    """
    left, right = (each.value if isinstance(each, Jacobian) else each for each in (left, right))
    if isinstance(left, Identity) or isinstance(right, Identity):
        raise Misfit(shape_of(left), shape_of(right), "+")
    one, other = np.asarray(on_paper(left), dtype=object), np.asarray(on_paper(right), dtype=object)
    if one.shape != other.shape:
        return False
    scale = max((abs(x) for array in (one, other) for x in array.reshape(-1)), default=mpf(0))
    return all(
        abs(a - b) <= tolerance * scale + floor
        for a, b in zip(one.reshape(-1), other.reshape(-1), strict=True)
    )
