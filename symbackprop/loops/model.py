"""The language of loops: buffers, nests, what they assign, products of matrices.

Values are SymPy expressions over entries of buffers; indices count from 0 and are SymPy expressions too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

import sympy
from sympy import Basic, Dummy, Expr, Function, S, Symbol

from symbackprop.arrays.sizes import Shape, Size, as_size


class Entry(Expr):  # type: ignore[misc]
    """An entry of a buffer: x[i, j]; of a number without axes, itself.

    Args:
        buffer: its symbol.
        indices: one for each axis, from 0.
    """

    is_commutative = True

    def __new__(cls, buffer: Symbol, *indices: Any, evaluate: bool = False) -> Entry:  # noqa: D102
        instance: Entry = Basic.__new__(cls, buffer, *map(sympy.sympify, indices))
        return instance

    @property
    def buffer(self) -> Symbol:
        """Which buffer."""
        return self.args[0]

    @property
    def indices(self) -> tuple[Expr, ...]:
        """Where in it."""
        return tuple(self.args[1:])


class Same(Function):  # type: ignore[misc]
    """The test i = j of two indices."""


class Below(Function):  # type: ignore[misc]
    """The test i < j of two indices."""


class AtMost(Function):  # type: ignore[misc]
    """The test i ≤ j of two indices."""


class Both(Function):  # type: ignore[misc]
    """Several tests at once, the later ones where the earlier hold."""


class Over(Function):  # type: ignore[misc]
    """⌊i/j⌋ of two indices."""


class Left(Function):  # type: ignore[misc]
    """What is left of i over j: i mod j."""


TESTS = (Same, Below, AtMost, Both)
"""The tests of indices."""


class Excess(Function):  # type: ignore[misc]
    """By how much i is more than j: i - j, or 0."""


class Lesser(Function):  # type: ignore[misc]
    """The smaller of two indices."""


def index(letter: str = "i") -> Dummy:
    """A new index."""
    return Dummy(letter, integer=True, nonnegative=True)


def number(letter: str = "s") -> Dummy:
    """A new local number."""
    return Dummy(letter, real=True)


@dataclass(frozen=True)
class Buffer:
    """Where an array stands in memory.

    Attributes:
        symbol: what entries call it.
        shape: its sizes, numbers or symbols.
        order: its axes, from the outermost in memory to the innermost.
    """

    symbol: Symbol
    shape: Shape
    order: tuple[int, ...]

    @classmethod
    def natural(cls, symbol: Symbol, shape: Shape) -> Buffer:
        """Row by row."""
        return cls(symbol, shape, tuple(range(len(shape))))

    @property
    def stored(self) -> Shape:
        """The sizes as they lie in memory."""
        return tuple(self.shape[axis] for axis in self.order)

    @property
    def strides(self) -> Shape:
        """For each axis how far apart neighbours are."""
        behind = [*accumulate(reversed(self.stored[1:]), lambda one, two: one * two, initial=S.One)]
        steps = dict(zip(self.order, reversed(behind), strict=False)) if self.order else {}
        return tuple(as_size(steps[axis]) for axis in range(len(self.shape)))


@dataclass(frozen=True)
class Local:
    """A number of its own: s = 0.

    Attributes:
        symbol: what it is called.
        value: at first.
    """

    symbol: Symbol
    value: Expr


@dataclass(frozen=True)
class Assign:
    """x[i] = a, or s = a again.

    Attributes:
        target: an entry, or a local number.
        value: what it becomes.
    """

    target: Expr
    value: Expr


@dataclass(frozen=True)
class Increase:
    """x[i] += a.

    Attributes:
        target: an entry, or a local number.
        value: what is added.
    """

    target: Expr
    value: Expr


@dataclass(frozen=True)
class Loop:
    """for i from start to stop: body.

    Attributes:
        index: i.
        stop: the first number that it does not take.
        body: what is done for each.
        start: its first number.
    """

    index: Symbol
    stop: Expr
    body: tuple[Statement, ...]
    start: Expr = S.Zero


@dataclass(frozen=True)
class Product:
    """C_ij = α Σ_k A_ik B_kj, or C_ij += …, for all i and j.

    Attributes:
        target: C_ij.
        left: A_ik.
        right: B_kj.
        rows: i and how many there are; `columns` j, `inner` k likewise.
        factor: α.
        is_added: the product is added to what stands in C.
    """

    target: Entry
    left: Entry
    right: Entry
    rows: tuple[Symbol, Size]
    columns: tuple[Symbol, Size]
    inner: tuple[Symbol, Size]
    factor: Expr = S.One
    is_added: bool = False


@dataclass(frozen=True)
class Call:
    """The call of a helper: x = determinant(work, n).

    Attributes:
        function: its name.
        arguments: buffers by their symbols, sizes.
        writes: which of the buffers it writes to.
        target: what becomes of the number that it gives back, where it gives one.
    """

    function: str
    arguments: tuple[Basic, ...]
    writes: tuple[Symbol, ...]
    target: Entry | None = None


@dataclass(frozen=True)
class Group:
    """Statements that compute a formula.

    Attributes:
        formulas: in words of code, to be printed above them.
        body: the statements.
    """

    formulas: tuple[str, ...]
    body: tuple[Statement, ...]


Statement: TypeAlias = Local | Assign | Increase | Loop | Product | Call | Group


@dataclass(frozen=True)
class Requirement:
    """What sizes must fulfil: low ≤ high.

    Attributes:
        low: a size.
        high: another.
        what: what it is needed for, in words.
    """

    low: Size
    high: Size
    what: str


@dataclass(frozen=True)
class Routine:
    """A program of arrays as statements.

    Attributes:
        sizes: the symbols of sizes.
        given: the buffers that are read.
        results: the buffers that are written for others to read.
        temporaries: the buffers that are written for the routine itself.
        statements: in their order.
        requirements: what the sizes must fulfil.
    """

    sizes: tuple[Symbol, ...]
    given: tuple[Buffer, ...]
    results: tuple[Buffer, ...]
    temporaries: tuple[Buffer, ...]
    statements: tuple[Statement, ...]
    requirements: tuple[Requirement, ...] = ()

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """All of them."""
        return (*self.given, *self.results, *self.temporaries)


def nested(loops: Iterable[tuple[Symbol, Size]], body: Iterable[Statement]) -> tuple[Statement, ...]:
    """The body within loops, the first the outermost."""
    inner = tuple(body)
    for one, size in reversed([*loops]):
        inner = (Loop(one, sympy.sympify(size), inner),)
    return inner


def statements_in(statements: Iterable[Statement]) -> Iterator[Statement]:
    """All statements, those within others too."""
    for one in statements:
        yield one
        if isinstance(one, Loop | Group):
            yield from statements_in(one.body)
