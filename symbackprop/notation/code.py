"""Expressions in the expression language itself, for JSON and for scripts."""

from __future__ import annotations

from typing import Any

from sympy import Symbol

from symbackprop import functions
from symbackprop.notation.printer import Level, Piece, Syntax

_NAMES: dict[Any, str] = {entry.head: name for name, entry in functions.FUNCTIONS.items()}


class CodeSyntax(Syntax):
    """What `language.parse_expression` reads back."""

    def name(self, symbol: Symbol, step: str = "") -> str:
        """The user's own name."""
        return str(symbol.name)

    def quotient(self, of: str, by: str, mark: str) -> str:
        """d(y)/d(x), which only names a derivative."""
        return f"d({of})/d({by})"

    def held(self, quotient: str, names: str) -> str:
        """d(f)/d(x) as it is."""
        return quotient

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """p/q."""
        over = self.bracket(above.text) if above.level == Level.SUM else above.text
        under = self.bracket(below.text) if below.level < Level.POWER else below.text
        return Piece(f"{over}/{under}", Level.PRODUCT, fraction=True)

    def power(self, base: str, exponent: Piece) -> str:
        """x**n."""
        return f"{base}**{exponent.text if exponent.level == Level.ATOM else self.bracket(exponent.text)}"

    def bracket(self, text: str) -> str:
        """Round brackets."""
        return f"({text})"

    def number(self, digits: str) -> str:
        """As it is."""
        return digits

    def call(self, head: type[Any], arguments: list[str], index: str = "") -> str:
        """f(x); a component of the softmax is written out."""
        if head is functions.softmax:
            terms = [f"exp({argument})" for argument in arguments]
            return f"({terms[int(index) - 1]}/({' + '.join(terms)}))"
        return f"{_NAMES.get(head, head.__name__)}{index}({', '.join(arguments)})"

    def exponential(self, exponent: Piece) -> Piece:
        """exp(x)."""
        return Piece(f"exp({exponent.text})")

    def absolute(self, inside: str) -> str:
        """abs(x)."""
        return f"abs({inside})"

    def root(self, inside: Piece) -> Piece:
        """sqrt(x)."""
        return Piece(f"sqrt({inside.text})")

    def cases(self, test: str, then: str, other: str) -> str:
        """where(test, a, b)."""
        return f"where({test}, {then}, {other})"

    def indicator(self, test: str) -> str:
        """indicator(test)."""
        return f"indicator({test})"

    def relation(self, symbol: str) -> str:
        """As Python writes it."""
        return f" {symbol} "

    def join(self, left: Piece, right: Piece) -> str:
        """A star."""
        return "*"

    @property
    def pi(self) -> str:
        """π to a double's digits: in the language `pi` is an ordinary symbol."""
        return "3.141592653589793"


CODE = CodeSyntax()
