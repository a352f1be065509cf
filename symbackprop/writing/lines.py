"""Equations as lines of text in one syntax, broken at `=` and, where a side is too long, at + and -."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from sympy import Basic

from symbackprop.arrays.matrices import printer_for
from symbackprop.arrays.shape_lines import shape_of_left, shape_text
from symbackprop.content import Digits, Math, Substituted, Text, Value
from symbackprop.conventions import Conventions
from symbackprop.notation.printable import on_one_line
from symbackprop.notation.printer import Printer
from symbackprop.notation.syntax import Syntax
from symbackprop.solution.steps import Cell, Equation, Notation, Table

PLAIN_RELATIONS = {sign: sign for sign in "=≈≡←"}
OPENING, CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Phrase:
    """An equation in print: what stands left, and each side behind its relation."""

    left: str
    sides: tuple[tuple[str, str], ...]

    def in_one(self) -> str:
        """On one line."""
        return " ".join([self.left, *(f"{relation} {side}" for relation, side in self.sides)])


class Writer:
    """Puts mathematics into one syntax under one set of conventions.

    Args:
        syntax: how formulas look.
        conventions: ∂ or d, digits.
        relations: how `=`, `≈`, `≡` and `←` are written.
        notation: in components, in matrices or in indices.
    """

    def __init__(
        self,
        syntax: Syntax,
        conventions: Conventions,
        relations: Mapping[str, str],
        notation: Notation | None = None,
    ) -> None:
        self.syntax, self.conventions, self.relations = syntax, conventions, relations
        self.notation = notation or Notation()
        self.printer = self._printer()

    def _printer(self, values: Mapping[Basic, Any] | None = None) -> Printer:
        if self.notation.capitals is not None:
            from symbackprop.indexed.printing import printer_for_indices

            return printer_for_indices(self.syntax, self.conventions, self.notation.capitals)
        return printer_for(self.syntax, self.conventions, self.notation.shapes, values)

    def math(self, content: Math) -> str:
        """One side of an equation."""
        match content:
            case Substituted(expression, values):
                return self._printer(values)(expression)
            case Value(number, _):
                return self.printer.number(number)
            case Digits(digits, _):
                return self.syntax.number(digits)
        return self.printer(content)

    def phrase(self, equation: Equation) -> Phrase:
        """An equation; a side that prints as the one before it is left out."""
        left = self.printer(equation.left)
        sides: list[tuple[str, str]] = []
        for relation, side in equation.sides:
            shown = self.math(side)
            if shown != (sides[-1][1] if sides else left):
                sides.append((self.relations[relation], shown))
        return Phrase(left, tuple(sides))

    def shape_of(self, equation: Equation) -> str:
        """The shape of an equation's left side, where it is shown and is no number."""
        if self.notation.shapes is None or not equation.shaped:
            return ""
        shape = shape_of_left(equation.left, self.notation.shapes, self.conventions)
        return shape_text(shape, self.syntax.times) if shape else ""

    def words(self, cell: Cell | Text | str | int, inline: str = "{}") -> str:
        """A text or a cell, its mathematics put into `inline`."""
        if isinstance(cell, Text):
            template = self.syntax.language(cell.template, cell.plural, cell.count)
            return "".join(
                self.plain(literal) + (self.words(cell.fields[name], inline) if name else "")
                for literal, name, _, _ in Formatter().parse(template)
            )
        if isinstance(cell, str | int):
            return self.plain(str(cell))
        return inline.format(self.math(cell))

    def plain(self, words: str) -> str:
        """A user's words, made harmless in this format: on one line, nothing that steers what shows them."""
        return on_one_line(words)


def split_sum(side: str, width: int, deepest: int = 1) -> list[str]:
    """A side in pieces of at most about `width` characters, broken before a + or -.

    Outside all brackets where that is enough, else also inside of `deepest` brackets.

    >>> split_sum("a + b - (c + d)", 9)
    ['a + b', '- (c + d)']
    """
    pieces = [side]
    for level in range(deepest + 1):
        pieces = [part for piece in pieces for part in _split_at(piece, width, level)]
    return pieces


_BREAKS = (" + ", " - ", " ∘ ", " \\circ ")
_TOKENS = re.compile(r"\\left\b|\\right\b|\\begin\{|\\end\{|\\.|.", re.DOTALL)
_DEEP = {"\\left": 99, "\\right": -99, "{": 99, "}": -99, "\\begin{": 198, "\\end{": 0}
_DEPTHS = dict.fromkeys(OPENING, 1) | dict.fromkeys(CLOSING, -1) | _DEEP


def _split_at(side: str, width: int, level: int) -> list[str]:
    """What LaTeX holds together (\\left…\\right, an environment) counts as too deep to be broken."""
    pieces: list[str] = []
    depth = start = last = 0
    for token in _TOKENS.finditer(side):
        depth += _DEPTHS.get(token.group(), 0)
        place = token.start()
        if depth <= level and side.startswith(_BREAKS if depth == 0 else _BREAKS[:2], place):
            if place - start > width and last > start:
                pieces.append(side[start:last])
                start = last + 1
            last = place
    if len(side) - start > width and last > start:
        pieces.append(side[start:last])
        start = last + 1
    return [*pieces, side[start:]]


def has_words(column: Sequence[Cell]) -> bool:
    """Whether a column of a table holds words; then it stands to the left, else to the right."""
    return not column or any(isinstance(cell, Text) for cell in column)


def column_widths(table: Table, measure: Writer) -> list[int]:
    """The characters of the widest cell of each column.

    Args:
        table: whose columns are measured.
        measure: writes plain text as wide as what is printed.
    """
    return [
        max(len(measure.words(cell)) for cell in (head, *column))
        for head, column in zip(table.head, table.columns, strict=True)
    ]


def column_parts(widths: Sequence[int], most: int, gap: int) -> list[list[int]]:
    """The columns of a table in parts that fit a page; the first column stands in each.

    >>> column_parts([5, 4, 4, 4], 17, 2)
    [[0, 1, 2], [0, 3]]
    """
    parts, used = [[0]], widths[0]
    for place, width in enumerate(widths[1:], 1):
        if used + gap + width > most and len(parts[-1]) > 1:
            parts.append([0])
            used = widths[0]
        parts[-1].append(place)
        used += gap + width
    return parts
