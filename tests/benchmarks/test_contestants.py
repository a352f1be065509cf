"""Contestants that need no process of their own: each takes the reference's steps, in every shape."""

from __future__ import annotations

import pytest

from tests.benchmarks.cases import Case
from tests.benchmarks.contestant import Contestant
from tests.benchmarks.contestants.hand_c import HandC
from tests.benchmarks.contestants.hand_numpy import HandNumpy
from tests.benchmarks.contestants.straight_python import StraightPython
from tests.benchmarks.contestants.symbackprop_backends import NumpyBackend, PythonBackend, Symbackprop
from tests.benchmarks.race import TOLERANCE, distance
from tests.benchmarks.roster import CONTESTANTS


class ArraysInNumpy(NumpyBackend):
    notation = "matrix"


def trained(contestant: Contestant) -> Contestant:
    contestant.load()
    contestant.derive()
    contestant.compile()
    contestant.reset()
    contestant.run(8)
    return contestant


@pytest.mark.parametrize("kind", [HandC, StraightPython, PythonBackend, NumpyBackend, ArraysInNumpy])
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_contestant_takes_the_steps_of_the_reference(
    kind: type[Contestant], batch: int, dtype: str
) -> None:
    if kind is HandC and CONTESTANTS["c"].missing():
        pytest.skip("gcc is not there: apt-get install gcc")
    case = Case("3-2-2", batch, dtype)
    found, reference = trained(kind(case)).parameters(), trained(HandNumpy(case)).parameters()
    assert distance(found, reference, case.start()) < TOLERANCE[dtype]


def test_examples_that_go_through_the_weights_together_take_the_same_steps() -> None:
    if CONTESTANTS["c"].missing():
        pytest.skip("gcc is not there: apt-get install gcc")
    case = Case("40-30-2", 8)
    found, reference = trained(HandC(case)).parameters(), trained(HandNumpy(case)).parameters()
    assert distance(found, reference, case.start()) < 1e-12


def test_a_small_network_is_derived_number_by_number_and_a_large_one_in_arrays() -> None:
    for network, is_array in (("3-3-2-1", False), ("40-30-2", True)):
        contestant = Symbackprop(Case(network))
        contestant.load()
        contestant.derive()
        assert contestant.derivation.is_array is is_array
