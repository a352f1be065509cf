"""Every operator that is read: its output against ONNX's own evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbackprop.models.onnx_operators import OPERATORS
from tests.models.onnx_files import File, onnx_or_skip
from tests.models.torch_oracle import close, evaluated, numbers

onnx_or_skip()

PLAIN = (
    "Relu Sigmoid Tanh Softplus Softsign HardSwish LeakyRelu Elu Celu Selu HardSigmoid ThresholdedRelu "
    "Erf Exp Abs Neg Sin Cos Tan Sinh Cosh Atan Reciprocal Softmax LogSoftmax Shrink"
).split()

W, B = numbers(3, 4, seed=1), numbers(4, seed=2)
K1, K2, CHANNELS = numbers(2, 3, 2, seed=1), numbers(2, 3, 2, 2, seed=1), numbers(2, seed=2)
SIGNAL, IMAGE = ("batch", 3, 6), ("batch", 3, 5, 5)


def one(word: str, inputs: str = "x", **settings: Any) -> tuple[str, str, dict[str, Any]]:
    return word, f"{inputs} -> out", settings


FILES = {
    **{word: File([one(word)]) for word in PLAIN},
    "Gemm": File([one("Gemm", "x W b", transB=1)], {"W": W.T, "b": B}),
    "Gemm the other way": File([one("Gemm", "x W b")], {"W": W, "b": B}),
    "Gemm without a bias": File([one("Gemm", "x W", transB=1)], {"W": W.T}),
    "MatMul": File([one("MatMul", "x W")], {"W": W}),
    "MatMul of values": File([("Transpose", "x -> t", {}), one("MatMul", "x t")], shape=(5, 3)),
    "MatMul and Add": File([("MatMul", "x W -> z", {}), one("Add", "b z")], {"W": W, "b": B}),
    "Conv": File(
        [one("Conv", "x K b", strides=[2, 1], pads=[1, 0, 1, 0])], {"K": K2, "b": CHANNELS}, shape=IMAGE
    ),
    "Conv along one axis": File([one("Conv", "x K", auto_pad="VALID")], {"K": K1}, shape=SIGNAL),
    "MaxPool": File([one("MaxPool", kernel_shape=[5, 1], strides=[5, 1])], shape=IMAGE),
    "AveragePool": File([one("AveragePool", kernel_shape=[2], strides=[2])], shape=SIGNAL),
    "GlobalAveragePool": File([one("GlobalAveragePool")], shape=IMAGE),
    "BatchNormalization": File(
        [one("BatchNormalization", "x g b m v")],
        {name: numbers(3, seed=seed) ** 2 + 0.1 for seed, name in enumerate("gbmv")},
    ),
    "BatchNormalization of images": File(
        [one("BatchNormalization", "x g b m v", epsilon=0.01)],
        {name: numbers(3, seed=seed) ** 2 + 0.1 for seed, name in enumerate("gbmv")},
        shape=IMAGE,
    ),
    "LayerNormalization": File(
        [one("LayerNormalization", "x g b", epsilon=0.01)], {"g": numbers(3), "b": numbers(3, seed=1)}
    ),
    "LayerNormalization without a bias": File([one("LayerNormalization", "x g", axis=1)], {"g": numbers(3)}),
    "RMSNormalization": File([one("RMSNormalization", "x g")], {"g": numbers(3)}, opset=23),
    **{word: File([(word, "x -> y", {}), one("Neg", "y")]) for word in ("Identity", "Dropout")},
    "Cast": File([("Cast", "x -> y", {"to": 11}), one("Neg", "y")]),
    "PRelu": File([one("PRelu", "x a")], {"a": numbers(3)}),
    "LeakyRelu of a slope": File([one("LeakyRelu", alpha=0.25)]),
    "HardSigmoid of PyTorch": File([one("HardSigmoid", alpha=1 / 6)]),
    "Gelu": File([one("Gelu")], opset=20),
    "Gelu by tanh": File([one("Gelu", approximate="tanh")], opset=20),
    "Mish": File([one("Mish")], opset=18),
    "Swish": File([one("Swish")], opset=24),
    "Clip": File([one("Clip", "x low high")], constants={"low": -0.5, "high": 2.0}),
    "Clip from below": File([one("Clip", "x low")], constants={"low": -0.5}),
    "Clip from above": File([one("Clip", "x _ high")], constants={"high": 0.5}),
    "Clip by nothing": File([("Clip", "x -> y", {}), one("Neg", "y")]),
    "Clip by settings": File([one("Clip", min=-0.5, max=0.5)], opset=10),
    "Shrink softly": File([one("Shrink", lambd=0.25, bias=0.25)]),
    "Softmax along the first axis": File([one("Softmax", axis=0)]),
    "Softmax of old": File([one("Softmax", axis=1)], opset=12),
    "LogSoftmax of old": File([one("LogSoftmax", axis=1)], opset=12),
    "Flatten": File([one("Flatten")], shape=IMAGE),
    "Reshape": File([one("Reshape", "x s")], constants={"s": np.array([0, -1, 5])}, shape=IMAGE),
    "Squeeze": File(
        [("Unsqueeze", "x a -> y", {}), one("Squeeze", "y a")], constants={"a": np.array([1, -1])}
    ),
    "Squeeze of old": File([("Unsqueeze", "x -> y", {"axes": [2]}), one("Squeeze", "y", axes=[2])], opset=11),
    "Unsqueeze": File([one("Unsqueeze", "x a")], constants={"a": np.array([0, 2])}),
    "Transpose": File([one("Transpose", perm=[0, 2, 1])], shape=SIGNAL),
    "Concat": File([("Neg", "x -> y", {}), one("Concat", "x y", axis=1)]),
    "ReduceMean": File([one("ReduceMean", axes=[-1], keepdims=0)]),
    "ReduceMean of an input": File([one("ReduceMean", "x a")], constants={"a": np.array([0])}, opset=18),
    "ReduceMean of all": File([one("ReduceMean")]),
    "ReduceSum": File([one("ReduceSum", "x a", keepdims=0)], constants={"a": np.array([1])}),
    "ReduceSum of nothing": File([("ReduceSum", "x -> y", {"noop_with_empty_axes": 1}), one("Neg", "y")]),
    "Add": File([one("Add", "x b")], {"b": numbers(3)}),
    "Sub": File([one("Sub", "c x")], constants={"c": 1.5}),
    "Mul": File([one("Mul", "x g")], {"g": numbers(3)}),
    "Div": File([one("Div", "x c")], constants={"c": np.array([-4.0])}),
    "Pow": File([one("Pow", "x c")], constants={"c": 3.0}),
    "Sqrt": File([("Abs", "x -> y", {}), one("Sqrt", "y")]),
    "Log": File([("Mul", "x x -> y", {}), one("Log", "y")]),
    "Sum": File([("Tanh", "x -> y", {}), one("Sum", "x y")]),
    "Max": File([("Tanh", "x -> y", {}), one("Max", "x y")]),
    "Min": File([one("Min", "x c")], constants={"c": 0.25}),
    "Identity of an array": File([("Identity", "W -> V", {}), one("MatMul", "x V")], {"W": W}),
    "an array of the program": File([one("Mul", "x g")], constants={"g": numbers(3)}),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_an_operator_has_the_output_of_onnx(name: str, tmp_path: Path) -> None:
    file = FILES[name]
    assert file.shape is not None
    x = numbers(*(5 if isinstance(size, str) else int(size or 1) for size in file.shape), seed=7)
    expected = file.output(x)
    result = evaluated(file.read(tmp_path), X=x, Y=np.zeros(expected.shape))
    # ONNX's own evaluator reckons with settings in single precision.
    close(result.values["Yhat"], expected, name, 1e-6)


def test_every_operator_that_is_read_is_compared_with_onnx() -> None:
    assert {word for file in FILES.values() for word, _, _ in file.nodes} == set(OPERATORS)
