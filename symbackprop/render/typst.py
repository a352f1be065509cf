r"""Solutions in Typst: a whole document, whose long equations Typst breaks where they would leave the page.

A formula goes into the page in pieces: `($y$, ($= a$, $+ b$))` is what stands left, then a side that may be
broken at one place. Typst measures the pieces in its own fonts; so no line is wider than the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram
from symbackprop.drawings.pictures import lies_across, size_of, write_drawing
from symbackprop.notation.names import quoted
from symbackprop.notation.printable import on_one_line
from symbackprop.notation.typst import TOKENS, TypstSyntax, apart, argument
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.plots import Plot
from symbackprop.render.typst_page import PAGE
from symbackprop.solution.steps import (
    Assignments,
    Equation,
    Formulas,
    Notation,
    Picture,
    Sentence,
    Solution,
    Step,
    Table,
    under_headings,
)
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.lines import PLAIN_RELATIONS, Writer, column_parts, column_widths, has_words

WIDEST_TABLE = 92
"""Characters of plain text that fill a line of a table."""

GAP = 3

_FONT = 'font: ("New Computer Modern", "Libertinus Serif"), size: 10.5pt'
_INLINE = "${}$"
_LED = Formulas | Assignments | Table

_MARKUP = re.compile(r"(?<=[^\W\d_])[-'](?=[^\W\d_])|(?<=[^\W\d_])\.(?= |$)|[,()]|([!-/:-@\[-`{-~])")
"""What means something to Typst between words; hyphens and apostrophes within words do not."""

_DEPTHS = {r"\(": 1, r"\)": -1} | dict.fromkeys("([{", 99) | dict.fromkeys(")]}", -99)
_BREAKS = ((" + ", " - ", " ∘ "), (" + ", " - "))
"""Where a line may end: outside of all brackets, and inside of one."""

_LEVELS = {1: 1, 2: 1, 3: 2, 4: 3}


def write_typst(solution: Solution, conventions: Conventions, language: Language = ENGLISH) -> str:
    """The solution in Typst, as a document of its own.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        language: to write in.
    """
    writer = _TypstWriter(conventions, solution.notation, language)
    title = quoted(on_one_line(solution.title).strip())
    blocks = [
        f"#set document(title: {title}, date: none)\n#set text({_FONT}, lang: {quoted(language.code)})" + PAGE
    ]
    if solution.title.strip():
        blocks.append("#title()")
    blocks += writer.blocks(solution.steps)
    return "\n\n".join(blocks) + "\n"


class _TypstWriter(Writer):
    def __init__(self, conventions: Conventions, notation: Notation, language: Language) -> None:
        super().__init__(TypstSyntax(language), conventions, PLAIN_RELATIONS, notation)
        self.measure = Writer(UnicodeSyntax(language), conventions, PLAIN_RELATIONS, notation)

    def plain(self, words: str) -> str:
        return _MARKUP.sub(lambda found: f"\\{found[1]}" if found[1] else found[0], on_one_line(words))

    def blocks(self, steps: Sequence[Step]) -> Iterator[str]:
        """Steps one below the other; a wide drawing has a page of its own, with the headings above it."""
        together = list(under_headings(steps))
        for (headings, step), (below, following) in zip_longest(together, together[1:], fillvalue=((), None)):
            above = [f"{'=' * _LEVELS[one.level]} {self.words(one.text, _INLINE)}" for one in headings]
            if isinstance(step, Picture):
                yield from self._picture(step.drawing, above)
            else:
                yield from (*above, *self.step(step, None if below else following))

    def step(self, step: Step | None, following: Step | None) -> Iterator[str]:
        """One step; what stands between it and the next headings leads to nothing."""
        match step:
            case Sentence(words):
                shown = self.words(words, _INLINE)
                yield f"#leading[{shown}]" if isinstance(following, _LED) else shown
            case Formulas(equations):
                yield from self._formulas(equations)
            case Assignments(rows):
                sign = quoted(self.syntax.language.comma.strip())
                yield from (_call("row", [sign, *map(self.equation, row)]) for row in rows if row)
            case Table():
                yield from self._tables(step)

    def equation(self, equation: Equation) -> str:
        """What stands left, and every side: each in the pieces in which it may be broken."""
        phrase = self.phrase(equation)
        shape = self.shape_of(equation)
        left = f"limits({argument(phrase.left)})_({apart(shape)})" if shape else phrase.left
        sides = [_broken(side, f"{relation} ") for relation, side in phrase.sides]
        return f"({', '.join([f'${left}$', *sides])},)"

    def _formulas(self, equations: Sequence[Equation]) -> Iterator[str]:
        for boxed, together in groupby(equations, key=lambda one: one.boxed):
            shown = map(self.equation, together)
            if boxed:
                yield from (f"#result({one})" for one in shown)
            else:
                yield _call("formulas", list(shown))

    def _tables(self, table: Table) -> Iterator[str]:
        columns, widths = table.columns, column_widths(table, self.measure)
        for part in column_parts(widths, WIDEST_TABLE, GAP):
            sides = ["left" if has_words(columns[place]) else "right" for place in part]
            head, *rows = (
                ", ".join(f"[{self.words(row[place], _INLINE)}]" for place in part)
                for row in (table.head, *table.rows)
            )
            look = (
                f"wraps: {str('left' in sides).lower()}, columns: {len(part)}, align: ({', '.join(sides)},)"
            )
            yield _call("rules", [look, f"table.header({head}, _rule)", *rows])

    def _picture(self, drawing: Diagram | Plot, headings: Sequence[str]) -> Iterator[str]:
        """A drawing below its headings."""
        svg = write_drawing(drawing, self.conventions, self.notation, self.syntax.language)
        told = (
            drawing.description
            if isinstance(drawing, Diagram) and drawing.description.template
            else drawing.title
        )
        shown = f"#drawing({_string(svg)}, {quoted(self.measure.words(told))})"
        if lies_across(*size_of(svg)):
            yield "#page(flipped: true)[\n" + "\n\n".join([*headings, shown]) + "\n]"
        else:
            yield from (*headings, shown)


def _call(function: str, arguments: Sequence[str]) -> str:
    """A function of the page, each argument on a line."""
    lines = "".join(f"  {one},\n" for one in arguments)
    return f"#{function}(\n{lines})"


def _string(text: str) -> str:
    """Text with its line breaks as a string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _broken(side: str, relation: str) -> str:
    """A side in the pieces in which it may be broken, those in brackets within a piece by themselves."""
    first, *rest = (_split(piece, 1) for piece in _split(relation + side, 0))
    return _listed([_listed([f"${one}$" for one in parts]) for parts in (first, *rest)])


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _split(side: str, level: int) -> list[str]:
    """Broken before the signs that stand in no more than so many brackets."""
    depth, start, pieces = 0, 0, []
    for token in TOKENS.finditer(side):
        depth += _DEPTHS.get(token[0], 0)
        if depth == level and side.startswith(_BREAKS[level], token.start()):
            pieces.append(side[start : token.start()])
            start = token.start() + 1
    return [*pieces, side[start:]]
