"""The formulas for layer l, put to the numbers of networks of several depths and widths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Expr, Rational, S, Symbol

import symbackprop as sb
from symbackprop import operations as op
from symbackprop.activations import ACTIVATIONS
from symbackprop.conventions import Conventions
from symbackprop.errors import OptionError
from symbackprop.expressions import Quotient, add, divide, mul
from symbackprop.functions import build
from symbackprop.graph import Graph
from symbackprop.indexed.derivation import Equality
from symbackprop.indexed.general_layer import GeneralLayer, general_layer
from symbackprop.indexed.terms import Entry, Index
from symbackprop.losses import LOSSES
from tests.indexed.test_derivation import Walk, everywhere

OUTPUTS = [
    ("mse", "identity"),
    ("mse", "sigmoid"),
    ("mse", "softmax"),
    ("mae", "identity"),
    ("huber", "tanh"),
    ("hinge", "tanh"),
    ("binary_cross_entropy", "sigmoid"),
    ("binary_cross_entropy", "softmax"),
    ("binary_cross_entropy_with_logits", "identity"),
    ("cross_entropy", "softmax"),
    ("cross_entropy", "sigmoid"),
    ("kl_divergence", "softmax"),
]
HIDDEN = [name for name, activation in ACTIVATIONS.items() if not activation.untrainable]


def applied(activation: str, z: Expr) -> Expr:
    one = ACTIVATIONS[activation]
    if one.whole_layer:
        return op.of(op.softmax_along, z, 0)
    return build(one.function, [z]) if one.function else z


class Concrete:
    """A network of given widths with numbers; its values are those of the array derivation."""

    def __init__(self, widths: list[int], hidden: str, last: str, loss: str, scale: Expr, seed: int) -> None:
        self.depth, self.widths = len(widths) - 1, widths
        program: dict[Symbol, Expr] = {}
        shapes: dict[str, tuple[int, ...]] = {"a_0": (widths[0],), "y": (widths[-1],)}
        for layer in range(1, self.depth + 1):
            z, a, before = Symbol(f"z_{layer}"), Symbol(f"a_{layer}"), Symbol(f"a_{layer - 1}")
            program[z] = add(op.of(op.matmul, Symbol(f"W_{layer}"), before), Symbol(f"b_{layer}"))
            program[a] = applied(last if layer == self.depth else hidden, z)
            shapes |= {f"W_{layer}": (widths[layer], widths[layer - 1]), f"b_{layer}": (widths[layer],)}
        one = LOSSES[loss].build([Symbol(f"a_{self.depth}")], [Symbol("y")])
        program[Symbol("L")] = mul(scale, op.of(op.total, one, 0, 0))
        parameters = [name for name in shapes if name[0] in "Wb"]
        graph = Graph.from_expressions(program, parameters=parameters, shapes=shapes)
        rng = np.random.default_rng(seed)
        values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        values["y"] = np.exp(values["y"]) / np.exp(values["y"]).sum()
        self.result = sb.compile(sb.backprop(graph))(values)

    def arrays(self, layer: int, mark: str) -> dict[Any, Any]:
        """The values of the general names where `mark` is this layer."""
        values, found = self.result.values, {Symbol("y"): self.result.values["y"]}
        for shift, sign in ((-1, "-1"), (0, ""), (1, "+1")):
            number, name = layer + shift, mark + sign
            if 0 <= number <= self.depth:
                found[Symbol(f"n_{name}")] = np.asarray(self.widths[number])
                found[Symbol(f"a__{name}")] = values[f"a_{number}"]
            if 1 <= number <= self.depth:
                found |= {Symbol(f"{one}__{name}"): values[f"{one}_{number}"] for one in ("W", "b", "z")}
                found[Symbol(f"delta__{name}")] = self.result.deltas[f"z_{number}"]
        return found


def check(line: Equality, truth: Any, arrays: dict[Any, Any]) -> None:
    left = line.left.by if isinstance(line.left, Quotient) else line.left
    indices = left.indices if isinstance(left, Entry) else ()
    assert all(isinstance(index, Index) for index in indices)
    array = np.asarray(truth)
    # The walk leaves axes of length 1 out; general widths never do.
    for side in line.sides:
        if not side.atoms(Quotient):
            found = everywhere(side, indices, array.shape, _Wide(arrays))
            assert np.allclose(found, array, rtol=1e-9, atol=1e-11), f"{line.left} = {side}"


class _Wide(Walk):
    """Every axis has its index, also one that happens to have one entry."""

    def entry(self, expression: Entry, at: Any) -> Any:
        return np.asarray(self.arrays[expression.array])[
            tuple(self(one, at) - 1 for one in expression.indices)
        ]


def check_all(formulas: GeneralLayer, network: Concrete) -> None:
    result = network.result
    for layer in range(1, network.depth + 1):
        here = network.arrays(layer, "l")
        check(formulas.preactivation, result.values[f"z_{layer}"], here)
        check(formulas.weight_gradient, result.gradients[f"W_{layer}"], here)
        check(formulas.bias_gradient, result.gradients[f"b_{layer}"], here)
        if layer < network.depth:
            check(formulas.activation, result.values[f"a_{layer}"], here)
            check(formulas.hidden_delta, result.deltas[f"z_{layer}"], here)
    last = network.arrays(network.depth, "L")
    check(formulas.output, result.values[f"a_{network.depth}"], last)
    check(formulas.loss, result.values["L"], last)
    check(formulas.output_delta, result.deltas[f"z_{network.depth}"], last)


@pytest.mark.parametrize("widths", [[2, 3], [3, 2, 4], [2, 4, 3, 2], [1, 3, 1, 2, 3, 2]], ids=str)
@pytest.mark.parametrize(
    ("hidden", "last", "loss"), [("tanh", "softmax", "cross_entropy"), ("relu", "identity", "mse")]
)
def test_the_formulas_hold_at_every_depth_and_width(
    widths: list[int], hidden: str, last: str, loss: str
) -> None:
    formulas = general_layer(hidden, loss, output_activation=last)
    check_all(formulas, Concrete(widths, hidden, last, loss, S.One, seed=len(widths)))


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_formulas_hold_for_every_activation(hidden: str) -> None:
    formulas = general_layer(hidden, "mse", output_activation="identity")
    check_all(formulas, Concrete([2, 3, 4, 2], hidden, "identity", "mse", S.One, seed=3))


@pytest.mark.parametrize(("loss", "last"), OUTPUTS)
def test_the_formulas_hold_for_every_loss(loss: str, last: str) -> None:
    formulas = general_layer("sigmoid", loss, output_activation=last)
    check_all(formulas, Concrete([2, 3, 3], "sigmoid", last, loss, S.One, seed=5))


def test_every_loss_is_among_them() -> None:
    assert {loss for loss, _ in OUTPUTS} == set(LOSSES)


@pytest.mark.parametrize(("mean", "scale"), [(False, Rational(1, 2)), (True, Rational(1, 6))])
def test_a_factor_and_a_mean_go_through(mean: bool, scale: Expr) -> None:
    formulas = general_layer("sigmoid", "mse", factor=Rational(1, 2), mean=mean)
    check_all(formulas, Concrete([2, 4, 3], "sigmoid", "sigmoid", "mse", scale, seed=1))


def test_a_step_stops_every_delta_behind_it() -> None:
    assert general_layer("step", "mse", output_activation="identity").hidden_delta.value is S.Zero


def test_softmax_and_cross_entropy_collapse_under_their_condition() -> None:
    line = general_layer("relu", "cross_entropy", output_activation="softmax").output_delta
    a, y, i = Symbol("a__L"), Symbol("y"), Index("i")
    assert line.value == add(Entry(a, i), mul(-1, Entry(y, i)))
    assert line.condition is not None
    assert line.condition.free_symbols == {y, Symbol("n_L")}


def test_sigmoid_and_binary_cross_entropy_collapse_without_one() -> None:
    line = general_layer("relu", "binary_cross_entropy", output_activation="sigmoid", mean=True).output_delta
    a, y, i = Symbol("a__L"), Symbol("y"), Index("i")
    assert line.value == divide(add(Entry(a, i), mul(-1, Entry(y, i))), Symbol("n_L"))
    assert line.condition is None


def test_the_slope_is_written_in_the_argument_where_asked() -> None:
    line = general_layer("tanh", "mse", conventions=Conventions(slopes="argument")).hidden_delta
    assert Symbol("a__l") not in line.value.free_symbols


def test_a_delta_of_the_other_sign_turns_the_gradients() -> None:
    line = general_layer("tanh", "mse", conventions=Conventions(error_sign="minus")).weight_gradient
    assert line.value == mul(-1, Entry(Symbol("delta__l"), Index("i")), Entry(Symbol("a__l-1"), Index("j")))


@pytest.mark.parametrize(
    ("activation", "loss", "last", "message"),
    [
        ("sigmoit", "mse", None, "did you mean 'sigmoid'"),
        ("sigmoid", "mes", None, "did you mean 'mse'"),
        ("relu", "mse", "softmaxx", "did you mean 'softmax'"),
        ("relu", "binary_cross_entropy_with_logits", "sigmoid", "output_activation='identity'"),
    ],
)
def test_an_unknown_name_is_refused_with_a_cure(
    activation: str, loss: str, last: str | None, message: str
) -> None:
    with pytest.raises(OptionError) as caught:
        general_layer(activation, loss, output_activation=last)
    assert message in str(caught.value)
