"""`symbackprop derive`: the backward pass of a network or an expression."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .options import Format
from .source import read_problem
from .writing import has_pictures, show, write

if TYPE_CHECKING:
    from symbackprop.arrays.shapes import Shapes
    from symbackprop.derivation import Derivation
    from symbackprop.numeric.compiled import Evaluation
    from symbackprop.problem import Problem
    from symbackprop.solution.steps import Step

NOTATIONS = ("component", "indexed", "matrix")
MODES = {"reverse": ("reverse",), "forward": ("forward",), "both": ("reverse", "forward")}


def derive(
    source: Annotated[
        str,
        typer.Argument(metavar="SPEC|EXPRESSION", help="A spec file, equations, or - for standard input."),
    ],
    wrt: Annotated[
        str | None,
        typer.Option("--wrt", help="Names to differentiate by, as x,y; the parameters unless given."),
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="Values, as x=1,y=2.")] = None,
    notation: Annotated[
        str | None,
        typer.Option("--notation", help="component, indexed or matrix; the spec's own unless given."),
    ] = None,
    shapes: Annotated[
        str | None,
        typer.Option("--shapes", help="For an expression: shapes of its arrays, as X=n*3,W=3*2,b=2."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--form", help="chain, delta, paths or closed, or several of them with commas."),
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="reverse, forward or both; forward counts multiplications.")
    ] = "reverse",
    granularity: Annotated[
        str | None, typer.Option("--granularity", help="For an expression: equations or operations.")
    ] = None,
    jacobian: Annotated[
        str | None, typer.Option("--jacobian", help="Add the Jacobian of one vector by another, as p,x.")
    ] = None,
    hessian: Annotated[
        str | None, typer.Option("--hessian", help="Add the Hessian by a vector, where it has a closed form.")
    ] = None,
    optimum: Annotated[
        str | None,
        typer.Option("--optimum", help="Solve for a parameter, where the gradient is linear in it."),
    ] = None,
    example: Annotated[
        int | None, typer.Option("--example", help="The row whose numbers are put in.", min=1)
    ] = None,
    large: Annotated[
        bool, typer.Option("--large", help="Write closed forms and paths however long they are.")
    ] = False,
    output_format: options.FormatOption = Format.TEXT,
    standalone: options.StandaloneOption = False,
    output: options.OutputOption = None,
    convention: options.ConventionOption = [],  # noqa: B006  (typer copies it)
    digits: options.DigitsOption = None,
    carry_rounded: options.RoundingOption = None,
    language: options.LanguageOption = "en",
    decimal: options.DecimalOption = "point",
) -> None:
    """Derive every local partial, delta and gradient, and put the numbers in where there are any.

    symbackprop derive "q = x + y; f = q*z" --at x=-2,y=5,z=-4
    """
    with options.mistakes_told():
        from symbackprop.render.documents import derivation_document, write_json
        from symbackprop.solution.backward import FORMS
        from symbackprop.solution.derive import solve
        from symbackprop.solution.indexed import solve_indexed
        from symbackprop.sweep import backprop
        from symbackprop.translation import find_language

        spoken = find_language(language, decimal)
        forms = _choice("--form", form, FORMS) or ("chain", "delta")
        modes = MODES[_one("--mode", mode, tuple(MODES))]
        if notation is not None:
            _one("--notation", notation, NOTATIONS)
        problem = read_problem(
            source,
            options.settings(convention, digits, carry_rounded),
            granularity=granularity,
            notation=notation,
            shapes=options.shapes(shapes),
        )
        _check_notation(problem, notation)
        if notation == "component":
            from symbackprop.renotate import in_components

            problem = in_components(problem)
        problem = _with_values(problem, at)
        derivation = backprop(problem.graph, wrt=_known_names(problem, wrt), conventions=problem.conventions)
        _note_needless(derivation)
        row, batch, evaluation = _numbers(problem, derivation, example, at)
        if output_format is Format.JSON:
            document = derivation_document(
                problem, derivation, forms=forms, evaluation=evaluation, example=row, large=large
            )
            write(write_json(document), output)
            return
        if problem.is_indexed or notation == "indexed":
            solution = solve_indexed(problem, derivation)
        else:
            beyond, shapes_of_beyond = _beyond(derivation, evaluation, jacobian, hessian, optimum)
            solution = solve(
                problem,
                derivation,
                forms=forms,
                evaluation=evaluation,
                example=row,
                modes=modes,
                large=large,
                beyond=beyond,
                shapes=shapes_of_beyond,
                batch=batch,
                pictures=has_pictures(problem, output_format, standalone=standalone),
            )
        sheet = None
        if output_format is Format.HTML and evaluation is not None and "reverse" in modes:
            from symbackprop.live.sheet import live_sheet

            sheet = live_sheet(problem, derivation, example=row, batch=batch)
        write(show(solution, problem, spoken, output_format, standalone=standalone, sheet=sheet), output)


def _beyond(
    derivation: Derivation,
    evaluation: Evaluation | None,
    jacobian: str | None,
    hessian: str | None,
    optimum: str | None,
) -> tuple[list[Step], Shapes | None]:
    """The Jacobian, the Hessian and the optimum, where they are asked for; and the shapes of more symbols."""
    from symbackprop.analysis.second_order import hessian as differentiate_twice
    from symbackprop.errors import OptionError
    from symbackprop.solution.beyond import hessian_steps, jacobian_steps, optimum_steps

    steps: list[Step] = []
    shapes = None
    if jacobian is not None:
        chosen = options.names(jacobian) or []
        if len(chosen) != 2:
            raise OptionError(f"{jacobian!r} is no pair of names", where="--jacobian", fix="write p,x")
        steps += jacobian_steps(derivation, *chosen)
    if hessian is not None:
        found = differentiate_twice(derivation.graph, hessian, conventions=derivation.conventions)
        steps += hessian_steps(found)
        shapes = derivation.graph.shapes()
        shapes.learn(found.product.vector, derivation.graph[hessian].shape)
    if optimum is not None:
        steps += optimum_steps(derivation, optimum, evaluation.values if evaluation else None)
    return steps, shapes


def _known_names(problem: Problem, wrt: str | None) -> list[str] | None:
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


def _one(option: str, text: str, known: tuple[str, ...]) -> str:
    """One of the known words."""
    from symbackprop.errors import OptionError, listing

    chosen = _choice(option, text, known)
    if len(chosen) != 1:
        raise OptionError(f"{option} takes one word", where=f"{option} {text}", known=listing(known))
    return chosen[0]


def _choice(option: str, text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    from symbackprop.errors import OptionError, did_you_mean, listing

    chosen = tuple(options.names(text) or ())
    for one in chosen:
        if one not in known:
            raise OptionError(
                f"{one!r} is not to be had",
                where=f"{option} {text}",
                known=listing(known),
                fix=did_you_mean(one, known),
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


def _note_needless(derivation: Derivation) -> None:
    for gradient in derivation.gradients.values():
        if not gradient.contributions and gradient.wrt != derivation.output:
            typer.echo(
                f"note: {derivation.output.name} does not depend on {gradient.wrt.name}: the derivative is 0",
                err=True,
            )


def _numbers(
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
        return None, [], None
    if at is not None and missing:
        raise OptionError(
            f"no value for {listing(missing)}",
            where=f"--at {at}",
            fix="write " + ",".join(f"{n}=…" for n in missing),
        )
    return row, batch, compile(derivation)(as_floats(values), examples=[row] if row else None)
