"""The computational graph: nodes in topological order, one output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sympy import Expr, S, Symbol

from symbackprop import functions, gates
from symbackprop import operations as op
from symbackprop.arrays.composites import Normalised
from symbackprop.arrays.shapes import Shapes
from symbackprop.building import build_nodes, check_equations, given_roles, ordered, size_names, with_names
from symbackprop.errors import GraphError, did_you_mean, listing
from symbackprop.language import Equation, parse_equations
from symbackprop.nodes import Collapse, Node, Role
from symbackprop.notation.names import latex_name
from symbackprop.shown import Headed

Granularity = Literal["equations", "operations"]

__all__ = ["Collapse", "Granularity", "Graph", "Node", "Role"]


@dataclass(frozen=True, repr=False)
class Graph(Headed):
    """Nodes in topological order, and which of them is the output.

    Attributes:
        nodes: parents before what uses them.
        output: the node that is differentiated.
        normalised: where layer_norm and batch_norm stand.
        scale: a delta is this many times the derivative, where the convention puts the factor of the batch
            into the gradients.

    Raises:
        GraphError: a name is given twice, is used and given by nothing, or depends on itself.
    """

    nodes: tuple[Node, ...]
    output: Symbol
    normalised: tuple[Normalised, ...] = ()
    scale: Expr = S.One
    _index: Mapping[Symbol, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", _sorted(self.nodes))
        object.__setattr__(self, "_index", {node.symbol: node for node in self.nodes})
        if self.output not in self._index:
            raise _unknown_node(self.output.name, self.nodes)
        _check_print(self.nodes)

    def __getitem__(self, key: Symbol | str) -> Node:
        symbol = Symbol(key) if isinstance(key, str) else key
        if symbol not in self._index:
            raise _unknown_node(symbol.name, self.nodes)
        return self._index[symbol]

    def __contains__(self, key: Symbol | str) -> bool:
        return (Symbol(key) if isinstance(key, str) else key) in self._index

    @cached_property
    def consumers(self) -> Mapping[Symbol, tuple[Symbol, ...]]:
        """For every node the nodes that use it, in topological order."""
        found: dict[Symbol, list[Symbol]] = {node.symbol: [] for node in self.nodes}
        for node in self.inner:
            for parent in node.parents:
                found[parent].append(node.symbol)
        return {symbol: tuple(users) for symbol, users in found.items()}

    @cached_property
    def is_array(self) -> bool:
        """Whether any value is an array, or any operation one of arrays."""
        heads = (set(node.form.tokens) for node in self.inner)
        return any(node.shape for node in self.nodes) or any(
            isinstance(head, type) and issubclass(head, op.Operation) for some in heads for head in some
        )

    def shapes(self) -> Shapes:
        """The shapes of the nodes and of their deltas, as a finder of the shapes of expressions."""
        known = {node.symbol: node.shape for node in self.nodes}
        return Shapes(known | {node.delta: node.shape for node in self.nodes if node.delta is not None})

    @cached_property
    def inner(self) -> tuple[Node, ...]:
        """The nodes that are computed."""
        return tuple(node for node in self.nodes if node.expression is not None)

    @property
    def given(self) -> tuple[Node, ...]:
        """The nodes whose values come from outside."""
        return tuple(node for node in self.nodes if node.expression is None)

    def having(self, *roles: Role) -> tuple[Node, ...]:
        """The nodes of these roles."""
        return tuple(node for node in self.nodes if node.role in roles)

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """What the derivatives are asked for: the parameters, or where there are none, the inputs."""
        chosen = self.having(Role.PARAMETER) or self.having(Role.INPUT)
        return tuple(node.symbol for node in chosen)

    def descendants(self, sources: Iterable[Symbol]) -> frozenset[Symbol]:
        """The sources and every node that depends on one of them."""
        reached = set(sources)
        for node in self.inner:
            if not reached.isdisjoint(node.parents):
                reached.add(node.symbol)
        return frozenset(reached)

    def ancestors(self, target: Symbol) -> frozenset[Symbol]:
        """The target and every node that it depends on."""
        reached = {target}
        for node in reversed(self.inner):
            if node.symbol in reached:
                reached.update(node.parents)
        return frozenset(reached)

    def backward_order(
        self, active: frozenset[Symbol], edges: Mapping[Symbol, Iterable[Symbol]]
    ) -> list[Node]:
        """Consumers before what they use, and what is equally far from the output as it stands in the graph.

        Args:
            active: the nodes to order.
            edges: for every consumer the parents that count, between active nodes.
        """
        nodes = [node for node in self.inner if node.symbol in active]
        distance = {node.symbol: 0 for node in nodes}
        for consumer in reversed(nodes):
            for parent in distance.keys() & edges.get(consumer.symbol, ()):
                distance[parent] = max(distance[parent], distance[consumer.symbol] + 1)
        return sorted(nodes, key=lambda node: distance[node.symbol])

    @property
    def by_expression(self) -> dict[Expr, Symbol]:
        """The first node that each expression is the value of; what is only a name is left out."""
        return {e: node.symbol for node in reversed(self.inner) if (e := node.expression) and e.args}

    @classmethod
    def from_equations(
        cls,
        equations: str | Sequence[Equation],
        *,
        parameters: Sequence[str] = (),
        inputs: Sequence[str] | None = None,
        targets: Sequence[str] = (),
        output: str | None = None,
        granularity: Granularity = "equations",
        shapes: Mapping[str, Any] | None = None,
    ) -> Graph:
        """A graph from named equations.

        Args:
            equations: `name = expression`, one a line or separated by `;`.
            parameters: the names whose derivatives are asked for.
            inputs: the other given names; None: every name that no equation gives is an input.
            targets: the given names that are targets.
            output: the node that is differentiated; the last equation, unless named.
            granularity: `operations` splits every equation into elementary gates.
            shapes: of the given names that are arrays, as (4, 3) or ("n", 3).

        Raises:
            GraphError: an undeclared or doubled name, a cycle.
            ShapeError: arrays whose shapes do not fit.
            ExpressionError: an equation that cannot be read.

        >>> graph = Graph.from_equations("q = x + y; f = q*z", parameters=["x", "y", "z"])
        >>> [node.name for node in graph.nodes]
        ['x', 'y', 'z', 'q', 'f']
        """
        read = parse_equations(equations) if isinstance(equations, str) else list(equations)
        sizes = size_names(shapes or {})
        named = with_names(read, {*parameters, *(inputs or ()), *targets, *sizes})
        roles = given_roles(parameters, inputs, targets)
        check_equations(named, roles, read if inputs is not None else (), sizes)
        result = Symbol(output) if output else named[-1][0]
        if output and result not in dict(named):
            raise GraphError(
                f"the output {output!r} is none of the equations", known=listing(str(s) for s, _ in named)
            )
        if granularity == "operations":
            named = gates.split(named, {*(symbol.name for symbol in roles), *sizes})
        places = {Symbol(e.name or named[-1][0].name): e for e in read}
        nodes, normalised = build_nodes(dict(named), roles, result, shapes or {}, places)
        return cls(nodes, result, normalised)

    @classmethod
    def from_expressions(
        cls,
        expressions: Mapping[Any, Expr],
        *,
        parameters: Sequence[str | Symbol] = (),
        roles: Mapping[Symbol, Role] | None = None,
        output: Symbol | str | None = None,
        shapes: Mapping[str, Any] | None = None,
    ) -> Graph:
        """A graph from SymPy expressions, given by their names; names that none of them gives are leaves.

        Args:
            expressions: what each name equals.
            parameters: the names whose derivatives are asked for.
            roles: of other given names.
            output: the node that is differentiated; the last, unless named.
            shapes: of the given names that are arrays.

        >>> x, w = Symbol("x"), Symbol("w")
        >>> graph = Graph.from_expressions({"z": w*x, "L": Symbol("z")**2}, parameters=[w])
        >>> [node.name for node in graph.inner]
        ['z', 'L']
        """
        named = {Symbol(str(name)): functions.from_sympy(one) for name, one in expressions.items()}
        # Assumptions on a symbol make it another symbol of the same name to SymPy; here a name is one thing.
        assumed = {s: Symbol(s.name) for e in named.values() for s in e.free_symbols if s != Symbol(s.name)}
        if assumed:
            named = {symbol: expression.xreplace(assumed) for symbol, expression in named.items()}
        result = list(named)[-1] if output is None else Symbol(str(output))
        given = {Symbol(str(name)): Role.PARAMETER for name in parameters} | dict(roles or {})
        nodes, normalised = build_nodes(named, given, result, shapes or {}, {})
        return cls(nodes, result, normalised)


def _unknown_node(name: str, nodes: Sequence[Node]) -> GraphError:
    known = [node.name for node in nodes]
    return GraphError(f"there is no node {name!r}", known=listing(known, 40), fix=did_you_mean(name, known))


_WITHOUT_DIGITS = str.maketrans(dict.fromkeys("123456789", "0"))


def _check_print(nodes: Sequence[Node]) -> None:
    """Two things must not have one name, nor look the same on paper."""
    names = [node.name for node in nodes] + [node.delta.name for node in nodes if node.delta]
    # Digits are printed as they are: what differs in them only looks different, so one of each kind is tried.
    kinds = {name.translate(_WITHOUT_DIGITS) for name in names}
    if len(set(names)) == len(names) and len(set(map(latex_name, kinds))) == len(kinds):
        return
    seen: dict[str, str] = {}
    for name in names:
        look = latex_name(name)
        if look in seen:
            raise GraphError(
                f"{seen[look]!r} and {name!r} look the same in print", fix=f"rename one of them, as {name}_2"
            )
        seen[look] = name


def _sorted(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes with parents first, otherwise as given."""
    if _are_sorted(nodes):
        return tuple(nodes)
    known: dict[Symbol, Node] = {}
    for node in nodes:
        if node.symbol in known:
            raise GraphError(f"the name {node.name!r} stands for two nodes", fix="rename one of them")
        known[node.symbol] = node
    for node in nodes:
        for parent in node.parents:
            if parent not in known:
                raise _unknown_node(parent.name, nodes)
    parents = {node.symbol: node.parents for node in nodes}
    order = ordered(parents)
    return tuple(known[symbol] for symbol in order)


def _are_sorted(nodes: Sequence[Node]) -> bool:
    """Whether each stands after its parents, and once."""
    known: set[Symbol] = set()
    for node in nodes:
        if not known.issuperset(node.parents):
            return False
        known.add(node.symbol)
    return len(known) == len(nodes)
