"""The component form of a graph of arrays: one scalar node an entry, z_1 = W_11 x_1 + W_12 x_2 + b_1.

Arrays of SymPy expressions go through the forward pass once; no rule of differentiation is known here. So
the scalar derivation of the component form is an independent truth for the derivation of the arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy
from sympy import Integer, Symbol

from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.entries import Entries, Entrywise, Numbers, filled
from symbackprop.errors import ShapeError, ValuesError, did_you_mean, listing
from symbackprop.graph import Graph, Node
from symbackprop.notation.names import latex_name

MOST_ENTRIES = 20_000
"""So many scalar nodes a component form has at the most."""


def component_name(name: str, index: tuple[int, ...]) -> str:
    """The name of one entry: the array's own, its indices from 1 behind it, those of 10 and more kept apart.

    Args:
        name: the name of the array; what stands above it stays there.
        index: the place of the entry, counted from 0; () is the scalar itself.

    >>> [component_name(name, (0, 1)) for name in ("W", "W_1", "W__2")], component_name("W", (0, 11))
    (['W_12', 'W_1_12', 'W_12__2'], 'W_1_12')
    """
    return _styled(name, index)


def _styled(name: str, index: tuple[int, ...], mark: str = "", *, apart: bool = False) -> str:
    if not index:
        return name
    head, layer, above = name.partition("__")
    numbers = [str(place + 1) for place in index]
    joint = "_" if apart or any(len(number) > 1 for number in numbers) else ""
    return f"{head}_{mark}{joint.join(numbers)}{layer}{above}"


def component_names(graph: Graph, sizes: Mapping[str, int] | None = None) -> dict[str, Entries]:
    """For every node and every delta of a graph the names of its entries, as an array of its shape.

    Where an entry would be called or look like something else (W_11 of W, beside a scalar W_11), all names of
    its array are written with more space: W_1_1, and where that is taken too, W_e11.

    Args:
        graph: the graph; its nodes for sizes have no entries.
        sizes: numbers for the symbolic sizes.

    Raises:
        ShapeError: a size has no number, or the graph has too many entries.
    """
    known = _sizes_in_numbers(graph, sizes or {})
    shapes = {
        node.name: _in_numbers(node.shape, known, node.name)
        for node in graph.nodes
        if node.symbol not in known
    }
    _refuse_many(shapes)
    deltas = {node.delta.name: shapes[node.name] for node in graph.inner if node.delta is not None}
    every = shapes | deltas
    taken = {latex_name(name) for name in every}
    return {name: _free_names(name, shape, taken) for name, shape in every.items()}


def _free_names(name: str, shape: tuple[int, ...], taken: set[str]) -> Entries:
    """The first way of naming the entries that is not taken; it is taken from now on."""
    if not shape:
        return filled((), lambda place: name)
    for mark, apart in _styles():
        names = filled(shape, partial(_styled, name, mark=mark, apart=apart))
        looks = set(map(latex_name, names.flat))
        if not looks & taken:
            taken |= looks
            return names
    raise AssertionError("there is always a longer name")


def _styles() -> Iterator[tuple[str, bool]]:
    yield from (("", False), ("", True))
    yield from (("e" * times, apart) for times in count(1) for apart in (False, True))


def _refuse_many(shapes: Mapping[str, tuple[int, ...]]) -> None:
    entries = sum(int(np.prod(shape)) for shape in shapes.values())
    if entries > MOST_ENTRIES:
        largest = max(shapes, key=lambda name: int(np.prod(shapes[name])))
        raise ShapeError(
            f"the component form has {entries} nodes; at most {MOST_ENTRIES} are written",
            known=f"the largest array is {largest}: {show_shape(shapes[largest])}",
            fix="take smaller arrays: the component form is for small examples",
        )


def _sizes_in_numbers(graph: Graph, sizes: Mapping[str, int]) -> Numbers:
    """Every symbolic size with its number."""
    wanted = {symbol.name for symbol in graph.shapes().sizes}
    for name, size in sizes.items():
        if name not in wanted:
            known = listing(sorted(wanted)) or "every size of the graph is a number"
            raise ShapeError(f"{name!r} is no size of the graph", known=known, fix=did_you_mean(name, wanted))
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ShapeError(f"the size {name} cannot be {size!r}", fix="a size is a whole number from 1 on")
    missing = sorted(wanted - set(sizes))
    if missing:
        raise ShapeError(
            f"the component form needs a number for {listing(missing)}",
            known=", ".join(f"{name} = {size}" for name, size in sizes.items()) or "no sizes are given",
            fix=f'give it: sizes={{"{missing[0]}": 4}}',
        )
    return {Symbol(name): Integer(int(size)) for name, size in sizes.items()}


def _in_numbers(shape: Shape, known: Numbers, name: str) -> tuple[int, ...]:
    """A shape whose sizes are all numbers."""
    found = [sympy.sympify(size).xreplace(dict(known)) for size in shape]
    if not all(isinstance(size, Integer) and size > 0 for size in found):
        raise ShapeError(
            f"{name} cannot have the shape {show_shape(found)}",
            where=f"{name} has the shape {show_shape(shape)}",
            known=", ".join(f"{symbol} = {size}" for symbol, size in known.items()),
            fix="a size is a whole number from 1 on: take other sizes",
        )
    return tuple(map(int, found))


def to_components(graph: Graph, sizes: Mapping[str, int] | None = None) -> Graph:
    """The scalar graph with one node for every entry of every array: roles, layers and output are kept.

    The formulas stand as one would write them by hand: z_i = Σ_k W_ik x_k + b_i term by term, zeros and
    factors 1 left out.

    Args:
        graph: a graph of arrays; one of scalars is given back as it is.
        sizes: numbers for the symbolic sizes.

    Raises:
        ShapeError: a size has no number, or does not fit; the output is not a scalar.
        GraphError: an operation has no component form, or one too long.

    >>> graph = Graph.from_equations("z = W @ x; L = sum(z)", shapes={"W": (2, 2), "x": (2,)})
    >>> [(node.name, node.expression) for node in to_components(graph).inner]
    [('z_1', W_11*x_1 + W_12*x_2), ('z_2', W_21*x_1 + W_22*x_2), ('L', z_1 + z_2)]
    """
    if not graph.is_array:
        return graph
    if graph[graph.output].shape:
        raise ShapeError(
            f"{graph.output.name} is not a scalar: its shape is {show_shape(graph[graph.output].shape)}",
            known="a gradient is that of a number",
            fix=f"reduce it: L = sum({graph.output.name})",
        )
    names = component_names(graph, sizes)
    known = _sizes_in_numbers(graph, sizes or {})
    evaluate = Entrywise(names, known)
    nodes = [
        one for node in graph.nodes if node.symbol not in known for one in _entries(node, names, evaluate)
    ]
    return Graph(tuple(nodes), graph.output)


def _entries(node: Node, names: Mapping[str, Entries], evaluate: Entrywise) -> Iterator[Node]:
    """One node for every entry of a node."""
    own = names[node.name]
    values = None if node.expression is None else evaluate.checked(node, own.shape)
    for place in np.ndindex(own.shape):
        yield Node(
            Symbol(own[place]),
            None if values is None else values[place],
            node.role,
            node.layer,
            None if node.delta is None else Symbol(names[node.delta.name][place]),
        )


def component_values(graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a graph of arrays under the names of its component form.

    Args:
        graph: the graph of arrays.
        values: a number or an array (nested lists or NumPy's) for every given name; the symbolic sizes are
            read off their shapes, and may be given too.

    Raises:
        ValuesError: an array has another shape than its node, or belongs to none.

    >>> graph = Graph.from_equations("L = sum(x)", shapes={"x": ("n",)})
    >>> component_values(graph, {"x": [5, 7]})
    {'x_1': 5, 'x_2': 7}
    """
    wanted = {symbol.name for symbol in graph.shapes().sizes}
    arrays = {name: _array(graph, name, value) for name, value in values.items() if name not in wanted}
    sizes = {name: int(value) for name, value in values.items() if name in wanted}
    for name, array in arrays.items():
        for size, length in zip(graph[name].shape, array.shape, strict=True):
            if isinstance(size, Symbol):
                sizes.setdefault(size.name, length)
    names = component_names(graph, sizes)
    found: dict[str, Any] = {}
    for name, array in arrays.items():
        if array.shape != names[name].shape:
            raise _wrong_shape(name, array.shape, graph[name].shape, sizes)
        found |= dict(zip(names[name].flat, array.ravel().tolist(), strict=True))
    return found


def _array(graph: Graph, name: str, value: Any) -> npt.NDArray[Any]:
    given = [node.name for node in graph.given]
    if name not in given:
        raise ValuesError(
            f"{name!r} has a value but is not given to the graph",
            known=listing(given),
            fix=did_you_mean(name, given),
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValuesError(f"the value of {name} is not an array", fix="give rows of equal length") from None
    if array.ndim != len(graph[name].shape):
        raise _wrong_shape(name, array.shape, graph[name].shape, {})
    return array


def _wrong_shape(name: str, given: tuple[int, ...], shape: Shape, sizes: Mapping[str, int]) -> ValuesError:
    return ValuesError(
        f"the value of {name} has the shape {show_shape(given)}, and {show_shape(shape)} is expected",
        known=", ".join(f"{symbol} = {size}" for symbol, size in sizes.items()),
        fix="give rows of equal length, as [[1, 2], [3, 4]]",
    )


def gathered(
    graph: Graph, found: Mapping[str, Any], sizes: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """What belongs to the entries, as arrays again: the gradients of the scalar derivation by arrays' names.

    Args:
        graph: the graph of arrays.
        found: numbers, expressions or anything else by names of entries; arrays that are not there in all
            their entries are left out.
        sizes: numbers for the symbolic sizes.

    Raises:
        ShapeError: a size has no number.

    >>> graph = Graph.from_equations("L = sum(x)", shapes={"x": (2,)})
    >>> gathered(graph, {"x_1": 1.0, "x_2": 2.0})
    {'x': array([1., 2.])}
    """
    return {
        name: _gathered([found[one] for one in names.flat], names.shape)
        for name, names in component_names(graph, sizes).items()
        if all(one in found for one in names.flat)
    }


def _gathered(parts: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return parts[0]
    # An array or a tuple among the parts is one thing to NumPy only where it is put in by itself.
    result = np.empty(len(parts), dtype=object)
    for place, part in enumerate(parts):
        result[place] = part
    plain = all(isinstance(part, Real) for part in parts)
    return (result.astype(float) if plain else result).reshape(shape)
