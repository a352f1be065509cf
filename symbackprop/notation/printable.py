"""Words without what steers: control characters, marks of direction, what no file may hold."""

from __future__ import annotations

import re

_SPACE = re.compile(r"\s+")


def printable(words: str) -> str:
    r"""Only what is seen, and spaces.

    >>> printable("A\x1b]0;B\x07\u202eC")
    'A]0;BC'
    """
    return "".join(filter(str.isprintable, words))


def on_one_line(words: str) -> str:
    r"""Only what is seen, with one space where any space stood.

    >>> on_one_line("two\n  lines\u00a0here")
    'two lines here'
    """
    return printable(_SPACE.sub(" ", words))
