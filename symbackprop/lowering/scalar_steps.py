"""Programs of numbers as training loops: a step is a line of code for each line of the program.

The same Python is run by CPython and compiled by Numba: numbers stand in flat sequences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sympy import Symbol

from symbackprop.lowering.program import Kind, Program
from symbackprop.lowering.scalar_code import PythonScalars
from symbackprop.lowering.straight import assignments, prepared, safe_names
from symbackprop.lowering.updates import COUNT, GRADIENT, THETA, Update

ARGUMENTS = "theta, memory, done, fixed, table, order, losses"


def wanted(lines: Program, parameters: Iterable[str]) -> tuple[Symbol, list[Symbol]]:
    """What a program calls its loss, and its gradients by these parameters."""
    found = {line.name: line.symbol for line in lines.lines if line.kind is Kind.GRADIENT}
    every = (line for line in lines.lines if line.kind is Kind.VALUE)
    loss = next(line.symbol for line in every if line.name == lines.output)
    return loss, [found[name] for name in parameters]


@dataclass(frozen=True)
class StepsCode:
    """What the code of a training loop is written for.

    Attributes:
        program: its lines give the loss and the gradients.
        parameters: the names of the parameters, in the order of `theta`.
        fixed: the names of the other given values that stay, in the order of `fixed`.
        columns: for each given value of an example the place of its column.
        width: how many columns the table has.
        batch: examples a step; 0: there is no table.
        is_mean: the gradient of a batch is the mean over its examples, else the sum.
        update: of one parameter.
        real: what makes a literal a number of the chosen precision, for the compiler.
    """

    program: Program
    parameters: Sequence[str]
    fixed: Sequence[str]
    columns: Mapping[str, int]
    width: int
    batch: int
    is_mean: bool
    update: Update
    real: str = ""

    @property
    def source(self) -> str:
        """`steps(theta, memory, done, fixed, table, order, losses)`: takes as many steps as there are losses.

        Before it `done` updates were made; `theta`, `memory` and `losses` are written to.
        """
        return "\n".join([f"def steps({ARGUMENTS}):", *indented(self._body())]) + "\n"

    def _body(self) -> Iterator[str]:
        computed = prepared(self.program)
        names = safe_names(self.program, computed)
        by_name = {symbol.name: name for symbol, name in names.items()}
        printer = PythonScalars(names, self.real)
        for place, name in enumerate(self.fixed):
            yield f"{by_name[name]} = fixed[{place}]"
        yield "for turn in range(len(losses)):"
        inner = [f"{by_name[name]} = theta[{place}]" for place, name in enumerate(self.parameters)]
        lines = [
            *(f"{by_name[name]} = table[row + {place}]" for name, place in self.columns.items()),
            *assignments(computed, printer),
        ]
        output, slopes = self.wanted
        loss = names[output]
        wanted = {name: names[one] for name, one in zip(self.parameters, slopes, strict=True)}
        if self.batch <= 1:
            start = [f"row = order[turn] * {self.width}"] if self.columns else []
            inner += [*start, *lines, f"losses[turn] = {loss}"]
            gradients = wanted
        else:
            gradients = {name: f"s{place}" for place, name in enumerate(self.parameters)}
            inner += self._over_the_batch(lines, loss, wanted, gradients)
        inner += self._updates(by_name, gradients)
        yield from indented(inner)

    @property
    def wanted(self) -> tuple[Symbol, list[Symbol]]:
        """What the loss and the gradients are called, in the order of the parameters."""
        return wanted(self.program, self.parameters)

    def _over_the_batch(
        self, lines: Sequence[str], loss: str, wanted: Mapping[str, str], sums: Mapping[str, str]
    ) -> Iterator[str]:
        zero = f"{self.real}(0.0)" if self.real else "0.0"
        yield f"total = {zero}"
        yield from (f"{name} = {zero}" for name in sums.values())
        yield f"for place in range(turn * {self.batch}, (turn + 1) * {self.batch}):"
        start = [f"row = order[place] * {self.width}"] if self.columns else []
        added = [f"total += {loss}", *(f"{sums[name]} += {wanted[name]}" for name in self.parameters)]
        yield from indented([*start, *lines, *added])
        if self.is_mean:
            yield from (f"{name} /= {self.batch}" for name in ("total", *sums.values()))
        yield "losses[turn] = total"

    def _updates(self, by_name: Mapping[str, str], gradients: Mapping[str, str]) -> Iterator[str]:
        count = len(self.parameters)
        remembered = self.update.memory
        for place, name in enumerate(self.parameters):
            names = {THETA: by_name[name], GRADIENT: gradients[name], COUNT: "(done + turn + 1)"}
            names |= {symbol: f"{symbol.name}{place}" for symbol in remembered}
            printer = PythonScalars(names, self.real)
            for row, symbol in enumerate(remembered):
                yield f"{names[symbol]} = memory[{row * count + place}]"
            for symbol, expression in self.update.equations:
                known_as = f"theta[{place}]" if symbol == THETA else names[symbol]
                yield f"{known_as} = {printer(expression)}"
            for row, symbol in enumerate(remembered):
                yield f"memory[{row * count + place}] = {names[symbol]}"


def indented(lines: Iterator[str] | Sequence[str]) -> list[str]:
    """One level further in."""
    return [f"    {line}" for line in lines]
