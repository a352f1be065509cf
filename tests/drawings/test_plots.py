"""Plots: their points are the trace's numbers, their axes are round, and they read without colour."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.content import Source, Value, text
from symbackprop.conventions import Conventions
from symbackprop.drawings.axes import kept_apart, linear_axis, round_step, thinned, vertical
from symbackprop.drawings.plots import COLOURS, plot_style, plot_svg, plot_tikz
from symbackprop.load import load
from symbackprop.numeric.train import Trace, train
from symbackprop.plots import Line, Plot, gradient_norms_plot, losses_plot
from symbackprop.translation import Language
from tests.examples import EXAMPLES, example

SVG = "{http://www.w3.org/2000/svg}"
TRAINED = [one for one in EXAMPLES if "train" in one.commands]


@cache
def traced(name: str, steps: int | None = None) -> Trace:
    return train(load(example(name).spec), steps=steps)


def plot_of(*lines: list[float], log: bool = False) -> Plot:
    """A plot of these numbers, its words hostile."""
    made = tuple(
        Line(text("{w}", w=f'<script> \\input{{x}} "{place}" \u202e'), tuple(enumerate(map(Value, numbers))))
        for place, numbers in enumerate(lines)
    )
    return Plot(text("<b>&"), text("x"), text("y"), made, log)


def numbers(line: Line) -> list[float]:
    return [value.number for _, value in line.points]


def parsed(plot: Plot, *, standalone: bool = True) -> ElementTree.Element:
    return ElementTree.fromstring(plot_svg(plot, Conventions(), standalone=standalone))


def found(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if kind in (one.get("class") or "").split()]


# ------------------------------------------------------------------------------------------------------ data


def test_the_mean_loss_stands_at_every_state_from_before_the_first_update() -> None:
    trace = traced("obesity")
    every, used = losses_plot(trace).lines
    assert [count for count, _ in every.points] == [0, 1, 2, 3]
    assert numbers(every) == pytest.approx([sum(row) / 10 for row in trace.losses.table])
    assert numbers(used) == pytest.approx([sum(row[:3]) / 3 for row in trace.losses.table])


def test_few_examples_have_a_line_each() -> None:
    lines = losses_plot(traced("chain")).lines
    assert len(lines) == 3
    assert numbers(lines[1]) == pytest.approx(list(traced("chain").losses.table[:, 0]))


def test_a_problem_without_a_table_has_one_loss() -> None:
    (line,) = losses_plot(traced("homework")).lines
    assert [count for count, _ in line.points] == [0, 1]


def test_every_number_of_a_plot_knows_its_slot() -> None:
    trace = traced("obesity")
    sources = [value.source for line in losses_plot(trace).lines for _, value in line.points]
    assert sources[:4] == [Source(f"state {state}", "mean of all") for state in range(4)]
    assert sources[4] == Source("state 0", "mean of used")
    norms = gradient_norms_plot(trace).lines[1]
    assert norms.points[0][1].source == Source("batch 1", "norm of layer 2")


def test_the_norm_of_a_layer_is_that_of_all_its_gradients() -> None:
    trace = traced("obesity")
    gradients = trace.iterations[1].gradients
    last = [gradients[name] for name in ("u_1", "u_2", "d")]
    assert gradient_norms_plot(trace).lines[2].points[1][1].number == pytest.approx(np.linalg.norm(last))


def test_without_layers_every_parameter_has_its_line() -> None:
    trace = traced("homework")
    lines = gradient_norms_plot(trace).lines
    assert [numbers(line)[0] for line in lines] == pytest.approx(
        [abs(one) for one in trace.iterations[0].gradients.values()]
    )


def test_the_scale_is_logarithmic_where_numbers_are_more_than_a_hundred_times_apart() -> None:
    assert gradient_norms_plot(traced("obesity")).log
    assert not losses_plot(traced("obesity")).log


# ------------------------------------------------------------------------------------------------------ axes

REAL = st.floats(-1e12, 1e12, allow_nan=False).map(lambda one: round(one, 6))


@given(st.lists(REAL, min_size=1, max_size=9))
def test_a_linear_axis_holds_all_its_numbers_between_ticks_at_round_steps(values: list[float]) -> None:
    axis = linear_axis(min(values), max(values))
    assert all(-1e-9 <= axis(one) <= 1 + 1e-9 for one in values)
    assert 3 <= len(axis.ticks) <= 12
    shown = [Decimal(tick.digits) for tick in axis.ticks]
    steps = {after - before for before, after in pairwise(shown)}
    assert len(steps) == 1
    assert steps.pop().normalize().as_tuple().digits in ((1,), (2,), (5,))
    assert [axis(float(one)) for one in shown] == pytest.approx([tick.place for tick in axis.ticks], abs=1e-6)


@pytest.mark.parametrize(
    ("near", "far", "from_zero"),
    [(0.13, 0.71, True), (0.235, 0.31, False), (1.0, 2.0, False), (1.0, 2.1, True)],
)
def test_an_axis_of_negative_numbers_is_that_of_the_positive_ones_turned_round(
    near: float, far: float, from_zero: bool
) -> None:
    """It ends at 0 where that is not farther than the numbers are apart."""
    above, below = linear_axis(near, far), linear_axis(-far, -near)
    assert (above.low == 0) == (below.high == 0) == from_zero
    assert (below.low, below.high) == (-above.high, -above.low)


def test_a_tick_is_a_power_of_ten_only_where_it_has_one() -> None:
    """1.000001 has none, the tick 1 of a logarithmic axis is written as one."""
    near_one = plot_of([1.0, 1.000003])
    assert ">1.000001<" in plot_svg(near_one, Conventions())
    assert "{$1.000001$}" in plot_tikz(near_one, Conventions())
    decades = plot_of([0.1, 10.0], log=True)
    assert re.search(r">10<tspan [^>]*>0</tspan>", plot_svg(decades, Conventions()))
    assert "$10^{0}$" in plot_tikz(decades, Conventions())


@given(st.floats(1e-300, 1e300))
def test_a_round_step_is_about_as_long_as_wished(length: float) -> None:
    assert 0.6 <= float(round_step(length)) / length <= 2.01


@given(st.lists(st.floats(1e-300, 1e300) | st.just(0.0), min_size=2, max_size=9).filter(any))
def test_a_logarithmic_axis_holds_all_its_numbers_and_zeros_at_its_foot(values: list[float]) -> None:
    axis = vertical(plot_of(values, log=True))
    places = [axis(one) for one in values]
    assert all(place == 0 for place, one in zip(places, values, strict=True) if one == 0)
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)
    assert sorted(places) == pytest.approx([axis(one) for one in sorted(values)])
    assert all(math.log10(float(tick.digits)).is_integer() for tick in axis.ticks if tick.is_power)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_labels_stand_apart_in_the_order_of_their_lines(places: list[float]) -> None:
    moved = kept_apart(places, 10, 0, 100)
    order = sorted(range(len(places)), key=lambda one: moved[one])
    assert [places[one] for one in order] == sorted(places)
    heights = sorted(moved)
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(heights))
    assert all(-1e-9 <= one <= 100 + 1e-9 for one in moved)


def test_a_long_line_keeps_its_ends_and_its_peaks() -> None:
    values = [math.sin(one / 7) for one in range(5000)]
    values[1234], values[4321] = 9.0, -9.0
    kept = thinned(values)
    assert {0, 1234, 4321, 4999} <= set(kept)
    assert len(kept) <= 302


# ------------------------------------------------------------------------------------------------- SVG, TikZ


@pytest.mark.parametrize("one", TRAINED, ids=str)
def test_the_places_of_the_points_follow_from_what_the_group_says_of_its_scale(one: object) -> None:
    trace = traced(str(one))
    for plot in (losses_plot(trace), gradient_norms_plot(trace)):
        root = parsed(plot, standalone=False)
        (group,) = found(root, "plotting")
        told = {
            name: float(group.get(f"data-{name}", "")) for name in "x0 x1 y0 y1 xmin xmax ymin ymax".split()
        }
        scale = math.log10 if group.get("data-scale") == "log" else float
        points = [point for line in plot.lines for point in line.points]
        circles = found(root, "point")
        assert len(circles) == len(points)
        for circle, (count, value) in zip(circles, points, strict=True):
            low, high = scale(told["ymin"]), scale(told["ymax"])
            across = (count - told["xmin"]) / (told["xmax"] - told["xmin"])
            y = (
                told["y0"] + (told["y1"] - told["y0"]) * (scale(value.number) - low) / (high - low)
                if value.number > 0 or scale is float
                else told["zero"]
            )
            assert float(circle.get("cx", "")) == pytest.approx(
                told["x0"] + across * (told["x1"] - told["x0"]), abs=0.02
            )
            assert float(circle.get("cy", "")) == pytest.approx(y, abs=0.02)
            assert value.source is not None
            assert circle.get("data-slot") == f"{value.source.scope}|{value.source.of}"


def test_lines_differ_in_more_than_their_colours() -> None:
    root = parsed(plot_of(*([1.0 + place, 2.0] for place in range(7))))
    marks = [path.get("d") for marker in root.iter(f"{SVG}marker") for path in marker]
    dashes = [line.get("stroke-dasharray") for line in found(root, "line")]
    assert len(set(zip(dashes, marks, strict=True))) == 7
    names = [one.text for one in root.iter(f"{SVG}text") if "script" in (one.text or "")]
    assert len(names) == 7


def test_a_plot_is_a_picture_with_a_name_and_a_description() -> None:
    root = parsed(losses_plot(traced("obesity")))
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "Losses"
    assert "mean of all" in (root[1].text or "")


def test_a_file_of_its_own_knows_dark_grounds_and_a_part_of_a_page_leaves_that_to_the_page() -> None:
    plot = losses_plot(traced("obesity"))
    assert "prefers-color-scheme: dark" in plot_svg(plot, Conventions())
    assert "<style" not in plot_svg(plot, Conventions(), standalone=False)
    assert " style=" not in plot_svg(plot, Conventions())


@pytest.mark.parametrize("dark", [False, True])
def test_words_can_be_read_on_their_ground(dark: bool) -> None:
    """Contrast by WCAG 2.1, at least 4.5 to 1."""
    ground = re.search(r"\.paper-fill \{ fill: (#\w+)", plot_style(dark=dark))
    assert ground
    for pair in COLOURS:
        lighter, darker = sorted([luminance(pair[dark]), luminance(ground[1])], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_of_a_user_are_harmless() -> None:
    written = plot_svg(plot_of([1.0, 2.0]), Conventions())
    ElementTree.fromstring(written)
    assert "<script" not in written
    assert "\u202e" not in written
    assert "\\input" not in plot_tikz(plot_of([1.0, 2.0]), Conventions())


def test_a_decimal_comma_stands_in_both_formats() -> None:
    comma = Language("en", "comma")
    plot = losses_plot(traced("obesity"))
    assert ">0,235<" in plot_svg(plot, Conventions(), comma)
    assert "{$0{,}235$}" in plot_tikz(plot, Conventions(), comma)


def test_powers_of_ten_are_raised() -> None:
    plot = gradient_norms_plot(traced("obesity"))
    assert re.search(r">10<tspan [^>]*>−4</tspan>", plot_svg(plot, Conventions()))
    assert "$10^{-4}$" in plot_tikz(plot, Conventions())


@pytest.mark.parametrize(
    "lines", [[], [[]], [[3.0]], [[0.0, 0.0]], [[-1.0, -1.0], [5.0, 5.0]], [[1e-300, 1e300]]]
)
@pytest.mark.parametrize("log", [False, True])
def test_odd_numbers_are_drawn_too(lines: list[list[float]], log: bool) -> None:
    if log and not any(one > 0 for line in lines for one in line):
        return
    plot = plot_of(*lines, log=log)
    written = plot_svg(plot, Conventions())
    assert "nan" not in written
    assert len(found(ElementTree.fromstring(written), "point")) == sum(map(len, lines))
    tikz = plot_tikz(plot, Conventions())
    assert tikz.count("{") == tikz.count("}")
    assert "\\end{tikzpicture}" in tikz


def test_marks_of_several_plots_in_a_page_have_names_of_their_own() -> None:
    plot = losses_plot(traced("obesity"))
    first, second = (
        set(re.findall(r' id="([^"]*)"', plot_svg(plot, Conventions(), standalone=False, prefix=prefix)))
        for prefix in ("p1-", "p2-")
    )
    assert first
    assert not first & second
