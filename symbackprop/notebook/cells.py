"""Steps as a cell of a notebook shows them: HTML with formulas in MathML, and LaTeX for what is printed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape

import numpy as np

from symbackprop.content import Digits, Text, Value
from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram
from symbackprop.drawings.pictures import write_drawing
from symbackprop.errors import OptionError
from symbackprop.notation.mathml import CSS, mathml
from symbackprop.plots import Plot
from symbackprop.solution.steps import (
    Assignments,
    Cell,
    Equation,
    Formulas,
    Heading,
    Notation,
    Picture,
    Sentence,
    Step,
    Table,
)
from symbackprop.writing.hypertext import html_number, html_words
from symbackprop.writing.letters import mathjax_words
from symbackprop.writing.tex import TexWriter

_OWN = """\
math[display="block"] { margin: 0.4em 0; }
th { text-align: left; padding: 0.15em 0.6em; }
td { text-align: left; padding: 0.15em 0.6em; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
"""
# The style of a cell holds for the whole notebook, so each of its lines is for what stands in our cells only.
STYLE = "".join(f".symbackprop {line}\n" for line in (CSS + _OWN).splitlines())


@dataclass(frozen=True)
class View:
    """An object as a notebook shows it.

    Attributes:
        headline: what it is, in a few words.
        steps: what is said of it; they are made when they are asked for.
        conventions: ∂ or d, digits.
        notation: how its mathematics is written.
    """

    headline: str
    steps: Iterable[Step]
    conventions: Conventions = field(default_factory=Conventions)
    notation: Notation = field(default_factory=Notation)

    @cached_property
    def _read(self) -> tuple[Step, ...]:
        return tuple(self.steps)

    def html(self) -> str:
        """The steps as an element of HTML."""
        writer = _HtmlCell(self.conventions, self.notation)
        body = "\n".join(block for step in self._read for block in writer.step(step))
        return f'<style>\n{STYLE}</style>\n<div class="symbackprop">\n{body}\n</div>'

    def latex(self) -> str:
        """The steps as LaTeX that a page's MathJax and a document both set."""
        writer = _LatexCell(self.conventions, self.notation)
        return "\n\n".join(block for step in self._read for block in writer.step(step))


class _CellWriter(TexWriter):
    """What both have: formulas below each other, aligned at their first relation."""

    def formulas(self, equations: Sequence[Equation]) -> Iterator[str]:
        """The inside of a displayed formula: the results one by one in boxes, the others aligned."""
        plain: list[Equation] = []
        for one in equations:
            if one.boxed:
                yield from self._aligned(plain)
                plain = []
                yield rf"\boxed{{{self.fitted(one)}}}"
            else:
                plain.append(one)
        yield from self._aligned(plain)

    def _aligned(self, equations: Sequence[Equation]) -> Iterator[str]:
        if equations:
            lines = r" \\ ".join(" & ".join(row) for rows in self.aligned(equations) for row in rows)
            yield rf"\begin{{aligned}} {lines} \end{{aligned}}"


class _HtmlCell(_CellWriter):
    def plain(self, words: str) -> str:
        return html_words(words)

    def words(self, cell: Cell | Text | str | int, inline: str = "{}") -> str:
        match cell:
            case Text() | str() | int():
                return super().words(cell, inline)
            case Digits(digits, _):
                return html_number(digits)
            case Value(number, _) if not np.ndim(number):
                return html_number(self.printer.format(number))
        return mathml(self.math(cell))

    def step(self, step: Step) -> Iterator[str]:
        match step:
            case Heading(level, words, _):
                yield f"<h{level + 2}>{self.words(words)}</h{level + 2}>"
            case Sentence(words):
                yield f"<p>{self.words(words)}</p>"
            case Formulas(equations):
                yield from (mathml(one, display=True) for one in self.formulas(equations))
            case Assignments(rows):
                yield from (mathml(line, display=True) for row in rows for line in self.row(row))
            case Table():
                yield self._table(step)
            case Picture(drawing):
                yield self._picture(drawing)

    def _picture(self, drawing: Diagram | Plot) -> str:
        """A drawing as an image of its own, so that its style is not the notebook's."""
        try:
            svg = write_drawing(drawing, self.conventions, self.notation)
        except OptionError as error:  # Graphviz is not installed.
            return f"<p>{escape(str(error.what))}</p>"
        content = b64encode(svg.encode("utf-8")).decode()
        title = escape(self.measure.words(drawing.title))
        return f'<p><img alt="{title}" src="data:image/svg+xml;base64,{content}"></p>'

    def _table(self, table: Table) -> str:
        kinds = [' class="number"' if _is_numeric(column) else "" for column in table.columns]
        head = self._cells(table.head, ['<th scope="col"{}>{}</th>'] * len(kinds), kinds)
        tags = ['<th scope="row"{}>{}</th>', *["<td{}>{}</td>"] * (len(kinds) - 1)]
        rows = "\n".join(f"<tr>{self._cells(row, tags, kinds)}</tr>" for row in table.rows)
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"

    def _cells(self, row: Sequence[Cell], tags: Sequence[str], kinds: Sequence[str]) -> str:
        return "".join(
            tag.format(kind, self.words(cell)) for tag, kind, cell in zip(tags, kinds, row, strict=True)
        )


def _is_numeric(column: Sequence[Cell]) -> bool:
    """Whether a column stands to the right; in a cell names, formulas and shapes stand to the left too."""
    return bool(column) and all(isinstance(cell, Value | Digits) for cell in column)


class _LatexCell(_CellWriter):
    def plain(self, words: str) -> str:
        return mathjax_words(words)

    def step(self, step: Step) -> Iterator[str]:
        match step:
            case Heading(_, words, _):
                yield rf"$\textbf{{{self.words(words, '${}$')}}}$"
            case Sentence(words):
                yield self.words(words, "${}$")
            case Formulas(equations):
                yield from map(_displayed, self.formulas(equations))
            case Assignments(rows):
                yield from (_displayed(line) for row in rows for line in self.row(row))
            case Table():
                yield _displayed(self._array(step))

    def _array(self, table: Table) -> str:
        """A table as an array, for MathJax has no tables."""
        places = "".join("r" if _is_numeric(column) else "l" for column in table.columns)
        head, *rows = (" & ".join(map(self._entry, row)) for row in (table.head, *table.rows))
        lines = r" \\ ".join([rf"{head} \\ \hline {rows[0]}" if rows else head, *rows[1:]])
        return rf"\begin{{array}}{{{places}}} {lines} \end{{array}}"

    def _entry(self, cell: Cell) -> str:
        if isinstance(cell, Text | str):
            return rf"\text{{{self.words(cell, '${}$')}}}"
        return self.math(cell)


def _displayed(formula: str) -> str:
    return f"$$ {formula} $$"
