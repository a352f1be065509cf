"""Ten documents in the notations of textbooks, with known mistakes: these are found, and no others."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from symbackprop.check.checking import check_document
from symbackprop.check.claims import Report, Verdict
from symbackprop.load import load

FOLDER = Path(__file__).parent / "textbooks"
NAMES = sorted(path.name for path in FOLDER.iterdir())
MISNAMED = 3
"""So many of all mistakes may be called by another kind than is recorded."""


@cache
def wrong(name: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((FOLDER / name / "wrong.json").read_text(encoding="utf-8"))
    return kept


@cache
def report(name: str) -> Report:
    document = next((FOLDER / name).glob("document.*"))
    problem = load(FOLDER / name / "spec.toml")
    return check_document(document.read_text(encoding="utf-8"), problem, aliases=wrong(name)["aliases"])


def spans(name: str) -> list[range]:
    """The lines of each refuted claim."""
    return [range(one.line, one.end_line + 1) for one in report(name).having(Verdict.REFUTED)]


def kinds(name: str, line: int) -> list[str]:
    found = report(name).having(Verdict.REFUTED)
    return [str(one.mistake) for one in found if one.line <= line <= one.end_line]


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_that_are_wrong_are_refuted_and_no_others(name: str) -> None:
    expected = {one["line"] for one in [*wrong(name)["wrong"], *wrong(name)["follows"]]}
    found = {min((line for line in span if line in expected), default=span[0]) for span in spans(name)}
    assert found == expected


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_unread(name: str) -> None:
    assert not [(one.line, one.latex) for one in report(name).having(Verdict.UNREAD)]
    assert len(report(name).having(Verdict.VERIFIED)) > 20


def test_mistakes_have_their_names() -> None:
    """A mistake has one kind, or several in "kinds" where two names are equally right.

    `db = dZ`, of one neuron on a batch: the sum over the examples is missing, which is a slip of the bias as
    of the axis. `0.25 * 2 = 0.25`, of a product gate: its number on the way forward, or a factor of 2.
    """
    mistakes = [(name, one) for name in NAMES for one in wrong(name)["wrong"]]
    misnamed = [
        (name, one["line"], kinds(name, one["line"]))
        for name, one in mistakes
        if not {*kinds(name, one["line"])} & {one["kind"], *one.get("kinds", [])}
    ]
    assert len(mistakes) == 35
    assert len(misnamed) <= MISNAMED, misnamed


@pytest.mark.parametrize(
    ("name", "line", "origin"),
    [(name, one["line"], one["from"]) for name in NAMES for one in wrong(name)["follows"]],
)
def test_what_follows_from_an_earlier_mistake_says_so(name: str, line: int, origin: int) -> None:
    found = [one for one in report(name).having(Verdict.REFUTED) if one.line <= line <= one.end_line]
    assert [one.follows for one in found] == [origin] * len(found)
    assert found
