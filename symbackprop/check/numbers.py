"""The verdict on printed numbers: are they the values of what stands before, do the operands give the result.

A result is right if it is the value, computed with all digits, rounded to what is printed; or the exact
result of the operands that are printed, rounded likewise, where these are right; or what comes of the rounded
values that the document has printed before. A tie may go either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symbackprop.check.claims import Counterexample, Verdict
from symbackprop.check.contexts import Context
from symbackprop.check.findings import VERIFIED, Finding, refuted
from symbackprop.check.meanings import Meant
from symbackprop.check.notes import Note
from symbackprop.check.substitutions import Substitutions
from symbackprop.content import text
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import Side
from symbackprop.formulas.tree import Node, is_numeric
from symbackprop.reckoning.paper import Misfit, Undefined, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.rounding import (
    Cell,
    as_mpf,
    as_printed,
    cells_of,
    entries,
    misfits,
    plain_number,
    tolerance,
    within,
)
from symbackprop.reckoning.scene import Unknown


class Numbers(Substitutions):
    """Judges printed numbers."""

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
        node = right.node
        assert node is not None
        symbolic = [side.node for side in anchors if side.node is not None and not is_numeric(side.node)]
        before = anchors[-1].node if anchors[-1].node is not None and is_numeric(anchors[-1].node) else None
        cells = cells_of(node)
        meant = self.first_known(symbolic, context, cells) if symbolic else Meant(None, None, "none")
        if cells is None:
            return self.substituted(symbolic, before, right, meant, context)
        return self._result(symbolic, before, cells, meant, context, lines, wrong)

    # ------------------------------------------------------------------------------------- printed results

    def _result(
        self,
        symbolic: Sequence[Node],
        before: Node | None,
        cells: Any,
        meant: Meant,
        context: Context | None,
        lines: Sequence[int],
        wrong_before: int | None,
    ) -> Finding:
        """A number, or an array of them, that is printed as a result."""
        wrong = misfits(cells, meant.value) if meant.value is not None else None
        if meant.value is not None and wrong == []:
            self._noted(symbolic, cells, lines[-1], None)
            return VERIFIED
        exact = self._of_operands(before, cells, meant)
        if exact is not None and exact == []:
            root = wrong_before or self._root(symbolic, context, cells, meant)
            self._noted(symbolic, cells, lines[-1], root)
            return VERIFIED
        if meant.value is None:
            return self._without_meaning(before, cells, exact, meant)
        carried = self._carried(symbolic, context, cells)
        if carried is not None:
            self._noted(symbolic, cells, lines[-1], carried.wrong)
            if carried.wrong is None:
                return Finding(
                    Verdict.VERIFIED, text("it comes of the rounded values that were printed before")
                )
        finding = self._refuted(symbolic, before, cells, wrong, meant)
        if carried is None and meant.scene is not None:
            line = self.notes.follows_in_numbers(
                symbolic[0], lambda value: misfits(cells, value) == [], meant.scene
            )
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

    def note(self, symbolic: Sequence[Side], right: Side, line: int) -> None:
        """Remember a right value."""
        cells = cells_of(right.node) if right.node is not None else None
        if cells is not None:
            self._noted([side.node for side in symbolic if side.node is not None], cells, line, None)

    def _of_operands(self, before: Node | None, cells: Any, meant: Meant) -> list[tuple[Cell, Any]] | None:
        """The misfits with the exact result of the operands that stand before; None: there are none."""
        if before is None:
            return None
        scene = meant.scene or self.any_scene()
        if scene is None:
            return None
        try:
            return misfits(cells, settled(value_of(before, scene)))
        except (Unknown, Misfit, Undefined, Mistake, TypeError):
            return None

    def _root(
        self, symbolic: Sequence[Node], context: Context | None, cells: Any, meant: Meant
    ) -> int | None:
        """The line of the mistake that a result of right arithmetic has its wrong value from."""
        if meant.value is None:
            return None
        carried = self._carried(symbolic, context, cells)
        return carried.wrong if carried is not None else None

    def _without_meaning(
        self, before: Node | None, cells: Any, exact: list[tuple[Cell, Any]] | None, meant: Meant
    ) -> Finding:
        if before is not None and exact is not None:
            scene = self.any_scene()
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
        for node in [*symbolic, *self.defining(symbolic)]:
            scene = self.scene([node, *symbolic], context)
            if scene is None:
                return None
            made = self.notes.carried(node, scene)
            if made is not None and misfits(cells, made.value) == []:
                return made
        return None

    def _refuted(
        self,
        symbolic: Sequence[Node],
        before: Node | None,
        cells: Any,
        wrong: list[tuple[Cell, Any]] | None,
        meant: Meant,
    ) -> Finding:
        assert meant.scene is not None
        if wrong is None:
            slip = self.slips.shapes(cells, meant.value)
            return refuted(slip, plain_number(meant.value))
        cell, best = wrong[0]
        slip = self.slips.of(wrong, symbolic, meant.scene, before, whole=cells)
        shown = as_printed(best, cell) if not hasattr(cells, "shape") else plain_number(meant.value)
        example = Counterexample({}, as_printed(as_mpf(cell.value), cell), as_printed(best, cell))
        return Finding(Verdict.REFUTED, None, slip, shown, example)


def printed_value(cells: Any) -> Any:
    """The numbers that are printed."""
    if not hasattr(cells, "shape"):
        return as_mpf(cells.value)
    made = cells.copy()
    flat = made.reshape(-1)
    for place, cell in enumerate(entries(cells)):
        flat[place] = as_mpf(cell.value)
    return made


def _half_units(cells: Any) -> Any:
    units = [as_mpf(cell.unit) for cell in entries(cells)]
    return max(units) / 2
