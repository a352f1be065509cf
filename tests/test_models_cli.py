"""The command line with a model in a file: derive, draw, check, and what it says of other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commandline import done, refused, run
from tests.models.onnx_files import File, Node, onnx_or_skip
from tests.models.torch_oracle import numbers

onnx_or_skip()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file with two layers."""
    nodes = [
        ("Gemm", "x 0.weight 0.bias -> z", {"transB": 1}),
        ("Relu", "z -> a", {}),
        ("Gemm", "a 2.weight 2.bias -> out", {"transB": 1}),
    ]
    arrays = {
        "0.weight": numbers(4, 3, seed=1),
        "0.bias": numbers(4, seed=2),
        "2.weight": numbers(2, 4, seed=3),
        "2.bias": numbers(2, seed=4),
    }
    return File(nodes, arrays).written(tmp_path)


def test_derive_tells_the_formulas_and_the_names_in_the_file(model: Path) -> None:
    out = done(run("derive", model)).out
    assert "Given  Role       Shape  In the model" in out
    assert "W^[1]  parameter    4×3      0.weight" in out
    assert "δ_Z^[1] = δ_A^[1] ∘ [Z^[1] > 0]" in out
    assert "∂L/∂W^[1] = ∂L/∂Z^[1] · ∂Z^[1]/∂W^[1] = δ_Z^[1]ᵀ X" in out


def test_an_option_says_the_loss(model: Path) -> None:
    out = done(run("derive", model, "--loss", "cross_entropy_with_logits")).out
    assert "L = -1/n · Σ_ij (Y ∘ log softmax_j(Z^[2]))_ij" in out
    assert "= 1/n · (softmax_j(Z^[2]) - Y)" in out


def test_the_same_in_indices_and_in_other_languages(model: Path) -> None:
    assert "∂L/∂w_ij^(2) = " in done(run("derive", model, "--notation", "indexed")).out
    assert "Nel modello" in done(run("derive", model, "--language", "it")).out


def test_a_model_is_drawn_by_its_operations_or_its_layers(model: Path) -> None:
    assert "W^[1]: 4×3" in done(run("draw", model, "--format", "mermaid", "--view", "layers")).out
    assert "ReLU" in done(run("draw", model, "--format", "mermaid")).out


def test_a_derivation_of_the_model_is_checked(model: Path, tmp_path: Path) -> None:
    loss = ("--loss", "cross_entropy_with_logits")
    right, wrong = tmp_path / "right.md", tmp_path / "wrong.md"
    text = done(run("derive", model, *loss, "--format", "markdown", "--wrt", "b__2")).out
    right.write_text(text, encoding="utf-8")
    gradient = r"\delta_Z^{[2]\top} \mathbf{1}_n"
    assert gradient in text
    wrong.write_text(text.replace(gradient, f"-{gradient}"), encoding="utf-8")
    assert "0 wrong, 0 undecided, 0 not read" in done(run("check", right, "--spec", model, *loss)).out
    outcome = run("check", wrong, "--spec", model, *loss)
    assert outcome.status == 1
    assert "the sign is the other way round" in outcome.out


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "html", "json"])
def test_a_name_in_the_file_steers_no_format(form: str, tmp_path: Path) -> None:
    name = r"\input{/etc/passwd}<script>alert(1)</script>$%_#"
    nodes: list[Node] = [("MatMul", "x W -> out", {})]
    file = File(nodes, {"W": numbers(3, 2)}).proto()
    file.graph.initializer[0].name = name
    file.graph.node[0].input[1] = name
    path = tmp_path / "model.onnx"
    path.write_bytes(file.SerializeToString())
    out = done(run("derive", path, "--format", form)).out
    if form in ("html", "markdown"):
        assert "<script>alert" not in out
    if form == "latex":
        assert r"\input{/etc" not in out


def test_a_model_alone_is_not_trained(model: Path) -> None:
    refused(run("train", model), "holds no examples to train on", "sb.from_onnx")


def test_a_pickle_is_refused_wherever_a_spec_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"")
    for command in (("derive", path), ("draw", path), ("train", path), ("check", path, "--spec", path)):
        refused(run(*command), "reading a pickle runs whatever program it holds")


def test_a_loss_is_given_to_a_model_only(model: Path) -> None:
    refused(run("derive", "f = x", "--loss", "mse"), "only a model in ONNX is given its loss")
    refused(run("derive", model, "--loss", "ms"), "did you mean 'mse'?")


def test_no_such_model_is_told(tmp_path: Path) -> None:
    refused(run("derive", tmp_path / "nothing.onnx"), "nothing.onnx cannot be read")
