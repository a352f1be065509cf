"""The cost of chains: the golden figures, and counts of multiplications that were really carried out."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.analysis.chain_cost import Factor, chain_cost, cost_of_gradient, dense, diagonal, multiplied
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.errors import GraphError, OptionError, ShapeError
from symbackprop.graph import Graph
from tests.analysis.test_jacobian import differences

NETWORK = "h_1 = W_1 @ x; h_2 = tanh(h_1); h_3 = W_2 @ h_2; p = softmax(h_3); L = -sum(y*log(p))"
SHAPES: dict[str, Any] = {"x": ("d",), "y": ("c",), "W_1": ("h", "d"), "W_2": ("c", "h")}

GOLDEN = {
    (3, 4, 2): (312, 72, 4.333333333333333, 60, 24, 2.5),
    (10, 10, 10): (21000, 1200, 17.5, 2100, 210, 10.0),
    (100, 50, 10): (15050000, 253000, 59.48616600790514, 105000, 5550, 18.91891891891892),
    (784, 128, 10): (1773621248, 12862720, 137.8885063190367, 2107392, 101760, 20.70943396226415),
}
"""002_forward_reverse_cost.json: (d, hidden, classes) -> forward, reverse, ratio; dense, then structured.

The document writes the transposed chain, so that its left-to-right is forward mode here.
"""


def network(**conventions: Any) -> Derivation:
    graph = Graph.from_equations(NETWORK, parameters=["W_1", "W_2"], shapes=SHAPES)
    return sb.backprop(graph, conventions=Conventions(**conventions))


@pytest.mark.parametrize("sizes", GOLDEN)
def test_the_golden_network_costs_what_was_counted(sizes: tuple[int, int, int]) -> None:
    named = dict(zip("dhc", sizes, strict=True))
    full = cost_of_gradient(network(), "W_1", named, structured=False)
    sparse = cost_of_gradient(network(), "W_1", named)
    found = [(one.forward.total, one.reverse.total, one.ratio) for one in (full, sparse)]
    assert (*found[0], *found[1]) == GOLDEN[sizes]


@pytest.mark.parametrize(
    ("links", "n", "many", "few", "ratio"), [(3, 10, 2100, 300, 7.0), (5, 100, 4010000, 50000, 80.2)]
)
def test_the_golden_plain_chains_cost_what_was_counted(
    links: int, n: int, many: int, few: int, ratio: float
) -> None:
    squares = [dense(n, n)] * links
    one_output, one_input = chain_cost([dense(1, n), *squares]), chain_cost([*squares, dense(n, 1)])
    assert (one_output.forward.total, one_output.reverse.total, one_output.ratio) == (many, few, ratio)
    assert (one_input.forward.total, one_input.reverse.total) == (few, many)


def test_every_product_is_told_with_its_shapes() -> None:
    cost = cost_of_gradient(network(), "W_1", {"d": 3, "h": 4, "c": 2})
    steps = [
        [(one.left.shape, one.right.shape, one.count) for one in order.steps]
        for order in (cost.forward, cost.reverse)
    ]
    assert steps[0] == [((4, 4), (4, 12), 12), ((2, 4), (4, 12), 24), ((1, 2), (2, 12), 24)]
    assert steps[1] == [((1, 2), (2, 4), 8), ((1, 4), (4, 4), 4), ((1, 4), (4, 12), 12)]
    assert [factor.label for factor in cost.factors] == ["L, h_3", "h_3, h_2", "h_2, h_1", "h_1, W_1"]
    assert cost.forward.steps[0].left.label == "h_2, h_1"


def test_without_the_short_form_the_softmax_costs_two_passes_over_its_vector() -> None:
    cost = cost_of_gradient(network(collapse=False), "W_2", {"d": 3, "h": 4, "c": 5})
    assert [(one.left.shape, one.right.shape, one.count) for one in cost.reverse.steps] == [
        ((1, 5), (5, 5), 10),
        ((1, 5), (5, 20), 20),
    ]


# ---------------------------------------------------------------- structures against real matrices

STRUCTURES: dict[str, tuple[str, str, str]] = {
    "a matrix times a vector, by the matrix": ("y = W @ x", "y", "W"),
    "by the vector": ("y = W @ x", "y", "x"),
    "a product, by the left": ("Y = A @ B", "Y", "A"),
    "a product, by the right": ("Y = A @ B", "Y", "B"),
    "a product of three, by the one within": ("Y = C @ A @ B", "Y", "A"),
    "a function of each entry": ("y = tanh(x)", "y", "x"),
    "with itself": ("y = x*sigmoid(x) + x", "y", "x"),
    "a layer in one equation": ("y = tanh(W @ x + b)", "y", "W"),
    "its bias": ("y = tanh(W @ x + b)", "y", "b"),
    "a bias for every row": ("Y = A + r", "Y", "r"),
    "a sum of rows": ("y = sum(A, axis=1)", "y", "A"),
    "a sum": ("y = sum(A**2)", "y", "A"),
    "a transpose": ("Y = A.T", "Y", "A"),
    "a matrix and its transpose": ("Y = S + S.T", "Y", "S"),
    "a softmax of rows": ("Y = softmax(A, axis=1)", "Y", "A"),
    "a softmax": ("y = softmax(x)", "y", "x"),
    "a norm": ("y = x/norm(x)", "y", "x"),
    "a product with its own sum": ("y = x*sum(x)", "y", "x"),
    "a slice": ("y = x[1:]", "y", "x"),
    "another shape": ("y = A.reshape(6)", "y", "A"),
}
SIZES: dict[str, Any] = {
    "W": (2, 3), "x": (3,), "b": (2,), "A": (2, 3), "B": (3, 4), "C": (5, 2), "r": (3,), "S": (3, 3),
}  # fmt: skip
BOUNDS_ONLY = {"a slice", "a matrix and its transpose"}
"""Taken to be fuller than they are: every entry of a slice may depend on every entry."""


@pytest.mark.parametrize("case", STRUCTURES)
def test_no_entry_that_differs_from_zero_is_left_out(case: str) -> None:
    equations, upper, lower = STRUCTURES[case]
    shapes = {name: SIZES[name] for name in SIZES if re.search(rf"\b{name}\b", equations)}
    graph = Graph.from_equations(f"{equations}; L = sum({upper}**2)", parameters=[lower], shapes=shapes)
    derivation = sb.backprop(graph)
    factor = cost_of_gradient(derivation, lower).factors[-1]
    rng = np.random.default_rng(4)
    values = {node.name: rng.uniform(0.5, 1.5, node.shape) for node in graph.given}
    forward = sb.compile(derivation)
    real = differences(lambda at: forward({**values, lower: at}).values[upper], values[lower])
    used = np.abs(real) > 1e-6
    assert factor.shape == real.shape
    fullest = (int(used.sum(axis=1).max()), int(used.sum(axis=0).max()))
    if case not in BOUNDS_ONLY:
        assert (factor.in_row, factor.in_column) == fullest
    assert factor.in_row >= fullest[0]
    assert factor.in_column >= fullest[1]


def random(factor: Factor, seed: int) -> Any:
    """A matrix with as many entries in each row and column as the factor says."""
    result = np.zeros(factor.shape)
    for row in range(factor.rows):
        for place in range(factor.in_row):
            result[row, (row * factor.in_row + place) % factor.columns] = seed + row + place + 1
    return result


FACTORS = [
    dense(4, 4),
    diagonal(4),
    Factor("", 4, 12, 3, 1),
    Factor("", 12, 4, 1, 3),
    dense(1, 4),
    dense(4, 1),
]


@pytest.mark.parametrize("left", FACTORS)
@pytest.mark.parametrize("right", FACTORS)
def test_a_product_is_counted_entry_by_entry(left: Factor, right: Factor) -> None:
    if left.columns != right.rows:
        return
    a, b = random(left, 1), random(right, 2)
    product = multiplied(left, right)
    carried_out = sum(np.count_nonzero(a[:, k]) * np.count_nonzero(b[k]) for k in range(left.columns))
    assert product.count == carried_out
    full = np.count_nonzero(a @ b, axis=1).max(), np.count_nonzero(a @ b, axis=0).max()
    assert product.result.in_row >= full[0]
    assert product.result.in_column >= full[1]


def test_factors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="do not follow each other"):
        chain_cost([dense(1, 3), dense(4, 4)])


def test_a_chain_of_one_is_refused() -> None:
    with pytest.raises(OptionError, match="at least two"):
        chain_cost([dense(1, 3)])


def test_a_size_without_a_number_is_refused() -> None:
    with pytest.raises(OptionError, match="the size c has no number") as refusal:
        cost_of_gradient(network(), "W_1", {"d": 3, "h": 4})
    assert "sizes={'c': 100}" in refusal.value.fix


def test_a_parameter_with_several_paths_is_refused() -> None:
    graph = Graph.from_equations("a = tanh(w); b = a*w; L = sum(b)", parameters=["w"], shapes={"w": (3,)})
    with pytest.raises(GraphError, match="no single path from w to L") as refusal:
        cost_of_gradient(sb.backprop(graph), "w")
    assert "a, b" in refusal.value.known
