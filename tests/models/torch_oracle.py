"""PyTorch as the oracle: outputs and gradients of a model beside those of the problem made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.numeric.compiled import Evaluation, as_floats
from symbackprop.problem import Problem

TOLERANCE = 1e-10


def torch_or_skip() -> Any:
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason="pip install 'symbackprop[torch]'")


def numbers(*shape: int, seed: int = 0) -> Any:
    """Numbers on both sides of all kinks."""
    return np.random.default_rng(seed).normal(size=shape) * 1.7


def distributions(*shape: int) -> Any:
    """Positive numbers that add up to one along the last axis."""
    found = np.random.default_rng(5).uniform(0.1, 1, size=shape)
    return found / found.sum(axis=-1, keepdims=True)


def evaluated(problem: Problem, **given: Any) -> Evaluation:
    """The numbers of one pass through a problem: its own values and those given."""
    return sb.compile(sb.backprop(problem.graph))(as_floats(problem.values) | given)


def close(found: Any, expected: Any, name: str, tolerance: float = TOLERANCE) -> None:
    """Two arrays agree to so many digits of the largest entry."""
    one, other = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert one.shape == other.shape, (name, one.shape, other.shape)
    scale = max(float(np.abs(other).max()), 1e-3)
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale, err_msg=name)


def agree(
    model: Any, loss: Any, inputs: Any, targets: Any, *, tolerance: float = TOLERANCE, **options: Any
) -> Problem:
    """Output, loss and every gradient of a model are those of PyTorch in double precision.

    Args:
        model: of PyTorch; likewise `loss`.
        inputs: an array; likewise `targets`, as the graph takes them.
        tolerance: relative to the largest entry.
        options: of `from_torch`.
    """
    torch = torch_or_skip()
    model = model.double()
    model.zero_grad()
    x = torch.tensor(inputs, dtype=torch.float64, requires_grad=True)
    output = model(x)
    value = loss(output, torch.tensor(targets, dtype=torch.float64))
    value.backward()
    problem: Problem = sb.from_torch(model, loss=loss, shape=np.shape(inputs)[1:], **options)
    result = evaluated(problem, X=np.asarray(inputs), Y=np.asarray(targets))
    close(result.values["L"], value.detach(), "L", tolerance)
    last = "Yhat" if "Yhat" in problem.graph else problem.layers[-1].output
    close(result.values[last], output.detach(), "output", tolerance)
    expected = {name: one.grad for name, one in model.named_parameters() if one.grad is not None}
    compare_gradients(result, problem, expected or {"X": x.grad}, tolerance)
    return problem


def compare_gradients(
    result: Evaluation, problem: Problem, expected: Mapping[str, Any], tolerance: float = TOLERANCE
) -> None:
    """Every gradient is PyTorch's, by the name that its parameter has there."""
    theirs = {name: own for own, name in problem.origins.items()}
    assert set(result.gradients) == {theirs.get(name, name) for name in expected}
    for name, gradient in expected.items():
        close(result.gradients[theirs.get(name, name)], gradient, name, tolerance)
