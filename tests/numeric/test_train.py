"""Training runs: simultaneous updates, batches, rounded values carried, the table of losses, determinism."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from symbackprop.errors import Mistake, Mistakes, TrainingError, ValuesError
from symbackprop.load import load, loads
from symbackprop.numeric.train import Trace, train
from symbackprop.problem import Problem

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> Problem:
    return load(EXAMPLES / name / f"{name}.toml")


def line(training: str, loss: str = "L = (w*x + b - y)**2") -> Problem:
    """A line through four points."""
    return loads(
        f'[graph]\nequations = "{loss}"\n[parameters]\nw = 0.5\nb = -1\n[training]\n{training}\n'
        '[data]\ncolumns = ["x", "y"]\nrows = [[1, 2], [2, 1], [3, 5], [4, 0]]\n'
    )


def weights(trace: Trace) -> list[tuple[float, float]]:
    return [(one.after["w"], one.after["b"]) for one in trace.iterations]


POINTS = ((1.0, 2.0), (2.0, 1.0), (3.0, 5.0), (4.0, 0.0))


def plain_line(rows: list[list[int]], rate: float) -> list[tuple[float, float]]:
    """The states of w and b when both are updated from the old values by the mean gradient."""
    w, b, found = 0.5, -1.0, []
    for batch in rows:
        errors = [(w * x + b - y, x) for x, y in (POINTS[row - 1] for row in batch)]
        by_w = sum(2 * error * x for error, x in errors) / len(batch)
        by_b = sum(2 * error for error, _ in errors) / len(batch)
        w, b = w - rate * by_w, b - rate * by_b
        found.append((w, b))
    return found


# ----------------------------------------------------------------------------------------------- the update


def test_all_parameters_are_updated_from_the_old_values() -> None:
    """L = u v: u becomes u - ηv and v becomes v - ηu of the old u."""
    rest = "[parameters]\nu = 3\nv = 5\n[training]\nlearning_rate = 0.5\nsteps = 2\n"
    first, second = train(loads('[graph]\nequations = "L = u*v"\n' + rest)).iterations
    assert first.after == {"u": 3 - 2.5, "v": 5 - 1.5}
    assert second.before == first.after
    assert second.after == {"u": 0.5 - 1.75, "v": 3.5 - 0.25}


@pytest.mark.parametrize(
    ("training", "rows"),
    [
        ("steps = 6", [[1], [2], [3], [4], [1], [2]]),
        ("batch_size = 3\nsteps = 4", [[1, 2, 3], [4], [1, 2, 3], [4]]),
        ("batch_size = 4\nepochs = 3", [[1, 2, 3, 4]] * 3),
        ("order = [4, 2]\nsteps = 3", [[4], [2], [4]]),
        ("order = [4, 2, 2]\nbatch_size = 2\nsteps = 3", [[4, 2], [2], [4, 2]]),
        ("epochs = 2", [[1], [2], [3], [4]] * 2),
        ("", [[1], [2], [3], [4]]),
    ],
)
def test_a_line_is_fitted_as_by_hand(training: str, rows: list[list[int]]) -> None:
    trace = train(line("learning_rate = 0.0625\n" + training))
    assert [list(one.examples) for one in trace.iterations] == rows
    np.testing.assert_allclose(weights(trace), plain_line(rows, 0.0625), rtol=1e-13, atol=1e-15)


def test_the_number_of_steps_may_be_given() -> None:
    trace = train(line("learning_rate = 0.0625\nsteps = 6"), steps=2)
    assert len(trace.iterations) == 2
    assert [len(trace.losses.states), *trace.losses.table.shape] == [3, 3, 4]


NETWORK = """\
[network]
layers = [{ units = 1, activation = "identity", weight = [[0.5]], bias = [-1] }]
inputs = 1
[loss]
name = "mse"
reduction = "@"
[training]
learning_rate = 0.0625
batch_size = 3
steps = 2
[data]
columns = ["x", "y"]
rows = [[1, 2], [2, 1], [3, 5], [4, 0]]
"""


def test_a_batch_takes_the_mean_or_the_sum_of_its_gradients_and_losses() -> None:
    mean, total = (train(loads(NETWORK.replace("@", one))).iterations for one in ("mean", "sum"))
    errors = [(0.5 * x - 1 - y, x) for x, y in POINTS[:3]]
    by_w = sum(2 * error * x for error, x in errors)
    loss = sum(error**2 for error, _ in errors)
    assert mean[0].gradients["w"] == pytest.approx(by_w / 3, rel=1e-14)
    assert total[0].gradients["w"] == pytest.approx(by_w, rel=1e-14)
    assert mean[0].loss == pytest.approx(loss / 3, rel=1e-14)
    assert total[0].loss == pytest.approx(loss, rel=1e-14)
    assert list(mean[1].examples) == [4]
    assert total[1].after["w"] == pytest.approx(
        total[1].before["w"] - 0.0625 * total[1].gradients["w"], rel=1e-14
    )


def test_a_batch_is_the_mean_of_its_examples_one_by_one() -> None:
    text = (EXAMPLES / "obesity" / "obesity.toml").read_text(encoding="utf-8")
    whole = train(loads(text.replace("batch_size = 1", "batch_size = 10")), steps=1).iterations[0]
    single = [
        train(loads(text.replace("steps = 3", f"order = [{row}]")), steps=1).iterations[0].gradients
        for row in range(1, 11)
    ]
    assert len(whole.gradients) == 23
    for name, value in whole.gradients.items():
        assert value == pytest.approx(math.fsum(one[name] for one in single) / 10, rel=1e-12, abs=1e-18)


# ------------------------------------------------------------------------------------- rounded values carried


class Hand:
    """A calculation by hand with three digits: after the point from 0.001 up, else in the mantissa."""

    def __init__(self, rounding: str) -> None:
        self.rounding = rounding

    def __call__(self, value: Decimal) -> Decimal:
        if not value:
            return value
        place = -3 if abs(value) >= Decimal("0.001") else value.adjusted() - 3
        return value.quantize(Decimal(1).scaleb(place), self.rounding)

    def sigmoid(self, value: Decimal) -> Decimal:
        return self(1 / (1 + (-value).exp()))


def chain_by_hand(rounding: str) -> list[dict[str, Decimal]]:
    """Two steps of the chain of three sigmoid neurons from zero weights; η = 1."""
    hand, zero = Hand(rounding), Decimal(0)
    w, b = [zero] * 3, [zero] * 3
    states = []
    for x, y in ((Decimal(1), Decimal(1)), (Decimal(5), Decimal(0))):
        o = [x]
        for weight, bias in zip(w, b, strict=True):
            o.append(hand.sigmoid(hand(weight * o[-1] + bias)))
        slopes = [hand(one * (1 - one)) for one in o[1:]]
        delta = [zero] * 3
        delta[2] = hand(hand(2 * (o[3] - y)) * slopes[2])
        delta[1] = hand(hand(delta[2] * w[2]) * slopes[1])
        delta[0] = hand(hand(delta[1] * w[1]) * slopes[0])
        by_weight = [hand(delta[place] * o[place]) for place in range(3)]
        w = [hand(old - slope) for old, slope in zip(w, by_weight, strict=True)]
        b = [hand(old - slope) for old, slope in zip(b, delta, strict=True)]
        states.append(
            {f"w_{i}": one for i, one in enumerate(w, 1)} | {f"b_{i}": one for i, one in enumerate(b, 1)}
        )
    return states


def rounded_chain(rounding: str) -> Trace:
    text = (EXAMPLES / "chain" / "chain.toml").read_text(encoding="utf-8")
    return train(loads(text + f'[conventions]\ndigits = 3\ncarry = "rounded"\nrounding = "{rounding}"\n'))


@pytest.mark.parametrize(("rounding", "mode"), [("half_up", ROUND_HALF_UP), ("half_even", ROUND_HALF_EVEN)])
def test_carried_rounded_values_are_those_of_a_calculation_by_hand(rounding: str, mode: str) -> None:
    iterations = rounded_chain(rounding).iterations
    for iteration, expected in zip(iterations, chain_by_hand(mode), strict=True):
        assert iteration.after == {name: float(value) for name, value in expected.items()}


def test_the_two_roundings_part_at_a_tie() -> None:
    """h_3 = 0.125·0.5 + 0.25 = 0.3125 in the second step; δ_2 = 0.282·0.125·0.25 = 0.0088125."""
    for rounding, preactivation, delta in (("half_up", 0.313, 0.009), ("half_even", 0.312, 0.009)):
        second = rounded_chain(rounding).iterations[1]
        assert second.evaluation.values["h_3"] == preactivation
        assert second.evaluation.deltas["delta_3"] == 0.282
        assert second.evaluation.deltas["delta_2"] == delta


def test_nothing_is_rounded_unless_asked_for() -> None:
    second = train(example("chain")).iterations[1]
    assert second.evaluation.values["h_3"] == 0.3125
    assert second.evaluation.values["o_3"] == pytest.approx(1 / (1 + math.exp(-0.3125)), rel=1e-15)


# ---------------------------------------------------------------------------------------- the table of losses


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def obesity_loss(parameters: dict[str, float], inputs: list[float], target: float) -> float:
    """The 3-3-2-1 network forward, in the order of a textbook."""
    a = [
        sigmoid(sum(parameters[f"w_{i}{j}"] * inputs[j - 1] for j in (1, 2, 3)) + parameters[f"b_{i}"])
        for i in (1, 2, 3)
    ]
    g = [
        sigmoid(sum(parameters[f"v_{i}{j}"] * a[j - 1] for j in (1, 2, 3)) + parameters[f"c_{i}"])
        for i in (1, 2)
    ]
    return (sigmoid(parameters["u_1"] * g[0] + parameters["u_2"] * g[1] + parameters["d"]) - target) ** 2


def test_the_table_of_losses_is_every_state_at_every_example() -> None:
    problem = example("obesity")
    trace = train(problem)
    states = [trace.iterations[0].before, *(one.after for one in trace.iterations)]
    rows = [[float(one[name]) for name in ("x_1", "x_2", "x_3", "y")] for one in problem.examples]
    expected = [[obesity_loss(state, row[:3], row[3]) for row in rows] for state in states]
    assert trace.losses.table.shape == (4, 10)
    np.testing.assert_allclose(trace.losses.table, expected, rtol=1e-12)
    np.testing.assert_allclose(trace.losses.mean(), [math.fsum(row) / 10 for row in expected], rtol=1e-12)
    np.testing.assert_allclose(
        trace.losses.mean([1, 2, 3]), [math.fsum(row[:3]) / 3 for row in expected], rtol=1e-12
    )
    assert trace.used == [1, 2, 3]
    assert list(trace.losses.examples) == list(range(1, 11))


def test_the_loss_of_an_iteration_is_that_before_its_update() -> None:
    trace = train(example("obesity"))
    for number, iteration in enumerate(trace.iterations):
        (row,) = iteration.examples
        assert iteration.loss == pytest.approx(trace.losses.table[number, row - 1], rel=1e-14)


def test_a_problem_without_a_table_has_one_column() -> None:
    trace = train(example("homework"))
    assert list(trace.losses.examples) == []
    assert trace.losses.table.shape == (2, 1)
    # f = exp(-6) before; after θ = (1 + 2e⁻⁶, 1 + 8e⁻⁶, 1 + 2e⁻⁶): s = 6 + 36 e⁻⁶
    small = math.exp(-6)
    np.testing.assert_allclose(trace.losses.table[:, 0], [small, math.exp(-6 - 36 * small)], rtol=1e-13)
    assert trace.used == []


# ------------------------------------------------------------------------------------------------ determinism


def test_a_seed_makes_a_run_the_same_again() -> None:
    training = "learning_rate = 0.01\nshuffle = true\nepochs = 5\nbatch_size = 2\nseed = {}"
    one, again, other = (train(line(training.format(seed))) for seed in (7, 7, 8))
    assert [list(i.examples) for i in one.iterations] == [list(i.examples) for i in again.iterations]
    assert weights(one) == weights(again)
    assert (one.losses.table == again.losses.table).all()
    assert weights(one) != weights(other)
    for epoch in range(5):
        taken = [row for i in one.iterations[2 * epoch : 2 * epoch + 2] for row in i.examples]
        assert sorted(taken) == [1, 2, 3, 4]


def test_a_run_does_not_touch_its_problem_and_may_be_repeated() -> None:
    problem = line("learning_rate = 0.01\nmomentum = 0.9\nsteps = 3")
    before = dict(problem.values)
    assert weights(train(problem)) == weights(train(problem))
    assert problem.values == before


def test_progress_is_told_after_every_update() -> None:
    seen: list[int] = []
    train(line("learning_rate = 0.01\nsteps = 5"), progress=seen.append)
    assert seen == [1, 2, 3, 4, 5]


# ------------------------------------------------------------------------------------------------- refusals


def refusal(problem: Problem) -> Mistake:
    with pytest.raises(Mistake) as caught:
        train(problem)
    return caught.value


def test_without_a_section_or_numbers_there_is_no_training() -> None:
    assert isinstance(refusal(example("gates")), TrainingError)
    minimal = (EXAMPLES / "minimal" / "minimal.toml").read_text(encoding="utf-8")
    found = refusal(loads(minimal + "[training]\nlearning_rate = 1\n"))
    assert isinstance(found, TrainingError)
    assert "x_1" in found.what


def test_where_nothing_can_be_updated_training_is_refused() -> None:
    rest = '[training]\nlearning_rate = 0.1\n[data]\ncolumns = ["x"]\nrows = [[1], [2]]\n'
    try:
        problem = loads('[graph]\nequations = "L = x**2"\n' + rest)
    except (Mistake, Mistakes):
        return
    assert isinstance(refusal(problem), TrainingError)


@pytest.mark.parametrize(("rate", "step"), [("1e3", 3), ("1e300", 2)])
def test_an_overflow_names_the_step(rate: str, step: int) -> None:
    """w' = w - 8ηw⁷: from 2 it is with η = 1000 about -1e6 and 9e45, and (9e45)⁸ is no double."""
    rest = f"[parameters]\nw = 2\n[training]\nlearning_rate = {rate}\nsteps = 9\n"
    found = refusal(loads('[graph]\nequations = "L = w**8"\n' + rest))
    assert isinstance(found, TrainingError)
    assert f"step {step}:" in found.what
    assert "learning rate" in found.fix


def test_data_at_which_a_node_has_no_value_are_no_fault_of_the_learning_rate() -> None:
    found = refusal(line("learning_rate = 0.001", "L = (w + b)*log(x - 2.5)"))
    assert isinstance(found, ValuesError | TrainingError)
    assert "example 1" in found.where
    assert "learning rate" not in found.fix
    text = '[graph]\nequations = "L = w*log(x)"\n[parameters]\nw = 1\n[training]\nlearning_rate = 0.1\n'
    late = refusal(loads(text + '[data]\ncolumns = ["x"]\nrows = [[1], [2], [-1]]\n'))
    assert "example 3" in late.where
    assert "learning rate" not in late.fix
