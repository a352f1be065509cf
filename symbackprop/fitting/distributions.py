"""Targets that a collapsed form takes to add up to 1: looked at once in every table, not at every step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from symbackprop.backends.base import Feed, Floats
from symbackprop.errors import DataError, TrainingError
from symbackprop.lowering.program import Kind, Line, Program
from symbackprop.numeric.faults import no_distribution

NEAR = {"float64": 1e-9, "float32": 1e-5}
"""So far from 1 a sum may be, in numbers of that precision."""

_UNITS = {"single": 0, "rows": 1, "columns": 0}
"""The axis of an array of targets along which those of one example lie."""


class Distributions:
    """The columns of a table that have to add up to 1 in every row.

    Args:
        lines: the whole program, with its conditions.
        feeds: what the table gives.
        fixed: the other given values.

    Raises:
        ValuesError: targets that are given once for all do not add up to 1.
        TrainingError: it is the targets of a batch that would have to, not those of an example.
    """

    def __init__(self, lines: Program, feeds: Sequence[Feed], fixed: Mapping[str, Any]) -> None:
        self._feeds = {feed.name: feed for feed in feeds}
        self._fixed = fixed
        self._groups = [*self._of_numbers(lines), *self._of_arrays(lines)]

    def _of_numbers(self, lines: Program) -> Iterator[tuple[str, tuple[int, ...], float]]:
        """What the targets are called, where they stand, and what is added to them."""
        if lines.summing_to_one:
            fed = [self._feeds[name].places[0] for name in lines.summing_to_one if name in self._feeds]
            rest = sum(float(self._fixed[name]) for name in lines.summing_to_one if name in self._fixed)
            yield ", ".join(lines.summing_to_one), tuple(fed), rest

    def _of_arrays(self, lines: Program) -> Iterator[tuple[str, tuple[int, ...], float]]:
        for line in lines.lines:
            if line.kind is Kind.CONDITION and line.name in self._feeds:
                yield line.name, self._places(line), 0.0
            elif line.kind is Kind.CONDITION:
                axes = tuple(map(int, line.expression.args[1]))
                if not np.allclose(np.sum(self._fixed[line.name], axes), 1.0, rtol=0, atol=NEAR["float64"]):
                    raise no_distribution(line.name)

    def _places(self, line: Line) -> tuple[int, ...]:
        feed = self._feeds[line.name]
        if [int(axis) for axis in line.expression.args[1]] != [_UNITS.get(feed.form)]:
            raise TrainingError(
                f"the collapsed form takes {line.name} to add up to 1 over the examples of a batch",
                where=line.name,
                fix="write collapse = false under [conventions]",
            )
        return feed.places

    def check(self, table: Floats, before: int) -> None:
        """See that they do.

        Args:
            table: rows of examples.
            before: how many rows of the source stand before it.

        Raises:
            DataError: the targets of a row do not.
        """
        near = NEAR[str(table.dtype)]
        for name, places, rest in self._groups:
            totals = table[:, places].sum(axis=1) + rest
            bad = np.flatnonzero(~np.isclose(totals, 1.0, rtol=0, atol=near))
            if len(bad):
                raise DataError(
                    f"the targets of row {before + bad[0] + 1} add up to {totals[bad[0]]:g}, not to 1",
                    where=f"the columns of {name}",
                    known="δ = p - y holds for targets that add up to 1",
                    fix="mend the row, or write collapse = false under [conventions]",
                )
