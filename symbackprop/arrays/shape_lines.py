"""The shapes of a formula, as they stand under it: (3×2) under a matrix of three rows."""

from __future__ import annotations

import re

from sympy import Basic, Expr, Symbol

from symbackprop import operations as op
from symbackprop.arrays.matrices import MatrixPrinter
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape
from symbackprop.conventions import Conventions
from symbackprop.expressions import AtStep, Quotient
from symbackprop.notation.syntax import Piece
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.translation import ENGLISH, Language


def shape_of_left(left: Expr, shapes: Shapes, conventions: Conventions) -> Shape:
    """The shape of what stands left: of ∂L/∂W that of W, or its transpose in numerator layout."""
    match left:
        case Quotient():
            shape = shapes[left.by]
            if conventions.layout != "numerator" or not 1 <= len(shape) <= 2:
                return shape
            return shape[::-1] if len(shape) > 1 else (1, *shape)
        case AtStep():
            return shapes[left.symbol]
    return shapes[left]


def shape_text(shape: Shape, times: str = "×") -> str:
    """3×2; a vector is a column."""
    return times.join(map(str, shape if len(shape) > 1 else (*shape, 1)))


class ShapePrinter(MatrixPrinter):
    """Prints the shape of every array in the place of its name."""

    def __init__(self, conventions: Conventions, shapes: Shapes, language: Language = ENGLISH) -> None:
        super().__init__(UnicodeSyntax(language), conventions, shapes)

    def __call__(self, expression: Expr) -> str:
        """The shapes of a formula's arrays, in single brackets."""
        return re.sub(r"\(\(([^()]*)\)\)", r"(\1)", super().__call__(expression))

    def piece(self, expression: Basic) -> Piece:
        """(3×2) for W."""
        if isinstance(expression, Symbol | op.ones | op.zeros | op.eye) and self.shapes[expression]:
            return Piece(f"({shape_text(self.shapes[expression])})")
        return super().piece(expression)

    def transposed(self, expression: Expr) -> Piece:
        """(2×3) for Wᵀ."""
        shape = self.shapes[expression]
        if isinstance(expression, Symbol) and len(shape) in (1, 2):
            return Piece(f"({shape_text(shape[::-1] if len(shape) == 2 else (1, *shape))})")
        return super().transposed(expression)
