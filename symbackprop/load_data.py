"""The [data] of a spec -> examples: its rows, a CSV file, or a file that is gone through in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from symbackprop.data import Data, Stream, build_data, check_columns, read_csv, read_formulas
from symbackprop.errors import Mistake, SpecError, raise_all
from symbackprop.spec import DataSection

STREAMED = (".npy", ".parquet")
"""Files that are never read as a whole."""


def read_data(section: DataSection, folder: Path, names: Sequence[str]) -> Data | Stream:
    """The examples of a spec.

    Args:
        section: its [data].
        folder: where a file is looked for.
        names: what every example has to give.

    Raises:
        SpecError: there are no rows, or both rows and a file.
        DataError: a mistake in the table; `Mistakes` where there are several.
    """
    if section.file is None:
        return build_data(*_rows(section), section.inputs, names)
    path = folder / section.file
    is_named = path.suffix.lower() != ".npy"
    if section.rows is not None or (section.columns is not None and is_named):
        raise SpecError("[data] has both a file and rows", where="data", fix="keep one of them")
    if section.stream or path.suffix.lower() in STREAMED:
        return _stream(section, path, names)
    return build_data(*read_csv(path), section.inputs, names)


def _rows(section: DataSection) -> tuple[Sequence[str], Sequence[Sequence[int | Decimal]]]:
    if section.stream:
        raise SpecError("a stream needs a file", where="data.stream", fix='add file = "data.csv"')
    if not section.columns or not section.rows:
        raise SpecError(
            "[data] has no rows",
            where="data",
            fix='add columns = ["x", "y"] and rows = [[1, 2]], or file = "data.csv"',
        )
    return section.columns, section.rows


def _stream(section: DataSection, path: Path, names: Sequence[str]) -> Stream:
    """What can be checked without the file, which may be large, or on another machine."""
    mistakes: list[Mistake] = []
    columns = section.columns or ()
    formulas = read_formulas(section.inputs, names, mistakes)
    if columns:
        check_columns(columns, formulas, [one for one in names if one not in section.inputs], mistakes)
    raise_all(mistakes)
    return Stream(path, tuple(columns), formulas, tuple(names))
