"""The backend `numpy`: one operation of NumPy for each operation of a formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symbackprop.backends.base import Backend, Carry, Precision, ProgramFunction, Recipe, Stepper
from symbackprop.backends.namespaces import bound
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.program import Program
from symbackprop.lowering.straight import (
    assignments,
    definition,
    executed,
    prepared,
    results,
    safe_names,
    unpacked,
)


def program_source(lines: Program, namespace: str, *, by_hand: bool = False) -> str:
    """`program(given, sizes)` in the words of a library of arrays: the values of all lines."""
    computed = prepared(lines, by_hand=by_hand)
    names = safe_names(lines, computed)
    body = [
        *unpacked((names[symbol] for symbol in lines.given), "given"),
        *unpacked((names[symbol] for symbol in lines.sizes), "sizes"),
        *assignments(computed, ArrayCode(names, namespace), by_hand=by_hand),
        f"return [{', '.join(results(computed, names))}]",
    ]
    return definition("program", "given, sizes", body)


class NumpyBackend(Backend):
    """NumPy."""

    name = "numpy"

    def function(
        self, program: Program, precision: Precision = "float64", carry: Carry | None = None
    ) -> ProgramFunction:
        """The values of all lines."""
        real = np.dtype(precision).type
        source = program_source(program, "np", by_hand=carry is not None)
        run = executed(source, "program", {**bound(np, real), "carry": carry})

        def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
            found: list[Any] = run([np.asarray(one, dtype=real)[()] for one in given], sizes)
            return found

        return function

    def stepper(self, recipe: Recipe) -> Stepper:
        """Steps in Python, of operations of NumPy."""
        raise NotImplementedError
