"""The program `symbackprop`: one command a file. SymPy is imported inside the commands only."""

from __future__ import annotations

import gc
import os

import typer

from .check import check
from .derive import derive
from .draw import draw
from .export import export
from .schema import schema
from .train import train

app = typer.Typer(
    help="Derive backpropagation on paper: formulas, chain rule, numbers, training steps.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

# An expression may begin with a minus: `symbackprop derive -x+y`.
_EXPRESSIONS = {"ignore_unknown_options": True}

app.command(context_settings=_EXPRESSIONS)(derive)
app.command()(train)
app.command(context_settings=_EXPRESSIONS)(draw)
app.command()(check)
app.command(context_settings=_EXPRESSIONS)(export)
app.command()(schema)


def main() -> None:
    """Run the command line."""
    # Nearly all that is imported and derived lives to the end: the collector would look through it in vain.
    gc.set_threshold(100_000)
    # Pydantic has no plug-in here; to look for one it would read the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    app()
