"""Expressions that are linear in one symbol, as matrices: p ∘ v - p (pᵀ v) is (diag(p) - p pᵀ) v."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NoReturn

from sympy import Add, Basic, Expr, Mul, S, Symbol, Tuple

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.algebra import Algebra
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, Size, show_shape
from symbackprop.errors import LinearityError
from symbackprop.expressions import add, is_reciprocal, negative_part, rebuild


@dataclass(frozen=True)
class Affine:
    """expression = matrix · v + rest.

    Attributes:
        matrix: of a vector expression (m,) and a vector v (k,) the matrix (m, k); where one of them is a
            scalar, the vector of the row's or the column's entries; where both are, the factor.
        rest: what does not depend on v, of the expression's shape, or 0.
    """

    matrix: Expr
    rest: Expr


def affine(expression: Expr, symbol: Symbol, shapes: Shapes) -> Affine:
    """M and c with expression = M v + c.

    Args:
        expression: a scalar or a vector; or a matrix M V + C, where the symbol is a matrix V.
        symbol: v.
        shapes: the shapes of all symbols, v's included.

    Raises:
        LinearityError: the expression is not affine in the symbol, or M is no matrix.
    """
    maps = LinearMaps(shapes)
    normal = maps.algebra.normal(shapes.resolved(expression)[0])
    return _Splitter(maps, symbol).split(normal)


def matrix_of(expression: Expr, symbol: Symbol, shapes: Shapes) -> Expr:
    """The matrix M with expression = M v; the arguments are those of `affine`.

    Raises:
        LinearityError: the expression is not linear in the symbol, or M is no matrix.

    >>> p, v = Symbol("p"), Symbol("v")
    >>> shapes = Shapes({p: (3,), v: (3,)})
    >>> matrix_of(p*v - p*op.of(op.matmul, p, v), v, shapes)
    diag(p) - outer(p, p)
    """
    found = affine(expression, symbol, shapes)
    if found.rest is not S.Zero:
        raise LinearityError(
            f"{in_code(expression)} is not linear in {symbol.name}: at {symbol.name} = 0 it is not 0",
            known=f"there it is {in_code(found.rest)}",
            fix="take affine(…), which gives the matrix and the rest",
        )
    if found.matrix is S.Zero:
        return Algebra(shapes).spread(S.Zero, (*shapes[expression], *shapes[symbol][:1]))
    return found.matrix


class LinearMaps:
    """Products and diagonals of matrices in the form in which a textbook leaves them.

    Args:
        shapes: the shapes of the symbols.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.shapes, self.algebra = shapes, Algebra(shapes)

    def identity(self, size: Size) -> Expr:
        """I."""
        return self.algebra.of(op.eye, (size,))

    def ones(self, size: Size) -> Expr:
        """The vector of ones."""
        return self.algebra.of(op.ones, (size,))

    def diag(self, vector: Expr) -> Expr:
        """diag(x), scalars in front; diag(1) = I."""
        scalars, rest = self.algebra.apart(vector)
        if isinstance(rest, op.ones):
            return self.algebra.product(*scalars, self.identity(self.shapes[rest][0]))
        return self.algebra.product(*scalars, self.algebra.of(op.diag, rest))

    def transpose(self, matrix: Expr) -> Expr:
        """Aᵀ."""
        return self.algebra.normal(self.algebra.transpose(matrix))

    def scale(self, factor: Expr, matrix: Expr) -> Expr:
        """A scalar times a matrix, term by term."""
        return matrix if matrix is S.Zero else self.algebra.scaled(factor, matrix)

    def sum(self, matrices: Iterable[Expr]) -> Expr:
        """A + B - C, like terms counted, what is subtracted last."""
        found = self.algebra.sum(matrices)
        terms = sorted(Add.make_args(found), key=lambda term: negative_part(term)[0])
        return add(*terms)

    def times(self, a: Expr, b: Expr) -> Expr:
        """A B of matrices and vectors: diagonals joined, I dropped, a vector always on the right."""
        if S.Zero in (a, b):
            return S.Zero
        (scalars, left), (more, right) = self.algebra.apart(a), self.algebra.apart(b)
        if scalars or more:
            return self.scale(self.algebra.product(*scalars, *more), self.times(left, right))
        if isinstance(left, op.eye) or isinstance(right, op.eye):
            return right if isinstance(left, op.eye) else left
        if len(self.shapes[left]) == 1 and len(self.shapes[right]) == 2:
            return self.times(self.transpose(right), left)
        special = self._special(left, right)
        return self.algebra.matmul(left, right) if special is None else special

    def _special(self, left: Expr, right: Expr) -> Expr | None:
        match left, right:
            case op.transpose(), op.ones() if len(self.shapes[right]) == 1:
                return self.algebra.total(left.args[0], (0,))
            case op.diag(), _:
                return self._scaled_rows(left.args[0], right)
            case op.outer(), _ if len(self.shapes[right]) == 1:
                return self.algebra.product(self.times(left.args[1], right), left.args[0])
            case op.outer(), op.diag():
                return self.algebra.outer(left.args[0], self.algebra.product(left.args[1], right.args[0]))
            case op.outer(), _:
                return self.algebra.outer(left.args[0], self.times(self.transpose(right), left.args[1]))
            case _, op.outer():
                return self.algebra.outer(self.times(left, right.args[0]), right.args[1])
            case op.matmul(), _ if isinstance(left.args[-1], op.diag) or isinstance(right, op.ones):
                first, last = self._last_apart(left)
                return self.times(first, self.times(last, right))
            case Add(), op.diag() if all(map(self._is_simple, left.args)):
                return self.algebra.sum(self.times(term, right) for term in left.args)
        return None

    def _last_apart(self, product: Expr) -> tuple[Expr, Expr]:
        """A and B of a matrix product A B, B its last factor."""
        *first, last = product.args
        return first[0] if len(first) == 1 else self.algebra.of(op.matmul, *first), last

    def _scaled_rows(self, scale: Expr, right: Expr) -> Expr | None:
        """diag(s) B where the product has a simpler name."""
        match right:
            case _ if len(self.shapes[right]) == 1:
                return self.algebra.product(scale, right)
            case op.diag():
                return self.diag(self.algebra.product(scale, right.args[0]))
            case op.outer():
                return self.algebra.outer(self.algebra.product(scale, right.args[0]), right.args[1])
            case op.matmul() if isinstance(right.args[0], op.diag):
                joined = self.diag(self.algebra.product(scale, right.args[0].args[0]))
                return self.algebra.of(op.matmul, joined, *right.args[1:])
            case Add() if all(map(self._is_simple, right.args)):
                return self.algebra.sum(
                    self.times(self.algebra.of(op.diag, scale), term) for term in right.args
                )
        return None

    def _is_simple(self, term: Expr) -> bool:
        """Whether a diagonal times it is as short as it."""
        return isinstance(self.algebra.apart(term)[1], op.diag | op.eye | op.outer)

    def compose(self, a: Expr, between: Shape, b: Expr) -> Expr:
        """The map a after the map b; `between` is the shape of what b gives and a takes.

        Rows and columns are vectors of their entries, as in `Affine`.
        """
        if S.Zero in (a, b):
            return S.Zero
        if between:
            return self.times(a, b)
        if len(self.shapes[a]) == 1 and len(self.shapes[b]) == 1:
            return self.algebra.outer(a, b)
        return self.algebra.product(a, b)


class _Splitter:
    """Splits expressions into M v + c, one rule an operation."""

    def __init__(self, maps: LinearMaps, symbol: Symbol) -> None:
        self.maps, self.symbol = maps, symbol
        self.shapes, self.algebra = maps.shapes, maps.algebra
        self.shape = self.shapes[symbol]

    def split(self, expression: Expr) -> Affine:
        """M and c of an expression in normal form."""
        if not self._has(expression):
            return Affine(S.Zero, S.Zero if isinstance(expression, op.zeros) else expression)
        if expression == self.symbol:
            return Affine(self.maps.identity(self.shape[0]) if self.shape else S.One, S.Zero)
        rule = _RULES.get(expression.func)
        if rule is None:
            (self._refuse_form if expression.func in _LINEAR_OPERATIONS else self._refuse_linear)(expression)
        return rule(self, expression)

    def _has(self, expression: Basic) -> bool:
        return self.symbol in expression.free_symbols

    def _refuse_linear(self, expression: Expr) -> NoReturn:
        raise LinearityError(
            f"{in_code(expression)} is not linear in {self.symbol.name}",
            where=in_code(expression),
            known=f"{self.symbol.name} may be added, multiplied by what does not depend on it, and summed",
            fix="where a derivative is meant, derive first: a gradient of a quadratic is linear",
        )

    def _refuse_form(self, expression: Expr) -> NoReturn:
        raise LinearityError(
            f"no rule writes {in_code(expression)} as a matrix times {self.symbol.name}",
            where=in_code(expression),
            known=f"its shape is {show_shape(self.shapes[expression])}, "
            f"that of {self.symbol.name} is {show_shape(self.shape)}",
            fix="write it with vectors, one equation a step, or take the pull-back as it stands",
        )

    def _product(self, *factors: Expr) -> Expr:
        return S.Zero if S.Zero in factors else self.algebra.product(*factors)

    def _widened(self, matrix: Expr, expression: Expr, whole: Expr) -> Expr:
        """The map of a scalar term within a vector: the same row, repeated."""
        own, shape = self.shapes[expression], self.shapes[whole]
        if own == shape or matrix is S.Zero:
            return matrix
        if own or len(shape) != 1 or len(self.shape) > 1:
            self._refuse_form(whole)
        return self.maps.compose(self.maps.ones(shape[0]), (), matrix)

    # One rule for each operation.

    def sum(self, expression: Expr) -> Affine:
        """(M v + c) + (N v + d) = (M + N) v + (c + d)."""
        parts = [(term, self.split(term)) for term in expression.args]
        matrices = [self._widened(part.matrix, term, expression) for term, part in parts]
        rest = self.algebra.sum(part.rest for _, part in parts)
        if rest is not S.Zero:
            rest = self.algebra.spread(rest, self.shapes[expression])
        return Affine(self.maps.sum(one for one in matrices if one is not S.Zero), rest)

    def product(self, expression: Expr) -> Affine:
        """a ∘ (M v + c) = diag(a) M v + a ∘ c."""
        inner = [factor for factor in expression.args if self._has(factor)]
        if len(inner) != 1 or is_reciprocal(inner[0]):
            self._refuse_linear(expression)
        others = [factor for factor in expression.args if factor is not inner[0]]
        scalars = [factor for factor in others if not self.shapes[factor]]
        arrays = [factor for factor in others if self.shapes[factor]]
        part = self.split(inner[0])
        matrix = self._scaled(part.matrix, inner[0], arrays, expression)
        return Affine(self.maps.scale(self._product(*scalars), matrix), self._product(*others, part.rest))

    def _scaled(self, matrix: Expr, inner: Expr, arrays: Sequence[Expr], whole: Expr) -> Expr:
        if not arrays or matrix is S.Zero:
            return matrix
        weight = self.algebra.product(*arrays)
        if not self.shapes[inner] and len(self.shapes[weight]) == 1 and len(self.shape) < 2:
            return self.maps.compose(weight, (), matrix)
        shape = self.shapes[whole]
        if len(self.shape) > 1 or len(shape) != 1 or self.shapes[inner] != shape:
            self._refuse_form(whole)
        weight = self.algebra.spread(weight, shape)
        if not self.shape:
            return self.algebra.product(weight, matrix)
        return self.maps.times(self.maps.diag(weight), matrix)

    def matmul(self, expression: Expr) -> Affine:
        """A (M v + c) = (A M) v + A c; a vector on the left is one on the right of the transpose."""
        places = [place for place, factor in enumerate(expression.args) if self._has(factor)]
        if len(places) > 1:
            self._refuse_linear(expression)
        (place,) = places
        before, inner, after = expression.args[:place], expression.args[place], expression.args[place + 1 :]
        if len(self.shapes[inner]) == 1:
            return self._of_vector(before or after, inner, left=not before)
        if after or len(self.shape) < 2:
            return self.split(self._opened(expression, before, inner, after))
        return self._of_vector(before, inner, left=False)

    def _of_vector(self, factors: Sequence[Expr], inner: Expr, *, left: bool) -> Affine:
        """A times a vector, uᵀ times one, or (on the left) a vector times A."""
        part, other = self.split(inner), reduce(self.maps.times, factors)
        acting = self.maps.transpose(other) if left and len(self.shapes[other]) == 2 else other
        return Affine(self.maps.times(acting, part.matrix), self.maps.times(acting, part.rest))

    def _opened(self, whole: Expr, before: Sequence[Expr], inner: Expr, after: Sequence[Expr]) -> Expr:
        """A product with a matrix that depends on v, as one with a vector that does."""

        def around(middle: Expr) -> Expr:
            result = middle
            for factor in after:
                result = self.maps.times(result, factor)
            for factor in reversed(before):
                result = self.maps.times(factor, result)
            return result

        found = self._opened_once(around, inner)
        if found is None or found == whole:
            self._refuse_form(whole)
        return found

    def _opened_once(self, around: Callable[[Expr], Expr], inner: Expr) -> Expr | None:
        if isinstance(inner, Add):
            return add(*map(around, inner.args))
        return around(inner) if isinstance(inner, op.diag | op.outer) else None

    def total(self, expression: Expr) -> Affine:
        """Σ (M v + c) = (Mᵀ 1)ᵀ v + Σ c."""
        inner, axes, keep = expression.args
        shape = self.shapes[inner]
        if len(shape) != 1 or keep != 0 or len(self.shape) > 1:
            self._refuse_form(expression)
        part = self.split(inner)
        matrix = part.matrix
        if matrix is not S.Zero:
            matrix = self.maps.times(self.maps.transpose(matrix), self.maps.ones(shape[0]))
        return Affine(matrix, self.algebra.total(part.rest, map(int, axes)))

    def item(self, expression: Expr) -> Affine:
        """(M v + c)[i] has the rows M[i]."""
        inner, where = expression.args
        return self._at_rows(
            expression, inner, lambda one, rest: self.algebra.of(op.item, one, Tuple(*where, *rest))
        )

    def placed(self, expression: Expr) -> Affine:
        """Zeros with M v + c in some places have the rows of M in these places."""
        inner, where, shape = expression.args

        def placed(one: Expr, rest: Sequence[Any]) -> Expr:
            return self.algebra.of(op.placed, one, (*where, *rest), (*shape, *(self.shape if rest else ())))

        return self._at_rows(expression, inner, placed)

    def _at_rows(self, whole: Expr, inner: Expr, chosen: Callable[[Expr, Sequence[Any]], Expr]) -> Affine:
        if max(len(self.shape), len(self.shapes[inner]), len(self.shapes[whole])) > 1:
            self._refuse_form(whole)
        part = self.split(inner)
        columns = [Tuple(0, self.shape[0], 1)] if self.shape else []

        def rows(one: Expr, rest: Sequence[Any]) -> Expr:
            scalars, array = self.algebra.apart(one)
            return S.Zero if one is S.Zero else self.maps.scale(self._product(*scalars), chosen(array, rest))

        return Affine(rows(part.matrix, columns), rows(part.rest, ()))

    def concatenate(self, expression: Expr) -> Affine:
        """Vectors one after the other: their matrices one below the other."""
        parts, axis = expression.args
        if len(self.shapes[expression]) != 1 or len(self.shape) > 1:
            self._refuse_form(expression)
        found = [(self.shapes[part], self.split(part)) for part in parts]
        stacked = [self.algebra.spread(one.matrix, (*shape, *self.shape)) for shape, one in found]
        rests = [self.algebra.spread(one.rest, shape) for shape, one in found]
        none = all(one.rest is S.Zero for _, one in found)
        together = self.algebra.of(op.concatenate, Tuple(*rests), axis)
        return Affine(self.algebra.of(op.concatenate, Tuple(*stacked), axis), S.Zero if none else together)

    def spread(self, expression: Expr) -> Affine:
        """A scalar repeated: its row repeated."""
        inner = expression.args[0]
        part = self.split(inner)
        rest = part.rest if part.rest is S.Zero else rebuild(expression, (part.rest, *expression.args[1:]))
        return Affine(self._widened(part.matrix, inner, expression), rest)


_RULES: Mapping[type[Basic], Callable[[_Splitter, Expr], Affine]] = {
    Add: _Splitter.sum,
    Mul: _Splitter.product,
    op.matmul: _Splitter.matmul,
    op.total: _Splitter.total,
    op.item: _Splitter.item,
    op.placed: _Splitter.placed,
    op.concatenate: _Splitter.concatenate,
    op.spread: _Splitter.spread,
}

_LINEAR_OPERATIONS = frozenset(
    {op.transpose, op.reshape, op.outer, op.diag, op.diagonal, op.trace, op.stack, op.mean, op.conv_input}
    | {op.conv_kernel, op.conv1d, op.conv2d, functions.where}
)
"""What may be linear in the symbol all the same: no rule here makes a matrix of it."""
