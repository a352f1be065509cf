"""Finds shapes: what is element-wise broadcasts, and every operation has a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from sympy import Add, Basic, Expr, Function, Mul, Pow, Symbol, Tuple
from sympy.core.relational import Relational

from symbackprop import operations as op
from symbackprop.arrays.misfits import in_code, refuse_broadcast
from symbackprop.arrays.sizes import Shape, as_shape, broadcast, show_shape
from symbackprop.errors import ShapeError
from symbackprop.expressions import rebuild

Found = tuple[Expr, Shape]


class ShapeFinder:
    """Knows the shape of every symbol, and finds that of every expression.

    Args:
        known: shapes of symbols; a symbol without one is a scalar.

    Attributes:
        rules: for each operation what gives the resolved expression and its shape.
    """

    rules: ClassVar[Mapping[Any, Callable[[Any, Any], Found]]] = {}

    def __init__(self, known: Mapping[Symbol, Shape]) -> None:
        self._symbols: dict[Symbol, Shape] = dict(known)
        self._sizes = _sizes_in(known.values())
        self._found: dict[Basic, Found] = {}

    def learn(self, symbol: Symbol, shape: Shape) -> None:
        """The shape of one more symbol."""
        if self._symbols.get(symbol, shape) != shape:
            self._found.clear()
        self._symbols[symbol] = shape
        self._sizes |= _sizes_in([shape])

    def __getitem__(self, expression: Basic) -> Shape:
        """The shape of an expression; () is a scalar."""
        return self.resolved(expression)[1]

    @property
    def sizes(self) -> frozenset[Symbol]:
        """The symbols that stand for sizes."""
        return self._sizes

    def resolved(self, expression: Basic) -> Found:
        """The expression with its axes counted from 0, its shapes and slices in full; and its shape.

        Raises:
            ShapeError: the operands of an operation do not fit; the message says which and how.
        """
        if isinstance(expression, Symbol):
            return expression, self._symbols.get(expression, ())
        found = self._found.get(expression)
        if found is None:
            try:
                found = self._resolve(expression)
            except ShapeError as error:
                error.expression = error.expression or expression
                raise
            self._found[expression] = found
        return found

    def _resolve(self, expression: Any) -> Found:
        if not expression.args:
            return expression, ()
        rule = self.rules.get(expression.func)
        if rule is not None:
            return rule(self, expression)
        if isinstance(expression, Add | Mul | Pow | Function | Relational):
            return self._elementwise(expression)
        return expression, ()

    def _elementwise(self, expression: Any) -> Found:
        parts = [self._part(argument) for argument in expression.args]
        shapes = [shape for _, shape in parts]
        shape = broadcast(shapes)
        if shape is None:
            refuse_broadcast(expression, shapes)
        arguments = tuple(argument for argument, _ in parts)
        if arguments == expression.args:
            return expression, shape
        if isinstance(expression, Relational):
            return expression.func(*arguments, evaluate=False), shape
        return rebuild(expression, arguments), shape

    def _part(self, argument: Basic) -> Found:
        if isinstance(argument, Tuple):
            return argument, ()
        return self.resolved(argument)

    # What the rules need.

    def _axis(self, axis: Any, shape: Shape, array: Expr) -> int:
        number = int(axis)
        if not -len(shape) <= number < len(shape):
            known = f"{in_code(array)} has the shape {show_shape(shape)}"
            fix = (
                f"axes count from 0 to {len(shape) - 1}, or back from -1" if shape else "a scalar has no axis"
            )
            raise ShapeError(f"axis {number} is out of range", where=in_code(array), known=known, fix=fix)
        return number % len(shape)

    def _axes(self, axes: Basic, shape: Shape, array: Expr) -> tuple[int, ...]:
        if axes == op.NONE:
            return tuple(range(len(shape)))
        found = [self._axis(axis, shape, array) for axis in as_tuple(axes)]
        if len(set(found)) < len(found):
            raise ShapeError(f"an axis is named twice: {op.shown(axes)}", where=in_code(array))
        return tuple(sorted(found))

    def _square(self, expression: Expr) -> tuple[Expr, Shape]:
        inner, shape = self.resolved(expression.args[0])
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ShapeError(
                f"{in_code(expression)} needs a square matrix",
                known=f"{in_code(inner)} has the shape {show_shape(shape)}",
                fix=f"{in_code(inner)}.T @ {in_code(inner)} is square" if len(shape) == 2 else "",
            )
        return inner, shape

    def _shape_argument(self, argument: Basic) -> Shape:
        return as_shape(self.resolved(size)[0] for size in as_tuple(argument))

    def _check_sizes(self, shape: Shape, expression: Expr) -> None:
        """Sizes are at least 1, and their symbols those of given shapes."""
        for size in shape:
            unknown = set() if isinstance(size, int) else size.free_symbols - self.sizes
            if unknown:
                raise ShapeError(
                    f"{min(map(str, unknown))} is no size: it stands in no shape",
                    where=in_code(expression),
                    known=", ".join(sorted(map(str, self.sizes))) or "no symbols for sizes",
                    fix="give the size as a number, or as in x.shape[0]",
                )
            if isinstance(size, int) and size < 1:
                raise ShapeError(f"an axis of size {size} is empty", where=in_code(expression))


def _sizes_in(shapes: Iterable[Shape]) -> frozenset[Symbol]:
    every = [size for shape in shapes for size in shape if isinstance(size, Expr)]
    return frozenset().union(*(size.free_symbols for size in every))


def as_tuple(value: Basic) -> tuple[Basic, ...]:
    """One constant or several, as a tuple."""
    return tuple(value) if isinstance(value, Tuple) else (value,)
