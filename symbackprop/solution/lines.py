"""Lines of a solution: `symbols = substituted numbers = value`."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Symbol

from symbackprop import operations as op
from symbackprop.content import Digits, Environment, Math, Source, Substituted, Value
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.expressions import AtStep, Quotient, add, is_constant, mul, neg, symbols_in
from symbackprop.graph import Role
from symbackprop.notation.numbers import number_format, scientific
from symbackprop.numeric.compiled import Evaluation
from symbackprop.numeric.readings import read, readings
from symbackprop.problem import Problem
from symbackprop.solution.steps import Equation, Relation, equation

LONGEST = 10
"""The exact result of printed operands is shown where it has at most so many characters beyond the digits."""

EXACT = 1000
"""So many digits are enough for every product and difference of printed doubles."""

MOST_ENTRIES = 16
"""Arrays are put into a formula where they have no more numbers than this together."""


def environment(
    problem: Problem,
    derivation: Derivation,
    evaluation: Evaluation,
    example: int | None = None,
    *,
    scope: str = "",
) -> Environment:
    """The number of every symbol and written derivative, for one example of a batch.

    Constants keep the digits that were typed.

    Args:
        problem: where the derivation comes from.
        derivation: says which delta belongs to which node.
        evaluation: the numbers.
        example: the place within the batch, from 0; None: the numbers are of one example.
        scope: where the numbers come from.
    """

    def pick(value: Any) -> Any:
        if derivation.is_array and np.ndim(value):
            return np.asarray(value)
        return float(value if example is None or not getattr(value, "ndim", 0) else value[example])

    known = readings(derivation, evaluation.program)
    numbers = {
        of: pick(read(reading, evaluation.lines))
        for of, reading in known.items()
        if reading.line is None or reading.line in evaluation.lines
    }
    typed = {node.symbol: node.name for node in problem.graph.having(Role.CONSTANT) if not node.shape}
    return Environment(
        {
            of: problem.values[typed[known[of].line]] if known[of].line in typed else number
            for of, number in numbers.items()
        },
        scope,
    )


def substituted(
    left: Expr, expression: Expr, values: Environment, *before: Math, value: Value | None = None
) -> Equation:
    """left = … = expression = with its numbers = value.

    Args:
        left: what is computed; its value is looked up, unless given.
        expression: how.
        values: the numbers.
        before: sides to write before the expression.
        value: the value of the left side.
    """
    result = values.value(left) if value is None else value
    if is_constant(expression):
        return equation(left, *before, expression if expression.args else result)
    if isinstance(expression, Symbol | Quotient) or _is_large(expression, values):
        return equation(left, *before, expression, result)
    return equation(left, *before, expression, Substituted(expression, values), result)


def _is_large(expression: Expr, values: Environment) -> bool:
    """Whether the arrays of an expression would fill more than a line."""
    arrays = [symbol for symbol in symbols_in(expression) if np.ndim(values.get(symbol, 0))]
    return sum(np.size(values[symbol]) for symbol in arrays) > MOST_ENTRIES or any(
        np.ndim(values[symbol]) > 2 for symbol in arrays
    )


def descent(symbol: Symbol, step: int, rate: Symbol, slope: Expr) -> Expr:
    """w^{(k-1)} - η ∂L/∂w: what w^{(k)} is."""
    return add(AtStep(symbol, step - 1), neg(mul(rate, slope)))


def update(
    symbol: Symbol,
    step: int,
    slope: Expr,
    numbers: tuple[Value, Value, Value],
    rate: tuple[Symbol, sympy.Rational],
    conventions: Conventions,
) -> Equation:
    """w^{(k)} = w^{(k-1)} - η ∂L/∂w = the printed operands = their exact result ≈ the true value.

    Args:
        symbol: the parameter w.
        step: the number k of the update.
        slope: ∂L/∂w as it is written.
        numbers: w before, the gradient, w after, each with its source.
        rate: the letter of η and its value.
        conventions: the digits.
    """
    before, gradient, after = (one.number for one in numbers)
    result = numbers[-1]
    letter, eta = rate
    if conventions.layout == "numerator" and np.ndim(after) in (1, 2):
        slope = op.of(op.transpose, slope, op.NONE)
    rule = descent(symbol, step, letter, slope)
    known = {AtStep(symbol, step - 1): numbers[0], slope: numbers[1], letter: Value(eta, rate_source(letter))}
    sources = {of: value.source for of, value in known.items() if value.source is not None}
    values = Environment({of: value.number for of, value in known.items()}, sources=sources)
    if np.ndim(after):
        sides = [Substituted(rule, values)] if np.size(after) <= MOST_ENTRIES // 2 else []
        return equation(AtStep(symbol, step), rule, *sides, result)
    rounding = number_format(conventions)
    line = equation(AtStep(symbol, step), rule, Substituted(rule, values))
    with localcontext(prec=EXACT):
        by_hand = Decimal(rounding(before)) - Decimal(rounding(eta)) * Decimal(rounding(gradient))
        printed = Decimal(rounding(after))
        if printed == by_hand:
            return Equation(line.left, (*line.sides, ("=", result)))
        shown = plain_decimal(by_hand)
        is_short = len(shown) <= LONGEST + conventions.digits
        telling = is_short and is_rounded(by_hand, printed, conventions.digits)
    middle: tuple[tuple[Relation, Math], ...] = (("=", Digits(shown)),) if telling else ()
    return Equation(line.left, (*line.sides, *middle, ("≈", result)))


def is_rounded(number: Decimal, printed: Decimal, digits: int) -> bool:
    """Whether what is printed is the number rounded as by hand, half up.

    >>> is_rounded(Decimal("0.0999005"), Decimal("0.099901"), 6)
    True
    >>> is_rounded(Decimal("9.921305e-05"), Decimal("9.936382e-05"), 6)
    False
    """
    exponent = printed.as_tuple().exponent
    assert isinstance(exponent, int)
    last = min(exponent, -digits)
    return number.quantize(Decimal(1).scaleb(last), ROUND_HALF_UP) == printed


def rate_source(letter: Symbol) -> Source:
    """Where the learning rate, and what else the update needs, comes from."""
    return Source("training", letter)


def plain_decimal(number: Decimal) -> str:
    """The digits of a decimal: in full, or with an exponent where it begins with many zeros.

    >>> plain_decimal(Decimal("0.09990050")), plain_decimal(Decimal("0.0000388946850"))
    ('0.0999005', '3.8894685e-05')
    """
    short = number.normalize()
    return f"{short:f}" if short == 0 or abs(short) >= Decimal("1e-4") else scientific(short)
