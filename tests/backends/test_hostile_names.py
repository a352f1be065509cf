"""Names of users that mean something in the code of a training loop change no number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from sympy import Rational

from symbackprop.backends.base import Feed, Floats, Recipe, State
from symbackprop.backends.table import find_backend
from symbackprop.graph import Graph
from symbackprop.lowering.lean import lean
from symbackprop.lowering.program import program
from symbackprop.lowering.updates import update_of
from symbackprop.problem import Training
from symbackprop.sweep import backprop
from tests.backends.everywhere import EVERYWHERE

SHAPES: Mapping[str, tuple[int, ...]] = {"x": (3,), "y": (2,), "W": (4, 3), "b": (4,), "V": (2, 4)}
PLACES = {"x": (0, 1, 2), "y": (3, 4)}
TABLE = np.random.default_rng(4).normal(size=(5, 5))
ORDER = np.array([[0], [3], [1], [4], [2]])

NEUTRAL = ("x", "y", "W", "b", "V", "h", "e", "L")
ARRAYS = "h = tanh(W @ x + b); e = V @ h - y; L = mean(e**2)"
SCALARS = "h = tanh(W*x + b); e = V*h - y; L = e**2"

SGD, ADAM = Training(Rational(1, 8)), Training(Rational(1, 8), "adam")
HOSTILE = [
    ("k theta g m v count done turn", SGD),
    ("v m theta k g i j s", ADAM),
    ("table order losses row real ways example column", SGD),
    ("x0 x1 x2 values gradients deltas update steps", ADAM),
    ("np math jnp jax torch numba range len", SGD),
    ("c n turn done float64 lambda carry state", ADAM),
]


def recipe(text: str, names: Sequence[str], training: Training) -> Recipe:
    """Two layers whose eight nodes are called so."""
    called = dict(zip(NEUTRAL, names, strict=True))
    shapes = {called[name]: shape for name, shape in SHAPES.items()} if text == ARRAYS else {}
    parameters = [called[name] for name in ("W", "b", "V")]
    renamed = re.sub(r"\b[a-zA-Z]\b", lambda found: called[found[0]], text)
    graph = Graph.from_equations(renamed, shapes=shapes, parameters=parameters)
    dice = np.random.default_rng(3)
    return Recipe(
        lean(program(backprop(graph))),
        start={name: dice.normal(size=shapes.get(name, ())) for name in parameters},
        feeds=tuple(
            Feed(called[name], places, "single") if shapes else Feed(called[name], places[:1], "numbers")
            for name, places in PLACES.items()
        ),
        fixed={},
        update=update_of(training),
        batch=1,
    )


def trained(text: str, names: Sequence[str], training: Training, backend: str) -> list[Floats]:
    """The losses, and the parameters in their order."""
    own = recipe(text, names, training)
    state = State.start(own)
    losses = find_backend(backend).stepper(own).run(state, TABLE, ORDER)
    return [losses, *(state.parameters[name] for name in own.start)]


@pytest.mark.parametrize("backend", EVERYWHERE)
@pytest.mark.parametrize(("names", "training"), HOSTILE)
@pytest.mark.parametrize("text", [ARRAYS, SCALARS], ids=["arrays", "scalars"])
def test_training_is_the_same_under_any_name(text: str, names: str, training: Training, backend: str) -> None:
    expected = trained(text, NEUTRAL, training, "numpy")
    for one, other in zip(trained(text, names.split(), training, backend), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-14)
