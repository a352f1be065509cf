"""A paragraph or a table, of Markdown or of LaTeX -> prose, headings, tables and formulas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from symbackprop.papers.marks import Kind, Span, formulas_in, spans
from symbackprop.papers.pieces import Heading, Item, Piece, Prose, Table, cut, trimmed

SHORT = 100
BOLD = re.compile(r"(?:\*\*([^*\n]+)\*\*|__([^_\n]+)__|\\textbf\{([^{}\n]*)\})[:.]?")
PLAIN = re.compile(r"(?![<!])(?:[^\n\\]|\\(?![A-Za-z]))*(?<!\.)")
LETTER = re.compile(r"[^\W\d_]")
PUNCTUATION = re.compile(r"[\s.,;:]*")
WORDLESS = re.compile(r"[\s.,;:]*|(?=[\\{])(?:\\[A-Za-z]+|[\s\d.,;:=*{}\[\]])*")


def paragraph_items(
    piece: Piece, begin: int, end: int, found: Sequence[Span], level: int | None = None, listed: bool = False
) -> Iterator[Item]:
    """What a paragraph holds, taken apart at the displayed formulas that stand on lines of their own.

    Args:
        piece: the text it stands in.
        begin: where it begins.
        end: where it ends.
        found: the formulas in it.
        level: the level of its last lines, where they are a heading.
        listed: it stands in a list, where a short line is no heading but for a colon.
    """
    inside: list[Span] = []
    for span, alone in zip(found, alone_on_lines(piece.text, begin, end, found), strict=True):
        if not alone:
            inside.append(span)
            continue
        yield from words_items(piece, begin, span.begin, inside, listed=listed)
        yield from formulas_in(piece, [span])
        begin, inside = span.end, []
    yield from words_items(piece, begin, end, inside, level, listed)


def alone_on_lines(text: str, begin: int, end: int, found: Sequence[Span]) -> Iterator[bool]:
    """Whether each formula is displayed, with nothing beside it but punctuation and other displays."""
    for position, span in enumerate(found):
        before = found[position - 1] if position else None
        after = found[position + 1] if position + 1 < len(found) else None
        ahead = text[before.end if before else begin : span.begin]
        behind = text[span.end : after.begin if after else end]
        opened = not ahead.rpartition("\n")[2].strip() and ("\n" in ahead or before is None or before.display)
        closed = PUNCTUATION.fullmatch(behind.partition("\n")[0]) and (
            "\n" in behind or after is None or after.display
        )
        yield bool(span.display and opened and closed)


def words_items(
    piece: Piece, begin: int, end: int, found: Sequence[Span], level: int | None = None, listed: bool = False
) -> Iterator[Item]:
    """The lines of a paragraph between formulas on lines of their own, then the formulas in them."""
    begin, end = trimmed(piece.text, begin, end)
    text = piece.text[begin:end]
    if not found and WORDLESS.fullmatch(text):
        return
    bold = BOLD.fullmatch(text)
    if level is not None:
        yield Heading(*cut(piece, begin, end), level=level)
    elif bold and bold.lastindex:
        first, last = bold.span(bold.lastindex)
        yield Heading(*cut(piece, begin + first, begin + last))
    elif not found and is_short_line(text) and (text.endswith(":") or not listed):
        yield Heading(*cut(piece, begin, end))
    else:
        yield Prose(*cut(piece, begin, end))
    yield from formulas_in(piece, found)


def is_short_line(text: str) -> bool:
    """Whether words read as a heading: one short line, no sentence."""
    return len(text) < SHORT and PLAIN.fullmatch(text) is not None and LETTER.search(text) is not None


def table_items(rows: Iterable[Sequence[Piece]], head: bool, kind: Kind) -> Iterator[Item]:
    """A table, then the formulas in its cells."""
    table = Table(tuple(tuple(row) for row in rows), head)
    yield table
    for row in table.rows:
        for cell in row:
            yield from formulas_in(cell, list(spans(cell.text, 0, len(cell.text), kind)), table=True)
