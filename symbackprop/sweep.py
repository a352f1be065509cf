"""The backward sweep: from the output to every node asked for, one delta a node, each by its name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sympy import Expr, S, Symbol

from symbackprop.array_sweep import array_backprop
from symbackprop.collector import uncollected
from symbackprop.conventions import Conventions
from symbackprop.derivation import Delta, Derivation, Gradient, Partials
from symbackprop.errors import GraphError, listing
from symbackprop.expressions import Rewriter, add, mul, size
from symbackprop.graph import Graph, Node
from symbackprop.notation.names import unused_name
from symbackprop.partials import PartialsByForm

SMALL = 12
"""A delta without a name may be written in line twice where it is no longer than this."""


@uncollected()
def backprop(
    graph: Graph,
    output: str | Symbol | None = None,
    *,
    wrt: Sequence[str | Symbol] | None = None,
    conventions: Conventions | None = None,
) -> Derivation:
    """Derive the backward pass of a graph.

    Args:
        graph: the graph.
        output: the node to differentiate; the graph's output, unless named.
        wrt: parameters, inputs or nodes to differentiate by; the graph's parameters, unless given.
        conventions: the choices on which textbooks differ.

    Raises:
        GraphError: a name that is no node of the graph.

    >>> derivation = backprop(Graph.from_equations("q = x + y; f = q*z", parameters=["x", "y", "z"]))
    >>> derivation.gradients["x"].expression, derivation.deltas["q"].expression
    (delta_q, z)
    """
    conventions = conventions or Conventions()
    target = graph[output].symbol if output is not None else graph.output
    symbols = tuple(graph[name].symbol for name in wrt) if wrt is not None else graph.parameters
    if not symbols:
        raise GraphError(
            "there is nothing to differentiate by", known=listing(node.name for node in graph.nodes)
        )
    if graph.is_array:
        return array_backprop(graph, target, symbols, conventions)
    active = graph.descendants(symbols) & graph.ancestors(target)
    partials = _partials(graph, active, conventions)
    derivation = Derivation(graph, target, symbols, conventions, Partials(partials))
    sweep = _Sweep(derivation)
    for node in graph.backward_order(active, partials):
        derivation.deltas[node.name] = sweep.delta(node)
    for symbol, expression in _gradients(derivation).items():
        derivation.gradients[symbol.name] = Gradient(symbol, expression, derivation)
    return derivation


def _partials(
    graph: Graph, active: frozenset[Symbol], conventions: Conventions
) -> dict[Symbol, dict[Symbol, Expr]]:
    """The local partials along every active edge, written in the nodes' own values where asked."""
    rewrite = Rewriter(graph.by_expression if conventions.slopes == "value" else {})
    find = PartialsByForm(conventions)
    partials = {}
    for node in graph.inner:
        if node.symbol in active and not active.isdisjoint(node.parents):
            slopes = find(node.expression, node.form, active)
            partials[node.symbol] = {
                p: rewrite(slope) if slope.args else slope for p, slope in slopes.items()
            }
    return partials


def _gradients(derivation: Derivation) -> dict[Symbol, Expr]:
    """The derivatives asked for: upstream × local of every consumer, summed."""
    shares: dict[Symbol, list[Expr]] = {symbol: [] for symbol in derivation.wrt}
    for consumer, slopes in derivation.partials.by_consumer.items():
        upstream = derivation.deltas[consumer.name].derivative
        for symbol, slope in slopes.items():
            if symbol in shares:
                shares[symbol].append(mul(upstream, slope))
    found = {symbol: add(*terms) for symbol, terms in shares.items()}
    return found | ({derivation.output: S.One} if derivation.output in found else {})


class _Sweep:
    """The state of one backward sweep: the names taken so far."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        conventions, graph = derivation.conventions, derivation.graph
        self.collapsing = conventions.collapse and derivation.output == graph.output
        self.sign = S.NegativeOne if conventions.error_sign == "minus" else S.One

    @cached_property
    def taken(self) -> set[str]:
        """The names that no delta can have."""
        nodes = self.derivation.graph.nodes
        return {node.name for node in nodes} | {node.delta.name for node in nodes if node.delta is not None}

    def delta(self, node: Node) -> Delta:
        """The delta of a node whose active consumers have theirs."""
        if node.symbol == self.derivation.output:
            return Delta(node.symbol, None, (), self.sign, is_output=True)
        shares = tuple(self.derivation.contributions(node.symbol))
        name = node.delta or self._name(node, Delta(node.symbol, None, shares, self.sign))
        return Delta(node.symbol, name, shares, self.sign, node.collapse if self.collapsing else None)

    def _name(self, node: Node, found: Delta) -> Symbol | None:
        """None: the delta stays in line, unless that would write it many times."""
        uses = len(self.derivation.partials.by_consumer.get(node.symbol, ()))
        if uses <= 1 or size(found.factors) <= SMALL:
            return None
        name = unused_name(f"delta_{node.name}", self.taken)
        self.taken.add(name)
        return Symbol(name)
