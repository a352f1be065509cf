"""A verdict on a formula as it shows itself: the kind of mistake, the right formula, numbers to tell by."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.check.verify import Verdict
from symbackprop.notebook.cells import View
from symbackprop.notebook.parts import table, words
from symbackprop.reports.plain_math import plain_math
from symbackprop.shown import face
from symbackprop.solution.steps import Sentence, Step


@face.register
def _verdict(verdict: Verdict) -> View:
    headline = f"{verdict.status}: {verdict.mistake}" if verdict.mistake else verdict.status
    return View(headline, _of_verdict(verdict, headline))


def _of_verdict(verdict: Verdict, headline: str) -> Iterator[Step]:
    yield Sentence(words("{verdict}.", verdict=headline))
    if verdict.reason:
        yield Sentence(words("{reason}.", reason=verdict.reason))
    if verdict.expected:
        yield Sentence(words("Right is {formula}.", formula=plain_math(verdict.expected)))
    if verdict.counterexample is not None:
        at = verdict.counterexample.at.items()
        numbers = [(plain_math(name), plain_math(value)) for name, value in at]
        claimed, right = (
            plain_math(one) for one in (verdict.counterexample.claimed, verdict.counterexample.right)
        )
        rows = [*numbers, ("the formula gives", claimed), ("right is", right)]
        yield from table(("at", "number"), rows, len(rows))
