"""Places for views that have columns: every arrow comes in by a straight wire, which bears its labels.

Wires into a box lie one below the other, so far apart as their labels are high, and a column begins where the
longest label of its wires has found room: labels meet neither each other nor a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbackprop.diagrams.model import Arrow, Box, Diagram
from symbackprop.diagrams.placed import (
    LINE,
    MARGIN,
    PAD,
    Measure,
    Placed,
    PlacedArrow,
    PlacedBox,
    Point,
    box_size,
    boxed,
    on_wire,
    straight,
)

APART = 26.0
"""Between two boxes of a column."""

BARE = 16.0
"""Between two wires without labels."""

GAP = 5.0
"""Between the labels of neighbouring wires."""

HEAD = 10.0
"""The length of an arrow's head, and some air before it."""


@dataclass(frozen=True)
class _Wire:
    """A wire into a box: its arrow, the height above and below it, the width of its labels."""

    arrow: Arrow
    above: float
    below: float
    width: float


def place_columns(diagram: Diagram, measure: Measure) -> Placed:
    """Places for a diagram whose boxes have columns and rows."""
    keys = {box.key: box for box in diagram.boxes}
    order = {box.key: (box.column or 0, box.row or 0.0) for box in diagram.boxes}
    wires: dict[str, list[_Wire]] = {key: [] for key in keys}
    for arrow in sorted(diagram.arrows, key=lambda one: order[one.source]):
        wires[arrow.target].append(_wire(arrow, measure))
    sizes = {key: _size(box, wires[key], measure) for key, box in keys.items()}
    columns = _columns(diagram.boxes, wires)
    heights = [_heights_of(column, wires, sizes) for column in columns]
    middle = MARGIN + max(total / 2 for total, _ in heights)
    bottom = middle + max(total / 2 + more for total, more in heights)
    placed: dict[str, PlacedBox] = {}
    right = MARGIN
    for column, (height, _) in zip(columns, heights, strict=True):
        left = right
        if placed:
            fan = _fan(len([wire for box in column for wire in wires[box.key]]))
            left += fan + max((wire.width for box in column for wire in wires[box.key]), default=0.0)
        width = max(sizes[box.key][0] for box in column)
        top = middle - height / 2
        for box in column:
            size = sizes[box.key]
            placed[box.key] = boxed(box, left + width / 2, top + size[1] / 2, (width, size[1]), measure)
            top += size[1] + APART
        right = left + width
    arrows = {
        id(wire.arrow): _arrow(wire, y, placed, measure)
        for key, found in wires.items()
        for wire, y in zip(found, _heights(placed[key], found), strict=True)
    }
    return Placed(
        right + MARGIN,
        bottom + MARGIN,
        tuple(placed[box.key] for box in diagram.boxes),
        tuple(arrows[id(arrow)] for arrow in diagram.arrows),
    )


def _wire(arrow: Arrow, measure: Measure) -> _Wire:
    width = max(map(measure, arrow.labels), default=0.0)
    bare = BARE / 2 - GAP / 2
    return _Wire(
        arrow,
        max(LINE * len(arrow.above), bare),
        max(LINE * len(arrow.below), bare),
        width + 2 * PAD + HEAD if arrow.labels else HEAD,
    )


def _size(box: Box, wires: Sequence[_Wire], measure: Measure) -> Point:
    """A box is as high as the wires that come in."""
    width, height = box_size(box, measure)
    return width, max(height, sum(wire.above + wire.below + GAP for wire in wires) + GAP)


def _columns(boxes: Sequence[Box], wires: dict[str, list[_Wire]]) -> list[list[Box]]:
    """The boxes of each column from the top; what is given to the loss stands below the units."""
    found: dict[int, list[Box]] = {}
    for box in boxes:
        found.setdefault(box.column or 0, []).append(box)
    return [
        sorted(found[number], key=lambda box: (not wires[box.key], box.row or 0.0))
        for number in sorted(found)
    ]


def _heights_of(
    column: Sequence[Box], wires: dict[str, list[_Wire]], sizes: dict[str, Point]
) -> tuple[float, float]:
    """How high the boxes in the middle of a column are together, and what hangs below: what only is given."""
    hanging = [box for box in column if not wires[box.key]]
    if len(hanging) == len(column):
        hanging = []
    more = sum(sizes[box.key][1] + APART for box in hanging)
    return sum(sizes[box.key][1] + APART for box in column) - APART - more, more


def _fan(count: int) -> float:
    """The room in which wires may cross."""
    return 34.0 + min(8.0 * (count - 1), 120.0)


def _heights(box: PlacedBox, wires: Sequence[_Wire]) -> list[float]:
    """Where each wire comes in, all together round the middle of the box."""
    total = sum(wire.above + wire.below for wire in wires) + GAP * (len(wires) - 1)
    top = box.y - total / 2
    found = []
    for wire in wires:
        found.append(top + wire.above)
        top += wire.above + wire.below + GAP
    return found


def _arrow(wire: _Wire, y: float, placed: dict[str, PlacedBox], measure: Measure) -> PlacedArrow:
    source, target = placed[wire.arrow.source], placed[wire.arrow.target]
    start = source.x + source.width / 2, source.y
    end = target.x - target.width / 2, y
    bend = end[0] - wire.width, y
    half = (bend[0] - start[0]) / 2
    curve = (
        start,
        (start[0] + half, start[1]),
        (bend[0] - half, y),
        bend,
        *straight(bend, end),
    )
    middle = (bend[0] + end[0] - HEAD) / 2
    labels = on_wire(wire.arrow.above, wire.arrow.below, (middle, y), measure)
    return PlacedArrow(wire.arrow, curve, labels)
