"""Routines as code: names for indices and numbers, loops and what stands in them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from textwrap import fill, indent
from typing import Any, ClassVar

from sympy import Basic, Expr, Number, Symbol

from symbackprop.loops.index_code import IndexCode
from symbackprop.loops.model import (
    TESTS,
    Assign,
    Buffer,
    Call,
    Entry,
    Group,
    Increase,
    Local,
    Loop,
    Product,
    Routine,
    Statement,
)
from symbackprop.loops.products import spelled
from symbackprop.lowering.printer import CodePrinter, Level, Piece

WIDTH = 100
"""So wide are lines of arguments."""

LETTERS = "ijkpqrt"
"""What indices are called, from the outermost loop to the innermost."""

VALUE_RULES: Mapping[Any, str] = {Entry: "entry", **dict.fromkeys(TESTS, "test")}
"""What the printers of values print besides."""


class Names(dict[Symbol, str]):
    """What symbols are called; indices and local numbers get their names where they begin.

    Args:
        given: the names of buffers and sizes.
    """

    def __init__(self, given: Mapping[Symbol, str]) -> None:
        super().__init__(given)
        self._taken = {*given.values()}

    def begin(self, symbol: Symbol, candidates: Iterable[str]) -> str:
        """Give a symbol the first free name."""
        name = next(one for one in candidates if one not in self._taken)
        self._taken.add(name)
        self[symbol] = name
        return name

    def end(self, names: Iterable[str]) -> None:
        """These names are free again."""
        self._taken.difference_update(names)


class Chained(dict[Symbol, str]):
    """Names of which some have another spelling."""

    def __init__(self, first: Mapping[Symbol, str], others: Mapping[Symbol, str]) -> None:
        super().__init__(first)
        self._others = others

    def __missing__(self, symbol: Symbol) -> str:
        return self._others[symbol]


def _index_names() -> Iterator[str]:
    yield from LETTERS
    yield from (f"i{place}" for place in count(1))


def _local_names(letter: str) -> Iterator[str]:
    yield letter
    yield from (f"{letter}{place}" for place in count(1))


class LoopCode(ABC):
    """Prints routines in one language.

    Args:
        routine: what is printed.
        names: what its buffers and sizes are called.
    """

    indent: ClassVar[str] = "    "

    def __init__(self, routine: Routine, names: Mapping[Symbol, str]) -> None:
        self.routine = routine
        self.names = Names(names)
        self.buffers = {one.symbol: one for one in routine.buffers}
        self.numbers = {one.symbol for one in (*routine.given, *routine.temporaries) if not one.shape}

    values: CodePrinter
    indices: IndexCode

    def body(self) -> Iterator[str]:
        """The lines of all statements."""
        yield from self.lines(self.routine.statements, [])

    def lines(self, statements: Iterable[Statement], begun: list[str]) -> Iterator[str]:
        """The lines of statements; the names that begin among them are added to those of the block."""
        for one in statements:
            match one:
                case Local():
                    value = self.value(one.value)
                    begun.append(self.names.begin(one.symbol, _local_names(one.symbol.name)))
                    yield self.declared(begun[-1], value)
                case Group():
                    yield from map(self.comment, one.formulas)
                    yield from self.lines(one.body, begun)
                case Product():
                    yield from self.product(one, begun)
                case Loop():
                    yield from self.loop(one)
                case Call():
                    shown = ", ".join(map(self.argument, one.arguments))
                    yield self.called(one.function, shown, self.values(one.target) if one.target else None)
                case Assign():
                    yield self.assigned(self.values(one.target), "=", self.value(one.value))
                case Increase():
                    yield self.assigned(self.values(one.target), "+=", self.value(one.value))

    def value(self, expression: Expr) -> str:
        """A value; a whole number as a real one."""
        if isinstance(expression, Number) and expression.is_Integer:
            return self.values.literal(float(expression))
        return self.values(expression)

    def loop(self, one: Loop) -> Iterator[str]:
        """The loop and its body."""
        start, stop = (self.indices.at(bound, Level.SUM) for bound in (one.start, one.stop))
        begun = [self.names.begin(one.index, _index_names())]
        yield self.head(begun[0], start, stop)
        for line in self.lines(one.body, begun):
            yield self.indent + line
        yield from self.foot()
        self.names.end(begun)

    def product(self, one: Product, begun: list[str]) -> Iterator[str]:
        """A product of matrices as loops."""
        yield from self.lines(spelled(one, self.buffers), begun)

    def argument(self, symbol: Basic) -> str:
        """What a helper is given: a buffer or a size."""
        return self.names[symbol] if symbol in self.buffers else self.indices(symbol)

    def listed(self, arguments: Iterable[str]) -> str:
        """Arguments with commas between them, in lines of their own where one is too short for them."""
        held = ", ".join(one.replace(" ", "\0") for one in arguments)
        lines = (
            held if len(held) < WIDTH else "\n" + indent(fill(held, WIDTH - len(self.indent)), self.indent)
        )
        return lines.replace("\0", " ")

    # What the language says.

    @abstractmethod
    def comment(self, text: str) -> str:
        """A comment."""

    @abstractmethod
    def head(self, name: str, start: str, stop: str) -> str:
        """The first line of a loop."""

    def foot(self) -> Iterator[str]:
        """What closes a loop."""
        yield from ()

    @abstractmethod
    def declared(self, name: str, value: str) -> str:
        """A new local number."""

    @abstractmethod
    def assigned(self, target: str, sign: str, value: str) -> str:
        """x = a, x += a."""

    @abstractmethod
    def called(self, function: str, arguments: str, target: str | None) -> str:
        """The call of a helper, and where its number goes."""

    @abstractmethod
    def place(self, buffer: Buffer, indices: tuple[Expr, ...]) -> str:
        """x[i, j]."""

    def entry(self, one: Entry) -> str:
        """An entry, or a number of its own."""
        if one.buffer in self.numbers:
            return self.names[one.buffer]
        return self.place(self.buffers[one.buffer], one.indices)


class ValueCode:
    """What printers of numbers print besides: entries of buffers, tests of indices.

    Attributes:
        loops: the printer that they belong to.
    """

    loops: LoopCode

    def entry(self, one: Entry) -> Piece:
        """x[i, j]."""
        return Piece(self.loops.entry(one))

    def test(self, one: Basic) -> Piece:
        """i == j."""
        return Piece(self.loops.indices.piece(one).text, Level.TEST)
