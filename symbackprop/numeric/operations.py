"""The operations on arrays in NumPy, stable where the formula is not: softmax, logsumexp, convolutions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = Any


def _inv(matrix: Array) -> Array:
    """A⁻¹; of a singular matrix nothing is finite, so that the node can be told."""
    if np.linalg.matrix_rank(matrix) < len(matrix):
        return np.full_like(matrix, np.nan)
    return np.linalg.inv(matrix)


def _var(x: Array, axes: tuple[int, ...], keep: int, ddof: int) -> Array:
    centred = x - np.mean(x, axis=axes, keepdims=True)
    freedom = np.float64(x.size / np.size(np.mean(x, axis=axes)) - ddof)
    return np.sum(centred**2, axis=axes, keepdims=bool(keep)) / freedom


def _softmax_along(z: Array, axis: int) -> Array:
    raised = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return raised / np.sum(raised, axis=axis, keepdims=True)


def _logsumexp(z: Array, axes: tuple[int, ...], keep: int) -> Array:
    largest = np.max(z, axis=axes, keepdims=True)
    summed = largest + np.log(np.sum(np.exp(z - largest), axis=axes, keepdims=True))
    return summed if keep else np.squeeze(summed, axis=axes)


def _log_softmax(z: Array, axis: int) -> Array:
    return z - _logsumexp(z, (axis,), 1)


def _extreme(x: Array, axes: tuple[int, ...], sign: int, ties: int) -> Array:
    tied = x == sign * np.max(sign * x, axis=axes, keepdims=True)
    several = np.sum(tied, axis=axes, keepdims=True)
    if ties == 0:
        return np.where(several == 1, tied, False) * 1.0
    if ties == 2:
        return tied / several
    moved = np.moveaxis(tied, axes, range(-len(axes), 0))
    flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)
    first = (flat & (np.cumsum(flat, axis=-1) == 1)).reshape(moved.shape)
    return np.moveaxis(first, range(-len(axes), 0), axes) * 1.0


def _others(x: Array, axes: tuple[int, ...]) -> Array:
    """Products from the left and from the right, without a division."""
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)
    one = np.ones_like(flat[..., :1])
    left = np.cumprod(np.concatenate([one, flat[..., :-1]], axis=-1), axis=-1)
    right = np.cumprod(np.concatenate([one, flat[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return np.moveaxis((left * right).reshape(moved.shape), range(-len(axes), 0), axes)


def _places(where: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        slice(*(None if one == () else one for one in index)) if isinstance(index, tuple) else index
        for index in where
    )


def _item(x: Array, where: tuple[Any, ...]) -> Array:
    """x[…]; NumPy cuts a slice that is too long, and the formulas would not know."""
    for index, size in zip(where, np.shape(x), strict=True):
        if isinstance(index, tuple) and index[2] == 1 and not 0 <= index[0] < index[1] <= size:
            raise IndexError(f"the slice {index[0]}:{index[1]} of an axis of {size}")
    return x[_places(where)]


def _placed(g: Array, where: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    result = np.zeros(shape)
    result[_places(where)] = g
    return result


def _windows(x: Array, kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]) -> Array:
    """All windows that the kernel sees: (…, positions…, kernel…)."""
    dims = len(kernel)
    padded = np.pad(x, [(0, 0)] * (x.ndim - dims) + [(p, p) for p in padding])
    views = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=tuple(range(-dims, 0)))
    moved: tuple[Any, ...] = (*(slice(None, None, s) for s in stride), *([slice(None)] * dims))
    return views[(..., *moved)]


def _with_channels(x: Array, dims: int) -> Array:
    return x.reshape((1,) * (dims + 2 - x.ndim) + x.shape)


def _letters(dims: int) -> tuple[str, str]:
    return "uv"[:dims], "ab"[:dims]


def _convolve(x: Array, w: Array, stride: tuple[int, ...], padding: tuple[int, ...]) -> Array:
    dims = len(stride)
    kernels = _with_channels(w, dims)
    at, over = _letters(dims)
    views = _windows(_with_channels(x, dims), kernels.shape[-dims:], stride, padding)
    full = np.einsum(f"nc{at}{over},oc{over}->no{at}", views, kernels)
    if x.ndim == dims:
        return full[0, 0]
    return full[0] if x.ndim == dims + 1 else full


def _convolve_input(
    g: Array, w: Array, stride: tuple[int, ...], padding: tuple[int, ...], shape: tuple[int, ...]
) -> Array:
    dims = len(stride)
    kernels, upstream = _with_channels(w, dims), _with_channels(g, dims)
    full = (1,) * (dims + 2 - len(shape)) + tuple(shape)
    padded: Array = np.zeros((*full[:2], *(size + 2 * p for size, p in zip(full[2:], padding, strict=True))))
    for place in np.ndindex(*kernels.shape[-dims:]):
        share = np.einsum("no...,oc->nc...", upstream, kernels[(..., *place)])
        ends = (p + s * size for p, s, size in zip(place, stride, upstream.shape[2:], strict=True))
        padded[(..., *(slice(p, end, s) for p, end, s in zip(place, ends, stride, strict=True)))] += share
    inner = tuple(slice(p, p + size) for p, size in zip(padding, full[2:], strict=True))
    return padded[(..., *inner)].reshape(shape)


def _convolve_kernel(
    g: Array, x: Array, stride: tuple[int, ...], padding: tuple[int, ...], shape: tuple[int, ...]
) -> Array:
    dims = len(stride)
    at, over = _letters(dims)
    views = _windows(_with_channels(x, dims), tuple(shape[-dims:]), stride, padding)
    return np.einsum(f"nc{at}{over},no{at}->oc{over}", views, _with_channels(g, dims)).reshape(shape)


NUMPY_OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "matmul": lambda *factors: functools.reduce(np.matmul, factors),
    "transpose": np.transpose,
    "total": lambda x, axes, keep: np.sum(x, axis=axes, keepdims=bool(keep)),
    "mean": lambda x, axes, keep: np.mean(x, axis=axes, keepdims=bool(keep)),
    "var": _var,
    "std": lambda x, axes, keep, ddof: np.sqrt(_var(x, axes, keep, ddof)),
    "prod": lambda x, axes, keep: np.prod(x, axis=axes, keepdims=bool(keep)),
    "largest": lambda x, axes, keep: np.max(x, axis=axes, keepdims=bool(keep)),
    "smallest": lambda x, axes, keep: np.min(x, axis=axes, keepdims=bool(keep)),
    "norm": lambda x, axes, keep: np.sqrt(np.sum(x * x, axis=axes, keepdims=bool(keep))),
    "softmax_along": _softmax_along,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "trace": np.trace,
    "det": np.linalg.det,
    "logdet": lambda matrix: np.linalg.slogdet(matrix)[1],
    "inv": _inv,
    "outer": np.outer,
    "diag": np.diag,
    "diagonal": np.diagonal,
    "eye": lambda size: np.eye(size[0]),
    "ones": np.ones,
    "zeros": np.zeros,
    "spread": np.broadcast_to,
    "item": _item,
    "placed": _placed,
    "reshape": np.reshape,
    "concatenate": lambda arrays, axis: np.concatenate(arrays, axis=axis),
    "stack": lambda arrays, axis: np.stack(arrays, axis=axis),
    "extreme": _extreme,
    "others": _others,
    "conv1d": _convolve,
    "conv2d": _convolve,
    "conv_input": _convolve_input,
    "conv_kernel": _convolve_kernel,
}
