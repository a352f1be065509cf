"""Checkpoints: all that a run needs to go on, in one file that is whole at every moment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symbackprop.backends.base import Floats, State
from symbackprop.errors import DataError, OptionError, TrainingError
from symbackprop.fitting.curve import Recorder
from symbackprop.fitting.fingerprint import Fingerprint, differences

SCHEMA = "symbackprop/checkpoint/1"


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        state: the parameters, and what the optimizer remembers.
        recorder: the losses so far.
        rows: of the examples; None: nobody has seen their end yet.
        seconds: how long the steps took.
    """

    state: State
    recorder: Recorder
    rows: int | None = None
    seconds: float = 0.0


def packed(parts: Iterable[Floats]) -> Floats:
    """All numbers of some arrays behind each other."""
    every = [one.ravel() for one in parts]
    return np.concatenate(every) if every else np.empty(0)


def save(path: Path, progress: Progress, run: Fingerprint) -> None:
    """Write a checkpoint beside the file, and put it in its place at once: it is never half-written.

    Args:
        path: of the file.
        progress: what it holds.
        run: what it belongs to.

    Raises:
        OptionError: the file cannot be written.
    """
    state, recorder = progress.state, progress.recorder
    header = {
        "schema": SCHEMA,
        "run": run,
        "count": state.count,
        "rows": progress.rows,
        "seconds": progress.seconds,
        "interval": recorder.interval,
        "open": recorder.count,
    }
    arrays: dict[str, Any] = {
        "header": np.array(json.dumps(header)),
        "parameters": packed(state.parameters.values()),
        "losses": np.array([*recorder.sums, recorder.open]),
        **{f"memory {name}": packed(one.values()) for name, one in state.memory.items()},
    }
    beside = path.with_name(f"{path.name}.partial")
    try:
        with beside.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        what = f"cannot write the checkpoint {path.name}: {error.strerror}"
        raise OptionError(what, where=str(path), fix="check that the folder exists") from None


def load(path: Path, start: State, run: Fingerprint) -> Progress:
    """What a checkpoint holds.

    Args:
        path: of the file.
        start: the state of the run at its beginning, which says what each array must look like.
        run: what the checkpoint has to belong to.

    Raises:
        DataError: the file is damaged, or no checkpoint.
        TrainingError: it is of another run; the message says what differs.
    """
    try:
        header, arrays = _read(path)
        before = {str(name): str(value) for name, value in header["run"].items()}
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}") from None
    except Exception:
        # A damaged archive may fail in any way.
        raise _unusable(path, "is damaged, or no checkpoint") from None
    if found := differences(before, run):
        raise TrainingError(
            f"the checkpoint {path.name} is of another run",
            where=str(path),
            known="; ".join(found[:6]),
            fix="resume it with the problem and the data that it was made with, or begin another file",
        )
    try:
        return _progress(header, arrays, start)
    except Exception:
        raise _unusable(path, "is damaged") from None


def _unusable(path: Path, what: str) -> DataError:
    fix = "delete it, or take another file, and begin anew"
    return DataError(f"the checkpoint {path.name} {what}", where=str(path), fix=fix)


def _read(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(str(arrays["header"]))
    if header["schema"] != SCHEMA:
        raise ValueError(header["schema"])
    return header, arrays


def _progress(header: Mapping[str, Any], arrays: Mapping[str, Any], start: State) -> Progress:
    *sums, rest = arrays["losses"].tolist()
    memory = {name: _unpacked(arrays[f"memory {name}"], like) for name, like in start.memory.items()}
    state = State(int(header["count"]), _unpacked(arrays["parameters"], start.parameters), memory)
    recorder = Recorder(int(header["interval"]), sums, rest, int(header["open"]))
    rows = header["rows"]
    return Progress(state, recorder, None if rows is None else int(rows), float(header["seconds"]))


def _unpacked(vector: Floats, like: Mapping[str, Floats]) -> dict[str, Floats]:
    """Arrays of these shapes out of one vector."""
    kind = next(iter(like.values())).dtype
    ends = np.cumsum([one.size for one in like.values()])
    if vector.dtype != kind or vector.shape != (ends[-1],):
        raise ValueError(vector.shape)
    parts = np.split(vector, ends[:-1])
    return {
        name: part.reshape(one.shape).copy() for (name, one), part in zip(like.items(), parts, strict=True)
    }
