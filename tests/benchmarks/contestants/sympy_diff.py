"""SymPy: the nested loss, `diff` by every parameter and `lambdify`, with common subexpressions or without."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import sympy

from tests.benchmarks.cases import Layers, flat, unflattened
from tests.benchmarks.contestant import Contestant
from tests.benchmarks.contestants import nested


class SympyDiff(Contestant):
    """All gradients of one example in one function: of floats at batch 1, else of arrays of examples."""

    cse: ClassVar[bool] = False

    def load(self) -> None:
        x = sympy.Symbol("x")
        sympy.lambdify([x], [sympy.diff(x + 1, x)], modules=self._modules(), cse=self.cse)

    def _modules(self) -> str:
        return "math" if self.case.batch == 1 else "numpy"

    def derive(self) -> None:
        parameters, inputs, targets = (sympy.symbols(part) for part in nested.names(self.case))
        loss = nested.loss(self.case, parameters, inputs, targets, sympy.exp)
        self.arguments = [*parameters, *inputs, *targets]
        self.slopes = [sympy.diff(loss, one) for one in parameters]

    def compile(self) -> None:
        self.function = sympy.lambdify(self.arguments, self.slopes, modules=self._modules(), cse=self.cse)

    def reset(self) -> None:
        self.now = flat(self.case.start())
        rows = np.concatenate(self.case.data(), axis=2)
        self.columns = [list(batch.T) if self.case.batch > 1 else batch[0].tolist() for batch in rows]

    def run(self, steps: int) -> None:
        train = self._arrays if self.case.batch > 1 else self._numbers
        for _ in range(steps // len(self.columns)):
            train()

    def _numbers(self) -> None:
        rate, now = self.case.rate, self.now.tolist()
        for columns in self.columns:
            slopes = self.function(*now, *columns)
            now = [theta - rate * slope for theta, slope in zip(now, slopes, strict=True)]
        self.now = np.array(now, self.case.dtype)

    def _arrays(self) -> None:
        rate = self.case.rate / self.case.batch
        for columns in self.columns:
            slopes = self.function(*self.now, *columns)
            self.now = self.now - rate * np.array(slopes).sum(axis=1)

    def parameters(self) -> Layers:
        return unflattened(self.case, self.now)


class SympyCse(SympyDiff):
    """`lambdify` with cse=True."""

    cse: ClassVar[bool] = True
