"""A drawing in TikZ, for pdflatex and xelatex, as wide as the text at the most."""

from __future__ import annotations

from dataclasses import dataclass

from symbackprop.content import Math, Text
from symbackprop.conventions import Conventions
from symbackprop.diagrams.layout import place
from symbackprop.diagrams.model import Diagram, Kind, Label, Shape
from symbackprop.diagrams.placed import PlacedArrow, PlacedBox, PlacedLabel, Point
from symbackprop.drawings.runs import SIZE, RunWriter
from symbackprop.notation.latex import LatexSyntax
from symbackprop.notation.printable import printable
from symbackprop.notation.syntax import Level, Piece
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.latex import LatexWriter

UNIT = 10 / SIZE
"""TeX's points to a pixel: letters of ten points."""

CENTIMETRE = 72.27 / 2.54
"""TeX's points to a centimetre."""

TALLEST = 23.0
"""No drawing is higher than a page, in centimetres."""

_COLOURS = {
    Kind.NAME: "black",
    Kind.NOTE: "black!60",
    Kind.FORWARD: "green!50!black",
    Kind.BACKWARD: "red!70!black",
    Kind.PARTIAL: "violet!80!black",
}
_SIGNS = {
    "×": r"\times",
    "÷": r"\div",
    "−": "-",
    "σ": r"\sigma",
    "Σ": r"\Sigma",
    "√": r"\surd",
    "·": r"\cdot",
}


class _Syntax(LatexSyntax):
    """LaTeX on one line: no fraction stands higher than a letter."""

    def quotient(self, of: str, by: str, mark: str) -> str:
        r"""\partial L/\partial w."""
        sign = "d" if mark == "d" else r"\partial "
        return f"{sign}{of}/{sign}{by}"

    def held(self, quotient: str, names: str) -> str:
        """(∂f/∂x)_q."""
        return f"({quotient})_{{{names}}}"

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """p/q, with the brackets that one line needs."""
        over = self.bracket(above.text) if above.level == Level.SUM or above.fraction else above.text
        under = self.bracket(below.text) if below.level < Level.POWER else below.text
        substituted = above.substituted or below.substituted
        return Piece(f"{over}/{under}", Level.PRODUCT, substituted=substituted, fraction=True)


class _Writer(LatexWriter):
    """Puts labels into LaTeX."""

    def label(self, label: Label) -> str:
        """left = right, in one formula; words stand outside of it."""
        match label.left, label.right:
            case (None, None):
                return ""
            case (side, None) | (None, side):
                return self._side(side)
            case (Text() | str() as words, right):
                return f"{self._side(words)} $= {self.math(right)}$"
            case (left, right):
                return f"${self.math(left)} = {self.math(right)}$"

    def _side(self, side: Math | Text | str) -> str:
        if isinstance(side, Text):
            return self.words(side, "${}$")
        return self._sign(side) if isinstance(side, str) else f"${self.math(side)}$"

    def _sign(self, sign: str) -> str:
        """A sign of one or several characters; letters stand upright."""
        return "".join(f"${_SIGNS[one]}$" if one in _SIGNS else self.plain(one) for one in sign)


@dataclass(frozen=True)
class Tikz:
    """A drawing as a `tikzpicture` in its natural size.

    Attributes:
        title: what is drawn, for a comment.
        picture: the environment.
        width: in centimetres; likewise `height`.
    """

    title: str
    picture: str
    width: float
    height: float

    def within(self, width: float, height: float) -> str:
        """The drawing, made smaller where it is wider or higher than this, in centimetres."""
        scale = min(1.0, width / self.width, height / self.height)
        return f"% {self.title}\n\\scalebox{{{scale:.3f}}}{{%\n{self.picture}}}\n"


def write_tikz(
    diagram: Diagram,
    conventions: Conventions,
    notation: Notation | None = None,
    language: Language = ENGLISH,
    *,
    width_cm: float = 16.0,
) -> str:
    r"""The drawing as a `tikzpicture`; it needs `\usetikzlibrary{arrows.meta}`.

    Args:
        diagram: what is drawn.
        conventions: ∂ or d, digits.
        notation: of the mathematics in it.
        language: to write in.
        width_cm: it is made smaller where it is wider than this, or higher than a page.
    """
    return tikz(diagram, conventions, notation, language).within(width_cm, TALLEST)


def tikz(
    diagram: Diagram,
    conventions: Conventions,
    notation: Notation | None = None,
    language: Language = ENGLISH,
) -> Tikz:
    """The drawing in its natural size; the arguments are those of `write_tikz`."""
    measure = RunWriter(conventions, notation, language)
    placed = place(diagram, measure.width)
    writer = _Writer(conventions, notation, language, _Syntax(language))
    lines: list[str] = [
        *(_arrow(arrow) for arrow in placed.arrows),
        *(rf"\fill {_at((x, y))} circle[radius=1.7pt];" for x, y in placed.forks),
        *(_outline(box) for box in placed.boxes if box.box.shape is not Shape.NONE),
        *(_label(label, writer) for arrow in placed.arrows for label in arrow.labels),
        *(_label(label, writer) for box in placed.boxes for label in box.labels),
    ]
    options = (
        f"x={UNIT:.4f}pt, y=-{UNIT:.4f}pt, line width=0.5pt, >={{Stealth[length=5pt, width=4pt]}}, "
        r"every node/.style={inner sep=0pt, font=\fontsize{9}{11}\selectfont}"
    )
    body = "\n".join(f"  {line}" for line in lines)
    title = printable(measure.words(diagram.title))
    picture = f"\\begin{{tikzpicture}}[{options}]\n{body}\n\\end{{tikzpicture}}"
    return Tikz(title, picture, placed.width * UNIT / CENTIMETRE, placed.height * UNIT / CENTIMETRE)


def _arrow(placed: PlacedArrow) -> str:
    first, *rest = placed.curve
    path = _at(first)
    for start in range(0, len(rest), 3):
        bend, other, end = rest[start : start + 3]
        path += (
            f" -- {_at(end)}" if other == end else f" .. controls {_at(bend)} and {_at(other)} .. {_at(end)}"
        )
    return rf"\draw[->, black!60] {path};"


def _outline(placed: PlacedBox) -> str:
    paint = r"\filldraw[fill=black!4, draw=black!60]"
    if placed.box.shape is Shape.CIRCLE:
        return f"{paint} {_at((placed.x, placed.y))} circle[radius={placed.width / 2 * UNIT:.2f}pt];"
    left, top = placed.x - placed.width / 2, placed.y - placed.height / 2
    corner = _at((left + placed.width, top + placed.height))
    return f"{paint[:-1]}, rounded corners=3pt] {_at((left, top))} rectangle {corner};"


def _label(placed: PlacedLabel, writer: _Writer) -> str:
    colour = _COLOURS[placed.label.kind]
    # The strut keeps the lines of all labels at one height in their boxes.
    text = rf"\strut{{}}{writer.label(placed.label)}"
    return rf"\node[text={colour}] at {_at((placed.x, placed.y))} {{{text}}};"


def _at(point: Point) -> str:
    return f"({point[0]:.1f},{point[1]:.1f})"
