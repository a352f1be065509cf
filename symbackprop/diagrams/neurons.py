"""The neurons view: a box for every unit of a network, its weights on the arrows that come in."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.content import text
from symbackprop.diagrams.labels import Labels
from symbackprop.diagrams.model import Arrow, Box, Diagram, Edge, Kind, Label, Shape, View
from symbackprop.diagrams.signs import sign
from symbackprop.graph import Node, Role
from symbackprop.network import Network, numbered
from symbackprop.problem import Problem


def neurons(problem: Problem, network: Network, labels: Labels) -> Diagram:
    """The network, every unit a box.

    Args:
        problem: where it belongs.
        network: which names are whose.
        labels: the names and numbers.
    """
    drawing = _Drawing(network, labels)
    drawing.draw_units()
    drawing.draw_rest()
    title = text("Network: {title}", title=problem.title) if problem.title else text("Network")
    return Diagram(
        View.NEURONS,
        title,
        tuple(drawing.boxes),
        tuple(drawing.arrows),
        text(
            "A network, drawn from left to right. In each box stand what a unit computes and its error "
            "signal; above each arrow stands a weight, below it the gradient of that weight."
        ),
    )


class _Drawing:
    def __init__(self, network: Network, labels: Labels) -> None:
        self.network, self.labels, self.graph = network, labels, labels.graph
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []
        self.box_of: dict[str, str] = {}
        self.column_of: dict[str, int] = {}
        self.rows: dict[int, int] = {}

    def _put(
        self,
        nodes: tuple[str, ...],
        lines: tuple[Label, ...],
        column: int,
        shape: Shape = Shape.BOX,
        edges: tuple[Edge, ...] = (),
    ) -> str:
        """A box below the last one of its column; its key is the name of its last node."""
        key = nodes[-1]
        row = self.rows.get(column, 0)
        self.rows[column] = row + 1
        self.boxes.append(Box(key, nodes, lines, shape, edges, column, float(row)))
        for name in nodes:
            self.box_of[name], self.column_of[name] = key, column
        return key

    def draw_units(self) -> None:
        """The inputs, and the units of every layer with the arrows that come in."""
        before = [node.name for node in self.graph.having(Role.INPUT)]
        for name in before:
            self._put((name,), (self.labels.value(self.graph[name]),), 0)
        for number, layer in enumerate(self.network.layers, 1):
            outputs = []
            for place, weights in enumerate(self.network.weights[number - 1]):
                z = numbered(layer.preactivation, (place + 1, layer.units))
                a = numbered(layer.output, (place + 1, layer.units))
                bias = self.network.biases[number - 1][place : place + 1]
                self._unit(number, z, a, bias)
                for weight, source in zip(weights, before, strict=True):
                    self._weighted(weight, source, z)
                outputs.append(a)
            before = outputs

    def _unit(self, column: int, z: str, a: str, bias: tuple[str, ...]) -> None:
        labels = self.labels
        lines = [labels.value(self.graph[z]), labels.value(self.graph[a]), *labels.backward(Symbol(z))]
        lines += [labels.value(self.graph[name]) for name in bias]
        inside = [(name, z) for name in bias] + [(parent.name, a) for parent in self.graph[a].parents]
        self._put((*bias, z, a), tuple(lines), column, edges=tuple(inside))

    def _weighted(self, weight: str, source: str, z: str) -> None:
        self.arrows.append(
            Arrow(
                self.box_of[source],
                self.box_of[z],
                ((source, z), (weight, z)),
                (weight,),
                (self.labels.value(self.graph[weight]),),
                self.labels.backward(Symbol(weight)),
            )
        )

    def draw_rest(self) -> None:
        """The loss and its parts, and what is given to them: each stands before what uses it."""
        on_arrows = {name for layer in self.network.weights for row in layer for name in row}
        late = [
            node for node in self.graph.nodes if node.name not in self.box_of and node.name not in on_arrows
        ]
        for node in late:
            if node.expression is not None:
                columns = [self.column_of.get(parent.name, 0) for parent in node.parents]
                depth = len(self.network.layers)
                self._put((node.name,), self._computed(node), max([depth, *columns]) + 1)
        for node in late:
            if node.expression is None:
                users = [self.column_of[user.name] for user in self.graph.consumers[node.symbol]]
                self._put((node.name,), (self.labels.value(node),), min(users, default=1) - 1)
        for node in late:
            self._arrows_to(node)

    def _computed(self, node: Node) -> tuple[Label, ...]:
        assert node.expression is not None
        backward = self.labels.backward(node.symbol) if node.symbol != self.graph.output else ()
        shown = sign(node.expression)
        formula = (Label(Kind.NAME, shown, of=node.name),) if not isinstance(shown, str) else ()
        return (*formula, self.labels.value(node), *backward)

    def _arrows_to(self, node: Node) -> None:
        """One from every box that it uses; a weight that it uses stands on its arrow, and not in a box."""
        edges: dict[str, list[Edge]] = {}
        for parent in node.parents:
            if parent.name in self.box_of:
                edges.setdefault(self.box_of[parent.name], []).append((parent.name, node.name))
        for source, found in edges.items():
            self.arrows.append(Arrow(source, self.box_of[node.name], tuple(found)))
