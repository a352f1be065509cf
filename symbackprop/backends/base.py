"""What a backend is: the values of a program, and training that runs in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from symbackprop.arrays.sizes import sizes_in_numbers
from symbackprop.content import Text, text
from symbackprop.errors import OptionError
from symbackprop.lowering.program import Program
from symbackprop.lowering.updates import Update

Precision = Literal["float64", "float32"]
Floats = NDArray[np.floating[Any]]
ProgramFunction = Callable[[Sequence[Any], Sequence[int]], list[Any]]
"""From the given values and the sizes, in the program's order, to the value of every line."""

Carry = Callable[[Any], Any]
"""A value to what is printed of it."""


@dataclass(frozen=True)
class Feed:
    """How a given value is made of columns of the table of examples.

    Attributes:
        name: of the given value.
        places: which columns.
        form: of a batch of n examples and k columns: `numbers` a number for each example, in a program of
            scalars; `vector` (n,), of one column; `rows` (n, k); `columns` (k, n); `single` (k,), where a
            step takes one example.
    """

    name: str
    places: tuple[int, ...]
    form: Literal["numbers", "vector", "rows", "columns", "single"]

    def shape(self, batch: int) -> tuple[int, ...]:
        """Of the array that a batch of so many examples makes."""
        count = len(self.places)
        shapes = {"rows": (batch, count), "columns": (count, batch), "single": (count,)}
        return shapes.get(self.form, (batch,))


@dataclass(frozen=True)
class Recipe:
    """All that a training loop is made of.

    Attributes:
        program: its lines give the loss and the gradients, and nothing else.
        start: the parameters at the beginning, by name, numbers or arrays.
        feeds: what each step takes from the table.
        fixed: the other given values, numbers or arrays.
        update: of one parameter.
        batch: how many examples a step takes.
        reduction: in a program of scalars, how the gradients of a batch are combined.
        precision: of all numbers.
        devices: over how many devices a batch is split; only some backends can.
    """

    program: Program
    start: Mapping[str, Any]
    feeds: tuple[Feed, ...]
    fixed: Mapping[str, Any]
    update: Update
    batch: int = 1
    reduction: Literal["mean", "sum"] = "mean"
    precision: Precision = "float64"
    devices: int = 1

    @property
    def sizes(self) -> dict[Symbol, int]:
        """What the symbols of sizes stand for: the batch, or what the fixed arrays and the parameters say."""
        shapes = self.program.shapes or {}
        known = {name: np.shape(value) for name, value in {**self.fixed, **self.start}.items()}
        known |= {feed.name: feed.shape(self.batch) for feed in self.feeds}
        return sizes_in_numbers((shape, known[name]) for name, shape in shapes.items())


@dataclass
class State:
    """Where a training run stands.

    Attributes:
        count: updates done.
        parameters: by name.
        memory: what the optimizer remembers: by the name of the memory, then by the parameter's.
    """

    count: int
    parameters: dict[str, Floats]
    memory: dict[str, dict[str, Floats]] = field(default_factory=dict)

    @classmethod
    def start(cls, recipe: Recipe) -> State:
        """Before the first update."""
        first = {name: np.array(value, dtype=recipe.precision) for name, value in recipe.start.items()}
        memory = {
            symbol.name: {name: np.zeros_like(value) for name, value in first.items()}
            for symbol in recipe.update.memory
        }
        return cls(0, first, memory)


def lines_of(program: Program) -> Text:
    """How many lines a program has, in words."""
    return text("{count} line", "{count} lines", count=len(program.lines))


class Stepper(ABC):
    """Training steps, compiled where the backend can.

    Attributes:
        choice: what was chosen, in words: straight-line code, loops, calls of BLAS.
    """

    choice: Text

    @abstractmethod
    def run(self, state: State, table: Floats, order: NDArray[np.int64]) -> Floats:
        """Take steps.

        Args:
            state: is changed: the parameters, the memory and the count are those after the steps. If a
                number turns out not to be finite, it holds what was computed, and so do the losses.
            table: rows of examples, the columns that the feeds name.
            order: a row for each step, the places of its examples in the table; (steps, 0) without a table.

        Returns:
            The loss of each step's batch, before its update.
        """


class Backend(ABC):
    """One way of computing.

    Attributes:
        name: what it is called.
        extra: the extra that installs what it needs; none: it needs nothing more.
        is_parallel: whether it can split a batch over devices.
    """

    name: str
    extra: str = ""
    is_parallel: bool = False

    @abstractmethod
    def function(
        self, program: Program, precision: Precision = "float64", carry: Carry | None = None
    ) -> ProgramFunction:
        """The values of all lines, as NumPy's; arrays without axes may be numbers.

        Args:
            program: the lines.
            precision: of all numbers.
            carry: rounds the value of every line that is written out, before it is carried on.

        Raises:
            OptionError: rounded values cannot be carried here.
        """

    @abstractmethod
    def stepper(self, recipe: Recipe) -> Stepper:
        """The training loop."""


def not_by_hand(name: str) -> OptionError:
    """Rounded values are carried by Python only."""
    return OptionError(
        f"the backend {name} does not carry rounded values", known="numpy does", fix="take backend numpy"
    )
