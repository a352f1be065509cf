"""Updates that wait for the next step: where they do, and that the numbers are those of steps one by one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from sympy import Rational, Symbol

from symbackprop.backends.base import Feed, Recipe, State
from symbackprop.backends.python_backend import PythonBackend
from symbackprop.backends.table import find_backend
from symbackprop.errors import OptionError
from symbackprop.graph import Graph
from symbackprop.loops.deferring import Steps, deferred
from symbackprop.loops.model import Increase, statements_in
from symbackprop.loops.training import training_routine
from symbackprop.lowering.lean import lean
from symbackprop.lowering.program import program
from symbackprop.lowering.updates import update_of
from symbackprop.problem import Training
from symbackprop.sweep import backprop

Array = NDArray[np.float64]

RATE = 0.125
PLAIN = Training(learning_rate=Rational(RATE))
SHAPES: Mapping[str, tuple[int, ...]] = {
    "x": (3,), "y": (2,), "W": (4, 3), "U": (5, 3), "b": (4,), "V": (2, 4), "S": (3, 3), "R": (3, 3),
}  # fmt: skip
TWO = "z = W @ x; u = U @ x; L = sum(z**2) + sum(tanh(u))"
ALIKE = "h = tanh(S @ x); L = sum((R @ h)**2)"
LAYERS = "h = tanh(W @ x + b); L = sum((V @ h - y)**2)"


def recipe(text: str, training: Training = PLAIN) -> Recipe:
    known = {name: shape for name, shape in SHAPES.items() if name in text}
    trained = [name for name in known if (name.isupper() and name != "L") or name == "b"]
    graph = Graph.from_equations(text, shapes=known, parameters=trained)
    dice = np.random.default_rng(3)
    return Recipe(
        lean(program(backprop(graph))),
        start={name: dice.normal(size=known[name]) / 2 for name in trained},
        feeds=tuple(Feed(name, places, "single") for name, places in FED.items() if name in known),
        fixed={},
        update=update_of(training),
        batch=1,
    )


FED = {"x": (0, 1, 2), "y": (3, 4)}
TABLE = np.random.default_rng(4).normal(size=(6, 5))


def steps_of(text: str, training: Training = PLAIN) -> Steps:
    own = recipe(text, training)
    step = training_routine(own.program, list(own.start), own.update)
    return deferred(step.routine, [Symbol(name) for name in FED])


def waiting(steps: Steps) -> set[str]:
    """The matrices whose updates wait."""
    lines = [one for one in statements_in(steps.last) if isinstance(one, Increase)]
    return {symbol.name for one in lines for symbol in one.target.free_symbols} & {*SHAPES}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LAYERS, {"W"}),
        (TWO, {"W", "U"}),
        (TWO.replace("W", "S").replace("U", "R"), {"S", "R"}),
        (ALIKE, {"S"}),
        ("L = sum((W @ x)**2) + sum(W**2)", set()),
        ("L = sum((W @ x)**2) + sum(tanh(W @ x + b))", set()),
        ("L = x @ S @ x", set()),
        ("h = V.T @ y; z = W @ x; L = sum(tanh(z)*h)", {"W"}),
    ],
)
def test_an_update_waits_where_one_product_reads_the_matrix(text: str, expected: set[str]) -> None:
    assert waiting(steps_of(text)) == expected


@pytest.mark.parametrize(
    "training",
    [Training(PLAIN.learning_rate, momentum=Rational(1, 2)), Training(PLAIN.learning_rate, "adam")],
)
def test_nothing_waits_where_something_is_remembered(training: Training) -> None:
    assert waiting(steps_of(LAYERS, training)) == set()


def by_hand(own: Recipe, rows: Array) -> tuple[list[float], Mapping[str, Array]]:
    """Losses and parameters of the two layers, differentiated by hand."""
    theta = {name: np.array(value) for name, value in own.start.items()}
    losses = []
    for row in rows:
        x, y = row[:3], row[3:]
        h = np.tanh(theta["W"] @ x + theta["b"])
        error = theta["V"] @ h - y
        losses.append(float(error @ error))
        inner = 2 * (theta["V"].T @ error) * (1 - h * h)
        theta["V"] = theta["V"] - RATE * 2 * np.outer(error, h)
        theta["W"] = theta["W"] - RATE * np.outer(inner, x)
        theta["b"] = theta["b"] - RATE * inner
    return losses, theta


@pytest.mark.parametrize("name", ["python", "numba"])
def test_runs_of_any_length_end_where_steps_by_hand_do(name: str) -> None:
    try:
        backend = find_backend(name)
    except OptionError as mistake:
        pytest.skip(mistake.fix)
    own = recipe(LAYERS)
    stepper, state, found = backend.stepper(own), State.start(own), []
    order = np.array([[0], [3], [1], [1], [5], [2], [4]])
    for part in (order[:1], order[1:4], order[4:4], order[4:]):
        found += stepper.run(state, TABLE, part).tolist()
    losses, theta = by_hand(own, TABLE[order[:, 0]])
    np.testing.assert_allclose(found, losses, rtol=1e-12)
    for one, value in theta.items():
        np.testing.assert_allclose(state.parameters[one], value, rtol=1e-12, atol=1e-15)


def test_a_run_that_has_diverged_leaves_nothing_for_the_next() -> None:
    own = recipe(LAYERS)
    stepper, order = PythonBackend().stepper(own), np.array([[0], [1], [2]])
    broken = State.start(own)
    broken.parameters["W"] = np.full((4, 3), np.nan)
    stepper.run(broken, TABLE, order)
    state = State.start(own)
    losses = stepper.run(state, TABLE, order)
    np.testing.assert_allclose(losses, by_hand(own, TABLE[:3])[0], rtol=1e-12)


@pytest.mark.parametrize("other", ["U", "R"])
def test_matrices_that_read_the_same_row_wait_together(other: str) -> None:
    """Of different shapes, and of the same."""
    first = "S" if other == "R" else "W"
    own = recipe(TWO.replace("W", first).replace("U", other))
    state, expected = State.start(own), {name: np.array(value) for name, value in own.start.items()}
    PythonBackend().stepper(own).run(state, TABLE, np.array([[0], [1]]))
    for row in TABLE[:2, :3]:
        slopes = {
            first: np.outer(2 * (expected[first] @ row), row),
            other: np.outer(1 - np.tanh(expected[other] @ row) ** 2, row),
        }
        expected = {name: value - RATE * slopes[name] for name, value in expected.items()}
    for name, value in expected.items():
        np.testing.assert_allclose(state.parameters[name], value, rtol=1e-12)
