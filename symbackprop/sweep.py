"""The backward sweep: from the output to every node asked for, one delta a node, each by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, S, Symbol

from symbackprop.array_sweep import array_backprop
from symbackprop.conventions import Conventions
from symbackprop.derivation import Contribution, Delta, Derivation, Gradient
from symbackprop.errors import GraphError, listing
from symbackprop.expressions import Rewriter, size
from symbackprop.graph import Graph, Node
from symbackprop.notation.names import unused_name
from symbackprop.partials import local_partials

SMALL = 12
"""A delta without a name may be written in line twice where it is no longer than this."""


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
    sweep = _Sweep(graph, target, conventions, partials)
    order = graph.backward_order(active, partials)
    deltas = {node.name: sweep.delta(node) for node in order}
    derivation = Derivation(graph, target, symbols, conventions, partials, deltas)
    for symbol in symbols:
        delta = deltas.get(symbol.name) or Delta(symbol, None, sweep.contributions(symbol))
        derivation.gradients[symbol.name] = Gradient(symbol, delta, derivation)  # type: ignore[index]
    return derivation


def _partials(
    graph: Graph, active: frozenset[Symbol], conventions: Conventions
) -> dict[tuple[Symbol, Symbol], Expr]:
    """The local partials along every active edge, written in the nodes' own values where asked."""
    rewrite = Rewriter(graph.by_expression if conventions.slopes == "value" else {})
    partials = {}
    for node in graph.inner:
        if node.symbol in active and any(parent in active for parent in node.parents):
            for parent, slope in local_partials(node.expression, conventions).items():
                if parent in active:
                    partials[node.symbol, parent] = rewrite(slope)
    return partials


class _Sweep:
    """The state of one backward sweep: the deltas found so far."""

    def __init__(
        self,
        graph: Graph,
        output: Symbol,
        conventions: Conventions,
        partials: Mapping[tuple[Symbol, Symbol], Expr],
    ) -> None:
        self.graph, self.output, self.partials = graph, output, partials
        self.collapsing = conventions.collapse and output == graph.output
        self.sign = S.NegativeOne if conventions.error_sign == "minus" else S.One
        self.taken = {node.name for node in graph.nodes} | {
            n.delta.name for n in graph.nodes if n.delta is not None
        }
        self.known: dict[Symbol, Delta] = {}

    def delta(self, node: Node) -> Delta:
        """The delta of a node whose active consumers have theirs."""
        shares = self.contributions(node.symbol)
        found = Delta(node.symbol, None, shares, self.sign, is_output=node.symbol == self.output)
        if not found.is_output:
            collapse = node.collapse if self.collapsing else None
            name = self._name(node, found)
            found = Delta(node.symbol, name, found.contributions, self.sign, collapse)
        self.known[node.symbol] = found
        return found

    def contributions(self, symbol: Symbol) -> tuple[Contribution, ...]:
        """The consumers' shares of ∂L/∂symbol."""
        return tuple(
            Contribution(consumer, self._upstream(consumer), self.partials[consumer, symbol])
            for consumer in self.graph.consumers[symbol]
            if (consumer, symbol) in self.partials and symbol != self.output
        )

    def _upstream(self, consumer: Symbol) -> Expr:
        return S.One if consumer == self.output else self.known[consumer].derivative

    def _name(self, node: Node, found: Delta) -> Symbol | None:
        """The declared name; without one the delta stays in line, unless that would write it many times."""
        if node.delta is not None:
            return node.delta
        uses = sum((node.symbol, parent) in self.partials for parent in node.parents)
        if uses <= 1 or size(found.factors) <= SMALL:
            return None
        name = unused_name(f"delta_{node.name}", self.taken)
        self.taken.add(name)
        return Symbol(name)
