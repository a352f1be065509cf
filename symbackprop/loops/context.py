"""What the rules of operations ask of the lowering that they belong to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from sympy import Add, Expr, S, Symbol

from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, Size
from symbackprop.expressions import add
from symbackprop.loops.hoisting import hoisted
from symbackprop.loops.model import Assign, Buffer, Entry, Increase, Requirement, Statement, index
from symbackprop.loops.scopes import Range, Scope

Indices = Sequence[Expr]

Where = Scope | None
"""Where what an entry needs besides is computed; None: nowhere, it has to be stored before."""


class Context(ABC):
    """A lowering.

    Args:
        shapes: of all symbols and expressions.
        outer: the size whose axes are the outermost in memory, as that of the examples; None: all arrays lie
            row by row.

    Attributes:
        shapes, outer: likewise.
        buffers: by the symbols that entries name.
        body: the statements of the formula that is being lowered.
        requirements: what the sizes must fulfil.
    """

    def __init__(self, shapes: Shapes, outer: Size | None = None) -> None:
        self.shapes, self.outer = shapes, outer
        self.buffers: dict[Symbol, Buffer] = {}
        self.body: list[Statement] = []
        self.requirements: dict[Requirement, None] = {}

    @abstractmethod
    def at(self, expression: Expr, indices: Indices, scope: Where) -> Expr:
        """An entry of an expression."""

    @abstractmethod
    def stored(self, expression: Expr) -> Symbol:
        """The buffer of an expression that is computed before, and once."""

    @abstractmethod
    def fill(self, target: Symbol, expression: Expr) -> None:
        """Compute an expression into a buffer."""

    @abstractmethod
    def temporary(self, shape: Shape) -> Symbol:
        """A new buffer."""

    def order(self, shape: Shape) -> tuple[int, ...]:
        """The axes of an array from the outermost in memory to the innermost."""
        return tuple(sorted(range(len(shape)), key=lambda axis: (shape[axis] != self.outer, axis)))

    def ranges_in(self, buffer: Buffer) -> tuple[list[Expr], list[Range]]:
        """Likewise in the order in which a buffer lies in memory."""
        indices, _ = self.ranges(buffer.shape)
        return indices, [
            (indices[axis], buffer.shape[axis]) for axis in buffer.order if buffer.shape[axis] != 1
        ]

    def ranges(self, shape: Shape) -> tuple[list[Expr], list[Range]]:
        """An index for each axis, and the loops over them, in the order of memory; length 1 needs no loop."""
        return self.ranges_over(shape, range(len(shape)))

    def ranges_over(self, shape: Shape, axes: Sequence[int]) -> tuple[list[Expr], list[Range]]:
        """Likewise over some axes only."""
        indices: dict[int, Expr] = {axis: S.Zero if shape[axis] == 1 else index() for axis in axes}
        ranges = [(indices[axis], shape[axis]) for axis in self.order(shape) if axis in indices]
        return [*indices.values()], [one for one in ranges if one[1] != 1]

    def fill_with(self, target: Symbol, value: Callable[[Indices, Scope], Expr]) -> None:
        """Compute every entry of a buffer by a function of its indices."""
        indices, ranges = self.ranges_in(self.buffers[target])
        scope = Scope.over(ranges)
        found = hoisted(value(indices, scope), scope)
        scope.innermost.append(assigned(self.entry(target, indices), found))
        self.emit(scope.close())

    def entry(self, target: Symbol, indices: Indices) -> Entry:
        """An entry of a buffer."""
        return Entry(target, *indices)

    def emit(self, statements: Iterable[Statement]) -> None:
        """More statements of the formula that is being lowered."""
        self.body.extend(statements)

    def require(self, low: Size, high: Size, what: str) -> None:
        """A condition on the sizes, where it is not known to hold."""
        if not (isinstance(low, int) and isinstance(high, int)):
            self.requirements[Requirement(low, high, what)] = None


def assigned(target: Entry, value: Expr) -> Statement:
    """x = a; where a is a sum with x among its terms, x += the others."""
    if isinstance(value, Add) and value.args.count(target) == 1:
        rest = add(*(term for term in value.args if term != target))
        if target.buffer not in rest.free_symbols:
            return Increase(target, rest)
    return Assign(target, value)
