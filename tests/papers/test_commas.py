"""Decimal commas are read as points where a document writes no points, and nothing else is."""

from __future__ import annotations

import pytest

from symbackprop.papers.commas import with_points
from symbackprop.papers.reading import read_document


def formulas(*texts: str) -> list[str]:
    document = read_document("".join(f"$$\n{text}\n$$\n\n" for text in texts), "markdown")
    return [one.text.strip() for one in with_points(document).formulas]


def test_commas_between_digits_are_decimal() -> None:
    assert formulas("a = 0,25 + 12,5", r"\frac{0,25}{2}", "-3,0") == [
        "a = 0.25 + 12.5",
        r"\frac{0.25}{2}",
        "-3.0",
    ]


@pytest.mark.parametrize("text", ["w_{1,2}", "w^{1,2}", "w_{12,3}", "f(1, 2)", "1,2,3", "x_1,2"])
def test_commas_that_part_are_left(text: str) -> None:
    assert formulas("a = 0,25", text) == ["a = 0.25", text]


@pytest.mark.parametrize("other", ["b = 1.5", "b = 1{,}5"])
def test_a_document_with_points_or_commas_in_braces_is_left(other: str) -> None:
    assert formulas("a = (0,25)", other) == ["a = (0,25)", other]


def test_pairs_of_numbers_are_left_where_no_number_is_certain() -> None:
    assert formulas("x = (1,2)", "y = (0,1)") == ["x = (1,2)", "y = (0,1)"]
