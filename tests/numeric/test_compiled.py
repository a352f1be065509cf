"""Compiled derivations: numbers against mpmath, arrays, rounding, and what is said when numbers fail."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from mpmath import mpf
from sympy import Symbol

from symbackprop import functions
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.errors import Mistake, OptionError, ValuesError
from symbackprop.graph import Graph
from symbackprop.network import Layer, Objective, build_network
from symbackprop.notation.numbers import NumberFormat
from symbackprop.numeric.compiled import Evaluation, compile_forward
from symbackprop.numeric.compiled import compile as compiled
from symbackprop.sweep import backprop
from tests.oracles import Drawn, central, delta_values, expanded, graph_values, graphs, near, slope, value


def derive(text: str, conventions: Conventions | None = None, **options: Any) -> Derivation:
    """The derivation of some equations."""
    return backprop(Graph.from_equations(text, **options), conventions=conventions)


def run(text: str, **values: Any) -> Evaluation:
    """The numbers of some equations."""
    return compiled(derive(text))(values)


def failure(text: str, values: dict[str, Any], **options: Any) -> ValuesError:
    """The mistake in some values."""
    with pytest.raises(ValuesError) as caught:
        compiled(derive(text))(values, **options)
    return caught.value


# ----------------------------------------------------------------------------------------- numbers


def test_the_example_of_every_lecture() -> None:
    """f = (x + y) z at -2, 5, -4, worked out by hand."""
    found = run("q = x + y; f = q*z", x=-2, y=5, z=-4)
    assert dict(found.values) == {"x": -2, "y": 5, "z": -4, "q": 3, "f": -12}
    assert dict(found.gradients) == {"x": -4, "y": -4, "z": 3}
    assert found.deltas["q"] == found.deltas["delta_q"] == -4
    with pytest.raises(KeyError):
        found.deltas["nothing"]


def test_unnamed_deltas_go_by_their_quotient() -> None:
    """dL_dyhat, and by their node; partials by theirs."""
    layers = [Layer(1, "sigmoid", "w", "b", "z", "yhat", "delta")]
    network = build_network(["x"], ["y"], layers, Objective("mse"))
    found = compiled(backprop(network.graph))({"x": 2, "w": 0.5, "b": -1, "y": 1})
    assert found.deltas["dL_dyhat"] == found.deltas["yhat"] == -1
    assert found.partials["dyhat_dz"] == 0.25
    assert found.deltas["delta"] == found.deltas["z"] == -0.25
    assert (found.gradients["w"], found.gradients["b"]) == (-0.5, -0.25)


@pytest.mark.parametrize("name", [name for name in functions.FUNCTIONS if name != "round"])
def test_every_function_and_its_slope_against_mpmath(name: str) -> None:
    """Compiled value and gradient to 1e-12, at moderate points."""
    entry = functions.FUNCTIONS[name]
    inside = ["t > s" if entry.test and place == 0 else one for place, one in enumerate(entry.arguments)]
    derivation = derive(f"f = {name}({', '.join(inside)})")
    run_it, whole = compiled(derivation), expanded(derivation.graph)
    dice = random.Random(name)
    for _ in range(5):
        point = {symbol: dice.choice([-1, 1]) * dice.uniform(0.2, 2.5) for symbol in run_it.given}
        if name in ("log", "sqrt", "xlogx", "log1p"):
            point = {symbol: abs(number) for symbol, number in point.items()}
        if name == "clip":
            point |= {"low": -1.1, "high": 0.9}
        exact = {Symbol(symbol): mpf(number) for symbol, number in point.items()}
        found = run_it(point)
        assert near(found.values["f"], value(whole, exact), 1e-12, 1e-15)
        for symbol, gradient in found.gradients.items():
            assert near(gradient, value(slope(whole, Symbol(symbol)), exact), 1e-12, 1e-15), symbol


@settings(max_examples=15)
@given(graphs(most=40))
def test_the_forward_pass_alone_gives_the_same_values(drawn: Drawn) -> None:
    """Against mpmath, and against the whole program."""
    derivation = backprop(drawn.graph)
    alone, whole = compile_forward(derivation)(drawn.point), compiled(derivation)(drawn.point)
    assert alone.values == whole.values
    assert not alone.gradients
    assert not alone.deltas
    exact = graph_values(drawn.graph, drawn.point)
    for name, number in alone.values.items():
        assert near(number, exact[Symbol(name)], 1e-10, 1e-12), name


def test_numbers_given_as_numbers_come_back_as_numbers() -> None:
    """Not as arrays without axes, whatever function computed them."""
    found = run(
        "a = where(x > y, x, y); b = relu(a) + sigmoid(x) + abs(y);"
        "c = elu(b) + step(b) + gelu(x); f = a*b + max(c, 1)",
        x=1.5, y=0.25,
    )  # fmt: skip
    for table in (found.values, found.partials, found.deltas, found.gradients):
        for name, number in table.items():
            assert not isinstance(number, np.ndarray), name
            assert float(f"{number:.3f}") == pytest.approx(number, abs=1e-3)


def test_constants_of_the_declared_slopes_are_numbers() -> None:
    """√(2/π) in the slope of gelu_tanh, the scale of selu."""
    found = run("f = gelu_tanh(x) + selu(x) + erf(x)", x=-0.5)
    point = {Symbol("x"): mpf("-0.5")}
    whole = expanded(Graph.from_equations("f = gelu_tanh(x) + selu(x) + erf(x)"))
    assert near(found.gradients["x"], value(slope(whole, Symbol("x")), point), 1e-13)


@pytest.mark.parametrize("slopes", ["value", "argument"])
def test_a_branch_that_is_not_taken_may_be_infinite(slopes: Literal["value", "argument"]) -> None:
    """where(x > 0, log(x), 0) at x = 0: the value and the gradient are 0."""
    derivation = derive("f = where(x > 0, log(x), 0) + y", Conventions(slopes=slopes))
    found = compiled(derivation)({"x": [0.0, 2.0, -1.0], "y": 1.0})
    assert found.values["f"].tolist() == [1.0, 1.0 + np.log(2.0), 1.0]
    assert found.gradients["x"].tolist() == [0.0, 0.5, 0.0]


def test_relu_of_a_large_number_and_sigmoid_of_a_small_one() -> None:
    """No overflow on the way: σ(-1000) is 0, softplus(1000) is 1000, softmax of thousands is 1."""
    found = run("a = sigmoid(x); b = softplus(y); f = a + b", x=-1000.0, y=1000.0)
    assert (found.values["a"], found.values["b"]) == (0.0, 1000.0)
    assert (found.gradients["x"], found.gradients["y"]) == (0.0, 1.0)


# ------------------------------------------------------------------------------------------ arrays


@settings(max_examples=10)
@given(graphs(most=20))
def test_arrays_give_what_their_elements_give(drawn: Drawn) -> None:
    """Every node, delta and gradient, example by example."""
    function = compiled(backprop(drawn.graph))
    scales = [1.0, 1.01, 0.99]
    together = function(
        {name: np.array([number * scale for scale in scales]) for name, number in drawn.point.items()}
    )
    for place, scale in enumerate(scales):
        alone = function({name: number * scale for name, number in drawn.point.items()})
        for left, right in (
            (together.values, alone.values),
            (together.deltas, alone.deltas),
            (together.gradients, alone.gradients),
        ):
            for name, number in right.items():
                element = np.broadcast_to(np.asarray(left[name]), (3,))[place]
                assert element == pytest.approx(float(number), rel=1e-9, abs=1e-11), name


def test_lists_and_numbers_may_be_mixed() -> None:
    """A number stands for every example."""
    found = run("f = w*x", w=2, x=[1, 2, 3])
    assert found.values["f"].tolist() == [2, 4, 6]
    assert found.gradients["w"].tolist() == [1, 2, 3]
    assert found.values["x"].dtype == np.float64


def test_different_lengths_are_a_mistake() -> None:
    """Three examples of x and two of y: which ones, and how many each has."""
    found = failure("f = x*y", {"x": [1, 2, 3], "y": [1, 2]})
    assert "x" in str(found)
    assert "y" in str(found)


# ------------------------------------------------------------------------------------ what is said


def test_a_missing_value_is_named() -> None:
    """With what was given and how to give it."""
    found = failure("f = w*x + b", {"x": 1})
    assert found.what == "no value for w, b"
    assert found.known == "x"
    assert "--at w=…,b=…" in found.fix
    assert failure("f = x + 1", {}).known == "no values at all"


def test_an_unknown_value_is_named_with_a_suggestion() -> None:
    """A typing error, or a node that is computed."""
    found = failure("f = w_11*x", {"w_11": 1, "x": 2, "w_12": 3})
    assert "'w_12'" in found.what
    assert found.fix == "did you mean 'w_11'?"
    assert "'f' has a value but is not given" in failure("f = x + 1", {"x": 1, "f": 2}).what


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), [1.0, float("nan")], float("-inf")])
def test_values_that_are_no_numbers_are_refused(bad: Any) -> None:
    """NaN and infinity, by the name they were given under."""
    found = failure("f = x + y", {"x": bad, "y": 1})
    assert "the value of x is not a finite number" in found.what
    assert found.fix


@pytest.mark.parametrize("bad", ["abc", None, [1, "two"], [[1, 2], [3]], 1j, object()])
def test_values_of_another_type_are_refused(bad: Any) -> None:
    """No traceback of NumPy."""
    found = failure("f = x + y", {"x": bad, "y": 1})
    assert "x" in found.what


@pytest.mark.parametrize("bad", [["a", "b"], [1j, 2], [[1], [2, 3]], [10**400, 1]])
def test_arrays_of_another_type_are_refused(bad: Any) -> None:
    graph = Graph.from_equations("f = sum(x**2)", shapes={"x": (2,)}, parameters=["x"])
    with pytest.raises(ValuesError) as caught:
        compiled(backprop(graph))({"x": bad})
    assert caught.value.what == "the value of x is not an array of numbers"


@pytest.mark.parametrize(
    ("text", "values", "node", "kind", "said"),
    [
        ("a = log(x); f = a*y", {"x": -1, "y": 1}, "a", "not a number", "x = -1"),
        ("a = log(x); f = a*y", {"x": 0, "y": 1}, "a", "infinite", "positive argument"),
        ("d = x - y; a = 1/d; f = a + 1", {"x": 2, "y": 2}, "a", "infinite", "d = 0"),
        ("a = exp(x); f = a + 1", {"x": 800}, "a", "infinite", "too large for a double"),
        ("a = sqrt(x); f = a + 1", {"x": -4}, "a", "not a number", "x = -4"),
        ("a = x**0.5; f = a + 1", {"x": -4}, "a", "not a number", "x = -4"),
        ("a = x*y; f = a*a", {"x": 1e200, "y": 1e200}, "a", "infinite", "too large"),
    ],
)
def test_a_node_that_is_no_number_is_named(
    text: str, values: dict[str, float], node: str, kind: str, said: str
) -> None:
    """The first one, with its equation, its parents' values and a cure."""
    found = failure(text, values)
    assert found.what == f"the node {node} is {kind}"
    assert found.where.startswith(f"{node} = ")
    assert said in str(found)


def test_a_slope_that_is_no_number_is_named() -> None:
    """√0 has a value and no slope."""
    found = failure("a = sqrt(x); f = a*y", {"x": 0, "y": 1})
    assert found.what.startswith("the local partial da_dx is infinite")


@pytest.mark.parametrize(("examples", "said"), [([11, 12, 13], "at example 12"), (None, "")])
def test_the_example_is_named(examples: list[int] | None, said: str) -> None:
    """By the number that the caller gives it, with the values of that example."""
    found = failure("a = log(x); f = a*w", {"x": [1.0, -2.0, -3.0], "w": 1.0}, examples=examples)
    assert said in found.where
    assert "x = -2" in found.known


def test_a_single_example_is_named_too() -> None:
    """When it comes as a number."""
    assert "at example 7" in failure("a = log(x); f = a*2", {"x": -1.0}, examples=[7]).where


def test_made_up_names_do_not_show() -> None:
    """Neither v0 nor x1: the equation is printed in the user's names."""
    found = failure("alpha_1 = log(beta - gamma); f = alpha_1*2", {"beta": 1.0, "gamma": 3.0})
    assert found.where == "alpha_1 = log(beta - gamma)"
    assert found.known == "beta = 1, gamma = 3"


@pytest.mark.parametrize(
    "text", ["f = x*9**1000", "f = x*1e300*1e300", "f = x + 10**400", "f = x/9**1000", "a = 9**1000; f = a*x"]
)
def test_constants_too_large_for_a_double_are_a_mistake(text: str) -> None:
    """Or harmless, but no OverflowError of Python."""
    try:
        found = run(text, x=1.0)
    except Mistake:
        return
    assert np.isfinite(found.values["f"])


def test_an_unknown_backend_is_refused() -> None:
    """With a suggestion."""
    with pytest.raises(OptionError) as caught:
        compiled(derive("f = x + 1"), backend="nunpy")
    assert caught.value.fix == "did you mean 'numpy'?"


# ---------------------------------------------------------------------------------------- rounding


@pytest.mark.parametrize(("mode", "q", "f"), [("half_even", 1.12, 3.27), ("half_up", 1.13, 3.29)])
def test_rounded_values_are_carried_as_a_hand_calculation_does(
    mode: Literal["half_even", "half_up"], q: float, f: float
) -> None:
    """q = 0.75·1.5 = 1.125 is 1.12 or 1.13; then f = 1.12·2.25 + 0.75 = 3.27, or 1.13·2.25 + 0.75 = 3.2925.

    ∂f/∂x = 2.25·1.5 + 1 = 4.375, a tie that both take up; ∂f/∂z is the rounded q.
    """
    values = {"x": 0.75, "y": 1.5, "z": 2.25}
    found = compiled(derive("q = x*y; f = q*z + x"), carried=NumberFormat(2, mode))(values)
    assert (found.values["q"], found.values["f"]) == (q, f)
    assert found.values["x"] == 0.75
    assert found.deltas["q"] == 2.25
    assert dict(found.gradients) == {"x": 4.38, "y": 1.69, "z": q}
    full = compiled(derive("q = x*y; f = q*z + x"))(values)
    assert (full.values["q"], full.gradients["x"], full.gradients["y"]) == (1.125, 4.375, 1.6875)


def test_the_convention_carries_rounded_values_too() -> None:
    """carry = rounded with its digits and its way of rounding."""
    by_convention = derive("q = x*y; f = q*q", Conventions(carry="rounded", digits=2, rounding="half_up"))
    found = compiled(by_convention)({"x": 0.75, "y": 1.5})
    assert (found.values["q"], found.values["f"]) == (1.13, 1.28)
    chosen = compiled(by_convention, carried=NumberFormat(3))({"x": 0.75, "y": 1.5})
    assert chosen.values["q"] == 1.125
    plain = derive("q = x*y; f = q*q", Conventions(digits=2))
    assert compiled(plain)({"x": 0.75, "y": 1.5}).values["q"] == 1.125


def test_what_is_carried_is_what_is_printed_line_by_line() -> None:
    """In a network: every value equals the formula at the printed numbers before it, rounded."""
    layers = [
        Layer(2, "sigmoid", "w", "b", "z", "a", "delta_a"),
        Layer(1, "identity", "v", "c", "s", "yhat", "delta"),
    ]
    network = build_network(["x"], ["y"], layers, Objective("mse"))
    dice = random.Random(4)
    point = {
        node.name: round(dice.uniform(-1, 1), 4) for node in network.graph.nodes if node.expression is None
    }
    rule = NumberFormat(4, "half_up")
    found = compiled(backprop(network.graph), carried=rule)(point)
    for node in network.graph.inner:
        assert node.expression is not None
        exact = value(node.expression, {Symbol(name): float(number) for name, number in found.values.items()})
        assert float(found.values[node.name]) == pytest.approx(float(exact), abs=0.51e-4)
        assert float(rule(found.values[node.name])) == found.values[node.name]
    for name, number in found.gradients.items():
        assert float(rule(number)) == number, name


# ------------------------------------------------------------------------------- names are no code


@pytest.mark.parametrize(
    "name",
    [
        "__import__", "x); import os", "x'); open('{canary}', 'w'", "open('{canary}', 'w')",
        "x\nopen('{canary}', 'w')", "exec(\"open('{canary}', 'w')\")", "[x for x in ()]",
        "lambda", "None", "v0", "x0", "numpy", "log", "sigmoid", "carry",
    ],
)  # fmt: skip
def test_a_name_cannot_reach_code(name: str, tmp_path: Path) -> None:
    """SymPy pastes the names of symbols into the code it makes; here any name is only a name."""
    canary = tmp_path / "canary"
    evil = Symbol(name.replace("{canary}", str(canary)))
    plain, inner = Symbol("plain"), Symbol(f"{evil.name} too")
    graph = Graph.from_expressions({inner.name: evil * plain, "L": inner**2 + functions.sigmoid(evil)})
    for carried in (None, NumberFormat(6)):
        found = compiled(backprop(graph), carried=carried)({evil.name: 3.0, "plain": 2.0})
        assert found.values[inner.name] == 6.0
        assert float(found.gradients["plain"]) == 36.0
    assert not canary.exists()


def test_names_of_the_program_do_not_mix_with_the_users() -> None:
    """A node v0 before a node x0, and partials whose made-up names coincide."""
    found = run("x0 = v1 + 1; v0 = x0*v1; v1_0 = v0*x0; f = v1_0 + v0", v1=2.0)
    assert dict(found.values) == {"v1": 2, "x0": 3, "v0": 6, "v1_0": 18, "f": 24}
    twins = run("a = b_dc**2; a_db = c**3; f = a*a_db", b_dc=2.0, c=3.0)
    assert (twins.gradients["b_dc"], twins.gradients["c"]) == (108, 108)


def test_large_networks_are_compiled_once_and_run_often() -> None:
    """A program of a thousand lines, against central differences at one weight."""
    layers = [Layer(12, "tanh", f"w__{k}", f"b__{k}", f"z__{k}", f"a__{k}", f"d__{k}") for k in (1, 2)]
    layers.append(Layer(1, "identity", "v", "c", "s", "yhat", "delta"))
    network = build_network([f"x_{k}" for k in range(1, 7)], ["y"], layers, Objective("mse"))
    derivation = backprop(network.graph)
    function = compiled(derivation)
    dice = random.Random(2)
    point = {name: round(dice.uniform(-0.9, 0.9), 3) for name in function.given}
    found = function(point)
    weight = network.weights[0][3][2]
    truth = central(network.graph, point, weight)
    assert near(found.gradients[weight], truth, 1e-10)
    assert near(value(derivation.gradients[weight].expression, delta_values(derivation, point)), truth, 1e-25)
