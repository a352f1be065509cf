"""Writes entries: sums get indices that no other has, a Kronecker delta takes its sum away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, S, Symbol, Tuple

from symbackprop import operations as op
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, Size
from symbackprop.errors import OptionError
from symbackprop.expressions import (
    add,
)
from symbackprop.indexed.terms import (
    Entry,
    Index,
    IndexSum,
    Kronecker,
    Over,
    assembled,
    cancelled,
    has_kronecker,
    opened,
    replaced,
    with_arguments,
)


class Indexer:
    """Writes entries; sums get indices that no other has, their letters are chosen in the end.

    Args:
        shapes: of the symbols.
        named: expressions that have a name.
        special: symbols that stand for no array, with their entries.
        leading: symbols that stand first in a product of entries: the upstream deltas.

    Attributes:
        rules: the entry of every operation; what is not there is element-wise.
    """

    rules: ClassVar[Mapping[Any, Callable[[Any, Any, Sequence[Expr]], Expr]]] = {}

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
        rule = self.rules.get(expression.func)
        if rule is not None:
            return rule(self, expression, indices)
        if isinstance(expression, op.Operation) or any(isinstance(one, Tuple) for one in expression.args):
            refuse(expression)
        arguments = [self.at(argument, indices) for argument in expression.args]
        if isinstance(expression, Mul):
            return assembled(factor for argument in arguments for factor in opened(argument))
        return with_arguments(expression, arguments)

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
            return assembled([sympy.sympify(size), *opened(body)])
        if has_kronecker(body, index):
            return add(*(self._summed(term, index) for term in body.args))
        factors = opened(body)
        for place, factor in enumerate(factors):
            rest = [*factors[:place], *factors[place + 1 :]]
            if has_kronecker(factor, index):
                return add(*(self._summed(assembled([*rest, *opened(t)]), index) for t in factor.args))
            if isinstance(factor, Kronecker) and (other := self._picked(factor, index)) is not None:
                return assembled(replaced(one, {index: other}) for one in rest)
        inner = [factor for factor in factors if index in factor.free_symbols]
        outer = [factor for factor in factors if index not in factor.free_symbols]
        if self.leading:
            inner = cancelled(inner)
        return assembled([*outer, IndexSum(assembled(inner), index, size)])

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
        renewed = with_arguments(expression, [self.tidy(argument) for argument in expression.args])
        if isinstance(renewed, Mul):
            return self._tidy_product(opened(renewed), renewed)
        return self._factored(renewed) if has_kronecker(renewed) else renewed

    def _tidy_product(self, factors: list[Expr], whole: Expr) -> Expr:
        deltas = [factor for factor in factors if isinstance(factor, Kronecker)]
        rest = [factor for factor in factors if not isinstance(factor, Kronecker)]
        for place, factor in enumerate(rest):
            if has_kronecker(factor):
                others = [*deltas, *rest[:place], *rest[place + 1 :]]
                terms = ([*others, *opened(term)] for term in factor.args)
                return self._factored(add(*(self._tidy_product(term, assembled(term)) for term in terms)))
        if not deltas:
            return whole
        for delta in deltas:
            rest = [replaced(factor, self._absorbed(delta)) for factor in rest]
        numbers = [factor for factor in rest if factor.is_number]
        return assembled([*numbers, *deltas, *(factor for factor in rest if not factor.is_number)])

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
        terms = [opened(term) for term in total.args]
        common = [one for one in terms[0] if not one.is_number and all(one in term for term in terms)]
        if not common:
            return total
        for term in terms:
            for factor in common:
                term.remove(factor)
        return assembled([*common, add(*map(assembled, terms))])


def refuse(expression: Expr) -> NoReturn:
    """Tell that an operation has no form in indices."""
    name = expression.func.__name__
    raise OptionError(
        f"{name} of an expression has no form in indices",
        where=in_code(expression),
        known="det, logdet and inv are written in indices for a named matrix",
        fix="give the matrix a line of its own, as M = A @ B; or take the matrix notation",
    )
