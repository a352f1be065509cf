"""Labels of drawings as lines of plain text, for the formats that have no indices."""

from __future__ import annotations

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Diagram, Label
from symbackprop.notation.numbers import number_parts
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.lines import PLAIN_RELATIONS, Writer

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class LabelSyntax(UnicodeSyntax):
    """One line of plain text, powers of ten raised."""

    minus = "−"

    def number(self, digits: str) -> str:
        """−5.85×10⁻⁵ for -5.85e-05."""
        sign, mantissa, exponent = number_parts(digits, self.language.point)
        shown = (self.minus if sign else "") + mantissa
        return f"{shown}×10{exponent.translate(_SUPERSCRIPTS)}" if exponent else shown


class LabelWriter(Writer):
    """Puts labels into lines of plain text."""

    def __init__(
        self, conventions: Conventions, notation: Notation | None = None, language: Language = ENGLISH
    ) -> None:
        super().__init__(LabelSyntax(language), conventions, PLAIN_RELATIONS, notation)

    def keys(self, diagram: Diagram) -> dict[str, str]:
        """What the boxes are called in a file: no word of a user."""
        return {box.key: f"n{number}" for number, box in enumerate(diagram.boxes)}

    def line(self, label: Label) -> str:
        """left = right."""
        sides = (side for side in (label.left, label.right) if side is not None)
        return " = ".join(self.words(side) for side in sides)
