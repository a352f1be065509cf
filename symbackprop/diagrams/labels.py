"""What is written beside a node: its name and value going forward, its derivative coming back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Basic, Expr, S, Symbol

from symbackprop.arrays.shape_lines import shape_text
from symbackprop.content import Environment, Value
from symbackprop.derivation import Derivation
from symbackprop.diagrams.model import Kind, Label
from symbackprop.expressions import Quotient
from symbackprop.graph import Graph, Node


@dataclass(frozen=True)
class Labels:
    """The labels of a derivation's nodes.

    Attributes:
        graph: its graph.
        derivation: which derivatives there are, and what they are called.
        values: the numbers; none: names only.
    """

    graph: Graph
    derivation: Derivation
    values: Environment

    def number(self, of: Basic) -> Value | None:
        """A number with its source, where there is one; arrays are told by their shapes."""
        return self.values.value(of) if of in self.values and not np.ndim(self.values[of]) else None

    def value(self, node: Node, kind: Kind = Kind.FORWARD) -> Label:
        """z_1 = 0.3."""
        return Label(kind, node.symbol, self.number(node.symbol), node.name)

    def shape(self, node: Node) -> tuple[Label, ...]:
        """3×2, where it is an array."""
        return (Label(Kind.NOTE, shape_text(node.shape), of=node.name),) if node.shape else ()

    def derivative(self, symbol: Symbol) -> Expr | None:
        """The delta's name or ∂L/∂node as it is written; none where it was not asked for."""
        output = self.derivation.output
        if symbol == output:
            return Quotient(output, output)
        delta = self.derivation.deltas.get(symbol.name)
        if delta is not None:
            return delta.symbol or Quotient(output, symbol)
        return Quotient(output, symbol) if symbol.name in self.derivation.gradients else None

    def backward(self, symbol: Symbol) -> tuple[Label, ...]:
        """δ_1 = 0.2, where there is one."""
        left = self.derivative(symbol)
        if left is None:
            return ()
        right = S.One if symbol == self.derivation.output and not self.graph[symbol].shape else None
        return (Label(Kind.BACKWARD, left, self.number(left) or right, symbol.name),)

    def partial(self, consumer: Symbol, parent: Symbol) -> tuple[Label, ...]:
        """∂q/∂x = its number, or the expression that it is."""
        local = self.derivation.partials.get((consumer, parent))
        if local is None:
            return ()
        left = self.derivation.local_symbol(consumer, parent)
        if self.derivation.is_array:
            return (Label(Kind.PARTIAL, left, self.number(left), parent.name),)
        return (Label(Kind.PARTIAL, left, self.number(left) or local, parent.name),)
