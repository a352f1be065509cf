"""Decimal commas: 0,25 is a number in a document that writes none with a point."""

from __future__ import annotations

import re
from dataclasses import replace

from symbackprop.papers.pieces import Formula
from symbackprop.papers.reading import Document

_POINT = re.compile(r"\d(?:\.|\{,\})\d")
_NUMBER = re.compile(r"(?<![\w.,^_])(?<![\^_]\{)(?P<whole>\d+),(?P<decimals>\d+)(?![\d,])")
_CERTAIN = re.compile(r"(?<![\w.,^_{])0,\d\d")
"""What is no pair of numbers."""


def with_points(document: Document) -> Document:
    """The document with points for decimal commas in its formulas, every character in its place."""
    texts = [formula.text for formula in document.formulas]
    if any(map(_POINT.search, texts)) or not any(map(_CERTAIN.search, texts)):
        return document
    items = (_with_points(item) if isinstance(item, Formula) else item for item in document.items)
    return replace(document, items=tuple(items))


def _with_points(formula: Formula) -> Formula:
    return replace(formula, text=_NUMBER.sub(r"\g<whole>.\g<decimals>", formula.text))
