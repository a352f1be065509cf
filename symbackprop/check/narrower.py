"""Formulas that hold not for all numbers: for the class of an example, the spec's numbers, all examples."""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.check.contexts import Context, Contexts
from symbackprop.check.given import Given
from symbackprop.check.trees import with_name
from symbackprop.content import Text, text
from symbackprop.formulas.keys import key_of
from symbackprop.formulas.tree import Node, names_in
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Role
from symbackprop.reckoning import paper
from symbackprop.reckoning.identities import Outcome, compare
from symbackprop.reckoning.scene import Scene


class Narrower:
    """What a formula may be meant as where it does not hold, or is not known, for all numbers.

    Args:
        vocabulary: what names mean.
        contexts: the numbers of the spec.
        scenes: random points.

    Attributes:
        given: the points at which numbers of the spec stand for names.
    """

    def __init__(self, vocabulary: Vocabulary, contexts: Contexts, scenes: Sequence[Scene]) -> None:
        self.vocabulary, self.contexts, self.scenes = vocabulary, contexts, scenes
        self.given = Given(vocabulary, contexts, scenes)

    def of(self, left: Node, right: Node, outcome: Outcome, context: Context | None) -> Text | None:
        """For what the two sides are equal; None: for nothing that is known here."""
        if outcome.status == "unknown":
            held = self._holds_for_arrays(left, right, outcome)
            return text("it holds for the arrays of all examples") if held else None
        if outcome.status != "different":
            return None
        if self._holds_for_class(left, right, context):
            return text("it holds for the class of this example")
        if any(compare(left, right, scenes).status == "equal" for scenes in self.given.scenes_for(right)):
            return text("it holds for the numbers of the spec")
        return None

    def _holds_for_class(self, left: Node, right: Node, context: Context | None) -> bool:
        """Whether two sides are equal where the targets are those of the example: L = -log p_2."""
        if (
            context is None
            or self.contexts.states is None
            or not key_of(left, self.vocabulary).startswith("node ")
        ):
            return False
        graph = self.vocabulary.graph
        point = self.contexts.scene(context).point
        given = [*graph.having(Role.TARGET), *(node for node in graph.having(Role.INPUT) if node.shape)]
        entries = {node.name: paper.entries_of(point[node.name]) for node in given}
        values = {name: point[name] for name, found in entries.items() if set(found) <= {0, 1}}
        if sum(len(entries[name]) for name in values) < 2:
            return False
        if any(
            f"node {name}" == key_of(Node("name", (), one), self.vocabulary)
            for name in values
            for one in names_in(right)
        ):
            return False
        scenes = [scene.having(point=scene.point.changed(values)) for scene in self.scenes]
        return compare(left, right, scenes).status == "equal"

    def _holds_for_arrays(self, left: Node, right: Node, outcome: Outcome) -> bool:
        """Whether two sides are equal if names that are not known are arrays of the spec: y is Y."""
        arrays = {name: self.vocabulary.array_of(name) for name in outcome.names}
        if not arrays or None in arrays.values():
            return False
        for name, array in arrays.items():
            assert array is not None
            left, right = with_name(left, name, array), with_name(right, name, array)
        return compare(left, right, self.scenes).status == "equal"
