"""What the tool itself writes is right: every claim of its documents is verified, in every language."""

from __future__ import annotations

import pytest

from symbackprop.check.checking import check_document
from symbackprop.check.claims import Verdict
from symbackprop.load import load
from tests.examples import RUNS, Example, example, printed

LEAST = 4
"""The shortest document claims as much."""

TRANSLATED = [("exercise1", "derive"), ("single-neuron", "train"), ("branch", "derive")]


def assert_all_verified(text: str, one: Example) -> None:
    report = check_document(text, load(one.spec))
    odd = {
        (claim.line, str(claim.verdict), claim.latex)
        for claim in report.claims
        if claim.verdict is not Verdict.VERIFIED
    }
    assert not odd
    assert len(report.claims) >= LEAST


@pytest.mark.parametrize("form", ["latex", "markdown"])
@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_every_claim_of_a_document_of_the_tool_is_verified(one: Example, command: str, form: str) -> None:
    assert_all_verified(one.golden(command, form).read_text(encoding="utf-8"), one)


@pytest.mark.parametrize("form", ["latex", "markdown"])
@pytest.mark.parametrize("language", ["it", "ru"])
@pytest.mark.parametrize(("name", "command"), TRANSLATED, ids=str)
def test_so_it_is_in_every_language(name: str, command: str, language: str, form: str) -> None:
    one = example(name)
    options = ["--standalone"] if form == "latex" else []
    text = printed(command, str(one.spec), "--format", form, "--language", language, *options)
    assert_all_verified(text, one)


@pytest.mark.parametrize("form", ["latex", "markdown"])
def test_a_decimal_comma_is_read(form: str) -> None:
    one = example("exercise1")
    text = printed("derive", str(one.spec), "--format", form, "--language", "it", "--decimal", "comma")
    assert_all_verified(text, one)
