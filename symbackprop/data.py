"""The table of examples: rows from the spec or from a CSV file, and the inputs computed from its columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
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


def read_csv(path: Path) -> tuple[list[str], list[list[Decimal]]]:
    """The head and the rows of a CSV file.

    Raises:
        DataError: no such file, an empty one, a ragged row, an entry that is no number; all of them together.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        raise DataError(
            f"the data file {path.name} {reason}", where=str(path), fix="check the path under [data] file"
        ) from None
    try:
        rows_read = enumerate(csv.reader(text.splitlines()), 1)
        lines = [(number, line) for number, line in rows_read if any(map(str.strip, line))]
    except csv.Error as error:
        raise DataError(
            f"{path.name} is no CSV file: {error}", where=str(path), fix="write plain rows"
        ) from None
    if len(lines) < 2:
        raise DataError(
            f"the data file {path.name} has no rows", where=str(path), fix="write a head and one row at least"
        )
    (_, head), *body = lines
    columns = [name.strip() for name in head]
    mistakes: list[Mistake] = []
    rows = []
    for number, entries in body:
        place = f"{path.name}, line {number}"
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
    return columns, rows


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
    if doubled := {name for name in columns if list(columns).count(name) > 1}:
        mistakes.append(
            DataError(f"the column {doubled.pop()!r} stands twice", where="data.columns", fix="rename one")
        )
    read = {name: _formula(name, text, columns, mistakes) for name, text in formulas.items()}
    for name in formulas:
        if name not in names:
            fix = did_you_mean(name, names)
            mistakes.append(
                DataError(
                    f"{name!r} is no input of the graph",
                    where=f"data.inputs.{name}",
                    known=listing(names),
                    fix=fix,
                )
            )
    for name in names:
        if name not in columns and name not in formulas:
            near = nearest(name, columns)
            fix = f"name a column {name}, or say under [data.inputs] how it is computed"
            fix += f': {name} = "{near}"' if near is not None else ""
            mistakes.append(
                DataError(f"no column gives {name!r}", where="data.columns", known=listing(columns), fix=fix)
            )
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


def _formula(name: str, text: str, columns: Sequence[str], mistakes: list[Mistake]) -> Expr:
    where = f"data.inputs.{name}"
    try:
        expression = parse_expression(text, where)
    except Mistake as mistake:
        mistakes.append(mistake)
        return Symbol(name)
    for symbol in symbols_in(expression):
        if symbol.name not in columns:
            fix = did_you_mean(symbol.name, columns)
            mistakes.append(
                DataError(f"{symbol.name!r} is no column", where=where, known=listing(columns), fix=fix)
            )
    return expression


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
