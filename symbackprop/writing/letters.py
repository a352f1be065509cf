"""Words in LaTeX: what steers TeX made harmless, what no font has made visible."""

from __future__ import annotations

import re
import unicodedata

from symbackprop.notation.names import GREEK, latex_name
from symbackprop.notation.printable import on_one_line

INSTEAD = "?"
"""What stands for a letter that the fonts of LaTeX do not have."""

_COMMANDS = {
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
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "…": r"\dots{}",
    "•": r"\textbullet{}",
    "€": r"\texteuro{}",
    "№": r"No.",
    # At the start of a row or of an item these two would be an argument of the command before it.
    "[": "{[}",
    "*": "{*}",
}
_FORMULAS = {
    "\\": r"$\backslash$",
    "{": r"$\{$",
    "}": r"$\}$",
    "$": r"\$",
    "&": r"$\&$",
    "#": r"$\#$",
    "%": r"$\%$",
    "_": r"$\_$",
    "~": r"$\sim$",
    "^": r"$\wedge$",
    "<": "$<$",
    ">": "$>$",
}
"""MathJax knows no commands outside of formulas: what steers TeX or HTML is a formula of its own there."""
_SIGNS = {
    "→": "rightarrow", "←": "leftarrow", "↔": "leftrightarrow", "⇒": "Rightarrow", "√": "surd",
    "∂": "partial", "∇": "nabla", "∞": "infty", "∑": "sum", "∏": "prod", "∫": "int", "∈": "in",
    "≤": "le", "≥": "ge", "≠": "ne", "≈": "approx", "≡": "equiv", "∘": "circ", "⊙": "odot", "⊤": "top",
    "∥": "parallel", "−": "-",
}  # fmt: skip
_PLAIN = {" ", *map(chr, range(0x21, 0x7F))}
_LATIN = {*map(chr, (*range(0xA1, 0xAD), *range(0xAE, 0x180)))} - set("ĦħĸĿŀŉŦŧſ")
_MARKS = set("–—‘’‚“”„‹›†‡‰™")
_CYRILLIC = {*map(chr, range(0x410, 0x450))} | set("ЁёЂђЄєЅѕІіЇїЈјЉљЊњЋћЎўЏџҐґ")
_GREEK = frozenset(GREEK.values())
_PRINTED = _PLAIN | _LATIN | _MARKS | _CYRILLIC
_LIGATURE = re.compile(r"(?<=([-,'?!]))(?=\1)")
"""Where TeX would make one letter of two equal ones."""


def latex_words(words: str) -> str:
    r"""Words as LaTeX prints them, letter by letter.

    >>> print(latex_words(r"[50%] * \input{x} → 体"))
    {[}50\%] {*} \textbackslash{}input\{x\} $\rightarrow$ ?
    """
    spaced = re.sub(r"\s+", " ", unicodedata.normalize("NFC", words))
    return "".join(map(_letter, _LIGATURE.sub("\0", spaced)))


def mathjax_words(words: str) -> str:
    r"""Words between formulas as a page's MathJax shows them, and as a document prints them.

    >>> print(mathjax_words(r"50% of \input{x} → 体"))
    50$\%$ of $\backslash$input$\{$x$\}$ $\rightarrow$ 体
    """
    return "".join(_FORMULAS.get(one) or _formula(one) or one for one in on_one_line(words))


def has_cyrillic(words: str) -> bool:
    """Whether a font with Cyrillic letters is needed."""
    return not _CYRILLIC.isdisjoint(words)


def _letter(letter: str) -> str:
    if letter == "\0":
        return "{}"
    if letter in _COMMANDS:
        return _COMMANDS[letter]
    if formula := _formula(letter):
        return formula
    if letter in _PRINTED:
        return letter
    return "" if unicodedata.category(letter) in ("Cc", "Cf", "Cs") else _likened(letter)


def _formula(letter: str) -> str:
    """A sign or a Greek letter as a formula; nothing for any other letter."""
    if letter in _SIGNS:
        sign = _SIGNS[letter]
        return f"$\\{sign}$" if sign.isalpha() else f"${sign}$"
    return f"${latex_name(letter)}$" if letter in _GREEK else ""


def _likened(letter: str) -> str:
    """The letters that it is a form of, as ﬁ is of f and i; else a sign that something stands here."""
    alike = unicodedata.normalize("NFKD", letter)
    kept = "".join(_letter(one) for one in alike if one in _PLAIN | _CYRILLIC)
    return kept or INSTEAD
