"""What every symbol and written derivative is in numbers: a line of the program, or a constant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Basic, Expr, Rational, S, Symbol

from symbackprop.derivation import Derivation
from symbackprop.expressions import Quotient, is_constant
from symbackprop.lowering.program import Kind, Program, partial_symbol


@dataclass(frozen=True)
class Reading:
    """How a number is read off a program that has run.

    Attributes:
        line: what the program calls it; None: the number is `constant`.
        over: what the line is divided by, in numbers and sizes: the sign and the factor of a delta.
        constant: a number that is no line.
    """

    line: Symbol | None
    over: Expr = S.One
    constant: Expr = S.Zero


def readings(derivation: Derivation, lines: Program) -> dict[Basic, Reading]:
    """How the number of every symbol and of every written derivative is read off the derivation's program.

    Args:
        derivation: says which delta belongs to which node.
        lines: its program.
    """
    found: dict[Basic, Reading] = {symbol: Reading(symbol) for symbol in (*lines.given, *_sizes(derivation))}
    found |= {line.symbol: Reading(line.symbol) for line in lines.lines if line.kind is Kind.VALUE}
    found |= _of_deltas(derivation, lines)
    partials = {line.symbol for line in lines.lines if line.kind is Kind.PARTIAL}
    for (consumer, node), local in derivation.partials.items():
        symbol, line = derivation.local_symbol(consumer, node), partial_symbol(consumer, node)
        if line in partials:
            found[symbol] = Reading(line)
        elif local in found:
            found.setdefault(symbol, found[local])
        elif is_constant(local):
            found.setdefault(symbol, Reading(None, constant=local))
    for line in lines.lines:
        if line.kind is Kind.GRADIENT:
            found[Quotient(derivation.output, Symbol(line.node))] = Reading(line.symbol)
    return found


def _sizes(derivation: Derivation) -> list[Symbol]:
    return [] if derivation.shapes is None else sorted(derivation.shapes.sizes, key=str)


def _of_deltas(derivation: Derivation, lines: Program) -> dict[Basic, Reading]:
    """A delta, and ∂L/∂z behind it: without its sign, and without the factor n of a batch."""
    found: dict[Basic, Reading] = {}
    by_node = {line.node: line.symbol for line in lines.lines if line.kind is Kind.DELTA}
    for name, delta in derivation.deltas.items():
        if name not in by_node:
            continue
        quotient = Quotient(derivation.output, delta.node)
        found[delta.symbol or quotient] = Reading(by_node[name])
        is_plain = derivation.is_array and delta.symbol is None
        found[quotient] = Reading(by_node[name], S.One if is_plain else delta.sign)
    return found


def read(reading: Reading, lines: Mapping[Symbol, object]) -> object:
    """The number, from the values of the lines.

    Args:
        reading: how it is read.
        lines: numbers, or arrays of them, by what the program calls them.
    """
    if reading.line is None:
        return float(reading.constant)
    value = lines[reading.line]
    if reading.over is S.One:
        return value
    sizes = {symbol: Rational(lines[symbol]) for symbol in reading.over.free_symbols}
    return value / float(reading.over.subs(sizes))  # type: ignore[operator]
