"""Which source reads which file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symbackprop.fitting.csv_source import CsvSource
from symbackprop.fitting.npy_source import NpySource
from symbackprop.fitting.parquet_source import ParquetSource
from symbackprop.fitting.sources import FileSource


def open_source(path: Path, heads: Sequence[str] = ()) -> FileSource:
    """The table in a file: `.npy`, `.parquet`, else CSV.

    Args:
        path: of the file.
        heads: of its columns, where the file does not name them.

    Raises:
        DataError: there is no such file, or it is none of that kind.
        OptionError: what reads it is not installed.
    """
    match path.suffix.lower():
        case ".npy":
            return NpySource(path, heads)
        case ".parquet":
            return ParquetSource(path)
    return CsvSource(path)
