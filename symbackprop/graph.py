"""The computational graph: nodes in topological order, one output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from sympy import Expr, Symbol

from symbackprop import functions, gates
from symbackprop.errors import MOST_TOLD, GraphError, Mistake, did_you_mean, listing, raise_all
from symbackprop.expressions import symbols_in
from symbackprop.language import Equation, check_name, parse_equations
from symbackprop.notation.names import latex_name
from symbackprop.ordering import find_cycle, topological_order

Granularity = Literal["equations", "operations"]


class Role(StrEnum):
    """What a node is in its graph."""

    INPUT = "input"
    PARAMETER = "parameter"
    TARGET = "target"
    CONSTANT = "constant"
    PREACTIVATION = "pre-activation"
    ACTIVATION = "activation"
    NODE = "node"
    LOSS = "loss"


@dataclass(frozen=True)
class Collapse:
    """A shorter form of ∂L/∂z, where an activation meets the loss that it was made for.

    Attributes:
        general: the form that holds always: p Σ_k y_k - y.
        final: the form under the condition: p - y.
        summing_to_one: the condition: these symbols add up to 1; none: there is no condition.
    """

    general: Expr
    final: Expr
    summing_to_one: tuple[Symbol, ...] = ()


@dataclass(frozen=True)
class Node:
    """One value of the forward pass.

    Attributes:
        symbol: its name.
        expression: what it equals, in its parents' symbols; None where its value is given.
        role: what it is.
        layer: the number of its layer, from 1, in a network.
        delta: the name of its delta; None: its delta is written in line.
        shape: its shape; () is a scalar.
        collapse: a declared shorter form of its delta.
    """

    symbol: Symbol
    expression: Expr | None = None
    role: Role = Role.NODE
    layer: int | None = None
    delta: Symbol | None = None
    shape: tuple[int, ...] = ()
    collapse: Collapse | None = None

    @property
    def name(self) -> str:
        """Its name, as the user wrote it."""
        return str(self.symbol.name)

    @cached_property
    def parents(self) -> tuple[Symbol, ...]:
        """The symbols that its expression is made of, in the order in which they are read."""
        return () if self.expression is None else symbols_in(self.expression)


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order, and which of them is the output.

    Raises:
        GraphError: a name is given twice, is used and given by nothing, or depends on itself.
    """

    nodes: tuple[Node, ...]
    output: Symbol
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
        for node in self.nodes:
            for parent in node.parents:
                found[parent].append(node.symbol)
        return {symbol: tuple(users) for symbol, users in found.items()}

    @property
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
        for node in self.nodes:
            if any(parent in reached for parent in node.parents):
                reached.add(node.symbol)
        return frozenset(reached)

    def ancestors(self, target: Symbol) -> frozenset[Symbol]:
        """The target and every node that it depends on."""
        reached = {target}
        for node in reversed(self.nodes):
            if node.symbol in reached:
                reached.update(node.parents)
        return frozenset(reached)

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
    ) -> Graph:
        """A graph from named equations.

        Args:
            equations: `name = expression`, one a line or separated by `;`.
            parameters: the names whose derivatives are asked for.
            inputs: the other given names; None: every name that no equation gives is an input.
            targets: the given names that are targets.
            output: the node that is differentiated; the last equation, unless named.
            granularity: `operations` splits every equation into elementary gates.

        Raises:
            GraphError: an undeclared or doubled name, a cycle.
            ExpressionError: an equation that cannot be read.

        >>> graph = Graph.from_equations("q = x + y; f = q*z", parameters=["x", "y", "z"])
        >>> [node.name for node in graph.nodes]
        ['x', 'y', 'z', 'q', 'f']
        """
        read = parse_equations(equations) if isinstance(equations, str) else list(equations)
        named = _with_names(read, {*parameters, *(inputs or ()), *targets})
        roles = _given_roles(parameters, inputs, targets)
        _check_equations(named, roles, read if inputs is not None else ())
        result = Symbol(output) if output else named[-1][0]
        if output and result not in dict(named):
            raise GraphError(
                f"the output {output!r} is none of the equations", known=listing(str(s) for s, _ in named)
            )
        if granularity == "operations":
            named = gates.split(named, {symbol.name for symbol in roles})
        return cls.from_expressions(dict(named), roles=roles, output=result)

    @classmethod
    def from_expressions(
        cls,
        expressions: Mapping[Any, Expr],
        *,
        parameters: Sequence[str | Symbol] = (),
        roles: Mapping[Symbol, Role] | None = None,
        output: Symbol | str | None = None,
    ) -> Graph:
        """A graph from SymPy expressions, given by their names; names that none of them gives are leaves.

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
        leaves = dict.fromkeys(
            symbol for e in named.values() for symbol in symbols_in(e) if symbol not in named
        )
        leaves |= dict.fromkeys(symbol for symbol in given if symbol not in named)
        nodes = [Node(symbol, role=given.get(symbol, Role.INPUT)) for symbol in leaves]
        taken = {symbol.name for symbol in (*leaves, *named)}
        for symbol, expression in named.items():
            delta = None if symbol == result else Symbol(unused_name(f"delta_{symbol.name}", taken))
            taken |= {delta.name} if delta is not None else set()
            nodes.append(Node(symbol, expression, Role.LOSS if symbol == result else Role.NODE, delta=delta))
        return cls(tuple(nodes), result)


def unused_name(wish: str, taken: Iterable[str]) -> str:
    """The wished name, lengthened until it is not taken."""
    held = set(taken)
    name, number = wish, 1
    while name in held:
        number += 1
        name = f"{wish}_{number}"
    return name


def _given_roles(
    parameters: Sequence[str], inputs: Sequence[str] | None, targets: Sequence[str]
) -> dict[Symbol, Role]:
    roles: dict[Symbol, Role] = {}
    for names, role in ((parameters, Role.PARAMETER), (inputs or (), Role.INPUT), (targets, Role.TARGET)):
        for name in names:
            symbol = Symbol(check_name(name))
            if symbol in roles:
                raise GraphError(
                    f"{name!r} is given twice, as {roles[symbol]} and as {role}", fix="keep one of them"
                )
            roles[symbol] = role
    return roles


def _with_names(equations: Sequence[Equation], taken: set[str]) -> list[tuple[Symbol, Expr]]:
    """The equations with a name for the one that has none: a bare expression may stand last."""
    names = {equation.name for equation in equations if equation.name} | taken
    names |= {use for equation in equations for use in equation.uses}
    for equation in equations[:-1]:
        if equation.name is None:
            raise GraphError("only the last line may be an expression without a name", where=equation.place())
    free = next(name for name in ("f", "y", "F", "out", unused_name("f", names)) if name not in names)
    _check_given(equations)
    return [(Symbol(equation.name or free), equation.expression) for equation in equations]


def _check_given(equations: Sequence[Equation]) -> None:
    seen: dict[str, Equation] = {}
    mistakes: list[Mistake] = []
    for equation in equations:
        if equation.name in seen and len(mistakes) < MOST_TOLD:
            mistakes.append(
                GraphError(f"{equation.name!r} is given by two equations", where=equation.place())
            )
        if equation.name:
            seen[equation.name] = equation
    raise_all(mistakes)


def _check_equations(
    named: Sequence[tuple[Symbol, Expr]], roles: Mapping[Symbol, Role], closed: Sequence[Equation]
) -> None:
    """No name is both given and computed; in the `closed` equations every name is one or the other."""
    computed = {symbol for symbol, _ in named}
    mistakes: list[Mistake] = [
        GraphError(
            f"{symbol.name!r} is given as {role} and computed by an equation", fix="remove one of them"
        )
        for symbol, role in roles.items()
        if symbol in computed
    ]
    known = dict.fromkeys(symbol.name for symbol in (*roles, *computed))
    undeclared: dict[str, str] = {}
    for equation in closed:
        for name, place in equation.uses.items():
            if name not in known and name not in undeclared:
                undeclared[name] = place()
    for name, where in undeclared.items():
        fix = did_you_mean(name, known) or f"give {name} a value under [inputs] or [parameters]"
        mistakes.append(GraphError(f"undeclared name {name!r}", where=where, known=listing(known), fix=fix))
    raise_all(mistakes)


def _unknown_node(name: str, nodes: Sequence[Node]) -> GraphError:
    known = [node.name for node in nodes]
    return GraphError(f"there is no node {name!r}", known=listing(known, 40), fix=did_you_mean(name, known))


def _check_print(nodes: Sequence[Node]) -> None:
    """Two things must not have one name, nor look the same on paper."""
    seen: dict[str, str] = {}
    for name in (*(node.name for node in nodes), *(node.delta.name for node in nodes if node.delta)):
        look = latex_name(name)
        if look in seen:
            raise GraphError(
                f"{seen[look]!r} and {name!r} look the same in print", fix=f"rename one of them, as {name}_2"
            )
        seen[look] = name


def _sorted(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes with parents first, otherwise as given."""
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
    order = topological_order(parents)
    if len(order) < len(nodes):
        names = [symbol.name for symbol in find_cycle(parents, set(order))]
        raise GraphError(
            f"the equations go in a circle: {' needs '.join(names)}",
            fix=f"give {names[0]} a value, or break the circle",
        )
    return tuple(known[symbol] for symbol in order)
