"""The solution of a derivation in indexed notation: the general layer, then every line for one entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import S, Symbol

from symbackprop.content import text
from symbackprop.derivation import Derivation
from symbackprop.errors import OptionError
from symbackprop.indexed.derivation import Equality, IndexedDerivation, indexed_derivation
from symbackprop.indexed.general_layer import GeneralLayer, general_layer
from symbackprop.losses import LOSSES
from symbackprop.problem import Problem
from symbackprop.solution.forward import by_layer, given_shapes, layer_title
from symbackprop.solution.header import header
from symbackprop.solution.steps import (
    Assignments,
    Equation,
    Formulas,
    Heading,
    Notation,
    Sentence,
    Solution,
    Step,
    equation,
)


def solve_indexed(problem: Problem, derivation: Derivation) -> Solution:
    """The solution in indices.

    Args:
        problem: where the derivation comes from.
        derivation: the formulas, of arrays.

    Raises:
        OptionError: the derivation is one of scalars, or an operation has no form in indices.
    """
    if not derivation.is_array:
        raise OptionError(
            "indexed notation is for arrays, and these are scalars",
            where="the derivation",
            fix="give a [network], or a graph with arrays",
        )
    indexed = indexed_derivation(derivation)
    steps = [
        *header(problem, indexed=True),
        *_general(problem),
        *_forward(problem, indexed),
        *_backward(problem, indexed),
    ]
    return Solution(problem.title, tuple(steps), Notation(capitals=indexed.capitals))


def _line(equality: Equality) -> Equation:
    return equation(equality.left, *equality.sides)


def _general(problem: Problem) -> Iterator[Step]:
    """The formulas of any layer, where the hidden layers are alike."""
    found = general_layer_of(problem)
    if found is None:
        return
    yield Heading(2, text("Any layer"))
    yield Sentence(
        text(
            "Layers count from 1 to {depth}, the inputs are layer 0, a layer l has {width} units. Above a "
            "letter {depth} is the number of layers, elsewhere the loss:",
            depth=Symbol("L"),
            width=Symbol("n_l"),
        )
    )
    yield Formulas(tuple(map(_line, found.lines)))
    yield from _condition([found.output_delta])


def general_layer_of(problem: Problem) -> GeneralLayer | None:
    """The general layer of a network whose hidden layers have one activation."""
    objective = problem.objective
    if objective is None or not problem.layers or objective.penalties:
        return None
    *hidden, last = (layer.activation for layer in problem.layers)
    if len(set(hidden)) > 1 or any(layer.alpha is not None for layer in problem.layers):
        return None
    mean = objective.mean and LOSSES[objective.loss].averages and problem.outputs > 1
    return general_layer(
        hidden[0] if hidden else last,
        objective.loss,
        output_activation=last,
        factor=objective.factor,
        mean=mean,
        conventions=problem.conventions,
    )


def _forward(problem: Problem, indexed: IndexedDerivation) -> Iterator[Step]:
    yield Heading(2, text("Forward pass"))
    graph = problem.graph
    yield from given_shapes(problem)
    yield from by_layer(graph, [(node, _line(indexed.nodes[node.name])) for node in graph.inner])


def _backward(problem: Problem, indexed: IndexedDerivation) -> Iterator[Step]:
    yield Heading(2, text("Backward pass"))
    yield Heading(3, text("Local partials"))
    every = [*indexed.deltas.values(), *indexed.gradients.values()]
    locals_ = dict.fromkeys(line for one in every for line in one.locals.values())
    yield Assignments(tuple((_line(line),) for line in locals_))
    if indexed.deltas:
        yield Heading(3, text("Deltas, from the output back"))
        yield Formulas(tuple(_line(one.line) for one in indexed.deltas.values()))
    yield from _condition([one.line for one in every])
    yield Heading(3, text("Gradients"))
    yield from _by_layer(problem, {name: _line(one.line) for name, one in indexed.gradients.items()})


def _by_layer(problem: Problem, lines: Mapping[str, Equation]) -> Iterator[Step]:
    """The last layer first: the order of the backward pass."""
    layers = {name: problem.graph[name].layer for name in lines}
    depth = max((layer for layer in layers.values() if layer is not None), default=0)
    for layer in range(depth, 0, -1):
        mine = tuple(line for name, line in lines.items() if layers[name] == layer)
        if mine:
            yield Heading(4, layer_title(layer, depth))
            yield Formulas(mine)
    rest = tuple(line for name, line in lines.items() if layers[name] is None)
    if rest:
        yield Formulas(rest)


def _condition(lines: list[Equality]) -> Iterator[Step]:
    for one in dict.fromkeys(line.condition for line in lines if line.condition is not None):
        yield Sentence(text("The last form holds where the targets add up to one:"))
        yield Formulas((equation(one, S.One),))
