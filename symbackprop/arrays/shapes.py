"""The shape of every expression, and expressions with their axes, shapes and slices resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Function, Mul, Pow, Symbol, Tuple
from sympy.core.relational import Relational

from symbackprop.arrays import operations as op
from symbackprop.arrays.indexing import resolved_index
from symbackprop.arrays.misfits import in_code, inner_size, refuse_broadcast, refuse_matmul
from symbackprop.arrays.sizes import Shape, Size, as_shape, as_size, broadcast, count, show_shape
from symbackprop.arrays.syntax import ELLIPSIS, LAST_TWO
from symbackprop.errors import ShapeError
from symbackprop.expressions import rebuild

Found = tuple[Expr, Shape]


class Shapes:
    """Knows the shape of every symbol, and finds that of every expression.

    Args:
        known: shapes of symbols; a symbol without one is a scalar.
    """

    def __init__(self, known: Mapping[Symbol, Shape]) -> None:
        self._symbols: dict[Symbol, Shape] = dict(known)
        self._found: dict[Basic, Found] = {}

    def learn(self, symbol: Symbol, shape: Shape) -> None:
        """The shape of one more symbol."""
        if self._symbols.get(symbol, shape) != shape:
            self._found.clear()
        self._symbols[symbol] = shape

    def __getitem__(self, expression: Basic) -> Shape:
        """The shape of an expression; () is a scalar."""
        return self.resolved(expression)[1]

    @property
    def sizes(self) -> frozenset[Symbol]:
        """The symbols that stand for sizes."""
        every = [size for shape in self._symbols.values() for size in shape if isinstance(size, Expr)]
        return frozenset().union(*(size.free_symbols for size in every))

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
        rule = _RULES.get(expression.func)
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

    # One rule for each operation: the resolved expression and its shape.

    def matmul(self, expression: Expr) -> Found:
        """(…, n, k) @ (…, k, m) is (…, n, m); a vector on either side loses its axis."""
        factors = [self.resolved(factor) for factor in expression.args]
        result, shape = factors[0]
        for factor, other in factors[1:]:
            result, shape = self._matmul_two(result, shape, factor, other)
        return result, shape

    def _matmul_two(self, a: Expr, first: Shape, b: Expr, second: Shape) -> Found:
        if not first or not second:
            scalar = a if not first else b
            raise ShapeError(
                f"{in_code(scalar)} is a scalar, and @ multiplies matrices and vectors",
                where=in_code(op.of(op.matmul, a, b)),
                known=f"{in_code(a)}: {show_shape(first)}, {in_code(b)}: {show_shape(second)}",
                fix="use * between a scalar and an array",
            )
        if first[-1] != inner_size(second):
            refuse_matmul(a, first, b, second)
        if len(first) > 2 and len(second) == 1:
            return self.resolved(op.of(op.total, Mul(a, b, evaluate=False), (-1,), 0))
        if len(second) > 2 and len(first) == 1:
            column = op.of(op.reshape, a, (first[0], 1))
            return self.resolved(op.of(op.total, Mul(column, b, evaluate=False), (-2,), 0))
        lead = broadcast([first[:-2], second[:-2]])
        if lead is None:
            refuse_matmul(a, first, b, second)
        shape = (*lead, *first[-2:-1], *(second[-1:] if len(second) > 1 else ()))
        left = a.args if isinstance(a, op.matmul) and self[a.args[-1]][1:] else (a,)
        right = b.args if isinstance(b, op.matmul) and self[b.args[0]][1:] else (b,)
        return op.of(op.matmul, *left, *right), shape

    def transpose(self, expression: Expr) -> Found:
        """Aᵀ; of a vector or a scalar, itself."""
        inner, shape = self.resolved(expression.args[0])
        order = expression.args[1]
        if order == LAST_TWO:
            if len(shape) < 2:
                raise ShapeError(f".mT needs a matrix: {in_code(inner)} has the shape {show_shape(shape)}")
            places = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
        else:
            places = [*range(len(shape))][::-1] if order == op.NONE else [int(one) for one in _tuple(order)]
        places = [self._axis(one, shape, inner) for one in places]
        if sorted(places) != [*range(len(shape))]:
            raise ShapeError(
                f"the axes {op.shown(order)} are no order of those of {in_code(inner)}",
                known=f"its shape is {show_shape(shape)}",
                fix="name every axis once, as transpose(x, (0, 2, 1))",
            )
        if places == sorted(places):
            return inner, shape
        return op.of(op.transpose, inner, tuple(places)), tuple(shape[place] for place in places)

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
        found = [self._axis(axis, shape, array) for axis in _tuple(axes)]
        if len(set(found)) < len(found):
            raise ShapeError(f"an axis is named twice: {op.shown(axes)}", where=in_code(array))
        return tuple(sorted(found))

    def reduction(self, expression: Expr) -> Found:
        """The reduced axes are dropped, or kept with length 1."""
        inner, shape = self.resolved(expression.args[0])
        axes = self._axes(expression.args[1], shape, inner)
        keep, *rest = expression.args[2:]
        kept = (1,) if keep != 0 else ()
        result = tuple(
            size for place, one in enumerate(shape) for size in (kept if place in axes else (one,))
        )
        if expression.func in (op.var, op.std):
            sizes = count(shape[axis] for axis in axes)
            if isinstance(sizes, int) and sizes <= rest[0]:
                raise ShapeError(
                    f"the variance of {sizes} numbers with ddof={rest[0]} divides by {sizes - int(rest[0])}",
                    where=in_code(inner),
                    fix="take ddof=0, or another axis",
                )
        if not axes and expression.func in (op.total, op.mean, op.prod, op.largest, op.smallest):
            return inner, shape
        return op.of(expression.func, inner, axes, keep, *rest), result

    def along(self, expression: Expr) -> Found:
        """Softmax keeps the shape."""
        inner, shape = self.resolved(expression.args[0])
        axis = self._axis(expression.args[1], shape, inner)
        return op.of(expression.func, inner, axis), shape

    def _square(self, expression: Expr) -> tuple[Expr, Shape]:
        inner, shape = self.resolved(expression.args[0])
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ShapeError(
                f"{in_code(expression)} needs a square matrix",
                known=f"{in_code(inner)} has the shape {show_shape(shape)}",
                fix=f"{in_code(inner)}.T @ {in_code(inner)} is square" if len(shape) == 2 else "",
            )
        return inner, shape

    def of_square(self, expression: Expr) -> Found:
        """tr A, det A, log |det A|: numbers."""
        inner, _ = self._square(expression)
        return op.of(expression.func, inner), ()

    def inverse(self, expression: Expr) -> Found:
        """A⁻¹ is as large as A."""
        inner, shape = self._square(expression)
        return op.of(op.inv, inner), shape

    def same(self, expression: Expr) -> Found:
        """The shape of its first argument."""
        inner, shape = self.resolved(expression.args[0])
        return expression.func(inner, *expression.args[1:], evaluate=False), shape

    def outer(self, expression: Expr) -> Found:
        """x yᵀ of vectors of n and m is (n, m)."""
        (x, first), (y, second) = map(self.resolved, expression.args)
        for one, shape in ((x, first), (y, second)):
            if len(shape) != 1:
                raise ShapeError(
                    f"outer takes two vectors, and {in_code(one)} has the shape {show_shape(shape)}",
                    where=in_code(expression),
                )
        return op.of(op.outer, x, y), (*first, *second)

    def diag(self, expression: Expr) -> Found:
        """A square matrix of a vector, or the diagonal of a square matrix."""
        inner, shape = self.resolved(expression.args[0])
        if len(shape) == 2:
            inner, _ = self._square(expression)
            return op.of(op.diagonal, inner), shape[:1]
        if len(shape) != 1:
            raise ShapeError(
                f"diag takes a vector or a square matrix: {in_code(inner)} has the shape {show_shape(shape)}"
            )
        return op.of(op.diag, inner), (*shape, *shape)

    def diagonal(self, expression: Expr) -> Found:
        """The diagonal of a square matrix."""
        inner, shape = self._square(expression)
        return op.of(op.diagonal, inner), shape[:1]

    def constant(self, expression: Expr) -> Found:
        """ones and zeros have the shape that they say; eye is square."""
        shape = self._shape_argument(expression.args[0])
        self._check_sizes(shape, expression)
        if expression.func is op.eye:
            return op.of(op.eye, shape), (*shape, *shape)
        return op.of(expression.func, shape), shape

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

    def _shape_argument(self, argument: Basic) -> Shape:
        return as_shape(self.resolved(size)[0] for size in _tuple(argument))

    def spread(self, expression: Expr) -> Found:
        """The shape that it says."""
        inner, _ = self.resolved(expression.args[0])
        shape = self._shape_argument(expression.args[1])
        return op.of(op.spread, inner, shape), shape

    def item(self, expression: Expr) -> Found:
        """x[…]: an index drops its axis, a slice shortens it, None makes a new one."""
        inner, shape = self.resolved(expression.args[0])
        chosen: list[Basic] = []
        kept: list[Size] = []
        widened: list[Size] = []
        place = 0
        specs = list(_tuple(expression.args[1]))
        used = sum(spec != op.NONE for spec in specs if spec is not ELLIPSIS)
        if ELLIPSIS in specs:
            at = specs.index(ELLIPSIS)
            specs[at : at + 1] = [_WHOLE] * (len(shape) - used)
        if used > len(shape):
            raise ShapeError(
                f"{in_code(inner)} has {len(shape)} axes and {used} indices",
                known=f"its shape is {show_shape(shape)}",
                where=in_code(expression),
            )
        for spec in specs:
            if spec == op.NONE:
                widened.append(1)
                continue
            found, sizes = resolved_index(spec, shape[place], inner, shape)
            chosen.append(found)
            kept += sizes
            widened += sizes
            place += 1
        rest = shape[place:]
        chosen += [Tuple(0, size, 1) for size in rest]
        whole = all(spec == Tuple(0, size, 1) for spec, size in zip(chosen, shape, strict=True))
        picked = inner if whole else op.of(op.item, inner, Tuple(*chosen))
        result = (*kept, *rest)
        if len(widened) > len(kept):
            return op.of(op.reshape, picked, (*widened, *rest)), (*widened, *rest)
        return picked, result

    def placed(self, expression: Expr) -> Found:
        """The shape that it says."""
        return expression, self._shape_argument(expression.args[2])

    def reshape(self, expression: Expr) -> Found:
        """As many entries in another shape; -1 is what is left over."""
        inner, shape = self.resolved(expression.args[0])
        wanted = list(self._shape_argument(expression.args[1]))
        entries = count(shape)
        if any(isinstance(size, int) and size < 1 and size != -1 for size in wanted) or wanted.count(-1) > 1:
            raise ShapeError(
                f"{in_code(inner)} cannot be reshaped to {op.shown(expression.args[1])}",
                where=in_code(expression),
                fix="sizes are at least 1, and -1 stands once for what is left over",
            )
        if wanted.count(-1) == 1:
            place = wanted.index(-1)
            others = count(wanted[:place] + wanted[place + 1 :])
            left = sympy.cancel(sympy.sympify(entries) / others)
            wanted[place] = as_size(left)
        if as_size(sympy.sympify(count(wanted)) - entries) != 0 or any(
            isinstance(size, Expr) and size.as_numer_denom()[1] != 1 for size in wanted
        ):
            raise ShapeError(
                f"{in_code(inner)} cannot be reshaped to {op.shown(expression.args[1])}",
                known=f"its shape is {show_shape(shape)}: {entries} entries",
                where=in_code(expression),
                fix="the sizes of the new shape multiply to as many; -1 stands for what is left over",
            )
        if tuple(wanted) == shape:
            return inner, shape
        return op.of(op.reshape, inner, tuple(wanted)), tuple(wanted)

    def concatenate(self, expression: Expr) -> Found:
        """The sizes along the axis add up; all others are equal."""
        parts = [self.resolved(part) for part in expression.args[0]]
        shapes = [shape for _, shape in parts]
        first, shape = parts[0]
        axis = self._axis(expression.args[1], shape, first)
        for part, other in parts[1:]:
            same = len(other) == len(shape) and all(
                one == two or place == axis for place, (one, two) in enumerate(zip(shape, other, strict=True))
            )
            if not same:
                raise ShapeError(
                    f"{in_code(first)} and {in_code(part)} cannot be concatenated along axis {axis}",
                    known=f"{show_shape(shape)} and {show_shape(other)}",
                    fix="all sizes but that of the axis must be equal",
                )
        size = as_size(sympy.Add(*(one[axis] for one in shapes)))
        result = (*shape[:axis], size, *shape[axis + 1 :])
        return op.of(op.concatenate, Tuple(*(part for part, _ in parts)), axis), result

    def stack(self, expression: Expr) -> Found:
        """A new axis, as long as there are arrays."""
        parts = [self.resolved(part) for part in expression.args[0]]
        shape = parts[0][1]
        for part, other in parts[1:]:
            if other != shape:
                raise ShapeError(
                    f"{in_code(parts[0][0])} and {in_code(part)} cannot be stacked",
                    known=f"{show_shape(shape)} and {show_shape(other)}",
                    fix="their shapes must be equal",
                )
        axis = self._axis(expression.args[1], (*shape, 1), parts[0][0])
        result = (*shape[:axis], len(parts), *shape[axis:])
        return op.of(op.stack, Tuple(*(part for part, _ in parts)), axis), result

    def length(self, expression: Expr) -> Found:
        """One size of a shape, a number."""
        inner, shape = self.resolved(expression.args[0])
        axis = expression.args[1]
        if axis == op.NONE:
            return sympy.sympify(count(shape)), ()
        return sympy.sympify(shape[self._axis(axis, shape, inner)]), ()

    def convolution(self, expression: Expr) -> Found:
        """(L + 2p - k)//s + 1 along each moved axis; batch and channels as in PyTorch."""
        dims = 1 if expression.func is op.conv1d else 2
        (x, shape), (w, kernel) = map(self.resolved, expression.args[:2])
        stride, padding = (_repeated(argument, dims) for argument in expression.args[2:])
        plain = len(shape) == dims and len(kernel) == dims
        if not plain and not (len(shape) in (dims + 1, dims + 2) and len(kernel) == dims + 2):
            axes = "length" if dims == 1 else "height, width"
            raise ShapeError(
                f"{in_code(expression)} does not fit: {show_shape(shape)} with {show_shape(kernel)}",
                known=f"x: ({axes}) with w: ({axes}), or x: (examples, channels, {axes}) "
                f"with w: (outputs, channels, {axes})",
            )
        if not plain and shape[-dims - 1] != kernel[1]:
            raise ShapeError(
                f"x has {shape[-dims - 1]} channels and w takes {kernel[1]}",
                where=in_code(expression),
                known=f"{show_shape(shape)} with {show_shape(kernel)}",
            )
        if any(int(one) < 1 for one in stride) or any(int(one) < 0 for one in padding):
            raise ShapeError("a stride is at least 1, a padding at least 0", where=in_code(expression))
        moved = [
            self._moved(size, width, int(s), int(p), expression)
            for size, width, s, p in zip(shape[-dims:], kernel[-dims:], stride, padding, strict=True)
        ]
        lead: Shape = () if plain else (*shape[: -dims - 1], kernel[0])
        return op.of(expression.func, x, w, stride, padding), (*lead, *moved)

    def _moved(self, size: Size, width: Size, stride: int, padding: int, expression: Expr) -> Size:
        room = as_size(size + 2 * padding - sympy.sympify(width))
        if isinstance(room, int):
            if room < 0:
                raise ShapeError(
                    f"the kernel of {width} is larger than the input of {size} with padding {padding}",
                    where=in_code(expression),
                )
            return room // stride + 1
        if stride != 1:
            raise ShapeError(
                f"a stride of {stride} needs sizes in numbers",
                where=in_code(expression),
                known=f"the size is {size}",
            )
        return as_size(room + 1)

    def adjoint_of_convolution(self, expression: Expr) -> Found:
        """The shape that it says."""
        return expression, self._shape_argument(expression.args[-1])


_WHOLE = Tuple(op.NONE, op.NONE, op.NONE)


def _tuple(value: Basic) -> tuple[Basic, ...]:
    return tuple(value) if isinstance(value, Tuple) else (value,)


def _repeated(value: Basic, times: int) -> tuple[Basic, ...]:
    if isinstance(value, Tuple) and len(value) != times:
        raise ShapeError(
            f"a stride or padding of {len(value)} numbers does not fit {times} moved axes: {op.shown(value)}",
            fix="give one number, or one for each axis",
        )
    return tuple(value) if isinstance(value, Tuple) else (value,) * times


_RULES: Mapping[Any, Callable[[Shapes, Any], Found]] = {
    op.matmul: Shapes.matmul,
    op.transpose: Shapes.transpose,
    **dict.fromkeys(
        (op.total, op.mean, op.var, op.std, op.prod, op.largest, op.smallest, op.norm, op.logsumexp),
        Shapes.reduction,
    ),
    **dict.fromkeys((op.softmax_along, op.log_softmax), Shapes.along),
    **dict.fromkeys((op.trace, op.det, op.logdet), Shapes.of_square),
    op.inv: Shapes.inverse,
    op.outer: Shapes.outer,
    op.diag: Shapes.diag,
    op.diagonal: Shapes.diagonal,
    **dict.fromkeys((op.eye, op.ones, op.zeros), Shapes.constant),
    **dict.fromkeys((op.extreme, op.others), Shapes.same),
    op.spread: Shapes.spread,
    op.item: Shapes.item,
    op.placed: Shapes.placed,
    op.reshape: Shapes.reshape,
    op.concatenate: Shapes.concatenate,
    op.stack: Shapes.stack,
    op.length: Shapes.length,
    op.conv1d: Shapes.convolution,
    op.conv2d: Shapes.convolution,
    **dict.fromkeys((op.conv_input, op.conv_kernel), Shapes.adjoint_of_convolution),
}
