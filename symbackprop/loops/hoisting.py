"""What a loop would compute again and again is computed before it."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Basic, Expr, Function, Integer, Pow

from symbackprop import functions
from symbackprop.expressions import rebuild
from symbackprop.loops.model import TESTS, Entry, Local, number
from symbackprop.loops.scopes import Scope

_CHEAP = (
    functions.absolute,
    functions.signum,
    functions.relu,
    functions.step,
    functions.maximum,
    functions.minimum,
    functions.clip,
    functions.where,
    functions.indicator,
    *TESTS,
)


def hoisted(value: Expr, scope: Scope) -> Expr:
    """The value, with functions of what only the outer loops know as numbers that are computed there.

    What stands in a choice stays: it may not be defined where it is not chosen.
    """
    found: Expr = _hoisted(value, scope)
    return found


def _hoisted(expression: Any, scope: Scope) -> Any:
    if isinstance(expression, Entry | functions.where) or not expression.args:
        return expression
    depth = scope.depth_of(expression)
    if depth < len(scope.levels) - 1 and any(map(_is_costly, sympy.preorder_traversal(expression))):
        level = scope.levels[depth]
        if expression not in level.known:
            level.known[expression] = name = number("t")
            level.body.append(Local(name, expression))
        return level.known[expression]
    return rebuild(expression, tuple(_hoisted(one, scope) for one in expression.args))


def _is_costly(expression: Basic) -> bool:
    if isinstance(expression, Pow):
        return not isinstance(expression.exp, Integer)
    return isinstance(expression, Function) and not isinstance(expression, _CHEAP)
