"""A formula taken apart at its claims, so that each can be marked: rows of parts of LaTeX."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symbackprop.check.claims import Claim
from symbackprop.papers.reading import Piece

_TOKEN = re.compile(
    r"\\begin\s*\{[^{}]*\}|\\end\s*\{[^{}]*\}|\\\\(?:\*|\s*\[[\d.]+\w+\])?|\\[A-Za-z]+|\\.|%[^\n]*|.",
    re.DOTALL,
)
_LINES = re.compile(
    r"\s*\\begin\s*\{(?P<name>(?:aligned|align|gathered|gather|split|alignedat|multline|equation)\*?)\}"
    r"(?:\[[tbc]\])?(?P<inner>.*)\\end\s*\{(?P=name)\}[\s.,;]*",
    re.DOTALL,
)


@dataclass(frozen=True)
class Part:
    """A part of a formula.

    Attributes:
        latex: the part.
        claim: the place of its claim in the report; None: nothing is claimed by it.
    """

    latex: str
    claim: int | None = None


@dataclass(frozen=True)
class Row:
    """A line of a formula.

    Attributes:
        parts: from left to right.
        indented: it goes on from the line above.
    """

    parts: tuple[Part, ...]
    indented: bool = False


@dataclass(frozen=True)
class Extent:
    """From where to where a claim goes in the text of a formula."""

    start: int
    end: int
    claim: int


def offset_of(piece: Piece, line: int, column: int) -> int:
    """The offset of a place of the document in a piece of it; the nearest one where it stands outside."""
    run = bisect_right(piece.places, (line, column)) - 1
    if run < 0:
        return 0
    if piece.places[run] == (line, column):
        # Of what a command of the document gives, the first character that stands where it was called.
        run = bisect_left(piece.places, (line, column))
    start, (at_line, at_column) = piece.starts[run], piece.places[run]
    behind = piece.starts[run + 1] if run + 1 < len(piece.starts) else len(piece.text)
    return min(start + column - at_column, behind) if at_line == line else behind


def extents(piece: Piece, claims: Sequence[tuple[int, Claim]]) -> list[Extent]:
    """Where claims stand in a piece, in order, without what an earlier one has marked already."""
    found = []
    for number, claim in claims:
        start = offset_of(piece, claim.line, claim.column)
        found.append(Extent(start, offset_of(piece, claim.end_line, claim.end_column), number))
    found.sort(key=lambda one: (one.start, one.end))
    kept: list[Extent] = []
    behind = 0
    for one in found:
        start = max(one.start, behind)
        if start < one.end and piece.text[start : one.end].strip():
            kept.append(Extent(start, one.end, one.claim))
            behind = one.end
    return kept


def stretches(text: str, found: Sequence[Extent]) -> Iterator[tuple[int, int, int | None]]:
    """The whole text in stretches: start, end, and whose claim it is."""
    behind = 0
    for one in found:
        if one.start > behind:
            yield behind, one.start, None
        yield one.start, one.end, one.claim
        behind = one.end
    if behind < len(text):
        yield behind, len(text), None


def rows(text: str, found: Sequence[Extent]) -> list[Row] | None:
    """The lines of a formula with the parts of each; None: a claim begins or ends where it cannot be cut.

    Args:
        text: the formula.
        found: its claims, in order, none over another.
    """
    lines = _LINES.fullmatch(text)
    begin, end = lines.span("inner") if lines else (0, len(text))
    flat = _flat(text, begin, end)
    if flat is None:
        return None
    edges = {edge for one in found for edge in (one.start, one.end)}
    if not all(edge in flat or edge <= begin or edge >= end for edge in edges):
        return None
    cuts = list(stretches(text, found))
    made = [_row(text, span, cuts, flat) for span in _split(begin, end, flat)]
    return [row for row in made if row.parts]


def _flat(text: str, begin: int, end: int) -> dict[int, str] | None:
    """The tokens that stand in no group, by their offsets; None: groups are not closed."""
    depth = 0
    flat = {}
    for token in _TOKEN.finditer(text, begin, end):
        word = token[0]
        if word in ("}", "\\right") or word.startswith("\\end"):
            depth -= 1
            if depth < 0:
                return None
            continue
        if depth == 0:
            flat[token.start()] = word
        if word in ("{", "\\left") or word.startswith("\\begin"):
            depth += 1
    return flat if depth == 0 else None


def _split(begin: int, end: int, flat: Mapping[int, str]) -> Iterator[tuple[int, int]]:
    """The lines between two offsets."""
    start = begin
    for offset, word in flat.items():
        if word.startswith("\\\\"):
            yield start, offset
            start = offset + len(word)
    yield start, end


def _row(
    text: str, span: tuple[int, int], cuts: Sequence[tuple[int, int, int | None]], flat: Mapping[int, str]
) -> Row:
    begin, end = span
    parts = []
    first = bisect_right(cuts, begin, key=lambda cut: cut[1])
    for start, stop, claim in cuts[first:]:
        if start >= end:
            break
        inner = range(max(start, begin), min(stop, end))
        latex = "".join(text[place] for place in inner if flat.get(place) != "&")
        if latex.strip():
            parts.append(Part(latex, claim))
    return Row(tuple(parts), indented=text[begin:end].lstrip().startswith("&"))
