"""Routines as Python: run by CPython over flat sequences, compiled by Numba over arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sympy import Dummy, Expr, Symbol

from symbackprop.loops.code import VALUE_RULES, Chained, LoopCode, ValueCode
from symbackprop.loops.index_code import PYTHON, IndexCode
from symbackprop.loops.model import Buffer, Entry, Routine
from symbackprop.lowering.scalar_code import PythonScalars


class PythonValues(ValueCode, PythonScalars):
    """Numbers in Python, entries of buffers among them."""

    rules: ClassVar[Mapping[Any, str]] = {**PythonScalars.rules, **VALUE_RULES}

    def __init__(self, loops: LoopCode, real: str) -> None:
        sizes = {size: f"{real}({loops.names[size]})" for size in loops.routine.sizes} if real else {}
        PythonScalars.__init__(self, Chained(sizes, loops.names), real)
        self.loops = loops


class PythonLoops(LoopCode):
    """Python.

    Args:
        routine: what is printed.
        names: what its buffers and sizes are called.
        flat: the buffers are flat sequences, x[784*i + k]; else arrays, x[i, k].
        real: what makes a literal a number of the chosen precision; none where Python's own will do.
    """

    def __init__(
        self, routine: Routine, names: Mapping[Symbol, str], *, flat: bool = True, real: str = ""
    ) -> None:
        super().__init__(routine, names)
        self.flat = flat
        self.indices = IndexCode(self.names, PYTHON)
        self.values = PythonValues(self, real)
        self._real, self._doubles = real, PythonValues(self, "")

    def function(self, name: str) -> str:
        """`def name(given, results, temporaries, sizes)`; numbers without axes are given as numbers."""
        head = f"def {name}({self.listed(self.arguments())}):"
        return "\n".join([head, *(self.indent + line for line in self.body()), ""])

    def arguments(self) -> Sequence[str]:
        """What the function takes."""
        arrays = [one for one in self.routine.temporaries if one.shape]
        every = (*self.routine.given, *self.routine.results, *arrays)
        return [self.names[symbol] for symbol in (*(one.symbol for one in every), *self.routine.sizes)]

    def value(self, expression: Expr) -> str:
        """A value; what no array and no loop stand in is computed in double precision and rounded then."""
        plain = all(not isinstance(one, Dummy) for one in expression.free_symbols)
        if self._real and not expression.is_Number and plain and not expression.has(Entry):
            return f"{self._real}({self._doubles(expression)})"
        return super().value(expression)

    def comment(self, text: str) -> str:
        """# text."""
        return f"# {text}"

    def head(self, name: str, start: str, stop: str) -> str:
        """for i in range(n):."""
        return f"for {name} in range({stop if start == '0' else f'{start}, {stop}'}):"

    def declared(self, name: str, value: str) -> str:
        """s = 0.0."""
        return f"{name} = {value}"

    def assigned(self, target: str, sign: str, value: str) -> str:
        """x[i] = a."""
        return f"{target} {sign} {value}"

    def called(self, function: str, arguments: str, target: str | None) -> str:
        """inverse(a, b, 3)."""
        call = f"{function}({arguments})"
        return call if target is None else f"{target} = {call}"

    def place(self, buffer: Buffer, indices: tuple[Expr, ...]) -> str:
        """x[784*i + k]."""
        inside = self.indices.flat(buffer, indices) if self.flat else self.indices.axes(buffer, indices)
        return f"{self.names[buffer.symbol]}[{inside}]"

    def placed(self, buffer: Buffer, indices: tuple[Symbol, ...], names: Mapping[Symbol, str]) -> str:
        """Likewise, over indices of these names."""
        self.names.update(names)
        return self.place(buffer, indices)
