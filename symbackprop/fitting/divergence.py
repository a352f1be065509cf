"""A run whose numbers are no longer finite: which step it was, and what was wrong there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symbackprop.backends.base import Feed, Floats, Recipe, State, Stepper
from symbackprop.backends.table import find_backend
from symbackprop.derivation import Derivation
from symbackprop.errors import TrainingError, ValuesError
from symbackprop.fitting.checkpoints import packed
from symbackprop.fitting.schedule import Stretch
from symbackprop.lowering.program import program
from symbackprop.numeric.compiled import Compiled
from symbackprop.numeric.trainable import diverged
from symbackprop.problem import Training


def copied(state: State) -> State:
    """A state that steps of the other do not change."""
    return State(
        state.count,
        {name: np.array(value) for name, value in state.parameters.items()},
        {key: {name: np.array(value) for name, value in one.items()} for key, one in state.memory.items()},
    )


def is_finite(state: State, losses: Floats) -> bool:
    """Whether all losses and parameters are finite."""
    return bool(np.isfinite(losses).all() and np.isfinite(packed(state.parameters.values())).all())


class Search:
    """Looks for the step at which a stretch left the finite numbers.

    Args:
        recipe: what is trained.
        derivation: names every node.
        training: how.
        stepper: takes the steps.
    """

    def __init__(self, recipe: Recipe, derivation: Derivation, training: Training, stepper: Stepper) -> None:
        self.recipe, self.derivation, self.training, self.stepper = recipe, derivation, training, stepper

    def mistake(self, before: State, stretch: Stretch) -> TrainingError | ValuesError:
        """What is told.

        Args:
            before: the state before the stretch.
            stretch: steps of which one is bad.
        """
        state, place = self.last_good(before, stretch)
        error = self._fault(state.parameters, stretch, place)
        if error is not None and self._fault(self.recipe.start, stretch, place) is not None:
            return error
        number = stretch.done + place + 1
        if error is not None:
            return diverged(number, self.training, error.what, error.where)
        return diverged(number, self.training, self._reason(state, stretch, place))

    def _reason(self, state: State, stretch: Stretch, place: int) -> str:
        """What is said where every node is finite."""
        losses = self.stepper.run(copied(state), stretch.table, stretch.order[place : place + 1])
        kind = "a double" if self.recipe.precision == "float64" else "a number of single precision"
        return f"{'a parameter' if np.isfinite(losses).all() else 'a number'} is too large for {kind}"

    def last_good(self, before: State, stretch: Stretch) -> tuple[State, int]:
        """The state before the bad step, and the place of that step in the stretch: found by halving."""
        good, low, high = copied(before), 0, len(stretch.order)
        while high - low > 1:
            middle = (low + high) // 2
            trial = copied(good)
            losses = self.stepper.run(trial, stretch.table, stretch.order[low:middle])
            if is_finite(trial, losses):
                good, low = trial, middle
            else:
                high = middle
        return good, low

    def _fault(self, parameters: Mapping[str, Any], stretch: Stretch, place: int) -> ValuesError | None:
        """What NumPy says of the bad step."""
        rows = stretch.table[stretch.order[place]]
        given = {feed.name: assembled(feed, rows) for feed in self.recipe.feeds}
        run = Compiled(program(self.derivation), find_backend("numpy"), precision=self.recipe.precision)
        try:
            run({**parameters, **self.recipe.fixed, **given}, examples=stretch.examples(place))
        except ValuesError as error:
            return error
        return None


def assembled(feed: Feed, rows: Floats) -> Any:
    """A given value out of the rows of a batch."""
    chosen = rows[:, list(feed.places)]
    match feed.form:
        case "numbers":
            return chosen[0, 0] if len(rows) == 1 else chosen[:, 0]
        case "vector":
            return chosen[:, 0]
        case "columns":
            return chosen.T
        case "single":
            return chosen[0]
    return chosen
