"""Arrays in `.npy` files, of which only one block at a time is mapped into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symbackprop.errors import listing
from symbackprop.fitting.sources import Block, FileSource

_NUMBERS = "biuf"
"""The kinds of NumPy's types that are real numbers."""


class NpySource(FileSource):
    """A matrix with a row for each example, or a structured array, whose fields are the columns.

    Args:
        path: of the file.
        heads: of the columns of a matrix.

    Raises:
        DataError: there is no such file, it is no such array, or it has another number of columns.
    """

    def __init__(self, path: Path, heads: Sequence[str]) -> None:
        super().__init__(path)
        array = self._mapped()
        self.rows = len(array)
        self.columns = tuple(array.dtype.names or heads)
        if array.dtype.names is None and array.shape[1] != len(self.columns):
            raise self.refused(
                f"has {array.shape[1]} columns, and {len(self.columns)} are named",
                'name them in the spec: [data] columns = ["x", "y"]',
                listing(self.columns),
            )

    def _mapped(self) -> Any:
        """The array, which is read where it is looked at."""
        try:
            array = np.lib.format.open_memmap(self.path, mode="r")
        except (OSError, ValueError, EOFError) as error:
            what = "cannot be read" if isinstance(error, OSError) else "is no whole array of numbers"
            raise self.refused(what, "check the path, and save it by numpy.save", str(error)) from None
        kind = array.dtype
        fields = [kind] if kind.names is None else [kind[name] for name in kind.names]
        if array.ndim != (2 if kind.names is None else 1) or not all(one.kind in _NUMBERS for one in fields):
            raise self.refused(
                f"holds an array of {array.ndim} {'axis' if array.ndim == 1 else 'axes'} of type {kind}",
                "save a matrix of numbers with a row for each example, or a structured array",
            )
        return array

    def blocks(self, columns: Sequence[str], size: int, start: int = 0) -> Iterator[Block]:
        """The rows in blocks; the file is mapped anew for each, so that no more than it stays in memory."""
        assert self.rows is not None
        places = [self.columns.index(column) for column in columns]
        for first in range(start, self.rows, size):
            block = self._mapped()[first : first + size]
            if block.dtype.names is None:
                yield np.asarray(block[:, places], dtype=np.float64)
            else:
                yield np.column_stack([np.asarray(block[column], dtype=np.float64) for column in columns])
