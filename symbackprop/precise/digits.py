"""The functions and operations of the language in extra digits, on numbers of mpmath and arrays of them.

A function takes numbers; `each` makes it act on arrays element by element. What has no real value is nan.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from mpmath import mp, mpc, mpf

from symbackprop.backends.namespaces import bound
from symbackprop.functions import GELU_CUBE, SELU_ALPHA, SELU_SCALE

Number: TypeAlias = Any
"""A number of mpmath, or a NumPy array of the type object of them."""

LARGEST_EXPONENT = 10**10
"""Powers e^x with a larger |x| are infinite, or 0: their exponents would fill the memory."""


_ON_OBJECTS = bound(np, object)
"""NumPy's own work, which takes numbers of any kind."""


def tolerance() -> mpf:
    """Numbers that are nearer to each other than that are taken for equal: 0.1 + 0.2 is 0.3."""
    return mpf(10) ** -(mp.dps * 4 // 5)


def sign(x: mpf) -> int:
    """1, 0 or -1; what differs from 0 by rounding alone is 0."""
    if abs(x) < tolerance():
        return 0
    return 1 if x > 0 else -1


def each(function: Callable[..., Any], *arguments: Number) -> Number:
    """A function of numbers at numbers, or at arrays of them that broadcast."""
    if any(isinstance(one, np.ndarray) for one in arguments):
        return np.frompyfunc(function, len(arguments), 1)(*arguments)
    return function(*arguments)


def real(function: Callable[..., Any]) -> Callable[..., mpf]:
    """The function; nan where it has no real value, and where an argument is nan."""

    @functools.wraps(function)
    def result(*arguments: mpf) -> mpf:
        if any(one != one for one in arguments):
            return mp.nan
        try:
            value = function(*arguments)
        except (ZeroDivisionError, OverflowError, ValueError):
            return mp.nan
        return mp.nan if isinstance(value, mpc) else value

    return result


def _exp(x: mpf) -> mpf:
    if abs(x) > LARGEST_EXPONENT:
        return mp.inf if x > 0 else mpf(0)
    return mp.exp(x)


def power(base: mpf, exponent: mpf) -> mpf:
    """The base raised to the exponent, a root of a negative number being no real one."""
    if base and base != 1 and abs(exponent) * max(abs(mp.mag(base)), 1) > LARGEST_EXPONENT:
        large = (exponent > 0) == (abs(base) > 1)
        return (mp.inf if base > 0 else mp.nan) if large else mpf(0)
    return mp.power(base, exponent)


def _expm1(x: mpf) -> mpf:
    return mp.expm1(x) if abs(x) < 1 else _exp(x) - 1


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + _exp(-x))


def _softplus(x: mpf) -> mpf:
    return max(x, mpf(0)) + mp.log1p(_exp(-abs(x)))


def _elu(x: mpf, alpha: mpf) -> mpf:
    return x if x > 0 else alpha * _expm1(x)


def _rational(value: Any) -> mpf:
    return mpf(value.p) / mpf(value.q)


def _gelu_tanh(x: mpf) -> mpf:
    return x * _sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + _rational(GELU_CUBE) * x**3))


def _rounded(x: mpf, digits: mpf) -> mpf:
    """Half to even; 0.15 is a tie, whatever its binary digits are."""
    scale = mpf(10) ** int(digits)
    halves = 2 * x * scale
    whole = mp.nint(halves)
    return mp.nint((whole if sign(halves - whole) == 0 else halves) / 2) / scale


_WRITTEN: Mapping[str, Callable[..., Any]] = {
    "exp": _exp,
    **{name: getattr(mp, name) for name in "log sin cos tan sinh cosh tanh atan asin acos".split()},
    **{name: getattr(mp, name) for name in "asinh acosh atanh erf erfc sqrt floor sec csc cot".split()},
    "ceiling": mp.ceil,
    "Abs": abs,
    "sign": lambda x: mpf(sign(x)),
    "Max": max,
    "Min": min,
    "log1p": mp.log1p,
    "expm1": _expm1,
    "absolute": abs,
    "signum": lambda x: mpf(sign(x)),
    "xlogx": lambda x: x * mp.log(x) if x else mpf(0),
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": lambda x: max(x, mpf(0)),
    "leaky_relu": lambda x, alpha: x if x > 0 else alpha * x,
    "elu": _elu,
    "selu": lambda x: _rational(SELU_SCALE) * _elu(x, _rational(SELU_ALPHA)),
    "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "gelu_tanh": _gelu_tanh,
    "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * mp.tanh(_softplus(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_sigmoid": lambda x: min(max((x + 3) / 6, mpf(0)), mpf(1)),
    "step": lambda x: mpf(sign(x) >= 0),
    "maximum": max,
    "minimum": min,
    "clip": lambda x, low, high: min(max(x, low), high),
    "rounded": _rounded,
}

FUNCTIONS: Mapping[str, Callable[..., mpf]] = {name: real(one) for name, one in _WRITTEN.items()}
"""What every function of numbers is, by the name of its SymPy class."""


def _exps(x: Number) -> Number:
    return each(FUNCTIONS["exp"], x)


def _logs(x: Number) -> Number:
    return each(FUNCTIONS["log"], x)


def _roots(x: Number) -> Number:
    return each(FUNCTIONS["sqrt"], x)


def _filled(shape: tuple[int, ...], value: int = 0) -> Number:
    return np.full(shape, mpf(value), dtype=object)


def _softmax_along(z: Number, axis: int) -> Number:
    raised = _exps(z - np.max(z, axis=axis, keepdims=True))
    return raised / np.sum(raised, axis=axis, keepdims=True)


def _logsumexp(z: Number, axes: tuple[int, ...], keep: int) -> Number:
    largest = np.max(z, axis=axes, keepdims=True)
    summed = largest + _logs(np.sum(_exps(z - largest), axis=axes, keepdims=True))
    return summed if keep else np.squeeze(summed, axis=axes)


def _norm(x: Number, axes: tuple[int, ...], keep: int) -> Number:
    return _roots(np.sum(x * x, axis=axes, keepdims=bool(keep)))


def _std(x: Number, axes: tuple[int, ...], keep: int, ddof: int) -> Number:
    return _roots(_ON_OBJECTS["var"](x, axes, keep, ddof))


def _det(matrix: Number) -> mpf:
    return mp.det(mp.matrix(matrix.tolist()))


def _inv(matrix: Number) -> Number:
    """A⁻¹; nan of a singular matrix."""
    try:
        found = mp.inverse(mp.matrix(matrix.tolist()))
    except ZeroDivisionError:
        return np.full(matrix.shape, mp.nan, dtype=object)
    return np.array(found.tolist(), dtype=object)


def _placed(g: Number, where: tuple[Any, ...], shape: tuple[int, ...]) -> Number:
    places = tuple(
        slice(*(None if one == () else one for one in index)) if isinstance(index, tuple) else index
        for index in where
    )
    result = _filled(shape)
    result[places] = g[()]
    return result


def _extreme(x: Number, axes: tuple[int, ...], sign: int, ties: int) -> Number:
    """As NumPy's, what differs by rounding alone being a tie."""
    largest = np.max(sign * x, axis=axes, keepdims=True)
    tied = (largest - sign * x < tolerance()).astype(int)
    if ties == 2:
        return as_number(tied.astype(object)) / np.sum(tied, axis=axes, keepdims=True)
    return _ON_OBJECTS["extreme"](tied, axes, 1, ties)


def _convolve_input(
    g: Number, w: Number, stride: tuple[int, ...], padding: tuple[int, ...], shape: tuple[int, ...]
) -> Number:
    """Every entry of ȳ goes to the window that it came from."""
    dims = len(stride)
    kernels, upstream = (one.reshape((1,) * (dims + 2 - one.ndim) + one.shape) for one in (w, g))
    full = (1,) * (dims + 2 - len(shape)) + shape
    padded = _filled((*full[:2], *(size + 2 * p for size, p in zip(full[2:], padding, strict=True))))
    for place in np.ndindex(*upstream.shape[-dims:]):
        window = tuple(
            slice(s * p, s * p + size) for s, p, size in zip(stride, place, kernels.shape[2:], strict=True)
        )
        padded[(..., *window)] += np.tensordot(upstream[(..., *place)], kernels, 1)
    inner = tuple(slice(p, p + size) for p, size in zip(padding, full[2:], strict=True))
    return padded[(..., *inner)].reshape(shape)


OPERATIONS: Mapping[str, Callable[..., Number]] = {
    **_ON_OBJECTS,
    "matmul": lambda *factors: functools.reduce(np.matmul, factors),
    "total": lambda x, axes, keep: np.sum(x, axis=axes, keepdims=bool(keep)),
    "mean": lambda x, axes, keep: np.mean(x, axis=axes, keepdims=bool(keep)),
    "conv1d": _ON_OBJECTS["conv"],
    "conv2d": _ON_OBJECTS["conv"],
    "softmax_along": _softmax_along,
    "log_softmax": lambda z, axis: z - _logsumexp(z, (axis,), 1),
    "logsumexp": _logsumexp,
    "norm": _norm,
    "std": _std,
    "det": _det,
    "logdet": lambda matrix: _logs(abs(_det(matrix))),
    "inv": _inv,
    "eye": lambda size: np.eye(size[0], dtype=int).astype(object),
    "ones": lambda shape: _filled(shape, 1),
    "zeros": _filled,
    "placed": _placed,
    "extreme": _extreme,
    "conv_input": _convolve_input,
}
"""What every operation is, by the name of its SymPy class: NumPy's own work on objects, as far as they do."""


def as_number(value: Any) -> Number:
    """A number of mpmath, or an array of them, of a result that may have others among its entries."""
    if not isinstance(value, np.ndarray):
        return mpf(value)
    return mpf(value[()]) if value.ndim == 0 else np.frompyfunc(mpf, 1, 1)(value)
