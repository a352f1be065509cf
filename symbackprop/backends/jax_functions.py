"""The functions for arrays that JAX says in another way than NumPy."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from symbackprop.backends.array_functions import places, zeros

Array = Any


def erf(x: Array) -> Array:
    """The error function."""
    return jax.scipy.special.erf(x)


def erfc(x: Array) -> Array:
    """1 - erf x."""
    return jax.scipy.special.erfc(x)


def inv(matrix: Array) -> Array:
    """A⁻¹; of a singular matrix nothing is finite."""
    return jnp.linalg.inv(matrix)


def placed(g: Array, where: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """Zeros with g in some places."""
    return zeros(shape).at[places(where)].set(g)
