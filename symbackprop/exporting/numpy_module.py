"""A derivation as a module of NumPy."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.backends.base import Precision
from symbackprop.exporting.array_text import NumpyText
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.layout import Lines
from symbackprop.exporting.module_text import filled_in
from symbackprop.exporting.passes import Passes
from symbackprop.exporting.python_module import PythonModule


class NumpyModule(PythonModule):
    """One module; its check compares with central differences."""

    namespace = "np"
    library = "NumPy"
    imports = ("import sys", "", "import numpy as np")
    words = frozenset({"np"})

    def passes_of(self, names: dict[Symbol, str]) -> Passes:
        """The two passes, where the symbols are called so."""
        dtype = "float32" if self.is_single else ""
        return Passes(self.sheet, names, NumpyText(names, self.sheet.derivation.shapes, dtype))

    def interface(self) -> list[Lines]:
        """loss_and_gradients(**given)."""
        return [filled_in(_LOSS_AND_GRADIENTS, output=self.passes.output)]

    def check(self) -> list[Lines]:
        """Central differences of the loss, in double precision."""
        filling = {
            "output": self.passes.output,
            "tolerance": "1e-3" if self.is_single else "1e-6",
            "given": _SINGLE if self.is_single else "**given",
            "places": self.compared_places,
        }
        return [filled_in(one, **filling) for one in (_DIFFERENCES, _CHECK)]


def files(sheet: Sheet, name: str, precision: Precision = "float64") -> dict[str, str]:
    """The module, by the name of its file."""
    return {f"{name}.py": NumpyModule(sheet, precision).text()}


_SINGLE = "**{name: np.float32(value) for name, value in given.items()}"

_LOSS_AND_GRADIENTS = '''\
def loss_and_gradients(**given):
    """{output} and its gradients; takes what `forward` takes, by name."""
    values = forward(**given)
    _, gradients = backward(**given, values=values)
    return values["{output}"], gradients'''

_DIFFERENCES = '''\
def differences(given, name):
    """({output}(w + h) - {output}(w - h)) / 2h for the entries w of one array."""
    found = np.full(np.shape(given[name]), np.nan)
    for place in {places}:
        losses, entries = [], []
        for sign in (1, -1):
            moved = given[name].copy()
            moved[place] += sign * 1e-5 * max(1.0, abs(moved[place]))
            losses.append(forward(**{{**given, name: moved}})["{output}"])
            entries.append(moved[place])
        found[place] = (losses[0] - losses[1]) / (entries[0] - entries[1])
    return found'''

_CHECK = '''\
def check(tolerance={tolerance}):
    """Compare every gradient with central differences, and print its largest relative error."""
    given = {{name: np.array(value, dtype=np.float64) for name, value in GIVEN.items()}}
    loss, gradients = loss_and_gradients({given})
    passed = True
    for name, gradient in gradients.items():
        numeric = differences(given, name)
        scale = max(np.nanmax(np.abs(numeric)), 1e-4 * abs(loss), 1e-12)
        error = np.nanmax(np.abs(gradient - numeric)) / scale
        passed = passed and bool(error <= tolerance)
        print(f"d{output}/d{{name}}: largest relative error {{error:.1e}}")
    print("passed" if passed else f"failed: an error is above {{tolerance:g}}")
    return passed'''
