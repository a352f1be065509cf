"""How a number is printed, and how a printed number is carried on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Literal

import sympy

from symbackprop.conventions import Conventions

LARGEST_PLAIN = 1e15
SMALLEST_PLAIN = 4
"""Numbers below 10 to the minus this are printed with an exponent."""
_MODES = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP}


@dataclass(frozen=True)
class NumberFormat:
    """One rule for all numbers.

    A whole number is printed as one and an exact 0 as `0`; else with d digits `%.df` from 1e-4 up and `%.de`
    below (with fewer than four digits, `%.df` as long as it shows one). An exact rational, as the author
    typed it, keeps its digits. `by_hand` takes ties on the decimal digits that a person sees.

    >>> rule = NumberFormat()
    >>> [rule(0.1), rule(0.0), rule(-5.851379e-05), rule(3.0), rule(sympy.Rational("0.5"))]
    ['0.100000', '0', '-5.851379e-05', '3', '0.5']
    """

    digits: int = 6
    rounding: Literal["half_even", "half_up"] = "half_even"
    by_hand: bool = False

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
        return bool(float(f"1e{-min(self.digits, SMALLEST_PLAIN)}") <= abs(number) < LARGEST_PLAIN)

    def _fixed(self, number: float) -> str:
        if not self._decimal:
            return f"{number:.{self.digits}f}"
        return f"{self._rounded(number, -self.digits):f}"

    def _scientific(self, number: float) -> str:
        if self._decimal:
            number = float(self._rounded(number, Decimal(repr(number)).adjusted() - self.digits))
        return f"{number:.{self.digits}e}"

    @property
    def _decimal(self) -> bool:
        return self.by_hand or self.rounding == "half_up"

    def _rounded(self, number: float, last: int) -> Decimal:
        with localcontext(prec=60):
            return Decimal(repr(number)).quantize(Decimal(1).scaleb(last), _MODES[self.rounding])

    def carried(self, value: float) -> float:
        """The number that the printed digits say: what a calculation by hand goes on with."""
        return float(self(value))


def number_format(conventions: Conventions) -> NumberFormat:
    """The rule for numbers under these conventions."""
    return NumberFormat(conventions.digits, conventions.rounding, by_hand=conventions.carry == "rounded")


def number_parts(digits: str, point: str = ".") -> tuple[str, str, str]:
    """The sign, the mantissa and the exponent of a printed number; no exponent where it is 0.

    Args:
        digits: as the number format writes them.
        point: what stands before the decimals.

    >>> number_parts("-5.85e-05", ","), number_parts("5e+20"), number_parts("0.25")
    (('-', '5,85', '-5'), ('', '5', '20'), ('', '0.25', ''))
    """
    size = digits.removeprefix("-")
    mantissa, _, exponent = size.partition("e")
    raised = int(exponent or 0)
    return digits[: len(digits) - len(size)], mantissa.replace(".", point), str(raised) if raised else ""


def scientific(number: Decimal) -> str:
    """The digits of a decimal with an exponent, as the number format writes it.

    >>> scientific(Decimal("0.000050")), scientific(Decimal("-120"))
    ('5e-05', '-1.2e+02')
    """
    mantissa, _, exponent = f"{number.normalize():e}".partition("e")
    return f"{mantissa}e{int(exponent):+03d}"


def typed(value: sympy.Rational) -> str:
    """A rational as one writes it: whole, as a decimal where that ends and is no simple fraction, else p/q.

    >>> typed(sympy.Rational(1, 2)), typed(sympy.Rational("0.044715")), typed(sympy.Rational(1, 3))
    ('0.5', '0.044715', '1/3')
    """
    decimal = as_decimal(value)
    return f"{value.p}/{value.q}" if decimal is None else decimal


def as_decimal(value: sympy.Rational) -> str | None:
    """The digits of a rational whose decimal ends, else None.

    >>> as_decimal(sympy.Rational(-1, 8)), as_decimal(sympy.Rational(1, 3))
    ('-0.125', None)
    """
    rest, places = int(value.q), 0
    while rest % 10 == 0 or rest % 2 == 0 or rest % 5 == 0:
        rest //= 10 if rest % 10 == 0 else 2 if rest % 2 == 0 else 5
        places += 1
    if rest != 1:
        return None
    digits = str(abs(int(value.p)) * 10**places // int(value.q)).zfill(places + 1)
    sign = "-" if value.p < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
