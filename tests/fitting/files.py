"""Tables in files of every kind, for tests of runs that read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Table = Mapping[str, Any]


def write_csv(path: Path, table: Table) -> None:
    rows = zip(*(np.asarray(one).tolist() for one in table.values()), strict=True)
    lines = [",".join(table), *(",".join(map(repr, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_npy(path: Path, table: Table) -> None:
    """A structured array, whose fields are named."""
    fields = [(name, np.asarray(one).dtype) for name, one in table.items()]
    array = np.empty(len(next(iter(table.values()))), dtype=fields)
    for name, one in table.items():
        array[name] = one
    np.save(path, array)


def write_parquet(path: Path, table: Table) -> None:
    """In groups of seven rows, so that blocks and groups do not end together."""
    import pyarrow
    from pyarrow import parquet

    arrays = {name: pyarrow.array(np.asarray(one)) for name, one in table.items()}
    parquet.write_table(pyarrow.table(arrays), path, row_group_size=7)


WRITERS: Mapping[str, Callable[[Path, Table], None]] = {
    ".csv": write_csv,
    ".npy": write_npy,
    ".parquet": write_parquet,
}


def written(folder: Path, ending: str, table: Table) -> Path:
    """A table in a file with this ending; the test is skipped where what writes it is missing."""
    if ending == ".parquet":
        pytest.importorskip("pyarrow", reason="pip install 'symbackprop[parquet]'")
    path = folder / f"table{ending}"
    WRITERS[ending](path, table)
    return path
