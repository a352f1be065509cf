"""A formula is taken apart into its chains of sides; words, gaps, commas and columns part them."""

from __future__ import annotations

import pytest

from symbackprop.formulas.chains import Chain, chains_of
from tests.formulas.sides import scene

Sides = list[list[str]]


def chains(latex: str) -> list[Chain]:
    return chains_of(latex, scene().vocabulary)


def sides(latex: str) -> Sides:
    """The text of every side that is read, each with the relation before it."""
    found = []
    for chain in chains(latex):
        assert not [side.unread for side in chain.sides if side.unread is not None]
        found.append(
            [
                f"{side.relation} {latex[side.start : side.end]}".strip()
                for side in chain.sides
                if side.node is not None
            ]
        )
    return [one for one in found if one]


TABLE: dict[str, Sides] = {
    "x": [["x"]],
    "x = y": [["x", "= y"]],
    "x = y = z": [["x", "= y", "= z"]],
    r"x = y \approx 2.5": [["x", "= y", "approx 2.5"]],
    r"x \equiv y": [["x", "equiv y"]],
    "x := y + z": [["x", ":= y + z"]],
    r"w \leftarrow w - x": [["w", "leftarrow w - x"]],
    r"\begin{aligned} x &= y \\ &= z \end{aligned}": [["x", "= y", "= z"]],
    r"\begin{align*} x &= y + z \\ z &= w \end{align*}": [["x", "= y + z"], ["z", "= w"]],
    r"\begin{aligned} x &= y & z &= w \\ a_1 &= a_2 & a_3 &= t \end{aligned}": [
        ["x", "= y"],
        ["z", "= w"],
        ["a_1", "= a_2"],
        ["a_3", "= t"],
    ],
    "x = y, z = w": [["x", "= y"], ["z", "= w"]],
    "x = y; z = w.": [["x", "= y"], ["z", "= w"]],
    r"x = y \quad z = w": [["x", "= y"], ["z", "= w"]],
    r"x = y \qquad \text{and} \qquad z = w": [["x", "= y"], ["z", "= w"]],
    r"x = y \text{ so } z = w": [["x", "= y"], ["z", "= w"]],
    r"x = y \Rightarrow z = w": [["x", "= y"], ["z", "= w"]],
    r"x = y \quad \text{(by the chain rule)}": [["x", "= y"]],
    r"\max(x, y) = z": [[r"\max(x, y)", "= z"]],
    r"\boxed{x = y}": [["x", "= y"]],
    r"x \overset{!}{=} y": [["x", "= y"]],
    r"x = \begin{cases} y & z > 0 \\ t & z < 0 \end{cases}": [
        ["x", r"= \begin{cases} y & z > 0 \\ t & z < 0 \end{cases}"]
    ],
    r"x = \sum_{i=1}^{3} a_i": [["x", r"= \sum_{i=1}^{3} a_i"]],
}


@pytest.mark.parametrize(("latex", "expected"), TABLE.items(), ids=list(TABLE))
def test_a_formula_is_taken_apart(latex: str, expected: Sides) -> None:
    assert sides(latex) == expected


@pytest.mark.parametrize(
    ("latex", "last"),
    [
        (r"\begin{aligned} x &= y \\ &\quad + z \end{aligned}", {"y", "z"}),
        (r"\begin{aligned} x &= y + \\ &\quad z \end{aligned}", {"y", "z"}),
        (r"\begin{aligned} x &= y \\ &\qquad - z \cdot t \end{aligned}", {"y", "z", "t"}),
        (r"\begin{aligned} x &= y \\ &\cdot z \end{aligned}", {"y", "z"}),
    ],
)
def test_a_row_that_begins_or_ends_with_an_operator_goes_on(latex: str, last: set[str]) -> None:
    (chain,) = chains(latex)
    assert len(chain.sides) == 2
    assert chain.sides[1].node is not None
    assert {str(one.value) for one in chain.sides[1].node.walk() if one.kind == "name"} == last


@pytest.mark.parametrize("latex", ["= y", r"\approx 2.5", r"&= y"])
def test_a_chain_that_begins_with_a_relation_goes_on_with_the_one_before(latex: str) -> None:
    (chain,) = chains(latex)
    assert chain.continues
    assert [side.node is not None for side in chain.sides] == [True]


def test_a_chain_that_ends_with_a_relation_is_open() -> None:
    (chain,) = chains("x = y =")
    assert chain.open
    assert not chain.continues
    assert len(chain.sides) == 2


@pytest.mark.parametrize("sign", ["<", ">", r"\leq", r"\geq", r"\neq", r"\in"])
def test_a_comparison_claims_no_equality(sign: str) -> None:
    (chain,) = chains(f"x {sign} y")
    assert chain.compares


def test_only_the_side_that_cannot_be_read_is_unread() -> None:
    latex = r"x = \foo{y} = z"
    (chain,) = chains(latex)
    assert [side.unread is not None for side in chain.sides] == [False, True, False]
    assert chain.sides[1].unread is not None
    assert chain.sides[1].unread.offset == latex.index(r"\foo")


def test_a_side_of_words_is_none() -> None:
    (chain,) = chains(r"x = \text{the input}")
    assert [side.is_words for side in chain.sides] == [False, True]
    assert chain.sides[1].node is None


def test_the_words_before_a_chain_are_kept() -> None:
    found = chains(r"\text{where } x = y")
    assert [chain.words for chain in found] == [["where"]]
