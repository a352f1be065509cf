"""How a solution is written: one line a format; and where the result goes."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .options import Format

if TYPE_CHECKING:
    from symbackprop.conventions import Conventions
    from symbackprop.live.sheet import LiveSheet
    from symbackprop.problem import Problem
    from symbackprop.solution.steps import Solution
    from symbackprop.translation import Language


def is_drawn_in(form: Format, *, standalone: bool) -> bool:
    """Whether a format has drawings."""
    return form in (Format.HTML, Format.PDF, Format.MARKDOWN) or (form is Format.LATEX and standalone)


def has_pictures(problem: Problem, form: Format, *, standalone: bool) -> bool:
    """Whether a solution has drawings; where these need Graphviz and it is missing, a note says so."""
    if not is_drawn_in(form, standalone=standalone):
        return False
    from symbackprop.diagrams.model import View
    from symbackprop.diagrams.views import default_view
    from symbackprop.solution.pictures import is_drawn

    is_placed = form is not Format.MARKDOWN and default_view(problem) is View.OPERATIONS
    if is_placed and is_drawn(problem) and find_spec("pygraphviz") is None:
        typer.echo("note: without drawings, which need pip install 'symbackprop[draw]'", err=True)
        return False
    return True


def show(
    solution: Solution,
    problem: Problem,
    language: Language,
    form: Format,
    *,
    standalone: bool,
    sheet: LiveSheet | None = None,
) -> str | bytes:
    """The solution in the format asked for."""
    conventions: Conventions = problem.conventions
    match form:
        case Format.LATEX:
            from symbackprop.render.latex import write_latex

            return write_latex(solution, conventions, language, standalone=standalone)
        case Format.MARKDOWN:
            from symbackprop.render.markdown import write_markdown

            return write_markdown(solution, conventions, language)
        case Format.HTML:
            from symbackprop.page.html import write_html

            return write_html(solution, conventions, language, graph=problem.graph, sheet=sheet)
        case Format.PDF:
            from symbackprop.render.pdf import write_pdf

            return write_pdf(solution, conventions, language)
    from symbackprop.render.text import WIDTH, write_text

    width = max(60, min(160, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else WIDTH
    return write_text(solution, conventions, language, width=width)


def write(result: str | bytes, output: Path | None) -> None:
    """Put the result on standard output, or into a file."""
    content = result.encode("utf-8") if isinstance(result, str) else result
    if output is None:
        _print(content, is_text=isinstance(result, str))
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        from symbackprop.errors import OptionError

        what = f"cannot write {output.name}: {error.strerror}"
        raise OptionError(what, where=f"--output {output}", fix="check that the folder exists") from None
    typer.echo(f"written to {output}", err=True)


def _print(content: bytes, *, is_text: bool) -> None:
    if not is_text and sys.stdout.isatty():
        from symbackprop.errors import OptionError

        raise OptionError("a PDF is no text for a screen", where="--format pdf", fix="give --output FILE.pdf")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.flush()
