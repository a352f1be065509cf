"""What LaTeX and Markdown share: formulas in LaTeX, broken where a line is full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.conventions import Conventions
from symbackprop.notation.latex import LatexSyntax
from symbackprop.notation.syntax import Syntax
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.solution.steps import Equation, Notation
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.lines import PLAIN_RELATIONS, Phrase, Writer, split_sum

LINE = 86
"""Characters of plain text that fill a line of the page about as far as their formula does."""

SLACK = 1.15
"""What is wider than a line by more than this does not fit the page."""

Row = tuple[str, str]
"""What stands left and right of the place where lines are aligned."""

_RELATIONS = {"=": "=", "≈": r"\approx", "≡": r"\equiv", "←": r"\leftarrow"}


class _Measure(UnicodeSyntax):
    """Plain text as wide as the formula: a matrix is as wide as its widest row."""

    def matrix(self, rows: list[list[str]], *, vector: bool) -> str:
        """The widest row, with the gaps between its numbers."""
        return f"[ {max((',  '.join(row) for row in rows), key=len)} ]"


class TexWriter(Writer):
    """Puts mathematics into LaTeX, and measures it by its plain text."""

    def __init__(
        self,
        conventions: Conventions,
        notation: Notation | None = None,
        language: Language = ENGLISH,
        syntax: Syntax | None = None,
    ) -> None:
        super().__init__(syntax or LatexSyntax(language), conventions, _RELATIONS, notation)
        self.measure = Writer(_Measure(language), conventions, PLAIN_RELATIONS, notation)

    def fitted(self, equation: Equation) -> str:
        """An equation on one line where it fits, else aligned at its relations."""
        return self._fitted(equation, self.measure.phrase(equation))

    def _fitted(self, equation: Equation, plain: Phrase) -> str:
        rows = self._rows(equation, plain)
        if len(plain.in_one()) <= LINE:
            return " ".join(filter(None, rows[0]))
        return r"\begin{aligned}[t]" + r" \\ ".join(" &".join(row) for row in rows) + r" \end{aligned}"

    def left_of(self, equation: Equation) -> int:
        """Characters of plain text as wide as the left side."""
        return len(self.measure.printer(equation.left))

    def aligned(self, equations: Sequence[Equation]) -> list[list[Row]]:
        """The rows of equations that stand one below the other, aligned at their first relations."""
        plain = [self.measure.phrase(one) for one in equations]
        left = max(len(one.left) for one in plain)
        return [self._rows(one, measured, left) for one, measured in zip(equations, plain, strict=True)]

    def _rows(self, equation: Equation, plain: Phrase, left: int = 0) -> list[Row]:
        """One row, or one for each relation.

        Args:
            equation: to be written.
            plain: the same as plain text, by which it is measured.
            left: the widest left side of what it is aligned with.
        """
        phrase = self.phrase(equation)
        margin = max(left - len(plain.left), 0)
        shape = self.shape_of(equation)
        if shape:
            phrase = Phrase(rf"\underset{{{shape}}}{{{phrase.left}}}", phrase.sides)
        if margin + len(plain.in_one()) <= LINE:
            return [(phrase.left, " ".join(map(" ".join, phrase.sides)))]
        return self._broken(phrase, plain, margin + len(plain.left))

    def _broken(self, phrase: Phrase, plain: Phrase, left: int) -> list[Row]:
        rows: list[Row] = []
        for place, (relation, side) in enumerate(phrase.sides):
            shown = plain.sides[place][1] if place < len(plain.sides) else side
            stretch = max(1.0, len(side) / max(1, len(shown)))
            width = (LINE - left - 3) * stretch
            pieces = split_sum(side, int(width))
            most = width * (1 if "pmatrix" in side else SLACK)
            first, *rest = (self.shrunk(one) if len(one) > most else one for one in pieces)
            rows.append((phrase.left if place == 0 else "", f"{relation} {first}"))
            rows += [("", rf"\qquad {piece}") for piece in rest]
        return rows

    def shrunk(self, formula: str) -> str:
        """A formula that no sign breaks and that is wider than the page."""
        return formula

    def row(self, row: Sequence[Equation]) -> Iterator[str]:
        """Short equations side by side, in as many lines as they need."""
        line, length = "", 0
        comma = self.syntax.language.comma.strip()
        for one in row:
            plain = self.measure.phrase(one)
            shown, width = self._fitted(one, plain), len(plain.in_one())
            if line and length + width + 3 > LINE:
                yield line + comma
                line, length = "", 0
            line = rf"{line}{comma} \quad {shown}" if line else shown
            length += width + 3
        if line:
            yield line
