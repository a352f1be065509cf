"""Which view of a graph is drawn, and the drawing."""

from __future__ import annotations

from symbackprop.content import Environment
from symbackprop.derivation import Derivation
from symbackprop.diagrams.labels import Labels
from symbackprop.diagrams.layers import layers
from symbackprop.diagrams.model import Diagram, View
from symbackprop.diagrams.neurons import neurons
from symbackprop.diagrams.operations import operations
from symbackprop.errors import OptionError
from symbackprop.problem import Problem

MANY = 60
"""Above so many nodes an array network is drawn by its layers."""

TOO_MANY = 200
"""Above so many nodes a network of scalars is drawn by its layers."""


def default_view(problem: Problem) -> View:
    """A network by its neurons, a large one by its layers; everything else by its operations."""
    count = len(problem.graph.nodes)
    if problem.network is not None:
        return View.NEURONS if count <= TOO_MANY else View.LAYERS
    return View.LAYERS if problem.layers and count > MANY else View.OPERATIONS


def possible_views(problem: Problem) -> tuple[View, ...]:
    """The views that a graph has."""
    if problem.network is not None:
        return tuple(View)
    return (View.OPERATIONS, View.LAYERS) if problem.layers else (View.OPERATIONS,)


def diagram(
    problem: Problem,
    derivation: Derivation,
    values: Environment | None = None,
    *,
    view: View | None = None,
    partials: bool = False,
) -> Diagram:
    """The drawing of a problem's graph.

    Args:
        problem: what is drawn.
        derivation: the names of its derivatives.
        values: its numbers; none: names only.
        view: what is drawn of it; none: what suits its size.
        partials: in the operations view, whether every arrow bears its local partial.

    Raises:
        OptionError: the graph has no such view, or the view no local partials.
    """
    chosen = view or default_view(problem)
    possible = possible_views(problem)
    if chosen not in possible:
        raise OptionError(
            f"there are no {chosen.value} to draw: this is no network of layers"
            if not problem.layers
            else f"there are no {chosen.value} to draw: the network is written in arrays",
            where=f"--view {chosen.value}",
            known=", ".join(possible),
            fix=f"take --view {possible[-1].value}" + (" or --notation component" if problem.layers else ""),
        )
    if partials and chosen is not View.OPERATIONS:
        raise OptionError(
            f"local partials stand in the view of operations, not in that of {chosen.value}",
            where="--partials",
            fix="add --view operations",
        )
    labels = Labels(problem.graph, derivation, values or Environment({}))
    if chosen is View.LAYERS:
        return layers(problem, labels)
    if chosen is View.NEURONS and problem.network is not None:
        return neurons(problem, problem.network, labels)
    return operations(problem, labels, partials=partials)
