"""Labels of drawings as lines of plain text, for the formats that have no indices."""

from __future__ import annotations

import re

from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Label
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
        mantissa, e, exponent = digits.partition("e")
        shown = super().number(mantissa).replace("-", self.minus)
        return f"{shown}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}" if e else shown


class LabelWriter(Writer):
    """Puts labels into lines of plain text."""

    def __init__(
        self, conventions: Conventions, notation: Notation | None = None, language: Language = ENGLISH
    ) -> None:
        super().__init__(LabelSyntax(language), conventions, PLAIN_RELATIONS, notation)

    def plain(self, words: str) -> str:
        """On one line, without what is not seen or turns the direction of writing."""
        return "".join(one for one in re.sub(r"\s+", " ", words) if one.isprintable())

    def line(self, label: Label) -> str:
        """left = right."""
        sides = (side for side in (label.left, label.right) if side is not None)
        return " = ".join(self.words(side) for side in sides)
