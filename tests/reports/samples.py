"""Documents and reports made by hand: what the reader and the checker would give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symbackprop.check.claims import Claim, Counterexample, Report, Slip, Verdict
from symbackprop.check.tex import Tex
from symbackprop.content import Text, text
from symbackprop.papers.reading import Document, Formula, Heading, Item, Kind, Piece, Prose, Table

_FORMULA = re.compile(r"\$\$(?P<shown>.+?)\$\$|\$(?P<inline>.+?)\$", re.DOTALL)
_RUN = re.compile(r"[^\n]*\n?")


@dataclass(frozen=True)
class Judged:
    """A verdict for the first place of some text in a document.

    Attributes:
        source: what the claim is, as it stands there.
        verdict: what became of it.
        reason: of the verdict.
        mistake: its kind.
        expected: the right formula.
        counterexample: numbers that show it.
        follows: the line of the mistake that it follows from.
    """

    source: str
    verdict: Verdict = Verdict.VERIFIED
    reason: Text | None = None
    mistake: Slip | None = None
    expected: str = ""
    counterexample: Counterexample | None = None
    follows: int | None = None


def piece(source: str, start: int, end: int) -> tuple[str, tuple[int, ...], tuple[tuple[int, int], ...]]:
    """The text, starts and places of a part of a document."""
    starts: list[int] = []
    places: list[tuple[int, int]] = []
    for run in _RUN.finditer(source[start:end]):
        if run[0] or not starts:
            at = start + run.start()
            starts.append(run.start())
            places.append((source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)))
    return source[start:end], tuple(starts), tuple(places)


def document(source: str, kind: Kind = "markdown") -> Document:
    """A document of headings, paragraphs, tables with bars, and formulas between dollars."""
    items: list[Item] = []
    place = 0
    for block in re.split(r"(\n\s*\n)", source):
        if block.strip():
            items += _block(source, place, place + len(block))
        place += len(block)
    return Document(tuple(source.split("\n")), tuple(items), kind)


def _block(source: str, start: int, end: int) -> Iterator[Item]:
    block = source[start:end].strip("\n")
    start += source[start:end].index(block)
    end = start + len(block)
    if block.startswith("|"):
        yield _table(source, start, end)
    elif heading := re.match(r"(#+) ", block):
        yield Heading(*piece(source, start + heading.end(), end), level=len(heading[1]))
    elif not re.fullmatch(r"\$\$.*\$\$", block, re.DOTALL):
        yield Prose(*piece(source, start, end))
    for found in _FORMULA.finditer(source, start, end):
        name = "shown" if found["shown"] else "inline"
        yield Formula(*piece(source, *found.span(name)), display=name == "shown", table=block.startswith("|"))


def _table(source: str, start: int, end: int) -> Table:
    rows = []
    for line in re.finditer(r".+", source[start:end]):
        if not re.fullmatch(r"[|:\- ]+", line[0]):
            cells = re.finditer(r"(?<=\|)[^|]+(?=\|)", line[0])
            at = start + line.start()
            rows.append(tuple(Piece(*piece(source, at + one.start(), at + one.end())) for one in cells))
    return Table(tuple(rows), head=True)


def report(source: str, *judged: Judged, name: str = "homework.md", kind: Kind = "markdown") -> Report:
    """The report of a document; claims are found behind one another."""
    read = document(source, kind)
    return Report(name, read, _claims(source, read.formulas, judged))


def _claims(source: str, formulas: Sequence[Formula], judged: Sequence[Judged]) -> list[Claim]:
    claims: list[Claim] = []
    place = 0
    for one in judged:
        place = source.index(one.source, place + 1) if claims else source.index(one.source)
        (line, column), (end_line, end_column) = (
            (source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at))
            for at in (place, place + len(one.source))
        )
        owner = [
            number
            for number, formula in enumerate(formulas)
            if formula.places[0] <= (line, column) <= formula.place(len(formula.text))
        ]
        claims.append(
            Claim(
                line,
                column,
                end_line,
                end_column,
                one.source,
                one.verdict,
                reason=one.reason,
                mistake=one.mistake,
                expected=one.expected,
                counterexample=one.counterexample,
                follows=one.follows,
                formula=owner[0] if owner else None,
            )
        )
    return claims


HOMEWORK = r"""# Backpropagation, task 3

The loss is $L = \frac{1}{2}(y - o)^2$, and *its* derivative by the output is

$$\frac{\partial L}{\partial o} = y - o = 1 - 0.5 = 0.5$$

## Weights <script>

With $\sigma'(z) = o(1-o)$ the delta is `delta`, and for **both** weights:

$$
\begin{aligned}
\delta &= \frac{\partial L}{\partial o}\,\sigma'(z) = (y - o)\,o(1-o) \\
\frac{\partial L}{\partial w_1} &= \delta x_1 \\
&= 0.25
\end{aligned}
$$

| name | value |
| --- | --- |
| $w_1$ | $w_1 - \eta\,\delta x_1 = 0.45$ |
| $w_2$ | 0.3 |

$$\somewhere{w} = \mathscr{Q} < 3$$

$$\frac{a = b}{c} + 1$$
"""

JUDGED = (
    Judged(r"L = \frac{1}{2}(y - o)^2"),
    Judged(
        r"\frac{\partial L}{\partial o} = y - o",
        Verdict.REFUTED,
        mistake=Slip.SIGN,
        expected=r"\frac{\partial L}{\partial o} = o - y",
        counterexample=Counterexample({"y": "2", "o": "3"}, "-1", "1"),
    ),
    Judged("= 1 - 0.5"),
    Judged("= 0.5"),
    Judged(r"\sigma'(z) = o(1-o)"),
    Judged(r"\delta &= \frac{\partial L}{\partial o}\,\sigma'(z)"),
    Judged(
        r"= (y - o)\,o(1-o)",
        Verdict.REFUTED,
        reason=text("here {name} is put in for {other}", name=Tex("y - o"), other=Tex("o - y")),
        mistake=Slip.COPY,
        expected=r"(o - y)\,o(1-o)",
        follows=5,
    ),
    Judged(r"\frac{\partial L}{\partial w_1} &= \delta x_1"),
    Judged("&= 0.25", Verdict.UNDECIDED),
    Judged(r"w_1 - \eta\,\delta x_1 = 0.45", Verdict.REFUTED, mistake=Slip.ROUNDING, expected="0.475"),
    Judged("0.3"),
    Judged(r"\somewhere{w} = \mathscr{Q}", Verdict.UNREAD),
    Judged("< 3", Verdict.UNREAD, reason=text("{name} is no name of the spec", name="<script>")),
    Judged("a = b", Verdict.REFUTED, mistake=Slip.OTHER),
)


def homework() -> Report:
    """A report with every verdict."""
    return report(HOMEWORK, *JUDGED)
