"""Formulas in which numbers of the spec stand for names: z_1 = 0.1 x_1 - 0.2 x_2, w - 0.5 ∂L/∂w, 1/3 Σ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from symbackprop.check.contexts import Contexts
from symbackprop.errors import Mistake
from symbackprop.formulas.tree import Node, Printed, names_in
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Role
from symbackprop.precise.point import Point
from symbackprop.reckoning.scene import Scene

_DATA = (Role.INPUT, Role.TARGET)
_PLAIN = 2
"""Up to this a whole number may stand in any formula."""


class Given:
    """The random points of a problem with some of the names at their values in the spec.

    Args:
        vocabulary: what names mean.
        contexts: the numbers of the spec.
        scenes: random points.
    """

    def __init__(self, vocabulary: Vocabulary, contexts: Contexts, scenes: Sequence[Scene]) -> None:
        self.vocabulary, self.contexts, self.scenes = vocabulary, contexts, scenes

    def scenes_for(self, node: Node) -> Iterator[list[Scene]]:
        """Points for a formula with numbers: what it does not name has its value in the spec.

        Arrays of all examples have it in any case, for their number to be that of the spec. First the
        parameters have it and the data is random, then the other way round, then both have it.
        """
        printed = [one.value for one in node.walk() if isinstance(one.value, Printed)]
        if not self.contexts.all or not any(one.unit or abs(one.value) > _PLAIN for one in printed):
            return
        spec, named = self.contexts.scene(self.contexts.all[0]), self._named(node)
        given = [one for one in self.vocabulary.graph.given if one.role is not Role.SIZE]
        axis = self.vocabulary.example_axis
        free = [one for one in given if one.name not in named or axis(one) is not None]
        data = {one.name: spec.point[one.name] for one in free if one.role in _DATA}
        others = {one.name: spec.point[one.name] for one in free if one.role not in _DATA}
        rate = None if spec.rate is None or "rate" in named else spec.rate
        for values, learning in ((others, rate), (data, None), (others | data, rate)):
            try:
                yield [_at(scene, values, learning) for scene in self.scenes]
            except Mistake:  # the data of another number of examples
                continue

    def _named(self, node: Node) -> frozenset[str]:
        """The nodes that a formula names, and `rate`."""
        referents = [self.vocabulary.find(name) for name in names_in(node)]
        return frozenset("rate" if one.kind == "rate" else one.name for one in referents if one is not None)


def _at(scene: Scene, values: Mapping[str, Any], rate: Any) -> Scene:
    old = scene.point
    point = Point(old.source, {**old.given, **values}, old.digits, old.conventions)
    return scene.having(point=point, rate=scene.rate if rate is None else rate)
