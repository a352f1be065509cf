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
"""A sign of so many characters stands in a circle."""


def operations(problem: Problem, labels: Labels, *, partials: bool = False) -> Diagram:
    """The graph, every node a box.

    Args:
        problem: whose graph it is.
        labels: the names and numbers.
        partials: whether every arrow bears its local partial.
    """
    output = problem.graph.output
    boxes = [_box(node, labels) for node in problem.graph.nodes]
    arrows = [arrow for node in problem.graph.nodes for arrow in _arrows(node, labels, partials=partials)]
    end = Box(END, (), (Label(Kind.NAME, output),), Shape.NONE)
    ending = Arrow(
        output.name, END, above=_forward(problem.graph[output], labels), below=labels.backward(output)
    )
    if problem.graph.consumers[output]:
        # What else uses the output bears its labels already.
        ending = Arrow(output.name, END)
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
    shape = Shape.CIRCLE if isinstance(shown, str) and len(shown) <= ROUND else Shape.BOX
    return Box(node.name, (node.name,), (Label(Kind.NAME, shown, of=node.name),), shape)


def _forward(node: Node, labels: Labels) -> tuple[Label, ...]:
    """Its name and value; the name and shape of what is given stand in its box."""
    if node.expression is not None:
        return (labels.value(node), *labels.shape(node))
    number = labels.number(node.symbol)
    return (Label(Kind.FORWARD, None, number, node.name),) if number is not None else ()


def _arrows(node: Node, labels: Labels, *, partials: bool) -> list[Arrow]:
    """To every consumer; the first bears the labels of the node, for its value is the same on all."""
    found = []
    for place, consumer in enumerate(labels.graph.consumers[node.symbol]):
        above = _forward(node, labels) if place == 0 else ()
        below = labels.backward(node.symbol) if place == 0 else ()
        local = labels.partial(consumer, node.symbol) if partials else ()
        found.append(Arrow(node.name, consumer.name, (_edge(node, consumer),), (), above, (*below, *local)))
    return found


def _edge(node: Node, consumer: Symbol) -> tuple[str, str]:
    return node.name, consumer.name
