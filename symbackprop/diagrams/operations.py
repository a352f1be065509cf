"""The operations view: a box for every node, what goes forward above the wires, what comes back below."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.content import Text, text
from symbackprop.diagrams.labels import Labels
from symbackprop.diagrams.model import Arrow, Box, Diagram, Kind, Label, Shape, View
from symbackprop.diagrams.signs import sign
from symbackprop.graph import Node
from symbackprop.problem import Problem

END = "="
"""The key of what stands at the end of the output's wire; no node has this name."""

ROUND = 3
"""A sign of so many characters stands in a circle,"""

FEW = 4
"""where no more arrows than this come in."""


def operations(problem: Problem, labels: Labels, *, partials: bool = False) -> Diagram:
    """The graph, every node a box; of a node's arrows the first bears its labels.

    Args:
        problem: whose graph it is.
        labels: the names and numbers.
        partials: whether every arrow bears its local partial.
    """
    graph, output = problem.graph, problem.graph.output
    boxes = [_box(node, labels) for node in graph.nodes]
    end = Box(END, (), (Label(Kind.NAME, output),), Shape.NONE)
    arrows: list[Arrow] = []
    labelled: set[Symbol] = set()
    for node in graph.inner:
        for parent in node.parents:
            first = parent not in labelled
            labelled.add(parent)
            local = labels.partial(node.symbol, parent) if partials else ()
            above = _forward(graph[parent], labels) if first else ()
            below = labels.backward(parent) if first else ()
            edge = parent.name, node.name
            arrows.append(Arrow(*edge, (edge,), (), above, (*below, *local)))
    first = output not in labelled
    above = _forward(graph[output], labels) if first else ()
    ending = Arrow(output.name, END, above=above, below=labels.backward(output) if first else ())
    return Diagram(
        View.OPERATIONS,
        _title(problem),
        (*boxes, end),
        (*arrows, ending),
        text(
            "A graph, drawn from left to right. Above each arrow stands the value that goes forward, below "
            "it the derivative of {output} that comes back.",
            output=output,
        ),
    )


def _title(problem: Problem) -> Text:
    if problem.title:
        return text("Computational graph: {title}", title=problem.title)
    return text("Computational graph of {output}", output=problem.graph.output)


def _box(node: Node, labels: Labels) -> Box:
    if node.expression is None:
        return Box(
            node.name,
            (node.name,),
            (Label(Kind.NAME, node.symbol, of=node.name), *labels.shape(node)),
            Shape.NONE,
        )
    shown = sign(node.expression)
    small = isinstance(shown, str) and len(shown) <= ROUND and len(node.parents) <= FEW
    shape = Shape.CIRCLE if small else Shape.BOX
    return Box(node.name, (node.name,), (Label(Kind.NAME, shown, of=node.name),), shape)


def _forward(node: Node, labels: Labels) -> tuple[Label, ...]:
    """Its name and value; the name and shape of what is given stand in its box."""
    if node.expression is not None:
        return (labels.value(node), *labels.shape(node))
    number = labels.number(node.symbol)
    return (Label(Kind.FORWARD, None, number, node.name),) if number is not None else ()
