"""The functions for arrays under another library's namespace."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from symbackprop.backends import array_functions


def functions_of(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions that a module defines, by name."""
    return {
        name: one
        for name, one in vars(module).items()
        if isinstance(one, FunctionType) and one.__module__ == module.__name__
    }


def bound(namespace: Any, real: Any, own: ModuleType | None = None) -> dict[str, Any]:
    """The functions of `array_functions` computing with another library.

    Args:
        namespace: what they call `np`.
        real: the kind of all numbers there.
        own: a module of functions that take the place of those of the same name.
    """
    scope: dict[str, Any] = {**vars(array_functions), **(vars(own) if own is not None else {})}
    scope |= {"np": namespace, "REAL": real}
    chosen = functions_of(array_functions) | (functions_of(own) if own is not None else {})
    for name, one in chosen.items():
        scope[name] = FunctionType(one.__code__, scope, name, one.__defaults__)
    return scope
