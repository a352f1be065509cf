"""A derivation of numbers as a module of Numba: straight-line functions that are compiled when called."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sympy import Symbol

from symbackprop.exporting.helpers import BACKENDS
from symbackprop.exporting.layout import Lines, bracketed
from symbackprop.exporting.module_text import filled_in
from symbackprop.exporting.passes import ROOM, Passes
from symbackprop.exporting.python_module import PythonModule
from symbackprop.exporting.scalar_text import PythonText

COMPILED = '@njit(error_model="numpy")'
"""IEEE 754 throughout: a division by zero is infinite, and no error."""

KINDS = ("Values", "Deltas", "Gradients")


class NumbaPasses(Passes):
    """The two passes, compiled; what they give back has names as a tuple has them."""

    def forward(self) -> Lines:
        """The function of all values."""
        return [COMPILED, *super().forward()]

    def backward(self) -> Lines:
        """The function of all deltas and gradients."""
        return [COMPILED, *super().backward()]

    def given_back(self, start: str, kind: str, items: Mapping[str, str]) -> Lines:
        """return Values(Q, K)."""
        return bracketed(f"{start}{kind}(", list(items.values()), ")", ROOM)

    def one_value(self, name: str) -> str:
        """values.Q."""
        return f"values.{name}"


class NumbaModule(PythonModule):
    """One module; its check compares with central differences."""

    namespace = "np"
    library = "Numba"
    imports = ("import sys", "from collections import namedtuple", "", "from numba import njit")
    words = frozenset({"np", "njit", "namedtuple", *KINDS})
    modules = (f"{BACKENDS}.scalar_functions",)

    def passes_of(self, names: dict[Symbol, str]) -> NumbaPasses:
        """The two passes, where the symbols are called so."""
        return NumbaPasses(self.sheet, names, PythonText(names))

    def called_in(self, passes: Passes) -> frozenset[str]:
        """What the two passes and their functions call, those of the standard library too."""
        return super().called_in(passes) | frozenset(self._of_math(passes))

    def _of_math(self, passes: Passes) -> Lines:
        """The functions of the standard library that are called."""
        reads = {name for one in super().called_in(passes) for name in self.copied[one].reads}
        return sorted((reads | set(passes.printer.used)) & set(vars(math)))

    def imported(self, helpers: Sequence[str]) -> Lines:
        """The imports: what `math` has is called by its name."""
        names = self._of_math(self.passes)
        first, second, *rest = self.imports
        return [first, second, *([f"from math import {', '.join(names)}"] if names else []), *rest]

    def results(self) -> Lines:
        """Values = namedtuple("Values", ["Q", "K"]), and so on."""
        found = {
            "Values": [self.names[one.symbol] for one in self.passes.returned],
            "Deltas": [self.names[one.symbol] for one in self.sheet.deltas],
            "Gradients": self.passes.wrt,
        }
        return [
            line
            for kind, names in found.items()
            if names
            for line in bracketed(f'{kind} = namedtuple("{kind}", [', [f'"{one}"' for one in names], "])")
        ]

    def functions(self) -> Lines:
        """The functions that are called, compiled."""
        return [f"{COMPILED}\n{one}" for one in super().functions()]

    def interface(self) -> list[Lines]:
        """loss_and_gradients(w, x)."""
        whole = self.passes.signature("loss_and_gradients")
        given = ", ".join(self.passes.arguments)
        short = len(whole) == 1
        filling = {
            "signature": whole[0] if short else "def loss_and_gradients(*given):",
            "given": given if short else "*given",
            "output": self.passes.output,
        }
        return [[COMPILED, *filled_in(_LOSS_AND_GRADIENTS, **filling)]]

    def check(self) -> list[Lines]:
        """Central differences of the loss."""
        single = self.precision == "float32"
        filling = {"output": self.passes.output, "tolerance": "1e-3" if single else "1e-6"}
        return [filled_in(one, **filling) for one in (_DIFFERENCE, _CHECK)]


_LOSS_AND_GRADIENTS = '''\
{signature}
    """{output} and its gradients."""
    values = forward({given})
    _, gradients = backward({given}, values)
    return values.{output}, gradients'''

_DIFFERENCE = '''\
def difference(name):
    """({output}(w + h) - {output}(w - h)) / 2h for one argument w."""
    step = 1e-5 * max(1.0, abs(GIVEN[name]))
    more, less = (GIVEN[name] + sign * step for sign in (1, -1))
    losses = [forward(**{{**GIVEN, name: moved}}).{output} for moved in (more, less)]
    return (losses[0] - losses[1]) / (more - less)'''

_CHECK = '''\
def check(tolerance={tolerance}):
    """Compare every gradient with a central difference, and print its relative error."""
    loss, gradients = loss_and_gradients(*GIVEN.values())
    passed = True
    for name, gradient in gradients._asdict().items():
        numeric = difference(name)
        error = abs(gradient - numeric) / max(abs(numeric), 1e-4 * abs(loss), 1e-12)
        passed = passed and error <= tolerance
        print(f"d{output}/d{{name}}: relative error {{error:.1e}}")
    print("passed" if passed else f"failed: an error is above {{tolerance:g}}")
    return passed'''
