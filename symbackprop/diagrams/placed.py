"""A drawing with places: boxes, the curves of arrows, labels; lengths in pixels, y downwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from symbackprop.diagrams.model import Arrow, Box, Label, Shape

Measure = Callable[[Label], float]
"""How wide a label is."""

Point = tuple[float, float]

LINE = 19.0
"""The height of a line of text."""

PAD = 9.0
"""Between text and what surrounds it."""

MARGIN = 14.0
"""Round the whole drawing."""


@dataclass(frozen=True)
class PlacedLabel:
    """A label round its middle.

    Attributes:
        label: what it says.
        x: of the middle.
        y: of the middle.
        width: of its text.
    """

    label: Label
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class PlacedBox:
    """A box round its middle, with the labels in it."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    labels: tuple[PlacedLabel, ...]


@dataclass(frozen=True)
class PlacedArrow:
    """An arrow's curve: a point, then three for each piece of a Bézier curve; the last is the tip."""

    arrow: Arrow
    curve: tuple[Point, ...]
    labels: tuple[PlacedLabel, ...]


@dataclass(frozen=True)
class Placed:
    """A drawing with places.

    Attributes:
        width: of the whole.
        height: of the whole.
        boxes: in the order of the diagram.
        arrows: likewise.
        forks: where a wire forks.
    """

    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]
    forks: tuple[Point, ...] = ()


def box_size(box: Box, measure: Measure) -> Point:
    """Width and height of a box round its lines."""
    width = max((measure(line) for line in box.lines), default=0.0)
    height = LINE * len(box.lines)
    match box.shape:
        case Shape.NONE:
            return width + 8, height
        case Shape.CIRCLE:
            across = max(width + PAD, height + PAD, 30.0)
            return across, across
    return width + 2 * PAD, height + PAD


def stacked(lines: Sequence[Label], x: float, top: float, measure: Measure) -> tuple[PlacedLabel, ...]:
    """Lines one below the other, their middles under each other."""
    return tuple(
        PlacedLabel(line, x, top + LINE * (place + 0.5), measure(line)) for place, line in enumerate(lines)
    )


def on_wire(
    above: Sequence[Label], below: Sequence[Label], middle: Point, measure: Measure
) -> tuple[PlacedLabel, ...]:
    """Labels over and under the middle of a level wire."""
    x, y = middle
    return (*stacked(above, x, y - 1 - LINE * len(above), measure), *stacked(below, x, y + 1, measure))


def boxed(box: Box, x: float, y: float, size: Point, measure: Measure) -> PlacedBox:
    """A box round its middle, with its lines."""
    return PlacedBox(box, x, y, *size, stacked(box.lines, x, y - LINE * len(box.lines) / 2, measure))


def straight(start: Point, end: Point) -> tuple[Point, Point, Point]:
    """A straight line as a piece of a Bézier curve, without its start."""
    return start, end, end
