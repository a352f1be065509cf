"""Texts of a report put into a language and a format."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from string import Formatter
from typing import Any

from symbackprop.check.tex import Tex
from symbackprop.content import Text
from symbackprop.notation.printable import on_one_line
from symbackprop.translation import Language

_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_COMMA = re.compile(r"(?<![\\{]),(?=\s)")


class Speech:
    """Says texts in one language, their formulas in one format.

    Args:
        language: to write in.
        plain: makes words harmless in the format.
        math: writes a formula, given in LaTeX.
    """

    def __init__(self, language: Language, plain: Callable[[str], str], math: Callable[[str], str]) -> None:
        self.language, self._plain, self._math = language, plain, math

    def __call__(self, content: Text | Tex | Sequence[Tex] | str | int) -> str:
        """A text, or one of its fields; formulas in a row have commas between, or what stands for them."""
        if isinstance(content, Tex):
            return self.formula(content.latex)
        if isinstance(content, tuple):
            return self.language.comma.join(map(self, content))
        if not isinstance(content, Text):
            return self.plain(str(content))
        template = self.language(content.template, content.plural, content.count)
        return "".join(
            self.plain(literal) + (self(self._field(content, name)) if name else "")
            for literal, name, _, _ in Formatter().parse(template)
        )

    @staticmethod
    def _field(content: Text, name: str) -> Any:
        return content.fields[name]

    def plain(self, words: str) -> str:
        """Words in the format; what steers what shows them is left out."""
        return self._plain(on_one_line(words))

    def formula(self, latex: str) -> str:
        """A formula of the report's own, its numbers with the decimal sign of the language."""
        if self.language.decimal == "comma" and _POINT.search(latex):
            latex = _POINT.sub("{,}", _COMMA.sub(";", latex))
        return self._math(latex)
