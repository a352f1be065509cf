"""`symbackprop export`: the backward pass as code that is read beside the derivation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .asked import asked_problem, known_names, note_needless
from .writing import write


def export(
    source: options.SourceArgument,
    to: Annotated[str, typer.Option("--to", help="numpy, numba, jax, torch or c.")] = "numpy",
    wrt: options.WrtOption = None,
    at: options.AtOption = None,
    notation: options.NotationOption = None,
    shapes: options.ShapesOption = None,
    granularity: options.GranularityOption = None,
    loss: options.LossOption = None,
    dtype: Annotated[str, typer.Option("--dtype", help="float64 or float32.")] = "float64",
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="<path>",
            help="Write to this file, or into this folder, which ends in a slash.",
        ),
    ] = None,
    convention: options.ConventionOption = [],  # noqa: B006  (typer copies it)
    language: options.LanguageOption = "en",
) -> None:
    """Write code for the forward and the backward pass, each line beside its formula, with its own check.

    symbackprop export examples/attention/attention.toml --to torch --output attention.py
    """
    with options.mistakes_told():
        from symbackprop.exporting.table import files_of
        from symbackprop.sweep import backprop
        from symbackprop.translation import find_language

        spoken = find_language(language)
        problem = asked_problem(
            source,
            options.settings(convention, None, None),
            granularity=granularity,
            notation=notation,
            shapes=shapes,
            at=at,
            loss=loss,
        )
        chosen = known_names(problem, wrt)
        derivation = backprop(problem.graph, wrt=chosen, conventions=problem.conventions)
        note_needless(derivation)
        is_folder = output is not None and (output.endswith("/") or Path(output).is_dir())
        path = None if output is None else Path(output)
        name = _name(source, None if is_folder else path)
        files = files_of(problem, derivation, to, dtype, name, spoken)
        if path is not None and is_folder:
            _made(path)
        for place, text in _placed(files, path, is_folder=is_folder):
            write(text, place)


def _made(folder: Path) -> None:
    from symbackprop.errors import OptionError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as mistake:
        what = f"the folder {folder} cannot be made: {mistake.strerror}"
        raise OptionError(what, where="--output", fix="take another folder") from None


def _name(source: str, output: Path | None) -> str:
    """What the files are called: as the output, or as the spec."""
    from symbackprop.exporting.names import identifier

    if output is not None:
        return output.stem
    return identifier(Path(source).stem) if source.lower().endswith(".toml") else "backward"


def _placed(files: dict[str, str], output: Path | None, *, is_folder: bool) -> list[tuple[Path | None, str]]:
    """Where each file goes; several on the screen are told apart by a line above each."""
    if output is None:
        several = len(files) > 1
        return [(None, f"/* {name} */\n\n{text}" if several else text) for name, text in files.items()]
    if is_folder:
        return [(output / name, text) for name, text in files.items()]
    if len(files) == 1:
        return [(output, text) for text in files.values()]
    return [(output.parent / name, text) for name, text in files.items()]
