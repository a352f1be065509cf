"""Programs of arrays in Numba: fused loops, products that keep tiles in registers, BLAS for large ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from symbackprop.backends.base import Floats, Precision, ProgramFunction, Recipe
from symbackprop.backends.loop_steppers import ArrayFunction, ArrayStepper, Compiled, Engine, Sizes
from symbackprop.backends.numba_loops import NumbaLoops
from symbackprop.backends.numba_products import machine_code
from symbackprop.backends.numba_scope import compiled
from symbackprop.content import text
from symbackprop.loops.model import Routine
from symbackprop.loops.python_code import PythonLoops
from symbackprop.lowering.program import Program

LINE = 64
"""Bytes that memory gives at once: vectors that lie across two of them take twice as long."""


class NumbaEngine(Engine):
    """Numba, over arrays."""

    extras = ("ways",)

    def printer(self, routine: Routine, names: Mapping[Symbol, str]) -> PythonLoops:
        """Loops over arrays, and calls of products."""
        return NumbaLoops(routine, names, "" if self.precision == "float64" else "real")

    def compiled(self, source: str, name: str) -> Compiled:
        """Machine code."""
        return compiled(source, name, self.precision)

    def held(self, array: Floats) -> Any:
        """The entries one after the other in memory; what is read only would be compiled for anew."""
        return np.require(array, requirements=("C", "A", "W"))

    def table(self, array: NDArray[Any]) -> Any:
        """The rows one after the other; a file's are not copied."""
        return np.ascontiguousarray(array)

    def extra(self, loops: PythonLoops, sizes: Sizes) -> tuple[Any, ...]:
        """The addresses of what the products call."""
        assert isinstance(loops, NumbaLoops)
        codes = [machine_code(one.way(sizes), self.precision) for one in loops.products]
        return (np.array([one.address for one in codes], dtype=np.int64),)


def numba_array_function(program: Program, precision: Precision = "float64") -> ProgramFunction:
    """The values of all lines of a program of arrays."""
    return ArrayFunction(program, NumbaEngine(precision))


class NumbaArrayStepper(ArrayStepper):
    """Training steps of a program of arrays as machine code.

    Args:
        recipe: what is trained.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe, NumbaEngine(recipe.precision))
        assert isinstance(self.loops, NumbaLoops)
        large = [one.count(self.sizes) for one in self.loops.products if one.way(self.sizes) == "blas"]
        shown = ", ".join(
            dict.fromkeys(f"({rows}×{inner}) ({inner}×{columns})" for rows, columns, inner in large)
        )
        self.choice = text("numba: fused loops")
        if shown:
            self.choice = text("numba: fused loops, BLAS for the products {products}", products=shown)
