"""What stands in a drawing: every node and edge, the numbers of the pass, the view that suits the size."""

from __future__ import annotations

from collections import Counter

import pytest
import sympy
from hypothesis import given, settings
from sympy import Expr, Symbol

from symbackprop.content import Environment, Source, Text, Value
from symbackprop.diagrams.model import Kind, View
from symbackprop.diagrams.views import default_view
from symbackprop.errors import OptionError
from symbackprop.expressions import Quotient
from symbackprop.graph import Role
from symbackprop.load import loads
from symbackprop.sweep import backprop
from tests.diagrams.drawings import ARRAYS, NETWORKS, SCALARS, Case, example, graphs, labels, network


def edges_of(one: Case) -> Counter[tuple[str, str]]:
    return Counter((parent.name, node.name) for node in one.graph.nodes for parent in node.parents)


def check_nodes_and_edges(one: Case, view: View) -> None:
    drawing = one.drawn(view)
    nodes = Counter(name for box in drawing.boxes for name in box.nodes)
    nodes.update(name for arrow in drawing.arrows for name in arrow.nodes)
    assert nodes == Counter(node.name for node in one.graph.nodes)
    edges = Counter(edge for arrow in drawing.arrows for edge in arrow.edges)
    edges.update(edge for box in drawing.boxes for edge in box.edges)
    assert edges == edges_of(one)
    keys = [box.key for box in drawing.boxes]
    assert len(set(keys)) == len(keys)
    assert all({arrow.source, arrow.target} <= set(keys) for arrow in drawing.arrows)


@pytest.mark.parametrize("name", [*SCALARS, *NETWORKS, *ARRAYS])
def test_every_node_and_every_edge_stands_once_in_the_operations_view(name: str) -> None:
    check_nodes_and_edges(example(name), View.OPERATIONS)


@given(graphs())
@settings(max_examples=25)
def test_every_node_and_every_edge_of_any_graph_stands_once(one: Case) -> None:
    check_nodes_and_edges(one, View.OPERATIONS)


@pytest.mark.parametrize("widths", [(3, 3, 2, 1), (4, 5, 3), (2, 2, 2), (1, 1)])
def test_every_node_and_every_edge_stands_once_in_the_neurons_view(widths: tuple[int, ...]) -> None:
    check_nodes_and_edges(network(*widths), View.NEURONS)


@pytest.mark.parametrize(
    ("name", "view"),
    [
        *((name, View.OPERATIONS) for name in (*SCALARS, *NETWORKS)),
        *((name, View.NEURONS) for name in NETWORKS),
    ],
)
def test_the_numbers_of_labels_are_those_of_the_pass_and_know_their_source(name: str, view: View) -> None:
    one = example(name)
    said = {}
    for label in labels(one.drawn(view)):
        if isinstance(label.right, Value) and isinstance(label.left, Expr | None):
            of = Symbol(label.of) if label.left is None else label.left
            assert label.right.number == one.values[of]
            assert label.right.source == Source("pass 1.0", of)
            said[of] = label.right.number
    for node in one.graph.nodes:
        assert node.symbol in said
    symbols = {
        delta.symbol or Quotient(one.derivation.output, delta.node)
        for delta in one.derivation.deltas.values()
    }
    if view is View.OPERATIONS:
        # What a shorter form of a delta steps over has no number.
        assert {symbol for symbol in symbols if symbol in one.values} <= set(said)
        assert {gradient.symbol for gradient in one.derivation.gradients.values()} <= set(said)


def test_the_lecture_s_gates_have_the_lecture_s_numbers() -> None:
    """f = (x + y) z at -2, 5, -4: forward 3 and -12, backward -4, -4, 3, -4 and 1."""
    drawing = example("gates").drawn(View.OPERATIONS)
    shown = {
        (label.kind, label.of): label.right.number if isinstance(label.right, Value) else label.right
        for label in labels(drawing)
        if label.kind in (Kind.FORWARD, Kind.BACKWARD)
    }
    forward = {"x": -2, "y": 5, "z": -4, "q": 3, "f": -12}
    backward = {"x": -4, "y": -4, "z": 3, "q": -4, "f": 1}
    assert shown == {
        **{(Kind.FORWARD, name): number for name, number in forward.items()},
        **{(Kind.BACKWARD, name): number for name, number in backward.items()},
    }
    signs = {box.key: box.lines[0].left for box in drawing.boxes}
    assert (signs["q"], signs["f"], signs["x"]) == ("+", "×", Symbol("x"))


def test_a_drawing_without_numbers_has_names_and_derivatives_only() -> None:
    drawing = network(3, 3, 2, 1).drawn(View.NEURONS, numbers=False)
    assert all(label.right is None for label in labels(drawing))
    weights = [arrow for arrow in drawing.arrows if arrow.nodes]
    assert len(weights) == 3 * 3 + 3 * 2 + 2
    for arrow in weights:
        (name,) = arrow.nodes
        assert [label.left for label in arrow.above] == [Symbol(name)]
        assert [label.left for label in arrow.below] == [Quotient(Symbol("L"), Symbol(name))]


def test_local_partials_stand_on_the_arrows_that_they_belong_to_when_asked_for() -> None:
    one = example("gates")
    found = {
        arrow.edges: label.right
        for arrow in one.drawn(View.OPERATIONS, partials=True).arrows
        for label in arrow.below
        if label.kind is Kind.PARTIAL
    }
    numbers = {edges[0]: float(right.number) for edges, right in found.items() if isinstance(right, Value)}
    assert numbers == {("x", "q"): 1, ("y", "q"): 1, ("q", "f"): -4, ("z", "f"): 3}
    assert not [label for label in labels(one.drawn(View.OPERATIONS)) if label.kind is Kind.PARTIAL]


def test_arrays_are_told_by_their_shapes() -> None:
    notes = {
        label.of: label.left for label in labels(example("softmax-mlp").drawn()) if label.kind is Kind.NOTE
    }
    assert notes == {"W_1": "2×3", "x": "3×1", "h_1": "2×1", "h_2": "2×1", "W_2": "3×2", "h_3": "3×1"} | {
        "p": "3×1",
        "y": "3×1",
    }


def sized(layers: list[int], notation: str = "component") -> Case:
    section = f'[network]\nlayers = {layers}\nnotation = "{notation}"\nactivation = "sigmoid"\n'
    problem = loads(section + '[loss]\nname = "mse"\n')
    return Case(problem, backprop(problem.graph), Environment({}))


def test_a_network_is_drawn_by_its_neurons_and_a_large_one_by_its_layers() -> None:
    assert default_view(example("gates").problem) is View.OPERATIONS
    assert default_view(network(3, 3, 2, 1).problem) is View.NEURONS
    assert default_view(sized([10, 10, 10]).problem) is View.LAYERS
    assert default_view(sized([784, 32, 10], "matrix").problem) is View.OPERATIONS
    assert default_view(sized([8, *[4] * 20], "matrix").problem) is View.LAYERS


@pytest.mark.parametrize("notation", ["component", "matrix"])
def test_the_layers_view_counts_the_parameters(notation: str) -> None:
    """Of 5, 4 and 3 units: 5·4 + 4 = 24 and 4·3 + 3 = 15 parameters."""
    drawing = sized([5, 4, 3], notation).drawn(View.LAYERS)
    counts = [
        label.left.count
        for label in labels(drawing)
        if isinstance(label.left, Text) and label.left.template == "{count} parameter"
    ]
    assert counts == [24, 15]
    nodes = Counter(name for box in drawing.boxes for name in box.nodes)
    graph = sized([5, 4, 3], notation).graph
    assert nodes == Counter(node.name for node in graph.nodes)


@pytest.mark.parametrize(
    ("name", "view"), [("gates", View.NEURONS), ("gates", View.LAYERS), ("rnn", View.NEURONS)]
)
def test_a_view_that_cannot_be_drawn_is_refused_with_what_can(name: str, view: View) -> None:
    with pytest.raises(OptionError) as caught:
        example(name).drawn(view)
    assert "operations" in caught.value.known
    assert caught.value.fix.startswith("take --view operations")


def test_neurons_of_a_network_in_arrays_are_had_in_components() -> None:
    with pytest.raises(OptionError) as caught:
        sized([5, 4, 3], "matrix").drawn(View.NEURONS)
    assert "--notation component" in caught.value.fix


def test_a_unit_tells_its_error_signal_and_its_bias() -> None:
    one = example("obesity")
    box = next(box for box in one.drawn(View.NEURONS).boxes if "g_2" in box.nodes)
    assert box.nodes == ("c_2", "s_2", "g_2")
    assert [str(line.left) for line in box.lines] == ["s_2", "g_2", "delta_g2", "c_2"]
    assert [line.kind for line in box.lines] == [Kind.FORWARD, Kind.FORWARD, Kind.BACKWARD, Kind.FORWARD]


def test_targets_and_constants_are_no_units() -> None:
    drawing = example("regularised-cost").drawn(View.NEURONS)
    assert {"y_1", "y_2", "lambda", "m"} <= {box.key for box in drawing.boxes}
    inputs = {node.name for node in example("regularised-cost").graph.having(Role.INPUT)}
    assert {box.key for box in drawing.boxes if box.column == 0} == inputs


def test_typed_digits_reach_the_labels() -> None:
    """λ = 0.1 was typed; it is a rational and not a double."""
    drawing = example("regularised-cost").drawn(View.NEURONS)
    (label,) = [label for label in labels(drawing) if label.of == "lambda"]
    assert isinstance(label.right, Value)
    assert label.right.number == sympy.Rational(1, 10)
