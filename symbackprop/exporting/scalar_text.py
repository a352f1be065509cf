"""Expressions of numbers for a reader, in Python and in C."""

from __future__ import annotations

from sympy import Expr

from symbackprop.exporting.readable import Readable, is_plain
from symbackprop.lowering.printer import Level, Piece
from symbackprop.lowering.scalar_code import CScalars, PythonScalars


class ReadablePython(Readable, PythonScalars):
    """Python over numbers."""

    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """x**2, (x + y) ** 2; power(x, y) is no complex number where x is negative."""
        if not exponent.is_Integer:
            return self.call("power", [base, exponent])
        sign = "**" if is_plain(base) else " ** "
        return Piece(f"{self.at(base, Level.ATOM)}{sign}{exponent}", Level.POWER)


class ReadableC(Readable, CScalars):
    """C over `double`."""

    times = "*"
    over = "/"
