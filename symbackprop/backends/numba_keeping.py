"""Machine code kept on disk where there is a folder for it; what is broken there is compiled anew."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
from numba.core.caching import FunctionCache

BROKEN = (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, ValueError, OSError)
"""What reading of a file raises that was not written to its end, or by others."""


class Kept(FunctionCache):  # type: ignore[misc]
    """Numba's files of a function, which may be broken, and need not be written."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What was kept for these types; None: nothing that can be read."""
        try:
            return super().load_overload(sig, target_context)
        except BROKEN:
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it, if the disk has room."""
        with suppress(*BROKEN):
            super().save_overload(sig, data)


def kept(function: Callable[..., Any], **options: Any) -> Any:
    """A function that Numba compiles when it is called."""
    found = numba.njit(**options)(function)
    with suppress(RuntimeError):  # Numba found no folder that it may write to.
        found._cache = Kept(function)
    return found


def kept_callback(signature: Any, function: Callable[..., Any], **options: Any) -> Any:
    """A function that others call by its address."""
    try:
        return numba.cfunc(signature, cache=True, **options)(function)
    except (RuntimeError, *BROKEN):
        return numba.cfunc(signature, **options)(function)
