"""Sentences that exported code prints: nothing in their words ends a string, and their fields are code."""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter

from symbackprop.content import Text
from symbackprop.notation.printable import on_one_line
from symbackprop.translation import Language


def in_string(words: str) -> str:
    r"""Words in double quotes.

    >>> in_string('a "b" \\ c')
    'a \\"b\\" \\\\ c'
    """
    return on_one_line(words).replace("\\", "\\\\").replace('"', '\\"')


def in_inner_string(words: str) -> str:
    """Words in single quotes within the braces of an f-string, where Python 3.11 takes no backslash.

    >>> in_inner_string("d'accordo")
    'd’accordo'
    """
    return on_one_line(words).translate(_TYPOGRAPHIC)


_TYPOGRAPHIC = str.maketrans({"'": "’", '"': "”", "\\": "∖"})


def in_f_string(told: Text, language: Language) -> str:
    """A sentence in double quotes after an f; its fields are expressions in their braces.

    >>> from symbackprop.content import text
    >>> in_f_string(text("error {error} of {count}", error="{error:.1e}", count="{n}"), Language())
    'error {error:.1e} of {n}'
    """
    return _spoken(told, language, lambda words: in_string(words).replace("{", "{{").replace("}", "}}"))


def in_c_string(words: str) -> str:
    r"""Words in double quotes in C, where two question marks may be a trigraph.

    >>> in_c_string("what??/")
    'what\\?\\?/'
    """
    return in_string(words).replace("?", r"\?")


def in_printf(told: Text, language: Language) -> str:
    """A sentence as a format of `printf`; its fields are conversions, as %.1e, and keep their order.

    >>> from symbackprop.content import text
    >>> in_printf(text("error {error}, 100%", error="%.1e"), Language())
    'error %.1e, 100%%'
    """
    return _spoken(told, language, lambda words: in_c_string(words).replace("%", "%%"))


def _spoken(told: Text, language: Language, literal: Callable[[str], str]) -> str:
    """A text whose words are made harmless, and whose fields stay as they are."""
    template = language(told.template, told.plural, told.count)
    return "".join(
        literal(words) + (str(told.fields[name]) if name else "")
        for words, name, _, _ in Formatter().parse(template)
    )
