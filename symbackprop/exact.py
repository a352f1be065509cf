"""Exact values: expressions at rational numbers, as e^{-6} or 4333/10000, where they stay short."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from sympy import Add, Basic, Expr, Integer, Pow, Rational, S, Symbol

from symbackprop.functions import Declared, rounded

MOST_BITS = 4000
"""Numbers longer than this are not carried exactly."""


MOST_DIGITS = 40
LARGEST_EXPONENT = 308


def is_ordinary(number: Decimal) -> bool:
    """Whether a number given by a user is finite, has at most 40 digits and fits into a double.

    >>> is_ordinary(Decimal("-0.25")), is_ordinary(Decimal("1e-999999999"))
    (True, False)
    """
    if not number.is_finite():
        return False
    return len(number.as_tuple().digits) <= MOST_DIGITS and abs(number.adjusted()) <= LARGEST_EXPONENT


class TooLong(Exception):
    """An exact value has grown too long to be written."""


def exact_value(expression: Expr, values: Mapping[Symbol, Expr]) -> Expr:
    """The expression at these values, carried out exactly.

    Raises:
        TooLong: a number in it has more than `MOST_BITS` bits.

    >>> x = Symbol("x")
    >>> exact_value(x**2 / 3, {x: Rational("0.5")})
    1/12
    """
    if expression in values:
        return values[expression]
    if not expression.args:
        return expression
    arguments = [exact_value(argument, values) for argument in expression.args]
    if isinstance(expression, Pow):
        _refuse_long(arguments)
    if isinstance(expression, rounded):
        value, digits = arguments
        return _rounded(value, int(digits))
    if isinstance(expression, Add) and all(isinstance(one, Rational) for one in arguments):
        return sum(arguments, S.Zero)  # `Add` would import SymPy's tensors first.
    result: Basic = expression.func(*arguments)
    return result.doit() if isinstance(result, Declared) else result


def _refuse_long(arguments: list[Expr]) -> None:
    base, exponent = arguments
    if isinstance(base, Rational) and isinstance(exponent, Integer):
        bits = max(int(base.p).bit_length(), int(base.q).bit_length())
        if bits * abs(int(exponent)) > MOST_BITS:
            raise TooLong
    if isinstance(exponent, Rational) and abs(exponent) > MOST_BITS:
        raise TooLong


def _rounded(value: Expr, digits: int) -> Rational:
    """Half to even, as Python and NumPy round."""
    if abs(digits) > MOST_DIGITS:
        raise TooLong
    number = Fraction(value.p, value.q) if isinstance(value, Rational) else Fraction(str(value.evalf(30)))
    result = round(number, digits)
    return Rational(result.numerator, result.denominator)
