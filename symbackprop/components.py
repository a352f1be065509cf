"""The component form of a graph of arrays: one scalar node an entry, z_1 = W_11 x_1 + W_12 x_2 + b_1.

Arrays of SymPy expressions go through the forward pass once; no rule of differentiation is known here. So
the scalar derivation of the component form is an independent truth for the derivation of the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import count
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import sympy
from sympy import Add, Basic, Expr, Function, Integer, Mul, Pow, S, Symbol, Tuple
from sympy.core.relational import Relational

from symbackprop import functions
from symbackprop.arrays import operations as op
from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.errors import GraphError, ShapeError, ValuesError, did_you_mean, listing
from symbackprop.expressions import add, call, divide, is_reciprocal, mul, neg, power, rebuild
from symbackprop.graph import Graph, Node
from symbackprop.notation.names import latex_name

Entries: TypeAlias = npt.NDArray[Any]
"""An array whose entries are expressions, or names."""

Numbers: TypeAlias = Mapping[Symbol, Integer]
"""What the symbols of sizes stand for."""

MOST_ENTRIES = 20_000
"""So many scalar nodes a component form has at the most."""

LARGEST_DETERMINANT = 4
"""Determinants and inverses are written out by cofactors up to so many rows."""


# ------------------------------------------------------------------------------------------ names


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
        return _filled((), lambda place: name)
    for mark, apart in _styles():
        names = _filled(shape, partial(_styled, name, mark=mark, apart=apart))
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


# ------------------------------------------------------------------------------------------ sizes


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


# ------------------------------------------------------------------------------------------ graphs


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
    evaluate = _Evaluator(names, known)
    nodes = [
        one for node in graph.nodes if node.symbol not in known for one in _entries(node, names, evaluate)
    ]
    return Graph(tuple(nodes), graph.output)


def _entries(node: Node, names: Mapping[str, Entries], evaluate: _Evaluator) -> Iterator[Node]:
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


# ------------------------------------------------------------------------------------------ values


def _filled(shape: Iterable[int], entry: Callable[[tuple[int, ...]], Any]) -> Entries:
    """An array whose entries are a function of their place."""
    result = np.empty(tuple(shape), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = entry(place)
    return result


def _scalar(value: Basic) -> Entries:
    return _filled((), lambda _: value)


class _Evaluator:
    """Turns expressions of arrays into arrays of expressions.

    Args:
        names: the names of the entries.
        sizes: what the symbols of sizes stand for.
    """

    def __init__(self, names: Mapping[str, Entries], sizes: Numbers) -> None:
        self.sizes = sizes
        self._found: dict[Basic, Entries] = {symbol: _scalar(size) for symbol, size in sizes.items()}
        for name, entries in names.items():
            self._found[Symbol(name)] = _each(Symbol, entries)

    def checked(self, node: Node, shape: tuple[int, ...]) -> Entries:
        """The entries of a computed node.

        Raises:
            ShapeError: a slice reaches beyond an axis that turned out short.
        """
        found = self(node.expression)
        if found.shape != shape:
            raise ShapeError(
                f"{node.name} has the shape {show_shape(found.shape)} and not {show_shape(shape)}",
                known=", ".join(f"{symbol} = {size}" for symbol, size in self.sizes.items()),
                fix="a slice reaches beyond its axis: take larger sizes",
            )
        return found

    def __call__(self, expression: Any) -> Entries:
        """The entries of an expression whose axes are resolved."""
        if expression not in self._found:
            self._found[expression] = self._computed(expression)
        return self._found[expression]

    def _computed(self, expression: Any) -> Entries:
        if isinstance(expression, op.Operation):
            return self._operation(expression)
        if not isinstance(expression, Add | Mul | Pow | Function | Relational | Tuple):
            return _scalar(expression)
        parts = [self(argument) for argument in expression.args]
        if all(part.ndim == 0 and part[()] is one for part, one in zip(parts, expression.args, strict=True)):
            return _scalar(expression)
        return _each(lambda *entries: _entry(expression, entries), *parts)

    def _operation(self, expression: Any) -> Entries:
        rule = _RULES.get(expression.func)
        if rule is None:
            name = expression.func.__name__
            raise GraphError(f"{name} has no component form", fix="write it with other operations")
        arrays = expression.args[: len(expression.args) - rule.options]
        options = [self._constant(one) for one in expression.args[len(arrays) :]]
        if rule.listed:
            return rule.compute([self(one) for one in arrays[0]], *options)
        return rule.compute(*map(self, arrays), *options)

    def _constant(self, value: Basic) -> Any:
        """An axis, a shape, a slice: whole numbers and tuples of them."""
        if isinstance(value, Tuple):
            return tuple(map(self._constant, value))
        found = value.xreplace(dict(self.sizes))
        if not isinstance(found, Integer):
            raise ShapeError(f"{value} is {found}, no whole number", fix="take other sizes")
        return int(found)


def _each(build: Callable[..., Basic], *arrays: Entries) -> Entries:
    """Entry by entry, broadcast by NumPy's own rules."""
    wide = np.broadcast_arrays(*arrays)
    return _filled(wide[0].shape, lambda place: build(*(array[place] for array in wide)))


def _entry(pattern: Basic, entries: tuple[Any, ...]) -> Basic:
    """The same operation on scalars; a denominator stays one, and a power of a structural zero vanishes."""
    if isinstance(pattern, Mul):
        opened = zip(pattern.args, entries, strict=True)
        return mul(*(one for argument, entry in opened for one in _denominators(argument, entry)))
    if isinstance(pattern, Pow):
        return _raised(*entries)
    return rebuild(pattern, entries)


def _denominators(argument: Basic, entry: Expr) -> Sequence[Expr]:
    """1/(2x) under a numerator is 1/2 and 1/x, as in `divide`."""
    return entry.args if is_reciprocal(argument) and isinstance(entry, Mul) else (entry,)


def _raised(base: Expr, exponent: Expr) -> Expr:
    return S.Zero if base is S.Zero and exponent.is_positive else power(base, exponent)


# ------------------------------------------------------------------------------------------ products


def _dot(row: Iterable[Expr], column: Iterable[Expr]) -> Expr:
    """a_1 b_1 + a_2 b_2 + …, in this order."""
    return add(*map(mul, row, column))


def _matmul(*factors: Entries) -> Entries:
    return reduce(_matmul_two, factors)


def _matmul_two(a: Entries, b: Entries) -> Entries:
    """Σ_k a_ik b_kj for every example of a batch; a vector is a row on the left, a column on the right."""
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(left, (*lead, *left.shape[-2:]))
    right = np.broadcast_to(right, (*lead, *right.shape[-2:]))
    columns = np.swapaxes(right, -1, -2)
    result = _filled(
        (*lead, left.shape[-2], right.shape[-1]),
        lambda at: _dot(left[at[:-1]], columns[(*at[:-2], at[-1])]),
    )
    dropped = [-2] * (a.ndim == 1) + [-1] * (b.ndim == 1)
    return np.squeeze(result, axis=tuple(dropped))


def _outer(x: Entries, y: Entries) -> Entries:
    return _each(mul, x[:, None], y[None, :])


def _convolution(x: Entries, w: Entries, stride: tuple[int, ...], padding: tuple[int, ...]) -> Entries:
    """Σ over channels and the kernel of w · x, wherever the kernel is put."""
    dims = len(stride)
    images, kernels = _with_channels(_padded(x, padding), dims), _with_channels(w, dims)
    width = kernels.shape[-dims:]
    moved = [(n - k) // s + 1 for n, k, s in zip(images.shape[-dims:], width, stride, strict=True)]

    def entry(at: tuple[int, ...]) -> Expr:
        seen = tuple(slice(p * s, p * s + k) for p, s, k in zip(at[2:], stride, width, strict=True))
        return _dot(kernels[at[1]].flat, images[at[0]][(slice(None), *seen)].flat)

    full = _filled((len(images), len(kernels), *moved), entry)
    return full.reshape(full.shape[dims + 2 - x.ndim :]) if x.ndim > dims else full[0, 0]


def _with_channels(x: Entries, dims: int) -> Entries:
    return x.reshape((1,) * (dims + 2 - x.ndim) + x.shape)


def _padded(x: Entries, padding: tuple[int, ...]) -> Entries:
    room = (0,) * (x.ndim - len(padding)) + padding
    result = np.full([size + 2 * p for size, p in zip(x.shape, room, strict=True)], S.Zero, dtype=object)
    result[tuple(slice(p, p + size) for size, p in zip(x.shape, room, strict=True))] = x
    return result


# ------------------------------------------------------------------------------------------ reductions


def _over(reduced: Callable[..., Expr]) -> Callable[..., Entries]:
    """A function of a list of entries as a reduction over axes."""

    def compute(x: Entries, axes: tuple[int, ...], keep: int, *options: int) -> Entries:
        lines = np.moveaxis(x, axes, range(-len(axes), 0))
        kept = lines.shape[: x.ndim - len(axes)]
        lines = lines.reshape(*kept, -1)
        result = _filled(kept, lambda place: reduced(list(lines[place]), *options))
        return np.expand_dims(result, axes) if keep else result

    return compute


def _mean(entries: list[Expr]) -> Expr:
    return divide(add(*entries), Integer(len(entries)))


def _var(entries: list[Expr], ddof: int) -> Expr:
    centre = neg(_mean(entries))
    return divide(_squares([add(one, centre) for one in entries]), Integer(len(entries) - ddof))


def _squares(entries: list[Expr]) -> Expr:
    return add(*(_raised(one, S(2)) for one in entries))


def _exponentials(entries: Iterable[Expr]) -> Expr:
    """log Σ e^z."""
    return call(sympy.log, add(*(call(sympy.exp, one) for one in entries)))


def _chained(head: type[Function]) -> Callable[[list[Expr]], Expr]:
    """max(max(x_1, x_2), x_3)."""
    return lambda entries: reduce(lambda one, two: call(head, one, two), entries)


def _along(entry: Callable[[int, list[Expr]], Expr]) -> Callable[..., Entries]:
    """A function of a place and all entries of its line, for every entry along an axis."""

    def compute(z: Entries, axis: int) -> Entries:
        lines = np.moveaxis(z, axis, -1)
        result = _filled(lines.shape, lambda at: entry(at[-1], list(lines[at[:-1]])))
        return np.moveaxis(result, -1, axis)

    return compute


def _softmax(place: int, line: list[Expr]) -> Expr:
    return call(functions.softmax, Integer(place + 1), Tuple(*line))


def _log_softmax(place: int, line: list[Expr]) -> Expr:
    return add(line[place], neg(_exponentials(line)))


# ------------------------------------------------------------------------------------------ matrices


def _trace(matrix: Entries) -> Entries:
    return _scalar(add(*np.diagonal(matrix)))


def _written_out(matrix: Entries) -> Entries:
    """The matrix, if its determinant is not too long to be written."""
    if len(matrix) > LARGEST_DETERMINANT:
        raise GraphError(
            f"the determinant or inverse of {len(matrix)} rows is too long to be written by components",
            known=f"cofactors are written for up to {LARGEST_DETERMINANT} rows",
            fix="take a smaller matrix",
        )
    return matrix


def _determinant(matrix: Entries) -> Expr:
    """Σ_j (-1)^{1+j} a_1j M_1j, along the first row (Laplace)."""
    if not len(matrix):
        return S.One
    return add(*(mul(matrix[0, j], _cofactor(matrix, 0, j)) for j in range(len(matrix))))


def _cofactor(matrix: Entries, row: int, column: int) -> Expr:
    """(-1)^{i+j} M_ij, M_ij the determinant without row i and column j."""
    minor = np.delete(np.delete(matrix, row, axis=0), column, axis=1)
    return mul((-1) ** (row + column), _determinant(minor))


def _inverse(matrix: Entries) -> Entries:
    """Entry i, j is the cofactor j, i over the determinant (Cramer)."""
    below = _determinant(_written_out(matrix))
    return _filled(matrix.shape, lambda at: divide(_cofactor(matrix, at[1], at[0]), below))


def _logdet(matrix: Entries) -> Entries:
    return _scalar(call(sympy.log, call(functions.absolute, _determinant(_written_out(matrix)))))


def _diag(x: Entries) -> Entries:
    return _filled(x.shape * 2, lambda at: x[at[0]] if at[0] == at[1] else S.Zero)


def _eye(size: tuple[int]) -> Entries:
    return _filled(size * 2, lambda at: S.One if at[0] == at[1] else S.Zero)


# ------------------------------------------------------------------------------------------ places


def _chosen(where: tuple[Any, ...]) -> tuple[Any, ...]:
    """Indices and slices as NumPy takes them."""
    return tuple(
        slice(*(None if one == () else one for one in index)) if isinstance(index, tuple) else index
        for index in where
    )


def _item(x: Entries, where: tuple[Any, ...]) -> Entries:
    _refuse_outside(x, where)
    picked = x[_chosen(where)]
    if np.size(picked) == 0:
        raise ShapeError(
            "a slice is empty",
            where=f"an array of the shape {show_shape(x.shape)}",
            fix="take larger sizes",
        )
    return picked if isinstance(picked, np.ndarray) else _scalar(picked)


def _refuse_outside(x: Entries, where: tuple[Any, ...]) -> None:
    """A bound counted back from a symbolic size may have become negative: NumPy would wrap around."""
    for index, size in zip(where, x.shape, strict=True):
        bounds = [one for one in index[:2] if one != ()] if isinstance(index, tuple) else [index, index + 1]
        if any(not 0 <= bound <= size for bound in bounds):
            raise ShapeError(
                f"an index or a slice reaches beyond an axis of {size} entries",
                where=f"an array of the shape {show_shape(x.shape)}",
                fix="take larger sizes",
            )


def _placed(g: Entries, where: tuple[Any, ...], shape: tuple[int, ...]) -> Entries:
    result = np.full(shape, S.Zero, dtype=object)
    result[_chosen(where)] = g
    return result


# ------------------------------------------------------------------------------------------ the table


@dataclass(frozen=True)
class _Rule:
    """How the entries of an operation are found.

    Attributes:
        compute: the entries, from those of the operands and the constant arguments.
        options: how many of its arguments, the last ones, are constant.
        listed: its operands come as one list.
    """

    compute: Callable[..., Entries]
    options: int = 0
    listed: bool = False


def _reduction(reduced: Callable[..., Expr], options: int = 2) -> _Rule:
    return _Rule(_over(reduced), options)


_RULES: Mapping[Any, _Rule] = {
    op.matmul: _Rule(_matmul),
    op.outer: _Rule(_outer),
    op.total: _reduction(lambda entries: add(*entries)),
    op.prod: _reduction(lambda entries: mul(*entries)),
    op.mean: _reduction(_mean),
    op.var: _reduction(_var, 3),
    op.std: _reduction(lambda entries, ddof: call(functions.sqrt, _var(entries, ddof)), 3),
    op.norm: _reduction(lambda entries: call(functions.sqrt, _squares(entries))),
    op.logsumexp: _reduction(_exponentials),
    op.largest: _reduction(_chained(functions.maximum)),
    op.smallest: _reduction(_chained(functions.minimum)),
    op.softmax_along: _Rule(_along(_softmax), 1),
    op.log_softmax: _Rule(_along(_log_softmax), 1),
    op.trace: _Rule(_trace),
    op.det: _Rule(lambda matrix: _scalar(_determinant(_written_out(matrix)))),
    op.logdet: _Rule(_logdet),
    op.inv: _Rule(_inverse),
    op.diag: _Rule(_diag),
    op.diagonal: _Rule(np.diagonal),
    op.eye: _Rule(_eye, 1),
    op.ones: _Rule(lambda shape: np.full(shape, S.One, dtype=object), 1),
    op.zeros: _Rule(lambda shape: np.full(shape, S.Zero, dtype=object), 1),
    op.transpose: _Rule(np.transpose, 1),
    op.reshape: _Rule(np.reshape, 1),
    op.spread: _Rule(np.broadcast_to, 1),
    op.item: _Rule(_item, 1),
    op.placed: _Rule(_placed, 2),
    op.concatenate: _Rule(lambda parts, axis: np.concatenate(parts, axis=axis), 1, listed=True),
    op.stack: _Rule(lambda parts, axis: np.stack(parts, axis=axis), 1, listed=True),
    op.conv1d: _Rule(_convolution, 2),
    op.conv2d: _Rule(_convolution, 2),
}
"""One rule for each operation that a forward pass can hold."""
