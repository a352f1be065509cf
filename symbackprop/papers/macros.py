r"""Commands that a document defines, put in: \newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}.

They are replaced as text, so often and so far as `MOST` and `LONGEST` allow; nothing is run or opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symbackprop.papers.pieces import Formula
from symbackprop.papers.reading import Document

MOST = 300
"""Replacements in one formula."""
LONGEST = 20_000
"""Characters of a formula after its replacements."""

Character = tuple[str, tuple[int, int]]
"""A character with its line and column in the document."""

_NEW = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|renewcommand)\*?\s*\{?\s*\\(?P<name>[A-Za-z]+)\s*\}?"
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
    for match in _NEW.finditer(text):
        body = _group(text, match.end())
        if body is not None:
            yield match["name"], Macro(int(match["count"] or 0), body, match["default"])
    for match in _DEF.finditer(text):
        body = _group(text, match.end())
        if body is not None:
            yield match["name"], Macro(match["arguments"].count("#"), body)
    for match in _OPERATOR.finditer(text):
        body = _group(text, match.end())
        if body is not None:
            yield match["name"], Macro(0, rf"\operatorname{{{body}}}")


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
        rest += _called(macros[name], rest, done.pop()[1])[::-1]
        if len(rest) + len(done) > LONGEST:
            break
    return formula


def _next_call(rest: list[Character], done: list[Character], macros: Mapping[str, Macro]) -> str | None:
    r"""Move on to the next call of a command, behind it; the `\` of it is the last that is done."""
    while rest:
        done.append(rest.pop())
        if done[-1][0] != "\\" or not rest:
            continue
        size = 0
        while size < len(rest) and rest[-1 - size][0].isascii() and rest[-1 - size][0].isalpha():
            size += 1
        name = "".join(one for one, _ in rest[len(rest) - size :][::-1])
        if name in macros:
            del rest[len(rest) - size :]
            return name
        moved = max(size, 1)
        done += rest[len(rest) - moved :][::-1]
        del rest[len(rest) - moved :]
    return None


def _called(macro: Macro, rest: list[Character], place: tuple[int, int]) -> list[Character]:
    """What a call gives; its arguments are taken from what follows it."""
    arguments = [_argument(macro, number, rest, place) for number in range(macro.count)]
    made: list[Character] = []
    parts = re.split(r"#(\d)", macro.body)
    for number, part in enumerate(parts):
        if number % 2 == 0:
            made += [(one, place) for one in part]
        elif 0 < int(part) <= len(arguments):
            made += arguments[int(part) - 1]
    # What follows a command of letters at its end is no part of its name.
    return [*made, (" ", place)] if re.search(r"\\[A-Za-z]+\Z", "".join(one for one, _ in made)) else made


def _argument(macro: Macro, number: int, rest: list[Character], place: tuple[int, int]) -> list[Character]:
    while rest and rest[-1][0].isspace():
        rest.pop()
    is_optional = number == 0 and macro.default is not None
    opening = rest[-1][0] if rest else ""
    if is_optional and opening != "[":
        return [(one, place) for one in macro.default or ""]
    if opening in ("{", "[") and (opening == "{" or is_optional):
        inside = _group([one for one, _ in reversed(rest)], 0, "{}" if opening == "{" else "[]")
        if inside is not None:
            taken = rest[len(rest) - len(inside) - 1 : -1][::-1]
            del rest[len(rest) - len(inside) - 2 :]
            return taken
    taken = [rest.pop()] if rest else []
    while taken and taken[0][0] == "\\" and rest and rest[-1][0].isalpha():
        taken.append(rest.pop())
    return taken


def _joined(formula: Formula, characters: Sequence[Character]) -> Formula:
    """The formula of these characters: those side by side in the document make one run."""
    starts: list[int] = []
    places: list[tuple[int, int]] = []
    for offset, (_, (line, column)) in enumerate(characters):
        if not starts or (line, column) != (places[-1][0], places[-1][1] + offset - starts[-1]):
            starts.append(offset)
            places.append((line, column))
    if not starts:
        starts, places = [0], [formula.places[0]]
    text = "".join(one for one, _ in characters)
    return replace(formula, text=text, starts=tuple(starts), places=tuple(places))
