"""What came out: a record for each contestant and case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from tests.benchmarks.worker import Preparation

Outcome = Literal["timed", "not there", "left out", "over budget", "failed", "wrong"]


@dataclass(frozen=True)
class Result:
    """One contestant at one case.

    Attributes:
        contestant: its key in the roster.
        network: the widths.
        batch: examples a step.
        parameters: of the network.
        outcome: whether there are times, and if not, why.
        reason: the same in words.
        preparation: what it took to get ready, where it got so far.
        error: how far its parameters are from the reference's after a block, relative to what has changed.
        steps: how many a repetition had.
        seconds: of every repetition.
    """

    contestant: str
    network: str
    batch: int
    parameters: int
    outcome: Outcome
    reason: str = ""
    preparation: Preparation | None = None
    error: float | None = None
    steps: int = 0
    seconds: tuple[float, ...] = ()

    @property
    def is_mistake(self) -> bool:
        """Whether the run is to be called failed."""
        return self.outcome in ("failed", "wrong")

    @property
    def step(self) -> float | None:
        """Seconds a step, the median of the repetitions."""
        return median(self.seconds) / self.steps if self.seconds else None

    @property
    def least(self) -> float | None:
        """Seconds a step, the least of the repetitions."""
        return min(self.seconds) / self.steps if self.seconds else None


def agreeing(results: Sequence[Result]) -> list[Result]:
    """Those whose parameters were compared with the reference's and are the same."""
    return [one for one in results if one.outcome == "timed" and one.error is not None]
