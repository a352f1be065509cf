"""What a graph is made of: a node, what it is, and a shorter form of its delta."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from sympy import Expr, Symbol

from symbackprop.arrays.sizes import Shape
from symbackprop.expressions import Form, form_of
from symbackprop.shown import Shown


class Role(StrEnum):
    """What a node is in its graph."""

    INPUT = "input"
    PARAMETER = "parameter"
    SIZE = "size"
    TARGET = "target"
    CONSTANT = "constant"
    PREACTIVATION = "pre-activation"
    ACTIVATION = "activation"
    NODE = "node"
    LOSS = "loss"


@dataclass(frozen=True)
class Collapse:
    """A shorter form of ∂L/∂z, where an activation meets the loss that it was made for.

    Attributes:
        general: the form that holds always: p Σ_k y_k - y.
        final: the form under the condition: p - y.
        summing_to_one: the condition: these symbols add up to 1; none: there is no condition.
        totals: the sums that are 1, where the symbols are arrays.
    """

    general: Expr
    final: Expr
    summing_to_one: tuple[Symbol, ...] = ()
    totals: tuple[Expr, ...] = ()


@dataclass(frozen=True)
class Node(Shown):
    """One value of the forward pass.

    Attributes:
        symbol: its name.
        expression: what it equals, in its parents' symbols; None where its value is given.
        role: what it is.
        layer: the number of its layer, from 1, in a network.
        delta: the name of its delta; None: its delta is written in line.
        shape: its shape, sizes as numbers or symbols; () is a scalar.
        collapse: a declared shorter form of its delta.
    """

    symbol: Symbol
    expression: Expr | None = None
    role: Role = Role.NODE
    layer: int | None = None
    delta: Symbol | None = None
    shape: Shape = ()
    collapse: Collapse | None = None

    @property
    def name(self) -> str:
        """Its name, as the user wrote it."""
        return str(self.symbol.name)

    @property
    def parents(self) -> tuple[Symbol, ...]:
        """The symbols that its expression is made of, in the order in which they are read."""
        return () if self.expression is None else self.form.symbols

    @cached_property
    def form(self) -> Form:
        """What its expression is but for the symbols in it; of what is computed."""
        assert self.expression is not None
        return form_of(self.expression)
