"""Array expressions in matrix notation: one rule for each operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Function, Mul, Rational, S, Symbol, Tuple
from sympy.core.relational import Relational

from symbackprop import operations as op
from symbackprop.arrays.algebra import Algebra
from symbackprop.arrays.matrix_pieces import MatrixPieces
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, count
from symbackprop.conventions import Conventions
from symbackprop.expressions import divide, is_reciprocal, negative_part, plain_product
from symbackprop.notation.code import places
from symbackprop.notation.printer import Printer
from symbackprop.notation.syntax import Level, Piece, Syntax

AXES = "ijkl"
"""The letters of the axes, for what is taken over some of them."""


class MatrixPrinter(MatrixPieces):
    """Prints array expressions in matrix notation."""

    def _unsigned(self, expression: Expr) -> Piece:
        """The number in front of a sum over all entries stands before Σ, not under a bar: 1/n Σ_i."""
        factors = expression.args if isinstance(expression, Mul) else ()
        sums = [one for one in factors if isinstance(one, op.total) and not self.shapes[one]]
        rest = [one for one in factors if one not in sums]
        if len(sums) != 1 or not any(map(_is_share, rest)) or self.shapes[expression]:
            return super()._unsigned(expression)
        front = super()._unsigned(plain_product(rest))
        return self._row([front, self.piece(sums[0])])

    def _call(self, expression: Function) -> Piece:
        rule = _RULES.get(expression.func)
        if rule is not None:
            return rule(self, expression)
        full = self.shapes[expression]
        if isinstance(expression, sympy.exp) and full:
            return Piece(self.syntax.call(sympy.exp, [self.piece(expression.args[0]).text]))
        if full and all(isinstance(one, Expr) for one in expression.args) and len(expression.args) > 1:
            return Piece(
                self.syntax.call(expression.func, [self.widened(one, full).text for one in expression.args])
            )
        return super()._call(expression)

    def _full_sigmoid(self, expression: Any) -> Piece:
        """1/(1 + exp(-Z)), entry by entry: e^Z is another function of a matrix."""
        (inner,) = expression.args
        if not self.shapes[inner]:
            return super()._full_sigmoid(expression)
        raised = self.syntax.call(sympy.exp, [self.piece(plain_product([S.NegativeOne, inner])).text])
        return self.syntax.fraction(Piece("1", number=True), Piece(f"1 + {raised}", Level.SUM))

    def relation(self, test: Relational) -> str:
        """A comparison, what broadcasts in it written with ones."""
        return self._compared(test, self.shapes[test])

    def _compared(self, test: Relational, full: Shape) -> str:
        left, right = (self.widened(side, full).text for side in test.args)
        return f"{left}{self.syntax.relation(test.rel_op)}{right}"

    def _where(self, expression: Any) -> Piece:
        test, then, other = expression.args
        full = self.shapes[expression]
        branches = (self.widened(branch, full).text for branch in (then, other))
        shown = self.syntax.cases(self._compared(test, full), *branches)
        return Piece(shown, substituted=bool(self.values))

    def axes(self, expression: Expr, axes: Basic) -> str:
        """The letters of axes, nothing where all are meant."""
        shape = self.shapes[expression]
        chosen = [int(axis) for axis in axes] if isinstance(axes, Tuple) else [int(axes)]
        return "" if len(chosen) == len(shape) else "".join(AXES[axis] for axis in chosen)

    def matmul(self, expression: Expr) -> Piece:
        """A B x, xᵀ y."""
        first, *rest = expression.args
        if len(self.shapes[first]) > 1:
            return self._beside(*map(self.piece, expression.args))
        if self.shapes[expression]:
            return self._beside(*map(self.transposed, reversed(rest)), self.piece(first))
        return self._beside(self.transposed(first), *map(self.piece, rest))

    def transpose(self, expression: Expr) -> Piece:
        """Aᵀ; other orders of axes by name."""
        inner, order = expression.args
        axes = len(order)
        if order == op.NONE:
            return self.transposed(inner)
        if [int(one) for one in order] == [*range(axes - 2), axes - 1, axes - 2]:
            return self.transposed(inner)
        index = "".join(AXES[int(one)] for one in order)
        return Piece(self.syntax.named("transpose", index, self.piece(inner).text))

    def transposed(self, expression: Expr) -> Piece:
        """Aᵀ; the transpose of a product goes into it: (A x)ᵀ = xᵀ Aᵀ, (Aᵀ 1)ᵀ = 1ᵀ A."""
        if expression in self.values:
            return super().transposed(expression)
        minus, size = negative_part(expression)
        if minus:
            return Piece(self.syntax.minus + self._tight(self.transposed(size)).text, Level.SUM)
        if isinstance(expression, op.transpose) and len(self.shapes[expression]) == 2:
            return self.piece(expression.args[0])
        if isinstance(expression, Add) and len(self.shapes[expression]) == 1:
            return self._terms(expression, self.transposed)
        scalars, array = Algebra(self.shapes).apart(expression)
        if scalars and array is not S.One and not isinstance(array, Mul):
            front = self.piece(plain_product(scalars))
            return self._row([front, self.transposed(array)])
        operands = [len(self.shapes[one]) for one in array.args[:1]] if len(self.shapes[array]) == 1 else []
        if isinstance(array, op.spread) and self.shapes[array.args[0]] == (1,):
            ones = self._transposed_piece(self._ones(self.shapes[array]))
            return self._row([self.piece(array.args[0]), ones])
        if isinstance(array, op.matmul) and operands == [2]:
            return self._beside(*map(self.transposed, reversed(array.args)))
        if isinstance(array, op.mean) and operands == [2]:
            return self._row([self._share(array), self.transposed(op.of(op.total, *array.args))])
        if isinstance(array, op.total) and operands == [2]:
            inner, (axis,), _ = array.args
            ones = self._transposed_piece(self._ones((self.shapes[inner][int(axis)],)))
            return self._beside(ones, self.piece(inner) if axis == 0 else self.transposed(inner))
        return super().transposed(expression)

    def outer(self, expression: Expr) -> Piece:
        """x yᵀ."""
        x, y = expression.args
        if self.shapes[y] == (1,):
            return self._row([self.piece(y), self.piece(x)])
        if self.shapes[x] == (1,):
            return self._row([self.piece(x), self.transposed(y)])
        means = [one for one in (x, y) if isinstance(one, op.mean) and len(self.shapes[one.args[0]]) == 2]
        sums = [op.of(op.total, *one.args) if one in means else one for one in (x, y)]
        fronts = [self._share(one) for one in means]
        return self._row([*fronts, self._beside(self.piece(sums[0]), self.transposed(sums[1]))])

    def _share(self, mean: Expr) -> Piece:
        """The 1/n in front of the sum that a mean is."""
        inner, axes, _ = mean.args
        return self.piece(divide(1, count(self.shapes[inner][int(axis)] for axis in axes) * S.One))

    def total(self, expression: Expr) -> Piece:
        """Σ_i x_i, Σ_ij A_ij; along one axis of a matrix 1ᵀA or A 1."""
        inner, axes, keep = expression.args
        shape = self.shapes[inner]
        if len(axes) == len(shape):
            return self._sum_of_all(inner, shape)
        if len(shape) == 2 and len(axes) == 1:
            return self._along(inner, shape, int(axes[0]), keep=bool(keep))
        return Piece(self.syntax.named("sum", self.axes(inner, axes), self.piece(inner).text))

    def _sum_of_all(self, inner: Expr, shape: Shape) -> Piece:
        index = AXES[: len(shape)]
        piece = self.piece(inner)
        simple = isinstance(inner, Symbol) and len(piece.text) == 1
        body = piece.text if simple else self.syntax.bracket(piece.text)
        return Piece(self.syntax.summed(index, self.syntax.indexed(body, index)), Level.PRODUCT, big=True)

    def _along(self, inner: Expr, shape: Shape, axis: int, *, keep: bool) -> Piece:
        ones = self._ones((shape[axis],))
        if axis == 1:
            return self._beside(self.piece(inner), ones)
        if keep:
            return self._beside(self._transposed_piece(ones), self.piece(inner))
        return self._beside(self.transposed(inner), ones)

    def mean(self, expression: Expr) -> Piece:
        """1/n times the sum."""
        inner, axes, _ = expression.args
        if len(self.shapes[inner]) > 2:
            return Piece(self.syntax.named("mean", self.axes(inner, axes), self.piece(inner).text))
        front, summed = self._share(expression), self.piece(op.of(op.total, *expression.args))
        return summed if front.text == "1" else self._row([front, summed])

    def over_axes(self, expression: Expr) -> Piece:
        """var_j(X), max_j(X), softmax_j(Z): over the index j."""
        inner, axes = expression.args[:2]
        name = _NAMES.get(expression.func, expression.func.__name__)
        rest = expression.args[3:]
        index = self.axes(inner, axes)
        freedom = f"{index}, " * bool(index) + f"ddof={rest[0]}" if rest and rest[0] != 0 else index
        piece = Piece(self.syntax.named(name, freedom, self.piece(inner).text))
        return self._as_row(piece, expression)

    def _as_row(self, piece: Piece, expression: Expr) -> Piece:
        """What is left of a matrix along its rows is a column; kept as a row it is transposed."""
        shape = self.shapes[expression]
        of_all = isinstance(expression, op.softmax_along | op.log_softmax)
        row = len(shape) == 2 and shape[0] == 1 != shape[1]
        return self._transposed_piece(piece) if row and not of_all else piece

    def norm(self, expression: Expr) -> Piece:
        """‖x‖, ‖A‖_F."""
        inner, axes, _ = expression.args
        index = self.axes(inner, axes)
        mark = "F" if not index and len(self.shapes[inner]) == 2 else index
        return self._as_row(Piece(self.syntax.norm(self.piece(inner).text, mark)), expression)

    def logdet(self, expression: Expr) -> Piece:
        """log |det A|."""
        inside = self.syntax.absolute(self.syntax.named("det", "", self.piece(expression.args[0]).text))
        return Piece(self.syntax.log_of(inside), Level.PRODUCT)

    def named(self, expression: Expr) -> Piece:
        """tr(A), det(A), diag(x)."""
        name = _NAMES.get(expression.func, expression.func.__name__)
        return Piece(self.syntax.named(name, "", self.piece(expression.args[0]).text))

    def inverse(self, expression: Expr) -> Piece:
        """A⁻¹."""
        return Piece(self.syntax.inverse(self._base(self.piece(expression.args[0]))), Level.POWER)

    def eye(self, expression: Expr) -> Piece:
        """I_n."""
        return Piece(self.syntax.constant("I", self._size(self.shapes[expression][0])))

    def constant(self, expression: Expr) -> Piece:
        """Ones or zeros of a shape."""
        digit = "1" if isinstance(expression, op.ones) else "0"
        return Piece(self.syntax.constant(digit, self.sizes(self.shapes[expression])))

    def spread(self, expression: Expr) -> Piece:
        """x repeated by ones."""
        inner, shape = expression.args[0], self.shapes[expression]
        if self.shapes[inner] in ((1,), (1, 1)):
            return self._row([self.piece(inner), self._ones(shape)])
        if len(shape) == 2:
            return self._repeated(inner, shape)
        return Piece(self.syntax.named("repeat", self.sizes(shape), self.piece(inner).text))

    def item(self, expression: Expr) -> Piece:
        """x_[1:, 0], counted from 0 as in NumPy."""
        inner, where = expression.args
        base = self.piece(inner)
        plain = isinstance(inner, Symbol) and "_" not in base.text and not base.substituted
        text = base.text if plain else self.syntax.bracket(base.text)
        return Piece(self.syntax.item(text, self._places(where, self.shapes[inner])))

    def _places(self, where: Tuple, shape: Shape) -> str:
        """Whole axes as a colon."""
        shown = [
            Tuple(op.NONE, op.NONE, op.NONE) if one == Tuple(0, size, 1) else one
            for one, size in zip(where, shape, strict=True)
        ]
        return places(Tuple(*shown), self.argument)

    def placed(self, expression: Expr) -> Piece:
        """Zeros with g in some places."""
        inner, where, _shape = expression.args
        shape = self.shapes[expression]
        index = self._places(where, shape)
        return Piece(self.syntax.named("place", f"[{index}]", self.piece(inner).text))

    def reshape(self, expression: Expr) -> Piece:
        """A vector as a column is itself; else by name."""
        inner, shape = expression.args[0], self.shapes[expression]
        own = self.shapes[inner]
        if not shape:
            return self.piece(inner)
        if len(own) == 1 and shape == (own[0], 1):
            return self.piece(inner)
        if len(own) == 1 and shape == (1, own[0]):
            return self.transposed(inner)
        return Piece(self.syntax.named("reshape", self.sizes(shape), self.piece(inner).text))

    def concatenate(self, expression: Expr) -> Piece:
        """Blocks side by side or one below the other."""
        parts, axis = expression.args
        shown = [self.piece(part).text for part in parts]
        axes = len(self.shapes[expression])
        if axes <= 2:
            return Piece(self.syntax.blocks(shown, below=axes == 1 or axis == 0))
        return Piece(self.syntax.named("concatenate", AXES[int(axis)], self._listed(shown)))

    def stack(self, expression: Expr) -> Piece:
        """stack_i(A, B): along a new axis i."""
        parts, axis = expression.args
        shown = [self.piece(part).text for part in parts]
        return Piece(self.syntax.named("stack", AXES[int(axis)], self._listed(shown)))

    def _listed(self, arguments: list[str]) -> str:
        return self.syntax.language.comma.join(arguments)

    def convolution(self, expression: Expr) -> Piece:
        """conv(X, W)."""
        x, w, stride, padding = expression.args
        shown = self._listed([self.piece(x).text, self.piece(w).text])
        return Piece(self.syntax.named("conv", _steps(stride, padding), shown))

    def adjoint(self, expression: Expr) -> Piece:
        """conv(·, W)* (δ): the adjoint of a convolution in one of its arguments."""
        upstream, other, stride, padding, _ = expression.args
        dot, held = self.syntax.placeholder, self.piece(other).text
        pair = self._listed([dot, held] if isinstance(expression, op.conv_input) else [held, dot])
        name = self.syntax.adjoint(self.syntax.named("conv", _steps(stride, padding), pair))
        return Piece(name + self.syntax.bracket(self.piece(upstream).text), Level.PRODUCT)

    def extreme(self, expression: Expr) -> Piece:
        """[X = max X]: 1 where an entry is the largest."""
        inner, axes, sign, _ = expression.args
        kept = op.of(op.largest if sign == 1 else op.smallest, inner, axes, 1)
        extreme = self.widened(kept, self.shapes[inner]).text
        return Piece(self.syntax.indicator(self.piece(inner).text + self.syntax.relation("==") + extreme))

    def others(self, expression: Expr) -> Piece:
        """For each entry the product of the others."""
        inner, axes = expression.args
        index = self.axes(inner, axes)
        return Piece(self.syntax.named("others", index, self.piece(inner).text))


def _is_share(factor: Expr) -> bool:
    """1/n or 1/2."""
    return is_reciprocal(factor) or (isinstance(factor, Rational) and factor.q != 1)


def _steps(stride: Basic, padding: Basic) -> str:
    """The stride and padding of a convolution where they are not the usual ones."""

    def one(value: Any) -> str:
        return str(value[0]) if len(set(value)) == 1 else "×".join(map(str, value))

    shown = [f"s={one(stride)}"] * any(number != 1 for number in stride)
    shown += [f"p={one(padding)}"] * any(number != 0 for number in padding)
    return ", ".join(shown)


_NAMES: Mapping[Any, str] = {
    op.softmax_along: "softmax",
    op.log_softmax: "log softmax",
    op.largest: "max",
    op.smallest: "min",
    op.trace: "tr",
    op.diagonal: "diag",
}

_RULES: Mapping[Any, Callable[[MatrixPrinter, Any], Piece]] = {
    op.matmul: MatrixPrinter.matmul,
    op.transpose: MatrixPrinter.transpose,
    op.outer: MatrixPrinter.outer,
    op.total: MatrixPrinter.total,
    op.mean: MatrixPrinter.mean,
    **dict.fromkeys(
        (op.var, op.std, op.prod, op.largest, op.smallest, op.logsumexp, op.softmax_along, op.log_softmax),
        MatrixPrinter.over_axes,
    ),
    op.norm: MatrixPrinter.norm,
    **dict.fromkeys((op.trace, op.det, op.diag, op.diagonal), MatrixPrinter.named),
    op.logdet: MatrixPrinter.logdet,
    op.inv: MatrixPrinter.inverse,
    op.eye: MatrixPrinter.eye,
    op.ones: MatrixPrinter.constant,
    op.zeros: MatrixPrinter.constant,
    op.spread: MatrixPrinter.spread,
    op.item: MatrixPrinter.item,
    op.placed: MatrixPrinter.placed,
    op.reshape: MatrixPrinter.reshape,
    op.concatenate: MatrixPrinter.concatenate,
    op.stack: MatrixPrinter.stack,
    op.conv1d: MatrixPrinter.convolution,
    op.conv2d: MatrixPrinter.convolution,
    op.conv_input: MatrixPrinter.adjoint,
    op.conv_kernel: MatrixPrinter.adjoint,
    op.extreme: MatrixPrinter.extreme,
    op.others: MatrixPrinter.others,
}


def printer_for(
    syntax: Syntax,
    conventions: Conventions,
    shapes: Shapes | None = None,
    values: Mapping[Basic, Any] | None = None,
) -> Printer:
    """The printer for scalars, or for matrices where shapes are known."""
    if shapes is None:
        return Printer(syntax, conventions, values)
    return MatrixPrinter(syntax, conventions, shapes, values)
