"""Every gradient and every delta of every example is what sympy.diff says of the expanded loss.

The loss is written out in the given names and in SymPy's own functions; both sides have 60 digits and meet
at random points, which keep away from kinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from mpmath import mp, mpf
from sympy import Expr, Rational, Symbol

import symbackprop as sb
from tests.examples import SCALARS, Example
from tests.oracles import central_at_node, delta_values, expanded, kink_distance, near, points, slope, value

DIGITS = 1e-30
"""Thirty digits, as a share of the value."""

SETTINGS: dict[str, dict[str, str]] = {
    "as they are": {},
    "slopes by the argument": {"slopes": "argument"},
    "deltas of descent": {"error_sign": "minus"},
    "factor by factor": {"collapse": "false"},
}


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mp.workdps(60):
        yield


@cache
def problem(one: Example) -> sb.Problem:
    return sb.load(one.spec)


def derivation(one: Example, **settings: str) -> sb.Derivation:
    found = problem(one)
    return sb.backprop(found.graph, conventions=found.conventions.changed(settings))


def random_points(one: Example, count: int = 2) -> Iterator[dict[Symbol, Rational]]:
    """Random values of what is given; targets that are a distribution add up to one; no node is at a kink."""
    graph = problem(one).graph
    given = [node.name for node in graph.nodes if node.expression is None]
    found = 0
    for point in points(given, seed=2024, count=20 * count):
        for total in {node.collapse.summing_to_one for node in graph.nodes if node.collapse}:
            *others, last = total
            point[last] = 1 - sum(point[other] for other in others)
        values = delta_values(sb.backprop(graph), point)
        if all(kink_distance(node.expression, values) > 1e-2 for node in graph.inner):
            found += 1
            yield point
        if found == count:
            return
    raise AssertionError(f"{one} has no {count} points off the kinks")


@cache
def loss_slopes(one: Example) -> dict[str, Expr]:
    """sympy.diff of the expanded loss by everything that is differentiated by."""
    loss = expanded(problem(one).graph)
    return {symbol.name: slope(loss, symbol) for symbol in problem(one).graph.parameters}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("one", SCALARS, ids=str)
def test_every_gradient_is_the_derivative_of_the_expanded_loss(
    one: Example, settings: dict[str, str]
) -> None:
    found = derivation(one, **settings)
    assert set(found.gradients) == set(loss_slopes(one))
    for point in random_points(one):
        values = delta_values(found, point)
        for name, gradient in found.gradients.items():
            expected = value(loss_slopes(one)[name], point)
            assert near(value(gradient.expression, values), expected, DIGITS), name
            assert near(sum(value(path.expression, values) for path in gradient.paths()), expected, DIGITS), (
                name
            )


@pytest.mark.parametrize("one", SCALARS, ids=str)
def test_every_closed_form_is_the_derivative_in_given_names_only(one: Example) -> None:
    found = derivation(one)
    for point in random_points(one, 1):
        for name, gradient in found.gradients.items():
            closed = gradient.closed(large=True)
            assert closed.free_symbols <= point.keys()
            assert near(value(closed, point), value(loss_slopes(one)[name], point), DIGITS), name


@pytest.mark.parametrize("sign", ["plus", "minus"])
@pytest.mark.parametrize("one", SCALARS, ids=str)
def test_every_delta_is_the_derivative_by_its_node(one: Example, sign: str) -> None:
    found = derivation(one, error_sign=sign)
    for point in random_points(one, 1):
        values = delta_values(found, point)
        for name, delta in found.deltas.items():
            expected = (mpf(1) if sign == "plus" else mpf(-1)) * by_node(one, point, name)
            assert near(value(delta.expression, values), expected, DIGITS, 1e-45), name


def by_node(one: Example, point: dict[Symbol, Rational], name: str) -> mpf:
    """The derivative by a computed node, as though it were given: central differences in 60 digits."""
    return central_at_node(problem(one).graph, point, name)
