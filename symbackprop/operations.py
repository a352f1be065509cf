"""The operations on arrays: each a SymPy function over arrays and constants, and how a user writes it.

Element-wise operations need no head of their own: `Add`, `Mul`, `Pow` and the functions of `functions.py` act
on arrays as in NumPy. What an option of an operation leaves out is an empty tuple.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy
from sympy import Basic, Expr, Function, Integer, Rational, S, Tuple

NONE = Tuple()
"""What stands for an option that was not given, as NumPy's None."""


class Operation(Function):  # type: ignore[misc]
    """An operation on arrays, kept as written; the last arguments may be constants: axes, shapes."""

    # Element-wise products of arrays commute; the order within a matrix product is that of its arguments.
    is_commutative = True

    def _eval_evalf(self, precision: int) -> None:
        return None


def _operation(name: str, identity: str) -> type[Operation]:
    return type(name, (Operation,), {"__doc__": identity, "__module__": __name__})


matmul = _operation("matmul", "A B …: the matrix product; only the first and the last may be vectors.")
transpose = _operation("transpose", "Aᵀ: the axes in another order.")
total = _operation("total", "Σ: the sum over axes, which are dropped or kept with length 1.")
mean = _operation("mean", "The mean over axes.")
var = _operation("var", "The variance over axes: Σ(x - x̄)²/(n - ddof).")
std = _operation("std", "The standard deviation over axes.")
prod = _operation("prod", "The product over axes.")
largest = _operation("largest", "The largest over axes.")
smallest = _operation("smallest", "The smallest over axes.")
norm = _operation("norm", "√Σx² over axes: Euclid's norm of a vector, Frobenius' of a matrix.")
softmax_along = _operation("softmax_along", "e^{z_i} / Σ_k e^{z_k} along an axis.")
log_softmax = _operation("log_softmax", "z_i - log Σ_k e^{z_k} along an axis.")
logsumexp = _operation("logsumexp", "log Σ e^z over axes.")
trace = _operation("trace", "tr A = Σ_i A_ii.")
det = _operation("det", "The determinant.")
logdet = _operation("logdet", "log |det A|.")
inv = _operation("inv", "A⁻¹.")
outer = _operation("outer", "x yᵀ of two vectors.")
diag = _operation("diag", "The square matrix with a vector on its diagonal.")
diagonal = _operation("diagonal", "The diagonal of a square matrix.")
eye = _operation("eye", "The identity matrix of a size.")
ones = _operation("ones", "All ones, of a shape.")
zeros = _operation("zeros", "All zeros, of a shape.")
spread = _operation("spread", "x repeated to a shape, as broadcasting does.")
item = _operation("item", "x[…]: constant indices and slices.")
placed = _operation("placed", "Zeros of a shape with g at constant indices and slices: the adjoint of item.")
reshape = _operation("reshape", "The same entries in another shape, row by row.")
concatenate = _operation("concatenate", "Arrays one after the other along an axis.")
stack = _operation("stack", "Arrays side by side along a new axis.")
length = _operation("length", "x.shape[axis].")
extreme = _operation(
    "extreme", "How much of max x (or min x) is each entry: 1, or a share where several tie."
)
others = _operation("others", "For each entry the product of all others over axes.")
conv1d = _operation("conv1d", "Cross-correlation of a signal with kernels.")
conv2d = _operation("conv2d", "Cross-correlation of an image with kernels.")
conv_input = _operation("conv_input", "The adjoint of a convolution in its input.")
conv_kernel = _operation("conv_kernel", "The adjoint of a convolution in its kernel.")


@dataclass(frozen=True)
class Signature:
    """How an operation is written.

    Attributes:
        head: the operation.
        arrays: the names of its arguments that are arrays.
        options: the names of its constant arguments with what they are where left out; None: required.
        kinds: what an option may be: `axis`, `one axis`, `order`, `flag`, `integer`, `shape`, `size`, `pair`.
        listed: its arrays come as one list.
    """

    head: type[Operation]
    arrays: tuple[str, ...]
    options: Mapping[str, Basic | None] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False

    def written(self, name: str) -> str:
        """How it is written, for messages."""
        arrays = [f"[{self.arrays[0]}, …]"] if self.listed else list(self.arrays)
        options = [
            key if default is None else f"{key}={shown(default)}" for key, default in self.options.items()
        ]
        return f"{name}({', '.join([*arrays, *options])})"


def shown(value: Basic) -> str:
    """A constant argument as it is written in code."""
    if isinstance(value, Tuple):
        return "None" if value == NONE else f"({', '.join(map(shown, value))}{',' * (len(value) == 1)})"
    return str(value)


_KINDS = {
    "axis": "axis",
    "keepdims": "flag",
    "ddof": "integer",
    "shape": "shape",
    "axes": "order",
    "stride": "pair",
    "padding": "pair",
    "size": "size",
}
NO, ZERO, LAST = S.Zero, S.Zero, S.NegativeOne


def _signature(head: type[Operation], arrays: str, **options: Basic | None) -> Signature:
    return Signature(head, tuple(arrays.split()), options, {key: _KINDS[key] for key in options})


_ONE_AXIS = {"axis": "one axis"}


def _listed(head: type[Operation]) -> Signature:
    return replace(_signature(head, "arrays", axis=ZERO), listed=True, kinds=_ONE_AXIS)


def _along(head: type[Operation]) -> Signature:
    return replace(_signature(head, "z", axis=LAST), kinds=_ONE_AXIS)


def _reduction(head: type[Operation], **options: Basic | None) -> Signature:
    return _signature(head, "x", axis=NONE, keepdims=NO, **options)


OPERATIONS: Mapping[str, Signature] = {
    "sum": _reduction(total),
    "mean": _reduction(mean),
    "var": _reduction(var, ddof=ZERO),
    "std": _reduction(std, ddof=ZERO),
    "prod": _reduction(prod),
    "max": _reduction(largest),
    "min": _reduction(smallest),
    "norm": _reduction(norm),
    "logsumexp": _reduction(logsumexp),
    "softmax": _along(softmax_along),
    "log_softmax": _along(log_softmax),
    "dot": _signature(matmul, "x y"),
    "matmul": _signature(matmul, "A B"),
    "outer": _signature(outer, "x y"),
    "trace": _signature(trace, "A"),
    "det": _signature(det, "A"),
    "logdet": _signature(logdet, "A"),
    "inv": _signature(inv, "A"),
    "diag": _signature(diag, "x"),
    "transpose": _signature(transpose, "A", axes=NONE),
    "reshape": _signature(reshape, "x", shape=None),
    "concatenate": _listed(concatenate),
    "stack": _listed(stack),
    "ones": _signature(ones, "", shape=None),
    "zeros": _signature(zeros, "", shape=None),
    "eye": _signature(eye, "", size=None),
    "conv1d": _signature(conv1d, "x w", stride=S.One, padding=ZERO),
    "conv2d": _signature(conv2d, "x w", stride=S.One, padding=ZERO),
}

SAME_AS: Mapping[str, str] = {
    "tr": "trace",
    "amax": "max",
    "amin": "min",
    "cat": "concatenate",
    "view": "reshape",
    "mm": "matmul",
    "concat": "concatenate",
}
"""Other spellings of the same operation."""

OPTION_NAMES: Mapping[str, str] = {
    "dim": "axis",
    "keepdim": "keepdims",
    "correction": "ddof",
}
"""PyTorch's names of options."""

ARGUMENT_NAMES: Mapping[str, str] = {"eps": "epsilon", "weight": "gamma", "bias": "beta"}
"""PyTorch's names of arguments of layers."""


@dataclass(frozen=True)
class Composite:
    """A layer that is a program of the language.

    Attributes:
        arguments: its arguments in their order.
        defaults: the values of those that may be left out.
        program: its lines; the last gives its value, the others become nodes of the graph.
        source: where its formulas come from.
    """

    arguments: tuple[str, ...]
    program: str
    defaults: Mapping[str, Expr] = field(default_factory=dict)
    source: str = ""


_NORMALISED = """
mu = mean(x, axis={axis}, keepdims=True)
v = mean((x - mu)**2, axis={axis}, keepdims=True)
xhat = (x - mu)/sqrt(v + epsilon)
gamma*xhat + beta
"""
_SMALL = {"gamma": S.One, "beta": S.Zero, "epsilon": Rational("1e-5")}

COMPOSITES: Mapping[str, Composite] = {
    "layer_norm": Composite(
        ("x", "gamma", "beta", "epsilon"),
        _NORMALISED.format(axis=-1),
        _SMALL,
        "Ba, Kiros, Hinton: Layer Normalization (2016)",
    ),
    "batch_norm": Composite(
        ("x", "gamma", "beta", "epsilon"),
        _NORMALISED.format(axis=0),
        _SMALL,
        "Ioffe, Szegedy: Batch Normalization (2015)",
    ),
    "attention": Composite(
        ("Q", "K", "V"),
        """
S = Q @ K.mT/sqrt(Q.shape[-1])
P = softmax(S, axis=-1)
P @ V
""",
        {},
        "Vaswani et al.: Attention Is All You Need (2017)",
    ),
    "rnn_cell": Composite(
        ("x", "h", "W", "U", "b"), "tanh(x @ W + h @ U + b)", {}, "Elman: Finding Structure in Time (1990)"
    ),
    "gru_cell": Composite(
        ("x", "h", "W_r", "U_r", "b_r", "W_z", "U_z", "b_z", "W_h", "U_h", "b_h"),
        """
r = sigmoid(x @ W_r + h @ U_r + b_r)
z = sigmoid(x @ W_z + h @ U_z + b_z)
g = tanh(x @ W_h + (r*h) @ U_h + b_h)
z*h + (1 - z)*g
""",
        {},
        "Cho et al.: Learning Phrase Representations (2014)",
    ),
    "lstm_cell": Composite(
        ("x", "h", "c", "W_i", "U_i", "b_i", "W_f", "U_f", "b_f", "W_o", "U_o", "b_o", "W_g", "U_g", "b_g"),
        """
i = sigmoid(x @ W_i + h @ U_i + b_i)
f = sigmoid(x @ W_f + h @ U_f + b_f)
o = sigmoid(x @ W_o + h @ U_o + b_o)
g = tanh(x @ W_g + h @ U_g + b_g)
s = f*c + i*g
concatenate([o*tanh(s), s], axis=-1)
""",
        {},
        "Hochreiter, Schmidhuber: Long Short-Term Memory (1997)",
    ),
}
"""Layers that are programs: their steps are nodes of the graph."""

COMPOSITE_HEADS: Mapping[str, type[Operation]] = {
    name: _operation(name, one.source) for name, one in COMPOSITES.items()
}

NAMES = frozenset({*OPERATIONS, *SAME_AS, *COMPOSITES})
"""The words of the language that this module adds."""


def of(head: type[Operation], *arguments: Any) -> Expr:
    """An operation at its arguments, as written."""
    plain = [_constant(one) for one in arguments]
    return head(*plain, evaluate=False)


def _constant(value: Any) -> Basic:
    if isinstance(value, Basic):
        return value
    if isinstance(value, tuple | list):
        return Tuple(*map(_constant, value))
    return Integer(int(value)) if isinstance(value, bool | int) else sympy.sympify(value, strict=True)
