"""Reports for a terminal, as a compiler tells of mistakes: place, verdict, the line with carets under it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from symbackprop.check.claims import Claim, Report, Verdict
from symbackprop.errors import seen
from symbackprop.reports.plain_math import plain_math
from symbackprop.reports.speech import Speech
from symbackprop.reports.words import findings, first_wrong_of, follow_ups, summary_of, verdict_of
from symbackprop.translation import ENGLISH, Language

WIDTH = 100
INDENT = "  "
TAB = 4
CUT = "…"


def write_text(
    report: Report, language: Language = ENGLISH, *, width: int = WIDTH, every: bool = False
) -> str:
    """The report as text.

    Args:
        report: of the document.
        language: to write in.
        width: of the screen; a line of the document is cut there.
        every: show what is right too, instead of counting it only.
    """
    say = text_speech(language)
    name = say.plain(report.name)
    head = [f"{name}: {say(summary_of(report))}"]
    if (first := first_wrong_of(report)) is not None:
        head.append(say(first))
    told = [_finding(claim, report, say, name, width) for claim in findings(report, every=every)]
    return "".join("\n".join(lines) + "\n" for lines in _apart([head, *told]))


def text_speech(language: Language) -> Speech:
    """Says texts of a report in words and Unicode."""
    return Speech(language, str, plain_math)


def _apart(blocks: Sequence[list[str]]) -> list[list[str]]:
    """Blocks with an empty line before each but the first."""
    return [block if place == 0 else ["", *block] for place, block in enumerate(blocks)]


def _finding(claim: Claim, report: Report, say: Speech, name: str, width: int) -> list[str]:
    lines = [f"{name}:{claim.line}:{claim.column}: {say(verdict_of(claim))}"]
    lines += [INDENT + line for line in underlined(claim, report.document.lines, width - len(INDENT))]
    if claim.verdict is not Verdict.VERIFIED:
        lines += [INDENT + say(one) for one in follow_ups(claim)]
    return lines


def underlined(claim: Claim, lines: Sequence[str], width: int) -> list[str]:
    """The first line of a claim, cut round it where it is long, and a mark under each of its characters."""
    if not 1 <= claim.line <= len(lines):
        return []
    letters = _letters(lines[claim.line - 1])
    first = min(claim.column - 1, len(letters))
    goes_on = claim.end_line > claim.line
    last = len(letters) if goes_on else min(max(claim.end_column - 1, first), len(letters))
    while goes_on and last > first + 1 and letters[last - 1].isspace():
        last -= 1
    start, end = _window([*map(cell_len, letters)], first, last, width)
    before = CUT if start else ""
    shown = before + "".join(letters[start:end]) + (CUT if end < len(letters) else "")
    marked = cell_len("".join(letters[first : min(last, end)]))
    space = cell_len(before) + cell_len("".join(letters[start:first]))
    mark = "^" + "~" * (marked - 1) + (CUT if goes_on or last > end else "")
    blank = len(shown) - len(shown.lstrip(" ")) if not start else 0
    removed = min(blank, space)
    return [shown[removed:].rstrip(), " " * (space - removed) + mark]


def _letters(line: str) -> list[str]:
    """What is shown for each character of a line: nothing that steers a terminal, tabs as spaces."""
    shown: list[str] = []
    place = 0
    for one in line:
        letter = " " * (TAB - place % TAB) if one == "\t" else seen(one)
        place += cell_len(letter)
        shown.append(letter)
    return shown


def _window(widths: Sequence[int], first: int, last: int, width: int) -> tuple[int, int]:
    """Which characters of a line are shown, so that the claim from `first` to `last` is in sight."""
    if sum(widths) <= width:
        return 0, len(widths)
    room = width - 2 * cell_len(CUT)
    before = max(room - sum(widths[first:last]), 0) // 2
    start = first
    while start and sum(widths[start - 1 : first]) <= before:
        start -= 1
    end, used = start, 0
    while end < len(widths) and used + widths[end] <= room:
        used += widths[end]
        end += 1
    while start and end == len(widths) and used + widths[start - 1] <= room:
        start -= 1
        used += widths[start]
    return start, end
