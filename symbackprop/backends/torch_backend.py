"""The backend `torch`: operations of PyTorch, our formulas in the place of its autograd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from symbackprop.backends import torch_functions
from symbackprop.backends.base import (
    Backend,
    Carry,
    Floats,
    Precision,
    ProgramFunction,
    Recipe,
    State,
    Stepper,
    not_by_hand,
)
from symbackprop.backends.namespaces import bound
from symbackprop.backends.vector_forms import in_words
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
from symbackprop.lowering.array_code import TorchCode
from symbackprop.lowering.executing import executed
from symbackprop.lowering.program import Program


def _scope(precision: Precision) -> dict[str, Any]:
    return bound(torch, getattr(torch, precision), torch_functions)


def _array(value: Any, precision: Precision) -> Floats:
    """A tensor, or one of Python's own numbers, as NumPy's."""
    return np.array(value.numpy() if isinstance(value, torch.Tensor) else value, dtype=precision)


class TorchBackend(Backend):
    """PyTorch."""

    name = "torch"
    extra = "torch"

    def function(
        self, program: Program, precision: Precision = "float64", carry: Carry | None = None
    ) -> ProgramFunction:
        """The values of all lines."""
        if carry is not None:
            raise not_by_hand(self.name)
        run = executed(program_source(program, TorchCode, "torch"), "program", _scope(precision))
        real = getattr(torch, precision)

        def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
            with torch.no_grad():
                found = run([torch.tensor(one, dtype=real) for one in given], sizes)
                return [_array(one, precision) for one in found]

        return function

    def stepper(self, recipe: Recipe) -> Stepper:
        """Steps in Python, of operations of PyTorch."""
        return TorchStepper(recipe)


class TorchStepper(Stepper):
    """Steps one by one.

    Args:
        recipe: what is trained.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self._real = recipe, getattr(torch, recipe.precision)
        scope = _scope(recipe.precision)
        source, tables = step_source(recipe, TorchCode, "torch")
        self._step = executed(source, "take_step", {**scope, "tables": [torch.tensor(one) for one in tables]})
        self._update = executed(update_source(recipe.update, TorchCode, "torch"), "update", scope)
        self._fixed = [self._tensor(one) for one in recipe.fixed.values()]
        self._sizes = sizes_of(recipe)
        self.choice = text("torch: {lines} of PyTorch, steps in Python", lines=in_words(recipe.program))

    def _tensor(self, value: Any) -> torch.Tensor:
        return torch.tensor(np.asarray(value), dtype=self._real)

    @torch.no_grad()
    def run(self, state: State, table: Floats, order: NDArray[np.int64]) -> Floats:
        """Take steps."""
        recipe = self.recipe
        blocks = [self._tensor(one) for one in blocks_of(recipe, state.parameters)]
        memory = [[self._tensor(one) for one in row] for row in memory_of(recipe, state)]
        data, places = self._tensor(table), torch.tensor(np.asarray(order))
        losses = []
        for step, chosen in enumerate(places):
            loss, gradients = self._step(blocks, data[chosen], self._fixed, self._sizes)
            losses.append(loss)
            for place, gradient in enumerate(gradients):
                blocks[place], memory[place] = self._update(
                    blocks[place], gradient, state.count + step + 1, *memory[place]
                )
        arrays = [_array(one, recipe.precision) for one in blocks]
        remembered = [[_array(one, recipe.precision) for one in row] for row in memory]
        advanced(recipe, state, len(order), arrays, remembered)
        return np.array([float(one) for one in losses], dtype=recipe.precision)
