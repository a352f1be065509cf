"""Solutions in LaTeX: a fragment to paste, or a document of its own that pdflatex and xelatex compile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.conventions import Conventions
from symbackprop.render.lines import column_parts, has_words
from symbackprop.render.tex import LINE, TexWriter
from symbackprop.solution.steps import (
    Assignments,
    Cell,
    Equation,
    Formulas,
    Heading,
    Picture,
    Sentence,
    Solution,
    Step,
    Table,
)
from symbackprop.translation import ENGLISH, Language

GAP = 3

_SECTIONS = {1: "section", 2: "section", 3: "subsection", 4: "paragraph"}
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "→": r"$\rightarrow$",
    "√": r"$\surd$",
}
_PREAMBLE = r"""\documentclass[11pt,a4paper,fleqn]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \usepackage{lmodern}
\else
  \usepackage{fontspec}
\fi
\usepackage{amsmath,amssymb}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage[margin=2.2cm]{geometry}
\setlength{\mathindent}{1.2em}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\setcounter{secnumdepth}{0}
\allowdisplaybreaks
\AtBeginDocument{%
  \abovedisplayskip=0pt plus 3pt \abovedisplayshortskip=0pt plus 3pt
  \belowdisplayskip=6pt plus 3pt \belowdisplayshortskip=6pt plus 3pt
  \jot=4pt}
"""


def write_latex(
    solution: Solution, conventions: Conventions, language: Language = ENGLISH, *, standalone: bool = False
) -> str:
    """The solution in LaTeX.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        language: to write in.
        standalone: a whole document; else a fragment that needs amsmath, booktabs and graphicx.
    """
    writer = _LatexWriter(conventions, solution.notation, language)
    body = "\n\n".join(block for step in solution.steps for block in writer.step(step)) + "\n"
    if not standalone:
        title = f"% {writer.comment(solution.title)}\n" if solution.title else ""
        return title + body
    title = (
        rf"\title{{{writer.plain(solution.title)}}}" + "\n" + r"\author{}\date{}" + "\n"
        if solution.title
        else ""
    )
    shown = r"\maketitle" + "\n\n" if solution.title else ""
    return f"{_PREAMBLE}{title}\\begin{{document}}\n{shown}{body}\\end{{document}}\n"


class _LatexWriter(TexWriter):
    def plain(self, words: str) -> str:
        printable = "".join(character for character in words if character.isprintable())
        return "".join(_SPECIAL.get(character, character) for character in printable)

    def comment(self, words: str) -> str:
        """Words behind a %, on one line."""
        return "".join(character for character in words if character.isprintable())

    def shrunk(self, formula: str) -> str:
        """Made as small as the page needs it."""
        width = r"\ifdim\width>0.8\linewidth 0.8\linewidth\else\width\fi"
        return rf"\resizebox{{{width}}}{{!}}{{$\displaystyle {formula}$}}"

    def step(self, step: Step) -> Iterator[str]:
        match step:
            case Heading(level, words, _):
                yield rf"\{_SECTIONS[level]}{{{self.words(words, '${}$')}}}" + (
                    r"\leavevmode" if level == 4 else ""
                )
            case Sentence(words):
                yield self.words(words, "${}$")
            case Formulas(equations):
                yield from self._formulas(equations)
            case Assignments(rows):
                yield self._display([line for row in rows for line in self.row(row)])
            case Table():
                yield from self._tables(step)
            case Picture():
                return

    def _display(self, lines: Sequence[str]) -> str:
        if len(lines) == 1:
            return f"\\[\n  {lines[0]}\n\\]"
        return "\\begin{gather*}\n  " + " \\\\\n  ".join(lines) + "\n\\end{gather*}"

    def _formulas(self, equations: Sequence[Equation]) -> Iterator[str]:
        lines = []
        for one in equations:
            line = self.fitted(one)
            lines.append(rf"\boxed{{{line}}}" if one.boxed else line)
        if lines:
            yield self._display(lines)

    def _tables(self, table: Table) -> Iterator[str]:
        columns = list(zip(*table.rows, strict=True)) or [()] * len(table.head)
        widths = [
            max(len(self.measure.words(cell)) for cell in (head, *column))
            for head, column in zip(table.head, columns, strict=True)
        ]
        for part in column_parts(widths, LINE, GAP):
            kinds = "".join("l" if has_words(columns[i]) else "r" for i in part)
            head = " & ".join(self.words(table.head[i], "${}$") for i in part)
            rows = " \\\\\n".join(" & ".join(self._cell(row[i]) for i in part) for row in table.rows)
            body = f"\\toprule\n{head} \\\\\n\\midrule\n{rows} \\\\\n\\bottomrule"
            yield f"\\begin{{tabular}}{{{kinds}}}\n{body}\n\\end{{tabular}}"

    def _cell(self, cell: Cell) -> str:
        return self.words(cell, "${}$")
