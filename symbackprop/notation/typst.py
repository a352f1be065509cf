r"""Expressions in Typst.

Brackets as tall as a letter are written `\(` and `\)`, taller ones `lr(( … ))`: a bare `(` belongs to Typst.
"""

from __future__ import annotations

import re
from typing import Any

import sympy
from sympy import Symbol

from symbackprop import functions
from symbackprop.notation.latex import OPERATORS
from symbackprop.notation.names import quoted, typst_name
from symbackprop.notation.numbers import number_parts
from symbackprop.notation.syntax import Level, Piece, Syntax

_COMMANDS: dict[Any, str] = {
    functions.sigmoid: "σ",
    sympy.log: "log",
    sympy.exp: "exp",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.sinh: "sinh",
    sympy.cosh: "cosh",
    sympy.tanh: "tanh",
    sympy.atan: "arctan",
    functions.maximum: "max",
    functions.minimum: "min",
}
_RELATIONS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "=", "!=": "≠"}
_TALL = ("frac(", "mat(", "cases(", "sum_", "product_")
_OPEN = (r"\(", "lr((")
_CLOSED = (r"\)", " ))")
_LAYER = re.compile(r"\^\(\[[^\[\]]*\]\)$")
"""A name with a layer above it: an exponent goes beside that."""

TOKENS = re.compile(r'"(?:\\.|[^"\\])*"|\\.|.', re.DOTALL)
"""A string, an escaped character, or a character."""

_RUNS = re.compile(r'"(?:\\.|[^"\\])*"|[^\W\d_]{2,}(?![\w(])')
_AXES = frozenset("ijkl")


class TypstSyntax(Syntax):
    """Typst for the inside of a formula."""

    def name(self, symbol: Symbol, step: str = "") -> str:
        """A symbol: w_11, with a step w_11^((1))."""
        return typst_name(symbol.name, step)

    def quotient(self, of: str, by: str, mark: str) -> str:
        """frac(∂ L, ∂ w)."""
        return f"frac({mark} {argument(of)}, {mark} {argument(by)})"

    def held(self, quotient: str, names: str) -> str:
        """lr(frac(∂ f, ∂ x) |)_(q)."""
        return f"lr({quotient} |)_({names})"

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """frac(p, q)."""
        text = f"frac({argument(above.text)}, {argument(below.text)})"
        return Piece(text, Level.PRODUCT, substituted=above.substituted or below.substituted, fraction=True)

    def power(self, base: str, exponent: Piece) -> str:
        """x^2, x^(n - 1)."""
        simple = len(exponent.text) == 1 or exponent.text.isdecimal()
        return f"{base}^{exponent.text}" if simple else f"{base}^({exponent.text})"

    def bracket(self, text: str) -> str:
        r"""\( \), and lr(( )) round what is tall."""
        return f"lr(( {text} ))" if any(one in text for one in _TALL) else rf"\({text}\)"

    def number(self, digits: str) -> str:
        """-7.8 × 10^(-5) for -7.8e-05; a comma in a decimal is no punctuation."""
        point = "." if self.language.decimal == "point" else ' class("normal", \\,) '
        sign, mantissa, exponent = number_parts(digits, point)
        return f"{sign}{mantissa} × 10^({exponent})" if exponent else sign + mantissa

    def call(self, head: type[Any], arguments: list[str], index: str = "") -> str:
        r"""σ\(z\), op("softplus")\(z\)."""
        command = _COMMANDS.get(head) or f"op({quoted(OPERATORS.get(head, head.__name__))})"
        mark = index if index in ("", "'") else f"_({index})"
        return _called(command + mark, self.bracket(self.language.comma.join(arguments)))

    def exponential(self, exponent: Piece) -> Piece:
        """e^(x)."""
        return Piece(f"e^({exponent.text})", Level.POWER, substituted=exponent.substituted)

    def absolute(self, inside: str) -> str:
        """abs(x)."""
        return f"abs({argument(inside)})"

    def root(self, inside: Piece) -> Piece:
        """sqrt(x)."""
        return Piece(f"sqrt({argument(inside.text)})", substituted=inside.substituted)

    def cases(self, test: str, then: str, other: str) -> str:
        """cases(a & quad "if" x > 0, b & quad "otherwise")."""
        if_, otherwise = quoted(self.language("if")), quoted(self.language("otherwise"))
        first, last = argument(f"{then} & quad {if_} {test}"), argument(f"{other} & quad {otherwise}")
        return f"cases({first}, {last})"

    def relation(self, symbol: str) -> str:
        """A comparison's sign."""
        return f" {_RELATIONS[symbol]} "

    def join(self, left: Piece, right: Piece) -> str:
        """Juxtaposition, or a dot where that could be misread."""
        if left.quotient or right.quotient or right.text[0].isdigit() or right.text.startswith("frac(1,"):
            return " ⋅ "
        left_closed = left.text.endswith(_CLOSED)
        if right.text.startswith(_OPEN):
            return "" if (left_closed or left.number) and right.text.startswith(r"\(") else " "
        return " thin " if left_closed else " "

    times = " × "
    placeholder = "⋅"

    def transposed(self, base: str) -> str:
        """A^⊤, W^([2] ⊤)."""
        return _above(base, "⊤")

    def inverse(self, base: str) -> str:
        """A^(-1)."""
        return _above(base, "-1")

    def inverse_transposed(self, base: str) -> str:
        """A^(-⊤)."""
        return _above(base, "-⊤")

    def hadamard_power(self, base: str, exponent: Piece) -> str:
        """A^(∘ 2)."""
        raised = exponent.text if exponent.level == Level.ATOM else self.bracket(exponent.text)
        return f"{base}^(∘ {raised})"

    def constant(self, letter: str, sizes: str) -> str:
        """bold(1)_(n), I_(n)."""
        return f"{letter if letter == 'I' else f'bold({letter})'}_({sizes})"

    def named(self, name: str, index: str, arguments: str) -> str:
        r"""op("tr")\(A\), max_(j)\(X\)."""
        *first, last = name.split()
        command = last if last in ("max", "min", "det") else f"op({quoted(last)})"
        below = f"_({apart(index)})" if index else ""
        return " ".join([*first, _called(command + below, self.bracket(arguments))])

    def summed(self, index: str, body: str) -> str:
        """sum_(i, j) x_(i j)."""
        return f"sum_({', '.join(index)}) {body}"

    def indexed(self, base: str, index: str) -> str:
        """x_(i j)."""
        return f"{base}_({apart(index)})"

    def norm(self, inside: str, mark: str) -> str:
        """norm(x)_(2)."""
        return f"norm({argument(inside)})" + (f"_({apart(mark)})" if mark else "")

    def log_of(self, inside: str) -> str:
        """Log of what has its own bars."""
        return f"log {inside}"

    def item(self, base: str, where: str) -> str:
        """x_([1:, 0])."""
        return f"{base}_([{apart(where)}])"

    def blocks(self, parts: list[str], *, below: bool) -> str:
        """Blocks in square brackets."""
        return f'mat(delim: "[", {("; " if below else ", ").join(map(argument, parts))})'

    def adjoint(self, map_: str) -> str:
        """The adjoint of a linear map."""
        return f"{map_}^*"

    def matrix(self, rows: list[list[str]], *, vector: bool) -> str:
        """Rows of numbers in round brackets."""
        return f"mat({'; '.join(', '.join(map(argument, row)) for row in rows)})"

    def listed(self, parts: str) -> str:
        """Matrices of an array with more than two axes."""
        return f"lr({{ {parts} }})"

    @property
    def pi(self) -> str:
        """π."""
        return "π"


def argument(text: str) -> str:
    r"""What stands in an argument of a Typst function: its commas and semicolons are not the call's.

    >>> print(argument(r"f\(x, y\) mat(1, 2)"))
    f\(x\, y\) mat(1, 2)
    """
    shown, depth = "", 0
    for token in TOKENS.findall(text):
        depth += (token in "([{") - (token in ")]}")
        shown += f"\\{token}" if depth == 0 and token in ",;" else token
    return shown


def apart(index: str) -> str:
    """Letters of axes side by side, and words as words: neither is a name of Typst's.

    >>> print(apart("ij"), apart("i, ddof=1"))
    i j i, "ddof"=1
    """

    def one(found: re.Match[str]) -> str:
        run = found[0]
        return run if run.startswith('"') else " ".join(run) if _AXES.issuperset(run) else quoted(run)

    return _RUNS.sub(one, index)


def _above(base: str, mark: str) -> str:
    if _LAYER.search(base):
        return f"{base[:-1]} {mark})"
    return f"{base}^{mark}" if len(mark) == 1 else f"{base}^({mark})"


def _called(command: str, arguments: str) -> str:
    r"""A tall bracket stands apart: `op("f")lr((` would be one name."""
    return f"{command}{arguments}" if arguments.startswith(r"\(") else f"{command} {arguments}"


TYPST = TypstSyntax()
