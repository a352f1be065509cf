"""The independent truth about programs of arrays: their text is run by Python over plain NumPy.

The language is NumPy's syntax, so `exec` reads it; nothing of the package is imported here. Derivatives
come from the complex step: f(x + ih) = f(x) + ih f'(x) up to h², and with h = 1e-30 that is exact in doubles.
Where a function has a kink, real parts decide. Central differences, extrapolated, check the complex step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

STEP = 1e-30
Values = Mapping[str, Any]


class Array(np.ndarray[Any, Any]):
    """An array of complex numbers that compares by real parts and has every function as a method."""

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return np.asarray(array).view(Array)

    def __getitem__(self, key: Any) -> Any:
        return wrapped(plain(self)[key])

    def __gt__(self, other: Any) -> Any:
        return plain(self).real > plain(other).real

    def __ge__(self, other: Any) -> Any:
        return plain(self).real >= plain(other).real

    def __lt__(self, other: Any) -> Any:
        return plain(self).real < plain(other).real

    def __le__(self, other: Any) -> Any:
        return plain(self).real <= plain(other).real

    def __eq__(self, other: Any) -> Any:
        return plain(self).real == plain(other).real

    def __ne__(self, other: Any) -> Any:
        return plain(self).real != plain(other).real

    __hash__ = None

    def __pow__(self, exponent: Any) -> Any:  # type: ignore[override]
        return raised(self, exponent)

    def __rpow__(self, base: Any) -> Any:  # type: ignore[override]
        return raised(base, self)


def plain(value: Any) -> Any:
    """As NumPy's own array of complex numbers."""
    return np.asarray(value, dtype=np.complex128)


def wrapped(value: Any) -> Array:
    """As an array of this module."""
    return np.asarray(value, dtype=np.complex128).view(Array)


def raised(base: Any, exponent: Any) -> Array:
    """Whole powers by multiplication, others by the logarithm."""
    x, p = plain(base), plain(exponent)
    if p.ndim == 0 and p.imag == 0 and float(p.real).is_integer():
        times = abs(int(p.real))
        result = np.ones_like(x)
        for _ in range(times):
            result = result * x
        return wrapped(1 / result if p.real < 0 else result)
    return wrapped(np.exp(p * np.log(x)))


def _first_order(value: Callable[[float], float], slope: Callable[[Any], Any]) -> Callable[[Any], Array]:
    """A function of real numbers, continued to first order."""
    vectorised = np.vectorize(value, otypes=[float])

    def function(z: Any) -> Array:
        x = plain(z)
        return wrapped(vectorised(x.real) + 1j * x.imag * slope(x.real))

    return function


def _each(function: Callable[..., Any]) -> Callable[..., Array]:
    return lambda *arguments: wrapped(function(*map(plain, arguments)))


_erf = _first_order(math.erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x))
_arctan = _first_order(math.atan, lambda x: 1 / (1 + x * x))
_tanh = _first_order(math.tanh, lambda x: 1 / np.cosh(x) ** 2)


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _softplus(z: Any) -> Any:
    return np.log1p(np.exp(z))


def _elu(z: Any, alpha: Any) -> Any:
    return np.where(z.real > 0, z, alpha * np.expm1(np.where(z.real > 0, 0, z)))


def _abs(z: Any) -> Any:
    return np.sign(z.real) * z


_SELU = (1.0507009873554804934193349852946, 1.6732632423543772848170429916717)

ELEMENTWISE: Mapping[str, Callable[..., Array]] = {
    "exp": _each(np.exp),
    "log": _each(np.log),
    "log1p": _each(np.log1p),
    "expm1": _each(np.expm1),
    "sqrt": _each(np.sqrt),
    "abs": _each(_abs),
    "sign": _each(lambda z: np.sign(z.real)),
    "sin": _each(np.sin),
    "cos": _each(np.cos),
    "tan": _each(lambda z: np.sin(z) / np.cos(z)),
    "sinh": _each(np.sinh),
    "cosh": _each(np.cosh),
    "tanh": _tanh,
    "arctan": _arctan,
    "erf": _erf,
    "xlogx": _each(lambda z: z * np.log(z)),
    "sigmoid": _each(_sigmoid),
    "softplus": _each(_softplus),
    "relu": _each(lambda z: np.where(z.real > 0, z, 0)),
    "leaky_relu": lambda z, alpha=0.01: _each(lambda x, a: np.where(x.real > 0, x, a * x))(z, alpha),
    "elu": lambda z, alpha=1.0: _each(_elu)(z, alpha),
    "selu": _each(lambda z: _SELU[0] * _elu(z, _SELU[1])),
    "gelu": lambda z: wrapped(plain(z) / 2 * (1 + plain(_erf(plain(z) / math.sqrt(2))))),
    "gelu_tanh": lambda z: wrapped(
        plain(z) / 2 * (1 + plain(_tanh(math.sqrt(2 / math.pi) * (plain(z) + 0.044715 * plain(z) ** 3))))
    ),
    "silu": _each(lambda z: z * _sigmoid(z)),
    "mish": lambda z: wrapped(plain(z) * plain(_tanh(_softplus(plain(z))))),
    "softsign": _each(lambda z: z / (1 + _abs(z))),
    "hard_sigmoid": _each(
        lambda z: np.where(z.real <= -3, 0, np.where(z.real >= 3, 1, z / 6 + 0.5)),
    ),
    "step": _each(lambda z: np.where(z.real >= 0, 1, 0)),
    "maximum": _each(lambda x, y: np.where(x.real > y.real, x, y)),
    "minimum": _each(lambda x, y: np.where(x.real < y.real, x, y)),
    "round": lambda x, digits=0: wrapped(np.round(plain(x).real, digits)),
    "clip": _each(
        lambda x, low, high: np.where(x.real < low.real, low, np.where(x.real > high.real, high, x)),
    ),
    "where": lambda test, then, other: wrapped(np.where(test, plain(then), plain(other))),
    "indicator": lambda test: wrapped(np.where(test, 1.0, 0.0)),
}

# ---------------------------------------------------------------------------------- over axes


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return tuple(one % ndim for one in (axis if isinstance(axis, tuple | list) else (axis,)))


def _reduction(function: Callable[..., Any], **extra: Any) -> Callable[..., Array]:
    """A function of rows of numbers, made one of an array, over axes that are dropped or kept."""

    def reduced(x: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Array:
        renamed = {"dim": "axis", "keepdim": "keepdims", "correction": "ddof"}
        options = {renamed.get(key, key): value for key, value in options.items()}
        axis, keepdims = options.pop("axis", axis), options.pop("keepdims", keepdims)
        array = plain(x)
        axes = _axes(axis, array.ndim)
        others = [place for place in range(array.ndim) if place not in axes]
        rows = array.transpose(*others, *axes).reshape(*(array.shape[one] for one in others), -1)
        result = function(rows, **{**extra, **options})
        if keepdims:
            result = result.reshape([1 if one in axes else size for one, size in enumerate(array.shape)])
        return wrapped(result)

    return reduced


def _var(rows: Any, ddof: int) -> Any:
    centred = rows - rows.sum(axis=-1, keepdims=True) / rows.shape[-1]
    return (centred * centred).sum(axis=-1) / (rows.shape[-1] - ddof)


def _picked(sign: int) -> Callable[[Any], Any]:
    def pick(rows: Any) -> Any:
        place = np.argmax(sign * rows.real, axis=-1)[..., None]
        return np.take_along_axis(rows, place, axis=-1)[..., 0]

    return pick


def _logsumexp(rows: Any) -> Any:
    shift = rows.real.max(axis=-1, keepdims=True)
    return shift[..., 0] + np.log(np.exp(rows - shift).sum(axis=-1))


_REDUCTIONS: Mapping[str, Callable[..., Array]] = {
    "sum": _reduction(lambda rows: rows.sum(axis=-1)),
    "mean": _reduction(lambda rows: rows.sum(axis=-1) / rows.shape[-1]),
    "var": _reduction(_var, ddof=0),
    "std": _reduction(lambda rows, ddof: np.sqrt(_var(rows, ddof)), ddof=0),
    "prod": _reduction(lambda rows: rows.prod(axis=-1)),
    "largest": _reduction(_picked(1)),
    "smallest": _reduction(_picked(-1)),
    "norm": _reduction(lambda rows: np.sqrt((rows * rows).sum(axis=-1))),
    "logsumexp": _reduction(_logsumexp),
}


def _of_one_or_more(one: str, two: str) -> Callable[..., Array]:
    """max(x, axis=0) is over axes, max(x, y) element by element."""

    def function(x: Any, *others: Any, **options: Any) -> Array:
        if options or not others:
            return _REDUCTIONS[one](x, *others, **options)
        for other in others:
            x = ELEMENTWISE[two](x, other)
        return wrapped(x)

    return function


def _log_softmax(z: Any, axis: int = -1, dim: int | None = None) -> Array:
    array, axis = plain(z), axis if dim is None else dim
    return wrapped(array - plain(_REDUCTIONS["logsumexp"](array, axis, True)))


def _softmax(z: Any, axis: int = -1, dim: int | None = None) -> Array:
    return wrapped(np.exp(plain(_log_softmax(z, axis, dim))))


# ------------------------------------------------------------------------------------- matrices


def _logdet(matrix: Any) -> Array:
    found = np.linalg.det(plain(matrix))
    return wrapped(np.log(found if found.real > 0 else -found))


def _transpose(x: Any, *order: Any, axes: Any = None) -> Array:
    chosen = order[0] if len(order) == 1 else order or axes
    return wrapped(np.transpose(plain(x), chosen))


def _reshape(x: Any, *sizes: Any, shape: Any = None) -> Array:
    wanted = shape if shape is not None else sizes[0] if len(sizes) == 1 else sizes
    return wrapped(plain(x).reshape(wanted))


def _filled(value: float) -> Callable[..., Array]:
    return lambda *shape: wrapped(np.full(shape[0] if len(shape) == 1 else shape, value))


def _list_of(function: Callable[..., Any]) -> Callable[..., Array]:
    def joined(arrays: Sequence[Any], axis: int = 0, dim: int | None = None) -> Array:
        return wrapped(function([plain(one) for one in arrays], axis=axis if dim is None else dim))

    return joined


def _pair(value: Any, dims: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,) * dims


def _convolution(dims: int) -> Callable[..., Array]:
    """Σ over channels and over the places in the kernel, written as it is defined."""

    def convolve(x: Any, w: Any, stride: Any = 1, padding: Any = 0) -> Array:
        image, kernel = plain(x), plain(w)
        steps, pads = _pair(stride, dims), _pair(padding, dims)
        batch = image.reshape((1,) * (dims + 2 - image.ndim) + image.shape)
        kernels = kernel.reshape((1,) * (dims + 2 - kernel.ndim) + kernel.shape)
        padded = np.pad(batch, [(0, 0), (0, 0), *((pad, pad) for pad in pads)])
        sizes = [
            (size - width) // step + 1
            for size, width, step in zip(padded.shape[2:], kernels.shape[2:], steps, strict=True)
        ]
        result = np.zeros((batch.shape[0], kernels.shape[0], *sizes), dtype=np.complex128)
        for place in np.ndindex(*sizes):
            window = tuple(
                slice(at * step, at * step + width)
                for at, step, width in zip(place, steps, kernels.shape[2:], strict=True)
            )
            seen = padded[(slice(None), None, slice(None), *window)]
            result[(slice(None), slice(None), *place)] = (seen * kernels[None]).sum(
                axis=tuple(range(2, dims + 3))
            )
        if image.ndim == dims:
            return wrapped(result[0, 0])
        return wrapped(result[0] if image.ndim == dims + 1 else result)

    return convolve


# --------------------------------------------------------------------------------------- layers


def _normalised(axis: int) -> Callable[..., Array]:
    def layer(x: Any, *given: Any, **named: Any) -> Array:
        renamed = {"weight": "gamma", "bias": "beta", "eps": "epsilon"}
        options = dict(zip(("gamma", "beta", "epsilon"), given, strict=False))
        options |= {renamed.get(key, key): value for key, value in named.items()}
        array = plain(x)
        count = array.shape[axis]
        centred = array - array.sum(axis=axis, keepdims=True) / count
        deviation = np.sqrt(
            (centred**2).sum(axis=axis, keepdims=True) / count + plain(options.get("epsilon", 1e-5))
        )
        return wrapped(
            plain(options.get("gamma", 1.0)) * centred / deviation + plain(options.get("beta", 0.0))
        )

    return layer


def _attention(queries: Any, keys: Any, values: Any) -> Array:
    q, k, v = map(plain, (queries, keys, values))
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    return wrapped(plain(_softmax(scores)) @ v)


def _gate(x: Any, h: Any, w: Any, u: Any, b: Any) -> Any:
    return x @ w + h @ u + b


def _rnn_cell(*given: Any) -> Array:
    return _tanh(_gate(*map(plain, given)))


def _gru_cell(*given: Any) -> Array:
    x, h, *weights = map(plain, given)
    reset, update = _sigmoid(_gate(x, h, *weights[:3])), _sigmoid(_gate(x, h, *weights[3:6]))
    candidate = plain(_tanh(_gate(x, reset * h, *weights[6:])))
    return wrapped(update * h + (1 - update) * candidate)


def _lstm_cell(*given: Any) -> Array:
    x, h, c, *weights = map(plain, given)
    i, f, o = (_sigmoid(_gate(x, h, *weights[3 * place : 3 * place + 3])) for place in range(3))
    state = f * c + i * plain(_tanh(_gate(x, h, *weights[9:])))
    return wrapped(np.concatenate([o * plain(_tanh(state)), state], axis=-1))


NAMESPACE: Mapping[str, Any] = {
    **ELEMENTWISE,
    **_REDUCTIONS,
    "max": _of_one_or_more("largest", "maximum"),
    "min": _of_one_or_more("smallest", "minimum"),
    "amax": _REDUCTIONS["largest"],
    "amin": _REDUCTIONS["smallest"],
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "dot": _each(np.matmul),
    "matmul": _each(np.matmul),
    "mm": _each(np.matmul),
    "outer": _each(np.outer),
    "trace": _each(np.trace),
    "tr": _each(np.trace),
    "det": _each(np.linalg.det),
    "logdet": _logdet,
    "inv": _each(np.linalg.inv),
    "diag": _each(np.diag),
    "transpose": _transpose,
    "reshape": _reshape,
    "view": _reshape,
    "concatenate": _list_of(np.concatenate),
    "concat": _list_of(np.concatenate),
    "cat": _list_of(np.concatenate),
    "stack": _list_of(np.stack),
    "ones": _filled(1.0),
    "zeros": _filled(0.0),
    "eye": lambda *sizes: wrapped(np.eye(*sizes)),
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "layer_norm": _normalised(-1),
    "batch_norm": _normalised(0),
    "attention": _attention,
    "rnn_cell": _rnn_cell,
    "gru_cell": _gru_cell,
    "lstm_cell": _lstm_cell,
}
"""Every function of the language, over arrays of complex numbers."""

_LINALG = SimpleNamespace(**{name: NAMESPACE[name] for name in ("det", "inv", "norm")})
LIBRARIES: Mapping[str, Any] = dict.fromkeys(
    ("np", "numpy", "torch", "jnp"), SimpleNamespace(**NAMESPACE, linalg=_LINALG, newaxis=None)
)
"""The prefixes that are passed over."""


def _methods() -> None:
    for name, function in NAMESPACE.items():
        setattr(Array, name, function)


_methods()

# -------------------------------------------------------------------------------- runs and slopes


def evaluated(expression: str, values: Values) -> Any:
    """One expression at real values, real."""
    return plain(eval(expression, {**LIBRARIES, **NAMESPACE, **_given(values)})).real


def _given(values: Values) -> dict[str, Any]:
    return {name: one if isinstance(one, int) else wrapped(one) for name, one in values.items()}


class Program:
    """The text of a program, run by Python.

    Args:
        text: equations in NumPy's syntax; the last one gives the output.
        extra: more functions, for operations that the language has no word for.
    """

    def __init__(self, text: str, extra: Mapping[str, Any] | None = None) -> None:
        self.text = text
        self._code = compile(
            "\n".join(line.strip() for line in text.replace(";", "\n").splitlines()), "L", "exec"
        )
        self.output = text.replace(";", "\n").strip().splitlines()[-1].partition("=")[0].strip()
        self._names = {**LIBRARIES, **NAMESPACE, **(extra or {})}

    def values(self, values: Values) -> dict[str, Any]:
        """Every name with its complex value."""
        given = _given(values)
        space: dict[str, Any] = {**self._names, **given}
        exec(self._code, space)
        return {
            name: plain(one)
            for name, one in space.items()
            if name != "__builtins__" and (name not in self._names or name in given)
        }

    def value(self, values: Values) -> Any:
        """The output, a complex number."""
        return self.values(values)[self.output]

    def along(self, values: Values, directions: Values) -> float:
        """The derivative of the output along a direction, by the complex step."""
        moved = {name: plain(values[name]) + 1j * STEP * np.asarray(one) for name, one in directions.items()}
        return float(self.value({**values, **moved}).imag / STEP)

    def gradients(self, values: Values, wrt: Sequence[str]) -> dict[str, Any]:
        """The derivative by every entry of the named arrays."""
        return {name: self._entries(values, name, self.along) for name in wrt}

    def gradients_by_differences(self, values: Values, wrt: Sequence[str]) -> dict[str, Any]:
        """Likewise by central differences, twice extrapolated: slower, and to some nine digits only."""
        return {name: self._entries(values, name, self._richardson) for name in wrt}

    def _entries(self, values: Values, name: str, slope: Callable[[Values, Values], float]) -> Any:
        result = np.zeros(np.shape(values[name]))
        for place in np.ndindex(*result.shape):
            direction = np.zeros(result.shape)
            direction[place] = 1.0
            result[place] = slope(values, {name: direction})
        return result

    def _richardson(self, values: Values, directions: Values, step: float = 4e-3) -> float:
        def central(h: float) -> float:
            around = [
                self.value(
                    {
                        **values,
                        **{n: np.asarray(values[n]) + s * h * np.asarray(d) for n, d in directions.items()},
                    }
                )
                for s in (1, -1)
            ]
            return float((around[0] - around[1]).real / (2 * h))

        one, two, three = (central(step / 2**place) for place in range(3))
        first, second = (4 * two - one) / 3, (4 * three - two) / 3
        return (16 * second - first) / 15


def close(found: Any, truth: Any, relative: float = 1e-9) -> bool:
    """Of one shape, and equal up to a share of the largest entry, or of 1e-3 where all are smaller."""
    left, right = np.asarray(found, dtype=float), np.asarray(truth, dtype=float)
    scale = max(float(np.abs(right).max(initial=0.0)), float(np.abs(left).max(initial=0.0)), 1e-3)
    return left.shape == right.shape and bool(np.abs(left - right).max(initial=0.0) <= relative * scale)
