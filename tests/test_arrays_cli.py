"""The command line with arrays: notations, what lies beyond the gradient, and its mistakes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commandline import done, run

EXAMPLES = Path(__file__).parents[1] / "examples"
SOFTMAX = str(EXAMPLES / "softmax-mlp" / "softmax-mlp.toml")
OBESITY = str(EXAMPLES / "obesity" / "obesity.toml")
RIDGE = ("L = sum((X @ w - y)**2)/n + lambda*sum(w**2)", "--shapes", "X=n*3,w=3,y=n", "--wrt", "w")


def gradients(*arguments: str) -> dict[str, Any]:
    document = json.loads(done(run("derive", *arguments, "--format", "json")).out)
    return {one["wrt"]: one["value"] for one in document["gradients"]}


def test_an_expression_takes_the_shapes_of_its_arrays() -> None:
    out = done(run("derive", "Z = X @ W + b; L = sum(Z**2)", "--shapes", "X=n*3,W=3*2,b=2", "--wrt", "b")).out
    assert "∂L/∂b = ∂L/∂Z · ∂Z/∂b = δ_Zᵀ 1ₙ" in out


def test_the_optimum_of_ridge_regression_has_every_step() -> None:
    out = done(run("derive", *RIDGE, "--optimum", "w")).out
    steps = ["2/n · Xᵀ (X w - y) + 2 λ w = 0", "(Xᵀ X + n λ I₃) w = Xᵀ y", "w = (Xᵀ X + n λ I₃)⁻¹ Xᵀ y"]
    places = [out.index(step) for step in steps]
    assert places == sorted(places)


def test_the_hessian_of_ridge_regression_is_a_matrix() -> None:
    assert "H = 2/n · Xᵀ X + 2 λ I₃" in done(run("derive", *RIDGE, "--hessian", "w")).out


def test_the_hessian_of_logistic_regression_is_that_of_the_books() -> None:
    """Also where the pre-activation has no name; what the other lines say keeps its shapes."""
    text = "p = sigmoid(X @ w); L = -mean(y*log(p) + (1 - y)*log(1 - p))"
    out = done(run("derive", text, "--shapes", "X=n*3,w=3,y=n", "--wrt", "w", "--hessian", "w")).out
    assert "∂L/∂w = ∂L/∂p · ∂p/∂w = Xᵀ (δ_p ∘ p ∘ (1 - p)) = 1/n · Xᵀ (p - y)" in out
    assert "H = 1/n · Xᵀ diag(p ∘ (1 - p)) X" in out


def test_the_optimum_has_its_numbers_where_there_are_any(tmp_path: Path) -> None:
    spec = tmp_path / "line.toml"
    spec.write_text(
        '[graph]\nequations = "L = sum((X @ w - y)**2)"\n[parameters]\nw = [0, 0]\n'
        "[inputs]\nX = [[1, 0], [1, 1], [1, 2]]\ny = [1, 3, 5]\n",
        encoding="utf-8",
    )
    out = done(run("derive", str(spec), "--optimum", "w")).out
    # y = 1 + 2 x goes through all three points.
    assert "With numbers, a minimum:" in out
    assert "w = (Xᵀ X)⁻¹ Xᵀ y = [1.000000, 2.000000]ᵀ" in out or "= [1, 2]ᵀ" in out


def test_a_jacobian_is_the_product_of_the_local_ones() -> None:
    out = done(run("derive", SOFTMAX, "--jacobian", "p,x")).out
    assert "∂p/∂x = (diag(p) - p pᵀ) W₂ diag(1 - h₂²) W₁" in out


def test_in_denominator_layout_the_jacobian_is_transposed() -> None:
    out = done(run("derive", SOFTMAX, "--jacobian", "p,x", "--convention", "layout=denominator")).out
    assert "∂p/∂x = W₁ᵀ diag(1 - h₂²) W₂ᵀ (diag(p) - p pᵀ)" in out


def test_component_notation_of_a_graph_of_arrays_has_the_same_gradients() -> None:
    whole, single = gradients(SOFTMAX), gradients(SOFTMAX, "--notation", "component")
    for name, (rows, columns) in {"W_1": (2, 3), "W_2": (3, 2)}.items():
        parts = [[single[f"{name}_{i}{j}"] for j in range(1, columns + 1)] for i in range(1, rows + 1)]
        np.testing.assert_allclose(parts, whole[name], rtol=1e-12)


def test_a_network_has_the_same_gradients_in_components_and_in_matrices() -> None:
    single, whole = gradients(OBESITY), gradients(OBESITY, "--notation", "matrix")
    parts = [[single[f"w_{i}{j}"] for j in (1, 2, 3)] for i in (1, 2, 3)]
    np.testing.assert_allclose(parts, whole["w"], rtol=1e-12)


def test_a_network_in_indices_begins_with_any_layer() -> None:
    out = done(run("derive", OBESITY, "--notation", "indexed")).out
    assert "∂L/∂w_ij^(l) = δ_i^(l) a_j^(l-1)" in out
    assert "δ_i^(l)      = (Σ_k δ_k^(l+1) w_ki^(l+1)) σ'(z_i^(l))" in out


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "json"])
@pytest.mark.parametrize("notation", ["component", "indexed", "matrix"])
@pytest.mark.parametrize("spec", [SOFTMAX, OBESITY])
def test_every_notation_has_every_format(spec: str, notation: str, form: str) -> None:
    outcome = done(run("derive", spec, "--notation", notation, "--format", form))
    assert outcome.out


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="needs pdflatex: apt-get install texlive-latex-extra"
)
@pytest.mark.parametrize("notation", ["indexed", "matrix"])
def test_a_document_in_every_notation_compiles(notation: str, tmp_path: Path) -> None:
    file = tmp_path / "one.tex"
    options = ["--notation", notation, "--format", "latex", "--standalone", "--output", str(file)]
    assert run("derive", OBESITY, *options).status == 0
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "one.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert "Overfull" not in (tmp_path / "one.log").read_text(encoding="utf-8", errors="replace")


def test_numerator_layout_transposes_a_gradient() -> None:
    whole, turned = gradients(SOFTMAX), gradients(SOFTMAX, "--convention", "layout=numerator")
    np.testing.assert_allclose(np.transpose(turned["W_1"]), whole["W_1"])


def test_a_parameter_without_influence_has_the_gradient_zero_and_a_note(tmp_path: Path) -> None:
    spec = tmp_path / "unused.toml"
    text = '[graph]\nequations = "L = sum(x**2)"\n[parameters]\nx = [1, 2]\nW = [[1, 2], [3, 4]]\n'
    spec.write_text(text, encoding="utf-8")
    outcome = done(run("derive", str(spec)))
    assert "L does not depend on W" in outcome.err
    assert "∂L/∂W = 0_2×2" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("L = sum(x)", "--shapes", "x=3;4"), ["gives no shape", "write X=n*3,w=3"]),
        (("L = sum(x)", "--shapes", "x=3,y=2"), ["no equation uses", "x"]),
        (("L = sum(x)", "--shapes", "x=0"), ["empty axis", "at least 1"]),
        (("L = sum(X, axis=2)", "--shapes", "X=3*2"), ["axis 2 is out of range", "(3, 2)"]),
        (("y = X @ w", "--shapes", "X=3*2,w=2"), ["not a scalar", "L = sum(y)"]),
        (("L = sum(X @ w)", "--shapes", "X=3*2,w=3"), ["(3, 2) @ (3,)", "X.T has the shape (2, 3)"]),
        (("L = sum(x[i])", "--shapes", "x=3"), ["not constant", "the number itself"]),
        (("L = sum(x)", "--shapes", "x=3", "--jacobian", "x"), ["no pair of names", "write p,x"]),
        (("L = sum(exp(w))", "--shapes", "w=3", "--optimum", "w"), ["not linear"]),
        (("L = sum(x*x)", "--shapes", "x=3", "--form", "paths"), ["arrays", "--notation component"]),
        (("L = sum(x*x)", "--shapes", "x=3", "--mode", "both"), ["arrays", "--notation component"]),
        (("L = sum(x*x)", "--shapes", "x=n", "--notation", "component"), ["n"]),
    ],
)
def test_a_mistake_with_arrays_is_told(arguments: tuple[str, ...], says: list[str]) -> None:
    outcome = run("derive", *arguments)
    assert outcome.status == 2
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert all(part in outcome.err for part in says), outcome.err


def test_a_singular_matrix_is_told_with_its_node(tmp_path: Path) -> None:
    spec = tmp_path / "singular.toml"
    text = '[graph]\nequations = "L = logdet(A) + sum(inv(A))"\n[parameters]\nA = [[1, 2], [2, 4]]\n'
    spec.write_text(text, encoding="utf-8")
    outcome = run("derive", str(spec))
    assert outcome.status == 2
    assert "singular" in outcome.err
    assert "logdet(A) + sum(inv(A)" in outcome.err


def test_targets_that_are_no_distribution_are_told(tmp_path: Path) -> None:
    spec = tmp_path / "targets.toml"
    text = Path(SOFTMAX).read_text(encoding="utf-8").replace("y = [0, 1, 0]", "y = [0, 1, 1]")
    spec.write_text(text, encoding="utf-8")
    outcome = run("derive", str(spec))
    assert outcome.status == 2
    assert "do not add up to 1" in outcome.err
