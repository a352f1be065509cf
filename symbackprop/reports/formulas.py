"""Formulas of a document in HTML: what cannot be shown as one stands there as its source."""

from __future__ import annotations

import re
from html import escape
from xml.etree.ElementTree import ParseError

from symbackprop.notation.mathml import MathMLError, mathml
from symbackprop.notation.printable import on_one_line
from symbackprop.reports.marked import rows

LONGEST = 4000
"""Characters of a formula that is shown as one."""

_LEFT_OUT = re.compile(r"\\(?:label|tag)\*?\s*\{[^{}]*\}|\\(?:nonumber|notag)\b|(?<!\\)%[^\n]*")
_DEFINES = re.compile(r"\\(?:re|provide)?newcommand|\\e?def\b|\\let\b|\\DeclareMathOperator")
_RELATION = re.compile(
    r"\s*(?:[=<>≈≤≥]|\\(?:approx|equiv|leq?|geq?|neq?|to|leftarrow|gets|implies|Rightarrow)\b)"
)
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\s*\{(?:aligned|alignat|align|gathered|gather|split)\*?\}(?:\[[tbc]\])?"
)
_BREAK = re.compile(r"(?:\\\\|\s)+\Z")


def formula(latex: str) -> str:
    r"""A formula as MathML, or its source.

    >>> formula(r"\unknown{x} < 1")
    '<code>\\unknown{x} &lt; 1</code>'
    """
    return element(latex) or code(latex)


def code(source: str) -> str:
    """The source of a formula."""
    return f"<code>{escape(on_one_line(source).strip())}</code>"


def element(latex: str) -> str | None:
    """A formula as MathML; None: it cannot be shown as one.

    What a student wrote may be nested more deeply than the converter can bear, hence the limit of its length.
    """
    if len(latex) > LONGEST or _DEFINES.search(latex):
        return None
    shown = _BREAK.sub("", on_one_line(_LEFT_OUT.sub("", latex)))
    # A relation with nothing before it would stand without the space round it.
    given = f"{{}}{shown}" if _RELATION.match(shown) else shown
    try:
        return mathml(given) if shown else ""
    except (MathMLError, ParseError, KeyError, ValueError, RecursionError):
        return None


def in_row(latex: str) -> str:
    """A formula without the marks of lines and columns, be they whole pairs or halves."""
    cut = rows(latex, [])
    if cut is None:
        cut = rows(_ENVIRONMENT.sub("", latex), [])
    return latex if cut is None else r" \quad ".join(part.latex for row in cut for part in row.parts)
