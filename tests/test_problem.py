"""Which rows a step takes, and how many steps there are."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

from symbackprop.load import loads
from symbackprop.problem import Problem, Training

RATE = Rational(1, 2)


def batches(training: Training, rows: int, count: int) -> list[list[int]]:
    return list(islice(training.batches(rows), count))


def problem(training: str = "", values: str = "w = 1") -> Problem:
    data = '[data]\ncolumns = ["x"]\nrows = [[1], [2], [3]]\n'
    rest = f"[training]\nlearning_rate = 1\n{training}\n" if training else ""
    return loads(f'[graph]\nequations = "L = w*x"\n[parameters]\n{values}\n{rest}{data}')


def test_rows_come_as_they_stand_and_again_and_again() -> None:
    assert batches(Training(RATE), 3, 7) == [[1], [2], [3], [1], [2], [3], [1]]


def test_the_last_batch_of_an_epoch_may_be_smaller() -> None:
    assert batches(Training(RATE, batch_size=2), 5, 6) == [[1, 2], [3, 4], [5], [1, 2], [3, 4], [5]]
    assert batches(Training(RATE, batch_size=9), 2, 2) == [[1, 2], [1, 2]]


def test_a_given_order_is_kept_and_may_repeat_a_row() -> None:
    training = Training(RATE, order=(3, 1, 3))
    assert batches(training, 3, 4) == [[3], [1], [3], [3]]
    assert batches(Training(RATE, order=(3, 1, 3), batch_size=2), 3, 3) == [[3, 1], [3], [3, 1]]


@given(rows=st.integers(1, 30), size=st.integers(1, 7), seed=st.integers(0, 10**6))
def test_shuffling_takes_every_row_once_an_epoch_and_is_the_same_for_a_seed(
    rows: int, size: int, seed: int
) -> None:
    training = Training(RATE, batch_size=size, shuffle=True, seed=seed)
    each = -(-rows // size)
    found = batches(training, rows, 3 * each)
    for epoch in range(3):
        taken = [row for batch in found[epoch * each : (epoch + 1) * each] for row in batch]
        assert Counter(taken) == Counter(range(1, rows + 1))
    assert found == batches(training, rows, 3 * each)


def test_epochs_and_seeds_differ() -> None:
    one = batches(Training(RATE, shuffle=True, seed=1), 20, 40)
    assert one[:20] != one[20:]
    assert one != batches(Training(RATE, shuffle=True, seed=2), 20, 40)


def test_shuffling_mixes_the_given_order() -> None:
    found = batches(Training(RATE, shuffle=True, order=(2, 4, 6)), 9, 3)
    assert sorted(found) == [[2], [4], [6]]


@pytest.mark.parametrize(
    ("training", "rows", "count"),
    [
        (Training(RATE, steps=7), 3, 7),
        (Training(RATE), 3, 3),
        (Training(RATE, epochs=4), 3, 12),
        (Training(RATE, epochs=2, batch_size=2), 5, 6),
        (Training(RATE, batch_size=10), 5, 1),
        (Training(RATE, order=(2, 1)), 9, 2),
        (Training(RATE, order=(2, 1, 2), batch_size=2, epochs=3), 9, 6),
        (Training(RATE), 0, 1),
        (Training(RATE, epochs=5), 0, 5),
    ],
)
def test_the_number_of_steps(training: Training, rows: int, count: int) -> None:
    assert training.count(rows) == count


def test_the_values_at_an_example() -> None:
    assert problem().at(3) == {"w": 1, "x": 3}
    assert problem("order = [2, 1]").first_example == 2
    assert problem("steps = 1").first_example == 1


def test_what_is_missing_is_named() -> None:
    incomplete = loads('[graph]\nequations = "L = w*x + v"\n[parameters]\nw = 1\n[inputs]\nx = 2\nv = 3\n')
    assert incomplete.missing == []
    symbolic = loads("[network]\nlayers = [1, 1]\n[loss]\nname = 'mse'\n[inputs]\nx = 2\n")
    assert symbolic.missing == ["y", "w", "b"]
    assert not symbolic.is_numeric


@pytest.mark.parametrize(
    ("training", "plain"),
    [
        (Training(RATE), True),
        (Training(RATE, optimizer="adam"), False),
        (Training(RATE, momentum=Rational(1, 2)), False),
        (Training(RATE, weight_decay=Rational(1, 2)), False),
    ],
)
def test_a_plain_update_is_the_gradient_and_nothing_more(training: Training, *, plain: bool) -> None:
    assert training.plain is plain
