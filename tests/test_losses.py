"""The losses and penalties against formulas written down from the literature, and their collapsed deltas."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import product

import pytest
from mpmath import mp, mpf
from sympy import Rational, Symbol

from symbackprop.activations import ACTIVATIONS
from symbackprop.losses import LOSSES, PENALTIES
from tests.oracles import near, slope, value

Vector = Sequence[mpf]

FORMULAS: dict[str, Callable[[mpf, mpf], mpf]] = {
    "mse": lambda p, y: (p - y) ** 2,
    "mae": lambda p, y: abs(p - y),
    "huber": lambda p, y: (p - y) ** 2 / 2 if abs(p - y) < 1 else abs(p - y) - mpf("0.5"),
    "hinge": lambda p, y: max(mpf(0), 1 - y * p),
    "binary_cross_entropy": lambda p, y: -mp.log(p**y * (1 - p) ** (1 - y)),
    "binary_cross_entropy_with_logits": lambda s, y: (
        -(y * mp.log(1 / (1 + mp.exp(-s))) + (1 - y) * mp.log(1 - 1 / (1 + mp.exp(-s))))
    ),
    "cross_entropy": lambda p, y: -y * mp.log(p),
    "kl_divergence": lambda p, y: y * mp.log(y / p) if y else mpf(0),
}
"""One output's share of each loss."""

UNIT = {"binary_cross_entropy", "cross_entropy", "kl_divergence"}
SUMMED = {"cross_entropy", "kl_divergence"}


def symbols(letter: str, count: int) -> list[Symbol]:
    """letter_1, letter_2, …"""
    return [Symbol(f"{letter}_{place}") for place in range(1, count + 1)]


def draws(name: str, count: int, seed: int) -> tuple[list[mpf], list[mpf]]:
    """Outputs and targets of the loss's domain."""
    dice = random.Random(f"{name}{count}{seed}")
    if name in UNIT:
        targets = [mpf(dice.choice([0, 1, dice.random()])) for _ in range(count)]
        return [mpf(dice.uniform(0.05, 0.95)) for _ in range(count)], targets
    targets = [
        mpf(dice.choice([-1, 1])) if name == "hinge" else mpf(dice.uniform(-2, 2)) for _ in range(count)
    ]
    return [mpf(dice.uniform(-3, 3)) for _ in range(count)], targets


def test_every_loss_is_covered() -> None:
    """A new entry wants a formula here."""
    assert set(FORMULAS) == set(LOSSES)


@pytest.mark.parametrize(("name", "count"), list(product(LOSSES, [1, 2, 3])))
def test_losses_are_those_of_the_literature(name: str, count: int) -> None:
    """Sum and mean, any factor, at random outputs and targets (0 and 1 among them)."""
    outputs, targets = symbols("yhat", count), symbols("y", count)
    loss = LOSSES[name]
    for seed in range(6):
        p, y = draws(name, count, seed)
        point = dict(zip([*outputs, *targets], [*p, *y], strict=True))
        total = mp.fsum(map(FORMULAS[name], p, y))
        assert near(value(loss.build(outputs, targets), point), total, 1e-40, 1e-50)
        halved = loss.build(outputs, targets, factor=Rational(1, 2), mean=True)
        shared = 2 if name in SUMMED else 2 * count
        assert near(value(halved, point), total / shared, 1e-40, 1e-50)


def test_the_constant_of_huber_is_a_choice() -> None:
    """Quadratic up to delta, and of slope delta beyond, without a jump."""
    yhat, y = Symbol("yhat"), Symbol("y")
    loss = LOSSES["huber"].build([yhat], [y], parameters={"delta": Rational(3, 2)})
    at = {
        distance: value(loss, {yhat: 4 + distance, y: 4})
        for distance in (Rational(1), Rational(3, 2), Rational(-5, 2))
    }
    assert near(at[Rational(1)], mpf("0.5"))
    assert near(at[Rational(3, 2)], mpf("1.125"))
    assert near(at[Rational(-5, 2)], mpf("1.5") * (mpf("2.5") - mpf("0.75")))


def test_a_target_named_like_the_formula_is_no_trap() -> None:
    """Outputs named y and targets named yhat are put in at once, not one after the other."""
    loss = LOSSES["mse"].build([Symbol("y")], [Symbol("yhat")], factor=Rational(1))
    assert str(loss.args[0].args[0]) == "y"
    huber = LOSSES["huber"].build([Symbol("delta")], [Symbol("y")])
    assert near(value(huber, {Symbol("delta"): 5, Symbol("y"): 1}), mpf("3.5"))


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize(
    ("name", "mean"), list(product(["binary_cross_entropy", "cross_entropy", "kl_divergence"], [False, True]))
)
def test_the_collapsed_delta_is_the_derivative(name: str, mean: bool, count: int) -> None:
    """∂L/∂z_k by sympy.diff: the general form always, the final one under its condition."""
    activation = "sigmoid" if name == "binary_cross_entropy" else "softmax"
    z, outputs, targets = symbols("z", count), symbols("a", count), symbols("y", count)
    activated = dict(zip(outputs, ACTIVATIONS[activation].outputs(z), strict=True))
    factor = Rational(3, 2)
    collapses = LOSSES[name].collapse(activation, outputs, targets, factor=factor, mean=mean)
    assert collapses is not None
    whole = LOSSES[name].build(outputs, targets, factor=factor, mean=mean).xreplace(activated)
    dice = random.Random(count)
    for round_number in range(4):
        weights = [dice.uniform(0.1, 1) for _ in range(count)]
        total = sum(weights) if round_number % 2 else 1
        point = {one: mpf(dice.uniform(-2, 2)) for one in z}
        point |= {one: mpf(weight) / mpf(total) for one, weight in zip(targets, weights, strict=True)}
        at_outputs = point | {a: value(e, point) for a, e in activated.items()}
        for pre_activation, collapse in zip(z, collapses, strict=True):
            truth = value(slope(whole, pre_activation), point)
            assert near(value(collapse.general, at_outputs), truth, 1e-25, 1e-30)
            assert set(collapse.summing_to_one) == (set(targets) if activation == "softmax" else set())
            if activation == "sigmoid" or near(mp.fsum(point[one] for one in targets), 1, 1e-40):
                assert near(
                    value(collapse.final, at_outputs), truth, 1e-14 if round_number % 2 else 1e-25, 1e-14
                )


def test_the_final_form_needs_its_condition() -> None:
    """With targets that add up to 2 softmax and cross-entropy have another delta than p - y."""
    collapses = LOSSES["cross_entropy"].collapse("softmax", symbols("a", 2), symbols("y", 2))
    assert collapses is not None
    collapse = collapses[0]
    point = {Symbol("a_1"): mpf("0.3"), Symbol("a_2"): mpf("0.7"), Symbol("y_1"): 1, Symbol("y_2"): 1}
    assert near(value(collapse.general, point), mpf("-0.4"))
    assert near(value(collapse.final, point), mpf("-0.7"))


@pytest.mark.parametrize(
    ("name", "activation"), [("mse", "softmax"), ("cross_entropy", "sigmoid"), ("hinge", "tanh")]
)
def test_other_pairs_do_not_collapse(name: str, activation: str) -> None:
    """Only the pairs that were made for each other."""
    assert LOSSES[name].collapse(activation, symbols("a", 2), symbols("y", 2)) is None


def test_losses_keep_the_order_of_the_outputs_and_their_sign_in_front() -> None:
    """(ŷ_1 - y_1)² + (ŷ_2 - y_2)²; -(y_1 log ŷ_1 + …)."""
    squares = LOSSES["mse"].build(symbols("yhat", 3), symbols("y", 3))
    assert [str(term.args[0].args[0]) for term in squares.args] == ["yhat_1", "yhat_2", "yhat_3"]
    entropy = LOSSES["cross_entropy"].build(symbols("yhat", 2), symbols("y", 2))
    assert entropy.args[0] == -1
    half = LOSSES["mse"].build(symbols("yhat", 1), symbols("y", 1), factor=Rational(1, 2))
    assert half.args[0] == Rational(1, 2)


@pytest.mark.parametrize(
    ("name", "all_three", "half_of_one"), [("l1", "6.5", "0.75"), ("l2", "15.25", "1.125")]
)
def test_penalties(name: str, all_three: str, half_of_one: str) -> None:
    """λ Σ|w| and λ Σ w² at -1.5, 3, 2; the coefficient stands in front."""
    weights = symbols("w", 3)
    point = dict(zip(weights, (mpf("-1.5"), mpf(3), mpf(2)), strict=True)) | {Symbol("lambda"): mpf(1)}
    found = PENALTIES[name].build(weights, Symbol("lambda"))
    assert found.args[0] == Symbol("lambda")
    assert near(value(found, point), mpf(all_three))
    assert near(value(PENALTIES[name].build(weights[:1], Rational(1, 2)), point), mpf(half_of_one))
