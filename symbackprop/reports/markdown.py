"""Reports in Markdown, to be put under a submission as a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symbackprop.check.claims import Claim, Report
from symbackprop.notation.printable import on_one_line
from symbackprop.reports.speech import Speech
from symbackprop.reports.words import SIGNS, VERDICTS, WORDS, findings, follow_ups, reason_of, summary_of
from symbackprop.translation import ENGLISH, Language

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|$~&@!])")
_TICKS = re.compile(r"`+")


def write_markdown(report: Report, language: Language = ENGLISH, *, every: bool = False) -> str:
    """The report in Markdown.

    Args:
        report: of the document.
        language: to write in.
        every: list what is right too.
    """
    say = Speech(language, _plain, _formula)
    blocks = [f"# {say.plain(report.name)}", f"**{say(summary_of(report))}**"]
    first = report.first_wrong
    if first is not None:
        blocks.append(f"{say(WORDS['first'])}: **{first.line}**")
    told = findings(report, every=every)
    if told:
        blocks.append("\n".join(_table(told, say)))
    elif report.claims:
        blocks.append(say(WORDS["no-findings"]))
    return "\n\n".join(blocks) + "\n"


def _table(claims: list[Claim], say: Speech) -> Iterator[str]:
    heads = [say(WORDS[name]) for name in ("line", "verdict", "formula", "reason")]
    yield f"| {' | '.join(heads)} |"
    yield "| --: | :-- | :-- | :-- |"
    for claim in claims:
        yield f"| {' | '.join(_cells(claim, say))} |"


def _cells(claim: Claim, say: Speech) -> Iterator[str]:
    yield str(claim.line)
    yield f"{SIGNS[claim.verdict]} {say(VERDICTS[claim.verdict])}"
    yield _code(claim.latex)
    reason = reason_of(claim)
    sentences = [*([] if reason is None else [reason]), *follow_ups(claim)]
    yield "<br>".join(map(say, sentences))


def _plain(words: str) -> str:
    return _SPECIAL.sub(r"\\\1", words)


def _formula(latex: str) -> str:
    r"""A formula in a cell, where a bar would end the cell and a dollar the formula."""
    shown = on_one_line(latex).strip()
    if not shown or "$" in shown.replace(r"\$", "") or shown.endswith("\\"):
        return _code(shown)
    barless = re.sub(r"\\?\|", lambda bar: r"\Vert " if bar[0] == r"\|" else r"\vert ", shown)
    tagless = barless.replace("<", r"\lt ").replace(">", r"\gt ")
    return f"${tagless}$"


def _code(source: str) -> str:
    """The source of a formula as it stands; in a cell a bar is escaped even there."""
    shown = on_one_line(source).strip()
    if not shown:
        return ""
    longest = max(map(len, _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{gap}{shown}{gap}{fence}".replace("|", r"\|")
