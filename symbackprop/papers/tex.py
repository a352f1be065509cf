"""A document in LaTeX -> its formulas, tables, headings and prose.

What it includes is not opened; what it defines is expanded in `macros.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from symbackprop.papers.marks import BARE, Span, spans, within
from symbackprop.papers.paragraphs import paragraph_items, table_items
from symbackprop.papers.pieces import Item, Piece, Run, cut, joined

UNREAD = "verbatim|Verbatim|lstlisting|minted|tikzpicture|axis|comment|filecontents"
UNREAD_BEGIN = re.compile(
    rf"{BARE}(?P<sign>%|\\verb\*?(?P<mark>[|+!@/]).*?(?P=mark)|\\begin\s*\{{(?P<name>(?:{UNREAD})\*?)\}})"
)
DOCUMENT_BEGIN = re.compile(r"\\begin\s*\{document\}")
DOCUMENT_END = re.compile(r"\\end\s*\{document\}")
HEADINGS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")
HIGHEST = HEADINGS.index("section")
WIDE_TABLES = ("tabular*", "tabularx", "tabulary")
TABLES = r"tabular[*xy]?|longtable"
DEFINITIONS = (
    "(?:re|provide)?newcommand|DeclareMathOperator|newenvironment|newtheorem|def|let|usepackage|documentclass"
    "|title|author|date|input|include|label|bibliography|bibliographystyle|setlength|setcounter"
)
LAYOUT = (
    "maketitle|centering|noindent|newpage|clearpage|smallskip|medskip|bigskip|par|leavevmode|tableofcontents"
    "|appendix|item"
)
STRUCTURE = re.compile(
    rf"\n\s*\n|{BARE}\\(?:(?P<heading>{'|'.join(HEADINGS)})(?![A-Za-z])\*?"
    rf"|begin\s*\{{(?P<table>{TABLES})\}}|(?P<begin>begin)\s*\{{[A-Za-z]+\*?\}}|end\s*\{{[A-Za-z]+\*?\}}"
    rf"|(?P<definition>{DEFINITIONS})(?![A-Za-z])\*?|(?:{LAYOUT})(?![A-Za-z]))"
)
NEW_NAME = re.compile(r"\\[A-Za-z@]+(?:#\d)*")
BRACE = re.compile(rf"{BARE}(?P<mark>[{{}}])")
CELL_SIGN = re.compile(r"(?P<row>\\\\\*?(?:[ \t]*\[[^\[\]\n]*\])?)|\\.|(?P<sign>[&{])", re.DOTALL)
RULES = re.compile(
    r"(?:\s*\\(?:(?:hline|endhead|endfirsthead|endfoot|endlastfoot)(?![A-Za-z])"
    r"|(?:top|mid|bottom)rule(?![A-Za-z])(?:\[[^\[\]]*\])?|addlinespace(?![A-Za-z])(?:\[[^\[\]]*\])?"
    r"|c(?:line|midrule)(?:\[[^\[\]]*\])?(?:\([^()]*\))?\{[^{}]*\}))+"
)
OPTION = re.compile(r"\[[^\[\]$\\\n]*\]")
LONGEST_OPTION = 200


def read_tex(lines: Sequence[str]) -> list[Item]:
    """What stands in a document, in its order."""
    return list(Reader(lines).items())


def read_runs(lines: Sequence[str]) -> Iterator[Run]:
    """The lines of a document without comments, code and drawings."""
    unread: re.Pattern[str] | None = None
    for number, line in enumerate(lines, 1):
        begin, opening = 0, None
        while unread or begin < len(line) or not line:
            if unread:
                closing = unread.search(line, begin)
                if not closing:
                    break
                begin = closing.end()
            opening = stop_of_line(line, begin)
            end = opening.start("sign") if opening else len(line)
            unread = ending(opening["name"]) if opening and opening["name"] else None
            # A line that holds nothing but a comment ends no paragraph.
            if unread or line[begin:end].strip() or not opening:
                yield Run(line[begin:end] + "\n" * (not unread), number, begin + 1)
            if not unread or opening is None:
                break
            begin = opening.end()


def stop_of_line(line: str, begin: int) -> re.Match[str] | None:
    """Where a line is no longer read: at a comment, at code or at a drawing."""
    found = UNREAD_BEGIN.search(line, begin)
    while found and found["mark"]:
        found = UNREAD_BEGIN.search(line, found.end())
    return found


def ending(name: str) -> re.Pattern[str]:
    """What ends an environment."""
    return re.compile(rf"\\end\s*\{{{re.escape(name)}\}}")


class Reader:
    """Reads a document from one mark of its structure to the next.

    Args:
        lines: its lines.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.body = joined(read_runs(lines))
        self.text = self.body.text
        opening = DOCUMENT_BEGIN.search(self.text)
        self.begin = opening.end() if opening else 0
        closing = DOCUMENT_END.search(self.text, self.begin)
        self.end = closing.start() if closing else len(self.text)
        self.formulas = list(spans(self.text, self.begin, self.end, "latex"))
        self.formula_begins = [span.begin for span in self.formulas]
        self.closing = closing_braces(self.text)
        used = {found["heading"] for found in STRUCTURE.finditer(self.text, self.begin, self.end)} - {None}
        self.highest = min([HIGHEST, *(HEADINGS.index(name) for name in used)])

    def items(self) -> Iterator[Item]:
        """What stands in the document."""
        begin = position = self.begin
        while mark := STRUCTURE.search(self.text, position, self.end):
            position = mark.end()
            if within(self.formulas, self.formula_begins, position - 1):
                continue
            yield from self.paragraph(begin, mark.start())
            found, begin = self.marked(mark)
            yield from found
            position = begin
        yield from self.paragraph(begin, self.end)

    def marked(self, mark: re.Match[str]) -> tuple[Iterator[Item], int]:
        """What a mark of the structure begins, and the offset behind it."""
        behind = mark.end()
        if mark["heading"]:
            return self.heading(mark["heading"], behind)
        if mark["table"]:
            return self.table(mark["table"], behind)
        if mark["definition"]:
            name = NEW_NAME.match(self.text, behind)
            return iter(()), self.behind_arguments(name.end() if name else behind)
        option = OPTION.match(self.text, behind) if mark["begin"] else None
        return iter(()), option.end() if option else behind

    def behind_arguments(self, offset: int, braces: int = 9) -> int:
        """The offset behind the arguments of a command, in brackets or in at most so many pairs of braces."""
        while offset < self.end:
            if self.text[offset] == "{" and offset in self.closing and braces:
                offset, braces = self.closing[offset] + 1, braces - 1
            elif self.text[offset] == "[":
                closing = self.text.find("]", offset, min(offset + LONGEST_OPTION, self.end))
                if closing < 0:
                    break
                offset = closing + 1
            else:
                break
        return min(offset, self.end)

    def paragraph(self, begin: int, end: int) -> Iterator[Item]:
        """What stands in a paragraph."""
        return paragraph_items(self.body, begin, end, self.formulas_between(begin, end))

    def formulas_between(self, begin: int, end: int) -> Sequence[Span]:
        """The formulas from one offset to another."""
        first, last = bisect_left(self.formula_begins, begin), bisect_left(self.formula_begins, end)
        return self.formulas[first:last]

    def heading(self, name: str, behind: int) -> tuple[Iterator[Item], int]:
        """A heading, where its braces are closed."""
        opening = self.behind_arguments(behind, braces=0)
        if opening not in self.closing or self.closing[opening] >= self.end:
            return iter(()), behind
        begin, end = opening + 1, self.closing[opening]
        level = HEADINGS.index(name) - self.highest + 1
        return paragraph_items(self.body, begin, end, self.formulas_between(begin, end), level), end + 1

    def table(self, name: str, behind: int) -> tuple[Iterator[Item], int]:
        """A table, where it is closed."""
        begin = self.behind_arguments(behind, braces=2 if name in WIDE_TABLES else 1)
        marks = re.compile(rf"\\(?P<which>begin|end)\s*\{{{re.escape(name)}\}}")
        closing = marks.search(self.text, begin, self.end)
        if closing is None or closing["which"] == "begin":
            return iter(()), begin
        rows, head = self.rows(begin, closing.start())
        return table_items(rows, head, "latex") if rows else iter(()), closing.end()

    def rows(self, begin: int, end: int) -> tuple[list[list[Piece]], bool]:
        """The rows of a table, and whether a line was drawn below the first."""
        rows: list[list[Piece]] = []
        head = False
        for edges in self.row_edges(begin, end):
            first = edges[0][1]
            rule = RULES.match(self.text, first, edges[1][0])
            head = head or (rule is not None and len(rows) == 1)
            edges[0] = (first, rule.end() if rule else first)
            cells = [Piece(*cut(self.body, before[1], after[0])) for before, after in pairwise(edges)]
            if any(cell.text for cell in cells):
                rows.append(cells)
        return rows, head and len(rows) > 1

    def row_edges(self, begin: int, end: int) -> Iterator[list[tuple[int, int]]]:
        """The signs round the cells of each row: where each begins and ends."""
        edges, position = [(begin, begin)], begin
        while sign := CELL_SIGN.search(self.text, position, end):
            position = sign.end()
            if within(self.formulas, self.formula_begins, sign.start()):
                continue
            if sign["sign"] == "{":
                position = self.closing.get(sign.start(), sign.start()) + 1
            elif sign["sign"] or sign["row"]:
                edges.append(sign.span())
            if sign["row"]:
                yield edges
                edges = [sign.span()]
        yield [*edges, (end, end)]


def closing_braces(text: str) -> Mapping[int, int]:
    """Where each brace that opens is closed."""
    closed: dict[int, int] = {}
    opened: list[int] = []
    for brace in BRACE.finditer(text):
        if brace["mark"] == "{":
            opened.append(brace.start("mark"))
        elif opened:
            closed[opened.pop()] = brace.start("mark")
    return closed
