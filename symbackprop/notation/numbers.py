"""How a number is printed, and how a printed number is carried on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, Literal

import sympy

LARGEST_PLAIN = 1e15
_MODES = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP}


@dataclass(frozen=True)
class NumberFormat:
    """One rule for all numbers.

    A whole number is printed as one and an exact 0 as `0`; with six digits, `%.6f` from 1e-4 up and `%.6e`
    below; with d digits, `%.df` from 10^(2-d) up. An exact rational, as the author typed it, keeps its
    digits.

    >>> rule = NumberFormat()
    >>> [rule(0.1), rule(0.0), rule(-5.851379e-05), rule(3.0), rule(sympy.Rational("0.5"))]
    ['0.100000', '0', '-5.851379e-05', '3', '0.5']
    """

    digits: int = 6
    rounding: Literal["half_even", "half_up"] = "half_even"

    def __call__(self, value: Any) -> str:
        """The number as text."""
        if isinstance(value, sympy.Rational):
            return typed(value)
        number = float(value)
        if not math.isfinite(number):
            return str(number)
        if number == 0:
            return "0"
        if number == int(number) and abs(number) < LARGEST_PLAIN:
            return str(int(number))
        if self._is_plain(number):
            return self._fixed(number)
        return self._scientific(number)

    def _is_plain(self, number: float) -> bool:
        return bool(float(f"1e{min(0, 2 - self.digits)}") <= abs(number) < LARGEST_PLAIN)

    def _fixed(self, number: float) -> str:
        if self.rounding == "half_even":
            return f"{number:.{self.digits}f}"
        return f"{Decimal(repr(number)).quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP):f}"

    def _scientific(self, number: float) -> str:
        if self.rounding == "half_up":
            decimal = Decimal(repr(number))
            number = float(
                decimal.quantize(Decimal(1).scaleb(decimal.adjusted() - self.digits), ROUND_HALF_UP)
            )
        return f"{number:.{self.digits}e}"

    def carried(self, value: float) -> float:
        """The number that the printed digits say: what a calculation by hand goes on with.

        The tie is taken on the decimal digits of the value, as a person sees them.
        """
        if value == 0 or not abs(value) < float("inf"):
            return value
        decimal = Decimal(repr(float(value)))
        last = -self.digits if self._is_plain(value) else decimal.adjusted() - self.digits
        return float(decimal.quantize(Decimal(1).scaleb(last), _MODES[self.rounding]))


def typed(value: sympy.Rational) -> str:
    """A rational as one writes it: whole, as a decimal where that ends and is no simple fraction, else p/q.

    >>> typed(sympy.Rational(1, 2)), typed(sympy.Rational("0.044715")), typed(sympy.Rational(1, 3))
    ('0.5', '0.044715', '1/3')
    """
    decimal = as_decimal(value)
    return f"{value.p}/{value.q}" if decimal is None else decimal


def as_decimal(value: sympy.Rational) -> str | None:
    """The digits of a rational whose decimal ends, else None."""
    rest = value.q
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return None
    number = Decimal(value.p) / Decimal(value.q)
    return f"{number.normalize():f}"
