"""Python's cyclic garbage collector, left out where a large graph grows and nothing becomes garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector, which would walk over all that there is again and again as more is made.

    What is not in a cycle is freed as ever. Also to be set above a function, as `@uncollected()`.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
