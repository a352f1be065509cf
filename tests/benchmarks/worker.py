"""A contestant in a process of its own: its memory, its threads and its compilers are nobody else's."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.benchmarks.cases import Case, Layers
from tests.benchmarks.contestant import Contestant, NotThere

# The unit of ru_maxrss is a kilobyte, on macOS a byte.
_MEGABYTE = 1 << 20 if sys.platform == "darwin" else 1 << 10


class OverBudget(Exception):
    """It took longer than it may."""


class Failed(Exception):
    """It raised something."""


@dataclass(frozen=True)
class Preparation:
    """What it took to get ready.

    Attributes:
        derive: seconds, to build the graph of a step and its gradient.
        compile: seconds, to make it ready to run.
        peak: megabytes, of the whole process at its largest.
        grown: megabytes by which the peak rose meanwhile.
    """

    derive: float
    compile: float
    peak: float
    grown: float


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE


class _Session:
    """The answers of the process to what it is asked."""

    def __init__(self, where: str, case: Case) -> None:
        self.where, self.case = where, case
        self.contestant: Contestant

    def load(self) -> None:
        module, _, name = self.where.rpartition(".")
        self.contestant = getattr(import_module(module), name)(self.case)
        self.contestant.load()

    def prepare(self) -> Preparation:
        gc.collect()
        before, start = _peak(), perf_counter()
        self.contestant.derive()
        derived = perf_counter()
        self.contestant.compile()
        ready = perf_counter()
        return Preparation(derived - start, ready - derived, _peak(), _peak() - before)

    def check(self) -> Layers | None:
        """The parameters after one block of steps from the start, where it trains."""
        self.contestant.reset()
        self.contestant.run(self.case.block)
        return self.contestant.parameters() if self.contestant.trains else None

    def time(self, steps: int) -> float:
        """Seconds of so many steps."""
        gc.collect()
        start = perf_counter()
        self.contestant.run(steps)
        return perf_counter() - start


def _serve(connection: Connection, where: str, case: Case, caches: str) -> None:
    """Answer until nobody asks any more."""
    os.setpgrp()  # so that its compilers end with it
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = caches
    os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={caches}"
    session = _Session(where, case)
    with contextlib.suppress(EOFError):
        while True:
            name, arguments = connection.recv()
            connection.send(_answer(session, name, arguments))


def _answer(session: _Session, name: str, arguments: tuple[Any, ...]) -> Any:
    try:
        return getattr(session, name)(*arguments)
    except NotThere as reason:
        return reason
    except Exception as reason:
        text = " ".join(str(reason).split())
        return Failed(f"{type(reason).__name__}: {text[:200]}")


class Worker:
    """The process, seen from outside.

    Args:
        where: module and class of the contestant.
        case: what it trains.
        budget: seconds that an answer may take.
    """

    def __init__(self, where: str, case: Case, budget: float) -> None:
        self.budget = budget
        self._caches = tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True)
        context = get_context("spawn")
        self._connection, other = context.Pipe()
        arguments = (other, where, case, str(Path(self._caches.name)))
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        other.close()

    def ask(self, name: str, *arguments: Any, budget: float | None = None) -> Any:
        """The answer of the process.

        Args:
            name: a method of `_Session`.
            arguments: of it.
            budget: other than usual.

        Raises:
            NotThere: the contestant does not exist here.
            OverBudget: it takes too long.
            Failed: it raised something, or ended.
        """
        allowed = budget or self.budget
        try:
            self._connection.send((name, arguments))
            if not self._connection.poll(allowed):
                raise OverBudget(f"over {allowed:g} s")
            answer = self._connection.recv()
        except (EOFError, OSError) as reason:
            raise Failed("its process ended") from reason
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End the process and what it has started; once is enough."""
        if self._connection.closed:
            return
        assert self._process.pid is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._caches.cleanup()
