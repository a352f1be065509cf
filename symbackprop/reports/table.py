"""Reports of many documents as one table, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from symbackprop.check.claims import Verdict
from symbackprop.errors import seen
from symbackprop.reports.data import Failure, Outcome
from symbackprop.reports.speech import Speech
from symbackprop.reports.text import text_speech
from symbackprop.reports.words import VERDICTS, WORDS, reason_of
from symbackprop.translation import ENGLISH, Language

GAP = "  "


def write_table(outcomes: Sequence[tuple[str, Outcome]], language: Language = ENGLISH) -> str:
    """A line for each document: how many claims have each verdict, and its first mistake.

    Args:
        outcomes: the documents' names, with their reports or why there is none.
        language: to write in.
    """
    say = text_speech(language)
    head = [say(WORDS["name"]), say(WORDS["claims"]), *map(say, VERDICTS.values()), say(WORDS["first"])]
    rows = [head, *(_row(name, outcome, say) for name, outcome in outcomes)]
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(head))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, GAP.join("─" * width for width in widths))
    return "".join(f"{line}\n" for line in lines)


def _row(name: str, outcome: Outcome, say: Speech) -> list[str]:
    if isinstance(outcome, Failure):
        return [say.plain(name), "", *[""] * len(VERDICTS), _failed(outcome, say)]
    counts = outcome.summary
    first = outcome.first_wrong
    reason = None if first is None else reason_of(first)
    wrong = "" if first is None or reason is None else f"{first.line}: {say(reason)}"
    return [say.plain(name), str(counts["claims"]), *(str(counts[one]) for one in Verdict), wrong]


def _failed(failure: Failure, say: Speech) -> str:
    if failure.status == "timeout":
        return say(WORDS["timeout"])
    first, _, _ = failure.message.partition("\n")
    return f"{say(WORDS['error'])}: {seen(first)}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Numbers stand to the right, words to the left."""
    last = len(row) - 1
    cells = []
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        cells.append(cell + space if place in (0, last) else space + cell)
    return GAP.join(cells).rstrip()
