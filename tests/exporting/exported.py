"""Exported files in the tests: written once, run as modules of Python or compiled as C."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.load import load
from symbackprop.problem import Problem
from tests.examples import Example

PYTHON = ("numpy", "numba", "jax", "torch")


def needs(target: str) -> Any:
    """The target as a parameter; skipped where its library is not installed."""
    missing = importlib.util.find_spec(target) is None
    reason = f"pip install 'symbackprop[{target}]'"
    return pytest.param(target, marks=pytest.mark.skipif(missing, reason=reason))


@cache
def problem_of(example: Example) -> Problem:
    return load(example.spec)


@cache
def text_of(example: Example, target: str) -> str:
    """The module of an example."""
    (text,) = sb.export(problem_of(example), target, name="exported").values()
    return text


def ran(text: str) -> SimpleNamespace:
    """What a module defines."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return SimpleNamespace(**names)


def given_of(module: SimpleNamespace, target: str, numbers: Mapping[str, Any] | None = None) -> list[Any]:
    """Numbers as a library takes them: those of the module's check, unless others are given."""
    every = module.GIVEN if numbers is None else numbers
    values = [np.array(every[name], dtype=np.float64)[()] for name in module.GIVEN]
    if target != "torch":
        return values
    import torch

    return [torch.tensor(value) for value in values]


def results(
    module: SimpleNamespace, given: list[Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Values, deltas and gradients by their names in code."""
    values = module.forward(*given)
    deltas, gradients = module.backward(*given, values)
    every = [
        one._asdict() if hasattr(one, "_asdict") else dict(one or {}) for one in (values, deltas, gradients)
    ]
    return every[0], every[1], every[2]


def as_printed(problem: Problem, given: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers by their names in print: lambda for lambda_."""
    names = {node.name for node in problem.graph.given}
    return {name if name in names else name.removesuffix("_"): value for name, value in given.items()}


def assert_as_derived(
    problem: Problem,
    given: Mapping[str, Any],
    values: Mapping[str, Any],
    deltas: Mapping[str, Any],
    gradients: Mapping[str, Any],
) -> None:
    """What exported code computes is what NumPy computes by the derivation.

    Args:
        problem: that was exported.
        given: numbers by their names in code.
        values: of the exported code; others than those of nodes are passed by.
        deltas: likewise.
        gradients: likewise, all of them.
    """
    derivation = sb.backprop(problem.graph, conventions=problem.conventions)
    expected = sb.compile(derivation)(as_printed(problem, given))
    assert_same({node.name: values[node.name] for node in problem.graph.inner}, expected.values)
    right = {
        delta.symbol.name: expected.deltas[name]
        for name, delta in derivation.deltas.items()
        if delta.symbol is not None
    }
    assert_same({name: one for name, one in deltas.items() if not name.startswith("part")}, right)
    assert_same(gradients, expected.gradients)
    assert gradients.keys() == expected.gradients.keys()


def assert_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """All that was found is what was expected, to ten digits."""
    for name, value in found.items():
        right = np.asarray(expected[name])
        size = float(np.max(np.abs(right))) if right.size else 0.0
        np.testing.assert_allclose(
            np.asarray(value), right, rtol=1e-10, atol=1e-10 * size + 1e-13, err_msg=name
        )
