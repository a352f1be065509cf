"""Programs of arrays as routines."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sympy import Expr, Symbol

from symbackprop.arrays.sizes import Size
from symbackprop.loops.fusing import fused
from symbackprop.loops.lowering import Lowering
from symbackprop.loops.model import Routine
from symbackprop.lowering.program import Line, Program


def routine_of(
    lines: Program,
    wanted: Collection[Line] | None = None,
    *,
    outer: Size | None = None,
    text: Callable[[Symbol, Expr], str] | None = None,
) -> Routine:
    """A program as loops.

    Args:
        lines: the program.
        wanted: the lines whose values are asked for; all, unless given.
        outer: the size whose axes are the outermost in memory, as that of the examples; all arrays lie row by
            row, unless given.
        text: a formula in words of code, from what it gives and its right side; printed above its loops.
    """
    lowering = Lowering(lines, outer, text)
    for line in lowering.lines:
        lowering.line(line.symbol, line.expression)
    asked = {line.symbol for line in (lines.lines if wanted is None else wanted)}
    others = [line.symbol for line in lowering.lines if line.symbol not in asked]
    buffers = lowering.buffers
    return Routine(
        tuple(sorted(lowering.shapes.sizes, key=str)),
        tuple(buffers[symbol] for symbol in lines.given),
        tuple(buffers[line.symbol] for line in lines.lines if line.symbol in asked),
        tuple(buffers[symbol] for symbol in (*others, *lowering.temporaries)),
        fused(lowering.groups),
        tuple(lowering.requirements),
    )
