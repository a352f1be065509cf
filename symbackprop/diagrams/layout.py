"""Where everything of a drawing stands."""

from __future__ import annotations

from symbackprop.diagrams.columns import place_columns
from symbackprop.diagrams.graphviz import place_graph
from symbackprop.diagrams.model import Diagram
from symbackprop.diagrams.placed import Measure, Placed


def place(diagram: Diagram, measure: Measure) -> Placed:
    """The places of boxes, arrows and labels.

    Args:
        diagram: what is drawn.
        measure: how wide a label is.

    Raises:
        OptionError: the view needs Graphviz, which is missing.
    """
    if all(box.column is not None for box in diagram.boxes):
        return place_columns(diagram, measure)
    return place_graph(diagram, measure)
