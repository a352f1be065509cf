"""The matrix products of a step and nothing else: what no program with BLAS inside can do without."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from tests.benchmarks.cases import Array, Layers
from tests.benchmarks.contestant import Contestant

# So small that no weight leaves its order of magnitude, however many steps there are.
_RATE = -1e-15


class Blas(Contestant):
    """Z = W A, then below W δᵀ, and W ← W - δ Aᵀ in one call; A and δ stay as they are, an example a column.

    Its parameters are not those of SGD.
    """

    trains: ClassVar[bool] = False

    def reset(self) -> None:
        case = self.case
        shape = (case.batch,) if case.batch > 1 else ()
        self.values, self.deltas, self.out = (
            [np.full((width, *shape), 0.5, case.dtype, order="F") for width in case.widths] for _ in range(3)
        )
        self.weights = [np.asfortranarray(weight) for weight, _ in case.start()]
        self.calls = _MatrixCalls(case.dtype) if case.batch > 1 else _VectorCalls(case.dtype)

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self._step()

    def _step(self) -> None:
        for place, weight in enumerate(self.weights):
            self.calls.product(weight, self.values[place], self.out[place + 1], 0)
        for place in range(len(self.weights) - 1, -1, -1):
            weight, delta = self.weights[place], self.deltas[place + 1]
            if place:
                self.calls.product(weight, delta, self.out[place], 1)
            self.calls.update(weight, delta, self.values[place])

    def parameters(self) -> Layers:
        return []


class _MatrixCalls:
    def __init__(self, dtype: str) -> None:
        (self.gemm,) = get_blas_funcs(("gemm",), dtype=np.dtype(dtype))

    def product(self, weight: Array, operand: Array, out: Array, transposed: int) -> None:
        self.gemm(1.0, weight, operand, c=out, trans_a=transposed, overwrite_c=1)

    def update(self, weight: Array, delta: Array, value: Array) -> None:
        self.gemm(_RATE, delta, value, beta=1.0, c=weight, trans_b=1, overwrite_c=1)


class _VectorCalls:
    def __init__(self, dtype: str) -> None:
        self.gemv, self.ger = get_blas_funcs(("gemv", "ger"), dtype=np.dtype(dtype))

    def product(self, weight: Array, operand: Array, out: Array, transposed: int) -> None:
        self.gemv(1.0, weight, operand, y=out, trans=transposed, overwrite_y=1)

    def update(self, weight: Array, delta: Array, value: Array) -> None:
        self.ger(_RATE, delta, value, a=weight, overwrite_a=1)
