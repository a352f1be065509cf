"""Reports as data: the contract of the JSON, and cells that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
import json

import pytest

from symbackprop.check.claims import Verdict
from symbackprop.check.tex import Tex
from symbackprop.content import text
from symbackprop.reports.data import (
    HEAD,
    CheckDocument,
    Failure,
    failure_document,
    report_document,
    write_csv,
    write_json,
)
from tests.reports.samples import Judged, homework, report


def test_the_document_of_a_homework() -> None:
    data = report_document(homework())
    assert list(data) == ["schema", "document", "claims", "summary"]
    assert data["schema"] == "symbackprop/check/1"
    assert data["summary"] == {"claims": 14, "verified": 7, "refuted": 4, "undecided": 1, "unread": 2}
    assert data["claims"][1] == {
        "line": 5,
        "column": 3,
        "end_line": 5,
        "end_column": 40,
        "latex": r"\frac{\partial L}{\partial o} = y - o",
        "verdict": "refuted",
        "reason": "the sign is the other way round",
        "mistake": "sign",
        "expected": r"\frac{\partial L}{\partial o} = o - y",
        "counterexample": {"at": {"y": "2", "o": "3"}, "claimed": "-1", "right": "1"},
        "follows": None,
    }
    assert data["claims"][6]["reason"] == "here $y - o$ is put in for $o - y$"
    assert data["claims"][6]["follows"] == 5
    assert (
        data["claims"][0]["reason"] is data["claims"][0]["mistake"] is data["claims"][0]["expected"] is None
    )


def test_json_is_read_back_and_validates() -> None:
    made = report_document(report("$a=b$", Judged("a=b", reason=text("{x}\u202e", x=Tex("\u202e")))))
    printed = write_json(made)
    assert all(line.isprintable() for line in printed.splitlines())
    assert json.loads(printed) == made
    assert CheckDocument.model_validate(made).document == "homework.md"
    assert json.loads(write_json([failure_document("x", Failure("timeout", "long"))])) == [
        {"schema": "symbackprop/check/1", "document": "x", "status": "timeout", "error": "long"}
    ]


def table(*outcomes: tuple[str, object]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(write_csv(outcomes), newline="")))  # type: ignore[arg-type]


def test_a_row_for_each_document() -> None:
    empty = report("")
    rows = table(("a", homework()), ("b", empty), ("c", Failure("timeout", "too long")))
    assert rows == [
        list(HEAD),
        ["a", "14", "7", "4", "1", "2", "0.857", "5", "sign", "checked", ""],
        ["b", "0", "0", "0", "0", "0", "", "", "", "checked", ""],
        ["c", *[""] * 8, "timeout", "too long"],
    ]


def test_a_mistake_of_no_known_kind_is_of_another() -> None:
    assert table(("a", report("$a=b$", Judged("a=b", Verdict.REFUTED))))[1][8] == "other"


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "\t=x", "\r=x", " =x\n"])
def test_no_cell_is_computed(name: str) -> None:
    row = table((name, Failure("error", name)))[1]
    assert row[0].startswith("'") or row[0][0] == " "
    assert row[0] == row[-1]
    assert "\n" not in row[0]
    assert table(('a,"b', Failure("error", "x")))[1][0] == 'a,"b'
