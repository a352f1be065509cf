"""A derivation as a function of JavaScript, and which of its results every printed number is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sympy import Basic, Expr, Function, S, Symbol

from symbackprop import operations as op
from symbackprop.components import component_names, to_components
from symbackprop.derivation import Derivation
from symbackprop.expressions import Quotient
from symbackprop.graph import Graph, Role
from symbackprop.numeric.javascript import can_be_written, javascript
from symbackprop.numeric.program import Kind, Program, program
from symbackprop.numeric.readings import Reading, readings
from symbackprop.slots import key
from symbackprop.sweep import backprop

MOST_NODES = 3000
"""So many nodes, of the component form where there are arrays, a live sheet has at the most."""

Places: TypeAlias = Any
"""Where a number stands among the given ones and the lines; of an array nested lists."""

Entry: TypeAlias = tuple[str, tuple[int, ...]]
"""An entry of an array, or a number with (), by the array's name."""


@dataclass(frozen=True)
class Exported:
    """A program in JavaScript.

    Attributes:
        code: the function.
        given: what it takes, in order.
        readings: by the keys of slots: the places, and the factor; or a constant, without places.
        gradients: the place of the derivative by every entry.
        output: the place of what was differentiated.
        pinned: the line of every node that may be set by hand.
        summing: the places of targets that a shorter form takes to add up to 1.
    """

    code: str
    given: tuple[Entry, ...]
    readings: Mapping[str, tuple[Places, float]]
    gradients: Mapping[Entry, int]
    output: int
    pinned: Mapping[str, int]
    summing: tuple[int, ...] = ()


def export(derivation: Derivation, sizes: Mapping[str, int]) -> Exported | None:
    """The derivation in JavaScript; None: it is too large, or has a function that is not known there.

    Args:
        derivation: the formulas; arrays are computed entry by entry.
        sizes: numbers for the symbolic sizes.
    """
    return _of_arrays(derivation, sizes) if derivation.is_array else _of_numbers(derivation)


def _of_numbers(derivation: Derivation) -> Exported | None:
    lines = program(derivation)
    if len(derivation.graph.nodes) > MOST_NODES or not can_be_written(lines):
        return None
    places = _places(lines)
    gradients = {line.node: line.symbol for line in lines.lines if line.kind is Kind.GRADIENT}

    def of(line: Symbol) -> tuple[Places, Expr]:
        return places[line], S.One

    return Exported(
        _code(derivation.graph, lines, rounded=derivation.conventions.carry == "rounded"),
        tuple((symbol.name, ()) for symbol in lines.given),
        _read(derivation, lines, of, {}),
        {(name, ()): places[line] for name, line in gradients.items()},
        places[derivation.output],
        _pinned(derivation.graph, lines),
        tuple(places[Symbol(name)] for name in lines.summing_to_one),
    )


def _of_arrays(derivation: Derivation, sizes: Mapping[str, int]) -> Exported | None:
    """Entry by entry; rounded values are carried by arrays' own lines, so that these are not exported."""
    if derivation.conventions.carry == "rounded":
        return None
    graph, names = derivation.graph, component_names(derivation.graph, sizes)
    if sum(names[node.name].size for node in graph.nodes if node.name in names) > MOST_NODES:
        return None
    scalars = to_components(graph, sizes)
    wanted = list(dict.fromkeys([*derivation.deltas, *derivation.gradients]))
    entries = [str(name) for node in wanted for name in names[node].flat]
    conventions = derivation.conventions.model_copy(update={"error_sign": "plus"})
    lines = program(backprop(scalars, derivation.output, wrt=entries, conventions=conventions))
    if not can_be_written(lines):
        return None
    places = _places(lines)
    gradients = {line.node: places[line.symbol] for line in lines.lines if line.kind is Kind.GRADIENT}

    def nested(name: str, found: Callable[[str], int]) -> Places:
        shown: Any = np.vectorize(found, otypes=[object])(names[name])
        return shown.tolist() if names[name].shape else found(str(names[name][()]))

    arrays = {line.symbol: line for line in program(derivation).lines}

    def of(symbol: Symbol) -> tuple[Places, Expr]:
        line = arrays.get(symbol)
        if line is None or line.kind is Kind.VALUE:
            return nested(symbol.name, lambda name: places[Symbol(name)]), S.One
        delta = derivation.deltas.get(line.node) if line.kind is Kind.DELTA else None
        is_named = delta is not None and delta.symbol is not None
        return nested(line.node, gradients.__getitem__), delta.sign if delta and is_named else S.One

    given = {
        str(names[node.name][at]): (node.name, at)
        for node in graph.given
        if node.name in names
        for at in np.ndindex(names[node.name].shape)
    }
    return Exported(
        _code(scalars, lines),
        tuple(given[symbol.name] for symbol in lines.given),
        _read(derivation, program(derivation), of, sizes),
        {
            (name, at): gradients[str(names[name][at])]
            for name in derivation.gradients
            for at in np.ndindex(names[name].shape)
        },
        places[derivation.output],
        _pinned(scalars, lines),
    )


def _places(lines: Program) -> dict[Symbol, int]:
    return {
        symbol: place for place, symbol in enumerate((*lines.given, *(line.symbol for line in lines.lines)))
    }


def _read(
    derivation: Derivation,
    lines: Program,
    of: Callable[[Symbol], tuple[Places, Expr]],
    sizes: Mapping[str, int],
) -> dict[str, tuple[Places, float]]:
    """The readings with their places, by the keys of slots."""
    numbers = {Symbol(name): size for name, size in sizes.items()}

    def read(reading: Reading) -> tuple[Places, float]:
        if reading.line is None:
            return None, float(reading.constant)
        if reading.line in numbers:
            return None, float(numbers[reading.line])
        found, factor = of(reading.line)
        return found, float((factor / reading.over).subs(numbers))

    found = {of: read(reading) for of, reading in readings(derivation, lines).items()}
    shown = {key(of): value for of, value in found.items()}
    return shown | _laid_out(derivation, found)


def _laid_out(
    derivation: Derivation, found: Mapping[Basic, tuple[Places, float]]
) -> dict[str, tuple[Places, float]]:
    """Derivatives by arrays as they stand in numerator layout: a row, or transposed."""
    if derivation.conventions.layout != "numerator":
        return {}
    turned: dict[str, tuple[Places, float]] = {}
    for of, (places, factor) in found.items():
        if isinstance(of, Quotient) and 1 <= np.ndim(places) <= 2:
            rows = (
                [places] if np.ndim(places) == 1 else [list(column) for column in zip(*places, strict=True)]
            )
            turned[key(op.of(op.transpose, of, op.NONE))] = rows, factor
    return turned


def _code(graph: Graph, lines: Program, *, rounded: bool = False) -> str:
    return javascript(lines, pinned=_pinned(graph, lines), rounded=rounded)


def _pinned(graph: Graph, lines: Program) -> dict[str, int]:
    """Pre-activations, and other nodes that are the argument of a function."""
    arguments = {one for node in graph.inner for one in _arguments(node.expression)}
    arguments |= {node.symbol for node in graph.having(Role.PREACTIVATION)}
    return {
        line.name: place
        for place, line in enumerate(lines.lines)
        if line.kind is Kind.VALUE and line.symbol in arguments and line.symbol != graph.output
    }


def _arguments(expression: Expr | None) -> Iterable[Basic]:
    calls = set() if expression is None else expression.atoms(Function)
    return {
        part
        for one in calls
        for argument in one.args
        for part in (argument, *argument.args)
        if isinstance(part, Symbol) and (part is argument or not isinstance(argument, Expr))
    }
