"""The same values without overflow and without digits that cancel: log(1 - σ(z)) is -softplus(z).

A formula with a pole where an activation saturates cannot be computed as it is written: at z = 40 a double
says σ(z) = 1. Nodes are looked through: in a = σ(z), L = -log(1 - a) the loss is softplus(z).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import sympy
from sympy import Add, Basic, Expr, Function, Integer, Mul, Ne, S, Symbol, Tuple

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.expressions import call, is_reciprocal, mul, neg, power, rebuild
from symbackprop.lowering.program import Line


class log_softmax(Function):  # type: ignore[misc]  # noqa: N801  (named as it is printed in code)
    """log(e^{z_k} / Σ_j e^{z_j}) of numbers: its arguments are k and the tuple of all z."""


class logsumexp(Function):  # type: ignore[misc]  # noqa: N801
    """log Σ_k e^{z_k} of numbers: its argument is the tuple of all z."""


def stable(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines with what would overflow or cancel written another way, equal in exact arithmetic."""
    every = tuple(lines)
    saturating = {line.symbol: line.expression for line in every if isinstance(line.expression, _SATURATING)}
    rewrite = _Stable(saturating, _with_poles(every, saturating))
    return tuple(replace(line, expression=rewrite(line.expression)) for line in every)


_SYMBOLS = frozenset({Symbol})


def is_product_of_names(expression: Basic) -> bool:
    """Whether it is δ x, as most lines of a large network are."""
    return type(expression) is Mul and _SYMBOLS.issuperset(map(type, expression.args))


def is_polynomial(expression: Basic) -> bool:
    """Whether there are only sums and products of names and numbers, and no 1 - a among them.

    Most lines of a large network are such: δ x. Nothing in them overflows or cancels of itself.
    """
    pending = [expression]
    while pending:
        part = pending.pop()
        kind = type(part)
        if kind is Mul:
            pending += part.args
        elif kind is Add:
            if any(one is S.One for one in part.args):
                return False
            pending += part.args
        elif part.args:
            return False
    return True


_SATURATING = (functions.sigmoid, functions.softmax, op.softmax_along)


def _with_poles(lines: Iterable[Line], definitions: Mapping[Symbol, Expr]) -> set[Expr]:
    """The arguments z of those σ(z) for which 1 - σ(z) stands within a logarithm or a denominator."""
    found = set()
    for line in lines:
        for inside in _poles(line.expression):
            for part in _parts(inside):
                argument = _complement(part, definitions)
                if argument is not None:
                    found.add(argument)
    return found


def _poles(expression: Basic) -> Iterator[Basic]:
    """What stands within logarithms and denominators."""
    if isinstance(expression, sympy.log) or is_reciprocal(expression):
        yield expression.args[0]
    else:
        for argument in expression.args:
            yield from _poles(argument)


def _parts(expression: Basic) -> Iterator[Basic]:
    yield expression
    for argument in expression.args:
        yield from _parts(argument)


def _complement(expression: Basic, definitions: Mapping[Symbol, Expr]) -> Expr | None:
    """The z of 1 - σ(z)."""
    if not isinstance(expression, Add) or len(expression.args) != 2 or S.One not in expression.args:
        return None
    one, other = expression.args
    negated = neg(other if one is S.One else one)
    inner = definitions.get(negated, negated)
    return inner.args[0] if isinstance(inner, functions.sigmoid) else None


class _Stable:
    """Rewrites expressions, each part once.

    Args:
        definitions: the nodes that saturate.
        poles: the z for which 1 - σ(z) is computed as σ(-z).
    """

    def __init__(self, definitions: Mapping[Symbol, Expr], poles: set[Expr]) -> None:
        self.definitions, self.poles = definitions, poles
        self.memory: dict[Basic, Basic] = {}

    def __call__(self, expression: Basic) -> Basic:
        if not expression.args:
            return expression
        found = self.memory.get(expression)
        if found is None:
            found = self.memory[expression] = self._rewritten(expression)
        return found

    def _rewritten(self, expression: Basic) -> Basic:
        if isinstance(expression, sympy.log):
            found = self._logarithm(expression.args[0])
            if found is not None:
                return found
        argument = _complement(expression, self.definitions) if self.poles else None
        if argument is not None and argument in self.poles:
            return call(functions.sigmoid, neg(argument))
        if isinstance(expression, Mul):
            shorter = self._shortened(expression)
            if shorter is not None:
                return self(shorter)
        arguments = tuple(map(self, expression.args))
        same = all(new is old for new, old in zip(arguments, expression.args, strict=True))
        rebuilt = expression if same else rebuild(expression, arguments)
        return self._guarded(expression, rebuilt) if isinstance(expression, Mul) else rebuilt

    def _guarded(self, product: Mul, rewritten: Expr) -> Expr:
        """y/p as 0 where y is 0: a probability p that is too small for a double would make it 0/0."""
        if not any(is_reciprocal(one) and self._saturates(one.base) for one in product.args):
            return rewritten
        above = mul(*(one for one in product.args if not is_reciprocal(one) and one.free_symbols))
        if above is S.One:
            return rewritten
        return call(functions.where, Ne(self(above), S.Zero, evaluate=False), rewritten, S.Zero)

    def _saturates(self, value: Basic) -> bool:
        return value in self.definitions or _complement(value, self.definitions) is not None

    def _shortened(self, product: Mul) -> Expr | None:
        """The product without a 1 - σ(z) that stands above and below; e^{z_k}/Σ_j e^{z_j} as a softmax."""
        for below in filter(is_reciprocal, product.args):
            rest = [one for one in product.args if one is not below]
            for place, above in enumerate(rest):
                others = [*rest[:place], *rest[place + 1 :]]
                if above == below.base and _complement(above, self.definitions) is not None:
                    return mul(*others, power(below.base, below.exp + 1))
                share = _share(above, below.base) if below.exp is S.NegativeOne else None
                if share is not None:
                    return mul(*others[:place], share, *others[place:])
        return None

    def _logarithm(self, inside: Basic) -> Expr | None:
        """The log of what saturates, of 1 + e^z, of Σ e^z."""
        inner = self.definitions.get(inside, inside)
        match inner:
            case functions.sigmoid():
                return neg(call(functions.softplus, neg(self(inner.args[0]))))
            case functions.softmax():
                return call(log_softmax, *inner.args)
            case op.softmax_along():
                return op.of(op.log_softmax, self(inner.args[0]), inner.args[1])
            case Add():
                return self._logarithm_of_sum(inner)
        return None

    def _logarithm_of_sum(self, inside: Add) -> Expr | None:
        argument = _complement(inside, self.definitions)
        if argument is not None:
            return neg(call(functions.softplus, argument))
        exponents = _exponents(inside)
        if exponents is None:
            return None
        if len(exponents) == 2 and S.Zero in exponents:
            return call(functions.softplus, self(next(one for one in exponents if one is not S.Zero)))
        return call(logsumexp, Tuple(*map(self, exponents)))


def _exponents(total: Basic) -> list[Expr] | None:
    """The z of Σ e^z, 0 for a term 1; None where it is no such sum."""
    if not isinstance(total, Add):
        return None
    found = [S.Zero if one is S.One else one.args[0] for one in total.args if _is_exponential(one)]
    return found if len(found) == len(total.args) and any(found) else None


def _is_exponential(term: Basic) -> bool:
    return term is S.One or isinstance(term, sympy.exp)


def _share(above: Basic, below: Basic) -> Expr | None:
    """e^{z_k}/Σ_j e^{z_j}: a softmax, or a sigmoid where the sum is 1 + e^z."""
    exponents = _exponents(below)
    if exponents is None or not isinstance(above, sympy.exp) or above.args[0] not in exponents:
        return None
    own = above.args[0]
    if len(exponents) == 2 and S.Zero in exponents:
        return call(functions.sigmoid, own)
    return call(functions.softmax, Integer(exponents.index(own) + 1), Tuple(*exponents))
