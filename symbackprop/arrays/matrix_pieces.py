"""Sums and products of matrices and vectors: a vector is a column, ∘ is the element-wise product.

What broadcasting repeats is written with ones: a vector b added to every row of Z stands as 1_n bᵀ. So a
printed line can be worked out by the rules of matrix algebra alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sympy import Add, Basic, Expr, Mul, Pow, S, Symbol

from symbackprop import operations as op
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, Size, count
from symbackprop.conventions import Conventions
from symbackprop.expressions import divide, is_reciprocal, negative_part, plain_product, plain_sum
from symbackprop.notation.printer import Printer
from symbackprop.notation.syntax import Level, Piece, Syntax

MOST_SHOWN = 12
"""A matrix with more rows or columns is printed with dots."""


class MatrixPieces(Printer):
    """Prints sums, element-wise products and transposes of arrays; their operations are added above.

    Args:
        syntax: how things look.
        conventions: ∂ or d, how broadcasting is written.
        shapes: of every symbol.
        values: numbers and arrays to print in the place of symbols.
    """

    def __init__(
        self,
        syntax: Syntax,
        conventions: Conventions,
        shapes: Shapes,
        values: Mapping[Basic, Any] | None = None,
    ) -> None:
        super().__init__(syntax, conventions, values)
        self.shapes = shapes

    # Sums and element-wise products.

    def _sum(self, expression: Add) -> Piece:
        full = self.shapes[expression]
        if not full:
            return super()._sum(self._number_last(expression))
        return self._terms(expression, lambda term: self.widened(term, full))

    def _terms(self, expression: Add, piece_of: Callable[[Expr], Piece]) -> Piece:
        """The terms of a sum, each printed in some way, with their signs."""
        text = ""
        for term in expression.args:
            minus, size = negative_part(term)
            piece = piece_of(size)
            shown = self.syntax.bracket(piece.text) if piece.level == Level.SUM else piece.text
            if text:
                text += f" {self.syntax.minus if minus else '+'} {shown}"
            else:
                text = (self.syntax.minus if minus else "") + shown
        return Piece(text, Level.SUM)

    def _number_last(self, expression: Add) -> Add:
        """n - 1, where SymPy writes a size as -1 + n."""
        if not expression.free_symbols <= self.shapes.sizes:
            return expression
        return plain_sum(sorted(expression.args, key=lambda term: bool(term.is_number)))

    def widened(self, expression: Expr, full: Shape) -> Piece:
        """An operand of a sum or element-wise product, repeated by ones to the shape of the whole."""
        own = self.shapes[expression]
        if self.conventions.broadcast == "implicit" or len(full) != 2 or own in (full, (), (1,), (1, 1)):
            return self.piece(expression)
        minus, size = negative_part(expression)
        if minus:
            return Piece(self.syntax.minus + self._tight(self.widened(size, full)).text, Level.SUM)
        scalars = (
            [one for one in expression.args if not self.shapes[one]] if isinstance(expression, Mul) else []
        )
        if scalars:
            arrays = [one for one in expression.args if one not in scalars]
            rest = plain_product(arrays)
            front = plain_product(scalars)
            return self._row([self.piece(front), self.widened(rest, full)])
        if isinstance(expression, op.mean):
            inner, axes, keep = expression.args
            entries = count(self.shapes[inner][int(axis)] for axis in axes)
            summed = self.widened(op.of(op.total, inner, axes, keep), full)
            return self._row([self.piece(divide(1, entries * S.One)), summed])
        return self._repeated(expression, full)

    def _repeated(self, expression: Expr, full: Shape) -> Piece:
        """1_n bᵀ, 1_n r, c 1_mᵀ of a vector, a row and a column."""
        own = self.shapes[expression]
        rows, columns = full
        if len(own) == 1:
            return self._beside(self._ones((rows,)), self.transposed(expression))
        if own[0] == 1 != rows:
            return self._beside(self._ones((rows,)), self.piece(expression))
        return self._beside(self.piece(expression), self._transposed_piece(self._ones((columns,))))

    def _beside(self, *pieces: Piece) -> Piece:
        """A matrix product: factors side by side."""
        return Piece(" ".join(self._tight(piece).text for piece in pieces), Level.PRODUCT)

    def _tight(self, piece: Piece) -> Piece:
        """A factor of a matrix product, in brackets where it is a sum or an element-wise product."""
        if piece.level <= Level.HADAMARD or (piece.fraction and not piece.quotient):
            return piece._replace(text=self.syntax.bracket(piece.text), level=Level.ATOM, fraction=False)
        return piece

    def _unsigned(self, expression: Expr) -> Piece:
        if not isinstance(expression, Mul) or not self.shapes[expression]:
            return super()._unsigned(expression)
        scalars, above, below = self._parts(expression)
        full = self.shapes[expression]
        arrays = self._hadamard(above, full) if above else Piece("1", number=True)
        if below:
            # A product of several factors is in brackets where the bar is a stroke.
            whole = arrays._replace(fraction=arrays.level in (Level.PRODUCT, Level.HADAMARD))
            arrays = self.syntax.fraction(whole, self._hadamard(below, full))
        if not scalars:
            return arrays
        front = super()._unsigned(plain_product(scalars))
        row = self._row([front, arrays])
        return row._replace(level=Level.HADAMARD) if arrays.level == Level.HADAMARD else row

    def _factor(self, piece: Piece) -> Piece:
        """A scalar in front of an element-wise product needs no brackets round that."""
        return piece if piece.level == Level.HADAMARD else super()._factor(piece)

    def _row(self, pieces: list[Piece]) -> Piece:
        """Factors side by side; Σ is in brackets where something follows it."""
        *before, last = pieces
        closed = [
            p._replace(text=self.syntax.bracket(p.text), level=Level.ATOM) if p.big else p for p in before
        ]
        return super()._row([*closed, last])._replace(big=last.big, fraction=last.fraction)

    def _parts(self, expression: Mul) -> tuple[list[Expr], list[Expr], list[Expr]]:
        """Scalar factors, and arrays above and below the bar."""
        scalars: list[Expr] = []
        above: list[Expr] = []
        below: list[Expr] = []
        for factor in expression.args:
            if not self.shapes[factor]:
                scalars.append(factor)
            elif isinstance(factor, Mul):
                for mine, more in zip((scalars, above, below), self._parts(factor), strict=True):
                    mine.extend(more)
            elif is_reciprocal(factor):
                base, exponent = factor.args
                below.append(base if exponent is S.NegativeOne else Pow(base, -exponent, evaluate=False))
            else:
                above.append(factor)
        return scalars, above, below

    def _hadamard(self, factors: list[Expr], full: Shape) -> Piece:
        if len(factors) == 1:
            return self.widened(factors[0], full)
        shown = [self._of_hadamard(self.widened(factor, full)) for factor in factors]
        return Piece(f" {self.syntax.hadamard} ".join(shown), Level.HADAMARD)

    def _of_hadamard(self, piece: Piece) -> str:
        plain = piece.level > Level.PRODUCT or piece.fraction
        return piece.text if plain else self.syntax.bracket(piece.text)

    def _power(self, expression: Pow) -> Piece:
        base, exponent = expression.args
        shape = self.shapes[expression]
        plain = (len(shape) != 2 or 1 in shape) and not self.shapes[exponent]
        if plain or is_reciprocal(expression) or exponent == S.Half:
            return super()._power(expression)
        inner, raised = self.widened(base, shape), self.widened(exponent, shape)
        text = (
            inner.text
            if inner.level == Level.ATOM and "^" not in inner.text
            else self.syntax.bracket(inner.text)
        )
        return Piece(self.syntax.hadamard_power(text, raised), Level.POWER)

    # Pieces of matrix algebra.

    def transposed(self, expression: Expr) -> Piece:
        """xᵀ or Aᵀ."""
        if isinstance(expression, op.reshape) and len(self.shapes[expression.args[0]]) == 1:
            inner = expression.args[0]
            if self.shapes[expression] == (1, *self.shapes[inner]):
                return self.piece(inner)
            if self.shapes[expression] == (*self.shapes[inner], 1):
                expression = inner
        if expression in self.values and np.ndim(self.values[expression]) in (1, 2):
            return Piece(self.array(np.atleast_2d(np.transpose(self.values[expression]))), substituted=True)
        if isinstance(expression, op.inv) and expression not in self.values:
            inner = self._base(self.piece(expression.args[0]))
            return Piece(self.syntax.inverse_transposed(inner), Level.POWER)
        return self._transposed_piece(self.piece(expression))

    def _transposed_piece(self, piece: Piece) -> Piece:
        return Piece(self.syntax.transposed(self._base(piece)), Level.POWER)

    def _base(self, piece: Piece) -> str:
        """What an exponent can be put on; a name with a layer above it takes it beside that."""
        return piece.text if piece.level == Level.ATOM else self.syntax.bracket(piece.text)

    def _ones(self, shape: Shape) -> Piece:
        return Piece(self.syntax.constant("1", self.sizes(shape)))

    def sizes(self, shape: Shape) -> str:
        """n×3."""
        return self.syntax.times.join(map(self._size, shape))

    def _size(self, size: Size) -> str:
        """A size, in numbers where numbers are put in."""
        if isinstance(size, int):
            return str(size)
        known = {symbol: self.values[symbol] for symbol in size.free_symbols if symbol in self.values}
        if known:
            return str(int(size.subs(known)))
        text = self.piece(size).text
        return text if isinstance(size, Symbol) else self.syntax.bracket(text)

    def _number(self, size: Size) -> Piece:
        return self.piece(size * S.One)

    # Numbers in the place of symbols.

    def _value(self, number: Any) -> Piece:
        if not getattr(number, "ndim", 0):
            return super()._value(number)
        text = self.array(number)
        level = Level.POWER if text.endswith("ᵀ") else Level.ATOM
        return Piece(text, level, substituted=True)

    def number(self, value: Any) -> str:
        """A number, or an array of them."""
        return self._value(value).text

    def array(self, values: Any) -> str:
        """An array of numbers: a vector as a column."""
        rows = np.asarray(values)
        if rows.ndim > 2:
            return self.syntax.listed(self.syntax.language.comma.join(self.array(part) for part in rows))
        table = rows.reshape(-1, 1) if rows.ndim == 1 else rows
        down, across = (_shown_places(size) for size in table.shape)
        shown = [
            [
                self._entry(table, i, j) if i is not None and j is not None else self.syntax.dots
                for j in across
            ]
            for i in down
        ]
        return self.syntax.matrix(shown, vector=rows.ndim == 1)

    def _entry(self, table: Any, i: int, j: int) -> str:
        return self.value(table[i, j].item())


def _shown_places(size: int) -> list[int | None]:
    """Which rows or columns of a matrix are printed: all, or the first and the last with dots between."""
    if size <= MOST_SHOWN:
        return list(range(size))
    return [*range(MOST_SHOWN // 2), None, size - 2, size - 1]
