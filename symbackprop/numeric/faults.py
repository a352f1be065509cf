"""What is wrong with the numbers, in words: a value that is none, a shape, a distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Symbol

from symbackprop import operations as op
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.errors import ValuesError
from symbackprop.expressions import Rewriter, is_reciprocal
from symbackprop.functions import sqrt
from symbackprop.lowering.program import Kind, Line


def not_finite(
    line: Line, value: Any, known: Mapping[str, Any], examples: list[int] | None, *, arrays: bool
) -> ValuesError:
    """A value that is infinite or no number: which, where, at which example."""
    bad = np.atleast_1d(~np.isfinite(value))
    place = int(np.argmax(bad))
    if arrays:
        return _not_finite_array(line, np.asarray(value), _WHAT[line.kind])
    at = {
        symbol.name: np.atleast_1d(known[symbol.name])[min(place, np.size(known[symbol.name]) - 1)]
        for symbol in sorted(line.expression.free_symbols, key=str)
        if symbol.name in known
    }
    where = f"{line.name} = {_readable(line.expression)}"
    if examples and (bad.size > 1 or len(examples) == 1):
        where += f", at example {examples[min(place, len(examples) - 1)]}"
    kind = "infinite" if np.isinf(np.atleast_1d(value)[place]) else "not a number"
    return ValuesError(
        f"{_WHAT[line.kind]} {line.name} is {kind}",
        where=where,
        known=", ".join(f"{name} = {number:.6g}" for name, number in at.items()),
        fix=_cure(line.expression),
    )


_WHAT = {
    Kind.VALUE: "the node",
    Kind.PARTIAL: "the local partial",
    Kind.DELTA: "the delta",
    Kind.GRADIENT: "the derivative by",
    Kind.CONDITION: "the sum of",
}


def _not_finite_array(line: Line, value: Any, what: str) -> ValuesError:
    place = tuple(int(one) for one in np.argwhere(~np.isfinite(value))[0]) if value.ndim else ()
    at = f"[{', '.join(map(str, place))}]" if place else ""
    kind = "infinite" if np.isinf(value[place]) else "not a number"
    return ValuesError(
        f"{what} {line.name}{at} is {kind}",
        where=f"{line.name} = {in_code(_named(line.expression))}",
        fix=_cure(line.expression),
    )


def not_at_these_sizes(error: Exception, sizes: Mapping[str, int]) -> ValuesError:
    """An index, a slice or a division that the sizes do not allow."""
    return ValuesError(
        f"an operation is not possible at these sizes: {error}",
        where="the values given to the graph",
        known=", ".join(f"{name} = {number}" for name, number in sizes.items()),
        fix="give larger arrays, or other indices",
    )


def no_distribution(targets: str) -> ValuesError:
    """Targets for which a collapsed form does not hold."""
    return ValuesError(
        f"the targets {targets} do not add up to 1",
        where="the values given to the graph",
        known="the collapsed form p - y holds for targets that add up to 1",
        fix="mend the targets, or set the convention collapse to false",
    )


def wrong_shape(name: str, given: tuple[int, ...], shape: Shape, sizes: Mapping[Symbol, int]) -> ValuesError:
    """A value of another shape than was said."""
    bound = ", ".join(f"{symbol} = {number}" for symbol, number in sizes.items() if symbol in set(shape))
    return ValuesError(
        f"the value of {name} has the shape {show_shape(given)}, and {show_shape(shape)} is expected",
        where=f"the value given to {name}",
        known=bound,
        fix="give rows of equal length, as [[1, 2], [3, 4]]",
    )


def _named(expression: Expr) -> Expr:
    """The expression with the nodes' names in the place of what the program calls them."""
    result: Expr = Rewriter({s: Symbol(s.name.split()[-1]) for s in expression.free_symbols})(expression)
    return result


def _readable(expression: Expr) -> str:
    return str(_named(expression))


def _cure(expression: Expr) -> str:
    powers = expression.atoms(sympy.Pow)
    if expression.has(op.inv, op.logdet):
        return "the matrix is singular at these values: its rows depend on each other"
    if expression.has(sympy.log):
        return "the logarithm needs a positive argument; a loss of logits avoids log(0)"
    if expression.has(sqrt) or any(not power.exp.is_integer for power in powers):
        return "a root needs an argument that is not negative, and its slope one that is not 0"
    if any(is_reciprocal(power) for power in powers):
        return "look for the division by zero: a denominator may not be 0"
    if expression.has(sympy.exp):
        return "the exponential is too large for a double: scale the inputs or the weights down"
    return "the numbers are too large for a double: scale the values down"
