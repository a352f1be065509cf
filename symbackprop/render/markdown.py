"""Solutions in Markdown with `$$` formulas and Mermaid drawings, as GitHub renders them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram
from symbackprop.drawings.mermaid import write_mermaid
from symbackprop.notation.printable import on_one_line
from symbackprop.solution.steps import (
    Assignments,
    Formulas,
    Heading,
    Picture,
    Sentence,
    Solution,
    Step,
    Table,
)
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.lines import has_words
from symbackprop.writing.tex import TexWriter

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|$~&])")


def write_markdown(solution: Solution, conventions: Conventions, language: Language = ENGLISH) -> str:
    """The solution in Markdown.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        language: to write in.
    """
    writer = _MarkdownWriter(conventions, solution.notation, language)
    title = writer.plain(solution.title).strip()
    blocks = [f"# {title}"] if title else []
    for step in solution.steps:
        blocks += writer.step(step)
    return "\n\n".join(blocks) + "\n"


class _MarkdownWriter(TexWriter):
    def plain(self, words: str) -> str:
        return _SPECIAL.sub(r"\\\1", on_one_line(words))

    def step(self, step: Step) -> Iterator[str]:
        match step:
            case Heading(level, words, _):
                yield f"{'#' * level} {self.words(words, '${}$')}"
            case Sentence(words):
                yield self.words(words, "${}$")
            case Formulas(equations):
                yield from (self._display(self.fitted(one), boxed=one.boxed) for one in equations)
            case Assignments(rows):
                yield from (self._display(line) for row in rows for line in self.row(row))
            case Table():
                yield self._table(step)
            case Picture(drawing):
                if isinstance(drawing, Diagram):
                    flow = write_mermaid(drawing, self.conventions, self.notation, self.syntax.language)
                    yield f"```mermaid\n{flow.strip()}\n```"

    def _display(self, formula: str, *, boxed: bool = False) -> str:
        shown = rf"\boxed{{{formula}}}" if boxed else formula
        return f"$$\n{shown}\n$$"

    def _table(self, table: Table) -> str:
        marks = [":--" if has_words(column) else "--:" for column in table.columns]
        lines = [[self.words(cell, "${}$") for cell in row] for row in (table.head, *table.rows)]
        lines.insert(1, marks)
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
