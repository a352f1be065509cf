"""A whole run of the benchmark, and where it is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.own import Own
from tests.benchmarks.race import Pace
from tests.benchmarks.results import Result


@dataclass
class Report:
    """What is told of a run.

    Attributes:
        date: when it began.
        machine: on what it ran, and with which versions.
        dtype: the precision.
        threads: how many each contestant may use.
        pace: how long things might take.
        note: what else is to be known.
        load: of the machine, at the beginning and at the end.
        results: of the contestants.
        own: of symbackprop's derivations.
    """

    date: str
    machine: dict[str, str]
    dtype: str
    threads: int
    pace: Pace
    note: str = ""
    load: tuple[str, str] = field(default_factory=lambda: (machine.load(), machine.load()))
    results: list[Result] = field(default_factory=list)
    own: list[Own] = field(default_factory=list)

    @property
    def has_mistakes(self) -> bool:
        """Whether a contestant disagrees, or broke down."""
        return any(one.is_mistake for one in self.results)

    def json(self) -> str:
        """All of it, the times a step included."""
        return json.dumps({**asdict(self), "results": _with_steps(self.results)}, indent=1)


def _with_steps(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [{**asdict(one), "step": one.step, "least": one.least} for one in results]
