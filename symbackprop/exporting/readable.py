"""Expressions as code for a reader: one bar for each fraction, few brackets.

Where a backend keeps the order in which a formula rounds, what is read drops brackets that keep nothing
else: a (b/c) is a * b / c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from sympy import Expr, Mul, Number, Pow, Rational, Symbol

from symbackprop import operations as op
from symbackprop.expressions import is_reciprocal, negative_part
from symbackprop.lowering.printer import CodePrinter, Level, Piece
from symbackprop.notation.numbers import as_decimal
from symbackprop.notation.printer import SIMPLE_FRACTION

WIDEST = 2**31 - 1
"""Larger whole numbers are none in every library."""


class Readable(CodePrinter):
    """Prints products and powers as they are written by hand, in whatever language."""

    times: ClassVar[str] = " * "
    over: ClassVar[str] = " / "

    def product(self, expression: Mul) -> Piece:
        """-a * b / (c * d)."""
        minus, positive = negative_part(expression)
        if minus:
            return Piece(f"-{self.at(positive, Level.PRODUCT)}", Level.SUM)
        above: list[Expr] = []
        below: list[Expr] = []
        for factor in _factors(positive):
            if isinstance(factor, Rational) and is_simple(factor):
                above += [Rational(factor.p)] * (factor.p != 1)
                below.insert(0, Rational(factor.q))
            elif is_reciprocal(factor):
                below.append(factor)
            else:
                above.append(factor)
        return self._over(self._beside(above), [self._under(one) for one in below])

    def _beside(self, factors: list[Expr]) -> Piece:
        if not factors:
            return Piece(self.integer(1))
        if len(factors) == 1:
            return self.piece(factors[0])
        return Piece(self.times.join(map(self._factor_beside, factors)), Level.PRODUCT)

    def _factor_beside(self, factor: Expr) -> str:
        # A * (B @ x) is no A * B @ x.
        return self.at(factor, Level.SIGN if isinstance(factor, op.matmul) else Level.PRODUCT)

    def _under(self, factor: Expr) -> Piece:
        return self._power(factor.base, -factor.exp) if isinstance(factor, Pow) else self.piece(factor)

    def _over(self, above: Piece, below: list[Piece]) -> Piece:
        if not below:
            return above
        over = above.text if above.level >= Level.PRODUCT else f"({above.text})"
        if len(below) == 1:
            (only,) = below
            return Piece(f"{over}{self.over}{_in_brackets(only, Level.SIGN)}", Level.PRODUCT)
        under = self.times.join(_in_brackets(one, Level.PRODUCT) for one in below)
        return Piece(f"{over}{self.over}({under})", Level.PRODUCT)

    def power(self, expression: Pow) -> Piece:
        """x**n, 1 / x**n."""
        if is_reciprocal(expression):
            return self._over(Piece(self.integer(1)), [self._under(expression)])
        return self._power(expression.base, expression.exp)

    def number(self, expression: Number) -> Piece:
        """A whole number, a decimal, or a quotient with spaces."""
        piece = super().number(expression)
        return piece._replace(text=piece.text.replace("/", self.over))

    def integer(self, value: int) -> str:
        """A whole number; as a decimal where it has more than 32 bits."""
        return super().integer(value) if abs(value) <= WIDEST else self.literal(float(value))

    def literal(self, value: float) -> str:
        """A decimal without needless zeros: 1e-5."""
        return super().literal(value).replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def _in_brackets(piece: Piece, level: Level) -> str:
    return piece.text if piece.level >= level else f"({piece.text})"


def _factors(expression: Expr) -> Iterator[Expr]:
    """The factors of a product, those of products within it too."""
    for factor in expression.args:
        minus, _ = negative_part(factor)
        if isinstance(factor, Mul) and not minus:
            yield from _factors(factor)
        else:
            yield factor


def is_simple(value: Rational) -> bool:
    """Whether a number is printed as a fraction, and not as a decimal or a whole number."""
    if value.q == 1 or abs(value.p) > WIDEST or value.q > WIDEST:
        return False
    return bool(value.q < SIMPLE_FRACTION or as_decimal(value) is None)


def is_plain(expression: Expr) -> bool:
    """Whether it is a name or a number."""
    return isinstance(expression, Symbol) or (isinstance(expression, Number) and not expression.is_negative)
