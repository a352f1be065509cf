"""Parquet files, read by pyarrow in blocks of the columns that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from symbackprop.errors import OptionError
from symbackprop.fitting.sources import Block, FileSource, reblocked


class ParquetSource(FileSource):
    """A Parquet file.

    Args:
        path: of the file.

    Raises:
        OptionError: pyarrow is not installed.
        DataError: there is no such file, or it is no Parquet file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        if find_spec("pyarrow") is None:
            fix = "pip install 'symbackprop[parquet]'"
            raise OptionError("a Parquet file needs pyarrow", where=str(path), fix=fix)
        with self._opened() as file:
            self.rows = file.metadata.num_rows
            self.columns = tuple(file.schema_arrow.names)

    def _opened(self) -> Any:
        import pyarrow
        from pyarrow import parquet

        try:
            return parquet.ParquetFile(self.path, memory_map=True)
        except (OSError, pyarrow.ArrowException) as error:
            raise self.refused("cannot be read", "check the path, and the file", str(error)) from None

    def blocks(self, columns: Sequence[str], size: int, start: int = 0) -> Iterator[Block]:
        """The rows in blocks; groups of rows that are passed over are not read."""
        with self._opened() as file:
            self._check_numbers(file.schema_arrow, columns)
            sizes = [file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)]
            ends = np.cumsum(sizes)
            first = int(np.searchsorted(ends, start, side="right"))
            before = int(ends[first - 1]) if first else 0
            yield from reblocked(self._pieces(file, columns, first, size), size, start - before)

    def _check_numbers(self, schema: Any, columns: Sequence[str]) -> None:
        from pyarrow import types

        kinds = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
        for column in columns:
            kind = schema.field(column).type
            if not any(holds(kind) for holds in kinds):
                raise self.refused(f"holds {kind} in the column {column!r}", "give it numbers")

    def _pieces(self, file: Any, columns: Sequence[str], first: int, size: int) -> Iterator[Block]:
        import pyarrow

        groups = range(first, file.num_row_groups)
        try:
            for batch in file.iter_batches(size, row_groups=list(groups), columns=list(columns)):
                found = [batch.column(column).cast(pyarrow.float64()) for column in columns]
                yield np.column_stack([one.to_numpy(zero_copy_only=False) for one in found])
        except (OSError, pyarrow.ArrowException) as error:
            raise self.refused("is damaged", "write it anew", str(error)) from None
