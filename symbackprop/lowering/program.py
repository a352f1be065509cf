"""A derivation as a straight-line program: every node, local partial, delta and gradient once, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from sympy import Add, Basic, Expr, Mul, S, Symbol

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.sizes import Shape
from symbackprop.derivation import Contribution, Delta, Derivation, Gradient
from symbackprop.expressions import add, call, is_constant, mul, uncached_symbol
from symbackprop.graph import Role
from symbackprop.notation.names import unused_name


class Kind(StrEnum):
    """What a line computes."""

    VALUE = "value"
    PARTIAL = "partial"
    DELTA = "delta"
    GRADIENT = "gradient"
    CONDITION = "condition"
    AUXILIARY = "auxiliary"


@dataclass(frozen=True)
class Line:
    """name = expression.

    Attributes:
        kind: what it computes.
        name: its name, unique within its kind.
        symbol: what later lines call it.
        expression: over the given symbols and earlier lines.
        node: the node that it belongs to.
        written: a solution gives it a line of its own; what is not written is not rounded by hand.
    """

    kind: Kind
    name: str
    symbol: Symbol
    expression: Expr
    node: str
    written: bool = True


@dataclass(frozen=True)
class Program:
    """The lines in the order in which they are computed.

    Attributes:
        given: the symbols whose values come from outside.
        lines: the rest.
        output: the name of the node that is differentiated.
        summing_to_one: given names that a collapsed form takes to add up to 1.
        shapes: of the given symbols, where they are arrays.
        sizes: the symbols for sizes, bound by the shapes of the values.
    """

    given: tuple[Symbol, ...]
    lines: tuple[Line, ...]
    output: str
    summing_to_one: tuple[str, ...] = ()
    shapes: Mapping[str, Shape] | None = None
    sizes: tuple[Symbol, ...] = ()


def program(derivation: Derivation) -> Program:
    """The program of a derivation: the forward pass, then the backward pass, nothing computed twice."""
    return _array_program(derivation) if derivation.is_array else _Assembler(derivation).assemble()


def forward_program(derivation: Derivation) -> Program:
    """Only the forward pass, for evaluation."""
    lines = tuple(_values(derivation))
    return _with_shapes(derivation, lines) if derivation.is_array else _plain_program(derivation, lines)


def _plain_program(derivation: Derivation, lines: tuple[Line, ...]) -> Program:
    return Program(_given(derivation), lines, derivation.output.name)


def _given(derivation: Derivation) -> tuple[Symbol, ...]:
    return tuple(node.symbol for node in derivation.graph.given if node.role is not Role.SIZE)


def _values(derivation: Derivation) -> Iterable[Line]:
    for node in derivation.graph.inner:
        assert node.expression is not None
        yield Line(Kind.VALUE, node.name, node.symbol, node.expression, node.name)


def _array_program(derivation: Derivation) -> Program:
    """The forward pass, every delta and every gradient as they are printed."""
    lines = [*_values(derivation)]
    for name, delta in derivation.deltas.items():
        symbol = delta.symbol or Symbol(f"delta {name}")
        value = guarded(derivation.written(delta))
        lines.append(Line(Kind.DELTA, derivation.delta_name(delta), symbol, value, name))
    for name, gradient in derivation.gradients.items():
        value = guarded(gradient.expression)
        lines.append(Line(Kind.GRADIENT, name, Symbol(f"gradient {name}"), value, name))
    for number, (condition, targets) in enumerate(_conditions(derivation).items()):
        lines.append(Line(Kind.CONDITION, targets, Symbol(f"condition {number}"), condition, targets))
    return _with_shapes(derivation, tuple(lines))


def _conditions(derivation: Derivation) -> dict[Expr, str]:
    """The sums that collapsed forms take to be 1, each with the name of its targets."""
    deltas = [*derivation.deltas.values(), *(one.delta for one in derivation.gradients.values())]
    collapses = [delta.collapse for delta in deltas if delta.collapse is not None]
    return {
        total: target.name
        for one in collapses
        for total, target in zip(one.totals, one.summing_to_one, strict=False)
    }


def _with_shapes(derivation: Derivation, lines: tuple[Line, ...]) -> Program:
    given = _given(derivation)
    shapes = {symbol.name: derivation.graph[symbol].shape for symbol in given}
    assert derivation.shapes is not None
    used = {symbol for line in lines for symbol in line.expression.free_symbols}
    sizes = tuple(sorted(derivation.shapes.sizes & used, key=str))
    return Program(given, lines, derivation.output.name, (), shapes, sizes)


class _Assembler:
    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.given = _given(derivation)
        self.partials: dict[tuple[Symbol, Symbol], Symbol] = {}
        self.upstream: dict[Symbol, Expr] = {derivation.output: S.One}
        self.needed: set[Symbol] = set()

    def assemble(self) -> Program:
        lines = [*_values(self.derivation), *self.local_partials()]
        deltas = self.deltas()
        gradients = self.gradients()
        collapses = [delta.collapse for delta in self.derivation.deltas.values() if delta.collapse]
        sums = next((one.summing_to_one for one in collapses if one.summing_to_one), ())
        return Program(
            self.given,
            (*lines, *self._used(deltas), *gradients),
            self.derivation.output.name,
            tuple(symbol.name for symbol in sums),
        )

    def local_partials(self) -> Iterable[Line]:
        """The partials that are more than a number or a symbol, each under its own name."""
        taken: set[str] = set()
        for (consumer, node), local in self.derivation.partials.items():
            if not isinstance(local, Symbol) and not is_constant(local):
                name = unused_name(self.derivation.partial_name(consumer, node), taken)
                taken.add(name)
                symbol = partial_symbol(consumer, node)
                self.partials[consumer, node] = symbol
                written = consumer in self.derivation.written_out
                yield Line(Kind.PARTIAL, name, symbol, guarded(local), node.name, written)

    def deltas(self) -> list[Line]:
        lines = []
        for name, delta in self.derivation.deltas.items():
            symbol = delta.symbol or Symbol(f"delta {name}")
            known_as = self.derivation.delta_name(delta)
            written = delta.symbol is not None or delta.node in self.derivation.written_out
            lines.append(Line(Kind.DELTA, known_as, symbol, self._delta(delta), name, written))
            self.upstream[delta.node] = mul(delta.sign, symbol)
        return lines

    def _delta(self, delta: Delta) -> Expr:
        if delta.collapse is not None or delta.is_output:
            return delta.expression
        return mul(delta.sign, self._sum(delta.node, delta.contributions))

    def _sum(self, node: Symbol, contributions: Iterable[Contribution]) -> Expr:
        """Σ upstream × local, both by their names."""
        return add(
            *(
                mul(self.upstream[one.consumer], self.partials.get((one.consumer, node), one.local))
                for one in contributions
            )
        )

    def gradients(self) -> list[Line]:
        return [
            Line(Kind.GRADIENT, name, uncached_symbol(f"gradient {name}"), self._gradient(gradient), name)
            for name, gradient in self.derivation.gradients.items()
        ]

    def _gradient(self, gradient: Gradient) -> Expr:
        """The gradient by the names of the deltas and of the local partials that have one."""
        wrt = gradient.wrt
        consumers = self.derivation.active_consumers(wrt)
        if self._named.issuperset(consumers) and not any((one, wrt) in self.partials for one in consumers):
            return gradient.expression
        found = self._sum(wrt, gradient.contributions)
        self.needed |= found.free_symbols
        return found

    @cached_property
    def _named(self) -> set[Symbol]:
        """The nodes to whose deltas the derivation refers as the program does."""
        deltas = self.derivation.deltas.values()
        return {self.derivation.output, *(delta.node for delta in deltas if delta.symbol is not None)}

    def _used(self, deltas: list[Line]) -> list[Line]:
        """The deltas without those that only a collapsed form made needless."""
        needed = self.needed
        kept = []
        for line in reversed(deltas):
            named = self.derivation.deltas[line.node].symbol is not None or line is deltas[0]
            if named or line.symbol in needed or line.node in self.derivation.gradients:
                needed |= line.expression.free_symbols
                kept.append(line)
        return kept[::-1]


def partial_symbol(consumer: Symbol, node: Symbol) -> Symbol:
    """What a program calls a local partial."""
    return Symbol(f"partial {consumer.name} {node.name}")


def guarded(expression: Expr) -> Expr:
    """[test] · e computed as `where(test, e, 0)`: what is not chosen may be infinite."""
    if isinstance(expression, Mul):
        tests, rest = _tests(expression)
        if tests and rest is not None:
            result: Expr = guarded(rest)
            for test in reversed(tests):
                result = call(functions.where, test, result, S.Zero)
            return result
    if isinstance(expression, Add | Mul):
        build = add if isinstance(expression, Add) else mul
        return build(*map(guarded, expression.args))
    if isinstance(expression, op.Operation):
        inner = tuple(guarded(one) if isinstance(one, Expr) else one for one in expression.args)
        return expression if inner == expression.args else expression.func(*inner, evaluate=False)
    return expression


def _tests(expression: Mul) -> tuple[list[Basic], Expr | None]:
    """The tests among the factors of a product, also of its fractions; and what is left, if anything."""
    tests: list[Basic] = []
    rest: list[Expr] = []
    for factor in expression.args:
        if isinstance(factor, functions.indicator):
            tests.append(factor.args[0])
        elif isinstance(factor, Mul):
            inner, left = _tests(factor)
            tests += inner
            rest += [] if left is None else [left]
        else:
            rest.append(factor)
    return tests, mul(*rest) if rest else None
