"""Formulas taken apart at their claims: nothing is lost, nothing is cut within a group."""

from __future__ import annotations

import pytest

from symbackprop.check.claims import Report
from symbackprop.reports.marked import Extent, extents, offset_of, rows
from tests.reports.samples import Judged, piece, report


def cut(source: str, *claims: str) -> list[list[tuple[str, int | None]]] | None:
    """The rows of the first formula of a document with the claims of its parts."""
    made: Report = report(source, *map(Judged, claims))
    given = made.formulas[0]
    found = rows(given.text, extents(given, list(enumerate(made.claims))))
    return (
        None if found is None else [[(part.latex.strip(), part.claim) for part in row.parts] for row in found]
    )


def test_a_chain_is_cut_at_its_relations() -> None:
    assert cut("$a = b = c.$", "a = b", "= c") == [[("a = b", 0), ("= c", 1), (".", None)]]


def test_what_two_claims_share_belongs_to_the_first() -> None:
    made = report("$a = b = c$", Judged("a = b"), Judged("= c"))
    given = made.formulas[0]
    assert extents(given, list(enumerate(made.claims))) == [Extent(0, 5, 0), Extent(6, 9, 1)]
    wide = report("$a = b = c$", Judged("a = b = c"))
    both = [(0, made.claims[0]), (1, wide.claims[0])]
    assert extents(given, both) == [Extent(0, 5, 0), Extent(5, 9, 1)]


def test_lines_of_an_environment_are_rows() -> None:
    source = "$$\n\\begin{aligned}\na &= b \\\\[2pt]\n&= \\frac{c}{d}\n\\end{aligned}\n$$"
    assert cut(source, "a &= b", "&= \\frac{c}{d}") == [[("a = b", 0)], [("= \\frac{c}{d}", 1)]]


def test_a_claim_over_two_lines_is_marked_on_both() -> None:
    assert cut("$$\na \\\\\n= b\n$$", "a \\\\\n= b") == [[("a", 0)], [("= b", 0)]]


@pytest.mark.parametrize("source", [r"$\frac{a = b}{c}$", r"$\left( a = b \right)$", r"$\boxed{a = b}$"])
def test_a_claim_within_a_group_is_not_cut_out(source: str) -> None:
    assert cut(source, "a = b") is None


@pytest.mark.parametrize("source", ["${a = b$", "$a = b}$", r"$\begin{x} a = b$", r"$a = b \right)$"])
def test_groups_that_are_not_closed_are_not_cut(source: str) -> None:
    assert cut(source, "a = b") is None


def test_a_place_outside_is_the_nearest_one() -> None:
    given = report("x\n\n$a\n=b$").formulas[0]
    assert [offset_of(given, *place) for place in ((1, 1), (3, 2), (4, 1), (4, 3), (9, 9))] == [0, 0, 2, 4, 4]
    assert piece("ab\ncd", 1, 5) == ("b\ncd", (0, 2), ((1, 2), (2, 1)))
