"""What symbackprop itself takes to derive and to compile, in either notation and with the usual backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from tests.benchmarks.cases import Case
from tests.benchmarks.contestant import NotThere
from tests.benchmarks.worker import Failed, OverBudget, Preparation, Worker

_CLASSES = "tests.benchmarks.contestants.symbackprop_backends"

WHERE = {"component": f"{_CLASSES}.ComponentNotation", "matrix": f"{_CLASSES}.MatrixNotation"}
"""By the notation who derives in it."""

NETWORKS: Sequence[tuple[str, str]] = (
    ("3-3-2-1", "component"),
    ("10-10-10", "component"),
    ("64-64-64-10", "component"),
    ("784-32-10", "component"),
    ("3-3-2-1", "matrix"),
    ("64-64-64-10", "matrix"),
    ("784-32-10", "matrix"),
    ("784-512-512-10", "matrix"),
    ("4096-4096-4096-10", "matrix"),
)

QUICK: Sequence[tuple[str, str]] = (("3-3-2-1", "component"), ("3-3-2-1", "matrix"), ("784-32-10", "matrix"))


@dataclass(frozen=True)
class Own:
    """One network in one notation.

    Attributes:
        network: the widths.
        notation: of the derivation.
        parameters: of the network.
        first: after the imports and `f = x + 1`.
        again: once more in the same process.
        reason: why there are no times.
    """

    network: str
    notation: str
    parameters: int
    first: Preparation | None = None
    again: Preparation | None = None
    reason: str = ""


def measure_own(
    networks: Iterable[tuple[str, str]], budget: float, told: Callable[[str], None] = lambda _: None
) -> list[Own]:
    """Each network in a process of its own.

    Args:
        networks: their widths and the notation.
        budget: seconds that each may take.
        told: is given a word on whatever comes next.
    """
    found = []
    for network, notation in networks:
        told(f"{network} in {notation} notation")
        found.append(_measured(Case(network), notation, budget))
    return found


def _measured(case: Case, notation: str, budget: float) -> Own:
    with closing(Worker(WHERE[notation], case, budget)) as worker:
        try:
            worker.ask("load")
            first, again = worker.ask("prepare"), worker.ask("prepare")
        except (NotThere, OverBudget, Failed) as reason:
            return Own(case.network, notation, case.parameters, reason=str(reason))
        return Own(case.network, notation, case.parameters, first, again)
