r"""A printed solution, in Markdown or LaTeX -> its displayed equations, their sides, and their structure.

Every part knows its offsets in the document. Layout (`&`, row breaks, frames, the shape under a name) is
overwritten with as many spaces first, so that offsets stay what they are. Only the small grammar of what the
tool prints is read here; nothing is taken from the reader of the checker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

GREEK = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Sigma|Phi|Psi|Omega"
)
_LETTER = rf"(?:\\mathrm\{{[^{{}}]*\}}|\\(?:{GREEK})(?![A-Za-z])|[A-Za-z])"
_BASE = rf"(?:\\(?:hat|bar|tilde)\{{[^{{}}]*\}}|{_LETTER})"
_BELOW = rf"_(?:\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|{_LETTER}|\d)"
_LABEL = r"\^\{(?:\[[^\]]*\]|\([^()]*\))+(?P<turned>\\top)?\}"
NAME = re.compile(rf"(?P<base>{_BASE})(?P<below>{_BELOW})?(?P<label>{_LABEL})?")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?: \\times 10\^\{-?\d+\})?")
_POWER = re.compile(r"\^(?:\{[^{}]*\}|\\[A-Za-z]+|\d)")
_SUFFIX = re.compile(r"_(?:\{[^{}]*\}|[a-z])")
_CALLED = re.compile(
    r"\\(?:tanh|log|exp|max|min|sigma(?='?(?:\\left)?\()|operatorname\{[A-Za-z]+\}(?:_(?:\{[^{}]*\}|\w))?)"
)
_ONES = re.compile(r"\\mathbf\{1\}_(?:\{\d+\}|\w)")
_OPEN = re.compile(r"\\left(?=[(\\\[])|\(|\\\{")
_SPACE = re.compile(r"(?:\s|\\[,;:! ])+")
_CLOSING = {"(": ")", "[": "]", r"\{": r"\}"}


class Unread(ValueError):
    """The text is not in the grammar."""


# ----------------------------------------------------------------------------------------------- structure


@dataclass(frozen=True)
class Factor:
    """A factor with what is raised on it.

    Attributes:
        start: offset of its first character; `end` of the place behind its last.
        kind: number, name, quotient, held, fraction, matrix, group, indicator, call, root, exponential, over,
            ones.
        bare_end: where the power on it begins.
        inside: the sums within it, in the order of the text.
    """

    start: int
    end: int
    kind: str
    bare_end: int
    inside: tuple[Sum, ...] = ()


@dataclass(frozen=True)
class Term:
    """Factors, with the sign before the first: where it stands, and what it is.

    Attributes:
        sign: `+`, `-` or nothing.
        sign_at: its offset.
        dots: what stands between the factors: nothing, `\\cdot` or `\\circ`.
    """

    sign: str
    sign_at: int
    factors: tuple[Factor, ...]
    dots: tuple[str, ...]

    @property
    def start(self) -> int:
        """The offset of its first factor."""
        return self.factors[0].start

    @property
    def end(self) -> int:
        """The offset behind its last factor."""
        return self.factors[-1].end


@dataclass(frozen=True)
class Sum:
    """Terms one after the other."""

    terms: tuple[Term, ...]

    @property
    def start(self) -> int:
        """The offset of its first character."""
        return self.terms[0].sign_at if self.terms[0].sign else self.terms[0].start

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        return self.terms[-1].end


def sums(whole: Sum) -> Iterator[Sum]:
    """A sum and all that are within it."""
    yield whole
    for factor in factors_of(whole):
        for inner in factor.inside:
            yield from sums(inner)


def factors_of(whole: Sum) -> Iterator[Factor]:
    """The factors of a sum, not those within them."""
    for term in whole.terms:
        yield from term.factors


def all_factors(whole: Sum) -> Iterator[Factor]:
    """Every factor of a sum, in the order of the text."""
    for factor in factors_of(whole):
        yield factor
        for inner in factor.inside:
            yield from all_factors(inner)


class _Structure:
    """A recursive-descent parser over a part of a text."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.place, self.end = text, start, end

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.place, self.end)
        self.place = match.end() if match else self.place

    def at(self, *texts: str) -> str:
        self.skip()
        return next((one for one in texts if self.text.startswith(one, self.place, self.end)), "")

    def expect(self, *texts: str) -> str:
        found = self.at(*texts)
        if not found:
            raise Unread(f"{texts} expected at {self.text[self.place : self.place + 20]!r}")
        self.place += len(found)
        return found

    def whole(self) -> Sum:
        found = self.total()
        self.skip()
        if self.place != self.end:
            raise Unread(f"left over: {self.text[self.place : self.place + 20]!r}")
        return found

    def total(self) -> Sum:
        terms = [self.term(self.at("-", "+"))]
        while sign := self.at("+", "-"):
            terms.append(self.term(sign))
        return Sum(tuple(terms))

    def term(self, sign: str) -> Term:
        at = self.place
        self.place += len(sign)
        factors, dots = [self.factor()], list[str]()
        while True:
            dot = self.at(r"\cdot", r"\circ")
            if not dot and (self.place >= self.end or not self.begins()):
                return Term(sign, at, tuple(factors), tuple(dots))
            self.place += len(dot)
            dots.append(dot)
            factors.append(self.factor())

    def begins(self) -> bool:
        rest = self.text[self.place : min(self.place + 9, self.end)]
        if rest.startswith("\\"):
            return not rest.startswith((r"\right", r"\end", r"\}", r"\\", r"\text", r"\ge ", r"\le "))
        return rest[0].isalnum() or rest[0] in "(["

    def factor(self) -> Factor:
        self.skip()
        start = self.place
        kind, inside = self.base()
        bare_end = self.place
        if kind == "over" or (kind == "group" and _SUFFIX.match(self.text, self.place, self.end)):
            self.match(_SUFFIX)
        while self.match(_POWER):
            pass
        return Factor(start, self.place, kind, bare_end, inside)

    def match(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self.text, self.place, self.end)
        self.place = found.end() if found else self.place
        return found is not None

    def base(self) -> tuple[str, tuple[Sum, ...]]:
        if self.at(r"\frac"):
            return self.fraction()
        if self.at(r"\left."):
            return self.until(r"\right|", "held")
        if self.at(r"\begin{pmatrix}"):
            return self.until(r"\end{pmatrix}", "matrix")
        if self.at("[", r"\left["):
            return self.indicator()
        if self.at(r"\left\{", r"\{"):
            return self.nested()
        if self.match(re.compile(r"\\sum_(?:\{[^{}]*\}|\w)")):
            return "over", self.factor().inside
        if self.match(re.compile(r"\\sqrt(?=\{)")) or self.at("e^{"):
            return self.raised()
        if self.match(_CALLED):
            return self.call()
        return self.plain()

    def plain(self) -> tuple[str, tuple[Sum, ...]]:
        if self.at("(", r"\left("):
            return "group", self.bracketed()
        for kind, pattern in (("ones", _ONES), ("number", NUMBER), ("name", NAME)):
            if self.match(pattern):
                return kind, ()
        raise Unread(f"a factor expected at {self.text[self.place : self.place + 20]!r}")

    def raised(self) -> tuple[str, tuple[Sum, ...]]:
        kind = "exponential" if self.at("e^{") else "root"
        self.place += 2 * (kind == "exponential")
        return kind, (self.braced(),)

    def braced(self) -> Sum:
        self.expect("{")
        found = self.total()
        self.expect("}")
        return found

    def fraction(self) -> tuple[str, tuple[Sum, ...]]:
        match = QUOTIENT.match(self.text, self.place, self.end)
        if match:
            self.place = match.end()
            return "quotient", ()
        self.expect(r"\frac")
        return "fraction", (self.braced(), self.braced())

    def until(self, closer: str, kind: str) -> tuple[str, tuple[Sum, ...]]:
        place = self.text.find(closer, self.place, self.end)
        if place < 0:
            raise Unread(f"no {closer}")
        self.place = place + len(closer)
        self.match(_SUFFIX) if kind != "held" else self.match(re.compile(r"_\{(?:[^{}]|\{[^{}]*\})*\}"))
        return kind, ()

    def indicator(self) -> tuple[str, tuple[Sum, ...]]:
        """[a > b]."""
        self.expect(r"\left[", "[")
        left = self.total()
        self.expect(">", "<", r"\ge", r"\le", "=")
        right = self.total()
        self.expect(r"\right]", "]")
        return "indicator", (left, right)

    def nested(self) -> tuple[str, tuple[Sum, ...]]:
        r"""Matrices of matrices, in `\{ \}`."""
        depth = 0
        while True:
            match = re.compile(r"(\\left|\\right)?\\([{}])").search(self.text, self.place, self.end)
            if match is None:
                raise Unread("a brace is not closed")
            depth += 1 if match[2] == "{" else -1
            self.place = match.end()
            if not depth:
                return "matrix", ()

    def bracketed(self) -> tuple[Sum, ...]:
        sized = self.expect(r"\left(", "(") == r"\left("
        found = [self.argument()]
        while self.at(","):
            self.place += 1
            found.append(self.argument())
        self.expect(r"\right)" if sized else ")")
        return tuple(one for one in found if one is not None)

    def argument(self) -> Sum | None:
        """What stands between two commas; nothing for the dot in `conv(X, ·)`."""
        if self.match(re.compile(r"\s*\\cdot(?=\))")):
            return None
        return self.total()

    def call(self) -> tuple[str, tuple[Sum, ...]]:
        self.match(re.compile("'"))
        inside = self.bracketed()
        if self.match(re.compile(r"\^\{\*\}")):
            inside += self.bracketed()
        return "call", inside


def _quotient() -> re.Pattern[str]:
    """Of two names, with ∂ or d."""
    over, under = (re.sub(r"\?P<\w+>", "?:", NAME.pattern) for _ in range(2))
    return re.compile(rf"\\frac\{{(?P<lead>\\partial |d)(?P<over>{over})\}}\{{(?P=lead)(?P<under>{under})\}}")


QUOTIENT = _quotient()


# ------------------------------------------------------------------------------------------------ equations


@dataclass(frozen=True)
class Side:
    """A side of an equation.

    Attributes:
        start: offset of its first character; `end` of the place behind its last.
        relation: what stands before it; nothing before the first.
        text: it, without layout, in one line.
        tree: its structure; None where that is not read.
    """

    start: int
    end: int
    relation: str
    text: str
    tree: Sum | None

    @property
    def is_number(self) -> bool:
        """Whether it is one number, or an array of numbers, that may have a sign."""
        if self.tree is None or len(self.tree.terms) > 1 or len(self.tree.terms[0].factors) > 1:
            return False
        only = self.tree.terms[0].factors[0]
        return only.kind in ("number", "matrix") and only.bare_end == only.end


@dataclass(frozen=True)
class Equation:
    """A chain of sides, with the headings above it, from the highest."""

    sides: tuple[Side, ...]
    headings: tuple[str, ...]

    @property
    def left(self) -> Side:
        """Its first side."""
        return self.sides[0]


@dataclass(frozen=True)
class Printed:
    """A document: its text, the same with layout blanked out, its equations in their order."""

    text: str
    blanked: str
    equations: tuple[Equation, ...]

    def line(self, offset: int) -> int:
        """The number of the line, from 1, of an offset."""
        return self.text.count("\n", 0, offset) + 1


_DISPLAY = re.compile(
    r"^\$\$\n(?P<markdown>.*?)\n\$\$$|^\\\[\n(?P<single>.*?)\n\\\]$"
    r"|^\\begin\{(?P<many>align\*|gather\*)\}\n(?P<rows>.*?)\n\\end\{(?P=many)\}$",
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(
    r"^(?P<marks>#{2,6}) (?P<title>.*)$"
    r"|^\\(?P<name>section|subsection|subsubsection|paragraph)\{(?P<said>.*)\}",
    re.MULTILINE,
)
_LEVELS = {"section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 4}
_PART = re.compile(r"Example \d|Gradients of the batch|Update of every|Parameters after the")
"""Headings within an iteration on several examples: what follows the first belongs to one example."""
_RELATION = re.compile(r"=|\\(?:equiv|approx|leftarrow)(?![A-Za-z])")
_CONTINUED = re.compile(r"\s*&\s*(?:=|\\equiv|\\approx|\\leftarrow|\\qquad)")
_LAYOUT = re.compile(r"\\begin\{aligned\}(?:\[t\])?|\\end\{aligned\}|\\q?quad(?![A-Za-z])")
_FRAMES = re.compile(
    r"\\boxed(?=\{)|\\underset\{[^{}]*\}(?=\{)|\\resizebox\{.*?\\fi\}\{!\}(?=\{\$\\displaystyle )"
)


def read(text: str) -> Printed:
    """The equations of a document."""
    blanked = list(text)
    rows: list[tuple[int, int, tuple[str, ...]]] = []
    for match in _DISPLAY.finditer(text):
        group = next(one for one in ("markdown", "single", "rows") if match[one] is not None)
        headings = _headings(text, match.start())
        rows += [(start, end, headings) for start, end in _blank(text, blanked, *match.span(group))]
    found = "".join(blanked)
    equations = [one for start, end, headings in rows for one in _equations(found, start, end, headings)]
    return Printed(text, found, tuple(equations))


def _headings(text: str, end: int) -> tuple[str, ...]:
    stack: list[tuple[float, str]] = []
    for match in _HEADING.finditer(text, 0, end):
        title = match["title"] or match["said"]
        level = 2.5 if _PART.match(title) else _LEVELS.get(match["name"]) or len(match["marks"])
        stack = [one for one in stack if one[0] < level] + [(level, title)]
    return tuple(title for _, title in stack)


def _blank(text: str, blanked: list[str], start: int, end: int) -> list[tuple[int, int]]:
    """Overwrite the layout of a display; the places of its equations, each with its continuation rows."""
    rows, begun, depth = list[tuple[int, int]](), start, 0
    for match in re.compile(r"\\(?:begin|end)\{(?:pmatrix|cases)\}|\\\\\*?|&").finditer(text, start, end):
        depth += match[0].startswith(r"\begin") - match[0].startswith(r"\end")
        if depth or match[0].startswith((r"\begin", r"\end")):
            continue
        _spaces(blanked, match.start(), match.end())
        if match[0] != "&" and not _CONTINUED.match(text, match.end(), end):
            rows.append((begun, match.start()))
            begun = match.end()
    for match in _LAYOUT.finditer(text, start, end):
        if not text.startswith(r"\quad", match.start()):
            _spaces(blanked, *match.span())
    for match in _FRAMES.finditer(text, start, end):
        _unframe(text, blanked, match.start(), match.end())
    return [*rows, (begun, end)]


def _spaces(blanked: list[str], start: int, end: int) -> None:
    blanked[start:end] = " " * (end - start)


def _unframe(text: str, blanked: list[str], start: int, opened: int) -> None:
    """Overwrite a frame: all up to the brace that opens it, and the brace that closes it."""
    depth = 0
    for place in range(opened, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if not depth:
            break
    dollars = text.startswith(r"{$\displaystyle ", opened)
    _spaces(blanked, start, opened + (len(r"{$\displaystyle ") if dollars else 1))
    _spaces(blanked, place - dollars, place + 1)


def _equations(text: str, start: int, end: int, headings: tuple[str, ...]) -> Iterator[Equation]:
    """The equations of a row, which stand side by side."""
    begun = start
    for match in re.compile(r",\s*\\quad ").finditer(text, start, end):
        yield Equation(tuple(_sides(text, begun, match.start())), headings)
        begun = match.end()
    yield Equation(tuple(_sides(text, begun, end)), headings)


def _sides(text: str, start: int, end: int) -> Iterator[Side]:
    """What stands between the relations that are in no bracket."""
    end = start + len(text[start:end].rstrip().removesuffix(",").rstrip())
    depth, begun, relation, place = 0, start, "", start
    while place < end:
        match = _RELATION.match(text, place, end)
        if match and not depth:
            yield _side(text, begun, place, relation)
            begun = place = match.end()
            relation = match[0]
            continue
        depth += (text[place] in "([{") - (text[place] in ")]}")
        place += 1
    yield _side(text, begun, end, relation)


def _side(text: str, start: int, end: int, relation: str) -> Side:
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(text[start:end].rstrip())
    try:
        tree = _Structure(text, start, end).whole()
    except Unread:
        tree = None
    return Side(start, end, relation, " ".join(text[start:end].split()), tree)
