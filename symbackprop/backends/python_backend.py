"""The backend `python`: straight-line code over Python's own floats, no other library needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from ctypes import c_float
from typing import Any

import numpy as np

from symbackprop.backends import scalar_functions
from symbackprop.backends.base import (
    Backend,
    Carry,
    Precision,
    ProgramFunction,
    Recipe,
    Stepper,
    lines_of,
)
from symbackprop.backends.numpy_backend import NumpyBackend
from symbackprop.backends.python_arrays import RAISED, PythonArrayStepper, python_array_function
from symbackprop.backends.scalar_steppers import Flat, ScalarStepper
from symbackprop.content import text
from symbackprop.lowering.executing import executed
from symbackprop.lowering.program import Program
from symbackprop.lowering.scalar_code import PythonScalars
from symbackprop.lowering.scalar_steps import StepsCode
from symbackprop.lowering.straight import assignments, definition, prepared, results, safe_names


class PythonBackend(Backend):
    """Python alone."""

    name = "python"

    def function(
        self, program: Program, precision: Precision = "float64", carry: Carry | None = None
    ) -> ProgramFunction:
        """The values of all lines, of numbers example by example; where Python raises, NumPy's."""
        otherwise = NumpyBackend()
        if program.shapes is not None:
            # Rounded values are carried line by line, as NumPy has them.
            return otherwise.function(program, precision, carry) if carry else _of_arrays(program, precision)
        rounding = _rounding(precision, carry)
        run = executed(_program_source(program, rounding is not None), "program", _scope(rounding))

        def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
            shape = np.broadcast_shapes(*(np.shape(one) for one in given))
            columns = [np.broadcast_to(one, shape).ravel().tolist() for one in given]
            try:
                rows = [run(*row) for row in zip(*columns, strict=True)] if columns else [run()]
            except RAISED:
                return otherwise.function(program, precision, carry)(given, sizes)
            found = [np.array(one, dtype=precision).reshape(shape)[()] for one in zip(*rows, strict=True)]
            return list(found)

        return function

    def stepper(self, recipe: Recipe) -> Stepper:
        """The training loop in Python."""
        if recipe.program.shapes is not None:
            return PythonArrayStepper(recipe)
        rounding = _rounding(recipe.precision, None)

        def build(code: StepsCode) -> Callable[..., None]:
            return executed(code.source, "steps", _scope(rounding))

        choice = text("python: {lines} of Python", lines=lines_of(recipe.program))
        return _PythonStepper(recipe, choice, build)


def _of_arrays(program: Program, precision: Precision) -> ProgramFunction:
    """The values of arrays in loops; where Python raises, NumPy says what is infinite."""
    run, otherwise = python_array_function(program, precision), NumpyBackend()

    def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
        try:
            return run(given, sizes)
        except RAISED:
            return otherwise.function(program, precision)(given, sizes)

    return function


def _rounding(precision: Precision, carry: Carry | None) -> Carry | None:
    """What is done to the value of each line: Python itself has only doubles."""
    if precision == "float64":
        return carry
    return _single if carry is None else lambda value: _single(carry(value))


def _single(value: float) -> float:
    """The nearest number of single precision."""
    return c_float(value).value


def _scope(carry: Carry | None) -> dict[str, Any]:
    return {**vars(math), **vars(scalar_functions), "carry": carry}


def _program_source(lines: Program, by_hand: bool) -> str:
    """`program(x0, x1, …)`: the values of all lines."""
    computed = prepared(lines, by_hand=by_hand)
    names = safe_names(lines, computed)
    given = ", ".join(names[symbol] for symbol in lines.given)
    body = assignments(computed, PythonScalars(names), by_hand=by_hand)
    return definition("program", given, [*body, f"return [{', '.join(results(computed, names))}]"])


class _PythonStepper(ScalarStepper):
    """Steps over lists of floats; a step that raises is left to what looks for the mistake."""

    def take(self, steps: Callable[..., None], flat: Flat, *rest: Any) -> None:
        """Run the loop over lists; NaN where Python raised."""
        theta, memory = flat.theta.tolist(), flat.memory.tolist()
        *given, losses = rest
        found = [float("nan")] * len(losses)
        try:
            steps(
                theta, memory, *(one.tolist() if isinstance(one, np.ndarray) else one for one in given), found
            )
        except RAISED:
            theta = [float("nan")] * len(theta)
        flat.theta, flat.memory = (
            np.array(theta, dtype=flat.theta.dtype),
            np.array(memory, dtype=flat.memory.dtype),
        )
        losses[:] = found
