"""The course of the loss over a run, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from symbackprop.backends.base import Floats

MOST = 1000
"""So many means are kept; when there would be more, every two of them become one."""


@dataclass(frozen=True, eq=False)
class Curve:
    """The mean loss of the steps from one record to the next.

    Attributes:
        steps: how many steps were done at each record.
        means: of the losses of the batches since the record before, each before its update.
    """

    steps: NDArray[np.int64]
    means: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.steps)

    def thinned(self, most: int) -> Curve:
        """The same course in fewer records, each the mean of several."""
        together = -(-len(self) // most) if len(self) else 1
        starts = np.arange(0, len(self), together)
        ends = np.append(starts[1:], len(self)) - 1
        lengths = np.diff(self.steps, prepend=0)
        totals = np.add.reduceat(self.means * lengths, starts) if len(self) else self.means
        return Curve(self.steps[ends], totals / np.diff(self.steps[ends], prepend=0))


@dataclass
class Recorder:
    """Makes the curve.

    It is added up step by step: what is recorded does not depend on how many steps are given at a time.

    Attributes:
        interval: steps from one record to the next; doubled when there are too many.
        sums: of the losses of each interval.
        open: the sum of what is in no record yet.
        count: how many losses that are.
    """

    interval: int = 1
    sums: list[float] = field(default_factory=list)
    open: float = 0.0
    count: int = 0

    def add(self, losses: Floats) -> None:
        """Take the losses of the next steps."""
        at = 0
        while at < len(losses):
            part = losses[at : at + self.interval - self.count]
            self.open = float(np.cumsum(np.append(self.open, part))[-1])
            self.count += len(part)
            at += len(part)
            if self.count == self.interval:
                self._record()

    def _record(self) -> None:
        self.sums.append(self.open)
        self.open, self.count = 0.0, 0
        if len(self.sums) == MOST:
            self.sums = [one + other for one, other in zip(self.sums[::2], self.sums[1::2], strict=True)]
            self.interval *= 2

    def curve(self) -> Curve:
        """The means so far, the last perhaps of fewer steps."""
        steps = [self.interval * (place + 1) for place in range(len(self.sums))]
        means = [total / self.interval for total in self.sums]
        if self.count:
            steps.append((steps[-1] if steps else 0) + self.count)
            means.append(self.open / self.count)
        return Curve(np.array(steps, dtype=np.int64), np.array(means, dtype=np.float64))
