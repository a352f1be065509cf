"""Named expressions -> nodes: layers that are programs are opened, shapes found, deltas named."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from sympy import Expr, Integer, Symbol

from symbackprop.arrays.composites import Expansion, Normalised, expand
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, as_shape, show_shape
from symbackprop.errors import MOST_TOLD, GraphError, Mistake, ShapeError, did_you_mean, listing, raise_all
from symbackprop.expressions import symbols_in
from symbackprop.language import Equation, check_name
from symbackprop.nodes import Node, Role
from symbackprop.notation.names import unused_name
from symbackprop.ordering import find_cycle, topological_order


def build_nodes(
    named: Mapping[Symbol, Expr],
    given: Mapping[Symbol, Role],
    output: Symbol,
    shapes: Mapping[str, Any],
    places: Mapping[Symbol, Equation],
) -> tuple[tuple[Node, ...], tuple[Normalised, ...]]:
    """The nodes of named expressions, and where inputs are normalised.

    Args:
        named: the expressions by their names.
        given: the roles of given names.
        output: the node that is differentiated.
        shapes: of the given names that are arrays.
        places: the equations behind the expressions, which tell places.

    Raises:
        GraphError: the equations go in a circle, or a shape belongs to nothing that is given.
        ShapeError: arrays whose shapes do not fit.
    """
    known = {Symbol(name): checked_shape(name, shape) for name, shape in shapes.items()}
    sizes = Shapes(known).sizes
    used = {symbol.name for e in named.values() for symbol in symbols_in(e)}
    expansion = expand(named, {*used, *(s.name for s in (*given, *sizes))})
    lines = expansion.lines
    leaves = dict.fromkeys(symbol for e in lines.values() for symbol in symbols_in(e) if symbol not in lines)
    leaves |= dict.fromkeys(symbol for symbol in given if symbol not in lines)
    _check_shapes(known, leaves, lines)
    roles = dict(given) | _size_roles(sizes, given, {*lines, *known})
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
    return tuple(nodes), tuple(expansion.normalised)


def _size_roles(
    sizes: Iterable[Symbol], given: Mapping[Symbol, Role], taken: Container[Symbol]
) -> dict[Symbol, Role]:
    """Sizes are no parameters; that their values are given too does no harm."""
    for symbol in sizes:
        if symbol in taken:
            raise GraphError(
                f"{symbol.name} is the size of an array, and the name of something else",
                where=f"the shapes and {symbol.name}",
                fix="give the size another name, as n_1",
            )
        if given.get(symbol) is Role.PARAMETER:
            raise GraphError(
                f"{symbol.name} is the size of an array, and no parameter",
                fix=f"leave {symbol.name} out: it is found from the shapes",
            )
    return dict.fromkeys(sizes, Role.SIZE)


def size_names(shapes: Mapping[str, Any]) -> list[str]:
    """The names of the sizes in some shapes."""
    sizes = Shapes({Symbol(name): checked_shape(name, shape) for name, shape in shapes.items()}).sizes
    return sorted(symbol.name for symbol in sizes)


def checked_shape(name: str, shape: Any) -> Shape:
    """A given shape: its sizes are whole numbers, or names.

    Raises:
        GraphError: a size is neither, or an axis is empty.
        ExpressionError: a size is a text that is no name.
    """
    for size in shape:
        if isinstance(size, str) and not size.isdecimal():
            check_name(size, f"the shape of {name}")
        elif not isinstance(size, str | int | Integer | Symbol):
            raise GraphError(
                f"{size!r} is no size",
                where=f"the shape of {name}",
                fix='write numbers or names, as ("n", 3)',
            )
    found = as_shape(shape)
    if any(isinstance(size, int) and size < 1 for size in found):
        raise GraphError(
            f"the shape of {name} has an empty axis: {show_shape(found)}",
            where=f"the shape of {name}",
            fix="a size is at least 1",
        )
    return found


def _check_shapes(known: Mapping[Symbol, Shape], leaves: Iterable[Symbol], lines: Iterable[Symbol]) -> None:
    for symbol in known:
        if symbol in lines:
            raise GraphError(
                f"{symbol.name} is computed by an equation and its shape is given too",
                where=f"the shape of {symbol.name}",
                fix="leave the shape out: it is found",
            )
        if symbol not in leaves:
            names = [one.name for one in leaves]
            raise GraphError(
                f"a shape is given for {symbol.name!r}, which no equation uses",
                where=f"the shape of {symbol.name}",
                known=listing(names),
                fix=did_you_mean(symbol.name, names),
            )


def _in_order(lines: Mapping[Symbol, Expr]) -> list[Symbol]:
    """The computed names, parents first."""
    parents = {symbol: [p for p in symbols_in(e) if p in lines] for symbol, e in lines.items()}
    return ordered(parents)


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


def ordered(parents: Mapping[Symbol, Sequence[Symbol]]) -> list[Symbol]:
    """Parents first, otherwise as given."""
    order = topological_order(parents)
    if len(order) < len(parents):
        names = [symbol.name for symbol in find_cycle(parents, set(order))]
        raise GraphError(
            f"the equations go in a circle: {' needs '.join(names)}",
            fix=f"give {names[0]} a value, or break the circle",
        )
    return order


def given_roles(
    parameters: Sequence[str], inputs: Sequence[str] | None, targets: Sequence[str]
) -> dict[Symbol, Role]:
    """The roles of the names that are given.

    Raises:
        GraphError: a name is given twice.
    """
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


def with_names(equations: Sequence[Equation], taken: set[str]) -> list[tuple[Symbol, Expr]]:
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


def check_equations(
    named: Sequence[tuple[Symbol, Expr]],
    roles: Mapping[Symbol, Role],
    closed: Sequence[Equation],
    sizes: Iterable[str] = (),
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
    known = dict.fromkeys([*(symbol.name for symbol in (*roles, *dict(named))), *sizes])
    undeclared: dict[str, str] = {}
    for equation in closed:
        for name, place in equation.uses.items():
            if name not in known and name not in undeclared:
                undeclared[name] = place()
    for name, where in undeclared.items():
        fix = did_you_mean(name, known) or f"give {name} a value under [inputs] or [parameters]"
        mistakes.append(GraphError(f"undeclared name {name!r}", where=where, known=listing(known), fix=fix))
    raise_all(mistakes)
