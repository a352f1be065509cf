"""The course of the loss: means over stretches of steps, in constant memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.fitting import curve
from symbackprop.fitting.curve import Recorder


def recorded(losses: np.ndarray, pieces: list[int], interval: int = 1) -> Recorder:
    recorder = Recorder(interval)
    for part in np.split(losses, pieces):
        recorder.add(part)
    return recorder


def test_a_short_run_is_recorded_step_by_step() -> None:
    found = recorded(np.array([4.0, 2.0, 1.0]), []).curve()
    assert found.steps.tolist() == [1, 2, 3]
    assert found.means.tolist() == [4.0, 2.0, 1.0]
    assert len(Recorder().curve()) == 0


def test_every_so_many_steps_there_is_a_record() -> None:
    found = recorded(np.arange(8.0), [], 3).curve()
    assert found.steps.tolist() == [3, 6, 8]
    assert found.means.tolist() == [1.0, 4.0, 6.5]


@pytest.mark.parametrize("count", [1, 9, 10, 11, 1234, 5000])
def test_however_long_a_run_there_are_not_many_records(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve, "MOST", 10)
    losses = np.linspace(1, 0, count)
    found = recorded(losses, []).curve()
    assert min(count, 5) <= len(found) <= 10
    assert found.steps[-1] == count
    starts = [0, *found.steps[:-1]]
    expected = [losses[a:b].mean() for a, b in zip(starts, found.steps, strict=True)]
    np.testing.assert_allclose(found.means, expected, rtol=1e-13, atol=1e-15)


@given(
    losses=st.lists(st.floats(0, 1e6), min_size=1, max_size=80),
    cuts=st.lists(st.integers(0, 80), max_size=6),
    interval=st.integers(1, 4),
)
def test_what_is_recorded_does_not_depend_on_how_it_comes(
    losses: list[float], cuts: list[int], interval: int
) -> None:
    """To the last bit: a run that was interrupted records what one that was not does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curve, "MOST", 6)
        whole = recorded(np.array(losses), [], interval)
        parts = recorded(np.array(losses), sorted(min(one, len(losses)) for one in cuts), interval)
    assert parts == whole
