"""Random graphs, and the examples, on every backend: as NumPy computes them, which is proved elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import symbackprop as sb
from symbackprop.backends.table import find_backend, missing_libraries
from symbackprop.errors import OptionError
from symbackprop.numeric.compiled import Evaluation
from symbackprop.numeric.compiled import compile as compiled
from symbackprop.problem import Problem
from symbackprop.sweep import backprop
from tests.backends.everywhere import EVERYWHERE
from tests.examples import EXAMPLES, Example, example
from tests.oracles import Drawn, graphs

# What compiles for seconds is asked for a few graphs only.
COUNTS = {"python": 20, "torch": 8, "jax": 3, "numba": 2}


def assert_same(found: Evaluation, expected: Evaluation, relative: float = 1e-11) -> None:
    for one, other in (
        (found.values, expected.values),
        (found.deltas, expected.deltas),
        (found.gradients, expected.gradients),
    ):
        for name, number in other.items():
            scale = float(np.max(np.abs(number))) if np.size(number) else 0.0
            np.testing.assert_allclose(
                one[name], number, rtol=relative, atol=relative * scale + 1e-300, err_msg=name
            )


@pytest.mark.parametrize("backend", sorted(COUNTS))
def test_random_graphs(backend: str) -> None:
    if missing_libraries(backend):
        pytest.skip(f"pip install 'symbackprop[{backend}]'")

    @settings(max_examples=COUNTS[backend])
    @given(graphs(most=30))
    def holds(drawn: Drawn) -> None:
        derivation = backprop(drawn.graph)
        assert_same(compiled(derivation, backend=backend)(drawn.point), compiled(derivation)(drawn.point))

    holds()


def _values(problem: Problem) -> dict[str, Any]:
    batch = problem.first_batch if problem.arrays else [problem.first_example]
    return {**problem.values, **problem.given(batch)}


QUICK = [one for one in EVERYWHERE if one.values[0] in ("python", "torch")]
SLOW = [one for one in EVERYWHERE if one.values[0] in ("jax", "numba")]
FEW = ("obesity", "softmax-mlp", "attention", "batch-norm", "conv-net")


@pytest.mark.parametrize("backend", QUICK)
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example(example: Example, backend: str) -> None:
    problem = sb.load(example.spec)
    if problem.missing:
        pytest.skip("an example without numbers")
    derivation = backprop(problem.graph, conventions=problem.conventions)
    values = _values(problem)
    assert_same(compiled(derivation, backend=backend)(values), compiled(derivation)(values))


@pytest.mark.parametrize("backend", SLOW)
@pytest.mark.parametrize("name", FEW)
def test_some_examples_where_compiling_takes_long(name: str, backend: str) -> None:
    test_every_example(example(name), backend)


def test_a_library_that_cannot_be_imported_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Numba refuses a NumPy that is newer than it."""
    monkeypatch.setattr("symbackprop.backends.table.missing_libraries", lambda name: [])
    monkeypatch.setattr("symbackprop.backends.table.import_module", _refused)
    with pytest.raises(OptionError, match="the backend jax cannot be loaded: needs NumPy"):
        find_backend.__wrapped__("jax")


def _refused(name: str) -> None:
    raise ImportError("needs NumPy 2.2 or less")
