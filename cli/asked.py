"""What a command is asked for: a problem with its notation and its values, names, words, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from . import options
from .source import read_problem

if TYPE_CHECKING:
    from symbackprop.derivation import Derivation
    from symbackprop.numeric.compiled import Evaluation
    from symbackprop.problem import Problem

NOTATIONS = ("component", "indexed", "matrix")


def asked_problem(
    source: str,
    settings: Mapping[str, str],
    *,
    granularity: str | None,
    notation: str | None,
    shapes: str | None,
    at: str | None,
    loss: str | None,
) -> Problem:
    """The problem behind an argument, in the notation and with the values of the options.

    Args:
        source: a path, `-` for standard input, or an expression or equations.
        settings: conventions from the command line.
        granularity: as `--granularity`; likewise `notation`, `shapes`, `at` and `loss`.
    """
    if notation is not None:
        one("--notation", notation, NOTATIONS)
    problem = read_problem(
        source,
        settings,
        granularity=granularity,
        notation=notation,
        shapes=options.shapes(shapes),
        loss=loss,
    )
    _check_notation(problem, notation)
    if notation == "component":
        from symbackprop.renotate import in_components

        problem = in_components(problem)
    return _with_values(problem, at)


def known_names(problem: Problem, wrt: str | None) -> list[str] | None:
    """The names to differentiate by; each is a node of the graph."""
    from symbackprop.errors import OptionError, did_you_mean, listing

    chosen = options.names(wrt)
    known = [node.name for node in problem.graph.nodes]
    if chosen is not None and not chosen:
        raise OptionError(
            "there is nothing to differentiate by", where=f"--wrt {wrt}", known=listing(known, 40)
        )
    for name in chosen or ():
        if name not in known:
            raise OptionError(
                f"there is no node {name!r}",
                where=f"--wrt {wrt}",
                known=listing(known, 40),
                fix=did_you_mean(name, known),
            )
    return chosen


def one(option: str, text: str, known: tuple[str, ...]) -> str:
    """One of the known words."""
    from symbackprop.errors import OptionError, listing

    chosen = choice(option, text, known)
    if len(chosen) != 1:
        raise OptionError(f"{option} takes one word", where=f"{option} {text}", known=listing(known))
    return chosen[0]


def choice(option: str, text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """Some of the known words, with commas between them."""
    from symbackprop.errors import OptionError, did_you_mean, listing

    chosen = tuple(options.names(text) or ())
    for word in chosen:
        if word not in known:
            raise OptionError(
                f"{word!r} is not to be had",
                where=f"{option} {text}",
                known=listing(known),
                fix=did_you_mean(word, known),
            )
    return chosen


def _check_notation(problem: Problem, notation: str | None) -> None:
    """Matrices and indices are for arrays."""
    from symbackprop.errors import OptionError

    if notation in ("matrix", "indexed") and not problem.graph.is_array:
        raise OptionError(
            f"{notation} notation is for arrays, and these are scalars",
            where=f"--notation {notation}",
            known="a [network], a graph with arrays in [parameters] or [inputs], an expression with --shapes",
            fix="take --notation component",
        )


def _with_values(problem: Problem, at: str | None) -> Problem:
    """The problem with values from the command line in the place of its own."""
    if at is None:
        return problem
    from sympy import Rational

    from symbackprop.errors import OptionError, did_you_mean, listing

    given = [node.name for node in problem.graph.given]
    values = options.numbers(at)
    for name in values:
        if name not in given:
            raise OptionError(
                f"{name!r} is not given to the graph",
                where=f"--at {at}",
                known=listing(given, 40),
                fix=did_you_mean(name, given),
            )
    data = problem.data
    if data is not None:
        rows = tuple(
            {name: value for name, value in row.items() if name not in values} for row in data.examples
        )
        data = replace(data, examples=rows)
    exact = {name: Rational(value) for name, value in values.items()}
    return replace(problem, values={**problem.values, **exact}, data=data)


def note_needless(derivation: Derivation) -> None:
    """Tell what the output does not depend on."""
    for gradient in derivation.gradients.values():
        if not gradient.contributions and gradient.wrt != derivation.output:
            typer.echo(
                f"note: {derivation.output.name} does not depend on {gradient.wrt.name}: the derivative is 0",
                err=True,
            )


def numbers(
    problem: Problem, derivation: Derivation, example: int | None, at: str | None
) -> tuple[int | None, list[int], Evaluation | None]:
    """The row or rows and their numbers; nothing where there are none, unless they are insisted on."""
    from symbackprop.errors import OptionError, listing
    from symbackprop.numeric.compiled import as_floats, compile

    if example is not None and (problem.data is None or example > len(problem.examples)):
        rows = f"rows 1 to {len(problem.examples)}" if problem.data else "a problem without a table"
        raise OptionError(f"there is no example {example}", where=f"--example {example}", known=rows)
    row = (example or problem.first_example) if problem.data else None
    batch: list[int] = []
    if row and problem.arrays and example is None:
        batch, row = problem.first_batch, None
        values = {**problem.values, **problem.given(batch)}
    else:
        values = problem.at(row) if row else dict(problem.values)
    missing = [name for name in problem.names if name not in values]
    if missing and not (at or example):
        if problem.stream is not None:
            typer.echo(f"note: the examples stay in {problem.stream.path.name}: no numbers", err=True)
        return None, [], None
    if at is not None and missing:
        raise OptionError(
            f"no value for {listing(missing)}",
            where=f"--at {at}",
            fix="write " + ",".join(f"{n}=…" for n in missing),
        )
    return row, batch, compile(derivation)(as_floats(values), examples=[row] if row else None)
