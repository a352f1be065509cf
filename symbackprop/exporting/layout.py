"""Code in lines: long statements broken at their operators, comments beside or above."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len

from symbackprop.exporting.comments import in_c_comment, padded, phrase_lines
from symbackprop.writing.lines import Phrase

WIDTH = 110
"""No line is longer."""

INDENT = "    "

Lines = list[str]


def indented(lines: Sequence[str], times: int = 1) -> Lines:
    """The lines further in."""
    return [f"{INDENT * times}{line}" if line else "" for line in lines]


@dataclass(frozen=True)
class Marks:
    """How a language writes statements.

    Attributes:
        comment: what begins a comment.
        end: of a statement.
        brackets: a value on several lines stands in brackets.
    """

    comment: str
    end: str = ""
    brackets: bool = False


PYTHON = Marks("#", brackets=True)
C = Marks("//", end=";")


@dataclass(frozen=True)
class Entry:
    """A statement with its formula.

    Attributes:
        head: `z =`, what stands left of the value.
        value: the code of the value.
        phrase: the formula.
        remark: what stands behind the formula: the shape.
        note: how the value is computed, where that is not what the formula says.
    """

    head: str
    value: str
    phrase: Phrase
    remark: str = ""
    note: str = ""


def statements(entries: Sequence[Entry], marks: Marks, room: int = WIDTH) -> Lines:
    """The statements, their formulas beside them; above those for which there is no room.

    Where there is none for most of them, all formulas stand above.

    Args:
        entries: at least one.
        marks: of the language.
        room: so wide may a line be.
    """
    narrow = [_fits([one], marks, room) for one in entries]
    if sum(narrow) <= len(entries) / 2:
        narrow = [False] * len(entries)
    blocks: list[Lines] = []
    for beside, group in groupby(zip(narrow, entries, strict=True), key=lambda pair: pair[0]):
        alike = [entry for _, entry in group]
        if beside and _fits(alike, marks, room):
            blocks.append(_beside(alike, marks))
        else:
            blocks += [_above(one, marks, room) for one in alike]
    return [line for place, block in enumerate(blocks) for line in [*[""] * bool(place), *block]]


def _fits(entries: Sequence[Entry], marks: Marks, room: int) -> bool:
    return all(cell_len(line) <= room for line in _beside(entries, marks))


def _beside(entries: Sequence[Entry], marks: Marks) -> Lines:
    codes = [f"{one.head} {one.value}{marks.end}" for one in entries]
    formulas = [one.phrase.in_one() + (f", {one.note}" if one.note else "") for one in entries]
    column = max(map(len, codes)) + 2
    behind = max(map(cell_len, formulas)) + 2
    lines = []
    for one, code, formula in zip(entries, codes, formulas, strict=True):
        comment = f"{padded(formula, behind)}{one.remark}".rstrip()
        lines.append(f"{code:<{column}}{marks.comment} {comment}")
    return lines


def _above(one: Entry, marks: Marks, room: int) -> Lines:
    comments = told(one.phrase, one.remark, one.note, marks, room)
    return [*comments, *broken(one.head, one.value, marks, room)]


def told(phrase: Phrase, remark: str, note: str, marks: Marks, room: int = WIDTH) -> Lines:
    """Comments that tell a formula, with a remark behind it and a note below."""
    lead = f"{marks.comment} "
    within = room - len(lead)
    formula = phrase_lines(phrase, within)
    if remark and cell_len(formula[-1]) + 2 + len(remark) <= within:
        formula[-1] += f"  {remark}"
    elif remark:
        formula.append(f"{' ' * cell_len(phrase.left)} {remark}")
    return [lead + line for line in (*formula, *(folded(note, within) if note else []))]


# Long statements.


def broken(head: str, value: str, marks: Marks, room: int = WIDTH) -> Lines:
    """A statement on one line, or its value on several.

    >>> broken("y =", "f(a + b) + c", Marks("#", brackets=True), 14)
    ['y = (', '    f(a + b)', '    + c', ')']
    """
    whole = f"{head} {value}{marks.end}"
    if len(whole) <= room:
        return [whole]
    terms = _split(value, _SUMS) if len(_split(value, _SUMS)) > 1 else []
    if not terms:
        group = _widest_group(value)
        if group is not None:
            before, inside, behind = group
            if max(len(f"{head} {before}"), len(behind) + len(marks.end)) <= room:
                inner = indented(_laid(inside, room - len(INDENT)))
                return [f"{head} {before}", *inner, f"{behind}{marks.end}"]
    inner = indented(_laid(value, room - len(INDENT) - len(marks.end)))
    if marks.brackets:
        return [f"{head} (", *inner, f"){marks.end}"]
    return [head, *inner[:-1], inner[-1] + marks.end]


def fitted(lines: Iterable[str], marks: Marks, room: int = WIDTH) -> Lines:
    """Statements of loops, those that are too long on several lines.

    >>> fitted(["    y[i] += f(a + b) + c"], Marks("#", brackets=True), 19)
    ['    y[i] += (', '        f(a + b)', '        + c', '    )']
    """
    found: Lines = []
    for line in lines:
        statement = _ASSIGNMENT.fullmatch(line.removesuffix(marks.end))
        if len(line) <= room or statement is None or not line.endswith(marks.end):
            found.append(line)
        else:
            margin, head, value = statement.groups()
            found += [f"{margin}{one}" for one in broken(head, value, marks, room - len(margin))]
    return found


_ASSIGNMENT = re.compile(r"( *)([^=]+ \+?=) (.*)")
_SUMS = (" + ", " - ")
_CHOICES = (" ? ", " : ", " if ", " else ")
_PRODUCTS = (" * ", " / ", " @ ")
_TOKENS = re.compile(r" [-+*/@?:] | if | else |, |\"[^\"]*\"|.", re.DOTALL)


def _laid(value: str, room: int) -> Lines:
    """A value on lines that fit, broken where brackets hold it the least."""
    if len(value) <= room:
        return [value]
    arguments = _split(value, (", ",))
    if len(arguments) > 1:
        return _packed([f"{one}," for one in arguments[:-1]] + arguments[-1:], room)
    for signs in (_CHOICES, _SUMS):
        parts = _split(value, signs)
        if len(parts) > 1:
            return _packed(parts, room)
    group = _widest_group(value)
    if group is None or len(group[1]) < room // 3:
        parts = _split(value, _PRODUCTS)
        return _packed(parts, room) if len(parts) > 1 or group is None else _grouped(group, room)
    return _grouped(group, room)


def _grouped(group: tuple[str, str, str], room: int) -> Lines:
    before, inside, behind = group
    return [before, *indented(_laid(inside, room - len(INDENT))), behind]


def _packed(parts: Sequence[str], room: int) -> Lines:
    """As many parts on a line as it takes; what is longer than a line is broken itself."""
    lines: Lines = []
    for part in parts:
        if lines and len(lines[-1]) + 1 + len(part) <= room:
            lines[-1] += f" {part}"
        elif len(part) <= room or part == parts[0] == parts[-1]:
            lines.append(part)
        else:
            lines += _laid_alone(part, room)
    return lines


def _laid_alone(part: str, room: int) -> Lines:
    group = _widest_group(part)
    return [part] if group is None else _grouped(group, room)


def _split(value: str, signs: Sequence[str]) -> Lines:
    """A value at its outermost operators; each part begins with its own."""
    parts, start, depth = [], 0, 0
    for token in _TOKENS.finditer(value):
        depth += (token.group() in ("(", "[", "{")) - (token.group() in (")", "]", "}"))
        if depth == 0 and token.group() in signs and token.start() > start:
            parts.append(value[start : token.start()])
            start = token.end() if token.group() == ", " else token.start() + 1
    return [*parts, value[start:]]


def _widest_group(value: str) -> tuple[str, str, str] | None:
    """The longest pair of outermost brackets: what stands up to it, in it, and from its end on."""
    best, depth, start = (0, 0), 0, 0
    for token in _TOKENS.finditer(value):
        sign = token.group()
        if sign in ("(", "[", "{"):
            start = token.end() if depth == 0 else start
            depth += 1
        elif sign in (")", "]", "}"):
            depth -= 1
            if depth == 0 and token.start() - start > best[1] - best[0]:
                best = (start, token.start())
    return (value[: best[0]], value[best[0] : best[1]], value[best[1] :]) if best[1] else None


# Rows of words and names.


def folded(words: str, room: int, hang: str = INDENT) -> Lines:
    """A sentence on lines, broken at spaces; all but the first begin with `hang`."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > room:
            lines.append(f"{hang}{word}")
        else:
            lines[-1] = longer
    return lines


def commented(words: str) -> Lines:
    """A sentence as a comment of C that stands alone, on as many lines as it takes."""
    lines = folded(f"/* {in_c_comment(words)}", WIDTH - len(" */"), hang="   ")
    return [*lines[:-1], f"{lines[-1]} */"]


def filled(items: Sequence[str], room: int) -> Lines:
    """Things in a row, with commas behind them, on as many lines as they take."""
    return _packed([f"{item}," for item in items], room)


def bracketed(start: str, items: Sequence[str], end: str, room: int = WIDTH) -> Lines:
    """start a, b, c end on one line; else the things on lines of their own, further in."""
    whole = f"{start}{', '.join(items)}{end}"
    if len(whole) <= room:
        return [whole]
    return [start, *indented(filled(items, room - len(INDENT))), end]
