"""Training of programs of numbers in Python, run as it is or compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbackprop.backends.base import Floats, Recipe, State, Stepper
from symbackprop.content import Text
from symbackprop.lowering.scalar_steps import StepsCode


def steps_code(recipe: Recipe, width: int, real: str = "") -> StepsCode:
    """The training loop of a recipe.

    Args:
        recipe: of a program of numbers.
        width: how many columns its table has.
        real: what makes a literal a number of the chosen precision.
    """
    return StepsCode(
        recipe.program,
        list(recipe.start),
        list(recipe.fixed),
        {feed.name: feed.places[0] for feed in recipe.feeds},
        width,
        recipe.batch if recipe.feeds else 0,
        recipe.reduction == "mean",
        recipe.update,
        real,
    )


@dataclass
class Flat:
    """A state in flat vectors, as compiled loops take it.

    Attributes:
        theta: all parameters.
        memory: what the optimizer remembers of each, one memory after the other.
    """

    theta: Floats
    memory: Floats

    @classmethod
    def of(cls, state: State, precision: str) -> Flat:
        """The vectors of a state."""
        rows = [_joined(one.values(), precision) for one in state.memory.values()]
        return cls(_joined(state.parameters.values(), precision), _joined(rows, precision))

    def into(self, state: State, steps: int) -> None:
        """Write the vectors back, some steps later."""
        state.count += steps
        count = len(self.theta)
        state.parameters = _named(self.theta, state.parameters)
        for row, name in enumerate(state.memory):
            state.memory[name] = _named(self.memory[row * count : (row + 1) * count], state.memory[name])


def _joined(parts: Iterable[Floats], precision: str) -> Floats:
    every = [one.reshape(-1) for one in parts]
    return np.concatenate(every, dtype=precision) if every else np.zeros(0, dtype=precision)


def _named(vector: Floats, like: dict[str, Floats]) -> dict[str, Floats]:
    """Parts of a vector by name; they are views, which are cheap where a run is short."""
    ends = accumulate(one.size for one in like.values())
    return {
        name: vector[end - one.size : end].reshape(one.shape)
        for (name, one), end in zip(like.items(), ends, strict=True)
    }


class ScalarStepper(Stepper):
    """Steps of a program of numbers.

    Args:
        recipe: what is trained.
        choice: in words.
        build: makes the function `steps` of its source.
    """

    def __init__(
        self, recipe: Recipe, choice: Text, build: Callable[[StepsCode], Callable[..., None]], real: str = ""
    ) -> None:
        self.recipe, self.choice, self._build, self._real = recipe, choice, build, real
        self._functions: dict[int, Callable[..., None]] = {}
        self._fixed = np.array([float(one) for one in recipe.fixed.values()], dtype=recipe.precision)

    def run(self, state: State, table: Floats, order: NDArray[np.int64]) -> Floats:
        """Take steps."""
        width = table.shape[1] if table.ndim == 2 else 0
        if width not in self._functions:
            self._functions[width] = self._build(steps_code(self.recipe, width, self._real))
        precision = self.recipe.precision
        flat, losses = Flat.of(state, precision), np.zeros(len(order), dtype=precision)
        rows = np.ascontiguousarray(table, dtype=precision).ravel()
        places = np.ascontiguousarray(order, dtype=np.int64).ravel()
        self.take(self._functions[width], flat, state.count, self._fixed, rows, places, losses)
        flat.into(state, len(order))
        return losses

    def take(self, steps: Callable[..., None], flat: Flat, *rest: Any) -> None:
        """Run the compiled loop."""
        steps(flat.theta, flat.memory, *rest)
