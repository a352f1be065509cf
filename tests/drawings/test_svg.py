"""Drawings as SVG: well-formed, harmless, found by a page, seen on light and dark grounds."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol

from symbackprop.content import Source, Value, text
from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram, Kind, View
from symbackprop.drawings.svg import DARK, LIGHT, write_svg
from symbackprop.graph import Graph
from symbackprop.notation.printable import on_one_line
from symbackprop.problem import Problem
from symbackprop.slots import slot
from symbackprop.translation import ENGLISH, find_language
from tests.diagrams.drawings import ARRAYS, NETWORKS, SCALARS, case, example

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "a]]>b&<!--",
    "\" onload='x()' '",
    "\u202eright to left\x00\x1b",
    "{0.x}%s",
]


def tree(drawing: Diagram, **options: object) -> ElementTree.Element:
    return ElementTree.fromstring(write_svg(drawing, Conventions(), **options))  # type: ignore[arg-type]


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


@pytest.mark.parametrize("name", [*SCALARS, *NETWORKS, *ARRAYS])
def test_every_node_edge_and_number_of_an_example_is_found_by_its_name(name: str) -> None:
    one = example(name)
    drawing = one.drawn(View.OPERATIONS)
    root = ElementTree.fromstring(write_svg(drawing, Conventions(), one.notation))
    nodes = [name for group in root.iter(f"{SVG}g") for name in group.get("data-nodes", "").split()]
    assert sorted(nodes) == sorted(node.name for node in one.graph.nodes)
    edges = [edge for group in root.iter(f"{SVG}g") for edge in group.get("data-edges", "").split()]
    assert sorted(edges) == sorted(
        f"{parent}>{node.name}" for node in one.graph.nodes for parent in node.parents
    )
    slots = [span.get("data-slot") for span in root.iter(f"{SVG}tspan") if span.get("class") == "number"]
    assert slots == [slot(source) for source in sources(drawing)]


def sources(drawing: Diagram) -> list[Source]:
    """Of the numbers of a drawing, in the order in which it is drawn: arrows, then boxes."""
    arrows = [label.right for arrow in drawing.arrows for label in (*arrow.above, *arrow.below)]
    numbers = arrows + [label.right for box in drawing.boxes for label in box.lines]
    return [one.source for one in numbers if isinstance(one, Value) and one.source is not None]


def test_a_number_is_one_span_with_its_exponent_within() -> None:
    """∂L/∂w_13 = 5.851379e-05 in the first pass of the lecture's network."""
    root = tree(example("obesity").drawn(View.NEURONS))
    (span,) = [one for one in root.iter(f"{SVG}tspan") if one.get("data-slot") == "pass 1.0|d(L)/d(w_13)"]
    assert span.text == "5.851379×10"
    (exponent,) = span
    assert (exponent.get("class"), exponent.text) == ("exponent", "−5")


def test_typed_digits_stay_as_typed() -> None:
    root = tree(example("regularised-cost").drawn(View.NEURONS))
    (span,) = [one for one in root.iter(f"{SVG}tspan") if one.get("data-slot") == "pass 1.0|lambda"]
    assert words(span) == "0.1"


def test_names_have_letters_in_italics_and_real_indices() -> None:
    root = tree(example("obesity").drawn(View.NEURONS))
    (label,) = [one for one in root.iter(f"{SVG}text") if words(one).startswith("δa1")]
    delta, a, one, *_ = label
    assert [part.get("font-style") for part in (delta, a, one)] == ["italic", "italic", None]
    assert delta.get("dy") is None
    assert float(a.get("dy", "0")) > 0
    assert words(label) == "δa1 = 0.000234"


def test_lines_go_back_to_their_height_behind_an_index() -> None:
    """All shifts up to a number add up to nothing."""
    for label in tree(example("obesity").drawn(View.NEURONS)).iter(f"{SVG}text"):
        shift = 0.0
        for span in label.iter(f"{SVG}tspan"):
            if span.get("class") == "number":
                assert shift == pytest.approx(0, abs=0.11)
                break
            shift += float(span.get("dy", "0"))


def test_the_decimal_comma_is_used() -> None:
    svg = write_svg(
        example("obesity").drawn(View.NEURONS), Conventions(), language=find_language("en", "comma")
    )
    assert "0,023340" in svg
    assert "0.023340" not in svg


def test_digits_follow_the_conventions() -> None:
    svg = write_svg(example("obesity").drawn(View.NEURONS), Conventions(digits=3))
    assert ">0.023<" in svg
    assert "∂L/∂" in re.sub(r"<[^>]*>", "", svg)
    plain = re.sub(
        r"<[^>]*>", "", write_svg(example("obesity").drawn(View.NEURONS), Conventions(derivative="d"))
    )
    assert "dL/dw11" in plain


def test_one_that_hears_it_is_told_what_is_drawn() -> None:
    root = tree(example("obesity").drawn(View.NEURONS), prefix="p1-")
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert words(title) == "Network: Obesity risk: a 3-3-2-1 network"
    assert "the gradient of that weight" in words(description)
    assert root.get("aria-labelledby") == "p1-title p1-description"
    assert {title.get("id"), description.get("id")} == {"p1-title", "p1-description"}


@pytest.mark.parametrize("view", [View.OPERATIONS, View.NEURONS, View.LAYERS])
def test_a_part_of_a_page_brings_no_style_and_no_script(view: View) -> None:
    svg = write_svg(example("obesity").drawn(view), Conventions(), standalone=False)
    assert not re.search(r"<style|\sstyle=|<script|\son\w+=|href|url\(|var\(|@import", svg)


def test_a_file_of_its_own_knows_dark_grounds_and_is_plain_without_them() -> None:
    svg = write_svg(example("gates").drawn(), Conventions())
    (style,) = re.findall(r"<style>(.*?)</style>", svg, re.DOTALL)
    assert style.lstrip().startswith("@media (prefers-color-scheme: dark)")
    assert "var(" not in svg
    for kind in (Kind.FORWARD, Kind.BACKWARD):
        assert f'class="{kind.value}"' in svg
        assert f'fill="{LIGHT[kind.value]}"' in svg
        assert f".diagram .{kind.value} {{ fill: {DARK[kind.value]} }}" in style


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "note", "forward", "backward", "partial"])
@pytest.mark.parametrize("ground", ["paper", "fill"])
def test_words_stand_out_from_their_ground(colours: dict[str, str], name: str, ground: str) -> None:
    """4.5 to 1, as the Web Content Accessibility Guidelines ask."""
    bright, dim = sorted((luminance(colours[name]), luminance(colours[ground])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_any_title_is_words_and_nothing_else(title: str) -> None:
    drawing = replace(example("gates").drawn(), title=text("{title}", title=title))
    svg = write_svg(drawing, Conventions())
    root = ElementTree.fromstring(svg)
    shown = root.find(f"{SVG}title")
    assert shown is not None
    assert words(shown) == on_one_line(title)
    plain = ElementTree.fromstring(write_svg(example("gates").drawn(), Conventions()))
    assert [one.tag for one in root.iter()] == [one.tag for one in plain.iter()]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_words_and_nothing_else(name: str) -> None:
    x = Symbol(name)
    graph = Graph.from_expressions({"f": x**2}, parameters=[x])
    drawing = case(Problem(graph, title=name), {name: 3.0}).drawn()
    root = ElementTree.fromstring(write_svg(drawing, Conventions(), language=ENGLISH))
    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "g", "path", "circle", "text", "tspan"}
    assert not [one for one in root.iter() if any(key.startswith("on") for key in one.attrib)]
