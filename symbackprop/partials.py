"""Local partials: the derivative of one node's expression by each of its parents, in the author's order.

The rules are those of the textbook: (u + v)' = u' + v', (uv)' = u'v + uv', (u^n)' = n u^{n-1} u',
(a^u)' = a^u log(a) u', f(u)' = f'(u) u', with f' as `functions.py` declares it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import cache
from typing import Any

from sympy import Add, Expr, Function, Mul, Pow, S, Symbol, Tuple, log
from sympy.core.function import ArgumentIndexError

from symbackprop import functions
from symbackprop.conventions import Conventions
from symbackprop.expressions import Form, Rewriter, add, call, is_constant, is_reciprocal, mul, neg, power
from symbackprop.language import parse_expression

Partials = dict[Symbol, Expr]


def local_partials(expression: Expr, conventions: Conventions) -> Partials:
    """∂e/∂x for every symbol x in the expression, in one walk over it.

    The time is linear in the size of a sum of products, however many terms it has.

    >>> x, w = map(Symbol, "xw")
    >>> local_partials(parse_expression("w*x + w"), Conventions())[w].args
    (x, 1)
    """
    match expression:
        case Symbol():
            return {expression: S.One}
        case Add():
            return _of_sum(expression, conventions)
        case Mul():
            return _of_product(expression, conventions)
        case Pow():
            return _of_power(expression, conventions)
        case _ if is_constant(expression):
            return {}
        case Function():
            return _of_call(expression, conventions)
    raise TypeError(f"no rule for the derivative of {type(expression).__name__}")


class PartialsByForm:
    """The local partials of many expressions: of each form one is differentiated, the others are it, renamed.

    The neurons of a layer have one form, whatever their number.

    Args:
        conventions: what decides at kinks.
    """

    def __init__(self, conventions: Conventions) -> None:
        self._conventions = conventions
        self._known: dict[tuple[Any, ...], _Pattern] = {}

    def __call__(self, expression: Expr, form: Form, by: Container[Symbol]) -> Partials:
        """∂e/∂x for every symbol x in the expression that is one of `by`; its form is given."""
        pattern = self._known.get(form.tokens)
        if pattern is None:
            pattern = _Pattern(form.symbols, local_partials(expression, self._conventions))
            self._known[form.tokens] = pattern
        return pattern.over(form.symbols, by)


class _Pattern:
    """Partials in which other symbols can take the places of their own."""

    def __init__(self, symbols: Sequence[Symbol], partials: Partials) -> None:
        place: dict[Expr, int] = {symbol: number for number, symbol in enumerate(symbols)}
        self._symbols = symbols
        self._slopes = [(place[symbol], slope, place.get(slope)) for symbol, slope in partials.items()]
        self._compound = any(slope.args for slope in partials.values())

    def over(self, symbols: Sequence[Symbol], by: Container[Symbol]) -> Partials:
        renamed = Rewriter(dict(zip(self._symbols, symbols, strict=True)) if self._compound else {})
        return {
            symbols[place]: renamed(slope) if named is None else symbols[named]
            for place, slope, named in self._slopes
            if symbols[place] in by
        }


def _merge(parts: list[Partials]) -> Partials:
    gathered: dict[Symbol, list[Expr]] = {}
    for part in parts:
        for symbol, slope in part.items():
            gathered.setdefault(symbol, []).append(slope)
    return {symbol: slopes[0] if len(slopes) == 1 else add(*slopes) for symbol, slopes in gathered.items()}


def _of_sum(expression: Expr, conventions: Conventions) -> Partials:
    return _merge([local_partials(term, conventions) for term in expression.args])


def _of_product(expression: Expr, conventions: Conventions) -> Partials:
    """The derivative takes the place of its factor, so the order of the product stays."""
    factors = expression.args
    parts = []
    for place, factor in enumerate(factors):
        before, after = factors[:place], factors[place + 1 :]
        inner = local_partials(factor, conventions)
        parts.append({symbol: _in_place(before, slope, after) for symbol, slope in inner.items()})
    return _merge(parts)


def _in_place(before: Sequence[Expr], slope: Expr, after: Sequence[Expr]) -> Expr:
    return mul(*before, *after) if slope is S.One else mul(*before, slope, *after)


def _of_power(expression: Expr, conventions: Conventions) -> Partials:
    base, exponent = expression.args
    parts = []
    if not is_constant(base):
        lower = power(base, exponent - 1 if is_constant(exponent) else add(exponent, -1))
        outer = (
            neg(power(base, -2))
            if is_reciprocal(expression) and exponent is S.NegativeOne
            else mul(exponent, lower)
        )
        parts.append(_chain(outer, base, conventions))
    if not is_constant(exponent):
        parts.append(_chain(mul(expression, call(log, base)), exponent, conventions))
    return _merge(parts)


def _chain(outer: Expr, inner: Expr, conventions: Conventions) -> Partials:
    return {symbol: mul(outer, slope) for symbol, slope in local_partials(inner, conventions).items()}


def _of_call(expression: Expr, conventions: Conventions) -> Partials:
    arguments = [
        one
        for argument in expression.args
        for one in (argument.args if isinstance(argument, Tuple) else [argument])
    ]
    parts = []
    for argument, slope in zip(arguments, declared_slopes(expression, conventions), strict=True):
        if isinstance(argument, Expr) and slope is not S.Zero:
            parts.append(_chain(slope, argument, conventions))
    return _merge(parts)


def declared_slopes(expression: Expr, conventions: Conventions) -> tuple[Expr, ...]:
    """The slopes that `functions.py` declares, at the arguments of this call; else SymPy's own."""
    entry = functions.BY_HEAD.get(expression.func)
    if entry is None:
        return _slopes_of_sympy(expression)
    if callable(entry.slopes):
        return entry.slopes(*expression.args)
    case = getattr(conventions, entry.convention) if entry.convention else None
    formulas = _slope_formulas(expression.func, case)
    rewrite = Rewriter(dict(zip(map(Symbol, entry.arguments), expression.args, strict=True)))
    return tuple(rewrite(formula) for formula in formulas)


def _slopes_of_sympy(expression: Expr) -> tuple[Expr, ...]:
    try:
        return tuple(expression.fdiff(place) for place in range(1, len(expression.args) + 1))
    except (ArgumentIndexError, AttributeError, IndexError):
        raise TypeError(f"no rule for the derivative of {type(expression).__name__}") from None


@cache
def _slope_formulas(head: type[Function], case: str | None) -> tuple[Expr, ...]:
    entry = functions.BY_HEAD[head]
    assert not callable(entry.slopes)
    texts = entry.slopes[case] if isinstance(entry.slopes, Mapping) and case else entry.slopes
    assert isinstance(texts, tuple)
    return tuple(parse_expression(text, constants=functions.CONSTANTS) for text in texts)
