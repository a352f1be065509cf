"""Training: one simultaneous update after another, and the table of losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbackprop.backends.numpy_backend import update_function
from symbackprop.derivation import Derivation
from symbackprop.errors import TrainingError, ValuesError
from symbackprop.lowering.updates import update_of
from symbackprop.notation.numbers import number_format
from symbackprop.numeric.compiled import Compiled, Evaluation, as_floats, compile, compile_forward
from symbackprop.numeric.trainable import checked_training, diverged
from symbackprop.problem import Problem, Training
from symbackprop.shown import Headed
from symbackprop.sweep import backprop

Vector = NDArray[np.float64]

Floats = dict[str, Any]
"""Numbers by name; arrays of them where the parameters are arrays."""


@dataclass(frozen=True, repr=False)
class Iteration(Headed):
    """One update.

    Attributes:
        number: from 1.
        examples: the numbers of its rows, from 1; empty where there is no table.
        before: every parameter before the update.
        given: the other given values: numbers, or an array with one for each example of a batch.
        evaluation: the forward and backward pass.
        gradients: of the batch: the mean (or sum) over its examples.
        after: every parameter after the update; all are updated from the old values.
        loss: of the batch, before the update.
    """

    number: int
    examples: Sequence[int]
    before: Floats
    given: Mapping[str, Any]
    evaluation: Evaluation
    gradients: Floats
    after: Floats
    loss: float


@dataclass(frozen=True, repr=False)
class Losses(Headed):
    """The loss of every example at every state of the parameters.

    Attributes:
        states: numbers of updates done: 0 is the start.
        examples: row numbers from 1; empty where there is no table.
        table: a row for each state, a column for each example.
    """

    states: Sequence[int]
    examples: Sequence[int]
    table: NDArray[np.float64]

    def mean(self, examples: Sequence[int] | None = None) -> NDArray[np.float64]:
        """The mean over some examples, or over all, at every state."""
        columns = (
            self.table
            if examples is None
            else self.table[:, [list(self.examples).index(e) for e in examples]]
        )
        return np.asarray(columns.mean(axis=1))


@dataclass(frozen=True, eq=False, repr=False)
class Trace(Headed):
    """A training run.

    Attributes:
        problem: what was trained.
        derivation: the formulas of its gradients.
        iterations: the updates.
        losses: the loss of every example before the first update and after each.
    """

    problem: Problem
    derivation: Derivation
    iterations: Sequence[Iteration]
    losses: Losses

    @property
    def training(self) -> Training:
        """How the parameters were updated."""
        assert self.problem.training is not None
        return self.problem.training

    @property
    def used(self) -> list[int]:
        """The examples that some update used, in the order of the table."""
        return sorted({example for iteration in self.iterations for example in iteration.examples})


def train(
    problem: Problem, *, steps: int | None = None, progress: Callable[[int], None] | None = None
) -> Trace:
    """Run the training of a problem and keep every number.

    Args:
        problem: with a [training] section and numbers for all that is given.
        steps: how many updates; as many as the problem says, unless given.
        progress: called with the number of each update that is done.

    Raises:
        TrainingError: nothing to train, a number is missing, or the loss overflows; it says at which step.
        ValuesError: a node is not finite; the message says which, at which step and example.
    """
    if problem.stream is not None:
        raise TrainingError(
            f"the examples stay in {problem.stream.path.name}, and a worked solution shows every one",
            where="data",
            fix="run it at speed: --backend numpy, or sb.fit(problem)",
        )
    training = checked_training(problem, problem.missing)
    derivation = backprop(problem.graph, conventions=problem.conventions)
    trainer = _Trainer(problem, training, derivation)
    count = training.count(len(problem.examples) if problem.data else 0) if steps is None else steps
    batches = training.batches(len(problem.examples)) if problem.data else iter(lambda: [], None)
    iterations = []
    for number, batch in enumerate(islice(batches, count), 1):
        iterations.append(trainer.step(number, batch))
        if progress:
            progress(number)
    return Trace(problem, derivation, iterations, trainer.losses(iterations))


class _Trainer:
    """The parameters as they are now, and what updates them."""

    def __init__(self, problem: Problem, training: Training, derivation: Derivation) -> None:
        self.problem, self.training = problem, training
        conventions = problem.conventions
        rounded = conventions.carry == "rounded"
        self.rounding = number_format(conventions) if rounded else None
        self.run: Compiled = compile(derivation)
        self.evaluate: Compiled = compile_forward(derivation)
        self.output = derivation.output.name
        self.names = [symbol.name for symbol in derivation.wrt]
        self.is_array = derivation.is_array
        trained = set(self.names)
        fixed = {name: problem.values[name] for name in self.run.given if name in problem.values}
        self.fixed = as_floats({name: value for name, value in fixed.items() if name not in trained})
        start = problem.at(problem.first_example) if problem.data else problem.values
        self.start = as_floats({name: start[name] for name in self.names})
        self.theta = self._carried(self._flat(self.start))
        update = update_of(training)
        self.update = update_function(update)
        self.memory = tuple(np.zeros_like(self.theta) for _ in update.memory)

    def _flat(self, values: Mapping[str, Any]) -> Vector:
        """All parameters in one vector."""
        if not self.is_array:
            return np.array([values[name] for name in self.names])
        return np.concatenate([np.ravel(values[name]) for name in self.names])

    def _named(self, theta: Vector) -> Floats:
        """The parameters of the vector by their names, each in its shape."""
        if not self.is_array:
            return dict(zip(self.names, theta.tolist(), strict=True))
        ends = np.cumsum([np.size(self.start[name]) for name in self.names])
        parts = np.split(theta, ends[:-1])
        return {
            name: part.reshape(np.shape(self.start[name]))
            for name, part in zip(self.names, parts, strict=True)
        }

    def _carried(self, theta: Vector) -> Vector:
        """The parameters as they are printed, where printed values are carried."""
        return (
            theta
            if self.rounding is None
            else np.array([self.rounding.carried(one) for one in theta.tolist()])
        )

    def _given(self, examples: Sequence[int]) -> dict[str, Any]:
        """The values that are no parameters: numbers for one example, arrays for several."""
        if self.problem.arrays:
            return self.fixed | as_floats(self.problem.given(examples))
        rows = [self.problem.examples[example - 1] for example in examples]
        if not rows:
            return dict(self.fixed)
        columns = {name: [float(row[name]) for row in rows] for name in rows[0]}
        return self.fixed | {
            name: values[0] if len(rows) == 1 else np.array(values) for name, values in columns.items()
        }

    def step(self, number: int, examples: Sequence[int]) -> Iteration:
        before = self._named(self.theta)
        given = self._given(examples)
        try:
            evaluation = self.run(before | given, examples=list(examples))
        except ValuesError as error:
            raise self._overflow(number, examples, error) from None
        gradient, loss = self._combined(evaluation, max(len(examples), 1))
        with np.errstate(all="ignore"):
            theta, self.memory = self.update(self.theta, gradient, number, *self.memory)
        self.theta = self._carried(theta)
        if not np.isfinite(self.theta).all():
            raise self._overflow(number, examples, None)
        after, gradients = self._named(self.theta), self._named(gradient)
        return Iteration(number, examples, before, given, evaluation, gradients, after, loss)

    def _combined(self, evaluation: Evaluation, count: int) -> tuple[Vector, float]:
        """The gradient and the loss of a batch; a graph of arrays has combined its examples itself."""
        if self.is_array:
            return self._flat(evaluation.gradients), float(evaluation.values[self.output])
        combine = np.sum if self.training.reduction == "sum" else np.mean
        gradient = [combine(np.broadcast_to(evaluation.gradients[name], (count,))) for name in self.names]
        return np.array(gradient), float(combine(np.broadcast_to(evaluation.values[self.output], (count,))))

    def _overflow(
        self, number: int, examples: Sequence[int], error: ValuesError | None
    ) -> TrainingError | ValuesError:
        """The mistake behind numbers that are not finite: the values themselves, or steps too long."""
        if error is not None and (number == 1 or not self._was_finite(examples)):
            return error
        reason = error.what if error else "a parameter is too large for a double"
        return diverged(number, self.training, reason, error.where if error else "")

    def _was_finite(self, examples: Sequence[int]) -> bool:
        """Whether these examples gave finite numbers before any step."""
        try:
            self.run(self.start | self._given(examples))
        except ValuesError:
            return False
        return True

    def _losses(self, state: Floats, examples: list[int], batch: list[int]) -> Any:
        """The loss of every example, arrays taking them one by one; or of all as one batch."""
        if batch:
            return self.evaluate(state | self._given(batch)).values[self.output]
        if not self.problem.arrays:
            return self.evaluate(state | self._given(examples), examples=examples).values[self.output]
        return [self.evaluate(state | self._given([one])).values[self.output] for one in examples]

    def losses(self, iterations: Sequence[Iteration]) -> Losses:
        """Every example at every state: only forward passes."""
        examples = list(range(1, len(self.problem.examples) + 1)) if self.problem.data else []
        if self.problem.arrays and self.problem.objective is None:
            # What equations make of the rows need not be a sum over them: all rows are one batch.
            every, examples = examples, []
        else:
            every = []
        states = [iteration.before for iteration in iterations] + [
            iteration.after for iteration in iterations[-1:]
        ]
        if not states:
            states = [self._named(self.theta)]
        rows = []
        for number, state in enumerate(states):
            try:
                values = self._losses(state, examples, every)
            except ValuesError as error:
                raise self._overflow(number + 1, every or examples, error) from None
            rows.append(np.broadcast_to(values, (max(len(examples), 1),)))
        return Losses(range(len(states)), examples, np.array(rows, dtype=np.float64))
