"""Activations that a model spells out in operations of arithmetic are known by their values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sympy import Expr, Float, Rational, Symbol

from symbackprop.exact import TooLong, exact_value
from symbackprop.expressions import symbols_in
from symbackprop.language import parse_expression
from symbackprop.models.layers import LAYERS

SPELLED_OUT = (
    "relu",
    "sigmoid",
    "tanh",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "hard_swish",
    "log_sigmoid",
)
"""Those that exporters write in operations."""

POINTS = tuple(map(Float, ("-4.7", "-2.3", "-0.9", "-0.2", "0.3", "1.1", "2.9", "3.6")))
PRECISION = 1e-6
"""Constants in a file, such as √2, are rounded to single precision."""


def recognised(text: str) -> tuple[str, str] | None:
    """The layer that has the values of these equations, and its text; none where there is none.

    What differs by less than the rounding of single precision at all of eight points is taken for the same.

    >>> recognised("z*(1 + erf(z/1.4142135))*0.5")
    ('gelu', 'gelu(z)')
    """
    expression = parse_expression(text)
    names = symbols_in(expression)
    if len(names) != 1:
        return None
    values = _values(expression, names[0])
    for word, known in _known().items():
        if values is not None and all(map(_is_same, values, known)):
            return word, LAYERS[word].variants((), {})[0].format(x=names[0].name)
    return None


def _is_same(one: float, other: float) -> bool:
    return abs(one - other) <= PRECISION * max(abs(other), 1)


@cache
def _known() -> Mapping[str, tuple[float, ...]]:
    x = Symbol("x")
    texts = {word: LAYERS[word].variants((), {})[0].format(x="x") for word in SPELLED_OUT}
    found = {word: _values(parse_expression(text), x) for word, text in texts.items()}
    return {word: values for word, values in found.items() if values is not None}


def _values(expression: Expr, symbol: Symbol) -> tuple[float, ...] | None:
    """At the points; none where there is no real number at one of them."""
    # Fractions are rounded first: the exact power of one by another may fill the memory.
    rounded = expression.xreplace(
        {one: Float(one) for one in expression.atoms(Rational) if not one.is_Integer}
    )
    try:
        numbers = [complex(exact_value(rounded, {symbol: point}).evalf()) for point in POINTS]
    except (TooLong, TypeError):
        return None
    return None if any(number.imag for number in numbers) else tuple(number.real for number in numbers)
