"""Reports for a terminal: places as a compiler gives them, marks under the right characters, counts."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from symbackprop.check.claims import Counterexample, Report, Slip, Verdict
from symbackprop.check.tex import Tex
from symbackprop.content import text
from symbackprop.reports.data import Failure
from symbackprop.reports.table import write_table
from symbackprop.reports.text import underlined, write_text
from symbackprop.reports.words import SLIPS, VERDICTS
from symbackprop.translation import Language
from tests.reports.samples import Judged, homework, report


def marked(source: str, claim: str, width: int = 80) -> list[str]:
    """The line and the mark under a claim of a document."""
    made = report(source, Judged(claim, Verdict.REFUTED))
    return underlined(made.claims[0], made.document.lines, width)


def test_the_head_tells_mistakes_from_their_consequences() -> None:
    first, second, *_ = write_text(homework()).splitlines()
    assert first == (
        "homework.md: 14 claims: 7 right, 4 wrong (1 follows from an earlier line), 1 undecided, 2 not read"
    )
    assert second == "first wrong line: 5"


def test_a_finding_has_place_reason_line_right_formula_and_counterexample() -> None:
    finding = write_text(homework()).split("\n\n")[1]
    assert finding.splitlines() == [
        "homework.md:5:3: wrong: the sign is the other way round",
        r"  $$\frac{\partial L}{\partial o} = y - o = 1 - 0.5 = 0.5$$",
        "    ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
        "  right: ∂L/∂o = o - y",
        "  for y = 2, o = 3: this gives -1, right is 1",
    ]


def test_what_is_right_is_shown_when_asked_for() -> None:
    assert write_text(homework()).count("homework.md:") == 1 + 7
    assert write_text(homework(), every=True).count("homework.md:") == 1 + 14


@pytest.mark.parametrize(
    ("judged", "head"),
    [
        ([], "no claims were found"),
        ([Judged("a=b")], "1 claim: 1 right, 0 wrong, 0 undecided, 0 not read"),
        (
            [Judged("a=b", Verdict.REFUTED, follows=1), Judged("c=d", Verdict.REFUTED, follows=1)],
            "2 claims: 0 right, 2 wrong (2 follow from earlier lines), 0 undecided, 0 not read",
        ),
    ],
)
def test_plurals(judged: list[Judged], head: str) -> None:
    assert write_text(report("$a=b$ and $c=d$", *judged)).splitlines()[0] == f"homework.md: {head}"


def test_marks_stand_under_wide_and_combining_characters_and_behind_tabs() -> None:
    assert marked("中文 $a=b$", "a=b") == ["中文 $a=b$", "      ^~~"]
    assert marked("y\u0302 $a=b$", "a=b") == ["y\u0302 $a=b$", "   ^~~"]
    assert marked("x\t$a=b$", "a=b") == ["x   $a=b$", "     ^~~"]
    assert marked("$中=b$", "中=b") == ["$中=b$", " ^~~~"]


@pytest.mark.parametrize("width", [20, 40, 60])
@pytest.mark.parametrize("before", [0, 30, 300])
@pytest.mark.parametrize("behind", [0, 30, 300])
def test_a_long_line_is_cut_round_the_claim(width: int, before: int, behind: int) -> None:
    line, mark = marked("中" * before + "$a=b$" + "文" * behind, "a=b", width)
    assert max(map(cell_len, (line, mark))) <= width
    place = mark.index("^")
    assert cell_len(line[: line.index("a=b")]) == place
    assert mark.strip() == "^~~"


def test_a_claim_that_is_wider_than_the_screen_is_cut_and_so_is_its_mark() -> None:
    line, mark = marked("$" + "a" * 90 + "=b$", "a" * 90 + "=b", 30)
    assert cell_len(line) <= 30
    assert mark.endswith("~…")


def test_a_claim_on_several_lines_is_marked_on_its_first() -> None:
    assert marked("$$\na\n= b\n$$", "a\n= b") == ["a", "^…"]


def test_what_steers_a_terminal_is_not_shown() -> None:
    made = report("\x1b]0;x\x07$a=b$\u202e", Judged("a=b", Verdict.REFUTED), name="\x1b[2Jx")
    shown = write_text(made)
    assert all(line.isprintable() for line in shown.splitlines())


def test_a_sentence_for_every_kind_of_mistake() -> None:
    assert set(SLIPS) == set(Slip)
    assert set(VERDICTS) == set(Verdict)
    assert len({one.template for one in SLIPS.values()}) == len(Slip)


def test_numbers_of_the_report_have_the_comma_of_the_language() -> None:
    example = Counterexample({"x": "0.5"}, "1.25", "2")
    judged = Judged(
        "a=b",
        Verdict.REFUTED,
        reason=text("{value} is no value of {name}", value=Tex("1.5"), name=Tex("x_1")),
        expected="3.5",
        counterexample=example,
    )
    shown = write_text(report("$a=b$", judged), Language(decimal="comma"))
    assert "1,5 is no value of x₁" in shown
    assert "right: 3,5" in shown
    assert "for x = 0,5: this gives 1,25, right is 2" in shown


def test_what_stands_in_a_row_is_told_apart_from_decimals() -> None:
    example = Counterexample({"x": "0.5", "y": "2"}, "1", "2")
    judged = Judged(
        "a=b",
        Verdict.REFUTED,
        reason=text("{names}", names=Tex("a, b")),
        expected=r"\max(0.5, x)",
        counterexample=example,
    )
    shown = write_text(report("$a=b$", judged), Language(decimal="comma"))
    assert "for x = 0,5; y = 2: this gives 1, right is 2" in shown
    assert "right: max(0,5; x)" in shown
    assert "wrong: a, b" in shown
    assert "for x = 0.5, y = 2:" in write_text(report("$a=b$", judged))


def test_the_table_of_many_documents() -> None:
    empty = Report("b.md", report("").document, [])
    table = write_table(
        [
            ("a.md", homework()),
            ("b.md", empty),
            ("c", Failure("timeout", "x")),
            ("d", Failure("error", "no\n")),
        ]
    )
    assert table.splitlines() == [
        "Document  Claims  right  wrong  undecided  not read  First wrong line",
        "────────  ──────  ─────  ─────  ─────────  ────────  ──────────────────────────────────",
        "a.md          14      7      4          1         2  5: the sign is the other way round",
        "b.md           0      0      0          0         0",
        "c                                                    took too long",
        "d                                                    could not be checked: no",
    ]
