r"""LaTeX as one line of readable Unicode, for a terminal: `\frac{\partial L}{\partial w_1}` is ∂L/∂w₁."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from symbackprop.notation.names import ACCENTS, GREEK
from symbackprop.notation.printable import on_one_line, printable

LONGEST = 4000
DEEPEST = 40

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\d+(?:(?:\.|\{,\})\d+)?|\S|\s+", re.DOTALL)
_DIGITS_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_ABOVE = dict(zip("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", strict=True))
_SPACES = frozenset([*r"\, \; \: \! \quad \qquad ~ \limits \displaystyle".split(), "\\ "])
_OPERATORS = {
    "+": "+", "-": "-", "*": "·", "=": "=", "<": "<", ">": ">", "/": "/", "−": "-", ":=": ":=",
    "\\cdot": "·", "\\times": "×", "\\odot": "⊙", "\\circ": "∘", "\\otimes": "⊗", "\\pm": "±", "\\div": "/",
    "\\approx": "≈", "\\equiv": "≡", "\\neq": "≠", "\\ne": "≠", "\\le": "≤", "\\leq": "≤", "\\ge": "≥",
    "\\geq": "≥", "\\lt": "<", "\\gt": ">", "\\leftarrow": "←", "\\gets": "←", "\\rightarrow": "→",
    "\\to": "→",
    "\\Rightarrow": "⇒", "\\implies": "⇒", "\\in": "∈", "\\coloneqq": ":=", "\\propto": "∝", "\\mid": "|",
    "\\ast": "∗", "\\sim": "~", "\\Leftrightarrow": "⇔", "\\iff": "⇔", "\\star": "⋆",
}  # fmt: skip
_LETTERS = {f"\\{name}": letter for name, letter in GREEK.items()} | {
    "\\varepsilon": "ε", "\\vartheta": "ϑ", "\\varphi": "φ", "\\ell": "ℓ", "\\infty": "∞", "\\ldots": "…",
    "\\dots": "…", "\\cdots": "…", "\\top": "⊤", "\\mathsf{T}": "⊤", "\\intercal": "⊤", "\\prime": "′",
    "\\{": "{", "\\}": "}", "\\%": "%", "\\_": "_", "\\#": "#", "\\&": "&", "\\|": "‖", "\\lvert": "|",
    "\\rvert": "|", "\\lVert": "‖", "\\rVert": "‖", "\\langle": "⟨", "\\rangle": "⟩", "\\bot": "⊥",
    "\\lbrace": "{", "\\rbrace": "}", "\\vdots": "⋮", "\\ddots": "⋱", "\\mathbb{R}": "ℝ", "\\emptyset": "∅",
}  # fmt: skip
_PREFIXES = {"\\partial": "∂", "\\nabla": "∇"}
_BIG = {"\\sum": "∑", "\\prod": "∏", "\\int": "∫"}
_FUNCTIONS = frozenset(
    r"\exp \log \ln \sin \cos \tan \sinh \cosh \tanh \arctan \max \min \arg \det \lim".split()
)
_ACCENTS = {f"\\{name}": mark for name, mark in ACCENTS.items()} | {
    "\\widehat": ACCENTS["hat"], "\\widetilde": ACCENTS["tilde"], "\\overline": ACCENTS["bar"],
    "\\vec": "\u20d7", "\\dot": "\u0307", "\\ddot": "\u0308",
}  # fmt: skip
_WORDS = frozenset(
    r"\text \mathrm \operatorname \operatorname* \textbf \textit \mathit \textrm \mbox \mathsf".split()
)
_SAME = frozenset(r"\mathbf \boldsymbol \bm \mathcal \mathbb \boxed \pmb".split())
_OPENING = frozenset(r"\left \bigl \Bigl \biggl".split())
_CLOSING = frozenset(r"\right \bigr \Bigr \biggr".split())
_SIZES = _OPENING | _CLOSING | frozenset(r"\big \Big \bigg \Bigg \middle".split())
_FRACTIONS = frozenset(r"\frac \dfrac \tfrac \cfrac".split())
_MATRICES = frozenset("pmatrix bmatrix matrix smallmatrix array".split())
_LINES = frozenset("aligned align align* gathered gather gather* split equation equation*".split())


class _UnknownError(Exception):
    """A command that has no plain form here."""


@dataclass(frozen=True)
class _Piece:
    """A part of a formula.

    Attributes:
        text: as it is printed.
        kind: `atom`, `word`, `operator`, `open`, `close`, `prefix`, `big`, `comma` or `fraction`.
        scripted: something stands below or above it.
        parts: of how many atoms it is made.
    """

    text: str
    kind: str = "atom"
    scripted: bool = False
    parts: int = 1


@lru_cache(maxsize=4096)
def plain_math(latex: str) -> str:
    r"""A formula in Unicode; the LaTeX itself, on one line, where a command of it has no plain form.

    >>> print(plain_math(r"\frac{\partial L}{\partial w_1} = -(y-\hat{y})\,\sigma'(z_2)x^2"))
    ∂L/∂w₁ = -(y - ŷ) σ′(z₂) x²
    >>> print(plain_math(r"\unknown{x}"))
    \unknown{x}
    """
    if len(latex) <= LONGEST:
        try:
            return printable(_Reader(_TOKEN.findall(latex)).whole())
        except (_UnknownError, ValueError):
            pass
    return on_one_line(latex).strip()


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.place = self.depth = 0

    def whole(self) -> str:
        """All of it."""
        shown = self._sequence(lambda token: False)
        return shown.text

    def _peek(self) -> str:
        """The next token that is no space; nothing at the end."""
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise _UnknownError
        self.place += 1
        return token

    def _sequence(self, ends: Callable[[str], bool]) -> _Piece:
        """What stands up to a token that ends it; that token is left."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _UnknownError
        pieces: list[_Piece] = []
        while (token := self._peek()) and not ends(token):
            if token in ("}", "&", "\\\\", "\\end"):
                raise _UnknownError
            if token in _SPACES:
                self.place += 1
            elif token in ("_", "^", "'"):
                last = pieces.pop() if pieces else _Piece("")
                pieces.append(self._scripted(last))
            else:
                pieces.append(self._piece())
        self.depth -= 1
        return _joined(pieces)

    def _group(self) -> _Piece:
        """The argument of a command: a group, or one piece."""
        if self._peek() != "{":
            return self._piece()
        self.place += 1
        inner = self._sequence(lambda token: token == "}")
        self._take()
        return inner

    def _piece(self) -> _Piece:
        token = self._take()
        if token in _OPERATORS:
            return _Piece(_OPERATORS[token], "operator")
        if token in _PREFIXES:
            return _Piece(_PREFIXES[token], "prefix")
        if token in _BIG:
            return _Piece(_BIG[token], "big")
        if token in _FUNCTIONS:
            return _Piece(token[1:], "word")
        if token in _FRACTIONS:
            return _fraction(self._group(), self._group())
        if token in _SIZES:
            return self._fence(token)
        if token in _ACCENTS:
            return _accented(self._group(), _ACCENTS[token])
        if token in _WORDS:
            return self._words()
        if token in _SAME:
            return self._group()
        if token == "\\sqrt":
            return self._root()
        if token == "\\begin":
            return self._environment()
        if token == "{":
            self.place -= 1
            return self._group()
        return _letter(_LETTERS.get(token, token))

    def _fence(self, size: str) -> _Piece:
        """A bracket of a given size."""
        token = self._take()
        shown = _letter(_LETTERS.get(token, "" if token == "." else token))
        if size in _OPENING:
            return replace(shown, kind="open")
        return replace(shown, kind="close") if size in _CLOSING else shown

    def _root(self) -> _Piece:
        if self._peek() == "[":
            raise _UnknownError
        inside = self._group()
        return _Piece(f"√{inside.text if inside.parts == 1 else f'({inside.text})'}")

    def _words(self) -> _Piece:
        """Words are taken as they stand."""
        if self._peek() != "{":
            return self._piece()
        self.place += 1
        letters = self.tokens[self.place : self.tokens.index("}", self.place)]
        if any(token.startswith(("\\", "{", "$")) and token not in _LETTERS for token in letters):
            raise _UnknownError
        self.place += len(letters) + 1
        word = on_one_line("".join(_LETTERS.get(token, token) for token in letters)).strip()
        return _Piece("⊤") if word == "T" else _Piece(word, "word" if len(word) > 1 else "atom")

    def _environment(self) -> _Piece:
        name = self._name()
        if name == "array" and self._peek() == "{":
            self._name()
        if name not in _MATRICES and name not in _LINES and name != "cases":
            raise _UnknownError
        rows = self._rows()
        if self._name() != name:
            raise _UnknownError
        if name in _LINES:
            return _Piece(";  ".join(" ".join(filter(None, row)) for row in rows), parts=2)
        if name == "cases":
            return _Piece("{" + "; ".join(", ".join(row) for row in rows) + "}")
        return _Piece(f"[{'; '.join('  '.join(row) for row in rows)}]")

    def _name(self) -> str:
        """A word in braces."""
        if self._take() != "{":
            raise _UnknownError
        letters = []
        while (token := self._take()) != "}":
            letters.append(token)
        return "".join(letters)

    def _rows(self) -> list[list[str]]:
        rows: list[list[str]] = [[]]
        while True:
            cell = self._sequence(lambda token: token in ("&", "\\\\", "\\end"))
            rows[-1].append(cell.text)
            mark = self._take()
            if mark == "\\end":
                return [row for row in rows if any(row)]
            if mark == "\\\\":
                rows.append([])

    def _scripted(self, base: _Piece) -> _Piece:
        mark = self._take()
        if mark == "'":
            return replace(base, text=f"{base.text}′", scripted=True)
        script = self._group().text.replace(" ", "")
        shown = _below(script) if mark == "_" else _above(script)
        return replace(base, text=base.text + shown, scripted=True)


def _letter(token: str) -> _Piece:
    if token in ("(", "[", "{", "⟨"):
        return _Piece(token, "open")
    if token in (")", "]", "}", "⟩"):
        return _Piece(token, "close")
    if token in (",", ";"):
        return _Piece(token, "comma")
    if token.startswith("\\") or token in ("}", "%", "$"):
        raise _UnknownError
    return _Piece(token.replace("{,}", ","))


def _accented(inside: _Piece, mark: str) -> _Piece:
    if len(inside.text) != 1:
        raise _UnknownError
    return _Piece(unicodedata.normalize("NFC", inside.text + mark))


def _fraction(above: _Piece, below: _Piece) -> _Piece:
    over = f"({above.text})" if " " in above.text or above.kind == "fraction" else above.text
    under = below.text if below.parts == 1 and below.kind != "fraction" else f"({below.text})"
    return _Piece(f"{over}/{under}", "fraction")


def _below(script: str) -> str:
    if script.isdecimal() and script.isascii():
        return script.translate(_DIGITS_BELOW)
    return f"_{script}" if all(one.isalnum() or one == "," for one in script) else f"_({script})"


def _above(script: str) -> str:
    if script in ("T", "⊤"):
        return "ᵀ"
    if script in ("∗", "·", "*", "′"):
        return script.replace("·", "*")
    if all(one in _ABOVE for one in script):
        return "".join(_ABOVE[one] for one in script)
    is_one = script.isalnum() or (script[:1] + script[-1:]) in ("()", "[]")
    return f"^{script}" if is_one else f"^({script})"


def _joined(pieces: Sequence[_Piece]) -> _Piece:
    """Pieces in a row, with the spaces that one line needs."""
    shown = ""
    before: _Piece | None = None
    unary = False
    for piece in pieces:
        shown += _gap(before, piece, unary) + piece.text
        first = before is None or before.kind in ("operator", "open", "comma")
        unary = first and piece.text in ("+", "-", "±")
        before = piece
    if len(pieces) == 1:
        return replace(pieces[0], text=shown)
    differential = len(pieces) == 2 and (pieces[0].kind == "prefix" or pieces[0].text == "d")
    return _Piece(shown, parts=1 if differential else max(len(pieces), 2))


def _gap(before: _Piece | None, piece: _Piece, unary: bool) -> str:
    """What stands between two pieces."""
    if before is None or before.kind in ("open", "prefix") or piece.kind in ("close", "comma") or unary:
        return ""
    if piece.kind == "operator" and piece.text in "+-" and before.kind == "operator":
        return " "
    if before.kind in ("operator", "comma") or piece.kind == "operator":
        return " "
    if "fraction" in (before.kind, piece.kind):
        return " · "
    if "big" in (before.kind, piece.kind):
        return " "
    if piece.kind == "open":
        return " " if before.scripted and before.text[-1] != "′" and before.text[0].isdecimal() else ""
    if before.kind == "close":
        return " "
    return " " if before.scripted or "word" in (before.kind, piece.kind) else ""
