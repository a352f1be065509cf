"""One case, side by side: all get ready, all are compared with each other, then they take turns."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

import numpy as np

from tests.benchmarks.cases import Case, Layers, flat
from tests.benchmarks.contestant import NotThere
from tests.benchmarks.results import Outcome, Result
from tests.benchmarks.roster import CONTESTANTS, REFERENCE, Entry
from tests.benchmarks.worker import Failed, OverBudget, Worker

TOLERANCE = {"float64": 1e-9, "float32": 1e-2}
"""How far parameters may be from the reference's, relative to how far these have come from the start."""

# Importing and starting a library may take so long, whatever the budget is.
_START = 180.0

# Threads that have nothing to do spin a while before they sleep: so long nobody is timed.
_PAUSE = 0.05

_OUTCOMES: Mapping[type[Exception], Outcome] = {
    NotThere: "not there",
    OverBudget: "over budget",
    Failed: "failed",
}


@dataclass(frozen=True)
class Pace:
    """How long things may take.

    Attributes:
        repetitions: how often each is timed.
        seconds: a repetition takes so long at least, and not much more than twice as long.
        budget: seconds for getting ready, or for the steps of a repetition.
    """

    repetitions: int = 7
    seconds: float = 0.1
    budget: float = 60.0


def race(
    case: Case, entries: Mapping[str, Entry], pace: Pace, told: Callable[[str], None] = lambda _: None
) -> list[Result]:
    """The results of all entries at one case, in their order.

    Args:
        case: what is trained.
        entries: who takes part.
        pace: how long things may take.
        told: is given a word on whoever comes next.
    """
    with ExitStack() as stack:
        reference: Layers | None = None
        runners = []
        for name, entry in entries.items():
            runner = _Runner(name, entry, case)
            runners.append(runner)
            if runner.is_in:
                told(name)
                reference = _reference(case) if reference is None else reference
                runner.get_ready(
                    stack.enter_context(closing(Worker(entry.where, case, pace.budget))), reference
                )
        told("in turn")
        _take_turns(runners, pace)
        return [runner.result for runner in runners]


class _Runner:
    """A contestant in the race; `result` is what is known of it."""

    def __init__(self, name: str, entry: Entry, case: Case) -> None:
        self.case = case
        self.worker: Worker | None = None
        self.result = Result(name, case.network, case.batch, case.parameters, "timed")
        if missing := entry.missing():
            self._leave("not there", missing)
        elif beyond := entry.beyond(case):
            self._leave("left out", beyond)

    @property
    def is_in(self) -> bool:
        """Whether it is still in the race."""
        return self.result.outcome == "timed"

    def _leave(self, outcome: Outcome, reason: str) -> None:
        self.result = replace(self.result, outcome=outcome, reason=reason)
        if self.worker is not None:
            self.worker.close()

    def _attempt(self, action: Callable[[Worker], None], doing: str) -> None:
        """Do it, where it is still in the race; leave, where it cannot be done."""
        if not self.is_in or self.worker is None:
            return
        try:
            action(self.worker)
        except tuple(_OUTCOMES) as reason:
            self._leave(_OUTCOMES[type(reason)], f"{doing}: {reason}" if doing else str(reason))

    def get_ready(self, worker: Worker, reference: Layers) -> None:
        """Start, derive, compile, and be compared with the reference."""
        self.worker = worker
        self._attempt(lambda worker: worker.ask("load", budget=_START), "")
        self._attempt(self._prepare, "to derive and compile")
        self._attempt(lambda worker: self._compare(worker.ask("check"), reference), "a block of steps")

    def _prepare(self, worker: Worker) -> None:
        self.result = replace(self.result, preparation=worker.ask("prepare"))

    def _compare(self, layers: Layers | None, reference: Layers) -> None:
        if layers is None:
            return
        error = distance(layers, reference, self.case.start())
        self.result = replace(self.result, error=error)
        if not error <= TOLERANCE[self.case.dtype]:
            self._leave("wrong", f"its parameters are off by {error:.1e}")

    def choose_steps(self, least: float) -> None:
        """As many blocks, a power of two, as take so many seconds."""

        def choose(worker: Worker) -> None:
            steps = self.case.block
            while not self._lasts(worker, steps, least):
                steps *= 2
            self.result = replace(self.result, steps=steps)

        self._attempt(choose, "a repetition")

    def _lasts(self, worker: Worker, steps: int, least: float) -> bool:
        """Whether so many steps take so long, when they are taken for the second time."""
        worker.ask("time", steps)
        taken: float = worker.ask("time", steps)
        return taken >= least

    def take_turn(self) -> None:
        """One repetition."""

        def take(worker: Worker) -> None:
            seconds = worker.ask("time", self.result.steps)
            self.result = replace(self.result, seconds=(*self.result.seconds, seconds))

        self._attempt(take, "a repetition")


def _reference(case: Case) -> Layers:
    """The parameters that all have to reach."""
    with closing(Worker(CONTESTANTS[REFERENCE].where, case, _START)) as worker:
        worker.ask("load")
        worker.ask("prepare")
        found: Layers = worker.ask("check")
        return found


def distance(layers: Layers, reference: Layers, start: Layers) -> float:
    """The largest difference of two parameters, relative to the largest change of one; of other shapes: ∞."""
    if _shapes(layers) != _shapes(reference):
        return float("inf")
    theirs = flat(reference)
    return float(np.abs(flat(layers) - theirs).max() / np.abs(theirs - flat(start)).max())


def _shapes(layers: Layers) -> list[tuple[int, ...]]:
    return [part.shape for layer in layers for part in layer]


def _take_turns(runners: Sequence[_Runner], pace: Pace) -> None:
    """Every round all are timed once, in an order of its own: what slows the machine down slows all down."""
    for runner in runners:
        runner.choose_steps(pace.seconds)
    source = random.Random(0)
    for _ in range(pace.repetitions):
        for runner in source.sample(runners, len(runners)):
            if runner.is_in:
                time.sleep(_PAUSE)
                runner.take_turn()
