"""One formula against a derivation: is it the derivative of the output by that node?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mpmath import mp
from sympy import Expr, Symbol

from symbackprop.arrays.matrices import printer_for
from symbackprop.check.claims import Counterexample, Slip
from symbackprop.check.claims import Verdict as Status
from symbackprop.check.diagnosis import Diagnosis
from symbackprop.check.reference import Reference
from symbackprop.check.sides import random_points_of_all_kinds
from symbackprop.check.trees import name_node
from symbackprop.derivation import Derivation
from symbackprop.errors import ExpressionError, GraphError, Mistake, did_you_mean, listing
from symbackprop.formulas.grammar import read_side
from symbackprop.formulas.lexer import tokens_of
from symbackprop.formulas.tree import Node
from symbackprop.formulas.unread import Unread
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Graph
from symbackprop.language import parse_expression
from symbackprop.notation.latex import LATEX
from symbackprop.precise.evaluation import evaluate
from symbackprop.problem import Problem
from symbackprop.reckoning import paper
from symbackprop.reckoning.identities import FLOOR, RELATIVE, Outcome, compare
from symbackprop.reckoning.paper import Misfit
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.rounding import plain_number
from symbackprop.reckoning.scene import Scene
from symbackprop.shown import Shown

DIGITS = 50


@dataclass(frozen=True)
class Verdict(Shown):
    """What became of a formula.

    Attributes:
        status: `verified` (it agrees at random points, which is no proof), `refuted` or `undecided`.
        mistake: the kind of mistake of a refuted formula, as `sign`; empty where there is none.
        counterexample: numbers of its names at which it differs, with what it gives and what is right.
        expected: the right formula in LaTeX.
        reason: why it is undecided.
    """

    status: str
    mistake: str = ""
    counterexample: Counterexample | None = None
    expected: str = ""
    reason: str = ""

    def __bool__(self) -> bool:
        return self.status == Status.VERIFIED


def verify(
    derivation: Derivation, wrt: str | Symbol, formula: str, *, aliases: Mapping[str, str] | None = None
) -> Verdict:
    """Check a formula for the derivative of the output by a node.

    It is decided by evaluation at random points in 50 digits.

    Args:
        derivation: the formulas that are right.
        wrt: any node of the graph: ∂output/∂wrt is what the formula claims to be.
        formula: in the expression language (`2*(yhat - y)*x`) or in LaTeX (`\\delta_1 x^\\top`); names are
            those of the nodes and of their deltas.
        aliases: other names in the formula, with the graph's own.

    Raises:
        GraphError: there is no such node.
        ExpressionError: the formula can be read in neither way.
        ValuesError: the graph has no finite values.

    >>> from symbackprop import Graph, backprop
    >>> derivation = backprop(Graph.from_equations("q = x + y; f = q*z", parameters=["x", "y", "z"]))
    >>> verify(derivation, wrt="x", formula="z").status
    'verified'
    >>> verify(derivation, wrt="x", formula="-z").mistake
    'sign'
    """
    node = str(wrt)
    if node not in derivation.graph:
        known = [one.name for one in derivation.graph.nodes]
        raise GraphError(
            f"there is no node {node!r}", known=listing(known, 40), fix=did_you_mean(node, known)
        )
    with mp.workdps(DIGITS):
        return _Verifier(derivation, aliases or {}).verdict(node, formula)


class _Verifier:
    def __init__(self, derivation: Derivation, aliases: Mapping[str, str]) -> None:
        graph: Graph = replace(derivation.graph, output=derivation.output)
        self.derivation = derivation
        self.problem = Problem(graph, conventions=derivation.conventions)
        self.vocabulary = Vocabulary(self.problem, aliases)
        points = random_points_of_all_kinds(self.problem)
        self.scenes = [Scene(self.vocabulary, point, seed=place) for place, point in enumerate(points)]
        self.diagnosis = Diagnosis(self.vocabulary, Reference(self.problem, self.vocabulary), self.scenes)

    def verdict(self, wrt: str, formula: str) -> Verdict:
        """The verdict on a formula."""
        by = name_node(wrt)
        left = Node("derivative", (self.vocabulary.output_node(-1), by), "partial", -1, -1)
        expression = self._in_the_language(formula)
        right = self._written(expression) if expression is not None else self._in_latex(formula)
        if expression is not None:
            outcome = self._compared(left, expression)
        else:
            assert right is not None
            outcome = compare(left, right, self.scenes)
        if outcome.status == "equal":
            return Verdict(Status.VERIFIED.value)
        if outcome.status == "unknown":
            return Verdict(Status.UNDECIDED.value, reason=f"not known: {outcome.unknown}")
        return self._refuted(left, right, outcome)

    def _refuted(self, left: Node, right: Node | None, outcome: Outcome) -> Verdict:
        slip, expected = Slip.OTHER, ""
        if right is not None:
            slip, expected, _ = self.diagnosis.of_formula(left, left, right, outcome)
        shown = None
        if outcome.misfit is None and outcome.scene is not None:
            at = {str(node.name): plain_number(outcome.scene.point[node.name]) for node in self._given()}
            shown = Counterexample(at, plain_number(outcome.right), plain_number(outcome.left))
        return Verdict(Status.REFUTED.value, str(slip), shown, expected)

    def _given(self) -> Sequence[Any]:
        return [node for node in self.problem.graph.given if node.role != "size"]

    # -------------------------------------------------------------------------------- the expression language

    def _in_the_language(self, formula: str) -> Expr | None:
        """The formula in the expression language; None: it is LaTeX."""
        if "\\" in formula or "{" in formula:
            return None
        try:
            expression = parse_expression(formula, "formula")
        except ExpressionError:
            if self._is_latex(formula):
                return None
            raise
        unknown = sorted(symbol.name for symbol in expression.free_symbols if not self._is_known(symbol.name))
        if unknown:
            known = [*(node.name for node in self.problem.graph.nodes), *self.vocabulary.delta_of]
            raise ExpressionError(
                f"the graph has no {unknown[0]!r}",
                where="formula",
                known=listing(known, 40),
                fix=did_you_mean(unknown[0], known),
            )
        return expression

    def _is_latex(self, formula: str) -> bool:
        """Whether a formula without commands can be read as LaTeX."""
        try:
            self._in_latex(formula)
        except ExpressionError:
            return False
        return True

    def _is_known(self, name: str) -> bool:
        return (
            name in self.problem.graph
            or name in self.vocabulary.delta_of
            or name in self.scenes[0].point.sizes
        )

    def _compared(self, left: Node, expression: Expr) -> Outcome:
        for scene in self.scenes:
            values = dict(scene.point.values)
            values |= {Symbol(name): scene.point.delta(name) for name in self.vocabulary.delta_of}
            try:
                value = paper.on_paper(evaluate(expression, values, scene.point.conventions))
            except Mistake as error:
                return Outcome("different", scene=scene, misfit=Misfit((), (), str(error)))
            right = paper.settled(value_of(left, scene))
            if any(mp.isnan(one) for one in paper.entries_of(value)):
                return Outcome("unknown", unknown="it has no value", kind="value")
            if not paper.same(right, value, RELATIVE, FLOOR):
                return Outcome("different", right, value, scene)
        return Outcome("equal")

    def _written(self, expression: Expr) -> Node | None:
        """The formula as a tree, for finding the kind of a mistake."""
        try:
            show: Callable[[Expr], str] = printer_for(
                LATEX, self.derivation.conventions, self.derivation.shapes
            )
            return self._in_latex(show(expression))
        except (Mistake, TypeError, KeyError, AttributeError):
            return None

    def _in_latex(self, formula: str) -> Node:
        try:
            tokens = tokens_of(formula.strip().strip("$"), self.vocabulary.words)[:-1]
            return read_side(tokens, self.vocabulary, formula)
        except Unread as error:
            raise ExpressionError(
                f"the formula cannot be read: {error}",
                where=f"formula, column {error.offset + 1}",
                fix="write it in the expression language, as 2*(yhat - y)*x, or in LaTeX",
            ) from None
