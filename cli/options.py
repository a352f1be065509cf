"""What the commands share: their options, reading what they are given, writing what they print."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

MOST_DIGITS = 15
ROUNDINGS = ("half_up", "half_even")


class Format(StrEnum):
    """How a result is written."""

    TEXT = "text"
    LATEX = "latex"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How the result is written.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", help="Write to this file instead of the screen.", dir_okay=False)
]
ConventionOption = Annotated[
    list[str],
    typer.Option(
        "--convention", help="Set a convention, as derivative=d or error_sign=minus; may be repeated."
    ),
]
DigitsOption = Annotated[int | None, typer.Option("--digits", help="Digits after the point, 1 to 15.")]
RoundingOption = Annotated[
    str | None,
    typer.Option("--carry-rounded", help="Carry rounded values as by hand: half_up or half_even."),
]
SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SPEC|EXPRESSION", help="A spec file, a model in ONNX, equations, or - for standard input."
    ),
]
LossOption = Annotated[
    str | None, typer.Option("--loss", help="Of a model in ONNX: the loss, as mse; mse unless given.")
]
WrtOption = Annotated[
    str | None,
    typer.Option("--wrt", help="Names to differentiate by, as x,y; the parameters unless given."),
]
AtOption = Annotated[str | None, typer.Option("--at", help="Values, as x=1,y=2.")]
NotationOption = Annotated[
    str | None,
    typer.Option("--notation", help="component, indexed or matrix; the spec's own unless given."),
]
ShapesOption = Annotated[
    str | None,
    typer.Option("--shapes", help="For an expression: shapes of its arrays, as X=n*3,W=3*2,b=2."),
]
GranularityOption = Annotated[
    str | None, typer.Option("--granularity", help="For an expression: equations or operations.")
]
LanguageOption = Annotated[
    str, typer.Option("--language", help="Of what is printed: en, it or ru.", show_default=True)
]
DecimalOption = Annotated[str, typer.Option("--decimal", help="What stands in decimals: point or comma.")]
StandaloneOption = Annotated[bool, typer.Option("--standalone", help="With latex: a whole document.")]


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Tell a user's mistakes on standard error and leave with exit status 2."""
    try:
        yield
    except BrokenPipeError:
        # The reader of a pipe has gone; what is still buffered has nowhere to go.
        sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115
        raise typer.Exit(0) from None
    except Exception as error:
        from symbackprop.errors import Mistake, Mistakes

        if not isinstance(error, Mistake | Mistakes):
            raise
        for mistake in error.mistakes if isinstance(error, Mistakes) else [error]:
            typer.echo(f"error: {mistake}", err=True)
        raise typer.Exit(2) from None


def settings(convention: Sequence[str], digits: int | None, rounding: str | None) -> dict[str, str]:
    """The conventions set by options, by name."""
    from symbackprop.errors import OptionError

    chosen = {}
    for one in convention:
        name, sign, value = one.partition("=")
        if not sign:
            raise OptionError(
                f"{one!r} sets no convention",
                where=f"--convention {one}",
                fix="write name=value, as derivative=d",
            )
        chosen[name.strip()] = value.strip()
    if digits is not None:
        if not 1 <= digits <= MOST_DIGITS:
            raise OptionError(
                f"{digits} digits cannot be printed", where=f"--digits {digits}", known=f"1 to {MOST_DIGITS}"
            )
        chosen["digits"] = str(digits)
    if rounding is not None:
        if rounding not in ROUNDINGS:
            raise OptionError(
                f"unknown rounding {rounding!r}",
                where=f"--carry-rounded {rounding}",
                known=", ".join(ROUNDINGS),
            )
        chosen |= {"carry": "rounded", "rounding": rounding}
    return chosen


def numbers(text: str) -> dict[str, str]:
    """`x=1,y=-0.5` as a mapping from name to digits."""
    from symbackprop.errors import OptionError

    if "[" in text:
        what, fix = "--at takes numbers, and this is an array", "give arrays under [inputs] of a spec file"
        raise OptionError(what, where=f"--at {text}", fix=fix)
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, sign, value = (one.strip() for one in part.partition("="))
        if name in found:
            raise OptionError(f"{name!r} is given twice", where=f"--at {text}", fix="keep one of them")
        if not sign or not name or not _is_number(value):
            raise OptionError(f"{part!r} gives no number", where=f"--at {text}", fix="write x=1,y=-0.5")
        found[name] = value
    return found


def shapes(text: str | None) -> dict[str, list[str]] | None:
    """`X=n*3,w=3` as a mapping from name to sizes; x or × may stand for the star."""
    import re

    from symbackprop.errors import OptionError

    if text is None:
        return None
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, sign, shape = (one.strip() for one in part.partition("="))
        sizes = [size.strip() for size in re.split(r"[*×]", shape)]
        if not sign or not name or not all(re.fullmatch(r"\d+|[^\W\d]\w*", size) for size in sizes):
            raise OptionError(
                f"{part!r} gives no shape",
                where=f"--shapes {text}",
                fix="write X=n*3,w=3; a scalar is left out",
            )
        if name in found:
            raise OptionError(f"{name!r} has two shapes", where=f"--shapes {text}", fix="keep one of them")
        found[name] = sizes
    return found


def _is_number(text: str) -> bool:
    """Whether it is a decimal of ordinary size, or a quotient of two."""
    from decimal import Decimal, InvalidOperation

    from symbackprop.exact import is_ordinary

    above, sign, below = text.partition("/")
    try:
        parts = [Decimal(above), Decimal(below)] if sign else [Decimal(above)]
    except InvalidOperation:
        return False
    return all(map(is_ordinary, parts)) and (not sign or parts[1] != 0)


def names(text: str | None) -> list[str] | None:
    """`x,y` as a list."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]
