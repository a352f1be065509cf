"""The shapes of what moves entries: transposes, slices, reshapes, blocks, convolutions."""

from __future__ import annotations

import sympy
from sympy import Basic, Expr, Tuple

from symbackprop import operations as op
from symbackprop.array_syntax import ELLIPSIS, LAST_TWO
from symbackprop.arrays.finder import Found, ShapeFinder, as_tuple
from symbackprop.arrays.indexing import resolved_index
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.sizes import Shape, Size, as_size, count, show_shape
from symbackprop.errors import ShapeError

_WHOLE = Tuple(op.NONE, op.NONE, op.NONE)


def _repeated(value: Basic, times: int) -> tuple[Basic, ...]:
    if isinstance(value, Tuple) and len(value) != times:
        raise ShapeError(
            f"a stride or padding of {len(value)} numbers does not fit {times} moved axes: {op.shown(value)}",
            fix="give one number, or one for each axis",
        )
    return tuple(value) if isinstance(value, Tuple) else (value,) * times


class LayoutRules(ShapeFinder):
    """One rule for each operation that moves entries."""

    def transpose(self, expression: Expr) -> Found:
        """Aᵀ; of a vector or a scalar, itself."""
        inner, shape = self.resolved(expression.args[0])
        order = expression.args[1]
        if order == LAST_TWO:
            if len(shape) < 2:
                raise ShapeError(f".mT needs a matrix: {in_code(inner)} has the shape {show_shape(shape)}")
            places = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
        else:
            places = [*range(len(shape))][::-1] if order == op.NONE else [int(one) for one in as_tuple(order)]
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

    def constant(self, expression: Expr) -> Found:
        """ones and zeros have the shape that they say; eye is square."""
        shape = self._shape_argument(expression.args[0])
        self._check_sizes(shape, expression)
        if expression.func is op.eye:
            return op.of(op.eye, shape), (*shape, *shape)
        return op.of(expression.func, shape), shape

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
        specs = list(as_tuple(expression.args[1]))
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
