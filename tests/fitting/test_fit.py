"""Runs take the steps of the worked solution, on every backend, from every source; mistakes are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbackprop.errors import DataError, Mistake, Mistakes, TrainingError, ValuesError
from symbackprop.fitting import schedule
from symbackprop.fitting.fit import Fit, fit
from symbackprop.load import load, loads
from symbackprop.numeric.train import Trace, train
from symbackprop.problem import Problem
from symbackprop.solution.fitting import _norm
from tests.backends.everywhere import EVERYWHERE
from tests.examples import EXAMPLES, Example
from tests.fitting.files import WRITERS, written
from tests.fitting.problems import NETWORK, line, network, points, same, trained_with

TRAINED = [one for one in EXAMPLES if "train" in one.commands]
QUICK = ("python", "numpy", "torch")
"""The backends that compile nothing."""

EVERY_EXAMPLE = [
    pytest.param(one, *backend.values, marks=backend.marks, id=f"{one}-{backend.values[0]}")
    for one in TRAINED
    for backend in EVERYWHERE
    if backend.values[0] in QUICK or one.name in ("obesity", "minibatch-sgd")
]


def by_hand(problem: Problem, steps: int | None = None) -> Trace:
    return train(problem, steps=steps)


def agree(found: Fit, trace: Trace, near: float = 1e-12) -> None:
    """The same parameters, and the same losses on the way."""
    assert found.steps == len(trace.iterations)
    last = trace.iterations[-1].after
    assert list(found.parameters) == list(last)
    for name, value in last.items():
        np.testing.assert_allclose(found.parameters[name], value, rtol=near, atol=near)
    losses = [one.loss for one in trace.iterations]
    np.testing.assert_allclose(found.losses.means, losses, rtol=near, atol=near)


# ------------------------------------------------------------------------------------- as the worked solution


@pytest.mark.parametrize(("example", "backend"), EVERY_EXAMPLE)
def test_every_example_is_trained_as_its_solution_says(example: Example, backend: str) -> None:
    problem = load(example.spec)
    agree(fit(problem, backend=backend), by_hand(problem))


@pytest.mark.parametrize("notation", ["component", "matrix"])
@pytest.mark.parametrize(
    "training",
    [
        "batch_size = 2\nepochs = 3",
        "batch_size = 3\nsteps = 11",
        "batch_size = 9\nsteps = 3",
        "batch_size = 2\nsteps = 20\nshuffle = true\nseed = 3",
        "batch_size = 2\nsteps = 7\norder = [5, 2, 2, 1, 4]",
        "steps = 9\nmomentum = 0.5\nnesterov = true\nweight_decay = 0.01",
        "steps = 9\noptimizer = 'adam'",
    ],
)
def test_batches_and_optimizers_are_those_of_the_training(training: str, notation: str) -> None:
    problem = network(training, notation, points(7))
    agree(fit(problem), by_hand(problem))


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_a_problem_without_examples_is_trained(backend: str) -> None:
    rest = "[parameters]\nu = 3\nv = 5\n[training]\nlearning_rate = 0.125\nsteps = 4\n"
    problem = loads('[graph]\nequations = "L = u*v"\n' + rest)
    agree(fit(problem, backend=backend), by_hand(problem))


def test_arrays_of_equations_are_made_of_columns() -> None:
    problem = loads(
        """
        [graph]
        equations = "L = sum((X @ w + b - y)**2)/n"
        [shapes]
        w = [2]
        [parameters]
        w = [0.5, -1]
        b = 0.25
        [training]
        learning_rate = 0.03125
        batch_size = 2
        steps = 5
        [data]
        columns = ["u", "v", "y"]
        rows = [[1, 2, 1], [0, 1, 3], [2, 2, -1]]
        [data.arrays]
        X = ["v", "u"]
        y = "y"
        """
    )
    agree(fit(problem), by_hand(problem))


def test_a_sum_over_a_batch_is_no_mean() -> None:
    text = "inputs = 1\nlayers = [{ units = 1, activation = 'identity', weight = [[0.5]], bias = [-1] }]\n"
    loss = "[loss]\nname = 'mse'\nreduction = 'sum'\n[training]\nlearning_rate = 0.0625\nbatch_size = 3\n"
    data = "[data]\ncolumns = ['x', 'y']\nrows = [[1, 2], [2, 1], [3, 5], [4, 0]]\n"
    problem = loads(f"[network]\n{text}{loss}{data}")
    agree(fit(problem, steps=4), by_hand(problem, 4))


def test_single_precision_is_nearly_as_good() -> None:
    problem = network("steps = 20", "component", points(7))
    found = fit(problem, dtype="float32")
    assert found.parameters["b_1__1"].dtype == np.float32
    agree(found, by_hand(problem), near=1e-4)


def test_there_is_one_step_for_each_batch_of_an_epoch_unless_more_are_asked_for() -> None:
    assert fit(line()).steps == 4
    assert fit(line("epochs = 3\nbatch_size = 3")).steps == 6
    assert fit(line("epochs = 3"), steps=5).steps == 5


# --------------------------------------------------------------------------------------------- from files


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("notation", ["component", "matrix"])
def test_examples_may_come_from_a_file(tmp_path: Path, ending: str, notation: str) -> None:
    table = points(7)
    training = "batch_size = 2\nepochs = 2"
    path = written(tmp_path, ending, {**table, "more": table["y"]})
    agree(fit(network(training, notation), data=path), by_hand(network(training, notation, table)))


def test_columns_may_be_given_in_memory() -> None:
    table = points(7)
    training = "batch_size = 2\nsteps = 9\nshuffle = true"
    agree(fit(network(training), data=table), by_hand(network(training, table=table)))


@pytest.mark.parametrize("ending", WRITERS)
def test_a_spec_may_name_a_file_that_stays_where_it_is(tmp_path: Path, ending: str) -> None:
    table = points(7)
    path = written(tmp_path, ending, table)
    stream = "stream = true\n" if ending == ".csv" else ""
    problem = network("epochs = 2")
    spec = tmp_path / "s.toml"
    data = f"[data]\nfile = '{path.name}'\n{stream}"
    spec.write_text(NETWORK.format(notation="component", training="epochs = 2") + data, encoding="utf-8")
    streamed = load(spec)
    assert streamed.data is None
    assert same(fit(streamed).parameters, fit(problem, data=path).parameters)
    agree(fit(streamed), by_hand(network("epochs = 2", table=table)))


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_inputs_are_computed_in_each_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """The same as from exact numbers, to rounding."""
    monkeypatch.setattr(schedule, "BLOCK", block)
    problem = load(Path(__file__).parents[2] / "examples" / "obesity" / "obesity.toml")
    assert problem.data is not None
    raw = [[float(one) for one in row] for row in problem.data.rows]
    table = dict(zip(problem.data.columns, np.array(raw).T, strict=True))
    path = written(tmp_path, ".csv", table)
    found = fit(trained_with(problem, steps=15, batch_size=3), data=path)
    agree(found, by_hand(trained_with(problem, steps=15, batch_size=3)), near=1e-10)


def test_an_array_without_heads_has_the_columns_of_the_problem(tmp_path: Path) -> None:
    table = points(7)
    np.save(tmp_path / "d.npy", np.column_stack([table["x_1"], table["x_2"], table["y"]]))
    training = "epochs = 2"
    agree(fit(network(training), data=tmp_path / "d.npy"), by_hand(network(training, table=table)))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"x_1": [1.0], "y": [1.0]}, "no column gives 'x_2'"),
        ({"x_1": [1.0], "x_2": [np.nan], "y": [1.0]}, "no finite number in the column 'x_2' at row 1"),
        ({"x_1": [], "x_2": [], "y": []}, "has no rows"),
    ],
)
def test_examples_that_cannot_be_used_are_refused(table: Mapping[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        fit(network("steps = 3"), data=table)


def test_a_number_that_is_none_is_told_with_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "BLOCK", 9)
    table = points(8)
    table["y"][5] = np.inf
    with pytest.raises(DataError, match="in the column 'y' at row 6"):
        fit(network("epochs = 1"), data=written(tmp_path, ".npy", table))


def test_examples_of_which_nothing_is_asked() -> None:
    """Rows of the spec are passed by; a file that is named is missed by nobody, which is told."""
    problem = line("steps = 3", "[inputs]\nx = 1\ny = 2\n[data]\ncolumns = ['x']\nrows = [[1], [2]]\n")
    agree(fit(problem), by_hand(problem))
    with pytest.raises(DataError, match="the graph takes nothing from the examples"):
        fit(problem, data={"x": [1.0]})


def test_nothing_says_which_columns_make_an_array() -> None:
    problem = loads(
        '[graph]\nequations = "L = sum((X @ w)**2)"\n[shapes]\nX = ["n", 2]\nw = [2]\n'
        "[parameters]\nw = [1, 2]\n[inputs]\nX = [[1, 2]]\n[training]\nlearning_rate = 0.1\n"
    )
    values = {name: value for name, value in problem.values.items() if name != "X"}
    with pytest.raises(TrainingError, match="nothing says which columns make X"):
        fit(replace(problem, values=values), data={"X": [1.0]})


# -------------------------------------------------------------------------------- what goes wrong on the way


def told(problem: Problem, **options: Any) -> str:
    with pytest.raises((Mistake, Mistakes)) as caught:
        fit(problem, **options)
    return str(caught.value)


def told_by_hand(problem: Problem) -> str:
    with pytest.raises((TrainingError, ValuesError)) as caught:
        train(problem)
    return str(caught.value)


def running_away(rate: str) -> Problem:
    return loads(
        f'[graph]\nequations = "L = (w*x - y)**2"\n[parameters]\nw = 0.5\n[training]\n'
        f"learning_rate = {rate}\nsteps = 200\n[data]\ncolumns = ['x', 'y']\nrows = [[1, 2], [3, 4]]\n"
    )


@pytest.mark.parametrize(("rate", "step"), [("1e3", 42), ("1e100", 3), ("1e300", 2)])
def test_a_run_that_diverges_says_what_the_worked_solution_says(rate: str, step: int) -> None:
    """The step, the node and the example."""
    said = told(running_away(rate))
    assert f"diverges at step {step}" in said
    assert said == told_by_hand(running_away(rate))


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_whatever_backend_diverges_numpy_says_where(backend: str) -> None:
    assert told(running_away("1e3"), backend=backend) == told_by_hand(running_away("1e3"))


def test_in_a_batch_the_example_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "BLOCK", 8)
    table = {"x": [1.0, 1.0, 1.0, 1.0, 1.0, -1.0], "y": [1.0] * 6}
    text = '[graph]\nequations = "L = log(x*w) - y"\n[parameters]\nw = 1\n[training]\nlearning_rate = 0.001\n'
    problem = loads(text + 'batch_size = 2\n[data]\nfile = "d.npy"\n', folder=tmp_path)
    said = told(problem, data=written(tmp_path, ".npy", table))
    assert "the node L is not a number" in said
    assert "at example 6" in said


def test_examples_at_which_a_node_has_no_value_are_no_fault_of_the_learning_rate() -> None:
    problem = loads(
        '[graph]\nequations = "L = (log(x)*w - y)**2"\n[parameters]\nw = 0.5\n[training]\n'
        "learning_rate = 0.1\nsteps = 4\n[data]\ncolumns = ['x', 'y']\nrows = [[1, 2], [2, 3], [0, 1]]\n"
    )
    assert told(problem) == told_by_hand(problem)


def test_arrays_tell_the_node_too() -> None:
    problem = trained_with(network("batch_size = 3", "matrix", points(7)), learning_rate=1e150, steps=50)
    assert told(problem) == told_by_hand(problem)


def test_a_long_way_may_be_gone_before_a_run_diverges() -> None:
    """The bad step is found among thousands that were taken at once."""
    problem = line("steps = 5000\nmomentum = 0.9")
    problem = trained_with(problem, learning_rate=problem.training.learning_rate * 5)  # type: ignore[union-attr]
    said = told(problem)
    assert said == told_by_hand(problem)


def test_single_precision_overflows_earlier_and_says_so() -> None:
    text = '[graph]\nequations = "L = (w*x - y)**2"\n[parameters]\nw = 0.5\n[training]\n'
    problem = loads(
        f"{text}learning_rate = 1e3\nsteps = 200\n[data]\ncolumns = ['x', 'y']\nrows = [[1, 2]]\n"
    )
    early, late = told(problem, dtype="float32"), told(problem)
    assert int(early.split("step ")[1].split(":")[0]) < int(late.split("step ")[1].split(":")[0])


# ------------------------------------------------------------------------------------- what is refused before


def softmax(notation: str) -> Problem:
    layers = "layers = [{ units = 2, activation = 'softmax', weight = [[1, 2], [0, 1]], bias = [0, 0] }]"
    return loads(
        f"[network]\nnotation = '{notation}'\ninputs = 2\n{layers}\n[loss]\nname = 'cross_entropy'\n"
        "[training]\nlearning_rate = 0.1\nbatch_size = 2\n"
    )


@pytest.mark.parametrize("notation", ["component", "matrix"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_targets_that_are_no_distribution_are_told_with_their_row(notation: str, dtype: str) -> None:
    good = [0.1, 0.9, 0.3, 1.0]
    table = {"x_1": [1.0] * 4, "x_2": [2.0] * 4, "y_1": good, "y_2": [1 - one for one in good]}
    assert fit(softmax(notation), data=table, dtype=dtype).steps == 2
    table["y_2"][2] = 0.5
    said = told(softmax(notation), data=table, dtype=dtype)
    assert "the targets of row 3 add up to 0.8, not to 1" in said
    assert "collapse = false" in said


def test_targets_given_once_for_all_are_looked_at_too() -> None:
    text = (
        '[graph]\nequations = "p = softmax(W @ x); L = -sum(y*log(p))"\n[parameters]\nW = [[1, 2], [0, 1]]\n'
    )
    rest = "[training]\nlearning_rate = 0.1\nsteps = 3\n[inputs]\nx = [1, 2]\n[targets]\ny = [0.25, @]\n"
    problem = loads(text + rest.replace("@", "0.75"))
    agree(fit(problem), by_hand(problem))
    assert "the targets y do not add up to 1" in told(loads(text + rest.replace("@", "0.5")))


def test_a_distribution_over_the_examples_of_a_batch_is_refused() -> None:
    """Whether it adds up to 1 depends on which examples a batch has."""
    equations = "p = softmax(X @ w, axis=0); L = -sum(y*log(p))"
    problem = loads(
        f'[graph]\nequations = "{equations}"\n[shapes]\nX = ["n", 2]\n[parameters]\nw = [1, 2]\n'
        "[training]\nlearning_rate = 0.1\nbatch_size = 2\n[data]\ncolumns = ['u', 'v', 't']\n"
        "rows = [[1, 2, 0.5], [2, 3, 0.5]]\n[data.arrays]\nX = ['u', 'v']\ny = 't'\n"
    )
    assert "to add up to 1 over the examples of a batch" in told(problem)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"backend": "nump"}, ["unknown backend 'nump'", "did you mean 'numpy'?"]),
        ({"dtype": "float16"}, ["unknown dtype 'float16'"]),
        ({"steps": 0}, ["steps is 0"]),
        ({"every": 0, "checkpoint": "c"}, ["every is 0"]),
        ({"devices": -1}, ["devices is -1"]),
        ({"devices": 2}, ["the backend numpy computes on one device", "take backend jax"]),
        ({"resume": True}, ["nothing says what is resumed"]),
        ({"data": "none.csv"}, ["none.csv cannot be read"]),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], says: list[str]) -> None:
    said = told(line(), **options)
    assert all(words in said for words in says), said


def test_without_a_section_or_numbers_there_is_no_run() -> None:
    with pytest.raises(TrainingError, match=r"there is no \[training\] section"):
        fit(loads('[graph]\nequations = "L = w**2"\n[parameters]\nw = 1\n'))
    with pytest.raises(TrainingError, match="no number for x_1, x_2, y"):
        fit(network("steps = 3"))


def test_rounded_values_are_not_carried() -> None:
    problem = load(Path(__file__).parents[2] / "examples" / "chain" / "chain.toml")
    rounded = replace(problem, conventions=problem.conventions.changed({"carry": "rounded"}))
    with pytest.raises(TrainingError, match="does not carry rounded values"):
        fit(rounded)


def test_progress_is_told_with_the_steps_and_the_loss() -> None:
    seen: list[tuple[int, int | None, float]] = []
    found = fit(line("batch_size = 3\nsteps = 5"), progress=lambda *told: seen.append(told))
    assert [(done, count) for done, count, _ in seen] == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert seen[-1][2] == found.losses.means[-1]


def test_a_run_does_not_touch_its_problem_and_may_be_repeated() -> None:
    problem = network("steps = 12\nshuffle = true", "matrix", points(5))
    assert same(fit(problem).parameters, fit(problem).parameters)


def test_the_norm_of_large_numbers_is_finite() -> None:
    """√(3² + 4²) · 10²⁰⁰, whose squares are none of double precision."""
    assert _norm([np.array([3e200]), np.array(4e200)]) == pytest.approx(5e200, rel=1e-15)
    assert _norm([np.zeros(2)]) == 0
