"""A training step as a routine: forward, backward, and every parameter updated where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Add, Basic, Expr, Function, Mul, Pow, Symbol
from sympy.core.relational import Relational

from symbackprop import operations as op
from symbackprop.arrays.sizes import Size
from symbackprop.expressions import Rewriter, add, mul, neg
from symbackprop.loops.context import assigned
from symbackprop.loops.fusing import fused
from symbackprop.loops.hoisting import hoisted
from symbackprop.loops.lowering import Lowering
from symbackprop.loops.model import Buffer, Local, Routine, number
from symbackprop.loops.products import fill_product
from symbackprop.loops.scopes import Scope
from symbackprop.lowering.program import Kind, Line, Program
from symbackprop.lowering.updates import GRADIENT, THETA, Update


@dataclass(frozen=True)
class TrainingRoutine:
    """A step.

    Attributes:
        routine: its results are the loss, the parameters and what is remembered of them.
        loss: the symbol of the loss.
        parameters: the symbols of the parameters.
        memory: what is remembered: for each symbol of the update one buffer a parameter.
    """

    routine: Routine
    loss: Symbol
    parameters: tuple[Symbol, ...]
    memory: tuple[tuple[Symbol, ...], ...]


def memory_symbol(memory: Symbol, parameter: Symbol) -> Symbol:
    """What routines call what is remembered of a parameter."""
    return Symbol(f"{memory.name} {parameter.name}")


def training_routine(
    lines: Program, parameters: Sequence[str], update: Update, *, outer: Size | None = None
) -> TrainingRoutine:
    """A step of training as loops.

    Args:
        lines: give the loss and a gradient for each parameter.
        parameters: what is trained, names of given arrays.
        update: of one parameter.
        outer: the size whose axes are the outermost in memory.
    """
    trained = tuple(symbol for name in parameters for symbol in lines.given if symbol.name == name)
    lowering = Lowering(lines, outer)
    gradients = {line.name: line for line in lowering.lines if line.kind is Kind.GRADIENT}
    for line in lowering.lines:
        if line.kind is not Kind.GRADIENT:
            lowering.line(line.symbol, line.expression)
    steps = _Updates(lowering, update, trained)
    steps.take([gradients[symbol.name] for symbol in trained])
    loss = next(one.symbol for one in lines.lines if one.kind is Kind.VALUE and one.name == lines.output)
    memory = tuple(tuple(memory_symbol(one, symbol) for symbol in trained) for one in update.memory)
    written = [loss, *trained, *(symbol for row in memory for symbol in row)]
    inner = [one.symbol for one in lowering.lines if one.kind is not Kind.GRADIENT and one.symbol != loss]
    buffers = lowering.buffers
    routine = Routine(
        tuple(sorted(lowering.shapes.sizes, key=str)),
        tuple(buffers[symbol] for symbol in lines.given if symbol not in trained),
        tuple(buffers[symbol] for symbol in written),
        tuple(buffers[symbol] for symbol in (*inner, *lowering.temporaries)),
        fused(lowering.groups),
        tuple(lowering.requirements),
    )
    return TrainingRoutine(routine, loss, trained, memory)


class _Updates:
    """The updates of all parameters, from the old values of all.

    Args:
        lowering: which has computed all that the gradients are made of.
        update: of one parameter.
        trained: the parameters.
    """

    def __init__(self, lowering: Lowering, update: Update, trained: Sequence[Symbol]) -> None:
        self.lowering, self.update, self.trained = lowering, update, set(trained)
        for memory in update.memory:
            for symbol in trained:
                self._buffer(memory_symbol(memory, symbol), symbol)
        for symbol in trained:
            self._buffer(symbol, symbol)

    def _buffer(self, symbol: Symbol, like: Symbol) -> None:
        """A buffer row by row, as states have their arrays."""
        self.lowering.buffers[symbol] = Buffer.natural(symbol, self.lowering.shapes[like])

    def take(self, gradients: Sequence[Line]) -> None:
        """First the gradients that read parameters here and there; then all updates."""
        resolved = [self.lowering.shapes.resolved(line.expression)[0] for line in gradients]
        parameters = [Symbol(line.name) for line in gradients]
        ready = [
            gradient if self._reads_in_place(gradient, symbol) else self.lowering.stored(gradient)
            for symbol, gradient in zip(parameters, resolved, strict=True)
        ]
        for symbol, gradient in zip(parameters, ready, strict=True):
            self._step(symbol, gradient)
            self.lowering.grouped(symbol, gradient)

    def _reads_in_place(self, gradient: Basic, own: Symbol) -> bool:
        """Whether of all parameters it reads only its own, each entry for that entry."""
        if not self.trained & gradient.free_symbols:
            return True
        if gradient == own:
            return True
        kinds = Add | Mul | Pow | Function | Relational
        entrywise = isinstance(gradient, kinds) and not isinstance(gradient, op.Operation)
        return entrywise and all(self._reads_in_place(one, own) for one in gradient.args)

    def _step(self, symbol: Symbol, gradient: Expr) -> None:
        rate = self.update.rate
        if rate is None:
            self._by_equations(symbol, gradient)
            return
        terms = gradient.args if isinstance(gradient, Add) else (gradient,)
        products = [one for one in terms if self.lowering.scaled_product(one) is not None]
        rest = add(*(one for one in terms if one not in products))
        if rest != 0:
            self._by_equations(symbol, rest)
        for one in products:
            found = self.lowering.scaled_product(one)
            assert found is not None
            scale, product = found
            fill_product(self.lowering, symbol, product, neg(mul(rate, scale)), is_added=True)

    def _by_equations(self, symbol: Symbol, gradient: Expr) -> None:
        """Entry by entry, what is remembered first."""
        lowering = self.lowering
        indices, ranges = lowering.ranges_in(lowering.buffers[symbol])
        scope = Scope.over(ranges)
        slope = lowering.at(gradient, indices, scope)
        entries = {one: lowering.entry(memory_symbol(one, symbol), indices) for one in self.update.memory}
        values: dict[Symbol, Expr] = {THETA: lowering.entry(symbol, indices), **entries, GRADIENT: slope}
        for target, equation in self.update.equations:
            value = hoisted(Rewriter(values)(equation), scope)
            if target == GRADIENT:
                values[GRADIENT] = name = number("g")
                scope.innermost.append(Local(name, value))
            else:
                scope.innermost.append(assigned(values[target], value))
        lowering.emit(scope.close())
