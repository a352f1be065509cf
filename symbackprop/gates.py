"""Splits equations into elementary gates: every operation a node of its own, as a lecture draws them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, count

from sympy import Add, Basic, Expr, Mul, Pow, S, Symbol, Tuple

from symbackprop import operations as op
from symbackprop.expressions import (
    add,
    divide,
    is_constant,
    is_reciprocal,
    mul,
    neg,
    negative_part,
    plain_product,
    plain_sum,
    power,
    rebuild,
    symbols_in,
)

Named = tuple[Symbol, Expr]


def split(equations: Sequence[Named], given: Iterable[str] = ()) -> list[Named]:
    """The same equations with at most one operation each.

    New nodes are named u_1, u_2, … (or by the next letter that no name uses); a sum or product of many
    is taken two at a time from the left; an operation written twice is one gate.

    Args:
        equations: names with their expressions.
        given: other names that the new ones must not take.

    >>> x, y, z, f = map(Symbol, "xyzf")
    >>> [str(name) for name, _ in split([(f, mul(add(x, y), z))])]
    ['u_1', 'f']
    """
    taken = {symbol.name for name, expression in equations for symbol in (name, *symbols_in(expression))}
    taken |= set(given)
    letters = chain("uqgnmkt", (f"gate{number}" for number in count(1)))
    letter = next(one for one in letters if not any(name.startswith(one) for name in taken))
    splitter = _Splitter(letter)
    for name, expression in equations:
        splitter.define(name, expression)
    return splitter.gates


class _Splitter:
    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.gates: list[Named] = []
        self._known: dict[Expr, Symbol] = {}
        self._count = 0

    def define(self, name: Symbol, expression: Expr) -> None:
        """Add the gates of one equation; the last of them bears its name."""
        gate = self._gate(expression)
        self.gates.append((name, gate))
        self._known.setdefault(gate, name)

    def _atom(self, expression: Basic) -> Basic:
        """The expression as a symbol or a number, its gates added before."""
        if isinstance(expression, Symbol) or not isinstance(expression, Expr) or is_constant(expression):
            return expression
        gate = self._gate(expression)
        if gate not in self._known:
            self._count += 1
            self._known[gate] = Symbol(f"{self.letter}_{self._count}")
            self.gates.append((self._known[gate], gate))
        return self._known[gate]

    def _gate(self, expression: Expr) -> Expr:
        """The outermost operation of the expression, over atoms."""
        if isinstance(expression, Symbol) or is_constant(expression):
            return expression
        match expression:
            case Add():
                return self._sum(expression)
            case Mul():
                return self._product(expression)
            case Pow() if expression.exp is S.NegativeOne:
                return divide(1, self._atom(expression.base))
            case Pow():
                return power(self._atom(expression.base), self._atom(expression.exp))
        # Shapes and axes are no values; a list of arrays is one.
        listed = not isinstance(expression, op.Operation) or isinstance(expression, op.concatenate | op.stack)
        return rebuild(expression, tuple(self._inside(argument, listed) for argument in expression.args))

    def _inside(self, argument: Basic, listed: bool) -> Basic:
        if isinstance(argument, Expr):
            return self._atom(argument)
        if isinstance(argument, Tuple) and not listed:
            return argument
        return rebuild(argument, tuple(self._inside(part, listed) for part in argument.args))

    def _sum(self, expression: Expr) -> Expr:
        *before, last = expression.args
        first = self._atom(plain_sum(before))
        minus, size = negative_part(last)
        return add(first, neg(self._atom(size)) if minus else self._atom(size))

    def _product(self, expression: Expr) -> Expr:
        minus, size = negative_part(expression)
        if minus:
            return neg(self._atom(size))
        *before, last = expression.args
        first = self._atom(plain_product(before))
        if is_reciprocal(last):
            return divide(first, self._atom(power(last.base, -last.exp)))
        return mul(first, self._atom(last))
