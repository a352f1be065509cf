"""Jacobians of one node by another: the product of the local ones along the path, the sum over paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sympy import Expr, S, Symbol

from symbackprop.analysis.linear_maps import LinearMaps, matrix_of
from symbackprop.arrays.pullbacks import PullBack
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Size, show_shape
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.errors import ShapeError
from symbackprop.expressions import Rewriter, power
from symbackprop.graph import Graph, Node
from symbackprop.notation.names import unused_name
from symbackprop.shown import Headed
from symbackprop.sweep import backprop

MatrixShape = tuple[Size, Size]


@dataclass(frozen=True, repr=False)
class Jacobian(Headed):
    """∂y/∂x, its rows the entries of y, its columns those of x (the numerator layout).

    Attributes:
        of: the name of y.
        by: the name of x.
        expression: the matrix in the nodes' names; where y or x is a scalar, the vector of its entries.
        shape: (entries of y, entries of x).
        shapes: the shape of every expression.
        factors: the local Jacobians in the order of the chain, whose product it is; none: it is one itself.
        layout: `numerator`, or of a transposed one `denominator`.
    """

    of: str
    by: str
    expression: Expr
    shape: MatrixShape
    shapes: Shapes
    factors: tuple[Jacobian, ...] = ()
    layout: str = "numerator"

    @property
    def transposed(self) -> Jacobian:
        """The same in the other layout: (A B)ᵀ = Bᵀ Aᵀ."""
        other = {"numerator": "denominator", "denominator": "numerator"}[self.layout]
        rows, columns = self.shape
        factors = tuple(factor.transposed for factor in reversed(self.factors))
        turned = LinearMaps(self.shapes).transpose(self.expression)
        return Jacobian(self.of, self.by, turned, (columns, rows), self.shapes, factors, other)


def jacobian(
    source: Graph | Derivation,
    of: str | Symbol,
    by: str | Symbol,
    *,
    chain: bool = False,
    conventions: Conventions | None = None,
) -> Jacobian:
    """The Jacobian of a vector or scalar node by another, through the graph.

    Args:
        source: the graph, or a derivation of it, whose conventions are taken.
        of: the node that is differentiated.
        by: the node by which.
        chain: keep the local Jacobians as `factors`: from each node that every path goes through to the next.
        conventions: slopes, kinks, and whether ∂L/∂z of a softmax in its loss is the short p - y.

    Raises:
        GraphError: a name that is no node.
        ShapeError: one of the nodes is a matrix.
        LinearityError: a step between two vectors has no closed form, as one through a batch of matrices.

    >>> graph = Graph.from_equations("z = W @ x; h = tanh(z); L = sum(h)", shapes={"W": (2, 3), "x": (3,)})
    >>> jacobian(graph, "h", "x").expression
    matmul(diag(1 - h**2), W)
    """
    graph = source.graph if isinstance(source, Derivation) else source
    if conventions is None:
        conventions = source.conventions if isinstance(source, Derivation) else Conventions()
    return _Chain(graph, graph[of], graph[by], conventions).jacobian(keep=chain)


def _check_vector(node: Node) -> None:
    if len(node.shape) > 1:
        raise ShapeError(
            f"{node.name} is a matrix: its shape is {show_shape(node.shape)}",
            known="a Jacobian is a matrix, between vectors and scalars; between matrices it has four axes",
            fix=f"flatten it, as in {node.name}.reshape(-1), or take the pull-back: the gradient of a scalar",
        )


class _Chain:
    """The way from one node to another, cut at the nodes that every path goes through."""

    def __init__(self, graph: Graph, of: Node, by: Node, conventions: Conventions) -> None:
        for node in (of, by):
            _check_vector(node)
        self.graph, self.of, self.by, self.conventions = graph, of, by, conventions
        self.shapes = graph.shapes()
        self.pull = PullBack(self.shapes, conventions)
        self.maps = LinearMaps(self.shapes)
        self.active = graph.descendants([by.symbol]) & graph.ancestors(of.symbol)
        sizes = self.shapes.sizes
        values = graph.by_expression if conventions.slopes == "value" else {}
        self.by_value = Rewriter({e: symbol for e, symbol in values.items() if not e.free_symbols <= sizes})
        self.taken = {n.name for n in graph.nodes} | {n.delta.name for n in graph.nodes if n.delta}

    def jacobian(self, *, keep: bool) -> Jacobian:
        """The product of the local Jacobians."""
        if self.by.symbol not in self.active:
            return self._result(self.of, self.by, self._zero())
        if self.of is self.by:
            return self._result(self.of, self.by, self._identity())
        factors = self.factors()
        product = factors[0]
        for factor in factors[1:]:
            between = self.graph[factor.of].shape
            joined = self.maps.compose(product.expression, between, factor.expression)
            product = self._result(self.of, self.graph[factor.by], joined)
        kept = tuple(factors) if keep else ()
        return Jacobian(product.of, product.by, product.expression, product.shape, self.shapes, kept)

    def factors(self) -> list[Jacobian]:
        """One local Jacobian for each step between nodes that every path goes through."""
        cuts = [self.graph[symbol] for symbol in self._cuts()]
        first = self._collapsed(cuts)
        if first is not None:
            cuts = cuts[cuts.index(self.graph[first.by]) :]
        steps = [self._result(upper, lower, self._local(upper, lower)) for upper, lower in pairwise(cuts)]
        return ([first] if first is not None else []) + steps

    def _result(self, of: Node, by: Node, expression: Expr) -> Jacobian:
        shape = ((of.shape or (1,))[0], (by.shape or (1,))[0])
        return Jacobian(of.name, by.name, expression, shape, self.shapes)

    def _zero(self) -> Expr:
        return self.maps.algebra.spread(S.Zero, (*self.of.shape, *self.by.shape))

    def _identity(self) -> Expr:
        return self.maps.identity(self.of.shape[0]) if self.of.shape else S.One

    def _cuts(self) -> list[Symbol]:
        """The vectors and scalars that every path goes through, from the upper end down."""
        order = [node.symbol for node in self.graph.nodes if node.symbol in self.active]
        up, down = dict.fromkeys(order, 0), dict.fromkeys(order, 0)
        up[self.of.symbol] = down[self.by.symbol] = 1
        for symbol in reversed(order):
            up[symbol] += sum(up[one] for one in self.graph.consumers[symbol] if one in self.active)
        for symbol in order:
            down[symbol] += sum(down[one] for one in self.graph[symbol].parents if one in self.active)
        every = up[self.by.symbol]
        return [
            symbol
            for symbol in reversed(order)
            if up[symbol] * down[symbol] == every and len(self.graph[symbol].shape) < 2
        ]

    def _collapsed(self, cuts: Sequence[Node]) -> Jacobian | None:
        """The short form of ∂L/∂z where a softmax or sigmoid meets its loss: p - y."""
        if self.of.shape or self.of.symbol != self.graph.output or not self.conventions.collapse:
            return None
        if not self.graph.is_array:
            return None
        plain = self.conventions.model_copy(update={"error_sign": "plus", "batch_factor": "gradient"})
        derivation = backprop(self.graph, self.of.symbol, wrt=[self.by.symbol], conventions=plain)
        for node in cuts[1:]:
            delta = derivation.deltas.get(node.name)
            if delta is not None and delta.collapse is not None:
                whole = self.maps.algebra.scaled(power(delta.sign, -1), delta.collapse.final)
                return self._result(self.of, node, whole)
        return None

    def _local(self, upper: Node, lower: Node) -> Expr:
        """∂upper/∂lower: what is pulled back of a cotangent g is linear in g; its matrix, transposed."""
        if not upper.shape:
            return self._pulled(upper, lower, S.One)
        # A symbol of its own for every step: the shapes of expressions are remembered.
        cotangent = Symbol(unused_name(f"g_{upper.name}", self.taken))
        self.shapes.learn(cotangent, upper.shape)
        pulled = self._pulled(upper, lower, cotangent)
        return self.maps.transpose(matrix_of(pulled, cotangent, self.shapes))

    def _pulled(self, upper: Node, lower: Node, cotangent: Expr) -> Expr:
        """The cotangent of `upper` pulled back to `lower`, in the nodes' values."""
        within = self.graph.descendants([lower.symbol]) & self.graph.ancestors(upper.symbol)
        shares: dict[Symbol, list[Expr]] = {upper.symbol: [cotangent]}
        algebra = self.pull.algebra
        for node in reversed(self.graph.nodes):
            if node.symbol == lower.symbol or node.symbol not in within or node.expression is None:
                continue
            upstream = algebra.sum(shares.get(node.symbol, ()))
            for parent, share in self.pull(node.expression, upstream).items():
                shares.setdefault(parent, []).append(self.by_value(share))
        return algebra.spread(algebra.sum(shares.get(lower.symbol, ())), lower.shape)
