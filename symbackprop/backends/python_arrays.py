"""Programs of arrays in plain Python: loops over flat sequences, no other library needed."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from numpy.typing import NDArray
from sympy import Symbol

from symbackprop.backends import scalar_functions
from symbackprop.backends.base import Floats, Precision, ProgramFunction, Recipe
from symbackprop.backends.loop_steppers import ArrayFunction, ArrayStepper, Compiled, Engine
from symbackprop.content import text
from symbackprop.loops import helpers
from symbackprop.loops.model import Routine
from symbackprop.loops.python_code import PythonLoops
from symbackprop.lowering.executing import executed
from symbackprop.lowering.program import Program

RAISED = (ArithmeticError, ValueError)
"""What Python raises where IEEE 754 has infinity or no number."""


class PythonEngine(Engine):
    """CPython, over flat sequences: lists, or arrays of single precision, which round what they hold."""

    def printer(self, routine: Routine, names: Mapping[Symbol, str]) -> PythonLoops:
        """Loops over flat sequences."""
        return PythonLoops(routine, names)

    def compiled(self, source: str, name: str) -> Compiled:
        """The function itself."""
        scope = {**vars(math), **vars(scalar_functions), **vars(helpers), "real": float}
        return executed(source, name, scope)

    def held(self, values: Floats) -> Any:
        """The entries one after the other."""
        flat = values.ravel().tolist()
        return array("f", flat) if self.precision == "float32" else flat

    def table(self, values: NDArray[Any]) -> Any:
        """Lists of rows."""
        return values.tolist()

    def given(self, value: Any, buffer: Any) -> Any:
        """A number without axes is Python's own."""
        found = super().given(value, buffer)
        return found if buffer.shape else float(found)


def python_array_function(program: Program, precision: Precision = "float64") -> ProgramFunction:
    """The values of all lines of a program of arrays; it raises where Python does."""
    return ArrayFunction(program, PythonEngine(precision))


class PythonArrayStepper(ArrayStepper):
    """Training steps of a program of arrays in Python.

    Args:
        recipe: what is trained.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe, PythonEngine(recipe.precision))
        self.choice = text("python: loops in Python")

    def take(self, steps: Compiled, *arguments: Any) -> None:
        """Run the loop; a step that raises is left to what looks for the mistake: its loss is no number."""
        losses = arguments[3]
        for place in range(len(losses)):
            losses[place] = math.nan
        with suppress(*RAISED):
            steps(*arguments)
