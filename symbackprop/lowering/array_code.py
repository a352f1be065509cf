"""Expressions of arrays as code in NumPy's words, which JAX and PyTorch share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import sympy
from sympy import Basic, Expr, Symbol, Tuple

from symbackprop import operations as op
from symbackprop.lowering.forms import Run
from symbackprop.lowering.printer import CodePrinter, Level, Piece


class ArrayCode(CodePrinter):
    """NumPy's operators and functions, in the namespace of one library.

    What the library has under NumPy's name is called there; everything else is a function of the backend's
    module of functions, called by its bare name.

    Args:
        names: what the symbols are called in code.
        namespace: `np`, `jnp` or `torch`.
    """

    direct: ClassVar[Mapping[str, str]] = {
        **{name: name for name in "exp log log1p expm1 sqrt sin cos tan sinh cosh tanh".split()},
        "atan": "arctan",
        "absolute": "abs",
        "signum": "sign",
    }
    """What is called in the library's own namespace."""

    calls: ClassVar[Mapping[str, str]] = {"conv1d": "conv", "conv2d": "conv"}

    rules: ClassVar[Mapping[Any, str]] = {
        **CodePrinter.rules,
        op.Operation: "operation",
        op.matmul: "matmul",
        op.transpose: "transpose",
        op.total: "total",
        op.mean: "mean",
        Run: "run",
    }

    def __init__(self, names: Mapping[Symbol, str], namespace: str = "np") -> None:
        super().__init__(names)
        self.namespace = namespace

    def call(self, name: str, arguments: Any) -> Piece:
        """np.exp(x), sigmoid(x)."""
        shown = [self(argument) for argument in arguments]
        own = self.direct.get(name)
        if own is not None:
            return Piece(f"{self.namespace}.{own}({', '.join(shown)})")
        return self.called(name, *shown)

    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """x**2."""
        return Piece(f"{self.at(base, Level.ATOM)}**{self.at(exponent, Level.ATOM)}", Level.POWER)

    def choice(self, test: Basic, then: Basic, other: Basic) -> Piece:
        """where(test, a, b)."""
        return self.called("where", self(test), self(then), self(other))

    # Operations on arrays.

    def operation(self, expression: op.Operation) -> Piece:
        """The operation by the name of its class, its constant arguments as tuples and numbers."""
        name = type(expression).__name__
        return self.called(self.calls.get(name, name), *map(self.argument, expression.args))

    def argument(self, argument: Basic) -> str:
        """An array, or a constant: an axis, a shape, places."""
        return self.constants(argument) if isinstance(argument, Tuple) else self(argument)

    def constants(self, values: Tuple) -> str:
        """(2, 3), (n,)."""
        inner = ", ".join(map(self.argument, values))
        return f"({inner}{',' if len(values) == 1 else ''})"

    def matmul(self, expression: Expr) -> Piece:
        """A @ B."""
        shown = [self.at(factor, Level.POWER) for factor in expression.args]
        return Piece(" @ ".join(shown), Level.PRODUCT)

    def transpose(self, expression: Expr) -> Piece:
        """A.T of a matrix, else its axes in their order."""
        inner, order = expression.args
        if tuple(order) == (1, 0):
            return Piece(f"{self.at(inner, Level.ATOM)}.T")
        return self.called("transpose", self(inner), self.constants(order))

    def total(self, expression: Expr) -> Piece:
        """np.sum(x, axis=0)."""
        return self._reduced("sum", expression)

    def mean(self, expression: Expr) -> Piece:
        """np.mean(x, axis=0)."""
        return self._reduced("mean", expression)

    def run(self, expression: Run) -> Piece:
        """Σ over a run, whose terms lie along the second axis."""
        return Piece(f"{self.namespace}.sum({self(expression.args[0])}, axis=1)")

    def _reduced(self, name: str, expression: Expr) -> Piece:
        inner, axes, keep = expression.args
        axis = str(axes[0]) if len(axes) == 1 else self.constants(axes)
        kept = ", keepdims=True" if keep != 0 else ""
        return Piece(f"{self.namespace}.{name}({self(inner)}, axis={axis}{kept})")


class TorchCode(ArrayCode):
    """PyTorch's functions take no plain numbers, so constants are carried out."""

    def __init__(self, names: Mapping[Symbol, str], namespace: str = "torch") -> None:
        super().__init__(names, namespace)

    def call(self, name: str, arguments: Any) -> Piece:
        """torch.exp(x); exp(2) as its digits."""
        every = list(arguments)
        if name in self.direct and not every[0].free_symbols and not every[0].atoms(op.Operation):
            return self.constant(_CONSTANT[name](*every))
        return super().call(name, every)


_CONSTANT: Mapping[str, Any] = {
    **{name: getattr(sympy, name) for name in "exp log sin cos tan sinh cosh tanh atan sqrt".split()},
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "absolute": sympy.Abs,
    "signum": sympy.sign,
}
