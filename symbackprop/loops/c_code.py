"""Routines as C11: loops over `double`, and the functions that they call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from sympy import Expr, Symbol

from symbackprop.loops.code import VALUE_RULES, Chained, LoopCode, ValueCode
from symbackprop.loops.index_code import C, IndexCode
from symbackprop.loops.model import Buffer, Routine
from symbackprop.lowering.scalar_code import CScalars


class CValues(ValueCode, CScalars):
    """Numbers in C, entries of buffers among them."""

    rules: ClassVar[Mapping[Any, str]] = {**CScalars.rules, **VALUE_RULES}

    def __init__(self, loops: LoopCode) -> None:
        sizes = {size: f"(double){loops.names[size]}" for size in loops.routine.sizes}
        CScalars.__init__(self, Chained(sizes, loops.names))
        self.loops = loops


class CLoops(LoopCode):
    """C.

    Args:
        routine: what is printed.
        names: what its buffers and sizes are called.

    Attributes:
        used: the functions that were called so far.
    """

    def __init__(self, routine: Routine, names: Mapping[Symbol, str]) -> None:
        super().__init__(routine, names)
        self.indices = IndexCode(self.names, C)
        self.values = CValues(self)
        self._helpers: dict[str, None] = {}

    @property
    def used(self) -> list[str]:
        """The functions that were called so far, by name."""
        return [*self.values.used, *self._helpers]

    def function(self, name: str) -> str:
        """The whole function, its head and its body."""
        return "\n".join([self.prototype(name), "{", *(self.indent + line for line in self.body()), "}", ""])

    def prototype(self, name: str) -> str:
        """`void name(size_t n, const double *restrict X, …)`: sizes, what is given, results, temporaries."""
        return f"void {name}({self.listed(self.arguments())})"

    def arguments(self) -> list[str]:
        """What the function takes, with its types."""
        arrays = [one for one in self.routine.temporaries if one.shape]
        return [
            *(f"size_t {self.names[size]}" for size in self.routine.sizes),
            *map(self._given, self.routine.given),
            *(f"double *restrict {self.names[one.symbol]}" for one in (*self.routine.results, *arrays)),
        ]

    def _given(self, buffer: Buffer) -> str:
        name = self.names[buffer.symbol]
        return f"const double *restrict {name}" if buffer.shape else f"double {name}"

    def body(self) -> Iterator[str]:
        """The lines of all statements; first the numbers that only the routine needs."""
        lines = [*super().body()]
        text = "\n".join(lines)
        numbers = [self.names[one.symbol] for one in self.routine.temporaries if not one.shape]
        if numbers:
            yield f"double {', '.join(numbers)};"
        given = (*self.routine.sizes, *(one.symbol for one in self.routine.given))
        for symbol in given:
            if not re.search(rf"\b{re.escape(self.names[symbol])}\b", text):
                yield f"(void){self.names[symbol]};"
        yield from lines

    def comment(self, text: str) -> str:
        """A comment of one line."""
        return f"/* {text} */"

    def head(self, name: str, start: str, stop: str) -> str:
        """for (size_t i = 0; i < n; i++) {."""
        return f"for (size_t {name} = {start}; {name} < {stop}; {name}++) {{"

    def foot(self) -> Iterator[str]:
        """}."""
        yield "}"

    def declared(self, name: str, value: str) -> str:
        """double s = 0.0;."""
        return f"double {name} = {value};"

    def assigned(self, target: str, sign: str, value: str) -> str:
        """x[i] = a;."""
        return f"{target} {sign} {value};"

    def called(self, function: str, arguments: str, target: str | None) -> str:
        """inverse(a, b, 3);."""
        self._helpers[function] = None
        call = f"{function}({arguments});"
        return call if target is None else f"{target} = {call}"

    def place(self, buffer: Buffer, indices: tuple[Expr, ...]) -> str:
        """x[784*i + k]."""
        return f"{self.names[buffer.symbol]}[{self.indices.flat(buffer, indices)}]"


def c_functions(names: Iterable[str]) -> str:
    """The functions of these names, and those that they call, as C; what `math.h` has is left out."""
    known = _functions()
    wanted: set[str] = set()
    pending = [name for name in names if name in known]
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending += [other for other in known if re.search(rf"\b{other}\(", known[name])]
    return "\n\n".join(text for name, text in known.items() if name in wanted)


@cache
def _functions() -> Mapping[str, str]:
    """The functions of `functions.c`, each with its comment, in an order in which they can be compiled."""
    text = files("symbackprop.loops").joinpath("functions.c").read_text(encoding="utf-8")
    every = text.strip().split("\n\n")
    return {re.search(r"(\w+)\(", one.split("*/")[1]).group(1): one for one in every}  # type: ignore[union-attr]
