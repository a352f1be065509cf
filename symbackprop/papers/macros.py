r"""Commands that a document defines, put in: \newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}.

They are replaced as text, so often and so far as `MOST` and `LONGEST` allow; nothing is run or opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from symbackprop.papers.pieces import Formula
from symbackprop.papers.reading import Document

MOST = 300
"""Replacements in one formula, and definitions of each kind that are looked at."""
LONGEST = 20_000
"""Characters of a formula after its replacements."""

Character = tuple[str, tuple[int, int]]
"""A character with its line and column in the document."""

_NEW = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand)\*?\s*\{?\s*\\(?P<name>[A-Za-z]+)\s*\}?"
    r"\s*(?:\[(?P<count>\d)\])?\s*(?:\[(?P<default>[^\[\]]*)\])?\s*(?=\{)"
)
_DEF = re.compile(r"\\def\s*\\(?P<name>[A-Za-z]+)\s*(?P<arguments>(?:#\d)*)\s*(?=\{)")
_OPERATOR = re.compile(r"\\DeclareMathOperator\*?\s*\{?\s*\\(?P<name>[A-Za-z]+)\s*\}?\s*(?=\{)")
_COMMAND = re.compile(r"\\[A-Za-z]+")


@dataclass(frozen=True)
class Macro:
    """A command.

    Attributes:
        count: of its arguments.
        body: what it stands for, with #1, #2 for them.
        default: of the first argument; None: it is not optional.
    """

    count: int
    body: str
    default: str | None = None


def with_macros(document: Document) -> Document:
    """The document with its own commands put in; what they give stands where they were called."""
    text = "\n".join(document.lines)
    macros = dict(_macros_of(text)) if "\\" in text else {}
    if not macros:
        return document
    items = (_expanded(item, macros) if isinstance(item, Formula) else item for item in document.items)
    return replace(document, items=tuple(items))


def _macros_of(text: str) -> Iterator[tuple[str, Macro]]:
    for match, body in _bodies(_NEW, text):
        yield match["name"], Macro(int(match["count"] or 0), body, match["default"])
    for match, body in _bodies(_DEF, text):
        yield match["name"], Macro(match["arguments"].count("#"), body)
    for match, body in _bodies(_OPERATOR, text):
        yield match["name"], Macro(0, rf"\operatorname{{{body}}}")


def _bodies(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The definitions, each with what stands in its braces; unclosed ones left out.

    No more than `MOST` are looked at, and no further than what would be put in: unclosed braces cost no more.
    """
    for match in islice(pattern.finditer(text), MOST):
        body = _group(text[match.end() : match.end() + LONGEST], 0)
        if body is not None:
            yield match, body


def _group(text: Sequence[str], start: int, brackets: str = "{}") -> str | None:
    """What stands between the brackets that begin there; None: they are not closed."""
    depth, place = 0, start
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == brackets[0]:
            depth += 1
        elif text[place] == brackets[1]:
            depth -= 1
            if not depth:
                return "".join(text[start + 1 : place])
        place += 1
    return None


def _expanded(formula: Formula, macros: Mapping[str, Macro]) -> Formula:
    names = {found[0][1:] for found in _COMMAND.finditer(formula.text)}
    if not names & macros.keys():
        return formula
    rest = [(one, formula.place(offset)) for offset, one in enumerate(formula.text)][::-1]
    done: list[Character] = []
    for _ in range(MOST):
        name = _next_call(rest, done, macros)
        if name is None:
            return _joined(formula, done)
        rest += _called(macros["".join(one for one, _ in name[1:])], rest, name)[::-1]
        if len(rest) + len(done) > LONGEST:
            break
    return formula


def _next_call(
    rest: list[Character], done: list[Character], macros: Mapping[str, Macro]
) -> list[Character] | None:
    """Move on to the next call of a command: its name, which is taken."""
    while rest:
        done.append(rest.pop())
        if done[-1][0] != "\\" or not rest:
            continue
        size = 0
        while size < len(rest) and rest[-1 - size][0].isascii() and rest[-1 - size][0].isalpha():
            size += 1
        name = rest[len(rest) - size :][::-1]
        if "".join(one for one, _ in name) in macros:
            del rest[len(rest) - size :]
            return [done.pop(), *name]
        moved = max(size, 1)
        done += rest[len(rest) - moved :][::-1]
        del rest[len(rest) - moved :]
    return None


def _called(macro: Macro, rest: list[Character], name: list[Character]) -> list[Character]:
    """What a call gives, at places that ascend; its arguments are taken from what follows it."""
    begin, end = name[0][1], name[-1][1]
    arguments: list[list[Character]] = []
    for number in range(macro.count):
        taken, last = _argument(macro, number, rest, end)
        arguments.append(taken)
        end = max(end, last)
    parts = re.split(r"#(\d)", macro.body)
    in_order = [int(one) for one in parts[1::2]] == list(range(1, macro.count + 1))
    made: list[Character] = []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            made += [(one, begin if number == 0 or not in_order else end) for one in part]
        elif 0 < int(part) <= len(arguments):
            taken = arguments[int(part) - 1]
            made += taken if in_order else [(one, begin) for one, _ in taken]
    # What follows a command of letters at its end is no part of its name.
    if re.search(r"\\[A-Za-z]+\Z", "".join(one for one, _ in made)):
        made.append((" ", end))
    return [*made[:-1], (made[-1][0], end)] if made else []


def _argument(
    macro: Macro, number: int, rest: list[Character], before: tuple[int, int]
) -> tuple[list[Character], tuple[int, int]]:
    """An argument, and where its last character stands."""
    while rest and rest[-1][0].isspace():
        rest.pop()
    is_optional = number == 0 and macro.default is not None
    opening = rest[-1][0] if rest else ""
    if is_optional and opening != "[":
        return [(one, before) for one in macro.default or ""], before
    if opening in ("{", "[") and (opening == "{" or is_optional):
        inside = _group([one for one, _ in reversed(rest)], 0, "{}" if opening == "{" else "[]")
        if inside is not None:
            first = len(rest) - len(inside) - 2
            taken, last = rest[first + 1 : -1][::-1], rest[first][1]
            del rest[first:]
            return taken, last
    taken = [rest.pop()] if rest else []
    while taken and taken[0][0] == "\\" and rest and rest[-1][0].isalpha():
        taken.append(rest.pop())
    return taken, taken[-1][1] if taken else before


def _joined(formula: Formula, characters: Sequence[Character]) -> Formula:
    """The formula of these characters: those side by side in the document make one run."""
    starts: list[int] = []
    places: list[tuple[int, int]] = []
    behind = [place for _, place in characters[1:]]
    for offset, (_, place) in enumerate(characters):
        next_to = (places[-1][0], places[-1][1] + offset - starts[-1]) if starts else None
        # What a call gives begins a run, though its first character may stand next to the one before.
        if place != next_to or place in behind[offset : offset + 1]:
            starts.append(offset)
            places.append(place)
    if not starts:
        starts, places = [0], [formula.places[0]]
    text = "".join(one for one, _ in characters)
    return replace(formula, text=text, starts=tuple(starts), places=tuple(places))
