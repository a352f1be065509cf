"""DOT: Graphviz reads it as the drawing that it is of, whatever a user's words are."""

from __future__ import annotations

import re

import pygraphviz
import pytest

from symbackprop.content import text
from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Arrow, Box, Diagram, Kind, Label, Shape, View
from symbackprop.drawings.dot import write_dot
from tests.examples import EXAMPLES, Example, printed

HOSTILE = '</FONT>> <b>"bold"</b> \\N \\" ]; n9 -> n8; // & &amp; \u202e\x00 \n{'


def hostile() -> Diagram:
    boxes = (
        Box(HOSTILE, (), (Label(Kind.NAME, HOSTILE),)),
        Box("b", (), (), Shape.CIRCLE),
        Box("c", (), (Label(Kind.NOTE, "\x00"),), Shape.NONE),
    )
    arrows = (Arrow(HOSTILE, "b", above=(Label(Kind.FORWARD, HOSTILE),)), Arrow("b", "c"))
    return Diagram(View.OPERATIONS, text("{words}", words=HOSTILE), boxes, arrows)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_graphviz_reads_every_example(example: Example) -> None:
    written = printed("draw", str(example.spec), "--format", "dot")
    graph = pygraphviz.AGraph(string=written)
    assert graph.is_directed()
    assert len(graph.nodes()) == len(re.findall(r"^  n\d+ \[", written, re.MULTILINE))
    seen = [edge for edge in graph.edges() if edge.attr["style"] != "invis"]
    assert len(seen) == len(re.findall(r"^  n\d+ -> n\d+", written, re.MULTILINE))


def test_words_of_a_user_end_nothing_and_begin_nothing() -> None:
    graph = pygraphviz.AGraph(string=write_dot(hostile(), Conventions()))
    assert sorted(graph.nodes()) == ["n0", "n1", "n2"]
    assert sorted(graph.edges()) == [("n0", "n1"), ("n1", "n2")]
    drawn = graph.draw(format="svg", prog="dot").decode()
    assert "&lt;b&gt;&quot;bold&quot;&lt;/b&gt; \\N" in drawn
    assert "\u202e" not in drawn


def test_what_goes_forward_stands_above_in_green_and_what_comes_back_below_in_red() -> None:
    written = printed("draw", "f = x*y", "--at", "x=-2,y=3", "--format", "dot")
    (label,) = re.findall(r"n0 -> n2 \[label=<(.*)>\];", written)
    above, below = label.split("<BR/>")
    for line, words, strongest in ((above, "−2", 1), (below, "∂f/∂x = 3", 0)):
        colour, shown = re.fullmatch(r'<FONT COLOR="#(\w{6})">(.*)</FONT>', line).groups()  # type: ignore[union-attr]
        parts = [int(colour[place : place + 2], 16) for place in (0, 2, 4)]
        assert shown == words
        assert parts.index(max(parts)) == strongest


def test_units_of_a_layer_stand_below_each_other_in_their_order() -> None:
    spec = str(next(one.spec for one in EXAMPLES if one.name == "obesity"))
    graph = pygraphviz.AGraph(string=printed("draw", spec, "--view", "neurons", "--format", "dot"))
    graph.layout(prog="dot")
    places = [tuple(map(float, graph.get_node(f"n{number}").attr["pos"].split(","))) for number in (3, 4, 5)]
    assert max(x for x, _ in places) == pytest.approx(min(x for x, _ in places))
    assert places[0][1] > places[1][1] > places[2][1]
