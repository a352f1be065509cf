"""What views are made of: words in English, tables and formulas of a bearable length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from sympy import Expr

from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.content import Text, Value
from symbackprop.solution.steps import Cell, Equation, Formulas, Sentence, Step, Table

MOST = 40
"""So many rows or formulas of one kind are shown; the rest is counted."""

WIDEST = 96
"""Characters of a headline."""


def words(template: str, **fields: Any) -> Text:
    """A text that stays in English, for an object knows no language."""
    return Text(template, fields)


def headed(title: str, equations: Iterable[Equation], count: int) -> Iterator[Step]:
    """Formulas under their title; nothing where there are none.

    Args:
        title: what they are.
        equations: the formulas; those that are not shown are not made.
        count: how many there are.
    """
    if count:
        yield Sentence(words(title))
        yield Formulas(tuple(islice(equations, MOST)))
        yield from rest(count)


def table(head: Iterable[str | Expr], rows: Iterable[tuple[Cell, ...]], count: int) -> Iterator[Step]:
    """A table, cut where it is long.

    Args:
        head: the words or formulas above the columns.
        rows: the rows; those that are not shown are not made.
        count: how many there are.
    """
    titles = tuple(words(one) if isinstance(one, str) else one for one in head)
    yield Table(titles, tuple(islice(rows, MOST)))
    yield from rest(count)


def rest(count: int) -> Iterator[Step]:
    """How many were left out."""
    if count > MOST:
        yield Sentence(words("… and {more} more.", more=count - MOST))


def number(value: Any) -> Value | str:
    """A number or a matrix as a cell; of an array with more axes only the shape is told."""
    if np.ndim(value) > 2:
        return f"an array of shape {show_shape(np.shape(value))}"
    return Value(value if np.ndim(value) else float(value))


def shape_words(shape: Shape) -> Text | str:
    """A shape as a cell."""
    return show_shape(shape) if shape else words("scalar")


def shortened(headline: str) -> str:
    """A headline that fits a line."""
    return headline if len(headline) <= WIDEST else headline[: WIDEST - 2] + " …"


def counted(number: int, thing: str) -> str:
    """1 node, 2 nodes.

    >>> counted(1, "node"), counted(2, "node")
    ('1 node', '2 nodes')
    """
    return f"{number} {thing}" + ("" if number == 1 else "s")
