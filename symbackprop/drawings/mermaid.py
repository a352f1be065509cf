"""A drawing as a Mermaid flowchart, as GitHub renders it: arrows → and ← say which way a number goes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symbackprop.content import Text
from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Arrow, Box, Diagram, Kind, Label, Shape
from symbackprop.drawings.labels import LabelWriter
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language

_OUTLINES = {Shape.CIRCLE: '(("{}"))', Shape.BOX: '["{}"]', Shape.NONE: '["{}"]'}
_WAYS = {Kind.FORWARD: "→ ", Kind.BACKWARD: "← "}
_ENTITIES = {
    '"': "#quot;",
    "#": "#35;",
    "&": "#amp;",
    "<": "#lt;",
    ">": "#gt;",
    "\\": "#92;",
    "`": "ˋ",
    "*": "∗",
}
# Mermaid 10 and 11 read Markdown in every label: its signs are kept from meaning something there.
_LIST = re.compile(r"[-+*](\s|$)|\d+[.)](\s|$)")
"""What Mermaid would take for an entry of a list."""


def write_mermaid(
    diagram: Diagram,
    conventions: Conventions,
    notation: Notation | None = None,
    language: Language = ENGLISH,
) -> str:
    """The drawing as a flowchart.

    Args:
        diagram: what is drawn.
        conventions: ∂ or d, digits.
        notation: of the mathematics in it.
        language: to write in.
    """
    writer = _MermaidWriter(conventions, notation, language)
    return "\n".join(["flowchart LR", *(f"  {line}" for line in writer.lines(diagram))]) + "\n"


class _MermaidWriter(LabelWriter):
    def lines(self, diagram: Diagram) -> Iterator[str]:
        """The statements of a flowchart."""
        keys = self.keys(diagram)
        yield f"accTitle: {self._told(diagram.title)}"
        if diagram.description.template:
            yield f"accDescr: {self._told(diagram.description)}"
        for box in diagram.boxes:
            yield keys[box.key] + self._box(box)
        for arrow in diagram.arrows:
            yield f"{keys[arrow.source]} -->{self._on(arrow)} {keys[arrow.target]}"
        bare = [keys[box.key] for box in diagram.boxes if box.shape is Shape.NONE]
        if bare:
            yield "classDef bare fill:none,stroke:none"
            yield f"class {','.join(bare)} bare"

    def _told(self, words: Text) -> str:
        """Words for one who does not see the drawing, on one line, without signs that end them."""
        line = self.words(words).replace(";", ",")
        return re.sub(r"[^\w\s.,:()=+×−∂/'’-]", " ", line).strip() or "-"

    def _box(self, box: Box) -> str:
        return _OUTLINES[box.shape].format(self._label(box.lines))

    def _on(self, arrow: Arrow) -> str:
        return f'|"{self._label(arrow.labels, ways=True)}"|' if arrow.labels else ""

    def _label(self, labels: Sequence[Label], *, ways: bool = False) -> str:
        lines = [(_WAYS.get(one.kind, "") if ways else "") + self._escaped(one) for one in labels]
        return "<br/>".join(lines) or " "

    def _escaped(self, label: Label) -> str:
        line = self.line(label)
        shown = "".join(_ENTITIES.get(character, character) for character in line)
        shown = shown.replace("](", "]\u200b(")
        return f"\u200b{shown}" if _LIST.match(line) else shown or " "
