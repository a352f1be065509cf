"""Graphs of arrays: sizes and their names, what rewriting leaves alone, and networks in rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.conventions import Conventions
from symbackprop.errors import ExpressionError, GraphError, ValuesError

X = np.array([0.3, -1.2, 0.8])


def gradients(text: str, shapes: dict[str, Any], values: dict[str, Any], **options: Any) -> Any:
    graph = sb.Graph.from_equations(text, shapes=shapes, parameters=[*values], **options)
    return sb.compile(sb.backprop(graph))(values).gradients


@pytest.mark.parametrize("size", ["}\\input{x}", "2*n", "-1", "__import__('os')", "sum"])
def test_a_size_is_a_number_or_a_name(size: str) -> None:
    with pytest.raises(ExpressionError, match=r"name|function"):
        sb.Graph.from_equations("L = sum(x)", shapes={"x": (size,)})


def test_a_size_is_no_fraction() -> None:
    with pytest.raises(GraphError, match=r"1\.5 is no size"):
        sb.Graph.from_equations("L = sum(x)", shapes={"x": (1.5,)})


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("n = sum(x); L = n*mean(x)", {"x": ("n",)}),
        ("L = sum(x) + sum(n)", {"x": ("n",), "n": (3,)}),
    ],
)
def test_a_size_has_a_name_of_its_own(text: str, shapes: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match="size of an array"):
        sb.Graph.from_equations(text, shapes=shapes)


def test_the_name_of_a_bare_expression_is_not_that_of_a_size() -> None:
    graph = sb.Graph.from_equations("mean(x)", shapes={"x": ("f",)})
    assert graph.output.name != "f"


def test_a_node_made_of_sizes_does_not_stand_in_shapes() -> None:
    """k = 2n, and the ones of the length 2n stay so: ∂L/∂x is 2k times a vector of ones."""
    found = gradients("k = 2*n; c = concatenate([x, x]); L = k*sum(c)", {"x": ("n",)}, {"x": X})
    np.testing.assert_allclose(found["x"], np.full(3, 12.0))


def test_shapes_are_no_operations_of_their_own() -> None:
    text = "y = reshape(x, (x.shape[0]*2,)); L = sum(y**2)"
    values = {"x": np.outer(X, [1, 2])}
    found = gradients(text, {"x": ("n", 2)}, values, granularity="operations")
    np.testing.assert_allclose(found["x"], 2 * values["x"])


def test_every_sum_of_targets_that_is_taken_to_be_one_is_checked() -> None:
    text = "L = -sum(y*log_softmax(z)) - sum(t*log_softmax(z))"
    graph = sb.Graph.from_equations(text, shapes=dict.fromkeys("yzt", (3,)), parameters=["z"])
    run = sb.compile(sb.backprop(graph))
    right, wrong = [0.2, 0.3, 0.5], [0.5, 0.5, 0.9]
    run({"z": X, "y": right, "t": right})
    for values in ({"y": wrong, "t": right}, {"y": right, "t": wrong}):
        with pytest.raises(ValuesError, match="do not add up to 1"):
            run({"z": X, **values})


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_an_activation_of_an_expression_has_the_shorter_form_too(activation: str) -> None:
    """P = f(X W) as Z = X W; P = f(Z): the forms differ, the gradients agree."""
    loss = "-sum(Y*log(P))/n" if activation == "softmax" else "-sum(Y*log(P) + (1 - Y)*log(1 - P))/n"
    shapes = {"X": ("n", 3), "W": (3, 2), "Y": ("n", 2)}
    values = {
        "X": np.outer(X, [1, 2, -1]),
        "W": np.outer(X, [1, -1]),
        "Y": np.array([[0, 1], [1, 0], [0.5, 0.5]]),
    }
    found = []
    for first in (f"P = {activation}(X @ W)", f"Z = X @ W; P = {activation}(Z)"):
        for collapse in (True, False):
            graph = sb.Graph.from_equations(f"{first}; L = {loss}", shapes=shapes, parameters=["W"])
            derivation = sb.backprop(graph, conventions=Conventions(collapse=collapse))
            found.append(sb.compile(derivation)(values).gradients["W"])
            if "Z" not in first:
                assert (derivation.gradients["W"].delta.collapse is not None) is collapse
    for one in found[1:]:
        np.testing.assert_allclose(one, found[0], rtol=1e-12)


def test_an_input_is_a_target_only_by_its_name() -> None:
    """The weights c of log p are no distribution: nothing is taken for granted of them."""
    text, shapes = "L = -sum(c*log_softmax(z))", {"c": (3,), "z": (3,)}
    c = np.array([2.0, -1.0, 0.5])
    graph = sb.Graph.from_equations(text, shapes=shapes, parameters=["z"])
    found = sb.compile(sb.backprop(graph))({"z": X, "c": c}).gradients["z"]
    softmax = np.exp(X) / np.exp(X).sum()
    np.testing.assert_allclose(found, softmax * c.sum() - c)


SPEC = """
[network]
notation = "{notation}"
examples = "{examples}"
inputs = 3
[[network.layers]]
units = 2
activation = "tanh"
weight = {weight}
bias = [0.1, -0.2]
[loss]
name = "mse"
reduction = "mean"
[training]
learning_rate = 0.5
batch_size = {batch}
steps = 2
[data]
columns = ["x_1", "x_2", "x_3", "y_1", "y_2"]
rows = [[1, 2, 0.5, 0, 1], [0.5, -1, 2, 1, 0], [-1, 0.3, 0.2, 0.5, 0.5]]
"""
WEIGHT = [[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]]


def trained(notation: str, examples: str, batch: int) -> Any:
    weight = WEIGHT if examples == "columns" else np.transpose(WEIGHT).tolist()
    spec = SPEC.format(notation=notation, examples=examples, weight=weight, batch=batch)
    return sb.train(sb.loads(spec)).iterations[-1]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_rows_and_columns_and_components_take_the_same_steps(batch: int) -> None:
    columns, rows, single = (
        trained(notation, examples, batch)
        for notation, examples in (("matrix", "columns"), ("matrix", "rows"), ("component", "columns"))
    )
    parts = [[single.after[f"w_{i}{j}"] for j in (1, 2, 3)] for i in (1, 2)]
    np.testing.assert_allclose(columns.after["W"], parts, rtol=1e-12)
    np.testing.assert_allclose(np.transpose(rows.after["W"]), parts, rtol=1e-12)
    np.testing.assert_allclose(np.ravel(rows.after["b"]), [single.after["b_1"], single.after["b_2"]])


@pytest.mark.parametrize(
    "optimizer", ['optimizer = "adam"', "momentum = 0.9\nnesterov = true", "weight_decay = 0.1"]
)
def test_every_optimizer_takes_arrays_as_it_takes_their_entries(optimizer: str) -> None:
    after = []
    for notation in ("matrix", "component"):
        spec = SPEC.format(notation=notation, examples="columns", weight=WEIGHT, batch=2)
        after.append(
            sb.train(sb.loads(spec.replace("steps = 2", f"steps = 3\n{optimizer}"))).iterations[-1].after
        )
    whole, single = after
    parts = [[single[f"w_{i}{j}"] for j in (1, 2, 3)] for i in (1, 2)]
    np.testing.assert_allclose(whole["W"], parts, rtol=1e-10)


@pytest.mark.parametrize("sign", ["plus", "minus"])
@pytest.mark.parametrize("factor", ["gradient", "delta"])
@pytest.mark.parametrize("slopes", ["value", "argument"])
def test_no_convention_changes_a_gradient(sign: Any, factor: Any, slopes: Any) -> None:
    spec = SPEC.format(notation="matrix", examples="columns", weight=WEIGHT, batch=3)
    problem = sb.loads(spec)
    values = {**problem.values, **problem.given([1, 2, 3])}
    floats = {name: np.array(value, dtype=float) for name, value in values.items()}
    usual = sb.compile(sb.backprop(problem.graph))(floats).gradients
    conventions = Conventions(error_sign=sign, batch_factor=factor, slopes=slopes)
    found = sb.compile(sb.backprop(problem.graph, conventions=conventions))(floats).gradients
    for name, value in usual.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12)


def test_an_activation_that_passes_nothing_back_gives_zero() -> None:
    """The variance of one number does not depend on it, whatever comes before and behind."""
    found = gradients("y = x*x; z = sqrt(1 + y**2); L = var(z) + 2*x", {}, {"x": 1.5})
    assert found["x"] == 2
