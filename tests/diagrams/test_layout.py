"""Where things stand: labels meet neither each other nor a box, arrows end at boxes, all within the frame."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import combinations

import pytest
from hypothesis import given, settings

from symbackprop.conventions import Conventions
from symbackprop.diagrams.layout import place
from symbackprop.diagrams.model import Diagram, Shape, View
from symbackprop.diagrams.placed import LINE, Placed, PlacedBox, PlacedLabel, Point
from symbackprop.drawings.runs import RunWriter
from symbackprop.drawings.svg import write_svg
from symbackprop.errors import OptionError
from tests.diagrams.drawings import ARRAYS, NETWORKS, SCALARS, Case, example, graphs, network

Rectangle = tuple[float, float, float, float]

TOUCH = 0.51
"""So little may two rectangles share: a hair, from rounding."""


def measured(one: Case, drawing: Diagram) -> Placed:
    return place(drawing, RunWriter(Conventions(), one.notation).width)


def around(part: PlacedBox | PlacedLabel) -> Rectangle:
    height = part.height if isinstance(part, PlacedBox) else LINE
    return part.x - part.width / 2, part.y - height / 2, part.x + part.width / 2, part.y + height / 2


def meet(one: Rectangle, other: Rectangle) -> bool:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide > TOUCH and high > TOUCH


def points(curve: tuple[Point, ...]) -> list[Point]:
    """Points of a Bézier curve."""
    found = []
    for start in range(0, len(curve) - 1, 3):
        four = curve[start : start + 4]
        for step in range(30):
            t = step / 30
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (sum(w * p[axis] for w, p in zip(weights, four, strict=True)) for axis in (0, 1))
            found.append((x, y))
    return found


def check(placed: Placed) -> None:
    outer = [label for arrow in placed.arrows for label in arrow.labels]
    boxes = [around(box) for box in placed.boxes]
    labels = [around(label) for label in outer]
    for one, other in combinations([*labels, *boxes], 2):
        assert not meet(one, other), (one, other)
    for box in placed.boxes:
        inner = [around(label) for label in box.labels]
        assert not any(meet(one, other) for one, other in combinations(inner, 2))
        left, top, right, bottom = around(box)
        assert all(left <= one[0] and one[2] <= right for one in inner)
        assert all(top - 3 <= one[1] and one[3] <= bottom + 3 for one in inner)
    for left, top, right, bottom in [*labels, *boxes]:
        assert left >= 0
        assert top >= 0
        assert right <= placed.width
        assert bottom <= placed.height
    by_key = {box.box.key: box for box in placed.boxes}
    for arrow in placed.arrows:
        check_tip(arrow.curve, by_key[arrow.arrow.target])
        for box in placed.boxes:
            if box.box.key not in (arrow.arrow.source, arrow.arrow.target):
                left, top, right, bottom = around(box)
                inside = [
                    p
                    for p in points(arrow.curve)
                    if left + 1 < p[0] < right - 1 and top + 1 < p[1] < bottom - 1
                ]
                assert not inside, (arrow.arrow, box.box.key)


def check_tip(curve: tuple[Point, ...], box: PlacedBox) -> None:
    """The tip lies on the left side of the outline, and the arrow comes from the left."""
    x, y = curve[-1]
    if box.box.shape is Shape.CIRCLE:
        assert ((x - box.x) ** 2 + (y - box.y) ** 2) ** 0.5 == pytest.approx(box.width / 2, abs=0.1)
        assert x < box.x
    else:
        assert x == pytest.approx(box.x - box.width / 2)
        assert abs(y - box.y) <= box.height / 2
    tail = next(point for point in reversed(curve) if point != curve[-1])
    assert tail[0] < x


@pytest.mark.parametrize("numbers", [True, False])
@pytest.mark.parametrize("widths", [(3, 3, 2, 1), (4, 5, 3), (2, 2, 2), (1, 1), (2, 7, 1)])
def test_in_the_neurons_view_nothing_collides(widths: tuple[int, ...], numbers: bool) -> None:
    one = network(*widths)
    check(measured(one, one.drawn(View.NEURONS, numbers=numbers)))


@pytest.mark.parametrize("partials", [False, True])
@pytest.mark.parametrize("name", [*SCALARS, *NETWORKS, *ARRAYS])
def test_in_the_operations_view_of_an_example_nothing_collides(name: str, partials: bool) -> None:
    one = example(name)
    check(measured(one, one.drawn(View.OPERATIONS, partials=partials)))


@given(graphs())
@settings(max_examples=25)
def test_in_the_operations_view_of_any_graph_nothing_collides(one: Case) -> None:
    check(measured(one, one.drawn(View.OPERATIONS)))


@pytest.mark.parametrize("name", NETWORKS)
def test_in_the_layers_view_nothing_collides(name: str) -> None:
    check(measured(example(name), example(name).drawn(View.LAYERS)))


@pytest.mark.parametrize("view", [View.OPERATIONS, View.NEURONS, View.LAYERS])
def test_a_drawing_is_the_same_every_time(view: View) -> None:
    one = example("obesity")
    assert measured(one, one.drawn(view)) == measured(one, one.drawn(view))


def test_what_is_given_stands_in_the_order_in_which_it_is_used() -> None:
    placed = measured(example("gates"), example("gates").drawn(View.OPERATIONS))
    heights = {box.box.key: box.y for box in placed.boxes}
    assert heights["x"] < heights["y"]


@pytest.mark.parametrize("view", [View.NEURONS, View.OPERATIONS])
def test_a_network_of_200_parameters_is_drawn_within_two_seconds(view: View) -> None:
    """8·12 + 12 + 12·7 + 7 + 7 + 1 = 207 parameters; seconds of this process, whatever else runs."""
    one = network(8, 12, 7, 1)
    assert len(one.derivation.gradients) == 207
    began = time.process_time()
    write_svg(one.drawn(view), Conventions())
    assert time.process_time() - began < 2


DRAW = """
from tests.diagrams.drawings import example
from symbackprop.conventions import Conventions
from symbackprop.drawings.svg import write_svg
print(write_svg(example("gates").drawn(), Conventions())[:4])
"""


def test_graphviz_says_nothing_on_the_terminal() -> None:
    """Neither where it finds fonts nor where it finds none."""
    for more in ({}, {"FONTCONFIG_FILE": "/nowhere", "FONTCONFIG_PATH": "/nowhere"}):
        done = subprocess.run(
            [sys.executable, "-c", DRAW], capture_output=True, text=True, check=True, env=os.environ | more
        )
        assert (done.stdout, done.stderr) == ("<svg\n", "")


def test_without_graphviz_the_operations_view_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    one = example("gates")
    with pytest.raises(OptionError) as caught:
        measured(one, one.drawn(View.OPERATIONS))
    assert str(caught.value).splitlines()[0] == "drawings need Graphviz"
    assert "pip install 'symbackprop[draw]'" in str(caught.value)
    measured(example("obesity"), example("obesity").drawn(View.NEURONS))
