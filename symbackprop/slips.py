"""What is written by hand and is no syntax: a product without a sign, a function without brackets."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Mapping

from symbackprop import operations
from symbackprop.functions import ALIASES, FUNCTIONS

_NUMBER = r"(?<![\w.])(?>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_WORD = r"(?>[^\W\d]\w*)"
_NAME = rf"(?<!\w){_WORD}"
_READ = {"lambda", "None", "True", "False"}
"""Words of Python's that are names here, or are told otherwise."""


def _beside(found: re.Match[str]) -> str:
    left, right = found["left"], found["right"]
    if left in FUNCTIONS or left in ALIASES or left in operations.NAMES:
        return f"write {left}({right})"
    return f"a product is written with *: {left}*{right}"


_SLIPS: Mapping[str, Callable[[re.Match[str]], str]] = {
    ":=": lambda found: "an equation is written with =",
    "['\"`]": lambda found: f"a name has letters, digits and _, and no {found[0]}",
    rf"(?P<left>{_NUMBER})[ \t]*(?P<right>{_WORD})": _beside,
    rf"(?P<left>{_NAME}|{_NUMBER})[ \t]+(?P<right>{_NAME}|\d+)": _beside,
    rf"\)[ \t]*({_WORD}|\d+)": lambda found: f"a product is written with *: (…)*{found[1]}",
    r"(\*\*|[-+*/@=])[ \t]*(?=\)|$)": lambda found: f"write what stands behind {found[1]}",
}
"""What to look for, the likeliest first, and what to write."""


def likely_fix(line: str) -> str:
    """How a line may be meant that is no syntax of the language; nothing where that cannot be told.

    >>> likely_fix("f = 2x + 1")
    'a product is written with *: 2*x'
    >>> likely_fix("f = sin x")
    'write sin(x)'
    >>> likely_fix("f = class + 1")
    "class is a word of Python's and no name: take another, as class_1"
    """
    return next(_fixes(line), "")


def _fixes(line: str) -> Iterator[str]:
    for word in re.findall(_NAME, line):
        if keyword.iskeyword(word) and word not in _READ:
            yield f"{word} is a word of Python's and no name: take another, as {word}_1"
    for pattern, fix in _SLIPS.items():
        found = re.search(pattern, line)
        if found is not None:
            yield fix(found)
