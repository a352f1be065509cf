"""What lines have in common gets lines of its own: the exponentials of a softmax, parts of a long sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce

import sympy
from sympy import Add, Basic, Dummy, Expr, Function, Mul, Symbol, Tuple

from symbackprop import functions
from symbackprop.expressions import add, call, divide, neg, rebuild
from symbackprop.lowering.program import Kind, Line
from symbackprop.lowering.stable import is_product_of_names, log_softmax, logsumexp

LONG = 200
"""Sums and products of more terms are computed in several lines: compilers recurse into long ones."""


def shared(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines with auxiliary ones between them; what a line is called and equals stays as it was.

    Softmax and its kin of n numbers are written with n exponentials in all, the largest number taken off
    first: e^{z_k - m} / Σ_j e^{z_j - m}.
    """
    return tuple(_Sharing().lines(lines))


def _is_product(expression: Expr) -> bool:
    """Whether it is a product of a few names, as most lines of a large network are."""
    if len(expression.args) > LONG:
        return False
    return is_product_of_names(expression) or not any(one.args for one in expression.args)


def _is_of_names(expression: Basic) -> bool:
    return not expression.args or is_product_of_names(expression)


class _Sharing:
    """The auxiliary lines made so far."""

    def __init__(self) -> None:
        self.raised: dict[Tuple, tuple[Symbol, list[Symbol], Symbol]] = {}
        self.pending: list[Line] = []

    def lines(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            if _is_product(line.expression):
                yield line
                continue
            expression = self._rewritten(line.expression)
            yield from self.pending
            self.pending.clear()
            yield line if expression is line.expression else replace(line, expression=expression)

    def _named(self, expression: Expr, name: str) -> Symbol:
        symbol = Dummy(name)
        self.pending.append(Line(Kind.AUXILIARY, symbol.name, symbol, expression, "", written=False))
        return symbol

    def _rewritten(self, expression: Basic) -> Basic:
        if not expression.args:
            return expression
        match expression:
            case functions.softmax(args=(index, inputs)):
                _, raised, total = self._exponentials(inputs)
                return divide(raised[int(index) - 1], total)
            case log_softmax(args=(index, inputs)):
                own = self._inputs(inputs)[int(index) - 1]
                return add(own, neg(self._logarithm(inputs)))
            case logsumexp(args=(inputs,)):
                return self._logarithm(inputs)
        if _is_product(expression) and not isinstance(expression, Function):
            return expression
        arguments = expression.args
        if not all(map(_is_of_names, arguments)):
            arguments = tuple(map(self._rewritten, arguments))
        same = all(new is old for new, old in zip(arguments, expression.args, strict=True))
        if isinstance(expression, Add | Mul) and len(arguments) > LONG:
            return self._in_parts(expression, arguments)
        return expression if same else rebuild(expression, arguments)

    def _in_parts(self, expression: Basic, arguments: tuple[Basic, ...]) -> Expr:
        """((a + b) + c) + d, in the order in which it would be computed anyway."""
        so_far: Expr = rebuild(expression, arguments[:LONG])
        for start in range(LONG, len(arguments), LONG):
            part = (self._named(so_far, "part"), *arguments[start : start + LONG])
            so_far = expression.func(*part, evaluate=False)
        return so_far

    def _inputs(self, inputs: Tuple) -> list[Expr]:
        return [self._rewritten(one) for one in inputs]

    def _logarithm(self, inputs: Tuple) -> Expr:
        """log Σ e^{z_k} = m + log Σ e^{z_k - m}."""
        largest, _, total = self._exponentials(inputs)
        return add(largest, call(sympy.log, total))

    def _exponentials(self, inputs: Tuple) -> tuple[Symbol, list[Symbol], Symbol]:
        """m = max z_k, every e^{z_k - m}, and their sum."""
        if inputs not in self.raised:
            own = self._inputs(inputs)
            largest = self._named(reduce(lambda one, two: call(functions.maximum, one, two), own), "largest")
            shifted = [add(one, neg(largest)) for one in own]
            raised = [self._named(call(sympy.exp, one), f"raised_{k}") for k, one in enumerate(shifted, 1)]
            self.raised[inputs] = largest, raised, self._named(add(*raised), "total")
        return self.raised[inputs]
