"""`symbackprop draw`: the graph of a network or an expression as a picture, or the course of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .asked import asked_problem, known_names, note_needless, numbers, one
from .writing import write

if TYPE_CHECKING:
    from symbackprop.diagrams.model import Diagram
    from symbackprop.plots import Plot
    from symbackprop.problem import Problem
    from symbackprop.solution.steps import Notation
    from symbackprop.translation import Language

VIEWS = ("operations", "neurons", "layers")
PLOTS = ("losses", "gradients")
FORMATS = ("svg", "tikz", "dot", "mermaid")
PLOT_FORMATS = ("svg", "tikz")


def draw(
    source: options.SourceArgument,
    view: Annotated[
        str | None,
        typer.Option("--view", help="operations, neurons or layers; what suits its size unless given."),
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option("--plot", help="In the place of the graph, of a training: losses or gradients."),
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="svg, tikz, dot or mermaid.")] = "svg",
    partials: Annotated[
        bool, typer.Option("--partials", help="Write the local partials too, in the operations view.")
    ] = False,
    wrt: options.WrtOption = None,
    at: options.AtOption = None,
    example: Annotated[
        int | None, typer.Option("--example", help="The row whose numbers are drawn.", min=1)
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="With --plot: how many updates.", min=1)
    ] = None,
    notation: options.NotationOption = None,
    shapes: options.ShapesOption = None,
    loss: options.LossOption = None,
    granularity: options.GranularityOption = None,
    output: options.OutputOption = None,
    convention: options.ConventionOption = [],  # noqa: B006  (typer copies it)
    digits: options.DigitsOption = None,
    carry_rounded: options.RoundingOption = None,
    language: options.LanguageOption = "en",
    decimal: options.DecimalOption = "point",
) -> None:
    """Draw the graph: values that go forward, derivatives that come back; or plot a training.

    symbackprop draw "q = x + y; f = q*z" --at x=-2,y=5,z=-4 --output gates.svg
    """
    with options.mistakes_told():
        from symbackprop.translation import find_language

        spoken = find_language(language, decimal)
        _check_together(plot, {"--view": view, "--example": example, "--wrt": wrt}, steps, partials=partials)
        form = one("--format", output_format, FORMATS)
        if view is not None:
            view = one("--view", view, VIEWS)
        if plot is not None:
            plot = one("--plot", plot, PLOTS)
            form = one(f"--plot {plot} --format", form, PLOT_FORMATS)
        problem = asked_problem(
            source,
            options.settings(convention, digits, carry_rounded),
            granularity=granularity,
            notation=notation,
            shapes=shapes,
            at=at,
            loss=loss,
        )
        if plot is not None:
            write(_plotted(_plot(problem, plot, steps), problem, form, spoken), output)
            return
        diagram, in_print = _diagram(problem, view, wrt, at, example, partials=partials)
        write(_drawn(diagram, in_print, problem, form, spoken), output)


def _check_together(
    plot: str | None, of_views: dict[str, object], steps: int | None, *, partials: bool
) -> None:
    """A plot and a view are two pictures."""
    from symbackprop.errors import OptionError

    if plot is None:
        if steps is not None:
            raise OptionError(
                "only a plot has steps", where=f"--steps {steps}", fix="add --plot losses, or leave it out"
            )
        return
    given = [f"{name} {value}" for name, value in of_views.items() if value is not None]
    given += ["--partials"] if partials else []
    if given:
        option = given[0].split()[0]
        raise OptionError(
            f"{option} is of a graph, and a plot has none",
            where=f"--plot {plot} {given[0]}",
            fix=f"ask for two pictures: one with --plot, one with {option}",
        )


def _plot(problem: Problem, plot: str, steps: int | None) -> Plot:
    from symbackprop.numeric.train import train
    from symbackprop.plots import gradient_norms_plot, losses_plot

    trace = train(problem, steps=steps)
    return losses_plot(trace) if plot == "losses" else gradient_norms_plot(trace)


def _plotted(plot: Plot, problem: Problem, form: str, language: Language) -> str:
    from symbackprop.drawings.plots import plot_svg, plot_tikz

    return (plot_svg if form == "svg" else plot_tikz)(plot, problem.conventions, language)


def _diagram(
    problem: Problem,
    view: str | None,
    wrt: str | None,
    at: str | None,
    example: int | None,
    *,
    partials: bool,
) -> tuple[Diagram, Notation]:
    """The drawing, with numbers where the problem has them."""
    from symbackprop.diagrams.model import View
    from symbackprop.diagrams.views import diagram
    from symbackprop.solution.derive import PASS
    from symbackprop.solution.lines import environment
    from symbackprop.solution.steps import Notation
    from symbackprop.sweep import backprop

    derivation = backprop(problem.graph, wrt=known_names(problem, wrt), conventions=problem.conventions)
    note_needless(derivation)
    _, _, evaluation = numbers(problem, derivation, example, at)
    values = None if evaluation is None else environment(problem, derivation, evaluation, scope=PASS)
    chosen = None if view is None else View(view)
    drawing = diagram(problem, derivation, values, view=chosen, partials=partials)
    return drawing, Notation(derivation.shapes)


def _drawn(diagram: Diagram, notation: Notation, problem: Problem, form: str, language: Language) -> str:
    from symbackprop.drawings.dot import write_dot
    from symbackprop.drawings.mermaid import write_mermaid
    from symbackprop.drawings.svg import write_svg
    from symbackprop.drawings.tikz import write_tikz

    writers: dict[str, Callable[..., str]] = {
        "svg": write_svg,
        "tikz": write_tikz,
        "dot": write_dot,
        "mermaid": write_mermaid,
    }
    return writers[form](diagram, problem.conventions, notation, language)
