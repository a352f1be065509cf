"""Programs as Python functions: one line of code for each line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Expr, Symbol

from symbackprop.lowering.printer import CodePrinter
from symbackprop.lowering.program import Kind, Line, Program
from symbackprop.lowering.shared import shared
from symbackprop.lowering.stable import is_polynomial, is_product_of_names, stable


def prepared(lines: Program, *, by_hand: bool = False) -> tuple[Line, ...]:
    """The lines of a program as they are computed: stable, with auxiliary ones between them.

    Args:
        lines: the program.
        by_hand: rounded values are carried, so that every line is computed from those before it as written.
    """
    plain = [_is_plain(line.expression) for line in lines.lines]
    others = [line for line, is_plain in zip(lines.lines, plain, strict=True) if not is_plain]
    rewritten = iter(others if by_hand else stable(others))
    return shared(
        line if is_plain else next(rewritten) for line, is_plain in zip(lines.lines, plain, strict=True)
    )


def _is_plain(expression: Expr) -> bool:
    return is_product_of_names(expression) or is_polynomial(expression)


def safe_names(lines: Program, computed: Iterable[Line]) -> dict[Symbol, str]:
    """Made-up names for all symbols: a user's name would be code."""
    names = {symbol: f"x{place}" for place, symbol in enumerate(lines.given)}
    names |= {line.symbol: f"v{place}" for place, line in enumerate(computed)}
    return names | {symbol: f"n{place}" for place, symbol in enumerate(lines.sizes)}


def assignments(computed: Iterable[Line], printer: CodePrinter, *, by_hand: bool = False) -> list[str]:
    """`v0 = …` for each line; rounded values are carried by `carry`."""
    lines = []
    for line in computed:
        value = printer(line.expression)
        lines.append(
            f"{printer.names[line.symbol]} = {f'carry({value})' if by_hand and line.written else value}"
        )
    return lines


def results(computed: Iterable[Line], names: Mapping[Symbol, str]) -> list[str]:
    """The names of the lines that are the program's own."""
    return [names[line.symbol] for line in computed if line.kind is not Kind.AUXILIARY]


def definition(name: str, arguments: str, body: Iterable[str]) -> str:
    """def name(arguments): body."""
    inside = "\n    ".join(body)
    return f"def {name}({arguments}):\n    {inside}\n"


def unpacked(names: Iterable[str], source: str) -> list[str]:
    """`x0, x1, = given`, or nothing where there is nothing to unpack."""
    listed = ", ".join(names)
    return [f"{listed}, = {source}"] if listed else []
