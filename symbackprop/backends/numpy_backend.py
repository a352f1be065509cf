"""The backend `numpy`: one operation of NumPy for each operation of a formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbackprop.backends.base import (
    Backend,
    Carry,
    Floats,
    Precision,
    ProgramFunction,
    Recipe,
    State,
    Stepper,
)
from symbackprop.backends.namespaces import bound
from symbackprop.backends.vector_forms import forms_source, in_words, is_large
from symbackprop.backends.vector_steps import (
    advanced,
    blocks_of,
    memory_of,
    program_source,
    sizes_of,
    step_source,
    update_source,
)
from symbackprop.content import text
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.executing import executed
from symbackprop.lowering.program import Program
from symbackprop.lowering.updates import Update

UpdateFunction = Callable[..., tuple[Any, Any]]


class NumpyBackend(Backend):
    """NumPy."""

    name = "numpy"

    def function(
        self, program: Program, precision: Precision = "float64", carry: Carry | None = None
    ) -> ProgramFunction:
        """The values of all lines."""
        real = np.dtype(precision).type
        if carry is None and is_large(program):
            return form_by_form(program, real)
        source = program_source(program, ArrayCode, "np", by_hand=carry is not None)
        run = executed(source, "program", {**bound(np, real), "carry": carry})

        def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
            found: list[Any] = run([np.asarray(one, dtype=real)[()] for one in given], sizes)
            return found

        return function

    def stepper(self, recipe: Recipe) -> Stepper:
        """Steps in Python, of operations of NumPy."""
        return NumpyStepper(recipe)


def form_by_form(lines: Program, real: Any) -> ProgramFunction:
    """A program of many numbers as few operations on vectors of them."""
    source, code = forms_source(lines, ArrayCode, "np")
    run = executed(source, "program", bound(np, real))
    places = np.array([code.places[line.symbol] for line in lines.lines])

    def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
        shape = np.broadcast_shapes(*(np.shape(one) for one in given))
        rows = np.array([np.broadcast_to(one, shape or (1,)) for one in given], dtype=real)
        values = run(rows, code.tables)[places]
        return list(values) if shape else list(values[:, 0])

    return function


def update_function(update: Update, precision: Precision = "float64") -> UpdateFunction:
    """`update(theta, g, count, *memory)`: a block after an update, and what is remembered of it."""
    found: UpdateFunction = executed(
        update_source(update, ArrayCode, "np"), "update", bound(np, np.dtype(precision).type)
    )
    return found


class NumpyStepper(Stepper):
    """Steps one by one.

    Args:
        recipe: what is trained.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        real = np.dtype(recipe.precision).type
        source, tables = step_source(recipe, ArrayCode, "np")
        self._step = executed(source, "take_step", {**bound(np, real), "tables": tables})
        self._update = update_function(recipe.update, recipe.precision)
        self._fixed = [np.asarray(one, dtype=real)[()] for one in recipe.fixed.values()]
        self._sizes = sizes_of(recipe)
        self.choice = text("numpy: {lines} of NumPy, steps in Python", lines=in_words(recipe.program))

    def run(self, state: State, table: Floats, order: NDArray[np.int64]) -> Floats:
        """Take steps."""
        recipe = self.recipe
        blocks, memory = blocks_of(recipe, state.parameters), memory_of(recipe, state)
        losses = np.zeros(len(order), dtype=recipe.precision)
        data = np.asarray(table, dtype=recipe.precision)
        with np.errstate(all="ignore"):
            for step, places in enumerate(order):
                losses[step], gradients = self._step(blocks, data[places], self._fixed, self._sizes)
                count = state.count + step + 1
                for place, gradient in enumerate(gradients):
                    blocks[place], memory[place] = self._update(
                        blocks[place], gradient, count, *memory[place]
                    )
        advanced(recipe, state, len(order), blocks, memory)
        return losses
