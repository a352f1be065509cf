"""Solutions as one page of HTML that needs nothing else: formulas in MathML, a font, a style and a script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from jinja2 import Environment as Templates
from jinja2 import StrictUndefined
from markupsafe import Markup
from sympy import Expr

from symbackprop.content import Digits, Math, Substituted, Text, Value, text
from symbackprop.conventions import Conventions
from symbackprop.drawings.pictures import write_drawing
from symbackprop.drawings.plots import plot_style
from symbackprop.expressions import AtStep
from symbackprop.graph import Graph
from symbackprop.notation.mathml import CSS
from symbackprop.page.marks import Marks, Place, parts_of
from symbackprop.page.style import asset, fonts, policy_hash
from symbackprop.page.tokens import TokenSyntax, TrackedValues, place_of, tracked, with_tokens
from symbackprop.page.words import SCRIPT_WORDS, WORDS
from symbackprop.plots import Plot
from symbackprop.slots import slot
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
)
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.hypertext import html_number, html_words
from symbackprop.writing.lines import has_words, split_sum
from symbackprop.writing.tex import TexWriter

if TYPE_CHECKING:
    from symbackprop.live.sheet import LiveSheet

ENGINE = ("numbers.js", "functions.js", "live.js")
"""What computes the numbers of a live sheet, in the order in which it is put together."""
PARTS = ("dom.js", "sheet.js", "page.js")
"""What shows and changes the page, in that order."""

_FIXED = ' class="fixed"'
_CYRILLIC = re.compile("[\u0400-\u04ff]")

MANY = 8
"""Columns of a table that is set a little narrower."""

PIECE = 44
"""Characters of LaTeX after which a side may be broken before a + or -."""


def write_html(
    solution: Solution,
    conventions: Conventions,
    language: Language = ENGLISH,
    *,
    graph: Graph | None = None,
    sheet: LiveSheet | None = None,
) -> str:
    """The solution as a page.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        language: to write in.
        graph: whose nodes and edges are lit up together with what speaks of them.
        sheet: what computes the numbers anew when one of them is changed; none: they stay.
    """
    writer = _PageWriter(conventions, solution.notation, language, graph)
    section = _tree(solution.steps)
    title = writer.plain(solution.title) or writer.words(text("Backpropagation, derived"))
    computing = [*map(asset, ENGINE), sheet.script] if sheet else []
    shown = [asset(name) for name in PARTS if sheet or name != "sheet.js"]
    code = "\n".join([*computing, *shown])
    data = {
        "words": writer.script_words(),
        "point": language.point,
        "names": writer.marks.names(sheet.data["inputs"]) if sheet else {},
        "sheet": sheet.data if sheet else None,
    }
    body = writer.sections(section)
    style = _style(cyrillic=bool(_CYRILLIC.search(body + title)))
    page: str = _template().render(
        language=language.code,
        title=Markup(title),
        body=Markup(body),
        style=Markup(style),
        style_hash=policy_hash(style),
        script=Markup(code),
        script_hash=policy_hash(code),
        data=Markup(_harmless(json.dumps(data, ensure_ascii=False, separators=(",", ":")))),
        iterations=section.iterations,
        live=sheet is not None,
        word=lambda template: Markup(writer.words(WORDS[template])),
    )
    return page


def _harmless(data: str) -> str:
    """JSON that does not end the element it stands in."""
    return data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _style(*, cyrillic: bool) -> str:
    """The style, with the fonts that the page needs."""
    dark = f"@media (prefers-color-scheme: dark) {{\n{plot_style(dark=True)}}}"
    return "\n".join([fonts(cyrillic=cyrillic), CSS, asset("page.css"), plot_style(dark=False), dark])


@cache
def _template() -> Any:
    templates = Templates(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return templates.from_string(asset("page.html"))


@dataclass
class _Section:
    """A heading with what stands under it."""

    heading: Heading | None = None
    parts: list[Step | _Section] = field(default_factory=list)

    @property
    def iterations(self) -> list[int]:
        """The numbers of the iterations in it that are shown in full."""
        inner = [one for one in self.parts if isinstance(one, _Section)]
        return [
            number
            for one in inner
            for number in (
                [one.heading.iteration]
                if one.heading is not None and one.heading.iteration is not None
                else one.iterations
            )
        ]


def _tree(steps: Sequence[Step]) -> _Section:
    """The steps under their headings."""
    root = _Section()
    open_sections = [(0, root)]
    for step in steps:
        if not isinstance(step, Heading):
            open_sections[-1][1].parts.append(step)
            continue
        while open_sections[-1][0] >= step.level:
            open_sections.pop()
        inner = _Section(step)
        open_sections[-1][1].parts.append(inner)
        open_sections.append((step.level, inner))
    return root


class _PageWriter(TexWriter):
    """Puts steps into HTML."""

    def __init__(
        self, conventions: Conventions, notation: Notation, language: Language, graph: Graph | None
    ) -> None:
        super().__init__(conventions, notation, language, TokenSyntax(language))
        self.language = language
        self.marks = Marks(graph, self.printer, language.point)
        self.count = 0

    def plain(self, words: str) -> str:
        """Words as they stand in the page."""
        return html_words(words)

    def words(self, cell: Cell | Text | str | int, inline: str = "{}") -> str:
        """A text or a cell as HTML."""
        if isinstance(cell, Text | str | int):
            return super().words(cell, inline)
        return self.cell(cell)

    def cell(self, content: Math) -> str:
        """Mathematics in a line of words or in a table; a number alone needs no formula."""
        match content:
            case Value(number, source):
                return self.number(place_of(number, source, self.printer.format))
            case Digits(digits, source):
                return self.number(Place(digits, slot(source)))
        return self._formula(content)

    def number(self, place: Place) -> str:
        """A number outside of formulas."""
        slot = f' data-slot="{escape(place.slot)}"' if place.slot else ""
        return f'<span class="v"{slot}>{html_number(place.digits, self.language.point)}</span>'

    def script_words(self) -> dict[str, str]:
        """What the script says, in the language of the page; its fields are left to it."""
        return {name: self.language(one.template) for name, one in SCRIPT_WORDS.items()}

    # Sections.

    def sections(self, section: _Section) -> str:
        """A section with all that is in it."""
        inner = "".join(
            self.sections(part) if isinstance(part, _Section) else "".join(self.step(part))
            for part in section.parts
        )
        heading = section.heading
        if heading is None:
            return inner
        title = self.words(heading.text)
        if heading.level > 3:
            return f"<section><h{heading.level}>{title}</h{heading.level}>{inner}</section>"
        self.count += 1
        kind = f' class="iteration" data-iteration="{heading.iteration}"' if heading.iteration else ""
        return (
            f'<section id="s{self.count}"{kind}><details open><summary>'
            f"<h{heading.level}>{title}</h{heading.level}></summary>{inner}</details></section>"
        )

    def step(self, step: Step) -> Iterator[str]:
        """One step."""
        match step:
            case Sentence(words, fixed):
                yield f"<p{_FIXED if fixed else ''}>{self.words(words)}</p>"
            case Formulas(equations, fixed):
                if equations:
                    kind = "formulas fixed" if fixed else "formulas"
                    yield f'<div class="{kind}">{"".join(map(self.equation, equations))}</div>'
            case Assignments(rows):
                yield '<div class="assignments">'
                for row in rows:
                    yield f'<div class="row">{"".join(map(self.equation, row))}</div>'
                yield "</div>"
            case Table():
                yield self._table(step)
            case Picture(drawing):
                self.count += 1
                svg = write_drawing(
                    drawing,
                    self.conventions,
                    self.notation,
                    self.language,
                    standalone=False,
                    prefix=f"p{self.count}-",
                )
                kind = "plot" if isinstance(drawing, Plot) else "drawing"
                yield f'<figure class="{kind}" tabindex="0">{svg}</figure>'

    def _table(self, table: Table) -> str:
        kinds = ["" if has_words(column) else ' class="number"' for column in table.columns]
        head = "".join(
            f'<th scope="col"{kind}>{self.words(cell)}</th>'
            for cell, kind in zip(table.head, kinds, strict=True)
        )
        rows = "".join(f"<tr>{self._row_of(row, kinds)}</tr>" for row in table.rows)
        many = " many" if len(kinds) > MANY else ""
        return (
            f'<div class="wide"><div class="table{many}" tabindex="0"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div></div>"
        )

    def _row_of(self, row: Sequence[Cell], kinds: Sequence[str]) -> str:
        first, *rest = (self.words(cell) for cell in row)
        cells = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
        return f'<th scope="row"{kinds[0]}>{first}</th>{cells}'

    # Formulas.

    def equation(self, equation: Equation) -> str:
        """An equation: what stands left, and each side in pieces that may go to the next line."""
        shape = self.shape_of(equation)
        left = self.printer(equation.left)
        if shape:
            left = rf"\underset{{{shape}}}{{{left}}}"
        subject = "".join(
            f' {name.replace("data-", "data-of-")}="{escape(value)}"'
            for name, value in self.marks.mark(equation.left).items()
        )
        update = isinstance(equation.left, AtStep)
        sides = "".join(self._sides(equation))
        kind = "eq boxed" if equation.boxed else "eq update" if update else "eq"
        self.count += 1
        return (
            f'<div class="{kind}" id="e{self.count}" tabindex="-1"{subject}>'
            f'<span class="left">{self.marks.formula(left, parts_of(equation.left), [])}</span>'
            f'<span class="sides">{sides}</span></div>'
        )

    def _sides(self, equation: Equation) -> Iterator[str]:
        before = self.measure.math(equation.left)
        for relation, side in equation.sides:
            shown = self.measure.math(side)
            if shown != before:
                kind = ' class="side by-hand"' if isinstance(side, Digits) else ' class="side"'
                yield f"<span{kind}>{self._formula(side, self.relations[relation])}</span>"
            before = shown

    def _formula(self, content: Math, relation: str = "") -> str:
        """A side in MathML, broken where it is long."""
        latex, places = self._latex(content)
        shown = parts_of(content) if isinstance(content, Expr) else []
        if not relation:
            return self.marks.formula(latex, shown, places)
        first, *rest = split_sum(latex, PIECE)
        pieces = [f"{relation} {first}", *(f"{{}}{piece}" for piece in rest)]
        return "".join(self.marks.formula(piece, shown, places, display=True) for piece in pieces)

    def _latex(self, content: Math) -> tuple[str, list[Place]]:
        match content:
            case Substituted(expression, values):
                known = TrackedValues(values)
                return with_tokens(lambda: self._printer(known), lambda printer: printer(expression))
            case Value():
                number = tracked(content)
                return with_tokens(self._printer, lambda printer: printer.number(number))
            case Digits(digits, _):
                return r"\text{⟦0⟧}", [Place(digits)]
        return self.printer(content), []
