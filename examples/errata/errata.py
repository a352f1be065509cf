"""The errata of five documents: each claim of their formulas is checked, what is wrong goes to errata.md."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import symbackprop as sb
from symbackprop.check.checking import check_document
from symbackprop.check.claims import Claim, Verdict
from symbackprop.papers.reading import Formula, read_document
from symbackprop.reports.speech import Speech
from symbackprop.reports.words import VERDICTS, reason_of
from symbackprop.translation import ENGLISH

HERE = Path(__file__).parent
TITLES = {
    "000.md": "a 3-3-2-1 network and three steps of SGD",
    "001.md": "one neuron, then three layers",
    "002.md": "a lecture on neural networks",
    "003.md": "a lecture on computational graphs",
    "004.md": "exercises",
}
SAY = Speech(ENGLISH, str, str)


@dataclass(frozen=True)
class Check:
    """Lines of a document and the spec that treats them.

    Attributes:
        document: its file.
        spec: a file, or equations.
        lines: that are checked.
        reads: lines that are read with them, as the heading of an iteration.
        aliases: names of the document and what the spec calls them.
        notation: of a network, in the place of the spec's own.
    """

    document: str
    spec: str
    lines: Sequence[range]
    reads: Sequence[range]
    aliases: Mapping[str, str]
    notation: str | None = None

    def problem(self) -> sb.Problem:
        """What the spec says."""
        if self.spec.endswith(".toml"):
            return sb.load(HERE / self.spec, notation=self.notation)
        return sb.Problem(sb.Graph.from_equations(self.spec))

    def claims(self, text: str) -> Sequence[Claim]:
        """The claims of the lines."""
        alone = part(text, [*self.lines, *self.reads])
        report = check_document(
            alone,
            self.problem(),
            name=self.document,
            aliases=self.aliases,
            kind="markdown",
            lines=self.lines,
        )
        return report.claims


@dataclass(frozen=True)
class Erratum:
    """What was found in a document.

    Attributes:
        document: its file.
        claims: of all its lines, in their order.
        displays: its displayed formulas, each with its claims.
    """

    document: str
    claims: Sequence[Claim]
    displays: Sequence[tuple[Formula, Sequence[Claim]]]

    @property
    def wrong(self) -> Sequence[Claim]:
        """The claims that are refuted."""
        return [claim for claim in self.claims if claim.verdict is Verdict.REFUTED]

    @property
    def unread(self) -> Sequence[Formula]:
        """The displayed formulas that were not read, or not as a whole."""
        return [
            formula
            for formula, claims in self.displays
            if any(claim.verdict is Verdict.UNREAD for claim in claims)
        ]


def checks(path: Path = HERE / "documents.toml") -> list[Check]:
    """Every check of the file."""
    with path.open("rb") as file:
        return [_check(table) for table in tomllib.load(file)["check"]]


def _check(table: Mapping[str, Any]) -> Check:
    lines, reads = ([span(one) for one in table.get(key, [])] for key in ("lines", "reads"))
    return Check(
        table["document"], table["spec"], lines, reads, table.get("aliases", {}), table.get("notation")
    )


def span(lines: str) -> range:
    """81-124, or one line."""
    first, _, last = lines.partition("-")
    return range(int(first), int(last or first) + 1)


def part(text: str, lines: Sequence[range]) -> str:
    """A document with all other lines empty."""
    return "\n".join(
        line if any(number in one for one in lines) else "" for number, line in enumerate(text.split("\n"), 1)
    )


def erratum(document: str, text: str) -> Erratum:
    """What is found in a document."""
    found = [claim for one in checks() if one.document == document for claim in one.claims(text)]
    found.sort(key=lambda claim: (claim.line, claim.column))
    formulas = [one for one in read_document(text, "markdown").formulas if not one.table]
    starts = [one.place(0) for one in formulas]
    inside: dict[int, list[Claim]] = {place: [] for place in range(len(formulas))}
    for claim in found:
        place = bisect_right(starts, (claim.line, claim.column)) - 1
        if place >= 0:
            inside[place].append(claim)
    displays = [(one, inside[place]) for place, one in enumerate(formulas) if one.display]
    return Erratum(document, found, displays)


def errata() -> list[Erratum]:
    """What is found in every document."""
    return [erratum(document, (HERE / document).read_text(encoding="utf-8")) for document in TITLES]


def written(found: Sequence[Erratum]) -> str:
    """The errata in Markdown."""
    blocks = ["# Errata", "Written by `python examples/errata/errata.py`."]
    for one in found:
        blocks += _blocks(one)
    return "\n\n".join(blocks) + "\n"


def _blocks(one: Erratum) -> Iterator[str]:
    yield f"## {one.document}: {TITLES[one.document]}"
    counts = Counter(claim.verdict for claim in one.claims)
    verdicts = ", ".join(f"{counts[verdict]} {SAY(VERDICTS[verdict])}" for verdict in Verdict)
    read = len(one.displays) - len(one.unread)
    yield f"{read} of {len(one.displays)} displayed formulas were read. {len(one.claims)} claims: {verdicts}."
    if one.unread:
        lines = ", ".join(str(formula.place(0)[0]) for formula in one.unread)
        yield f"Not read, or not as a whole: line {lines}."
    if one.wrong:
        yield "\n".join(
            ["| line | claim | mistake | right | follows from |", "| --: | :-- | :-- | :-- | :-- |"]
            + [_row(claim) for claim in one.wrong]
        )


def _row(claim: Claim) -> str:
    reason = reason_of(claim)
    cells = [
        str(claim.line),
        _code(claim.latex),
        "" if reason is None else SAY(reason),
        _code(claim.expected),
        "" if claim.follows is None else f"line {claim.follows}",
    ]
    return f"| {' | '.join(cells)} |"


def _code(latex: str) -> str:
    """A formula as it is typed, in a cell of a table."""
    one_line = " ".join(latex.split()).replace("|", "\\|")
    return f"`{one_line}`" if one_line else ""


if __name__ == "__main__":
    (HERE / "errata.md").write_text(written(errata()), encoding="utf-8")
