"""Indices and tests of indices as code, in Python and in C."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Add, Basic, Expr, Integer, Mul, Pow, S, Symbol, sympify

from symbackprop.arrays.sizes import Size
from symbackprop.expressions import negative_part
from symbackprop.loops.model import AtMost, Below, Both, Buffer, Excess, Left, Lesser, Over, Same
from symbackprop.lowering.printer import Level, Piece


@dataclass(frozen=True)
class IndexSyntax:
    """How a language writes whole numbers.

    Attributes:
        over: the quotient rounded down.
        both: between two tests.
        excess: i - j or 0, with places for both.
        lesser: the smaller of i and j.
        level: how tightly the last two hold.
    """

    over: str
    both: str
    excess: str
    lesser: str
    level: Level


PYTHON = IndexSyntax("//", " and ", "max({i} - {j}, 0)", "min({i}, {j})", Level.ATOM)
C = IndexSyntax("/", " && ", "{i} > {j} ? {i} - {j} : 0", "{i} < {j} ? {i} : {j}", Level.CHOICE)

_RELATIONS: Mapping[Any, str] = {Same: "==", Below: "<", AtMost: "<="}


class IndexCode:
    """Prints indices, sizes and tests of them.

    Args:
        names: what indices and symbols of sizes are called; more may be added to it later.
        syntax: of the language.
    """

    def __init__(self, names: Mapping[Symbol, str], syntax: IndexSyntax = PYTHON) -> None:
        self.names, self.syntax = names, syntax

    def __call__(self, expression: Size | Basic) -> str:
        """The index as code."""
        return self.piece(sympify(expression)).text

    def piece(self, expression: Basic) -> Piece:
        """The index as code, with how tightly it holds."""
        if isinstance(expression, Symbol):
            return Piece(self.names[expression])
        if isinstance(expression, Integer):
            return Piece(str(expression), Level.ATOM if expression >= 0 else Level.SIGN)
        if isinstance(expression, Add):
            return self._sum(expression)
        if isinstance(expression, Mul):
            return Piece("*".join(self.at(one, Level.SIGN) for one in expression.args), Level.PRODUCT)
        if isinstance(expression, Pow):
            base, exponent = expression.args
            return Piece("*".join([self.at(base, Level.SIGN)] * int(exponent)), Level.PRODUCT)
        if isinstance(expression, Over | Left):
            sign = self.syntax.over if isinstance(expression, Over) else "%"
            one, two = expression.args
            return Piece(f"{self.at(one, Level.PRODUCT)}{sign}{self.at(two, Level.SIGN)}", Level.PRODUCT)
        if isinstance(expression, Excess | Lesser):
            form = self.syntax.excess if isinstance(expression, Excess) else self.syntax.lesser
            i, j = (self.at(one, Level.PRODUCT) for one in expression.args)
            return Piece(form.format(i=i, j=j), self.syntax.level)
        return self._test(expression)

    def at(self, expression: Basic, level: Level) -> str:
        """The index with brackets, if it holds less tightly than that."""
        text, own = self.piece(expression)
        return text if own >= level else f"({text})"

    def _sum(self, expression: Expr) -> Piece:
        """What is added first, in the order of reading; then what is taken off."""
        terms = [negative_part(term) for term in expression.as_ordered_terms()]
        first = [self.at(term, Level.PRODUCT) for minus, term in terms if not minus]
        taken = [self.at(term, Level.PRODUCT) for minus, term in terms if minus]
        text = " + ".join(first) + "".join(f" - {one}" for one in taken)
        return Piece(text if first else text.replace(" - ", "-", 1), Level.SUM)

    def _test(self, expression: Basic) -> Piece:
        if isinstance(expression, Both):
            return Piece(self.syntax.both.join(map(self, expression.args)), Level.TEST)
        left, right = (self.at(one, Level.SUM) for one in expression.args)
        return Piece(f"{left} {_RELATIONS[expression.func]} {right}", Level.TEST)

    def flat(self, buffer: Buffer, indices: Iterable[Expr]) -> str:
        """The place of an entry in memory: 784*i + k."""
        strides = buffer.strides
        places = [(strides[axis], one) for axis, one in enumerate(indices)]
        terms = [self._step(*places[axis]) for axis in buffer.order if places[axis][1] is not S.Zero]
        return " + ".join(terms) or "0"

    def _step(self, stride: Size, place: Expr) -> str:
        if stride == 1:
            return self.at(place, Level.SUM)
        if isinstance(place, Integer) and isinstance(stride, int):
            return str(place * stride)
        return f"{self.at(sympify(stride), Level.PRODUCT)}*{self.at(place, Level.SIGN)}"

    def axes(self, buffer: Buffer, indices: tuple[Expr, ...]) -> str:
        """The indices along the axes as they lie in memory: i, k."""
        return ", ".join(self(indices[axis]) for axis in buffer.order) or "0"

    def count(self, buffer: Buffer) -> str:
        """How many entries there are."""
        return self._step(1, Mul(*buffer.shape))
