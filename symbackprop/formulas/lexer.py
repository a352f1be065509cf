r"""A formula in LaTeX -> tokens with their places; layout, fonts and colours are left out.

Nothing is expanded: a macro that is not known stays a command, which the grammar refuses by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from symbackprop.formulas.tree import GREEK

LONGEST = 20_000
"""Characters of one formula that is read; a longer one is refused, not cut."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Attributes:
        kind: `number`, `letter`, `word`, `ones`, `text`, `command`, `gap`, `break`, `sign`, `begin`, `end`,
            `stop`.
        text: what it is: a letter, the name of a command or environment, a sign, the digits of a number.
        start: of it in the formula; `end` likewise.
        tight: nothing stands between it and the token before it.
    """

    kind: str
    text: str
    start: int
    end: int
    tight: bool = True


_FONTS = "mathbf|boldsymbol|bm|mathit|mathsf|mathtt|mathcal|mathscr|mathfrak|mathbb|mathrm|mathnormal|vec|pmb"
_TOKEN = re.compile(
    rf"""(?P<space>(?:\s|~|%[^\n]*\n|\\[,;:!>\ ]
        |\\(?:left|right|[bB]igg?[lrm]?|middle|displaystyle|textstyle|scriptstyle|limits|nolimits|nonumber|notag
           |thinspace|medspace|negthinspace|mathstrut|leavevmode|hfill|allowbreak|relax|protect
           |mathop|mathbin|mathrel|mathopen|mathclose|smallskip|medskip|centering)(?![A-Za-z])\s*(?P<invisible>\.)?
        |\\(?:label|tag\*?|hspace\*?|vspace\*?|phantom|vphantom|hphantom|strut|color|hline)(?![A-Za-z])\s*(?:\{{[^{{}}]*\}})?
        )+)
    | (?P<gap>\\(?:quad|qquad|hskip|enspace|enskip)(?![A-Za-z]))
    | (?P<break>\\\\\*?(?:\s*\[-?[\d.]+\s*(?:pt|em|ex|cm|mm)\])?|\\(?:newline|cr)(?![A-Za-z]))
    | (?P<ones>\\(?:mathbf|mathbb|boldsymbol|bm|mathds|vec)\s*\{{?\s*(?P<one>[01])\s*\}}?
        |\\(?:mathbbm|mathds)\s*\{{1\}})
    | (?P<font>\\(?:{_FONTS})(?![A-Za-z])\s*
        (?:\{{\s*(?P<styled>[A-Za-z]+|\\[A-Za-z]+)\s*\}}|(?P<bare>[A-Za-z]|\\[A-Za-z]+)))
    | (?P<text>\\(?:text|textrm|textbf|textit|textsf|texttt|mbox|hbox|textnormal|textup|emph|intertext|mathrm
           |operatorname\*?)(?![A-Za-z])\s*\{{(?P<words>(?:[^{{}}$\\]|\\[^A-Za-z]|\\[A-Za-z]+\s?|\{{[^{{}}]*\}}|\$[^$]*\$)*)\}})
    | (?P<environment>\\(?:begin|end)\s*\{{(?P<named>[A-Za-z]+\*?)\}})
    | (?P<number>(?:\d+(?:\.\d+|\{{,\}}\d+)?|\.\d+)
        (?:(?<=[\d])[eE]\s?[-+−]?\s?\d+(?![\d.]*[A-Za-z_^(])
        | \s*\\(?:times|cdot)\s*10\s*\^\s*(?:\{{\s*[-+−]?\s*\d+\s*\}}|\d))?)
    | (?P<command>\\[A-Za-z]+|\\[^A-Za-z])
    | (?P<mark>[①-⓿❶-➓☀-⛿])
    | (?P<letter>[^\W\d_]|\?)
    | (?P<sign>:\s*=|.)""",
    re.VERBOSE | re.DOTALL,
)
_EXPONENT = re.compile(r"(?:\s*\\(?:times|cdot)\s*10\s*\^\s*\{?\s*|[eE]\s?)([-+−]?\s?\d+)\s*\}?$")
_SIGNS = {
    "−": "-", "–": "-", "·": r"\cdot", "×": r"\times", "∂": r"\partial", "∇": r"\nabla", "≈": r"\approx",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≡": r"\equiv", "→": r"\to", "←": r"\leftarrow",
    "⇒": r"\Rightarrow", "∘": r"\circ", "⊙": r"\odot", "∑": r"\sum", "Σ": r"\Sigma", "√": r"\sqrt",
    "…": r"\dots", "′": "'", "∗": "*", "⊤": r"\top", "∞": r"\infty", "∈": r"\in", "²": "^2", "³": "^3",
}  # fmt: skip
_SAME = {
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cfrac": r"\frac", r"\ge": r"\geq", r"\le": r"\leq",
    r"\ne": r"\neq", r"\ldots": r"\dots", r"\cdots": r"\dots", r"\vdots": r"\dots", r"\ddots": r"\dots",
    r"\odot": r"\circ", r"\bullet": r"\cdot", r"\ast": r"\cdot", r"\rightarrow": r"\to",
    r"\longrightarrow": r"\to", r"\gets": r"\leftarrow", r"\implies": r"\Rightarrow",
    r"\Longrightarrow": r"\Rightarrow", r"\iff": r"\Leftrightarrow", r"\coloneqq": ":=",
    r"\triangleq": r"\equiv", r"\simeq": r"\approx", r"\cong": r"\approx", r"\doteq": r"\approx",
    r"\prime": "'", r"\intercal": r"\top", r"\vert": "|", r"\lvert": "|", r"\rvert": "|", r"\mid": "|",
    r"\Vert": r"\|", r"\lVert": r"\|", r"\rVert": r"\|", r"\lbrace": r"\{", r"\rbrace": r"\}",
    r"\lbrack": "[", r"\rbrack": "]", r"\#": "#", r"\&": "#&", r"\%": "#%", r"\$": "#$", r"\_": "#_",
    r"\hadamard": r"\circ", r"\otimes": r"\otimes", r"\widehat": r"\hat", r"\widetilde": r"\tilde",
    r"\overline": r"\bar",
}  # fmt: skip
_GREEK_LETTERS = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩϑϕℓ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
        "phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega theta phi ell".split(),
        strict=True,
    )
)
_TWINS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma"}


def tokens_of(latex: str, words: frozenset[str] = frozenset()) -> list[Token]:
    """The tokens of a formula, and one of kind `stop` behind them.

    Args:
        latex: the formula.
        words: names of several letters that may stand without a command: `MSE`.
    """
    found = list(_scan(latex))
    joined = list(_joined(found, words)) if words else found
    joined = [
        replace(one, kind="word") if one.kind == "text" and one.text in words else one for one in joined
    ]
    return [*joined, Token("stop", "", len(latex), len(latex))]


def _scan(latex: str) -> Iterator[Token]:
    end = 0
    for match in _TOKEN.finditer(latex):
        kind = match.lastgroup or ""
        # `lastgroup` is the outermost group that closed last.
        start, stop = match.span()
        if kind in ("space", "mark"):
            continue
        yield from _token(match, kind, start, stop, tight=end == start)
        end = stop


def _token(match: re.Match[str], kind: str, start: int, stop: int, *, tight: bool) -> Iterator[Token]:
    text = match[0]
    if kind == "number":
        yield Token("number", text, start, stop, tight)
    elif kind == "letter":
        greek = _GREEK_LETTERS.get(text)
        yield Token("letter", greek or text, start, stop, tight)
    elif kind == "font":
        yield _styled(match["styled"] or match["bare"], start, stop, tight=tight)
    elif kind == "ones":
        yield Token("ones", match["one"] or "1", start, stop, tight)
    elif kind == "text":
        yield _worded(text, match["words"], start, stop, tight=tight)
    elif kind == "environment":
        yield Token("begin" if text.startswith(r"\begin") else "end", match["named"], start, stop, tight)
    elif kind in ("gap", "break"):
        yield Token(kind, text, start, stop, tight)
    else:
        yield _command(text, start, stop, tight=tight)


def _styled(text: str, start: int, stop: int, *, tight: bool) -> Token:
    """A letter or a word in a font of its own."""
    name = text.removeprefix("\\")
    if text.startswith("\\"):
        return _command(text, start, stop, tight=tight)
    return Token("letter" if len(name) == 1 else "word", name, start, stop, tight)


def _worded(text: str, words: str, start: int, stop: int, *, tight: bool) -> Token:
    r"""`\operatorname{ReLU}` and `\mathrm{age}` are words, what stands in `\text` is text."""
    inner = words.strip()
    plain = re.sub(r"\\_", "_", inner)
    if text.startswith((r"\operatorname", r"\mathrm")):
        return Token("letter" if len(plain) == 1 and plain.isalpha() else "word", plain, start, stop, tight)
    return Token("text", inner, start, stop, tight)


def _command(text: str, start: int, stop: int, *, tight: bool) -> Token:
    text = ":=" if text.startswith(":") and text.endswith("=") else _SIGNS.get(text, text)
    text = _SAME.get(text, text)
    if text.startswith("\\") and len(text) > 1 and text[1:] in GREEK:
        return Token("letter", _TWINS.get(text[1:], text[1:]), start, stop, tight)
    if text.startswith("\\") and len(text) > 2:
        return Token("command", text[1:], start, stop, tight)
    return Token("sign", text, start, stop, tight)


def _joined(tokens: list[Token], words: frozenset[str]) -> Iterator[Token]:
    """Letters that stand side by side and make a known word, joined."""
    place = 0
    longest = max(map(len, words))
    while place < len(tokens):
        run = place
        while (
            run < len(tokens)
            and run - place < longest
            and _is_plain(tokens[run])
            and (run == place or tokens[run].tight)
        ):
            run += 1
        letters = "".join(token.text for token in tokens[place:run])
        size = next((size for size in range(len(letters), 1, -1) if letters[:size] in words), 0)
        if size:
            first, last = tokens[place], tokens[place + size - 1]
            yield Token("word", letters[:size], first.start, last.end, first.tight)
            place += size
        else:
            yield tokens[place]
            place += 1


def _is_plain(token: Token) -> bool:
    return token.kind == "letter" and len(token.text) == 1 and token.end - token.start == 1


def number_parts(text: str) -> tuple[str, int]:
    r"""The digits of a number token and its power of ten: `3.9 \times 10^{-5}` is ("3.9", -5)."""
    match = _EXPONENT.search(text)
    power = int(match[1].replace("−", "-").replace(" ", "")) if match else 0
    mantissa = text[: match.start()] if match else text
    return mantissa.strip().replace("{,}", "."), power
