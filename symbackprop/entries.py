"""Expressions of arrays -> arrays of expressions, entry by entry: one small function an operation.

No rule of differentiation is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import sympy
from sympy import Add, Basic, Expr, Function, Integer, Mul, Pow, S, Symbol, Tuple
from sympy.core.relational import Relational

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.sizes import show_shape
from symbackprop.errors import GraphError, ShapeError
from symbackprop.expressions import add, call, divide, is_reciprocal, mul, neg, power, rebuild
from symbackprop.graph import Node

Entries: TypeAlias = npt.NDArray[Any]
"""An array whose entries are expressions, or names."""

Numbers: TypeAlias = Mapping[Symbol, Integer]
"""What the symbols of sizes stand for."""

LARGEST_DETERMINANT = 4
"""Determinants and inverses are written out by cofactors up to so many rows."""


def filled(shape: Iterable[int], entry: Callable[[tuple[int, ...]], Any]) -> Entries:
    """An array whose entries are a function of their place."""
    result = np.empty(tuple(shape), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = entry(place)
    return result


def _scalar(value: Basic) -> Entries:
    return filled((), lambda _: value)


class Entrywise:
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
    return filled(wide[0].shape, lambda place: build(*(array[place] for array in wide)))


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
    result = filled(
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

    full = filled((len(images), len(kernels), *moved), entry)
    return full.reshape(full.shape[dims + 2 - x.ndim :]) if x.ndim > dims else full[0, 0]


def _with_channels(x: Entries, dims: int) -> Entries:
    return x.reshape((1,) * (dims + 2 - x.ndim) + x.shape)


def _padded(x: Entries, padding: tuple[int, ...]) -> Entries:
    room = (0,) * (x.ndim - len(padding)) + padding
    result = np.full([size + 2 * p for size, p in zip(x.shape, room, strict=True)], S.Zero, dtype=object)
    result[tuple(slice(p, p + size) for size, p in zip(x.shape, room, strict=True))] = x
    return result


def _over(reduced: Callable[..., Expr]) -> Callable[..., Entries]:
    """A function of a list of entries as a reduction over axes."""

    def compute(x: Entries, axes: tuple[int, ...], keep: int, *options: int) -> Entries:
        lines = np.moveaxis(x, axes, range(-len(axes), 0))
        kept = lines.shape[: x.ndim - len(axes)]
        lines = lines.reshape(*kept, -1)
        result = filled(kept, lambda place: reduced(list(lines[place]), *options))
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
        result = filled(lines.shape, lambda at: entry(at[-1], list(lines[at[:-1]])))
        return np.moveaxis(result, -1, axis)

    return compute


def _softmax(place: int, line: list[Expr]) -> Expr:
    return call(functions.softmax, Integer(place + 1), Tuple(*line))


def _log_softmax(place: int, line: list[Expr]) -> Expr:
    return add(line[place], neg(_exponentials(line)))


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
    return filled(matrix.shape, lambda at: divide(_cofactor(matrix, at[1], at[0]), below))


def _logdet(matrix: Entries) -> Entries:
    return _scalar(call(sympy.log, call(functions.absolute, _determinant(_written_out(matrix)))))


def _diag(x: Entries) -> Entries:
    return filled(x.shape * 2, lambda at: x[at[0]] if at[0] == at[1] else S.Zero)


def _eye(size: tuple[int]) -> Entries:
    return filled(size * 2, lambda at: S.One if at[0] == at[1] else S.Zero)


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
