"""Training loops of large programs of numbers: a loop for each form of lines, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sympy import Basic, Symbol

from symbackprop.expressions import rebuild
from symbackprop.lowering.forms import Form, Places, Run, Slot, forms
from symbackprop.lowering.scalar_code import PythonScalars
from symbackprop.lowering.scalar_steps import ARGUMENTS, StepsCode, indented
from symbackprop.lowering.straight import prepared
from symbackprop.lowering.updates import COUNT, GRADIENT, THETA


@dataclass(frozen=True)
class FormStepsCode:
    """The same as `StepsCode`, form by form.

    Attributes:
        steps: what the loop is written for.
    """

    steps: StepsCode

    @cached_property
    def _forms(self) -> tuple[list[Form], dict[Symbol, int]]:
        names = [*self.steps.parameters, *self.steps.fixed, *self.steps.columns]
        lines = prepared(self.steps.program)
        return forms(lines, {Symbol(name): place for place, name in enumerate(names)})

    @cached_property
    def tables(self) -> Places:
        """Where the values of all slots stand, one table after the other, then the gradients' places."""
        every, places = self._forms
        _, gradients = self.steps.wanted
        flat = [table.ravel() for form in every for table in form.tables]
        return np.concatenate([*flat, [places[one] for one in gradients]])

    @property
    def source(self) -> str:
        """`steps(theta, memory, done, fixed, table, order, losses, tables, values, sums)`."""
        head = f"def steps({ARGUMENTS}, tables, values, sums):"
        return "\n".join([head, *indented(self._body())]) + "\n"

    @property
    def room(self) -> int:
        """How many values there are."""
        return len(self._forms[1])

    def _body(self) -> Iterator[str]:
        steps = self.steps
        count, batch = len(steps.parameters), max(steps.batch, 1)
        yield from (f"values[{count + place}] = fixed[{place}]" for place in range(len(steps.fixed)))
        yield "for turn in range(len(losses)):"
        inner = [
            f"for i in range({count}):",
            "    values[i] = theta[i]",
            "    sums[i] = 0",
            "total = 0.0",
            f"for place in range(turn * {batch}, (turn + 1) * {batch}):",
            *indented(self._example()),
            *self._updates(batch if steps.is_mean else 1),
        ]
        yield from indented(inner)

    def _example(self) -> Iterator[str]:
        """The values of one example, added up."""
        steps = self.steps
        every, places = self._forms
        first = len(steps.parameters) + len(steps.fixed)
        if steps.columns:
            yield f"row = order[place] * {steps.width}"
        for place, column in enumerate(steps.columns.values()):
            yield f"values[{first + place}] = table[row + {column}]"
        start = 0
        for form in every:
            yield from self._form(form, start, places[form.lines[0].symbol])
            start += sum(table.size for table in form.tables)
        loss, _ = steps.wanted
        yield f"total += values[{places[loss]}]"
        yield f"for i in range({len(steps.parameters)}):"
        yield f"    sums[i] += values[tables[{start} + i]]"

    def _form(self, form: Form, start: int, target: int) -> Iterator[str]:
        names: dict[Symbol, str] = {}
        widths: dict[Slot, int] = {}
        for slot, table in zip(form.slots, form.tables, strict=True):
            width = widths[slot] = 1 if table.ndim == 1 else table.shape[1]
            place = f"{start} + i" if table.ndim == 1 else f"{start} + {width} * i + j"
            names[slot] = f"values[tables[{place}]]"
            start += table.size
        yield f"for i in range({len(form.lines)}):"
        sums: dict[Run, Symbol] = {}
        for run in sorted(form.expression.atoms(Run), key=str) if form.slots else []:
            width = next(widths[slot] for slot in form.slots if slot in run.free_symbols)
            symbol = sums[run] = Symbol(f"run{len(sums)}")
            names[symbol] = symbol.name
            yield f"    {symbol.name} = {self._zero}"
            yield f"    for j in range({width}):"
            yield f"        {symbol.name} += {PythonScalars(names, self.steps.real)(run.args[0])}"
        expression = _without(form.expression, sums)
        yield f"    values[{target} + i] = {PythonScalars(names, self.steps.real)(expression)}"

    @property
    def _zero(self) -> str:
        return f"{self.steps.real}(0.0)" if self.steps.real else "0.0"

    def _updates(self, over: int) -> Iterator[str]:
        steps, count = self.steps, len(self.steps.parameters)
        names = {THETA: "values[i]", GRADIENT: "g", COUNT: "(done + turn + 1)"}
        names |= {symbol: symbol.name for symbol in steps.update.memory}
        printer = PythonScalars(names, steps.real)
        mean = f" / {over}" if over > 1 else ""
        yield f"losses[turn] = total{mean}"
        yield f"for i in range({count}):"
        yield f"    g = sums[i]{mean}"
        for row, symbol in enumerate(steps.update.memory):
            yield f"    {symbol.name} = memory[{row * count} + i]"
        for symbol, expression in steps.update.equations:
            yield f"    {'theta[i]' if symbol == THETA else names[symbol]} = {printer(expression)}"
        for row, symbol in enumerate(steps.update.memory):
            yield f"    memory[{row * count} + i] = {symbol.name}"


def _without(expression: Basic, sums: Mapping[Run, Symbol]) -> Basic:
    """The expression with a name for each run."""
    if isinstance(expression, Run):
        return sums[expression]
    if not expression.args or not sums:
        return expression
    return rebuild(expression, tuple(_without(one, sums) for one in expression.args))
