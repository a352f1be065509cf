"""Expressions of arrays for a reader, in the idiom of PyTorch: `dim` and `keepdim`, tensors throughout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import sympy
from sympy import Basic, Expr, Integer, Number, Rational, Symbol, Tuple

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.shapes import Shapes
from symbackprop.exporting.array_text import ReadableArrays
from symbackprop.lowering.printer import Level, Piece

_NUMBERS_ONLY = {"leaky_relu", "elu"}
"""PyTorch's functions whose options are plain numbers."""

_TENSORS_ONLY = {"maximum", "minimum"}
"""PyTorch's functions whose arguments are all tensors."""

_FULL = {"1.0": "torch.ones_like({})", "0.0": "torch.zeros_like({})"}


class TorchText(ReadableArrays):
    """PyTorch.

    Args:
        names: what the symbols are called in code.
        shapes: of the expressions; None: all are numbers.
        like: the name of a given tensor: what is made anew is of its kind and on its device.
    """

    library = "torch"
    axis = "dim"
    keepdims = "keepdim"
    native: ClassVar[Mapping[str, str]] = {
        **{name: f"torch.{name}({{}})" for name in "sigmoid relu maximum minimum erf".split()},
        **{
            name: f"torch.nn.functional.{name}({{}})"
            for name in "leaky_relu elu selu gelu silu mish softsign".split()
        },
        "gelu_tanh": 'torch.nn.functional.gelu({}, approximate="tanh")',
        "softmax_along": "torch.softmax",
        "log_softmax": "torch.log_softmax",
    }
    joining: ClassVar[Mapping[Any, str]] = {op.concatenate: "cat", op.stack: "stack"}

    def __init__(self, names: Mapping[Symbol, str], shapes: Shapes | None, like: str = "") -> None:
        super().__init__(names, shapes)
        self.like = like

    # Functions of numbers, entry by entry.

    def call(self, name: str, arguments: Any) -> Piece:
        """torch.exp(x); exp(2) as its digits: PyTorch's functions take no plain numbers."""
        given = list(arguments)
        constant = [not one.free_symbols and not one.atoms(op.Operation) for one in given]
        if name == "sqrt" and (isinstance(given[0], Integer) or self._is_size(given[0])):
            return self.raised(given[0], Rational(1, 2))
        if name in self.direct and self._is_size(given[0]):
            return Piece(f"math.{name}({self(given[0])})")
        if all(constant):
            head = getattr(functions, name, None) or getattr(sympy, name)
            return self.constant(head(*given, evaluate=False).doit())
        ours = not constant[-1] if name in _NUMBERS_ONLY else name in _TENSORS_ONLY and any(constant)
        return self.called(name, *map(self, given)) if ours else super().call(name, given)

    def _is_size(self, expression: Expr) -> bool:
        """Whether it is made of sizes, which are plain numbers."""
        symbols = expression.free_symbols
        return bool(symbols) and self.shapes is not None and symbols <= self.shapes.sizes

    def choice(self, test: Basic, then: Basic, other: Basic) -> Piece:
        """torch.where(test, a, b); of two numbers one is made a tensor."""
        taken, left = self.branch(then), self.branch(other)
        if isinstance(then, Number) and isinstance(other, Number):
            like = self(next(side for side in test.args if side.free_symbols))
            taken = _FULL.get(taken, f"torch.full_like({{}}, {taken})").format(like)
        return Piece(f"torch.where({self(test)}, {taken}, {left})")

    # Operations.

    def _is_over_all(self, inner: Expr, axes: Tuple, keep: Basic) -> bool:
        """What keeps its axes has them named."""
        return keep == 0 and super()._is_over_all(inner, axes, keep)

    def transpose(self, expression: Expr) -> Piece:
        """A.T, A.permute(0, 2, 1)."""
        inner, order = expression.args
        if tuple(order) == (1, 0):
            return super().transpose(expression)
        return Piece(f"{self.at(inner, Level.ATOM)}.permute({', '.join(map(str, order))})")

    def spread_about_the_mean(self, expression: Expr) -> Piece:
        """torch.var(x, dim=0, correction=0, keepdim=True)."""
        inner, axes, keep, ddof = expression.args
        options = self.options(inner, axes, keep, f"correction={ddof}")
        return self.function_of(type(expression).__name__, self(inner), *options)

    def extremum(self, expression: Expr) -> Piece:
        """torch.amax(x, dim=0)."""
        return self._reduced("amax" if isinstance(expression, op.largest) else "amin", expression)

    def multiplied(self, expression: Expr) -> Piece:
        """torch.prod(x, dim=0); over several axes by a function of ours."""
        inner, axes, keep = expression.args
        simple = len(axes) == 1 or self._is_over_all(inner, axes, keep)
        return self._reduced("prod", expression) if simple else self.operation(expression)

    def summed_exponentials(self, expression: Expr) -> Piece:
        """torch.logsumexp(z, dim=1, keepdim=True)."""
        inner, axes, keep = expression.args
        kept = ["keepdim=True"] if keep != 0 else []
        return self.function_of("logsumexp", self(inner), self.named_axes(axes), *kept)

    def spread(self, expression: Expr) -> Piece:
        """torch.broadcast_to(x, shape), X.new_full(shape, 2)."""
        inner, shape = expression.args
        if inner.free_symbols or inner.atoms(op.Operation):
            return self.operation(expression)
        return Piece(f"{self.like}.new_full({self.constants(shape)}, {self(inner)})")

    def zeros_of(self, shape: Tuple) -> str:
        """X.new_zeros((2, 3)): of the kind of a given tensor."""
        return f"{self.like}.new_zeros({self.constants(shape)})"

    def filled(self, expression: Expr) -> Piece:
        """X.new_ones((2, 3))."""
        return Piece(f"{self.like}.new_{type(expression).__name__}({self.constants(expression.args[0])})")

    def identity(self, expression: Expr) -> Piece:
        """torch.eye(3, dtype=X.dtype, device=X.device)."""
        of_kind = f"dtype={self.like}.dtype, device={self.like}.device"
        return self.function_of("eye", self(expression.args[0][0]), of_kind)

    # Places within a tensor: PyTorch has no slices that go backwards, and no `s_`.

    def item(self, expression: Expr) -> Piece:
        """x[1:, 0]; torch.flip(x, (0,)) for x[::-1]."""
        inner, where = expression.args
        forward, backward = _forward(where)
        assert self.shapes is not None
        places = self.places_of(forward, self.shapes[inner])
        return self._flipped(f"{self.at(inner, Level.ATOM)}[{places}]", backward)

    def placed(self, expression: Expr) -> Piece:
        """Zeros with g in some places."""
        upstream, where, shape = expression.args
        forward, backward = _forward(where)
        shown = ", ".join(map(self._as_slice, forward))
        places = f"({shown},)" if len(forward) == 1 else f"({shown})"
        return self.called(
            "put_into", self.zeros_of(shape), places, self._flipped(self(upstream), backward).text
        )

    def _flipped(self, text: str, axes: list[int]) -> Piece:
        return self.function_of("flip", text, f"({', '.join(map(str, axes))},)") if axes else Piece(text)

    def _as_slice(self, index: Basic) -> str:
        if not isinstance(index, Tuple):
            return self(index)
        first, last, step = index
        return f"slice({self(first)}, {self(last)}{'' if step == 1 else f', {self(step)}'})"


def _forward(where: Tuple) -> tuple[Tuple, list[int]]:
    """Places with slices that go forward, and the axes of the result that are then to be turned round."""
    found: list[Basic] = []
    backward: list[int] = []
    for index in where:
        if isinstance(index, Tuple) and index[2].is_negative:
            first, last, step = index
            chosen = range(int(first), -1 if last == op.NONE else int(last), int(step))[::-1]
            backward.append(sum(isinstance(one, Tuple) for one in found))
            found.append(Tuple(chosen.start, chosen.stop, chosen.step))
        else:
            found.append(index)
    return Tuple(*found), backward
