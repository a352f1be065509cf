"""Shorter forms of a delta, derived: what cancels where an activation meets the loss made for it.

The derivative by the activation is put in, and the element-wise quotients are cancelled: p ∘ (-y/p) is -y.
Under a softmax the sums of the targets are taken to be 1, which is said and checked. Only the form of a
normalised input is declared, and proved by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Add, Dummy, Expr, Integer, Mul, Pow, S, Symbol

from symbackprop import operations as op
from symbackprop.arrays.algebra import Algebra
from symbackprop.expressions import Rewriter, add, is_reciprocal, mul, neg, power, size, symbols_in
from symbackprop.graph import Collapse, Graph, Node, Role
from symbackprop.notation.names import parse_name

TARGET_LETTERS = frozenset("y Y t T target targets".split())
"""An input of this name is taken for a target where nothing says what is one."""

LARGEST = 60
"""Symbols in what is tried to be cancelled."""


def shorter_form(
    graph: Graph, activation: Node, algebra: Algebra, full: Expr, named: Expr
) -> Collapse | None:
    """∂L/∂z with its quotients cancelled, where that is no longer than with the delta of a = f(z).

    Args:
        graph: says which symbols are targets.
        activation: the node a.
        algebra: knows the shapes.
        full: ∂L/∂z with the delta of a put in.
        named: with that delta by its name.
    """
    if size(full) > LARGEST or not _has_quotient(full, algebra):
        return None
    found = _under_condition(graph, activation, _Canceller(algebra)(full), algebra)
    short = _weight(found.final)
    return found if short <= _weight(named) and short < _weight(full) else None


def _has_quotient(expression: Expr, algebra: Algebra) -> bool:
    """Whether it has a denominator other than a size: without one there is nothing to cancel."""
    return any(
        is_reciprocal(part) and not part.free_symbols <= algebra.shapes.sizes
        for part in sympy.preorder_traversal(expression)
    )


def _weight(expression: Expr) -> int:
    """How many symbols are written down."""
    if isinstance(expression, Symbol):
        return 1
    return sum(_weight(one) for one in expression.args if isinstance(one, Expr))


class _Canceller:
    """Cancels element-wise quotients: arrays of one shape commute as numbers do."""

    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra
        self.atoms: dict[Expr, Dummy] = {}

    def __call__(self, expression: Expr) -> Expr:
        """The expression as a reduced quotient of polynomials, common factors in front."""
        reduced = sympy.factor_terms(sympy.cancel(self._polynomial(expression)))
        if reduced.is_Add:
            reduced = sympy.factor_terms(sympy.expand(reduced))
        place = {atom: number for number, atom in enumerate(self.atoms.values())}
        back = {atom: expression for expression, atom in self.atoms.items()}
        return self._written(reduced, place, back)

    def _polynomial(self, expression: Expr) -> Expr:
        match expression:
            case Add() | Mul():
                return expression.func(*map(self._polynomial, expression.args))
            case Pow() if isinstance(expression.exp, Integer):
                return self._polynomial(expression.base) ** expression.exp
            case op.total():
                inner, axes, keep = expression.args
                reduced = _Canceller(self.algebra)(inner)
                if not self.algebra.shapes[reduced]:
                    return self._atom(expression)
                return self._scalars(self.algebra.total(reduced, map(int, axes), keep=bool(keep)))
            case op.matmul() if len(expression.args) == 2 and not self.algebra.shapes[expression]:
                product = _Canceller(self.algebra)(mul(*expression.args))
                return self._scalars(self.algebra.total(product, (0,)))
            case _ if not expression.free_symbols and not expression.args:
                return expression
        return self._atom(expression)

    def _scalars(self, expression: Expr) -> Expr:
        """The factors of a sum one by one."""
        if isinstance(expression, Mul):
            return Mul(*(one if one.is_Number else self._atom(one) for one in expression.args))
        return self._atom(expression)

    def _atom(self, expression: Expr) -> Expr:
        if expression.is_Number:
            return expression
        return self.atoms.setdefault(expression, Dummy())

    def _written(self, expression: Expr, place: Mapping[Any, int], back: Mapping[Any, Expr]) -> Expr:
        """SymPy's expression in a reader's order: first what came first, a plus before a minus."""

        def first(one: Expr) -> int:
            return min((place[atom] for atom in one.atoms(Dummy)), default=-1)

        def visit(one: Expr) -> Expr:
            if one in back:
                return back[one]
            if one.is_Add:
                terms = sorted(one.args, key=lambda term: (term.could_extract_minus_sign(), first(term)))
                return add(*map(visit, terms))
            if one.is_Mul:
                numbers = [factor for factor in one.args if factor.is_Number]
                rest = sorted((factor for factor in one.args if not factor.is_Number), key=first)
                return self.algebra.product(*numbers, *map(visit, rest))
            if one.is_Pow:
                return power(visit(one.base), one.exp)
            return one

        return visit(_minus_inside(expression))


def _minus_inside(expression: Expr) -> Expr:
    """-(y - p) c as (p - y) c."""
    if expression.is_Mul:
        numbers = [factor for factor in expression.args if factor.is_Number and factor.is_negative]
        sums = [factor for factor in expression.args if factor.is_Add]
        if numbers and len(sums) == 1 and any(not t.could_extract_minus_sign() for t in (-sums[0]).args):
            rest = [factor for factor in expression.args if factor not in (numbers[0], sums[0])]
            turned = sums[0].func(*(-term for term in sums[0].args))
            return Mul(-numbers[0], *rest, turned, evaluate=False)
    return expression


def _under_condition(graph: Graph, consumer: Node, found: Expr, algebra: Algebra) -> Collapse:
    """The form that holds always, and the one for targets that add up to 1 under a softmax."""
    assert consumer.expression is not None
    if not isinstance(consumer.expression, op.softmax_along | op.log_softmax):
        return Collapse(found, found)
    return _with_targets(graph, consumer, found, algebra, consumer.expression.args[1]) or Collapse(
        found, found
    )


def _with_targets(graph: Graph, node: Node, found: Expr, algebra: Algebra, axis: Expr) -> Collapse | None:
    """The form in which the sums of targets along an axis are 1; none, where there are no such sums."""
    sums = [
        one
        for one in sorted(found.atoms(op.total), key=str)
        if one.args[1] == sympy.Tuple(axis) and _is_target(graph, one.args[0], node)
    ]
    if not sums:
        return None
    final = Rewriter(dict.fromkeys(sums, S.One))(found)
    targets = tuple(one.args[0] for one in sums)
    return Collapse(found, _Canceller(algebra)(final), targets, tuple(sums))


def of_logits(graph: Graph, node: Node, algebra: Algebra, derivative: Expr) -> Collapse | None:
    """Of a loss that takes logits, -Σ y log softmax(z): softmax(z) Σy - y, and softmax(z) - y for Σy = 1."""
    softmaxes = derivative.atoms(op.softmax_along)
    if len(softmaxes) != 1 or size(derivative) > LARGEST:
        return None
    reduced = _Canceller(algebra)(derivative)
    return _with_targets(graph, node, reduced, algebra, softmaxes.pop().args[1])


def _is_target(graph: Graph, array: Expr, activation: Node) -> bool:
    """Whether an array holds the targets of an activation: by its role, or an input named y or t."""
    if not isinstance(array, Symbol) or array not in graph or graph[array].shape != activation.shape:
        return False
    role = graph[array].role
    return role is Role.TARGET or (role is Role.INPUT and parse_name(array.name).letters in TARGET_LETTERS)


def through_normalisation(
    graph: Graph, node: Node, active: frozenset[Symbol], algebra: Algebra
) -> Expr | None:
    """∂L/∂x of a normalised input: (x̂' - mean(x̂') - x̂ ∘ mean(x̂' ∘ x̂))/√(v + ε) with x̂' = ∂L/∂x̂."""
    for place in graph.normalised:
        if node.symbol != place.x:
            continue
        consumers = {one for one in graph.consumers[node.symbol] if one in active}
        xhat = graph[place.xhat]
        plain = place.xhat in active and xhat.shape == node.shape and not place.moving
        if not consumers <= place.nodes or xhat.delta is None or not plain:
            continue
        axis = place.axis % len(node.shape)
        delta = xhat.delta

        def mean(expression: Expr, along: int = axis) -> Expr:
            return algebra.of(op.mean, expression, (along,), 1)

        centred = add(delta, neg(mean(delta)), neg(mul(place.xhat, mean(mul(delta, place.xhat)))))
        used = [graph[symbol] for symbol in symbols_in(place.deviation) if symbol in graph]
        by_value = {one.expression: one.symbol for one in used if one.expression is not None}
        return mul(centred, power(Rewriter(by_value)(place.deviation), -1))
    return None
