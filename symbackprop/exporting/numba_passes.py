"""The two passes as functions that Numba compiles: statements for numbers, loops for arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Symbol

from symbackprop.arrays.sizes import Shape
from symbackprop.exporting.formulas import Formula, Sheet
from symbackprop.exporting.layout import PYTHON, Lines, bracketed, fitted, told
from symbackprop.exporting.loop_formulas import LoopGroup, LoopPass
from symbackprop.exporting.passes import ROOM, Passes
from symbackprop.exporting.scalar_text import ReadablePython
from symbackprop.loops.python_code import PythonLoops, PythonValues

COMPILED = '@njit(error_model="numpy")'
"""IEEE 754 throughout: a division by zero is infinite, and no error."""


class NumbaPasses(Passes):
    """The two passes, compiled; what they give back has names as a tuple has them."""

    def forward(self) -> Lines:
        """The function of all values."""
        return [COMPILED, *super().forward()]

    def backward(self) -> Lines:
        """The function of all deltas and gradients."""
        return [COMPILED, *super().backward()]

    def given_back(self, start: str, kind: str, items: Mapping[str, str]) -> Lines:
        """return Values(Q, K); without any, an empty tuple."""
        if not items:
            return [f"{start}()"]
        return bracketed(f"{start}{kind}(", list(items.values()), ")", ROOM)

    def one_value(self, name: str) -> str:
        """values.Q."""
        return f"values.{name}"


class ReadableValues(ReadablePython, PythonValues):
    """Numbers within loops, for a reader."""

    rules = PythonValues.rules


class ReadableLoops(PythonLoops):
    """Loops over arrays, for a reader.

    Attributes:
        called_functions: the functions that take whole arrays.
    """

    def __init__(self, loops: LoopPass, names: Mapping[Symbol, str]) -> None:
        super().__init__(loops.routine, names, flat=False)
        self.values = ReadableValues(self, "")
        self.called_functions: dict[str, None] = {}

    def called(self, function: str, arguments: str, target: str | None) -> str:
        """inverse(a, b, 3)."""
        self.called_functions[function] = None
        return super().called(function, arguments, target)


class LoopPasses(NumbaPasses):
    """The two passes as loops.

    Args:
        sheet: the formulas.
        names: what the symbols are called in code.
        loops: both passes.
        dtype: of arrays, where it is not `float64`.
    """

    def __init__(
        self,
        sheet: Sheet,
        names: Mapping[Symbol, str],
        loops: tuple[LoopPass, LoopPass],
        dtype: str = "",
    ) -> None:
        super().__init__(sheet, names, ReadablePython(names))
        self.dtype = dtype
        self._codes = [(one, ReadableLoops(one, names)) for one in loops]
        self._of = {group.formula.symbol: pair for pair in self._codes for group in pair[0].groups}

    @property
    def used(self) -> Lines:
        """The functions that are called."""
        return [name for _, code in self._codes for name in (*code.values.used, *code.called_functions)]

    def sizes(self, formulas: Sequence[Formula]) -> Lines:
        """n = X.shape[0] for each size that loops go over."""
        loops, _ = self._of[formulas[0].symbol]
        return self.shapes_asked(self.sheet.told(loops.routine.sizes))

    def statements(self, formulas: Sequence[Formula]) -> Lines:
        """The loops of each formula, and of its parts, under what they compute."""
        blocks = [
            self._block(group, *self._of[one.symbol])
            for one in formulas
            for group in self._of[one.symbol][0].groups
            if group.formula is one
        ]
        return [line for place, block in enumerate(blocks) for line in [*[""] * bool(place), *block]]

    def _block(self, one: LoopGroup, loops: LoopPass, code: ReadableLoops) -> Lines:
        name, shape = self.names[one.symbol], loops.shape(one)
        comment = told(*one.told(name, shape, self.sheet.writer), PYTHON, ROOM)
        room = [
            f"{self.names[symbol]} = {self._empty(size, code)}" for symbol, size in loops.rooms(one).items()
        ]
        return [*comment, *room, *fitted(code.lines(one.group.body, []), PYTHON, ROOM)]

    def _empty(self, shape: Shape, code: ReadableLoops) -> str:
        sizes = [code.indices(size) for size in shape]
        dtype = f", dtype=np.{self.dtype}" if self.dtype else ""
        return f"np.empty(({', '.join(sizes)}{',' * (len(sizes) == 1)}){dtype})"
