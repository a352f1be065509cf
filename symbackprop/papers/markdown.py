"""A document in Markdown -> its formulas, tables, headings and prose.

Blocks are those of GitHub's Markdown, but for two: lines that are indented are no code, for students indent
prose; lines of cells between tabs are a table, for that is what is left of one that was copied out of a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from symbackprop.papers.marks import spans, within
from symbackprop.papers.paragraphs import paragraph_items, table_items
from symbackprop.papers.pieces import Formula, Item, Piece, Run, cut, joined, trimmed, without

QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
FENCE = re.compile(
    r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?P<mark>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>[^\s`]*)"
)
FENCE_END = re.compile(r"[ \t]*(?P<mark>`{3,}|~{3,})\s*$")
HEADING = re.compile(r"[ ]{0,3}(?P<mark>#{1,6})(?=\s|$)")
CLOSING_MARKS = re.compile(r"(?:^|\s)#+\s*$")
UNDERLINE = re.compile(r"[ ]{0,3}(?P<mark>=+|-+)\s*$")
RULE = re.compile(r"[ ]{0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
BULLET = re.compile(r"[ \t]*(?:[-*+](?=\s)[ \t]*)+(?:\[[ xX]\][ \t]+)?")
NUMBER = re.compile(r"[ \t]*\d{1,9}[.)](?=\s)")
COMMENT = re.compile(r"[ ]{0,3}<!--")
BLOCK_SIGN = re.compile(r"[ \t]*[-*+_#<`~\d]")
DELIMITER = re.compile(r"\s*:?-+:?\s*")
PIPE = re.compile(r"\\.|\|", re.DOTALL)
ESCAPED_BAR = re.compile(r"\\(?=\|)")
TAB = re.compile("\t")
DISPLAY = re.compile(r"\$\$|\\\[|\\begin")


def read_markdown(lines: Sequence[str]) -> list[Item]:
    """What stands in a document, in its order."""
    return list(Reader(lines).items())


def unquoted(lines: Sequence[str]) -> list[Run]:
    """The lines of a document, without the marks of quotations."""
    runs: list[Run] = []
    free = True
    for number, line in enumerate(lines, 1):
        # A line that begins with > within a paragraph can belong to a formula.
        mark = QUOTE.match(line) if free and ">" in line else None
        begin = mark.end() if mark else 0
        runs.append(Run(line[begin:] + "\n", number, begin + 1))
        free = mark is not None or not line.strip()
    return runs


class Reader:
    """Reads a document block by block.

    Args:
        lines: its lines.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        runs = unquoted(lines)
        self.lines = [run.text[:-1] for run in runs]
        self.body = joined(runs)
        self.text = self.body.text
        self.begins = self.body.starts

    def items(self) -> Iterator[Item]:
        """What stands in the document."""
        line = 0
        while line < len(self.lines):
            found, line = self.block(line)
            yield from found

    def end(self, line: int) -> int:
        """Where a line ends in the text."""
        return self.begins[line] + len(self.lines[line])

    def block(self, line: int) -> tuple[Iterator[Item], int]:
        """What stands in the block that begins at a line, and the line behind it."""
        words = self.lines[line]
        if not words.strip() or RULE.match(words):
            return iter(()), line + 1
        if fence := FENCE.match(words):
            return self.fenced(line, fence)
        if COMMENT.match(words):
            return iter(()), self.behind_comment(line)
        if self.is_tabbed(line):
            return self.tabbed(line)
        if self.is_piped(line):
            return self.piped(line)
        if heading := HEADING.match(words):
            return self.heading(line, heading), line + 1
        return self.paragraph(line)

    def interrupts(self, line: int) -> bool:
        """Whether a line ends the paragraph before it."""
        words = self.lines[line]
        if not words.strip() or self.is_tabbed(line) or self.is_piped(line):
            return True
        marks = (FENCE, HEADING, RULE, BULLET, NUMBER, COMMENT)
        return BLOCK_SIGN.match(words) is not None and any(mark.match(words) for mark in marks)

    def fenced(self, line: int, fence: re.Match[str]) -> tuple[Iterator[Item], int]:
        """A fence: a formula, or code, which is passed over."""
        formula = fence["info"].lower() == "math"
        for behind in range(line + 1, len(self.lines)):
            closing = FENCE_END.match(self.lines[behind])
            if closing and closing["mark"].startswith(fence["mark"]):
                return self.fence_formula(line + 1, behind, formula), behind + 1
            if formula and FENCE.match(self.lines[behind]):
                break
        if not formula:
            return iter(()), len(self.lines)
        behind = line + 1
        while behind < len(self.lines) and self.lines[behind].strip():
            behind += 1
        return self.fence_formula(line + 1, behind, formula), behind

    def fence_formula(self, line: int, behind: int, formula: bool) -> Iterator[Item]:
        """The formula that stands on lines between fences."""
        content = (
            cut(self.body, self.begins[line], self.end(behind - 1)) if formula and line < behind else None
        )
        if content and content.text:
            yield Formula(*content, display=True)

    def behind_comment(self, line: int) -> int:
        """The line behind a comment."""
        while line < len(self.lines) and "-->" not in self.lines[line]:
            line += 1
        return line + 1

    def heading(self, line: int, mark: re.Match[str]) -> Iterator[Item]:
        """A heading that begins with number signs."""
        begin, end = self.begins[line] + mark.end(), self.end(line)
        closing = CLOSING_MARKS.search(self.lines[line], mark.end())
        end = self.begins[line] + closing.start() if closing else end
        if self.text[begin:end].strip():
            found = list(spans(self.text, begin, end, "markdown"))
            return paragraph_items(self.body, begin, end, found, level=len(mark["mark"]))
        return iter(())

    def paragraph(self, line: int) -> tuple[Iterator[Item], int]:
        """A paragraph with the displayed formulas in it, or a heading that is underlined."""
        mark, number = BULLET.match(self.lines[line]), NUMBER.match(self.lines[line])
        begin = self.begins[line] + (mark.end() if mark else 0)
        listed = mark is not None or (number is not None and self.in_list(line))
        reach, last = self.reach(begin, line), line
        while last + 1 < len(self.lines):
            following = last + 1
            if self.begins[following] > reach:
                if underline := UNDERLINE.match(self.lines[following]):
                    level = 1 if underline["mark"][0] == "=" else 2
                    return self.paragraph_items(begin, self.end(last), level), following + 1
                if self.interrupts(following):
                    break
            reach, last = self.reach(max(reach, self.begins[following]), following), following
        return self.paragraph_items(begin, self.end(last), listed=listed), last + 1

    def paragraph_items(
        self, begin: int, end: int, level: int | None = None, listed: bool = False
    ) -> Iterator[Item]:
        """What stands in a paragraph."""
        found = list(spans(self.text, begin, end, "markdown"))
        return paragraph_items(self.body, begin, end, found, level, listed)

    def in_list(self, line: int) -> bool:
        """Whether a numbered line stands next to another one: alone it is a heading."""
        around = self.lines[max(line - 1, 0) : line] + self.lines[line + 1 : line + 2]
        return any(NUMBER.match(words) for words in around)

    def reach(self, begin: int, line: int) -> int:
        """How far the displayed formulas go that begin on a line, behind an offset."""
        end = self.end(line)
        if begin < end and DISPLAY.search(self.lines[line]):
            for span in spans(self.text, begin, end, "markdown", len(self.text)):
                begin = span.end if span.display else begin
        return begin

    def is_tabbed(self, line: int) -> bool:
        """Whether a table of cells between tabs begins at a line."""
        tabs = self.lines[line].count("\t")
        if tabs < 2 or line + 1 >= len(self.lines) or self.lines[line + 1].count("\t") != tabs:
            return False
        return sum(bool(cell.strip()) for cell in self.lines[line].split("\t")) > 1

    def tabbed(self, line: int) -> tuple[Iterator[Item], int]:
        """A table of cells between tabs."""
        tabs, rows = self.lines[line].count("\t"), []
        while line < len(self.lines) and self.lines[line].count("\t") == tabs:
            edges = [found.start() for found in TAB.finditer(self.lines[line])]
            rows.append(self.cells(line, [-1, *edges, len(self.lines[line])]))
            line += 1
        return table_items(rows, True, "markdown"), line

    def is_piped(self, line: int) -> bool:
        """Whether a table of cells between bars begins at a line: a head, and a line of dashes below it."""
        if line + 1 >= len(self.lines) or "|" not in self.lines[line]:
            return False
        columns = dashed_columns(self.lines[line + 1])
        return columns > 0 and len(cell_edges(self.lines[line], columns)) == columns + 1

    def piped(self, line: int) -> tuple[Iterator[Item], int]:
        """A table of cells between bars."""
        columns = dashed_columns(self.lines[line + 1])
        rows, line = [self.cells(line, cell_edges(self.lines[line], columns))], line + 2
        while line < len(self.lines) and bars(self.lines[line]):
            rows.append(self.cells(line, cell_edges(self.lines[line], columns)))
            line += 1
        return table_items(rows, True, "markdown"), line

    def cells(self, line: int, edges: Sequence[int]) -> list[Piece]:
        """The cells of a line between its edges; a bar that was escaped is one."""
        begin = self.begins[line]
        pieces = [
            Piece(*cut(self.body, begin + before + 1, begin + after)) for before, after in pairwise(edges)
        ]
        return [
            without(piece, [found.start() for found in ESCAPED_BAR.finditer(piece.text)]) for piece in pieces
        ]


def bars(words: str) -> list[int]:
    """Where the bars of a line stand that are not escaped."""
    return [found.start() for found in PIPE.finditer(words) if found[0] == "|"]


def framed(words: str, separators: Sequence[int]) -> list[int]:
    """The edges of the cells of a line; bars at both its ends are edges themselves."""
    first, behind = trimmed(words, 0, len(words))
    opening = [] if separators and separators[0] == first else [-1]
    closing = [] if separators and separators[-1] == behind - 1 and behind - 1 > first else [len(words)]
    return [*opening, *separators, *closing]


def cell_edges(words: str, columns: int) -> list[int]:
    """The edges of the cells of a line; where their number is wrong, bars in formulas are none."""
    separators = bars(words)
    edges = framed(words, separators)
    if len(edges) == columns + 1 or not separators:
        return edges
    formulas = list(spans(words, 0, len(words), "markdown"))
    begins = [span.begin for span in formulas]
    outside = [bar for bar in separators if not within(formulas, begins, bar)]
    other = framed(words, outside)
    return other if len(other) == columns + 1 else edges


def dashed_columns(words: str) -> int:
    """How many columns the line of dashes below a head has; 0: it is no such line."""
    separators = bars(words)
    if not separators or "-" not in words:
        return 0
    edges = framed(words, separators)
    dashed = all(DELIMITER.fullmatch(words, before + 1, after) for before, after in pairwise(edges))
    return len(edges) - 1 if dashed else 0
