"""A drawing as DOT, the language of Graphviz: forward above in green, backward below in red."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Arrow, Box, Diagram, Label, Shape
from symbackprop.drawings.labels import LabelWriter
from symbackprop.drawings.svg import LIGHT, colour_of
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language

_SHAPES = {Shape.CIRCLE: "circle", Shape.BOX: "box", Shape.NONE: "plaintext"}
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\\": "&#92;"}


def write_dot(
    diagram: Diagram,
    conventions: Conventions,
    notation: Notation | None = None,
    language: Language = ENGLISH,
) -> str:
    """The drawing in DOT; nothing but text is made, so Graphviz is not needed.

    Args:
        diagram: what is drawn.
        conventions: ∂ or d, digits.
        notation: of the mathematics in it.
        language: to write in.
    """
    writer = _DotWriter(conventions, notation, language)
    return "\n".join(["digraph {", *(f"  {line}" for line in writer.lines(diagram)), "}"]) + "\n"


class _DotWriter(LabelWriter):
    def lines(self, diagram: Diagram) -> Iterator[str]:
        """The statements of a graph."""
        keys = self.keys(diagram)
        yield (
            f"graph [rankdir=LR, labelloc=t, fontname=serif, fontcolor={_quoted(LIGHT['ink'])}, "
            f"label={_html(self.words(diagram.title))}];"
        )
        yield f"node [fontname=serif, margin=0.08, height=0.3, width=0.3, color={_quoted(LIGHT['line'])}];"
        yield f"edge [fontname=serif, arrowsize=0.7, color={_quoted(LIGHT['line'])}];"
        for box in diagram.boxes:
            yield f"{keys[box.key]} {self._box(box)};"
        for column in sorted({box.column for box in diagram.boxes if box.column is not None}):
            members = [keys[box.key] for box in diagram.boxes if box.column == column]
            # Arrows that are not seen keep the order within a column.
            order = " -> ".join(members) + (" [style=invis]" if len(members) > 1 else "")
            yield f"{{rank=same; {order};}}"
        for arrow in diagram.arrows:
            yield f"{keys[arrow.source]} -> {keys[arrow.target]}{self._arrow(arrow)};"

    def _box(self, box: Box) -> str:
        filled = "" if box.shape is Shape.NONE else f', style="filled", fillcolor={_quoted(LIGHT["fill"])}'
        return f"[shape={_SHAPES[box.shape]}{filled}, label={self._label(box.lines)}]"

    def _arrow(self, arrow: Arrow) -> str:
        return f" [label={self._label(arrow.labels)}]" if arrow.labels else ""

    def _label(self, labels: Sequence[Label]) -> str:
        """One line below the other, each in the colour of its kind."""
        lines = [f'<FONT COLOR="{colour_of(one.kind)}">{_escaped(self.line(one))}</FONT>' for one in labels]
        return f"<{'<BR/>'.join(lines) or ' '}>"


def _quoted(colour: str) -> str:
    return f'"{colour}"'


def _html(words: str) -> str:
    return f"<{_escaped(words)}>"


def _escaped(words: str) -> str:
    """What Graphviz would read as markup or as a name of its own, as entities."""
    return "".join(_ESCAPED.get(character, character) for character in words) or " "
