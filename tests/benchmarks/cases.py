"""What is raced: one network of sigmoid layers, one size of batch, one precision; its start and its data.

The loss is the mean squared error as symbackprop defines it: L = 1/(n K) Σ (ŷ - y)² over the n examples of
a batch and the K outputs; a step is θ ← θ - η ∂L/∂θ. The data are a few batches that the steps go through in
turn, as the rows of a table would be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Layers = list[tuple[Array, Array]]
"""For every layer W (units × inputs) and b (units)."""

NETWORKS = ("1-1-1-1", "3-3-2-1", "10-10-10", "64-64-64-10", "784-32-10", "784-512-512-10")
BATCHES = (1, 32, 256, 1024)

# A block of steps is what one call of a compiled loop does: about this many multiplications of weights.
_BLOCK_WORK = 2_000_000
_LONGEST_BLOCK = 1024


@dataclass(frozen=True)
class Case:
    """One network, batch and precision.

    Attributes:
        network: the widths, the inputs first: `3-3-2-1`.
        batch: examples a step.
        dtype: `float64` or `float32`.
        batches: how many batches of examples the steps go through.
        rate: η.
    """

    network: str
    batch: int = 1
    dtype: str = "float64"
    batches: int = 4
    rate: float = 0.5

    def __str__(self) -> str:
        return f"{self.network} at batch {self.batch}"

    @property
    def widths(self) -> tuple[int, ...]:
        """The inputs, then the units of every layer."""
        return tuple(int(width) for width in self.network.split("-"))

    @property
    def layers(self) -> list[tuple[int, int]]:
        """For every layer its inputs and its units."""
        return list(zip(self.widths, self.widths[1:], strict=False))

    @property
    def parameters(self) -> int:
        """How many weights and biases there are."""
        return sum((inputs + 1) * units for inputs, units in self.layers)

    @property
    def work(self) -> int:
        """What the time of a step is about proportional to, where the network is large."""
        return self.parameters * self.batch

    @property
    def slope(self) -> float:
        """η · 2/(n K), the factor of (ŷ - y) in an update."""
        return 2 * self.rate / (self.batch * self.widths[-1])

    @property
    def block(self) -> int:
        """Steps a block: a multiple of the batches, so that every run begins with the first of them."""
        length = self.batches
        while 2 * length <= _LONGEST_BLOCK and 2 * length * self.work <= _BLOCK_WORK:
            length *= 2
        return length

    def start(self) -> Layers:
        """The parameters before the first step: uniform within ±1/√inputs."""
        source = np.random.default_rng(1)
        return [
            tuple(
                source.uniform(-1, 1, shape).astype(self.dtype) / np.sqrt(inputs, dtype=self.dtype)
                for shape in ((units, inputs), (units,))
            )
            for inputs, units in self.layers
        ]

    def data(self) -> tuple[Array, Array]:
        """X (batches × batch × inputs) and Y (batches × batch × outputs)."""
        source = np.random.default_rng(2)
        shape = (self.batches, self.batch)
        inputs = source.uniform(0, 1, (*shape, self.widths[0]))
        targets = source.uniform(0.1, 0.9, (*shape, self.widths[-1]))
        return inputs.astype(self.dtype), targets.astype(self.dtype)


def flat(layers: Layers) -> Array:
    """All parameters in one vector: of every layer W row by row, then b."""
    return np.concatenate([part.ravel() for layer in layers for part in layer])


def unflattened(case: Case, vector: Array) -> Layers:
    """The parameters of a vector of `flat`."""
    parts = _parts(case, np.asarray(vector))
    return [(next(parts).reshape(units, inputs), next(parts)) for inputs, units in case.layers]


def _parts(case: Case, vector: Array) -> Iterator[Array]:
    begin = 0
    for inputs, units in case.layers:
        for size in (inputs * units, units):
            yield vector[begin : begin + size]
            begin += size
