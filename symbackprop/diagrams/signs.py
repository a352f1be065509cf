"""The sign that stands in a box for what a node does: +, ×, exp, σ, or its formula where it has no sign."""

from __future__ import annotations

from typing import Any, TypeAlias

import sympy
from sympy import Add, Expr, Mul, Pow, S, Symbol

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.expressions import is_constant, is_reciprocal, negative_part, size
from symbackprop.notation.latex import OPERATORS

LONGEST = 9
"""A formula with more symbols and numbers than this is shown by the sign of its outermost operation."""

_NAMES: dict[Any, str] = {
    functions.sigmoid: "σ",
    functions.maximum: "max",
    functions.minimum: "min",
    functions.absolute: "abs",
    functions.sqrt: "√",
    sympy.atan: "arctan",
    op.matmul: "@",
    op.total: "Σ",
    **OPERATORS,
}

Sign: TypeAlias = Expr | str
"""A sign, or a formula."""


def sign(expression: Expr) -> Sign:
    """What stands in the box.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> sign(sympy.exp(x)), sign(Add(x, y)), sign(Mul(x, y)), sign(Mul(-1, x)), sign(x**2 + y)
    ('exp', '+', '×', '× (−1)', x**2 + y)
    """
    found = _of_operands(expression)
    if found is not None:
        return found
    return expression if size(expression) <= LONGEST and not _is_wide(expression) else _outermost(expression)


def _of_operands(expression: Expr) -> Sign | None:
    """The sign of an operation on nothing but names, and at most one number."""
    match expression:
        case Add():
            signed = [negative_part(term) for term in expression.args]
            numbers = [term for term in expression.args if is_constant(term)]
            if len(expression.args) == 2 and len(numbers) == 1:
                return _with_number("+", signed, numbers[0])
            if all(isinstance(term, Symbol) for _, term in signed):
                minus = [negative for negative, _ in signed]
                return "+" if not any(minus) else "−" if minus == [False, True] else None
        case Mul():
            if all(isinstance(factor, Symbol) for factor in expression.args):
                return "×"
            first, *rest = expression.args
            if len(rest) == 1 and isinstance(rest[0], Symbol) and isinstance(first, sympy.Integer):
                return f"× (−{-first})" if first.is_negative else f"× {first}"
            if len(rest) == 1 and isinstance(first, Symbol) and is_reciprocal(rest[0]):
                below = rest[0]
                return "÷" if isinstance(below.base, Symbol) and below.exp is S.NegativeOne else None
        case op.matmul():
            return None
        case sympy.Function():
            values = [one for one in expression.args if isinstance(one, Expr)]
            if values == list(expression.args) and all(isinstance(one, Symbol) for one in values):
                return name_of(expression)
    return None


def _with_number(plus: str, signed: list[tuple[bool, Expr]], number: Expr) -> Sign | None:
    (minus, other) = next(pair for pair in signed if not is_constant(pair[1]))
    if minus or not isinstance(other, Symbol) or not isinstance(number, sympy.Integer):
        return None
    return f"− {-number}" if number.is_negative else f"{plus} {number}"


def _is_wide(expression: Expr) -> bool:
    """Whether it is written over more than one line."""
    return bool(expression.atoms(functions.where))


def _outermost(expression: Expr) -> str:
    match expression:
        case Add():
            return "Σ" if any(isinstance(negative_part(one)[1], Mul) for one in expression.args) else "+"
        case Mul():
            return "×"
        case Pow():
            return "^"
    return name_of(expression)


def name_of(expression: Expr) -> str:
    """The name of a function, as it is printed."""
    head = expression.func
    return _NAMES.get(head, str(head.__name__)).replace("_", " ")
