"""The one place where code that was generated is run.

It is made of our own words, of numbers and of made-up names; nothing that a user wrote stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def executed(source: str, name: str, scope: Mapping[str, Any]) -> Callable[..., Any]:
    """The function of that name that a source defines; the scope is what it may use."""
    inside = dict(scope)
    exec(compile(source, "<symbackprop>", "exec"), inside)
    found: Callable[..., Any] = inside[name]
    return found
