r"""A formula -> chains of sides: A = B = C ≈ D, rows of aligned formulas, several equations in a line.

What stands between equations — words, arrows, gaps, commas — parts them. A row that begins with a relation
goes on with the chain above it, one that begins with + or - goes on with its last side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from symbackprop.content import text
from symbackprop.formulas.environments import RELATIONS
from symbackprop.formulas.grammar import read_side
from symbackprop.formulas.lexer import LONGEST, Token, tokens_of
from symbackprop.formulas.tree import Node
from symbackprop.formulas.unread import Unread
from symbackprop.formulas.vocabulary import Vocabulary

_LAYOUT = frozenset(
    "aligned align align* gather gather* gathered split equation equation* multline multline* eqnarray "
    "eqnarray* alignat alignat* flalign flalign* displaymath math multlined alignedat".split()
)
_PARTING = frozenset(
    (
        "Rightarrow",
        "Leftrightarrow",
        "to",
        "xrightarrow",
        "leftrightarrow",
        "downarrow",
        "uparrow",
        "forall",
        "therefore",
        "because",
        "Leftarrow",
        "mapsto",
        "textcircled",
    )
)
_CHAINED = RELATIONS - {"in", "sim", "propto", "<", ">", "geq", "leq", "neq"}
"""What stands between two sides that are equal."""
_COMPARING = frozenset(("<", ">", "geq", "leq", "neq", "in", "sim", "propto"))
_OPERATORS = frozenset(("+", "-", "cdot", "times", "circ", "/", "*"))
_OPEN, _CLOSE = frozenset(("(", "[", "{", r"\{")), frozenset((")", "]", "}", r"\}"))


@dataclass
class Side:
    """One side of a chain.

    Attributes:
        relation: the sign before it; empty for the first.
        tokens: of it.
        start: where it begins in the formula; `end` likewise.
        node: what it says; None where it is empty, only words, or unread.
        unread: why it could not be read.
        is_words: nothing but words stands there.
    """

    relation: str
    tokens: list[Token]
    start: int
    end: int
    node: Node | None = None
    unread: Unread | None = None
    is_words: bool = False


@dataclass
class Chain:
    """Sides with relations between them.

    Attributes:
        sides: from the left.
        continues: it begins with a relation: its first side stands in the formula before.
        open: it ends with a relation: what follows stands in the next formula.
        words: the words that stand before it, or within it.
        compares: it has a sign such as < and is no claim of equality.
    """

    sides: list[Side]
    continues: bool = False
    open: bool = False
    words: list[str] = field(default_factory=list)
    compares: bool = False


def chains_of(latex: str, vocabulary: Vocabulary) -> list[Chain]:
    """The chains of a formula, their sides read.

    Raises:
        Unread: the formula as a whole cannot be taken apart.
    """
    if len(latex) > LONGEST:
        raise Unread(text("the formula is longer than {longest} characters", longest=LONGEST), 0)
    tokens = list(_flattened(tokens_of(latex, vocabulary.words)[:-1]))
    chains = [chain for segment, words in _segments(tokens) for chain in _chains(segment, words)]
    for chain in chains:
        for side in chain.sides:
            _read(side, vocabulary, latex)
    return chains


def _read(side: Side, vocabulary: Vocabulary, latex: str) -> None:
    tokens = _without_layout(side.tokens)
    while tokens and tokens[-1].kind == "sign" and tokens[-1].text in (".", ",", ";", ":"):
        tokens.pop()
    side.is_words = bool(tokens) and all(
        token.kind == "text" or token.text in (".", ",", ":", "#", "-") for token in tokens
    )
    if not tokens or side.is_words:
        return
    tokens = _without_remarks(tokens)
    side.start, side.end = tokens[0].start, tokens[-1].end
    try:
        side.node = read_side(tokens, vocabulary, latex)
    except Unread as error:
        side.unread = error
    except RecursionError:
        side.unread = Unread(text("it is nested too deep"), side.start)


def _without_layout(tokens: Sequence[Token]) -> list[Token]:
    """Without gaps, breaks and marks of alignment; those of a matrix stay."""
    kept, depth = list[Token](), 0
    for token in tokens:
        depth += (token.kind == "begin") - (token.kind == "end")
        if token.kind == "gap" or (not depth and (token.kind == "break" or token.text == "&")):
            continue
        kept.append(token)
    if len(kept) > 1 and kept[0].kind == "letter" and kept[1].text == ")":
        return kept[2:]
    return kept


def _without_remarks(tokens: list[Token]) -> list[Token]:
    """Without words behind an expression, and without a condition in brackets behind it."""
    while tokens and tokens[-1].kind == "text" and len(tokens) > 1:
        tokens = tokens[:-1]
    while tokens and tokens[0].kind == "text" and len(tokens) > 1:
        tokens = tokens[1:]
    return tokens


# ------------------------------------------------------------------------------------------------- flattening


def _flattened(tokens: Sequence[Token]) -> Iterator[Token]:
    r"""Without frames and environments of layout: \boxed, aligned. Their braces go, too."""
    place = 0
    drop: list[int] = []
    depth = 0
    systems = _systems(tokens)
    while place < len(tokens):
        token = tokens[place]
        if token.kind in ("begin", "end") and (token.text in _LAYOUT or place in systems):
            place = _behind_options(tokens, place) if token.kind == "begin" else place + 1
            continue
        if token.kind == "command" and token.text in ("xrightarrow", "xleftarrow", "textcircled"):
            yield token
            place = _behind_group(tokens, place + 1)
            continue
        if token.kind == "command" and token.text in ("boxed", "fbox", "ensuremath", "tag"):
            ahead = tokens[place + 1] if place + 1 < len(tokens) else None
            if ahead is not None and ahead.text == "{":
                drop.append(depth)
                depth += 1
                place += 2
                continue
        if token.kind == "command" and token.text in ("stackrel", "overset", "underset"):
            skipped = _relation_with_remark(tokens, place)
            if skipped is not None:
                yield skipped[0]
                place = skipped[1]
                continue
        if token.kind == "sign" and token.text in ("{", "}"):
            depth += 1 if token.text == "{" else -1
            if token.text == "}" and drop and drop[-1] == depth:
                drop.pop()
                place += 1
                continue
        yield token
        place += 1


def _systems(tokens: Sequence[Token]) -> set[int]:
    """Where environments of cases begin and end that hold equations, one a row, and no cases."""
    found: set[int] = set()
    for place, token in enumerate(tokens):
        if token.kind == "begin" and token.text in ("cases", "array", "dcases"):
            end = next(
                (
                    p
                    for p in range(place, len(tokens))
                    if tokens[p].kind == "end" and tokens[p].text == token.text
                ),
                None,
            )
            if end is not None:
                inner = tokens[place:end]
                if any(one.text == "=" for one in inner) and not any(one.text == "&" for one in inner):
                    found |= {place, end}
    return found


def _behind_options(tokens: Sequence[Token], place: int) -> int:
    """Behind [t] and {2} of an environment."""
    place += 1
    if (
        place + 2 < len(tokens)
        and tokens[place].text == "["
        and tokens[place + 2].text == "]"
        and tokens[place + 1].text in "tbc"
    ):
        place += 3
    return place


def _relation_with_remark(tokens: Sequence[Token], place: int) -> tuple[Token, int] | None:
    r"""\overset{!}{=}: the relation, and the place behind it."""
    first = _behind_group(tokens, place + 1)
    second = _behind_group(tokens, first)
    inner = [one for one in tokens[first:second] if one.text not in ("{", "}")]
    if len(inner) == 1 and inner[0].text in RELATIONS:
        return inner[0], second
    return None


def _behind_group(tokens: Sequence[Token], place: int) -> int:
    if place >= len(tokens) or tokens[place].text != "{":
        return place + 1
    depth = 0
    while place < len(tokens):
        if tokens[place].kind == "sign":
            depth += tokens[place].text == "{"
            depth -= tokens[place].text == "}"
        place += 1
        if not depth:
            break
    return place


# --------------------------------------------------------------------------------------------------- segments


def _segments(tokens: Sequence[Token]) -> Iterator[tuple[list[Token], list[str]]]:
    """Runs of tokens that belong together, with the words before each."""
    segment: list[Token] = []
    words: list[str] = []
    depth = 0
    for place, token in enumerate(tokens):
        depth = max(0, depth + _opens(token))
        if depth or _opens(token) or not _parts(token, tokens, place, segment):
            segment.append(token)
            continue
        if token.kind == "text" and _is_side(segment):
            segment.append(token)
            continue
        yield from _whole(segment, words)
        segment, words = [], ([token.text] if token.kind == "text" else [])
        if token.kind == "break":
            segment = [token]
    yield from _whole(segment, words)


def _whole(segment: list[Token], words: list[str]) -> Iterator[tuple[list[Token], list[str]]]:
    if any(token.kind not in ("break", "gap") and token.text != "&" for token in segment):
        yield segment, words


def _is_side(segment: list[Token]) -> bool:
    """Whether a relation stands last: words behind it are its side."""
    last = next(
        (token for token in reversed(segment) if token.kind not in ("gap", "break") and token.text != "&"),
        None,
    )
    return last is not None and last.text in RELATIONS


def _opens(token: Token) -> int:
    if token.kind == "begin":
        return 1
    if token.kind == "end":
        return -1
    if token.kind != "sign":
        return 0
    return (token.text in _OPEN) - (token.text in _CLOSE)


def _parts(token: Token, tokens: Sequence[Token], place: int, segment: list[Token]) -> bool:
    """Whether a token parts what stands before it from what follows."""
    if token.kind == "text":
        return True
    if token.kind == "command" and token.text in _PARTING:
        return True
    if token.kind == "sign" and token.text in (",", ";"):
        return True
    if token.kind == "sign" and token.text == "&":
        return _is_column(tokens, place, segment)
    if token.kind == "break":
        return _next_text(tokens, place) not in (RELATIONS | _OPERATORS) and not _ends_open(segment)
    if token.kind == "gap":
        return _next_text(tokens, place) not in (RELATIONS | _OPERATORS) and not _ends_open(segment)
    return False


def _is_column(tokens: Sequence[Token], place: int, segment: list[Token]) -> bool:
    """Whether & begins a column of its own: equations stand before it and behind it."""
    row = []
    for token in reversed(segment):
        if token.kind == "break":
            break
        row.append(token)
    depth = 0
    for token in row:
        depth += _opens(token)
        if not depth and token.text in _CHAINED and token.kind in ("sign", "command"):
            return _next_text(tokens, place) not in (RELATIONS | _OPERATORS) and not _ends_open(segment)
    return False


def _next_text(tokens: Sequence[Token], place: int) -> str:
    for token in tokens[place + 1 :]:
        if token.kind not in ("gap", "break") and token.text != "&":
            return token.text if token.kind in ("sign", "command") else ""
    return ""


def _ends_open(segment: list[Token]) -> bool:
    """Whether what stands before a break is unfinished: it ends with an operator or a relation."""
    for token in reversed(segment):
        if token.kind in ("gap", "break") or token.text == "&":
            continue
        return token.kind in ("sign", "command") and token.text in (_OPERATORS | RELATIONS)
    return True


# ----------------------------------------------------------------------------------------------------- chains


def _chains(segment: list[Token], words: list[str]) -> Iterator[Chain]:
    """The chain of a segment; what stands alone in round brackets is taken out of them."""
    inner = _unbracketed(segment)
    sides: list[Side] = [_side("", [], inner)]
    depth, compares = 0, False
    for token in inner:
        depth = max(0, depth + _opens(token))
        if not depth and not _opens(token) and token.kind in ("sign", "command") and token.text in RELATIONS:
            compares = compares or token.text in _COMPARING
            sides.append(_side(token.text, [token], inner))
        else:
            sides[-1].tokens.append(token)
    continues = len(sides) > 1 and not _has_content(sides[0])
    is_open = len(sides) > 1 and not _has_content(sides[-1])
    kept = [side for side in sides if _has_content(side)]
    if kept:
        yield Chain([_placed(side) for side in kept], continues, is_open, words, compares)


def _side(relation: str, tokens: list[Token], inner: list[Token]) -> Side:
    place = tokens[0].start if tokens else inner[0].start if inner else 0
    return Side(relation, [], place, place)


def _has_content(side: Side) -> bool:
    return any(
        token.kind not in ("gap", "break") and token.text not in ("&", ".", ",", ":") for token in side.tokens
    )


def _placed(side: Side) -> Side:
    content = [token for token in side.tokens if token.kind not in ("gap", "break") and token.text != "&"]
    return replace(side, start=content[0].start, end=content[-1].end)


def _unbracketed(segment: list[Token]) -> list[Token]:
    content = [token for token in segment if token.kind not in ("gap", "break") and token.text != "&"]
    if len(content) < 3 or content[0].text != "(" or content[-1].text != ")":
        return segment
    inner = content[1:-1]
    depth = 0
    for token in inner:
        depth += _opens(token)
        if depth < 0:
            return segment
    has_relation = any(token.text in _CHAINED and token.kind in ("sign", "command") for token in inner)
    return inner if has_relation else segment
