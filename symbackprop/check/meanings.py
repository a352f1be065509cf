"""What a side is worth where its line stands: the scene of its context, and its value there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from symbackprop.check.contexts import Context, Contexts
from symbackprop.check.diagnosis import Diagnosis
from symbackprop.check.notes import Notes
from symbackprop.check.number_slips import NumberSlips
from symbackprop.errors import Mistake
from symbackprop.formulas.tree import Node
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.reckoning.identities import bindings_of, settings
from symbackprop.reckoning.paper import Misfit, Undefined, on_paper, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene, Unknown


@dataclass(frozen=True)
class Meant:
    """What a side is worth where its line stands.

    Attributes:
        value: the value; None: it is not known.
        scene: where.
        why: why it is not known.
    """

    value: Any | None
    scene: Scene | None
    why: str = ""


class Meanings:
    """The numbers that the sides of a document speak of."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        contexts: Contexts,
        notes: Notes,
        diagnosis: Diagnosis,
        *,
        loose: bool = False,
    ) -> None:
        self.vocabulary, self.contexts, self.notes = vocabulary, contexts, notes
        self.slips = NumberSlips(vocabulary, contexts, diagnosis)
        self.loose = loose

    def scene(self, nodes: Sequence[Node], context: Context | None) -> Scene | None:
        """The scene of a line: that of its context, or the state that its own superscripts name."""
        if context is None:
            return None
        scene = self.contexts.scene(context, loose=self.loose)
        try:
            chosen = settings(scene, nodes)[0]
        except (Unknown, Mistake):
            return scene
        if "" not in chosen.base:
            return chosen
        fitting = [one for one in self.contexts.all if one.state == chosen.base[""]]
        if not fitting or (context in fitting and fitting[0].example is not None):
            return chosen
        return settings(self.contexts.scene(fitting[0], loose=self.loose), nodes)[0]

    def meant(
        self, node: Node, context: Context | None, like: Any = None, among: Sequence[Node] = ()
    ) -> Meant:
        """The value of a side in its context."""
        scene = self.scene([node, *among], context)
        if scene is None:
            return Meant(None, None, "numbers")
        scene = scene.having(free=set())
        try:
            choices = bindings_of((node,), self.vocabulary)
            if len(choices) > 1:
                return Meant(None, scene, "meaning")
            scene = scene.having(binding=choices[0])
            value = settled(value_of(node, scene.having(shape=like or ())))
        except (Unknown, Undefined, Mistake, Misfit, TypeError):
            return Meant(None, scene, "meaning")
        return Meant(None, scene, "name") if scene.free else Meant(on_paper(value), scene)

    def first_known(self, symbolic: Sequence[Node], context: Context | None, cells: Any) -> Meant:
        """The value of the first side that has one."""
        found = Meant(None, None, "none")
        shape = cells.shape if hasattr(cells, "shape") else None
        for node in symbolic:
            found = self.meant(node, context, shape, symbolic)
            if found.value is not None:
                return found
        return found

    def any_scene(self) -> Scene | None:
        """A scene for numbers without names: that of the first context, or a random point."""
        return (
            self.contexts.scene(self.contexts.all[0]) if self.contexts.all else self.slips.diagnosis.scenes[0]
        )

    def defining(self, symbolic: Sequence[Node]) -> list[Node]:
        """The right formulas of what stands first."""
        return [one.node for one in self.slips.diagnosis.reference.of(symbolic[0])] if symbolic else []
