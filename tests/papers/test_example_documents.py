"""The examples of the project are read: nothing in them is missed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symbackprop.papers.reading import Document, Heading, Kind, Table, read_document
from tests.papers.reading import check_places

EXAMPLES = Path(__file__).parents[2] / "examples"


def outside(text: str, *unread: str) -> str:
    """A text without what stands between marks."""
    for pattern in unread:
        text = re.sub(pattern, "", text, flags=re.DOTALL | re.MULTILINE)
    return text


WRITTEN = sorted(path for path in EXAMPLES.glob("*/*.md") if not path.stem.isdecimal())
"""What is written for the project; examples/errata/000.md is not."""


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_markdown_examples(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    plain = outside(text, r"^```.*?^```")
    words = outside(plain, r"^\$\$$.*?^\$\$$")
    check_counts(
        read_document(text),
        "markdown",
        displays=len(re.findall(r"^\$\$$", plain, re.MULTILINE)) / 2,
        inline=words.count("$") / 2,
        tables=len(re.findall(r"^\| :?-", plain, re.MULTILINE)),
        headings=len(re.findall(r"^#+ ", plain, re.MULTILINE)),
    )


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("*/*.tex")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
@pytest.mark.parametrize("standalone", [False, True])
def test_tex_examples(path: Path, standalone: bool) -> None:
    text = path.read_text(encoding="utf-8").split("\\begin{document}")[-1]
    plain = outside(text, r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}")
    words = outside(plain, r"\\begin\{((?:align|gather)\*)\}.*?\\end\{\1\}", r"\\\[.*?\\\]")
    preamble = "\\documentclass{article}\n\\newcommand{\\no}{$no$}\n\\begin{document}\n"
    check_counts(
        read_document(preamble + text if standalone else text),
        "latex",
        displays=len(re.findall(r"\\begin\{(?:align|gather)\*\}|(?<!\\)\\\[", plain)),
        inline=words.count("$") / 2,
        tables=plain.count("\\begin{tabular}"),
        headings=len(re.findall(r"^\\(?:sub)*(?:section|paragraph)\{", plain, re.MULTILINE)),
    )


def check_counts(
    document: Document, kind: Kind, displays: float, inline: float, tables: int, headings: int
) -> None:
    """A document holds as many items as were counted."""
    check_places(document)
    assert document.kind == kind
    assert sum(formula.display for formula in document.formulas) == displays
    assert sum(not formula.display for formula in document.formulas) == inline
    assert sum(isinstance(item, Table) for item in document.items) == tables
    assert sum(isinstance(item, Heading) and item.level < 7 for item in document.items) == headings
