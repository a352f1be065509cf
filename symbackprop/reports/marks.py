"""Claims marked in HTML: a colour, a sign, and what is said of each behind the pointer and the tab key."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from symbackprop.check.claims import Claim, Report, Verdict
from symbackprop.notation.printable import printable
from symbackprop.papers.reading import Formula
from symbackprop.reports.formulas import element, formula, in_row
from symbackprop.reports.marked import Extent, Row, extents, rows, stretches
from symbackprop.reports.speech import Speech
from symbackprop.reports.words import SIGNS, VERDICTS, follow_ups, reason_of, verdict_of

GRAVITY = (Verdict.REFUTED, Verdict.UNDECIDED, Verdict.UNREAD, Verdict.VERIFIED)
"""Verdicts, the worst first."""


def sign(verdict: Verdict) -> str:
    """What tells a verdict apart besides its colour."""
    return f'<span class="sign" aria-hidden="true">{SIGNS[verdict]}</span>'


class Marker:
    """Marks the claims of a report.

    Attributes:
        shown: the claims that stand in the page, by their places in the report.
    """

    def __init__(self, report: Report, say: Speech) -> None:
        self.report, self.say = report, say
        self.shown: set[int] = set()
        self._of_formula: dict[int, list[tuple[int, Claim]]] = {}
        for number, claim in enumerate(report.claims):
            if claim.formula is not None:
                self._of_formula.setdefault(claim.formula, []).append((number, claim))

    def formula(self, number: int, given: Formula) -> str:
        """A formula with its claims marked; it is the `number`th of the document."""
        claims = self._of_formula.get(number, [])
        found = extents(given, claims)
        cut = rows(given.text, found)
        shown = None if cut is None else self._cut(cut)
        if shown is None:
            whole = element(given.text)
            shown = self._source(given.text, found) if whole is None else _boxed(whole, claims)
        return shown + self.chips([one for one, _ in claims if one not in self.shown])

    def chips(self, numbers: Sequence[int]) -> str:
        """Claims that cannot be marked where they stand, beside it."""
        made = (self.claim(one, formula(in_row(self.report.claims[one].latex))) for one in numbers)
        return f'<span class="chips">{"".join(made)}</span>' if numbers else ""

    def claim(self, number: int, content: str) -> str:
        """Something that is claimed, with its sign and what is said of it; where it goes on, its colour."""
        claim = self.report.claims[number]
        if number in self.shown:
            return f'<span class="claim {claim.verdict}">{content}</span>'
        self.shown.add(number)
        title = self.say(VERDICTS[claim.verdict])
        marked = f"{content}{sign(claim.verdict)}"
        head = f'<span class="claim {claim.verdict}" id="c{number}" role="group" aria-label="{title}"'
        if reason_of(claim) is None:
            return f"{head}>{marked}</span>"
        return (
            f'{head} tabindex="0" aria-describedby="n{number}">{marked}'
            f'<span class="note" role="tooltip" id="n{number}">{self._note(claim)}</span></span>'
        )

    def _note(self, claim: Claim) -> str:
        lines = [self.say(verdict_of(claim)), *map(self.say, follow_ups(claim))]
        return "".join(f'<span class="said">{line}</span>' for line in lines)

    def _cut(self, cut: Sequence[Row]) -> str | None:
        """A formula part by part; None: a part cannot be shown alone."""
        lines = [[element(part.latex) for part in row.parts] for row in cut]
        if any(content is None for line in lines for content in line):
            return None
        made = []
        for row, line in zip(cut, lines, strict=True):
            parts = zip(row.parts, map(str, line), strict=True)
            shown = "".join(
                content if part.claim is None else self.claim(part.claim, content) for part, content in parts
            )
            made.append(f'<span class="line{" further" if row.indented else ""}">{shown}</span>')
        return "".join(made)

    def _source(self, text: str, found: Sequence[Extent]) -> str:
        shown = ""
        for start, end, number in stretches(text, found):
            source = escape(printable(text[start:end].replace("\n", " ")))
            shown += source if number is None else self.claim(number, source)
        return f"<code>{shown}</code>"


def _boxed(whole: str, claims: Sequence[tuple[int, Claim]]) -> str:
    """A formula in the colour of its worst claim."""
    if not claims:
        return whole
    worst = min((claim.verdict for _, claim in claims), key=GRAVITY.index)
    return f'<span class="claim {worst}">{whole}</span>'
