"""Solutions for a terminal: Unicode, aligned, wide lines broken at `=`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from sympy import Expr

from symbackprop import operations as op
from symbackprop.arrays.shape_lines import ShapePrinter
from symbackprop.conventions import Conventions
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.solution.steps import (
    Assignments,
    Equation,
    Formulas,
    Heading,
    Notation,
    Picture,
    Sentence,
    Solution,
    Step,
    Table,
)
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.lines import PLAIN_RELATIONS, Phrase, Writer, column_parts, has_words, split_sum

WIDTH = 100
INDENT = 2
GAP = 2
_MATRIX = re.compile(r"(?<=[ (])\[(?=[-\d…])")
"""Where a matrix of numbers begins."""
_RULES = {1: "═", 2: "─"}


def write_text(
    solution: Solution, conventions: Conventions, language: Language = ENGLISH, *, width: int = WIDTH
) -> str:
    """The solution as plain text.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        language: to write in.
        width: where wide lines are broken.
    """
    writer = _TextWriter(conventions, width, solution.notation, language)
    lines: list[str] = []
    title = writer.plain(solution.title).strip()
    if title:
        lines += [title, _RULES[1] * cell_len(title)]
    for step in solution.steps:
        lines += writer.step(step)
    page = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", page) + "\n"


def _pad(words: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - cell_len(words))
    return space + words if right else words + space


class _TextWriter(Writer):
    def __init__(self, conventions: Conventions, width: int, notation: Notation, language: Language) -> None:
        super().__init__(UnicodeSyntax(language), conventions, PLAIN_RELATIONS, notation)
        self.width = width - INDENT

    def step(self, step: Step) -> Iterator[str]:
        match step:
            case Heading(level, words, _):
                yield from self._heading(level, self.words(words))
            case Sentence(words):
                yield from ("", self.words(words))
            case Formulas(equations):
                yield from ("", *self._formulas(equations))
            case Assignments(rows):
                yield ""
                for row in rows:
                    yield from self._row([self.phrase(one).in_one() for one in row])
            case Table():
                yield from ("", *self._table(step))
            case Picture():
                return

    def _heading(self, level: int, words: str) -> Iterator[str]:
        yield ""
        if level in _RULES:
            yield from ("", words, _RULES[level] * cell_len(words))
        else:
            yield words if level == 3 else f"· {words}"

    def _formulas(self, equations: Sequence[Equation]) -> Iterator[str]:
        phrases = [self.phrase(one) for one in equations]
        left = max(
            (cell_len(phrase.left) for phrase in phrases if cell_len(phrase.left) <= self.width // 3),
            default=0,
        )
        for one, phrase in zip(equations, phrases, strict=True):
            lines = [*self._lines(phrase, left), *self._shapes(one, max(left, cell_len(phrase.left)))]
            yield from (" " * INDENT + line for line in (_boxed(lines) if one.boxed else lines))

    def _shapes(self, equation: Equation, left: int) -> Iterator[str]:
        """The shapes under a formula: that of the left side, and of every array on the right."""
        shape = self.shape_of(equation)
        if not shape or self.notation.shapes is None:
            return
        line = _pad(f"({shape})", left)
        side = equation.sides[-1][1] if equation.sides else None
        if isinstance(side, Expr) and side.has(op.matmul, op.outer, op.total):
            printer = ShapePrinter(self.conventions, self.notation.shapes, self.syntax.language)
            shown = f"{line} = {printer(side)}"
            line = shown if cell_len(shown) <= self.width else line
        yield line.rstrip()

    def _lines(self, phrase: Phrase, left: int) -> list[str]:
        head = _pad(phrase.left, left)
        one = " ".join([head, *(f"{relation} {side}" for relation, side in phrase.sides)])
        if cell_len(one) <= self.width:
            return [one]
        lines: list[str] = []
        margin = cell_len(head)
        for relation, side in phrase.sides:
            if len(_MATRIX.findall(f" {side}")) > 1 and cell_len(side) > self.width - margin - 3:
                continue  # Numbers put into a formula are left out where they do not fit on a line.
            first, *rest = split_sum(side, self.width - margin - 3)
            lines += self._broken(f"{' ' * margin if lines else head} {relation} {first}")
            for piece in rest:
                lines += self._broken(f"{' ' * margin}     {piece}")
        return lines or [head]

    def _broken(self, line: str) -> list[str]:
        """A line with a matrix wider than the page, broken behind its rows, else behind its numbers."""
        matrix = _MATRIX.search(line)
        if cell_len(line) <= self.width or matrix is None:
            return [line]
        margin = matrix.start() + 1
        first, *rest = line[margin:].split("; ")
        rows = [line[:margin] + first, *(" " * margin + row for row in rest)]
        ended = [row + ";" * (place < len(rest)) for place, row in enumerate(rows)]
        return [part for row in ended for part in self._within(row, margin + 1)]

    def _within(self, row: str, margin: int) -> list[str]:
        """One row of a matrix, broken behind numbers where it is too wide."""
        if cell_len(row) <= self.width:
            return [row]
        gap = self.syntax.language.gap
        comma, space = gap.rstrip(), gap.lstrip(",")
        start = len(row) - len(row.lstrip())
        first, *rest = row[start:].split(gap)
        parts = [row[:start] + first + comma * bool(rest)]
        for place, number in enumerate(rest):
            shown = number + comma * (place < len(rest) - 1)
            if cell_len(parts[-1]) + cell_len(space) + cell_len(shown) <= self.width:
                parts[-1] += space + shown
            else:
                parts.append(" " * margin + shown)
        return parts

    def _row(self, entries: Sequence[str]) -> Iterator[str]:
        line, comma = "", self.syntax.language.comma
        for entry in entries:
            longer = f"{line}{comma}{entry}" if line else entry
            if line and cell_len(longer) >= self.width:
                yield " " * INDENT + line + comma.strip()
                longer = entry
            line = longer
        yield from (" " * INDENT + part for part in self._broken(line))

    def _table(self, table: Table) -> Iterator[str]:
        head = [self.words(cell) for cell in table.head]
        rows = [[self.words(cell) for cell in row] for row in table.rows]
        widths = [max(map(cell_len, column)) for column in zip(head, *rows, strict=True)]
        right = [not has_words(column) for column in table.columns]
        for part in column_parts(widths, self.width, GAP):
            yield " " * INDENT + (" " * GAP).join(_pad(head[i], widths[i], right=right[i]) for i in part)
            yield " " * INDENT + (" " * GAP).join("─" * widths[i] for i in part)
            for row in rows:
                yield " " * INDENT + (" " * GAP).join(_pad(row[i], widths[i], right=right[i]) for i in part)
            yield ""


def _boxed(lines: Sequence[str]) -> list[str]:
    width = max(map(cell_len, lines))
    return [
        f"┌{'─' * (width + 2)}┐",
        *(f"│ {_pad(line, width)} │" for line in lines),
        f"└{'─' * (width + 2)}┘",
    ]
