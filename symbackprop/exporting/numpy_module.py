"""A derivation as a module of NumPy."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.backends.base import Precision
from symbackprop.content import text
from symbackprop.exporting import differences
from symbackprop.exporting.array_text import NumpyText
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.layout import Lines
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
        output = self.passes.output
        told = text("{output} and its gradients; takes what `forward` takes, by name.", output=output)
        return [self.documented(_LOSS_AND_GRADIENTS, told, output=output)]

    def check(self) -> list[Lines]:
        """Central differences of the loss, in double precision."""
        output = self.passes.output
        return [
            differences.difference(self.sheet, output, f'forward(**{{**given, name: moved}})["{output}"]'),
            differences.check(
                self.sheet,
                output,
                differences.GRADIENTS_SINGLE if self.is_single else differences.DOUBLE,
                places=self.compared_places,
                given=_SINGLE if self.is_single else "**given",
            ),
        ]


def files(sheet: Sheet, name: str, precision: Precision = "float64") -> dict[str, str]:
    """The module, by the name of its file."""
    return {f"{name}.py": NumpyModule(sheet, precision).text()}


_SINGLE = "**{name: np.float32(value) for name, value in given.items()}"

_LOSS_AND_GRADIENTS = """\
def loss_and_gradients(**given):
    {docstring}
    values = forward(**given)
    _, gradients = backward(**given, values=values)
    return values["{output}"], gradients"""
