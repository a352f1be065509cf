"""Where examples come from: a table of columns that is read in blocks of rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symbackprop.data import unreadable
from symbackprop.errors import DataError

Block: TypeAlias = NDArray[np.float64]
"""Rows of examples, one below the other."""

HEAD = 1 << 20
"""So many bytes of a file tell it from another of the same size."""


class Source(ABC):
    """A table of examples.

    Attributes:
        name: for messages.
        columns: the heads.
        rows: how many there are; None: nobody has gone through them yet.
    """

    name: str
    columns: tuple[str, ...]
    rows: int | None = None

    @abstractmethod
    def blocks(self, columns: Sequence[str], size: int, start: int = 0) -> Iterator[Block]:
        """The rows in blocks, one after another, in constant memory.

        Args:
            columns: those that are wanted, in this order.
            size: rows of a block; the last may have fewer.
            start: so many rows are passed over, a multiple of the size.

        Raises:
            DataError: the file cannot be read, or an entry is no number.
        """

    @abstractmethod
    def identity(self) -> str:
        """What tells these rows from others."""


class Columns(Source):
    """Columns in memory.

    Args:
        columns: numbers by the heads, as many in each.
        name: for messages.

    Raises:
        DataError: a column holds something else than numbers, or the columns differ in length.
    """

    def __init__(self, columns: Mapping[str, Any], name: str = "the data given") -> None:
        self.name, self.columns = name, tuple(columns)
        read = [self._numbers(head, columns[head]) for head in self.columns]
        lengths = {head: len(numbers) for head, numbers in zip(self.columns, read, strict=True)}
        if len(set(lengths.values())) > 1:
            known = ", ".join(f"{head}: {length}" for head, length in lengths.items())
            raise DataError("the columns are of different lengths", where=name, known=known)
        self._table = np.column_stack(read) if read else np.empty((0, 0))
        self.rows = len(self._table)

    def _numbers(self, head: str, numbers: Any) -> Block:
        try:
            found = np.asarray(numbers, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            found = np.empty(())
        if found.ndim != 1:
            what, fix = f"the column {head!r} is no row of numbers", "give a number for each example"
            raise DataError(what, where=self.name, fix=fix)
        return found

    def blocks(self, columns: Sequence[str], size: int, start: int = 0) -> Iterator[Block]:
        """The rows in blocks."""
        places = [self.columns.index(column) for column in columns]
        for first in range(start, len(self._table), size):
            yield self._table[first : first + size, places]

    def identity(self) -> str:
        """A digest of all numbers."""
        return sha256(np.ascontiguousarray(self._table).data).hexdigest()


class FileSource(Source):
    """A table that stays in its file.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name

    def identity(self) -> str:
        """The size of the file, and a digest of its beginning."""
        try:
            with self.path.open("rb") as file:
                return f"{self.path.stat().st_size} {sha256(file.read(HEAD)).hexdigest()}"
        except OSError as error:
            raise unreadable(self.path, error) from None

    def refused(self, what: str, fix: str, known: str = "") -> DataError:
        """A mistake in the file."""
        return DataError(f"{self.name} {what}", where=str(self.path), known=known, fix=fix)


def reblocked(pieces: Iterable[Block], size: int, start: int = 0) -> Iterator[Block]:
    """Pieces of any length as blocks of one, the last perhaps shorter.

    Args:
        pieces: the rows, one piece after another.
        size: rows of a block.
        start: so many rows are passed over.
    """
    kept: list[Block] = []
    count = -start
    for piece in pieces:
        kept.append(piece[max(-count, 0) :] if count < 0 else piece)
        count += len(piece)
        while count >= size:
            together = kept[0] if len(kept) == 1 else np.concatenate(kept)
            yield together[:size]
            kept = [together[size:]]
            count -= size
    if count > 0:
        yield np.concatenate(kept)
