"""The numbers of a check: the spec's, random ones away from kinks, or drawn ones where they are many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.errors import ValuesError
from symbackprop.exporting.formulas import sheet
from symbackprop.exporting.sample import Draw, sample
from symbackprop.graph import Graph
from symbackprop.problem import Problem
from tests.examples import example
from tests.exporting.c_library import CLibrary, needs_gcc
from tests.exporting.exported import needs, problem_of, ran

SHAPES = {"X": (8, 30), "W": (30, 20), "b": (20,), "V": (20, 5), "Y": (8, 5), "a": ()}
LARGE = Graph.from_equations(
    "H = tanh(X @ W + b); P = softmax(H @ V, axis=1); L = -sum(Y*log(P))/8 + a**2",
    shapes=SHAPES,
    parameters=["W", "b", "V", "a"],
)


def of(problem: Problem) -> dict[str, object]:
    return dict(sample(sheet(problem, sb.backprop(problem.graph))).values)


def test_the_numbers_of_a_spec_are_taken() -> None:
    assert of(problem_of(example("homework")))["x_1"] == 2.0


def test_at_a_kink_others_are_taken() -> None:
    graph = Graph.from_equations("f = relu(x)*y")
    found = of(Problem(graph, values={"x": 0, "y": 2}))
    assert abs(float(str(found["x"]))) > 1e-3


def test_targets_that_add_up_to_1_do_so_among_drawn_numbers() -> None:
    found = of(Problem(LARGE))["Y"]
    assert isinstance(found, Draw)
    assert (found.shape, found.total) == ((8, 5), 1)


def test_logarithms_are_drawn_where_they_are_finite() -> None:
    graph = Graph.from_equations("L = sum(log(X) @ w)", shapes={"X": (40, 30), "w": (30,)})
    found = of(Problem(graph))["X"]
    assert isinstance(found, Draw)
    assert found.low > 0


def test_what_is_nowhere_finite_is_refused() -> None:
    with pytest.raises(ValuesError, match="no random values were found"):
        of(Problem(Graph.from_equations("f = log(-x**2)")))


@pytest.mark.parametrize("target", [needs(one) for one in ("numpy", "torch", "jax")])
def test_a_module_that_draws_its_numbers_passes_its_check(target: str) -> None:
    (text,) = sb.export(sb.backprop(LARGE), target).values()
    module = ran(text)
    np.testing.assert_allclose(module.GIVEN["Y"].sum(axis=1), 1)
    assert module.check()


@needs_gcc
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_source_that_draws_its_numbers_passes_its_check(dtype: str, tmp_path: Path) -> None:
    assert CLibrary(sb.export(sb.backprop(LARGE), "c", name="net", dtype=dtype), tmp_path).check() == 0
