"""Layers that are programs of the language, put into a graph as nodes of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from sympy import Basic, Expr, Symbol, Tuple

from symbackprop import operations as op
from symbackprop.expressions import Rewriter, rebuild
from symbackprop.language import Equation, parse_equations
from symbackprop.notation.names import unused_name

_HEADS: Mapping[type[op.Operation], str] = {head: name for name, head in op.COMPOSITE_HEADS.items()}


@dataclass(frozen=True)
class Normalised:
    """Where layer_norm or batch_norm stands: its input, the normalised input, and the variance.

    Attributes:
        x: the input.
        xhat: (x - μ)/√(v + ε).
        deviation: √(v + ε).
        moving: ε is no number.
        axis: along which it was normalised.
        nodes: the symbols of all its lines.
    """

    x: Symbol
    xhat: Symbol
    deviation: Expr
    moving: bool
    axis: int
    nodes: frozenset[Symbol]


@dataclass
class Expansion:
    """Equations with the lines of their composites.

    Attributes:
        lines: names with their expressions.
        origin: for a new name, that of the equation it came from.
        normalised: where inputs were normalised.
    """

    lines: dict[Symbol, Expr] = field(default_factory=dict)
    origin: dict[Symbol, Symbol] = field(default_factory=dict)
    normalised: list[Normalised] = field(default_factory=list)


def expand(named: Mapping[Symbol, Expr], taken: Iterable[str], above: str = "") -> Expansion:
    """The equations, each composite replaced by its last line and its other lines put before.

    Args:
        named: the equations.
        taken: names that new nodes must not take.
        above: what the names of new nodes end with, as the `__2` of a layer.
    """
    if not any(expression.atoms(*_HEADS) for expression in named.values()):
        return Expansion(dict(named))
    return _Expander({*taken, *(symbol.name for symbol in named)}, above).expand(named)


@cache
def program_of(name: str) -> tuple[Equation, ...]:
    """The lines of a composite."""
    return tuple(parse_equations(op.COMPOSITES[name].program))


class _Expander:
    def __init__(self, taken: set[str], above: str) -> None:
        self.taken, self.above = taken, above
        self.result = Expansion()
        self.owner = Symbol("")

    def expand(self, named: Mapping[Symbol, Expr]) -> Expansion:
        for symbol, expression in named.items():
            self.owner = symbol
            self.result.lines[symbol] = self._visit(expression)
        return self.result

    def _visit(self, expression: Basic) -> Expr:
        if not expression.args:
            return expression
        arguments = tuple(self._visit(argument) for argument in expression.args)
        if expression.func in _HEADS:
            return self._composite(_HEADS[expression.func], arguments)
        if all(new is old for new, old in zip(arguments, expression.args, strict=True)):
            return expression
        return rebuild(expression, arguments)

    def _composite(self, name: str, arguments: tuple[Expr, ...]) -> Expr:
        composite = op.COMPOSITES[name]
        values: dict[Basic, Basic] = {}
        for argument, value in zip(composite.arguments, arguments, strict=True):
            given = composite.defaults[argument] if value == op.NONE else value
            plain = isinstance(given, Symbol | Tuple) or not given.free_symbols
            values[Symbol(argument)] = given if plain else self._line(argument, given)
        *lines, last = program_of(name)
        rewrite = Rewriter(values)
        nodes: dict[str, Symbol] = {}
        for line in lines:
            assert line.name is not None
            nodes[line.name] = self._line(line.name, rewrite(line.expression))
            rewrite.learn(Symbol(line.name), nodes[line.name])
        if "xhat" in nodes:
            below = next(iter(line for line in lines if line.name == "xhat")).expression.args[-1].base
            axis = -1 if name == "layer_norm" else 0
            self.result.normalised.append(
                Normalised(
                    values[Symbol("x")],
                    nodes["xhat"],
                    rewrite(below),
                    bool(values[Symbol("epsilon")].free_symbols),
                    axis,
                    frozenset(nodes.values()),
                )
            )
        result: Expr = rewrite(last.expression)
        return result

    def _line(self, wish: str, expression: Expr) -> Symbol:
        name = unused_name(wish, self.taken, self.above)
        self.taken.add(name)
        symbol = Symbol(name)
        self.result.lines[symbol] = expression
        self.result.origin[symbol] = self.owner
        return symbol
