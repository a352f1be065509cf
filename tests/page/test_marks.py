"""What of a formula is a node, an edge or a number: attributes in its MathML, on nothing else."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from sympy import Basic, Symbol

from symbackprop.conventions import Conventions
from symbackprop.expressions import AtStep, Quotient
from symbackprop.graph import Graph
from symbackprop.notation.latex import LATEX
from symbackprop.notation.printer import Printer
from symbackprop.page.marks import Marks, Place, token

GRAPH = Graph.from_equations("q = x + y; f = q*z", parameters=["x", "y", "z"])
F, Q, X, Z = (Symbol(name) for name in "fqxz")
DELTA = Symbol("delta_q")
PRINTER = Printer(LATEX, Conventions())


def marked(latex: str, *parts: Basic, places: tuple[Place, ...] = ()) -> list[tuple[str, str, str]]:
    """What is marked in a formula: the attribute, its value, the text of the part."""
    marks = Marks(GRAPH, PRINTER, ".")
    root = ElementTree.fromstring(marks.formula(latex, parts, list(places)))
    return [
        (name, value, "".join(one.itertext()))
        for one in root.iter()
        for name, value in one.attrib.items()
        if name.startswith("data-")
    ]


def test_a_name_is_marked_as_its_node() -> None:
    assert marked(PRINTER(Q * Z), Q, Z) == [("data-n", "q", "q"), ("data-n", "z", "z")]


def test_a_name_that_is_no_node_is_not_marked() -> None:
    assert marked("q r", Q, Symbol("r")) == [("data-n", "q", "q")]


def test_a_delta_is_marked_as_the_derivative_by_its_node() -> None:
    assert marked(PRINTER(DELTA), DELTA) == [("data-d", "q", "δq")]


@pytest.mark.parametrize(
    ("of", "by", "expected"),
    [
        (Q, X, {("data-e", "x>q")}),
        (F, X, {("data-d", "x")}),
        (F, Q, {("data-e", "q>f"), ("data-d", "q")}),
    ],
)
def test_a_derivative_is_an_edge_or_the_gradient_or_both(
    of: Symbol, by: Symbol, expected: set[tuple[str, str]]
) -> None:
    """∂q/∂x belongs to the edge from x to q, ∂f/∂x to x, ∂f/∂q to both."""
    quotient = Quotient(of, by)
    assert {pair[:2] for pair in marked(PRINTER(quotient), quotient, of, by)} == expected


def test_inside_of_what_is_marked_nothing_is() -> None:
    quotient = Quotient(F, X)
    assert [text for *_, text in marked(PRINTER(quotient), quotient, F, X)] == ["∂f∂x"]


def test_what_an_update_gives_is_marked_as_its_parameter() -> None:
    after = AtStep(X, 1)
    assert marked(PRINTER(after), after) == [("data-n", "x", "x(1)")]


def test_without_a_graph_nothing_is_marked() -> None:
    text = Marks(None, PRINTER, ".").formula("q", [Q], [])
    assert "data-" not in text


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place("0.25"), "0.25"),
        (Place("-0.25"), "−0.25"),
        (Place("-0.25", wrap=True), "(−0.25)"),
        (Place("0.25", wrap=True), "0.25"),
        (Place("-5.85e-05"), "−5.85×10−5"),
    ],
)
def test_a_number_stands_in_the_place_of_its_token(place: Place, shown: str) -> None:
    text = Marks(GRAPH, PRINTER, ".").formula(f"{token(0)}", [], [place])
    assert "".join(ElementTree.fromstring(text).itertext()) == shown


def test_a_number_carries_its_slot_escaped() -> None:
    found = marked(token(0), places=(Place("1", 'pass 1.0|"><script>'),))
    assert found == [("data-slot", 'pass 1.0|"><script>', "1")]


def test_every_name_of_the_graph_and_of_the_sheet_is_set() -> None:
    inputs: list[dict[str, Any]] = [{"name": "W_1", "index": [0, 1]}, {"name": "eta", "index": []}]
    found = Marks(GRAPH, PRINTER, ".").names(inputs)
    assert {name: "".join(ElementTree.fromstring(one).itertext()) for name, one in found.items()} == {
        **dict(zip("xyqzf", "xyqzf", strict=True)),
        "delta_q": "δq",
        "W_1[0][1]": "W1,12",
        "eta": "η",
    }
