"""Steps of training as loops: all parameters move at once, from their old values."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Rational, Symbol

from symbackprop.backends.base import Recipe, State
from symbackprop.backends.numpy_backend import NumpyBackend
from symbackprop.backends.python_backend import PythonBackend
from symbackprop.graph import Graph
from symbackprop.loops.model import Product, statements_in
from symbackprop.loops.training import TrainingRoutine, training_routine
from symbackprop.lowering.lean import lean
from symbackprop.lowering.program import Kind, Program, program
from symbackprop.lowering.updates import update_of
from symbackprop.problem import Training
from symbackprop.sweep import backprop
from tests.test_array_programs import Author

PLAIN = Training(learning_rate=Rational(1, 1000))
TRAININGS = [
    PLAIN,
    replace(PLAIN, momentum=Rational(1, 2), nesterov=True, weight_decay=Rational(1, 10)),
    replace(PLAIN, optimizer="adam", weight_decay=Rational(1, 10)),
]
RANDOM = 48


def lines_of(text: str, shapes: dict[str, Any], trained: list[str]) -> Program:
    graph = Graph.from_equations(text, shapes=shapes, parameters=trained)
    return lean(program(backprop(graph)))


def step_of(text: str, training: Training, **shapes: tuple[int, ...]) -> TrainingRoutine:
    return training_routine(lines_of(text, shapes, ["W"]), ["W"], update_of(training))


def products_into(step: TrainingRoutine, name: str) -> list[Product]:
    every = statements_in(step.routine.statements)
    return [one for one in every if isinstance(one, Product) and one.target.buffer == Symbol(name)]


def test_without_memory_a_product_is_added_to_the_parameter_itself() -> None:
    text = "Z = X @ W; L = sum((Z - Y)**2)"
    step = step_of(text, PLAIN, X=(5, 3), W=(3, 2), Y=(5, 2))
    (found,) = products_into(step, "W")
    assert found.is_added
    assert step.memory == ()


def test_a_product_that_reads_the_parameter_is_computed_before() -> None:
    step = step_of("L = sum((W @ W)**2)", PLAIN, W=(3, 3))
    assert products_into(step, "W") == []


def test_what_is_remembered_has_buffers_of_its_own() -> None:
    step = step_of("L = sum((X @ W)**2)", TRAININGS[2], X=(5, 3), W=(3, 2))
    assert step.memory == ((Symbol("m W"),), (Symbol("v W"),))
    assert products_into(step, "W") == []


def random_recipe(seed: int) -> Recipe:
    dice = random.Random(f"steps {seed}")
    drawn = Author(dice, dice.randint(1, 8)).drawn()
    chosen = [name for name in drawn.shapes if dice.random() < 0.7] or [*drawn.shapes]
    lines = lines_of(drawn.text, {name: shape for name, shape in drawn.shapes.items() if shape}, chosen)
    trained = [line.name for line in lines.lines if line.kind is Kind.GRADIENT]
    values = {one.name: np.array(drawn.values[one.name], dtype=float)[()] for one in lines.given}
    start = {name: values.pop(name) for name in trained}
    return Recipe(lines, start, (), values, update_of(TRAININGS[seed % len(TRAININGS)]))


def steps(recipe: Recipe, backend: Any) -> tuple[Any, State]:
    state = State.start(recipe)
    return backend.stepper(recipe).run(state, np.zeros((0, 0)), np.zeros((3, 0), dtype=np.int64)), state


@pytest.mark.parametrize("block", range(3))
def test_random_programs_are_trained_as_numpy_does(block: int) -> None:
    for seed in range(block * RANDOM // 3, (block + 1) * RANDOM // 3):
        recipe = random_recipe(seed)
        (expected, before), (losses, after) = (
            steps(recipe, one) for one in (NumpyBackend(), PythonBackend())
        )
        np.testing.assert_allclose(losses, expected, rtol=1e-9, err_msg=f"{seed}")
        pairs = [(before.parameters, after.parameters)]
        pairs += [(before.memory[name], after.memory[name]) for name in before.memory]
        for right, found in pairs:
            for name, value in right.items():
                scale = max(1.0, float(np.abs(value).max()))
                assert found[name].shape == value.shape
                np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-9 * scale, err_msg=f"{seed}")
