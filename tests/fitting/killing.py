"""Runs that are killed again and again: `python -m tests.fitting.killing FOLDER SEED`.

Every life of a run goes on from the checkpoint that the one before has left. The last one, which is allowed
to come to its end, leaves what it found in a file.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from symbackprop.fitting import schedule
from symbackprop.fitting.fit import Fit, fit
from tests.fitting.problems import network, points

STEPS = 900
KINDS = {"memory": "", ".csv": "table.csv", ".npy": "table.npy"}
TRAINING = "batch_size = 3\nshuffle = true\nmomentum = 0.5\nseed = 7"


def run(folder: Path, kind: str, **options: Any) -> Fit:
    """The run, from wherever it stands.

    Args:
        folder: holds the table.
        kind: where the examples are.
        options: of `fit`.
    """
    schedule.BLOCK = 64
    if kind == "memory":
        return fit(network(TRAINING, table=points(40)), steps=STEPS, **options)
    return fit(network(TRAINING), data=folder / KINDS[kind], steps=STEPS, **options)


def keep(path: Path, found: Fit) -> None:
    """Write what a run has found."""
    arrays: dict[str, Any] = {"steps": found.losses.steps, "means": found.losses.means}
    arrays |= {f"parameter {name}": one for name, one in found.parameters.items()}
    np.savez(path, **arrays)


def life(folder: Path, kind: str, seconds: float) -> bool:
    """One life of the run; whether it came to its end before it was killed."""
    child = os.fork()
    if not child:
        try:
            found = run(folder, kind, checkpoint=folder / f"{kind}.run", every=41, resume=True)
            keep(folder / f"{kind}.npz", found)
            os._exit(0)
        finally:
            os._exit(1)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            assert status == 0
            return True
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> None:
    """Kill a run of each kind until it has come to its end, and say how often that was."""
    folder, source = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    for kind in KINDS:
        deaths = 0
        while not life(folder, kind, source.uniform(0.02, 0.2) * 1.2 ** max(0, deaths - 6)):
            deaths += 1
        print(deaths)


if __name__ == "__main__":
    main()
