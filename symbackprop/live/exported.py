"""A derivation as a function of JavaScript, and which of its results every printed number is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, TypeAlias

import numpy as np
from sympy import Basic, Expr, Function, Mul, S, Symbol, sympify

from symbackprop import operations as op
from symbackprop.components import component_names, to_components
from symbackprop.derivation import Derivation
from symbackprop.entries import Entries
from symbackprop.expressions import Quotient, mul
from symbackprop.graph import Collapse, Graph, Node, Role
from symbackprop.lowering.program import Kind, Program, program
from symbackprop.numeric.javascript import can_be_written, javascript
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
        readings: by the keys of slots: the places, and what is divided by; or a constant, without places.
        gradients: the place of the derivative by every entry.
        scale: what these derivatives are divided by: n, where they are those of n L.
        output: the place of what was differentiated.
        pinned: the line of every node that may be set by hand.
        summing: the places of every distribution of targets that a shorter form takes to add up to 1.
    """

    code: str
    given: tuple[Entry, ...]
    readings: Mapping[str, tuple[Places, float]]
    gradients: Mapping[Entry, int]
    scale: float
    output: int
    pinned: Mapping[str, int]
    summing: tuple[tuple[int, ...], ...] = ()


def export(derivation: Derivation, sizes: Mapping[str, int]) -> Exported | None:
    """The derivation in JavaScript; None: it is too large, or has a function that is not known there.

    Args:
        derivation: the formulas; arrays are computed entry by entry.
        sizes: numbers for the symbolic sizes.
    """
    if count_nodes(derivation, sizes) > MOST_NODES:
        return None
    return _of_arrays(derivation, sizes) if derivation.is_array else _of_numbers(derivation)


def count_nodes(derivation: Derivation, sizes: Mapping[str, int]) -> int:
    """How many numbers a forward pass goes through, found without writing them.

    Args:
        derivation: of numbers, or of arrays, which are counted entry by entry.
        sizes: numbers for the symbolic sizes.
    """
    nodes = [node for node in derivation.graph.nodes if node.role is not Role.SIZE]
    numbers = _in_numbers(sizes)
    return sum(prod(int(sympify(size).subs(numbers)) for size in node.shape) for node in nodes)


def _of_numbers(derivation: Derivation) -> Exported | None:
    lines = program(derivation)
    if not can_be_written(lines):
        return None
    places, pinned = _places(lines), _pinned(derivation.graph, lines)
    gradients = {line.node: line.symbol for line in lines.lines if line.kind is Kind.GRADIENT}

    def of(line: Symbol) -> tuple[Places, Expr]:
        return places[line], S.One

    sums = dict.fromkeys(one.summing_to_one for one in _collapses(derivation) if one.summing_to_one)
    return Exported(
        javascript(lines, pinned=pinned, rounded=derivation.conventions.carry == "rounded"),
        tuple((symbol.name, ()) for symbol in lines.given),
        _read(derivation, lines, of, {}),
        {(name, ()): places[line] for name, line in gradients.items()},
        1.0,
        places[derivation.output],
        pinned,
        tuple(tuple(places[symbol] for symbol in one) for one in sums),
    )


def _of_arrays(derivation: Derivation, sizes: Mapping[str, int]) -> Exported | None:
    """Entry by entry; rounded values are carried by arrays' own lines, so that these are not exported."""
    if derivation.conventions.carry == "rounded":
        return None
    names, scalars = component_names(derivation.graph, sizes), to_components(derivation.graph, sizes)
    factor = _factor(derivation, sizes)
    lines = _components(derivation, scalars, names, factor)
    if not can_be_written(lines):
        return None
    places, pinned = _places(lines), _pinned(scalars, lines)
    gradients = {line.node: places[line.symbol] for line in lines.lines if line.kind is Kind.GRADIENT}
    written = program(derivation)
    arrays = {line.symbol: line for line in written.lines}

    def nested(name: str, found: Callable[[str], int]) -> Places:
        shown: Any = np.vectorize(found, otypes=[object])(names[name])
        return shown.tolist() if names[name].shape else found(str(names[name][()]))

    def of(symbol: Symbol) -> tuple[Places, Expr]:
        line = arrays.get(symbol)
        if line is None or line.kind is Kind.VALUE:
            return nested(symbol.name, lambda name: places[Symbol(name)]), S.One
        if line.node not in gradients and line.node == derivation.output.name:
            return None, S.One
        delta = derivation.deltas.get(line.node) if line.kind is Kind.DELTA else None
        is_named = delta is not None and delta.symbol is not None
        over = factor / delta.sign if delta and is_named else factor
        return nested(line.node, gradients.__getitem__), over

    entries = {
        str(names[name][at]): (name, at)
        for name in (node.name for node in derivation.graph.nodes if node.name in names)
        for at in np.ndindex(names[name].shape)
    }
    return Exported(
        javascript(lines, pinned=pinned),
        tuple(entries[symbol.name] for symbol in lines.given),
        _read(derivation, written, of, sizes),
        {entry: gradients[name] for name, entry in entries.items() if entry[0] in derivation.gradients},
        float(factor),
        places[derivation.output],
        pinned,
        tuple(tuple(places[Symbol(name)] for name in one) for one in _distributions(derivation, names)),
    )


def _components(
    derivation: Derivation, scalars: Graph, names: Mapping[str, Entries], factor: Expr
) -> Program:
    """The program of the component form: every delta and gradient of arrays, times a factor."""
    output = derivation.output
    wanted = dict.fromkeys([*derivation.deltas, *derivation.gradients])
    if factor != 1:
        wanted.pop(output.name)
        scalars = _with_multiple(scalars, factor)
        output = scalars.output
    entries = [str(name) for node in wanted for name in names[node].flat]
    conventions = derivation.conventions.model_copy(update={"error_sign": "plus"})
    return program(backprop(scalars, output, wrt=entries, conventions=conventions))


def _factor(derivation: Derivation, sizes: Mapping[str, int]) -> Expr:
    """The n of deltas that are n ∂L/∂z: n L is differentiated, so that they are not rounded once more."""
    if derivation.output.name in derivation.gradients:
        return S.One
    return abs(derivation.deltas[derivation.output.name].sign.subs(_in_numbers(sizes)))


def _with_multiple(graph: Graph, factor: Expr) -> Graph:
    """The graph with one more node, its output times a factor; a 1/n in the output is cancelled."""
    output = graph[graph.output]
    assert output.expression is not None
    node = Node(Symbol(f"{factor} {output.name}"), _multiplied(factor, output.expression))
    return replace(graph, nodes=(*graph.nodes, node), output=node.symbol)


def _multiplied(factor: Expr, expression: Expr) -> Expr:
    parts = list(_factors(expression))
    numbers = [one for one in parts if one.is_Rational]
    rest = [one for one in parts if not one.is_Rational]
    number = Mul(factor, *numbers)
    return mul(*([] if number == 1 and rest else [number]), *rest)


def _factors(expression: Expr) -> Iterator[Expr]:
    """The factors of a product, also of the products in it; numbers as rationals."""
    if isinstance(expression, Mul):
        for one in expression.args:
            yield from _factors(one)
    else:
        yield expression if expression.free_symbols else expression.doit()


def _in_numbers(sizes: Mapping[str, int]) -> dict[Symbol, int]:
    return {Symbol(name): size for name, size in sizes.items()}


def _distributions(derivation: Derivation, names: Mapping[str, Entries]) -> dict[tuple[str, ...], None]:
    """The names of the targets that a shorter form takes to add up to 1, a row or column at a time."""
    found: dict[tuple[str, ...], None] = {}
    for one in _collapses(derivation):
        for total, target in zip(one.totals, one.summing_to_one, strict=True):
            (axis,) = total.args[1]
            along = np.moveaxis(names[target.name], int(axis), -1)
            rows = along.reshape(-1, along.shape[-1])
            found |= dict.fromkeys(tuple(map(str, row)) for row in rows)
    return found


def _collapses(derivation: Derivation) -> Iterator[Collapse]:
    """The shorter forms that stand in a derivation."""
    gradients = (one.delta for one in derivation.gradients.values())
    for delta in (*derivation.deltas.values(), *gradients):
        if delta.collapse is not None:
            yield delta.collapse


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
    numbers = _in_numbers(sizes)

    def read(reading: Reading) -> tuple[Places, float]:
        if reading.line is None:
            return None, float(reading.constant)
        if reading.line in numbers:
            return None, float(numbers[reading.line])
        found, over = of(reading.line)
        return found, float((over * reading.over).subs(numbers))

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
    for of, (places, over) in found.items():
        if isinstance(of, Quotient) and 1 <= np.ndim(places) <= 2:
            rows = (
                [places] if np.ndim(places) == 1 else [list(column) for column in zip(*places, strict=True)]
            )
            turned[key(op.of(op.transpose, of, op.NONE))] = rows, over
    return turned


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
