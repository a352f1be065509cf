"""SymEngine: the nested loss, `diff` by every parameter, and `Lambdify` with common subexpressions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import symengine

from tests.benchmarks.cases import Layers, flat, unflattened
from tests.benchmarks.contestant import Contestant, NotThere
from tests.benchmarks.contestants import nested


class Symengine(Contestant):
    """All gradients of one example; those of a batch are added. Evaluated by SymEngine itself."""

    backend: ClassVar[str] = "lambda"

    def load(self) -> None:
        x = symengine.Symbol("x")
        self._lambdified([x], [symengine.diff(x + 1, x)])

    def _lambdified(self, arguments: list[Any], results: list[Any]) -> Any:
        return symengine.Lambdify(arguments, results, cse=True, backend=self.backend)

    def derive(self) -> None:
        parameters, inputs, targets = (
            [symengine.Symbol(name) for name in part] for part in nested.names(self.case)
        )
        loss = nested.loss(self.case, parameters, inputs, targets, symengine.exp)
        self.arguments = [*parameters, *inputs, *targets]
        self.slopes = [symengine.diff(loss, one) for one in parameters]

    def compile(self) -> None:
        self.function = self._lambdified(self.arguments, self.slopes)

    def reset(self) -> None:
        self.now = flat(self.case.start())
        self.rate = self.case.rate / self.case.batch
        count = self.case.parameters
        rows = np.concatenate(self.case.data(), axis=2)
        self.given = np.empty((*rows.shape[:2], count + rows.shape[2]))
        self.given[:, :, count:] = rows
        self.slopes_found = np.empty((self.case.batch, count))

    def run(self, steps: int) -> None:
        for _ in range(steps // len(self.given)):
            for given in self.given:
                given[:, : len(self.now)] = self.now
                for row, out in zip(given, self.slopes_found, strict=True):
                    self.function.unsafe_real(row, out)
                self.now -= self.rate * self.slopes_found.sum(axis=0)

    def parameters(self) -> Layers:
        return unflattened(self.case, self.now)


class SymengineLlvm(Symengine):
    """Compiled by LLVM."""

    backend: ClassVar[str] = "llvm"

    def load(self) -> None:
        if not symengine.have_llvm:
            raise NotThere("SymEngine is built without LLVM")
        super().load()
