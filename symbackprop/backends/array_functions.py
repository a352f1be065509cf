"""The functions of the language for arrays, in NumPy, written so that nothing overflows on the way.

Each is called as the class of its SymPy function. JAX and PyTorch run the same lines under their own
namespace, but for the few that they have to say in another way.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any

REAL: Any = np.float64
"""The kind of all numbers."""


def real(x: Array) -> Array:
    """An array of real numbers."""
    return np.asarray(x, dtype=REAL)


def where(test: Array, then: Array, other: Array) -> Array:
    """One of two values, by a test."""
    return np.where(test, real(then), real(other))


def power(x: Array, y: Array) -> Array:
    """x^y, a real number or none."""
    return x**y


def erf(x: Array) -> Array:
    """The error function."""
    return special(x, math.erf)


def erfc(x: Array) -> Array:
    """1 - erf x."""
    return special(x, math.erfc)


def special(x: Array, function: Any) -> Array:
    """A function of the standard library, entry by entry."""
    return real([function(one) for one in np.ravel(x).tolist()]).reshape(np.shape(x))[()]


def xlogx(z: Array) -> Array:
    """z log z, 0 at 0."""
    return z * np.log(np.where(z == 0, 1.0, z))


def sigmoid(z: Array) -> Array:
    """1/(1 + e^{-z}), by e^{-|z|}."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def softplus(z: Array) -> Array:
    """log(1 + e^z) = max(z, 0) + log(1 + e^{-|z|})."""
    return relu(z) + np.log1p(np.exp(-np.abs(z)))


def relu(z: Array) -> Array:
    """max(z, 0)."""
    return np.where(z <= 0, 0.0, z)


def leaky_relu(z: Array, alpha: Array) -> Array:
    """z where z > 0, else α z."""
    return np.where(z > 0, z, alpha * z)


def elu(z: Array, alpha: Array) -> Array:
    """z where z > 0, else α (e^z - 1)."""
    return np.where(z > 0, z, alpha * np.expm1(np.where(z > 0, 0.0, z)))


def selu(z: Array) -> Array:
    """λ elu(z, α) with the constants of Klambauer and others (2017)."""
    return 1.0507009873554805 * elu(z, 1.6732632423543772)


def gelu(z: Array) -> Array:
    """z Φ(z), Φ by erfc: no digits cancel on the left."""
    return z / 2 * erfc(-z / 1.4142135623730951)


def gelu_tanh(z: Array) -> Array:
    """z/2 (1 + tanh u) = z σ(2u) with u = √(2/π) (z + 0.044715 z³)."""
    return z * sigmoid(1.5957691216057308 * (z + 0.044715 * z**3))


def silu(z: Array) -> Array:
    """z σ(z)."""
    return z * sigmoid(z)


def mish(z: Array) -> Array:
    """z tanh(softplus(z))."""
    return z * np.tanh(softplus(z))


def softsign(z: Array) -> Array:
    """z/(1 + |z|)."""
    return z / (1.0 + np.abs(z))


def step(z: Array) -> Array:
    """1 where z ≥ 0, else 0."""
    return real(z >= 0)


def maximum(x: Array, y: Array) -> Array:
    """The larger; NaN where one of them is."""
    return np.where((x > y) | (x != x), x, y)


def minimum(x: Array, y: Array) -> Array:
    """The smaller; NaN where one of them is."""
    return np.where((x < y) | (x != x), x, y)


def clip(x: Array, low: Array, high: Array) -> Array:
    """x between low and high."""
    return minimum(maximum(x, low), high)


def hard_sigmoid(z: Array) -> Array:
    """z/6 + 1/2 between 0 and 1."""
    return clip(z / 6.0 + 0.5, 0.0, 1.0)


def rounded(x: Array, digits: Array) -> Array:
    """Half to even."""
    return np.round(x * 10.0**digits) / 10.0**digits


def combined(x: Array, count: int, is_mean: bool) -> Array:
    """The mean or the sum over the examples of a batch."""
    return np.mean(real(x)) if is_mean else np.sum(np.broadcast_to(real(x), (count,)))


def extent(x: Array, axes: tuple[int, ...]) -> int:
    """How many entries lie along the axes."""
    return math.prod(x.shape[axis] for axis in axes)


def var(x: Array, axes: tuple[int, ...], keep: int, ddof: int) -> Array:
    """Σ(x - x̄)²/(n - ddof)."""
    centred = x - np.mean(x, axis=axes, keepdims=True)
    return np.sum(centred**2, axis=axes, keepdims=bool(keep)) / (extent(x, axes) - ddof)


def std(x: Array, axes: tuple[int, ...], keep: int, ddof: int) -> Array:
    """√var."""
    return np.sqrt(var(x, axes, keep, ddof))


def norm(x: Array, axes: tuple[int, ...], keep: int) -> Array:
    """√Σx²."""
    return np.sqrt(np.sum(x * x, axis=axes, keepdims=bool(keep)))


def prod(x: Array, axes: tuple[int, ...], keep: int) -> Array:
    """Πx."""
    return np.prod(x, axis=axes, keepdims=bool(keep))


def largest(x: Array, axes: tuple[int, ...], keep: int) -> Array:
    """max x."""
    return np.max(x, axis=axes, keepdims=bool(keep))


def smallest(x: Array, axes: tuple[int, ...], keep: int) -> Array:
    """min x."""
    return np.min(x, axis=axes, keepdims=bool(keep))


def softmax_along(z: Array, axis: int) -> Array:
    """e^{z_i} / Σ_k e^{z_k}, the largest taken off first."""
    raised = np.exp(z - largest(z, (axis,), 1))
    return raised / np.sum(raised, axis=axis, keepdims=True)


def logsumexp(z: Array, axes: tuple[int, ...], keep: int) -> Array:
    """log Σ e^z = m + log Σ e^{z - m} with the largest m."""
    most = largest(z, axes, 1)
    summed = most + np.log(np.sum(np.exp(z - most), axis=axes, keepdims=True))
    return summed if keep else np.squeeze(summed, axis=axes)


def log_softmax(z: Array, axis: int) -> Array:
    """z_i - log Σ_k e^{z_k}."""
    return z - logsumexp(z, (axis,), 1)


def moved_behind(x: Array, axes: tuple[int, ...]) -> Array:
    """The axes last."""
    return np.moveaxis(x, axes, tuple(range(-len(axes), 0)))


def moved_back(x: Array, axes: tuple[int, ...]) -> Array:
    """The last axes where they were."""
    return np.moveaxis(x, tuple(range(-len(axes), 0)), axes)


def extreme(x: Array, axes: tuple[int, ...], sign: int, ties: int) -> Array:
    """How much of max x (of min x, where the sign is -1) is each entry; ties: none, the first, split."""
    tied = real(x == sign * largest(sign * x, axes, 1))
    several = np.sum(tied, axis=axes, keepdims=True)
    if ties == 0:
        return np.where(several == 1, tied, 0.0)
    if ties == 2:
        return tied / several
    moved = moved_behind(tied, axes)
    flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)
    first = flat * real(np.cumsum(flat, axis=-1) == 1)
    return moved_back(first.reshape(moved.shape), axes)


def others(x: Array, axes: tuple[int, ...]) -> Array:
    """For each entry the product of all others, from the left and from the right: without a division."""
    moved = moved_behind(x, axes)
    flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)
    one = np.ones_like(flat[..., :1])
    left = np.cumprod(np.concatenate([one, flat[..., :-1]], axis=-1), axis=-1)
    reverse = np.flip(flat[..., 1:], (-1,))
    right = np.flip(np.cumprod(np.concatenate([one, reverse], axis=-1), axis=-1), (-1,))
    return moved_back((left * right).reshape(moved.shape), axes)


def transpose(x: Array, axes: tuple[int, ...]) -> Array:
    """The axes in another order."""
    return np.transpose(x, axes)


def trace(matrix: Array) -> Array:
    """Σ_i A_ii."""
    return np.trace(matrix)


def det(matrix: Array) -> Array:
    """The determinant."""
    return np.linalg.det(matrix)


def logdet(matrix: Array) -> Array:
    """log |det A|."""
    return np.linalg.slogdet(matrix)[1]


def inv(matrix: Array) -> Array:
    """A⁻¹; of a singular matrix nothing is finite, so that the node can be told."""
    if np.linalg.matrix_rank(matrix) < len(matrix):
        return np.full_like(matrix, np.nan)
    return np.linalg.inv(matrix)


def outer(x: Array, y: Array) -> Array:
    """x yᵀ."""
    return np.outer(x, y)


def diag(x: Array) -> Array:
    """The square matrix with a vector on its diagonal."""
    return np.diag(x)


def diagonal(matrix: Array) -> Array:
    """The diagonal of a square matrix."""
    return np.diagonal(matrix)


def eye(shape: tuple[int]) -> Array:
    """The identity matrix."""
    return np.eye(shape[0], dtype=REAL)


def ones(shape: tuple[int, ...]) -> Array:
    """All ones."""
    return np.ones(shape, dtype=REAL)


def zeros(shape: tuple[int, ...]) -> Array:
    """All zeros."""
    return np.zeros(shape, dtype=REAL)


def spread(x: Array, shape: tuple[int, ...]) -> Array:
    """x repeated to a shape, as broadcasting does."""
    return np.broadcast_to(x, shape)


def reshape(x: Array, shape: tuple[int, ...]) -> Array:
    """The same entries in another shape."""
    return np.reshape(x, shape)


def concatenate(arrays: tuple[Array, ...], axis: int) -> Array:
    """Arrays one after the other along an axis."""
    return np.concatenate(arrays, axis=axis)


def stack(arrays: tuple[Array, ...], axis: int) -> Array:
    """Arrays side by side along a new axis."""
    return np.stack(arrays, axis=axis)


def places(where: tuple[Any, ...]) -> tuple[Any, ...]:
    """Indices and slices as Python has them; a slice is written (start, stop, step)."""
    return tuple(
        slice(*(None if one == () else one for one in index)) if isinstance(index, tuple) else index
        for index in where
    )


def item(x: Array, where: tuple[Any, ...]) -> Array:
    """x[…]; a slice that is too long would be cut, and the formulas would not know."""
    for index, length in zip(where, x.shape, strict=True):
        if isinstance(index, tuple) and index[2] == 1 and not 0 <= index[0] < index[1] <= length:
            raise IndexError(f"the slice {index[0]}:{index[1]} of an axis of {length}")
    return x[places(where)]


def placed(g: Array, where: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """Zeros with g in some places."""
    result = zeros(shape)
    result[places(where)] = g
    return result


# Convolutions: x is (n, c, …), w is (o, c, …); missing axes in front have length 1.


def with_channels(x: Array, dims: int) -> Array:
    """With the axes of examples and channels."""
    return x.reshape((1,) * (dims + 2 - x.ndim) + tuple(x.shape))


def padded(x: Array, padding: tuple[int, ...]) -> Array:
    """Zeros around the last axes."""
    return np.pad(x, [(0, 0)] * (x.ndim - len(padding)) + [(one, one) for one in padding])


def windows(x: Array, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Array:
    """What the kernel sees: behind each axis of positions an axis of the kernel."""
    for dim in reversed(range(len(kernel))):
        axis = dim + 2
        starts = np.arange((x.shape[axis] - kernel[dim]) // stride[dim] + 1) * stride[dim]
        x = x[(slice(None),) * axis + (starts[:, None] + np.arange(kernel[dim]),)]
    return x


def convolved(x: Array, w: Array, stride: tuple[int, ...]) -> Array:
    """Σ over channels and kernel, from all windows."""
    seen = windows(x, tuple(w.shape[2:]), stride)
    return np.einsum("ncua,oca->nou" if len(stride) == 1 else "ncuavb,ocab->nouv", seen, w)


def conv(x: Array, w: Array, stride: tuple[int, ...], padding: tuple[int, ...]) -> Array:
    """Cross-correlation of signals or images with kernels."""
    dims = len(stride)
    full = convolved(padded(with_channels(x, dims), padding), with_channels(w, dims), stride)
    if x.ndim == dims:
        return full[0, 0]
    return full[0] if x.ndim == dims + 1 else full


def conv_input(
    g: Array, w: Array, stride: tuple[int, ...], padding: tuple[int, ...], shape: tuple[int, ...]
) -> Array:
    """The adjoint of a convolution in its input: the kernel turned round, zeros for what it skipped."""
    dims = len(stride)
    kernels, upstream = with_channels(w, dims), with_channels(g, dims)
    kernel = tuple(kernels.shape[2:])
    full = tuple(size + 2 * p for size, p in zip(shape[len(shape) - dims :], padding, strict=True))
    steps = tuple((0, (n - 1) * s + 1, s) for n, s in zip(upstream.shape[2:], stride, strict=True))
    lead = tuple((0, n, 1) for n in upstream.shape[:2])
    room = (*upstream.shape[:2], *(size - k + 1 for size, k in zip(full, kernel, strict=True)))
    wide = padded(placed(upstream, lead + steps, room), tuple(k - 1 for k in kernel))
    turned = np.swapaxes(np.flip(kernels, tuple(range(2, dims + 2))), 0, 1)
    back = convolved(wide, turned, (1,) * dims)
    inner = tuple(slice(p, size - p) for p, size in zip(padding, full, strict=True))
    return back[(slice(None), slice(None), *inner)].reshape(shape)


def conv_kernel(
    g: Array, x: Array, stride: tuple[int, ...], padding: tuple[int, ...], shape: tuple[int, ...]
) -> Array:
    """The adjoint of a convolution in its kernel."""
    dims = len(stride)
    seen = windows(padded(with_channels(x, dims), padding), tuple(shape[len(shape) - dims :]), stride)
    upstream = with_channels(g, dims)
    found = np.einsum("ncua,nou->oca" if dims == 1 else "ncuavb,nouv->ocab", seen, upstream)
    return found.reshape(shape)
