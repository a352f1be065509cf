"""The entry of every operation: (A B)_ij = Σ_k A_ik B_kj."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy import Expr, Integer, S, Symbol, Tuple

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.sizes import count
from symbackprop.expressions import (
    add,
    call,
    divide,
    mul,
    neg,
    power,
)
from symbackprop.indexed.indexer import Indexer, refuse
from symbackprop.indexed.terms import (
    IndexLargest,
    IndexProduct,
    IndexSmallest,
    IndexSum,
    Over,
    assembled,
    cases,
    kronecker,
    opened,
    place_in_row,
    row_of,
    shifted,
    strided,
)

_SPLIT = 2
"""How `extreme` says that ties are split."""


class EntryRules(Indexer):
    """A rule for each operation but the convolutions."""

    def matmul(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """(A B)_ij = Σ_k A_ik B_kj; (A x)_i = Σ_j A_ij x_j; xᵀ y = Σ_i x_i y_i."""
        factors = expression.args
        after = 1 if len(self.shapes[factors[-1]]) > 1 else 0
        before = 1 if len(self.shapes[factors[0]]) > 1 else 0
        split = len(indices) - after
        lead, row, column = indices[: split - before], indices[split - before : split], indices[split:]

        def along(place: int, left: Sequence[Expr], done: tuple[Expr, ...]) -> Expr:
            if place == len(factors) - 1:
                last = self.at(factors[place], [*lead, *left, *column])
                return row_of(sorted((*done, last), key=self._is_behind))
            size = self.shapes[factors[place]][-1]
            return self.sum(
                size, lambda k: along(place + 1, [k], (*done, self.at(factors[place], [*lead, *left, k])))
            )

        return along(0, row, ())

    def _is_behind(self, factor: Expr) -> bool:
        return not factor.free_symbols & self.leading

    def transpose(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """(Aᵀ)_ij = A_ji."""
        inner, order = expression.args
        own = {int(axis): index for axis, index in zip(order, indices, strict=True)}
        return self.at(inner, [own[axis] for axis in range(len(own))])

    def reduced(self, expression: Expr, indices: Sequence[Expr], head: type[Over], of: Any = None) -> Expr:
        """Over the axes of a reduction, what `of` makes of each entry."""
        inner, axes, keep = expression.args[:3]
        chosen = [int(axis) for axis in axes]
        shape = self.shapes[inner]
        rest = iter(i for axis, i in enumerate(indices) if axis not in chosen) if keep != 0 else iter(indices)
        own = [S.Zero if axis in chosen else next(rest) for axis in range(len(shape))]
        return self._over_axes(inner, own, chosen, head, of or (lambda one: one))

    def _over_axes(
        self, inner: Expr, own: list[Expr], axes: Sequence[int], head: type[Over], of: Callable[[Expr], Expr]
    ) -> Expr:
        if not axes:
            return of(self.at(inner, own))
        first, *others = axes

        def body(index: Expr) -> Expr:
            return self._over_axes(inner, [*own[:first], index, *own[first + 1 :]], others, head, of)

        return self.over(self.shapes[inner][first], body, head)

    def total(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Σ_k x_k."""
        return self.reduced(expression, indices, IndexSum)

    def mean(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """(1/n) Σ_k x_k."""
        return assembled([*opened(self.total(expression, indices)), power(self._entries(expression), -1)])

    def _entries(self, expression: Expr) -> Expr:
        """How many entries a reduction takes."""
        shape = self.shapes[expression.args[0]]
        return sympy.sympify(count(shape[int(axis)] for axis in expression.args[1]))

    def var(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Σ_k (x_k - x̄)²/(n - ddof) with x̄ = (1/n) Σ_m x_m."""
        inner, axes, keep, freedom = expression.args
        centre = self.mean(op.of(op.mean, inner, axes, keep), indices)
        squares = self.reduced(expression, indices, IndexSum, lambda x: power(add(x, neg(centre)), 2))
        return divide(squares, add(self._entries(expression), neg(freedom)))

    def std(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """√var."""
        return call(functions.sqrt, self.var(expression, indices))

    def norm(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """√(Σ_k x_k²)."""
        squares = self.reduced(expression, indices, IndexSum, lambda x: power(x, 2))
        return call(functions.sqrt, squares)

    def prod(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Π_k x_k."""
        return self.reduced(expression, indices, IndexProduct)

    def others(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Π_k x_k^{1 - δ_ik}: the product of all but the i-th."""
        inner, axes = expression.args
        return self._without(inner, [int(axis) for axis in axes], indices, list(indices))

    def _without(self, inner: Expr, axes: list[int], indices: Sequence[Expr], own: list[Expr]) -> Expr:
        if not axes:
            equal = [kronecker(one, two) for one, two in zip(indices, own, strict=True)]
            return power(self.at(inner, own), add(1, neg(mul(*equal))))
        axis, *rest = axes
        size = self.shapes[inner][axis]
        return self.over(
            size,
            lambda k: self._without(inner, rest, indices, [*own[:axis], k, *own[axis + 1 :]]),
            IndexProduct,
        )

    def largest(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """max_k x_k, min_k x_k."""
        head = IndexLargest if isinstance(expression, op.largest) else IndexSmallest
        return self.reduced(expression, indices, head)

    def extreme(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """[x_i = max_k x_k], shared where several tie and the convention says so."""
        inner, axes, sign, ties = expression.args
        head = op.largest if sign == 1 else op.smallest
        best = self.largest(op.of(head, inner, axes, 1), indices)

        def indicator(x: Expr) -> Expr:
            return call(functions.indicator, sympy.Eq(x, best, evaluate=False))

        own = indicator(self.at(inner, indices))
        if ties != _SPLIT:
            return own
        return divide(own, self.reduced(op.of(op.total, inner, axes, 1), indices, IndexSum, indicator))

    def logsumexp(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """log Σ_k e^{z_k}."""
        return call(sympy.log, self.reduced(expression, indices, IndexSum, lambda z: call(sympy.exp, z)))

    def softmax(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """e^{z_i} / Σ_k e^{z_k}."""
        inner, axis = expression.args
        over = op.of(op.total, inner, (axis,), 1)
        below = self.reduced(over, indices, IndexSum, lambda z: call(sympy.exp, z))
        return divide(call(sympy.exp, self.at(inner, indices)), below)

    def log_softmax(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """z_i - log Σ_k e^{z_k}."""
        inner, axis = expression.args
        return add(self.at(inner, indices), neg(self.logsumexp(op.of(op.total, inner, (axis,), 1), indices)))

    def trace(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Σ_k A_kk."""
        (inner,) = expression.args
        return self.sum(self.shapes[inner][0], lambda k: self.at(inner, [k, k]))

    def determinant(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """det A of a named matrix is a number, and stays."""
        if not isinstance(expression.args[0], Symbol):
            refuse(expression)
        return expression

    def inverse(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """(A⁻¹)_ij of a named matrix."""
        if not isinstance(expression.args[0], Symbol):
            refuse(expression)
        return self._of_name(expression, self.shapes[expression], indices)

    def outer(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """(x yᵀ)_ij = x_i y_j."""
        return mul(*(self.at(x, [index]) for x, index in zip(expression.args, indices, strict=True)))

    def diag(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """diag(x)_ij = δ_ij x_i."""
        return mul(kronecker(*indices), self.at(expression.args[0], indices[:1]))

    def diagonal(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """A_ii."""
        return self.at(expression.args[0], [*indices, *indices])

    def eye(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """I_ij = δ_ij."""
        return kronecker(*indices)

    def ones(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """1."""
        return S.One

    def zeros(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """0."""
        return S.Zero

    def spread(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """What is repeated along an axis does not depend on its index."""
        return self.at(expression.args[0], indices)

    def item(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """x[s:] has the entries x_{i+s}, x[s] is x_{s+1}."""
        inner, where = expression.args
        rest = iter(indices)
        own = [
            strided(next(rest), one[0], one[2]) if isinstance(one, Tuple) else shifted(one, 1)
            for one in where
        ]
        return self.at(inner, own)

    def placed(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Zeros with g in some places: δ_{i,s+1} g, Σ_k δ_{i,k+s} g_k."""
        inner, where, shape = expression.args
        return self._placed(inner, list(zip(indices, where, shape, strict=True)), [], [])

    def _placed(
        self, inner: Expr, places: list[tuple[Expr, Any, Expr]], own: list[Expr], deltas: list[Expr]
    ) -> Expr:
        if not places:
            return mul(*deltas, self.at(inner, own))
        (index, place, size), *rest = places
        if not isinstance(place, Tuple):
            return self._placed(inner, rest, own, [*deltas, kronecker(index, shifted(place, 1))])
        if place == Tuple(0, size, 1):
            return self._placed(inner, rest, [*own, index], deltas)
        start, _, step = place

        def body(k: Expr) -> Expr:
            picked = kronecker(index, strided(k, start, step))
            return self._placed(inner, rest, [*own, k], [*deltas, picked])

        return self.sum(self.shapes[inner][len(own)], body)

    def reshape(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Axes of length 1 come and go; else the place in the row of all entries is the same.

        A vector as a matrix with m columns has the entries x_{m(i-1)+j}, a matrix as a vector
        Σ_j Σ_k δ_{i,m(j-1)+k} A_jk.
        """
        inner, shape = expression.args[0], self.shapes[expression]
        before = self.shapes[inner]
        long = [index for index, size in zip(indices, shape, strict=True) if size != 1]
        if [size for size in before if size != 1] == [size for size in shape if size != 1]:
            rest = iter(long)
            return self.at(inner, [S.One if size == 1 else next(rest) for size in before])
        place = place_in_row(indices, shape)
        if sum(size != 1 for size in before) == 1:
            return self.at(inner, [place] * len(before))
        return self._unrolled(inner, place, [])

    def _unrolled(self, inner: Expr, place: Expr, own: list[Expr]) -> Expr:
        shape = self.shapes[inner]
        if len(own) == len(shape):
            return mul(kronecker(place, place_in_row(own, shape)), self.at(inner, own))
        return self.sum(shape[len(own)], lambda k: self._unrolled(inner, place, [*own, k]))

    def concatenate(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """a_i up to the length of a, then b_{i-n}."""
        parts, axis = expression.args
        along = int(axis)
        index, stop = indices[along], S.Zero
        pieces: list[tuple[Expr, Expr]] = []
        for part in parts:
            own = [*indices[:along], shifted(index, -stop), *indices[along + 1 :]]
            stop = stop + self.shapes[part][along]
            pieces.append((sympy.Le(index, stop, evaluate=False), self.at(part, own)))
        return cases(pieces)

    def stack(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """a for the first index along the new axis, then b."""
        parts, axis = expression.args
        along = int(axis)
        rest = [*indices[:along], *indices[along + 1 :]]
        return cases(
            [
                (sympy.Eq(indices[along], Integer(number), evaluate=False), self.at(part, rest))
                for number, part in enumerate(parts, 1)
            ]
        )
