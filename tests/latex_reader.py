r"""Read printed LaTeX back and evaluate it, independently of the code that printed it.

A tokenizer and a recursive-descent parser for the small grammar the tool prints.  Whatever is outside that
grammar is a `ReadError`: the reader never guesses, so that a dropped bracket or sign makes a test fail.
Layout (`&`, `\\`, `\quad`, `aligned`, `\boxed`) is skipped, but may not stand between two factors.
"""

import operator as op
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from mpmath import mp, mpf, mpmathify

MIN_DIGITS = 50
RELATIONS = {"=", r"\approx", r"\equiv", r"\leftarrow"}
COMPARISONS = {"=": op.eq, ">": op.gt, "<": op.lt, r"\ge": op.ge, r"\le": op.le, r"\ne": op.ne,
               r"\geq": op.ge, r"\leq": op.le, r"\neq": op.ne}  # fmt: skip
BIG = ("big", "Big", "bigg", "Bigg")
SIZES = {"": "", "left": "right", **{b + "l": b + "r" for b in BIG}, **{b: b for b in BIG}}
WRAPPERS = {r"\boxed{": "}", r"\begin{aligned}": r"\end{aligned}"}
PAIRS = {"(": ")", "[": "]", r"\{": r"\}", "{": "}", r"\lvert": r"\rvert", r"\begin{cases}": r"\end{cases}",
         **WRAPPERS}  # fmt: skip
LAYOUT = {"&", r"\\", r"\quad", r"\qquad"}
GLUE = {"", "&", r"\\", r"\text{if}", r"\text{otherwise}", "+", "-", r"\cdot", ",", *RELATIONS, *COMPARISONS}
STOPS = {*GLUE, "^", "_", *PAIRS.values()}

GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
GREEK = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|varphi|chi|psi|omega|ell|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
LETTER = rf"(?:[A-Za-z]|\\mathrm\{{(?:[A-Za-z0-9 ]|\\_)+\}}|\\mathcal\{{[A-Z]\}}|\\(?:{GREEK})(?![A-Za-z]))"
SCRIPT = rf"\s*_\s*(?:\d|{LETTER}|{GROUP})"
LABEL = r"\s*\^\s*\{\s*(?:\([^()\[\]]*\)\s*|\[[^()\[\]]*\]\s*)+\}"  # a superscript that belongs to the name
ATOM = rf"(?:\\(?:hat|bar|tilde)\s*(?:{GROUP}|{LETTER})|{LETTER})(?:{SCRIPT})?(?:{LABEL})?(?:{SCRIPT})?"
SYMBOL = re.compile(
    rf"(?P<base>(?P<accent>\\(?:hat|bar|tilde))\s*(?P<under>{GROUP}|{LETTER})|{LETTER})"
    rf"(?P<before>{SCRIPT})?(?P<label>{LABEL})?(?P<after>{SCRIPT})?"
)
NUMBER = r"\d+(?:\.\d+)?(?!\d)(?:\s*\\times\s*10\s*\^\s*(?:\{\s*-?\d+\s*\}|\d))?"
TOKEN = re.compile(
    rf"""(?P<space>\s+)
    | (?P<quotient>(?P<bar>\\left\s*\.\s*)?\\[dt]?frac\s*\{{\s*(?P<lead>d|\\partial)\s*(?P<over>{ATOM})\s*\}}
        \s*\{{\s*(?P=lead)\s*(?P<under>{ATOM})\s*\}}(?(bar)\s*\\right\s*\|\s*_\s*{GROUP}))
    | \\(?P<size>left|right|[bB]igg?[lr]?)(?![A-Za-z])\s*(?P<bracket>[()\[\]|]|\\[{{}}])
    | \\(?:text|operatorname){GROUP} | \\boxed\s*\{{ | \\(?:begin|end)\{{(?:aligned|cases)\}}
    | \\sigma(?![A-Za-z]|\s*_)
    | (?P<symbol>{ATOM})
    | (?P<number>{NUMBER})
    | (?P<power>\^\s*(?:\d|{LETTER}))
    | \\[A-Za-z]+ | \\[\\{{}}] | [-+=<>&^_(){{}}\[\]|,]""",
    re.VERBOSE,
)
SPACING = re.compile(r"(\\\\)(?:\[-?[\d.]+(?:pt|em|ex)\])?|(?:\s|\\[,;:!> ])+")
NOTE = re.compile(r"\\q?quad\s*(\(\s*)?\\text\{[^{}]*\}(?(1)\s*\))\s*(\\end\{aligned\}\s*)?$")
MISREAD = re.compile(r"[eE][-+]?\d|\s*\\[dt]?frac\s*\{\s*\d+\s*\}\s*\{\s*\d+\s*\}")  # 2e-5, 2\frac{1}{3}
T = TypeVar("T")


class ReadError(ValueError):
    """The text is not in the grammar of what the tool prints, or a value it needs is missing."""


class Token(NamedTuple):
    """A token with its place, its kind, and its `left`, `bigr`, ... if it is a sized bracket."""

    text: str
    start: int
    end: int
    kind: str = ""
    size: str = ""


def _real(number: mpf) -> mpf:
    return number if isinstance(number, mpf) else mp.nan


def _power(base: mpf, exponent: mpf) -> mpf:
    return mp.nan if base == 0 and exponent < 0 else _real(base**exponent)


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def _elu(x: mpf, alpha: mpf) -> mpf:
    return x if x > 0 else alpha * mp.expm1(x)


def _selu(x: mpf) -> mpf:
    return mpf("1.0507009873554804934193349852946") * _elu(x, mpf("1.6732632423543772848170429916717"))


def _gelu_tanh(x: mpf) -> mpf:
    return x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))) / 2


FUNCTIONS: dict[str, tuple[int, Callable[..., mpf]]] = {  # command: number of arguments, function
    r"\exp": (1, mp.exp), r"\log": (1, mp.log), r"\ln": (1, mp.log), r"\sigma": (1, _sigmoid),
    r"\sin": (1, mp.sin), r"\cos": (1, mp.cos), r"\tan": (1, mp.tan), r"\arctan": (1, mp.atan),
    r"\sinh": (1, mp.sinh), r"\cosh": (1, mp.cosh), r"\tanh": (1, mp.tanh),
    r"\max": (-2, max), r"\min": (-2, min),  # two or more
    **{rf"\operatorname{{{name}}}": entry for name, entry in {
        "erf": (1, mp.erf), "log1p": (1, mp.log1p), "expm1": (1, mp.expm1), "sign": (1, mp.sign),
        "step": (1, lambda x: mpf(x >= 0)), "relu": (1, lambda x: max(x, mpf(0))),
        "ReLU": (1, lambda x: max(x, mpf(0))), "LeakyReLU": (2, lambda x, alpha: x if x > 0 else alpha * x),
        "ELU": (2, _elu), "SELU": (1, _selu), "SiLU": (1, lambda x: x * _sigmoid(x)),
        "GELU": (1, lambda x: x * (1 + mp.erf(x / mp.sqrt(2))) / 2), "GELUtanh": (1, _gelu_tanh),
        "softplus": (1, lambda x: mp.log1p(mp.exp(x))), "softsign": (1, lambda x: x / (1 + abs(x))),
        "mish": (1, lambda x: x * mp.tanh(mp.log1p(mp.exp(x)))),
        "hardsigmoid": (1, lambda x: min(max(x / 6 + mpf(1) / 2, mpf(0)), mpf(1))),
        "clip": (3, lambda x, lo, hi: min(max(x, lo), hi)),
        "softmax": (-1, lambda *z: [mp.exp(x) / mp.fsum(map(mp.exp, z)) for x in z]),
    }.items()},
}  # fmt: skip


def _content(text: str) -> str:
    """What stands in a script or under an accent, canonical."""
    text = text[1:-1] if text.startswith("{") else text
    if not re.fullmatch(r"[-+,\d()\[\]\s]*", SYMBOL.sub("", text)) or not text.strip():
        raise ReadError(f"not a part of a name: {text!r}")
    text = SYMBOL.sub(lambda match: canonical(match[0]), text)
    return re.sub(r"(\\[A-Za-z]+ )\s*(?=[A-Za-z])|\s+", lambda m: m[1] or "", text)


@cache
def canonical(name: str) -> str:
    r"""The name of a symbol, subscript before label, braces only if needed: `\hat y_{1}` is `\hat{y}_1`."""
    match = SYMBOL.fullmatch(name.strip())
    if match is None or (match["before"] and match["after"]):
        raise ReadError(f"not a symbol: {name!r}")
    out = re.sub(r"\s+", "", match["base"])
    if match["accent"]:
        out = f"{match['accent']}{{{_content(match['under'])}}}"
    for script in (match["before"] or match["after"], match["label"]):
        if script:
            inner = _content(script.strip()[1:].strip())
            out += script.strip()[0] + (inner if len(inner) == 1 else f"{{{inner}}}")
    return out


def _lexed(latex: str) -> list[Token]:
    tokens: list[Token] = []
    pos = 0
    while pos < len(latex):
        match = TOKEN.match(latex, pos)
        if match is None:
            raise ReadError(f"cannot read {latex[pos : pos + 20]!r} in {latex!r}")
        kind, text, size = match.lastgroup, re.sub(r"\s+", "", match[0]), match["size"] or ""
        if kind == "bracket":
            bar = r"\lvert" if size.endswith(("left", "l")) else r"\rvert"
            text = bar if match["bracket"] == "|" else match["bracket"]
        elif kind == "symbol":
            text = canonical(match[0])
        elif kind == "quotient":
            text = f"{canonical(match['over'])}/{canonical(match['under'])}"
        if kind != "space":
            tokens.append(Token(text, pos, match.end(), kind or "", size))
        pos = match.end()
    return [*tokens, Token("", pos, pos)]


def _arranged(latex: str) -> tuple[str, list[Token]]:
    """Check that brackets pair up, and blank out the layout: the text and the tokens without it."""
    latex = NOTE.sub(lambda m: m[2] or "", SPACING.sub(lambda m: m[1] or " ", latex))
    tokens, stack, gap = _lexed(latex), [Token("", 0, 0)], set[str]()
    aligned, out = any(token.text == "&" for token in tokens), [tokens[-1]]
    for token in tokens:
        text = token.text
        layout = text in LAYOUT and (stack[-1].text != r"\begin{cases}" or text not in {"&", r"\\"})
        if text in PAIRS:
            layout = text in WRAPPERS
            stack.append(token)
        elif text in PAIRS.values():
            opened = stack.pop()
            layout = opened.text in WRAPPERS
            if (text, token.size) != (PAIRS.get(opened.text), SIZES.get(opened.size)):
                raise ReadError(f"{opened.text or 'nothing'} closed by {text}: {latex!r}")
        if layout:
            gap.add(text)
            latex = latex[: token.start] + " " * (token.end - token.start) + latex[token.end :]
            continue
        if gap and out[-1].text not in {*GLUE, *PAIRS} and text not in {*GLUE, *PAIRS.values()}:
            raise ReadError(f"a break between {out[-1].text} and {text}: {latex!r}")
        if aligned and r"\\" in gap and "&" not in gap and text in {"+", "-"}:
            raise ReadError(f"a row that may be an equation of its own: {latex!r}")
        out.append(token)
        gap.clear()
    if len(stack) > 1:
        raise ReadError(f"{stack[-1].text} is not closed: {latex!r}")
    return latex, out[1:]


class _Reader:
    """A parser that evaluates as it reads; without values, it only collects the names met."""

    def __init__(self, latex: str, values: Mapping[str, mpf] | None = None) -> None:
        self.latex, self.tokens = _arranged(latex)
        self.values, self.names = values, set[str]()
        self.pos, self.in_bars = 0, False

    def fail(self, what: str) -> ReadError:
        return ReadError(f"{what} at {self.latex[self.tokens[self.pos].start :][:30]!r} in {self.latex!r}")

    def peek(self) -> Token:
        return self.tokens[self.pos]

    def take(self) -> Token:
        token = self.tokens[self.pos]
        self.pos += token.text != ""
        return token

    def accept(self, text: str) -> bool:
        return self.peek().text == text and self.take().text == text

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.fail(f"{text} expected")

    def inside(self, closer: str, read: Callable[[], T]) -> T:
        """What `read` reads up to the closer; plain bars pair up only within the same bracket."""
        outer, self.in_bars = self.in_bars, closer == "|"
        result = read()
        self.expect(closer)
        self.in_bars = outer
        return result

    def braced(self) -> mpf:
        self.expect("{")
        return self.inside("}", self.total)

    def whole(self) -> mpf:
        result = self.total()
        if self.peek().text:
            raise self.fail("left over")
        return result

    def total(self) -> mpf:
        """A sum of products; a minus may stand in front of the first one."""
        terms = [-self.product() if self.accept("-") else self.product()]
        while self.peek().text in {"+", "-"}:
            terms.append(self.product() if self.take().text == "+" else -self.product())
        return mp.fsum(terms)

    def product(self) -> mpf:
        r"""Factors side by side or with `\cdot`; a number may stand only first or after `\cdot`."""
        factors = [self.factor()]
        while self.accept(r"\cdot") or not (
            self.peek().text in STOPS or (self.in_bars and self.peek().text == "|")
        ):
            before = self.tokens[self.pos - 1]
            if before.text != r"\cdot" and self.peek().kind == "number":
                raise self.fail("a number as a factor without a dot")
            if before.kind == "number" and MISREAD.match(self.latex, before.end):
                raise self.fail("may be meant as a part of the number")
            factors.append(self.factor())
        return mp.fprod(factors)

    def factor(self) -> mpf:
        if self.peek().text in {r"\frac", r"\dfrac", r"\tfrac"}:
            self.take()
            return self.braced() * _power(self.braced(), mpf(-1))
        if self.peek().kind == "quotient":
            return self.value(self.take().text)
        if self.accept(r"\begin{cases}"):
            return self.inside(r"\end{cases}", self.cases)
        labelled = re.search(f"{LABEL}$", self.peek().text)
        base = self.base()
        if labelled and self.peek().text.startswith("^"):
            raise self.fail("a second superscript")
        if self.peek().kind == "power":
            power = self.take().text[1:]
            return _power(base, mpf(power) if power.isdigit() else self.value(power))
        return _power(base, self.braced()) if self.accept("^") else base

    def base(self) -> mpf:
        """What a power may be taken of."""
        text, *_, kind, _ = self.take()
        if kind == "number":
            return mpf(re.sub(r"[{}]", "", text).replace(r"\times10^", "e"))
        if kind == "symbol":
            power = [token.text for token in self.tokens[self.pos : self.pos + 2]] == ["^", "{"]
            return +mp.e if text == "e" and power else self.value(text)
        if text in FUNCTIONS:
            return self.call(text)
        if text == r"\sqrt":
            return _real(mp.sqrt(self.braced()))
        return self.bracket(text)

    def bracket(self, opener: str) -> mpf:
        if opener == "[":
            return mpf(self.inside("]", self.comparison))
        if opener in {"(", r"\{"}:
            return self.inside(PAIRS[opener], self.total)
        if opener == r"\lvert" or (opener == "|" and not self.in_bars):
            return abs(self.inside(PAIRS.get(opener, opener), self.total))
        self.pos -= opener != ""
        raise self.fail("a factor expected")

    def comparison(self) -> bool:
        left, compare = self.total(), COMPARISONS.get(self.take().text)
        if compare is None:
            raise self.fail("no comparison")
        return bool(compare(left, self.total()))

    def cases(self) -> mpf:
        rows: list[tuple[bool, mpf]] = []
        while True:
            value = self.total()
            self.expect("&")
            if rows and self.accept(r"\text{otherwise}"):
                return next((case for holds, case in rows if holds), value)
            self.expect(r"\text{if}")
            rows.append((self.comparison(), value))
            self.expect(r"\\")

    def call(self, name: str) -> mpf:
        index = ""
        if name == r"\operatorname{softmax}":
            self.expect("_")
            braced = self.accept("{")
            index = self.inside("}", self.take).text if braced else self.take().text
            if not index.isdigit() or (len(index) > 1 and not braced):
                raise self.fail("no index of softmax")
        self.expect("(")
        args = self.inside(")", self.listed)
        count, function = FUNCTIONS[name]
        few_or_many = len(args) != count if count > 0 else len(args) < -count
        if few_or_many or not 1 <= int(index or 1) <= len(args):
            raise self.fail(f"{name}{index} of {len(args)} arguments")
        return function(*args)[int(index) - 1] if index else _real(function(*args))

    def listed(self) -> list[mpf]:
        args = [self.total()]
        while self.accept(","):
            args.append(self.total())
        return args

    def value(self, name: str) -> mpf:
        self.names.update(name.split("/"))
        if self.values is None:
            return mp.nan
        if name not in self.values and name != r"\pi":
            raise ReadError(f"no value for {name} in {self.latex!r}")
        return self.values.get(name, +mp.pi)


def read_equation(latex: str) -> list[str]:
    r"""The sides of `A = B \approx C`, each one fit for `evaluate`."""
    text, tokens = _arranged(latex)
    sides, start, depth = list[str](), 0, 0
    for token in tokens:
        depth += (token.text in PAIRS) - (token.text in PAIRS.values())
        if not token.text or (depth == 0 and token.text in RELATIONS):
            sides.append(" ".join(text[start : token.start].split()))
            start = token.end
    if not all(sides):
        raise ReadError(f"a side is empty: {latex!r}")
    return sides


def names(latex: str) -> set[str]:
    """Canonical names of the symbols met in all the sides, those of derivative quotients included."""
    met: set[str] = set()
    for side in read_equation(latex):
        reader = _Reader(side)
        reader.whole()
        met |= reader.names
    return met


def evaluate(
    latex: str, values: Mapping[str, mpf], quotients: Mapping[tuple[str, str], mpf] = MappingProxyType({})
) -> mpf:
    """The value of one side, worked out with `MIN_DIGITS` digits or more."""
    return evaluate_at(latex, by_canonical_name(values, quotients))


def by_canonical_name(values: Mapping[str, mpf], quotients: Mapping[tuple[str, str], mpf]) -> dict[str, mpf]:
    """The numbers as `evaluate_at` takes them: for many formulas at one point they are named once."""
    known = {canonical(name): value for name, value in values.items()}
    known |= {f"{canonical(over)}/{canonical(under)}": value for (over, under), value in quotients.items()}
    with mp.workdps(max(mp.dps, MIN_DIGITS)):
        return {name: mpmathify(value) for name, value in known.items()}


def evaluate_at(latex: str, known: Mapping[str, mpf]) -> mpf:
    """Likewise, of numbers by canonical names."""
    with mp.workdps(max(mp.dps, MIN_DIGITS)):
        result = _Reader(latex, known).whole()
    if not mp.isfinite(result):
        raise ReadError(f"not a finite real number: {latex!r}")
    return result
