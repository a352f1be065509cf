"""The examples of a run: a table of what the graph is given, whole in memory or block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from symbackprop.backends.base import Floats, Precision
from symbackprop.backends.table import find_backend
from symbackprop.data import check_columns
from symbackprop.errors import DataError, Mistake, TrainingError, raise_all
from symbackprop.expressions import symbols_in
from symbackprop.fitting.opening import open_source
from symbackprop.fitting.sources import Block, Columns, Source
from symbackprop.lowering.program import Kind, Line, Program
from symbackprop.numeric.compiled import Compiled
from symbackprop.problem import Problem, asked_of_examples


class Examples:
    """Rows of a source with the inputs that are computed from them.

    Args:
        source: the table.
        names: what every example gives, the columns of the tables made here.
        formulas: how some of them are computed from the columns of the source.
        precision: of the tables.

    Attributes:
        is_stream: they stay in their file.

    Raises:
        DataError: no column gives a name; `Mistakes` where there are several.
    """

    def __init__(
        self,
        source: Source,
        names: Sequence[str],
        formulas: Mapping[str, Expr],
        precision: Precision = "float64",
    ) -> None:
        self.source, self.names, self.formulas = source, tuple(names), formulas
        self.precision = precision
        self.is_stream = not isinstance(source, Columns)
        mistakes: list[Mistake] = []
        plain = [name for name in names if name not in formulas]
        check_columns(source.columns, formulas, plain, mistakes, source.name)
        raise_all(mistakes)
        inside = {symbol.name for formula in formulas.values() for symbol in symbols_in(formula)}
        wanted = {*plain, *inside}
        self._read = [column for column in source.columns if column in wanted]
        self._computed = _program({name: formulas[name] for name in names if name in formulas})

    @property
    def rows(self) -> int | None:
        """How many there are; None: that is not known before the end has been seen."""
        return self.source.rows

    @rows.setter
    def rows(self, rows: int | None) -> None:
        self.source.rows = rows

    def blocks(self, size: int, start: int = 0) -> Iterator[Floats]:
        """The tables of one block after another.

        Args:
            size: rows of a block.
            start: so many rows are passed over.

        Raises:
            DataError: there are no rows, or an entry is no finite number.
            ValuesError: a computed input is not finite.
        """
        before = start
        for block in self.source.blocks(self._read, size, start):
            yield self._table(block, before)
            before += len(block)
        if not before:
            what, fix = f"{self.source.name} has no rows", "give one example at least"
            raise DataError(what, where=self.source.name, fix=fix)

    def whole(self) -> Floats:
        """All of them in one table."""
        assert self.rows is not None
        return next(self.blocks(max(self.rows, 1)))

    def _table(self, block: Block, before: int) -> Floats:
        """The columns that the graph is given: read or computed.

        Args:
            block: the columns that are read.
            before: how many rows stand before it.
        """
        self._check(block, before)
        found: dict[str, Any] = dict(zip(self._read, block.T, strict=True))
        if self._computed is not None:
            given = {name: found[name] for name in self._computed.given}
            rows = list(range(before + 1, before + 1 + len(block)))
            found |= self._computed(given, examples=rows).values
        columns = [np.broadcast_to(found[name], (len(block),)) for name in self.names]
        return np.column_stack(columns).astype(self.precision, copy=False)

    def _check(self, block: Block, before: int) -> None:
        bad = ~np.isfinite(block)
        if bad.any():
            row, place = np.argwhere(bad)[0]
            raise DataError(
                f"no finite number in the column {self._read[place]!r} at row {before + row + 1}",
                where=self.source.name,
                fix="mend it, or leave the row out",
            )


def _program(formulas: Mapping[str, Expr]) -> Compiled | None:
    """All formulas as one function of columns."""
    if not formulas:
        return None
    # A computed input may have the name of the column that it is computed from.
    lines = tuple(
        Line(Kind.VALUE, name, Symbol(f"computed {name}"), formula, name)
        for name, formula in formulas.items()
    )
    given = dict.fromkeys(symbol for formula in formulas.values() for symbol in symbols_in(formula))
    return Compiled(Program(tuple(given), lines, lines[-1].name), find_backend("numpy"))


def examples_of(
    problem: Problem,
    data: str | Path | Mapping[str, Any] | None = None,
    precision: Precision = "float64",
) -> Examples | None:
    """The examples of a problem; none where it has no table.

    Args:
        problem: what is given to its graph is asked of the examples.
        data: a file, or columns in memory, in the place of the problem's own examples.
        precision: of their tables.

    Raises:
        DataError: the file cannot be used, a column is missing, or nothing is asked of the examples.
        TrainingError: nothing says of which columns an array is made.
    """
    if data is None and problem.stream is None:
        return _in_memory(problem, precision)
    names = asked_of_examples(problem.graph, problem.values, problem.arrays)
    _check_asked(problem, names)
    table = problem.stream or problem.data
    heads, formulas = (table.columns, table.formulas) if table is not None else ((), {})
    if isinstance(data, Mapping):
        return Examples(Columns(data), names, formulas, precision)
    if data is None:
        assert problem.stream is not None
        data = problem.stream.path
    return Examples(open_source(Path(data), heads or names), names, formulas, precision)


def _in_memory(problem: Problem, precision: Precision) -> Examples | None:
    """The rows of a spec, whose inputs have been computed exactly; none where nothing is asked of them."""
    rows = problem.examples
    if not rows[0]:
        return None
    columns = {name: [float(row[name]) for row in rows] for name in rows[0]}
    return Examples(Columns(columns, "data"), tuple(columns), {}, precision)


def _check_asked(problem: Problem, names: Sequence[str]) -> None:
    """Columns make numbers, unless something says which of them make an array."""
    if not names:
        what, fix = "the graph takes nothing from the examples", "leave its inputs out of [inputs]"
        raise DataError(what, where="data", fix=fix)
    for name in () if problem.arrays else names:
        if problem.graph[name].shape:
            raise TrainingError(
                f"nothing says which columns make {name}",
                where="data.arrays",
                fix=f'add [data.arrays] with {name} = ["x_1", "x_2"] to the spec',
            )
