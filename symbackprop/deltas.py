"""What a backward sweep is made of: local partials, contributions, deltas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, S, Symbol

from symbackprop.expressions import add, mul, power
from symbackprop.nodes import Collapse
from symbackprop.shown import Headed, Shown


class Partials(Mapping[tuple[Symbol, Symbol], Expr]):
    """∂consumer/∂node by (consumer, node), in the order of the forward pass.

    Args:
        by_consumer: for every consumer its partials by its parents.
    """

    def __init__(self, by_consumer: Mapping[Symbol, Mapping[Symbol, Expr]]) -> None:
        self.by_consumer = by_consumer

    def __getitem__(self, edge: tuple[Symbol, Symbol]) -> Expr:
        consumer, node = edge
        return self.by_consumer[consumer][node]

    def __iter__(self) -> Iterator[tuple[Symbol, Symbol]]:
        return ((consumer, node) for consumer, slopes in self.by_consumer.items() for node in slopes)

    def __len__(self) -> int:
        return sum(map(len, self.by_consumer.values()))


@dataclass(frozen=True)
class Contribution(Shown):
    """One consumer's share of a node's derivative: upstream × local partial.

    Attributes:
        consumer: the node that uses this one.
        upstream: ∂L/∂consumer: its delta by name, or in line; 1 at the output.
        local: ∂consumer/∂node; of arrays only as it is written.
        pulled: of arrays, the upstream derivative pulled back through the consumer.
    """

    consumer: Symbol
    upstream: Expr
    local: Expr
    pulled: Expr | None = None

    @property
    def expression(self) -> Expr:
        """upstream × local, in the order of the chain; of arrays the upstream pulled back."""
        return mul(self.upstream, self.local) if self.pulled is None else self.pulled


@dataclass(frozen=True, repr=False)
class Delta(Headed):
    """The derivative of the output by one node.

    Attributes:
        node: the node.
        symbol: the name of the delta; None: it is written in line.
        contributions: one for each consumer; their sum is the derivative.
        sign: -1 where the convention makes a delta -∂L/∂node, else 1; of arrays also the factor n of a batch.
        collapse: a declared shorter form, which the expression then is.
        is_output: it is the output's own: ∂L/∂L is 1.
        value: of arrays, the sum of the contributions in the sign and factor of the convention.
    """

    node: Symbol
    symbol: Symbol | None
    contributions: tuple[Contribution, ...]
    sign: Expr = S.One
    collapse: Collapse | None = None
    is_output: bool = False
    value: Expr | None = None

    @cached_property
    def factors(self) -> Expr:
        """The sum of the contributions, in the sign of the convention."""
        if self.is_output:
            return self.sign
        if self.value is not None:
            return self.value
        return add(*(mul(self.sign, contribution.expression) for contribution in self.contributions))

    @property
    def expression(self) -> Expr:
        """What the delta equals: the collapsed form where there is one, else the sum of contributions."""
        if self.collapse is None:
            return self.factors
        return self.collapse.final if self.value is not None else mul(self.sign, self.collapse.final)

    @property
    def scale(self) -> Expr:
        """By what the delta is to be multiplied to give ∂L/∂node."""
        return power(self.sign, -1)

    @cached_property
    def derivative(self) -> Expr:
        """∂L/∂node as others refer to it: by name, or in line."""
        if self.is_output:
            return S.One
        return mul(self.scale, self.symbol or self.expression)
