"""Numbers put in for names: is each the value of its name, and is the whole the value of the formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import mpf

from symbackprop.check.claims import Counterexample, Slip, Verdict
from symbackprop.check.contexts import Context
from symbackprop.check.findings import VERIFIED, Finding, refuted
from symbackprop.check.meanings import Meanings, Meant
from symbackprop.check.notes import Note
from symbackprop.content import text
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import Side
from symbackprop.formulas.keys import key_of
from symbackprop.formulas.tree import Node
from symbackprop.reckoning.operands import aligned
from symbackprop.reckoning.paper import Misfit, Undefined, on_paper, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.rounding import (
    Cell,
    as_mpf,
    as_printed,
    cells_of,
    misfits,
    plain_number,
    tolerance,
    within,
)
from symbackprop.reckoning.scene import Scene, Unknown

EXACT = mpf(10) ** -11
"""How far exact numbers may be off a value that was computed in double precision."""


@dataclass(frozen=True)
class Misplaced:
    """A number that stands for a name and is not its value.

    Attributes:
        cell: the number.
        right: what is right.
        note: where the document printed it so before.
        whole: the number, or the array that it stands in.
    """

    cell: Cell
    right: Any
    note: Note | None
    whole: Any


class Substitutions(Meanings):
    """Judges numbers with operations between them."""

    def substituted(
        self,
        symbolic: Sequence[Node],
        before: Node | None,
        right: Side,
        meant: Meant,
        context: Context | None,
    ) -> Finding:
        """The verdict on numbers with operations between them: put in for names, or one step of many."""
        node = right.node
        assert node is not None
        scene = meant.scene or self.any_scene()
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
            return self._put_in(symbolic, node, value, off, meant, context)
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
        numbers: Node,
        value: Any,
        off: Any,
        meant: Meant,
        context: Context | None,
    ) -> Finding:
        assert meant.scene is not None
        is_near = within(value, meant.value, off + _slack(meant.value))
        bad = self._bad_operand(symbolic, numbers, meant.scene)
        if is_near and bad is None:
            return VERIFIED
        if bad is None:
            root = self._carried_value(symbolic, value, off, context)
            if root is not None and root.wrong is None:
                return VERIFIED
            slip = self.slips.substituted(symbolic, value, off, meant.scene)
            expected = plain_number(meant.value)
            finding = refuted(slip, expected)
            follows = root.wrong if root is not None else self._follows(symbolic, value, off, meant.scene)
            return Finding(finding.verdict, None, slip, expected, None, follows)
        cell, best = bad.cell, bad.right
        if bad.note is not None and bad.note.wrong is not None:
            return Finding(Verdict.REFUTED, None, Slip.COPY, as_printed(best, cell), None, bad.note.wrong)
        slip = self.slips.operand(cell, best, symbolic, meant.scene, bad.whole)
        shown = as_printed(best, cell)
        return Finding(
            Verdict.REFUTED,
            None,
            slip,
            shown,
            Counterexample({}, as_printed(as_mpf(cell.value), cell), shown),
        )

    def _follows(self, symbolic: Sequence[Node], value: Any, off: Any, scene: Scene) -> int | None:
        """The line of an earlier wrong formula that these numbers were put into, or come of."""
        return self.notes.follows_in_numbers(
            symbolic[0], lambda found: within(value, found, off + _slack(found)), scene
        )

    def _carried_value(
        self, symbolic: Sequence[Node], value: Any, off: Any, context: Context | None
    ) -> Note | None:
        for node in [*symbolic, *self.defining(symbolic)]:
            scene = self.scene([node, *symbolic], context)
            made = self.notes.carried(node, scene) if scene is not None else None
            if made is not None and within(value, made.value, off + _slack(made.value)):
                return made
        return None

    def _bad_operand(self, symbolic: Sequence[Node], node: Node, scene: Scene) -> Misplaced | None:
        """The first number that is not what it was put in for; with the note, if it was printed so before."""
        bare = [one for one in symbolic if one.kind not in ("name", "derivative")]
        for source in [*reversed(symbolic), *([] if bare else self.defining(symbolic))]:
            pairs = aligned(source, node)
            if pairs is None:
                continue
            for name, operand in pairs:
                bad = self._operand(name, operand, scene)
                if bad is not None:
                    return bad
            return None
        return None

    def _operand(self, name: Node, operand: Node, scene: Scene) -> Misplaced | None:
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
            return None if note.wrong is None else Misplaced(*wrong[0], note, cells)
        return Misplaced(*wrong[0], None, cells)


def _slack(value: Any) -> Any:
    """What exact numbers may be off: a value computed in double precision is not exact."""
    flat = value.reshape(-1) if hasattr(value, "reshape") else [value]
    return max((abs(one) for one in flat), default=mpf(0)) * EXACT
