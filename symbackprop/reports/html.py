"""A report as one page of HTML that needs nothing else: the document with its claims marked, and findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment as Templates
from jinja2 import StrictUndefined
from markupsafe import Markup

from symbackprop.check.claims import Claim, Report
from symbackprop.check.tex import Tex
from symbackprop.content import Text
from symbackprop.notation.mathml import CSS
from symbackprop.page.style import asset, fonts, policy_hash
from symbackprop.papers.reading import Formula, Heading, Item, Piece, Prose, Table
from symbackprop.reports.formulas import formula, in_row
from symbackprop.reports.marks import Marker, sign
from symbackprop.reports.prose import inside, prose
from symbackprop.reports.speech import Speech
from symbackprop.reports.words import (
    VERDICTS,
    WORDS,
    first_wrong_of,
    follow_ups,
    reason_of,
    summary_of,
)
from symbackprop.reports.words import findings as findings_of
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.hypertext import html_words

_CYRILLIC = re.compile("[\u0400-\u04ff]")
_SIGNED = re.compile(r'(?<!"kept">)(<math\b(?:(?!</math>).)*</math>[,;:]+)', re.DOTALL)


def write_html(report: Report, language: Language = ENGLISH, *, every: bool = False) -> str:
    """The report as a page.

    Args:
        report: of the document.
        language: to write in.
        every: list what is right too among the findings.
    """
    say = _PageSpeech(language, html_words, formula)
    writer = _PageWriter(report, say)
    body = writer.body()
    findings = writer.findings(every=every)
    title, summary = say.plain(report.name), say(summary_of(report))
    cyrillic = bool(_CYRILLIC.search(body + findings + title + summary))
    style = "\n".join([fonts(cyrillic=cyrillic), CSS, asset("page.css"), asset("report.css")])
    page: str = _template().render(
        language=language.code,
        title=Markup(title),
        heading=Markup(title.replace("/", "/<wbr/>")),
        summary=Markup(summary),
        first=Markup(writer.first_wrong()),
        findings=Markup(findings),
        body=Markup(body),
        style=Markup(style),
        style_hash=policy_hash(style),
        word=lambda name: Markup(say(WORDS[name])),
    )
    return page


class _PageSpeech(Speech):
    """Keeps a sign with the formula before it, where a line could break."""

    def __call__(self, content: Text | Tex | Sequence[Tex] | str | int) -> str:
        return _SIGNED.sub(r'<span class="kept">\1</span>', super().__call__(content))


@cache
def _template() -> Any:
    templates = Templates(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return templates.from_string(asset("report.html"))


class _PageWriter:
    """Puts a document and what is said of it into HTML."""

    def __init__(self, report: Report, say: Speech) -> None:
        self.report, self.say = report, say
        self.marker = Marker(report, say)
        formulas = (item for item in report.document.items if isinstance(item, Formula))
        self.numbers = {id(item): number for number, item in enumerate(formulas)}
        self.loose = [number for number, claim in enumerate(report.claims) if claim.formula is None]

    # The document.

    def body(self) -> str:
        """The document, its claims marked."""
        return "\n".join(self._blocks(self.report.document.items))

    def _blocks(self, items: Sequence[Item]) -> Iterator[str]:
        place = 0
        while place < len(items):
            item = items[place]
            place += 1
            if isinstance(item, Formula):
                yield self._block(item, f'<span class="math" tabindex="-1">{self._formula(item)}</span>')
                continue
            within: list[Formula] = []
            while place < len(items) and isinstance(one := items[place], Formula) and _holds(item, one):
                within.append(one)
                place += 1
            yield self._table(item, within) if isinstance(item, Table) else self._words(item, within)

    def _block(self, piece: Piece, content: str) -> str:
        return f'<div class="block" data-line="{piece.place(0)[0]}">{content}</div>'

    def _formula(self, item: Formula) -> str:
        return self.marker.formula(self.numbers[id(item)], item)

    def _in_words(self, item: Formula) -> str:
        shown = self._formula(item)
        return f'<span class="math">{shown}</span>' if item.display else shown

    def _words(self, item: Prose | Heading, within: Sequence[Formula]) -> str:
        words = prose(item, self.report.document.kind, within, self._in_words)
        if isinstance(item, Prose):
            return self._block(item, f"<p>{words}</p>")
        if item.level > 6:
            return self._block(item, f'<p class="short">{words}</p>')
        tag = f"h{min(item.level + 2, 6)}"
        return self._block(item, f"<{tag}>{words}</{tag}>")

    def _table(self, table: Table, within: Sequence[Formula]) -> str:
        rows = [
            self._row(row, within, head=table.head and not number) for number, row in enumerate(table.rows)
        ]
        if not rows:
            return ""
        head, body = ([rows[0]], rows[1:]) if table.head else ([], rows)
        shown = (f"<thead>{''.join(head)}</thead>" if head else "") + f"<tbody>{''.join(body)}</tbody>"
        first = next((row[0] for row in table.rows if row), None)
        whole = f'<div class="table" tabindex="0"><table>{shown}</table></div>'
        return self._block(first, whole) if first is not None else whole

    def _row(self, row: Sequence[Piece], within: Sequence[Formula], *, head: bool) -> str:
        tag = 'th scope="col"' if head else "td"
        cells = (f"<{tag}>{self._cell(cell, within)}</{tag[:2]}>" for cell in row)
        return f"<tr>{''.join(cells)}</tr>"

    def _cell(self, cell: Piece, within: Sequence[Formula]) -> str:
        own = [one for one in within if inside(cell, one)]
        content = prose(cell, self.report.document.kind, own, self._in_words).strip()
        claims = [number for number in self.loose if _stands_in(cell, self.report.claims[number])]
        claims = [number for number in claims if number not in self.marker.shown]
        if len(claims) == 1 and 'class="claim' not in content:
            return self.marker.claim(claims[0], content)
        return content + self.marker.chips(claims)

    # What is said of it.

    def first_wrong(self) -> str:
        """A link to the first mistake."""
        first, said = self.report.first_wrong, first_wrong_of(self.report)
        if first is None or said is None:
            return ""
        return f'<p><a href="#{self._target(self._number(first))}">{self.say(said)}</a></p>'

    def _number(self, claim: Claim) -> int:
        return next(number for number, one in enumerate(self.report.claims) if one is claim)

    def _target(self, number: int) -> str:
        return f"c{number}" if number in self.marker.shown else f"f{number}"

    def findings(self, *, every: bool) -> str:
        """What is to be said, with links to where it stands."""
        told = {id(claim) for claim in findings_of(self.report, every=every)}
        listed = [
            self._finding(number, claim)
            for number, claim in enumerate(self.report.claims)
            if id(claim) in told
        ]
        if not listed:
            return f"<p>{self.say(WORDS['no-findings'])}</p>"
        return f'<ol class="findings">{"".join(listed)}</ol>'

    def _finding(self, number: int, claim: Claim) -> str:
        place = f"{self.say(WORDS['line'])} {claim.line}"
        if number in self.marker.shown:
            place = f'<a href="#c{number}">{place}</a>'
        title = f'<span class="verdict">{sign(claim.verdict)}{self.say(VERDICTS[claim.verdict])}</span>'
        reason = reason_of(claim)
        said = "" if reason is None else f": {self.say(reason)}"
        beside = "".join(f"<p>{self.say(one)}</p>" for one in follow_ups(claim))
        return (
            f'<li class="{claim.verdict}" id="f{number}"><p>{place} {title}{said}</p>'
            f'<p class="claimed">{formula(in_row(claim.latex))}</p>{beside}</li>'
        )


def _holds(item: Prose | Heading | Table, formula: Formula) -> bool:
    """Whether a formula that follows an item stands in it."""
    return formula.table if isinstance(item, Table) else inside(item, formula)


def _stands_in(cell: Piece, claim: Claim) -> bool:
    return cell.place(0) <= (claim.line, claim.column) <= cell.place(len(cell.text))
