"""ONNX's operators -> layers: one short function each, which reads settings and runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symbackprop.errors import ModelError
from symbackprop.models.layers import Option
from symbackprop.models.onnx_operation import Operation
from symbackprop.models.stages import Stage

SINGLE = 1e-6
"""Numbers that differ by less than this were the same before they were rounded to single precision."""

LARGEST = float(np.finfo(np.float32).max)
"""What exporters write where there is no bound."""

Reader = Callable[[Operation], Stage]


def _plain(layer: str, slots: str = "x") -> Reader:
    """An operator without settings."""
    return lambda operation: operation.stage(layer, slots)


def _with(layer: str, **usual: float) -> Reader:
    """An operator whose settings are numbers, with what they are where they are left out."""
    return lambda operation: operation.stage(
        layer, options={name: operation.number(name, value) for name, value in usual.items()}
    )


def _require(operation: Operation, fix: str, **usual: Any) -> None:
    """Settings that only their usual value is read of.

    Raises:
        ModelError: one has another.
    """
    for name, value in usual.items():
        found = operation.settings.get(name, value)
        if (list(found) if isinstance(value, list) else found) != value:
            raise ModelError(f"{name}={found!r} of {operation.word} is not read", fix=fix)


def _about(operation: Operation, name: str, usual: float, value: float) -> bool:
    """Whether a setting is this number, but for its rounding to single precision."""
    return abs(float(operation.settings.get(name, usual)) - value) < SINGLE


# ---------------------------------------------------------------------------------------------------- weights


def _gemm(operation: Operation) -> Stage:
    _require(operation, "multiply by it in another node", alpha=1.0, beta=1.0, transA=0)
    return operation.stage("linear" if operation.whole("transB", 0) else "product", "x W b")


def _matmul(operation: Operation) -> Stage:
    """By weights, or of two values."""
    return operation.stage("product", "x W") if operation.is_array(1) else operation.stage("matmul", "x y")


def _conv(operation: Operation) -> Stage:
    """A convolution without groups, gaps and padding that differs at the two ends."""
    kernel = operation.constant(1)
    dims = 0 if kernel is None else kernel.ndim - 2
    if dims not in (1, 2):
        raise ModelError(f"a convolution along {dims} axes is not read", fix="take one or two")
    _require(operation, f"take group=1, dilations={[1] * dims}", group=1, dilations=[1] * dims)
    options: dict[str, Option] = {
        "stride": tuple(operation.settings.get("strides", [1] * dims)),
        "padding": _pads(operation, dims),
    }
    return operation.stage(f"conv{dims}d", "x K b", options)


def _pads(operation: Operation, dims: int) -> tuple[int, ...]:
    """By how many zeros each axis is padded, at both of its ends."""
    if operation.settings.get("auto_pad", "NOTSET") == "VALID":
        return (0,) * dims
    _require(operation, "give pads in numbers", auto_pad="NOTSET")
    pads = tuple(operation.settings.get("pads", [0] * 2 * dims))
    if pads[:dims] != pads[dims:]:
        raise ModelError(f"pads={list(pads)} differ at the two ends", fix="pad both ends by the same number")
    return pads[:dims]


def _pool(layer: str) -> Reader:
    """Pooling over blocks that lie side by side."""

    def read(operation: Operation) -> Stage:
        kernel = list(operation.settings["kernel_shape"])
        dims = len(kernel)
        fix = "take blocks that lie side by side: strides = kernel_shape, no pads"
        _require(operation, fix, ceil_mode=0, dilations=[1] * dims, pads=[0] * 2 * dims)
        if list(operation.settings.get("strides", [1] * dims)) != kernel:
            raise ModelError(f"the blocks of {operation.word} overlap", fix=fix)
        return operation.stage(layer, options={"blocks": tuple(kernel)})

    return read


# ---------------------------------------------------------------------------------------------- normalisation


def _batch_norm(operation: Operation) -> Stage:
    """By the batch in training, by the running statistics else."""
    options = {"epsilon": operation.number("epsilon", 1e-5)}
    if operation.whole("training_mode", 0):
        return operation.stage("batch_norm", "x gamma beta", options)
    return operation.stage("running_batch_norm", "x gamma beta mu v", options, constants=("mu", "v"))


def _layer_norm(layer: str) -> Reader:
    def read(operation: Operation) -> Stage:
        axis, epsilon = operation.whole("axis", -1), operation.number("epsilon", 1e-5)
        return operation.stage(layer, "x gamma beta", {"axis": axis, "epsilon": epsilon})

    return read


# ------------------------------------------------------------------------------------------------ activations


def _clip(operation: Operation) -> Stage:
    """Between two numbers; where one is left out, it is a maximum or a minimum."""
    bounds: dict[str, str] = {}
    for place, (word, name) in enumerate((("low", "min"), ("high", "max")), 1):
        given = operation.settings.get(name) if operation.opset < 11 else operation.one(place)
        if given is not None and abs(given) < LARGEST:
            bounds[word] = operation.literal(np.float32(given) if operation.opset < 11 else given)
    match sorted(bounds):
        case ["high", "low"]:
            return operation.stage("clip", options=bounds)
        case ["low"]:
            return operation.stage("maximum", options={"y": bounds["low"]})
        case ["high"]:
            return operation.stage("minimum", options={"y": bounds["high"]})
    return operation.stage("identity")


def _celu(operation: Operation) -> Stage:
    _require(operation, "take Elu, or alpha = 1", alpha=1.0)
    return operation.stage("elu", options={"alpha": "1"})


def _selu(operation: Operation) -> Stage:
    usual = {"alpha": 1.6732632, "gamma": 1.0507010}
    if not all(_about(operation, name, value, value) for name, value in usual.items()):
        raise ModelError("a Selu with constants of its own is not read", fix="take Elu, and multiply")
    return operation.stage("selu")


def _hard_sigmoid(operation: Operation) -> Stage:
    if _about(operation, "alpha", 0.2, 1 / 6) and _about(operation, "beta", 0.5, 0.5):
        return operation.stage("hard_sigmoid")
    options = {"slope": operation.number("alpha", 0.2), "offset": operation.number("beta", 0.5)}
    return operation.stage("clipped_line", options=options)


def _swish(operation: Operation) -> Stage:
    _require(operation, "take alpha = 1", alpha=1.0)
    return operation.stage("silu")


def _gelu(operation: Operation) -> Stage:
    return operation.stage("gelu" if operation.settings.get("approximate", "none") == "none" else "gelu_tanh")


def _shrink(operation: Operation) -> Stage:
    edge, bias = operation.number("lambd", 0.5), operation.number("bias", 0.0)
    if bias not in ("0", edge):
        raise ModelError(
            f"a Shrink with lambd={edge} and bias={bias} is not read", fix="take bias = 0 or lambd"
        )
    return operation.stage("hardshrink" if bias == "0" else "softshrink", options={"edge": edge})


def _along(layer: str) -> Reader:
    """Along an axis; before opset 13 along all axes from one on."""

    def read(operation: Operation) -> Stage:
        if operation.opset < 13:
            return operation.stage(f"{layer}_of_rest", options={"axis": operation.whole("axis", 1)})
        return operation.stage(layer, options={"axis": operation.whole("axis", -1)})

    return read


def _dropout(operation: Operation) -> Stage:
    if operation.one(2):
        raise ModelError("what drops out at random has no derivation", fix="export the model in eval mode")
    return operation.stage("identity")


# ------------------------------------------------------------------------------------------ shapes and blocks


def _flatten(operation: Operation) -> Stage:
    _require(operation, "take axis=1", axis=1)
    return operation.stage("flatten", options={"start": 1, "end": -1})


def _reshape(operation: Operation) -> Stage:
    _require(operation, "take allowzero=0", allowzero=0)
    return operation.stage("reshape", options={"sizes": operation.whole_numbers("shape", 1) or ()})


def _of_axes(layer: str) -> Reader:
    """Squeeze and unsqueeze."""
    return lambda operation: operation.stage(
        layer, options={"axes": operation.whole_numbers("axes", 1) or ()}
    )


def _reduction(layer: str) -> Reader:
    def read(operation: Operation) -> Stage:
        axes = operation.whole_numbers("axes", 1)
        keep = "True" if operation.whole("keepdims", 1) else "False"
        if not axes and operation.whole("noop_with_empty_axes", 0):
            return operation.stage("identity")
        return operation.stage(layer, options={"axis": axes or "None", "keep": keep})

    return read


def _transpose(operation: Operation) -> Stage:
    order = operation.settings.get("perm")
    return operation.stage("transpose", options={"order": "None" if order is None else tuple(order)})


def _concat(operation: Operation) -> Stage:
    _of_two(operation)
    return operation.stage("concatenate", "x y", {"axis": operation.whole("axis", 0)})


def _of_two(operation: Operation) -> None:
    if len(operation.inputs) != 2:
        count = len(operation.inputs)
        raise ModelError(f"{operation.word} of {count} arrays is not read", fix="take two at a time")


def _pair(layer: str) -> Reader:
    """An operator of several arrays, which is read of two."""

    def read(operation: Operation) -> Stage:
        _of_two(operation)
        return operation.stage(layer, "x y")

    return read


OPERATORS: Mapping[str, Reader] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _conv,
    "MaxPool": _pool("max_pool"),
    "AveragePool": _pool("mean_pool"),
    "GlobalAveragePool": _plain("mean_of_places"),
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm("layer_norm"),
    "RMSNormalization": _layer_norm("rms_norm"),
    "Identity": _plain("identity"),
    "Cast": _plain("identity"),
    "Dropout": _dropout,
    "Relu": _plain("relu"),
    "LeakyRelu": _with("leaky_relu", alpha=0.01),
    "PRelu": _plain("leaky_relu", "x alpha"),
    "Elu": _with("elu", alpha=1.0),
    "Celu": _celu,
    "Selu": _selu,
    "Gelu": _gelu,
    "Swish": _swish,
    "Mish": _plain("mish"),
    "Softplus": _plain("softplus"),
    "Softsign": _plain("softsign"),
    "Sigmoid": _plain("sigmoid"),
    "Tanh": _plain("tanh"),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _plain("hard_swish"),
    "Clip": _clip,
    "ThresholdedRelu": lambda operation: operation.stage(
        "threshold", options={"edge": operation.number("alpha", 1.0), "below": "0"}
    ),
    "Shrink": _shrink,
    "Softmax": _along("softmax"),
    "LogSoftmax": _along("log_softmax"),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _of_axes("squeeze"),
    "Unsqueeze": _of_axes("unsqueeze"),
    "Transpose": _transpose,
    "Concat": _concat,
    "ReduceMean": _reduction("mean"),
    "ReduceSum": _reduction("sum"),
    "Add": _plain("add", "x y"),
    "Sub": _plain("subtract", "x y"),
    "Mul": _plain("multiply", "x y"),
    "Div": _plain("divide", "x y"),
    "Pow": _plain("power", "x y"),
    "Sum": _pair("add"),
    "Max": _pair("maximum"),
    "Min": _pair("minimum"),
    "Neg": _plain("negative"),
    "Reciprocal": _plain("reciprocal"),
    "Exp": _plain("exp"),
    "Log": _plain("log"),
    "Sqrt": _plain("sqrt"),
    "Abs": _plain("abs"),
    "Erf": _plain("erf"),
    "Sin": _plain("sin"),
    "Cos": _plain("cos"),
    "Tan": _plain("tan"),
    "Sinh": _plain("sinh"),
    "Cosh": _plain("cosh"),
    "Atan": _plain("arctan"),
}
"""The operators that are read, each by what reads it."""

DYNAMIC = frozenset({"Shape", "Size", "Gather", "ConstantOfShape", "Range", "Expand", "NonZero"})
"""Operators by which a file reckons with its own shapes."""
