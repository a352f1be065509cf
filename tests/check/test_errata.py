"""`examples/errata`: what is found in five documents, against what careful readers found."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from symbackprop.papers.reading import read_document

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "examples" / "errata"
EXPECTED = json.loads((HERE / "errata_expected.json").read_text(encoding="utf-8"))
DOCUMENTS = [f"{number:03}" for number in range(5)]
LEAST = 0.9
"""So great a share of the displayed formulas is read."""


@cache
def script() -> Any:
    spec = importlib.util.spec_from_file_location("example_errata", FOLDER / "errata.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["example_errata"] = module
    spec.loader.exec_module(module)
    return module


@cache
def found() -> dict[str, Any]:
    return {one.document.removesuffix(".md"): one for one in script().errata()}


def refuted(document: str, line: int) -> list[str]:
    """The kinds of the mistakes found in a line."""
    return [str(claim.mistake) for claim in found()[document].wrong if claim.line <= line <= claim.end_line]


def test_the_errata_are_golden(update: bool) -> None:
    kept = FOLDER / "errata.md"
    written = script().written([*found().values()])
    if update:
        kept.write_text(written, encoding="utf-8")
    assert written == kept.read_text(encoding="utf-8"), "pytest --update writes errata.md anew"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_nine_tenths_of_the_displayed_formulas_are_read(document: str) -> None:
    one = found()[document]
    assert len(one.displays) - len(one.unread) >= LEAST * len(one.displays)


@pytest.mark.parametrize("mistake", EXPECTED["wrong"], ids=lambda one: f"{one['document']}:{one['line']}")
def test_what_the_readers_call_wrong_is_refuted(mistake: dict[str, Any]) -> None:
    document, line = mistake["document"], mistake["line"]
    kinds = refuted(document, line)
    if f"{document}:{line}" in EXPECTED["missed"]:
        assert not kinds, "found now: it is missed no more"
    else:
        assert {*kinds} & {*mistake["kinds"]}, kinds


@pytest.mark.parametrize("document", DOCUMENTS)
def test_nothing_that_the_readers_call_right_is_refuted(document: str) -> None:
    wrong = {one["line"] for one in EXPECTED["wrong"] if one["document"] == document}
    allowed = wrong | {int(key[4:]) for key in EXPECTED["doubtful"] if key.startswith(document)}
    accused = {
        claim.line: (claim.latex, claim.expected)
        for claim in found()[document].wrong
        if claim.line not in allowed
    }
    assert not accused


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_line_with_a_formula_is_checked_once(document: str) -> None:
    text = (FOLDER / f"{document}.md").read_text(encoding="utf-8")
    checks = [one for one in script().checks() if one.document == f"{document}.md"]
    for number, line in enumerate(text.split("\n"), 1):
        times = sum(number in lines for one in checks for lines in one.lines)
        assert times == 1 if "$" in line else times <= 1, number


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_holds_formulas_and_tables_only(document: str) -> None:
    """No sentence: besides formulas and numbers there are headings and the names of rows and columns."""
    text = (FOLDER / f"{document}.md").read_text(encoding="utf-8")
    assert len(read_document(text, "markdown").formulas) > 30
    for line in text.split("\n"):
        rest = re.sub(r"\$\$.+?\$\$|\$.+?\$", "", line)
        assert len(re.findall(r"[^\W\d_]{2,}", rest)) <= (7 if "\t" in rest else 4), line
