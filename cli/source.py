"""What a command is given: a spec file, an expression, or standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symbackprop.problem import Problem

_SECTION = re.compile(r"^\s*\[[\w\[]", re.MULTILINE)


def read_problem(
    source: str,
    settings: Mapping[str, str],
    *,
    granularity: str | None = None,
    notation: str | None = None,
    shapes: Mapping[str, Sequence[str]] | None = None,
    loss: str | None = None,
) -> Problem:
    """The problem behind an argument.

    Args:
        source: a path, `-` for standard input, or an expression or equations.
        settings: conventions from the command line.
        granularity: split an expression into elementary operations.
        notation: of a network, in the place of the file's own.
        shapes: of the arrays of an expression.
        loss: of a model in ONNX.
    """
    from symbackprop.load import load, loads

    if loss is not None and not is_model(source):
        _refuse_loss(loss)
    if is_model(source):
        from symbackprop.models.onnx_model import from_onnx

        problem = from_onnx(source, loss=loss or "mse")
    elif source == "-":
        text = _standard_input()
        problem = (
            loads(text, "standard input", notation=notation)
            if _SECTION.search(text)
            else _from_expression(text, granularity, shapes)
        )
    elif _is_path(source):
        problem = load(source, notation=notation)
    else:
        problem = _from_expression(source, granularity, shapes)
    return replace(problem, conventions=problem.conventions.changed(dict(settings)))


def is_model(source: str) -> bool:
    """Whether an argument names a model in a file.

    Raises:
        ModelError: it names one whose reading would run it.
    """
    if source.lower().endswith((".pt", ".pth", ".pkl", ".pickle", ".joblib", ".ckpt")):
        from symbackprop.models.onnx_file import refuse_program

        refuse_program(Path(source))
    return source.lower().endswith(".onnx")


def _refuse_loss(loss: str) -> None:
    from symbackprop.errors import OptionError

    raise OptionError(
        "only a model in ONNX is given its loss by an option",
        where=f"--loss {loss}",
        fix="in a spec write [loss], in equations write the loss last",
    )


def _standard_input() -> str:
    from symbackprop.errors import SpecError

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        what = "standard input is not text in UTF-8"
        raise SpecError(what, where="standard input", fix="pipe a spec or an expression in") from None


def _is_path(source: str) -> bool:
    if source.endswith((".toml", ".TOML")):
        return True
    try:
        place = Path(source)
        return place.is_file() or (place.is_dir() and "/" in source)
    except (OSError, ValueError):
        return False


def _from_expression(
    text: str, granularity: str | None, shapes: Mapping[str, Sequence[str]] | None
) -> Problem:
    from symbackprop.errors import OptionError
    from symbackprop.graph import Graph
    from symbackprop.problem import Problem

    if granularity not in (None, "equations", "operations"):
        raise OptionError(
            f"unknown granularity {granularity!r}",
            where=f"--granularity {granularity}",
            known="equations, operations",
        )
    return Problem(
        Graph.from_equations(
            text, granularity="operations" if granularity == "operations" else "equations", shapes=shapes
        )
    )
