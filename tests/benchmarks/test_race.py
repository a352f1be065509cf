"""The race: who agrees is timed, who does not is caught, who cannot is told with the reason."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.benchmarks.cases import Array, Case, Layers, flat, unflattened
from tests.benchmarks.contestant import NotThere
from tests.benchmarks.contestants.hand_numpy import HandNumpy
from tests.benchmarks.race import Pace, distance, race
from tests.benchmarks.results import Result
from tests.benchmarks.roster import CONTESTANTS, Entry

PACE = Pace(repetitions=2, seconds=0.001, budget=20.0)


class Wrong(HandNumpy):
    """The biases of its last layer are off by a ten-millionth."""

    def parameters(self) -> Layers:
        *layers, (weight, bias) = super().parameters()
        return [*layers, (weight, bias * (1 + 1e-7))]


class Broken(HandNumpy):
    def compile(self) -> None:
        raise ValueError("no such thing")


class Missing(HandNumpy):
    def load(self) -> None:
        raise NotThere("not built yet")


class Slow(HandNumpy):
    def compile(self) -> None:
        time.sleep(60)


def here(name: str) -> dict[str, Entry]:
    return {name: Entry(name, f"{__name__}.{name}")}


def outcomes(results: list[Result]) -> dict[str, tuple[str, str]]:
    return {one.contestant: (one.outcome, one.reason) for one in results}


def test_those_written_by_hand_agree_and_are_timed_by_whole_blocks() -> None:
    case = Case("3-2-2", 8)
    results = race(case, {name: CONTESTANTS[name] for name in ("numpy", "c", "python")}, PACE)
    for one in results:
        if one.outcome == "not there":
            continue
        assert one.reason == ""
        assert one.error is not None
        assert one.error < 1e-11
        assert len(one.seconds) == PACE.repetitions
        assert one.steps % case.block == 0
        assert one.step is not None
        assert one.least is not None
        assert 0 < one.least <= one.step < 0.1
        assert one.preparation is not None
        assert one.preparation.derive > 0
        assert one.preparation.peak > 20


def test_the_slightest_mistake_is_caught() -> None:
    (result,) = race(Case("2-2-1"), here("Wrong"), PACE)
    assert result.outcome == "wrong"
    assert result.is_mistake
    assert result.error is not None
    assert 1e-9 < result.error < 1e-4
    assert result.seconds == ()


def test_who_cannot_take_part_is_told_with_the_reason() -> None:
    entries = {
        **here("Broken"),
        **here("Missing"),
        "Absent": Entry("", "", needs=("no_such_library",)),
        "Unable": Entry("", "", programs=("no-such-program",)),
        "Small": Entry("", "", largest=3),
        "Light": Entry("", "", heaviest=8),
    }
    assert outcomes(race(Case("2-2-1"), entries, PACE)) == {
        "Broken": ("failed", "to derive and compile: ValueError: no such thing"),
        "Missing": ("not there", "not built yet"),
        "Absent": ("not there", "pip install no_such_library"),
        "Unable": ("not there", "no no-such-program"),
        "Small": ("left out", "not beyond 3 parameters"),
        "Light": ("left out", "not beyond 8 parameters × examples"),
    }


def test_who_takes_too_long_is_stopped() -> None:
    start = time.perf_counter()
    (result,) = race(Case("2-2-1"), here("Slow"), Pace(budget=0.3))
    assert (result.outcome, result.reason) == ("over budget", "to derive and compile: over 0.3 s")
    assert time.perf_counter() - start < 30


def loss(case: Case, vector: Array) -> complex:
    """1/(n K) Σ (ŷ - y)² of the first batch."""
    (value, *_), (targets, *_) = case.data()
    for weight, bias in unflattened(case, vector):
        value = 1 / (1 + np.exp(-(value @ weight.T + bias)))
    return complex(((value - targets) ** 2).sum() / targets.size)


@pytest.mark.parametrize("batch", [1, 5])
def test_the_reference_takes_the_step_of_the_complex_step_derivative(batch: int) -> None:
    case = Case("4-3-2", batch, batches=1)
    start = flat(case.start())
    slopes = [loss(case, start + 1e-30j * unit).imag / 1e-30 for unit in np.eye(len(start))]
    reference = HandNumpy(case)
    reference.reset()
    reference.run(1)
    expected = start - case.rate * np.array(slopes)
    np.testing.assert_allclose(flat(reference.parameters()), expected, rtol=0, atol=1e-15)


def test_the_distance_is_relative_to_the_change() -> None:
    start = [(np.array([[1.0, 2.0]]), np.array([5.0]))]
    reference = [(np.array([[1.0, 2.5]]), np.array([5.01]))]
    mine = [(np.array([[1.0, 2.6]]), np.array([5.011]))]
    assert distance(mine, reference, start) == pytest.approx(0.1 / 0.5)
    assert np.isnan(distance([(np.array([[np.nan, 0]]), np.zeros(1))], reference, start))
    assert (
        distance([], reference, start)
        == distance([(np.zeros((2, 1)), np.zeros(1))], reference, start)
        == np.inf
    )
