"""Places for the operations view, by Graphviz: every box with the wire that leaves it, and its labels.

A box and its wire are one node to Graphviz, so that the labels have room beside the box. Where several boxes
use a value, its wire forks behind them.
"""

from __future__ import annotations

import os
import sys
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
    stacked,
    straight,
)
from symbackprop.errors import OptionError

INCH = 72.0
"""Pixels, which are points to Graphviz."""


@dataclass(frozen=True)
class _Cell:
    """A box and the wire that leaves it; the labels on the wire."""

    box: Box
    size: Point
    above: tuple[Label, ...]
    below: tuple[Label, ...]
    stem: float

    @property
    def width(self) -> float:
        return self.size[0] + self.stem

    @property
    def height(self) -> float:
        return max(self.size[1], 2 * LINE * max(len(self.above), len(self.below)))


def place_graph(diagram: Diagram, measure: Measure) -> Placed:
    """Places for a diagram without columns.

    Raises:
        OptionError: Graphviz is missing.
    """
    cells = {box.key: _cell(box, diagram.arrows, measure) for box in diagram.boxes}
    middles, curves, partials, total = _laid_out(diagram, cells, measure)
    boxes: dict[str, PlacedBox] = {}
    for key, cell in cells.items():
        x, y = middles[key]
        boxes[key] = boxed(cell.box, x - cell.stem / 2, y, cell.size, measure)
    ends = _ends(diagram.arrows, curves, boxes)
    arrows = []
    for place, arrow in enumerate(diagram.arrows):
        cell, box = cells[arrow.source], boxes[arrow.source]
        start = box.x + box.width / 2, box.y
        curve = curves[place]
        moved = _moved(curve, ends[place])
        stem = (start, *straight(start, (start[0] + cell.stem, start[1]))) if cell.stem else (start,)
        labels = list(partials[place])
        if arrow.above or arrow.below:
            middle = start[0] + cell.stem / 2
            above = [label for label in arrow.above if label.kind is not Kind.PARTIAL]
            below = [label for label in arrow.below if label.kind is not Kind.PARTIAL]
            labels += stacked(above, middle, start[1] - 1 - LINE * len(above), measure)
            labels += stacked(below, middle, start[1] + 1, measure)
        arrows.append(PlacedArrow(arrow, (*stem, *moved[1:]), tuple(labels)))
    counts = [sum(arrow.source == key for arrow in diagram.arrows) for key in cells]
    forks = tuple(
        (boxes[key].x + boxes[key].width / 2 + cell.stem, boxes[key].y)
        for (key, cell), count in zip(cells.items(), counts, strict=True)
        if count > 1
    )
    return Placed(*total, tuple(boxes[box.key] for box in diagram.boxes), tuple(arrows), forks)


def _cell(box: Box, arrows: Sequence[Arrow], measure: Measure) -> _Cell:
    mine = [arrow for arrow in arrows if arrow.source == box.key]
    above = tuple(label for arrow in mine for label in arrow.above if label.kind is not Kind.PARTIAL)
    below = tuple(label for arrow in mine for label in arrow.below if label.kind is not Kind.PARTIAL)
    widest = max((measure(label) for label in (*above, *below)), default=0.0)
    return _Cell(box, box_size(box, measure), above, below, widest + PAD if widest else 0.0)


Curve = tuple[Point, ...]


def _laid_out(
    diagram: Diagram, cells: dict[str, _Cell], measure: Measure
) -> tuple[dict[str, Point], list[Curve], list[tuple[PlacedLabel, ...]], Point]:
    """The middles of the cells, the curve and the partial of every arrow, and the size of the whole.

    Graphviz knows the boxes by number and sees no text.
    """
    graph = _graphviz()(directed=True, strict=False)
    graph.graph_attr.update(rankdir="LR", nodesep="0.2", ranksep="0.5", splines="true")
    graph.node_attr.update(shape="box", fixedsize="true", label="", margin="0")
    numbers = {key: str(place) for place, key in enumerate(cells)}
    for key, cell in cells.items():
        graph.add_node(numbers[key], width=cell.width / INCH, height=cell.height / INCH)
    partials = [_partials(arrow) for arrow in diagram.arrows]
    for place, arrow in enumerate(diagram.arrows):
        room = {}
        if partials[place]:
            width = max(map(measure, partials[place])) + PAD
            height = 2 * LINE * len(partials[place])
            size = f'WIDTH="{width:.0f}" HEIGHT="{height:.0f}"'
            room["label"] = f'<<TABLE BORDER="0" FIXEDSIZE="TRUE" {size}><TR><TD></TD></TR></TABLE>>'
        graph.add_edge(
            numbers[arrow.source],
            numbers[arrow.target],
            key=str(place),
            tailport="e",
            headport="w",
            dir="none",
            **room,
        )
    with _quiet():
        graph.layout(prog="dot")
    _, _, width, height = map(float, str(graph.graph_attr["bb"]).split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return MARGIN + x, MARGIN + height - y

    middles = {key: point(graph.get_node(number).attr["pos"]) for key, number in numbers.items()}
    curves, labels = [], []
    for place, arrow in enumerate(diagram.arrows):
        edge = graph.get_edge(numbers[arrow.source], numbers[arrow.target], str(place))
        curves.append(tuple(point(part) for part in edge.attr["pos"].split()))
        if partials[place]:
            x, y = point(edge.attr["lp"])
            labels.append(stacked(partials[place], x, y - LINE * len(partials[place]) / 2, measure))
        else:
            labels.append(())
    return middles, curves, labels, (width + 2 * MARGIN, height + 2 * MARGIN)


def _partials(arrow: Arrow) -> tuple[Label, ...]:
    return tuple(label for label in (*arrow.above, *arrow.below) if label.kind is Kind.PARTIAL)


def _ends(arrows: Sequence[Arrow], curves: Sequence[Curve], boxes: dict[str, PlacedBox]) -> list[Point]:
    """The tips of the arrows: those into one box are spread over its left side, in the order of coming."""
    found: list[Point] = [curve[-1] for curve in curves]
    for key, box in boxes.items():
        places = [place for place, arrow in enumerate(arrows) if arrow.target == key]
        places.sort(key=lambda place: _coming(curves[place]))
        room = box.height * (0.62 if box.box.shape is Shape.CIRCLE else 0.7)
        step = min(room / max(len(places) - 1, 1), 14.0)
        for rank, place in enumerate(places):
            offset = (rank - (len(places) - 1) / 2) * step
            found[place] = box.x - _half_width(box, offset), box.y + offset
    return found


def _coming(curve: Curve) -> tuple[float, float]:
    """From how high an arrow comes into its end."""
    return curve[-3][1] - curve[-1][1], curve[0][1]


def _half_width(box: PlacedBox, offset: float) -> float:
    """How far the outline is from the middle, so much above or below that."""
    if box.box.shape is not Shape.CIRCLE:
        return box.width / 2
    return float(((box.width / 2) ** 2 - offset**2) ** 0.5)


def _moved(curve: Curve, end: Point) -> Curve:
    """The curve with another end; its last bend goes with it."""
    last = curve[-1]
    shift = end[1] - last[1]
    *before, bend, _ = curve
    return (*before, (min(bend[0], end[0] - 8), bend[1] + shift), end)


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
