"""The backward pass of a solution: local partials, deltas from the output back, gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np
from sympy import Expr, S, Symbol

from symbackprop import operations as op
from symbackprop.arrays.algebra import Algebra
from symbackprop.content import Environment, Source, Value, text
from symbackprop.derivation import Delta, Derivation, Gradient
from symbackprop.expressions import Quotient, add, is_constant, mul
from symbackprop.graph import Node, Role
from symbackprop.problem import Problem
from symbackprop.solution.forward import layer_title
from symbackprop.solution.lines import substituted
from symbackprop.solution.steps import Assignments, Equation, Formulas, Heading, Sentence, Step, equation

FORMS = ("chain", "delta", "paths", "closed")


def chain_of(derivation: Derivation, delta: Delta) -> Expr:
    """∂L/∂a · ∂a/∂z, every factor named."""
    return derivation.chain(delta.node)


def proof(problem: Problem, derivation: Derivation) -> Iterator[Step]:
    """The chain rule at the first neuron: why ∂L/∂w = δ x and ∂L/∂b = δ."""
    found = next(
        (
            node
            for node in derivation.graph.having(Role.PREACTIVATION)
            if node.name in derivation.deltas and derivation.deltas[node.name].symbol is not None
        ),
        None,
    )
    if problem.network is None or found is None:
        return
    parameters = [
        p
        for p in found.parents
        if p.name in derivation.gradients and derivation.graph[p].role is Role.PARAMETER
    ]
    if not parameters:
        return
    delta = derivation.deltas[found.name]
    definition = Quotient(derivation.output, found.symbol)
    yield Heading(3, text("The chain rule at the neuron {node}", node=found.symbol))
    yield Formulas((equation(found.symbol, found.expression), _definition(delta, definition)))
    yield Sentence(
        text("{node} depends on its parameters directly, with these local partials:", node=found.symbol)
    )
    symbols = [derivation.local_symbol(found.symbol, parameter) for parameter in parameters]
    locals_ = [derivation.partials[found.symbol, parameter] for parameter in parameters]
    yield Assignments((tuple(map(equation, symbols, locals_)),))
    yield Sentence(text("So the derivatives are:"))
    gradients = [derivation.gradients[parameter.name] for parameter in parameters]
    yield Formulas(tuple(equation(g.symbol, g.chain, g.expression) for g in gradients))
    boxed = [gradients[0], *gradients[len(gradients) - 1 : 0 : -1][:1]]
    yield Formulas(tuple(equation(g.symbol, g.expression, boxed=True) for g in boxed))


def _definition(delta: Delta, *sides: Expr) -> Equation:
    """δ ≡ ∂L/∂z, or its negative where the convention says so."""
    assert delta.symbol is not None
    return equation(delta.symbol, *(mul(delta.sign, side) for side in sides), relation="≡")


def partials(derivation: Derivation) -> Iterator[Step]:
    """Every local partial, a row for each node; those of arrays are the pull-backs behind the deltas."""
    if derivation.is_array:
        return
    yield Heading(3, text("Local partials"))
    rows = [
        tuple(equation(derivation.local_symbol(consumer, node), local) for (_, node), local in group)
        for consumer, group in groupby(derivation.partials.items(), key=lambda item: item[0][0])
    ]
    yield Assignments(tuple(rows))


def deltas(derivation: Derivation) -> Iterator[Step]:
    """Every delta from the output back: its definition, its chain, what it equals."""
    yield Heading(3, text("Deltas, from the output back"))
    lines = [line for delta in _in_reading_order(derivation) for line in delta_equations(derivation, delta)]
    yield Formulas(tuple(lines))
    yield from _conditions(derivation, derivation.deltas.values())


def _conditions(derivation: Derivation, deltas: Iterable[Delta]) -> Iterator[Step]:
    """What a collapsed form takes for granted."""
    collapsed = [delta for delta in deltas if delta.collapse and delta.collapse.summing_to_one]
    for one in {delta.collapse.summing_to_one: delta for delta in collapsed if delta.collapse}.values():
        yield Sentence(text("The last form holds where the targets add up to one:"))
        yield Formulas(tuple(conditions(derivation, one)))


def conditions(derivation: Derivation, delta: Delta) -> list[Equation]:
    """What the collapsed form of a delta takes for granted: the targets add up to one."""
    collapse = delta.collapse
    if collapse is None or not collapse.summing_to_one:
        return []
    if collapse.totals:
        return [_total_is_one(derivation, total) for total in collapse.totals]
    return [equation(add(*collapse.summing_to_one), S.One)]


def _total_is_one(derivation: Derivation, total: Expr) -> Equation:
    """Y 1 = 1: the targets of every example add up to one."""
    assert derivation.shapes is not None
    algebra = Algebra(derivation.shapes)
    inner, axes, _ = total.args
    summed = algebra.of(op.total, inner, axes, 0)
    shape = derivation.shapes[summed]
    return equation(summed, algebra.of(op.ones, shape) if shape else S.One)


def _in_reading_order(derivation: Derivation) -> Iterator[Delta]:
    """The deltas, each unnamed one just before the first that it is written into."""
    waiting: dict[Symbol, Delta] = {}

    def with_needed(delta: Delta) -> Iterator[Delta]:
        for contribution in delta.contributions:
            if contribution.consumer in waiting:
                yield from with_needed(waiting.pop(contribution.consumer))
        yield delta

    for delta in derivation.deltas.values():
        if delta.symbol is None and not delta.is_output:
            waiting[delta.node] = delta
        else:
            yield from with_needed(delta)
    while waiting:
        yield from with_needed(waiting.pop(next(iter(waiting))))


def _array_delta_lines(derivation: Derivation, delta: Delta) -> list[Equation]:
    """δ ≡ ∂L/∂z = ∂L/∂a · ∂a/∂z, and what it equals; the factor of a batch stands with the quotient."""
    quotient = Quotient(derivation.output, delta.node)
    if delta.is_output:
        return [equation(quotient, S.One)]
    chain = chain_of(derivation, delta)
    routes = [delta.factors]
    if delta.collapse is not None:
        routes += [delta.collapse.general, delta.collapse.final]
    if delta.symbol is None:
        shown = [derivation.laid_out(derivation.unscaled(delta, route)) for route in routes]
        return [equation(quotient, chain, *shown, shaped=True)]
    flat = len(derivation.graph[delta.node].shape) <= 2
    turned = derivation.conventions.layout == "numerator" and flat
    defined = _transposed(quotient) if turned else quotient
    sides = [mul(delta.sign, defined)]
    sides += [mul(delta.sign, chain)] if chain != quotient and defined == quotient else []
    return [
        equation(delta.symbol, *sides, relation="≡"),
        equation(delta.symbol, *routes, shaped=True),
    ]


def _transposed(quotient: Quotient) -> Expr:
    return op.of(op.transpose, quotient, op.NONE)


def delta_equations(derivation: Derivation, delta: Delta) -> list[Equation]:
    """δ ≡ ∂L/∂z = ∂L/∂a · ∂a/∂z, and what it equals, in one equation or in two."""
    if derivation.is_array:
        return _array_delta_lines(derivation, delta)
    quotient = Quotient(derivation.output, delta.node)
    if delta.is_output:
        return [equation(quotient, S.One)]
    chain = chain_of(derivation, delta)
    routes = [delta.factors]
    if delta.collapse is not None:
        routes += [mul(delta.sign, delta.collapse.general), mul(delta.sign, delta.collapse.final)]
    if delta.symbol is None:
        return [equation(quotient, chain, *(mul(delta.sign, route) for route in routes))]
    if chain == quotient:
        return [_definition(delta, quotient, *(mul(delta.sign, route) for route in routes))]
    sides = [quotient, chain] if delta.sign == 1 else [quotient]
    return [_definition(delta, *sides), equation(delta.symbol, *routes)]


def gradients(
    problem: Problem, derivation: Derivation, forms: tuple[str, ...], *, large: bool = False
) -> Iterator[Step]:
    """The gradients in the forms asked for."""
    yield Heading(3, text("Gradients"))
    if "chain" in forms or "delta" in forms:
        lines = []
        for gradient in derivation.gradients.values():
            line = gradient_equation(derivation, gradient, forms)
            lines.append((derivation.graph[gradient.wrt], line))
        yield from _by_layer(problem, lines)
        given = [g.delta for g in derivation.gradients.values() if derivation.graph[g.wrt].expression is None]
        yield from _conditions(derivation, given)
    if "paths" in forms:
        yield from _paths(derivation, large=large)
    if "closed" in forms:
        yield Heading(4, text("In inputs and parameters only"))
        yield Formulas(
            tuple(equation(g.symbol, g.closed(large=large)) for g in derivation.gradients.values())
        )


def gradient_equation(
    derivation: Derivation, gradient: Gradient, forms: tuple[str, ...] = ("chain", "delta")
) -> Equation:
    """∂L/∂w = ∂L/∂z · ∂z/∂w = δ x."""
    sides = [gradient.chain] * ("chain" in forms)
    if "delta" in forms:
        sides += [*_routes(derivation, gradient), gradient.laid_out]
    # A gradient with one factor only is its own chain; what it equals is said then.
    if all(side == gradient.symbol for side in sides):
        sides = [gradient.laid_out]
    return equation(gradient.symbol, *sides, shaped=True)


def _routes(derivation: Derivation, gradient: Gradient) -> list[Expr]:
    """What stands before the shorter form of a gradient by a given array."""
    delta = gradient.delta
    if delta.value is None or delta.collapse is None or derivation.graph[gradient.wrt].expression is not None:
        return []
    return [derivation.laid_out(route) for route in (delta.value, delta.collapse.general)]


def _by_layer(problem: Problem, lines: list[tuple[Node, Equation]]) -> Iterator[Step]:
    """Gradients under their layers' headings, the last layer first: the order of the backward pass."""
    depth = max((node.layer for node in problem.graph.inner if node.layer is not None), default=0)
    for layer in range(depth, 0, -1):
        mine = tuple(line for node, line in lines if node.layer == layer)
        if mine:
            yield Heading(4, layer_title(layer, depth))
            yield Formulas(mine)
    rest = tuple(line for node, line in lines if node.layer is None)
    if rest:
        yield Formulas(rest)


def _paths(derivation: Derivation, *, large: bool) -> Iterator[Step]:
    yield Heading(4, text("Path by path"))
    lines = []
    for gradient in derivation.gradients.values():
        paths = list(gradient.paths(large=large))
        chains, products = (path.chain for path in paths), (path.expression for path in paths)
        lines.append(equation(gradient.symbol, add(*chains), add(*products)))
    yield Formulas(tuple(lines))


def backward_pass(
    problem: Problem, derivation: Derivation, forms: tuple[str, ...], *, large: bool = False
) -> Iterator[Step]:
    """The whole backward pass in formulas."""
    yield Heading(2, text("Backward pass"))
    yield from proof(problem, derivation)
    yield from partials(derivation)
    yield from deltas(derivation)
    yield from gradients(problem, derivation, forms, large=large)


def delta_numbers(derivation: Derivation, values: Environment) -> Iterator[Step]:
    """Every delta: symbols = numbers = value."""
    lines: list[Equation] = []
    for delta in derivation.deltas.values():
        quotient = Quotient(derivation.output, delta.node)
        if delta.is_output:
            continue
        if derivation.is_array:
            lines.append(_array_delta_numbers(derivation, delta, values))
            continue
        if delta.symbol is None:
            if delta.node in derivation.written_out and quotient in values:
                if not is_constant(delta.expression):
                    lines.append(substituted(quotient, mul(delta.sign, delta.expression), values))
                lines += _partial_numbers(derivation, delta.node, values)
            continue
        by_factors = delta.collapse is None and any(
            contribution.consumer in derivation.written_out for contribution in delta.contributions
        )
        expression = mul(delta.sign, chain_of(derivation, delta)) if by_factors else delta.expression
        if any(atom not in values for atom in expression.atoms(Quotient)):
            expression = delta.expression
        lines.append(substituted(delta.symbol, expression, values))
    yield Formulas(tuple(lines))


def _array_delta_numbers(derivation: Derivation, delta: Delta, values: Environment) -> Equation:
    if delta.symbol is not None:
        return substituted(delta.symbol, delta.expression, values)
    quotient = Quotient(derivation.output, delta.node)
    value = _laid_out_number(derivation, quotient, values)
    shown = derivation.laid_out(derivation.unscaled(delta, delta.expression))
    return substituted(quotient, shown, values, value=value)


def _partial_numbers(derivation: Derivation, node: Symbol, values: Environment) -> Iterator[Equation]:
    """The slopes behind an unnamed derivative, as ∂ŷ/∂t = ŷ(1 - ŷ)."""
    for parent in derivation.graph[node].parents:
        local = derivation.partials.get((node, parent))
        behind = derivation.deltas.get(parent.name)
        if local is None or behind is None or behind.symbol is None or behind.collapse is not None:
            continue
        quotient = derivation.local_symbol(node, parent)
        if quotient in values and not is_constant(local):
            yield substituted(quotient, local, values)


def laid_out_value(derivation: Derivation, value: Any) -> Any:
    """A gradient's numbers in the layout of the convention."""
    if derivation.conventions.layout != "numerator" or not 1 <= np.ndim(value) <= 2:
        return value
    return np.reshape(value, (1, -1)) if np.ndim(value) == 1 else np.transpose(value)


def _laid_out_number(derivation: Derivation, quotient: Quotient, values: Environment) -> Value:
    """A gradient's numbers in the layout of the convention, with their source."""
    source, value = values.source(quotient), laid_out_value(derivation, values[quotient])
    if source is not None and value is not values[quotient]:
        source = Source(source.scope, _transposed(quotient))
    return Value(value, source)


def gradient_numbers(problem: Problem, derivation: Derivation, values: Environment) -> Iterator[Step]:
    """Every gradient: symbols = numbers = value."""
    lines = [
        (
            derivation.graph[gradient.wrt],
            substituted(
                gradient.symbol,
                gradient.laid_out,
                values,
                value=_laid_out_number(derivation, gradient.symbol, values),
            ),
        )
        for gradient in derivation.gradients.values()
    ]
    yield from _by_layer(problem, lines)
