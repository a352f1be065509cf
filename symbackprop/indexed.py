"""Expressions in indices: the entry of an array expression, by one rule an operation.

An array expression says what all entries are at once; here one entry is written with its indices, as
z_i = Σ_j w_ij x_j + b_i. Indices count from 1. An axis of length 1 has no index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count as counting
from typing import Any, NoReturn

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, S, Symbol, Tuple
from sympy.core.relational import Relational

from symbackprop import functions
from symbackprop.arrays import operations as op
from symbackprop.arrays.pullbacks import PullBack
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, Size, count
from symbackprop.derivation import Contribution, Delta, Derivation
from symbackprop.errors import OptionError
from symbackprop.expressions import Quotient, Rewriter, add, call, divide, is_reciprocal, mul, neg, power, rebuild

LETTERS = "ijklmpqrstuv"
"""The letters of indices in the order in which they are taken."""

BACKWARD = "klmpqrstuvij"
"""Likewise where a sum is over what a node is used by: ∂L/∂a_i = Σ_k …, and Σ_j stays for the forward pass."""


# ------------------------------------------------------------------------------------ what is written


class Index(Symbol):  # type: ignore[misc]
    """The letter of an index."""


class Entry(Expr):  # type: ignore[misc]
    """One entry of a named array: w_ij.

    Args:
        array: the array's symbol, or its inverse A⁻¹.
        indices: one for every axis that is longer than 1.
    """

    is_commutative = True

    def __new__(cls, array: Expr, *indices: Expr) -> Entry:  # noqa: D102
        instance: Entry = Basic.__new__(cls, array, *indices)
        return instance

    @property
    def array(self) -> Expr:
        """Which array."""
        return self.args[0]

    @property
    def indices(self) -> tuple[Expr, ...]:
        """Where in it."""
        return tuple(self.args[1:])


class Kronecker(Expr):  # type: ignore[misc]
    """δ_ij: 1 where i = j, else 0.

    Args:
        first: the index i.
        second: the index j.
    """

    is_commutative = True

    def __new__(cls, first: Expr, second: Expr) -> Kronecker:  # noqa: D102
        instance: Kronecker = Basic.__new__(cls, first, second)
        return instance


class Over(Expr):  # type: ignore[misc]
    """What takes an index from 1 to a size.

    Args:
        body: what is taken, with the index in it.
        index: the index k.
        size: the last k.
    """

    is_commutative = True

    def __new__(cls, body: Expr, index: Expr, size: Any) -> Over:  # noqa: D102
        instance: Over = Basic.__new__(cls, body, index, sympy.sympify(size))
        return instance

    @property
    def free_symbols(self) -> set[Basic]:
        """All symbols but the index."""
        body, index, size = self.args
        found: set[Basic] = (body.free_symbols - {index}) | size.free_symbols
        return found


class IndexSum(Over):
    """Σ_{k=1}^{n}."""


class IndexProduct(Over):
    """Π_{k=1}^{n}."""


class IndexLargest(Over):
    """max_{1≤k≤n}."""


class IndexSmallest(Over):
    """min_{1≤k≤n}."""


def kronecker(first: Expr, second: Expr) -> Expr:
    """δ_ij, carried out where the indices are equal or both numbers."""
    if first == second:
        return S.One
    if isinstance(first, Integer) and isinstance(second, Integer):
        return S.Zero
    return Kronecker(first, second)


def index_letters(taken: Iterable[str], order: str = LETTERS) -> Iterator[Index]:
    """Letters for indices that stand in none of the names that are taken: i, j, k, …, i_1, j_1, ….

    >>> letters = index_letters(["i", "W_k"])
    >>> next(letters), next(letters)
    (j, l)
    """
    names = set(taken)
    held = {part.lower() for name in names for part in re.findall(r"[^\W\d_]+", name)}
    free = [letter for letter in order if letter not in held]
    yield from map(Index, free)
    for number in counting(1):
        # Where every letter is taken, one with a number is still another index.
        numbered = (f"{letter}_{number}" for letter in free or order)
        yield from (Index(name) for name in numbered if name not in names)


def entry(
    expression: Expr,
    indices: Sequence[Expr],
    shapes: Shapes,
    *,
    letters: str = LETTERS,
    named: Mapping[Expr, Symbol] | None = None,
    taken: Iterable[Symbol] = (),
) -> Expr:
    """The entry of an array expression: (A B)_ij = Σ_k A_ik B_kj, and so for every operation.

    Args:
        expression: the array.
        indices: one for every axis, a letter or a number from 1; at an axis of length 1 it plays no part.
        shapes: of the symbols.
        letters: the order in which letters of sums are taken.
        named: expressions that have a name, whose entry is then written.
        taken: more symbols whose letters no index may have.

    Raises:
        OptionError: an operation that has no form in indices.

    >>> A, x = Symbol("A"), Symbol("x")
    >>> shapes = Shapes({A: (3, 4), x: (4,)})
    >>> entry(op.of(op.matmul, A, x), [Index("i")], shapes)
    IndexSum(Entry(A, i, j)*Entry(x, j), j, 4)
    """
    indexer = _Indexer(shapes, named=named)
    return _finished(indexer, expression, indices, letters, taken)


def written_entry(
    expression: Expr,
    indices: Sequence[Expr],
    shapes: Shapes,
    letters: str,
    taken: Iterable[Symbol],
    *,
    named: Mapping[Expr, Symbol] | None = None,
    leading: frozenset[Symbol] = frozenset(),
) -> Expr:
    """The entry of an expression of the backward pass: as `entry`, the upstream delta first in its products."""
    return _finished(_Indexer(shapes, named=named, leading=leading), expression, indices, letters, taken)


def _finished(
    indexer: _Indexer,
    expression: Expr,
    indices: Sequence[Expr],
    letters: str,
    taken: Iterable[Symbol],
    held: Sequence[Expr] = (),
) -> Expr:
    resolved, shape = indexer.shapes.resolved(expression)
    for index, size in zip(indices, shape, strict=True):
        if isinstance(index, Index):
            indexer.sizes[index] = size
    found = indexer.tidy(indexer.at(resolved, indices))
    symbols = {*taken, *(one for one in resolved.free_symbols if not isinstance(one, Index))}
    names = [symbol.name for symbol in symbols]
    scope = frozenset(one for index in (*indices, *held) for one in index.atoms(Index)) | found.free_symbols
    return _lettered(found, scope, lambda: index_letters(names, letters))


def _lettered(expression: Any, scope: frozenset[Any], letters: Callable[[], Iterator[Index]]) -> Any:
    """Letters for the indices of sums: the first that no index around has."""
    if isinstance(expression, Over):
        body, index, size = expression.args
        letter = next(one for one in letters() if one not in scope)
        inner = _lettered(replaced(body, {index: letter}), scope | {letter}, letters)
        return expression.func(inner, letter, size)
    return _with_arguments(expression, [_lettered(one, scope, letters) for one in expression.args])


def replaced(expression: Any, values: Mapping[Any, Any]) -> Any:
    """The expression with indices replaced, the order kept."""
    if expression in values:
        return values[expression]
    return _with_arguments(expression, [replaced(argument, values) for argument in expression.args])


def _with_arguments(expression: Any, arguments: Sequence[Any]) -> Any:
    if all(new is old for new, old in zip(arguments, expression.args, strict=True)):
        return expression
    if isinstance(expression, Kronecker):
        return kronecker(*arguments)
    if isinstance(expression, Entry | Over):
        return expression.func(*arguments)
    if isinstance(expression, Relational):
        return expression.func(*arguments, evaluate=False)
    return rebuild(expression, tuple(arguments))


# ---------------------------------------------------------------------------------------- the indexer


def _opened(expression: Expr) -> list[Expr]:
    """The factors one by one, also those of fractions."""
    if isinstance(expression, Mul):
        return [factor for argument in expression.args for factor in _opened(argument)]
    return [expression]


def _assembled(factors: Iterable[Expr]) -> Expr:
    """Factors as a product, or as one fraction."""
    every = list(factors)
    below = [power(one.base, -one.exp) for one in every if is_reciprocal(one)]
    above = mul(*(one for one in every if not is_reciprocal(one)))
    return divide(above, mul(*below)) if below else above


def _cancelled(factors: Iterable[Expr]) -> list[Expr]:
    """The factors without those that stand above and below: p_k y_k/p_k is y_k."""
    kept: list[Expr] = []
    for factor in factors:
        opposite = power(factor, -1)
        if opposite in kept:
            kept.remove(opposite)
        else:
            kept.append(factor)
    return kept


def _row_of(factors: Sequence[Expr]) -> Expr:
    """A product; x x is x²."""
    first, *rest = factors
    return power(first, len(factors)) if rest and all(one == first for one in rest) else mul(*factors)


def _shifted(index: Expr, by: Any) -> Expr:
    """The index k + s with its number last."""
    terms = [*index.args] if isinstance(index, Add) else [index]
    letters = [term for term in terms if not term.is_number]
    number = sum((term for term in terms if term.is_number), sympy.sympify(by))
    return add(*letters, number) if number.is_number else add(*letters, *Add.make_args(number))


def _strided(index: Expr, start: Any, step: Any) -> Expr:
    """The place in the whole, from 1, of the k-th entry of a slice: s + t (k - 1) + 1."""
    if step == 1:
        return _shifted(index, start)
    return add(mul(step, _shifted(index, -1)), start + 1)


def _has_kronecker(expression: Expr, index: Expr | None = None) -> bool:
    """Whether a Kronecker delta (with this index) stands among the terms of a sum."""
    return isinstance(expression, Add) and any(
        isinstance(factor, Kronecker) and (index is None or index in factor.args)
        for term in expression.args
        for factor in _opened(term)
    )


class _Indexer:
    """Writes entries; sums get indices that no other has, their letters are chosen in the end.

    Args:
        shapes: of the symbols.
        named: expressions that have a name.
        special: symbols that stand for no array, with their entries.
        leading: symbols that stand first in a product of entries: the upstream deltas.
    """

    def __init__(
        self,
        shapes: Shapes,
        *,
        named: Mapping[Expr, Symbol] | None = None,
        special: Mapping[Symbol, Callable[[Sequence[Expr]], Expr]] | None = None,
        leading: frozenset[Symbol] = frozenset(),
    ) -> None:
        self.shapes, self.named, self.special, self.leading = shapes, named or {}, special or {}, leading
        self.sizes: dict[Expr, Size] = {}

    # Entries.

    def at(self, expression: Any, indices: Sequence[Expr]) -> Any:
        """The entry of an array that broadcasts to axes with these indices."""
        shape = self.shapes[expression]
        own = indices[len(indices) - len(shape) :]
        return self._entry(expression, [S.One if n == 1 else i for i, n in zip(own, shape, strict=True)])

    def _entry(self, expression: Any, indices: Sequence[Expr]) -> Any:
        expression = self.named.get(expression, expression)
        if expression in self.special:
            return self.special[expression](indices)
        if isinstance(expression, Symbol):
            return self._of_name(expression, self.shapes[expression], indices)
        if self._is_scalar_throughout(expression):
            return expression
        rule = _RULES.get(expression.func)
        if rule is not None:
            return rule(self, expression, indices)
        if isinstance(expression, op.Operation) or any(isinstance(one, Tuple) for one in expression.args):
            _refuse(expression)
        arguments = [self.at(argument, indices) for argument in expression.args]
        if isinstance(expression, Mul):
            return _assembled(factor for argument in arguments for factor in _opened(argument))
        return _with_arguments(expression, arguments)

    def _of_name(self, array: Expr, shape: Shape, indices: Sequence[Expr]) -> Expr:
        kept = [index for index, size in zip(indices, shape, strict=True) if size != 1]
        return Entry(array, *kept) if kept else array

    def _is_scalar_throughout(self, expression: Basic) -> bool:
        symbols = expression.free_symbols
        plain = not symbols & self.special.keys() and all(not self.shapes[symbol] for symbol in symbols)
        return plain and not expression.atoms(op.Operation)

    # Sums, and what vanishes in them.

    def over(self, size: Size, body: Callable[[Expr], Expr], head: type[Over]) -> Expr:
        """Σ_k, Π_k, max_k of what `body` says for k; nothing is taken over one entry."""
        if size == 1:
            return body(S.One)
        index = Index(f"_{len(self.sizes)}")
        self.sizes[index] = size
        inner = body(index)
        return self._summed(inner, index) if head is IndexSum else head(inner, index, size)

    def sum(self, size: Size, body: Callable[[Expr], Expr]) -> Expr:
        """Σ_k, in its shortest form."""
        return self.over(size, body, IndexSum)

    def _summed(self, body: Expr, index: Expr) -> Expr:
        """Σ_k c = n c, Σ_k c x_k = c Σ_k x_k, Σ_k δ_ik x_k = x_i."""
        size = self.sizes[index]
        if body is S.Zero:
            return S.Zero
        if index not in body.free_symbols:
            return _assembled([sympy.sympify(size), *_opened(body)])
        if _has_kronecker(body, index):
            return add(*(self._summed(term, index) for term in body.args))
        factors = _opened(body)
        for place, factor in enumerate(factors):
            rest = [*factors[:place], *factors[place + 1 :]]
            if _has_kronecker(factor, index):
                return add(*(self._summed(_assembled([*rest, *_opened(t)]), index) for t in factor.args))
            if isinstance(factor, Kronecker) and (other := self._picked(factor, index)) is not None:
                return _assembled(replaced(one, {index: other}) for one in rest)
        inner = [factor for factor in factors if index in factor.free_symbols]
        outer = [factor for factor in factors if index not in factor.free_symbols]
        if self.leading:
            inner = _cancelled(inner)
        return _assembled([*outer, IndexSum(_assembled(inner), index, size)])

    def _picked(self, factor: Kronecker, index: Expr) -> Expr | None:
        """The index that δ picks out of a sum over the other, where that takes this value."""
        if index not in factor.args:
            return None
        first, second = factor.args
        other = second if first == index else first
        return other if self._takes(index, other) else None

    def _takes(self, index: Expr, value: Expr) -> bool:
        size = self.sizes.get(index)
        if isinstance(value, Integer):
            return value >= 1 and (not isinstance(size, int) or value <= size)
        return size is not None and self.sizes.get(value) == size

    # The last touches.

    def tidy(self, expression: Any) -> Any:
        """δ_ij x_j as δ_ij x_i, and p_i δ_ij - p_i p_j as p_i (δ_ij - p_j)."""
        if not expression.atoms(Kronecker):
            return expression
        renewed = _with_arguments(expression, [self.tidy(argument) for argument in expression.args])
        if isinstance(renewed, Mul):
            return self._tidy_product(_opened(renewed), renewed)
        return self._factored(renewed) if _has_kronecker(renewed) else renewed

    def _tidy_product(self, factors: list[Expr], whole: Expr) -> Expr:
        deltas = [factor for factor in factors if isinstance(factor, Kronecker)]
        rest = [factor for factor in factors if not isinstance(factor, Kronecker)]
        for place, factor in enumerate(rest):
            if _has_kronecker(factor):
                others = [*deltas, *rest[:place], *rest[place + 1 :]]
                terms = ([*others, *_opened(term)] for term in factor.args)
                return self._factored(add(*(self._tidy_product(term, _assembled(term)) for term in terms)))
        if not deltas:
            return whole
        for delta in deltas:
            rest = [replaced(factor, self._absorbed(delta)) for factor in rest]
        numbers = [factor for factor in rest if factor.is_number]
        return _assembled([*numbers, *deltas, *(factor for factor in rest if not factor.is_number)])

    def _absorbed(self, delta: Kronecker) -> Mapping[Expr, Expr]:
        """Which index may be written as which beside δ_ij: the second as the first, a letter as a number."""
        first, second = delta.args
        if isinstance(second, Integer):
            first, second = second, first
        return {second: first} if isinstance(second, Index) and self._takes(second, first) else {}

    def _factored(self, total: Expr) -> Expr:
        """Common factors in front of a sum."""
        if not isinstance(total, Add):
            return total
        terms = [_opened(term) for term in total.args]
        common = [one for one in terms[0] if not one.is_number and all(one in term for term in terms)]
        if not common:
            return total
        for term in terms:
            for factor in common:
                term.remove(factor)
        return _assembled([*common, add(*map(_assembled, terms))])

    # One rule for each operation.

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
                return _row_of(sorted((*done, last), key=self._is_behind))
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
        return _assembled([*_opened(self.total(expression, indices)), power(self._entries(expression), -1)])

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
            _refuse(expression)
        return expression

    def inverse(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """(A⁻¹)_ij of a named matrix."""
        if not isinstance(expression.args[0], Symbol):
            _refuse(expression)
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
            _strided(next(rest), one[0], one[2]) if isinstance(one, Tuple) else _shifted(one, 1)
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
            return self._placed(inner, rest, own, [*deltas, kronecker(index, _shifted(place, 1))])
        if place == Tuple(0, size, 1):
            return self._placed(inner, rest, [*own, index], deltas)
        start, _, step = place

        def body(k: Expr) -> Expr:
            picked = kronecker(index, _strided(k, start, step))
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
        place = _place_in_row(indices, shape)
        if sum(size != 1 for size in before) == 1:
            return self.at(inner, [place] * len(before))
        return self._unrolled(inner, place, [])

    def _unrolled(self, inner: Expr, place: Expr, own: list[Expr]) -> Expr:
        shape = self.shapes[inner]
        if len(own) == len(shape):
            return mul(kronecker(place, _place_in_row(own, shape)), self.at(inner, own))
        return self.sum(shape[len(own)], lambda k: self._unrolled(inner, place, [*own, k]))

    def concatenate(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """a_i up to the length of a, then b_{i-n}."""
        parts, axis = expression.args
        along = int(axis)
        index, stop = indices[along], S.Zero
        pieces: list[tuple[Expr, Expr]] = []
        for part in parts:
            own = [*indices[:along], _shifted(index, -stop), *indices[along + 1 :]]
            stop = stop + self.shapes[part][along]
            pieces.append((sympy.Le(index, stop, evaluate=False), self.at(part, own)))
        return _cases(pieces)

    def stack(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """a for the first index along the new axis, then b."""
        parts, axis = expression.args
        along = int(axis)
        rest = [*indices[:along], *indices[along + 1 :]]
        return _cases(
            [
                (sympy.Eq(indices[along], Integer(number), evaluate=False), self.at(part, rest))
                for number, part in enumerate(parts, 1)
            ]
        )

    def convolution(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Y_fi = Σ_c Σ_k X_{c,s(i-1)+k-p} W_fck."""
        x, w, stride, padding = expression.args
        dims, plain, lead, filters, moved = self._split(w, stride, indices)

        def body(channel: Sequence[Expr], kernel: Sequence[Expr]) -> Expr:
            places = _windows(moved, kernel, stride, padding)
            seen = self._padded(x, [*lead, *channel], places, padding)
            return mul(seen, self.at(w, [*filters, *channel, *kernel]))

        sizes = self.shapes[w][-dims:]
        channels = () if plain else self.shapes[w][1:2]
        return self._sums(channels, lambda c: self._sums(sizes, lambda k: body(c, k)))

    def conv_input(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """X_cm = Σ_f Σ_i Σ_k Y_fi W_fck δ_{m,s(i-1)+k-p}."""
        y, w, stride, padding, _ = expression.args
        dims, plain, lead, channel, moved = self._split(w, stride, indices)

        def body(filters: Sequence[Expr], out: Sequence[Expr], kernel: Sequence[Expr]) -> Expr:
            places = _windows(out, kernel, stride, padding)
            picked = [kronecker(m, place) for m, place in zip(moved, places, strict=True)]
            entries = self.at(y, [*lead, *filters, *out]), self.at(w, [*filters, *channel, *kernel])
            return mul(*entries, *picked)

        filters = () if plain else self.shapes[w][:1]
        outs, sizes = self.shapes[y][-dims:], self.shapes[w][-dims:]
        return self._sums(
            filters, lambda f: self._sums(outs, lambda i: self._sums(sizes, lambda k: body(f, i, k)))
        )

    def conv_kernel(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """W_fck = Σ_e Σ_i Y_efi X_{e,c,s(i-1)+k-p}, e over the examples of a batch."""
        y, x, stride, padding, _ = expression.args
        dims = len(stride)
        outer, kernel = indices[:-dims], indices[-dims:]

        def body(lead: Sequence[Expr], out: Sequence[Expr]) -> Expr:
            places = _windows(out, kernel, stride, padding)
            upstream = self.at(y, [*lead, *outer[:1], *out])
            return mul(upstream, self._padded(x, [*lead, *outer[1:]], places, padding))

        shape = self.shapes[y]
        lead = shape[: len(shape) - dims - 1] if outer else ()
        return self._sums(lead, lambda e: self._sums(shape[-dims:], lambda i: body(e, i)))

    def _split(self, w: Expr, stride: Tuple, indices: Sequence[Expr]) -> Any:
        """How many axes move, whether there are no channels; the indices of examples, channels, places."""
        dims = len(stride)
        plain = len(self.shapes[w]) == dims
        outer = indices[:-dims]
        middle = len(outer) if plain else len(outer) - 1
        return dims, plain, outer[:middle], outer[middle:], indices[-dims:]

    def _sums(
        self, sizes: Sequence[Size], body: Callable[[list[Expr]], Expr], own: Sequence[Expr] = ()
    ) -> Expr:
        """Σ over an index for each size."""
        if len(own) == len(sizes):
            return body([*own])
        return self.sum(sizes[len(own)], lambda k: self._sums(sizes, body, [*own, k]))

    def _padded(self, x: Expr, lead: Sequence[Expr], places: Sequence[Expr], padding: Tuple) -> Expr:
        """x at places that may lie in the padding, where it is 0: Σ_m δ_{m,place} x_m."""
        if all(one == 0 for one in padding):
            return self.at(x, [*lead, *places])
        sizes = self.shapes[x][-len(places) :]

        def body(own: Sequence[Expr]) -> Expr:
            picked = [Kronecker(m, place) for m, place in zip(own, places, strict=True)]
            return mul(*picked, self.at(x, [*lead, *own]))

        return self._sums(sizes, body)


_SPLIT = 2


def _windows(
    out: Sequence[Expr], kernel: Sequence[Expr], stride: Sequence[Any], padding: Sequence[Any]
) -> list[Expr]:
    """s(i-1) + k - p along every moved axis."""
    return [
        _shifted(add(_shifted(i, -1), k) if s == 1 else add(mul(s, _shifted(i, -1)), k), -p)
        for i, k, s, p in zip(out, kernel, stride, padding, strict=True)
    ]


def _place_in_row(indices: Sequence[Expr], shape: Shape) -> Expr:
    """Where an entry stands when all are written in one row: m(i-1) + j."""
    terms: list[Expr] = []
    for axis, (index, size) in enumerate(zip(indices, shape, strict=True)):
        behind = sympy.sympify(count(shape[axis + 1 :]))
        if size != 1:
            terms.append(index if behind == 1 else mul(behind, _shifted(index, -1)))
    return add(*terms) if terms else S.One


def _cases(pieces: Sequence[tuple[Any, Expr]]) -> Expr:
    """One of several, by a test on an index; a test on numbers is carried out."""
    *before, (_, result) = pieces
    for test, value in reversed(before):
        numbers = all(side.is_number for side in test.args)
        decided = test.func(*test.args) if numbers else None
        if decided is S.true:
            result = value
        elif decided is None:
            result = call(functions.where, test, value, result)
    return result


def _refuse(expression: Expr) -> NoReturn:
    name = expression.func.__name__
    raise OptionError(
        f"{name} of an expression has no form in indices",
        where=in_code(expression),
        known="det, logdet and inv are written in indices for a named matrix",
        fix="give the matrix a line of its own, as M = A @ B; or take the matrix notation",
    )


Rule = Callable[[_Indexer, Any, Sequence[Expr]], Expr]

_RULES: Mapping[Any, Rule] = {
    op.matmul: _Indexer.matmul,
    op.transpose: _Indexer.transpose,
    op.total: _Indexer.total,
    op.mean: _Indexer.mean,
    op.var: _Indexer.var,
    op.std: _Indexer.std,
    op.norm: _Indexer.norm,
    op.prod: _Indexer.prod,
    op.others: _Indexer.others,
    op.largest: _Indexer.largest,
    op.smallest: _Indexer.largest,
    op.extreme: _Indexer.extreme,
    op.logsumexp: _Indexer.logsumexp,
    op.softmax_along: _Indexer.softmax,
    op.log_softmax: _Indexer.log_softmax,
    op.trace: _Indexer.trace,
    op.det: _Indexer.determinant,
    op.logdet: _Indexer.determinant,
    op.inv: _Indexer.inverse,
    op.outer: _Indexer.outer,
    op.diag: _Indexer.diag,
    op.diagonal: _Indexer.diagonal,
    op.eye: _Indexer.eye,
    op.ones: _Indexer.ones,
    op.zeros: _Indexer.zeros,
    op.spread: _Indexer.spread,
    op.item: _Indexer.item,
    op.placed: _Indexer.placed,
    op.reshape: _Indexer.reshape,
    op.concatenate: _Indexer.concatenate,
    op.stack: _Indexer.stack,
    op.conv1d: _Indexer.convolution,
    op.conv2d: _Indexer.convolution,
    op.conv_input: _Indexer.conv_input,
    op.conv_kernel: _Indexer.conv_kernel,
}
"""The rules; what is not here is element-wise."""


# ------------------------------------------------------------------------------------- the derivation


@dataclass(frozen=True)
class Equality:
    """One line: a left side and what it equals.

    Attributes:
        left: an entry, or a derivative by one.
        sides: what it equals, from the chain to the shortest form, each once.
        condition: under which the last side holds: this is 1.
    """

    left: Expr
    sides: tuple[Expr, ...]
    condition: Expr | None = None

    @property
    def value(self) -> Expr:
        """The shortest form."""
        return self.sides[-1]


@dataclass(frozen=True)
class IndexedDerivative:
    """A delta or a gradient in indices.

    Attributes:
        line: δ_i = ∂L/∂z_i = Σ_k ∂L/∂a_k ∂a_k/∂z_i = …; of a gradient ∂L/∂w_ij = ….
        chain: with every factor named.
        expression: with the local partials put in: δ_i x_j.
        locals: the local partials of the chain, by consumer: ∂z_k/∂w_ij = δ_ki x_j.
    """

    line: Equality
    chain: Expr
    expression: Expr
    locals: Mapping[str, Equality]


@dataclass(frozen=True, eq=False)
class IndexedDerivation:
    """A derivation of arrays with every line written for one entry.

    Attributes:
        derivation: the derivation.
        nodes: z_i = Σ_j w_ij x_j + b_i, by the node's name.
        deltas: by the node's name, from the output backwards.
        gradients: by what was differentiated by.
        capitals: arrays whose entries keep the capital letter, for its small one is another's.
    """

    derivation: Derivation
    nodes: Mapping[str, Equality]
    deltas: Mapping[str, IndexedDerivative]
    gradients: Mapping[str, IndexedDerivative]
    capitals: frozenset[Symbol] = field(default=frozenset())


def indexed_derivation(derivation: Derivation) -> IndexedDerivation:
    """Every line of a derivation of arrays, written for one entry.

    Args:
        derivation: of arrays.

    Raises:
        OptionError: it is one of scalars, or an operation has no form in indices.
    """
    writer = IndexedWriter(derivation)
    graph = derivation.graph
    nodes = {node.name: writer.node(node.symbol) for node in graph.inner}
    deltas = {name: writer.delta(delta) for name, delta in derivation.deltas.items() if not delta.is_output}
    gradients = {name: writer.gradient(symbol) for name, symbol in ((s.name, s) for s in derivation.wrt)}
    return IndexedDerivation(derivation, nodes, deltas, gradients, clashing(writer.symbols))


def clashing(symbols: Iterable[Symbol]) -> frozenset[Symbol]:
    """The symbols that differ from another only by capital and small letters: W and w."""
    looks: dict[str, list[Symbol]] = {}
    for symbol in symbols:
        looks.setdefault(symbol.name.lower(), []).append(symbol)
    return frozenset(symbol for alike in looks.values() if len(alike) > 1 for symbol in alike)


class IndexedWriter:
    """Writes the lines of one derivation.

    Args:
        derivation: of arrays.

    Raises:
        OptionError: the derivation is one of scalars.
    """

    def __init__(self, derivation: Derivation) -> None:
        if not derivation.is_array:
            raise OptionError(
                "every value of this program is a number, and a number has no indices",
                fix="take the component notation; or give the shapes of the arrays",
            )
        self.derivation, self.graph = derivation, derivation.graph
        self.shapes = derivation.graph.shapes()
        self.deltas = frozenset(node.delta for node in self.graph.nodes if node.delta is not None)
        by_value = derivation.conventions.slopes == "value"
        inner = reversed(self.graph.inner)
        self._named: dict[Expr, Symbol] = {
            node.expression: node.symbol
            for node in inner
            if by_value and node.expression is not None and node.expression.args
        }

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols of the program."""
        nodes = (node.symbol for node in self.graph.nodes)
        return (*nodes, *sorted(self.deltas, key=str), *sorted(self.shapes.sizes, key=str))

    def indices(self, symbol: Symbol, held: Sequence[Expr] = (), order: str = LETTERS) -> tuple[Expr, ...]:
        """Letters for the axes of an array, none of them among those held."""
        letters = (one for one in index_letters([s.name for s in self.symbols], order) if one not in held)
        return tuple(S.One if size == 1 else next(letters) for size in self.shapes[symbol])

    def at(self, symbol: Symbol, indices: Sequence[Expr]) -> Expr:
        """The entry of a named array; of a scalar its name."""
        return entry(symbol, indices, self.shapes)

    def node(self, symbol: Symbol) -> Equality:
        """z_i = Σ_j w_ij x_j + b_i."""
        own = self.indices(symbol)
        expression = self.graph[symbol].expression
        assert expression is not None
        return Equality(self.at(symbol, own), (entry(expression, own, self.shapes, taken=self.symbols),))

    def delta(self, delta: Delta) -> IndexedDerivative:
        """δ_i = ∂L/∂z_i = Σ_k ∂L/∂a_k ∂a_k/∂z_i = …, in the sign and factor of the convention."""
        own = self.indices(delta.node)
        quotient = mul(delta.sign, self._quotient(delta.node, own))
        left = self.at(delta.symbol, own) if delta.symbol is not None else quotient
        return self._derivative(delta, own, left, (quotient,), delta.sign)

    def gradient(self, symbol: Symbol) -> IndexedDerivative:
        """∂L/∂w_ij = Σ_k ∂L/∂z_k ∂z_k/∂w_ij = δ_i x_j."""
        delta = self.derivation.gradients[symbol.name].delta
        own = self.indices(symbol)
        return self._derivative(delta, own, self._quotient(symbol, own), (), S.One)

    def _derivative(
        self, delta: Delta, own: Sequence[Expr], left: Expr, before: tuple[Expr, ...], scale: Expr
    ) -> IndexedDerivative:
        chain = mul(scale, self.chain(delta, own))
        to_scale = divide(scale, delta.sign)
        forms = [delta.factors]
        if delta.collapse is not None:
            forms += [delta.collapse.general, delta.collapse.final]
        written = [mul(to_scale, self.write(form, own)) for form in forms]
        sides = tuple(side for side in dict.fromkeys((*before, chain, *written)) if side != left)
        total = delta.collapse.total if delta.collapse is not None else None
        condition = None if total is None else self._condition(total, own)
        local = {one.consumer.name: self.local(one.consumer, delta.node, own) for one in delta.contributions}
        return IndexedDerivative(Equality(left, sides or (left,), condition), chain, written[0], local)

    def _condition(self, total: Expr, own: Sequence[Expr]) -> Expr:
        axes = len(self.shapes[total])
        return self.write(total, own[len(own) - axes :])

    def write(self, expression: Expr, own: Sequence[Expr], letters: str = BACKWARD) -> Expr:
        """The entry of an expression of the backward pass; the upstream delta stands first."""
        return written_entry(
            expression, own, self.shapes, letters, self.symbols, named=self._named, leading=self.deltas
        )

    def _quotient(self, symbol: Symbol, own: Sequence[Expr]) -> Quotient:
        return Quotient(self.derivation.output, self.at(symbol, own))

    def chain(self, delta: Delta, own: Sequence[Expr]) -> Expr:
        """Σ_k ∂L/∂z_k ∂z_k/∂w_ij, a sum for each consumer."""
        if delta.is_output:
            return S.One
        return add(*(self._link(one, delta.node, own) for one in delta.contributions))

    def _link(self, share: Contribution, symbol: Symbol, own: Sequence[Expr]) -> Expr:
        theirs = self.indices(share.consumer, own, BACKWARD)
        local = self._local_quotient(share.consumer, symbol, theirs, own)
        if share.consumer == self.derivation.output:
            return local
        product: Expr = mul(self._quotient(share.consumer, theirs), local)
        for index, size in reversed([*zip(theirs, self.shapes[share.consumer], strict=True)]):
            product = IndexSum(product, index, size) if size != 1 else product
        return product

    def _local_quotient(
        self, consumer: Symbol, symbol: Symbol, theirs: Sequence[Expr], own: Sequence[Expr]
    ) -> Quotient:
        held = self.derivation.local_symbol(consumer, symbol).held
        return Quotient(self.at(consumer, theirs), self.at(symbol, own), *held)

    def local(self, consumer: Symbol, symbol: Symbol, own: Sequence[Expr] | None = None) -> Equality:
        """∂z_k/∂w_ij = δ_ki x_j, by the pull-back of a unit array.

        Args:
            consumer: what is differentiated.
            symbol: by what.
            own: the indices of `symbol`, for the letters of a chain; None: the consumer has the first letters,
                ∂p_i/∂z_j, unless it has fewer axes.
        """
        first = own is None and len(self.shapes[symbol]) <= len(self.shapes[consumer])
        theirs = self.indices(consumer) if first else ()
        mine = own if own is not None else self.indices(symbol, theirs)
        theirs = theirs if first else self.indices(consumer, mine, BACKWARD)
        unit = Symbol("_unit")
        shapes = self.graph.shapes()
        shapes.learn(unit, shapes[consumer])
        node = self.graph[consumer]
        assert node.expression is not None
        pulled = PullBack(shapes, self.derivation.conventions)(node.expression, unit).get(symbol, S.Zero)
        special = {unit: lambda at: mul(*(kronecker(one, two) for one, two in zip(theirs, at, strict=True)))}
        named = Rewriter(self._named)
        indexer = _Indexer(shapes, named=self._named, special=special)
        sizes = zip(theirs, shapes[consumer], strict=True)
        indexer.sizes |= {index: size for index, size in sizes if size != 1}
        value = _finished(indexer, named(pulled), mine, BACKWARD, self.symbols, theirs)
        return Equality(self._local_quotient(consumer, symbol, theirs, mine), (value,))
