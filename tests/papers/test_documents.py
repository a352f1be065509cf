"""Documents in Markdown are read: every formula, table, heading and paragraph."""

from __future__ import annotations

import pytest

from symbackprop.papers.reading import Formula, Kind, Table, read_document
from tests.papers.reading import KINDS, brief, formulas, read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$$a$$", ["a"]),
        ("$$ a $$", ["a"]),
        ("$$\na\n+ b\n$$", ["a\n+ b"]),
        ("$$\n- a\n=\nb\n> 0\n# 1\n$$", ["- a\n=\nb\n> 0\n# 1"]),
        ("$$\n\na\n\nb\n\n$$\n\nText.", ["a\n\nb"]),
        ("so $$a$$ and $$b$$ hold.", ["a", "b"]),
        ("so $$\na\n- b\n$$ holds and $$c\n$$ too.", ["a\n- b", "c"]),
        (r"\[ a \]", ["a"]),
        ("\\[\na \\\\[2pt] b\n\\]", ["a \\\\[2pt] b"]),
        ("```math\na\n```", ["a"]),
        ("```math\na\n\nb\n```\n$c$", ["a\n\nb", "c"]),
        ("- $$a$$\n- $b$", ["a", "b"]),
        ("> $$\n> a\n> b\n> $$", ["a\nb"]),
        ("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", ["a &= b \\\\\nc &= d"]),
        ("$$\\begin{aligned} a &= b \\end{aligned}$$", ["\\begin{aligned} a &= b \\end{aligned}"]),
        (r"$$a \text{ if $b$}$$", [r"a \text{ if $b$}"]),
    ],
)
def test_displayed(text: str, found: list[str]) -> None:
    assert formulas(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$a$", ["a"]),
        ("Let $a$, $b$ and $c$.", ["a", "b", "c"]),
        ("of  $ y $ and $ w_1 = 2 $", ["y", "w_1 = 2"]),
        (" $w_{11} = 0.1$, $w_{12} = -0.2$\n $b$", ["w_{11} = 0.1", "w_{12} = -0.2", "b"]),
        (r"\( a \) and \(b\)", ["a", "b"]),
        ("$a$$b$", ["a", "b"]),
        ("a line $a +\nb$ on", ["a +\nb"]),
        (r"$a = \text{if $b$}$", [r"a = \text{if $b$}"]),
        (r"$\{0, 1\}$ and $\$$", [r"\{0, 1\}", r"\$"]),
        ("$`a_1`$", ["a_1"]),
        ("$5$ units", ["5"]),
        ("# Loss $L$", ["L"]),
        ("the loss is 5$ here.\n\nThen $a$.", ["a"]),
        ("Let $x = 1 and $y = 2$ hold, then $z = 3$ is.", ["y = 2", "z = 3"]),
        ("one dollar $ and $$a$$", ["a"]),
    ],
)
def test_in_the_line(text: str, found: list[str]) -> None:
    assert formulas(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a price of 5$ and 6$",
        "from $5 to $6",
        "5$, 6$",
        "$5-$10",
        "5 $ and 6 $",
        r"\$5 and 6\$",
        "`$a$` and ``$b$ ` $c$``",
        "```\n$$a$$\n```",
        "~~~~python\n$a$\n~~~\n$b$\n~~~~",
        "- ```mermaid\n  $a$\n  ```",
        "```\n$$a$$",
        "<!-- $a$ -->",
        "<!--\n$$a$$\n\n$b$ -->",
        "an $a_1 that\n\nis $ open",
        "$ $ and $$ $$ and $$$$",
        r"\(a",
        "",
        "\n\n",
    ],
)
def test_no_formula(text: str) -> None:
    assert formulas(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$$\na\n\nText.\n\n$$\nb\n$$\n\nEnd.", ["a", "b"]),
        ("$$a\n\n$$b$$", ["a", "b"]),
        ("\\[a\n\n\\[b\\]", ["a", "b"]),
        ("\\begin{align}\na\n\nText.\n\n\\begin{align}\nb\n\\end{align}", ["a", "b"]),
        ("$$a", ["a"]),
        ("\\begin{equation}a", ["a"]),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_left_open(text: str, found: list[str], kind: Kind) -> None:
    """A displayed formula that is not closed reaches to the next blank line."""
    assert formulas(text, kind) == found


def test_fence_left_open() -> None:
    assert formulas("```math\na\n\n```math\nb\n```") == ["a", "b"]


def test_prose_and_headings() -> None:
    text = """\
Rete neurale 3→3→2→1
====================

1. Dati e obiettivo

Input: $x_1$ (cm), $x_2$.

6.1 Parametri iniziali

Strato 1 (w, b):
$$a$$
Then, by the chain rule,
$$b$$.

Iterazione 2: SGD su esempio #2

### Backward pass ###

**Forward**

A sentence that ends.

- a point
- Layer 2:
  1. one
  2. two

---

> A quotation of more than one line,
> which goes on here:
"""
    assert brief(text) == [
        "1 Rete neurale 3→3→2→1",
        "7 1. Dati e obiettivo",
        "P Input: $x_1$ (cm), $x_2$.",
        "I x_1",
        "I x_2",
        "7 6.1 Parametri iniziali",
        "7 Strato 1 (w, b):",
        "D a",
        "7 Then, by the chain rule,",
        "D b",
        "7 Iterazione 2: SGD su esempio #2",
        "3 Backward pass",
        "7 Forward",
        "P A sentence that ends.",
        "P a point",
        "7 Layer 2:",
        "P 1. one",
        "P 2. two",
        "P A quotation of more than one line,\nwhich goes on here:",
    ]


def test_displays_beside_words_stay_in_their_paragraph() -> None:
    assert brief("So $$a$$ holds,\n$$b$$ (1)\n$$c$$\nand $d$.") == [
        "P So $$a$$ holds,\n$$b$$ (1)",
        "D a",
        "D b",
        "D c",
        "P and $d$.",
        "I d",
    ]


def test_tables_between_bars() -> None:
    text = """\
Losses:
| State | $y$ | \\#1 |
| :-- | --: | :-: |
| before \\| after | $0.25$ |  |
| $|a|$ | `b` | $c$ |
after it
"""
    assert brief(text) == [
        "7 Losses:",
        "Th State, $y$, \\#1 / before | after, $0.25$,  / $|a|$, `b`, $c$",
        "IT y",
        "IT 0.25",
        "IT |a|",
        "IT c",
        "7 after it",
    ]


def test_tables_between_tabs() -> None:
    text = "Losses\n\t#1 ($y = 0$)\t#2\nbefore\t0.25\t0.5\n#\t1\t2\na\tb\n"
    assert brief(text) == [
        "7 Losses",
        "Th , #1 ($y = 0$), #2 / before, 0.25, 0.5 / #, 1, 2",
        "IT y = 0",
        "7 a\tb",
    ]


def test_place_in_table() -> None:
    (table, formula) = read("| a |\n|---|\n| x \\| $b$ |\n")
    assert isinstance(table, Table)
    assert isinstance(formula, Formula)
    assert [table.rows[1][0].place(offset) for offset in (0, 2, 4)] == [(3, 3), (3, 6), (3, 8)]
    assert formula.place(0) == (3, 9)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\\documentclass{article}", "latex"),
        ("% words\n\\section{A}", "latex"),
        ("a\n\\begin{align}\na\n\\end{align}", "latex"),
        ("$$\n\\begin{align}\na\n\\end{align}\n$$", "markdown"),
        ("# Title\n\n\\begin{align}a\\end{align}", "markdown"),
        ("$$\\begin{aligned}a\\end{aligned}$$", "markdown"),
        ("", "markdown"),
    ],
)
def test_kind_is_found(text: str, kind: Kind) -> None:
    assert read_document(text).kind == kind


def test_ends_of_lines() -> None:
    document = read_document("\ufeff$a$\r\n\r\n$b$\r$c$\u2028$d$\n")
    assert document.lines == ("$a$", "", "$b$", "$c$\u2028$d$")
    assert [formula.place(0) for formula in document.formulas] == [(1, 2), (3, 2), (4, 2), (4, 6)]
