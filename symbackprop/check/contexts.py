"""Which numbers a line speaks of: the parameters after how many updates, at which example.

A document's lines are read as a walk through these contexts. The walk is the one that leaves the fewest
printed values unexplained, where a change of context costs as much as a few of them; headings that name an
iteration or an example make a change there cheap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symbackprop.errors import Mistake
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.precise.point import Point, exact_number
from symbackprop.precise.points import States
from symbackprop.reckoning.scene import Scene

MOST = 48
"""Contexts that are kept apart."""
CHANGE = 1.6
HINTED = 0.3
IGNORED = 1.2
"""What it costs to go on as before under a heading that says otherwise."""


@dataclass(frozen=True)
class Context:
    """A state of the parameters, and an example.

    Attributes:
        state: how many updates were done.
        example: its number, from 1; None: a batch as a whole.
    """

    state: int
    example: int | None


class Contexts:
    """The contexts of a problem, with their scenes."""

    def __init__(self, vocabulary: Vocabulary, states: States | None) -> None:
        self.vocabulary, self.states = vocabulary, states
        self.all: list[Context] = [] if states is None else list(_contexts(states))[:MOST]
        self._scenes: dict[tuple[Context, bool], Scene] = {}

    def scene(self, context: Context, *, loose: bool = False) -> Scene:
        """The scene of a context."""
        key = (context, loose)
        if key not in self._scenes:
            self._scenes[key] = self._made(context, loose=loose)
        return self._scenes[key]

    def _made(self, context: Context, *, loose: bool) -> Scene:
        assert self.states is not None
        is_batch = context.example is None and self.vocabulary.problem.training is not None
        return Scene(
            self.vocabulary,
            self._point(context),
            rate=exact_number(self.states.learning_rate) if self.states.learning_rate is not None else None,
            states=self.states,
            state=context.state,
            is_batch=is_batch,
            loose=loose,
        )

    def _point(self, context: Context) -> Point:
        assert self.states is not None
        try:
            return self.states.point(context.state, context.example)
        except Mistake:
            rows = self.states.batch(context.state) or self.states.examples or [1]
            return self.states.point(context.state, rows[0])

    def walk(self, costs: Sequence[Sequence[float]], hints: Sequence[frozenset[Context]]) -> list[Context]:
        """The context of every line.

        Args:
            costs: of each line in each context: how many of its values are not explained.
            hints: of each line the contexts that a heading before it names; empty: none.
        """
        if not self.all:
            return []
        best = [0.0 if place == 0 else CHANGE for place in range(len(self.all))]
        back: list[list[int]] = []
        for line, cost in enumerate(costs):
            best, came = self._step(best, hints[line])
            back.append(came)
            best = [total + own for total, own in zip(best, cost, strict=True)]
        place = min(range(len(best)), key=best.__getitem__)
        path = []
        for came in reversed(back):
            path.append(self.all[place])
            place = came[place]
        return path[::-1]

    def _step(self, best: list[float], hints: frozenset[Context]) -> tuple[list[float], list[int]]:
        cheapest = min(range(len(best)), key=best.__getitem__)
        totals, came = [], []
        for place, context in enumerate(self.all):
            change = HINTED if context in hints else CHANGE
            stay = best[place] + (IGNORED if hints and context not in hints else 0.0)
            if best[cheapest] + change < stay:
                totals.append(best[cheapest] + change)
                came.append(cheapest)
            else:
                totals.append(stay)
                came.append(place)
        return totals, came


def _contexts(states: States) -> list[Context]:
    """Every state with the examples of the update that starts there, and the batch as a whole."""
    found: list[Context] = []
    for state in range(states.count):
        rows = list(dict.fromkeys(states.batch(state))) if states.examples else []
        if states.is_batched or not rows:
            found.append(Context(state, None))
            continue
        if len(rows) > 1:
            found.append(Context(state, None))
        found += [Context(state, row) for row in rows]
    return found


_UPDATE = re.compile(
    r"(?:iterat\w*|iteraz\w*|итерац\w*|step|passo|шаг\w*|update|aggiornament\w*|обновлен\w*|epoch|epoca|эпох\w*)\W{0,3}(?:n[.o°]\s*)?#?\s*(\d+)",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"(\d+)\s*(?:-?(?:st|nd|rd|th|ª|º|я|й|-я|-й))?\s*(?:iteration|iterazione|итерация|step|passo|шаг)",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    r"(?:example|esempio|пример\w*|наблюден\w*|sample|row|riga)\W{0,3}#?\s*(\d+)|#\s*(\d+)", re.IGNORECASE
)
_AFTER = re.compile(r"\b(?:after|dopo|после|final\w*|fine|end|new|nuov\w*|нов\w*)\b", re.IGNORECASE)


def hinted(heading: str, contexts: Contexts, current: Context | None) -> frozenset[Context]:
    """The contexts that a heading names: Iteration 2: example 1; after the update; Example 3."""
    update = _UPDATE.search(heading) or _ORDINAL.search(heading)
    example = _EXAMPLE.search(heading)
    after = bool(_AFTER.search(heading))
    if update is None and example is None and not after:
        return frozenset()
    states = {context.state for context in contexts.all}
    if update is not None:
        number = int(update[1])
        wanted = {number} if after else {number - 1, number}
        if after and number not in states:
            wanted = {number - 1}
    elif after and current is not None:
        wanted = {current.state + 1}
    else:
        wanted = states if current is None else {current.state}
    row = int(example[1] or example[2]) if example is not None else None
    chosen = [
        one for one in contexts.all if one.state in wanted and (row is None or one.example in (row, None))
    ]
    return frozenset(chosen)
