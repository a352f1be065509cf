"""Tables of values: which reading of a table explains its numbers, and the cells that it does not explain.

A column may hold a quantity at every example, or the values or derivatives of the names that stand in the
first column; a table may give the loss of every example at every state of the parameters. Of all readings of
a column the one that explains most of its cells is taken, where it explains more than half of them; a column
that none explains makes no claims.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from mpmath import mp, mpf

from symbackprop.check.claims import Claim, Counterexample, Slip, Verdict
from symbackprop.check.contexts import Context, Contexts
from symbackprop.check.number_slips import digit_slip, is_copy
from symbackprop.content import text
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import chains_of
from symbackprop.formulas.tree import Node
from symbackprop.formulas.unread import Unread
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.papers.reading import Piece, Table
from symbackprop.reckoning.paper import Jacobian, Misfit, Undefined, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.rounding import Cell, as_printed, cell_of
from symbackprop.reckoning.scene import Unknown

MOST_CELLS = 4000
Reading = Callable[[int], Any]
"""The value of a column in a row, by the row's place."""


@dataclass(frozen=True)
class _Number:
    """A cell that holds a number."""

    piece: Piece
    cell: Cell
    latex: str


@dataclass(frozen=True)
class _Judged:
    """What a reading makes of a column.

    Attributes:
        family: what kind of reading it is.
        cells: the numbers, what they should be, and whether they are.
    """

    family: str
    cells: Sequence[tuple[_Number, Any, bool]]

    @property
    def share(self) -> float:
        """How many of the numbers it explains."""
        return sum(fits for _, _, fits in self.cells) / len(self.cells)


def _best(judged: Sequence[_Judged], family: str, least: float) -> _Judged | None:
    """The reading of a family that explains most of a column, if that is more than a share."""
    chosen = [one for one in judged if family in ("", one.family) and one.share > least]
    return max(chosen, key=lambda one: one.share, default=None)


class Tables:
    """Judges the tables of the documents of one problem."""

    def __init__(self, vocabulary: Vocabulary, contexts: Contexts) -> None:
        self.vocabulary, self.contexts = vocabulary, contexts

    def claims(self, table: Table, context: Context | None) -> list[Claim]:
        """The claims of a table's cells."""
        rows = table.rows
        if not self.contexts.all or len(rows) < 2 or sum(map(len, rows)) > MOST_CELLS:
            return []
        head, *body = rows
        columns: list[list[_Judged]] = []
        for column in range(1, max(len(row) for row in rows)):
            numbers = {
                place: self._number(row[column]) for place, row in enumerate(body) if column < len(row)
            }
            cells = {place: one for place, one in numbers.items() if one is not None}
            columns.append(list(self._judged(column, head, body, cells, context)) if cells else [])
        sure = Counter(best.family for judged in columns if (best := _best(judged, "", 0.5)) is not None)
        family = sure.most_common(1)[0][0] if sure else ""
        found: list[Claim] = []
        for judged in columns:
            # A column that no reading explains by itself is read as most of its neighbours are.
            chosen = _best(judged, "", 0.5) or (
                _best(judged, family, 0.0) if family in ("example", "loss") else None
            )
            if chosen is not None:
                found += [self._claim(one, value, fits=fits) for one, value, fits in chosen.cells]
        return sorted(found, key=lambda claim: (claim.line, claim.column))

    def _judged(
        self,
        column: int,
        head: Sequence[Piece],
        body: Sequence[Sequence[Piece]],
        cells: dict[int, _Number],
        context: Context | None,
    ) -> Iterator[_Judged]:
        """Every reading of a column, with what it makes of the cells."""
        for family, reading in self._readings(column, head, body, context):
            judged = [
                (one, value, one.cell.fits(value))
                for place, one in cells.items()
                if (value := _value(reading, place)) is not None
            ]
            if judged:
                yield _Judged(family, judged)

    def _number(self, piece: Piece) -> _Number | None:
        latex = _formula(piece)
        node = self._node(latex)
        cell = cell_of(node) if node is not None else None
        return None if cell is None else _Number(piece, cell, latex)

    def _node(self, latex: str) -> Node | None:
        if not latex or len(latex) > 200:
            return None
        try:
            chains = chains_of(latex, self.vocabulary)
        except Unread:
            return None
        if len(chains) != 1 or len(chains[0].sides) != 1:
            return None
        return chains[0].sides[0].node

    # --------------------------------------------------------------------------------------------- readings

    def _readings(
        self, column: int, head: Sequence[Piece], body: Sequence[Sequence[Piece]], context: Context | None
    ) -> Iterator[tuple[str, Reading]]:
        title = head[column].text if column < len(head) else ""
        first = [row[0].text if row else "" for row in body]
        names = [_formula(row[0]) if row else "" for row in body]
        yield from (("example", one) for one in self._by_example(title, first, context))
        yield from (("name", one) for one in self._by_name(title, names, context))
        yield from (("loss", one) for one in self._losses(title, first))

    def _by_example(self, title: str, first: Sequence[str], context: Context | None) -> Iterator[Reading]:
        """A quantity, one example a row."""
        node = self._node(_bare(title))
        numbers = [_integer(one) for one in first]
        if node is None or node.kind == "number" or any(number is None for number in numbers):
            return
        state = context.state if context is not None else 0
        yield lambda place: self._at(node, Context(state, numbers[place]))

    def _by_name(self, title: str, first: Sequence[str], context: Context | None) -> Iterator[Reading]:
        """The values of the names in the first column, or the derivatives of the output by them."""
        nodes = [self._node(one) for one in first]
        if not any(node is not None and node.kind in ("name", "derivative") for node in nodes):
            return
        contexts = [context] if context is not None else []
        contexts += [one for one in self.contexts.all if one != context]
        wanted = _integer(title)
        chosen = [one for one in contexts if wanted is None or one.example in (wanted, None)]
        for one in chosen[:12]:
            yield self._values_of(nodes, one)
            yield self._derivatives_by(nodes, one)

    def _values_of(self, nodes: Sequence[Node | None], context: Context) -> Reading:
        return lambda place: self._at(nodes[place], context)

    def _derivatives_by(self, nodes: Sequence[Node | None], context: Context) -> Reading:
        return lambda place: self._derivative(nodes[place], context)

    def _losses(self, title: str, first: Sequence[str]) -> Iterator[Reading]:
        """The loss of an example, or a mean of losses, one state a row."""
        states = self.contexts.states
        if states is None or not states.examples or states.count < 2:
            return
        known = [self._state(one) for one in first]
        if len(set(known)) < len(known):
            return
        examples = [int(number) for number in re.findall(r"\d+", title)]
        named = [one for one in examples if one in states.examples][:1]
        if named:
            yield lambda place: self._loss(known[place], named)
        used = sorted({row for state in range(states.count - 1) for row in states.batch(state)})
        yield lambda place: self._loss(known[place], used)
        yield lambda place: self._loss(known[place], list(states.examples))

    def _state(self, label: str) -> int:
        number = _integer(label)
        return 0 if number is None else number

    def _loss(self, state: int, examples: Sequence[int]) -> Any | None:
        states = self.contexts.states
        assert states is not None
        if not 0 <= state < states.count or not examples:
            return None
        output = self.vocabulary.graph.output.name
        try:
            losses = [states.point(state, example)[output] for example in examples]
        except Mistake:
            return None
        return mp.fsum(losses) / len(losses)

    def _at(self, node: Node | None, context: Context) -> Any | None:
        if node is None:
            return None
        try:
            value = settled(value_of(node, self.contexts.scene(context).having(free=set())))
        except (Unknown, Misfit, Undefined, Mistake, TypeError):
            return None
        return value if not isinstance(value, np.ndarray | Jacobian) else None

    def _derivative(self, node: Node | None, context: Context) -> Any | None:
        if node is None or node.kind != "name":
            return None
        by = Node("derivative", (self.vocabulary.output_node(-1), node), "partial", -1, -1)
        return self._at(by, context)

    def _claim(self, one: _Number, value: Any, *, fits: bool) -> Claim:
        offset = max(one.piece.text.find(one.latex), 0)
        line, column = one.piece.place(offset)
        end_line, end_column = one.piece.place(max(offset + len(one.latex) - 1, offset))
        claim = Claim(line, column, end_line, end_column + 1, one.latex, Verdict.VERIFIED)
        if fits:
            return claim
        slip = digit_slip(one.cell, value) or (Slip.COPY if is_copy(one.cell, value) else Slip.OTHER)
        if slip is Slip.ROUNDING and self.vocabulary.problem.conventions.carry == "rounded":
            # What was rounded on the way within an iteration is not worked out for a table.
            reason = text("the last digit may come of values that were rounded before")
            return replace(claim, verdict=Verdict.UNDECIDED, reason=reason)
        right = as_printed(value, one.cell)
        shown = Counterexample({}, one.latex, right)
        return replace(claim, verdict=Verdict.REFUTED, mistake=slip, expected=right, counterexample=shown)


def _value(reading: Reading, place: int) -> Any | None:
    value = reading(place)
    return value if isinstance(value, mpf) else None


def _formula(piece: Piece) -> str:
    """The inside of a cell: of its one formula, or its text."""
    text = piece.text.strip()
    return _bare(text)


def _bare(text: str) -> str:
    text = text.strip()
    for opener, closer in (("$", "$"), (r"\(", r"\)")):
        if text.startswith(opener) and text.endswith(closer) and len(text) > len(opener + closer):
            inner = text[len(opener) : -len(closer)]
            return inner.strip() if opener not in inner else ""
    return text


def _integer(text: str) -> int | None:
    """The one whole number in a label: `Dopo update #1`, `Example #1 (y = 0)` is 1."""
    found = re.findall(r"(?<![\d.=])(?<!= )\d+(?![\d.])", text)
    return int(found[0]) if found else None
