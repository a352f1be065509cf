"""A run while it goes on: what it computes, how far it has come, the steps it takes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from symbackprop.backends.base import Floats, Precision, Recipe, State, Stepper
from symbackprop.backends.table import find_backend
from symbackprop.content import Text
from symbackprop.errors import OptionError
from symbackprop.fitting.checkpoints import Progress
from symbackprop.fitting.curve import Recorder
from symbackprop.fitting.distributions import Distributions
from symbackprop.fitting.divergence import Search, copied, is_finite
from symbackprop.fitting.examples import examples_of
from symbackprop.fitting.fingerprint import Fingerprint, fingerprint
from symbackprop.fitting.recipes import feeds_of, recipe_of, trainable
from symbackprop.fitting.schedule import Stretch, cut, of_stream, of_table, without_table
from symbackprop.lowering.program import program
from symbackprop.problem import Problem
from symbackprop.sweep import backprop

WORK = 1 << 30
"""About so many products are computed before a run looks up: a fraction of a second."""

MOST_STEPS = 1 << 15
"""So many steps are taken at once at the most."""


class Run:
    """A training run.

    Args:
        problem: what is trained.
        backend: the name of what computes.
        precision: of all numbers.
        devices: over how many a batch is split.
        data: examples in the place of the problem's.
        every: steps from one record of the loss to the next; none: it is found.

    Attributes:
        progress: the parameters, the losses, what is known of the examples.
        choice: what the backend chose to do, in words.
    """

    def __init__(
        self,
        problem: Problem,
        backend: str,
        precision: Precision,
        *,
        devices: int = 1,
        data: str | Path | Mapping[str, Any] | None = None,
        every: int | None = None,
    ) -> None:
        self.problem, self._engine, self._every = problem, find_backend(backend), every
        if devices > 1 and not self._engine.is_parallel:
            what, fix = f"the backend {backend} computes on one device", "take backend jax"
            raise OptionError(what, where=f"devices {devices}", fix=fix)
        self.examples = examples_of(problem, data, precision)
        feeds = feeds_of(problem, self.examples.names if self.examples is not None else ())
        self.training = trainable(problem, feeds)
        self._derivation = backprop(problem.graph, conventions=problem.conventions)
        lines = program(self._derivation)
        self.recipe: Recipe = recipe_of(problem, lines, feeds, precision, devices)
        self._targets = Distributions(lines, feeds, self.recipe.fixed)
        self._checked: Floats | None = None
        self._steppers: dict[int, Stepper] = {}
        self.progress = Progress(State.start(self.recipe), Recorder(every or 1))

    @property
    def choice(self) -> Text:
        """What the backend chose to do; of several batch sizes, for the first."""
        return self._stepper(next(iter(self._steppers), self.recipe.batch)).choice

    def fingerprint(self) -> Fingerprint:
        """What tells this run from others."""
        return fingerprint(self.problem, self.recipe, self.examples)

    def go_on_from(self, progress: Progress) -> None:
        """Take up a run where it was left."""
        self.progress = progress
        if self.examples is not None and self.examples.rows is None:
            self.examples.rows = progress.rows

    def count(self, steps: int | None = None) -> int | None:
        """How many steps there are in the end; None: nobody has gone through the examples yet.

        Args:
            steps: how many are asked for in the place of the problem's own.
        """
        if steps is not None:
            return steps
        if self.training.steps is None and self.examples is not None and self.examples.rows is None:
            return None
        return self.training.count((self.examples.rows or 0) if self.examples is not None else 0)

    def take(self, count: int | None) -> Iterator[float]:
        """Take the steps that are left, and give the last loss whenever some are done.

        Args:
            count: how many there are in the end.

        Raises:
            TrainingError: the numbers grow too large.
            ValuesError: a node has no value at an example.
            DataError: what is read on the way is no example.
        """
        self._prepare(count)
        together = self._together
        marks = [together] if self._every is None else [together, self._every]
        for stretch in cut(self._stretches(count, together), self.progress.state.count, count, marks):
            begin = perf_counter()
            losses = self._taken(stretch)
            self.progress.seconds += perf_counter() - begin
            self.progress.recorder.add(losses)
            if self.examples is not None:
                self.progress.rows = self.examples.rows
            yield float(losses[-1])

    def _prepare(self, count: int | None) -> None:
        """Have it told before the first step where the smaller batch of an epoch cannot be split."""
        rows = self.examples.rows if self.examples is not None else None
        if self.recipe.devices > 1 and rows is not None:
            length = len(self.training.order) or rows
            if count is None or count * self.recipe.batch > length:
                self._stepper(length % self.recipe.batch or self.recipe.batch)

    @property
    def _together(self) -> int:
        """How many steps are taken at once: a power of two by the size of the problem, not by the clock."""
        numbers = sum(np.size(one) for one in self.recipe.start.values())
        numbers += sum(len(feed.places) for feed in self.recipe.feeds)
        most = WORK // (self.recipe.batch * numbers)
        return min(MOST_STEPS, 1 << max(most.bit_length() - 1, 0))

    def _stretches(self, count: int | None, together: int) -> Iterator[Stretch]:
        done = self.progress.state.count
        if self.examples is None:
            return without_table(done, together)
        if self.examples.is_stream:
            epochs = (self.training.epochs or 1) if count is None else None
            return of_stream(self.examples, self.training, done, epochs)
        return of_table(self.examples.whole(), self.training, done, 8 * together)

    def _taken(self, stretch: Stretch) -> Floats:
        if stretch.table is not self._checked:
            self._targets.check(stretch.table, stretch.before)
            self._checked = stretch.table
        state = self.progress.state
        before = copied(state)
        stepper = self._stepper(stretch.order.shape[1])
        losses = stepper.run(state, stretch.table, stretch.order)
        if not is_finite(state, losses):
            search = Search(self.recipe, self._derivation, self.training, stepper)
            raise search.mistake(before, stretch)
        return losses

    def _stepper(self, batch: int) -> Stepper:
        """What takes steps of so many examples; of none where there is no table."""
        if batch not in self._steppers:
            self._steppers[batch] = self._engine.stepper(replace(self.recipe, batch=batch or 1))
        return self._steppers[batch]
