"""A program of numbers as a function in JavaScript, line by line, by SymPy's printer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sympy
from sympy import Expr, Pow, Rational, Symbol, Tuple
from sympy.printing.jscode import JavascriptCodePrinter

from symbackprop.functions import FUNCTIONS, Declared, softmax
from symbackprop.lowering.program import Kind, Program

_OWN = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan"}
"""SymPy's functions that `Math` has, by the same names."""

FUNCTIONS_IN_JAVASCRIPT: Mapping[str, str] = {
    **{name: f"Math.{name}" for name in _OWN},
    "erf": "f.erf",
    **{
        one.head.__name__: f"f.{one.head.__name__}"
        for one in FUNCTIONS.values()
        if issubclass(one.head, Declared)
    },
    softmax.__name__: f"f.{softmax.__name__}",
}
"""The language's functions, by the names of their SymPy classes; `f` is the table in `functions.js`."""


class _Printer(JavascriptCodePrinter):  # type: ignore[misc]
    """SymPy's printer with made-up names in the place of the user's, and numbers as doubles."""

    def __init__(self, names: Mapping[Symbol, str]) -> None:
        super().__init__({"order": "none", "user_functions": dict(FUNCTIONS_IN_JAVASCRIPT), "strict": True})
        self._names = names

    def _print_Symbol(self, symbol: Symbol) -> str:  # noqa: N802
        return self._names[symbol]

    def _print_Rational(self, number: Rational) -> str:  # noqa: N802
        return repr(float(number))

    def _print_Pow(self, power: Pow) -> str:  # noqa: N802
        if power.exp == 2:
            return f"f.square({self._print(power.base)})"
        if power.exp == Rational(1, 3):
            return f"Math.pow({self._print(power.base)}, {self._print(power.exp)})"
        return str(super()._print_Pow(power))

    def _print_Tuple(self, parts: Tuple) -> str:  # noqa: N802
        return f"[{self.stringify(parts, ', ')}]"


def can_be_written(lines: Program) -> bool:
    """Whether every function of a program is known in JavaScript, and its values are numbers."""
    heads = {head for line in lines.lines for head in line.expression.atoms(sympy.Function)}
    return lines.shapes is None and all(one.func.__name__ in FUNCTIONS_IN_JAVASCRIPT for one in heads)


def javascript(lines: Program, *, pinned: Collection[str] = (), rounded: bool = False) -> str:
    """The program as a function `(x, f, pin, carry, isForward) => [v0, v1, …]`.

    `x` holds the given numbers in the order of the program, `f` the functions; `pin(place, value)` gives the
    number that a line has been pinned to, or the value; `carry` rounds a value; `isForward` asks for the
    forward pass alone. A user's names do not stand in it.

    Args:
        lines: the program, one of numbers.
        pinned: the names of nodes whose values may be set by hand.
        rounded: the lines that are written out are rounded before they are carried on.
    """
    names = {symbol: f"x{place}" for place, symbol in enumerate(lines.given)}
    names |= {line.symbol: f"v{place}" for place, line in enumerate(lines.lines)}
    printer = _Printer(names)
    given = [f"const x{place} = x[{place}];" for place in range(len(lines.given))]
    written = []
    for place, line in enumerate(lines.lines):
        value = _as_code(printer, line.expression)
        if rounded and line.written:
            value = f"carry({value})"
        if line.kind is Kind.VALUE and line.name in pinned:
            value = f"pin({place}, {value})"
        written.append(f"const v{place} = {value};")
    forward = sum(line.kind is Kind.VALUE for line in lines.lines)
    written.insert(forward, f"if (isForward) return [{_listed(forward)}];")
    body = "\n".join([*given, *written, f"return [{_listed(len(lines.lines))}];"])
    return f"(x, f, pin, carry, isForward) => {{\n{body}\n}}"


def _as_code(printer: _Printer, expression: Expr) -> str:
    return str(printer.doprint(expression))


def _listed(count: int) -> str:
    return ", ".join(f"v{place}" for place in range(count))
