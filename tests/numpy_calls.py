"""Every function of the language as the NumPy backend computes it, by the name of its SymPy class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Symbol

from symbackprop.backends.namespaces import bound
from symbackprop.expressions import call
from symbackprop.functions import FUNCTIONS, Declared, Entry
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.executing import executed
from symbackprop.lowering.straight import definition


def _function(entry: Entry) -> Callable[..., Any]:
    """The call of the function as it is printed, over arguments a0, a1, …; a test comes as it is."""
    symbols = [Symbol(f"a{place}") for place in range(len(entry.arguments))]
    names = {symbol: symbol.name for symbol in symbols}
    code = ArrayCode(names)(call(entry.head, *symbols))
    arguments = ", ".join(names.values())
    return executed(definition("function", arguments, [f"return {code}"]), "function", bound(np, np.float64))


NUMPY_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    entry.head.__name__: _function(entry)
    for entry in FUNCTIONS.values()
    if issubclass(entry.head, Declared) or entry.head is sympy.erf
}
