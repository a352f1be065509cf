"""Expressions of arrays for a reader, in the idiom of NumPy and JAX: slices in brackets, options by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sympy import Basic, Expr, Integer, Pow, Symbol, Tuple

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.shapes import Shapes
from symbackprop.exporting.helpers import ARRAYS, RENAMED, functions_in
from symbackprop.exporting.readable import Readable, is_plain
from symbackprop.expressions import call
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.printer import Level, Piece

FLAGS = ("keep", "keepdims", "keepdim")
"""Options that are yes or no."""


class ReadableArrays(Readable, ArrayCode):
    """The words that the libraries share; each has a class of its own for the others.

    Args:
        names: what the symbols are called in code.
        shapes: of the expressions; None: all are numbers.
        dtype: of the numbers, where it is not the library's own: `float32` or nothing.

    Attributes:
        used: the functions of `array_functions` that were called, by name.
    """

    library: ClassVar[str]
    axis: ClassVar[str] = "axis"
    keepdims: ClassVar[str] = "keepdims"
    native: ClassVar[Mapping[str, str]] = {}
    """The library's own functions by ours: how a call of them begins and ends."""

    words: ClassVar[Mapping[str, str]] = {
        "transpose": "transpose",
        "outer": "outer",
        "trace": "trace",
        "det": "linalg.det",
        "inv": "linalg.inv",
        "diag": "diag",
        "diagonal": "diagonal",
        "reshape": "reshape",
        "spread": "broadcast_to",
    }
    """Operations of arrays and shapes that are called so in the library's namespace."""

    rules: ClassVar[Mapping[Any, str]] = {
        **ArrayCode.rules,
        op.var: "spread_about_the_mean",
        op.std: "spread_about_the_mean",
        op.largest: "extremum",
        op.smallest: "extremum",
        op.prod: "multiplied",
        op.norm: "norm",
        op.logdet: "logdet",
        op.item: "item",
        op.concatenate: "joined",
        op.stack: "joined",
        op.ones: "filled",
        op.zeros: "filled",
        op.eye: "identity",
        op.spread: "spread",
        op.softmax_along: "along",
        op.log_softmax: "along",
        op.logsumexp: "summed_exponentials",
        op.placed: "placed",
    }

    def __init__(self, names: Mapping[Symbol, str], shapes: Shapes | None, dtype: str = "") -> None:
        super().__init__(names, self.library)
        self.shapes, self.dtype = shapes, dtype

    # Functions of numbers, entry by entry.

    def call(self, name: str, arguments: Any) -> Piece:
        """np.exp(x), jax.nn.relu(x), sigmoid(x)."""
        given = list(arguments)
        if self.dtype and name == "sqrt" and not given[0].free_symbols:
            return self.constant(functions.sqrt(*given).doit())
        if name in self.native:
            start, _, end = self.native[name].partition("{}")
            return Piece(f"{start}{', '.join(map(self, given))}{end}")
        return super().call(name, given)

    def raised(self, base: Expr, exponent: Expr) -> Piece:
        """x**2, (x + y) ** 2."""
        sign = "**" if is_plain(base) and is_plain(exponent) else " ** "
        return Piece(f"{self.at(base, Level.ATOM)}{sign}{self.at(exponent, Level.ATOM)}", Level.POWER)

    def choice(self, test: Basic, then: Basic, other: Basic) -> Piece:
        """np.where(test, a, b)."""
        branches = [self.branch(one) for one in (then, other)]
        return Piece(f"{self.namespace}.where({self(test)}, {', '.join(branches)})")

    def branch(self, value: Basic) -> str:
        """One of two values; a whole number as a real one."""
        return self.literal(float(value)) if isinstance(value, Integer) else self(value)

    # Constants of an operation.

    def constants(self, values: Tuple) -> str:
        """(2, 3), (n,)."""
        inner = ", ".join(map(self, values))
        return f"({inner}{',' if len(values) == 1 else ''})"

    def options(self, inner: Expr, axes: Tuple, keep: Basic, *more: str) -> list[str]:
        """axis=1, keepdims=True; no axis where all are meant, and others between the two."""
        named = [] if self._is_over_all(inner, axes, keep) else [self.named_axes(axes)]
        return [*named, *more, *([f"{self.keepdims}=True"] if keep != 0 else [])]

    def _is_over_all(self, inner: Expr, axes: Tuple, keep: Basic) -> bool:
        """Whether all axes are meant, and need not be named."""
        assert self.shapes is not None
        return len(axes) == len(self.shapes[inner])

    def named_axes(self, axes: Tuple) -> str:
        """axis=1, axis=(0, 1)."""
        return f"{self.axis}={axes[0] if len(axes) == 1 else self.constants(axes)}"

    def function_of(self, name: str, *arguments: str) -> Piece:
        """A call in the library's namespace."""
        return Piece(f"{self.namespace}.{name}({', '.join(arguments)})")

    def _reduced(self, name: str, expression: Expr) -> Piece:
        inner, axes, keep = expression.args[:3]
        return self.function_of(name, self(inner), *self.options(inner, axes, keep))

    # Operations.

    def operation(self, expression: op.Operation) -> Piece:
        """np.outer(x, y), or a function of ours, its constant arguments by name."""
        name = type(expression).__name__
        if name in self.words:
            return self.function_of(self.words[name], *map(self.argument, expression.args))
        known_as = self.calls.get(name, name)
        parameters = functions_in(ARRAYS)[known_as].parameters
        shown = [
            self._option(parameter, argument)
            if isinstance(argument, Tuple | Integer) and place
            else self.argument(argument)
            for place, (parameter, argument) in enumerate(zip(parameters, expression.args, strict=True))
        ]
        return self.called(known_as, *shown)

    def _option(self, parameter: str, value: Basic) -> str:
        return f"{parameter}={bool(value) if parameter in FLAGS else self.argument(value)}"

    def spread_about_the_mean(self, expression: Expr) -> Piece:
        """np.var(x, axis=0, ddof=1, keepdims=True)."""
        inner, axes, keep, ddof = expression.args
        freedom = [] if ddof == 0 else [f"ddof={ddof}"]
        options = self.options(inner, axes, keep, *freedom)
        return self.function_of(type(expression).__name__, self(inner), *options)

    def extremum(self, expression: Expr) -> Piece:
        """np.max(x, axis=0)."""
        return self._reduced("max" if isinstance(expression, op.largest) else "min", expression)

    def multiplied(self, expression: Expr) -> Piece:
        """np.prod(x, axis=0)."""
        return self._reduced("prod", expression)

    def norm(self, expression: Expr) -> Piece:
        """np.sqrt(np.sum(x**2))."""
        inner, axes, keep = expression.args
        squares = op.of(op.total, Pow(inner, 2, evaluate=False), axes, keep)
        return self.piece(call(functions.sqrt, squares))

    def logdet(self, expression: Expr) -> Piece:
        """np.linalg.slogdet(A)[1]: log |det A|."""
        return Piece(f"{self.namespace}.linalg.slogdet({self(expression.args[0])})[1]")

    def joined(self, expression: Expr) -> Piece:
        """np.concatenate((A, B), axis=0)."""
        parts, axis = expression.args
        name = self.joining[type(expression)]
        return self.function_of(name, self.constants(parts), f"{self.axis}={axis}")

    joining: ClassVar[Mapping[Any, str]] = {op.concatenate: "concatenate", op.stack: "stack"}

    def spread(self, expression: Expr) -> Piece:
        """np.broadcast_to(x, (2, 3))."""
        return self.operation(expression)

    def filled(self, expression: Expr) -> Piece:
        """np.ones((2, 3))."""
        return self.function_of(
            type(expression).__name__, self.constants(expression.args[0]), *self._of_dtype()
        )

    def identity(self, expression: Expr) -> Piece:
        """np.eye(3)."""
        return self.function_of("eye", self(expression.args[0][0]), *self._of_dtype())

    def _of_dtype(self) -> list[str]:
        return [f"dtype={self.namespace}.{self.dtype}"] if self.dtype else []

    def along(self, expression: Expr) -> Piece:
        """softmax(z, axis=1)."""
        inner, axis = expression.args
        name = type(expression).__name__
        options = f"({self(inner)}, {self.axis}={axis})"
        if name in self.native:
            return Piece(self.native[name] + options)
        self.used[name] = None
        return Piece(RENAMED.get(name, name) + options)

    def summed_exponentials(self, expression: Expr) -> Piece:
        """logsumexp(z, axes=(1,), keep=True)."""
        return self.operation(expression)

    # Places within an array.

    def item(self, expression: Expr) -> Piece:
        """x[1:, 0]."""
        inner, where = expression.args
        assert self.shapes is not None
        return Piece(f"{self.at(inner, Level.ATOM)}[{self.places_of(where, self.shapes[inner])}]")

    def _place(self, index: Basic, size: Any) -> str:
        if not isinstance(index, Tuple):
            return self(index)
        first, last, step = index
        start = "" if first == 0 and step.is_positive else self(first)
        stop = "" if last in (size, op.NONE) else self(last)
        return f"{start}:{stop}" + ("" if step == 1 else f":{self(step)}")

    def placed(self, expression: Expr) -> Piece:
        """put_into(np.zeros(shape), np.s_[1:, 0], g): zeros with g in some places."""
        upstream, where, shape = expression.args
        return self.put(self.zeros_of(shape), self.places_of(where, shape), self(upstream))

    def places_of(self, where: Tuple, shape: Iterable[Any]) -> str:
        """1:, 0: what stands in the brackets behind an array of that shape."""
        return ", ".join(self._place(*pair) for pair in zip(where, shape, strict=True))

    def zeros_of(self, shape: Tuple) -> str:
        """np.zeros((2, 3))."""
        return self.function_of("zeros", self.constants(shape), *self._of_dtype()).text

    def put(self, zeros: str, places: str, upstream: str) -> Piece:
        """Zeros with g in some places; all three as code."""
        return self.called("put_into", zeros, f"{self.namespace}.s_[{places}]", upstream)


class NumpyText(ReadableArrays):
    """NumPy."""

    library = "np"
    native: ClassVar[Mapping[str, str]] = {
        name: f"np.{name}({{}})" for name in ("maximum", "minimum", "clip")
    }


class JaxText(ReadableArrays):
    """JAX."""

    library = "jnp"
    native: ClassVar[Mapping[str, str]] = {
        **{name: f"jnp.{name}({{}})" for name in ("maximum", "minimum", "clip")},
        **{
            name: f"jax.nn.{name}({{}})"
            for name in "sigmoid relu softplus leaky_relu elu selu silu mish hard_sigmoid".split()
        },
        "gelu": "jax.nn.gelu({}, approximate=False)",
        "gelu_tanh": "jax.nn.gelu({}, approximate=True)",
        "softsign": "jax.nn.soft_sign({})",
        "erf": "jax.scipy.special.erf({})",
        "softmax_along": "jax.nn.softmax",
        "log_softmax": "jax.nn.log_softmax",
    }

    def summed_exponentials(self, expression: Expr) -> Piece:
        """jax.nn.logsumexp(z, axis=1, keepdims=True)."""
        inner, axes, keep = expression.args
        return Piece(f"jax.nn.logsumexp({', '.join([self(inner), *self.options(inner, axes, keep)])})")

    def put(self, zeros: str, places: str, upstream: str) -> Piece:
        """jnp.zeros(shape).at[places].set(g)."""
        return Piece(f"{zeros}.at[{places}].set({upstream})")
