"""Pieces of a document's text, each of which knows where its characters stand; what a document is made of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


@dataclass(frozen=True)
class Piece:
    """A piece of a document's text, free of the marks round it, that knows where each character came from.

    Attributes:
        text: what stands there.
        starts: offsets into `text`, ascending, from 0, at which a run of characters begins that stand side by
            side in the document.
        places: (line, column), from 1, of the first character of each run.
    """

    text: str
    starts: tuple[int, ...]
    places: tuple[tuple[int, int], ...]

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column, from 1, of a character of the text."""
        run = bisect_right(self.starts, offset) - 1
        line, column = self.places[run]
        return line, column + offset - self.starts[run]


@dataclass(frozen=True)
class Formula(Piece):
    """A formula: what stands between its marks.

    Attributes:
        display: it stands on lines of its own.
        table: it stands in a cell of a table.
    """

    display: bool = False
    table: bool = False


@dataclass(frozen=True)
class Heading(Piece):
    """A heading, or a short line of prose that stands alone.

    Attributes:
        level: 1 for the highest; 7 for a line that is no heading by its marks.
    """

    level: int = 7


@dataclass(frozen=True)
class Prose(Piece):
    """A paragraph, formulas included as they stand."""


@dataclass(frozen=True)
class Table:
    """A table: its cells row by row, the head first where there is one.

    Attributes:
        rows: the cells' texts with their places, formulas with their marks.
        head: whether the first row is a head.
    """

    rows: tuple[tuple[Piece, ...], ...]
    head: bool


Item = Formula | Heading | Prose | Table


class Parts(NamedTuple):
    """What a piece is made from, in the order of its attributes."""

    text: str
    starts: tuple[int, ...]
    places: tuple[tuple[int, int], ...]


class Run(NamedTuple):
    """Characters that stand side by side in the document.

    Attributes:
        text: the characters.
        line: the line they stand on, from 1.
        column: where the first of them stands, from 1.
    """

    text: str
    line: int
    column: int


def joined(runs: Iterable[Run]) -> Piece:
    """Runs of characters as one piece."""
    kept = [run for run in runs if run.text]
    starts, length = [], 0
    for run in kept:
        starts.append(length)
        length += len(run.text)
    places = tuple((run.line, run.column) for run in kept)
    return Piece("".join(run.text for run in kept), tuple(starts) or (0,), places or ((1, 1),))


def cut(piece: Piece, begin: int, end: int) -> Parts:
    """What stands from one offset to another, white space at its ends left out."""
    begin, end = trimmed(piece.text, begin, end)
    first, last = bisect_right(piece.starts, begin) - 1, bisect_left(piece.starts, end, lo=1)
    starts = (0, *(start - begin for start in piece.starts[first + 1 : last]))
    return Parts(piece.text[begin:end], starts, (piece.place(begin), *piece.places[first + 1 : last]))


def trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    """Two offsets without the white space that stands inside them."""
    inner = text[begin:end]
    begin += len(inner) - len(inner.lstrip())
    return begin, begin + len(inner.strip())


def without(piece: Piece, offsets: Sequence[int]) -> Piece:
    """A piece without the characters at some offsets, which ascend."""
    if not offsets:
        return piece
    edges = [-1, *offsets, len(piece.text)]
    runs: list[Run] = []
    for before, after in pairwise(edges):
        runs.extend(runs_between(piece, before + 1, after))
    return joined(runs)


def runs_between(piece: Piece, begin: int, end: int) -> list[Run]:
    """The runs of a piece from one offset to another."""
    first, last = bisect_right(piece.starts, begin), bisect_left(piece.starts, end)
    edges = [begin, *piece.starts[first:last], end] if begin < end else []
    return [Run(piece.text[start:stop], *piece.place(start)) for start, stop in pairwise(edges)]
