"""Stable forms: equal to the formula where that can be computed, and right where it cannot."""

from __future__ import annotations

import random

import pytest
from mpmath import mp, mpf
from sympy import Symbol

from symbackprop.graph import Graph
from symbackprop.lowering.program import program
from symbackprop.lowering.shared import shared
from symbackprop.lowering.stable import is_polynomial, stable
from symbackprop.sweep import backprop
from tests.oracles import near, value

EQUATIONS = [
    "L = log(sigmoid(z))",
    "L = -log(1 - sigmoid(z))*w",
    "a = sigmoid(z); L = -(w*log(a) + (1 - w)*log(1 - a))",
    "a = sigmoid(z*w); b = 1/(1 - a); L = b*a",
    "L = log(exp(z) + exp(w) + exp(z*w))",
    "L = log(1 + exp(z))*w",
    "p = exp(z)/(exp(z) + exp(w)); L = p**2",
    "p = exp(z)/(1 + exp(z)); L = p*w",
    "a = sigmoid(z); L = log(a)/(1 - a) + w",
]


def _values(equations: str, point: dict[Symbol, mpf], *, rewritten: bool) -> dict[str, mpf]:
    """Every line of the program in 60 digits, as it is derived or as it is computed."""
    lines = program(backprop(Graph.from_equations(equations))).lines
    known, found = dict(point), {}
    for line in shared(stable(lines)) if rewritten else lines:
        known[line.symbol] = found[f"{line.kind} {line.name}"] = value(line.expression, known)
    return found


@pytest.mark.parametrize("equations", EQUATIONS)
def test_what_is_computed_equals_what_is_derived(equations: str) -> None:
    dice = random.Random(equations)
    with mp.workdps(60):
        for _ in range(4):
            point = {Symbol(name): mpf(dice.uniform(-3, 3)) for name in "zw"}
            exact = _values(equations, point, rewritten=False)
            found = _values(equations, point, rewritten=True)
            for name, number in exact.items():
                assert near(found[name], number, 1e-45), name


@pytest.mark.parametrize("equations", EQUATIONS)
def test_each_of_them_is_rewritten(equations: str) -> None:
    """A test of nothing, otherwise."""
    lines = program(backprop(Graph.from_equations(equations))).lines
    assert stable(lines) != lines


def test_a_formula_without_a_pole_stays_as_it_is() -> None:
    """a (1 - a) loses nothing where nothing is divided by 1 - a."""
    lines = program(backprop(Graph.from_equations("a = sigmoid(z); L = (a - y)**2"))).lines
    assert stable(lines) == lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b", True),
        ("a*b + c*d - 2*a", True),
        ("1 - a", False),
        ("a/b", False),
        ("exp(a)", False),
        ("a", True),
    ],
)
def test_sums_and_products_of_names_are_left_alone(text: str, expected: bool) -> None:
    node = Graph.from_equations(f"f = {text}; g = f*f").inner[0]
    assert node.expression is not None
    assert is_polynomial(node.expression) == expected
