"""The computational graph: nodes in topological order, one output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from sympy import Expr, S, Symbol

from symbackprop import functions, gates
from symbackprop.arrays import operations as op
from symbackprop.arrays.composites import Expansion, Normalised, expand
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, as_shape, show_shape
from symbackprop.errors import MOST_TOLD, GraphError, Mistake, ShapeError, did_you_mean, listing, raise_all
from symbackprop.expressions import symbols_in
from symbackprop.language import Equation, check_name, parse_equations
from symbackprop.notation.names import latex_name
from symbackprop.ordering import find_cycle, topological_order

Granularity = Literal["equations", "operations"]


class Role(StrEnum):
    """What a node is in its graph."""

    INPUT = "input"
    PARAMETER = "parameter"
    SIZE = "size"
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
        total: the sum that is 1, where the symbols are arrays.
    """

    general: Expr
    final: Expr
    summing_to_one: tuple[Symbol, ...] = ()
    total: Expr | None = None


@dataclass(frozen=True)
class Node:
    """One value of the forward pass.

    Attributes:
        symbol: its name.
        expression: what it equals, in its parents' symbols; None where its value is given.
        role: what it is.
        layer: the number of its layer, from 1, in a network.
        delta: the name of its delta; None: its delta is written in line.
        shape: its shape, sizes as numbers or symbols; () is a scalar.
        collapse: a declared shorter form of its delta.
    """

    symbol: Symbol
    expression: Expr | None = None
    role: Role = Role.NODE
    layer: int | None = None
    delta: Symbol | None = None
    shape: Shape = ()
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
        for node in self.nodes:
            for parent in node.parents:
                found[parent].append(node.symbol)
        return {symbol: tuple(users) for symbol, users in found.items()}

    @cached_property
    def is_array(self) -> bool:
        """Whether any value is an array, or any operation one of arrays."""
        return any(node.shape for node in self.nodes) or any(
            node.expression is not None and node.expression.atoms(op.Operation) for node in self.nodes
        )

    def shapes(self) -> Shapes:
        """The shapes of the nodes and of their deltas, as a finder of the shapes of expressions."""
        known = {node.symbol: node.shape for node in self.nodes}
        return Shapes(known | {node.delta: node.shape for node in self.nodes if node.delta is not None})

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
        places = {Symbol(e.name or named[-1][0].name): e for e in read}
        return cls._built(dict(named), roles, result, shapes or {}, places)

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
        return cls._built(named, given, result, shapes or {}, {})

    @classmethod
    def _built(
        cls,
        named: Mapping[Symbol, Expr],
        given: Mapping[Symbol, Role],
        output: Symbol,
        shapes: Mapping[str, Any],
        places: Mapping[Symbol, Equation],
    ) -> Graph:
        """The nodes of named expressions: layers that are programs opened, shapes found, deltas named."""
        known = {Symbol(name): _given_shape(name, shape) for name, shape in shapes.items()}
        sizes = Shapes(known).sizes
        used = {symbol.name for e in named.values() for symbol in symbols_in(e)}
        expansion = expand(named, {*used, *(s.name for s in (*given, *sizes))})
        lines = expansion.lines
        leaves = dict.fromkeys(
            symbol for e in lines.values() for symbol in symbols_in(e) if symbol not in lines
        )
        leaves |= dict.fromkeys(symbol for symbol in given if symbol not in lines)
        _check_shapes(known, leaves, lines)
        roles = dict.fromkeys(sizes, Role.SIZE) | dict(given)
        nodes = [
            Node(symbol, role=roles.get(symbol, Role.INPUT), shape=known.get(symbol, ())) for symbol in leaves
        ]
        taken = {symbol.name for symbol in (*leaves, *lines)}
        found = Shapes(known)
        for symbol in _in_order(lines):
            expression, shape = _resolved(found, symbol, expansion, places)
            found.learn(symbol, shape)
            delta = None if symbol == output else Symbol(unused_name(f"delta_{symbol.name}", taken))
            taken |= {delta.name} if delta is not None else set()
            role = Role.LOSS if symbol == output else Role.NODE
            nodes.append(Node(symbol, expression, role, delta=delta, shape=shape))
        here = {node.symbol for node in nodes}
        late = dict.fromkeys(p for node in nodes for p in node.parents if p in sizes and p not in here)
        nodes += [Node(symbol, role=Role.SIZE) for symbol in late]
        return cls(tuple(nodes), output, tuple(expansion.normalised))


def _given_shape(name: str, shape: Any) -> Shape:
    found = as_shape(shape)
    if any(isinstance(size, int) and size < 1 for size in found):
        raise GraphError(
            f"the shape of {name} has an empty axis: {show_shape(found)}", fix="a size is at least 1"
        )
    return found


def _check_shapes(known: Mapping[Symbol, Shape], leaves: Iterable[Symbol], lines: Iterable[Symbol]) -> None:
    for symbol in known:
        if symbol in lines:
            raise GraphError(
                f"{symbol.name} is computed by an equation and its shape is given too",
                fix="leave the shape out: it is found",
            )
        if symbol not in leaves:
            names = [one.name for one in leaves]
            raise GraphError(
                f"a shape is given for {symbol.name!r}, which no equation uses",
                known=listing(names),
                fix=did_you_mean(symbol.name, names),
            )


def _in_order(lines: Mapping[Symbol, Expr]) -> list[Symbol]:
    """The computed names, parents first."""
    parents = {symbol: [p for p in symbols_in(e) if p in lines] for symbol, e in lines.items()}
    return _ordered(parents)


def _ordered(parents: Mapping[Symbol, Sequence[Symbol]]) -> list[Symbol]:
    """Parents first, otherwise as given."""
    order = topological_order(parents)
    if len(order) < len(parents):
        names = [symbol.name for symbol in find_cycle(parents, set(order))]
        raise GraphError(
            f"the equations go in a circle: {' needs '.join(names)}",
            fix=f"give {names[0]} a value, or break the circle",
        )
    return order


def _resolved(
    shapes: Shapes, symbol: Symbol, expansion: Expansion, places: Mapping[Symbol, Equation]
) -> tuple[Expr, Shape]:
    """A node's expression with its axes resolved, and its shape; a mistake is told with its place."""
    try:
        return shapes.resolved(expansion.lines[symbol])
    except ShapeError as error:
        equation = places.get(expansion.origin.get(symbol, symbol))
        if equation is not None:
            place = equation.parts.get(error.expression, equation.place)
            error.where = place()
        raise


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
    order = _ordered(parents)
    return tuple(known[symbol] for symbol in order)
