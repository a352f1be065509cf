"""What the tests of loops share: programs of arrays with values, and how near results must come."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import symbackprop as sb
from symbackprop.backends.numpy_backend import NumpyBackend
from symbackprop.graph import Graph
from symbackprop.loops.binding import bound_sizes, stored_shape
from symbackprop.loops.model import Buffer, Routine
from symbackprop.loops.routines import routine_of
from symbackprop.lowering.program import Program, program
from tests.test_array_programs import SETTINGS, Author

NEAR = 1e-12


@dataclass(frozen=True)
class Case:
    """A program with values for what is given to it.

    Attributes:
        program: of arrays.
        given: the values, in its order.
        sizes: what its symbols of sizes stand for, in its order.
        text: where it comes from.
    """

    program: Program
    given: Sequence[Any]
    sizes: Sequence[int]
    text: str

    @property
    def truth(self) -> list[Any]:
        """The value of every line, as NumPy computes it."""
        with np.errstate(all="ignore"):
            return [np.asarray(one) for one in NumpyBackend().function(self.program)(self.given, self.sizes)]

    def assert_near(self, found: Sequence[Any], relative: float = NEAR) -> None:
        """Every value is NumPy's, up to rounding."""
        for line, one, right in zip(self.program.lines, found, self.truth, strict=True):
            value = np.asarray(one)
            assert value.shape == right.shape, f"{self.text}\n{line.name}: {value.shape}, {right.shape}"
            scale = max(1.0, float(np.abs(right).max()))
            wrong = f"{self.text}\n{line.name} = {line.expression} is\n{right}\nand not\n{value}"
            assert np.abs(value - right).max() <= relative * scale, wrong


def random_case(seed: int) -> Case:
    """A random program with its gradients."""
    dice = random.Random(f"loops {seed}")
    drawn = Author(dice, dice.randint(1, 12)).drawn()
    conventions, granularity = SETTINGS[seed % len(SETTINGS)]
    shapes = {name: shape for name, shape in drawn.shapes.items() if shape}
    graph = Graph.from_equations(
        drawn.text, shapes=shapes, parameters=[*drawn.shapes], granularity=granularity
    )
    return _case(graph, drawn.values, drawn.sizes, repr(drawn), conventions=conventions)


def case_of(text: str, shapes: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> Case:
    """Equations with their gradients, at random values."""
    graph = Graph.from_equations(text, shapes=shapes, parameters=[*shapes])
    numbers, known = np.random.default_rng(len(text)), dict(sizes or {})
    values = {
        name: numbers.normal(size=[known.get(str(size), size) for size in shape])
        for name, shape in shapes.items()
    }
    return _case(graph, values, known, text)


def _case(
    graph: Graph, values: Mapping[str, Any], sizes: Mapping[str, int], text: str, **options: Any
) -> Case:
    lines = program(sb.backprop(graph, **options))
    given = [values[symbol.name] for symbol in lines.given]
    return Case(lines, given, [sizes[size.name] for size in lines.sizes], text)


@dataclass(frozen=True)
class Bound:
    """A routine with room for all its buffers.

    Attributes:
        routine: of a case.
        given: the given values as they lie in memory, numbers without axes as numbers.
        rooms: for the results and for those temporaries that are arrays, NaN everywhere.
        sizes: in the routine's order.
    """

    routine: Routine
    given: list[Any]
    rooms: list[Any]
    sizes: list[int]

    @property
    def results(self) -> list[Any]:
        """The results, their axes in the program's order."""
        found = zip(self.routine.results, self.rooms, strict=False)
        return [_turned_back(buffer, room) for buffer, room in found]


def bound(case: Case, *, by_examples: bool = False) -> Bound:
    """The routine of a case; by examples: the first symbol of a size is outermost in memory."""
    lines = case.program
    outer = lines.sizes[0] if by_examples and lines.sizes else None
    routine = routine_of(lines, outer=outer)
    sizes = bound_sizes(routine, [np.shape(one) for one in case.given])
    given = [
        np.ascontiguousarray(np.transpose(np.asarray(value, dtype=float), buffer.order))
        if buffer.shape
        else float(value)
        for value, buffer in zip(case.given, routine.given, strict=True)
    ]
    arrays = [*routine.results, *(one for one in routine.temporaries if one.shape)]
    rooms = [np.full(stored_shape(one, sizes) or 1, math.nan) for one in arrays]
    return Bound(routine, given, rooms, [sizes[size] for size in routine.sizes])


def _turned_back(buffer: Buffer, room: Any) -> Any:
    return np.transpose(room, np.argsort(buffer.order)) if buffer.shape else room[0]
