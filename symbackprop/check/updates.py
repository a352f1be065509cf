"""Rules of update: does one give a parameter the value that a step of gradient descent gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mpmath import mpf

from symbackprop.check.claims import Slip, Verdict
from symbackprop.check.findings import VERIFIED, Finding, refuted
from symbackprop.check.trees import name_node, step_latex
from symbackprop.content import text
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import Side
from symbackprop.formulas.tree import Name, Node, names_in
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Role
from symbackprop.reckoning import paper
from symbackprop.reckoning.identities import bindings_of, settings
from symbackprop.reckoning.paper import Misfit, Undefined, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene, Unknown, is_generic


class Updates:
    """Judges rules of update."""

    def __init__(self, vocabulary: Vocabulary, scenes: Sequence[Scene]) -> None:
        self.vocabulary, self.scenes = vocabulary, scenes

    def is_rule(self, left: Side, right: Side) -> bool:
        """Whether a parameter gets a new value: w <- w - …, w := w - …, w = w - eta …"""
        if right.relation == "leftarrow":
            return True
        if (
            left.node is None
            or right.node is None
            or left.node.kind != "name"
            or not isinstance(left.node.value, Name)
        ):
            return False
        name = left.node.value
        if right.relation not in (":=", "=") or name not in names_in(right.node):
            return False
        referent = self.vocabulary.find(name)
        if referent is not None and referent.step is not None:
            return False
        is_parameter = (
            referent is not None
            and referent.kind == "node"
            and self.vocabulary.graph[referent.name].role is Role.PARAMETER
        )
        has_rate = any(
            found is not None and found.kind == "rate"
            for found in map(self.vocabulary.find, names_in(right.node))
        )
        return has_rate and (is_parameter or is_generic(replace(name, above=()), self.vocabulary))

    def judged(self, left: Node, right: Node) -> Finding:
        r"""The verdict on a rule: \theta \leftarrow \theta - \eta g."""
        if left.kind != "name" or not isinstance(left.value, Name):
            return Finding(Verdict.UNDECIDED, text("what is changed here is no name"))
        ratios = [self._step_ratio(left, right, scene) for scene in self.scenes]
        if any(ratio is None for ratio in ratios):
            return Finding(Verdict.UNDECIDED, text("what the parameters are changed by is not known"))
        if all(abs(ratio - 1) < mpf(10) ** -20 for ratio in ratios if ratio is not None):
            return VERIFIED
        if all(abs(ratio + 1) < mpf(10) ** -20 for ratio in ratios if ratio is not None):
            name, training = left.value, self.vocabulary.problem.training
            rate = name_node(training.symbol if training is not None else "eta")
            step = step_latex(name, name, self.vocabulary.output_node(-1), rate)
            expected = rf"{name} \leftarrow {step}"
            return refuted(Slip.ASCENT, expected)
        if self.vocabulary.problem.training is None:
            return Finding(Verdict.UNDECIDED, text("what the parameters are changed by is not known"))
        return refuted(Slip.OTHER, "")

    def _step_ratio(self, left: Node, right: Node, scene: Scene) -> Any | None:
        """By what part of -η g the right side differs from the left; None: g is not known."""
        assert isinstance(left.value, Name)
        scene = scene.having(free=set())
        for one in settings(scene, (left, right)):
            try:
                choice = next(iter(bindings_of((left, right), self.vocabulary)))
                here = one.having(binding=choice)
                change = settled(value_of(right, here)) - settled(value_of(left, here))
                name = here.name(left.value)
                referent = self.vocabulary.find(name) or self.vocabulary.find(replace(name, above=()))
                free = {found for found in here.free if found != replace(left.value, above=())}
                if referent is not None and not free:
                    gradient = here.gradient(referent.name)
                    gradient = (
                        here.entry(gradient, referent) if referent.indices else paper.on_paper(gradient)
                    )
                elif len(free) == 1:
                    gradient = here.free_value(next(iter(free)))
                else:
                    return None
                ratio = change / (-here.rate * gradient)
                return ratio.reshape(-1)[0] if hasattr(ratio, "reshape") else ratio
            except (Unknown, Misfit, Undefined, Mistake, TypeError, ZeroDivisionError):
                return None
        return None

    def skips_updates(self, left: Node, right: Node) -> bool:
        """Whether one step of descent leads from a state to another than the next: w^{(4)} = w^{(0)} - …"""
        if (
            left.kind != "name"
            or not isinstance(left.value, Name)
            or right.kind != "sum"
            or len(right.parts) != 2
        ):
            return False
        referents = [self.vocabulary.find(name) for name in (left.value, *names_in(right))]
        steps = [
            one.step for one in referents if one is not None and one.step is not None and not one.step[0]
        ]
        rated = any(one is not None and one.kind == "rate" for one in referents)
        return rated and len(steps) == 2 and steps[0][1] != steps[1][1] + 1
