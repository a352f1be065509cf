"""A name of the spec -> the letter, accent, subscript and superscript that it is printed with.

`w_11` is w with the subscript 11, `w_1_12` has 1,12, `delta_g1` is δ with g1, `yhat` is ŷ, `x1` is x with 1,
`w_11__2` has the layer [2] as its superscript (two underscores, as in SymPy).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import lru_cache

from symbackprop.notation.printable import printable

_LOWER = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
    "upsilon phi chi psi omega"
)
GREEK = {name: chr(0x3B1 + place + (place > 16)) for place, name in enumerate(_LOWER.split())}
GREEK |= {name.capitalize(): letter.upper() for name, letter in GREEK.items()}
_CAPITALS = "Alpha:A Beta:B Epsilon:E Zeta:Z Eta:H Iota:I Kappa:K Mu:M Nu:N Omicron:O Rho:P Tau:T Chi:X"
# TeX has no command for a Greek letter that looks like a Latin one.
_LIKE_LATIN = {"omicron": "o"} | {
    name: rf"\mathrm{{{letter}}}" for name, _, letter in (one.partition(":") for one in _CAPITALS.split())
}
_LETTER_NAMES = {letter: name for name, letter in GREEK.items()}

ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}

_GREEK_LETTER = re.compile(f"[{''.join(_LETTER_NAMES)}]")
_BASE = re.compile(r"(?P<letters>[^\W\d_]+)(?P<digits>\d*)")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Name:
    """The parts of a printed name.

    Attributes:
        letters: the letter, the Greek letter's name, or a word.
        accent: `hat`, `bar`, `tilde` or nothing.
        indices: the parts of the subscript.
        layer: the superscript.
    """

    letters: str
    accent: str
    indices: tuple[str, ...]
    layer: str


@lru_cache(maxsize=100_000)
def parse_name(name: str) -> Name:
    """The parts of a name, without what is not seen.

    >>> parse_name("yhat_2")
    Name(letters='y', accent='hat', indices=('2',), layer='')
    """
    lower, _, layer = printable(name).partition("__")
    head, *indices = lower.split("_")
    found = _BASE.fullmatch(head)
    letters, digits = (found["letters"], found["digits"]) if found else (head, "")
    if digits:
        indices.insert(0, digits)
    letters, accent = _accented(letters)
    return Name(_LETTER_NAMES.get(letters, letters), accent, tuple(indices), layer)


_TAME = {sign: f"\\{sign}" for sign in "&%#$_{}"} | {
    "\\": r"\backslash{}",
    "^": r"\wedge{}",
    "~": r"\sim{}",
}
"""How a sign that steers TeX is printed; a name that was parsed has none, a symbol of SymPy's may."""


@lru_cache(maxsize=100_000)
def latex_name(name: str, step: str = "") -> str:
    r"""The name in LaTeX; `step` is a second superscript, in round brackets.

    >>> print(latex_name("w_11"), latex_name("delta_a1"), latex_name("yhat"), latex_name("w_11__2", "0"))
    w_{11} \delta_{a1} \hat{y} w_{11}^{[2](0)}
    """
    parts = parse_name(name)
    letter = _latex_letters(parts.letters)
    if parts.accent:
        letter = rf"\{parts.accent}{{{letter}}}"
    index = _joined(parts.indices, _latex_index, lambda digits: _braced("_", digits))
    above = (f"[{_latex_word(parts.layer)}]" if parts.layer else "") + (f"({step})" if step else "")
    return letter + (_braced("_", index) if index else "") + (f"^{{{above}}}" if above else "")


def _joined(indices: tuple[str, ...], index: Callable[[str], str], lower: Callable[[str], str]) -> str:
    """Indices with commas between them; digits behind a letter are an index of that letter: δ_{u_8}."""
    text = ""
    for before, one in zip(("", *indices), indices, strict=False):
        below = before.isalpha() and one.isdecimal()
        text += lower(one) if below else ("," if text else "") + index(one)
    return text


def _braced(mark: str, text: str) -> str:
    return f"{mark}{text}" if len(text) == 1 else f"{mark}{{{text}}}"


def _latex_letters(letters: str) -> str:
    if letters in _LIKE_LATIN:
        return _LIKE_LATIN[letters]
    if letters in GREEK:
        return f"\\{'varepsilon' if letters == 'epsilon' else letters}"
    word = _latex_word(letters)
    return word if len(letters) == 1 else rf"\mathrm{{{word}}}"


def _latex_word(letters: str) -> str:
    """A word whose signs do not steer TeX, its Greek letters by the only names that TeX has for them."""
    tame = "".join(_TAME.get(one, one) for one in letters)
    return _GREEK_LETTER.sub(lambda found: f"{{{_latex_letters(_LETTER_NAMES[found[0]])}}}", tame)


def _latex_index(index: str) -> str:
    letters, accent = _accented(index)
    shown = _latex_letters(letters) if letters in GREEK else _latex_word(letters)
    return rf"\{accent}{{{shown}}}" if accent else shown


def _unicode_index(index: str) -> str:
    letters, accent = _accented(index)
    shown = GREEK.get(letters, letters)
    return unicodedata.normalize("NFC", shown + ACCENTS[accent]) if accent else shown


def _accented(letters: str) -> tuple[str, str]:
    """The letters without the word of their accent, and that word."""
    accent = next((one for one in ACCENTS if letters.endswith(one) and len(letters) > len(one)), "")
    return letters.removesuffix(accent), accent


@lru_cache(maxsize=100_000)
def unicode_name(name: str, step: str = "") -> str:
    """The name in Unicode; digits become subscripts, words stay behind an underscore.

    >>> print(unicode_name("w_11"), unicode_name("delta_a1"), unicode_name("yhat"), unicode_name("w_11", "0"))
    w₁₁ δ_a1 ŷ w₁₁^(0)
    """
    parts = parse_name(name)
    letter = GREEK.get(parts.letters, parts.letters)
    if parts.accent:
        letter = unicodedata.normalize("NFC", letter + ACCENTS[parts.accent])
    index = unicode_subscript(parts)
    plain = index.isdecimal() and index.isascii()
    below = index.translate(_SUBSCRIPTS) if plain else f"_{index}" if index else ""
    above = (f"[{parts.layer}]" if parts.layer else "") + (f"({step})" if step else "")
    return letter + below + (f"^{above}" if above else "")


@lru_cache(maxsize=100_000)
def typst_name(name: str, step: str = "") -> str:
    """The name in Typst; words stand in quotation marks, so that none is taken for one of Typst's own.

    >>> print(typst_name("w_11"), typst_name("delta_a1"), typst_name("yhat"), typst_name("age__2", "0"))
    w_11 δ_(a 1) hat(y) "age"^([2] (0))
    """
    parts = parse_name(name)
    letter = _typst_letters(parts.letters)
    if parts.accent:
        letter = f"{_TYPST_ACCENTS[parts.accent]}({letter})"
    index = _joined(parts.indices, _typst_index, lambda digits: f"_{digits}")
    layer = f"[{_typst_index(parts.layer)}]" if parts.layer else ""
    above = " ".join(filter(None, (layer, f"({_typst_index(step)})" if step else "")))
    below = f"_{index}" if len(index) == 1 or index.isdecimal() else f"_({index})" if index else ""
    return letter + below + (f"^({above})" if above else "")


_TYPST_ACCENTS = {"hat": "hat", "bar": "macron", "tilde": "tilde"}


def _typst_letters(letters: str) -> str:
    # As in LaTeX, the straight ϕ: φ is a letter of its own there.
    shown = "ϕ" if letters == "phi" else GREEK.get(letters, letters)
    return shown if len(shown) == 1 and shown.isalpha() else quoted(shown)


def _typst_index(index: str) -> str:
    """Letters and digits apart; several letters are a word."""
    letters, accent = _accented(index)
    if letters in GREEK or accent:
        shown = GREEK[letters] if letters in GREEK else _typst_run(letters)
        return f"{_TYPST_ACCENTS[accent]}({shown})" if accent else shown
    return " ".join(map(_typst_run, re.findall(r"[^\W\d_]+|[0-9]+|.", index, re.DOTALL)))


def _typst_run(run: str) -> str:
    plain = run in "+-" or (run.isalpha() and len(run) == 1) or (run.isdecimal() and run.isascii())
    return run if plain else f"italic({quoted(run)})"


def quoted(words: str) -> str:
    r"""A string of Typst.

    >>> print(quoted('#read("a") \\'))
    "#read(\"a\") \\"
    """
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(escaped)}"'


def unicode_subscript(parts: Name) -> str:
    """What stands below the letter, as it is written in a line of its own: 11, a1, u₈."""
    return _joined(parts.indices, _unicode_index, lambda one: one.translate(_SUBSCRIPTS))


def unused_name(wish: str, taken: Container[str], above: str = "") -> str:
    """The wished name, lengthened until it is not taken.

    Args:
        wish: the name.
        taken: those that are not to be had.
        above: what stands behind it in any case, as the `__2` of a layer.

    >>> unused_name("gamma", {"gamma", "gamma__2"}), unused_name("gamma", {"gamma", "gamma__2"}, "__2")
    ('gamma_2', 'gamma_2__2')
    """
    name, number = wish + above, 1
    while name in taken:
        number += 1
        name = f"{wish}_{number}{above}"
    return name
