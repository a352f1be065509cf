"""The entry of an array expression, by one rule an operation, as z_i = Σ_j w_ij x_j + b_i."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sympy import Expr, Symbol, Tuple

from symbackprop import operations as op
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Size
from symbackprop.expressions import (
    add,
    mul,
)
from symbackprop.indexed.rules import EntryRules
from symbackprop.indexed.terms import (
    LETTERS,
    Index,
    Kronecker,
    index_letters,
    kronecker,
    lettered,
    shifted,
)


class EntryWriter(EntryRules):
    """All rules, those of the convolutions among them."""

    def convolution(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """Y_fi = Σ_c Σ_k X_{c,s(i-1)+k-p} W_fck."""
        x, w, stride, padding = expression.args
        dims, plain, lead, filters, moved = self._split(w, stride, indices)

        def body(channel: Sequence[Expr], kernel: Sequence[Expr]) -> Expr:
            places = windows(moved, kernel, stride, padding)
            seen = self._padded(x, [*lead, *channel], places, padding)
            return mul(seen, self.at(w, [*filters, *channel, *kernel]))

        sizes = self.shapes[w][-dims:]
        channels = () if plain else self.shapes[w][1:2]
        return self._sums(channels, lambda c: self._sums(sizes, lambda k: body(c, k)))

    def conv_input(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """X_cm = Σ_f Σ_i Σ_k Y_fi W_fck δ_{m,s(i-1)+k-p}."""
        y, w, stride, padding, _ = expression.args
        dims, plain, lead, channel, moved = self._split(w, stride, indices)

        def body(filters: Sequence[Expr], out: Sequence[Expr], kernel: Sequence[Expr]) -> Expr:
            places = windows(out, kernel, stride, padding)
            picked = [kronecker(m, place) for m, place in zip(moved, places, strict=True)]
            entries = self.at(y, [*lead, *filters, *out]), self.at(w, [*filters, *channel, *kernel])
            return mul(*entries, *picked)

        filters = () if plain else self.shapes[w][:1]
        outs, sizes = self.shapes[y][-dims:], self.shapes[w][-dims:]
        return self._sums(
            filters, lambda f: self._sums(outs, lambda i: self._sums(sizes, lambda k: body(f, i, k)))
        )

    def conv_kernel(self, expression: Expr, indices: Sequence[Expr]) -> Expr:
        """W_fck = Σ_e Σ_i Y_efi X_{e,c,s(i-1)+k-p}, e over the examples of a batch."""
        y, x, stride, padding, _ = expression.args
        dims = len(stride)
        outer, kernel = indices[:-dims], indices[-dims:]

        def body(lead: Sequence[Expr], out: Sequence[Expr]) -> Expr:
            places = windows(out, kernel, stride, padding)
            upstream = self.at(y, [*lead, *outer[:1], *out])
            return mul(upstream, self._padded(x, [*lead, *outer[1:]], places, padding))

        shape = self.shapes[y]
        lead = shape[: len(shape) - dims - 1] if outer else ()
        return self._sums(lead, lambda e: self._sums(shape[-dims:], lambda i: body(e, i)))

    def _split(self, w: Expr, stride: Tuple, indices: Sequence[Expr]) -> Any:
        """How many axes move, whether there are no channels; the indices of examples, channels, places."""
        dims = len(stride)
        plain = len(self.shapes[w]) == dims
        outer = indices[:-dims]
        middle = len(outer) if plain else len(outer) - 1
        return dims, plain, outer[:middle], outer[middle:], indices[-dims:]

    def _sums(
        self, sizes: Sequence[Size], body: Callable[[list[Expr]], Expr], own: Sequence[Expr] = ()
    ) -> Expr:
        """Σ over an index for each size."""
        if len(own) == len(sizes):
            return body([*own])
        return self.sum(sizes[len(own)], lambda k: self._sums(sizes, body, [*own, k]))

    def _padded(self, x: Expr, lead: Sequence[Expr], places: Sequence[Expr], padding: Tuple) -> Expr:
        """x at places that may lie in the padding, where it is 0: Σ_m δ_{m,place} x_m."""
        if all(one == 0 for one in padding):
            return self.at(x, [*lead, *places])
        sizes = self.shapes[x][-len(places) :]

        def body(own: Sequence[Expr]) -> Expr:
            picked = [Kronecker(m, place) for m, place in zip(own, places, strict=True)]
            return mul(*picked, self.at(x, [*lead, *own]))

        return self._sums(sizes, body)


def windows(
    out: Sequence[Expr], kernel: Sequence[Expr], stride: Sequence[Any], padding: Sequence[Any]
) -> list[Expr]:
    """s(i-1) + k - p along every moved axis."""
    return [
        shifted(add(shifted(i, -1), k) if s == 1 else add(mul(s, shifted(i, -1)), k), -p)
        for i, k, s, p in zip(out, kernel, stride, padding, strict=True)
    ]


Rule = Callable[[EntryWriter, Any, Sequence[Expr]], Expr]

RULES: Mapping[Any, Rule] = {
    op.matmul: EntryWriter.matmul,
    op.transpose: EntryWriter.transpose,
    op.total: EntryWriter.total,
    op.mean: EntryWriter.mean,
    op.var: EntryWriter.var,
    op.std: EntryWriter.std,
    op.norm: EntryWriter.norm,
    op.prod: EntryWriter.prod,
    op.others: EntryWriter.others,
    op.largest: EntryWriter.largest,
    op.smallest: EntryWriter.largest,
    op.extreme: EntryWriter.extreme,
    op.logsumexp: EntryWriter.logsumexp,
    op.softmax_along: EntryWriter.softmax,
    op.log_softmax: EntryWriter.log_softmax,
    op.trace: EntryWriter.trace,
    op.det: EntryWriter.determinant,
    op.logdet: EntryWriter.determinant,
    op.inv: EntryWriter.inverse,
    op.outer: EntryWriter.outer,
    op.diag: EntryWriter.diag,
    op.diagonal: EntryWriter.diagonal,
    op.eye: EntryWriter.eye,
    op.ones: EntryWriter.ones,
    op.zeros: EntryWriter.zeros,
    op.spread: EntryWriter.spread,
    op.item: EntryWriter.item,
    op.placed: EntryWriter.placed,
    op.reshape: EntryWriter.reshape,
    op.concatenate: EntryWriter.concatenate,
    op.stack: EntryWriter.stack,
    op.conv1d: EntryWriter.convolution,
    op.conv2d: EntryWriter.convolution,
    op.conv_input: EntryWriter.conv_input,
    op.conv_kernel: EntryWriter.conv_kernel,
}
"""The rules; what is not here is element-wise."""

EntryWriter.rules = RULES


def entry(
    expression: Expr,
    indices: Sequence[Expr],
    shapes: Shapes,
    *,
    letters: str = LETTERS,
    named: Mapping[Expr, Symbol] | None = None,
    taken: Iterable[Symbol] = (),
) -> Expr:
    """The entry of an array expression: (A B)_ij = Σ_k A_ik B_kj, and so for every operation.

    Args:
        expression: the array.
        indices: one for every axis of the array, or of what it is broadcast to, a letter or a number from 1;
            at an axis of length 1 it plays no part.
        shapes: of the symbols.
        letters: the order in which letters of sums are taken.
        named: expressions that have a name, whose entry is then written.
        taken: more symbols whose letters no index may have.

    Raises:
        OptionError: an operation that has no form in indices.

    >>> A, x = Symbol("A"), Symbol("x")
    >>> shapes = Shapes({A: (3, 4), x: (4,)})
    >>> body, index, size = entry(op.of(op.matmul, A, x), [Index("i")], shapes).args
    >>> body.args, index, size
    ((Entry(A, i, j), Entry(x, j)), j, 4)
    """
    indexer = EntryWriter(shapes, named=named)
    return finished(indexer, expression, indices, letters, taken)


def written_entry(
    expression: Expr,
    indices: Sequence[Expr],
    shapes: Shapes,
    letters: str,
    taken: Iterable[Symbol],
    *,
    named: Mapping[Expr, Symbol] | None = None,
    leading: frozenset[Symbol] = frozenset(),
) -> Expr:
    """As `entry`, of an expression of the backward pass: the upstream delta stands first in products."""
    return finished(EntryWriter(shapes, named=named, leading=leading), expression, indices, letters, taken)


def finished(
    indexer: EntryWriter,
    expression: Expr,
    indices: Sequence[Expr],
    letters: str,
    taken: Iterable[Symbol],
    held: Sequence[Expr] = (),
) -> Expr:
    """An entry with the letters of its sums chosen."""
    resolved, shape = indexer.shapes.resolved(expression)
    for index, size in zip(indices[len(indices) - len(shape) :], shape, strict=True):
        if isinstance(index, Index):
            indexer.sizes[index] = size
    found = indexer.tidy(indexer.at(resolved, indices))
    symbols = {*taken, *(one for one in resolved.free_symbols if not isinstance(one, Index))}
    names = [symbol.name for symbol in symbols]
    around = frozenset(one for index in (*indices, *held) for one in index.atoms(Index))
    scope = around | found.free_symbols
    return lettered(found, scope, lambda: index_letters(names, letters))
