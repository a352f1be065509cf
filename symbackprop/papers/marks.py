"""Where formulas begin and end: the marks of Markdown and of LaTeX. Every search is linear in the text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

from symbackprop.papers.pieces import Formula, Piece, cut

Kind = Literal["markdown", "latex"]

DISPLAYED = "equation|align|gather|multline|eqnarray|alignat|flalign|xalignat|displaymath"
# Not behind an odd number of backslashes.
BARE = r"(?<!\\)(?:\\\\)*"
FORMULA = rf"\\\[|\\\(|\$\$?|\\begin\s*\{{(?:{DISPLAYED}|math)\*?\}}"
TOKENS: Mapping[Kind, re.Pattern[str]] = {
    "markdown": re.compile(rf"{BARE}(?P<mark>{FORMULA}|`+|<!--)"),
    "latex": re.compile(rf"{BARE}(?P<mark>{FORMULA}|\\verb\*?[|+!@/])"),
}
FIRST_SIGN: Mapping[Kind, re.Pattern[str]] = {
    "markdown": re.compile(r"[$\\`<]"),
    "latex": re.compile(r"[$\\]"),
}
DOLLARS = re.compile(rf"{BARE}(?P<mark>\$\$)")
DOLLAR = re.compile(rf"\\(?:text\w*|mbox)\s*\{{[^{{}}$]*\$[^{{}}$]*\$[^{{}}]*\}}|{BARE}(?P<mark>\$\$?)")
BRACKET = re.compile(rf"{BARE}(?P<mark>\\[\[\]])")
PARENTHESIS = re.compile(rf"{BARE}(?P<mark>\\[()])")
NAME = re.compile(r"\\begin\s*\{(\w+)")
COLUMNS = re.compile(r"\s*\{[^{}]*\}")
BLANK_LINE = re.compile(r"\n[^\S\n]*(?=\n)")
LINE_END = re.compile(r"[^\S\n]*(?=\n|\Z)")
NOTHING_FOLLOWS = re.compile(r"[^\S\n]*(?:\Z|\n[^\S\n]*(?:\n|\Z))")
SURE = re.compile(r"\\[A-Za-z,;|]|[_^={}<>≤≥≈∂∇Σ]")
PRICE = re.compile(r"[^\w\\]+\d+(?:[.,]\d+)?")
BLOCK = re.compile(
    r"\\(?:item\b|(?:sub)*section\b|(?:sub)?paragraph\b|(?:begin|end)\s*\{(?:document|itemize|enumerate)\})"
)


class Span(NamedTuple):
    """A formula in a text: where its marks begin and end, and what stands between them."""

    begin: int
    end: int
    inner: tuple[int, int]
    display: bool


def spans(text: str, begin: int, end: int, kind: Kind, reach: int | None = None) -> Iterator[Span]:
    """The formulas that begin between two offsets, in their order; code and comments are passed over.

    Args:
        text: what they stand in.
        begin: where to look from.
        end: where to look to.
        kind: whose marks count.
        reach: how far a displayed formula may go; None: to `end`.
    """
    if FIRST_SIGN[kind].search(text, begin, end) is None:
        return
    reach = end if reach is None else reach
    ticks = tick_runs(text, begin, end) if kind == "markdown" else {}
    while token := TOKENS[kind].search(text, begin, end):
        start, begin = token.span("mark")
        if token["mark"][0] in "`<" or token["mark"].startswith("\\verb"):
            begin = behind_code(text, start, begin, end, ticks)
        elif span := span_at(text, start, begin, end, reach):
            begin = span.end
            if text[slice(*span.inner)].strip():
                yield span


def within(found: Sequence[Span], begins: Sequence[int], offset: int) -> bool:
    """Whether a character stands in one of the formulas, which begin at ascending offsets."""
    position = bisect_right(begins, offset) - 1
    return position >= 0 and offset < found[position].end


def formulas_in(piece: Piece, found: Sequence[Span], table: bool = False) -> Iterator[Formula]:
    """The formulas of a piece that were found in it."""
    for span in found:
        yield Formula(*cut(piece, *span.inner), display=span.display, table=table)


def tick_runs(text: str, begin: int, end: int) -> Mapping[int, Sequence[int]]:
    """Where runs of backticks begin, by their length."""
    runs: defaultdict[int, list[int]] = defaultdict(list)
    if text.find("`", begin, end) >= 0:
        for run in re.compile("`+").finditer(text, begin, end):
            runs[len(run[0])].append(run.start())
    return runs


def behind_code(text: str, start: int, behind: int, end: int, ticks: Mapping[int, Sequence[int]]) -> int:
    """The offset behind the code or the comment of a mark; behind the mark where it is not closed."""
    if text[start] == "`":
        same = ticks[behind - start]
        following = bisect_left(same, behind)
        return same[following] + behind - start if following < len(same) else behind
    if text[start] == "<":
        # The mark that closes is looked for on few lines, for else many comments that stay open take long.
        closing = text.find("-->", behind, min(end, behind + 1000))
        return closing + 3 if closing >= 0 else behind
    closing = text.find(text[behind - 1], behind, end)
    return closing + 1 if closing >= 0 and "\n" not in text[behind:closing] else behind


def span_at(text: str, start: int, behind: int, end: int, reach: int) -> Span | None:
    """The formula whose opening mark stands at an offset; None: the mark is prose."""
    mark = text[start:behind]
    if mark == "$":
        return between_dollars(text, start, end)
    if mark == "\\(":
        closing = PARENTHESIS.search(text, behind, end)
        if closing is None or closing["mark"] != "\\)" or BLANK_LINE.search(text, behind, closing.start()):
            return None
        return Span(start, closing.end(), (behind, closing.start("mark")), display=False)
    if mark == "$$":
        return displayed(text, start, behind, doubled(text, start, behind, reach), reach)
    if mark == "\\[":
        closing = BRACKET.search(text, behind, reach)
        closed = closing is not None and closing["mark"] == "\\]"
        return displayed(text, start, behind, closing if closed else None, reach)
    return environment(text, start, behind, reach)


def displayed(text: str, start: int, behind: int, closing: re.Match[str] | None, reach: int) -> Span:
    """A displayed formula; one that is not closed reaches to the next blank line."""
    if closing is not None:
        return Span(start, closing.end(), (behind, closing.start("mark")), display=True)
    blank = BLANK_LINE.search(text, behind, reach)
    end = blank.start() if blank else reach
    return Span(start, end, (behind, end), display=True)


def doubled(text: str, start: int, behind: int, reach: int) -> re.Match[str] | None:
    """The two dollars that close a displayed formula.

    Behind a blank line they close it where both marks stand alone on their lines and nothing follows the
    second: else they open the next one, and the first was left open.
    """
    closing = DOLLARS.search(text, behind, reach)
    if closing is None or not BLANK_LINE.search(text, behind, closing.start("mark")):
        return closing
    first, last = closing.span("mark")
    alone = alone_on_line(text, start, behind) and alone_on_line(text, first, last)
    return closing if alone and NOTHING_FOLLOWS.match(text, last) else None


def alone_on_line(text: str, begin: int, end: int) -> bool:
    """Whether nothing else stands on a line."""
    before = text[text.rfind("\n", 0, begin) + 1 : begin]
    return not before.strip() and LINE_END.match(text, end) is not None


@cache
def ending(name: str) -> re.Pattern[str]:
    """What ends an environment, or begins another one that cannot stand in it."""
    return re.compile(rf"\\begin\s*\{{(?:{DISPLAYED}|math)\*?\}}|(?P<mark>\\end\s*\{{{name}\*?\}})")


def environment(text: str, start: int, behind: int, reach: int) -> Span:
    """The formula in an environment."""
    name = NAME.match(text, start)
    assert name is not None
    columns = COLUMNS.match(text, behind) if name[1].endswith("alignat") else None
    behind = columns.end() if columns else behind
    closing = ending(name[1]).search(text, behind, reach)
    span = displayed(text, start, behind, closing if closing and closing["mark"] else None, reach)
    return span._replace(display=name[1] != "math")


def between_dollars(text: str, start: int, end: int) -> Span | None:
    """The formula between two single dollars."""
    closing = next_dollar(text, start + 1, end)
    if closing is None:
        return None
    stop, behind = closing.span("mark")
    if behind - stop == 2:
        # `$a$$b$`: two formulas side by side; `$ … $$a$$`: a dollar, then a displayed formula.
        following = next_dollar(text, behind, end)
        if following is None or following["mark"] == "$$":
            return None
    if not reads_as_formula(text[start - 1 : start], text[start + 1 : stop], text[stop + 1 : stop + 2]):
        return None
    ticks = text[start + 1] == "`" and text[stop - 1] == "`" and stop - start > 3
    return Span(start, stop + 1, (start + 1 + ticks, stop - ticks), display=False)


def next_dollar(text: str, begin: int, end: int) -> re.Match[str] | None:
    """The next mark of dollars that stands in no text within the formula."""
    while found := DOLLAR.search(text, begin, end):
        if found["mark"]:
            return found
        begin = found.end()
    return None


def reads_as_formula(before: str, content: str, after: str) -> bool:
    """Whether what stands between two dollars is a formula, not prose between two prices.

    Args:
        before: the character before the first dollar.
        content: what stands between.
        after: the character behind the second dollar.
    """
    inner = content.strip()
    if not inner or BLANK_LINE.search(content) or BLOCK.search(content) or "`" in inner[1:-1]:
        return False
    sure = SURE.search(inner) is not None
    opened, closed = not content[0].isspace(), not content[-1].isspace()
    if opened and closed:
        return sure or not (after.isdigit() or (before.isdigit() and PRICE.fullmatch(inner)))
    if opened:
        # A dollar with a space before and none behind opens the next formula.
        return sure and not (after.isalnum() or after == "\\")
    if closed:
        return sure and not before.isalnum()
    return sure or len(inner.split()) == 1
