"""The verdict on printed numbers: are they the values of what stands before them, do the operands give the result.

A result is right if it is the value, computed with all digits, rounded to what is printed; or the exact result of the
operands that are printed, rounded likewise, where these are right; or what comes of the rounded values that the document
has printed before. A tie may go either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mp, mpf

from symbackprop.check.claims import Counterexample, Slip, Verdict
from symbackprop.check.contexts import Context, Contexts
from symbackprop.check.diagnosis import Diagnosis
from symbackprop.check.findings import VERIFIED, Finding, refuted
from symbackprop.check.notes import Note, Notes
from symbackprop.check.number_slips import NumberSlips
from symbackprop.content import text
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import Side
from symbackprop.formulas.keys import key_of
from symbackprop.formulas.tree import Node, is_numeric
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.reckoning.identities import bindings_of, settings
from symbackprop.reckoning.operands import aligned
from symbackprop.reckoning.paper import Misfit, Undefined, on_paper, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.rounding import (
    Cell,
    as_printed,
    cells_of,
    entries,
    misfits,
    plain_number,
    tolerance,
    within,
)
from symbackprop.reckoning.scene import Scene, Unknown

EXACT = mpf(10) ** -11
"""How far exact numbers may be off a value that was computed in double precision."""


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


class Numbers:
    """Judges printed numbers."""

    def __init__(
        self, vocabulary: Vocabulary, contexts: Contexts, notes: Notes, diagnosis: Diagnosis
    ) -> None:
        self.vocabulary, self.contexts, self.notes = vocabulary, contexts, notes
        self.slips = NumberSlips(vocabulary, contexts, diagnosis)
        self.loose = False
        self.wrong_before: int | None = None

    # ---------------------------------------------------------------------------------------------- meaning

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
            choices = bindings_of((node,), self.vocabulary, scene)
            if len(choices) > 1:
                return Meant(None, scene, "meaning")
            scene = scene.having(binding=choices[0])
            value = settled(value_of(node, scene.having(shape=like or ())))
        except (Unknown, Undefined, Mistake, Misfit, TypeError):
            return Meant(None, scene, "meaning")
        return Meant(None, scene, "name") if scene.free else Meant(on_paper(value), scene)

    # ---------------------------------------------------------------------------------------------- verdict

    def judged(
        self,
        anchors: Sequence[Side],
        right: Side,
        context: Context | None,
        lines: Sequence[int],
        wrong: int | None = None,
    ) -> Finding:
        """The verdict on a side of numbers behind others.

        Args:
            anchors: the sides before it.
            right: the side.
            context: which numbers they speak of.
            lines: where the sides stand.
            wrong: the line of the mistake of the side before, if that is wrong.
        """
        self.wrong_before = wrong
        node = right.node
        assert node is not None
        symbolic = [side.node for side in anchors if side.node is not None and not is_numeric(side.node)]
        before = anchors[-1].node if anchors[-1].node is not None and is_numeric(anchors[-1].node) else None
        cells = cells_of(node)
        meant = self._first_known(symbolic, context, cells) if symbolic else Meant(None, None, "none")
        if cells is None:
            return self._substituted(symbolic, before, right, meant, context, lines)
        return self._result(symbolic, before, right, cells, meant, context, lines)

    def _first_known(self, symbolic: Sequence[Node], context: Context | None, cells: Any) -> Meant:
        found = Meant(None, None, "none")
        shape = cells.shape if hasattr(cells, "shape") else None
        for node in symbolic:
            found = self.meant(node, context, shape, symbolic)
            if found.value is not None:
                return found
        return found

    # ------------------------------------------------------------------------------------- printed results

    def _result(
        self,
        symbolic: Sequence[Node],
        before: Node | None,
        right: Side,
        cells: Any,
        meant: Meant,
        context: Context | None,
        lines: Sequence[int],
    ) -> Finding:
        """A number, or an array of them, that is printed as a result."""
        wrong = misfits(cells, meant.value) if meant.value is not None else None
        if meant.value is not None and wrong == []:
            self._noted(symbolic, cells, lines[-1], None)
            return VERIFIED
        exact = self._of_operands(before, cells, meant)
        if exact is not None and exact == []:
            root = self.wrong_before or self._root(symbolic, context, cells, meant)
            self._noted(symbolic, cells, lines[-1], root)
            return VERIFIED
        if meant.value is None:
            return self._without_meaning(before, right, cells, exact, meant)
        carried = self._carried(symbolic, context, cells)
        if carried is not None:
            self._noted(symbolic, cells, lines[-1], carried.wrong)
            if carried.wrong is None:
                return Finding(
                    Verdict.VERIFIED, text("it comes of the rounded values that were printed before")
                )
        finding = self._refuted(symbolic, before, right, cells, wrong, meant, context)
        if carried is None and meant.scene is not None:
            line = self.notes.follows_in_numbers(symbolic[0], cells, meant.scene)
            carried = Note(None, 0, line) if line is not None else None
            if carried is not None:
                self._noted(symbolic, cells, lines[-1], line)
        if carried is not None and carried.wrong is not None:
            return Finding(
                finding.verdict,
                None,
                finding.mistake,
                finding.expected,
                finding.counterexample,
                carried.wrong,
            )
        self._noted(symbolic, cells, lines[-1], lines[-1])
        return finding

    def _noted(self, symbolic: Sequence[Node], cells: Any, line: int, wrong: int | None) -> None:
        value = printed_value(cells)
        for node in symbolic:
            self.notes.printed(node, value, line, wrong)

    def note(self, symbolic: Sequence[Side], right: Side, context: Context | None, line: int) -> None:
        """Remember a right value."""
        cells = cells_of(right.node) if right.node is not None else None
        if cells is not None:
            self._noted([side.node for side in symbolic if side.node is not None], cells, line, None)

    def _of_operands(self, before: Node | None, cells: Any, meant: Meant) -> list[tuple[Cell, Any]] | None:
        """The misfits with the exact result of the operands that stand before; None: there are none."""
        if before is None:
            return None
        scene = meant.scene or self._any_scene()
        if scene is None:
            return None
        try:
            return misfits(cells, settled(value_of(before, scene)))
        except (Unknown, Misfit, Undefined, Mistake, TypeError):
            return None

    def _any_scene(self) -> Scene | None:
        return (
            self.contexts.scene(self.contexts.all[0]) if self.contexts.all else self.slips.diagnosis.scenes[0]
        )

    def _root(
        self, symbolic: Sequence[Node], context: Context | None, cells: Any, meant: Meant
    ) -> int | None:
        """The line of the mistake that a result of right arithmetic has its wrong value from."""
        if meant.value is None:
            return None
        carried = self._carried(symbolic, context, cells)
        return carried.wrong if carried is not None else None

    def _without_meaning(
        self, before: Node | None, right: Side, cells: Any, exact: list[tuple[Cell, Any]] | None, meant: Meant
    ) -> Finding:
        if before is not None and exact is not None:
            scene = self._any_scene()
            assert scene is not None
            try:
                value = settled(value_of(before, scene))
                off = tolerance(before, scene)
            except (Unknown, Misfit, Undefined, Mistake, TypeError):
                return Finding(Verdict.UNDECIDED, text("it has no value"))
            slack = _half_units(cells)
            if within(printed_value(cells), value, off + slack):
                return Finding(Verdict.VERIFIED, text("it is right within the rounding of the operands"))
            cell, best = exact[0]
            slip = self.slips.plain(cell, best)
            return refuted(slip, as_printed(best, cell))
        if meant.why in ("none", "numbers") and not self.contexts.all:
            return Finding(Verdict.UNDECIDED, text("the spec gives no numbers for this"))
        return Finding(Verdict.UNDECIDED, text("what stands before it has no known value"))

    def _carried(self, symbolic: Sequence[Node], context: Context | None, cells: Any) -> Note | None:
        """The result of the values that were printed before; the note tells whether one of them was wrong."""
        for node in [*symbolic, *self._defining(symbolic)]:
            scene = self.scene([node, *symbolic], context)
            if scene is None:
                return None
            made = self.notes.carried(node, scene)
            if made is not None and misfits(cells, made.value) == []:
                return made
        return None

    def _defining(self, symbolic: Sequence[Node]) -> list[Node]:
        """The right formulas of what stands first."""
        return [one.node for one in self.slips.diagnosis.reference.of(symbolic[0])] if symbolic else []

    def _refuted(
        self,
        symbolic: Sequence[Node],
        before: Node | None,
        right: Side,
        cells: Any,
        wrong: list[tuple[Cell, Any]] | None,
        meant: Meant,
        context: Context | None,
    ) -> Finding:
        assert meant.scene is not None
        if wrong is None:
            slip = self.slips.shapes(cells, meant.value)
            return refuted(slip, plain_number(meant.value))
        cell, best = wrong[0]
        slip = self.slips.of(cell, best, symbolic, meant.scene, before, whole=cells, value=meant.value)
        shown = as_printed(best, cell) if not hasattr(cells, "shape") else plain_number(meant.value)
        example = Counterexample(
            {}, as_printed(cell.value.numerator / mpf(cell.value.denominator), cell), as_printed(best, cell)
        )
        return Finding(Verdict.REFUTED, None, slip, shown, example)

    # --------------------------------------------------------------------------------- numbers put in for names

    def _substituted(
        self,
        symbolic: Sequence[Node],
        before: Node | None,
        right: Side,
        meant: Meant,
        context: Context | None,
        lines: Sequence[int],
    ) -> Finding:
        """Numbers with operations between them: what was put in for the names before, or the next step of a calculation."""
        node = right.node
        assert node is not None
        scene = meant.scene or self._any_scene()
        if scene is None:
            return Finding(Verdict.UNDECIDED, text("the spec gives no numbers for this"))
        try:
            value = settled(value_of(node, scene))
            off = tolerance(node, scene)
        except Misfit:
            return refuted(Slip.OTHER, "")
        except (Unknown, Undefined, Mistake, TypeError):
            return Finding(Verdict.UNDECIDED, text("it has no value"))
        if symbolic and meant.value is not None:
            return self._put_in(symbolic, right, value, off, meant, context, lines)
        if before is None:
            why = (
                text("the spec gives no numbers for this")
                if not self.contexts.all
                else text("what stands before it has no known value")
            )
            return Finding(Verdict.UNDECIDED, why)
        try:
            left, slack = settled(value_of(before, scene)), tolerance(before, scene)
        except (Unknown, Misfit, Undefined, Mistake, TypeError):
            return Finding(Verdict.UNDECIDED, text("it has no value"))
        if within(value, left, off + slack):
            return VERIFIED
        return refuted(self.slips.values(value, left), plain_number(left))

    def _put_in(
        self,
        symbolic: Sequence[Node],
        right: Side,
        value: Any,
        off: Any,
        meant: Meant,
        context: Context | None,
        lines: Sequence[int],
    ) -> Finding:
        assert right.node is not None
        assert meant.scene is not None
        is_near = within(value, meant.value, off + _small(meant.value, right.node))
        bad = self._bad_operand(symbolic, right.node, meant.scene)
        if is_near and bad is None:
            return VERIFIED
        if bad is not None and bad[2] is not None and bad[2].wrong is None and not is_near:
            bad = None
        if bad is None:
            root = self._carried_value(symbolic, value, off, context)
            if root is not None and root.wrong is None:
                return VERIFIED
            slip = self.slips.substituted(symbolic, right.node, value, off, meant.scene)
            expected = plain_number(meant.value)
            finding = refuted(slip, expected)
            follows = root.wrong if root is not None else None
            return Finding(finding.verdict, None, slip, expected, None, follows)
        cell, best, note = bad
        if note is not None and note.wrong is not None:
            return Finding(Verdict.REFUTED, None, Slip.COPY, as_printed(best, cell), None, note.wrong)
        slip = self.slips.operand(cell, best, symbolic, meant.scene)
        shown = as_printed(best, cell)
        return Finding(
            Verdict.REFUTED, None, slip, shown, Counterexample({}, as_printed(_number(cell), cell), shown)
        )

    def _carried_value(
        self, symbolic: Sequence[Node], value: Any, off: Any, context: Context | None
    ) -> Note | None:
        for node in [*symbolic, *self._defining(symbolic)]:
            scene = self.scene([node, *symbolic], context)
            made = self.notes.carried(node, scene) if scene is not None else None
            if made is not None and within(value, made.value, off + _small(made.value, node)):
                return made
        return None

    def _bad_operand(
        self, symbolic: Sequence[Node], node: Node, scene: Scene
    ) -> tuple[Cell, Any, Note | None] | None:
        """The first number that is not what it was put in for; with the note where that was printed so before."""
        bare = [one for one in symbolic if one.kind not in ("name", "derivative")]
        for source in [*reversed(symbolic), *([] if bare else self._defining(symbolic))]:
            pairs = aligned(source, node)
            if pairs is None:
                continue
            for name, operand in pairs:
                bad = self._operand(name, operand, scene)
                if bad is not None:
                    return bad
            return None
        return None

    def _operand(self, name: Node, operand: Node, scene: Scene) -> tuple[Cell, Any, Note | None] | None:
        cells = cells_of(operand)
        if cells is None:
            return None
        try:
            right = on_paper(settled(value_of(name, scene)))
            wrong = misfits(cells, right)
        except (Unknown, Misfit, Undefined, Mistake, TypeError):
            return None
        if not wrong:
            return None
        note = self.notes.values.get(key_of(name, self.vocabulary))
        if note is not None and misfits(cells, note.value) == []:
            return None if note.wrong is None else (*wrong[0], note)
        return (*wrong[0], None)


def printed_value(cells: Any) -> Any:
    """The numbers that are printed."""
    if not hasattr(cells, "shape"):
        return _number(cells)
    made = cells.copy()
    flat = made.reshape(-1)
    for place, cell in enumerate(entries(cells)):
        flat[place] = _number(cell)
    return made


def _number(cell: Cell) -> Any:
    return mpf(cell.value.numerator) / cell.value.denominator


def _half_units(cells: Any) -> Any:
    units = [mpf(cell.unit.numerator) / cell.unit.denominator for cell in entries(cells)]
    return max(units) / 2


def _small(value: Any, node: Node) -> Any:
    """What exact numbers may be off: a value computed in double precision is not exact."""
    flat = value.reshape(-1) if hasattr(value, "reshape") else [value]
    return max((abs(one) for one in flat), default=mpf(0)) * EXACT


__all__ = ["Meant", "Numbers", "mp", "printed_value"]
