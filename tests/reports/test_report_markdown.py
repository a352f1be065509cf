"""Reports in Markdown: a table that stays a table whatever stands in a formula."""

from __future__ import annotations

from markdown_it import MarkdownIt

from symbackprop.check.claims import Slip, Verdict
from symbackprop.check.tex import Tex
from symbackprop.content import text
from symbackprop.reports.markdown import write_markdown
from tests.reports.samples import Judged, homework, report

HEAD = """\
# homework.md

**14 claims: 7 right, 4 wrong (1 follows from an earlier line), 1 undecided, 2 not read**

First wrong line: **5**

| Line | Verdict | Formula | Reason |
| --: | :-- | :-- | :-- |
| 5 | ✗ wrong | `\\frac{\\partial L}{\\partial o} = y - o` | the sign is the other way round<br>right: \
$\\frac{\\partial L}{\\partial o} = o - y$<br>for $y = 2$, $o = 3$: this gives $-1$, right is $1$ |
"""


def rows(source: str) -> list[int]:
    """How many cells the rows of the tables have, as a reader of Markdown finds them."""
    html = MarkdownIt("commonmark").enable("table").render(source)
    assert "<script" not in html
    return [row.count("<td") + row.count("<th") for row in html.split("<tr>")[1:]]


def test_the_report_of_a_homework() -> None:
    shown = write_markdown(homework())
    assert shown.startswith(HEAD)
    assert rows(shown) == [4] * 8
    assert rows(write_markdown(homework(), every=True)) == [4] * 15


def test_nothing_to_complain_of() -> None:
    shown = write_markdown(report("$a=b$", Judged("a=b")))
    assert shown.endswith("\n\nNothing to complain of.\n")


def test_hostile_formulas_stay_in_their_cells() -> None:
    source = "$|a| \\| ``x`` <script>alert(1)</script> = `|`$"
    judged = Judged(
        source[1:-1],
        Verdict.REFUTED,
        reason=text("{word} | {formula}", word="<script>|`$*", formula=Tex("|x| \\| y < z")),
        mistake=Slip.SIGN,
        expected="a$ | <script>",
    )
    shown = write_markdown(report(source, judged, name="<script>|*x*.md"))
    assert rows(shown) == [4, 4]
    assert r"$\vert x\vert  \Vert  y \lt  z$" in shown
