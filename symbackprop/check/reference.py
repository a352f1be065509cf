"""What the tool itself writes for a problem: the right formulas of every left side, as trees and in LaTeX."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from symbackprop.check.trees import name_node, product, step_latex
from symbackprop.derivation import Derivation
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import chains_of
from symbackprop.formulas.keys import key_of
from symbackprop.formulas.tree import Name, Node
from symbackprop.formulas.unread import Unread
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.problem import Problem
from symbackprop.solution.derive import solve
from symbackprop.solution.steps import Assignments, Equation, Formulas
from symbackprop.sweep import backprop
from symbackprop.writing.tex import TexWriter

LARGEST = 3000
"""Nodes of a graph whose solution is still written for reference."""


@dataclass(frozen=True)
class Right:
    """A right side.

    Attributes:
        node: what it says.
        latex: how it is written.
        is_forward: it is the definition of a node, not a derivative.
    """

    node: Node
    latex: str
    is_forward: bool


class Reference:
    """The right formulas of a problem; they are written when they are first asked for."""

    def __init__(self, problem: Problem, vocabulary: Vocabulary) -> None:
        self.problem = problem
        self.vocabulary = vocabulary

    @cached_property
    def derivation(self) -> Derivation:
        """The formulas of the problem."""
        return backprop(self.problem.graph, conventions=self.problem.conventions)

    def of(self, left: Node) -> list[Right]:
        """The right sides of a left side, the shortest to read last."""
        key = key_of(left, self.vocabulary)
        found = self._sides.get(key) or self._steps(left)
        deltas = [key_of(one.node, self.vocabulary) for one in found if one.node.kind == "name"]
        return found + [
            one
            for own in deltas
            if own != key
            for one in self._sides.get(own, [])
            if key_of(one.node, self.vocabulary) != key
        ]

    def _steps(self, left: Node) -> list[Right]:
        r"""Of a w^{(k)} the step that gives it: w^{(k-1)} - \eta \frac{\partial L}{\partial w}."""
        training, name = self.problem.training, left.value
        referent = self.vocabulary.find(name) if left.kind == "name" and isinstance(name, Name) else None
        is_turned = self.problem.conventions.layout == "numerator" and self.problem.graph.is_array
        if training is None or referent is None or referent.step is None or referent.indices or is_turned:
            return []
        assert isinstance(name, Name)
        letter, number = referent.step
        if letter or number < 1:
            return []
        old, new = ("(", str(number - 1)), ("(", str(number))
        before = replace(name, above=tuple(old if one == new else one for one in name.above))
        output, rate = self.vocabulary.output_node(-1), name_node(training.symbol)
        by = name_node(referent.name)
        step = product(rate, Node("derivative", (output, by), "partial", -1, -1))
        latex = step_latex(before, by.value, output, rate)
        return [Right(Node("sum", (left.having(value=before), step), ("+", "-"), -1, -1), latex, False)]

    @cached_property
    def _sides(self) -> dict[str, list[Right]]:
        found: dict[str, list[Right]] = defaultdict(list)
        if len(self.problem.graph.nodes) > LARGEST:
            return found
        for latex in self._lines():
            try:
                chains = chains_of(latex, self.vocabulary)
            except Unread:
                continue
            for chain in chains:
                nodes = [
                    (side.node, latex[side.start : side.end]) for side in chain.sides if side.node is not None
                ]
                keys = [key_of(node, self.vocabulary) for node, _ in nodes]
                is_forward = bool(keys) and keys[0].startswith("node ")
                for own in {key for key in keys[:1] if key} | {
                    key for key in keys[1:2] if key.startswith(("d ", "delta "))
                }:
                    rest = [
                        Right(node, text, is_forward)
                        for (node, text), key in zip(nodes, keys, strict=True)
                        if key != own
                    ]
                    found[own] += [
                        one for one in rest if one.latex not in {known.latex for known in found[own]}
                    ]
        return found

    def _lines(self) -> Iterator[str]:
        try:
            solution = solve(self.problem, self.derivation, forms=("chain", "delta"))
        except Mistake:
            return
        writer = TexWriter(self.problem.conventions, solution.notation)
        for step in solution.steps:
            equations: list[Equation] = []
            if isinstance(step, Formulas):
                equations = list(step.equations)
            elif isinstance(step, Assignments):
                equations = [one for row in step.rows for one in row]
            for one in equations:
                yield writer.phrase(one).in_one()
