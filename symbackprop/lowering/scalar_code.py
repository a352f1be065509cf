"""Expressions of numbers as code: Python for CPython and Numba, and C."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sympy import Basic, Expr, Integer, Symbol

from symbackprop.lowering.printer import CodePrinter, Level, Piece

_EXACT = 2**53
"""Whole numbers up to here are doubles."""


class PythonScalars(CodePrinter):
    """Python over numbers; functions are those of `symbackprop.backends.scalar_functions`.

    Args:
        names: what the symbols are called in code.
        real: what makes a literal a number of the chosen precision; none where Python's own will do.
    """

    calls: ClassVar[Mapping[str, str]] = {"absolute": "abs", "signum": "sign"}

    def __init__(self, names: Mapping[Symbol, str], real: str = "") -> None:
        super().__init__(names)
        self.real = real

    def integer(self, value: int) -> str:
        """2, or real(2)."""
        return self._typed(str(value) if abs(value) <= _EXACT else repr(float(value)))

    def literal(self, value: float) -> str:
        """0.1, or real(0.1)."""
        return self._typed(repr(value))

    def _typed(self, digits: str) -> str:
        if not self.real:
            return digits
        return f"-{self.real}({digits[1:]})" if digits.startswith("-") else f"{self.real}({digits})"

    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """x**2; power(x, y) is no complex number where x is negative."""
        if isinstance(exponent, Integer):
            return Piece(f"{self.at(base, Level.ATOM)}**{exponent}", Level.POWER)
        return self.call("power", [base, exponent])

    def choice(self, test: Basic, then: Basic, other: Basic) -> Piece:
        """a if test else b: only what is chosen is computed."""
        taken, left = self.at(then, Level.TEST), self.at(other, Level.CHOICE)
        return Piece(f"{taken} if {self(test)} else {left}", Level.CHOICE)

    def softmax(self, expression: Expr) -> Piece:
        """softmax(k, (z_1, z_2)): the k-th, counted from 1."""
        index, inputs = expression.args
        listed = ", ".join(self(one) for one in inputs)
        return self.called("softmax", str(index), f"({listed},)" if len(inputs) == 1 else f"({listed})")


class CScalars(CodePrinter):
    """C11 over `double`; functions are those of `math.h` and of `symbackprop/backends/functions.c`."""

    calls: ClassVar[Mapping[str, str]] = {"absolute": "fabs", "signum": "sign", "power": "pow"}

    def integer(self, value: int) -> str:
        """2.0."""
        return repr(float(value))

    def number(self, expression: Basic) -> Piece:
        """A literal; a third is 1.0/3.0."""
        return super().number(expression)

    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """x*x, pow(x, 3.0)."""
        if exponent == 2:
            if isinstance(base, Symbol):
                return Piece(f"{self(base)}*{self(base)}", Level.PRODUCT)
            return self.call("square", [base])
        return self.call("power", [base, exponent])

    def choice(self, test: Basic, then: Basic, other: Basic) -> Piece:
        """test ? a : b."""
        taken, left = self.at(then, Level.TEST), self.at(other, Level.CHOICE)
        return Piece(f"{self(test)} ? {taken} : {left}", Level.CHOICE)
