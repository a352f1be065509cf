"""Expressions of numbers for a reader, in Python and in C."""

from __future__ import annotations

from sympy import Expr

from symbackprop.exporting.readable import Readable, is_plain
from symbackprop.lowering.printer import Level, Piece
from symbackprop.lowering.scalar_code import CScalars, PythonScalars


class PythonText(Readable, PythonScalars):
    """Python over numbers."""

    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """x**2, (x + y) ** 2; power(x, y) is no complex number where x is negative."""
        if not exponent.is_Integer:
            return self.call("power", [base, exponent])
        sign = "**" if is_plain(base) else " ** "
        return Piece(f"{self.at(base, Level.ATOM)}{sign}{exponent}", Level.POWER)


class CText(Readable, CScalars):
    """C over `double`."""

    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """x * x, pow(x, 3.0)."""
        found = super().raised(base, exponent)
        return found._replace(text=found.text.replace("*", " * ")) if found.level is Level.PRODUCT else found
