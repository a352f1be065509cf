"""Expressions in Unicode, for a terminal."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Symbol

from symbackprop import functions
from symbackprop.notation.latex import OPERATORS
from symbackprop.notation.names import unicode_name
from symbackprop.notation.syntax import Level, Piece, Syntax

_NAMES: dict[Any, str] = {
    functions.sigmoid: "σ",
    sympy.atan: "arctan",
    functions.maximum: "max",
    functions.minimum: "min",
    **OPERATORS,
}
_RELATIONS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "=", "!=": "≠"}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class UnicodeSyntax(Syntax):
    """One line of plain text."""

    def name(self, symbol: Symbol, step: str = "") -> str:
        """A symbol: w₁₁, with a step w₁₁^(1)."""
        return unicode_name(symbol.name, step)

    def quotient(self, of: str, by: str, mark: str) -> str:
        """∂L/∂w."""
        return f"{mark}{of}/{mark}{by}"

    def held(self, quotient: str, names: str) -> str:
        """(∂f/∂x)_q."""
        return f"({quotient})_{names if len(names) == 1 else self.bracket(names)}"

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """p/q, with the brackets that one line needs."""
        open_ended = above.level == Level.SUM or above.fraction or above.big
        over = self.bracket(above.text) if open_ended else above.text
        under = self.bracket(below.text) if below.level < Level.POWER else below.text
        substituted = above.substituted or below.substituted
        return Piece(f"{over}/{under}", Level.PRODUCT, substituted=substituted, fraction=True)

    def power(self, base: str, exponent: Piece) -> str:
        """x², x^(n - 1)."""
        if exponent.text.lstrip("-").isdecimal():
            return base + exponent.text.translate(_SUPERSCRIPTS)
        return f"{base}^{exponent.text if exponent.level == Level.ATOM else self.bracket(exponent.text)}"

    def bracket(self, text: str) -> str:
        """Round brackets."""
        return f"({text})"

    def number(self, digits: str) -> str:
        """As the number format writes it."""
        return digits.replace(".", self.language.point)

    def call(self, head: type[Any], arguments: list[str], index: str = "") -> str:
        """σ(z)."""
        name = _NAMES.get(head, head.__name__) + index.translate(_SUBSCRIPTS)
        return f"{name}({self.language.comma.join(arguments)})"

    def exponential(self, exponent: Piece) -> Piece:
        """exp(x)."""
        return Piece(f"exp({exponent.text})", substituted=exponent.substituted)

    def absolute(self, inside: str) -> str:
        """|x|."""
        return f"|{inside}|"

    def root(self, inside: Piece) -> Piece:
        """√x."""
        text = inside.text if inside.level == Level.ATOM else self.bracket(inside.text)
        return Piece(f"√{text}", substituted=inside.substituted)

    def cases(self, test: str, then: str, other: str) -> str:
        """{a if x > 0, else b}."""
        if_, else_ = self.language("if"), self.language("else")
        return f"{{{then} {if_} {test}{self.language.comma}{else_} {other}}}"

    def relation(self, symbol: str) -> str:
        """A comparison's sign."""
        return f" {_RELATIONS[symbol]} "

    def join(self, left: Piece, right: Piece) -> str:
        """Juxtaposition, or a dot where that could be misread."""
        if left.fraction or right.fraction or right.text[0].isdigit():
            return " · "
        if right.text.startswith("("):
            return "" if left.text.endswith(")") or left.number else " "
        return " "

    def constant(self, letter: str, sizes: str) -> str:
        """1ₙ, I₃, 0_n×m."""
        small = sizes.translate(_SUBSCRIPTS).replace("n", "ₙ").replace("m", "ₘ").replace("k", "ₖ")
        plain = all(character not in sizes for character in "×()") and not small.isascii()
        return letter + (small if plain and not any(c.isascii() for c in small) else f"_{sizes}")

    @property
    def pi(self) -> str:
        """π."""
        return "π"


UNICODE = UnicodeSyntax()
