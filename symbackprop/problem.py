"""A problem: a graph with the numbers and the training that belong to it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sympy import Rational

from symbackprop.content import Text
from symbackprop.conventions import Conventions
from symbackprop.data import Data, Stream
from symbackprop.graph import Graph, Role
from symbackprop.network import Layer, Network, Objective
from symbackprop.shown import Headed, Shown

OptimizerName = Literal["sgd", "adam"]


@dataclass(frozen=True)
class Training(Shown):
    """How the parameters are updated.

    Attributes:
        optimizer: `sgd` (with momentum and Nesterov) or `adam`.
        learning_rate: η.
        batch_size: examples a step.
        order: row numbers from 1, gone through again and again; none: as they stand.
        shuffle: mix the rows before every epoch.
        seed: of the mixing.
        steps: how many updates; None: as many as `epochs` take.
        epochs: how often the rows are gone through.
        momentum: μ in v ← μ v + g.
        nesterov: take g + μ v for the step.
        beta_1: of Adam's mean; `beta_2` of its mean square; `epsilon` under its bar.
        weight_decay: λ in g ← g + λ θ.
        reduction: the gradient of a batch is the mean, or the sum, over its examples.
        symbol: the letter of the learning rate.
    """

    learning_rate: Rational
    optimizer: OptimizerName = "sgd"
    batch_size: int = 1
    order: tuple[int, ...] = ()
    shuffle: bool = False
    seed: int = 0
    steps: int | None = None
    epochs: int | None = None
    momentum: Rational = Rational(0)
    nesterov: bool = False
    beta_1: Rational = Rational("0.9")
    beta_2: Rational = Rational("0.999")
    epsilon: Rational = Rational("1e-8")
    weight_decay: Rational = Rational(0)
    reduction: Literal["mean", "sum"] = "mean"
    symbol: str = "eta"

    @property
    def plain(self) -> bool:
        """Whether an update is w - η ∂L/∂w and nothing more."""
        return self.optimizer == "sgd" and not self.momentum and not self.weight_decay

    def batches(self, rows: int) -> Iterator[list[int]]:
        """The row numbers (from 1) of one batch after another, without end."""
        for places in self.passes(rows):
            for start in range(0, len(places), self.batch_size):
                yield places[start : start + self.batch_size]

    def passes(self, rows: int) -> Iterator[list[int]]:
        """The row numbers (from 1) of one epoch after another, without end."""
        places = list(self.order) or list(range(1, rows + 1))
        source = random.Random(self.seed)
        while True:
            if self.shuffle:
                source.shuffle(places)
            yield places[:]

    def count(self, rows: int) -> int:
        """How many updates are asked for: one epoch where neither steps nor epochs are given."""
        if self.steps is not None:
            return self.steps
        each = -(-len(self.order or range(rows)) // self.batch_size) if rows else 1
        return (self.epochs or 1) * max(each, 1)


@dataclass(frozen=True)
class Assembly:
    """An array made of columns of the examples.

    Attributes:
        name: of the array.
        columns: the names of the examples' values.
        across: the examples stand side by side, as columns; else one below the other, as rows.
        single: of one example, without an axis for the examples.
        flat: one column makes a vector, a number for each example.
        is_target: whether it holds the targets.
    """

    name: str
    columns: tuple[str, ...]
    across: bool = False
    single: bool = False
    flat: bool = False
    is_target: bool = False

    def of(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The array as nested lists."""
        table = [[row[column] for column in self.columns] for row in rows]
        if self.single:
            return table[0]
        if self.flat:
            return [row[0] for row in table]
        return [list(column) for column in zip(*table, strict=True)] if self.across else table


def asked_of_examples(graph: Graph, values: Mapping[str, Any], arrays: Sequence[Assembly]) -> tuple[str, ...]:
    """What every example has to give: the columns of arrays, or the inputs and targets without numbers.

    Args:
        graph: its given names are asked for.
        values: the numbers that are known.
        arrays: made of columns of the examples.
    """
    if arrays:
        return tuple(dict.fromkeys(column for one in arrays for column in one.columns))
    given = graph.having(Role.INPUT, Role.TARGET)
    return tuple(node.name for node in given if node.name not in values)


@dataclass(frozen=True, repr=False)
class Problem(Headed):
    """What a spec file describes.

    Attributes:
        graph: the graph.
        title: the title of its solution.
        values: numbers of parameters, inputs and constants, exactly as typed.
        network: the layers, where the graph is a network.
        objective: the loss, where the graph is a network.
        arrays: which arrays are made of the columns of the examples.
        layout: how a network in matrix notation lays its examples out, in words.
        layers: of a network in matrix notation.
        is_indexed: its solution is asked for in indices.
        origins: of what was read from a model of another library, the names there: `W__1` is `0.weight`.
        data: the examples.
        training: the updates.
        conventions: what textbooks differ on.
        stream: the examples, where they stay in their file; there is no `data` then.
    """

    graph: Graph
    title: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    network: Network | None = None
    objective: Objective | None = None
    data: Data | None = None
    training: Training | None = None
    conventions: Conventions = field(default_factory=Conventions)
    arrays: tuple[Assembly, ...] = ()
    layout: Text | None = None
    layers: tuple[Layer, ...] = ()
    is_indexed: bool = False
    origins: Mapping[str, str] = field(default_factory=dict)
    stream: Stream | None = None

    @property
    def outputs(self) -> int:
        """How many outputs a network has."""
        if self.network is not None:
            return len(self.network.outputs)
        return max((len(one.columns) for one in self.arrays if one.is_target), default=1)

    @property
    def examples(self) -> Sequence[Mapping[str, Rational]]:
        """What every example gives; a problem without a table has one example that gives nothing more."""
        return self.data.examples if self.data else ({},)

    def at(self, example: int) -> dict[str, Any]:
        """All given numbers at one example, counted from 1."""
        return {**self.values, **self.given([example])}

    def given(self, examples: Sequence[int]) -> dict[str, Any]:
        """What the examples give, counted from 1: arrays of all of them, or the numbers of one."""
        rows = [self.examples[example - 1] for example in examples]
        if self.arrays and self.data:
            return {one.name: one.of(rows) for one in self.arrays}
        return dict(rows[0]) if rows else {}

    @property
    def first_batch(self) -> list[int]:
        """The rows of the first update, or all."""
        count = len(self.examples)
        if self.training is None:
            return list(range(1, count + 1))
        return next(self.training.batches(count))

    @property
    def first_example(self) -> int:
        """The row that comes first in training."""
        return self.first_batch[0] if self.training and self.data else 1

    @property
    def is_numeric(self) -> bool:
        """Whether every given name has a number."""
        return not self.missing

    @property
    def missing(self) -> list[str]:
        """The given names that have no number."""
        known = self.at(self.first_example) if self.examples else self.values
        return [name for name in self.names if name not in known]

    @property
    def names(self) -> list[str]:
        """The names that need values; sizes are found from the shapes."""
        return [node.name for node in self.graph.given if node.role is not Role.SIZE]
