"""Products of matrices as loops for Numba, which keep sums or tiles of the result in registers.

LLVM makes vectors of an innermost loop along memory: that does for sums over k. A product that adds rows up
keeps a tile of C in registers while k runs; that is an outer loop, which LLVM does not turn, so that the tile
is written as LLVM's own code. What is kept on disk depends on this file alone: Numba looks at its date only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

from symbackprop.backends.numba_keeping import kept

FAST: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}, "nogil": True}
"""IEEE 754, but for the order of the terms of sums, products and sums in one rounding, the sign of 0."""

DEPTH = 64
"""So many steps of k keep the rows of B that a tile reads in the nearest memory."""

FEW = 4
"""For fewer steps of k, rows are added as they stand."""

ROWS, VECTORS = 6, 2
"""The tile that fills the registers of a machine with sixteen of them."""

REGISTERS = 32
"""Bytes of a vector: wider machines split nothing, narrower ones take two registers for one."""

WORD = ir.IntType(64)


def tile_of(rows: int, vectors: int = 0) -> Any:
    """`tile(C, c, c_row, A, a, a_row, a_step, B, b, b_step, count, alpha)`: a tile of C += α A B.

    The arrays are flat; the tile begins at the places c, a and b, its rows lie c_row and a_row apart, and k
    takes `count` steps of a_step in A and of b_step in B. Its columns lie side by side in C and in B.

    Args:
        rows: of the tile.
        vectors: how many of them are side by side in a row; 0: it is one number wide.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def tile(
        typing: Any,
        into: Any,
        at: Any,
        row: Any,
        left: Any,
        left_at: Any,
        left_row: Any,
        left_step: Any,
        right: Any,
        right_at: Any,
        right_step: Any,
        count: Any,
        factor: Any,
    ) -> Any:
        word, kind = types.intp, into.dtype
        signature = types.void(into, word, word, left, word, word, word, right, word, word, word, kind)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def start(place: int) -> Any:
                array = context.make_array(signature.args[place])(context, builder, arguments[place])
                return builder.gep(array.data, [arguments[place + 1]])

            width = REGISTERS * 8 // int(kind.bitwidth) if vectors else 1
            _Tile(builder, rows, max(vectors, 1), width, arguments[11]).write(
                (start(0), arguments[2]),
                (start(3), arguments[5], arguments[6]),
                (start(7), arguments[9]),
                arguments[10],
            )
            return context.get_dummy_value()

        return signature, generate

    return tile


class _Tile:
    """Writes the code of a tile.

    Args:
        builder: of LLVM's code.
        rows, vectors: the size of the tile.
        width: numbers in a vector.
        factor: α.
    """

    def __init__(self, builder: Any, rows: int, vectors: int, width: int, factor: Any) -> None:
        self.builder, self.width, self.factor = builder, width, factor
        self.places = [(row, vector) for row in range(rows) for vector in range(vectors)]
        self.rows, self.vectors = range(rows), range(vectors)
        self.kind = ir.VectorType(factor.type, width)

    def write(self, into: Any, left: Any, right: Any, count: Any) -> None:
        """Σ_k A_ik B_kj in registers, then C_ij += α times it."""
        builder = self.builder
        (a, a_row, a_step), (b, b_step) = left, right
        before = builder.basic_block
        body, after = (builder.append_basic_block(name) for name in ("tile", "tile.end"))
        builder.branch(body)
        builder.position_at_end(body)
        k, at_a, at_b = (builder.phi(kind) for kind in (WORD, a.type, b.type))
        sums = [builder.phi(self.kind) for _ in self.places]
        columns = [self.loaded(self.moved(at_b, self.number(self.width * one))) for one in self.vectors]
        entries = [
            self.spread(builder.load(self.moved(at_a, builder.mul(a_row, self.number(one)))))
            for one in self.rows
        ]
        added = [
            self.fused(entries[row], columns[vector], one)
            for (row, vector), one in zip(self.places, sums, strict=True)
        ]
        steps = [
            (k, self.number(0), builder.add(k, self.number(1))),
            (at_a, a, self.moved(at_a, a_step)),
            (at_b, b, self.moved(at_b, b_step)),
            *(
                (one, ir.Constant(self.kind, [0.0] * self.width), new)
                for one, new in zip(sums, added, strict=True)
            ),
        ]
        for one, first, then in steps:
            one.add_incoming(first, before)
            one.add_incoming(then, body)
        builder.cbranch(builder.icmp_signed("<", steps[0][2], count), body, after)
        builder.position_at_end(after)
        self.stored(into, added)

    def stored(self, into: Any, sums: Any) -> None:
        """C_ij += α s_ij."""
        c, c_row = into
        factor = self.spread(self.factor)
        for (row, vector), one in zip(self.places, sums, strict=True):
            across = self.builder.mul(c_row, self.number(row))
            place = self.moved(c, self.builder.add(across, self.number(self.width * vector)))
            self.builder.store(
                self.fused(factor, one, self.loaded(place)), self.as_vector(place), align=self.align
            )

    @property
    def align(self) -> int:
        """Rows begin anywhere."""
        return 4 if isinstance(self.factor.type, ir.FloatType) else 8

    def number(self, value: int) -> Any:
        """A constant."""
        return ir.Constant(WORD, value)

    def moved(self, pointer: Any, by: Any) -> Any:
        """So many numbers further."""
        return self.builder.gep(pointer, [by])

    def as_vector(self, pointer: Any) -> Any:
        """What lies there as a vector."""
        return self.builder.bitcast(pointer, self.kind.as_pointer())

    def loaded(self, pointer: Any) -> Any:
        """The vector that lies there."""
        return self.builder.load(self.as_vector(pointer), align=self.align)

    def spread(self, value: Any) -> Any:
        """A vector of one number."""
        none = ir.Constant(self.kind, ir.Undefined)
        first = self.builder.insert_element(none, value, ir.Constant(ir.IntType(32), 0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), self.width), [0] * self.width)
        return self.builder.shuffle_vector(first, none, everywhere)

    def fused(self, one: Any, two: Any, three: Any) -> Any:
        """one · two + three, in one rounding where the machine can."""
        product = self.builder.fmul(one, two, flags=("contract",))
        return self.builder.fadd(product, three, flags=("contract",))


_wide, _wide_row = tile_of(ROWS, VECTORS), tile_of(1, VECTORS)
_narrow, _narrow_row = tile_of(ROWS, 1), tile_of(1, 1)
_column, _entry = tile_of(ROWS), tile_of(1)


def _njit(function: Callable[..., Any]) -> Any:
    return kept(function, **FAST)


@_njit
def _add_sums(c: Any, c_row: int, c_column: int, a: Any, b: Any, factor: float) -> None:
    """C_ij += α Σ_k A_ik B_jk, 4 × 3 sums at once; the rows of B, which are more, are read once."""
    height, width, inner = a.shape[0], b.shape[0], a.shape[1]
    zero = c.dtype.type(0)
    high, wide = height - height % 4, width - width % 3
    for j in range(0, wide, 3):
        for i in range(0, high, 4):
            s00, s01, s02 = zero, zero, zero
            s10, s11, s12 = zero, zero, zero
            s20, s21, s22 = zero, zero, zero
            s30, s31, s32 = zero, zero, zero
            for k in range(inner):
                s00 += a[i, k] * b[j, k]
                s01 += a[i, k] * b[j + 1, k]
                s02 += a[i, k] * b[j + 2, k]
                s10 += a[i + 1, k] * b[j, k]
                s11 += a[i + 1, k] * b[j + 1, k]
                s12 += a[i + 1, k] * b[j + 2, k]
                s20 += a[i + 2, k] * b[j, k]
                s21 += a[i + 2, k] * b[j + 1, k]
                s22 += a[i + 2, k] * b[j + 2, k]
                s30 += a[i + 3, k] * b[j, k]
                s31 += a[i + 3, k] * b[j + 1, k]
                s32 += a[i + 3, k] * b[j + 2, k]
            c[i * c_row + j * c_column] += factor * s00
            c[i * c_row + (j + 1) * c_column] += factor * s01
            c[i * c_row + (j + 2) * c_column] += factor * s02
            c[(i + 1) * c_row + j * c_column] += factor * s10
            c[(i + 1) * c_row + (j + 1) * c_column] += factor * s11
            c[(i + 1) * c_row + (j + 2) * c_column] += factor * s12
            c[(i + 2) * c_row + j * c_column] += factor * s20
            c[(i + 2) * c_row + (j + 1) * c_column] += factor * s21
            c[(i + 2) * c_row + (j + 2) * c_column] += factor * s22
            c[(i + 3) * c_row + j * c_column] += factor * s30
            c[(i + 3) * c_row + (j + 1) * c_column] += factor * s31
            c[(i + 3) * c_row + (j + 2) * c_column] += factor * s32
    for j in range(wide, width):
        for i in range(0, high, 4):
            s0, s1, s2, s3 = zero, zero, zero, zero
            for k in range(inner):
                s0 += a[i, k] * b[j, k]
                s1 += a[i + 1, k] * b[j, k]
                s2 += a[i + 2, k] * b[j, k]
                s3 += a[i + 3, k] * b[j, k]
            c[i * c_row + j * c_column] += factor * s0
            c[(i + 1) * c_row + j * c_column] += factor * s1
            c[(i + 2) * c_row + j * c_column] += factor * s2
            c[(i + 3) * c_row + j * c_column] += factor * s3
    for j in range(width):
        for i in range(high, height):
            total = zero
            for k in range(inner):
                total += a[i, k] * b[j, k]
            c[i * c_row + j * c_column] += factor * total


def _strips(tile: Any, row: Any) -> Any:
    """`strips(first, last, step, …)`: the columns of C from the first to the last, so many at once."""

    @_njit
    def strips(
        first: int,
        last: int,
        step: int,
        c: Any,
        a: Any,
        a_row: int,
        a_step: int,
        b: Any,
        height: int,
        width: int,
        inner: int,
        factor: float,
    ) -> None:
        high = height - height % ROWS
        for k in range(0, inner, DEPTH):
            count = min(DEPTH, inner - k)
            for j in range(first, last, step):
                below = k * width + j
                for i in range(0, high, ROWS):
                    of = i * a_row + k * a_step
                    tile(c, i * width + j, width, a, of, a_row, a_step, b, below, width, count, factor)
                for i in range(high, height):
                    of = i * a_row + k * a_step
                    row(c, i * width + j, width, a, of, a_row, a_step, b, below, width, count, factor)

    return strips


_wide_strips, _narrow_strips, _columns = (
    _strips(_wide, _wide_row),
    _strips(_narrow, _narrow_row),
    _strips(_column, _entry),
)


@_njit
def _add_rows(
    c: Any, a: Any, a_row: int, a_step: int, b: Any, height: int, width: int, inner: int, factor: float
) -> None:
    """C_ij += α Σ_k A_ik B_kj, where A_ik stands at i a_row + k a_step: in strips, wide ones first."""
    if inner < FEW:
        for i in range(height):
            into = c[i * width : (i + 1) * width]
            for k in range(inner):
                share = factor * a[i * a_row + k * a_step]
                row = b[k * width : (k + 1) * width]
                for j in range(width):
                    into[j] += share * row[j]
        return
    step = REGISTERS // a.itemsize
    wide = width - width % (VECTORS * step)
    narrow = width - width % step
    _wide_strips(0, wide, VECTORS * step, c, a, a_row, a_step, b, height, width, inner, factor)
    _narrow_strips(wide, narrow, step, c, a, a_row, a_step, b, height, width, inner, factor)
    _columns(narrow, width, 1, c, a, a_row, a_step, b, height, width, inner, factor)


def sums(
    c: Any,
    a: Any,
    b: Any,
    rows: int,
    columns: int,
    inner: int,
    factor: float,
    is_added: int,
    a_turned: int,
    b_turned: int,
) -> None:
    """C_ij = α Σ_k A_ik B_jk, or added: k runs along memory in both."""
    into, left, right = carray(c, rows * columns), carray(a, (rows, inner)), carray(b, (columns, inner))
    row, column = columns, 1
    if rows > columns:
        left, right, row, column = right, left, column, row
    _begin(into, is_added)
    _add_sums(into, row, column, left, right, factor)


def rows(
    c: Any,
    a: Any,
    b: Any,
    rows: int,
    columns: int,
    inner: int,
    factor: float,
    is_added: int,
    a_turned: int,
    b_turned: int,
) -> None:
    """C_ij = α Σ_k A_ik B_kj, or added; A may be turned, so that A_ki is read."""
    into, left, right = carray(c, rows * columns), carray(a, rows * inner), carray(b, inner * columns)
    row, step = (1, rows) if a_turned else (inner, 1)
    _begin(into, is_added)
    _add_rows(into, left, row, step, right, rows, columns, inner, factor)


@_njit
def _begin(c: Any, is_added: int) -> None:
    if not is_added:
        for place in range(c.shape[0]):
            c[place] = 0
