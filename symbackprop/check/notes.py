"""What a document has said so far: the values that it printed for names, and the formulas that were wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mpf
from sympy import Symbol

from symbackprop.errors import Mistake
from symbackprop.formulas.keys import key_of
from symbackprop.formulas.tree import Node
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.reckoning import paper
from symbackprop.reckoning.paper import Misfit, Undefined, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene, Unknown


@dataclass(frozen=True)
class Note:
    """A value that was printed.

    Attributes:
        value: a number, or an array.
        line: where.
        wrong: the line of the mistake that it has, or has from; None: it is right.
    """

    value: Any
    line: int
    wrong: int | None = None


class Notes:
    """The values and the wrong formulas of a document, by what they are of."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.values: dict[str, Note] = {}
        self.formulas: dict[str, tuple[Node, int]] = {}

    def printed(self, node: Node, value: Any, line: int, wrong: int | None = None) -> None:
        """Remember the value that a side was printed with."""
        key = key_of(node, self.vocabulary)
        if key:
            self.values[key] = Note(value, line, wrong)

    def carried(self, node: Node, scene: Scene) -> Note | None:
        """The value of a side in the rounded numbers printed for what it is made of; None: there are none."""
        used: list[Note] = []
        overrides: dict[Any, Any] = dict(scene.overrides)
        for one in self._made_of(node):
            note = self.values.get(key_of(one, self.vocabulary, dict(scene.binding)))
            if note is not None and not isinstance(note.value, bool):
                used.append(note)
                overrides[key_of(one, self.vocabulary, dict(scene.binding))] = note.value
        if not used:
            return None
        try:
            value = settled(value_of(node, scene.having(overrides=overrides, free=set())))
        except (Unknown, Misfit, Undefined, Mistake, TypeError):
            return None
        wrong = [note.wrong for note in used if note.wrong is not None]
        return Note(value, 0, min(wrong) if wrong else None)

    def _made_of(self, node: Node) -> list[Node]:
        """The names and derivatives in a formula, the names within derivatives left out."""
        if node.kind == "derivative":
            return []
        found: list[Node] = []
        for part in node.parts:
            found += [part] if part.kind in ("name", "derivative") else self._made_of(part)
        return found

    def wrong_formula(self, left: Node, right: Node, line: int) -> None:
        """Remember a wrong formula."""
        key = key_of(left, self.vocabulary)
        if key:
            self.formulas[key] = (right, line)

    def follows(self, left: Node, right: Node, scenes: Sequence[Scene]) -> int | None:
        """The line of an earlier wrong formula from which this one follows; None: it has its own mistake."""
        for key, (formula, line) in reversed(self.formulas.items()):
            if all(self._follows(left, right, key, formula, scene) for scene in scenes):
                return line
        return None

    def follows_in_numbers(self, left: Node, fits: Callable[[Any], bool], scene: Scene) -> int | None:
        """The line of an earlier wrong formula with which a side has the value that is printed for it."""
        for key, (formula, line) in reversed(self.formulas.items()):
            try:
                world = changed_world(scene, key, settled(value_of(formula, scene)))
                if world is None:
                    continue
                value = settled(value_of(left, world))
                if not paper.same(value, settled(value_of(left, scene)), mpf(10) ** -12, mpf(0)) and fits(
                    value
                ):
                    return line
            except (Unknown, Misfit, Undefined, Mistake, TypeError):
                continue
        return None

    def _follows(self, left: Node, right: Node, key: str, formula: Node, scene: Scene) -> bool:
        try:
            claimed = settled(value_of(formula, scene))
            world = changed_world(scene, key, claimed)
            if world is None:
                return False
            value = settled(value_of(left, world))
            plain = settled(value_of(left, scene))
            here = settled(value_of(right, scene))
        except (Unknown, Misfit, Undefined, Mistake, TypeError):
            return False
        if paper.same(value, plain, mpf(10) ** -20, mpf(0)):
            return False
        return paper.same(value, here, mpf(10) ** -20, mpf(10) ** -40)


def changed_world(scene: Scene, key: str, value: Any) -> Scene | None:
    """The scene in which a node, or a derivative of the output, has another value, and all behind it."""
    kind, _, rest = key.partition(" ")
    if kind == "node" and " " not in rest:
        return scene.having(point=scene.point.changed({rest: value}))
    graph = scene.vocabulary.graph
    if kind == "delta" and " " not in rest:
        factor = scene.point.delta(rest) / settled(scene.gradient(scene.vocabulary.delta_of[rest]))
        node = scene.vocabulary.delta_of[rest]
        return scene.having(point=scene.point.with_slope(node, value / factor))
    parts = rest.split(" / ")
    if (
        kind == "d"
        and len(parts) == 2
        and parts[0] == f"node {graph.output.name}"
        and parts[1].startswith("node ")
    ):
        name = parts[1].removeprefix("node ")
        if " " not in name and Symbol(name) in graph:
            return scene.having(point=scene.point.with_slope(name, value))
    return None
