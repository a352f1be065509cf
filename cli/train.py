"""`symbackprop train`: the training steps of a spec with every number, and the table of losses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from . import fit, options
from .options import Format
from .source import is_model, read_problem
from .writing import has_pictures, show, write

if TYPE_CHECKING:
    from symbackprop.errors import Mistake
    from symbackprop.problem import Problem

LONG = 200
"""From so many steps on, a bar shows the progress."""


def train(
    source: Annotated[str, typer.Argument(metavar="SPEC", help="A spec file, or - for standard input.")],
    steps: Annotated[int | None, typer.Option("--steps", help="How many updates.", min=1)] = None,
    full: Annotated[
        int | None, typer.Option("--full", help="How many iterations are shown in full.", min=0)
    ] = None,
    updates: Annotated[
        bool, typer.Option("--updates/--no-updates", help="Write every parameter's update out.")
    ] = True,
    output_format: options.FormatOption = Format.TEXT,
    standalone: options.StandaloneOption = False,
    output: options.OutputOption = None,
    convention: options.ConventionOption = [],  # noqa: B006  (typer copies it)
    digits: options.DigitsOption = None,
    carry_rounded: options.RoundingOption = None,
    language: options.LanguageOption = "en",
    decimal: options.DecimalOption = "point",
    backend: fit.BackendOption = None,
    dtype: fit.DtypeOption = None,
    data: fit.DataOption = None,
    checkpoint: fit.CheckpointOption = None,
    every: fit.EveryOption = None,
    resume: fit.ResumeOption = False,
    devices: fit.DevicesOption = None,
    parameters: fit.ParametersOption = None,
) -> None:
    """Train by hand: every formula, every substituted line, every update, and the table of losses.

    symbackprop train examples/obesity/obesity.toml

    With a backend, or any other option of a run, train at speed instead, and print a summary.

    symbackprop train examples/obesity/obesity.toml --backend numpy --steps 10000
    """
    asked = fit.Asked(backend, dtype, data, checkpoint, every, resume, devices, parameters)
    with options.mistakes_told():
        from symbackprop.numeric.train import train as run
        from symbackprop.render.documents import training_document, write_json
        from symbackprop.solution.training import IN_FULL, solve_training
        from symbackprop.translation import find_language

        spoken = find_language(language, decimal)
        if is_model(source):
            raise _no_examples(source)
        chosen = options.settings(convention, digits, carry_rounded)
        if asked.is_run and (full is not None or not updates):
            raise fit.no_iterations()
        problem = read_problem(source, chosen)
        if problem.is_indexed:
            typer.echo("note: training is written in matrices", err=True)
            problem = read_problem(source, chosen, notation="matrix")
        if asked.is_run:
            fit.run_fit(problem, asked, steps, spoken, output_format, output, standalone=standalone)
            return
        with _progress(_count(problem, steps)) as progress:
            trace = run(problem, steps=steps, progress=progress)
        if output_format is Format.JSON:
            write(write_json(training_document(trace)), output)
            return
        solution = solve_training(
            trace,
            full=IN_FULL if full is None else full,
            updates=updates,
            pictures=has_pictures(problem, output_format, standalone=standalone),
        )
        sheet = None
        if output_format is Format.HTML:
            from symbackprop.live.sheet import live_sheet

            sheet = live_sheet(problem, trace.derivation, trace=trace)
        write(show(solution, problem, spoken, output_format, standalone=standalone, sheet=sheet), output)


def _no_examples(source: str) -> Mistake:
    from symbackprop.errors import TrainingError

    return TrainingError(
        "the file of a model holds no examples to train on",
        where=source,
        fix="in Python: sb.train(sb.from_onnx(…, inputs=X, targets=Y, training=sb.Training(…)))",
    )


def _count(problem: Problem, steps: int | None) -> int:
    if steps is not None or problem.training is None:
        return steps or 0
    return problem.training.count(len(problem.examples) if problem.data else 0)


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], None] | None]:
    """A bar on standard error for long runs, at a terminal only."""
    if count < LONG or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=count)
        yield lambda number: bar.update(task, completed=number)
