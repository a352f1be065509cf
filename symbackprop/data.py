"""The table of examples: rows from the spec or from a CSV file, and the inputs computed from its columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path

from sympy import Expr, Rational, Symbol

from symbackprop.errors import DataError, Gathering, Mistake, did_you_mean, listing, nearest, raise_all
from symbackprop.exact import TooLong, exact_value, is_ordinary
from symbackprop.expressions import symbols_in
from symbackprop.language import parse_expression

Row = tuple[Rational, ...]


@dataclass(frozen=True)
class Data:
    """The examples.

    Attributes:
        columns: the heads of the table.
        rows: its numbers, exactly as typed.
        formulas: how an input is computed from the columns, where it is no column itself.
        examples: for every row the value of each name that the graph is given.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    formulas: Mapping[str, Expr] = field(default_factory=dict)
    examples: tuple[Mapping[str, Rational], ...] = ()


@dataclass(frozen=True)
class Stream:
    """Examples that stay in their file; a run goes through it in blocks.

    Attributes:
        path: of the file.
        columns: the heads of the table, where the file does not name them itself.
        formulas: how an input is computed from the columns, where it is no column itself.
        names: what every example has to give.
    """

    path: Path
    columns: tuple[str, ...]
    formulas: Mapping[str, Expr]
    names: tuple[str, ...]


def read_csv(path: Path) -> tuple[list[str], list[list[Decimal]]]:
    """The head and the rows of a CSV file.

    Raises:
        DataError: no such file, an empty one, a ragged row, an entry that is no number; all of them together.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    try:
        rows_read = enumerate(csv.reader(text.splitlines()), 1)
        lines = [(number, line) for number, line in rows_read if any(map(str.strip, line))]
    except csv.Error as error:
        raise DataError(
            f"{path.name} is no CSV file: {error}", where=str(path), fix="write plain rows"
        ) from None
    if len(lines) < 2:
        raise without_rows(path)
    (_, head), *body = lines
    columns = [name.strip() for name in head]
    return columns, csv_rows(body, columns, path.name)


def csv_rows(
    lines: Iterable[tuple[int, Sequence[str]]], columns: Sequence[str], label: str
) -> list[list[Decimal]]:
    """The numbers of the lines of a CSV file.

    Args:
        lines: the number of each in the file, and its entries.
        columns: the heads.
        label: the file's name, for messages.

    Raises:
        DataError: a ragged row, an entry that is no number; all of them together.
    """
    mistakes: list[Mistake] = []
    rows = []
    for number, entries in lines:
        place = f"{label}, line {number}"
        if len(entries) != len(columns):
            mistakes.append(_ragged(place, len(entries), len(columns)))
            continue
        rows.append(
            [
                _csv_number(entry, f"{place}, column {name!r}", mistakes)
                for name, entry in zip(columns, entries, strict=True)
            ]
        )
    raise_all(mistakes)
    return rows


def unreadable(path: Path, error: Exception) -> DataError:
    """A data file that is not there, or is no text."""
    reason = "is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else "cannot be read"
    return DataError(
        f"the data file {path.name} {reason}", where=str(path), fix="check the path of the data file"
    )


def without_rows(path: Path) -> DataError:
    """A data file that holds no example."""
    fix = "write a head and one row at least"
    return DataError(f"the data file {path.name} has no rows", where=str(path), fix=fix)


def _ragged(place: str, found: int, expected: int) -> DataError:
    return DataError(
        f"a row has {found} entries instead of {expected}",
        where=place,
        fix="a decimal comma makes two entries of one: write 0.5, not 0,5"
        if found > expected
        else "fill the row up",
    )


def _csv_number(entry: str, place: str, mistakes: list[Mistake]) -> Decimal:
    try:
        number = Decimal(entry.strip())
    except InvalidOperation:
        comma = "," in entry
        fix = f"write a decimal point: {entry.strip().replace(',', '.')}" if comma else "write a number"
        mistakes.append(DataError(f"{entry.strip()[:20]!r} is not a number", where=place, fix=fix))
        return Decimal(0)
    if not is_ordinary(number):
        what = f"{entry.strip()[:20]!r} is not a finite number of at most 40 digits"
        mistakes.append(DataError(what, where=place, fix="mend it, or leave the row out"))
        return Decimal(0)
    return number


def build_data(
    columns: Sequence[str],
    rows: Sequence[Sequence[int | Decimal]],
    formulas: Mapping[str, str],
    names: Sequence[str],
) -> Data:
    """The examples for a graph.

    Args:
        columns: the heads.
        rows: the numbers.
        formulas: for a name of the graph, how it is computed from the columns.
        names: the names that every example has to give.

    Raises:
        DataError: a ragged row, a doubled column, a name that nothing gives, a formula that has no value.
    """
    gathering = Gathering()
    gathering.attempt(partial(check_rows, columns, rows))
    mistakes = gathering.mistakes
    read = read_formulas(formulas, names, mistakes)
    check_columns(columns, read, [name for name in names if name not in formulas], mistakes)
    raise_all(mistakes)
    exact = tuple(tuple(Rational(str(entry)) for entry in row) for row in rows)
    examples = tuple(_example(place, columns, row, read, names) for place, row in enumerate(exact))
    return Data(tuple(columns), exact, read, examples)


def check_rows(columns: Sequence[str], rows: Sequence[Sequence[int | Decimal]]) -> None:
    """Every row has an entry for each column.

    Raises:
        DataError: for each that has not.
    """
    raise_all(
        [
            _ragged(f"data.rows[{number}]", len(row), len(columns))
            for number, row in enumerate(rows)
            if len(row) != len(columns)
        ]
    )


def read_formulas(
    formulas: Mapping[str, str], names: Sequence[str], mistakes: list[Mistake]
) -> dict[str, Expr]:
    """The formulas by which inputs are computed.

    Args:
        formulas: their texts.
        names: what examples have to give; nothing else has a formula.
        mistakes: takes those that are found; a formula with one is left out.
    """
    read = {}
    for name, text in formulas.items():
        where = f"data.inputs.{name}"
        try:
            read[name] = parse_expression(text, where)
        except Mistake as mistake:
            mistakes.append(mistake)
        if name not in names:
            what, fix = f"{name!r} is no input of the graph", did_you_mean(name, names)
            mistakes.append(DataError(what, where=where, known=listing(names), fix=fix))
    return read


def check_columns(
    columns: Sequence[str],
    formulas: Mapping[str, Expr],
    names: Sequence[str],
    mistakes: list[Mistake],
    where: str = "data.columns",
) -> None:
    """Whether the columns give all that is asked of them.

    Args:
        columns: the heads.
        formulas: what is computed from them.
        names: what they give themselves.
        mistakes: takes those that are found.
        where: the columns are named.
    """
    if doubled := {name for name in columns if list(columns).count(name) > 1}:
        mistakes.append(
            DataError(f"the column {doubled.pop()!r} stands twice", where=where, fix="rename one")
        )
    for name, formula in formulas.items():
        for symbol in symbols_in(formula):
            if symbol.name not in columns:
                what, fix = f"{symbol.name!r} is no column", did_you_mean(symbol.name, columns)
                place = f"data.inputs.{name}"
                mistakes.append(DataError(what, where=place, known=listing(columns), fix=fix))
    for name in names:
        if name not in columns:
            near = nearest(name, columns)
            fix = f"name a column {name}, or say under [data.inputs] how it is computed"
            fix += f': {name} = "{near}"' if near is not None else ""
            mistakes.append(
                DataError(f"no column gives {name!r}", where=where, known=listing(columns), fix=fix)
            )


def _example(
    place: int, columns: Sequence[str], row: Row, formulas: Mapping[str, Expr], names: Sequence[str]
) -> dict[str, Rational]:
    given = dict(zip(columns, row, strict=True))
    symbols = {Symbol(name): value for name, value in given.items()}
    return {
        name: _computed(formulas[name], symbols, name, place) if name in formulas else given[name]
        for name in names
    }


def _computed(formula: Expr, given: Mapping[Symbol, Rational], name: str, place: int) -> Rational:
    try:
        return _rational(exact_value(formula, given), name, place)
    except TooLong:
        raise DataError(
            f"the value of {name} at row {place + 1} is too long to be written",
            where=f"data.inputs.{name}",
            fix="take smaller exponents",
        ) from None


def _rational(value: Expr, name: str, place: int) -> Rational:
    if isinstance(value, Rational):
        return value
    number = complex(value.evalf(30))
    if number.imag or not math.isfinite(number.real):
        raise DataError(
            f"{name} has no finite value at row {place + 1}",
            where=f"data.inputs.{name}",
            fix="look for a division by zero or the logarithm of a negative number",
        )
    return Rational(repr(number.real))
