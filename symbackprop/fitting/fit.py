"""Training as a run: as many steps as one likes on any backend, in constant memory, to be resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from zipfile import ZipFile

import numpy as np

from symbackprop.backends.table import find_precision
from symbackprop.content import Text
from symbackprop.errors import OptionError
from symbackprop.fitting.checkpoints import load, save
from symbackprop.fitting.curve import Curve
from symbackprop.fitting.run import Run
from symbackprop.problem import Problem
from symbackprop.shown import Headed

PAUSE = 10.0
"""Seconds between two checkpoints, where nothing says after how many steps they are written."""


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Headed):
    """A training run that is done.

    Attributes:
        problem: what was trained.
        backend: what computed.
        dtype: in which numbers.
        choice: what the backend chose to do, in words.
        steps: how many there were in all.
        resumed: how many of them the checkpoint had already.
        seconds: how long all of them took, compilation included.
        parameters: after the last step: numbers, or arrays.
        losses: how the loss went.
    """

    problem: Problem
    backend: str
    dtype: str
    choice: Text
    steps: int
    resumed: int
    seconds: float
    parameters: Mapping[str, Any]
    losses: Curve

    def save(self, path: str | Path) -> None:
        """Write the parameters as `numpy.load` reads them: an archive `.npz` with an array by each name.

        Raises:
            OptionError: the file cannot be written.
        """
        place = Path(path)
        try:
            with ZipFile(place, "w") as archive:
                for name, value in self.parameters.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                        np.lib.format.write_array(file, np.asarray(value), allow_pickle=False)
        except OSError as error:
            what = f"cannot write {place.name}: {error.strerror}"
            raise OptionError(what, where=str(place), fix="check that the folder exists") from None


def fit(
    problem: Problem,
    *,
    backend: str = "numpy",
    dtype: str = "float64",
    steps: int | None = None,
    data: str | Path | Mapping[str, Any] | None = None,
    checkpoint: str | Path | None = None,
    every: int | None = None,
    resume: bool = False,
    devices: int = 1,
    progress: Callable[[int, int | None, float], None] | None = None,
) -> Fit:
    """Train a problem at the speed of the backend, and keep what it ends with.

    Batches are those of `problem.training`, as `train` takes them. Where the examples stay in a file, they
    are mixed only within blocks of about a million numbers.

    Args:
        problem: with a [training] section.
        backend: `python`, `numpy`, `numba`, `jax` or `torch`.
        dtype: `float64` or `float32`.
        steps: how many updates there are in the end; as many as the problem says, unless given.
        data: examples in the place of the problem's: a `.npy`, `.parquet` or CSV file, or columns by name.
        checkpoint: a file to which the run is written, whole at every moment.
        every: steps from one record of the loss, and one checkpoint, to the next; unless given, records are
            as close as there is room for, and a checkpoint is written about every ten seconds.
        resume: go on from the checkpoint, bit for bit as if nothing had happened; from the beginning where
            there is none yet.
        devices: over how many a batch is split, on a backend that can.
        progress: called with the steps done, how many there will be where that is known, and the last loss.

    Raises:
        TrainingError: nothing to train, a number is missing, the run diverges (it says at which step, node
            and example), or the checkpoint is of another run.
        DataError: the examples cannot be read, or the checkpoint is damaged.
        OptionError: no such backend or precision, or options that do not go together.
    """
    for name, number in (("steps", steps), ("every", every), ("devices", devices)):
        if number is not None and number < 1:
            raise OptionError(f"{name} is {number}", where=name, fix="take 1 or more")
    if resume and checkpoint is None:
        fix = "add --checkpoint FILE, or checkpoint=FILE"
        raise OptionError("nothing says what is resumed", where="resume", fix=fix)
    run = Run(problem, backend, find_precision(dtype), devices=devices, data=data, every=every)
    store = None if checkpoint is None else _Store(Path(checkpoint), run, every)
    if store is not None:
        store.begin(resume=resume)
    count = run.count(steps)
    if count is not None and run.progress.state.count > count:
        raise OptionError(
            f"the checkpoint has {run.progress.state.count} steps, and {count} are asked for",
            where=f"steps {count}",
            fix="ask for more, or take another checkpoint",
        )
    resumed = run.progress.state.count
    for loss in run.take(count):
        if progress is not None:
            progress(run.progress.state.count, count, loss)
        if store is not None and store.is_due:
            store.write()
    if store is not None:
        store.write()
    return _finished(run, backend, dtype, resumed)


def _finished(run: Run, backend: str, dtype: str, resumed: int) -> Fit:
    progress = run.progress
    return Fit(
        run.problem,
        backend,
        dtype,
        run.choice,
        progress.state.count,
        resumed,
        progress.seconds,
        {name: value[()] for name, value in progress.state.parameters.items()},
        progress.recorder.curve(),
    )


class _Store:
    """The checkpoint of a run.

    Args:
        path: of the file.
        run: what is kept.
        every: steps from one to the next; none: seconds count.
    """

    def __init__(self, path: Path, run: Run, every: int | None) -> None:
        self.path, self.run, self.every = path, run, every
        self.fingerprint = run.fingerprint()
        self.written, self.at = monotonic(), -1

    def begin(self, *, resume: bool) -> None:
        """Go on from the file where it is there and asked for.

        Raises:
            OptionError: it is there, and nobody asked for it; or it has no folder.
        """
        if not self.path.absolute().parent.is_dir():
            what, fix = f"there is no folder for the checkpoint {self.path.name}", "make it"
            raise OptionError(what, where=str(self.path), fix=fix)
        if not self.path.exists():
            return
        if not resume:
            raise OptionError(
                f"there is a checkpoint {self.path.name} already",
                where=str(self.path),
                fix="resume it, delete it, or give another name",
            )
        self.run.go_on_from(load(self.path, self.run.progress.state, self.fingerprint))
        self.at = self.run.progress.state.count

    @property
    def is_due(self) -> bool:
        """Whether the next checkpoint is to be written."""
        if self.every is None:
            return monotonic() - self.written >= PAUSE
        return self.run.progress.state.count % self.every == 0

    def write(self) -> None:
        """Write it, unless nothing has happened since the last."""
        if self.at != self.run.progress.state.count:
            save(self.path, self.run.progress, self.fingerprint)
            self.written, self.at = monotonic(), self.run.progress.state.count
