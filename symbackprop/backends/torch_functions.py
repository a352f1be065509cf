"""The functions for arrays that PyTorch says in another way than NumPy."""

from __future__ import annotations

import functools
from typing import Any

import torch

from symbackprop.backends.array_functions import REAL, zeros

Array = Any


def real(x: Array) -> Array:
    """A tensor of real numbers."""
    return torch.as_tensor(x, dtype=REAL)


def erf(x: Array) -> Array:
    """The error function."""
    return torch.special.erf(real(x))


def erfc(x: Array) -> Array:
    """1 - erf x."""
    return torch.special.erfc(real(x))


def prod(x: Array, axes: tuple[int, ...], keep: int) -> Array:
    """Πx, axis by axis, the last first."""
    ordered = sorted(axes, reverse=True)
    return functools.reduce(lambda so_far, axis: torch.prod(so_far, axis, keepdim=bool(keep)), ordered, x)


def largest(x: Array, axes: tuple[int, ...], keep: int) -> Array:
    """max x."""
    return torch.amax(x, axes, keepdim=bool(keep))


def smallest(x: Array, axes: tuple[int, ...], keep: int) -> Array:
    """min x."""
    return torch.amin(x, axes, keepdim=bool(keep))


def transpose(x: Array, axes: tuple[int, ...]) -> Array:
    """The axes in another order."""
    return x.permute(axes)


def concatenate(arrays: tuple[Array, ...], axis: int) -> Array:
    """Arrays one after the other along an axis."""
    return torch.cat(arrays, axis)


def stack(arrays: tuple[Array, ...], axis: int) -> Array:
    """Arrays side by side along a new axis."""
    return torch.stack(arrays, axis)


def padded(x: Array, padding: tuple[int, ...]) -> Array:
    """Zeros around the last axes."""
    return torch.nn.functional.pad(x, [one for size in reversed(padding) for one in (size, size)])


def turned(where: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[tuple[Any, ...], list[int]]:
    """Places with slices that go forward, and the axes of the result that are then to be turned round."""
    found: list[Any] = []
    backward: list[int] = []
    for index, length in zip(where, shape, strict=True):
        if not isinstance(index, tuple):
            found.append(index)
            continue
        chosen = range(length)[slice(*(None if one == () else one for one in index))]
        if chosen.step < 0:
            backward.append(sum(isinstance(one, slice) for one in found))
            chosen = chosen[::-1]
        found.append(slice(chosen.start, chosen.stop, chosen.step))
    return tuple(found), backward


def item(x: Array, where: tuple[Any, ...]) -> Array:
    """x[…]; a slice that is too long would be cut, and the formulas would not know."""
    for index, length in zip(where, x.shape, strict=True):
        if isinstance(index, tuple) and index[2] == 1 and not 0 <= index[0] < index[1] <= length:
            raise IndexError(f"the slice {index[0]}:{index[1]} of an axis of {length}")
    forward, backward = turned(where, x.shape)
    return torch.flip(x[forward], backward)


def placed(g: Array, where: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """Zeros with g in some places."""
    forward, backward = turned(where, shape)
    result = zeros(shape)
    result[forward] = torch.flip(real(g), backward)
    return result
