"""The kind of mistake of a printed number: what else is printed there, or how its digits differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
from mpmath import mpf

from symbackprop.check.claims import Slip
from symbackprop.check.contexts import Contexts
from symbackprop.check.diagnosis import PRIORITY, Diagnosis
from symbackprop.check.slips import Slips
from symbackprop.errors import Mistake
from symbackprop.formulas.keys import key_of
from symbackprop.formulas.names import read_name
from symbackprop.formulas.tree import Name, Node
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Node as GraphNode
from symbackprop.graph import Role
from symbackprop.notation.names import latex_name
from symbackprop.precise.point import exact_number
from symbackprop.reckoning.paper import Misfit, Undefined, entries_of, on_paper, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.rounding import Cell, as_mpf, as_printed, misfits, within
from symbackprop.reckoning.scene import Scene, Unknown

MOST = 1500


class NumberSlips:
    """Finds kinds of mistakes in numbers."""

    def __init__(self, vocabulary: Vocabulary, contexts: Contexts, diagnosis: Diagnosis) -> None:
        self.vocabulary, self.contexts, self.diagnosis = vocabulary, contexts, diagnosis

    def plain(self, cell: Cell, right: Any) -> Slip:
        """From the digits alone."""
        return digit_slip(cell, right) or Slip.OTHER

    def of(
        self,
        wrong: Sequence[tuple[Cell, Any]],
        symbolic: Sequence[Node],
        scene: Scene,
        before: Node | None,
        *,
        whole: Any,
    ) -> Slip:
        """The kind of mistake of a result: of its wrong numbers, each with what is right."""
        cell, right = wrong[0]
        if before is None and not cell.unit and symbolic:
            read = self.diagnosis.alike(cell.node, symbolic[0])
            if read is not None:
                return read
        slip = _digit_slip_of_all(wrong)
        if slip is not None and not (slip is Slip.FACTOR and symbolic and self._is_forward(symbolic[0])):
            return slip
        if self._is_of_a_neighbour(whole, symbolic, scene):
            return Slip.LOSS_FOR_DELTA
        if self._with_new_weights(symbolic, scene, lambda found: misfits(whole, found) == []):
            return Slip.NEW_WEIGHTS
        if self._another(cell, symbolic, scene) is not None:
            return Slip.COPY
        if before is not None and is_copy(cell, right):
            return Slip.COPY
        explained = self._explained(symbolic, scene, lambda found: misfits(whole, found) == [])
        return explained or self._last(cell, right, symbolic)

    def _last(self, cell: Cell, right: Any, symbolic: Sequence[Node]) -> Slip:
        """Digits in another order or left out are copied wrongly; else it is an error of its pass."""
        if is_copy(cell, right):
            return Slip.COPY
        return Slip.FORWARD if symbolic and self._is_forward(symbolic[0]) else Slip.OTHER

    def shapes(self, cells: Any, value: Any) -> Slip:
        """Of an array of another shape."""
        if np.ndim(value) == 2 and np.shape(cells) == np.shape(value)[::-1]:
            return Slip.TRANSPOSE
        return Slip.OTHER

    def values(self, value: Any, right: Any) -> Slip:
        """Of two results of calculation."""
        if np.ndim(value) or np.ndim(right):
            return Slip.OTHER
        if right != 0 and abs(value + right) <= abs(right) * mpf(10) ** -6:
            return Slip.SIGN
        return Slip.OTHER

    def substituted(self, symbolic: Sequence[Node], value: Any, off: Any, scene: Scene) -> Slip:
        """Of numbers that were put in otherwise than the formula says."""
        if self._with_new_weights(symbolic, scene, lambda found: within(value, found, off)):
            return Slip.NEW_WEIGHTS
        explained = self._explained(symbolic, scene, lambda found: within(value, found, off))
        if explained is not None:
            return explained
        return Slip.FORWARD if symbolic and self._is_forward(symbolic[0]) else Slip.OTHER

    def operand(self, cell: Cell, right: Any, symbolic: Sequence[Node], scene: Scene, whole: Any) -> Slip:
        """Of a number, or an array of them, that is not the value of the name that it stands for."""
        if np.ndim(whole) and self._is_another_array(whole, scene):
            return Slip.FORWARD if self._is_forward(symbolic[0]) else Slip.WRONG_NAME
        slip = digit_slip(cell, right)
        if slip is not None and slip is not Slip.FACTOR:
            return slip
        new = self._new_weight(cell, scene)
        if new is not None:
            return new
        other = self._another(cell, symbolic, scene)
        return Slip.FORWARD if other is not None and self._is_forward(symbolic[0]) else other or Slip.COPY

    # ------------------------------------------------------------------------------------------ what it is

    def _is_another_array(self, whole: Any, scene: Scene) -> bool:
        """Whether an array is the value of some node."""
        values = [scene.point[node.name] for node in self.vocabulary.graph.nodes if node.shape]
        return any(misfits(printed, value) == [] for value in values for printed in (whole, whole.T))

    def _explained(self, symbolic: Sequence[Node], scene: Scene, fits: Any) -> Slip | None:
        """The slip that makes a formula give the number: of the likely ones first, others may by chance."""
        scene = self._before_the_step(symbolic, scene)
        for node in self._formulas(symbolic):
            slips = Slips(self.vocabulary, is_forward=self._is_forward(symbolic[0]))
            tried = 0
            for stage in slips.stages(node):
                found: set[Slip] = set()
                for slip, variant in islice(stage, MOST - tried):
                    tried += 1
                    value = self._value(variant, scene)
                    if value is not None and fits(value):
                        found.add(slip)
                if found:
                    return next(slip for slip in PRIORITY if slip in found)
        return None

    def _before_the_step(self, symbolic: Sequence[Node], scene: Scene) -> Scene:
        """Of a w^{(k)} the scene of the state that its step starts from."""
        name = symbolic[0].value if symbolic else None
        referent = self.vocabulary.find(name) if isinstance(name, Name) else None
        if referent is None or referent.step is None or referent.step[0]:
            return scene
        before = referent.step[1] - 1
        found = next((one for one in self.contexts.all if one.state == before), None)
        return scene if found is None else self.contexts.scene(found).having(base={"": before})

    def _with_new_weights(self, symbolic: Sequence[Node], scene: Scene, fits: Any) -> bool:
        """Whether a formula gives the number with the parameters after the update."""
        states = scene.states
        if states is None or scene.state + 1 >= states.count or not symbolic:
            return False
        if key_of(symbolic[0], self.vocabulary).startswith("node "):
            return False
        new = states.parameters(scene.state + 1)
        for node in self._formulas(symbolic):
            used = {f"node {name}" for name in new} & {
                key_of(one, self.vocabulary) for one in node.walk() if one.kind == "name"
            }
            if not used:
                continue
            overrides = {key: on_paper(exact_number(new[key.removeprefix("node ")])) for key in used}
            value = self._value(node, scene.having(overrides={**scene.overrides, **overrides}))
            if value is not None and fits(value):
                return True
        return False

    def _formulas(self, symbolic: Sequence[Node]) -> Iterator[Node]:
        yield from reversed([node for node in symbolic if node.kind not in ("name", "derivative")])
        if symbolic:
            for one in reversed(self.diagnosis.reference.of(symbolic[0])):
                yield one.node

    def _value(self, node: Node, scene: Scene) -> Any | None:
        try:
            return on_paper(settled(value_of(node, scene.having(free=set()))))
        except (Unknown, Misfit, Undefined, Mistake, TypeError, ZeroDivisionError):
            return None

    def _is_forward(self, node: Node) -> bool:
        key = key_of(node, self.vocabulary)
        return key.startswith("node ") and " step " not in key

    def _new_weight(self, cell: Cell, scene: Scene) -> Slip | None:
        """Whether it is a parameter after the update."""
        states = scene.states
        if states is None:
            return None
        known = [
            states.parameters(state)
            for state in {scene.state + 1, scene.state - 1} & set(range(states.count))
        ]
        for values in [*known, self._after_this_example(scene)]:
            for value in values.values():
                if any(cell.unit and cell.fits(one) for one in np.ravel(np.asarray(value, dtype=object))):
                    return Slip.NEW_WEIGHTS
        return None

    def _after_this_example(self, scene: Scene) -> dict[str, Any]:
        """The parameters after a step down the slope of this example alone."""
        if scene.rate is None:
            return {}
        output, point = self.vocabulary.graph.output.name, scene.point
        names = [symbol.name for symbol in self.vocabulary.graph.parameters]
        return {name: point[name] - scene.rate * point.slope(output, name) for name in names}

    def _another(self, cell: Cell, symbolic: Sequence[Node], scene: Scene) -> Slip | None:
        """Whether it is the value of another node, or the derivative by it.

        A whole number may be that of a name by chance: only one of the formula's letters is taken for it.
        """
        graph = self.vocabulary.graph
        letters = {
            one.value.letter for node in symbolic for one in node.walk() if isinstance(one.value, Name)
        }
        alike = {_letter(node.name) for node in graph.nodes if self._is_value(cell, node, scene)}
        if alike & letters:
            return Slip.WRONG_INDEX
        if not cell.unit:
            return None
        if alike:
            return Slip.COPY
        for symbol in graph.parameters:
            if self._is_slope(cell, symbol.name, scene):
                return Slip.COPY
        return None

    @staticmethod
    def _is_value(cell: Cell, node: GraphNode, scene: Scene) -> bool:
        if node.role is Role.SIZE:
            return False
        try:
            values = np.ravel(np.asarray(scene.point[node.name], dtype=object))
        except Mistake:
            return False
        return len(values) == 1 and cell.fits(values[0]) and bool(abs(values[0]) > mpf(10) ** -6)

    def _is_of_a_neighbour(self, whole: Any, symbolic: Sequence[Node], scene: Scene) -> bool:
        """Whether it is the derivative of the output by what uses the node, or the output itself."""
        graph = self.vocabulary.graph
        name = self.diagnosis.differentiated(symbolic[0]) if symbolic else None
        if name is None:
            return False
        neighbours = (*graph.consumers[graph[name].symbol], *graph[name].parents)
        return any(self._is_slope(whole, str(one.name), scene) for one in neighbours)

    def _is_slope(self, whole: Any, name: str, scene: Scene) -> bool:
        """Whether a number, or an array of them, is the derivative of the output by a node."""
        try:
            value = settled(scene.gradient(name))
        except (Mistake, Misfit, Unknown):
            return False
        return misfits(whole, value) == [] and any(abs(one) > mpf(10) ** -9 for one in entries_of(value))


def _letter(name: str) -> str:
    return read_name(latex_name(name)).letter


def digit_slip(cell: Cell, right: Any) -> Slip | None:
    """A sign, a factor of two, a last digit."""
    value = as_mpf(cell.value)
    if cell.unit and not cell.value:
        return Slip.ROUNDING if abs(right) < as_mpf(cell.unit) else Slip.COPY
    if cell.unit and abs(value - right) <= as_mpf(cell.unit) * mpf("2.51") and not _flips(cell, value, right):
        return Slip.ROUNDING
    opposite = Cell(-cell.value, cell.unit, cell.node)
    if opposite.fits(right) and right != 0:
        return Slip.SIGN
    for factor in (mpf(2), mpf(1) / 2):
        if right != 0 and cell.fits(right * factor):
            return Slip.FACTOR
    return None


def _digit_slip_of_all(wrong: Sequence[tuple[Cell, Any]]) -> Slip | None:
    """The slip of digits that all wrong numbers have in common."""
    slips = {digit_slip(cell, right) for cell, right in wrong}
    return slips.pop() if len(slips) == 1 else None


def _flips(cell: Cell, value: Any, right: Any) -> bool:
    """Whether it is rather a sign than a last digit."""
    return bool(value * right < 0 and abs(value + right) <= as_mpf(cell.unit) / 2)


def is_copy(cell: Cell, right: Any) -> bool:
    """Whether the digits are those of the right number, two exchanged, one left out, added or changed."""
    printed = _digits(as_printed(as_mpf(cell.value), cell))
    finer, coarser = (
        Cell(cell.value, cell.unit * scale, cell.node) for scale in (Fraction(1, 10), Fraction(10))
    )
    for like in (cell, finer, coarser):
        wanted = _digits(as_printed(right, like))
        if sorted(printed) == sorted(wanted) or _distance(printed, wanted) <= 1:
            return True
    return False


def _digits(text: str) -> str:
    return "".join(one for one in text.partition(r"\times")[0] if one.isdigit())


def _distance(one: str, other: str) -> int:
    """Changes of single digits between two numbers."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True))
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    if len(longer) - len(shorter) > 1:
        return len(longer)
    return int(not any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer))))
