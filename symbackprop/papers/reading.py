"""A document in Markdown or LaTeX -> its formulas, tables, headings and prose, each with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symbackprop.papers.markdown import read_markdown
from symbackprop.papers.marks import DISPLAYED, Kind
from symbackprop.papers.pieces import Formula, Heading, Item, Piece, Prose, Table
from symbackprop.papers.tex import read_tex

__all__ = [
    "Document",
    "Formula",
    "Heading",
    "Item",
    "Kind",
    "Piece",
    "Prose",
    "Table",
    "read_document",
]

LINE_END = re.compile(r"\r\n|\r|\n")
TEX_BEGINS = re.compile(r"^[ \t]*\\(?:documentclass\b|begin\s*\{document\})", re.MULTILINE)
MARKDOWN_MARK = re.compile(r"^(?:#{1,6} |```|~~~|\*\*\S|\|?[ \t]*:?--+:?[ \t]*\|)", re.MULTILINE)
TEX_MARK = re.compile(
    rf"(?P<dollars>\$\$\s*)?\\(?:(?:sub)*(?:section|paragraph)\*?\s*\{{"
    rf"|begin\s*\{{(?:{DISPLAYED}|tabular|itemize|enumerate|center)\*?\}}|item\b)"
)


@dataclass(frozen=True)
class Document:
    """A document that was read.

    Attributes:
        lines: its text, line by line.
        items: what stands in it, in its order. The formulas of a paragraph follow it, those of a table follow
            the table.
        kind: what it was read as.
    """

    lines: tuple[str, ...]
    items: tuple[Item, ...]
    kind: Kind

    @property
    def formulas(self) -> Sequence[Formula]:
        """The formulas, displayed and in the line."""
        return [item for item in self.items if isinstance(item, Formula)]


def read_document(text: str, kind: Kind | None = None) -> Document:
    """The formulas of a document, with all that stands between them.

    Args:
        text: the document.
        kind: what it is; None: found from the text.

    Nothing is included or opened: `\\input` is left unread.
    """
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    if not lines[-1]:
        lines.pop()
    kind = kind or kind_of("\n".join(lines))
    items = read_tex(lines) if kind == "latex" else read_markdown(lines)
    return Document(tuple(lines), tuple(items), kind)


def kind_of(text: str) -> Kind:
    """Whether a text is LaTeX or Markdown, by the marks in it."""
    if TEX_BEGINS.search(text):
        return "latex"
    if MARKDOWN_MARK.search(text):
        return "markdown"
    # Markdown has environments too, between dollars.
    marked = any(mark["dollars"] is None for mark in TEX_MARK.finditer(text))
    return "latex" if marked else "markdown"
