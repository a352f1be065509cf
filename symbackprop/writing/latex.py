"""What documents, drawings and plots in LaTeX share: words that TeX prints letter by letter."""

from __future__ import annotations

from symbackprop.writing.letters import latex_words
from symbackprop.writing.tex import TexWriter


class LatexWriter(TexWriter):
    """Puts mathematics and words into LaTeX."""

    def plain(self, words: str) -> str:
        """Words in which nothing steers TeX."""
        return latex_words(words)
