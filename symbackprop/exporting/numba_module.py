"""A derivation as a module of Numba: lines of numbers or loops over arrays, compiled when they are called."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

from sympy import Symbol

from symbackprop.backends.base import Precision
from symbackprop.content import text
from symbackprop.exporting import differences
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.helpers import LOOPS, NUMBERS
from symbackprop.exporting.layout import Lines, bracketed
from symbackprop.exporting.loop_formulas import LoopPass, loop_passes
from symbackprop.exporting.numba_passes import COMPILED, LoopPasses, NumbaPasses
from symbackprop.exporting.passes import Passes
from symbackprop.exporting.python_module import PythonModule
from symbackprop.exporting.scalar_text import ReadablePython
from symbackprop.exporting.strings import in_f_string

KINDS = ("Values", "Deltas", "Gradients")
"""What the passes give back: tuples with names."""


class NumbaModule(PythonModule):
    """One module; its check compares with central differences."""

    namespace = "np"
    library = "Numba"
    imports = ("import sys", "from collections import namedtuple", "", "from numba import njit")
    words = frozenset({"np", "njit", "namedtuple", "forward", "backward", *KINDS})
    modules = (NUMBERS, LOOPS)

    @cached_property
    def loops(self) -> tuple[LoopPass, LoopPass] | None:
        """Both passes as loops; None: all are numbers."""
        return None if self.sheet.derivation.shapes is None else loop_passes(self.sheet)

    @property
    def wishes(self) -> Mapping[Symbol, str]:
        """The names of parts too."""
        parts = {one: one.name for loops in self.loops or () for one in loops.parts}
        return {**self.sheet.wishes, **parts}

    def passes_of(self, names: dict[Symbol, str]) -> NumbaPasses:
        """The two passes, where the symbols are called so."""
        if self.loops is None:
            return NumbaPasses(self.sheet, names, ReadablePython(names))
        return LoopPasses(self.sheet, names, self.loops, "float32" if self.is_single else "")

    def called_in(self, passes: Passes) -> frozenset[str]:
        """What the two passes and their functions call, those of the standard library too."""
        return super().called_in(passes) | frozenset(self._of_math(passes))

    def _of_math(self, passes: Passes) -> Lines:
        """The functions of the standard library that are called."""
        reads = {name for one in super().called_in(passes) for name in self.copied[one].reads}
        return sorted((reads | set(passes.used)) & set(vars(math)))

    def imported(self, helpers: Sequence[str]) -> Lines:
        """The imports: what `math` has is called by its name."""
        names = self._of_math(self.passes)
        first, second, blank, *rest = self.imports
        numpy = [] if self.loops is None else ["import numpy as np"]
        math_too = [f"from math import {', '.join(names)}"] if names else []
        return [first, second, *math_too, blank, *numpy, *rest]

    def results(self) -> Lines:
        """Values = namedtuple("Values", ["Q", "K"]), and so on."""
        found = {
            "Values": [self.names[one.symbol] for one in self.passes.returned],
            "Deltas": [self.names[one.symbol] for one in self.sheet.deltas],
            "Gradients": self.passes.wrt,
        }
        return [
            "",
            *(
                line
                for kind, names in found.items()
                if names
                for line in bracketed(f'{kind} = namedtuple("{kind}", [', [f'"{one}"' for one in names], "])")
            ),
        ]

    def functions(self) -> Lines:
        """The functions that are called, compiled."""
        found = super().functions()
        return [f"{COMPILED}\n{one}" if one.startswith("def ") else one for one in found]

    def interface(self) -> list[Lines]:
        """loss_and_gradients(w, x)."""
        whole = self.passes.signature("loss_and_gradients")
        given = ", ".join(self.passes.arguments)
        short, output = len(whole) == 1, self.passes.output
        filling = {
            "signature": whole[0] if short else "def loss_and_gradients(*given):",
            "given": given if short else "*given",
            "output": output,
        }
        told = text("{output} and its gradients.", output=output)
        return [[COMPILED, *self.documented(_LOSS_AND_GRADIENTS, told, **filling)]]

    def check(self) -> list[Lines]:
        """Central differences of the loss."""
        output = self.passes.output
        if self.loops is None:
            return self._check_of_numbers(output)
        exactness = differences.SINGLE if self.is_single else differences.DOUBLE
        return [
            differences.difference(
                self.sheet, output, f"forward(**{{**given, name: moved[()]}}).{output}", exactness
            ),
            differences.check(
                self.sheet,
                output,
                exactness,
                places=self.compared_places,
                given=_SINGLE if self.is_single else "*given.values()",
                entry="[()]",
                items="._asdict()",
            ),
        ]

    def _check_of_numbers(self, output: str) -> list[Lines]:
        moved = text("{quotient} for one argument w.", quotient=differences.quotient(output))
        compared = text("Compare every gradient with a central difference, and print its relative error.")
        error = text("relative error {error}", error="{error:.1e}")
        filling = {
            "error": in_f_string(error, self.sheet.language),
            **differences.outcome(self.sheet),
        }
        return [
            self.documented(_DIFFERENCE, moved, output=output),
            self.documented(_CHECK, compared, output=output, **filling),
        ]


def files(sheet: Sheet, name: str, precision: Precision = "float64") -> dict[str, str]:
    """The module, by the name of its file."""
    return {f"{name}.py": NumbaModule(sheet, precision).text()}


_SINGLE = "*(np.float32(value) for value in given.values())"

_LOSS_AND_GRADIENTS = """\
{signature}
    {docstring}
    values = forward({given})
    _, gradients = backward({given}, values)
    return values.{output}, gradients"""

_DIFFERENCE = """\
def difference(name):
    {docstring}
    step = 1e-5 * max(1.0, abs(GIVEN[name]))
    more, less = (GIVEN[name] + sign * step for sign in (1, -1))
    losses = [forward(**{{**GIVEN, name: moved}}).{output} for moved in (more, less)]
    return (losses[0] - losses[1]) / (more - less)"""

_CHECK = """\
def check(tolerance=1e-6):
    {docstring}
    loss, gradients = loss_and_gradients(*GIVEN.values())
    passed = True
    for name, gradient in gradients._asdict().items():
        numeric = difference(name)
        error = abs(gradient - numeric) / max(abs(numeric), 1e-4 * abs(loss), 1e-12)
        passed = passed and error <= tolerance
        print(f"d{output}/d{{name}}: {error}")
    print("{passed}" if passed else f"{failed}")
    return passed"""
