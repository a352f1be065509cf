"""Where a formula as it is written overflows or cancels, every backend gives what is true."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.errors import OptionError, ValuesError
from tests.backends.everywhere import EVERYWHERE

every = pytest.mark.parametrize("backend", EVERYWHERE)


def run(backend: str, equations: str, values: dict[str, Any], **options: Any) -> sb.Evaluation:
    derivation = sb.backprop(sb.Graph.from_equations(equations, **options))
    return sb.compile(derivation, backend=backend)(values)


@every
def test_the_logarithm_of_what_is_left_of_a_sigmoid(backend: str) -> None:
    """-log(1 - σ(z)) = log(1 + e^z): z to all digits from 40 on, and its slope σ(z)."""
    found = run(backend, "L = -log(1 - sigmoid(z))", {"z": [40.0, -40.0, 800.0, -2.0]})
    exact = [40.0, math.exp(-40.0), 800.0, math.log1p(math.exp(-2.0))]
    np.testing.assert_allclose(found.values["L"], exact, rtol=1e-14)
    slopes = [1.0, math.exp(-40.0), 1.0, 1 / (1 + math.exp(2.0))]
    np.testing.assert_allclose(found.gradients["z"], slopes, rtol=1e-14)


@every
def test_its_slope_by_way_of_the_node(backend: str) -> None:
    """1/(1 - a) · a (1 - a): infinite times zero, were 1 - a taken from a = 1."""
    found = run(backend, "a = sigmoid(z); L = -log(1 - a)", {"z": [40.0, 300.0, -40.0]})
    np.testing.assert_allclose(found.gradients["z"], [1.0, 1.0, math.exp(-40.0)], rtol=1e-13)


@every
def test_binary_cross_entropy_of_a_sure_network(backend: str) -> None:
    equations = "a = sigmoid(z); L = -(y*log(a) + (1 - y)*log(1 - a))"
    options: dict[str, Any] = {"parameters": ["z"], "targets": ["y"]}
    found = run(backend, equations, {"z": [40.0, 40.0, -50.0], "y": [0.0, 1.0, 1.0]}, **options)
    np.testing.assert_allclose(found.values["L"], [40.0, math.exp(-40.0), 50.0], rtol=1e-13)
    np.testing.assert_allclose(found.gradients["z"], [1.0, -math.exp(-40.0), -1.0], rtol=1e-13, atol=1e-30)


@every
def test_softmax_of_ten_thousand(backend: str) -> None:
    network = "[network]\ninputs = 1\n[[network.layers]]\nunits = 3\nactivation = 'softmax'\n"
    problem = sb.loads(f"{network}[loss]\nname = 'cross_entropy'\n")
    derivation = sb.backprop(problem.graph)
    values = dict.fromkeys(problem.names, 0.0) | {"b_1": 1e4, "b_3": -1e4}
    targets = [name for name in problem.names if name.startswith("y")]
    found = sb.compile(derivation, backend=backend)({**values, targets[0]: 1.0})
    outputs = [float(found.values[name]) for name in found.values if name.startswith("yhat")]
    assert outputs == [1.0, 0.0, 0.0]
    assert float(found.values["L"]) == 0.0


@every
def test_softmax_of_ten_thousand_in_arrays(backend: str) -> None:
    found = run(
        backend,
        "p = softmax(z); L = sum(y*p)",
        {"z": [1e4, 0, -1e4], "y": [1, 2, 3]},
        shapes={"z": (3,), "y": (3,)},
    )
    assert np.asarray(found.values["p"]).tolist() == [1.0, 0.0, 0.0]
    assert np.isfinite(found.gradients["z"]).all()


@every
def test_the_logarithm_of_a_sum_of_exponentials(backend: str) -> None:
    found = run(backend, "L = log(exp(a) + exp(b) + exp(c))", {"a": 1000.0, "b": 1000.0, "c": -5.0})
    assert float(found.values["L"]) == pytest.approx(1000.0 + math.log(2.0), rel=1e-15)
    assert [float(found.gradients[name]) for name in "abc"] == [0.5, 0.5, 0.0]


@every
def test_erf_of_arrays(backend: str) -> None:
    x = [[0.5, 1.0], [-3.0, 0.0]]
    found = run(backend, "L = sum(erf(X))", {"X": x}, shapes={"X": (2, 2)})
    assert float(found.values["L"]) == pytest.approx(
        math.fsum(math.erf(one) for row in x for one in row), rel=1e-14
    )
    slopes = [[2 / math.sqrt(math.pi) * math.exp(-one * one) for one in row] for row in x]
    np.testing.assert_allclose(found.gradients["X"], slopes, rtol=1e-14)


@every
def test_where_at_its_kink(backend: str) -> None:
    """What is not chosen may be infinite."""
    found = run(backend, "f = where(x > 0, log(x), 0) + y", {"x": [0.0, 2.0, -1.0], "y": 1.0})
    np.testing.assert_allclose(found.values["f"], [1.0, 1.0 + math.log(2.0), 1.0], rtol=1e-15)
    np.testing.assert_allclose(found.gradients["x"], [0.0, 0.5, 0.0], rtol=1e-15)
    found = run(backend, "L = sum(where(X > 0, X*log(X), 0))", {"X": [0.0, 1.0]}, shapes={"X": (2,)})
    np.testing.assert_allclose(found.gradients["X"], [0.0, 1.0], rtol=1e-15)


@every
def test_whole_numbers_and_truth_values_are_numbers(backend: str) -> None:
    found = run(backend, "L = sum(x**3/2)", {"x": np.array([1, 2, 3])}, shapes={"x": (3,)})
    assert float(found.values["L"]) == 18.0
    found = run(backend, "L = sum(x**2/2)", {"x": np.array([True, False])}, shapes={"x": (2,)})
    assert np.asarray(found.gradients["x"]).tolist() == [1.0, 0.0]
    found = run(backend, "L = w*x/4", {"w": 3, "x": True})
    assert (float(found.values["L"]), float(found.gradients["x"])) == (0.75, 0.75)


@every
@pytest.mark.parametrize("shapes", [None, {"x": ("n",)}])
def test_no_examples_are_refused(backend: str, shapes: Any) -> None:
    equations = "L = x**2" if shapes is None else "L = sum(x**2)"
    with pytest.raises(ValuesError, match="no examples"):
        run(backend, equations, {"x": []}, shapes=shapes)


@every
def test_a_node_that_is_no_number_is_told_with_its_example(backend: str) -> None:
    compiled = sb.compile(sb.backprop(sb.Graph.from_equations("q = w - x; f = log(q)")), backend=backend)
    with pytest.raises(ValuesError) as caught:
        compiled({"w": 1.0, "x": [0.5, 2.0, 0.1]}, examples=[7, 8, 9])
    assert "f" in caught.value.what
    assert "example 8" in caught.value.where


@every
def test_an_entry_that_is_infinite_is_told_with_its_place(backend: str) -> None:
    with pytest.raises(ValuesError, match=r"q\[1\] is infinite"):
        run(backend, "q = 1/x; L = sum(q)", {"x": [1.0, 0.0]}, shapes={"x": (2,)})


@every
def test_names_are_never_code(backend: str) -> None:
    from sympy import Symbol

    strange = Symbol("__import__('os').abort()#")
    graph = sb.Graph.from_expressions({"L": strange**2}, parameters=[strange])
    found = sb.compile(sb.backprop(graph), backend=backend)({strange.name: 3.0})
    assert float(found.gradients[strange.name]) == 6.0


@every
def test_an_unknown_precision_is_refused(backend: str) -> None:
    derivation = sb.backprop(sb.Graph.from_equations("L = w**2"))
    with pytest.raises(OptionError, match="float16"):
        sb.compile(derivation, backend=backend, dtype="float16")  # type: ignore[arg-type]
