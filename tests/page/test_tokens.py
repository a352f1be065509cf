"""Numbers in formulas as tokens: which slot each has, and which brackets come and go with its sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Expr, Symbol

from symbackprop.content import Environment, Source, Value
from symbackprop.conventions import Conventions
from symbackprop.expressions import add, mul, power
from symbackprop.notation.numbers import NumberFormat, number_parts
from symbackprop.notation.printer import Printer
from symbackprop.page.marks import Place
from symbackprop.page.tokens import TokenSyntax, TrackedValues, place_of, tracked, with_tokens

X, Y = Symbol("x"), Symbol("y")
RULE = NumberFormat(6)


def with_numbers(formula: Expr, **numbers: float) -> tuple[str, list[Place]]:
    """The formula with numbers put in, of the scope `here`."""
    values = TrackedValues(Environment({Symbol(name): number for name, number in numbers.items()}, "here"))

    def printer() -> Printer:
        return Printer(TokenSyntax(), Conventions(), values)

    return with_tokens(printer, lambda one: one(formula))


def test_a_number_knows_whose_it_is() -> None:
    latex, places = with_numbers(add(X, Y), x=2.0, y=-3.0)
    assert [place.slot for place in places] == ["here|x", "here|y"]
    assert [place.digits for place in places] == ["2", "-3"]
    assert [latex.count(f"⟦{number}⟧") for number in (0, 1)] == [1, 1]


@pytest.mark.parametrize("number", [2.0, -2.0])
def test_the_same_number_has_the_same_tokens_whatever_its_sign(number: float) -> None:
    """A page is written once; signs change in it."""
    latex, places = with_numbers(add(Y, X), x=number, y=1.0)
    expected, other = with_numbers(add(Y, X), x=-number, y=1.0)
    assert latex == expected
    assert [place.wrap for place in places] == [place.wrap for place in other]


def test_brackets_that_a_sign_needs_come_and_go_with_it() -> None:
    _, (first, second) = with_numbers(add(X, Y), x=1.0, y=1.0)
    assert (first.wrap, second.wrap) == (False, True)


def test_brackets_of_a_product_are_always_there() -> None:
    latex, places = with_numbers(mul(X, Y), x=1.0, y=1.0)
    assert [place.wrap for place in places] == [False, False]
    assert latex.count("(") == 2


def test_what_was_typed_is_printed_as_it_was_typed() -> None:
    environment = Environment({X: sympy.Rational("0.5")}, "here")
    number = TrackedValues(environment)[X]
    assert (number.slot, number.typed) == ("here|x", sympy.Rational(1, 2))
    assert place_of(sympy.Rational("0.5"), None, RULE) == Place("0.5")
    assert place_of(0.5, Source("here", X), RULE) == Place("0.500000", "here|x")


def test_an_entry_of_an_array_has_its_index_in_its_slot() -> None:
    entries: Any = tracked(Value(np.array([[1.0, 2.0], [3.0, 4.0]]), Source("here", X)))
    assert [[one.slot for one in row] for row in entries] == [
        ["here|x|0,0", "here|x|0,1"],
        ["here|x|1,0", "here|x|1,1"],
    ]
    assert entries.astype(float).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_a_number_without_a_source_has_no_slot() -> None:
    assert tracked(Value(1.5)).slot == ""


@pytest.mark.parametrize(
    ("digits", "parts"),
    [
        ("-5.85e-05", ("-", "5,85", "-5")),
        ("5e+20", ("", "5", "20")),
        ("-0.25", ("-", "0,25", "")),
        ("12", ("", "12", "")),
    ],
)
def test_a_number_has_a_sign_a_mantissa_and_an_exponent(digits: str, parts: tuple[str, str, str]) -> None:
    assert number_parts(digits, ",") == parts


def test_a_power_of_a_number_is_bracketed_whatever_its_sign() -> None:
    latex, (place,) = with_numbers(power(X, sympy.Integer(2)), x=3.0)
    assert "(" in latex or place.wrap
