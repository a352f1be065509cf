"""Expressions in the expression language itself, for JSON and for scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympy import Basic, S, Symbol, Tuple

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.notation.syntax import Level, Piece, Syntax, Walks

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

    def operation(self, expression: op.Operation, printer: Walks) -> Piece:
        """A @ B, A.T, x[1:, 0], sum(x, axis=0, keepdims=True)."""
        special = _SPECIAL.get(expression.func)
        if special is not None:
            return special(expression, printer)
        found = _SIGNATURES.get(expression.func)
        if found is None:
            return super().operation(expression, printer)
        name, signature = found
        count = 1 if signature.listed else len(signature.arrays)
        shown = [printer.argument(one) for one in expression.args[:count]]
        if signature.listed:
            shown = [f"[{', '.join(map(printer.argument, expression.args[0]))}]"]
        for (key, default), value in zip(signature.options.items(), expression.args[count:], strict=True):
            if value != default:
                shown.append(f"{key}={_option(value, signature.kinds[key])}")
        return Piece(f"{name}({', '.join(shown)})")

    @property
    def pi(self) -> str:
        """π to a double's digits: in the language `pi` is an ordinary symbol."""
        return "3.141592653589793"


def _option(value: Basic, kind: str) -> str:
    if kind == "flag":
        return str(bool(value))
    if isinstance(value, Tuple) and len(value) == 1 and kind in ("axis", "order"):
        return str(value[0])
    return op.shown(value)


def _atom(printer: Walks, expression: Basic) -> str:
    piece = printer.piece(expression)
    return piece.text if piece.level == Level.ATOM else f"({piece.text})"


def _matmul(expression: op.Operation, printer: Walks) -> Piece:
    pieces = [printer.piece(factor) for factor in expression.args]
    shown = [piece.text if piece.level == Level.ATOM else f"({piece.text})" for piece in pieces]
    # As tight as * and /, so it stands in brackets behind another factor.
    return Piece(" @ ".join(shown), Level.HADAMARD)


def _transpose(expression: op.Operation, printer: Walks) -> Piece:
    inner, order = expression.args
    if order in (op.NONE, Tuple(1, 0)):
        return Piece(f"{_atom(printer, inner)}.T")
    if order == Tuple(S.NegativeInfinity):
        return Piece(f"{_atom(printer, inner)}.mT")
    return Piece(f"transpose({printer.argument(inner)}, {op.shown(order)})")


def places(where: Tuple, show: Callable[[Basic], str]) -> str:
    """Indices and slices as they are written: 1:, 0."""

    def one(index: Basic) -> str:
        if not isinstance(index, Tuple):
            return "..." if index is S.Infinity else show(index)
        if index == op.NONE:
            return "None"
        start, stop, step = ("" if bound == op.NONE else show(bound) for bound in index)
        first = "" if start == "0" and step in ("", "1") else start
        return f"{first}:{stop}" + (f":{step}" if step not in ("", "1") else "")

    return ", ".join(map(one, where))


def _item(expression: op.Operation, printer: Walks) -> Piece:
    inner, where = expression.args
    return Piece(f"{_atom(printer, inner)}[{places(where, printer.argument)}]")


def _length(expression: op.Operation, printer: Walks) -> Piece:
    inner, axis = expression.args
    shape = "size" if axis == op.NONE else f"shape[{axis}]"
    return Piece(f"{_atom(printer, inner)}.{shape}")


def _outer(expression: op.Operation, printer: Walks) -> Piece:
    return Piece(f"outer({', '.join(map(printer.argument, expression.args))})")


_SPECIAL: Mapping[Any, Callable[[op.Operation, Walks], Piece]] = {
    op.matmul: _matmul,
    op.transpose: _transpose,
    op.item: _item,
    op.length: _length,
    op.outer: _outer,
}
_SIGNATURES: Mapping[Any, tuple[str, op.Signature]] = {
    signature.head: (name, signature) for name, signature in reversed(list(op.OPERATIONS.items()))
}

CODE = CodeSyntax()
