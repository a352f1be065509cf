"""The layers that models of other libraries are made of: each in equations of the expression language.

A layer is text of the language with braces where something is put in: `{x}` (and `{y}`) for what goes in, a
letter such as `{W}` for an array of the model, a word such as `{alpha}` for a number or an axis. The lines
before the last become nodes of their own. One table serves all readers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from symbackprop.arrays.sizes import Shape, Size, count, show_shape
from symbackprop.errors import ModelError
from symbackprop.graph import Role

Option: TypeAlias = str | int | tuple[int, ...]
"""What is put in for a word in braces: a number as it is typed, an axis, a shape."""

Options: TypeAlias = Mapping[str, Option]

Rule: TypeAlias = Callable[[Shape, Options], Sequence[str]]
"""The equations of a layer that depend on the shape of what goes in."""


@dataclass(frozen=True)
class LayerKind:
    """A layer in equations.

    Attributes:
        equations: the text with its braces; of several the first is taken whose arrays the model has.
        letter: of its value; none: its value is what goes in.
        role: of its value.
        letters: of arrays that stand in braces by another word.
        opens: whether a new layer is counted from here: it multiplies by weights.
        units: which axis of these weights counts its units.
        entrywise: each entry of its value comes from one entry of what goes in.
        arithmetic: an operation rather than a layer: it may be written into another.
        takes_formulas: whether a formula may be written into it.
        of_a_batch: its first axis must be of examples.
        keeps_shape: whether its value has the shape of what goes in.
    """

    equations: tuple[str, ...] | Rule
    letter: str = "A"
    role: Role = Role.ACTIVATION
    letters: Mapping[str, str] = field(default_factory=dict)
    opens: bool = False
    units: int = 0
    entrywise: bool = False
    arithmetic: bool = False
    takes_formulas: bool = False
    of_a_batch: bool = False
    keeps_shape: bool = False

    def variants(self, shape: Shape, options: Options) -> Sequence[str]:
        """Its equations for an input of this shape, the fullest first."""
        return self.equations if isinstance(self.equations, tuple) else self.equations(shape, options)


def _weighted(*equations: str, units: int = 0) -> LayerKind:
    return LayerKind(equations, "Z", Role.PREACTIVATION, opens=True, units=units)


def _each(equation: str) -> LayerKind:
    """A function of every entry."""
    return LayerKind((equation,), entrywise=True, keeps_shape=True)


def _arithmetic(equation: str, letter: str = "C") -> LayerKind:
    """An operation, whose arrays have the given letter."""
    letters = {"x": letter, "y": letter}
    return LayerKind(
        (equation,), role=Role.NODE, letters=letters, entrywise=True, arithmetic=True, takes_formulas=True
    )


def _moved(equations: str | Rule, letter: str = "A", *, takes_formulas: bool = False) -> LayerKind:
    """Entries in another shape, or several in one."""
    given = (equations,) if isinstance(equations, str) else equations
    return LayerKind(given, letter, Role.NODE, letters={"x": "C"}, takes_formulas=takes_formulas)


def _along(equation: str, letter: str) -> LayerKind:
    """Softmax and its kin."""
    return LayerKind((equation,), letter, takes_formulas=True, keeps_shape=True)


# ---------------------------------------------------------------------------- layers that depend on a shape


def per_channel(rank: int) -> str:
    """What makes a vector with an entry a channel fit an array of this many axes: channels are axis 1."""
    return "" if rank < 3 else f"[:, {', '.join(['None'] * (rank - 2))}]"


def _scaled(normalised: str, along: str = "") -> tuple[str, ...]:
    """γ x̂ + β, with what of γ and β there is."""
    gamma, beta = f"{{gamma}}{along}*xhat", f" + {{beta}}{along}"
    return tuple(f"xhat = {normalised}\n{last}" for last in (gamma + beta, gamma, "xhat"))


def _batch_norm(shape: Shape, _options: Options) -> Sequence[str]:
    """By the mean and the variance over the batch, of images over their places too."""
    if len(shape) == 2:
        return (
            "batch_norm({x}, {gamma}, {beta}, {epsilon})",
            "batch_norm({x}, {gamma}, epsilon={epsilon})",
            "batch_norm({x}, epsilon={epsilon})",
        )
    axes = (0, *range(2, len(shape)))
    means = (
        f"mu = mean({{x}}, axis={axes}, keepdims=True)\nv = mean(({{x}} - mu)**2, axis={axes}, keepdims=True)"
    )
    scaled = _scaled("({x} - mu)/sqrt(v + {epsilon})", per_channel(len(shape)))
    return [f"{means}\n{lines}" for lines in scaled]


def _running_batch_norm(shape: Shape, _options: Options) -> Sequence[str]:
    """By the mean and the variance that training has left behind."""
    along = per_channel(len(shape))
    return _scaled(f"({{x}} - {{mu}}{along})/sqrt({{v}}{along} + {{epsilon}})", along)


def _prelu(shape: Shape, _options: Options) -> Sequence[str]:
    return (f"leaky_relu({{x}}, {{a}}{per_channel(len(shape))})",)


def _of_last_axis(*equations: str) -> Rule:
    """A layer that works along the last axis, or along one that is said and must be the last."""

    def rule(shape: Shape, options: Options) -> Sequence[str]:
        axis = int(str(options.get("axis", -1)))
        if axis not in (-1, len(shape) - 1):
            raise ModelError(
                f"axis {axis} of {show_shape(shape)} is not the last",
                known="this layer is read along the last axis only",
                fix="move the axis to the end, or flatten what follows it",
            )
        return equations

    return rule


def _reshape(shape: Shape, options: Options) -> Sequence[str]:
    """As many entries in another shape; 0 stands for the length that an axis has, -1 for what is left."""
    wanted = _axes(options, "sizes")
    if 0 in wanted[len(shape) :]:
        raise ModelError(
            f"the shape {show_shape(wanted)} takes an axis over that the input lacks",
            known=f"the input has the shape {show_shape(shape)}",
            fix="export it anew",
        )
    sizes = [size if size != 0 else shape[place] for place, size in enumerate(wanted)]
    return (f"reshape({{x}}, {show_shape(sizes)})",)


def _squeeze(shape: Shape, options: Options) -> Sequence[str]:
    """Without axes of length 1: those that are said, or all."""
    said = [axis % len(shape) for axis in _axes(options, "axes")]
    kept = [size for place, size in enumerate(shape) if size != 1 or (said and place not in said)]
    return (f"reshape({{x}}, {show_shape(kept)})",)


def _unsqueeze(shape: Shape, options: Options) -> Sequence[str]:
    """With axes of length 1 put in; their places are those in the result."""
    axes = _axes(options, "axes")
    rank = len(shape) + len(axes)
    sizes = list(shape)
    for axis in sorted({axis % max(rank, 1) for axis in axes}):
        sizes.insert(axis, 1)
    return (f"reshape({{x}}, {show_shape(sizes)})",)


def _axes(options: Options, word: str) -> tuple[int, ...]:
    found = options[word]
    assert isinstance(found, tuple)
    return found


def _flatten(shape: Shape, options: Options) -> Sequence[str]:
    """The axes from `start` to `end` as one."""
    start, end = (int(str(options[word])) % max(len(shape), 1) for word in ("start", "end"))
    joined = (*shape[:start], count(shape[start : end + 1]), *shape[end + 1 :])
    return (f"reshape({{x}}, {show_shape(joined)})",)


def _unflatten(shape: Shape, options: Options) -> Sequence[str]:
    """One axis as several."""
    axis = int(str(options["axis"])) % len(shape)
    sizes = (*shape[:axis], *_axes(options, "sizes"), *shape[axis + 1 :])
    return (f"reshape({{x}}, {show_shape(sizes)})",)


def _fills(size: Size, block: int) -> bool:
    """Whether blocks side by side fill an axis."""
    return isinstance(size, int) and block > 0 and size % block == 0


def _pooled(word: str) -> Rule:
    """The `word` (max or mean) over blocks that lie side by side."""

    def rule(shape: Shape, options: Options) -> Sequence[str]:
        blocks = _axes(options, "blocks")
        lead, moved = shape[: -len(blocks)], shape[-len(blocks) :]
        if len(moved) < len(blocks) or not all(map(_fills, moved, blocks)):
            raise ModelError(
                f"blocks of {show_shape(blocks)} do not fill {show_shape(moved)}",
                known="pooling is read where its blocks lie side by side and fill the whole",
                fix="pad or crop the input, or take another kernel_size",
            )
        split = [part for size, block in zip(moved, blocks, strict=True) for part in (size // block, block)]
        axes = tuple(len(lead) + 1 + 2 * place for place in range(len(blocks)))
        return (f"{word}(reshape({{x}}, {show_shape((*lead, *split))}), axis={axes})",)

    return rule


def _mean_of_places(shape: Shape, _options: Options) -> Sequence[str]:
    """The mean over all places of an image, or all of a signal."""
    return (f"mean({{x}}, axis={tuple(range(2, len(shape)))}, keepdims=True)",)


# ------------------------------------------------------------------------------------------------ the table

LAYERS: Mapping[str, LayerKind] = {
    "identity": LayerKind(("{x}",), "", entrywise=True, keeps_shape=True),
    # Weights.
    "linear": _weighted("{x} @ {W}.T + {b}", "{x} @ {W}.T"),
    "product": _weighted("{x} @ {W} + {b}", "{x} @ {W}", units=-1),
    "conv1d": _weighted(
        "conv1d({x}, {K}, stride={stride}, padding={padding}) + {b}[:, None]",
        "conv1d({x}, {K}, stride={stride}, padding={padding})",
    ),
    "conv2d": _weighted(
        "conv2d({x}, {K}, stride={stride}, padding={padding}) + {b}[:, None, None]",
        "conv2d({x}, {K}, stride={stride}, padding={padding})",
    ),
    "matmul": LayerKind(("{x} @ {y}",), "Z", Role.NODE, letters={"x": "W"}),
    # Normalisation.
    "layer_norm": LayerKind(
        _of_last_axis(
            "layer_norm({x}, {gamma}, {beta}, {epsilon})",
            "layer_norm({x}, {gamma}, epsilon={epsilon})",
            "layer_norm({x}, epsilon={epsilon})",
        ),
        "H",
        Role.NODE,
        keeps_shape=True,
    ),
    "rms_norm": LayerKind(
        _of_last_axis(
            *(
                f"v = mean({{x}}**2, axis=-1, keepdims=True)\nxhat = {{x}}/sqrt(v + {{epsilon}})\n{last}"
                for last in ("{gamma}*xhat", "xhat")
            )
        ),
        "H",
        Role.NODE,
        keeps_shape=True,
    ),
    "batch_norm": LayerKind(_batch_norm, "H", Role.NODE, of_a_batch=True, keeps_shape=True),
    "running_batch_norm": LayerKind(_running_batch_norm, "H", Role.NODE, of_a_batch=True, keeps_shape=True),
    # Activations.
    "relu": _each("relu({x})"),
    "leaky_relu": replace(_each("leaky_relu({x}, {alpha})"), letters={"alpha": "a"}),
    "prelu": LayerKind(_prelu, entrywise=True, keeps_shape=True),
    "elu": _each("elu({x}, {alpha})"),
    "selu": _each("selu({x})"),
    "gelu": _each("gelu({x})"),
    "gelu_tanh": _each("gelu_tanh({x})"),
    "silu": _each("silu({x})"),
    "mish": _each("mish({x})"),
    "softplus": _each("softplus({x})"),
    "sharp_softplus": _each("softplus({sharpness}*{x})/{sharpness}"),
    "softsign": _each("softsign({x})"),
    "sigmoid": _each("sigmoid({x})"),
    "log_sigmoid": _each("-softplus(-{x})"),
    "tanh": _each("tanh({x})"),
    "tanhshrink": _each("{x} - tanh({x})"),
    "hard_sigmoid": _each("hard_sigmoid({x})"),
    "clipped_line": _each("clip({slope}*{x} + {offset}, 0, 1)"),
    "hard_swish": _each("{x}*hard_sigmoid({x})"),
    "clip": _each("clip({x}, {low}, {high})"),
    "threshold": _each("where({x} > {edge}, {x}, {below})"),
    "hardshrink": _each("where(abs({x}) > {edge}, {x}, 0)"),
    "softshrink": _each("where({x} > {edge}, {x} - {edge}, where({x} < -{edge}, {x} + {edge}, 0))"),
    "softmax": _along("softmax({x}, axis={axis})", "P"),
    "softmin": _along("softmax(-{x}, axis={axis})", "P"),
    "log_softmax": _along("log_softmax({x}, axis={axis})", "Q"),
    "softmax_of_rest": LayerKind(_of_last_axis("softmax({x})"), "P", keeps_shape=True),
    "log_softmax_of_rest": LayerKind(_of_last_axis("log_softmax({x})"), "Q", keeps_shape=True),
    # Shapes and blocks.
    "flatten": _moved(_flatten),
    "unflatten": _moved(_unflatten),
    "reshape": _moved(_reshape),
    "squeeze": _moved(_squeeze),
    "unsqueeze": _moved(_unsqueeze),
    "transpose": _moved("transpose({x}, {order})"),
    "concatenate": _moved("concatenate([{x}, {y}], axis={axis})"),
    "max_pool": _moved(_pooled("max"), "M"),
    "mean_pool": _moved(_pooled("mean"), "M"),
    "mean_of_places": _moved(_mean_of_places, "M"),
    "mean": _moved("mean({x}, axis={axis}, keepdims={keep})", "M", takes_formulas=True),
    "sum": _moved("sum({x}, axis={axis}, keepdims={keep})", "S", takes_formulas=True),
    # Operations of arithmetic, which exporters write layers in.
    "add": _arithmetic("{x} + {y}", "b"),
    "subtract": _arithmetic("{x} - {y}", "b"),
    "multiply": _arithmetic("{x}*{y}", "gamma"),
    "divide": _arithmetic("{x}/{y}", "gamma"),
    "power": _arithmetic("{x}**{y}"),
    "negative": _arithmetic("-{x}"),
    "reciprocal": _arithmetic("1/{x}"),
    "maximum": _arithmetic("maximum({x}, {y})"),
    "minimum": _arithmetic("minimum({x}, {y})"),
    **{
        word: _arithmetic(f"{word}({{x}})")
        for word in "exp log sqrt abs erf sin cos tan sinh cosh arctan".split()
    },
}
