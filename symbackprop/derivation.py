"""A derivation: the deltas of a graph as sums of contributions, and its gradients in four forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from sympy import Expr, S, Symbol

from symbackprop import operations as op
from symbackprop.arrays.algebra import Algebra
from symbackprop.arrays.matrices import printer_for
from symbackprop.arrays.shapes import Shapes
from symbackprop.conventions import Conventions
from symbackprop.deltas import Contribution, Delta, Partials
from symbackprop.errors import OptionError
from symbackprop.expressions import Quotient, Rewriter, add, mul, size, size_with
from symbackprop.graph import Graph
from symbackprop.notation.latex import LATEX
from symbackprop.notation.syntax import Syntax
from symbackprop.notation.unicode import UNICODE
from symbackprop.shown import Headed

__all__ = ["Contribution", "Delta", "Derivation", "Gradient", "Partials", "Path"]

PAGE = 400
"""Symbols on a page: closed forms and lists of paths beyond it are written only when insisted on."""


@dataclass(frozen=True, repr=False)
class Path(Headed):
    """One way from a node to the output.

    Attributes:
        nodes: the symbols on the way, the output first.
        factors: the local partials between neighbours, in the order of the chain.
        chain: ∂L/∂a · ∂a/∂z · ∂z/∂w, every factor named.
    """

    nodes: tuple[Symbol, ...]
    factors: tuple[Expr, ...]
    chain: Expr

    @property
    def expression(self) -> Expr:
        """The product of the local partials."""
        return mul(*self.factors)


@dataclass(frozen=True, eq=False, repr=False)
class Derivation(Headed):
    """A graph differentiated: one delta a node as a sum of contributions, one gradient a parameter.

    Attributes:
        graph: the graph.
        output: the node that was differentiated.
        wrt: what it was differentiated by.
        conventions: the conventions used.
        partials: ∂consumer/∂node for every edge that the sweep went along.
        deltas: the delta of every computed node on the way, from the output backwards, by the node's name.
        gradients: the derivative by every symbol of `wrt`, by name.
        shapes: the shape of every expression, where values are arrays.
        given_deltas: of arrays, the derivatives by values that come from outside, by their names.
    """

    graph: Graph
    output: Symbol
    wrt: tuple[Symbol, ...]
    conventions: Conventions
    partials: Partials
    deltas: dict[str, Delta] = field(default_factory=dict)
    gradients: dict[str, Gradient] = field(default_factory=dict)
    shapes: Shapes | None = None
    given_deltas: dict[str, Delta] = field(default_factory=dict)

    @property
    def is_array(self) -> bool:
        """Whether it is one of arrays."""
        return self.shapes is not None

    def delta(self, symbol: Symbol) -> Delta:
        """The derivative by any symbol of `wrt` or computed node on the way, as a sum of contributions."""
        found = self.deltas.get(symbol.name) or self.given_deltas.get(symbol.name)
        shares = () if found else tuple(self.contributions(symbol))
        return found or Delta(symbol, None, shares, is_output=symbol == self.output)

    def contributions(self, symbol: Symbol) -> Iterator[Contribution]:
        """The shares of ∂L/∂symbol of the consumers, which have their deltas; values are numbers."""
        by_consumer = self.partials.by_consumer
        for consumer in self.active_consumers(symbol):
            yield Contribution(consumer, self.deltas[consumer.name].derivative, by_consumer[consumer][symbol])

    def chain(self, symbol: Symbol) -> Expr:
        """∂L/∂z_1 · ∂z_1/∂w_11, every factor named; at fan-out the sum over consumers."""
        delta = self.delta(symbol)
        return (
            S.One
            if delta.is_output
            else add(*(self._link(one.consumer, symbol) for one in delta.contributions))
        )

    def _link(self, consumer: Symbol, symbol: Symbol) -> Expr:
        local = self.local_symbol(consumer, symbol)
        return local if consumer == self.output else mul(Quotient(self.output, consumer), local)

    def laid_out(self, expression: Expr) -> Expr:
        """A derivative by an array in the convention's layout: a row or a transpose in numerator layout."""
        if self.shapes is None or self.conventions.layout != "numerator":
            return expression
        shape = self.shapes[expression]
        algebra = Algebra(self.shapes)
        if len(shape) > 2:
            return expression
        if len(shape) == 1:
            return algebra.of(op.reshape, expression, (1, *shape))
        return algebra.transpose(expression)

    def written(self, delta: Delta) -> Expr:
        """What stands under a delta's name: of an unnamed one the derivative itself, without a factor."""
        if self.shapes is None or delta.symbol is not None:
            return delta.expression
        return S.One if delta.is_output else self.unscaled(delta, delta.expression)

    def unscaled(self, delta: Delta, expression: Expr) -> Expr:
        """∂L/∂z for what a delta of arrays equals: without its sign and the factor of a batch."""
        assert self.shapes is not None
        return Algebra(self.shapes).scaled(delta.scale, expression)

    def delta_name(self, delta: Delta) -> str:
        """The name that a delta goes by in numbers: its own, or `dL_da` where it has none."""
        return str(delta.symbol.name) if delta.symbol else f"d{self.output.name}_d{delta.node.name}"

    @cached_property
    def written_out(self) -> frozenset[Symbol]:
        """The nodes without a named delta whose ∂L/∂node gets a line of its own among the numbers.

        These are what the output is made of directly; other unnamed ones are written in line.
        """
        found: set[Symbol] = set()
        for delta in self.deltas.values():
            consumers = [contribution.consumer for contribution in delta.contributions]
            if delta.symbol is None and any(one == self.output or one in found for one in consumers):
                found.add(delta.node)
        return frozenset(found)

    def partial_name(self, consumer: Symbol, node: Symbol) -> str:
        """The name that a local partial goes by in numbers: `dyhat_dt`."""
        return f"d{consumer.name}_d{node.name}"

    def local_symbol(self, consumer: Symbol, node: Symbol) -> Quotient:
        """The local partial as it is written.

        Where the consumer also depends on the node by way of other parents, these are held fast: for
        q = x² and f = x q the local partial of f by x is q, and ∂f/∂x is not.
        """
        return Quotient(consumer, node, *self._held(consumer, node))

    def _held(self, consumer: Symbol, node: Symbol) -> Iterator[Symbol]:
        others = [self._place[other] for other in self.active_consumers(node) if other != consumer]
        inner = [p for p in self.graph[consumer].parents if (consumer, p) in self.partials and p != node]
        inner = [p for p in inner if self.graph[p].expression is not None]
        if not others or all(self._place[parent] < min(others) for parent in inner):
            return
        reached = self.graph.descendants([node])
        yield from (parent for parent in inner if parent in reached)

    @cached_property
    def _place(self) -> dict[Symbol, int]:
        return {node.symbol: place for place, node in enumerate(self.graph.nodes)}

    def active_consumers(self, symbol: Symbol) -> Sequence[Symbol]:
        """The consumers of a node through which the output depends on it."""
        return self._users.get(symbol, ())

    @cached_property
    def _users(self) -> Mapping[Symbol, Sequence[Symbol]]:
        users: dict[Symbol, list[Symbol]] = {}
        for consumer in self.graph.inner:
            for node in self.partials.by_consumer.get(consumer.symbol, ()):
                users.setdefault(node, []).append(consumer.symbol)
        return users

    @cached_property
    def _closed_values(self) -> Rewriter:
        """Rewrites nodes and deltas into given symbols only."""
        rewrite = Rewriter({})
        for node in self.graph.inner:
            rewrite.learn(node.symbol, rewrite(node.expression))
        for delta in self.deltas.values():
            if delta.symbol is not None:
                rewrite.learn(delta.symbol, rewrite(delta.expression))
        return rewrite

    @cached_property
    def _closed_sizes(self) -> dict[Symbol, int]:
        """How long each node and delta becomes when it is written in given symbols only."""
        sizes: dict[Symbol, int] = {}
        for node in self.graph.inner:
            sizes[node.symbol] = size_with(node.expression, sizes)
        for delta in self.deltas.values():
            if delta.symbol is not None:
                sizes[delta.symbol] = size_with(delta.expression, sizes)
        return sizes

    def closed(self, expression: Expr) -> Expr:
        """The expression in inputs and parameters only."""
        result: Expr = self._closed_values(expression)
        return result if self.shapes is None else Algebra(self.shapes).normal(result)

    def closed_size(self, expression: Expr) -> int:
        """How many symbols `closed` would write, found without writing them."""
        return size_with(expression, self._closed_sizes)

    def text(self) -> str:
        """All gradients in Unicode, one a line."""
        return "\n".join(gradient.text() for gradient in self.gradients.values())

    def latex(self) -> str:
        """All gradients as LaTeX, one `\\[…\\]` each."""
        return "\n".join(rf"\[ {gradient.latex()} \]" for gradient in self.gradients.values())


@dataclass(frozen=True, eq=False, repr=False)
class Gradient(Headed):
    """The derivative of the output by one symbol, in four forms.

    Attributes:
        wrt: the symbol.
        expression: the gradient by the deltas' names: δ_a1 x_1.
        derivation: where it belongs.
    """

    wrt: Symbol
    expression: Expr
    derivation: Derivation = field(repr=False)

    @cached_property
    def delta(self) -> Delta:
        """Its contributions."""
        return self.derivation.delta(self.wrt)

    @property
    def symbol(self) -> Quotient:
        """∂L/∂w, as it is written."""
        return Quotient(self.derivation.output, self.wrt)

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """One for each consumer; at fan-out and for shared weights there are several."""
        return self.delta.contributions

    @property
    def laid_out(self) -> Expr:
        """The gradient in the layout of the convention: transposed in numerator layout."""
        return self.derivation.laid_out(self.expression)

    @property
    def chain(self) -> Expr:
        """∂L/∂z_1 · ∂z_1/∂w_11, every factor named; at fan-out the sum over consumers."""
        return self.derivation.chain(self.wrt)

    def count_paths(self) -> int:
        """The number of ways from the symbol to the output, found without walking them."""
        derivation = self.derivation
        ways = {derivation.output: 1}
        for name in derivation.deltas:
            symbol = Symbol(name)
            if symbol != derivation.output:
                ways[symbol] = sum(ways[consumer] for consumer in derivation.active_consumers(symbol))
        return (
            ways[self.wrt]
            if self.wrt in ways
            else sum(ways[c] for c in derivation.active_consumers(self.wrt))
        )

    def paths(self, *, large: bool = False) -> Iterator[Path]:
        """Every path from the symbol to the output; their expressions add up to the gradient.

        Args:
            large: walk them even where there are more than fit on a page.

        Raises:
            OptionError: there are; the message says how many.
        """
        derivation = self.derivation
        if derivation.is_array:
            raise OptionError(
                "paths are written for scalars, and these are arrays",
                where=f"the derivative by {self.wrt.name}",
                fix="take --form chain,delta, or --notation component",
            )
        count = self.count_paths()
        if count > PAGE and not large:
            raise OptionError(
                f"{count} paths lead from {self.wrt.name} to {derivation.output.name}: over a page",
                fix="ask for them with large=True (--large), or take the delta form",
            )
        pending: list[tuple[tuple[Symbol, ...], tuple[Expr, ...]]] = []
        if self.contributions or self.delta.is_output:
            pending.append(((self.wrt,), ()))
        while pending:
            nodes, factors = pending.pop()
            if nodes[0] == derivation.output:
                quotients = (derivation.local_symbol(of, by) for of, by in pairwise(nodes))
                yield Path(nodes, factors, mul(*quotients))
                continue
            pending.extend(
                ((consumer, *nodes), (derivation.partials[consumer, nodes[0]], *factors))
                for consumer in reversed(derivation.active_consumers(nodes[0]))
            )

    def closed(self, *, large: bool = False) -> Expr:
        """The gradient in inputs and parameters only.

        Args:
            large: write it even where it is longer than a page.

        Raises:
            OptionError: it would be longer than a page; the message says how long.
        """
        length = self.derivation.closed_size(self.expression)
        if length > PAGE and not large:
            raise OptionError(
                f"the closed form of the derivative by {self.wrt.name} has {length} symbols, over a page",
                known=f"by the deltas' names it takes {size(self.expression)}",
                fix="ask for it with large=True (--large), or take the delta form",
            )
        return self.derivation.closed(self.expression)

    def latex(self) -> str:
        """∂L/∂w = its chain = its delta form, in LaTeX."""
        return self._written(LATEX)

    def text(self) -> str:
        """∂L/∂w = its chain = its delta form, in Unicode."""
        return self._written(UNICODE)

    def _written(self, syntax: Syntax) -> str:
        show = printer_for(syntax, self.derivation.conventions, self.derivation.shapes)
        return " = ".join(dict.fromkeys(map(show, (self.symbol, self.chain, self.laid_out))))
