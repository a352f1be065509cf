"""The functions of the language for numbers, in plain Python: run by CPython, compiled by Numba, exported.

Each is written so that nothing overflows on the way and no digits cancel. Here `log(0)` and `1/0` raise, and
Numba gives what IEEE 754 says.
"""

from __future__ import annotations

from math import erfc, exp, expm1, isnan, log, log1p, pow, tanh


def sign(x: float) -> float:
    """-1, 0 or 1."""
    return 1.0 if x > 0 else -1.0 if x < 0 else x * x


def power(x: float, y: float) -> float:
    """x^y, a real number or none."""
    return pow(x, y)


def xlogx(z: float) -> float:
    """z log z, 0 at 0."""
    return z * log(z) if z != 0 else 0.0


def sigmoid(z: float) -> float:
    """1/(1 + e^{-z}); far to the left it is e^z."""
    return 1.0 / (1.0 + exp(-z)) if z > -700.0 else exp(z)


def relu(z: float) -> float:
    """max(z, 0)."""
    return 0.0 if z <= 0 else z


def softplus(z: float) -> float:
    """log(1 + e^z) = max(z, 0) + log(1 + e^{-|z|})."""
    return relu(z) + log1p(exp(-abs(z)))


def leaky_relu(z: float, alpha: float) -> float:
    """z where z > 0, else α z."""
    return z if z > 0 else alpha * z


def elu(z: float, alpha: float) -> float:
    """z where z > 0, else α (e^z - 1)."""
    return z if z > 0 else alpha * expm1(z)


def selu(z: float) -> float:
    """λ elu(z, α) with the constants of Klambauer and others (2017)."""
    return 1.0507009873554805 * elu(z, 1.6732632423543772)


def gelu(z: float) -> float:
    """z Φ(z), Φ by erfc: no digits cancel on the left."""
    return z / 2 * erfc(-z / 1.4142135623730951)


def gelu_tanh(z: float) -> float:
    """z/2 (1 + tanh u) = z σ(2u) with u = √(2/π) (z + 0.044715 z³)."""
    return z * sigmoid(1.5957691216057308 * (z + 0.044715 * z * z * z))


def silu(z: float) -> float:
    """z σ(z)."""
    return z * sigmoid(z)


def mish(z: float) -> float:
    """z tanh(softplus(z))."""
    return z * tanh(softplus(z))


def softsign(z: float) -> float:
    """z/(1 + |z|)."""
    return z / (1.0 + abs(z))


def step(z: float) -> float:
    """1 where z ≥ 0, else 0."""
    return 1.0 if z >= 0 else 0.0


def maximum(x: float, y: float) -> float:
    """The larger; NaN where one of them is."""
    return x if x > y or isnan(x) else y


def minimum(x: float, y: float) -> float:
    """The smaller; NaN where one of them is."""
    return x if x < y or isnan(x) else y


def clip(x: float, low: float, high: float) -> float:
    """x between low and high."""
    return minimum(maximum(x, low), high)


def hard_sigmoid(z: float) -> float:
    """z/6 + 1/2 between 0 and 1."""
    return clip(z / 6.0 + 0.5, 0.0, 1.0)
