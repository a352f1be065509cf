"""CSV files, read in blocks: only the lines of one block are in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from symbackprop.data import csv_rows, unreadable, without_rows
from symbackprop.errors import DataError
from symbackprop.fitting.sources import Block, FileSource

_BLANK = ', \t\r\n"'
"""A line of nothing else holds no row."""

Lines = list[tuple[int, str]]
"""Lines with their numbers in the file."""


class CsvSource(FileSource):
    """A CSV file with a head.

    Args:
        path: of the file.

    Raises:
        DataError: there is no such file, or it has no rows.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        first = list(islice(self._lines(), 2))
        if len(first) < 2:
            raise without_rows(path)
        self.columns = tuple(name.strip() for name in self._entries(first[0][1]))

    def _lines(self) -> Iterator[tuple[int, str]]:
        try:
            with self.path.open(encoding="utf-8-sig", newline=None) as file:
                yield from ((number, line) for number, line in enumerate(file, 1) if line.strip(_BLANK))
        except (OSError, UnicodeDecodeError) as error:
            raise unreadable(self.path, error) from None

    def _entries(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line]))
        except csv.Error as error:
            raise self.refused(f"is no CSV file: {error}", "write plain rows") from None

    def blocks(self, columns: Sequence[str], size: int, start: int = 0) -> Iterator[Block]:
        """The rows in blocks; when they have all been read, their number is known."""
        places = [self.columns.index(column) for column in columns]
        lines = self._lines()
        next(lines, None)
        count = sum(1 for _ in islice(lines, start))
        while block := list(islice(lines, size)):
            count += len(block)
            yield self._numbers(block)[:, places]
        self.rows = count

    def _numbers(self, lines: Lines) -> Block:
        try:
            found = np.loadtxt(
                [line for _, line in lines], delimiter=",", comments=None, quotechar='"', ndmin=2
            )
        except ValueError:
            return self._one_by_one(lines)
        is_whole = found.shape == (len(lines), len(self.columns)) and np.isfinite(found).all()
        return found if is_whole else self._one_by_one(lines)

    def _one_by_one(self, lines: Lines) -> Block:
        """The same slowly: every mistake is told with its line."""
        rows = csv_rows(((number, self._entries(line)) for number, line in lines), self.columns, self.name)
        found = np.array(rows, dtype=np.float64)
        if found.shape != (len(lines), len(self.columns)):
            raise DataError(f"{self.name} has no rows of numbers", where=str(self.path))
        return found
