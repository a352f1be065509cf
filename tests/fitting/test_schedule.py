"""Which rows each step takes: the batches of the training, the same ones wherever a run is taken up."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

from symbackprop.errors import DataError
from symbackprop.fitting import schedule
from symbackprop.fitting.examples import Examples
from symbackprop.fitting.schedule import Stretch, cut, of_stream, of_table, without_table
from symbackprop.fitting.sources import Columns
from symbackprop.problem import Training

RATE = Rational(1, 2)

trainings = st.builds(
    lambda size, shuffle, seed, order: Training(
        RATE, batch_size=size, shuffle=shuffle, seed=seed, order=tuple(order)
    ),
    st.integers(1, 7),
    st.booleans(),
    st.integers(-3, 3),
    st.lists(st.integers(1, 5), max_size=6),
)


def numbers(rows: int) -> Examples:
    """Examples whose only number is that of their row."""
    return Examples(Columns({"x": np.arange(1, rows + 1)}), ("x",), {})


def taken(stretches: Iterable[Stretch]) -> list[list[int]]:
    """The rows of each step, both as the stretch says and as they stand in its table."""
    found = []
    for stretch in stretches:
        for step, places in enumerate(stretch.order):
            rows = stretch.examples(step)
            assert stretch.table[places, 0].astype(int).tolist() == rows
            found.append(rows)
    return found


def of_memory(training: Training, rows: int, start: int, stop: int, together: int = 8) -> list[list[int]]:
    stretches = of_table(numbers(rows).whole(), training, start, together)
    return taken(cut(stretches, start, stop, [together]))


@given(training=trainings, rows=st.integers(5, 12), start=st.integers(0, 30), together=st.integers(1, 40))
def test_in_memory_the_batches_are_those_of_the_training(
    training: Training, rows: int, start: int, together: int
) -> None:
    expected = list(islice(training.batches(rows), start, start + 30))
    assert of_memory(training, rows, start, start + 30, together) == expected


def streamed(
    training: Training, rows: int, start: int, stop: int | None, epochs: int | None
) -> list[list[int]]:
    return taken(cut(of_stream(numbers(rows), training, start, epochs), start, stop, [8]))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "BLOCK", 8)


@pytest.mark.parametrize("rows", [1, 5, 8, 9, 16, 21])
@pytest.mark.parametrize("size", [1, 2, 3, 8, 20])
def test_a_stream_that_is_not_mixed_gives_the_batches_of_the_training(rows: int, size: int) -> None:
    training = Training(RATE, batch_size=size)
    each = -(-rows // size)
    expected = list(islice(training.batches(rows), 3 * each))
    assert streamed(training, rows, 0, None, 3) == expected
    assert streamed(training, rows, 0, 3 * each, None) == expected


@pytest.mark.parametrize("rows", [5, 8, 21])
@pytest.mark.parametrize("size", [1, 3])
def test_a_stream_is_mixed_within_blocks(rows: int, size: int) -> None:
    training = Training(RATE, batch_size=size, shuffle=True, seed=4)
    each = -(-rows // size)
    block = size * (8 // size)
    epochs = [streamed(training, rows, epoch * each, (epoch + 1) * each, None) for epoch in range(3)]
    for epoch in epochs:
        order = [row for batch in epoch for row in batch]
        assert sorted(order) == list(range(1, rows + 1))
        for first in range(0, rows, block):
            assert sorted(order[first : first + block]) == list(
                range(first + 1, min(first + block, rows) + 1)
            )
    assert epochs[0] != epochs[1]
    assert epochs == [streamed(training, rows, e * each, (e + 1) * each, None) for e in range(3)]
    other = Training(RATE, batch_size=size, shuffle=True, seed=5)
    assert streamed(other, rows, 0, each, None) != epochs[0]


@given(start=st.integers(0, 70), shuffle=st.booleans(), size=st.integers(1, 5), rows=st.integers(1, 30))
def test_a_stream_taken_up_anywhere_goes_on_in_the_same_way(
    start: int, shuffle: bool, size: int, rows: int
) -> None:
    training = Training(RATE, batch_size=size, shuffle=shuffle)
    whole = streamed(training, rows, 0, 75, None)
    assert streamed(training, rows, start, 75, None) == whole[start:]


@given(start=st.integers(0, 30), size=st.integers(1, 5))
def test_in_the_first_epoch_nobody_need_know_how_many_rows_there_are(start: int, size: int) -> None:
    training = Training(RATE, batch_size=size, shuffle=True)
    whole = streamed(training, 30, 0, 40, None)
    examples = numbers(30)
    examples.rows = None
    start = min(start, -(-30 // size))
    assert taken(cut(of_stream(examples, training, start, None), start, 40, [8])) == whole[start:]


def test_without_rows_there_is_no_stream() -> None:
    with pytest.raises(DataError, match="has no rows"):
        list(of_stream(numbers(0), Training(RATE), 0, None))


def test_steps_without_a_table_take_nothing() -> None:
    parts = list(cut(without_table(5, 4), 5, 11, [4]))
    assert [(one.done, one.order.shape) for one in parts] == [(5, (3, 0)), (8, (3, 0))]


@given(start=st.integers(0, 50), length=st.integers(0, 60), every=st.integers(1, 9))
def test_runs_are_cut_at_the_same_steps_wherever_they_begin(start: int, length: int, every: int) -> None:
    training = Training(RATE, batch_size=3, shuffle=True)
    marks = [8, every]
    stop = start + length

    def cuts(begin: int) -> set[int]:
        table = numbers(10).whole()
        parts = list(cut(of_table(table, training, begin, 8), begin, stop, marks))
        ends = [part.done + len(part.order) for part in parts]
        assert [part.done for part in parts] == [begin, *ends[:-1]][: len(parts)]
        return set(ends)

    assert cuts(start) == {one for one in cuts(0) if one > start}
    assert all(mark in cuts(start) for mark in range(start + 1, stop + 1) if mark % every == 0)
