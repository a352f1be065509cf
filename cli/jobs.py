"""Work in processes of their own: some at once, each under a limit of time, results in order."""

from __future__ import annotations

import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, Literal, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

START = "fork" if sys.platform == "linux" else "spawn"
"""How a process begins: a copy of this one needs no imports, where the system bears that."""


@dataclass(frozen=True)
class Ended:
    """Why a task has no result: it took too long, or its process ended before it had one."""

    why: Literal["timeout", "error"]


def run_all(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    jobs: int,
    seconds: float,
    start: str = START,
) -> list[Result | Ended]:
    """The results of all tasks, in their order; a task that fails leaves the others alone.

    Args:
        work: gives the result of a task; it and the tasks can be sent to another process.
        tasks: what is to be done.
        jobs: how many processes work at once.
        seconds: so long may one task take.
        start: how a process begins: `fork` or `spawn`.
    """
    waiting = deque(enumerate(tasks))
    results: dict[int, Result | Ended] = {}
    workers: list[_Worker[Task, Result]] = []
    try:
        while len(results) < len(tasks):
            while waiting and (idle := _idle(workers, work, jobs, seconds, start)) is not None:
                idle.give(*waiting.popleft())
            busy = [worker for worker in workers if worker.number is not None]
            patience = max(min(worker.deadline for worker in busy) - time.monotonic(), 0)
            heard = wait([worker.pipe for worker in busy], timeout=min(patience, 3600))
            for worker in busy:
                number = worker.number
                if number is None:
                    continue
                for result in worker.answers(worker.pipe in heard):
                    results[number] = result
            workers = [worker for worker in workers if worker.alive]
    finally:
        for worker in workers:
            worker.end()
    return [results[number] for number in range(len(tasks))]


def _idle(
    workers: list[_Worker[Task, Result]],
    work: Callable[[Task], Result],
    jobs: int,
    seconds: float,
    start: str,
) -> _Worker[Task, Result] | None:
    """A process that has nothing to do, begun where there may be one more; None: all are busy."""
    for worker in workers:
        if worker.number is None:
            return worker
    if len(workers) >= jobs:
        return None
    workers.append(_Worker(work, seconds, start))
    return workers[-1]


class _Worker(Generic[Task, Result]):
    """A process with the task that it works at.

    Attributes:
        number: of its task; None: it has none.
        deadline: when that task is to be done.
        alive: whether it can be given another one.
    """

    def __init__(self, work: Callable[[Task], Result], seconds: float, start: str) -> None:
        context = get_context("fork") if start == "fork" else get_context("spawn")
        self.pipe, far = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(far, work), daemon=True)
        with warnings.catch_warnings():
            # Python warns of a copy of a process with threads; those of the numeric libraries bear it.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            self._process.start()
        far.close()
        self._seconds, self._ready = seconds, False
        self.number: int | None = None
        self.deadline = float("inf")
        self.alive = True

    def give(self, number: int, task: Task) -> None:
        """Begin a task; time counts from when the process has begun."""
        self.number = number
        self.deadline = time.monotonic() + self._seconds if self._ready else float("inf")
        self.pipe.send(task)

    def answers(self, heard: bool) -> list[Result | Ended]:
        """What its task has led to, if that is over."""
        if not heard:
            return self._out_of_time() if time.monotonic() >= self.deadline else []
        try:
            kind, result = self.pipe.recv()
        except (EOFError, OSError):
            self.end()
            return [Ended("error")]
        if kind == "ready":
            self._ready = True
            self.deadline = time.monotonic() + self._seconds
            return []
        self.number, self.deadline = None, float("inf")
        return [result]

    def _out_of_time(self) -> list[Result | Ended]:
        self.end()
        return [Ended("timeout")]

    def end(self) -> None:
        """End the process, whatever it does."""
        self.alive, self.number = False, None
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _serve(pipe: Connection, work: Callable[[Task], Result]) -> None:
    """Answer tasks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe.send(("ready", None))
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        pipe.send(("done", work(task)))
