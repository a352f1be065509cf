"""From a program of arrays to a routine: a group of loops for each line, what is needed besides before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Function, Mul, Pow, S, Symbol
from sympy.core.relational import Relational

from symbackprop import operations as op
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, Size
from symbackprop.expressions import mul, rebuild
from symbackprop.loops.context import Context, Indices, Where
from symbackprop.loops.convolutions import CONVOLUTIONS
from symbackprop.loops.layouts import LAYOUTS, broadcast
from symbackprop.loops.matrices import MATRICES
from symbackprop.loops.model import Buffer, Group
from symbackprop.loops.products import fill_product
from symbackprop.loops.reductions import REDUCTIONS, fill_across, is_across, reduction
from symbackprop.loops.rows import ROWS
from symbackprop.loops.scopes import Scope
from symbackprop.lowering.program import Line, Program
from symbackprop.lowering.straight import prepared

FILLS: Mapping[Any, Callable[[Context, Symbol, Expr], None]] = {
    op.matmul: fill_product,
    **ROWS,
    **CONVOLUTIONS,
    **MATRICES,
}
"""The operations that are computed into a buffer; all others are entries of what stands around them."""


class Lowering(Context):
    """A program on its way to a routine.

    Args:
        lines: the program; what it computes is made stable first.
        outer: the size whose axes are the outermost in memory.
        text: an expression in words of code, for the comment above what computes it.

    Attributes:
        lines: what is computed, stable, in its order.
        groups: of statements, one for each formula.
        temporaries: the symbols of buffers that no line has.
    """

    def __init__(
        self, lines: Program, outer: Size | None = None, text: Callable[[Symbol, Expr], str] | None = None
    ) -> None:
        computed = prepared(lines)
        super().__init__(_shapes(lines, computed), outer)
        self.lines, self.told = computed, text
        self.groups: list[Group] = []
        self.temporaries: list[Symbol] = []
        self._known: dict[Expr, Symbol] = {}
        self._hosted: dict[Expr, Symbol] = {}
        self._uses = Counter(part for line in computed for part in self._heavy(line.expression))
        for symbol in lines.given:
            self.buffer(symbol, self.shapes[symbol])

    def _heavy(self, expression: Basic) -> Iterator[Basic]:
        """The operations in an expression that may be computed into buffers, as often as they stand there."""
        resolved = self.shapes.resolved(expression)[0] if isinstance(expression, Expr) else expression
        for part in sympy.preorder_traversal(resolved):
            if part.func in FILLS or part.func in REDUCTIONS:
                yield part

    def buffer(self, symbol: Symbol, shape: Shape) -> Symbol:
        """The buffer of a symbol."""
        self.buffers[symbol] = Buffer(symbol, shape, self.order(shape))
        return symbol

    def temporary(self, shape: Shape) -> Symbol:
        """A new buffer."""
        found = Symbol(f"work {len(self.temporaries)}")
        self.temporaries.append(found)
        return self.buffer(found, shape)

    # Lines.

    def line(self, symbol: Symbol, expression: Expr) -> None:
        """Compute a line into a buffer of its own."""
        resolved, shape = self.shapes.resolved(expression)
        self.buffer(symbol, shape)
        self.fill(symbol, resolved)
        self.grouped(symbol, expression)
        if resolved.func in FILLS:
            self._known.setdefault(resolved, symbol)

    def grouped(self, symbol: Symbol, expression: Expr) -> None:
        """The statements so far as a group of their own."""
        if self.body:
            formulas = (self.told(symbol, expression),) if self.told else ()
            self.groups.append(Group(formulas, tuple(self.body)))
            self.body = []

    # Buffers.

    def stored(self, expression: Expr) -> Symbol:
        """The buffer of an expression; a new one if it is no symbol and was not met before."""
        if isinstance(expression, Symbol) and expression in self.buffers:
            return expression
        if expression not in self._known:
            before, self.body = self.body, []
            hosted, self._hosted = self._hosted, {}
            target = self.temporary(self.shapes[expression])
            self.fill(target, expression)
            self.grouped(target, expression)
            self.body, self._hosted = before, hosted
            self._known[expression] = target
        return self._known[expression]

    def fill(self, target: Symbol, expression: Expr) -> None:
        """Compute an expression into a buffer."""
        rule = FILLS.get(expression.func)
        if expression in self._known:
            self.fill_with(target, lambda indices, scope: self.at(expression, indices, scope))
        elif rule is not None:
            rule(self, target, expression)
        elif self._is_across(expression):
            fill_across(self, target, expression)
        elif (scaled := self.scaled_product(expression)) is not None:
            fill_product(self, target, scaled[1], scaled[0])
        else:
            self._fill_around(target, expression)

    def _is_across(self, expression: Expr) -> bool:
        if expression.func not in REDUCTIONS:
            return False
        inner, axes = expression.args[:2]
        return is_across(self, expression, self.shapes[inner], [int(axis) for axis in axes])

    def scaled_product(self, expression: Expr) -> tuple[Expr, Expr] | None:
        """α and A B of α A B, where α is a number that needs no loops and A B is computed for this alone."""
        if self.is_own(expression) and expression.func is op.matmul:
            return S.One, expression
        if not isinstance(expression, Mul):
            return None
        products = [one for one in expression.args if one.func is op.matmul and self.is_own(one)]
        rest = [one for one in expression.args if one not in products]
        if len(products) != 1 or any(self.shapes[one] or one.has(op.Operation) for one in rest):
            return None
        return mul(*(self.at(one, (), Scope.over(())) for one in rest)), products[0]

    def is_own(self, expression: Expr) -> bool:
        """Whether an operation is not needed by others, and not computed before."""
        return expression not in self._known and self._uses[expression] <= 1

    def _fill_around(self, target: Symbol, expression: Expr) -> None:
        """Entry by entry; one operation within it is computed into the same buffer before."""
        hosted = next(self._guests(expression, self.shapes[expression]), None)
        if hosted is not None:
            self.fill(target, hosted)
            self._hosted[hosted] = target
        self.fill_with(target, lambda indices, scope: self.at(expression, indices, scope))
        self._hosted.clear()

    def _guests(self, expression: Expr, shape: Shape) -> Iterator[Expr]:
        """The operations that stand entry by entry in an expression, as large as it is."""
        if self.shapes[expression] != shape:
            return
        if expression.func in FILLS or self._is_across(expression):
            if self.is_own(expression):
                yield expression
        elif self.scaled_product(expression) is not None:
            yield expression
        elif not isinstance(expression, op.Operation) and isinstance(expression, Add | Mul | Pow | Function):
            for argument in expression.args:
                if isinstance(argument, Expr):
                    yield from self._guests(argument, shape)

    # Entries.

    def at(self, expression: Any, indices: Indices, scope: Where) -> Expr:
        """An entry of an expression."""
        home = self._hosted.get(expression) or self._known.get(expression)
        if home is not None:
            return self.entry(home, indices)
        if isinstance(expression, Symbol):
            return self.entry(expression, indices) if expression in self.buffers else expression
        rule = LAYOUTS.get(expression.func)
        if rule is not None:
            return rule(self, expression, indices, scope)
        if expression.func in REDUCTIONS:
            return reduction(self, expression, indices, scope)
        if expression.func is op.trace:
            return self.at(op.of(op.total, op.of(op.diagonal, *expression.args), (0,), 0), indices, scope)
        if expression.func in FILLS:
            return self.entry(self.stored(expression), indices)
        if not isinstance(expression, Add | Mul | Pow | Function | Relational):
            return expression
        return rebuild(expression, tuple(self._part(one, indices, scope) for one in expression.args))

    def _part(self, argument: Basic, indices: Indices, scope: Where) -> Basic:
        """The same entry of an operand, which may be narrower."""
        if not isinstance(argument, Expr | Relational):
            return argument
        return self.at(argument, broadcast(self.shapes[argument], indices), scope)


def _shapes(lines: Program, computed: Iterable[Line]) -> Shapes:
    """The shapes of all symbols of a program."""
    known = {symbol: (lines.shapes or {}).get(symbol.name, ()) for symbol in lines.given}
    shapes = Shapes(known)
    for line in computed:
        shapes.learn(line.symbol, shapes[line.expression])
    return shapes
