"""Layers -> a computational graph of scalars, any depth and width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Rational, Symbol

from symbackprop.activations import ACTIVATIONS
from symbackprop.collector import uncollected
from symbackprop.expressions import divide, mul, plain_product, plain_sum, uncached_symbol
from symbackprop.graph import Collapse, Graph, Node, Role
from symbackprop.losses import LOSSES, PENALTIES
from symbackprop.notation.names import unused_name

MANY = 10
"""From so many units on, the two indices of a weight are kept apart: w_1_12."""


@dataclass(frozen=True)
class Layer:
    """A fully connected layer: z = W x + b, a = f(z).

    Attributes:
        units: how many.
        activation: the name of f.
        weight: the letter of its weights; likewise `bias`, `preactivation`, `output` and `delta`.
        has_bias: whether there is a b.
        alpha: the constant of the activation, where it is not the usual one.
    """

    units: int
    activation: str
    weight: str
    bias: str
    preactivation: str
    output: str
    delta: str
    has_bias: bool = True
    alpha: Rational | None = None


@dataclass(frozen=True)
class PenaltyTerm:
    """λ · factor · Σ of a penalty's terms.

    Attributes:
        name: `l1` or `l2`.
        symbol: the letter of λ.
        factor: the number in front.
        biases: whether the biases are penalised too.
        per_example: divide by the number m of examples of a batch, named by `examples`.
    """

    name: str
    symbol: str = "lambda"
    factor: Rational = Rational(1)
    biases: bool = False
    per_example: bool = False
    examples: str = "m"


@dataclass(frozen=True)
class Objective:
    """What is minimised.

    Attributes:
        loss: the name of the loss.
        symbol: the letter of the whole.
        factor: the number in front of the loss.
        mean: whether several outputs are averaged; else they are summed.
        parameters: the loss's own constants.
        penalties: what is added.
    """

    loss: str
    symbol: str = "L"
    factor: Rational = Rational(1)
    mean: bool = True
    parameters: dict[str, Rational] = field(default_factory=dict)
    penalties: tuple[PenaltyTerm, ...] = ()


@dataclass(frozen=True)
class Network:
    """A network as a graph, and which of the graph's names are whose.

    Attributes:
        graph: the graph; its output is the loss.
        layers: the layers.
        weights: for every layer a row of names for each unit.
        biases: for every layer the names of its biases; none, where it has none.
        outputs: the names of the last layer's outputs.
        targets: the names of the targets.
    """

    graph: Graph
    layers: tuple[Layer, ...]
    weights: tuple[tuple[tuple[str, ...], ...], ...]
    biases: tuple[tuple[str, ...], ...]
    outputs: tuple[str, ...]
    targets: tuple[str, ...]


def default_layer(number: int, depth: int, units: int, activation: str, **chosen: str) -> Layer:
    """A layer with the usual letters: w, b, z, a, δ with the layer's number above, ŷ at the end.

    >>> default_layer(2, 2, 1, "sigmoid").output
    'yhat'
    """
    above = f"__{number}" if depth > 1 else ""
    letters = {"weight": "w", "bias": "b", "preactivation": "z", "output": "a", "delta": "delta"}
    names = {role: chosen.get(role) or letter + above for role, letter in letters.items()}
    if number == depth:
        names["output"] = chosen.get("output") or "yhat"
    return Layer(
        units,
        activation,
        names["weight"],
        names["bias"],
        names["preactivation"],
        names["output"],
        names["delta"],
    )


def numbered(letter: str, *indices: tuple[int, int]) -> str:
    """A letter with its indices; an index of which there is only one is dropped.

    Args:
        letter: the letter, with what its layer puts above it.
        indices: pairs of an index and how many there are.

    >>> numbered("w", (1, 3), (2, 3)), numbered("u", (1, 1), (2, 3)), numbered("delta_a", (1, 3))
    ('w_12', 'u_2', 'delta_a1')
    """
    return naming(letter, *(count for _, count in indices))(*(index for index, _ in indices))


def naming(letter: str, *counts: int) -> Callable[..., str]:
    """The rule by which the entries of a letter are named: indices -> name.

    Args:
        letter: the letter, with what its layer puts above it.
        counts: how many there are of each index.

    >>> naming("w__2", 12, 3)(10, 1)
    'w_10_1__2'
    """
    head, mark, above = letter.partition("__")
    kept = [place for place, count in enumerate(counts) if count > 1]
    between = "_" if len(kept) > 1 and any(count >= MANY for count in counts) else ""
    front = head + ("_" if kept and ("_" not in head or head[-1].isdigit()) else "")
    behind = mark + above
    return lambda *indices: front + between.join([str(indices[place]) for place in kept]) + behind


def _entries(letter: str, count: int) -> list[Symbol]:
    """The entries of a vector."""
    name = naming(letter, count)
    return [Symbol(name(place)) for place in range(1, count + 1)]


def _rows(letter: str, rows: int, columns: int) -> list[list[Symbol]]:
    """The entries of a matrix."""
    name = naming(letter, rows, columns)
    return [[uncached_symbol(name(i, j)) for j in range(1, columns + 1)] for i in range(1, rows + 1)]


@uncollected()
def build_network(
    inputs: Sequence[str], targets: Sequence[str], layers: Sequence[Layer], objective: Objective | None
) -> Network:
    """The graph of a network, its loss last; without an objective the outputs are all there is.

    Raises:
        GraphError: two names are the same.
    """
    builder = _Builder(inputs, targets)
    for number, layer in enumerate(layers, 1):
        builder.add_layer(number, layer, objective if number == len(layers) else None)
    output = builder.add_objective(objective) if objective else builder.values[-1]
    graph = Graph(tuple(builder.nodes), output)
    return Network(
        graph,
        tuple(layers),
        tuple(tuple(map(_names, rows)) for rows in builder.weights),
        tuple(map(_names, builder.biases)),
        _names(builder.values),
        tuple(targets),
    )


def _names(symbols: Iterable[Symbol]) -> tuple[str, ...]:
    return tuple(symbol.name for symbol in symbols)


class _Builder:
    """The nodes so far; `values` are the outputs of the last layer added."""

    def __init__(self, inputs: Sequence[str], targets: Sequence[str]) -> None:
        self.values = [Symbol(name) for name in inputs]
        self.targets = [Symbol(name) for name in targets]
        self.nodes = [Node(symbol, role=Role.INPUT) for symbol in self.values]
        self.nodes += [Node(symbol, role=Role.TARGET) for symbol in self.targets]
        self.weights: list[list[list[Symbol]]] = []
        self.biases: list[list[Symbol]] = []

    def add_layer(self, number: int, layer: Layer, objective: Objective | None) -> None:
        rows = _rows(layer.weight, layer.units, len(self.values))
        biases = _entries(layer.bias, layer.units) if layer.has_bias else []
        self.weights.append(rows)
        self.biases.append(biases)
        for symbol in self._by_unit(rows, biases):
            self.nodes.append(Node(symbol, None, Role.PARAMETER, number))
        self._add_units(number, layer, objective)

    @staticmethod
    def _by_unit(rows: list[list[Symbol]], biases: list[Symbol]) -> Iterator[Symbol]:
        """The weights of each unit, followed by its bias."""
        for place, row in enumerate(rows):
            yield from (*row, *biases[place : place + 1])

    def _add_units(self, number: int, layer: Layer, objective: Objective | None) -> None:
        sums, outputs = _entries(layer.preactivation, layer.units), _entries(layer.output, layer.units)
        deltas = _entries(layer.delta, layer.units)
        collapses = self._collapses(layer, outputs, objective)
        values = ACTIVATIONS[layer.activation].outputs(sums, layer.alpha)
        for place, (row, z, a, value) in enumerate(zip(self.weights[-1], sums, outputs, values, strict=True)):
            total = _weighted_sum(row, self.values, self.biases[-1][place : place + 1])
            collapse = collapses[place] if collapses else None
            self.nodes.append(Node(z, total, Role.PREACTIVATION, number, deltas[place], collapse=collapse))
            self.nodes.append(Node(a, value, Role.ACTIVATION, number))
        self.values = outputs

    def _collapses(
        self, layer: Layer, outputs: Sequence[Symbol], objective: Objective | None
    ) -> list[Collapse] | None:
        if objective is None:
            return None
        loss = LOSSES[objective.loss]
        return loss.collapse(
            layer.activation, outputs, self.targets, factor=objective.factor, mean=objective.mean
        )

    def add_objective(self, objective: Objective) -> Symbol:
        """The loss, or the loss, the penalties and their sum."""
        value = LOSSES[objective.loss].build(
            self.values,
            self.targets,
            factor=objective.factor,
            mean=objective.mean,
            parameters=objective.parameters,
        )
        total = Symbol(objective.symbol)
        if not objective.penalties:
            self.nodes.append(Node(total, value, Role.LOSS))
            return total
        parts = [self._named_part("E", value, total)]
        parts += [self._penalty(penalty, total) for penalty in objective.penalties]
        self.nodes.append(Node(total, plain_sum(parts), Role.LOSS))
        return total

    def _penalty(self, penalty: PenaltyTerm, total: Symbol) -> Symbol:
        kinds = self._parameters(biases=penalty.biases)
        coefficient: Expr = mul(self._constant(penalty.symbol), penalty.factor)
        if penalty.per_example:
            coefficient = divide(
                self._constant(penalty.symbol), mul(1 / penalty.factor, self._constant(penalty.examples))
            )
        return self._named_part("R", PENALTIES[penalty.name].build(kinds, coefficient), total)

    def _parameters(self, *, biases: bool) -> list[Symbol]:
        layers = zip(self.weights, self.biases, strict=True)
        return [w for rows, offsets in layers for w in self._by_unit(rows, offsets if biases else [])]

    def _constant(self, name: str) -> Symbol:
        symbol = Symbol(name)
        if all(node.symbol != symbol for node in self.nodes):
            self.nodes.append(Node(symbol, role=Role.CONSTANT))
        return symbol

    def _named_part(self, wish: str, value: Expr, total: Symbol) -> Symbol:
        symbol = Symbol(unused_name(wish, {node.name for node in self.nodes} | {total.name}))
        self.nodes.append(Node(symbol, value))
        return symbol


def _weighted_sum(row: Sequence[Symbol], inputs: Sequence[Symbol], bias: Sequence[Symbol]) -> Expr:
    """w_1 x_1 + w_2 x_2 + … + b, in this order."""
    return plain_sum([*map(plain_product, zip(row, inputs, strict=True)), *bias])
