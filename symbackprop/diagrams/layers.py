"""The layers view: one box a layer, with its width, its activation and the shapes of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from sympy import Symbol

from symbackprop.arrays.shape_lines import shape_text
from symbackprop.content import Text, text
from symbackprop.diagrams.labels import Labels
from symbackprop.diagrams.model import Arrow, Box, Diagram, Edge, Kind, Label, View
from symbackprop.graph import Node, Role
from symbackprop.network import Layer
from symbackprop.problem import Problem

IN, OUT, TARGETS = "in", "out", "target"
"""The keys of the boxes that are no layers."""


def layers(problem: Problem, labels: Labels) -> Diagram:
    """The network, every layer a box.

    Args:
        problem: its network, or its layers in matrix notation.
        labels: the names and numbers.
    """
    graph = problem.graph
    found = problem.network.layers if problem.network is not None else problem.layers
    given = graph.having(Role.INPUT)
    boxes = [Box(IN, _names(given), (*_head(text("input")), *_given(given, labels)), column=0, row=0.0)]
    for number, layer in enumerate(found, 1):
        nodes = [node for node in graph.nodes if node.layer == number]
        lines = (*_head(text("layer {number}", number=str(number))), *_layer_lines(layer, nodes, labels))
        boxes.append(Box(str(number), _names(nodes), lines, edges=_within(nodes), column=number, row=0.0))
    placed = {name for box in boxes for name in box.nodes}
    rest = [node for node in graph.nodes if node.name not in placed and node.role is not Role.TARGET]
    targets = graph.having(Role.TARGET)
    lines = _head(text("loss")) + tuple(labels.value(node) for node in rest if node.expression is not None)
    boxes.append(Box(OUT, _names(rest), lines, edges=_within(rest), column=len(found) + 1, row=0.0))
    if targets:
        head = (*_head(text("target")), *_given(targets, labels))
        boxes.append(Box(TARGETS, _names(targets), head, column=len(found), row=1.0))
    title = text("Layers: {title}", title=problem.title) if problem.title else text("Layers of a network")
    return Diagram(
        View.LAYERS,
        title,
        tuple(boxes),
        _arrows(boxes, labels),
        text(
            "A network, drawn from left to right. In each box stand the width of a layer, its activation and "
            "the shapes of its parameters."
        ),
    )


def _names(nodes: Sequence[Node]) -> tuple[str, ...]:
    return tuple(node.name for node in nodes)


def _head(words: Text) -> tuple[Label, ...]:
    return (Label(Kind.NAME, words),)


def _given(nodes: Sequence[Node], labels: Labels) -> tuple[Label, ...]:
    """An array by its name and shape, several numbers by how many they are."""
    if len(nodes) == 1:
        return (Label(Kind.FORWARD, nodes[0].symbol, of=nodes[0].name), *labels.shape(nodes[0]))
    return (Label(Kind.NOTE, text("{count} number", "{count} numbers", count=len(nodes))),)


def _layer_lines(layer: Layer, nodes: Sequence[Node], labels: Labels) -> list[Label]:
    parameters = [node for node in nodes if node.role is Role.PARAMETER]
    lines = [
        Label(Kind.NOTE, text("{count} unit", "{count} units", count=layer.units)),
        Label(Kind.NOTE, layer.activation),
    ]
    if any(node.shape for node in parameters):
        count = size_of(parameters)
        for node in parameters:
            shape = text("{name}: {shape}", name=node.symbol, shape=shape_text(node.shape))
            lines.append(Label(Kind.FORWARD, shape, of=node.name))
    else:
        count = len(parameters)
        weights = count - layer.units * layer.has_bias
        shape = text(
            "{name}: {shape}", name=Symbol(layer.weight), shape=f"{layer.units}×{weights // layer.units}"
        )
        lines.append(Label(Kind.FORWARD, shape))
        if layer.has_bias:
            offsets = text("{name}: {shape}", name=Symbol(layer.bias), shape=f"{layer.units}×1")
            lines.append(Label(Kind.FORWARD, offsets))
    lines.append(Label(Kind.NOTE, text("{count} parameter", "{count} parameters", count=count)))
    return lines


def size_of(parameters: Sequence[Node]) -> int:
    """How many numbers arrays hold together."""
    return sum(prod(int(length) for length in node.shape) for node in parameters)


def _within(nodes: Sequence[Node]) -> tuple[Edge, ...]:
    names = {node.name for node in nodes}
    return tuple((p.name, node.name) for node in nodes for p in node.parents if p.name in names)


def _arrows(boxes: Sequence[Box], labels: Labels) -> tuple[Arrow, ...]:
    """One between each two boxes that an edge of the graph joins; a penalty's weights are not drawn."""
    box_of = {name: box.key for box in boxes for name in box.nodes}
    edges: dict[tuple[str, str], list[Edge]] = {}
    for node in labels.graph.inner:
        for parent in node.parents:
            ends = box_of[parent.name], box_of[node.name]
            skips = labels.graph[parent].role is Role.PARAMETER
            if ends[0] != ends[1] and not skips:
                edges.setdefault(ends, []).append((parent.name, node.name))
    return tuple(_arrow(ends, found, labels) for ends, found in edges.items())


def _arrow(ends: tuple[str, str], edges: list[Edge], labels: Labels) -> Arrow:
    carried = {parent for parent, _ in edges}
    above: tuple[Label, ...] = ()
    below: tuple[Label, ...] = ()
    if len(carried) == 1 and ends[0] not in (IN, TARGETS):
        node = labels.graph[next(iter(carried))]
        above = (labels.value(node), *labels.shape(node))
        below = labels.backward(node.symbol)
    return Arrow(*ends, tuple(edges), (), above, below)
