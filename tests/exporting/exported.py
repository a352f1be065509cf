"""Exported files in the tests: written once, run as modules of Python or compiled as C."""

from __future__ import annotations

import importlib.util
import subprocess
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
GCC = ("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1")


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


def results(module: SimpleNamespace, given: list[Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Values, deltas and gradients by their names in code."""
    values = module.forward(*given)
    deltas, gradients = module.backward(*given, values)
    every = [one._asdict() if hasattr(one, "_asdict") else dict(one or {}) for one in (values, deltas, gradients)]
    return every[0], every[1], every[2]


def assert_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """All that was found is what was expected, to ten digits."""
    for name, value in found.items():
        right = np.asarray(expected[name])
        size = float(np.max(np.abs(right))) if right.size else 0.0
        np.testing.assert_allclose(np.asarray(value), right, rtol=1e-10, atol=1e-10 * size + 1e-13, err_msg=name)


def compiled_c(files: Mapping[str, str], folder: Any, *options: str) -> subprocess.CompletedProcess[str]:
    """A header and a source compiled with all warnings as errors; the program is `folder/check`."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    source = next(name for name in files if name.endswith(".c"))
    command = [*GCC, *options, source, "-lm", "-o", "check"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def run_c(folder: Any) -> subprocess.CompletedProcess[str]:
    """The check of a compiled source."""
    return subprocess.run([folder / "check"], capture_output=True, text=True, check=False, timeout=60)
