"""The drawings of a solution: the graph, with its numbers where there are any, and the course of training."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.content import Environment, text
from symbackprop.derivation import Derivation
from symbackprop.diagrams.model import View
from symbackprop.diagrams.views import default_view, diagram
from symbackprop.numeric.train import Trace
from symbackprop.plots import gradient_norms_plot, losses_plot
from symbackprop.problem import Problem
from symbackprop.solution.steps import Heading, Picture, Step

MOST_NODES = 200
"""A graph of more operations than this is drawn only where it is asked for."""


def is_drawn(problem: Problem) -> bool:
    """Whether a solution has a drawing of the graph: one that is no network and large has none."""
    return default_view(problem) is not View.OPERATIONS or len(problem.graph.nodes) <= MOST_NODES


def graph_picture(
    problem: Problem, derivation: Derivation, values: Environment | None = None
) -> Iterator[Step]:
    """The graph in the view that suits its size, where it is drawn at all.

    Args:
        problem: whose graph.
        derivation: the names of its derivatives.
        values: the numbers; none: names only.
    """
    if is_drawn(problem):
        yield Picture(diagram(problem, derivation, values))


def graph_section(problem: Problem, derivation: Derivation) -> Iterator[Step]:
    """The graph under a heading of its own."""
    pictures = list(graph_picture(problem, derivation))
    if pictures:
        yield Heading(2, text("The computational graph"))
        yield from pictures


def training_pictures(trace: Trace) -> Iterator[Step]:
    """How the losses and the gradients go."""
    if len(trace.iterations) > 1:
        yield Picture(losses_plot(trace))
        yield Picture(gradient_norms_plot(trace))
