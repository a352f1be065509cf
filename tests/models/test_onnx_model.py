"""Files in the ONNX format as problems: whole models, names, axes, arrays elsewhere, and what is refused."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational

import symbackprop as sb
from symbackprop.graph import Role
from tests.models.onnx_files import File, Node, onnx_or_skip
from tests.models.torch_oracle import close, evaluated, numbers

onnx = onnx_or_skip()

ARRAYS = {
    "0.weight": numbers(4, 3, seed=1),
    "0.bias": numbers(4, seed=2),
    "2.weight": numbers(2, 4, seed=3),
    "2.bias": numbers(2, seed=4),
}
FIRST, LAST = (
    ("Gemm", "x 0.weight 0.bias -> z", {"transB": 1}),
    ("Gemm", "a 2.weight 2.bias -> out", {"transB": 1}),
)
MODEL = File([FIRST, ("Tanh", "z -> a", {}), LAST], ARRAYS)
GELU: list[Node] = [
    ("Div", "z s -> d", {}),
    ("Erf", "d -> e", {}),
    ("Add", "e one -> p", {}),
    ("Mul", "z p -> q", {}),
]
SPELLED_OUT = replace(
    MODEL,
    nodes=[FIRST, *GELU, ("Mul", "q half -> a", {}), LAST],
    constants={"s": np.float32(2**0.5), "one": 1.0, "half": 0.5},
)  # fmt: skip


def told(source: File | Path, folder: Path, **options: Any) -> str:
    """What is said of a file that is not read."""
    with pytest.raises((sb.Mistake, sb.Mistakes)) as caught:
        sb.from_onnx(source if isinstance(source, Path) else source.written(folder), **options)
    assert "where: " in str(caught.value)
    return str(caught.value)


# ----------------------------------------------------------------------------------------------- whole models


def test_a_chain_has_the_names_of_its_layers_and_the_numbers_of_its_file(tmp_path: Path) -> None:
    problem = replace(MODEL, dtype=np.float32).read(tmp_path)
    assert problem.title == "model"
    assert [node.name for node in problem.graph.inner] == ["Z__1", "A__1", "Yhat", "L"]
    assert problem.origins == {"W__1": "0.weight", "b__1": "0.bias", "W__2": "2.weight", "b__2": "2.bias"}
    weight = float(np.float32(ARRAYS["0.weight"][0][0]))
    assert problem.values["W__1"][0][0] == Rational(*weight.as_integer_ratio())


def test_the_gradients_are_those_of_the_same_model_in_pytorch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="pip install 'symbackprop[torch]'")
    nn = torch.nn
    model = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2)).double()
    model.load_state_dict({name: torch.tensor(array) for name, array in ARRAYS.items()})
    x, y = numbers(5, 3), np.eye(2)[[0, 1, 1, 0, 1]]
    nn.CrossEntropyLoss()(model(torch.tensor(x)), torch.tensor(y)).backward()
    problem = SPELLED_OUT.read(tmp_path, loss="cross_entropy_with_logits")
    result = evaluated(problem, X=x, Y=y)
    for name, parameter in model.named_parameters():
        own = next(own for own, origin in problem.origins.items() if origin == name)
        close(result.gradients[own], parameter.grad, name)


def test_an_activation_that_is_spelled_out_is_one_node(tmp_path: Path) -> None:
    derivation = sb.backprop(SPELLED_OUT.read(tmp_path).graph)
    assert str(derivation.graph["A__1"].expression) == "gelu(Z__1)"


def test_what_is_spelled_out_and_unknown_is_one_formula(tmp_path: Path) -> None:
    nodes: list[Node] = [("Exp", "x -> e", {}), ("Add", "e c -> s", {}), ("Div", "x s -> out", {})]
    problem = File(nodes, constants={"c": 0.5}).read(tmp_path)
    assert [node.name for node in problem.graph.inner] == ["Yhat", "L"]
    x = numbers(2, 3)
    close(evaluated(problem, X=x, Y=x).values["Yhat"], x / (np.exp(x) + 0.5), "Yhat")


def test_a_value_that_is_used_twice_has_a_name_and_the_sum_of_both_ways(tmp_path: Path) -> None:
    nodes: list[Node] = [FIRST, ("Tanh", "z -> t", {}), ("Add", "z t -> a", {}), LAST]
    problem = replace(MODEL, nodes=nodes).read(tmp_path)
    x, y = numbers(5, 3), numbers(5, 2, seed=9)
    derivation = sb.backprop(problem.graph)
    assert len(derivation.deltas["Z__1"].contributions) == 1
    expected = replace(MODEL, nodes=nodes).output(x)
    close(evaluated(problem, X=x, Y=y).values["Yhat"], expected, "Yhat")


def test_attention_is_a_graph_of_arrays(tmp_path: Path) -> None:
    nodes: list[Node] = [
        *(("MatMul", f"x {one} -> {one.lower()}", {}) for one in "QKV"),
        ("Transpose", "k -> t", {"perm": [0, 2, 1]}),
        ("MatMul", "q t -> s", {}),
        ("Div", "s c -> d", {}),
        ("Softmax", "d -> p", {}),
        ("MatMul", "p v -> out", {}),
    ]
    arrays = {name: numbers(3, 4, seed=seed) for seed, name in enumerate("QKV")}
    file = File(nodes, arrays, {"c": 2.0}, ("batch", "tokens", 3))
    problem, x = file.read(tmp_path), numbers(2, 5, 3)
    assert [str(size) for size in problem.graph["X"].shape] == ["n", "tokens", "3"]
    close(evaluated(problem, X=x, Y=np.zeros((2, 5, 4))).values["Yhat"], file.output(x), "Yhat")


def test_a_normalisation_in_operators_of_older_versions(tmp_path: Path) -> None:
    nodes: list[Node] = [
        ("ReduceMean", "x -> m", {"axes": [-1]}),
        ("Sub", "x m -> d", {}),
        ("Pow", "d two -> q", {}),
        ("ReduceMean", "q -> v", {"axes": [-1]}),
        ("Add", "v e -> w", {}),
        ("Sqrt", "w -> r", {}),
        ("Div", "d r -> h", {}),
        ("Mul", "h g -> s", {}),
        ("Add", "s b -> out", {}),
    ]
    arrays = {"g": numbers(3, seed=1), "b": numbers(3, seed=2)}
    file = File(nodes, arrays, {"two": 2.0, "e": 1e-5}, opset=13)
    problem, x = file.read(tmp_path), numbers(4, 3)
    assert [node.name for node in problem.graph.inner] == ["M", "A", "M_2", "Yhat", "L"]
    close(evaluated(problem, X=x, Y=x).values["Yhat"], file.output(x), "Yhat")


def test_running_statistics_and_literals_are_constants(tmp_path: Path) -> None:
    arrays = {name: np.full(3, 0.5) for name in ("gamma", "beta", "mean", "var")}
    nodes: list[Node] = [("BatchNormalization", "x gamma beta mean var -> h", {}), ("Mul", "h c -> out", {})]
    problem = File(nodes, arrays, {"c": np.array([1.0, 2.0, 3.0])}).read(tmp_path)
    assert {problem.origins[one.name] for one in problem.graph.having(Role.PARAMETER)} == {"gamma", "beta"}
    assert {problem.origins[one.name] for one in problem.graph.having(Role.CONSTANT)} == {"mean", "var", "c"}


def test_what_leads_nowhere_is_left_out(tmp_path: Path) -> None:
    nodes: list[Node] = [*MODEL.nodes, ("Exp", "z -> nowhere", {})]
    problem = replace(MODEL, nodes=nodes).read(tmp_path)
    assert [node.name for node in problem.graph.inner] == ["Z__1", "A__1", "Yhat", "L"]


def test_what_is_trained_goes_on_from_the_numbers_of_the_file(tmp_path: Path) -> None:
    training = sb.Training(Rational("0.1"), batch_size=4, steps=20)
    x, y = numbers(4, 3), numbers(4, 2, seed=1)
    trace = sb.train(MODEL.read(tmp_path, inputs=x, targets=y, training=training))
    first = float(np.mean((MODEL.output(x) - y) ** 2))
    close(trace.iterations[0].loss, first, "loss")
    assert trace.iterations[-1].loss < first / 2


# ------------------------------------------------------------------------------------------------------- axes


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        (("batch", 3), {}, "(n, 3)"),
        ((None, 3), {}, "(n, 3)"),
        ((1, 3), {}, "(1, 3)"),
        ((1, 3), {"batch": "n"}, "(n, 3)"),
        (("batch", 3), {"batch": 8}, "(8, 3)"),
        (("batch", "width"), {"shape": (3,)}, "(n, 3)"),
        (None, {"shape": (3,)}, "(n, 3)"),
        ((3,), {}, "(3,)"),
        (("batch", "not a name", 3), {}, "(n, m, 3)"),
    ],
)
def test_axes_are_those_of_the_file_or_those_that_are_asked_for(
    shape: Sequence[Any] | None, options: Mapping[str, Any], expected: str, tmp_path: Path
) -> None:
    nodes: list[Node] = [("MatMul", "x W -> out", {})]
    problem = File(nodes, {"W": numbers(3, 2)}, shape=shape).read(tmp_path, **options)
    given = problem.graph["x" if shape == (3,) else "X"]
    assert str(given.shape) == expected


def test_axes_without_a_length_or_a_name_are_told(tmp_path: Path) -> None:
    assert "neither a length nor a name" in told(replace(MODEL, shape=("batch", None)), tmp_path)
    assert "does not say what shape an example has" in told(replace(MODEL, shape=None), tmp_path)


# ------------------------------------------------------------------------------------------------------ files


def test_arrays_may_stand_in_a_file_beside_the_model(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(MODEL.proto(), str(path), save_as_external_data=True, location="numbers.bin", size_threshold=0)
    assert sb.from_onnx(path).values == MODEL.read(tmp_path / ".").values
    onnx.save(MODEL.proto(), str(path), save_as_external_data=True, location="numbers.bin", size_threshold=0)
    (tmp_path / "numbers.bin").unlink()
    assert "put it beside the model" in told(path, tmp_path)


def test_arrays_elsewhere_on_the_machine_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(200))
    folder = tmp_path / "folder"
    folder.mkdir()
    model = MODEL.proto()
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location="../secret")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert "cannot be read" in told(path, tmp_path)


def test_no_file_and_no_model_are_told(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    assert "cannot be read" in told(path, tmp_path)
    for content in (b"", b"hello", b"[network]\nlayers = [1, 1]\n"):
        path.write_bytes(content)
        assert "is no model in ONNX" in told(path, tmp_path)


def test_a_pickle_is_refused_with_the_reason(tmp_path: Path) -> None:
    words = told(tmp_path / "model.pt", tmp_path)
    assert "reading a pickle runs whatever program it holds" in words
    assert "torch.onnx.export" in words


def test_broken_bytes_are_a_mistake_of_the_file(tmp_path: Path) -> None:
    whole = SPELLED_OUT.written(tmp_path).read_bytes()
    source, path, told = random.Random(0), tmp_path / "broken.onnx", []
    for _ in range(100):
        content = bytearray(whole)
        for _ in range(source.randint(1, 4)):
            content[source.randrange(len(content))] = source.randrange(256)
        path.write_bytes(content)
        try:
            sb.from_onnx(path)
        except (sb.Mistake, sb.Mistakes) as mistake:
            told.append(str(mistake))
    assert len(told) > 50
    assert all("broken.onnx" in one for one in told)


def test_without_the_library_the_line_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = MODEL.written(tmp_path)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "pip install 'symbackprop[onnx]'" in told(path, tmp_path)


# -------------------------------------------------------------------------------------------- what is refused


def test_all_operators_that_are_not_read_are_told_together_with_their_places(tmp_path: Path) -> None:
    nodes: list[Node] = [
        ("Shape", "x -> s", {}),
        ("LSTM", "x W R -> y", {"hidden_size": 1}),
        ("Einsum", "y -> out", {"equation": "i->i"}),
    ]
    words = told(File(nodes, {"W": numbers(1, 4, 3), "R": numbers(1, 4, 1)}), tmp_path)
    for what in (
        "the operator Shape is not read",
        "the operator LSTM",
        "the operator Einsum",
        "fixed shapes",
    ):
        assert what in words
    assert "the node /1/LSTM: y = LSTM(x, W, R)" in words
    assert "known: Abs, Add, Atan" in words


def test_an_operator_of_another_domain_is_named(tmp_path: Path) -> None:
    words = told(File([("FusedGelu", "x -> out", {"domain": "com.microsoft"})]), tmp_path)
    assert "the operator com.microsoft.FusedGelu is not read" in words


REFUSED: dict[str, File] = {
    "alpha=2.0 of Gemm": File([("Gemm", "x W -> out", {"alpha": 2.0})], {"W": numbers(3, 2)}),
    "group=3 of Conv": File(
        [("Conv", "x K -> out", {"group": 3})], {"K": numbers(3, 1, 2)}, shape=("batch", 3, 5)
    ),
    "differ at the two ends": File(
        [("Conv", "x K -> out", {"pads": [1, 0]})], {"K": numbers(1, 3, 2)}, shape=("batch", 3, 5)
    ),
    "a convolution along 3 axes": File(
        [("Conv", "x K -> out", {})], {"K": numbers(1, 1, 2, 2, 2)}, shape=("batch", 1, 4, 4, 4)
    ),
    "the blocks of MaxPool overlap": File(
        [("MaxPool", "x -> out", {"kernel_shape": [2]})], shape=("batch", 3, 4)
    ),
    "do not fill (5,)": File(
        [("MaxPool", "x -> out", {"kernel_shape": [2], "strides": [2]})], shape=("batch", 3, 5)
    ),
    "a Selu with constants of its own": File([("Selu", "x -> out", {"alpha": 1.0})]),
    "a Shrink with lambd=0.5 and bias=0.1": File([("Shrink", "x -> out", {"bias": 0.1})]),
    "alpha=2.0 of Celu": File([("Celu", "x -> out", {"alpha": 2.0})]),
    "axis 0 of (n, 3) is not the last": File([("Softmax", "x -> out", {"axis": 0})], opset=12),
    "computed on the way": File([("Cast", "x -> s", {"to": 7}), ("Reshape", "x s -> out", {})]),
    "Concat of 3 arrays": File([("Concat", "x x x -> out", {"axis": 1})]),
    "what drops out at random": File(
        [("Dropout", "x _ t -> y", {}), ("Neg", "y -> out", {})], constants={"t": np.array(True)}
    ),
    "the second result of MaxPool": File(
        [("MaxPool", "x -> out i", {"kernel_shape": [2], "strides": [2]})],
        shape=("batch", 3, 4),
        outputs=("out", "i"),
    ),
    "the model has 2 outputs": replace(MODEL, outputs=("out", "z")),
    "W holds NaN": File([("MatMul", "x W -> out", {})], {"W": np.array([[1.0], [np.nan], [2.0]])}),
    "does not depend on what goes in": File([("Identity", "x -> out", {})]),
    "does not keep the rules of ONNX": File([("Tanh", "nothing -> out", {})]),
    "is written in opset 6": replace(MODEL, opset=6),
    "is written in opset 99": replace(MODEL, opset=99),
    "cannot be multiplied": replace(MODEL, shape=("batch", 5)),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_read_is_named(words: str, tmp_path: Path) -> None:
    message = told(REFUSED[words], tmp_path)
    assert words in message
    assert "model.onnx" in message


def test_a_loss_of_probabilities_is_not_taken_of_logits(tmp_path: Path) -> None:
    words = told(MODEL, tmp_path, loss="cross_entropy")
    assert 'fix:   take loss="cross_entropy_with_logits"' in words
    assert "unknown loss 'ms'" in told(MODEL, tmp_path, loss="ms")
