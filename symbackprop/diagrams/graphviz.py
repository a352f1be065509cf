"""Places for the operations view, by Graphviz: every box with the wire that leaves it, and its labels.

A box and its wire are one node to Graphviz, so that the labels have room beside the box. Where several boxes
use a value, its wire forks behind them.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from symbackprop.diagrams.model import Arrow, Box, Diagram, Kind, Label, Shape
from symbackprop.diagrams.placed import (
    LINE,
    MARGIN,
    PAD,
    Measure,
    Placed,
    PlacedArrow,
    PlacedBox,
    PlacedLabel,
    Point,
    box_size,
    boxed,
    on_wire,
    straight,
)
from symbackprop.errors import OptionError

INCH = 72.0
"""Pixels, which are points to Graphviz."""

TIPS = 13.0
"""Between two arrows into one box."""

HEAD = 9.0
"""The length of an arrow's head, and some air before it."""

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Cell:
    """A box, the wires that come in and bear partials, and the wire that leaves it and bears its labels."""

    box: Box
    size: Point
    above: tuple[Label, ...]
    below: tuple[Label, ...]
    stem: float
    pins: float
    pitch: float
    count: int

    @property
    def width(self) -> float:
        return self.pins + self.size[0] + self.stem

    @property
    def middle(self) -> float:
        """Of the box, from the left of the cell."""
        return self.pins + self.size[0] / 2

    @property
    def height(self) -> float:
        beside = 2 * LINE * max(len(self.above), len(self.below))
        return max(self.size[1], beside, self.pitch * self.count + (LINE if self.pins else 0))


def place_graph(diagram: Diagram, measure: Measure) -> Placed:
    """Places for a diagram without columns.

    Raises:
        OptionError: Graphviz is missing.
    """
    coming: dict[str, list[Arrow]] = {box.key: [] for box in diagram.boxes}
    leaving: dict[str, list[Arrow]] = {box.key: [] for box in diagram.boxes}
    for arrow in diagram.arrows:
        coming[arrow.target].append(arrow)
        leaving[arrow.source].append(arrow)
    cells = {box.key: _cell(box, coming[box.key], leaving[box.key], measure) for box in diagram.boxes}
    middles, curves, total = _laid_out(diagram, cells)
    _put_in_order(diagram.arrows, cells, middles, curves)
    bands = _bands(cells, middles)
    boxes = {
        key: boxed(cell.box, bands[key][0] + cell.middle, middles[key][1], cell.size, measure)
        for key, cell in cells.items()
    }
    ends = _ends(diagram.arrows, curves, boxes, cells)
    taken = {
        key: (*bands[key], middles[key][1] - cell.height / 2, middles[key][1] + cell.height / 2)
        for key, cell in cells.items()
    }
    arrows = []
    stems: set[str] = set()
    for arrow, curve, end in zip(diagram.arrows, curves, ends, strict=True):
        box, target = boxes[arrow.source], bands[arrow.target][0]
        start = box.x + box.width / 2, box.y
        fork = (bands[arrow.source][1], box.y) if cells[arrow.source].stem else start
        # The wire up to a fork is drawn once.
        once = arrow.source not in stems and fork != start
        stem = (start, *straight(start, fork)) if once else (fork,)
        stems.add(arrow.source)
        pin = (target, end[1]) if cells[arrow.target].pins else end
        others = [place for key, place in taken.items() if key not in (arrow.source, arrow.target)]
        way = _smooth(fork, pin)
        if _meets(way, others):
            way = _moved(curve, pin)
        last = straight(pin, end) if pin != end else ()
        labels = (
            *_wire_labels(arrow, start, fork, measure),
            *_pin_labels(arrow, pin, boxes[arrow.target], measure),
        )
        arrows.append(PlacedArrow(arrow, (*stem, *way[1:], *last), labels))
    forks = tuple(
        (bands[key][1], boxes[key].y) for key, cell in cells.items() if cell.stem and len(leaving[key]) > 1
    )
    return Placed(*total, tuple(boxes[box.key] for box in diagram.boxes), tuple(arrows), forks)


def _cell(box: Box, coming: Sequence[Arrow], leaving: Sequence[Arrow], measure: Measure) -> _Cell:
    above = tuple(label for arrow in leaving for label in arrow.above)
    below = tuple(label for arrow in leaving for label in _returning(arrow))
    widest = max((measure(label) for label in (*above, *below)), default=0.0)
    partials = [label for arrow in coming for label in _partials(arrow)]
    pins = max(map(measure, partials)) + PAD + HEAD if partials else 0.0
    pitch = LINE + 4 if partials else TIPS
    width, height = box_size(box, measure)
    room = pitch * (len(coming) - 1)
    if box.shape is Shape.CIRCLE:
        width = height = max(height, room / 0.8)
    elif box.shape is Shape.BOX:
        height = max(height, room + TIPS)
    stem = widest + 1.6 * PAD if widest else 0.0
    return _Cell(box, (width, height), above, below, stem, pins, pitch, len(coming))


def _partials(arrow: Arrow) -> list[Label]:
    return [label for label in arrow.below if label.kind is Kind.PARTIAL]


def _returning(arrow: Arrow) -> list[Label]:
    return [label for label in arrow.below if label.kind is not Kind.PARTIAL]


def _wire_labels(arrow: Arrow, start: Point, leaving: Point, measure: Measure) -> tuple[PlacedLabel, ...]:
    """What goes forward over the wire that leaves a box, what comes back under it."""
    return on_wire(arrow.above, _returning(arrow), ((start[0] + leaving[0]) / 2, start[1]), measure)


def _pin_labels(arrow: Arrow, pin: Point, box: PlacedBox, measure: Measure) -> tuple[PlacedLabel, ...]:
    """The local partial over the wire that comes into a box."""
    middle = (pin[0] + box.x - box.width / 2 - HEAD) / 2
    return on_wire(_partials(arrow), (), (middle, pin[1]), measure)


Curve = tuple[Point, ...]


def _laid_out(diagram: Diagram, cells: dict[str, _Cell]) -> tuple[dict[str, Point], list[Curve], Point]:
    """The middles of the cells, the curve of every arrow, and the size of the whole.

    Graphviz knows the boxes by number and sees no text.
    """
    graph = _graphviz()(directed=True, strict=False)
    crowd = max(cell.count for cell in cells.values())
    apart = 0.42 + min(0.05 * max(crowd - 2, 0), 0.6)
    graph.graph_attr.update(rankdir="LR", nodesep="0.2", ranksep=f"{apart:.2f}", splines="true")
    graph.node_attr.update(shape="box", fixedsize="true", label="", margin="0")
    numbers = {key: str(place) for place, key in enumerate(cells)}
    for key, cell in cells.items():
        graph.add_node(numbers[key], width=cell.width / INCH, height=cell.height / INCH)
    ends = [(numbers[arrow.source], numbers[arrow.target]) for arrow in diagram.arrows]
    for place, (tail, head) in enumerate(ends):
        graph.add_edge(tail, head, key=str(place), tailport="e", headport="w", dir="none")
    with _quiet():
        graph.layout(prog="dot")
    _, _, width, height = map(float, str(graph.graph_attr["bb"]).split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return MARGIN + x, MARGIN + height - y

    middles = {key: point(graph.get_node(number).attr["pos"]) for key, number in numbers.items()}
    edges = [graph.get_edge(*pair, str(place)) for place, pair in enumerate(ends)]
    curves = [tuple(map(point, edge.attr["pos"].split())) for edge in edges]
    return middles, curves, (width + 2 * MARGIN, height + 2 * MARGIN)


def _put_in_order(
    arrows: Sequence[Arrow], cells: dict[str, _Cell], middles: dict[str, Point], curves: list[Curve]
) -> None:
    """What is given to one box only stands in the order in which that reads it: such cells change places."""
    leaving = Counter(arrow.source for arrow in arrows)
    alike: dict[tuple[str, int, float], list[int]] = {}
    for place, arrow in enumerate(arrows):
        cell = cells[arrow.source]
        if cell.count == 0 and leaving[arrow.source] == 1:
            group = arrow.target, round(middles[arrow.source][0]), cell.height
            alike.setdefault(group, []).append(place)
    for places in alike.values():
        found = sorted(((middles[arrows[place].source], curves[place]) for place in places), key=_height_of)
        for place, (middle, curve) in zip(places, found, strict=True):
            middles[arrows[place].source], curves[place] = middle, curve


def _height_of(found: tuple[Point, Curve]) -> float:
    return found[0][1]


def _bands(cells: dict[str, _Cell], middles: dict[str, Point]) -> dict[str, tuple[float, float]]:
    """Where each cell begins and ends from left to right: as the widest of its rank."""
    widest: dict[int, float] = {}
    for key, cell in cells.items():
        rank = round(middles[key][0])
        widest[rank] = max(widest.get(rank, 0.0), cell.width)
    found = {}
    for key, (x, _) in middles.items():
        half = widest[round(x)] / 2
        found[key] = x - half, x + half
    return found


def _ends(
    arrows: Sequence[Arrow], curves: Sequence[Curve], boxes: dict[str, PlacedBox], cells: dict[str, _Cell]
) -> list[Point]:
    """The tips of the arrows: those into one box are spread over its left side, in the order of coming."""
    found: list[Point] = [curve[-1] for curve in curves]
    coming: dict[str, list[int]] = {key: [] for key in boxes}
    for place, arrow in enumerate(arrows):
        coming[arrow.target].append(place)
    for key, places in coming.items():
        box = boxes[key]
        places.sort(key=lambda place: _coming(curves[place]))
        for rank, place in enumerate(places):
            offset = (rank - (len(places) - 1) / 2) * cells[key].pitch
            found[place] = box.x - _half_width(box, offset), box.y + offset
    return found


def _coming(curve: Curve) -> tuple[float, float]:
    """From how high an arrow comes into its end."""
    return curve[-3][1] - curve[-1][1], curve[0][1]


def _half_width(box: PlacedBox, offset: float) -> float:
    """How far the outline is from the middle, so much above or below that."""
    if box.box.shape is not Shape.CIRCLE:
        return box.width / 2
    return float(max((box.width / 2) ** 2 - offset**2, 0.0) ** 0.5)


def _smooth(start: Point, end: Point) -> Curve:
    """From left to right, level at both ends."""
    half = max((end[0] - start[0]) / 2, HEAD)
    return start, (start[0] + half, start[1]), (end[0] - half, end[1]), end


def _meets(curve: Curve, rectangles: Sequence[Rectangle]) -> bool:
    """Whether a curve of one piece runs through a rectangle."""
    start, bend, other, end = curve
    near = [one for one in rectangles if one[0] < end[0] and one[1] > start[0]]
    for step in range(1, 24):
        t = step / 24
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        x, y = (a * start[i] + b * bend[i] + c * other[i] + d * end[i] for i in (0, 1))
        if any(left < x < right and top < y < bottom for left, right, top, bottom in near):
            return True
    return False


def _moved(curve: Curve, end: Point) -> Curve:
    """The curve with another end; its last bend goes with it."""
    *before, bend, last = curve
    return (*before, (min(bend[0], end[0] - HEAD), bend[1] + end[1] - last[1]), end)


def _graphviz() -> Any:
    try:
        from pygraphviz import AGraph
    except ImportError:
        raise OptionError(
            "drawings need Graphviz", where="the operations view", fix="pip install 'symbackprop[draw]'"
        ) from None
    return AGraph


@contextmanager
def _quiet() -> Iterator[None]:
    """What Graphviz's libraries say on standard error, of fonts that nobody asked for, is not shown."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
