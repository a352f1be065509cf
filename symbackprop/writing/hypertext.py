"""What a page and a cell of a notebook share: words and numbers in HTML, outside of formulas."""

from __future__ import annotations

from html import escape

from symbackprop.notation.numbers import number_parts
from symbackprop.notation.printable import on_one_line


def html_words(words: str) -> str:
    """Words escaped, without what turns the direction of writing or is not seen.

    >>> html_words("a <b>\u202e\\nc")
    'a &lt;b&gt; c'
    """
    return escape(on_one_line(words))


def html_number(digits: str, point: str = ".") -> str:
    """A number alone, which needs no formula.

    >>> html_number("-5.85e-05", ",")
    '−5,85×10<sup>−5</sup>'
    """
    sign, mantissa, exponent = number_parts(digits, point)
    shown = f"{sign}{mantissa}×10<sup>{exponent}</sup>" if exponent else sign + mantissa
    return shown.replace("-", "−")
