r"""Expressions in indices, in LaTeX, in Typst and in Unicode: w_{ij}^{(l)}, \sum_{k=1}^{n}, \delta_{ij}.

An array's entry is written with the small letter, as textbooks do: W has the entries w_{ij}. A name that
has a subscript already stays as it is, in brackets: (W_1)_{ij}. What stands above a name, its layer, goes
into round brackets: W__2 has the entries w_{ij}^{(2)}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sympy import Basic, Expr, Symbol

from symbackprop import operations as op
from symbackprop.conventions import Conventions
from symbackprop.errors import OptionError
from symbackprop.expressions import Quotient
from symbackprop.indexed.derivation import Equality
from symbackprop.indexed.terms import (
    Entry,
    IndexLargest,
    IndexProduct,
    IndexSmallest,
    IndexSum,
    Kronecker,
    Over,
)
from symbackprop.notation.latex import LatexSyntax
from symbackprop.notation.names import GREEK, latex_name, parse_name, typst_name, unicode_name
from symbackprop.notation.printer import Printer
from symbackprop.notation.syntax import Level, Piece, Syntax
from symbackprop.notation.typst import TypstSyntax, apart
from symbackprop.notation.unicode import UnicodeSyntax

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class IndexedLatex(LatexSyntax):
    """LaTeX with indices."""

    def name(self, symbol: Symbol, step: str = "") -> str:
        r"""A symbol, its layer in round brackets: n^{(l)}."""
        below, _, layer = symbol.name.partition("__")
        return self.at(latex_name(below, step), "", layer)

    def letter(self, name: str) -> str:
        """A name without indices."""
        return latex_name(name)

    def at(self, base: str, indices: str, layer: str) -> str:
        """w_{ij}^{(l)}."""
        below = f"_{indices}" if len(indices) == 1 else f"_{{{indices}}}" if indices else ""
        return base + below + (f"^{{({layer})}}" if layer else "")

    def over(self, kind: type[Over], index: str, size: str) -> str:
        r"""\sum_{k=1}^{n}; \max_{k}."""
        if kind in (IndexLargest, IndexSmallest):
            return rf"\{_WORDS[kind]}_{{{index}}}"
        sign = "sum" if kind is IndexSum else "prod"
        return rf"\{sign}_{{{index}=1}}^{{{size}}}"

    def subscript(self, indices: Sequence[str]) -> str:
        """Indices side by side, with commas where one is more than a letter."""
        return _side_by_side(indices)


class IndexedTypst(TypstSyntax):
    """Typst with indices."""

    def name(self, symbol: Symbol, step: str = "") -> str:
        """A symbol, its layer in round brackets: n^((l))."""
        below, _, layer = symbol.name.partition("__")
        return self.at(typst_name(below, step), "", layer)

    def letter(self, name: str) -> str:
        """A name without indices."""
        return typst_name(name)

    def at(self, base: str, indices: str, layer: str) -> str:
        """w_(i j)^((l))."""
        below = f"_{indices}" if len(indices) == 1 else f"_({indices})" if indices else ""
        return base + below + (f"^(({apart(layer)}))" if layer else "")

    def over(self, kind: type[Over], index: str, size: str) -> str:
        """sum_(k = 1)^n; max_k."""
        if kind in (IndexLargest, IndexSmallest):
            return f"{_WORDS[kind]}_({index})"
        return f"{'sum' if kind is IndexSum else 'product'}_({index} = 1)^({size})"

    def subscript(self, indices: Sequence[str]) -> str:
        """Indices side by side, with commas where one is more than a letter; letters never touch."""
        return (" " if all(len(one) == 1 for one in indices) else ", ").join(indices)


class IndexedUnicode(UnicodeSyntax):
    """One line of plain text with indices."""

    def name(self, symbol: Symbol, step: str = "") -> str:
        """A symbol, its layer in round brackets: n^(l)."""
        below, _, layer = symbol.name.partition("__")
        return self.at(_closed(unicode_name(below, step)), "", layer)

    def letter(self, name: str) -> str:
        """A name without indices."""
        return unicode_name(name)

    def at(self, base: str, indices: str, layer: str) -> str:
        """w_ij^(l), w_(i,j+1)."""
        plain = indices.isalnum() and indices.isascii()
        below = (
            indices.translate(_SUBSCRIPTS)
            if indices.isdecimal()
            else f"_{indices if plain else f'({indices})'}"
        )
        return base + (below if indices else "") + (f"^({layer})" if layer else "")

    def over(self, kind: type[Over], index: str, size: str) -> str:
        """Σ_k; max_k."""
        sign = {IndexSum: "Σ", IndexProduct: "Π"}.get(kind) or _WORDS[kind]
        return f"{sign}_{index}"

    def subscript(self, indices: Sequence[str]) -> str:
        """Indices side by side, with commas where one is more than a letter."""
        return _side_by_side(indices)

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """p/q; what is summed above the bar has its brackets."""
        return super().fraction(above._replace(level=Level.SUM) if above.big else above, below)


def _side_by_side(indices: Sequence[str]) -> str:
    shown = [index.replace(" ", "") for index in indices]
    return ("" if all(len(one) == 1 for one in shown) else ",").join(shown)


def _closed(name: str) -> str:
    """An index that is a sum in brackets: n_(l-1), for n_l-1 is less by 1."""
    base, mark, index = name.partition("_")
    return f"{base}_({index})" if mark and any(sign in index for sign in "+-") else name


_WORDS: Mapping[Any, str] = {IndexLargest: "max", IndexSmallest: "min"}


class IndexPrinter(Printer):
    """Prints expressions in indices.

    Args:
        syntax: how things look.
        conventions: ∂ or d, σ(z) or in full.
        capitals: arrays whose entries keep their capital letter.
    """

    syntax: IndexedLatex | IndexedTypst | IndexedUnicode

    def __init__(self, syntax: Syntax, conventions: Conventions, capitals: frozenset[Symbol]) -> None:
        super().__init__(syntax, conventions)
        self.capitals = capitals

    def piece(self, expression: Basic) -> Piece:
        """The expression as text, with how tightly it holds."""
        rule = next((_RULES[head] for head in type(expression).__mro__ if head in _RULES), None)
        return rule(self, expression) if rule else super().piece(expression)

    def symbol(self, symbol: Symbol) -> Piece:
        """A name; with a layer above it, an exponent needs brackets."""
        return Piece(self.syntax.name(symbol), Level.POWER if "__" in symbol.name else Level.ATOM)

    def entry(self, expression: Entry) -> Piece:
        """w_{ij}^{(l)}, (W_1)_{ij}, (A^{-1})_{ij}."""
        array, indices = expression.array, self.subscript(expression.indices)
        if isinstance(array, op.inv):
            inner = self.syntax.inverse(self.syntax.name(array.args[0]))
            return Piece(self.syntax.at(self.syntax.bracket(inner), indices, ""))
        below, _, layer = array.name.partition("__")
        letter = self._letter(array, below)
        text = self.syntax.letter(letter)
        # δ_ij with two indices and nothing else is Kronecker's.
        like_kronecker = letter == "delta" and not layer and len(expression.indices) == 2
        if parse_name(below).indices:
            return Piece(self.syntax.at(self.syntax.bracket(self.syntax.name(array)), indices, ""))
        base = self.syntax.bracket(text) if like_kronecker else text
        return Piece(self.syntax.at(base, indices, layer), Level.POWER if layer else Level.ATOM)

    def _letter(self, array: Symbol, below: str) -> str:
        """The small letter, where it is one letter and no other's."""
        parts = parse_name(below)
        single = len(parts.letters) == 1 or parts.letters in GREEK
        return below.lower() if single and array not in self.capitals else below

    def subscript(self, indices: Sequence[Expr]) -> str:
        """ij; with commas where an index is more than a letter: i,j+1."""
        return self.syntax.subscript([self.piece(index).text for index in indices])

    def kronecker(self, expression: Kronecker) -> Piece:
        """δ_{ij}."""
        return Piece(self.syntax.at(self.syntax.letter("delta"), self.subscript(expression.args), ""))

    def over(self, expression: Over) -> Piece:
        r"""\sum_{k=1}^{n} x_k: the body is a product, a sum in it has brackets."""
        body, index, size = expression.args
        piece = self.piece(body)
        text = self.syntax.bracket(piece.text) if piece.level == Level.SUM else piece.text
        sign = self.syntax.over(expression.func, self.piece(index).text, self.piece(size).text)
        return Piece(f"{sign} {text}", Level.PRODUCT, big=True)

    def determinant(self, expression: op.Operation) -> Piece:
        """det(A), log |det(A)|."""
        text = self.syntax.named("det", "", self.piece(expression.args[0]).text)
        if isinstance(expression, op.det):
            return Piece(text)
        return Piece(self.syntax.log_of(self.syntax.absolute(text)), Level.PRODUCT)

    def _quotient(self, expression: Quotient) -> Piece:
        mark = "d" if self.conventions.derivative == "d" else "∂"
        text = self.syntax.quotient(self.piece(expression.of).text, self.piece(expression.by).text, mark)
        if expression.held:
            text = self.syntax.held(text, ", ".join(map(self.syntax.name, expression.held)))
        return Piece(text, Level.PRODUCT, quotient=True, fraction=True)

    def _row(self, pieces: list[Piece]) -> Piece:
        """Factors side by side; a sum over an index is in brackets where a factor follows it."""
        *before, last = pieces
        closed = [
            one._replace(text=self.syntax.bracket(one.text), level=Level.ATOM) if one.big else one
            for one in before
        ]
        return super()._row([*closed, last])._replace(big=last.big)


_RULES: Mapping[Any, Callable[[IndexPrinter, Any], Piece]] = {
    Symbol: IndexPrinter.symbol,
    Entry: IndexPrinter.entry,
    Kronecker: IndexPrinter.kronecker,
    Over: IndexPrinter.over,
    op.det: IndexPrinter.determinant,
    op.logdet: IndexPrinter.determinant,
}

_SYNTAXES: Mapping[type[Syntax], type[Syntax]] = {
    LatexSyntax: IndexedLatex,
    TypstSyntax: IndexedTypst,
    UnicodeSyntax: IndexedUnicode,
}


def printer_for_indices(
    syntax: Syntax, conventions: Conventions, capitals: frozenset[Symbol] = frozenset()
) -> IndexPrinter:
    """The printer for expressions in indices.

    Args:
        syntax: LaTeX, Typst or Unicode.
        conventions: the choices on which textbooks differ.
        capitals: arrays whose entries keep their capital letter.

    Raises:
        OptionError: the syntax has no way to write an index.
    """
    own = next((one for kind, one in _SYNTAXES.items() if isinstance(syntax, kind)), None)
    if own is None:
        name = type(syntax).__name__.removesuffix("Syntax").lower()
        raise OptionError(f"there is no way to write indices in {name}", known="latex, typst, unicode")
    return IndexPrinter(own(syntax.language), conventions, capitals)


def shown_equality(printer: IndexPrinter, line: Equality) -> str:
    """left = side = side."""
    return " = ".join(map(printer, (line.left, *line.sides)))
