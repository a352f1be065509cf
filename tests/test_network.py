"""Layers -> graph: names, structure, penalties, and the collapsed delta where softmax meets cross-entropy."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

import pytest
from mpmath import mp, mpf
from sympy import Rational, S, Symbol

from symbackprop.conventions import Conventions
from symbackprop.errors import GraphError
from symbackprop.expressions import symbols_in
from symbackprop.graph import Role
from symbackprop.losses import LOSSES
from symbackprop.network import (
    Layer,
    Network,
    Objective,
    PenaltyTerm,
    build_network,
    default_layer,
    numbered,
)
from symbackprop.sweep import backprop
from tests.oracles import central, delta_values, graph_values, near, value

OBESITY = [
    ("w", "b", "z", "a", "delta_a"),
    ("v", "c", "s", "g", "delta_g"),
    ("u", "d", "t", "yhat", "delta_out"),
]


def obesity(objective: Objective | None = None, *, has_bias: bool = True) -> Network:
    """The 3-3-2-1 network of sigmoids."""
    layers = [
        Layer(units, "sigmoid", *row, has_bias=has_bias)
        for units, row in zip((3, 2, 1), OBESITY, strict=True)
    ]
    return build_network(["x_1", "x_2", "x_3"], ["y"], layers, objective or Objective("mse"))


def classifier(activation: str, objective: Objective, units: int = 3) -> Network:
    """Two inputs, two hidden units of tanh, and a last layer of the activation."""
    layers = [default_layer(1, 2, 2, "tanh"), default_layer(2, 2, units, activation)]
    targets = [numbered("y", (k, units)) for k in range(1, units + 1)]
    return build_network(["x_1", "x_2"], targets, layers, objective)


def at_random(network: Network, seed: int, targets: Sequence[float] | None = None) -> dict[str, mpf]:
    """Random values for everything given; the targets as they are asked for."""
    dice = random.Random(seed)
    leaves = [node.name for node in network.graph.nodes if node.expression is None]
    point = {name: mpf(round(dice.uniform(0.1, 0.9) * dice.choice([-1, 1]), 3)) for name in leaves}
    point |= {name: mpf(round(dice.uniform(0.1, 0.9), 3)) for name in network.targets}
    return point | (dict(zip(network.targets, map(mpf, targets), strict=True)) if targets else {})


def forward_by_hand(network: Network, point: dict[str, mpf]) -> list[mpf]:
    """The outputs of a network of sigmoids by plain loops over its tables of names."""
    values = [point[name] for name in ("x_1", "x_2", "x_3")]
    for rows, biases in zip(network.weights, network.biases, strict=True):
        sums = [mp.fsum(point[w] * x for w, x in zip(row, values, strict=True)) for row in rows]
        sums = [z + (point[biases[place]] if biases else 0) for place, z in enumerate(sums)]
        values = [1 / (1 + mp.exp(-z)) for z in sums]
    return values


# ------------------------------------------------------------------------------------------- names


def test_names_are_those_of_the_worked_example() -> None:
    """w_11 … u_1 u_2 d: a layer of one unit has no row index."""
    network = obesity()
    assert network.weights == (
        (("w_11", "w_12", "w_13"), ("w_21", "w_22", "w_23"), ("w_31", "w_32", "w_33")),
        (("v_11", "v_12", "v_13"), ("v_21", "v_22", "v_23")),
        (("u_1", "u_2"),),
    )
    assert network.biases == (("b_1", "b_2", "b_3"), ("c_1", "c_2"), ("d",))
    assert network.outputs == ("yhat",)
    inner = [node.name for node in network.graph.inner]
    assert inner == "z_1 a_1 z_2 a_2 z_3 a_3 s_1 g_1 s_2 g_2 t yhat L".split()
    deltas = {node.name: node.delta.name for node in network.graph.nodes if node.delta is not None}
    assert deltas == {
        "z_1": "delta_a1", "z_2": "delta_a2", "z_3": "delta_a3",
        "s_1": "delta_g1", "s_2": "delta_g2", "t": "delta_out",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("letter", "indices", "expected"),
    [
        ("w", [(1, 3), (2, 3)], "w_12"),
        ("u", [(1, 1), (2, 3)], "u_2"),
        ("u", [(2, 3), (1, 1)], "u_2"),
        ("w", [(1, 1), (1, 1)], "w"),
        ("b", [(2, 3)], "b_2"),
        ("d", [(1, 1)], "d"),
        ("delta_a", [(1, 3)], "delta_a1"),
        ("delta_out", [(1, 1)], "delta_out"),
        ("w", [(1, 12), (12, 12)], "w_1_12"),
        ("w", [(2, 3), (10, 10)], "w_2_10"),
        ("w", [(2, 3), (1, 10)], "w_2_1"),
        ("w", [(2, 9), (9, 9)], "w_29"),
        ("w", [(1, 1), (12, 12)], "w_12"),
        ("b", [(12, 12)], "b_12"),
        ("w__2", [(1, 3), (2, 3)], "w_12__2"),
        ("w__2", [(1, 1), (2, 3)], "w_2__2"),
        ("w__2", [(1, 1), (1, 1)], "w__2"),
        ("w_2", [(1, 3)], "w_2_1"),
        ("theta", [(1, 4)], "theta_1"),
    ],
)
def test_indices_are_set_behind_the_letter(
    letter: str, indices: list[tuple[int, int]], expected: str
) -> None:
    """An index of one is dropped; from ten on two indices are kept apart."""
    assert numbered(letter, *indices) == expected


def test_names_of_a_wide_network_are_unique() -> None:
    """Twelve units after eleven: w_1_11 is not w_11_1."""
    layers = [default_layer(1, 2, 12, "tanh"), default_layer(2, 2, 1, "identity")]
    network = build_network([f"x_{k}" for k in range(1, 12)], ["y"], layers, Objective("mse"))
    assert network.weights[0][0][10] == "w_1_11__1"
    assert network.weights[0][10][0] == "w_11_1__1"
    assert network.weights[1][0][11] == "w_12__2"
    names = [node.name for node in network.graph.nodes]
    assert len(names) == len(set(names)) == 12 + 12 * 11 + 12 + 24 + 13 + 2 + 1


def test_the_usual_letters_bear_the_layers_number() -> None:
    """Where there is more than one layer; the last output is ŷ."""
    first, last = default_layer(1, 2, 3, "tanh"), default_layer(2, 2, 1, "sigmoid")
    assert (first.weight, first.bias, first.preactivation, first.output, first.delta) == (
        "w__1", "b__1", "z__1", "a__1", "delta__1",
    )  # fmt: skip
    assert last.output == "yhat"
    alone = default_layer(1, 1, 1, "sigmoid")
    assert (alone.weight, alone.bias, alone.output) == ("w", "b", "yhat")
    assert default_layer(1, 1, 1, "sigmoid", weight="theta", output="p").weight == "theta"
    assert default_layer(1, 1, 1, "sigmoid", output="p").output == "p"


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [(["x", "x"], ["y"]), (["x"], ["x"]), (["w"], ["y"]), (["x"], ["L"]), (["z"], ["y"]), (["delta"], ["y"])],
)
def test_one_name_for_two_things_is_refused(inputs: list[str], targets: list[str]) -> None:
    """Inputs, targets, weights, nodes, the loss and the deltas."""
    with pytest.raises(GraphError):
        build_network(inputs, targets, [Layer(1, "sigmoid", "w", "b", "z", "a", "delta")], Objective("mse"))


def test_two_layers_with_the_same_letter_for_deltas_are_refused() -> None:
    """One name would stand for two deltas."""
    layers = [Layer(2, "tanh", "w", "b", "z", "a", "delta"), Layer(2, "tanh", "v", "c", "s", "p", "delta")]
    with pytest.raises(GraphError):
        build_network(["x"], ["y_1", "y_2"], layers, Objective("mse"))


# --------------------------------------------------------------------------------------- structure


def test_nodes_have_their_roles_and_layers() -> None:
    """And stand in the order of the forward pass."""
    graph = obesity().graph
    assert [node.name for node in graph.having(Role.INPUT)] == ["x_1", "x_2", "x_3"]
    assert [node.name for node in graph.having(Role.TARGET)] == ["y"]
    assert len(graph.having(Role.PARAMETER)) == 12 + 8 + 3
    assert (graph["z_2"].role, graph["z_2"].layer) == (Role.PREACTIVATION, 1)
    assert (graph["g_1"].role, graph["g_1"].layer) == (Role.ACTIVATION, 2)
    assert (graph["L"].role, graph.output) == (Role.LOSS, Symbol("L"))
    assert (graph["u_1"].role, graph["u_1"].layer) == (Role.PARAMETER, 3)


def test_weighted_sums_stand_in_the_books_order() -> None:
    """w_11 x_1 + w_12 x_2 + w_13 x_3 + b_1."""
    expression = obesity().graph["z_1"].expression
    assert expression is not None
    assert [str(one) for one in symbols_in(expression)] == "w_11 x_1 w_12 x_2 w_13 x_3 b_1".split()
    lone = build_network(["x"], ["y"], [Layer(1, "identity", "w", "b", "z", "a", "d", has_bias=False)], None)
    assert [str(one) for one in symbols_in(lone.graph["z"].expression or S.Zero)] == ["w", "x"]


@pytest.mark.parametrize("has_bias", [True, False])
def test_the_forward_pass_is_the_networks(has_bias: bool) -> None:
    """Against plain loops."""
    network = obesity(has_bias=has_bias)
    point = at_random(network, 5)
    values = graph_values(network.graph, point)
    (expected,) = forward_by_hand(network, point)
    assert near(values[Symbol("yhat")], expected, 1e-40)
    assert near(values[Symbol("L")], (expected - point["y"]) ** 2, 1e-40)
    assert network.biases == ((("b_1", "b_2", "b_3"), ("c_1", "c_2"), ("d",)) if has_bias else ((), (), ()))
    assert ("b_1" in network.graph) == has_bias


def test_without_an_objective_the_output_is_the_last_value() -> None:
    """A network to look at, not to train."""
    layers = [default_layer(1, 1, 2, "tanh")]
    network = build_network(["x"], [], layers, None)
    assert network.graph.output == Symbol("yhat_2")
    assert network.outputs == ("yhat_1", "yhat_2")


@pytest.mark.parametrize("name", ["w_11", "w_23", "b_3", "v_12", "c_2", "u_1", "d"])
def test_gradients_of_the_worked_example_are_difference_quotients(name: str) -> None:
    """To 25 digits."""
    network = obesity()
    derivation = backprop(network.graph)
    point = at_random(network, 11)
    found = value(derivation.gradients[name].expression, delta_values(derivation, point))
    assert near(found, central(network.graph, point, name), 1e-25)


# --------------------------------------------------------------------------------------- penalties


@pytest.mark.parametrize(
    ("name", "biases", "per_example", "factor"),
    list(product(["l1", "l2"], [False, True], [False, True], [Rational(1), Rational(1, 2)])),
)
def test_penalties_are_added_to_the_loss(
    name: str, biases: bool, per_example: bool, factor: Rational
) -> None:
    """factor · λ (/ m) · Σ over the weights, and over the biases where asked; against a plain sum."""
    term = PenaltyTerm(name, factor=factor, biases=biases, per_example=per_example)
    network = obesity(Objective("mse", symbol="J", penalties=(term,)))
    point = at_random(network, 3) | {"lambda": mpf("0.3")} | ({"m": mpf(4)} if per_example else {})
    weights = [w for rows in network.weights for row in rows for w in row]
    weights += [b for row in network.biases for b in row] if biases else []
    each = [abs(point[w]) if name == "l1" else point[w] ** 2 for w in weights]
    expected = mpf(factor.p) / factor.q * point["lambda"] * mp.fsum(each) / (4 if per_example else 1)
    values = graph_values(network.graph, point)
    (yhat,) = forward_by_hand(network, point)
    assert near(values[Symbol("E")], (yhat - point["y"]) ** 2, 1e-40)
    assert near(values[Symbol("R")], expected, 1e-40)
    assert near(values[Symbol("J")], values[Symbol("E")] + expected, 1e-40)
    assert network.graph["lambda"].role is Role.CONSTANT
    assert ("m" in network.graph) == per_example
    derivation = backprop(network.graph)
    at = delta_values(derivation, point)
    for parameter in ("w_12", "b_1", "u_2", "d"):
        found = value(derivation.gradients[parameter].expression, at)
        assert near(found, central(network.graph, point, parameter), 1e-25, 1e-30), parameter
    assert "lambda" not in derivation.gradients


def test_two_penalties_have_two_names() -> None:
    """R and R_2, each with its own λ or a common one."""
    terms = (PenaltyTerm("l1", symbol="alpha"), PenaltyTerm("l2", symbol="lambda"))
    graph = obesity(Objective("mse", penalties=terms)).graph
    assert [node.name for node in graph.inner][-4:] == ["E", "R", "R_2", "L"]
    assert str(graph["L"].expression) == "E + R + R_2"
    shared = obesity(Objective("mse", penalties=(PenaltyTerm("l1"), PenaltyTerm("l2")))).graph
    assert [node.name for node in shared.having(Role.CONSTANT)] == ["lambda"]


def test_the_parts_give_way_to_names_that_are_taken() -> None:
    """An input E, a loss R."""
    layers = [Layer(1, "identity", "w", "b", "z", "yhat", "delta")]
    network = build_network(
        ["E"], ["y"], layers, Objective("mse", symbol="R", penalties=(PenaltyTerm("l2"),))
    )
    assert [node.name for node in network.graph.inner] == ["z", "yhat", "E_2", "R_2", "R"]


# ---------------------------------------------------------------------------------------- collapse

MEETINGS = [
    ("softmax", "cross_entropy"), ("softmax", "kl_divergence"), ("sigmoid", "binary_cross_entropy"),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "loss"), MEETINGS)
@pytest.mark.parametrize(
    "objective", [{}, {"factor": Rational(1, 2)}, {"mean": False}, {"penalties": (PenaltyTerm("l2"),)}]
)
@pytest.mark.parametrize("sign", ["plus", "minus"])
def test_the_collapsed_delta_is_the_factor_by_factor_delta(
    activation: str, loss: str, objective: dict[str, object], sign: str
) -> None:
    """The general form for any targets, the final one for targets that add up to 1; gradients to match."""
    network = classifier(activation, Objective(loss, **objective))  # type: ignore[arg-type]
    convention = Conventions(error_sign=sign)  # type: ignore[arg-type]
    short = backprop(network.graph, conventions=convention)
    long = backprop(network.graph, conventions=convention.model_copy(update={"collapse": False}))
    turn = -1 if sign == "minus" else 1
    for seed, targets in ((1, None), (2, ["0.25", "0.5", "0.25"]), (3, ["0", "1", "0"])):
        point = at_random(network, seed, targets)  # type: ignore[arg-type]
        if seed == 3 and loss == "kl_divergence":
            point |= dict(zip(network.targets, (mpf("0.5"), mpf("0.375"), mpf("0.125")), strict=True))
        at = delta_values(long, point)
        for k in (1, 2, 3):
            node = network.graph[f"z_{k}__2"]
            assert node.collapse is not None
            truth = value(long.deltas[node.name].expression, at)
            assert near(turn * value(node.collapse.general, at), truth, 1e-30, 1e-35)
            if seed > 1 or activation == "sigmoid":
                assert near(turn * value(node.collapse.final, at), truth, 1e-30, 1e-35)
                assert near(value(short.deltas[node.name].expression, at), truth, 1e-30, 1e-35)
        if seed > 1:
            at_short = delta_values(short, point)
            for parameter in ("w_12__1", "b_1__1", "w_21__2", "b_3__2"):
                found = value(short.gradients[parameter].expression, at_short)
                assert near(found, central(network.graph, point, parameter), 1e-25, 1e-30), parameter
                assert near(value(long.gradients[parameter].expression, at), found, 1e-30, 1e-35), parameter


def test_the_collapsed_delta_reads_as_in_the_book() -> None:
    """ŷ_k - y_k; and without collapse it is the sum over the outputs."""
    network = classifier("softmax", Objective("cross_entropy"))
    assert str(backprop(network.graph).deltas["z_2__2"].expression) == "-y_2 + yhat_2"
    plain = backprop(network.graph, conventions=Conventions(collapse=False)).deltas["z_2__2"]
    assert len(plain.contributions) == 3
    assert plain.collapse is None
    assert plain.expression == plain.factors


@pytest.mark.parametrize(
    "loss",
    [name for name in LOSSES if name not in ("cross_entropy", "kl_divergence", "binary_cross_entropy")],
)
def test_other_losses_have_no_collapsed_form(loss: str) -> None:
    """Their deltas are the products of the chain."""
    network = classifier("sigmoid", Objective(loss))
    assert all(node.collapse is None for node in network.graph.nodes)
    derivation = backprop(network.graph)
    point = at_random(network, 9)
    at = delta_values(derivation, point)
    for parameter in ("w_11__1", "w_32__2", "b_1__2"):
        found = value(derivation.gradients[parameter].expression, at)
        assert near(found, central(network.graph, point, parameter), 1e-25, 1e-30), parameter


def test_another_output_does_not_collapse() -> None:
    """The short form is that of the loss, not of a node on the way."""
    network = classifier("softmax", Objective("cross_entropy"))
    derivation = backprop(network.graph, "yhat_1")
    assert all(delta.collapse is None for delta in derivation.deltas.values())
