"""The backward sweep over arrays: one pull-back a node, each delta by its name, shorter forms derived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sympy import Expr, Function, S, Symbol

from symbackprop import operations as op
from symbackprop.arrays.pullbacks import PullBack
from symbackprop.arrays.sizes import show_shape
from symbackprop.collapsing import of_logits, shorter_form, through_normalisation
from symbackprop.conventions import Conventions
from symbackprop.derivation import Contribution, Delta, Derivation, Gradient, Partials
from symbackprop.errors import ShapeError
from symbackprop.expressions import Quotient, Rewriter, mul
from symbackprop.graph import Collapse, Graph, Node


def array_backprop(
    graph: Graph, output: Symbol, wrt: Sequence[Symbol], conventions: Conventions
) -> Derivation:
    """Derive the backward pass of a graph of arrays.

    Args:
        graph: the graph.
        output: the node to differentiate, a scalar.
        wrt: what to differentiate by.
        conventions: the choices on which textbooks differ.

    Raises:
        ShapeError: the output is not a scalar.
    """
    _check_output(graph[output])
    sweep = _ArraySweep(graph, output, wrt, conventions)
    for node in graph.backward_order(sweep.active, sweep.edges):
        sweep.visit(node)
    partials, shapes = Partials(sweep.partials), sweep.pull.shapes
    derivation = Derivation(graph, output, tuple(wrt), conventions, partials, sweep.deltas, shapes=shapes)
    for symbol in wrt:
        if symbol.name not in sweep.deltas:
            derivation.given_deltas[symbol.name] = sweep.delta_of_given(graph[symbol])
        delta = derivation.delta(symbol)
        expression = S.One if delta.is_output else mul(delta.scale, delta.expression)
        derivation.gradients[symbol.name] = Gradient(symbol, expression, derivation)
    return derivation


def _check_output(node: Node) -> None:
    if node.shape:
        raise ShapeError(
            f"{node.name} is not a scalar: its shape is {show_shape(node.shape)}",
            where=f"the output {node.name}",
            known="a gradient is that of a number",
            fix=f"reduce it: L = sum({node.name}), L = mean({node.name}), or take one entry of it",
        )


class _ArraySweep:
    def __init__(self, graph: Graph, output: Symbol, wrt: Sequence[Symbol], conventions: Conventions) -> None:
        self.graph, self.output = graph, output
        self.pull = PullBack(graph.shapes(), conventions)
        self.active = graph.descendants(wrt) & graph.ancestors(output)
        self.collapsing = conventions.collapse
        scale = graph.scale if conventions.batch_factor == "gradient" and output == graph.output else S.One
        self.scale = -scale if conventions.error_sign == "minus" else scale
        by_value = conventions.slopes == "value"
        # What only sizes stand in is left as it is: it may be a shape.
        sizes = self.pull.shapes.sizes
        self.values = Rewriter(
            {e: symbol for e, symbol in graph.by_expression.items() if not e.free_symbols <= sizes}
        )
        self.by_value = self.values if by_value else Rewriter({})
        self.partials: dict[Symbol, dict[Symbol, Expr]] = {}
        self.deltas: dict[str, Delta] = {}
        self._pulled: dict[Symbol, Mapping[Symbol, Expr]] = {}

    @property
    def edges(self) -> dict[Symbol, frozenset[Symbol]]:
        """For every consumer the parents that a derivative can flow to."""
        return {consumer: self.active.intersection(self.graph[consumer].parents) for consumer in self.active}

    def visit(self, node: Node) -> None:
        """The delta of a node whose consumers have theirs, pulled back to its parents."""
        delta = self._delta(node)
        self.deltas[node.name] = delta
        self._pulled[node.symbol] = self._pull(node, delta.derivative)
        parents = self._pulled[node.symbol]
        self.partials[node.symbol] = {parent: Quotient(node.symbol, parent) for parent in parents}

    def _pull(self, node: Node, upstream: Expr) -> dict[Symbol, Expr]:
        assert node.expression is not None
        found = self.pull(node.expression, upstream)
        return {parent: self.by_value(share) for parent, share in found.items() if parent in self.active}

    def _delta(self, node: Node) -> Delta:
        if node.symbol == self.output:
            return Delta(node.symbol, None, (), self.scale, is_output=True)
        shares = self._contributions(node.symbol)
        value = self._value(node, [share.pulled for share in shares if share.pulled is not None])
        collapse = self._collapse(node) if self.collapsing else None
        return Delta(node.symbol, node.delta, shares, self.scale, collapse, value=value)

    def delta_of_given(self, node: Node) -> Delta:
        """The contributions to a value that comes from outside."""
        shares = self._contributions(node.symbol)
        collapse = self._collapse(node, named=False) if self.collapsing else None
        value = self._sum(node, [share.pulled for share in shares if share.pulled is not None])
        return Delta(node.symbol, None, shares, S.One, collapse, value=value)

    def _contributions(self, symbol: Symbol) -> tuple[Contribution, ...]:
        return tuple(
            Contribution(
                consumer,
                self.deltas[consumer.name].derivative,
                Quotient(consumer, symbol),
                pulled=self._pulled[consumer][symbol],
            )
            for consumer in self.graph.consumers[symbol]
            if symbol in self._pulled.get(consumer, ())
        )

    def _sum(self, node: Node, shares: Sequence[Expr]) -> Expr:
        return self.pull.algebra.spread(self.pull.algebra.sum(shares), node.shape)

    def _value(self, node: Node, shares: Sequence[Expr]) -> Expr:
        """The delta in the scale of the convention: n ∂L/∂z, or its negative."""
        algebra = self.pull.algebra
        scaled = [algebra.scaled(self.scale, share) for share in shares]
        return self._sum(node, scaled)

    def _collapse(self, node: Node, *, named: bool = True) -> Collapse | None:
        scale = self.scale if named else S.One
        derived = through_normalisation(self.graph, node, self.active, self.pull.algebra)
        if derived is not None:
            whole = self.pull.algebra.scaled(scale / self.scale, derived)
            return Collapse(whole, whole)
        consumers = [one for one in self.graph.consumers[node.symbol] if one in self.active]
        if len(consumers) != 1:
            return None
        direct = self._contributions(node.symbol)
        if consumers[0] == self.output:
            whole = [self.pull.algebra.scaled(scale, one.pulled) for one in direct if one.pulled is not None]
            return of_logits(self.graph, node, self.pull.algebra, whole[0]) if whole else None
        return self._through_activation(node, self.graph[consumers[0]], scale)

    def _through_activation(self, node: Node, consumer: Node, scale: Expr) -> Collapse | None:
        """A shorter form where a = f(z) meets a loss, pulled back to the node where z is an expression."""
        behind = self.deltas[consumer.name]
        if len(behind.contributions) != 1 or not _is_activation(consumer):
            return None
        expanded = self.pull.algebra.scaled(1 / self.scale, behind.factors)
        full, named = self._by_argument(consumer, expanded), self._by_argument(consumer, behind.derivative)
        if full is None or named is None:
            return None
        full = self.values(self.pull.algebra.scaled(scale, full))
        found = shorter_form(self.graph, consumer, self.pull.algebra, full, self.values(named))
        argument = _argument(consumer)
        if found is None or argument == node.symbol:
            return found

        def pulled(form: Expr) -> Expr:
            shares = self.pull(argument, form)
            return self.by_value(shares[node.symbol]) if node.symbol in shares else self._sum(node, [])

        return replace(found, general=pulled(found.general), final=pulled(found.final))

    def _by_argument(self, activation: Node, upstream: Expr) -> Expr | None:
        """∂L/∂z of an activation f(z)."""
        assert activation.expression is not None
        return next((share for _, share in self.pull.shares(activation.expression, upstream)), None)


def _argument(activation: Node) -> Expr:
    assert activation.expression is not None
    argument: Expr = activation.expression.args[0]
    return argument


def _is_activation(node: Node) -> bool:
    """Whether a node is a function of one argument, as a = σ(z) and p = softmax(X W)."""
    head = node.expression
    if not isinstance(head, Function) or not isinstance(head.args[0], Expr):
        return False
    if any(one.free_symbols for one in head.args[1:]):
        return False
    return not isinstance(head, op.Operation) or isinstance(head, op.softmax_along | op.log_softmax)
