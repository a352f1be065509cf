"""Training on every backend: each optimizer against a plain implementation, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends import vector_forms
from symbackprop.load import loads
from tests.backends.everywhere import EVERYWHERE
from tests.numeric.test_optimizers import NAMES, PLAIN, SETTINGS, STEPS, problem

QUICK = [one for one in EVERYWHERE if one.values[0] in ("python", "numpy", "torch")]
FEW = ["sgd", "nesterov and decay", "adam and decay"]


def assert_plain(backend: str, name: str, dtype: str = "float64", relative: float = 1e-12) -> sb.Fit:
    found = sb.fit(problem(SETTINGS[name][0]), backend=backend, dtype=dtype, steps=STEPS)
    got = [float(found.parameters[key]) for key in NAMES]
    np.testing.assert_allclose(got, PLAIN[name]()[-1], rtol=relative, atol=relative / 1000)
    return found


@pytest.mark.parametrize("backend", QUICK)
@pytest.mark.parametrize("name", SETTINGS)
def test_every_optimizer_follows_a_plain_implementation(name: str, backend: str) -> None:
    assert_plain(backend, name)


@pytest.mark.parametrize("backend", [one for one in EVERYWHERE if one not in QUICK])
@pytest.mark.parametrize("name", FEW)
def test_optimizers_of_each_kind_where_compiling_takes_long(name: str, backend: str) -> None:
    assert_plain(backend, name)


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_single_precision_comes_near(backend: str) -> None:
    found = assert_plain(backend, "adam", "float32", 1e-4)
    assert all(np.float32(one) == one for one in found.parameters.values())


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_a_step_may_call_any_function_of_the_language(backend: str) -> None:
    """Nothing in the code of a training loop has the name of one: w² at w = 1/2, 0.4, 0.32."""
    text = "[graph]\nequations = 'L = step(w)*w**2'\n[parameters]\nw = 0.5\n[training]\nlearning_rate = 0.1"
    found = sb.fit(loads(text), backend=backend, steps=2)
    assert found.parameters["w"] == pytest.approx(0.32, rel=1e-12)


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_form_by_form_the_steps_are_the_same(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What large programs take, here for a small one."""
    monkeypatch.setattr(vector_forms, "MANY", 0)
    if backend == "numba":
        monkeypatch.setattr("symbackprop.backends.numba_backend.MOST_LINES", 0)
    found = assert_plain(backend, "adam and decay")
    assert backend == "python" or "forms" in str(found.choice)


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_the_choice_is_said(backend: str) -> None:
    assert str(sb.fit(problem(""), backend=backend, steps=1).choice).startswith(f"{backend}: ")
