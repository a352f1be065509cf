"""Second derivatives: backpropagation through backpropagation, and the Hessian where it is one matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Basic, Expr, Symbol

from symbackprop import operations as op
from symbackprop.analysis.linear_maps import matrix_of
from symbackprop.arrays.algebra import Algebra
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Size, show_shape
from symbackprop.conventions import Conventions
from symbackprop.derivation import PAGE, Delta, Derivation
from symbackprop.errors import GraphError, OptionError, ShapeError
from symbackprop.expressions import Rewriter, mul, size_with
from symbackprop.graph import Graph, Node, Role
from symbackprop.notation.names import unused_name
from symbackprop.shown import Headed
from symbackprop.sweep import backprop


@dataclass(frozen=True, eq=False, repr=False)
class HessianVector(Headed):
    """H v, H the Hessian of L by w: the gradient of (∂L/∂w)ᵀ v, v held fast.

    Attributes:
        wrt: the parameter w.
        vector: v, of the shape of w.
        first: the derivation of ∂L/∂w.
        derivation: that of H v. The nodes of its graph are those of the forward pass, the first deltas, the
            gradient and its product with v; its deltas are called η.
        forward: the names of the forward pass, in whose values `closed` is written.
    """

    wrt: Symbol
    vector: Symbol
    first: Derivation
    derivation: Derivation
    forward: frozenset[Symbol] = field(repr=False)

    @property
    def graph(self) -> Graph:
        """The forward pass and the first backward pass as one graph."""
        return self.derivation.graph

    @property
    def expression(self) -> Expr:
        """H v by the names of the steps."""
        return self.derivation.gradients[self.wrt.name].expression

    @property
    def steps(self) -> Iterator[tuple[Symbol, Expr]]:
        """Name and expression of every step after the forward pass; `expression` ends them."""
        yield from self._lines()

    @property
    def summing_to_one(self) -> tuple[Symbol, ...]:
        """Targets that the first derivation takes to add up to 1, where it writes p - y."""
        collapses = [delta.collapse for delta in self.first.deltas.values()]
        return next((one.summing_to_one for one in collapses if one and one.summing_to_one), ())

    @cached_property
    def closed(self) -> Expr:
        """H v in the values of the forward pass, in normal form.

        Raises:
            OptionError: it is longer than a page.
        """
        length = self._length()
        if length > PAGE:
            raise OptionError(
                f"the product of the Hessian by {self.wrt.name} and {self.vector.name} has {length} symbols, "
                "over a page",
                fix="take it by the names of its steps: expression, steps",
            )
        rewrite = Rewriter({})
        for symbol, expression in self._lines():
            rewrite.learn(symbol, rewrite(expression))
        result: Expr = rewrite(self.expression)
        return Algebra(self.shapes).normal(result) if self.derivation.is_array else result

    @property
    def shapes(self) -> Shapes:
        """The shape of every expression."""
        return self.derivation.shapes or self.graph.shapes()

    def _lines(self) -> Iterator[tuple[Symbol, Expr]]:
        for node in self.graph.inner:
            if node.symbol not in self.forward and node.expression is not None:
                yield node.symbol, node.expression
        for delta in self.derivation.deltas.values():
            if delta.symbol is not None:
                yield delta.symbol, delta.expression

    def _length(self) -> int:
        known: dict[Basic, int] = {}
        for symbol, expression in self._lines():
            known[symbol] = size_with(expression, known)
        return size_with(self.expression, known)


@dataclass(frozen=True, eq=False, repr=False)
class Hessian(Headed):
    """∂²L/∂w∂wᵀ of a vector parameter w.

    Attributes:
        wrt: the parameter.
        expression: the matrix in the values of the forward pass; of a scalar parameter, the number.
        shape: (entries of w, entries of w).
        product: the Hessian-vector product that it was read off.
    """

    wrt: Symbol
    expression: Expr
    shape: tuple[Size, Size]
    product: HessianVector

    @property
    def shapes(self) -> Shapes:
        """The shape of every expression."""
        return self.product.shapes


def hvp(
    graph: Graph, wrt: str | Symbol, vector: str = "v", *, conventions: Conventions | None = None
) -> HessianVector:
    """The product of the Hessian by one parameter and a vector, without the Hessian.

    Args:
        graph: the graph; its output is a scalar.
        wrt: the parameter, of any shape.
        vector: the name of the vector, which has the parameter's shape.
        conventions: the choices on which textbooks differ.

    Raises:
        GraphError: the name of the vector is taken, or there is no such parameter.
        ShapeError: the output is not a scalar.
        OptionError: an operation of the gradient has no rule for its derivative.

    Source: Pearlmutter, Fast exact multiplication by the Hessian (1994).

    >>> graph = Graph.from_equations("L = w**4", parameters=["w"])
    >>> hvp(graph, "w").closed.subs({"w": 2, "v": 1})
    48
    """
    symbol, chosen = graph[wrt].symbol, conventions or Conventions()
    if vector in {name for node in graph.nodes for name in (node.name, node.delta and node.delta.name)}:
        raise GraphError(
            f"the name {vector!r} is taken", fix=f"name the vector otherwise: vector='{vector}_2'"
        )
    plain = chosen.model_copy(update={"error_sign": "plus", "batch_factor": "gradient"})
    first = backprop(graph, wrt=[symbol], conventions=plain)
    twice = _Twice(first, symbol, Symbol(vector)).graph()
    try:
        second = backprop(twice, wrt=[symbol], conventions=plain.model_copy(update={"collapse": False}))
    except TypeError as error:  # the table of pull-backs says that it has no rule
        raise OptionError(
            f"the second derivative by {symbol.name} cannot be written: {error}",
            fix="write the operation with others: prod as exp(sum(log(x))), norm as sqrt(sum(x**2))",
        ) from None
    forward = frozenset(node.symbol for node in graph.nodes) | {Symbol(vector)}
    return HessianVector(symbol, Symbol(vector), first, second, forward)


class _Twice:
    """The forward pass, the deltas and the gradient of a derivation as the nodes of one graph."""

    def __init__(self, first: Derivation, wrt: Symbol, vector: Symbol) -> None:
        self.first, self.wrt, self.vector = first, wrt, vector
        self.taken = {node.name for node in first.graph.nodes} | {vector.name}
        self.taken |= {delta.symbol.name for delta in first.deltas.values() if delta.symbol is not None}

    def graph(self) -> Graph:
        """Its output is (∂L/∂w)ᵀ v."""
        nodes = [*map(self._forward, self.first.graph.nodes), *self._deltas(), *self._product()]
        known = {node.symbol for node in nodes}
        sizes = sorted(self.first.graph.shapes().sizes - known, key=str)
        nodes = [*(Node(size, role=Role.SIZE) for size in sizes), *nodes]
        whole = Graph(tuple(nodes), nodes[-1].symbol)
        used = whole.ancestors(whole.output) | {self.wrt}
        return Graph(tuple(node for node in nodes if node.symbol in used), whole.output)

    def _name(self, wish: str) -> Symbol:
        name = unused_name(wish, self.taken)
        self.taken.add(name)
        return Symbol(name)

    def _node(self, symbol: Symbol, expression: Expr, like: Node) -> Node:
        eta = self._name(f"eta_{symbol.name}") if self.first.is_array else None
        return Node(symbol, expression, delta=eta, shape=like.shape)

    def _forward(self, node: Node) -> Node:
        if node.expression is None:
            return Node(node.symbol, role=node.role, shape=node.shape)
        return self._node(node.symbol, node.expression, node)

    def _deltas(self) -> Iterator[Node]:
        for delta in self.first.deltas.values():
            if delta.symbol is not None:
                yield self._node(delta.symbol, _resolved(self.first, delta), self.first.graph[delta.node])

    def _product(self) -> Iterator[Node]:
        wrt = self.first.graph[self.wrt]
        gradient = self._name(f"gradient_{wrt.name}")
        yield Node(self.vector, role=Role.INPUT, shape=wrt.shape)
        yield self._node(gradient, self.first.gradients[wrt.name].expression, wrt)
        result = mul(gradient, self.vector)
        if wrt.shape:
            result = op.of(op.total, result, tuple(range(len(wrt.shape))), 0)
        yield Node(self._name(f"{self.first.output.name}_{self.vector.name}"), result, Role.LOSS)


def _resolved(derivation: Derivation, delta: Delta) -> Expr:
    if derivation.shapes is None:
        return delta.expression
    return derivation.shapes.resolved(delta.expression)[0]


def hessian(graph: Graph, wrt: str | Symbol, *, conventions: Conventions | None = None) -> Hessian:
    """The Hessian by one vector parameter, as a matrix.

    Args:
        graph: the graph; its output is a scalar.
        wrt: the parameter, a vector or a scalar.
        conventions: the choices on which textbooks differ.

    Raises:
        ShapeError: the parameter is a matrix: its Hessian has four axes; or the output is not a scalar.
        LinearityError: the Hessian-vector product is no matrix times the vector in closed form.

    >>> shapes = {"X": ("n", 3), "w": (3,), "y": ("n",)}
    >>> graph = Graph.from_equations("L = sum((X @ w - y)**2)", shapes=shapes)
    >>> hessian(graph, "w").expression
    2*matmul(transpose(X, (1, 0)), X)
    """
    node = graph[wrt]
    if len(node.shape) > 1:
        raise ShapeError(
            f"the Hessian by {node.name} is no matrix: {node.name} has the shape {show_shape(node.shape)}",
            known="the Hessian by a matrix has four axes",
            fix=f"take its product with a matrix: hvp(graph, {node.name!r}), or one vector of {node.name}",
        )
    taken = {name for one in graph.nodes for name in (one.name, one.delta.name if one.delta else one.name)}
    product = hvp(graph, node.symbol, unused_name("v", taken), conventions=conventions)
    matrix = matrix_of(product.closed, product.vector, product.shapes)
    size = node.shape[0] if node.shape else 1
    return Hessian(node.symbol, matrix, (size, size), product)
