"""Jacobians through the graph: against central differences of NumPy code, and in a textbook's form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pytest
from sympy import Symbol

import symbackprop as sb
from symbackprop.analysis.jacobian import Jacobian, jacobian
from symbackprop.arrays.misfits import in_code
from symbackprop.conventions import Conventions
from symbackprop.errors import GraphError, LinearityError, ShapeError
from symbackprop.graph import Graph
from tests.analysis.test_linear_maps import numbers

NETWORK = "h_1 = W_1 @ x; h_2 = tanh(h_1); h_3 = W_2 @ h_2; p = softmax(h_3); L = -sum(y*log(p))"
SHAPES: Mapping[str, Any] = {
    "x": (3,), "y": (4,), "W_1": (2, 3), "W_2": (4, 2), "W": (3, 3), "b": (3,), "c": (3,), "X": (4, 3),
    "t": (),
}  # fmt: skip


def network() -> Graph:
    return of(NETWORK)


def of(equations: str) -> Graph:
    return Graph.from_equations(equations, shapes={k: v for k, v in SHAPES.items() if used(equations, k)})


def used(equations: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", equations) is not None


def values(graph: Graph, seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    given = {node.name: rng.normal(size=SHAPES.get(node.name, ())) for node in graph.given}
    return given | ({"y": np.array([0.1, 0.2, 0.3, 0.4])} if "y" in given else {})


def forward(graph: Graph, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """All nodes at a point; the sum of the output is only there to have a scalar to differentiate."""
    return sb.compile(sb.backprop(graph))(given).values


def evaluated(graph: Graph, found: Jacobian, given: Mapping[str, Any]) -> Any:
    shapes = {node.name: node.shape for node in graph.nodes}
    return np.reshape(numbers(found.expression, forward(graph, given), shapes), found.shape)


def differences(function: Callable[[Any], Any], at: Any) -> Any:
    """The Jacobian by central differences."""
    at, step = np.asarray(at, dtype=float), 1e-6
    columns = []
    for place in np.ndindex(*at.shape):
        moved = np.zeros_like(at)
        moved[place] = step
        columns.append(np.ravel(function(at + moved) - function(at - moved)) / (2 * step))
    return np.stack(columns, axis=-1)


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum()


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


Oracle = Callable[[Mapping[str, Any]], Any]
CASES: Mapping[str, tuple[str, str, str, str, Oracle]] = {
    "a layer": (
        NETWORK, "h_2", "x", "diag(1 - h_2**2) @ W_1",
        lambda v: np.tanh(v["W_1"] @ v["x"]),
    ),
    "the network": (
        NETWORK, "p", "x", "(diag(p) - outer(p, p)) @ W_2 @ diag(1 - h_2**2) @ W_1",
        lambda v: softmax(v["W_2"] @ np.tanh(v["W_1"] @ v["x"])),
    ),
    "the loss, a row": (
        NETWORK, "L", "x", "",
        lambda v: -np.sum(v["y"] * np.log(softmax(v["W_2"] @ np.tanh(v["W_1"] @ v["x"])))),
    ),
    "a matrix of examples": (
        "h = X @ c; L = sum(h)", "h", "c", "X",
        lambda v: v["X"] @ v["c"],
    ),
    "two paths, one past the layer": (
        "z = W @ x; h = x + tanh(z); L = sum(h)", "h", "x", "",
        lambda v: v["x"] + np.tanh(v["W"] @ v["x"]),
    ),
    "two paths and a product": (
        "z = W @ x; h = sigmoid(z)*x; L = sum(h)", "h", "x",
        "diag(sigmoid(z)) + diag(x*sigmoid(z)*(1 - sigmoid(z))) @ W",
        lambda v: sigmoid(v["W"] @ v["x"]) * v["x"],
    ),
    "a vector that is normalised": (
        "h = x/norm(x); L = sum(h)", "h", "x", "",
        lambda v: v["x"] / np.sqrt((v["x"] ** 2).sum()),
    ),
    "a softmax written out": (
        "h = exp(x)/sum(exp(x)); L = sum(h)", "h", "x", "",
        lambda v: softmax(v["x"]),
    ),
    "a log-softmax": (
        "h = log_softmax(x); L = sum(h)", "h", "x",
        "eye(size=(3,)) - outer(ones(shape=(3,)), softmax(x, axis=0))",
        lambda v: np.log(softmax(v["x"])),
    ),
    "through a matrix": (
        "M = outer(x, c); h = M @ b; L = sum(h)", "h", "x", "(b @ c)*eye(size=(3,))",
        lambda v: np.outer(v["x"], v["c"]) @ v["b"],
    ),
    "a vector by a scalar, a column": (
        "z = t*x; h = sigmoid(z); L = sum(h)", "h", "t", "h*(1 - h)*x",
        lambda v: sigmoid(v["t"] * v["x"]),
    ),
    "a scalar by a scalar": (
        "z = t*x; h = sigmoid(z); s = sum(h**2); L = s*t", "L", "t", "",
        lambda v: v["t"] * np.sum(sigmoid(v["t"] * v["x"]) ** 2),
    ),
    "through a scalar": (
        "s = x @ b; h = tanh(s)*c; L = sum(h)", "h", "x", "",
        lambda v: np.tanh(v["x"] @ v["b"]) * v["c"],
    ),
    "steps between vectors of different lengths": (
        "s = concatenate([x, x]); u = 2*s; a = u[1:]; h = 2*a; L = sum(h)", "h", "x", "",
        lambda v: 4 * np.concatenate([v["x"], v["x"]])[1:],
    ),
    "slices and pieces put together": (
        "h = concatenate([x, tanh(x)])[1:]; L = sum(h)", "h", "x", "",
        lambda v: np.concatenate([v["x"], np.tanh(v["x"])])[1:],
    ),
    "what does not depend on it": (
        NETWORK, "h_2", "y", "zeros(shape=(2, 4))",
        lambda v: np.tanh(v["W_1"] @ v["x"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("slopes", ["value", "argument"])
def test_the_jacobian_is_that_of_central_differences(case: str, slopes: Any) -> None:
    equations, upper, lower, form, oracle = CASES[case]
    graph = of(equations)
    found = jacobian(graph, upper, lower, conventions=Conventions(slopes=slopes))
    given = values(graph)
    expected = differences(lambda moved: oracle({**given, lower: moved}), given[lower])
    assert found.shape == expected.shape
    np.testing.assert_allclose(evaluated(graph, found, given), expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(evaluated(graph, found.transposed, given), expected.T, rtol=1e-6, atol=1e-8)
    if form and slopes == "value":
        assert in_code(found.expression) == (form if len(form) <= 60 else form[:59] + "…")


def test_the_jacobian_of_a_softmax_is_a_diagonal_less_a_matrix_of_rank_one() -> None:
    found = jacobian(network(), "p", "h_3")
    assert in_code(found.expression) == "diag(p) - outer(p, p)"
    assert (found.of, found.by, found.shape, found.layout) == ("p", "h_3", (4, 4), "numerator")


def test_the_chain_has_the_local_jacobians_from_the_loss_down() -> None:
    found = jacobian(network(), "L", "x", chain=True)
    assert [(one.of, one.by, in_code(one.expression), one.shape) for one in found.factors] == [
        ("L", "h_3", "p - y", (1, 4)),
        ("h_3", "h_2", "W_2", (4, 2)),
        ("h_2", "h_1", "diag(1 - h_2**2)", (2, 2)),
        ("h_1", "x", "W_1", (2, 3)),
    ]


def test_without_the_short_form_the_chain_goes_through_the_softmax() -> None:
    found = jacobian(network(), "L", "h_3", chain=True, conventions=Conventions(collapse=False))
    assert [in_code(one.expression) for one in found.factors] == ["-y/p", "diag(p) - outer(p, p)"]


@pytest.mark.parametrize("case", CASES)
def test_the_factors_of_the_chain_multiply_to_the_jacobian(case: str) -> None:
    equations, upper, lower, *_ = CASES[case]
    graph = of(equations)
    given = values(graph)
    found = jacobian(graph, upper, lower, chain=True)
    factors = [evaluated(graph, factor, given) for factor in found.factors]
    if factors:
        np.testing.assert_allclose(reduce(np.matmul, factors), evaluated(graph, found, given), rtol=1e-12)


def test_the_denominator_layout_turns_the_chain_around() -> None:
    turned = jacobian(network(), "h_3", "x", chain=True).transposed
    assert in_code(turned.expression) == "W_1.T @ diag(1 - h_2**2) @ W_2.T"
    assert [in_code(one.expression) for one in turned.factors] == ["W_1.T", "diag(1 - h_2**2)", "W_2.T"]
    assert (turned.shape, turned.layout) == ((3, 4), "denominator")


def test_a_derivation_gives_its_conventions() -> None:
    plain = sb.backprop(network(), conventions=Conventions(collapse=False))
    assert jacobian(plain, "L", "x", chain=True).factors[0].by == "p"


def test_a_node_by_itself_is_the_identity() -> None:
    assert in_code(jacobian(network(), "h_2", "h_2").expression) == "eye(size=(2,))"


def test_the_path_through_another_node_is_counted() -> None:
    found = jacobian(Graph.from_equations("q = x**2; f = q*x", parameters=["x"]), "f", "x")
    assert found.expression.subs({"q": 9, "x": 3}) == 27
    assert found.expression.free_symbols == {Symbol("q"), Symbol("x")}


def test_sizes_may_be_symbols() -> None:
    graph = Graph.from_equations("h = tanh(X @ w); L = sum(h)", shapes={"X": ("n", "d"), "w": ("d",)})
    found = jacobian(graph, "h", "w")
    assert (in_code(found.expression), found.shape) == ("diag(1 - h**2) @ X", (Symbol("n"), Symbol("d")))


@pytest.mark.parametrize(("upper", "lower"), [("h_1", "W_1"), ("W_1", "W_1")])
def test_a_matrix_is_refused_in_words(upper: str, lower: str) -> None:
    with pytest.raises(ShapeError, match="W_1 is a matrix") as refusal:
        jacobian(network(), upper, lower)
    assert "flatten it" in refusal.value.fix
    assert "pull-back" in refusal.value.fix


def test_a_step_without_a_closed_form_is_refused_in_words() -> None:
    graph = of("M = outer(x, x)*W; h = M @ b; L = sum(h)")
    with pytest.raises(LinearityError, match="no rule writes"):
        jacobian(graph, "h", "x")


def test_an_unknown_node_is_refused() -> None:
    with pytest.raises(GraphError, match="h_9"):
        jacobian(network(), "h_9", "x")
