"""Reports as data: JSON for scripts, and a table in CSV of many documents for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from symbackprop.check.claims import Claim, Report
from symbackprop.notation.printable import on_one_line
from symbackprop.reports.speech import Speech
from symbackprop.reports.words import reason_of
from symbackprop.translation import ENGLISH

SCHEMA: Literal["symbackprop/check/1"] = "symbackprop/check/1"


@dataclass(frozen=True)
class Failure:
    """Why there is no report of a document.

    Attributes:
        status: it cannot be checked, or that took too long.
        message: what is told of it.
    """

    status: Literal["error", "timeout"]
    message: str


Outcome = Report | Failure


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class CounterexampleEntry(_Entry):
    """Numbers at which the two sides of a claim differ."""

    at: dict[str, str]
    claimed: str
    right: str


class ClaimEntry(_Entry):
    """A claim with its verdict; columns count characters from 1, the end is behind the last one."""

    line: int
    column: int
    end_line: int
    end_column: int
    latex: str
    verdict: Literal["verified", "refuted", "undecided", "unread"]
    reason: str | None
    mistake: str | None
    expected: str | None
    counterexample: CounterexampleEntry | None
    follows: int | None


class SummaryEntry(_Entry):
    """How many claims there are, and how many of each verdict."""

    claims: int
    verified: int
    refuted: int
    undecided: int
    unread: int


class CheckDocument(_Entry):
    """What `symbackprop check --format json` prints of a document."""

    schema_: Literal["symbackprop/check/1"] = Field(alias="schema")
    document: str
    claims: list[ClaimEntry]
    summary: SummaryEntry


def report_document(report: Report) -> dict[str, Any]:
    """A report as data; it is the same in every language."""
    document = CheckDocument(
        schema=SCHEMA,
        document=report.name,
        claims=[_claim(claim) for claim in report.claims],
        summary=SummaryEntry(**report.summary),
    )
    return document.model_dump(by_alias=True)


def failure_document(name: str, failure: Failure) -> dict[str, Any]:
    """What stands in a list of reports for a document that has none."""
    return {"schema": SCHEMA, "document": name, "status": failure.status, "error": failure.message}


def _claim(claim: Claim) -> ClaimEntry:
    reason, example = reason_of(claim), claim.counterexample
    shown = None
    if example is not None:
        shown = CounterexampleEntry(at=dict(example.at), claimed=example.claimed, right=example.right)
    return ClaimEntry(
        line=claim.line,
        column=claim.column,
        end_line=claim.end_line,
        end_column=claim.end_column,
        latex=claim.latex,
        verdict=claim.verdict.value,
        reason=None if reason is None else _SAY(reason),
        mistake=None if claim.mistake is None else str(claim.mistake),
        expected=claim.expected or None,
        counterexample=shown,
        follows=claim.follows,
    )


_SAY = Speech(ENGLISH, str, "${}$".format)


def write_json(data: dict[str, Any] | list[dict[str, Any]]) -> str:
    """Data as JSON; what does not print is escaped."""
    lines = json.dumps(data, indent=2, ensure_ascii=False).split("\n")
    return "".join(f"{line if line.isprintable() else _escaped(line)}\n" for line in lines)


def _escaped(line: str) -> str:
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


HEAD = (
    "document",
    "claims",
    "verified",
    "refuted",
    "undecided",
    "unread",
    "read",
    "first_wrong_line",
    "mistake",
    "status",
    "message",
)
"""The columns of the table: `read` is the share of the claims that were read, from 0 to 1."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(outcomes: Sequence[tuple[str, Outcome]]) -> str:
    """A row for each document; no cell is taken for a formula by a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEAD)
    for name, outcome in outcomes:
        writer.writerow([_harmless(cell) for cell in row_of(name, outcome)])
    return file.getvalue()


def row_of(name: str, outcome: Outcome) -> list[str]:
    """A document's cells under `HEAD`."""
    if isinstance(outcome, Failure):
        return [name, *[""] * (len(HEAD) - 3), outcome.status, outcome.message]
    counts = outcome.summary
    first = outcome.first_wrong
    line, mistake = ("", "") if first is None else (str(first.line), str(first.mistake or "other"))
    return [
        name,
        *(str(counts[one]) for one in ("claims", "verified", "refuted", "undecided", "unread")),
        read_share(outcome),
        line,
        mistake,
        "checked",
        "",
    ]


def read_share(report: Report) -> str:
    """Which share of the claims was read; nothing where there are none."""
    counts = report.summary
    return f"{1 - counts['unread'] / counts['claims']:.3f}" if counts["claims"] else ""


def _harmless(cell: str) -> str:
    shown = on_one_line(cell)
    return f"'{shown}" if cell.startswith(_FORMULA) or shown.startswith(_FORMULA) else shown
