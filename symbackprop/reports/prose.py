"""Paragraphs, headings and cells of a document in HTML, the formulas in them where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from symbackprop.notation.printable import on_one_line
from symbackprop.papers.reading import Formula, Kind, Piece
from symbackprop.reports.marked import offset_of

_BEFORE = re.compile(r"(?:\$\$?`?|\\[(\[]|\\begin\s*\{\w+\*?\}(?:\{[^{}]*\})?)\s*\Z")
_BEHIND = re.compile(r"\s*(?:`?\$\$?|\\[)\]]|\\end\s*\{\w+\*?\})")
_PLACE = re.compile("\ue000(\\d+)\ue001")
_CODE: Mapping[Kind, re.Pattern[str]] = {
    "markdown": re.compile(r"(?<!`)`([^`]+)`(?!`)"),
    "latex": re.compile(r"\\texttt\{([^{}]*)\}"),
}
_MARKUP: Mapping[Kind, Sequence[tuple[re.Pattern[str], str]]] = {
    "markdown": [
        (re.compile(r"\*\*(?=\S)([^<]+?)(?<=\S)\*\*"), "strong"),
        (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*<]+?)(?<=\S)\*(?![\w*])"), "em"),
    ],
    "latex": [
        (re.compile(r"\\textbf\{([^{}<]*)\}"), "strong"),
        (re.compile(r"\\(?:emph|textit)\{([^{}<]*)\}"), "em"),
    ],
}
"""What stands out in the words of each kind of document."""


def inside(piece: Piece, formula: Formula) -> bool:
    """Whether a formula stands in a piece, by its place."""
    first, last = piece.place(0), piece.place(len(piece.text))
    return first <= formula.place(0) and formula.place(max(len(formula.text) - 1, 0)) < last


def prose(piece: Piece, kind: Kind, formulas: Sequence[Formula], shown: Callable[[Formula], str]) -> str:
    """Words with formulas between them.

    Args:
        piece: the words, formulas included as they stand.
        kind: of the document.
        formulas: those in it, in order.
        shown: a formula in HTML.
    """
    held = _Held()
    words, behind = "", 0
    for formula in formulas:
        start = offset_of(piece, *formula.place(0))
        end = offset_of(piece, *formula.place(len(formula.text) - 1)) + 1
        before, after = _BEFORE.search(piece.text, behind, start), _BEHIND.match(piece.text, end)
        words += on_one_line(piece.text[behind : before.start() if before else start])
        words += held.keep(shown(formula))
        behind = after.end() if before and after else end
    words += on_one_line(piece.text[behind:])
    coded = _CODE[kind].sub(lambda found: held.keep(f"<code>{found[1]}</code>"), escape(words))
    for pattern, tag in _MARKUP[kind]:
        coded = pattern.sub(rf"<{tag}>\1</{tag}>", coded)
    return held.back(held.back(coded))


class _Held:
    """HTML kept out of words while these are changed; no words of a user have what holds its place."""

    def __init__(self) -> None:
        self._kept: list[str] = []

    def keep(self, html: str) -> str:
        """What stands in its place."""
        self._kept.append(html)
        return f"\ue000{len(self._kept) - 1}\ue001"

    def back(self, words: str) -> str:
        """Words with what was kept."""
        return _PLACE.sub(lambda found: self._kept[int(found[1])], words)
