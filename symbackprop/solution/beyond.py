"""What lies beyond the gradient: Jacobians, Hessians, and the parameter at which the gradient is zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from symbackprop.analysis.jacobian import jacobian
from symbackprop.analysis.optimum import Optimum, solve_for_optimum
from symbackprop.analysis.second_order import Hessian
from symbackprop.content import Text, Value, text
from symbackprop.derivation import Derivation
from symbackprop.expressions import Quotient
from symbackprop.notation.names import unused_name
from symbackprop.solution.steps import Equation, Formulas, Heading, Sentence, Step, equation

_WORDS: Mapping[str, Text] = {
    "gradient": text("The gradient:"),
    "stationary": text("At the optimum it is zero:"),
    "rearranged": text("Everything with the parameter to the left:"),
    "normal equation": text("Common factors divided out, the normal equation:"),
    "solution": text("Its solution:"),
}
_CONDITIONS: Mapping[str, Text] = {
    "invertible": text("There is one solution where this matrix is invertible:"),
    "positive definite": text("It is the minimum where this matrix, the Hessian, is positive definite:"),
}


def jacobian_steps(derivation: Derivation, of: str, by: str) -> Iterator[Step]:
    """∂y/∂x as the product of the local Jacobians.

    Args:
        derivation: the graph and its conventions.
        of: the name of y.
        by: the name of x.
    """
    found = jacobian(derivation, of, by, chain=True)
    if derivation.conventions.layout == "denominator":
        found = found.transposed
    yield Heading(2, text("The Jacobian of {of} by {by}", of=Symbol(of), by=Symbol(by)))
    rows = Symbol(of if found.layout == "numerator" else by)
    shape = "×".join(map(str, found.shape))
    yield Sentence(text("Its rows are the entries of {rows}; its shape is {shape}.", rows=rows, shape=shape))
    lines = [equation(_quotient(one.of, one.by), one.expression) for one in found.factors]
    if len(lines) > 1:
        yield Formulas(tuple(lines))
    yield Formulas((equation(_quotient(of, by), found.expression, boxed=True),))


def _quotient(of: str, by: str) -> Quotient:
    return Quotient(Symbol(of), Symbol(by))


def hessian_steps(found: Hessian) -> Iterator[Step]:
    """The Hessian, by differentiating the gradient along a vector.

    Args:
        found: the Hessian; its shapes know that vector.
    """
    wrt = found.wrt.name
    product = found.product
    taken = {node.name for node in product.graph.nodes}
    letter = Symbol(unused_name("H", taken))
    yield Heading(2, text("The Hessian by {wrt}", wrt=Symbol(wrt)))
    yield Sentence(text("The gradient, differentiated along a vector {v}:", v=product.vector))
    yield Formulas((equation(letter * product.vector, product.closed),))
    yield Sentence(text("This is a matrix times {v}, so the Hessian is:", v=product.vector))
    yield Formulas((equation(letter, found.expression, boxed=True),))
    for target in product.summing_to_one:
        yield Sentence(text("It holds where the entries of {target} add up to one.", target=target))


def optimum_steps(
    derivation: Derivation, wrt: str, values: Mapping[str, Any] | None = None
) -> Iterator[Step]:
    """The parameter at which the gradient is zero, with every step; and its numbers.

    Args:
        derivation: the graph and its conventions.
        wrt: the name of the parameter.
        values: the numbers, where there are any.
    """
    found = solve_for_optimum(derivation.graph, wrt, conventions=derivation.conventions)
    yield Heading(2, text("The optimum of {wrt}", wrt=found.wrt))
    for step in found.steps:
        yield Sentence(_WORDS[step.name])
        yield Formulas((equation(step.left, step.right, boxed=step.name == "solution"),))
    for condition in found.conditions:
        yield Sentence(_CONDITIONS[condition.name])
        yield Formulas((equation(condition.matrix),))
    if values is not None and all(name in values for name in found.given):
        yield from _numbers(found, values)


def _numbers(found: Optimum, values: Mapping[str, Any]) -> Iterator[Step]:
    solved = found.at({name: values[name] for name in found.given})
    yield Sentence(
        text("With numbers, a minimum:") if solved.is_minimum else text("With numbers, not a minimum:")
    )
    yield Formulas((_value(found.solution, found.wrt, solved.value),))


def _value(solution: Expr, wrt: Symbol, value: Any) -> Equation:
    return equation(wrt, solution, Value(np.asarray(value) if np.ndim(value) else float(value)))
