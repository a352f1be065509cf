"""`symbackprop derive`: the backward pass of a network or an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .asked import asked_problem, choice, known_names, note_needless, numbers, one
from .options import Format
from .writing import has_pictures, show, write

if TYPE_CHECKING:
    from symbackprop.arrays.shapes import Shapes
    from symbackprop.derivation import Derivation
    from symbackprop.numeric.compiled import Evaluation
    from symbackprop.solution.steps import Step

MODES = {"reverse": ("reverse",), "forward": ("forward",), "both": ("reverse", "forward")}


def derive(
    source: options.SourceArgument,
    wrt: options.WrtOption = None,
    at: options.AtOption = None,
    notation: options.NotationOption = None,
    shapes: options.ShapesOption = None,
    loss: options.LossOption = None,
    form: Annotated[
        str | None,
        typer.Option("--form", help="chain, delta, paths or closed, or several of them with commas."),
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="reverse, forward or both; forward counts multiplications.")
    ] = "reverse",
    granularity: options.GranularityOption = None,
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
        from symbackprop.solution.backward import FORMS
        from symbackprop.sweep import backprop
        from symbackprop.translation import find_language

        spoken = find_language(language, decimal)
        forms = choice("--form", form, FORMS) or ("chain", "delta")
        modes = MODES[one("--mode", mode, tuple(MODES))]
        problem = asked_problem(
            source,
            options.settings(convention, digits, carry_rounded),
            granularity=granularity,
            notation=notation,
            shapes=shapes,
            at=at,
            loss=loss,
        )
        derivation = backprop(problem.graph, wrt=known_names(problem, wrt), conventions=problem.conventions)
        note_needless(derivation)
        row, batch, evaluation = numbers(problem, derivation, example, at)
        if output_format is Format.JSON:
            from symbackprop.render.documents import derivation_document, write_json

            document = derivation_document(
                problem, derivation, forms=forms, evaluation=evaluation, example=row, large=large
            )
            write(write_json(document), output)
            return
        if problem.is_indexed or notation == "indexed":
            from symbackprop.solution.indexed import solve_indexed

            solution = solve_indexed(problem, derivation)
        else:
            from symbackprop.solution.derive import solve

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
    if jacobian is hessian is optimum is None:
        return [], None
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
