"""The forward pass of a solution: the architecture, the functions, and a line for every node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import sympy
from sympy import Expr, Symbol

from symbackprop import functions
from symbackprop.arrays.shape_lines import shape_text
from symbackprop.content import Environment, Text, text
from symbackprop.conventions import Conventions
from symbackprop.exact import TooLong, exact_value
from symbackprop.expressions import Prime, Rewriter, call, divide, plain_sum
from symbackprop.graph import Graph, Node, Role
from symbackprop.language import parse_expression
from symbackprop.partials import local_partials
from symbackprop.problem import Problem
from symbackprop.solution.header import heads_in
from symbackprop.solution.lines import substituted
from symbackprop.solution.steps import Cell, Equation, Formulas, Heading, Sentence, Step, Table, equation

ROLES: Mapping[Role, Text] = {
    Role.INPUT: text("input"),
    Role.PARAMETER: text("parameter"),
    Role.SIZE: text("size"),
    Role.TARGET: text("target"),
    Role.CONSTANT: text("constant"),
    Role.PREACTIVATION: text("pre-activation"),
    Role.ACTIVATION: text("activation"),
    Role.NODE: text("node"),
    Role.LOSS: text("loss"),
}
"""What a node is in its graph, in words."""


def architecture(problem: Problem) -> Iterator[Step]:
    """The widths of the layers, their activations and the number of parameters."""
    network = problem.network
    if network is None:
        return
    inputs = len(network.weights[0][0])
    widths = " → ".join(str(width) for width in (inputs, *(layer.units for layer in network.layers)))
    kinds = [layer.activation for layer in network.layers]
    shown = kinds[0] if len(set(kinds)) == 1 else ", ".join(kinds)
    yield Sentence(
        text(
            "Widths, the inputs first: {widths}. Activation: {activation}. Parameters: {count}.",
            widths=widths,
            activation=shown,
            count=len(problem.graph.parameters),
        )
    )


def function_lines(graph: Graph, conventions: Conventions) -> Iterator[Step]:
    """What the declared functions of the graph mean, and their slopes."""
    # A letter that is an array here would be printed as one.
    z = Symbol(next(one for one in "ztsur" if one not in graph or not graph[one].shape))
    found: list[Equation] = []
    for head in heads_in(graph):
        if head is functions.softmax:
            found.append(_softmax_line(graph))
        entry = functions.BY_HEAD.get(head)
        if entry is None or not entry.formula:
            continue
        arguments = [z, *(Symbol(name) for name in entry.arguments[1:])]
        value = call(head, *arguments)
        if head is not functions.sigmoid or conventions.sigma == "name":
            formula = parse_expression(entry.formula, constants=functions.CONSTANTS)
            found.append(equation(value, Rewriter({Symbol("z"): z})(formula)))
        slope = local_partials(value, conventions)
        if z in slope:
            found.append(equation(Prime(value), slope[z]))
    if found:
        yield Sentence(text("The functions and their slopes:"))
        yield Formulas(tuple(found))


def _softmax_line(graph: Graph) -> Equation:
    """softmax_1(z) = e^{z_1}/(e^{z_1} + …), at the first that stands in the graph."""
    first = next(part for node in graph.inner for part in _calls(node, functions.softmax))
    index, inputs = first.args
    terms = [call(sympy.exp, one) for one in inputs]
    return equation(first, divide(terms[index - 1], plain_sum(terms)))


def _calls(node: Node, head: type[sympy.Function]) -> list[Expr]:
    assert node.expression is not None
    return sorted(node.expression.atoms(head), key=str)


def forward_pass(problem: Problem) -> Iterator[Step]:
    """Every node's formula."""
    yield Heading(2, text("Forward pass"))
    if problem.graph.is_array:
        yield from given_shapes(problem)
    yield from architecture(problem)
    yield from function_lines(problem.graph, problem.conventions)
    yield from by_layer(
        problem.graph,
        [(node, equation(node.symbol, node.expression, shaped=True)) for node in problem.graph.inner],
    )


def given_shapes(problem: Problem) -> Iterator[Step]:
    """What is given, its shape, and its name in the model that it was read from."""
    head: tuple[Cell, ...] = (text("Given"), text("Role"), text("Shape"))
    given = [node for node in problem.graph.given if node.role is not Role.SIZE]
    rows: list[tuple[Cell, ...]] = [
        (node.symbol, ROLES[node.role], shape_text(node.shape) if node.shape else "1") for node in given
    ]
    if problem.origins:
        head = (*head, text("In the model"))
        rows = [(*row, problem.origins.get(node.name, "")) for row, node in zip(rows, given, strict=True)]
    yield Table(head, tuple(rows))


def forward_numbers(problem: Problem, values: Environment) -> Iterator[Step]:
    """Every node: symbols = numbers = value."""
    lines = [(node, substituted(node.symbol, node.expression, values)) for node in problem.graph.inner]
    yield from by_layer(problem.graph, lines)


def at_kinks(problem: Problem, values: Environment) -> Iterator[Step]:
    """Which nodes are exactly at a kink, where the slope is a convention."""
    for node in problem.graph.inner:
        for part in _calls(node, sympy.Function):
            entry = functions.BY_HEAD.get(part.func)
            if entry is not None and any(
                _is_zero(kink, entry.arguments, part, values) for kink in entry.kinks
            ):
                yield Sentence(
                    text(
                        "{node} is exactly at a kink of {part}: its slope there is taken by convention.",
                        node=node.symbol,
                        part=part,
                    ),
                    fixed=True,
                )


def _is_zero(kink: str, names: tuple[str, ...], part: Expr, values: Environment) -> bool:
    inner = Rewriter(dict(zip(map(Symbol, names), part.args, strict=True)))(parse_expression(kink))
    if any(np.ndim(values[symbol]) for symbol in inner.free_symbols):
        return False
    numbers = {symbol: sympy.Rational(values[symbol]) for symbol in inner.free_symbols}
    try:
        return bool(exact_value(inner, numbers).is_zero)
    except TooLong:
        return False


def by_layer(graph: Graph, lines: Sequence[tuple[Node, Equation]]) -> Iterator[Step]:
    """Equations under the headings of their layers; what belongs to no layer comes last."""
    layers = sorted({node.layer for node in graph.inner if node.layer is not None})
    for layer in layers:
        mine = tuple(line for node, line in lines if node.layer == layer)
        if mine:
            yield Heading(3, layer_title(layer, layers[-1]))
            yield Formulas(mine)
    rest = tuple(line for node, line in lines if node.layer is None)
    if rest:
        if layers:
            yield Heading(3, text("Loss"))
        yield Formulas(rest)


def layer_title(layer: int, depth: int) -> Text:
    """Layer 1, Layer 2, …, Layer 3 (output)."""
    return (
        text("Layer {number} (output)", number=layer)
        if layer == depth
        else text("Layer {number}", number=layer)
    )
