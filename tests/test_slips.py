"""What is written by hand is told how it is written here, and what is told can be read."""

from __future__ import annotations

import pytest

from symbackprop.errors import ExpressionError
from symbackprop.language import parse_expression
from symbackprop.slips import likely_fix
from tests.check.small import within

PRODUCT = "a product is written with *: "


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2x", "2*x"),
        ("3.5 x_1", "3.5*x_1"),
        (".5θ_0", ".5*θ_0"),
        ("1e-3 x", "1e-3*x"),
        ("1e5x", "1e5*x"),
        ("y + x y", "x*y"),
        ("x 2", "x*2"),
        ("2 lambda", "2*lambda"),
        ("1 - a b c", "a*b"),
    ],
)
def test_a_product_without_a_sign_is_told_with_one(written: str, meant: str) -> None:
    assert likely_fix(written) == f"{PRODUCT}{meant}"
    parse_expression(meant)


@pytest.mark.parametrize("written", ["(x + 1)y", "(x + 1) y", "(x) 2"])
def test_a_factor_behind_a_bracket_is_told_too(written: str) -> None:
    assert likely_fix(written) == f"{PRODUCT}(…)*{written[-1]}"


@pytest.mark.parametrize(("written", "meant"), [("sin x", "sin(x)"), ("1 + softmax z", "softmax(z)")])
def test_a_function_without_brackets_is_told_with_them(written: str, meant: str) -> None:
    assert likely_fix(written) == f"write {meant}"
    parse_expression(meant)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("class*x", "class is a word of Python's and no name: take another, as class_1"),
        ("x + in", "in is a word of Python's and no name: take another, as in_1"),
        ("f := 2*x", "an equation is written with ="),
        ("x'", "a name has letters, digits and _, and no '"),
        ("x ** ", "write what stands behind **"),
        ("2*(x -)", "write what stands behind -"),
    ],
)
def test_other_slips_are_told_with_what_to_write(written: str, told: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(written)
    assert caught.value.fix == told


def test_what_cannot_be_told_is_not() -> None:
    assert likely_fix("x )") == ""


@pytest.mark.parametrize("piece", ["x", "1", "x ", "1 ", ") ", "+ ", "x_1)"])
def test_a_long_line_is_looked_through_once(piece: str) -> None:
    with within(seconds=2):
        likely_fix(f"{piece * 50_000}?")
