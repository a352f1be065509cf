"""Products of matrices for Numba: loops, or BLAS.

Each way to multiply is machine code of its own, called by its address: what calls it is compiled without it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import get_cython_function_address, intrinsic

from symbackprop.backends import numba_kernels
from symbackprop.backends.base import Precision
from symbackprop.backends.numba_keeping import kept_callback
from symbackprop.backends.numba_kernels import FAST

LOOPS: Mapping[str, Callable[..., None]] = {"sums": numba_kernels.sums, "rows": numba_kernels.rows}
"""The ways to multiply that are loops: k runs along memory in both matrices, or rows are added up."""

_ROUTINES = {"float64": "dgemm", "float32": "sgemm"}
_LETTERS = np.frombuffer(b"NT", dtype=np.uint8)


def _by_blas(precision: Precision) -> Callable[..., None]:
    """A product by BLAS, as SciPy has it.

    BLAS takes the addresses of everything, and matrices column by column: it is given B'A' for (AB)'.
    """
    address = get_cython_function_address("scipy.linalg.cython_blas", _ROUTINES[precision])
    gemm = ctypes.CFUNCTYPE(None, *[ctypes.c_ssize_t] * 13)(address)

    def product(
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
        into, left, right = carray(c, 1), carray(a, 1), carray(b, 1)
        sizes, numbers = np.empty(5, np.int32), np.empty(2, into.dtype)
        sizes[0], sizes[1], sizes[2] = columns, rows, inner
        sizes[3], sizes[4] = inner if b_turned else columns, rows if a_turned else inner
        numbers[0], numbers[1] = factor, is_added
        letters, whole, real = _LETTERS.ctypes.data, sizes.ctypes.data, numbers.ctypes.data
        gemm(
            letters + b_turned,
            letters + a_turned,
            whole,
            whole + 4,
            whole + 8,
            real,
            right.ctypes.data,
            whole + 12,
            left.ctypes.data,
            whole + 16,
            real + numbers.itemsize,
            into.ctypes.data,
            whole,
        )

    return product


@cache
def machine_code(way: str, precision: Precision) -> Any:
    """The machine code of a way to multiply; compiled when it is first asked for, loops are kept on disk."""
    real = getattr(types, precision)
    signature = types.void(*[types.CPointer(real)] * 3, *[types.intp] * 3, real, *[types.intp] * 3)
    if way in LOOPS:
        return kept_callback(signature, LOOPS[way], **FAST)
    return numba.cfunc(signature, **FAST)(_by_blas(precision))


@intrinsic  # type: ignore[untyped-decorator]
def multiply(
    typing: Any,
    address: Any,
    c: Any,
    a: Any,
    b: Any,
    rows: Any,
    columns: Any,
    inner: Any,
    factor: Any,
    is_added: Any,
    a_turned: Any,
    b_turned: Any,
) -> Any:
    """C_ij = α Σ_k A_ik B_kj, or added, by the code at an address; k may come first in A, last in B."""
    whole = types.intp
    signature = types.void(whole, c, a, b, whole, whole, whole, c.dtype, whole, whole, whole)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, *matrices = arguments[:4]
        pointers = [
            context.make_array(kind)(context, builder, one).data
            for kind, one in zip(signature.args[1:4], matrices, strict=True)
        ]
        every = [*pointers, *arguments[4:]]
        kind = ir.FunctionType(ir.VoidType(), [one.type for one in every]).as_pointer()
        builder.call(builder.inttoptr(address, kind), every)
        return context.get_dummy_value()

    return signature, generate
