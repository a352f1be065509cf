"""Every activation in a small network: all gradients against central differences."""

from __future__ import annotations

import random

import pytest
from mpmath import mpf
from sympy import Rational, Symbol

from symbackprop import functions
from symbackprop.activations import ACTIVATIONS
from symbackprop.conventions import Conventions
from symbackprop.network import Layer, Network, Objective, build_network
from symbackprop.numeric.compiled import compile as compiled
from symbackprop.sweep import backprop
from tests.oracles import FUNCTIONS, central, delta_values, near, value

CASES = [
    (name, alpha)
    for name, entry in ACTIVATIONS.items()
    for alpha in ([None, Rational(3, 10)] if entry.takes_alpha else [None])
]


def small(activation: str, alpha: Rational | None, loss: str = "mse") -> Network:
    """Two inputs, three units, two outputs, all with the same activation."""
    hidden = Layer(3, activation, "w", "b", "z", "a", "delta_z", alpha=alpha)
    last = Layer(2, activation, "v", "c", "s", "p", "delta_s", alpha=alpha)
    return build_network(["x_1", "x_2"], ["y_1", "y_2"], [hidden, last], Objective(loss))


def at_random(network: Network, seed: int) -> dict[str, float]:
    """Weights that put the pre-activations on both sides of the kinks, and none on them."""
    dice = random.Random(seed)
    leaves = [node.name for node in network.graph.nodes if node.expression is None]
    return {name: round(dice.choice([-1, 1]) * dice.uniform(0.2, 1.9), 3) for name in leaves}


@pytest.mark.parametrize("slopes", ["value", "argument"])
@pytest.mark.parametrize(("name", "alpha"), CASES)
def test_gradients_through_every_activation_are_difference_quotients(
    name: str, alpha: Rational | None, slopes: str
) -> None:
    """By every weight and bias, to 25 digits, and compiled to 9."""
    network = small(name, alpha)
    derivation = backprop(network.graph, conventions=Conventions(slopes=slopes))  # type: ignore[arg-type]
    point = at_random(network, 7)
    values = delta_values(derivation, point)
    numbers = compiled(derivation)(point)
    for parameter in ("w_11", "w_32", "b_2", "v_13", "v_21", "c_1"):
        truth = central(network.graph, point, parameter)
        assert near(value(derivation.gradients[parameter].expression, values), truth, 1e-25, 1e-30), parameter
        assert near(numbers.gradients[parameter], truth, 1e-9, 1e-12), parameter


@pytest.mark.parametrize(
    "name", [name for name, entry in ACTIVATIONS.items() if entry.function and not entry.whole_layer]
)
def test_outputs_are_the_function_of_the_language(name: str) -> None:
    """a_i = f(z_i), one for each unit, in order."""
    inputs = [Symbol("z_1"), Symbol("z_2")]
    point = {inputs[0]: mpf("0.7"), inputs[1]: mpf("-1.3")}
    found = ACTIVATIONS[name].outputs(inputs)
    alpha = [mpf(1) / 100] if name == "leaky_relu" else [mpf(1)] if name == "elu" else []
    assert [one.args[0] for one in found] == inputs
    for one, z in zip(found, inputs, strict=True):
        assert near(value(one, point), FUNCTIONS[name](point[z], *alpha), 1e-40)


def test_the_identity_is_the_pre_activation_itself() -> None:
    """No function stands in between."""
    inputs = [Symbol("z_1"), Symbol("z_2")]
    assert ACTIVATIONS["identity"].outputs(inputs) == inputs
    assert not ACTIVATIONS["identity"].takes_alpha


def test_softmax_depends_on_the_whole_layer() -> None:
    """Its outputs are positive and add up to 1."""
    inputs = [Symbol(f"z_{k}") for k in (1, 2, 3)]
    found = ACTIVATIONS["softmax"].outputs(inputs)
    point = {inputs[0]: mpf(2), inputs[1]: mpf(-1), inputs[2]: mpf("0.5")}
    shares = [value(one, point) for one in found]
    assert min(shares) > 0
    assert near(sum(shares), 1, 1e-40)
    assert all(one.free_symbols == set(inputs) for one in found)
    assert ACTIVATIONS["softmax"].whole_layer


def test_the_constant_is_taken_where_there_is_one() -> None:
    """leaky_relu and elu have an alpha; the others do not."""
    assert {name for name, entry in ACTIVATIONS.items() if entry.takes_alpha} == {"leaky_relu", "elu"}
    (found,) = ACTIVATIONS["leaky_relu"].outputs([Symbol("z")], Rational(1, 5))
    assert value(found, {Symbol("z"): -10}) == -2


def test_a_step_cannot_be_trained_and_says_why() -> None:
    """Every gradient before it is 0."""
    assert {name for name, entry in ACTIVATIONS.items() if entry.untrainable} == {"step"}
    derivation = backprop(small("step", None).graph)
    point = at_random(small("step", None), 3)
    for name, gradient in derivation.gradients.items():
        assert value(gradient.expression, delta_values(derivation, point)) == 0, name
        assert float(compiled(derivation)(point).gradients[name]) == 0, name


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_a_function(name: str) -> None:
    """Of the language, but for the identity and softmax."""
    function = ACTIVATIONS[name].function
    assert function in functions.FUNCTIONS or name in ("identity", "softmax")


def test_the_slope_is_written_by_the_activations_value() -> None:
    """a(1 - a), 1 - a², and p_k(1 - p_k) for softmax."""
    for name, names in (("sigmoid", {"a_1"}), ("tanh", {"a_1"}), ("softmax", {"a_1"})):
        derivation = backprop(small(name, None).graph)
        local = derivation.partials[Symbol("a_1"), Symbol("z_1")]
        assert {one.name for one in local.free_symbols} == names
