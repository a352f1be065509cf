"""Lines of a solution: `symbols = substituted numbers = value`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import sympy
from sympy import Basic, Expr, Symbol

from symbackprop import operations as op
from symbackprop.content import Digits, Environment, Math, Source, Substituted, Value
from symbackprop.conventions import Conventions
from symbackprop.derivation import Delta, Derivation
from symbackprop.expressions import AtStep, Quotient, add, is_constant, mul, neg, symbols_in
from symbackprop.graph import Role
from symbackprop.notation.numbers import number_format
from symbackprop.numeric.compiled import Evaluation
from symbackprop.problem import Problem
from symbackprop.solution.steps import Equation, Relation, equation

CLOSE = 0.02
"""The exact result of printed operands is shown where it comes this near to the true value."""

LONGEST = 10
"""And where it has no more characters than this beyond the digits."""


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

    output = derivation.output
    found: dict[Basic, Any] = {Symbol(name): pick(value) for name, value in evaluation.values.items()}
    for node in problem.graph.having(Role.CONSTANT):
        if not node.shape:
            found[node.symbol] = problem.values[node.name]
    for delta in derivation.deltas.values():
        value = evaluation.deltas.get(derivation.delta_name(delta))
        if value is not None:
            found[delta.symbol or Quotient(output, delta.node)] = pick(value)
            plain = derivation.is_array and delta.symbol is None
            derivative = pick(value) if plain else _unscaled(pick(value), delta, evaluation)
            found[Quotient(output, delta.node)] = derivative
    for (consumer, node), local in derivation.partials.items():
        name = derivation.partial_name(consumer, node)
        symbol = derivation.local_symbol(consumer, node)
        if name in evaluation.partials:
            found[symbol] = pick(evaluation.partials[name])
        elif local in found:
            found.setdefault(symbol, found[local])
        elif is_constant(local):
            found.setdefault(symbol, float(local))
    for name, value in evaluation.gradients.items():
        found[Quotient(output, Symbol(name))] = pick(value)
    return Environment(found, scope)


def _unscaled(value: Any, delta: Delta, evaluation: Evaluation) -> Any:
    """∂L/∂z behind a delta: without its sign, and without the factor n of a batch."""
    if delta.sign.free_symbols:
        return value / float(delta.sign.subs({s: evaluation.values[s.name] for s in delta.sign.free_symbols}))
    return value * int(delta.sign)


def substituted(
    left: Expr, expression: Expr, values: Environment, *before: Math, value: Any = None
) -> Equation:
    """left = … = expression = with its numbers = value.

    Args:
        left: what is computed; its value is looked up, unless given.
        expression: how.
        values: the numbers.
        before: sides to write before the expression.
        value: the value of the left side.
    """
    result = values.value(left) if value is None else Value(value, values.source(left))
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
    rule = descent(symbol, step, letter, slope)
    if np.ndim(after):
        if conventions.layout == "numerator" and np.ndim(after) <= 2:
            slope = op.of(op.transpose, slope, op.NONE)
        rule = descent(symbol, step, letter, slope)
    known = {AtStep(symbol, step - 1): numbers[0], slope: numbers[1], letter: Value(eta, rate_source(letter))}
    sources = {of: value.source for of, value in known.items() if value.source is not None}
    values = Environment({of: value.number for of, value in known.items()}, sources=sources)
    if np.ndim(after):
        sides = [Substituted(rule, values)] if np.size(after) <= MOST_ENTRIES // 2 else []
        return equation(AtStep(symbol, step), rule, *sides, result)
    rounding = number_format(conventions)
    by_hand = Decimal(rounding(before)) - Decimal(rounding(eta)) * Decimal(rounding(gradient))
    line = equation(AtStep(symbol, step), rule, Substituted(rule, values))
    if Decimal(rounding(after)) == by_hand:
        return Equation(line.left, (*line.sides, ("=", result)))
    shown = plain_decimal(by_hand)
    telling = abs(float(by_hand) - after) <= CLOSE * abs(after) and len(shown) <= LONGEST + conventions.digits
    middle: tuple[tuple[Relation, Math], ...] = (("=", Digits(shown)),) if telling else ()
    return Equation(line.left, (*line.sides, *middle, ("≈", result)))


def rate_source(letter: Symbol) -> Source:
    """Where the learning rate, and what else the update needs, comes from."""
    return Source("training", letter)


def plain_decimal(number: Decimal) -> str:
    """The digits of a decimal: in full, or with an exponent where it begins with many zeros.

    >>> plain_decimal(Decimal("0.09990050")), plain_decimal(Decimal("0.0000388946850"))
    ('0.0999005', '3.8894685e-05')
    """
    short = number.normalize()
    if short == 0 or abs(short) >= Decimal("1e-4"):
        return f"{short:f}"
    mantissa, _, exponent = f"{short:e}".partition("e")
    return f"{mantissa}e{int(exponent):+03d}"
