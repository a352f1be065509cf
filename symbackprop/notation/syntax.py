"""How things are written: one way of writing fractions, powers, calls, sums, matrices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

from sympy import Basic, Symbol

from symbackprop import operations as op
from symbackprop.translation import ENGLISH, Language


class Level(IntEnum):
    """How tightly a piece holds together."""

    SUM = 0
    HADAMARD = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


class Piece(NamedTuple):
    """Printed text, how tightly it holds, and what kind of factor it is."""

    text: str
    level: Level = Level.ATOM
    number: bool = False
    substituted: bool = False
    quotient: bool = False
    fraction: bool = False
    big: bool = False


class Walks(Protocol):
    """What walks over expressions and prints their parts: the printer."""

    def piece(self, expression: Basic) -> Piece:
        """An expression as text, with how tightly it holds."""

    def argument(self, argument: Basic) -> str:
        """An argument of a call."""


class Syntax(ABC):
    """One way of writing.

    Args:
        language: of the few words in formulas, and of the sign in decimals.
    """

    minus = "-"

    def __init__(self, language: Language = ENGLISH) -> None:
        self.language = language

    @abstractmethod
    def name(self, symbol: Symbol, step: str = "") -> str:
        """A symbol."""

    @abstractmethod
    def quotient(self, of: str, by: str, mark: str) -> str:
        """A derivative ∂y/∂x."""

    @abstractmethod
    def held(self, quotient: str, names: str) -> str:
        """A derivative by the direct way only: other nodes are held fast."""

    @abstractmethod
    def fraction(self, above: Piece, below: Piece) -> Piece:
        """A fraction."""

    @abstractmethod
    def power(self, base: str, exponent: Piece) -> str:
        """A power; the base has its brackets."""

    @abstractmethod
    def bracket(self, text: str) -> str:
        """Round brackets."""

    @abstractmethod
    def number(self, digits: str) -> str:
        """A number, given as the number format writes it."""

    @abstractmethod
    def call(self, head: type[Any], arguments: list[str], index: str = "") -> str:
        """A function at its arguments; the index is a number below, or a prime."""

    @abstractmethod
    def exponential(self, exponent: Piece) -> Piece:
        """e to a power."""

    @abstractmethod
    def absolute(self, inside: str) -> str:
        """An absolute value."""

    @abstractmethod
    def root(self, inside: Piece) -> Piece:
        """A square root."""

    @abstractmethod
    def cases(self, test: str, then: str, other: str) -> str:
        """One of two values, by a comparison."""

    def indicator(self, test: str) -> str:
        """1 where the comparison holds, else 0: an Iverson bracket."""
        return f"[{test}]"

    @abstractmethod
    def relation(self, symbol: str) -> str:
        """One of > >= < <= == !=, with its spaces."""

    @abstractmethod
    def join(self, left: Piece, right: Piece) -> str:
        """What stands between two factors."""

    @property
    @abstractmethod
    def pi(self) -> str:
        """The number π."""

    # Matrices and vectors.

    hadamard = "∘"
    times = "×"
    placeholder = "·"
    dots = "…"

    def transposed(self, base: str) -> str:
        """Aᵀ; the base has its brackets."""
        return f"{base}ᵀ"

    def inverse(self, base: str) -> str:
        """A⁻¹."""
        return f"{base}⁻¹"

    def inverse_transposed(self, base: str) -> str:
        """A⁻ᵀ."""
        return f"{base}⁻ᵀ"

    def hadamard_power(self, base: str, exponent: Piece) -> str:
        """Every entry raised."""
        raised = exponent.text if exponent.level == Level.ATOM else self.bracket(exponent.text)
        return f"{base}^(∘{raised})"

    def constant(self, letter: str, sizes: str) -> str:
        """1_n, 0_n×m, I_n."""
        return f"{letter}_{sizes}"

    def named(self, name: str, index: str, arguments: str) -> str:
        """tr(A), max_j(X)."""
        below = index if index.isalnum() or index.startswith(("[", "(")) else f"({index})"
        return f"{name}{f'_{below}' if index else ''}({arguments})"

    def summed(self, index: str, body: str) -> str:
        """Σ_i x_i."""
        return f"Σ_{index} {body}"

    def indexed(self, base: str, index: str) -> str:
        """x_i."""
        return f"{base}_{index}"

    def norm(self, inside: str, mark: str) -> str:
        """‖x‖."""
        return f"‖{inside}‖" + (f"_{mark}" if mark else "")

    def log_of(self, inside: str) -> str:
        """log of what has its own bars."""
        return f"log {inside}"

    def item(self, base: str, where: str) -> str:
        """x[1:, 0]."""
        return f"{base}[{where}]"

    def blocks(self, parts: list[str], *, below: bool) -> str:
        """[A, B] side by side, [A; B] one below the other."""
        return f"[{('; ' if below else self.language.gap).join(parts)}]"

    def adjoint(self, map_: str) -> str:
        """The adjoint of a linear map."""
        return f"{map_}*"

    def matrix(self, rows: list[list[str]], *, vector: bool) -> str:
        """Rows of numbers; a vector as [1, 2]ᵀ, for it is a column."""
        gap = self.language.gap
        if vector:
            return self.transposed(f"[{gap.join(row[0] for row in rows)}]")
        return f"[{'; '.join(gap.join(row) for row in rows)}]"

    def listed(self, parts: str) -> str:
        """Matrices of an array with more than two axes."""
        return f"{{{parts}}}"

    def operation(self, expression: op.Operation, printer: Walks) -> Piece:
        """An operation on arrays, as a call with all its arguments."""
        return Piece(self.call(expression.func, [printer.argument(one) for one in expression.args]))
