"""The one place where code that was generated is run.

It is made of our own words, of numbers and of made-up names; nothing that a user wrote stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def executed(
    source: str, name: str, scope: Mapping[str, Any], file: str = "<symbackprop>"
) -> Callable[..., Any]:
    """The function of that name that a source defines.

    Args:
        source: generated code.
        name: of the function.
        scope: what it may use.
        file: where the source stands, for those who look for it there.
    """
    inside = dict(scope)
    exec(compile(source, file, "exec"), inside)
    found: Callable[..., Any] = inside[name]
    return found
