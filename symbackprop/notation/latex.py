"""Expressions in LaTeX."""

from __future__ import annotations

import re
from typing import Any

import sympy
from sympy import Symbol

from symbackprop import functions
from symbackprop.notation.names import latex_name
from symbackprop.notation.numbers import number_parts
from symbackprop.notation.syntax import Level, Piece, Syntax

_COMMANDS: dict[Any, str] = {
    functions.sigmoid: r"\sigma",
    sympy.log: r"\log",
    sympy.exp: r"\exp",
    sympy.sin: r"\sin",
    sympy.cos: r"\cos",
    sympy.tan: r"\tan",
    sympy.sinh: r"\sinh",
    sympy.cosh: r"\cosh",
    sympy.tanh: r"\tanh",
    sympy.atan: r"\arctan",
    functions.maximum: r"\max",
    functions.minimum: r"\min",
}
OPERATORS: dict[Any, str] = {
    functions.relu: "ReLU",
    functions.leaky_relu: "LeakyReLU",
    functions.elu: "ELU",
    functions.selu: "SELU",
    functions.gelu: "GELU",
    functions.gelu_tanh: "GELUtanh",
    functions.silu: "SiLU",
    functions.hard_sigmoid: "hardsigmoid",
    functions.signum: "sign",
    functions.rounded: "round",
}
_LAYER = re.compile(r"\^\{\[[^{}]*\]\}$")
"""A name with a layer above it: an exponent goes beside that."""

_RELATIONS = {">": ">", ">=": r"\ge", "<": "<", "<=": r"\le", "==": "=", "!=": r"\ne"}


class LatexSyntax(Syntax):
    """LaTeX for the inside of a formula."""

    def name(self, symbol: Symbol, step: str = "") -> str:
        """A symbol: w_{11}, with a step w_{11}^{(1)}."""
        return latex_name(symbol.name, step)

    def quotient(self, of: str, by: str, mark: str) -> str:
        r"""\frac{dL}{dw}, or with \partial."""
        sign = "d" if mark == "d" else r"\partial "
        return rf"\frac{{{sign}{of}}}{{{sign}{by}}}"

    def held(self, quotient: str, names: str) -> str:
        r"""\left.\frac{\partial f}{\partial x}\right|_{q}."""
        return rf"\left.{quotient}\right|_{{{names}}}"

    def fraction(self, above: Piece, below: Piece) -> Piece:
        r"""\frac{p}{q}."""
        text = rf"\frac{{{above.text}}}{{{below.text}}}"
        return Piece(text, Level.PRODUCT, substituted=above.substituted or below.substituted, fraction=True)

    def power(self, base: str, exponent: Piece) -> str:
        """x^2, x^{10}."""
        return f"{base}^{exponent.text}" if len(exponent.text) == 1 else f"{base}^{{{exponent.text}}}"

    def bracket(self, text: str) -> str:
        r"""( ), and \left( \right) round what is tall."""
        tall = r"\frac" in text or r"\begin" in text
        return rf"\left({text}\right)" if tall else f"({text})"

    def number(self, digits: str) -> str:
        r"""-7.8 \times 10^{-5} for -7.8e-05."""
        sign, mantissa, exponent = number_parts(digits, "." if self.language.decimal == "point" else "{,}")
        return rf"{sign}{mantissa} \times 10^{{{exponent}}}" if exponent else sign + mantissa

    def call(self, head: type[Any], arguments: list[str], index: str = "") -> str:
        r"""\sigma(z), \operatorname{softplus}(z)."""
        command = _COMMANDS.get(head) or rf"\operatorname{{{OPERATORS.get(head, head.__name__)}}}"
        mark = index if index in ("", "'") else f"_{index}" if len(index) == 1 else f"_{{{index}}}"
        return command + mark + self.bracket(self.language.comma.join(arguments))

    def exponential(self, exponent: Piece) -> Piece:
        """e^{x}."""
        return Piece(f"e^{{{exponent.text}}}", Level.POWER, substituted=exponent.substituted)

    def absolute(self, inside: str) -> str:
        r"""\left|x\right|."""
        return rf"\left|{inside}\right|"

    def root(self, inside: Piece) -> Piece:
        r"""\sqrt{x}."""
        return Piece(rf"\sqrt{{{inside.text}}}", substituted=inside.substituted)

    def cases(self, test: str, then: str, other: str) -> str:
        r"""\begin{cases} … \end{cases}."""
        if_, otherwise = self.language("if"), self.language("otherwise")
        first, last = rf"{then} & \text{{{if_} }} {test}", rf"{other} & \text{{{otherwise}}}"
        return rf"\begin{{cases}} {first} \\ {last} \end{{cases}}"

    def relation(self, symbol: str) -> str:
        """A comparison's sign."""
        return f" {_RELATIONS[symbol]} "

    def join(self, left: Piece, right: Piece) -> str:
        """Juxtaposition, or a dot where that could be misread."""
        if left.quotient and right.quotient:
            return r"\cdot"
        if right.text[0].isdigit() or right.text.startswith(r"\frac{1}"):
            return r" \cdot "
        if left.quotient or right.quotient:
            return r" \cdot "
        left_closed, right_open = left.text.endswith(")"), right.text.startswith(("(", r"\left("))
        if right_open:
            return "" if left_closed or left.number else " "
        return r"\, " if left_closed else " "

    hadamard = r"\circ"
    times = r" \times "
    placeholder = r"\cdot"
    dots = r"\dots"

    def transposed(self, base: str) -> str:
        r"""A^\top, W^{[2]\top}."""
        return base[:-1] + r"\top}" if _LAYER.search(base) else rf"{base}^\top"

    def inverse(self, base: str) -> str:
        """A^{-1}."""
        return base[:-1] + "-1}" if _LAYER.search(base) else f"{base}^{{-1}}"

    def inverse_transposed(self, base: str) -> str:
        r"""A^{-\top}."""
        return base[:-1] + r"-\top}" if _LAYER.search(base) else rf"{base}^{{-\top}}"

    def hadamard_power(self, base: str, exponent: Piece) -> str:
        r"""A^{\circ 2}."""
        raised = exponent.text if exponent.level == Level.ATOM else self.bracket(exponent.text)
        return rf"{base}^{{\circ {raised}}}"

    def constant(self, letter: str, sizes: str) -> str:
        r"""\mathbf{1}_n, I_n."""
        shown = letter if letter == "I" else rf"\mathbf{{{letter}}}"
        return f"{shown}_{sizes}" if len(sizes) == 1 else f"{shown}_{{{sizes}}}"

    def named(self, name: str, index: str, arguments: str) -> str:
        r"""\operatorname{tr}(A), \max_{j}(X)."""
        command = (
            rf"\{name}" if name in ("max", "min", "det") else rf"\operatorname{{{name.replace(' ', '')}}}"
        )
        if name == "log softmax":
            command = r"\log\operatorname{softmax}"
        below = index.replace("×", r"\times ").replace(":", "{:}")
        return command + (f"_{{{below}}}" if below else "") + self.bracket(arguments)

    def summed(self, index: str, body: str) -> str:
        r"""\sum_i x_i."""
        return rf"\sum_{{{','.join(index)}}} {body}"

    def indexed(self, base: str, index: str) -> str:
        """x_{ij}."""
        return f"{base}_{{{index}}}"

    def norm(self, inside: str, mark: str) -> str:
        r"""\lVert x \rVert."""
        return rf"\left\lVert {inside} \right\rVert" + (f"_{{{mark}}}" if mark else "")

    def log_of(self, inside: str) -> str:
        r"""\log of what has its own bars."""
        return rf"\log {inside}"

    def item(self, base: str, where: str) -> str:
        """x_{[1:, 0]}."""
        return f"{base}_{{[{where.replace(':', '{:}')}]}}"

    def blocks(self, parts: list[str], *, below: bool) -> str:
        """Blocks in square brackets."""
        between = r" \\ " if below else " & "
        return rf"\begin{{bmatrix}} {between.join(parts)} \end{{bmatrix}}"

    def adjoint(self, map_: str) -> str:
        """The adjoint of a linear map."""
        return f"{map_}^{{*}}"

    def matrix(self, rows: list[list[str]], *, vector: bool) -> str:
        """Rows of numbers in round brackets."""
        body = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"

    def listed(self, parts: str) -> str:
        """Matrices of an array with more than two axes."""
        return rf"\left\{{{parts}\right\}}"

    @property
    def pi(self) -> str:
        r"""\pi."""
        return r"\pi"


LATEX = LatexSyntax()
