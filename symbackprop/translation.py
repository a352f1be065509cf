"""The languages in which results are written: catalogs of gettext, and the sign in a decimal."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from symbackprop.errors import OptionError, did_you_mean, listing

NAMES: Mapping[str, str] = {"en": "English", "it": "italiano", "ru": "русский"}
"""Every language by its code, as it calls itself."""

CATALOGS = Path(__file__).parent / "locale"

Decimal = Literal["point", "comma"]


@dataclass(frozen=True)
class Language:
    """A language to write in.

    Attributes:
        code: `en`, `it` or `ru`.
        decimal: what stands in a decimal: a `point` or a `comma`.
    """

    code: str = "en"
    decimal: Decimal = "point"

    def __call__(self, template: str, plural: str = "", count: int = 1) -> str:
        """A template in this language.

        Args:
            template: in English, of one thing where there is a plural.
            plural: in English, of several things; none: there is only one form.
            count: how many things there are.

        >>> Language()("{count} step", "{count} steps", 2)
        '{count} steps'
        """
        if not template:
            return ""
        catalog = _catalog(self.code)
        return catalog.ngettext(template, plural, count) if plural else catalog.gettext(template)

    @property
    def comma(self) -> str:
        """What stands between things in a row: a comma, where that does not stand in numbers."""
        return ", " if self.decimal == "point" else "; "

    @property
    def gap(self) -> str:
        """What stands between the entries of a matrix, whose rows stand behind semicolons."""
        return ", " if self.decimal == "point" else "  "

    @property
    def point(self) -> str:
        """What stands before the decimals of a number."""
        return "." if self.decimal == "point" else ","


@cache
def _catalog(code: str) -> gettext.NullTranslations:
    if code == "en":
        return gettext.NullTranslations()
    return gettext.translation("symbackprop", CATALOGS, languages=[code])


def find_language(code: str, decimal: str = "point") -> Language:
    """The language of that code.

    Raises:
        OptionError: there is none, or no such sign.

    >>> find_language("it", "comma").comma
    '; '
    """
    if code not in NAMES:
        raise OptionError(
            f"there is no language {code!r}",
            where=f"--language {code}",
            known=listing(NAMES),
            fix=did_you_mean(code, NAMES),
        )
    if decimal not in ("point", "comma"):
        raise OptionError(f"a decimal has no {decimal!r}", where=f"--decimal {decimal}", known="point, comma")
    return Language(code, "comma" if decimal == "comma" else "point")


ENGLISH = Language()
