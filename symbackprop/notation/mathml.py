"""Formulas in LaTeX as MathML, which a browser shows without a script, a style attribute or a network."""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import html5
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from math_core import LatexError, LatexToMathML

PRIMES = frozenset("′″‴⁗")

CLASSES = {
    "text-align: right;justify-items: end;padding-right: 0;": "right",
    "text-align: left;justify-items: start;padding-left: 0;": "left",
    "text-align: left;justify-items: start;padding-right: 0;": "case",
    "text-align: left;justify-items: start;padding-right: 0;padding-left:1em;": "condition",
}
"""The class that stands for a style attribute: a page under a strict policy may have none of these."""

CSS = """\
math .boxed { display: inline-block math; border: 0.06em solid; padding: 0.3em 0.4em; }
mtd.right { text-align: right; justify-items: end; padding-right: 0; }
mtd.left { text-align: left; justify-items: start; padding-left: 0; }
mtd.case { text-align: left; justify-items: start; padding-right: 0; }
mtd.condition { text-align: left; justify-items: start; padding-right: 0; padding-left: 1em; }
"""
"""How the classes look."""

_ENTITY = re.compile(r"&(\w+;)")
_PADDING = re.compile(
    r"(?:padding-left:(?P<left>[\d.]+(?:em)?);)?(?:padding-right:(?P<right>[\d.]+(?:em)?);)?"
)
_PLACED = re.compile(r"(?<=\\begin\{aligned\})\[[tb]\]")
_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)")
_KEPT = frozenset({"lt;", "gt;", "amp;", "quot;"})


class MathMLError(Exception):
    """A formula that the tool wrote and that cannot be shown: an error of the tool, not of its user."""


_converter = LatexToMathML(fancy_error=False)


@lru_cache(maxsize=20_000)
def mathml(latex: str, *, display: bool = False) -> str:
    """A formula as a `math` element.

    Args:
        latex: the inside of a formula, as `LATEX` of `notation/latex.py` writes it.
        display: as a block of its own instead of within a line.

    Raises:
        MathMLError: a command that has no MathML here.

    >>> mathml("x_1")
    '<math><msub><mi>x</mi><mn>1</mn></msub></math>'
    """
    # The converter knows numbers with a point only; a formula in a language with a comma has no point in it.
    # Nor does it know where `aligned` stands beside its line, which MathML Core cannot say.
    given = _PLACED.sub("", latex)
    pointed = _COMMA.sub(".", given)
    try:
        found = _converter.convert_with_local_state(pointed, displaystyle=display)
    except LatexError as error:
        raise MathMLError(f"{error} In: {latex}") from None
    root = ElementTree.fromstring(_ENTITY.sub(_character, found))
    for element in root.iter():
        _repair(element, latex)
    if pointed != given:
        for number in root.iter("mn"):
            number.text = (number.text or "").replace(".", ",")
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _character(entity: re.Match[str]) -> str:
    """XML knows four named characters, HTML two thousand."""
    return entity[0] if entity[1] in _KEPT else html5[entity[1]]


def _repair(element: Element, latex: str) -> None:
    if element.tag == "menclose":
        element.tag = "mrow"
        element.attrib = {"class": "boxed"}
    if style := element.attrib.pop("style", ""):
        if element.tag == "mpadded" and (padding := _PADDING.fullmatch(style)):
            _space(element, padding["left"], padding["right"])
        elif style in CLASSES:
            element.set("class", CLASSES[style])
        else:
            raise MathMLError(f"No class stands for the style {style!r}. In: {latex}")
    if element.tag in ("msup", "msubsup"):
        _unscript_prime(element)


def _space(element: Element, left: str | None, right: str | None) -> None:
    """Room beside a part as a space of its own instead of a style."""
    element.tag = "mrow"
    if left and left != "0":
        element.insert(0, Element("mspace", {"width": left}))
    if right and right != "0":
        element.append(Element("mspace", {"width": right}))


def _unscript_prime(element: Element) -> None:
    """A prime is high and small already: it follows its letter, and is no superscript."""
    base, *below, above = element
    first = above[0] if above.tag == "mrow" and len(above) else above
    if first.tag != "mo" or first.text not in PRIMES:
        return
    rest = list(above)[1:] if above is not first else []
    primed = Element("mrow")
    primed.extend([base, _prime(first.text)])
    scripts = [*below, *([_row(rest)] if rest else [])]
    element[:] = [primed, *scripts] if scripts else list(primed)
    element.tag = {(0, 0): "mrow", (0, 1): "msup", (1, 0): "msub", (1, 1): "msubsup"}[
        len(below), len(scripts) - len(below)
    ]


def _prime(mark: str | None) -> Element:
    prime = Element("mo", {"lspace": "0", "rspace": "0"})
    prime.text = mark
    return prime


def _row(parts: list[Element]) -> Element:
    if len(parts) == 1:
        return parts[0]
    row = Element("mrow")
    row.extend(parts)
    return row
