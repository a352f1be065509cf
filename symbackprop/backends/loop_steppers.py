"""Programs of arrays as loops: the values of all lines, and training steps, whoever runs the loops."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Dummy, Symbol

from symbackprop.backends.base import Feed, Floats, Precision, Recipe, State, Stepper
from symbackprop.loops.binding import bound_sizes, stored_shape
from symbackprop.loops.deferring import deferred
from symbackprop.loops.model import Buffer, Routine
from symbackprop.loops.python_code import PythonLoops
from symbackprop.loops.routines import routine_of
from symbackprop.loops.training import training_routine
from symbackprop.lowering.program import Program
from symbackprop.lowering.updates import COUNT

Sizes = Mapping[Symbol, int]
Compiled = Callable[..., Any]


class Engine(ABC):
    """What runs loops over the numbers of one precision.

    Args:
        precision: of all numbers.
    """

    def __init__(self, precision: Precision) -> None:
        self.precision = precision

    @abstractmethod
    def printer(self, routine: Routine, names: Mapping[Symbol, str]) -> PythonLoops:
        """What prints a routine for it."""

    @abstractmethod
    def compiled(self, source: str, name: str) -> Compiled:
        """The function of that name in a source."""

    @abstractmethod
    def held(self, array: Floats) -> Any:
        """An array as the code takes it."""

    @abstractmethod
    def table(self, array: NDArray[Any]) -> Any:
        """A table, of which the code takes row after row."""

    def extra(self, loops: PythonLoops, sizes: Sizes) -> tuple[Any, ...]:
        """What the code takes besides, before all buffers."""
        return ()

    extras: tuple[str, ...] = ()
    """Its names in code."""

    # What is passed.

    def given(self, value: Any, buffer: Buffer) -> Any:
        """A given array as its buffer has it; a number without axes is a number."""
        array = np.asarray(value, dtype=self.precision)
        return self.held(np.transpose(array, buffer.order)) if buffer.shape else array[()]

    def room(self, buffer: Buffer, sizes: Sizes) -> Any:
        """Room for a buffer; for a number without axes one entry."""
        return self.held(np.zeros(stored_shape(buffer, sizes) or 1, dtype=self.precision))

    def taken(self, held: Any, buffer: Buffer, sizes: Sizes) -> Any:
        """The array in a buffer, or the number."""
        shape = stored_shape(buffer, sizes)
        array = np.asarray(held, dtype=self.precision).reshape(shape)
        return array.transpose(np.argsort(buffer.order)) if shape else array[()]


def names_in(routine: Routine) -> dict[Symbol, str]:
    """Made-up names for buffers and sizes: a user's name would be code."""
    names = {one.symbol: f"x{place}" for place, one in enumerate(routine.buffers)}
    return names | {size: f"n{place}" for place, size in enumerate(routine.sizes)}


def arrays(buffers: Iterable[Buffer]) -> list[Buffer]:
    """Those that are no single numbers: these are local variables."""
    return [one for one in buffers if one.shape]


def definition(name: str, arguments: Iterable[str], body: Iterable[str]) -> str:
    """def name(arguments): body."""
    return "\n".join([f"def {name}({', '.join(arguments)}):", *(f"    {line}" for line in body), ""])


class ArrayFunction:
    """The values of all lines of a program of arrays, as `ProgramFunction` has it.

    Args:
        program: of arrays.
        engine: what runs the loops.
    """

    def __init__(self, program: Program, engine: Engine) -> None:
        self._engine, self._routine = engine, routine_of(program)
        self._loops = engine.printer(self._routine, names_in(self._routine))
        arguments = [*engine.extras, *self._loops.arguments()]
        self._run = engine.compiled(definition("program", arguments, self._loops.body()), "program")

    def __call__(self, given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
        """The values.

        Raises:
            IndexError: a slice or a kernel reaches beyond an axis of such a size.
        """
        engine, routine = self._engine, self._routine
        known = bound_sizes(routine, [np.shape(one) for one in given])
        written = [*routine.results, *arrays(routine.temporaries)]
        rooms = [engine.room(one, known) for one in written]
        self._run(
            *engine.extra(self._loops, known),
            *(engine.given(one, buffer) for one, buffer in zip(given, routine.given, strict=True)),
            *rooms,
            *(known[size] for size in routine.sizes),
        )
        results = zip(routine.results, rooms, strict=False)
        return [engine.taken(held, buffer, known) for buffer, held in results]


class ArrayStepper(Stepper):
    """Training steps of a program of arrays.

    Args:
        recipe: what is trained.
        engine: what runs the loops.

    Attributes:
        recipe: likewise.
        sizes: what the symbols of sizes stand for.
        loops: the printer of a step.
    """

    def __init__(self, recipe: Recipe, engine: Engine) -> None:
        self.recipe, self._engine, self.sizes = recipe, engine, recipe.sizes
        step = training_routine(recipe.program, list(recipe.start), recipe.update, outer=_outer(recipe))
        fed = {feed.name: feed for feed in recipe.feeds}
        steps = deferred(step.routine, [Symbol(name) for name in fed])
        routine = steps.routine
        numbers = {size: str(number) for size, number in self.sizes.items()}
        self.loops = engine.printer(routine, names_in(routine) | numbers | {COUNT: "count"})
        own = [one for one in routine.given if one.symbol.name in fed]
        fixed = [one for one in routine.given if one.symbol.name not in fed]
        loss = [one for one in routine.results if one.symbol == step.loss]
        self._updated = [one for one in routine.results if one.symbol != step.loss]
        inner = [*own, *loss, *arrays(routine.temporaries)]
        body = [
            *self.loops.lines(steps.first, []),
            "for turn in range(len(losses)):",
            "    count = real(done + turn + 1)",
            *(f"    {line}" for line in self.loops.lines(steps.before, [])),
            *(f"    {line}" for one in own for line in self._gathered(fed[one.symbol.name], one)),
            *(f"    {line}" for line in self.loops.body()),
            f"    losses[turn] = {self.loops.names[step.loss]}[0]",
            *self.loops.lines(steps.last, []),
        ]
        buffers = [self.loops.names[one.symbol] for one in (*self._updated, *fixed, *inner)]
        head = ["done", "table", "order", "losses", *engine.extras, *buffers]
        self._run = engine.compiled(definition("steps", head, body), "steps")
        self._kept = [engine.given(recipe.fixed[one.symbol.name], one) for one in fixed]
        self._kept += [engine.room(one, self.sizes) for one in inner]

    def _gathered(self, feed: Feed, buffer: Buffer) -> Iterator[str]:
        """The rows of a batch from the table, as the buffer has them."""
        count, first = len(feed.places), feed.places[0]
        example, column = Dummy("example"), Dummy("column")
        names = {example: "i", column: "j"}
        contiguous = feed.places == tuple(range(first, first + count))
        source = (f"{first} + j" if first else "j") if contiguous else f"{feed.places}[j]"
        places = {"rows": (example, column), "columns": (column, example)}
        match feed.form:
            case "single":
                yield "row = table[order[turn][0]]"
                yield from self._moved(buffer, (column,), names, count, source)
            case "vector":
                yield f"for i in range({self.recipe.batch}):"
                yield f"    {self.loops.placed(buffer, (example,), names)} = table[order[turn][i]][{first}]"
            case form:
                yield f"for i in range({self.recipe.batch}):"
                yield "    row = table[order[turn][i]]"
                for line in self._moved(buffer, places[form], names, count, source):
                    yield f"    {line}"

    def _moved(
        self, buffer: Buffer, place: tuple[Symbol, ...], names: Mapping[Symbol, str], count: int, source: str
    ) -> Iterator[str]:
        yield f"for j in range({count}):"
        yield f"    {self.loops.placed(buffer, place, names)} = row[{source}]"

    def run(self, state: State, table: Floats, order: NDArray[np.int64]) -> Floats:
        """Take steps."""
        engine, precision = self._engine, self.recipe.precision
        losses = engine.held(np.zeros(len(order), dtype=precision))
        blocks = [state.parameters, *state.memory.values()]
        updated = [self._own(value) for block in blocks for value in block.values()]
        rows = np.asarray(table, dtype=precision)
        self.take(
            self._run,
            state.count,
            engine.table(rows),
            engine.table(np.asarray(order, dtype=np.int64)),
            losses,
            *engine.extra(self.loops, self.sizes),
            *updated,
            *self._kept,
        )
        state.count += len(order)
        places = iter(zip(self._updated, updated, strict=True))
        for block in blocks:
            for name in block:
                buffer, held = next(places)
                block[name] = np.array(engine.taken(held, buffer, self.sizes))
        return np.asarray(losses, dtype=precision)

    def _own(self, value: Floats) -> Any:
        """A copy, row by row; a number without axes as one entry."""
        return self._engine.held(np.array(value, dtype=self.recipe.precision, order="C", ndmin=1))

    def take(self, steps: Compiled, *arguments: Any) -> None:
        """Run the loop."""
        steps(*arguments)


def _outer(recipe: Recipe) -> Symbol | None:
    """The symbol of the number of examples."""
    shapes = recipe.program.shapes or {}
    axes = {"rows": 0, "columns": 1}
    sizes = [shapes[feed.name][axes[feed.form]] for feed in recipe.feeds if feed.form in axes]
    return next((size for size in sizes if isinstance(size, Symbol)), None)
