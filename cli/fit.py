"""The second half of `symbackprop train`: a run on a backend instead of a worked solution."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Format
from .writing import is_drawn_in, show, write

if TYPE_CHECKING:
    from symbackprop.errors import Mistake
    from symbackprop.problem import Problem
    from symbackprop.translation import Language

Report = Callable[[int, "int | None", float], None]

BackendOption = Annotated[
    str | None,
    typer.Option("--backend", help="Run at speed on python, numpy, numba, jax or torch, and sum the run up."),
]
DtypeOption = Annotated[str | None, typer.Option("--dtype", help="Of a run: float64 or float32.")]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Of a run: examples from this .npy, .parquet or CSV file.", dir_okay=False),
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option("--checkpoint", help="Of a run: write it to this file from time to time.", dir_okay=False),
]
EveryOption = Annotated[
    int | None,
    typer.Option("--every", help="Of a run: steps between two checkpoints, and two losses.", min=1),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Of a run: go on from its checkpoint, where there is one.")
]
DevicesOption = Annotated[
    int | None, typer.Option("--devices", help="Of a run: split every batch over so many devices.", min=1)
]
ParametersOption = Annotated[
    Path | None,
    typer.Option(
        "--parameters", help="Of a run: write the final parameters to this .npz file.", dir_okay=False
    ),
]


@dataclass(frozen=True)
class Asked:
    """The options of a run; without any of them there is a worked solution."""

    backend: str | None = None
    dtype: str | None = None
    data: Path | None = None
    checkpoint: Path | None = None
    every: int | None = None
    resume: bool = False
    devices: int | None = None
    parameters: Path | None = None

    @property
    def is_run(self) -> bool:
        """Whether a run is asked for."""
        return self != Asked()


def no_iterations() -> Mistake:
    """What belongs to a worked solution is asked of a run."""
    from symbackprop.errors import OptionError

    return OptionError(
        "a run writes no iterations out",
        where="--full, --no-updates",
        fix="leave --backend and the other options of a run out for the worked solution",
    )


def run_fit(
    problem: Problem,
    asked: Asked,
    steps: int | None,
    language: Language,
    output_format: Format,
    output: Path | None,
    *,
    standalone: bool,
) -> None:
    """Run, and print the summary.

    Args:
        problem: what is trained.
        asked: how.
        steps: how many updates; as many as the problem says, unless given.
        language: to write in.
        output_format: how the summary is written.
        output: a file in the place of the screen.
        standalone: with LaTeX: a whole document.
    """
    from symbackprop.fitting.fit import fit

    with _progress() as report, _stopped(asked):
        found = fit(
            problem,
            backend=asked.backend or "numpy",
            dtype=asked.dtype or "float64",
            steps=steps,
            data=asked.data,
            checkpoint=asked.checkpoint,
            every=asked.every,
            resume=asked.resume,
            devices=asked.devices or 1,
            progress=report,
        )
    if asked.parameters is not None:
        found.save(asked.parameters)
        typer.echo(f"parameters written to {asked.parameters}", err=True)
    if output_format is Format.JSON:
        from symbackprop.render.documents import fit_document, write_json

        write(write_json(fit_document(found)), output)
        return
    from symbackprop.solution.fitting import solve_fit

    solution = solve_fit(found, pictures=is_drawn_in(output_format, standalone=standalone))
    write(show(solution, problem, language, output_format, standalone=standalone), output)


@contextmanager
def _stopped(asked: Asked) -> Iterator[None]:
    """Where a user stops the run, say how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        if asked.checkpoint is not None and asked.checkpoint.exists():
            typer.echo(f"note: --resume goes on from {asked.checkpoint}", err=True)
        raise


@contextmanager
def _progress() -> Iterator[Report | None]:
    """A bar on standard error, at a terminal only: the steps, how many a second, the loss."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    speed, loss = TextColumn("{task.fields[speed]} steps/s"), TextColumn("loss {task.fields[loss]}")
    columns = (BarColumn(), MofNCompleteColumn(), speed, loss, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=None, speed="…", loss="…")

        def report(done: int, count: int | None, loss: float) -> None:
            pace = bar.tasks[task].speed
            speed = f"{pace:,.0f}" if pace else "…"
            bar.update(task, completed=done, total=count, speed=speed, loss=f"{loss:.6g}")

        yield report
