"""Terms in indices: w_ij, δ_ij, Σ_k, and how their products are built.

Indices count from 1. An axis of length 1 has no index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count as counting
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, S, Symbol
from sympy.core.relational import Relational

from symbackprop import functions
from symbackprop.arrays.sizes import Shape, count
from symbackprop.expressions import (
    add,
    call,
    divide,
    is_reciprocal,
    mul,
    power,
    rebuild,
)

LETTERS = "ijklmpqrstuv"
"""The letters of indices in the order in which they are taken."""

BACKWARD = "klmpqrstuvij"
"""Likewise where a sum is over what uses a node: ∂L/∂a_i = Σ_k …, and Σ_j stays for the forward pass."""


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


def lettered(expression: Any, scope: frozenset[Any], letters: Callable[[], Iterator[Index]]) -> Any:
    """Letters for the indices of sums: the first that no index around has."""
    if isinstance(expression, Over):
        body, index, size = expression.args
        letter = next(one for one in letters() if one not in scope)
        inner = lettered(replaced(body, {index: letter}), scope | {letter}, letters)
        return expression.func(inner, letter, size)
    return with_arguments(expression, [lettered(one, scope, letters) for one in expression.args])


def replaced(expression: Any, values: Mapping[Any, Any]) -> Any:
    """The expression with indices replaced, the order kept."""
    if expression in values:
        return values[expression]
    return with_arguments(expression, [replaced(argument, values) for argument in expression.args])


def with_arguments(expression: Any, arguments: Sequence[Any]) -> Any:
    """The same head over other arguments."""
    if all(new is old for new, old in zip(arguments, expression.args, strict=True)):
        return expression
    if isinstance(expression, Kronecker):
        return kronecker(*arguments)
    if isinstance(expression, Entry | Over):
        return expression.func(*arguments)
    if isinstance(expression, Relational):
        return expression.func(*arguments, evaluate=False)
    return rebuild(expression, tuple(arguments))


def opened(expression: Expr) -> list[Expr]:
    """The factors one by one, also those of fractions."""
    if isinstance(expression, Mul):
        return [factor for argument in expression.args for factor in opened(argument)]
    return [expression]


def assembled(factors: Iterable[Expr]) -> Expr:
    """Factors as a product, or as one fraction."""
    every = list(factors)
    below = [power(one.base, -one.exp) for one in every if is_reciprocal(one)]
    above = mul(*(one for one in every if not is_reciprocal(one)))
    return divide(above, mul(*below)) if below else above


def cancelled(factors: Iterable[Expr]) -> list[Expr]:
    """The factors without those that stand above and below: p_k y_k/p_k is y_k."""
    kept: list[Expr] = []
    for factor in factors:
        opposite = power(factor, -1)
        if opposite in kept:
            kept.remove(opposite)
        else:
            kept.append(factor)
    return kept


def row_of(factors: Sequence[Expr]) -> Expr:
    """A product; x x is x²."""
    first, *rest = factors
    return power(first, len(factors)) if rest and all(one == first for one in rest) else mul(*factors)


def shifted(index: Expr, by: Any) -> Expr:
    """The index k + s with its number last."""
    terms = [*index.args] if isinstance(index, Add) else [index]
    letters = [term for term in terms if not term.is_number]
    number = sum((term for term in terms if term.is_number), sympy.sympify(by))
    return add(*letters, number) if number.is_number else add(*letters, *Add.make_args(number))


def strided(index: Expr, start: Any, step: Any) -> Expr:
    """The place in the whole, from 1, of the k-th entry of a slice: s + t (k - 1) + 1."""
    if step == 1:
        return shifted(index, start)
    return add(mul(step, shifted(index, -1)), start + 1)


def has_kronecker(expression: Expr, index: Expr | None = None) -> bool:
    """Whether a Kronecker delta (with this index) stands among the terms of a sum."""
    return isinstance(expression, Add) and any(
        isinstance(factor, Kronecker) and (index is None or index in factor.args)
        for term in expression.args
        for factor in opened(term)
    )


def place_in_row(indices: Sequence[Expr], shape: Shape) -> Expr:
    """Where an entry stands when all are written in one row: m(i-1) + j."""
    terms: list[Expr] = []
    for axis, (index, size) in enumerate(zip(indices, shape, strict=True)):
        behind = sympy.sympify(count(shape[axis + 1 :]))
        if size != 1:
            terms.append(index if behind == 1 else mul(behind, shifted(index, -1)))
    return add(*terms) if terms else S.One


def cases(pieces: Sequence[tuple[Any, Expr]]) -> Expr:
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
