"""Documents that are broken or made to harm: read in linear time, each character at its place."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.papers.reading import Kind, read_document
from tests.papers.reading import KINDS, check_places, formulas

SIGNS = """
$ $$ $$$ ` `` ``` ~~~ | |-| \\ \\\\ \\| \\$ \\[ \\] \\( \\) { } & % # - * ** > = === --- 1. a x_1 + é 5
\\begin{align} \\end{align} \\begin{gather*} \\end{gather*} \\begin{math} \\begin{alignat}{2} \\hline
\\begin{tabular}{ll} \\end{tabular} \\section{ \\section[ \\item \\text{ \\verb| \\newcommand
\\begin{verbatim} \\end{verbatim} \\begin{document} \\end{document} <!-- --> ```math
"""
SPACES = [*" \n\t\r\0\u2028\f\ufeff", "\n\n", "\r\n", "> ", "- ", "| a | b |\n|-|-|\n"]
FRAGMENTS = [*SIGNS.split(), *SPACES]


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join) | st.text(max_size=200),
    st.sampled_from(KINDS),
)
def test_every_character_stands_at_its_place(text: str, kind: Kind) -> None:
    document = read_document(text, kind)
    check_places(document)
    assert all(formula.text.strip() == formula.text != "" for formula in document.formulas)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["a", "x_1 = 2", "\\frac{a}{b}", "\\{b\\}"]), min_size=1, max_size=9))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "marks", [("$", "$", " and "), ("\\(", "\\)", ", "), ("$$", "$$", "\n\n"), ("\\[\n", "\n\\]", "\n")]
)
def test_all_that_is_written_is_found(kind: Kind, marks: tuple[str, str, str], written: list[str]) -> None:
    opening, closing, between = marks
    assert formulas(between.join(opening + formula + closing for formula in written), kind) == written


SIZE = 100_000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "unit",
    [
        *[
            "$x_1$ ",
            "$$a$$\n\n",
            "$$\na\n\n",
            "$",
            "$ ",
            "$$ ",
            "$a ",
            "\\[",
            "\\(",
            "\\[\n",
            "`",
            "``a`",
            "{",
            "\\",
        ],
        *["\\begin{align}", "\\begin{align}a\\end{align}", "\\begin{gather}\n\\begin{align}", "\\section{"],
        *["\\begin{tabular}{ll}", "\\verb|\\verb+", "\\newcommand[", "\\text{$", "% ", "&", "\\\\\\cline("],
        *[
            ">",
            "> ",
            "- ",
            "#",
            "# a\n",
            "1. a\n",
            "```math\n",
            "<!--",
            "|",
            "|a|\n|-|\n",
            "a\tb\tc\n",
            "\t",
            "\n",
            " ",
        ],
        *["\x00", "a", "\u2028", "<!--\n", "\\begin{verbatim}\\end{verbatim}", "$a$$b$"],
    ],
)
def test_time_is_linear(unit: str, kind: Kind) -> None:
    """Far less than what grows with the square of the length would take."""
    text = unit * (SIZE // len(unit))
    begin = process_time()
    read_document(text, kind)
    assert process_time() - begin < 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_megabyte_of_formulas(kind: Kind) -> None:
    text = "Then $x_1 = 0.85$ holds.\n\n$$\nz_1 = w_{11} x_1 + w_{12} x_2 + b_1\n$$\n\n"
    times = 1_000_000 // len(text)
    begin = process_time()
    document = read_document(text * times, kind)
    assert process_time() - begin < 20
    assert len(document.formulas) == 2 * times
    assert document.formulas[-1].place(0) == (6 * times - 2, 1)
