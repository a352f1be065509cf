"""Checkpoints: a run that is interrupted anywhere goes on bit for bit; other files are refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbackprop.errors import DataError, Mistake, OptionError, TrainingError
from symbackprop.fitting.fit import Fit, fit
from symbackprop.problem import Problem
from tests.backends.everywhere import EVERYWHERE
from tests.fitting import killing
from tests.fitting.files import written
from tests.fitting.problems import line, network, points, same, trained_with


class Interrupted(Exception):
    """What a test interrupts a run with."""


def interrupted(problem: Problem, checkpoint: Path, at: int, **options: Any) -> None:
    """Leave a run as soon as so many steps are done."""

    def stop(done: int, *_: object) -> None:
        if done >= at:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(problem, checkpoint=checkpoint, progress=stop, **options)


def identical(one: Fit, other: Fit) -> bool:
    """The same to the last bit."""
    return (
        same(one.parameters, other.parameters)
        and np.array_equal(one.losses.means, other.losses.means)
        and np.array_equal(one.losses.steps, other.losses.steps)
    )


# ------------------------------------------------------------------------------------------------- going on


def goes_on(tmp_path: Path, **options: Any) -> None:
    problem = trained_with(line("steps = 50\nshuffle = true\noptimizer = 'adam'"), batch_size=4)
    options["every"] = 7
    whole = fit(problem, checkpoint=tmp_path / "whole", **options)
    interrupted(problem, tmp_path / "part", 24, **options)
    assert identical(fit(problem, checkpoint=tmp_path / "part", resume=True, **options), whole)


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_a_run_that_was_interrupted_ends_as_if_it_had_not_been(tmp_path: Path, backend: str) -> None:
    goes_on(tmp_path, backend=backend)


def test_a_run_in_single_precision_goes_on_too(tmp_path: Path) -> None:
    goes_on(tmp_path, dtype="float32")


def test_a_run_that_is_killed_at_any_moment_goes_on_bit_for_bit(tmp_path: Path) -> None:
    for kind in killing.KINDS:
        if kind != "memory":
            written(tmp_path, kind, points(40))
    program = [sys.executable, "-m", "tests.fitting.killing", str(tmp_path), "1"]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert sum(map(int, done.stdout.split())) >= 6, "they were hardly ever killed"
    for kind in killing.KINDS:
        whole = killing.run(tmp_path, kind, checkpoint=tmp_path / f"{kind}.whole", every=41)
        killing.keep(tmp_path / "expected.npz", whole)
        with np.load(tmp_path / f"{kind}.npz") as end, np.load(tmp_path / "expected.npz") as expected:
            assert same(dict(end), dict(expected)), kind


def test_where_there_is_no_checkpoint_yet_a_run_begins(tmp_path: Path) -> None:
    problem = network("steps = 9", table=points(5))
    found = fit(problem, checkpoint=tmp_path / "c", resume=True)
    assert identical(found, fit(problem))
    assert identical(fit(problem, checkpoint=tmp_path / "c", resume=True), found), "it is at its end"


def test_a_run_may_be_made_longer(tmp_path: Path) -> None:
    problem = network("shuffle = true\nbatch_size = 2", table=points(5))
    fit(problem, steps=20, checkpoint=tmp_path / "c")
    longer = fit(problem, steps=50, checkpoint=tmp_path / "c", resume=True)
    assert longer.steps == 50
    assert identical(longer, fit(problem, steps=50))
    with pytest.raises(OptionError, match="the checkpoint has 50 steps, and 30 are asked for"):
        fit(problem, steps=30, checkpoint=tmp_path / "c", resume=True)


def test_a_stream_whose_end_nobody_has_seen_is_taken_up(tmp_path: Path) -> None:
    """A CSV file does not say how many rows it has."""
    problem = network("epochs = 3\nbatch_size = 2")
    path = written(tmp_path, ".csv", points(21))
    whole = fit(problem, data=path)
    assert whole.steps == 33
    for at in (4, 11, 12, 30):
        checkpoint = tmp_path / f"{at}"
        interrupted(problem, checkpoint, at, data=path, every=1)
        assert identical_ends(fit(problem, data=path, checkpoint=checkpoint, resume=True), whole)


def identical_ends(one: Fit, other: Fit) -> bool:
    return same(one.parameters, other.parameters) and one.steps == other.steps


def test_nothing_is_left_beside_a_checkpoint(tmp_path: Path) -> None:
    fit(network("steps = 9", table=points(5)), checkpoint=tmp_path / "c", every=2)
    assert [one.name for one in tmp_path.iterdir()] == ["c"]


# ------------------------------------------------------------------------------------------ what is refused


def test_a_checkpoint_is_not_overwritten_by_a_run_that_begins(tmp_path: Path) -> None:
    problem = network("steps = 9", table=points(5))
    fit(problem, checkpoint=tmp_path / "c")
    with pytest.raises(OptionError, match="there is a checkpoint c already"):
        fit(problem, checkpoint=tmp_path / "c")


def test_a_checkpoint_needs_its_folder(tmp_path: Path) -> None:
    """That is told before the first step, not after the last."""
    with pytest.raises(OptionError, match="there is no folder for the checkpoint c"):
        fit(network("steps = 9", table=points(5)), checkpoint=tmp_path / "none" / "c")


def test_a_checkpoint_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.partial").mkdir()
    with pytest.raises(OptionError, match="cannot write the checkpoint c"):
        fit(network("steps = 9", table=points(5)), checkpoint=tmp_path / "c")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: trained_with(p, learning_rate=1), "training.learning_rate: 1/20 there, 1 here"),
        (lambda p: trained_with(p, batch_size=2), "training.batch_size: 1 there, 2 here"),
        (lambda p: trained_with(p, shuffle=True), "training.shuffle: False there, True here"),
        (lambda p: trained_with(p, optimizer="adam"), "training.optimizer: sgd there, adam here"),
        (lambda _: network("steps = 9", table=points(6)), "other examples"),
        (lambda _: network("steps = 9", table=points(5, seed=1)), "other examples"),
        (lambda _: network("steps = 9", "matrix", points(5)), "other formulas"),
        (lambda _: line("steps = 9"), "other formulas"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_what_differs_is_told(
    tmp_path: Path, change: Callable[[Problem], Problem], says: str
) -> None:
    problem = network("steps = 9", table=points(5))
    fit(problem, checkpoint=tmp_path / "c")
    with pytest.raises(TrainingError, match="the checkpoint c is of another run") as caught:
        fit(change(problem), checkpoint=tmp_path / "c", resume=True)
    assert says in caught.value.known


def test_other_numbers_and_weights_are_another_run(tmp_path: Path) -> None:
    fit(network("steps = 9", table=points(5)), checkpoint=tmp_path / "c")
    with pytest.raises(TrainingError) as caught:
        fit(network("steps = 9", table=points(5)), dtype="float32", checkpoint=tmp_path / "c", resume=True)
    assert caught.value.known == "dtype: float64 there, float32 here"
    fit(line("steps = 3"), checkpoint=tmp_path / "d")
    with pytest.raises(TrainingError) as caught:
        fit(_heavier(line("steps = 3")), checkpoint=tmp_path / "d", resume=True)
    assert caught.value.known == "other parameters at the start"


def _heavier(problem: Problem) -> Problem:
    return replace(problem, values={**problem.values, "w": 7})


def test_other_files_of_examples_are_another_run(tmp_path: Path) -> None:
    problem = network("steps = 9")
    fit(problem, data=written(tmp_path, ".npy", points(5)), checkpoint=tmp_path / "c")
    path = written(tmp_path, ".npy", points(5, seed=1))
    with pytest.raises(TrainingError) as caught:
        fit(problem, data=path, checkpoint=tmp_path / "c", resume=True)
    assert caught.value.known == "other examples"


def resumed(problem: Problem, checkpoint: Path) -> Fit | Mistake:
    """The run that goes on from the file, or how it is refused."""
    try:
        return fit(problem, checkpoint=checkpoint, resume=True)
    except (DataError, TrainingError) as mistake:
        return mistake


def test_a_damaged_checkpoint_is_refused_or_whole(tmp_path: Path) -> None:
    """Cut anywhere it is refused; a bit that is turned over is found, or was of no account."""
    problem = line("steps = 3\nmomentum = 0.5")
    path = tmp_path / "c"
    whole = fit(problem, checkpoint=path)
    content = path.read_bytes()
    for length in range(0, len(content), 293):
        path.write_bytes(content[:length])
        found = resumed(problem, path)
        assert isinstance(found, Mistake)
        assert found.where == str(path)
    for place in range(0, len(content), 29):
        path.write_bytes(content[:place] + bytes([content[place] ^ 64]) + content[place + 1 :])
        found = resumed(problem, path)
        assert isinstance(found, Mistake) or identical(found, whole), place


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 1000])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(DataError, match="is damaged, or no checkpoint"):
        fit(line("steps = 3"), checkpoint=tmp_path / "c", resume=True)


def test_other_archives_of_arrays_are_refused(tmp_path: Path) -> None:
    for arrays in ({"a": np.zeros(3)}, {"header": np.array("{}")}, {"header": np.array("[1]")}):
        with (tmp_path / "c").open("wb") as file:
            np.savez(file, **arrays)
        with pytest.raises(DataError, match="is damaged, or no checkpoint"):
            fit(line("steps = 3"), checkpoint=tmp_path / "c", resume=True)


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    with (tmp_path / "c").open("wb") as file:
        np.savez(file, header=np.array([print], dtype=object))
    with pytest.raises(DataError, match="is damaged, or no checkpoint"):
        fit(line("steps = 3"), checkpoint=tmp_path / "c", resume=True)
