"""The backend `numba`: straight-line machine code for small graphs, loops over forms for large ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symbackprop.backends.base import (
    Backend,
    Carry,
    Precision,
    ProgramFunction,
    Recipe,
    Stepper,
    lines_of,
    not_by_hand,
)
from symbackprop.backends.numba_arrays import NumbaArrayStepper, numba_array_function
from symbackprop.backends.numba_scope import compiled
from symbackprop.backends.numpy_backend import form_by_form
from symbackprop.backends.scalar_steppers import ScalarStepper
from symbackprop.content import text
from symbackprop.lowering.form_steps import FormStepsCode
from symbackprop.lowering.program import Program
from symbackprop.lowering.scalar_code import PythonScalars
from symbackprop.lowering.scalar_steps import StepsCode
from symbackprop.lowering.straight import assignments, definition, prepared, results, safe_names


def _real(precision: Precision) -> str:
    return "" if precision == "float64" else "real"


MOST_LINES = 120
"""Compilers take minutes over straight-line code of thousands of lines; longer programs become loops."""


class NumbaBackend(Backend):
    """Numba."""

    name = "numba"
    extra = "numba"

    def function(
        self, program: Program, precision: Precision = "float64", carry: Carry | None = None
    ) -> ProgramFunction:
        """The values of all lines, of numbers example by example."""
        if carry is not None:
            raise not_by_hand(self.name)
        if program.shapes is not None:
            return numba_array_function(program, precision)
        if len(program.lines) > MOST_LINES:
            return form_by_form(program, np.dtype(precision).type)
        run = compiled(_rows_source(program, _real(precision)), "program", precision)
        count = len(program.lines)

        def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
            shape = np.broadcast_shapes(*(np.shape(one) for one in given))
            columns = np.array([np.broadcast_to(one, shape or (1,)) for one in given], dtype=precision)
            out = np.zeros((count, *(shape or (1,))), dtype=precision)
            run(columns.reshape(len(given), -1), out)
            return list(out) if shape else list(out[:, 0])

        return function

    def stepper(self, recipe: Recipe) -> Stepper:
        """The training loop as machine code: straight lines, a loop a form of many, loops of arrays."""
        if recipe.program.shapes is not None:
            return NumbaArrayStepper(recipe)
        lines, real = lines_of(recipe.program), _real(recipe.precision)
        if lines.count > MOST_LINES:
            choice = text("numba: loops over the forms of {lines}", lines=lines)
            return ScalarStepper(recipe, choice, _by_forms(recipe), real)
        choice = text("numba: straight-line machine code of {lines}", lines=lines)
        return ScalarStepper(
            recipe, choice, lambda code: compiled(code.source, "steps", recipe.precision), real
        )


def _by_forms(recipe: Recipe) -> Callable[[StepsCode], Callable[..., None]]:
    def build(code: StepsCode) -> Callable[..., None]:
        forms = FormStepsCode(code)
        steps = compiled(forms.source, "steps", recipe.precision)
        values, sums = (np.zeros(size, dtype=recipe.precision) for size in (forms.room, len(recipe.start)))

        def run(*given: Any) -> None:
            steps(*given, forms.tables, values, sums)

        return run

    return build


def _rows_source(lines: Program, real: str) -> str:
    """`program(given, out)`: for each column of what is given the values of all lines."""
    computed = prepared(lines)
    names = safe_names(lines, computed)
    inner = [
        *(f"{names[symbol]} = given[{place}, e]" for place, symbol in enumerate(lines.given)),
        *assignments(computed, PythonScalars(names, real)),
        *(f"out[{place}, e] = {name}" for place, name in enumerate(results(computed, names))),
    ]
    return definition(
        "program", "given, out", ["for e in range(out.shape[1]):", *(f"    {one}" for one in inner)]
    )
