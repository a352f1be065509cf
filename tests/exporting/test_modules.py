"""Every example in every language of Python: the values, deltas and gradients are those of the derivation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

import symbackprop as sb
from symbackprop.exporting.layout import WIDTH
from symbackprop.exporting.table import TARGETS
from symbackprop.graph import Graph
from symbackprop.problem import Problem
from tests.examples import EXAMPLES, Example, example
from tests.exporting.exported import assert_as_derived, given_of, needs, problem_of, ran, results, text_of
from tests.loops.every_operation import PROGRAMS

QUICK = [needs(target) for target in ("numpy", "torch")]
FEW = ("homework", "batch-norm")
"""Examples for what compiles for seconds."""


def assert_right(problem: Problem, text: str, target: str) -> None:
    """A module computes what was derived, and its check passes."""
    module = ran(text)
    assert_as_derived(problem, module.GIVEN, *results(module, given_of(module, target)))
    assert module.check()


@pytest.mark.parametrize("target", QUICK)
@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_the_code_of_every_example_computes_its_derivation_and_passes_its_check(
    one: Example, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_right(problem_of(one), text_of(one, target), target)
    assert capsys.readouterr().out.endswith("passed\n")


@pytest.mark.parametrize("target", QUICK)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_code_of_every_operation_computes_its_derivation_and_passes_its_check(
    name: str, target: str
) -> None:
    text, shapes, _ = PROGRAMS[name]
    problem = Problem(Graph.from_equations(text, shapes=shapes, parameters=[*shapes]))
    (module,) = sb.export(problem, target).values()
    assert_right(problem, module, target)


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("target", [needs("numba")])
def test_compiled_code_computes_the_derivation_of_some_examples(name: str, target: str) -> None:
    assert_right(problem_of(example(name)), text_of(example(name), target), target)


@pytest.mark.parametrize("target", [needs("numba")])
def test_compiled_code_takes_matrices_apart(target: str) -> None:
    """With a function that reads a constant, in room of its own."""
    text, shapes, _ = PROGRAMS["inverse"]
    problem = Problem(Graph.from_equations(text, shapes=shapes, parameters=[*shapes]))
    (module,) = sb.export(problem, target).values()
    assert_right(problem, module, target)


def test_a_loss_without_any_slope_passes_the_check_of_pytorch() -> None:
    pytest.importorskip("torch", reason="pip install 'symbackprop[torch]'")
    (text,) = sb.export(sb.backprop(Graph.from_equations("f = step(x)")), "torch").values()
    assert ran(text).check()


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("target", [needs("jax")])
def test_the_check_of_jax_passes_for_some_examples(name: str, target: str) -> None:
    assert ran(text_of(example(name), target)).check()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_every_example_is_exported_within_the_width(one: Example, target: str) -> None:
    for text in sb.export(problem_of(one), target, name="exported").values():
        assert [line for line in text.splitlines() if cell_len(line) > WIDTH] == []


@pytest.mark.parametrize("target", QUICK)
def test_a_check_finds_a_gradient_that_is_wrong(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(example("obesity"), target)
    assert "dL_dw_11 = delta_a1 * x_1 " in text
    assert not ran(text.replace("dL_dw_11 = delta_a1 * x_1 ", "dL_dw_11 = delta_a1 * x_2 ")).check()
    assert "failed: an error is above" in capsys.readouterr().out


@pytest.mark.parametrize("target", [needs("jax"), needs("numba")])
def test_a_check_of_compiled_code_finds_a_gradient_that_is_wrong(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = text_of(example("homework"), target)
    assert "delta_s = -f" in text
    assert not ran(text.replace("delta_s = -f", "delta_s = f")).check()
    assert "failed" in capsys.readouterr().out


def test_the_loss_of_pytorch_refuses_what_was_not_derived() -> None:
    torch = pytest.importorskip("torch", reason="pip install 'symbackprop[torch]'")
    module = ran(text_of(example("attention"), "torch"))
    given = given_of(module, "torch")
    given[0].requires_grad_()
    with pytest.raises(ValueError, match="dL/dX was not derived"):
        module.loss(*given)
    assert torch.is_tensor(given[0])


def test_the_loss_of_jax_refuses_what_was_not_derived() -> None:
    """However it is compiled; what is derived is taken beside it."""
    jax = pytest.importorskip("jax", reason="pip install 'symbackprop[jax]'")
    module = ran(text_of(example("attention"), "jax"))
    given = given_of(module, "jax")
    place, derived = (module.ARGUMENTS.index(name) for name in ("X", "W_Q"))
    for slope in (jax.grad(module.loss, place), jax.grad(jax.jit(module.loss), (derived, place))):
        with pytest.raises(ValueError, match="dL/dX was not derived"):
            slope(*given)
    plain = jax.grad(lambda *numbers: module.forward(*numbers)["L"], derived)(*given)
    np.testing.assert_allclose(jax.grad(module.loss, derived)(*given), plain, rtol=2e-5, atol=1e-6)


def test_losses_are_chained_with_what_is_made_of_them() -> None:
    """∂(3 L²)/∂W = 6 L ∂L/∂W, in PyTorch and under `jit` in JAX."""
    pytest.importorskip("torch", reason="pip install 'symbackprop[torch]'")
    jax = pytest.importorskip("jax", reason="pip install 'symbackprop[jax]'")
    module = ran(text_of(example("softmax-mlp"), "torch"))
    given = given_of(module, "torch")
    place = module.ARGUMENTS.index("W_1")
    given[place].requires_grad_()
    loss = module.loss(*given)
    (3 * loss**2).backward()
    right = 6 * loss.item() * results(module, [one.detach() for one in given])[2]["W_1"].numpy()
    np.testing.assert_allclose(given[place].grad.numpy(), right, rtol=1e-12)
    other = ran(text_of(example("softmax-mlp"), "jax"))
    slope = jax.jit(jax.grad(lambda *numbers: 3 * other.loss(*numbers) ** 2, place))
    np.testing.assert_allclose(slope(*given_of(other, "jax")), right, rtol=2e-5)


@pytest.mark.parametrize("target", QUICK)
def test_float32_is_kept(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = sb.export(problem_of(example("conv-net")), target, dtype="float32").values()
    module = ran(text)
    assert module.check()
    if target == "numpy":
        given = [np.float32(value) for value in module.GIVEN.values()]
        assert {value.dtype for value in results(module, given)[2].values()} == {np.dtype(np.float32)}
    assert "passed" in capsys.readouterr().out


def test_what_is_exported_has_nothing_for_a_linter(tmp_path: Path) -> None:
    """No import, no variable is left over; every name is defined."""
    for one in EXAMPLES:
        for target in ("numpy", "numba", "jax", "torch"):
            (tmp_path / f"{one.name}_{target}.py").write_text(text_of(one, target), encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-3000:]
