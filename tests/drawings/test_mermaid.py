"""Mermaid: safe names, quoted labels, and no sign of a user's that Mermaid would read."""

from __future__ import annotations

import re

import pytest

from symbackprop.content import text
from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Arrow, Box, Diagram, Kind, Label, Shape, View
from symbackprop.drawings.mermaid import write_mermaid
from tests.examples import EXAMPLES, Example, printed

LABEL = r'"[^"`<>]*(?:<br/>[^"`<>]*)*"'
LINE = re.compile(
    rf"flowchart LR|  acc(?:Title|Descr): [^;#\"<>`{{}}]+"
    rf"|  n\d+(?:\[{LABEL}\]|\(\({LABEL}\)\))"
    rf"|  n\d+ -->(?:\|{LABEL}\|)? n\d+"
    r"|  classDef bare fill:none,stroke:none|  class n\d+(?:,n\d+)* bare"
)
"""Every kind of line that is written; Mermaid 11 and 12 were seen to read them."""

HOSTILE = '"]; <script>alert(1)</script> `code` #quot; & *b* [a](javascript:1) |\n%% } end \u202e ```'


def shown(*labels: str) -> str:
    """A flowchart of one box with these lines."""
    box = Box("a", (), tuple(Label(Kind.NAME, one) for one in labels))
    title = text("{words}", words=HOSTILE)
    diagram = Diagram(View.OPERATIONS, title, (box,), (), text("{words}", words=HOSTILE))
    return write_mermaid(diagram, Conventions())


@pytest.mark.parametrize("view", ["operations", "layers"])
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_line_of_every_example_is_of_a_kind_that_mermaid_reads(example: Example, view: str) -> None:
    if view == "layers" and "network" not in example.toml:
        return
    for line in printed("draw", str(example.spec), "--view", view, "--format", "mermaid").splitlines():
        assert LINE.fullmatch(line), line


def test_words_of_a_user_end_nothing_and_begin_nothing() -> None:
    written = shown(HOSTILE)
    for line in written.splitlines():
        assert LINE.fullmatch(line), line
    assert "#quot;]; #lt;script#gt;" in written
    assert "#35;quot; #amp;" in written
    assert "](" not in written
    assert "```" not in written
    assert "\u202e" not in written


@pytest.mark.parametrize("sign", ["+", "-", "- x", "1. one", "2) two"])
def test_what_markdown_takes_for_a_list_is_kept_from_being_one(sign: str) -> None:
    assert f'n0["\u200b{sign}"]' in shown(sign)


def test_numbers_are_no_lists() -> None:
    assert 'n0["1.5 x<br/>−3"]' in shown("1.5 x", "−3")


def test_arrows_say_which_way_a_number_goes() -> None:
    boxes = (Box("a", (), (Label(Kind.NAME, "x"),), Shape.NONE), Box("b", (), (Label(Kind.NAME, "exp"),)))
    above, below = (Label(Kind.FORWARD, "x = 2"),), (Label(Kind.BACKWARD, "d = 3"),)
    diagram = Diagram(View.OPERATIONS, text("t"), boxes, (Arrow("a", "b", above=above, below=below),))
    assert '  n0 -->|"→ x = 2<br/>← d = 3"| n1\n' in write_mermaid(diagram, Conventions())


def test_a_circle_is_round_and_what_is_given_has_no_outline() -> None:
    written = printed("draw", "q = x + y", "--format", "mermaid")
    assert '(("\u200b+"))' in written
    assert "class n0,n1,n3 bare" in written
