"""What a picture holds as SVG: a diagram or a plot."""

from __future__ import annotations

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram
from symbackprop.drawings.plots import plot_svg
from symbackprop.drawings.svg import write_svg
from symbackprop.plots import Plot
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language


def write_drawing(
    drawing: Diagram | Plot,
    conventions: Conventions,
    notation: Notation | None = None,
    language: Language = ENGLISH,
    *,
    standalone: bool = True,
    prefix: str = "",
) -> str:
    """A drawing as SVG.

    Args:
        drawing: a diagram or a plot.
        conventions: ∂ or d, digits.
        notation: of the mathematics in it.
        language: to write in.
        standalone: a file of its own; else a part of a page, which has its style.
        prefix: of the names within it, where there are several in a page.
    """
    if isinstance(drawing, Plot):
        return plot_svg(drawing, conventions, language, standalone=standalone, prefix=prefix)
    return write_svg(drawing, conventions, notation, language, standalone=standalone, prefix=prefix)
