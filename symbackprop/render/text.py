"""Solutions for a terminal: Unicode, aligned, wide lines broken at `=`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from symbackprop.conventions import Conventions
from symbackprop.notation.unicode import UNICODE
from symbackprop.render.lines import PLAIN_RELATIONS, Phrase, Writer, column_parts, has_words, split_sum
from symbackprop.solution.steps import (
    Assignments,
    Formulas,
    Heading,
    Sentence,
    Solution,
    Step,
    Table,
)

WIDTH = 100
INDENT = 2
GAP = 2
_RULES = {1: "═", 2: "─"}


def write_text(solution: Solution, conventions: Conventions, *, width: int = WIDTH) -> str:
    """The solution as plain text.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        width: where wide lines are broken.
    """
    writer = _TextWriter(conventions, width)
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
    def __init__(self, conventions: Conventions, width: int) -> None:
        super().__init__(UNICODE, conventions, PLAIN_RELATIONS)
        self.width = width - INDENT

    def plain(self, words: str) -> str:
        """On one line, and nothing that a terminal obeys."""
        line = re.sub(r"\s+", " ", words)
        return "".join(character for character in line if character.isprintable())

    def step(self, step: Step) -> Iterator[str]:
        match step:
            case Heading(level, words):
                yield from self._heading(level, self.words(words))
            case Sentence(words):
                yield from ("", self.words(words))
            case Formulas(equations):
                yield from (
                    "",
                    *self._formulas([self.phrase(one) for one in equations], [e.boxed for e in equations]),
                )
            case Assignments(rows):
                yield ""
                for row in rows:
                    yield from self._row([self.phrase(one).in_one() for one in row])
            case Table():
                yield from ("", *self._table(step))

    def _heading(self, level: int, words: str) -> Iterator[str]:
        yield ""
        if level in _RULES:
            yield from ("", words, _RULES[level] * cell_len(words))
        else:
            yield words if level == 3 else f"· {words}"

    def _formulas(self, phrases: Sequence[Phrase], boxed: Sequence[bool]) -> Iterator[str]:
        left = max(
            (cell_len(phrase.left) for phrase in phrases if cell_len(phrase.left) <= self.width // 3),
            default=0,
        )
        for phrase, box in zip(phrases, boxed, strict=True):
            lines = self._lines(phrase, left)
            yield from (" " * INDENT + line for line in (_boxed(lines) if box else lines))

    def _lines(self, phrase: Phrase, left: int) -> list[str]:
        head = _pad(phrase.left, left)
        one = " ".join([head, *(f"{relation} {side}" for relation, side in phrase.sides)])
        if cell_len(one) <= self.width:
            return [one]
        lines: list[str] = []
        margin = cell_len(head)
        for relation, side in phrase.sides:
            first, *rest = split_sum(side, self.width - margin - 3)
            lines.append(f"{' ' * margin if lines else head} {relation} {first}")
            lines += [f"{' ' * margin}     {piece}" for piece in rest]
        return lines or [head]

    def _row(self, entries: Sequence[str]) -> Iterator[str]:
        line = ""
        for entry in entries:
            longer = f"{line}, {entry}" if line else entry
            if line and cell_len(longer) >= self.width:
                yield " " * INDENT + line + ","
                longer = entry
            line = longer
        yield " " * INDENT + line

    def _table(self, table: Table) -> Iterator[str]:
        head = [self.words(cell) for cell in table.head]
        rows = [[self.words(cell) for cell in row] for row in table.rows]
        widths = [max(map(cell_len, column)) for column in zip(head, *rows, strict=True)]
        right = [not has_words(column) for column in zip(*table.rows, strict=True)] or [False] * len(head)
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
