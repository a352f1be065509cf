"""From the derivative by an expression to those by its symbols, one rule an operation."""

from __future__ import annotations

from sympy import Expr, S, Symbol

from symbackprop import operations as op
from symbackprop.arrays.algebra import Algebra
from symbackprop.arrays.rules import RULES, Context, Shares, of_elements
from symbackprop.arrays.shapes import Shapes
from symbackprop.conventions import Conventions
from symbackprop.expressions import is_constant


class PullBack:
    """Pulls a derivative back through an expression, to its symbols.

    Args:
        shapes: the shapes of the symbols.
        conventions: kinks and ties.
    """

    def __init__(self, shapes: Shapes, conventions: Conventions) -> None:
        self.shapes, self.algebra = shapes, Algebra(shapes)
        self.context = Context(shapes, conventions, self.algebra)

    def __call__(self, expression: Expr, upstream: Expr) -> dict[Symbol, Expr]:
        """∂L/∂x for every symbol x of an expression e, from ∂L/∂e.

        Args:
            expression: e, its axes resolved.
            upstream: ∂L/∂e, of its shape.
        """
        found: dict[Symbol, list[Expr]] = {}
        pending: list[tuple[Expr, Expr]] = [(expression, upstream)]
        while pending:
            one, derivative = pending.pop()
            if derivative is S.Zero or is_constant(one):
                continue
            if isinstance(one, Symbol):
                found.setdefault(one, []).append(self.algebra.spread(derivative, self.shapes[one]))
            else:
                pending.extend(reversed([*self.shares(one, derivative)]))
        return {symbol: self.algebra.sum(parts) for symbol, parts in found.items()}

    def shares(self, expression: Expr, upstream: Expr) -> Shares:
        """The derivatives by the operands of the outermost operation.

        Args:
            expression: the operation.
            upstream: the derivative by its value; it may be smaller, as it would broadcast.
        """
        rule = RULES.get(expression.func)
        if rule is not None:
            yield from rule(self.context, expression, upstream)
        elif isinstance(expression, op.Operation):
            raise TypeError(f"no rule for the derivative of {expression.func.__name__}")
        else:
            yield from of_elements(self.context, expression, upstream)
