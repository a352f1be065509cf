"""What Numba's code may call, and its machine code kept on disk."""

from __future__ import annotations

import hashlib
import inspect
import math
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np

from symbackprop.backends import numba_functions, numba_kernels, numba_products, scalar_functions
from symbackprop.backends.base import Precision
from symbackprop.backends.namespaces import functions_of
from symbackprop.backends.numba_keeping import kept
from symbackprop.loops import helpers
from symbackprop.lowering.executing import executed

NOWHERE = "<symbackprop>"
"""The file of a source that has none: its machine code is not kept."""


@cache
def scope(precision: Precision) -> Mapping[str, Any]:
    """The functions of the language, products of matrices, what takes matrices apart."""
    found: dict[str, Any] = {**vars(math), **vars(scalar_functions), **vars(helpers)}
    found |= {"__name__": __name__, "np": np, "real": getattr(numba, precision)}
    found |= {**numba_functions.FUNCTIONS, "multiply": numba_products.multiply}
    for module in (scalar_functions, helpers):
        for name, one in functions_of(module).items():
            if name not in numba_functions.FUNCTIONS:
                own = FunctionType(one.__code__, found, name, one.__defaults__)
                found[name] = numba.njit(**numba_functions.EXACT)(own)
    return found


def compiled(source: str, name: str, precision: Precision) -> Callable[..., Any]:
    """The function of that name in a source, as machine code; kept on disk where that is possible.

    Numba keeps machine code beside the file that a function stands in, so the source gets a file, named by
    all that the machine code is made of.
    """
    file = _file(source, precision) or NOWHERE
    options = {**numba_kernels.FAST, "no_cfunc_wrapper": True}
    found: Callable[..., Any] = kept(executed(source, name, scope(precision), str(file)), **options)
    return found


def folder() -> Path:
    """Where sources and their machine code are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "symbackprop" / "numba"


def _file(source: str, precision: Precision) -> Path | None:
    """The file of a source; None where none can be written."""
    content = hashlib.sha256("\0".join((source, precision, _foundations())).encode())
    try:
        path = folder() / f"steps_{content.hexdigest()[:32]}.py"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(source, encoding="utf-8")
            draft.replace(path)
    except (OSError, RuntimeError):
        return None
    return path


@cache
def _foundations() -> str:
    """The text of all modules whose functions become part of the machine code."""
    modules = (scalar_functions, helpers, numba_functions, numba_kernels, numba_products)
    return "\0".join(map(inspect.getsource, modules))
