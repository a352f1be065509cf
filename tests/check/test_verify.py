"""`verify`: a formula for the derivative by any node, in either language."""

from __future__ import annotations

from functools import cache

import pytest

import symbackprop as sb
from symbackprop.errors import ExpressionError, GraphError

EQUATIONS = "z = w*x + b; a = sigmoid(z); L = (a - y)**2"
MATRICES = """
Z = W @ X
H = tanh(Z)
L = sum((V @ H - Y)**2)
"""


@cache
def neuron() -> sb.Derivation:
    return sb.backprop(sb.Graph.from_equations(EQUATIONS, parameters=["w", "b"]))


@cache
def matrices() -> sb.Derivation:
    shapes = {"W": (2, 3), "V": (1, 2), "X": (3, "n"), "Y": (1, "n")}
    graph = sb.Graph.from_equations(MATRICES, parameters=["W", "V"], shapes=shapes)
    return sb.backprop(graph)


@pytest.mark.parametrize(
    ("wrt", "formula"),
    [
        ("L", "1"),
        ("a", "2*(a - y)"),
        ("y", "-2*(a - y)"),
        ("z", "2*(a - y)*a*(1 - a)"),
        ("w", "2*(a - y)*a*(1 - a)*x"),
        ("w", "2*(sigmoid(w*x + b) - y)*sigmoid(z)*(1 - sigmoid(z))*x"),
        ("x", "2*(a - y)*a*(1 - a)*w"),
        ("b", r"2(a - y)\,a(1 - a)"),
        ("w", r"2(a - y)\,\sigma'(z)\,x"),
        ("w", r"\frac{\partial L}{\partial z}\,x"),
        ("w", r"-2x\frac{(y - a)e^{-z}}{(1 + e^{-z})^2}"),
    ],
)
def test_a_right_formula_of_numbers_is_verified(wrt: str, formula: str) -> None:
    verdict = sb.verify(neuron(), wrt, formula)
    assert verdict.status == "verified"
    assert verdict
    assert not verdict.mistake


@pytest.mark.parametrize(
    ("wrt", "formula", "kinds"),
    [
        ("w", "-2*(a - y)*a*(1 - a)*x", {"sign"}),
        ("w", "(a - y)*a*(1 - a)*x", {"factor"}),
        ("w", "2*(a - y)*x", {"activation-derivative-missing", "loss-for-delta"}),
        ("w", "2*(a - y)*a*(1 - a)", {"missing-factor"}),
        ("b", r"2(a - y)\,a(1 - a)\,x", {"extra-factor", "bias", "wrong-name"}),
        ("w", r"2(y - a)\,a(1 - a)\,x", {"sign"}),
        ("w", r"2(a - y)\,a(1 - a)\,b", {"wrong-name"}),
        ("w", r"2(a - y)\,\sigma'(a)\,x", {"wrong-point"}),
    ],
)
def test_a_wrong_formula_of_numbers_is_refuted_by_numbers(wrt: str, formula: str, kinds: set[str]) -> None:
    verdict = sb.verify(neuron(), wrt, formula)
    assert verdict.status == "refuted"
    assert not verdict
    assert verdict.mistake in kinds
    assert verdict.expected
    shown = verdict.counterexample
    assert shown is not None
    assert {*shown.at} == {"w", "x", "b", "y"}
    assert shown.claimed != shown.right


@pytest.mark.parametrize(
    ("wrt", "formula"),
    [
        ("V", r"2(V H - Y)H^\top"),
        ("H", r"2V^\top(V H - Y)"),
        ("Z", r"2V^\top(V H - Y) \odot (1 - H^{\circ 2})"),
        ("W", r"\bigl(2V^\top(V H - Y) \odot (1 - H \odot H)\bigr) X^\top"),
        ("V", "2*(V @ H - Y) @ H.T"),
        ("W", "(2*(V.T @ (V @ H - Y))*(1 - H**2)) @ X.T"),
        ("X", r"W^\top\frac{\partial L}{\partial Z}"),
        ("Y", "-2*(V @ H - Y)"),
    ],
)
def test_a_right_formula_of_arrays_is_verified(wrt: str, formula: str) -> None:
    assert sb.verify(matrices(), wrt, formula).status == "verified"


@pytest.mark.parametrize(
    ("wrt", "formula", "kinds"),
    [
        ("V", r"2\,(V H - Y)H", {"transpose"}),
        ("V", r"2H^\top(V H - Y)", {"order"}),
        ("H", r"2\,V(V H - Y)", {"transpose"}),
        ("V", r"2(Y - V H)H^\top", {"sign"}),
        ("V", r"(V H - Y)H^\top", {"factor"}),
        ("W", r"2V^\top(V H - Y) X^\top", {"activation-derivative-missing", "loss-for-delta"}),
    ],
)
def test_a_wrong_formula_of_arrays_is_refuted(wrt: str, formula: str, kinds: set[str]) -> None:
    verdict = sb.verify(matrices(), wrt, formula)
    assert verdict.status == "refuted"
    assert verdict.mistake in kinds


def test_a_shape_that_does_not_fit_is_a_mistake_and_no_error() -> None:
    assert sb.verify(matrices(), "W", "V @ X").status == "refuted"
    assert sb.verify(matrices(), "W", "X").status == "refuted"
    assert sb.verify(matrices(), "W", "1").status == "refuted"


def test_a_node_that_is_none_is_named_with_the_nearest() -> None:
    with pytest.raises(GraphError, match="yhaat") as caught:
        sb.verify(
            sb.backprop(sb.Graph.from_equations("yhat = w*x; L = yhat**2", parameters=["w"])), "yhaat", "1"
        )
    assert "yhat" in str(caught.value).replace("yhaat", "")


def test_a_name_that_is_none_is_named_with_the_nearest() -> None:
    graph = sb.Graph.from_equations("yhat = w*x; L = yhat**2", parameters=["w"])
    with pytest.raises(ExpressionError, match="yhta") as caught:
        sb.verify(sb.backprop(graph), "w", "2*yhta*x")
    assert "yhat" in str(caught.value)


def test_a_name_that_latex_does_not_know_leaves_it_undecided() -> None:
    verdict = sb.verify(neuron(), "w", r"2\,\kappa\,x")
    assert verdict.status == "undecided"
    assert "kappa" in verdict.reason


@pytest.mark.parametrize("formula", [r"\frac{1}{", "2*(a", "", "a +", r"\foo", "a = y", "x; y"])
def test_what_cannot_be_read_is_an_error(formula: str) -> None:
    with pytest.raises(ExpressionError):
        sb.verify(neuron(), "w", formula)


@pytest.mark.parametrize(
    "formula", ["__import__('os').system('x')", "().__class__", "exec('1')", "w.__init__"]
)
def test_code_is_not_run(formula: str) -> None:
    with pytest.raises(ExpressionError):
        sb.verify(neuron(), "w", formula)


def test_an_alias_is_the_name_that_it_stands_for() -> None:
    assert sb.verify(neuron(), "w", r"2(o - t)\,o(1 - o)\,x", aliases={"o": "a", "t": "y"})


def test_a_kink_is_decided_on_both_sides() -> None:
    derivation = sb.backprop(sb.Graph.from_equations("r = relu(w*x); L = r*k", parameters=["w"]))
    assert sb.verify(derivation, "w", r"k\,x\,[w x > 0]")
    assert not sb.verify(derivation, "w", r"k\,x")
    assert not sb.verify(derivation, "w", r"k\,x\,[w x < 0]")
    largest = sb.backprop(sb.Graph.from_equations("L = max(x, y)", parameters=["x", "y"]))
    assert sb.verify(largest, "x", r"\mathbf{1}[x > y]")
    assert sb.verify(largest, "x", r"\begin{cases} 1 & x > y \\ 0 & \text{otherwise} \end{cases}")
    assert not sb.verify(largest, "x", "1")


@pytest.mark.parametrize("formula", ["k*y", "2*x", r"\frac{\partial L}{\partial u} y"])
def test_a_path_that_is_left_out_is_named(formula: str) -> None:
    derivation = sb.backprop(sb.Graph.from_equations("u = x*y; L = u*k + x**2", parameters=["x", "y"]))
    assert sb.verify(derivation, "x", "k*y + 2*x")
    verdict = sb.verify(derivation, "x", formula)
    assert (verdict.status, verdict.mistake) == ("refuted", "missing-path")


@pytest.mark.parametrize(("wrt", "formula"), [("V", "2(V H - Y)H"), ("H", "2V(V H - Y)")])
def test_latex_without_a_command_is_read_too(wrt: str, formula: str) -> None:
    """In Python's syntax two names side by side are an error; in LaTeX they are a product."""
    assert sb.verify(matrices(), wrt, formula).status == "refuted"
