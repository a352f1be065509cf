"""Expressions -> text, in the order in which they stand; one walk for all ways of writing.

The `Syntax` says how a fraction, a power, a call look; the printer knows signs, brackets and the order.
With `values` the same walk prints the substituted numbers: every number that stands for a symbol is put in
brackets in a product, and in a sum that holds such products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, Rational, S, Symbol
from sympy.core.relational import Relational

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.conventions import Conventions
from symbackprop.expressions import AtStep, Prime, Quotient, is_reciprocal, negative_part, plain_product
from symbackprop.notation.numbers import as_decimal, number_format
from symbackprop.notation.syntax import Level, Piece, Syntax

SIMPLE_FRACTION = 10
"""A rational with a smaller denominator is printed as a fraction, another as a decimal where that ends."""


class Printer:
    """Prints expressions in one syntax under one set of conventions.

    Args:
        syntax: how things look.
        conventions: ∂ or d, σ(z) or in full, the digits.
        values: numbers to print in the place of symbols.
    """

    def __init__(
        self, syntax: Syntax, conventions: Conventions, values: Mapping[Basic, Any] | None = None
    ) -> None:
        self.syntax, self.conventions, self.values = syntax, conventions, values or {}
        self.format = number_format(conventions)

    def __call__(self, expression: Expr) -> str:
        """The expression as text."""
        return self.piece(expression).text

    def piece(self, expression: Basic) -> Piece:
        """The expression as text, with how tightly it holds."""
        if expression in self.values:
            return self._value(self.values[expression])
        match expression:
            case Symbol():
                return Piece(self.syntax.name(expression))
            case AtStep():
                return Piece(self.syntax.name(expression.symbol, str(expression.step)))
            case Quotient():
                return self._quotient(expression)
            case Prime():
                (inner,) = expression.args
                arguments = [self.piece(argument).text for argument in inner.args]
                return Piece(self.syntax.call(inner.func, arguments, "'"))
            case Add():
                return self._sum(expression)
            case Mul():
                return self._product(expression)
            case Rational():
                return self._rational(expression)
            case sympy.Float():
                return self._rational(Rational(str(expression)))
            case Pow():
                return self._power(expression)
            case sympy.Function():
                return self._call(expression)
        if expression is sympy.pi:
            return Piece(self.syntax.pi)
        if expression is S.Exp1:
            return self.syntax.exponential(Piece("1", number=True))
        raise TypeError(f"no way to print {type(expression).__name__}")

    def value(self, number: Any) -> str:
        """A number under the rule for numbers."""
        return self.syntax.number(self.format(number))

    def number(self, value: Any) -> str:
        """A number, or an array of them."""
        return self.value(value)

    def _value(self, number: Any) -> Piece:
        digits = self.format(number)
        level = Level.SUM if digits.startswith("-") else Level.PRODUCT if "e" in digits else Level.ATOM
        return Piece(self.syntax.number(digits), level, number=True, substituted=True)

    def _quotient(self, expression: Quotient) -> Piece:
        mark = "d" if self.conventions.derivative == "d" else "∂"
        of, by = self.syntax.name(expression.of), self.syntax.name(expression.by)
        text = self.syntax.quotient(of, by, mark)
        if expression.held:
            text = self.syntax.held(text, ", ".join(map(self.syntax.name, expression.held)))
        return Piece(text, Level.PRODUCT, quotient=True, fraction=True)

    def _rational(self, value: Rational) -> Piece:
        level = Level.SUM if value.is_negative else Level.ATOM
        decimal = as_decimal(value)
        if value.q == 1 or (decimal is not None and value.q >= SIMPLE_FRACTION):
            return Piece(self.syntax.number(str(decimal)), level, number=True)
        above, below = Piece(str(abs(value.p)), number=True), Piece(str(value.q), number=True)
        piece = self.syntax.fraction(above, below)
        return (
            piece._replace(text=self.syntax.minus + piece.text, level=Level.SUM)
            if value.is_negative
            else piece
        )

    def _sum(self, expression: Add) -> Piece:
        signed = [negative_part(term) for term in expression.args]
        pieces = [self.piece(size) for _, size in signed]
        in_brackets = any(
            piece.substituted and piece.level == Level.PRODUCT and not piece.number for piece in pieces
        )
        text = ""
        for (minus, _), piece in zip(signed, pieces, strict=True):
            alone = piece.number and piece.substituted
            first = not text and not minus
            negative = piece.level == Level.SUM
            wrap = (in_brackets or negative) and not first if alone else negative
            shown = self.syntax.bracket(piece.text) if wrap else piece.text
            if text:
                text += f" {self.syntax.minus if minus else '+'} {shown}"
            else:
                text = (self.syntax.minus if minus else "") + shown
        return Piece(text, Level.SUM, substituted=any(piece.substituted for piece in pieces))

    def _product(self, expression: Mul) -> Piece:
        minus, size = negative_part(expression)
        piece = self._unsigned(size)
        if not minus:
            return piece
        shown = self.syntax.bracket(piece.text) if piece.level == Level.SUM else piece.text
        return Piece(self.syntax.minus + shown, Level.SUM, substituted=piece.substituted)

    def _unsigned(self, expression: Expr) -> Piece:
        if not isinstance(expression, Mul):
            return self.piece(expression)
        below = [factor for factor in expression.args if is_reciprocal(factor)]
        if below:
            return self._fraction(expression, below)
        pieces: list[Piece] = []
        for factor in expression.args:
            if isinstance(factor, Rational) and factor.p == 1 and factor.q > 1 and pieces:
                pieces = [self.syntax.fraction(self._row(pieces), Piece(str(factor.q), number=True))]
            else:
                pieces.append(self.piece(factor))
        return self._row(pieces)

    def _fraction(self, expression: Mul, below: list[Expr]) -> Piece:
        above: list[Piece] = []
        under: list[Piece] = []
        for factor in expression.args:
            if isinstance(factor, Rational):
                above += [self.piece(Rational(factor.p))] * (factor.p != 1)
                under.insert(0, self.piece(Rational(factor.q)))
            elif factor not in below:
                above.append(self.piece(factor))
        under = [piece for piece in under if piece.text != "1"]
        under += [
            self.piece(Pow(factor.base, -factor.exp, evaluate=False) if factor.exp != -1 else factor.base)
            for factor in below
        ]
        return self.syntax.fraction(self._row(above) if above else Piece("1", number=True), self._row(under))

    def _row(self, pieces: list[Piece]) -> Piece:
        """Factors side by side."""
        if len(pieces) == 1:
            return pieces[0]
        shown = [self._factor(piece) for piece in pieces]
        text = shown[0].text
        for left, right in pairwise(shown):
            text += self.syntax.join(left, right) + right.text
        return Piece(text, Level.PRODUCT, substituted=any(piece.substituted for piece in pieces))

    def _factor(self, piece: Piece) -> Piece:
        if piece.level <= Level.HADAMARD or (piece.substituted and piece.number):
            return piece._replace(text=self.syntax.bracket(piece.text), level=Level.ATOM)
        return piece

    def _power(self, expression: Pow) -> Piece:
        base, exponent = expression.args
        if is_reciprocal(expression):
            below = base if exponent is S.NegativeOne else Pow(base, -exponent, evaluate=False)
            return self.syntax.fraction(Piece("1", number=True), self.piece(below))
        if exponent == S.Half:
            return self.syntax.root(self.piece(base))
        inner = self.piece(base)
        raised = isinstance(base, Symbol | AtStep) and ("^" in inner.text or inner.text == "e")
        wrap = raised or inner.level < Level.ATOM or (inner.substituted and inner.number)
        text = self.syntax.bracket(inner.text) if wrap else inner.text
        return Piece(
            self.syntax.power(text, self.piece(exponent)), Level.POWER, substituted=inner.substituted
        )

    def argument(self, argument: Basic) -> str:
        """An argument of a call: an expression, or a tuple of them."""
        if isinstance(argument, sympy.Tuple):
            return self.syntax.bracket(self.syntax.language.comma.join(map(self.argument, argument)))
        return self.piece(argument).text

    def _call(self, expression: sympy.Function) -> Piece:
        if isinstance(expression, op.Operation):
            return self.syntax.operation(expression, self)
        special = _SPECIAL.get(expression.func)
        if special is not None:
            return special(self, expression)
        pieces = [self.piece(argument) for argument in expression.args]
        text = self.syntax.call(expression.func, [piece.text for piece in pieces])
        return Piece(text, substituted=any(piece.substituted for piece in pieces))

    def relation(self, test: Relational) -> str:
        """A comparison."""
        left, right = (self.piece(side) for side in test.args)
        return f"{left.text}{self.syntax.relation(test.rel_op)}{right.text}"

    def _softmax(self, expression: Any) -> Piece:
        index, inputs = expression.args
        arguments = [self.piece(one).text for one in inputs]
        return Piece(self.syntax.call(expression.func, arguments, str(index)), substituted=bool(self.values))

    def _sigmoid(self, expression: Any) -> Piece:
        if self.conventions.sigma == "full":
            return self._full_sigmoid(expression)
        return Piece(
            self.syntax.call(expression.func, [self.piece(expression.args[0]).text]),
            substituted=bool(self.values),
        )

    def _full_sigmoid(self, expression: Any) -> Piece:
        raised = self.syntax.exponential(self.piece(plain_product([S.NegativeOne, expression.args[0]])))
        return self.syntax.fraction(Piece("1", number=True), Piece(f"1 + {raised.text}", Level.SUM))

    def _where(self, expression: Any) -> Piece:
        test, then, other = expression.args
        return Piece(
            self.syntax.cases(self.relation(test), self(then), self(other)), substituted=bool(self.values)
        )


_SPECIAL: Mapping[Any, Callable[[Printer, Any], Piece]] = {
    sympy.exp: lambda printer, e: printer.syntax.exponential(printer.piece(e.args[0])),
    functions.absolute: lambda printer, e: Piece(printer.syntax.absolute(printer(e.args[0]))),
    functions.sqrt: lambda printer, e: printer.syntax.root(printer.piece(e.args[0])),
    functions.xlogx: lambda printer, e: printer.piece(
        plain_product([e.args[0], sympy.log(e.args[0], evaluate=False)])
    ),
    functions.indicator: lambda printer, e: Piece(printer.syntax.indicator(printer.relation(e.args[0]))),
    functions.where: lambda printer, e: printer._where(e),
    functions.softmax: Printer._softmax,
    functions.sigmoid: Printer._sigmoid,
}
