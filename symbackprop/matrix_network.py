"""Layers -> a computational graph of arrays: one example or a batch of n, in columns or in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sympy import Expr, Rational, S, Symbol, sympify

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.activations import ACTIVATIONS
from symbackprop.arrays.sizes import Shape, Size
from symbackprop.content import Text, text
from symbackprop.expressions import divide, mul, plain_sum
from symbackprop.graph import Graph, Node, Role
from symbackprop.losses import LOSSES, PENALTIES, Loss
from symbackprop.network import Layer, Objective, PenaltyTerm
from symbackprop.notation.names import unused_name
from symbackprop.problem import Assembly

COUNT = Symbol("n")
"""How many examples a batch has."""


@dataclass(frozen=True)
class Arrangement:
    """How the examples stand.

    Attributes:
        batch: a batch of n; else one example, its values vectors.
        rows: the examples are rows, Z = X W + b; else columns, Z = W X + b.
        mean: the loss of a batch is the mean over its examples; else the sum.
    """

    batch: bool = True
    rows: bool = False
    mean: bool = True

    @property
    def words(self) -> Text:
        """For the header."""
        if not self.batch:
            return text("one at a time, a vector")
        if self.rows:
            return text("a batch of n examples, each a row")
        return text("a batch of n examples, each a column")

    def shape(self, width: int) -> Shape:
        """The shape of a layer's values."""
        if not self.batch:
            return (width,)
        return (COUNT, width) if self.rows else (width, COUNT)

    def weight(self, units: int, inputs: int) -> Shape:
        """The shape of a layer's weights."""
        return (inputs, units) if self.rows else (units, inputs)

    def bias(self, units: int) -> Shape:
        """The shape of a layer's biases: it broadcasts along the examples."""
        if not self.batch:
            return (units,)
        return (1, units) if self.rows else (units, 1)

    @property
    def axis(self) -> int:
        """Along which axis the units of a layer lie."""
        return 1 if self.batch and self.rows else 0


@dataclass(frozen=True)
class MatrixNetwork:
    """A network of arrays.

    Attributes:
        graph: the graph; its output is the loss.
        layers: the layers with the letters of their arrays.
        arrangement: how the examples stand.
        arrays: which arrays are made of which columns of the data.
    """

    graph: Graph
    layers: tuple[Layer, ...]
    arrangement: Arrangement
    arrays: tuple[Assembly, ...]


def default_matrix_layer(number: int, depth: int, layer: Layer, arrangement: Arrangement) -> Layer:
    """The same layer with the usual letters of arrays: W, b, Z, A, δ, capitals where there is a batch."""
    above = f"__{number}" if depth > 1 else ""
    z, a = ("Z", "A") if arrangement.batch else ("z", "a")
    return replace(
        layer,
        weight=f"W{above}",
        bias=f"b{above}",
        preactivation=z + above,
        output=a + above,
        delta=f"delta{above}",
    )


def build_matrix_network(
    inputs: Sequence[str],
    targets: Sequence[str],
    layers: Sequence[Layer],
    objective: Objective,
    arrangement: Arrangement,
) -> MatrixNetwork:
    """The graph of a network in arrays.

    Args:
        inputs: the names of the inputs of one example, columns of the data.
        targets: likewise of its targets.
        layers: the layers with the letters of their arrays.
        objective: the loss.
        arrangement: how the examples stand.
    """
    builder = _Builder(len(inputs), len(targets), arrangement, objective)
    for number, layer in enumerate(layers, 1):
        builder.add_layer(number, layer)
    builder.add_objective()
    x, y = builder.given
    batch, across = arrangement.batch, not arrangement.rows
    arrays = (
        Assembly(x.name, tuple(inputs), across, single=not batch),
        Assembly(y.name, tuple(targets), across, single=not batch, is_target=True),
    )
    return MatrixNetwork(builder.graph(), tuple(layers), arrangement, arrays)


def array_loss(
    loss: Loss, objective: Objective, output: Symbol, target: Symbol, *, rank: int, count: Size
) -> Expr:
    """The terms of all entries of an output, added up and divided by `count`.

    Args:
        loss: gives the term of each entry.
        objective: the factor in front, and the loss's own constants.
        output: ŷ; `target` is y.
        rank: how many axes they have.
        count: over how many the mean is taken; 1: over none.
    """
    summed = op.of(op.total, loss.filled(output, target, objective.parameters), tuple(range(rank)), 0)
    number, symbols = sympify(count).as_coeff_Mul()
    factor = objective.factor / number
    coefficient = factor if symbols == 1 else divide(Rational(factor.p), factor.q * symbols)
    return mul(S.NegativeOne if loss.negative else S.One, coefficient, summed)


class _Builder:
    """The nodes so far; `value` is the output of the last layer added."""

    def __init__(self, inputs: int, targets: int, arrangement: Arrangement, objective: Objective) -> None:
        self.arrangement, self.objective = arrangement, objective
        x, y = ("X", "Y") if arrangement.batch else ("x", "y")
        self.given = Symbol(x), Symbol(y)
        self.value, self.width = self.given[0], inputs
        self.nodes = [
            Node(self.given[0], role=Role.INPUT, shape=arrangement.shape(inputs)),
            Node(self.given[1], role=Role.TARGET, shape=arrangement.shape(targets)),
        ]
        self.weights: list[Symbol] = []
        self.biases: list[Symbol] = []

    def add_layer(self, number: int, layer: Layer) -> None:
        """Z = W A + b, A = f(Z)."""
        arrangement = self.arrangement
        weight, bias = Symbol(layer.weight), Symbol(layer.bias)
        self._parameter(weight, arrangement.weight(layer.units, self.width), number)
        self.weights.append(weight)
        factors = (self.value, weight) if arrangement.rows else (weight, self.value)
        linear = op.of(op.matmul, *factors)
        if layer.has_bias:
            self._parameter(bias, arrangement.bias(layer.units), number)
            self.biases.append(bias)
            linear = plain_sum([linear, bias])
        shape = arrangement.shape(layer.units)
        z, a = Symbol(layer.preactivation), Symbol(layer.output)
        delta = Symbol(layer.delta)
        self.nodes.append(Node(z, linear, Role.PREACTIVATION, number, delta, shape))
        self.nodes.append(Node(a, self._activated(layer, z), Role.ACTIVATION, number, shape=shape))
        self.value, self.width = a, layer.units

    def _parameter(self, symbol: Symbol, shape: Shape, number: int) -> None:
        self.nodes.append(Node(symbol, role=Role.PARAMETER, layer=number, shape=shape))

    def _activated(self, layer: Layer, z: Symbol) -> Expr:
        activation = ACTIVATIONS[layer.activation]
        if activation.whole_layer:
            return op.of(op.softmax_along, z, self.arrangement.axis)
        if not activation.function:
            return z
        extra = [] if layer.alpha is None else [layer.alpha]
        return functions.build(activation.function, [z, *extra])

    def add_objective(self) -> None:
        """The loss of one example or of a batch, and its penalties."""
        objective = self.objective
        total = Symbol(objective.symbol)
        value = self._loss()
        if objective.penalties:
            parts = [self._part("E", value)]
            parts += [self._part("R", self._penalty(one)) for one in objective.penalties]
            value = plain_sum(parts)
        self.nodes.append(Node(total, value, Role.LOSS))

    def _loss(self) -> Expr:
        objective, arrangement = self.objective, self.arrangement
        loss = LOSSES[objective.loss]
        outputs = self.width if objective.mean and loss.averages else 1
        examples = COUNT if arrangement.batch and arrangement.mean else 1
        rank = 2 if arrangement.batch else 1
        return array_loss(loss, objective, self.value, self.given[1], rank=rank, count=outputs * examples)

    def _penalty(self, penalty: PenaltyTerm) -> Expr:
        strength = self._constant(penalty.symbol)
        coefficient: Expr = mul(strength, penalty.factor)
        if penalty.per_example:
            examples: Expr = COUNT if self.arrangement.batch else self._constant(penalty.examples)
            coefficient = divide(strength, mul(1 / penalty.factor, examples))
        chosen = [*self.weights, *(self.biases if penalty.biases else ())]
        shapes = {node.symbol: node.shape for node in self.nodes}
        sums = [
            op.of(op.total, PENALTIES[penalty.name].filled(symbol), tuple(range(len(shapes[symbol]))), 0)
            for symbol in chosen
        ]
        return mul(coefficient, plain_sum(sums))

    def _constant(self, name: str) -> Symbol:
        symbol = Symbol(name)
        if all(node.symbol != symbol for node in self.nodes):
            self.nodes.append(Node(symbol, role=Role.CONSTANT))
        return symbol

    def _part(self, wish: str, value: Expr) -> Symbol:
        taken = {node.name for node in self.nodes} | {self.objective.symbol}
        symbol = Symbol(unused_name(wish, taken))
        self.nodes.append(Node(symbol, value))
        return symbol

    def graph(self) -> Graph:
        """The graph, its deltas n times the derivatives where the loss is a mean over the batch."""
        used = any(node.expression is not None and COUNT in node.parents for node in self.nodes)
        sizes = [Node(COUNT, role=Role.SIZE)] if used else []
        batch = self.arrangement.batch and self.arrangement.mean
        scale: Expr = COUNT if batch and not self.objective.penalties else S.One
        return Graph((*self.nodes, *sizes), Symbol(self.objective.symbol), scale=scale)
