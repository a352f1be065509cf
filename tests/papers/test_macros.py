r"""Commands of a document are put in where they are called: arguments, defaults, places, and monsters."""

from __future__ import annotations

import pytest

from symbackprop.papers.macros import LONGEST, MOST, with_macros
from symbackprop.papers.pieces import Formula
from symbackprop.papers.reading import read_document
from tests.check.small import within

DEFINITIONS = r"""
\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\renewcommand\loss{\mathcal L}
\providecommand*{\plus}[2][x]{#1 + #2}
\def\half#1{\frac{#1}{2}}
\DeclareMathOperator{\sg}{sigmoid}
"""


def formulas(body: str, definitions: str = DEFINITIONS) -> list[Formula]:
    text = rf"\documentclass{{article}}{definitions}\begin{{document}}{body}\end{{document}}"
    return list(with_macros(read_document(text, "latex")).formulas)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\pd{L}{W^{[3]}} = 1", r"\frac{\partial L}{\partial W^{[3]}} = 1"),
        (r"\pd L w", r"\frac{\partial L}{\partial w}"),
        (r"\pd\loss w", r"\frac{\partial \mathcal L}{\partial w}"),
        (r"\half{\pd{L}{a}}", r"\frac{\frac{\partial L}{\partial a}}{2}"),
        (r"\plus{3} - \plus[y]{z}", "x + 3 - y + z"),
        (r"\sg(z)", r"\operatorname{sigmoid}(z)"),
        (r"\pdf + \halfway", r"\pdf + \halfway"),
        (r"a \\ \pd{L}{a}", r"a \\ \frac{\partial L}{\partial a}"),
        (r"\{\loss\}", r"\{\mathcal L\}"),
    ],
)
def test_a_call_is_what_the_command_stands_for(written: str, read: str) -> None:
    assert [one.text.strip() for one in formulas(f"${written}$")] == [read]


def test_what_a_call_gives_stands_where_it_was_called_and_arguments_where_they_stand() -> None:
    (formula,) = formulas("\n\n$a = \\pd{L}{w} + b$")
    (line, column) = formula.place(formula.text.index("a"))
    places = {sign: formula.place(formula.text.index(sign)) for sign in (r"\frac", "L", "w", "+")}
    assert places == {
        r"\frac": (line, column + 4),
        "L": (line, column + 8),
        "w": (line, column + 11),
        "+": (line, column + 14),
    }


def test_places_ascend_and_begin_and_end_with_the_call() -> None:
    definitions = r"\newcommand{\twice}[2]{(#2 - #1)#2}\newcommand{\one}{(1 + 1)}" + "\n"
    for call in (r"\twice{ab}{c}", r"\one", r"\twice{\one}{c}"):
        (formula,) = formulas(f"$a {call} b$", definitions)
        places = [formula.place(offset) for offset in range(len(formula.text))]
        (line, column) = places[0]
        assert places == sorted(places)
        assert formula.place(formula.text.index("(")) == (line, column + 2)
        assert places[-3] == (line, column + 1 + len(call))


def test_commands_are_defined_between_formulas_of_markdown() -> None:
    text = "$$\n\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}}\n$$\n\n$$\n\\pd{L}{w} = x\n$$\n"
    assert with_macros(read_document(text, "markdown")).formulas[-1].text.strip() == (
        r"\frac{\partial L}{\partial w} = x"
    )


@pytest.mark.parametrize(
    "definition",
    [
        r"\newcommand{\pd}{\pd\pd}",
        r"\newcommand{\pd}{\qd}\newcommand{\qd}{\pd}",
        rf"\newcommand{{\pd}}{{{'x' * LONGEST}}}",
        r"\newcommand{\pd}[1]{\pd{#1#1}}",
        r"\newcommand{\pd}[2]{{{",
        r"\newcommand{\pd}[9]{#9}",
        r"\def\pd#1{#2}",
    ],
    ids=range(7),
)
def test_a_command_without_end_hangs_nothing(definition: str) -> None:
    with within(seconds=5):
        found = formulas(r"$\pd{a}$ $\pd" * 50 + "$" + "$x$" * MOST, definition + "\n")
    assert all(len(one.text) <= 2 * LONGEST for one in found)


def test_a_megabyte_of_definitions_that_are_never_closed_hangs_nothing() -> None:
    with within(seconds=20):
        assert len(formulas("$x$", "\\def\\a{" * 150_000 + "\n")) <= 1
