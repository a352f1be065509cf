"""Labels as runs of text: letters in italics, indices, and numbers that know their source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Symbol

from symbackprop.content import Math, Text, Value
from symbackprop.conventions import Conventions
from symbackprop.diagrams.model import Label
from symbackprop.notation.names import ACCENTS, GREEK, parse_name, unicode_subscript
from symbackprop.notation.numbers import number_parts
from symbackprop.notation.printable import printable
from symbackprop.notation.syntax import Level, Piece
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.lines import PLAIN_RELATIONS, Writer

SIZE = 14.0
"""The height of letters in pixels."""

SMALL = 0.72
"""Of an index to its letter."""

MINUS = "\u2212"

# Private characters that no user's word keeps: the printer's text carries them to where it is cut into runs.
_ITALIC, _UPRIGHT, _BELOW, _ABOVE, _LEVEL = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_MARKS = re.compile(f"([{_ITALIC}-{_LEVEL}])")
_LETTERS = re.compile(r"([^\W\d_]+)")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


@dataclass(frozen=True)
class Run:
    """Text of one kind.

    Attributes:
        text: without markup.
        italic: whether it is a variable's letter.
        level: -1 below the line, 1 above it.
    """

    text: str
    italic: bool = False
    level: int = 0


@dataclass(frozen=True)
class Number:
    """A number: its runs, and where it comes from."""

    value: Value
    runs: tuple[Run, ...]


Part = Run | Number


class RunSyntax(UnicodeSyntax):
    """Formulas on one line, with real indices."""

    minus = MINUS

    def name(self, symbol: Symbol, step: str = "") -> str:
        """A letter, its index below, its layer above."""
        parts = parse_name(symbol.name)
        letter = GREEK.get(parts.letters, parts.letters)
        if parts.accent:
            letter = unicodedata.normalize("NFC", letter + ACCENTS[parts.accent])
        above = (f"[{parts.layer}]" if parts.layer else "") + (f"({step})" if step else "")
        shown = _italics(letter) if len(parts.letters) == 1 or parts.letters in GREEK else letter
        below = _LETTERS.sub(lambda found: _italics(found[1]), unicode_subscript(parts).translate(_DIGITS))
        return shown + _shifted(_BELOW, below) + _shifted(_ABOVE, above)

    def number(self, digits: str) -> str:
        """5.85×10⁻⁵ for 5.85e-05."""
        sign, mantissa, exponent = number_parts(digits, self.language.point)
        shown = (MINUS if sign else "") + mantissa
        return f"{shown}×10{_shifted(_ABOVE, exponent.replace('-', MINUS))}" if exponent else shown

    def power(self, base: str, exponent: Piece) -> str:
        """x²; a name that has something above it goes into brackets."""
        crowded = _ABOVE in base and not base.endswith(")")
        return (self.bracket(base) if crowded else base) + _shifted(_ABOVE, exponent.text)

    def exponential(self, exponent: Piece) -> Piece:
        """e to a short power, exp of a long one."""
        if any(mark in exponent.text for mark in (_ABOVE, _BELOW)) or len(exponent.text) > 8:
            return super().exponential(exponent)
        raised = _italics("e") + _shifted(_ABOVE, exponent.text)
        return Piece(raised, Level.POWER, substituted=exponent.substituted)

    def transposed(self, base: str) -> str:
        """Aᵀ."""
        return base + _shifted(_ABOVE, "⊤")

    def hadamard_power(self, base: str, exponent: Piece) -> str:
        """Every entry raised."""
        return base + _shifted(_ABOVE, f"∘{exponent.text}")

    def named(self, name: str, index: str, arguments: str) -> str:
        """max_j(X)."""
        return f"{name}{_shifted(_BELOW, _italics(index) if index else '')}({arguments})"

    def constant(self, letter: str, sizes: str) -> str:
        """1_n."""
        return letter + _shifted(_BELOW, sizes)

    def indexed(self, base: str, index: str) -> str:
        """x_i."""
        return base + _shifted(_BELOW, _italics(index))

    def summed(self, index: str, body: str) -> str:
        """Σ_i x_i."""
        return f"Σ{_shifted(_BELOW, _italics(index))} {body}"


def _italics(letters: str) -> str:
    return f"{_ITALIC}{letters}{_UPRIGHT}"


def _shifted(mark: str, text: str) -> str:
    return f"{mark}{text}{_LEVEL}" if text else ""


class RunWriter(Writer):
    """Puts labels into runs."""

    def __init__(
        self, conventions: Conventions, notation: Notation | None = None, language: Language = ENGLISH
    ) -> None:
        super().__init__(RunSyntax(language), conventions, PLAIN_RELATIONS, notation)
        # By identity, for a text's fields have no hash; the label stays, so that no other takes its place.
        self._known: dict[int, tuple[Label, tuple[Part, ...]]] = {}

    def parts(self, label: Label) -> tuple[Part, ...]:
        """left = right, in runs."""
        if id(label) not in self._known:
            self._known[id(label)] = label, self._parts(label)
        return self._known[id(label)][1]

    def _parts(self, label: Label) -> tuple[Part, ...]:
        left = tuple(self._side(label.left)) if label.left is not None else ()
        right = tuple(self._side(label.right)) if label.right is not None else ()
        return (*left, Run(" = "), *right) if left and right else (*left, *right)

    def _side(self, side: Math | Text | str) -> Iterator[Part]:
        if isinstance(side, Value):
            yield Number(side, tuple(_runs(self.math(side))))
        elif isinstance(side, Text | str):
            yield from _runs(self.words(side))
        else:
            yield from _runs(self.math(side))

    def plain_runs(self, words: Text) -> tuple[Run, ...]:
        """Words in runs."""
        return tuple(_runs(self.words(words)))

    def width(self, label: Label) -> float:
        """About how wide a label is in the widest of the usual fonts, with room for a minus sign."""
        total = 0.0
        for part in self.parts(label):
            total += sum(map(_width, part.runs if isinstance(part, Number) else [part]))
            if isinstance(part, Number) and not part.runs[0].text.startswith(MINUS):
                total += _em(MINUS)
        return total * SIZE


def _runs(marked: str) -> Iterator[Run]:
    """The printer's text, cut at its marks."""
    italic, levels = False, [0]
    for piece in _MARKS.split(marked):
        match piece:
            case "\ue000" | "\ue001":
                italic = piece == _ITALIC
            case "\ue002" | "\ue003":
                levels.append(-1 if piece == _BELOW else 1)
            case "\ue004":
                levels.pop()
            case "":
                pass
            case _:
                yield Run(printable(piece), italic, levels[-1])


def _width(run: Run) -> float:
    return sum(map(_em, run.text)) * (SMALL if run.level else 1.0)


_NARROW = {".": 0.31, ",": 0.31, " ": 0.31, "(": 0.38, ")": 0.38, "[": 0.38, "]": 0.38, "/": 0.34, "·": 0.31}


def _em(character: str) -> float:
    """The width of a character in a wide serif font, as a part of its height."""
    if character in _NARROW:
        return _NARROW[character]
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in "mwMWΣ@" or unicodedata.category(character) == "Sm":
        return 0.82 if character not in "mwMW@" else 0.92
    if character in "iljtfrI":
        return 0.42
    return 0.7 if character.isupper() else 0.61
