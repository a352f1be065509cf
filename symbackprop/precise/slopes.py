"""The chain rule in numbers: from the derivative by a node to those by its parents, one rule a node."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.pullbacks import PullBack
from symbackprop.arrays.shapes import Shapes
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.errors import Mistake
from symbackprop.expressions import Rewriter
from symbackprop.graph import Collapse, Graph, Node
from symbackprop.language import parse_expression
from symbackprop.partials import local_partials
from symbackprop.sweep import backprop


class Rules:
    """What is derived once for all points of a graph.

    Args:
        graph: the graph.
        conventions: kinks and ties.

    Attributes:
        shapes: of expressions in its nodes.
    """

    def __init__(self, graph: Graph, conventions: Conventions) -> None:
        self.graph, self.conventions = graph, conventions
        self.shapes: Shapes = graph.shapes()
        self._pull = PullBack(self.shapes, conventions)
        self._found: dict[Symbol, Mapping[Symbol, Expr]] = {}

    def is_local(self, node: Node) -> bool:
        """Whether a node is a function of numbers: its rule is a local partial for each parent."""
        assert node.expression is not None
        shapes = [node.shape, *(self.graph[parent].shape for parent in node.parents)]
        return not any(shapes) and not node.expression.has(op.Operation)

    def __call__(self, node: Node) -> Mapping[Symbol, Expr]:
        """For each parent ∂node/∂parent; of arrays the derivative by it, from `cotangent(node)`."""
        if node.symbol not in self._found:
            self._found[node.symbol] = self._derived(node)
        return self._found[node.symbol]

    def _derived(self, node: Node) -> Mapping[Symbol, Expr]:
        assert node.expression is not None
        if self.is_local(node):
            return local_partials(node.expression, self.conventions)
        upstream = cotangent(node)
        self.shapes.learn(upstream, node.shape)
        return self._pull(node.expression, upstream)

    @functools.cached_property
    def deltas(self) -> Mapping[str, str]:
        """For the name of each delta that of its node: those of the spec, and those of a derivation."""
        found = {node.delta.name: node.name for node in self.graph.nodes if node.delta is not None}
        made = self._derivation.deltas.values() if self._derivation else ()
        return found | {delta.symbol.name: delta.node.name for delta in made if delta.symbol is not None}

    @functools.cached_property
    def collapses(self) -> tuple[Collapse, ...]:
        """The shorter forms of deltas, which say what is to add up to 1."""
        declared = [node.collapse for node in self.graph.nodes if node.collapse is not None]
        if self.graph.is_array and self._derivation is not None:
            every = [*self._derivation.deltas.values()]
            every += [gradient.delta for gradient in self._derivation.gradients.values()]
            declared += [delta.collapse for delta in every if delta.collapse is not None]
        return tuple(declared)

    @functools.cached_property
    def _derivation(self) -> Derivation | None:
        try:
            conventions = self.conventions.model_copy(update={"collapse": True})
            return backprop(self.graph, conventions=conventions)
        except Mistake:
            # The output is an array, or nothing is to be differentiated by: there are no deltas.
            return None


@functools.lru_cache(maxsize=16)
def rules_of(graph: Graph, conventions: Conventions) -> Rules:
    """The rules of a graph, derived once."""
    return Rules(graph, conventions)


def cotangent(node: Node) -> Symbol:
    """What stands for the derivative by a node in its rule; a space keeps it apart from all names."""
    return Symbol(f"cotangent {node.name}")


_JUMPS: Mapping[str, tuple[str, ...]] = {
    "signum": ("x",),
    "step": ("x",),
    "clip": ("x - low", "x - high"),
}
"""What is 0 at the jumps, and at kinks that `functions.py` does not name."""


@functools.lru_cache(maxsize=4096)
def kinks(expression: Expr) -> tuple[Expr, ...]:
    """Expressions that are 0 where an expression has a kink or a jump; of a largest, see `gaps`."""
    found: list[Expr] = []
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, sympy.core.relational.Relational):
            found.append(part.lhs - part.rhs)
        elif isinstance(part, functions.rounded):
            scaled = part.args[0] * 10 ** part.args[1]
            found.append(scaled - sympy.floor(scaled) - sympy.S.Half)
        elif isinstance(part, op.norm):
            found.append(part)
        elif part.func in functions.BY_HEAD:
            found += _of_call(part)
    return tuple(one for one in found if one.free_symbols)


def _of_call(call: Expr) -> list[Expr]:
    entry = functions.BY_HEAD[call.func]
    texts = _JUMPS.get(call.func.__name__, entry.kinks)
    names = ("x", *entry.arguments[1:]) if call.func.__name__ in _JUMPS else entry.arguments
    rewrite = Rewriter(dict(zip(map(Symbol, names), call.args, strict=False)))
    return [rewrite(parse_expression(text)) for text in texts]


@functools.lru_cache(maxsize=4096)
def gaps(expression: Expr) -> tuple[tuple[Expr, tuple[int, ...], int], ...]:
    """For each largest or smallest of an array: the array, the axes, and 1 for a largest or -1."""
    return tuple(
        (part.args[0], tuple(map(int, part.args[1])), -1 if isinstance(part, op.smallest) else 1)
        for part in sympy.preorder_traversal(expression)
        if isinstance(part, op.largest | op.smallest)
    )
