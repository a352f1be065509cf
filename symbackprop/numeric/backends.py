"""The numeric backends: one entry each, saying how its functions are computed without overflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy.printing.numpy import NumPyPrinter

from symbackprop.errors import OptionError, did_you_mean, listing
from symbackprop.functions import FUNCTIONS, SELU_ALPHA, SELU_SCALE, Declared
from symbackprop.numeric.operations import NUMPY_OPERATIONS

Array = Any


@dataclass(frozen=True)
class Backend:
    """How straight-line code becomes a function.

    Attributes:
        printer: SymPy's printer class for its code.
        modules: where the printed names are found.
        functions: the functions of the language, by the names of their SymPy classes.
        array: turns a value into the backend's kind of number.
    """

    printer: type[Any]
    modules: tuple[str, ...]
    functions: Mapping[str, Callable[..., Array]]
    array: Callable[[Any], Array]


def _sigmoid(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1.0, small) / (1.0 + small)


def _softplus(z: Array) -> Array:
    return np.logaddexp(0.0, z)


def _elu(z: Array, alpha: Array) -> Array:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


_erf = np.vectorize(math.erf, otypes=[float])
_erfc = np.vectorize(math.erfc, otypes=[float])


def _gelu_tanh(z: Array) -> Array:
    return z * _sigmoid(math.sqrt(8 / math.pi) * (z + 0.044715 * z**3))


def _softmax(index: int, inputs: tuple[Array, ...]) -> Array:
    largest = inputs[0]
    for z in inputs[1:]:
        largest = np.maximum(largest, z)
    return np.exp(inputs[index - 1] - largest) / sum(np.exp(z - largest) for z in inputs)


def _xlogx(z: Array) -> Array:
    return z * np.log(np.where(z == 0, 1.0, z))


NUMPY_FUNCTIONS: Mapping[str, Callable[..., Array]] = {
    "sqrt": np.sqrt,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "erf": _erf,
    "absolute": np.abs,
    "signum": np.sign,
    "xlogx": _xlogx,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": lambda z: np.maximum(z, 0.0),
    "leaky_relu": lambda z, alpha: np.where(z > 0, z, alpha * z),
    "elu": _elu,
    "selu": lambda z: float(SELU_SCALE) * _elu(z, float(SELU_ALPHA)),
    "gelu": lambda z: z / 2 * _erfc(-z / math.sqrt(2)),
    "gelu_tanh": _gelu_tanh,
    "silu": lambda z: z * _sigmoid(z),
    "mish": lambda z: z * np.tanh(_softplus(z)),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "hard_sigmoid": lambda z: np.clip(z / 6 + 0.5, 0.0, 1.0),
    "step": lambda z: np.where(z >= 0, 1.0, 0.0),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "rounded": lambda x, digits: np.round(x, int(digits)),
    "clip": np.clip,
    "where": np.where,
    "indicator": lambda test: np.where(test, 1.0, 0.0),
    "softmax": _softmax,
}


BACKENDS: Mapping[str, Backend] = {
    "numpy": Backend(
        NumPyPrinter,
        ("numpy",),
        {**NUMPY_FUNCTIONS, **NUMPY_OPERATIONS},
        lambda value: np.asarray(value, dtype=np.float64)[()],
    ),
}


def find_backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        OptionError: there is none.
    """
    if name not in BACKENDS:
        raise OptionError(
            f"unknown backend {name!r}", known=listing(BACKENDS), fix=did_you_mean(name, BACKENDS)
        )
    return BACKENDS[name]


def missing_functions(entry: Backend) -> list[str]:
    """Functions of the language that a backend does not compute; a test holds this empty."""
    heads = {one.head for one in FUNCTIONS.values() if issubclass(one.head, Declared)}
    return sorted(head.__name__ for head in heads if head.__name__ not in entry.functions)
