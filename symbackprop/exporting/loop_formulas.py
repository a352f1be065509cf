"""Formulas of arrays as loops, group by group: what each group of loops computes, and the statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from sympy import Dummy, Expr, Symbol

from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.exporting.formulas import Formula, Sheet
from symbackprop.loops.lowering import Lowering
from symbackprop.loops.model import Call, Group, Routine, statements_in
from symbackprop.lowering.program import Line, Program
from symbackprop.writing.lines import Phrase, Writer


@dataclass(frozen=True)
class LoopGroup:
    """Loops that compute a formula, or a part of one.

    Attributes:
        symbol: what is computed.
        formula: the formula that it is, or is a part of.
        expression: the part; None: it is the formula.
        group: the statements.
    """

    symbol: Symbol
    formula: Formula
    expression: Expr | None
    group: Group

    def told(self, name: str, shape: Shape, writer: Writer) -> tuple[Phrase, str, str]:
        """What stands above the loops: a formula, its shape, a note.

        Args:
            name: what is computed, in code.
            shape: of what is computed.
            writer: of formulas.
        """
        phrase, note = self.formula.phrase, self.formula.note
        if self.expression is not None:
            phrase, note = Phrase(name, (("=", writer.math(self.expression)),)), ""
        return phrase, show_shape(shape) if shape else "", note


@dataclass(frozen=True)
class LoopPass:
    """One of the two passes as loops.

    Attributes:
        groups: in their order.
        routine: all of them, with their buffers; numbers without axes among the results are temporaries.
        parts: the parts that have a buffer of their own, with their shapes.
    """

    groups: Sequence[LoopGroup]
    routine: Routine
    parts: Mapping[Symbol, Shape]

    def shape(self, one: LoopGroup) -> Shape:
        """The shape of what a group computes."""
        return one.formula.shape if one.expression is None else self.parts[one.symbol]

    def rooms(self, one: LoopGroup) -> dict[Symbol, Shape]:
        """The arrays that a group fills, with their shapes: its own, and those that only it works in."""
        alone = set(self.parts) - {group.symbol for group in self.groups}
        found = {symbol: self.parts[symbol] for symbol in _written(one.group) if symbol in alone}
        return {symbol: shape for symbol, shape in (found | {one.symbol: self.shape(one)}).items() if shape}


def _written(group: Group) -> Iterator[Symbol]:
    """The buffers of arrays that helpers are given to write to."""
    for statement in statements_in(group.body):
        if isinstance(statement, Call):
            yield from statement.writes


class _InParts(Lowering):
    """Counts the parts of formulas through both passes."""

    numbers: Iterator[int]

    def temporary(self, shape: Shape) -> Symbol:
        """A new buffer."""
        found = Dummy(f"part_{next(self.numbers)}")
        self.temporaries.append(found)
        return self.buffer(found, shape)


def loop_passes(sheet: Sheet) -> tuple[LoopPass, LoopPass]:
    """The forward and the backward pass as loops."""
    numbers = count(1)
    return (
        _loop_pass(sheet, sheet.values, (), numbers),
        _loop_pass(sheet, sheet.derivatives, sheet.carried, numbers),
    )


def _loop_pass(
    sheet: Sheet, formulas: Sequence[Formula], before: Sequence[Formula], numbers: Iterator[int]
) -> LoopPass:
    shapes = {node.name: node.shape for node in sheet.given} | {one.name: one.shape for one in before}
    given = (*(node.symbol for node in sheet.given), *(one.symbol for one in before))
    lines = tuple(Line(one.kind, one.name, one.symbol, one.expression, one.node) for one in formulas)
    told: list[tuple[Symbol, Expr]] = []

    def text(symbol: Symbol, expression: Expr) -> str:
        told.append((symbol, expression))
        return ""

    lowering = _InParts(Program(given, lines, sheet.output, (), shapes), None, text)
    lowering.numbers = numbers
    groups: list[LoopGroup] = []
    for formula in formulas:
        done = len(lowering.groups)
        lowering.line(formula.symbol, formula.expression)
        for (symbol, expression), group in zip(told[done:], lowering.groups[done:], strict=True):
            part = None if symbol == formula.symbol else expression
            groups.append(LoopGroup(symbol, formula, part, Group((), group.body)))
    buffers = lowering.buffers
    results = [buffers[one.symbol] for one in formulas]
    return LoopPass(
        groups,
        Routine(
            tuple(sorted(lowering.shapes.sizes, key=str)),
            tuple(buffers[symbol] for symbol in given),
            tuple(one for one in results if one.shape),
            (*(one for one in results if not one.shape), *(buffers[one] for one in lowering.temporaries)),
            tuple(one.group for one in groups),
            tuple(lowering.requirements),
        ),
        {symbol: buffers[symbol].shape for symbol in lowering.temporaries},
    )
