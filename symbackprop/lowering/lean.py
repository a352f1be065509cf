"""Programs without what is not asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sympy import Symbol

from symbackprop.lowering.program import Kind, Line, Program


def lean(lines: Program) -> Program:
    """Only what the loss and the gradients need, as a training loop does.

    The conditions of collapsed forms go too: who trains looks at the targets once, before.
    """
    return with_lines_for(lines, [line for line in lines.lines if _is_wanted(line, lines.output)])


def _is_wanted(line: Line, output: str) -> bool:
    return line.kind is Kind.GRADIENT or (line.kind is Kind.VALUE and line.name == output)


def with_lines_for(lines: Program, wanted: Collection[Line]) -> Program:
    """The program with these lines and all that they are computed from."""
    needed: set[Symbol] = {line.symbol for line in wanted}
    kept = []
    for line in reversed(lines.lines):
        if line.symbol in needed:
            needed |= line.expression.free_symbols
            kept.append(line)
    sizes = tuple(size for size in lines.sizes if size in needed)
    return replace(lines, lines=tuple(kept[::-1]), sizes=sizes)
