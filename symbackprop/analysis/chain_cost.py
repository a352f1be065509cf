"""What a chain of Jacobians costs from either end, in multiplications: why backpropagation runs backwards.

The factors of ∂L/∂x = ∂L/∂h_k · … · ∂h_1/∂x stand in the numerator layout, the output's end first. Reverse
mode multiplies from that end, a row times a matrix each time; forward mode from the other, a matrix times a
matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from math import prod
from typing import Literal

from sympy import Add, Basic, Expr, Function, Mul, Pow, Symbol

from symbackprop import operations as op
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, as_size, show_shape
from symbackprop.derivation import Derivation
from symbackprop.errors import GraphError, OptionError, ShapeError, listing
from symbackprop.shown import Headed

Mode = Literal["forward", "reverse"]


@dataclass(frozen=True)
class Factor:
    """A Jacobian as far as its cost goes.

    Attributes:
        label: what it is, as ∂h/∂x: `h, x`.
        rows: the entries of what is differentiated.
        columns: the entries of what it is differentiated by.
        in_row: how many entries of a row may differ from 0, at the most.
        in_column: how many of a column.
        passes: of a diagonal matrix plus one of rank one, diag(a) + x yᵀ, how many multiplications an entry
            of a vector takes: 2 for the softmax, p ∘ v and p times the sum of that; None: it is none.
    """

    label: str
    rows: int
    columns: int
    in_row: int
    in_column: int
    passes: int | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns

    @property
    def dense(self) -> Factor:
        """The same shape with every entry in use."""
        return dense(self.rows, self.columns, self.label)


def dense(rows: int, columns: int, label: str = "") -> Factor:
    """A matrix of which nothing is known to be 0."""
    return Factor(label, rows, columns, columns, rows)


def diagonal(size: int, label: str = "") -> Factor:
    """A diagonal matrix: multiplying by it scales."""
    return Factor(label, size, size, 1, 1)


@dataclass(frozen=True)
class Product:
    """One product on the way.

    Attributes:
        left: the left factor.
        right: the right factor.
        result: what they make.
        count: the multiplications that it takes.
    """

    left: Factor
    right: Factor
    result: Factor
    count: int


@dataclass(frozen=True, repr=False)
class Order(Headed):
    """The products of a chain, from one end to the other.

    Attributes:
        mode: `reverse` begins at the output, `forward` at what it is differentiated by.
        steps: the products in the order in which they are carried out.
    """

    mode: Mode
    steps: tuple[Product, ...]

    @property
    def total(self) -> int:
        """The multiplications of all steps."""
        return sum(step.count for step in self.steps)


@dataclass(frozen=True, repr=False)
class ChainCost(Headed):
    """A chain of Jacobians multiplied from either end.

    Attributes:
        factors: the Jacobians, the output's end first.
        forward: the cost from the input's end.
        reverse: the cost from the output's end.
    """

    factors: tuple[Factor, ...]
    forward: Order
    reverse: Order

    @property
    def ratio(self) -> float:
        """How many times as many multiplications forward mode takes."""
        return self.forward.total / self.reverse.total


def chain_cost(factors: Sequence[Factor]) -> ChainCost:
    """The cost of a chain in both orders.

    Args:
        factors: Jacobians whose shapes fit one after the other, the output's end first.

    Raises:
        ShapeError: neighbours do not fit.
        OptionError: there are fewer than two.

    >>> cost = chain_cost([dense(1, 10), dense(10, 10), dense(10, 10), dense(10, 10)])
    >>> cost.forward.total, cost.reverse.total
    (2100, 300)
    """
    if len(factors) < 2:
        raise OptionError("a chain has at least two factors", known=f"{len(factors)} given")
    for left, right in pairwise(factors):
        if left.columns != right.rows:
            raise ShapeError(
                f"{show_shape(left.shape)} and {show_shape(right.shape)} do not follow each other in a chain",
                where=f"{left.label} · {right.label}",
                known="the columns of a factor are the rows of the next",
            )
    forward = Order("forward", tuple(_from_the_right(factors)))
    return ChainCost(tuple(factors), forward, Order("reverse", tuple(_from_the_left(factors))))


def _from_the_left(factors: Sequence[Factor]) -> Iterator[Product]:
    done = factors[0]
    for factor in factors[1:]:
        step = multiplied(done, factor)
        done = step.result
        yield step


def _from_the_right(factors: Sequence[Factor]) -> Iterator[Product]:
    done = factors[-1]
    for factor in reversed(factors[:-1]):
        step = multiplied(factor, done)
        done = step.result
        yield step


def multiplied(left: Factor, right: Factor) -> Product:
    """The product of two factors: Σ_k (entries of column k on the left) · (entries of row k on the right).

    A diagonal plus a matrix of rank one is applied as such: p ∘ b - p Σ_k (p ∘ b)_k takes two passes over b.
    """
    label = f"({left.label})({right.label})"
    if left.passes is not None and right.rows == left.columns:
        count = right.rows * right.in_row + (left.passes - 1) * left.rows * right.columns
        return Product(left, right, dense(left.rows, right.columns, label), count)
    if right.passes is not None:
        count = left.columns * left.in_column + (right.passes - 1) * left.rows * right.columns
        return Product(left, right, dense(left.rows, right.columns, label), count)
    return Product(left, right, _after(left, right, label), left.columns * left.in_column * right.in_row)


def _after(left: Factor, right: Factor, label: str = "") -> Factor:
    """How full a product can be."""
    in_row = min(right.columns, left.in_row * right.in_row)
    in_column = min(left.rows, left.in_column * right.in_column)
    return Factor(label, left.rows, right.columns, in_row, in_column)


def cost_of_gradient(
    derivation: Derivation,
    wrt: str | Symbol,
    sizes: Mapping[str, int] | None = None,
    *,
    structured: bool = True,
) -> ChainCost:
    """The cost of ∂L/∂w as a chain of Jacobians, matrices counted as the vectors of their entries.

    Where the derivation writes ∂L/∂z in short (p - y for a softmax in its loss), the chain begins there.

    Args:
        derivation: of the loss.
        wrt: the parameter, which has one path to the loss.
        sizes: numbers for the symbols of sizes.
        structured: leave out multiplications by entries that are known to be 0; else count dense matrices.

    Raises:
        GraphError: the parameter has no path to the loss, or several.
        OptionError: a size has no number.

    Source: Baydin et al., Automatic differentiation in machine learning: a survey (2018), section 3.
    """
    symbol = derivation.graph[wrt].symbol
    chain = _Structure(derivation, sizes or {}).factors(_path(derivation, symbol))
    return chain_cost(chain if structured else [factor.dense for factor in chain])


def _path(derivation: Derivation, symbol: Symbol) -> list[Symbol]:
    """The nodes from the output down to the symbol."""
    path = [symbol]
    while path[-1] != derivation.output:
        consumers = list(derivation.active_consumers(path[-1]))
        if len(consumers) != 1:
            names = listing(one.name for one in consumers) or "nothing"
            raise GraphError(
                f"there is no single path from {symbol.name} to {derivation.output.name}",
                known=f"{path[-1].name} goes into {names}",
                fix="take a parameter with one path, or give the chain itself: chain_cost(factors)",
            )
        path.append(consumers[0])
    return path[::-1]


class _Structure:
    """Which entries of the local Jacobians may differ from 0."""

    def __init__(self, derivation: Derivation, sizes: Mapping[str, int]) -> None:
        self.derivation = derivation
        self.shapes: Shapes = derivation.shapes or derivation.graph.shapes()
        self.sizes = {Symbol(name): number for name, number in sizes.items()}

    def factors(self, path: Sequence[Symbol]) -> list[Factor]:
        """The local Jacobians along a path; the first one ends where the short form is."""
        start = 1
        for place, symbol in enumerate(path[1:], start=1):
            delta = self.derivation.deltas.get(symbol.name)
            if delta is not None and delta.collapse is not None:
                start = place
        first = dense(1, self.entries(self.shapes[path[start]]), f"{path[0].name}, {path[start].name}")
        return [first, *(self.local(upper, lower) for upper, lower in pairwise(path[start:]))]

    def local(self, upper: Symbol, lower: Symbol) -> Factor:
        """∂upper/∂lower."""
        expression = self.derivation.graph[upper].expression
        assert expression is not None
        return replace(self.of(expression, lower), label=f"{upper.name}, {lower.name}")

    def numbers(self, shape: Shape) -> tuple[int, ...]:
        """A shape in numbers."""
        found = [as_size(size.subs(self.sizes)) if isinstance(size, Expr) else size for size in shape]
        if unknown := [str(size) for size in found if not isinstance(size, int)]:
            raise OptionError(
                f"the size {unknown[0]} has no number",
                known=listing(f"{name} = {number}" for name, number in self.sizes.items()),
                fix=f"give it: sizes={{'{unknown[0]}': 100}}",
            )
        return tuple(size for size in found if isinstance(size, int))

    def entries(self, shape: Shape) -> int:
        """How many entries."""
        return prod(self.numbers(shape))

    def of(self, expression: Basic, symbol: Symbol) -> Factor:
        """The Jacobian of an expression: those of its operands, each after its local one, added."""
        columns = self.entries(self.shapes[symbol])
        if expression == symbol:
            return diagonal(columns)
        rows = self.entries(self.shapes[expression])
        rule = _RULES.get(expression.func, _elementwise if _is_elementwise(expression) else _full)
        parts = [
            self._chained(rule(self, expression, place), self.of(argument, symbol))
            for place, argument in enumerate(expression.args)
            if symbol in argument.free_symbols
        ]
        if not parts:
            return Factor("", rows, columns, 0, 0)
        if all(map(_is_diagonal, parts)) and not expression.has(op.transpose):
            return parts[0]  # the same places, unless a transpose moves them
        return reduce(_sum, parts)

    def _chained(self, outer: Factor, inner: Factor) -> Factor:
        """One local Jacobian after another; after a diagonal one, as full as it is."""
        return outer if _is_diagonal(inner) else _after(outer, inner)


def _sum(one: Factor, two: Factor) -> Factor:
    in_row, in_column = one.in_row + two.in_row, one.in_column + two.in_column
    return Factor("", one.rows, one.columns, min(one.columns, in_row), min(one.rows, in_column))


def _is_diagonal(factor: Factor) -> bool:
    return factor.rows == factor.columns and factor.in_row == factor.in_column == 1


def _is_elementwise(expression: Basic) -> bool:
    return isinstance(expression, Add | Mul | Pow) or (
        isinstance(expression, Function) and not isinstance(expression, op.Operation)
    )


def _sides(structure: _Structure, expression: Basic, place: int) -> tuple[int, int]:
    """The entries of an operation and of one operand."""
    return structure.entries(structure.shapes[expression]), structure.entries(
        structure.shapes[expression.args[place]]
    )


def _full(structure: _Structure, expression: Basic, place: int) -> Factor:
    """Every entry may depend on every other."""
    return dense(*_sides(structure, expression, place))


def _elementwise(structure: _Structure, expression: Basic, place: int) -> Factor:
    """y_i depends on x_i only; what is broadcast goes into several."""
    rows, columns = _sides(structure, expression, place)
    return Factor("", rows, columns, 1, rows // columns)


def _moved(structure: _Structure, expression: Basic, place: int) -> Factor:
    """The same entries in other places."""
    rows, columns = _sides(structure, expression, place)
    return Factor("", rows, columns, 1, 1)


def _reduced(structure: _Structure, expression: Basic, place: int) -> Factor:
    """Σ: each entry goes into one sum."""
    rows, columns = _sides(structure, expression, place)
    return Factor("", rows, columns, columns // rows, 1)


def _matmul(structure: _Structure, expression: Basic, place: int) -> Factor:
    """Y = A B C: an entry of B goes into every row of A and every column of C."""
    rows, columns = _sides(structure, expression, place)
    shapes = [structure.numbers(structure.shapes[factor]) for factor in expression.args]
    if max(map(len, shapes)) > 2:
        return dense(rows, columns)
    above = shapes[0][0] if place and len(shapes[0]) == 2 else 1
    beside = shapes[-1][-1] if place < len(shapes) - 1 and len(shapes[-1]) == 2 else 1
    return Factor("", rows, columns, columns * above * beside // rows, above * beside)


def _softmax(structure: _Structure, expression: Basic, place: int) -> Factor:
    """diag(p) - p pᵀ of a vector; of a matrix one such block a row."""
    rows, columns = _sides(structure, expression, place)
    shape, axis = structure.numbers(structure.shapes[expression]), int(expression.args[1])
    passes = {op.softmax_along: 2, op.log_softmax: 1}[expression.func] if len(shape) == 1 else None
    return Factor("", rows, columns, shape[axis], shape[axis], passes)


_RULES: Mapping[type[Basic], Callable[[_Structure, Basic, int], Factor]] = {
    op.matmul: _matmul,
    **dict.fromkeys((op.transpose, op.reshape), _moved),
    **dict.fromkeys((op.total, op.mean), _reduced),
    **dict.fromkeys((op.softmax_along, op.log_softmax), _softmax),
    op.spread: _elementwise,
}
"""Operations with many zeros in their Jacobians; the rest is element-wise, or taken to be full."""
