"""Expressions as code in infix form: brackets where they are needed, the order of terms and factors kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple

import sympy
from sympy import (
    Add,
    Basic,
    Expr,
    Float,
    Function,
    Integer,
    Mul,
    Number,
    NumberSymbol,
    Pow,
    Rational,
    S,
    Symbol,
)
from sympy.core.relational import Relational

from symbackprop import functions
from symbackprop.expressions import is_reciprocal, negative_part


class Level(IntEnum):
    """How tightly a piece of code holds together."""

    CHOICE = 0
    TEST = 1
    SUM = 2
    PRODUCT = 3
    SIGN = 4
    POWER = 5
    ATOM = 6


class Piece(NamedTuple):
    """Code, and how tightly it holds."""

    text: str
    level: Level = Level.ATOM


class CodePrinter(ABC):
    """Prints expressions in one language.

    Args:
        names: what the symbols are called in code.

    Attributes:
        names: likewise.
        used: the functions that were called, by their names in code, in the order of their first call.
    """

    calls: ClassVar[Mapping[str, str]] = {}
    """What a function is called in code, where that is not the name of its class."""

    def __init__(self, names: Mapping[Symbol, str]) -> None:
        self.names = names
        self.used: dict[str, None] = {}

    def __call__(self, expression: Basic) -> str:
        """The expression as code."""
        return self.piece(expression).text

    def piece(self, expression: Basic) -> Piece:
        """The expression as code, with how tightly it holds."""
        kind = type(expression)
        name = self._methods.get(kind)
        if name is None:
            name = self._methods[kind] = next(self.rules[head] for head in kind.__mro__ if head in self.rules)
        found: Piece = getattr(self, name)(expression)
        return found

    def at(self, expression: Basic, level: Level) -> str:
        """The expression with brackets, if it holds less tightly than that."""
        text, own = self.piece(expression)
        return text if own >= level else f"({text})"

    # Leaves.

    def symbol(self, expression: Symbol) -> Piece:
        """A name."""
        return Piece(self.names[expression])

    def number(self, expression: Number) -> Piece:
        """A number: as a literal where its decimals end, else as a quotient."""
        if isinstance(expression, Integer):
            return self._signed(self.integer(int(expression)))
        if isinstance(expression, Float) or _ends(int(expression.q)) or _is_long(expression):
            return self._signed(self.literal(float(expression)))
        above, below = self.integer(int(expression.p)), self.integer(int(expression.q))
        return Piece(f"{above}/{below}", Level.PRODUCT)

    def _signed(self, text: str) -> Piece:
        return Piece(text, Level.SIGN if text.startswith("-") else Level.ATOM)

    def integer(self, value: int) -> str:
        """A whole number."""
        return str(value)

    def literal(self, value: float) -> str:
        """A double, with all its digits."""
        return repr(value)

    def constant(self, expression: Basic) -> Piece:
        """π, √2 and the like, which only declared slopes contain."""
        return Piece(self.literal(float(expression)))

    # Arithmetic.

    def sum(self, expression: Add) -> Piece:
        """a - b + c."""
        first, *rest = expression.args
        parts = [self.at(first, Level.SUM)]
        for term in rest:
            minus, positive = negative_part(term)
            # a - (b + c) keeps its brackets, and so does a + (b - c): the order of rounding is the formula's.
            parts.append(f"{' - ' if minus else ' + '}{self.at(positive, Level.PRODUCT)}")
        return Piece("".join(parts), Level.SUM)

    def product(self, expression: Mul) -> Piece:
        """-a*b/(c*d)."""
        minus, positive = negative_part(expression)
        if minus:
            return Piece(f"-{self.at(positive, Level.PRODUCT)}", Level.SIGN)
        above: list[Expr] = []
        under: list[Piece] = []
        for factor in expression.args:
            if is_reciprocal(factor):
                under.append(self._power(factor.base, -factor.exp))
            elif isinstance(factor, Rational) and not _ends(int(factor.q)):
                # A third of a is a/3, not 0.333… times a.
                above += [Integer(factor.p)] if factor.p != 1 else []
                under.append(self.number(Integer(factor.q)))
            else:
                above.append(factor)
        text = "*".join(self._factor(factor, place) for place, factor in enumerate(above))
        if not under:
            return Piece(text, Level.PRODUCT)
        shown = [one.text if one.level >= Level.SIGN else f"({one.text})" for one in under]
        divisor = shown[0] if len(shown) == 1 else f"({'*'.join(shown)})"
        return Piece(f"{text or self.integer(1)}/{divisor}", Level.PRODUCT)

    def _factor(self, factor: Expr, place: int) -> str:
        # A product or a quotient within a product is computed first where it stands behind another factor.
        return self.at(factor, Level.PRODUCT if place == 0 else Level.SIGN)

    def power(self, expression: Pow) -> Piece:
        """x**n, 1/x**n."""
        base, exponent = expression.args
        if is_reciprocal(expression):
            below = self._power(base, -exponent)
            return Piece(
                f"{self.integer(1)}/{below.text if below.level >= Level.POWER else f'({below.text})'}",
                Level.PRODUCT,
            )
        return self._power(base, exponent)

    def _power(self, base: Expr, exponent: Expr) -> Piece:
        if exponent is S.One:
            return self.piece(base)
        if exponent == Rational(1, 2):
            return self.call("sqrt", [base])
        return self.raised(base, exponent)

    @abstractmethod
    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """A power whose exponent is neither 1 nor 1/2, and not negative where it is a number."""

    # Functions.

    def function(self, expression: Expr) -> Piece:
        """f(x, y)."""
        return self.call(type(expression).__name__, expression.args)

    def call(self, name: str, arguments: Any) -> Piece:
        """The call of a function of the language by the name of its class."""
        return self.called(self.calls.get(name, name), *(self(argument) for argument in arguments))

    def called(self, known_as: str, *arguments: str) -> Piece:
        """The call of a function by its name in code."""
        self.used[known_as] = None
        return Piece(f"{known_as}({', '.join(arguments)})")

    def exponential(self, expression: Expr) -> Piece:
        """exp(x), also where SymPy has it as a power."""
        return self.call("exp", expression.args[-1:])

    @abstractmethod
    def choice(self, test: Basic, then: Basic, other: Basic) -> Piece:
        """One of two values."""

    def where(self, expression: Expr) -> Piece:
        """where(test, a, b)."""
        return self.choice(*expression.args)

    def indicator(self, expression: Expr) -> Piece:
        """1 where the test holds, else 0."""
        return self.choice(expression.args[0], S.One, S.Zero)

    relations: ClassVar[Mapping[str, str]] = {
        "==": "==",
        "!=": "!=",
        ">": ">",
        ">=": ">=",
        "<": "<",
        "<=": "<=",
    }

    def relation(self, expression: Relational) -> Piece:
        """x > y."""
        left, right = (self.at(side, Level.SUM) for side in expression.args)
        return Piece(f"{left} {self.relations[expression.rel_op]} {right}", Level.TEST)

    rules: ClassVar[Mapping[Any, str]] = {
        Symbol: "symbol",
        Number: "number",
        NumberSymbol: "constant",
        Add: "sum",
        Mul: "product",
        Pow: "power",
        sympy.exp: "exponential",
        Function: "function",
        functions.where: "where",
        functions.indicator: "indicator",
        Relational: "relation",
    }
    """The method that prints a head, and all heads below it that have none of their own."""

    _methods: ClassVar[dict[type[Any], str]] = {}

    def __init_subclass__(cls) -> None:
        cls._methods = {}


def _is_long(value: Rational) -> bool:
    """Whether a fraction is made of whole numbers that are no doubles."""
    return bool(max(abs(value.p), value.q) > 2**53)


def _ends(denominator: int) -> bool:
    """Whether a fraction over this denominator is a decimal that ends, and is not long."""
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return rest == 1
