"""What a picture holds as SVG: a diagram or a plot."""

from __future__ import annotations

import re

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram
from symbackprop.drawings.plots import plot_svg
from symbackprop.drawings.svg import write_svg
from symbackprop.plots import Plot
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language

UPRIGHT, ACROSS = (16.6, 22.0), (25.3, 14.0)
"""Width and height in centimetres of what a page of A4 holds below a heading, upright and turned."""

PIXELS = 96 / 2.54
"""Pixels of a centimetre."""

SMALL = 0.7
"""A drawing that is made smaller than this is hard to read."""


def lies_across(width: float, height: float) -> bool:
    """Whether a drawing, measured in centimetres, is much larger on a page that is turned."""
    upright, across = (min(1, room / width, high / height) for room, high in (UPRIGHT, ACROSS))
    return upright < SMALL and across > 1.25 * upright


def size_of(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in centimetres; its first tag says them in pixels."""
    found = re.search(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"', svg)
    assert found is not None
    return float(found[1]) / PIXELS, float(found[2]) / PIXELS


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
