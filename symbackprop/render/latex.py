"""Solutions in LaTeX: a fragment to paste, or a document of its own that pdflatex and xelatex compile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram
from symbackprop.drawings.pictures import ACROSS, UPRIGHT, lies_across
from symbackprop.drawings.plots import plot_tikz
from symbackprop.drawings.tikz import tikz
from symbackprop.notation.printable import on_one_line
from symbackprop.plots import Plot
from symbackprop.render.preamble import preamble
from symbackprop.solution.steps import (
    Assignments,
    Cell,
    Equation,
    Formulas,
    Heading,
    Notation,
    Picture,
    Sentence,
    Solution,
    Step,
    Table,
    under_headings,
)
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.latex import LatexWriter
from symbackprop.writing.letters import has_cyrillic
from symbackprop.writing.lines import column_parts, column_widths, has_words
from symbackprop.writing.tex import LINE

GAP = 3
WIDE = LINE // 3
"""What stands left and is wider is aligned with nothing else."""
PROSE = 78
"""Characters of words that fill a line of the page, whatever the language."""

KEPT = 12
"""Lines of one equation that stand on one page."""

_DISPLAYS = (r"\[", r"\begin{align*}", r"\begin{gather*}")

_SECTIONS = {1: "section", 2: "section", 3: "subsection", 4: "paragraph"}


def write_latex(
    solution: Solution, conventions: Conventions, language: Language = ENGLISH, *, standalone: bool = False
) -> str:
    """The solution in LaTeX.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        language: to write in.
        standalone: a whole document with its drawings; else a fragment without them, which needs amsmath,
            amssymb, booktabs and graphicx.
    """
    writer = _LatexWriter(conventions, solution.notation, language, pictures=standalone)
    body = writer.blocks(solution.steps) + "\n"
    if not standalone:
        return (f"% {on_one_line(solution.title)}\n" if solution.title else "") + body
    title = writer.plain(solution.title)
    heading = f"\\title{{{title}}}\n\\author{{}}\\date{{}}\n" if title else ""
    shown = "\\maketitle\n\n" if title else ""
    cyrillic = language.code == "ru" or has_cyrillic(heading + body)
    pictures = any(isinstance(step, Picture) for step in solution.steps)
    before = preamble(language, cyrillic=cyrillic, pictures=pictures)
    return f"{before}{heading}\\begin{{document}}\n{shown}{body}\\end{{document}}\n"


class _LatexWriter(LatexWriter):
    def __init__(
        self, conventions: Conventions, notation: Notation, language: Language, *, pictures: bool
    ) -> None:
        super().__init__(conventions, notation, language)
        self.pictures = pictures

    def blocks(self, steps: Sequence[Step]) -> str:
        """Steps one below the other; a display belongs to the paragraph before it."""
        text = ""
        for headings, step in under_headings(steps):
            above = [self.heading(one) for one in headings]
            if isinstance(step, Picture):
                blocks = self.picture(step.drawing, above) if self.pictures else iter(above)
            else:
                blocks = chain(above, self.step(step) if step else ())
            for block in blocks:
                text += ("\n" if block.startswith(_DISPLAYS) else "\n\n") * bool(text) + block
        return text

    def heading(self, heading: Heading) -> str:
        """A heading; one within a line is followed by a new one."""
        below = r"\leavevmode" if heading.level == 4 else ""
        return rf"\{_SECTIONS[heading.level]}{{{self.words(heading.text, '${}$')}}}{below}"

    def picture(self, drawing: Diagram | Plot, headings: Sequence[str]) -> Iterator[str]:
        """A drawing below its headings; a wide one on a page that is turned."""
        language = self.syntax.language
        if isinstance(drawing, Plot):
            yield from headings
            yield _centred(plot_tikz(drawing, self.conventions, language))
            return
        drawn = tikz(drawing, self.conventions, self.notation, language)
        if lies_across(drawn.width, drawn.height):
            inner = "\n\n".join([*headings, _centred(drawn.within(*ACROSS))])
            yield f"\\begin{{landscape}}\n{inner}\n\\end{{landscape}}"
        else:
            yield from headings
            yield _centred(drawn.within(*UPRIGHT))

    def shrunk(self, formula: str) -> str:
        """Made as small as the page needs it."""
        width = r"\ifdim\width>0.8\linewidth 0.8\linewidth\else\width\fi"
        return rf"\resizebox{{{width}}}{{!}}{{$\displaystyle {formula}$}}"

    def step(self, step: Step) -> Iterator[str]:
        match step:
            case Sentence(words):
                yield self.words(words, "${}$")
            case Formulas(equations):
                yield from self._formulas(equations)
            case Assignments(rows):
                lines = [line for row in rows for line in self.row(row)]
                yield _display([f"&{one}" for one in lines], "align*") if lines[1:] else _display(lines)
            case Table():
                yield from self._tables(step)

    def _formulas(self, equations: Sequence[Equation]) -> Iterator[str]:
        """Equations aligned with each other at their first relation; results in boxes of their own."""
        for boxed, group in groupby(equations, key=lambda one: one.boxed):
            if boxed:
                lines = [rf"\boxed{{{self.fitted(one)}}}" for one in group]
                yield _display(lines, "gather*" if lines[1:] else "")
                continue
            for wide, part in groupby(group, key=lambda one: self.left_of(one) > WIDE):
                for block in [[one] for one in part] if wide else [list(part)]:
                    yield self._aligned(block)

    def _aligned(self, equations: Sequence[Equation]) -> str:
        """One display; a page is not broken within an equation that is not long."""
        each = self.aligned(equations)
        if len(each) == len(each[0]) == 1:
            return _display([" ".join(filter(None, each[0][0]))])
        lines = [
            _joined([f"{head} &{rest}".strip() for head, rest in rows], kept=len(rows) <= KEPT)
            for rows in each
        ]
        return _display(lines, "align*")

    def _tables(self, table: Table) -> Iterator[str]:
        widths = column_widths(table, self.measure)
        worded = [has_words(column) for column in table.columns]
        for part in column_parts(widths, LINE, GAP):
            kinds = _kinds([widths[i] for i in part], [worded[i] for i in part])
            head = " & ".join(self.words(table.head[i], "${}$") for i in part)
            rows = " \\\\\n".join(" & ".join(self._cell(row[i]) for i in part) for row in table.rows)
            body = f"\\toprule\n{head} \\\\\n\\midrule\n{rows} \\\\\n\\bottomrule"
            yield f"\\begin{{tabular}}{{{kinds}}}\n{body}\n\\end{{tabular}}\\smallskip"

    def _cell(self, cell: Cell) -> str:
        return self.words(cell, "${}$")


def _centred(drawing: str) -> str:
    return f"\\begin{{center}}\n{drawing.strip()}\n\\end{{center}}"


def _kinds(widths: Sequence[int], worded: Sequence[bool]) -> str:
    """Words to the left, numbers to the right; the widest words in lines where a table would be too wide."""
    kinds = ["l" if words else "r" for words in worded]
    widest = max(range(len(widths)), key=lambda place: widths[place] * worded[place])
    others = sum(widths) - widths[widest] + GAP * len(widths)
    if worded[widest] and widths[widest] > PROSE // 2 and others + widths[widest] > PROSE:
        kinds[widest] = rf"p{{{max(0.3, 1 - others / PROSE):.2f}\linewidth}}"
    return "".join(kinds)


def _display(lines: Sequence[str], environment: str = "") -> str:
    """A formula, or several in an environment: the first two stand on one page, and the last two."""
    if not environment:
        return f"\\[\n  {lines[0]}\n\\]"
    kept = (1, len(lines) - 1)
    body = lines[0] + "".join(
        rf" \\{'*' * (place in kept)}" + f"\n  {line}" for place, line in enumerate(lines[1:], 1)
    )
    return f"\\begin{{{environment}}}\n  {body}\n\\end{{{environment}}}"


def _joined(lines: Sequence[str], *, kept: bool) -> str:
    """Lines one below the other; `kept`: on one page."""
    return (" \\\\" + "*" * kept + "\n  ").join(lines)
