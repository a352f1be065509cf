"""PyTorch's modules -> layers: one short function each, which reads attributes and runs nothing.

A module is known by the name of its class, which must be PyTorch's own: what a subclass computes is code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from symbackprop.errors import ModelError
from symbackprop.models.layers import Option
from symbackprop.models.stages import typed

Module = Any


@dataclass(frozen=True)
class Reading:
    """What a module is: a layer with its arrays and numbers.

    Attributes:
        layer: its name in `LAYERS`.
        arrays: for the letters of its equations the attributes that hold them; one that is None is left out.
        options: numbers, axes and shapes.
        width: the length of the axis that its input must have.
    """

    layer: str
    arrays: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Option] = field(default_factory=dict)
    width: int | None = None


Reader = Callable[[Module], Reading]


def _plain(layer: str) -> Reader:
    """A module without settings."""
    return lambda _: Reading(layer)


def _with(layer: str, **attributes: str) -> Reader:
    """A module whose numbers stand in the attributes of these names."""
    return lambda module: Reading(
        layer, options={word: typed(getattr(module, name)) for word, name in attributes.items()}
    )


def _along(layer: str) -> Reader:
    """A module that works along an axis."""

    def read(module: Module) -> Reading:
        if module.dim is None:
            raise ModelError("the axis is left to chance", fix=f"write {type(module).__name__}(dim=-1)")
        return Reading(layer, options={"axis": module.dim})

    return read


def _linear(module: Module) -> Reading:
    return Reading("linear", {"W": "weight", "b": "bias"}, width=module.in_features)


def _convolution(dims: int) -> Reader:
    """A convolution without groups, gaps and padding other than with zeros."""

    def read(module: Module) -> Reading:
        usual = {"groups": 1, "dilation": (1,) * dims, "padding_mode": "zeros"}
        for name, value in usual.items():
            if getattr(module, name) != value:
                what = f"{name}={getattr(module, name)!r} of a convolution is not read"
                raise ModelError(what, fix=f"take {name}={value!r}")
        options = {"stride": module.stride, "padding": _padding(module)}
        return Reading(f"conv{dims}d", {"K": "weight", "b": "bias"}, options)

    return read


def _padding(module: Module) -> tuple[int, ...]:
    """By how many zeros each axis is padded, at both of its ends."""
    if module.padding == "valid":
        return (0,) * len(module.kernel_size)
    if module.padding != "same":
        return tuple(module.padding)
    if any(size % 2 == 0 for size in module.kernel_size):
        raise ModelError("padding='same' pads the two ends differently", fix="take a kernel of odd size")
    return tuple(size // 2 for size in module.kernel_size)


def _layer_norm(layer: str) -> Reader:
    def read(module: Module) -> Reading:
        if len(module.normalized_shape) > 1:
            what = f"normalized_shape={module.normalized_shape} has several axes"
            raise ModelError(what, fix="flatten first, and normalise the last axis")
        if module.eps is None:
            raise ModelError(
                "eps is left to the type of the numbers", fix=f"write {type(module).__name__}(…, eps=1e-5)"
            )
        arrays = {"gamma": "weight", "beta": "bias"} if layer == "layer_norm" else {"gamma": "weight"}
        return Reading(layer, arrays, {"epsilon": typed(module.eps)}, module.normalized_shape[0])

    return read


def _batch_norm(module: Module) -> Reading:
    """By the batch in training, by the running statistics else."""
    arrays = {"gamma": "weight", "beta": "bias"}
    options = {"epsilon": typed(module.eps)}
    if module.training or module.running_mean is None:
        return Reading("batch_norm", arrays, options, module.num_features)
    running = {"mu": "running_mean", "v": "running_var"}
    return Reading("running_batch_norm", arrays | running, options, module.num_features)


def _gelu(module: Module) -> Reading:
    return Reading("gelu" if module.approximate == "none" else "gelu_tanh")


def _softplus(module: Module) -> Reading:
    if module.beta == 1:
        return Reading("softplus")
    return Reading("sharp_softplus", options={"sharpness": typed(module.beta)})


def _celu(module: Module) -> Reading:
    if module.alpha != 1:
        raise ModelError(f"CELU with alpha={module.alpha} is not read", fix="take ELU, or alpha=1")
    return Reading("elu", options={"alpha": "1"})


def _dropout(module: Module) -> Reading:
    if module.training and module.p > 0:
        raise ModelError("what drops out at random has no derivation", fix="call model.eval() first")
    return Reading("identity")


def _flatten(module: Module) -> Reading:
    return Reading("flatten", options={"start": module.start_dim, "end": module.end_dim})


def _unflatten(module: Module) -> Reading:
    if isinstance(module.dim, str):
        raise ModelError("axes with names are not read", fix="give the number of the axis")
    return Reading("unflatten", options={"axis": module.dim, "sizes": tuple(module.unflattened_size)})


def _pool(layer: str, dims: int) -> Reader:
    """Pooling over blocks that lie side by side."""

    def read(module: Module) -> Reading:
        kernel, stride = _repeated(module.kernel_size, dims), _repeated(module.stride, dims)
        usual = {"padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False}
        differing = [
            name for name, value in usual.items() if not _is(getattr(module, name, value), value, dims)
        ]
        if stride != kernel:
            differing.append("stride")
        if differing:
            what = f"{differing[0]}={getattr(module, differing[0])!r} of a pooling is not read"
            raise ModelError(what, fix="take blocks that lie side by side: stride = kernel_size, padding = 0")
        return Reading(layer, options={"blocks": kernel})

    return read


def _repeated(value: int | tuple[int, ...], times: int) -> tuple[int, ...]:
    return (value,) * times if isinstance(value, int) else tuple(value)


def _is(value: Any, usual: Any, dims: int) -> bool:
    return value in (usual, (usual,) * dims)


def _pool_to_one(dims: int) -> Reader:
    """The mean over all places."""

    def read(module: Module) -> Reading:
        if _repeated(module.output_size, dims) != (1,) * dims:
            raise ModelError(f"output_size={module.output_size} is not read", fix="take output_size=1")
        return Reading("mean", options={"axis": tuple(range(-dims, 0)), "keep": "True"})

    return read


TORCH_LAYERS: Mapping[str, Reader] = {
    "Linear": _linear,
    "Conv1d": _convolution(1),
    "Conv2d": _convolution(2),
    "LayerNorm": _layer_norm("layer_norm"),
    "RMSNorm": _layer_norm("rms_norm"),
    "BatchNorm1d": _batch_norm,
    "BatchNorm2d": _batch_norm,
    "Identity": _plain("identity"),
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout"), _dropout),
    "ReLU": _plain("relu"),
    "LeakyReLU": _with("leaky_relu", alpha="negative_slope"),
    "PReLU": lambda _: Reading("prelu", {"a": "weight"}),
    "ELU": _with("elu", alpha="alpha"),
    "CELU": _celu,
    "SELU": _plain("selu"),
    "GELU": _gelu,
    "SiLU": _plain("silu"),
    "Mish": _plain("mish"),
    "Softplus": _softplus,
    "Softsign": _plain("softsign"),
    "Sigmoid": _plain("sigmoid"),
    "LogSigmoid": _plain("log_sigmoid"),
    "Tanh": _plain("tanh"),
    "Tanhshrink": _plain("tanhshrink"),
    "Hardsigmoid": _plain("hard_sigmoid"),
    "Hardswish": _plain("hard_swish"),
    "Hardtanh": _with("clip", low="min_val", high="max_val"),
    "ReLU6": _with("clip", low="min_val", high="max_val"),
    "Threshold": _with("threshold", edge="threshold", below="value"),
    "Hardshrink": _with("hardshrink", edge="lambd"),
    "Softshrink": _with("softshrink", edge="lambd"),
    "Softmax": _along("softmax"),
    "Softmin": _along("softmin"),
    "LogSoftmax": _along("log_softmax"),
    "Flatten": _flatten,
    "Unflatten": _unflatten,
    "MaxPool1d": _pool("max_pool", 1),
    "MaxPool2d": _pool("max_pool", 2),
    "AvgPool1d": _pool("mean_pool", 1),
    "AvgPool2d": _pool("mean_pool", 2),
    "AdaptiveAvgPool1d": _pool_to_one(1),
    "AdaptiveAvgPool2d": _pool_to_one(2),
}
"""The modules that are read, each by what reads it."""

INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(("LSTM", "GRU", "RNN"), "write its steps in equations: lstm_cell, gru_cell, rnn_cell"),
    **dict.fromkeys(
        ("MultiheadAttention", "TransformerEncoderLayer"), "write it in equations: attention(Q, K, V)"
    ),
    "Softmax2d": "take Softmax(dim=1)",
    "BatchNorm3d": "take BatchNorm2d",
    "RReLU": "take LeakyReLU",
}
"""What may stand for modules that are not read."""
