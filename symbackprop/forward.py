"""The forward sweep: the tangent ∂v/∂x of every node v by one given symbol x, from the inputs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, S, Symbol

from symbackprop.derivation import Derivation
from symbackprop.errors import GraphError, listing
from symbackprop.expressions import Quotient, add, mul
from symbackprop.shown import Headed, Shown


@dataclass(frozen=True)
class Share:
    """One parent's share of a tangent: local partial × the parent's tangent.

    Attributes:
        parent: the node that is used.
        local: ∂node/∂parent.
        tangent: ∂parent/∂x, 1 at x itself.
        symbol: the local partial as it is written.
    """

    parent: Symbol
    local: Expr
    tangent: Expr
    symbol: Quotient

    @property
    def expression(self) -> Expr:
        """local × tangent, in the order of the chain."""
        return mul(self.local, self.tangent)


@dataclass(frozen=True, repr=False)
class Tangent(Headed):
    """∂node/∂x as the sum over the parents through which the node depends on x."""

    node: Symbol
    by: Symbol
    shares: tuple[Share, ...]

    @property
    def symbol(self) -> Quotient:
        """∂node/∂x, as it is written; later tangents refer to it."""
        return Quotient(self.node, self.by)

    @property
    def chain(self) -> Expr:
        """∂a/∂z · ∂z/∂x, every factor named."""
        quotients = (
            share.symbol if share.parent == self.by else mul(share.symbol, share.tangent)
            for share in self.shares
        )
        return add(*quotients)

    @cached_property
    def expression(self) -> Expr:
        """The sum of the shares."""
        return add(*(share.expression for share in self.shares))


class Tangents(Headed, dict[str, Tangent]):
    """Tangents by the names of their nodes."""


def forward(derivation: Derivation, by: Symbol) -> Tangents:
    """The tangents of all nodes between one symbol and the output, in the order of the forward pass.

    The last of them is the derivative of the output. One sweep gives the derivatives of everything by one
    symbol; the backward sweep gives the derivatives of one thing by every symbol.
    """
    if by not in derivation.wrt:
        known = listing(symbol.name for symbol in derivation.wrt)
        raise GraphError(f"the derivation is not by {by.name}", known=known, fix="derive by it too")
    tangents = Tangents()
    reached = {by}
    for node in derivation.graph.inner:
        shares = tuple(
            Share(
                parent,
                derivation.partials[node.symbol, parent],
                S.One if parent == by else Quotient(parent, by),
                derivation.local_symbol(node.symbol, parent),
            )
            for parent in node.parents
            if parent in reached and (node.symbol, parent) in derivation.partials
        )
        if shares and node.symbol != by:
            reached.add(node.symbol)
            tangents[node.name] = Tangent(node.symbol, by, shares)
    return tangents


@dataclass(frozen=True)
class Cost(Shown):
    """How many multiplications the two modes take on the same graph.

    Attributes:
        local: within the local partials, which both modes need once.
        reverse: upstream × local, in one backward sweep for all symbols together.
        forward: local × tangent, in one forward sweep for each symbol, by the symbol's name.
    """

    local: int
    reverse: int
    forward: Mapping[str, int]

    @property
    def forward_total(self) -> int:
        """The multiplications of all forward sweeps together."""
        return sum(self.forward.values())


def cost(derivation: Derivation) -> Cost:
    """Count the multiplications of both modes; a factor 1 or -1 costs nothing."""
    plain = (S.One, S.NegativeOne)
    reverse = sum(
        consumer != derivation.output and local not in plain
        for (consumer, _), local in derivation.partials.items()
    )
    per_symbol = {
        symbol.name: sum(
            share.parent != symbol and share.local not in plain
            for tangent in forward(derivation, symbol).values()
            for share in tangent.shares
        )
        for symbol in derivation.wrt
    }
    within = sum(multiplications(local) for local in derivation.partials.values())
    return Cost(within, reverse, per_symbol)


def multiplications(expression: Expr) -> int:
    """Products, quotients and squares written in an expression.

    >>> multiplications(mul(Symbol("a"), add(1, mul(-1, Symbol("a")))))
    1
    """
    inner = sum(multiplications(argument) for argument in expression.args)
    if expression.is_Mul:
        factors = [factor for factor in expression.args if factor is not S.NegativeOne]
        plain_reciprocals = len([one for one in factors if one.is_Pow and one.exp is S.NegativeOne])
        return inner + len(factors) - 1 - plain_reciprocals
    return inner + (1 if expression.is_Pow else 0)
