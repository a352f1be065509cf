"""PyTensor: one function a step, its updates in shared variables, the batch chosen by a shared counter."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt

from tests.benchmarks.cases import Layers
from tests.benchmarks.contestant import Contestant


class Pytensor(Contestant):
    """`pytensor.function([], [], updates=…)` in the mode that it chooses itself."""

    def load(self) -> None:
        pytensor.config.floatX = self.case.dtype
        x = pytensor.shared(np.zeros(1))
        pytensor.function([], [], updates=[(x, x + 1)])()

    def derive(self) -> None:
        case = self.case
        self.shared = [pytensor.shared(part) for part in self._start()]
        self.number = pytensor.shared(np.int64(0))
        inputs, targets = (pytensor.shared(part) for part in case.data())
        value = inputs[self.number]
        for weight, bias in zip(self.shared[::2], self.shared[1::2], strict=True):
            value = pt.sigmoid(value @ weight + bias)
        loss = pt.mean((value - targets[self.number]) ** 2)
        slopes = pt.grad(loss, self.shared)
        rate = np.asarray(case.rate, case.dtype)
        self.updates = [
            (theta, theta - rate * slope) for theta, slope in zip(self.shared, slopes, strict=True)
        ]
        self.updates.append((self.number, (self.number + 1) % case.batches))

    def compile(self) -> None:
        self.function = pytensor.function([], [], updates=self.updates)
        self.function.trust_input = True
        self.run(self.case.batches)

    def _start(self) -> list[np.ndarray]:
        return [np.ascontiguousarray(part.T) for layer in self.case.start() for part in layer]

    def reset(self) -> None:
        for shared, part in zip(self.shared, self._start(), strict=True):
            shared.set_value(part)
        self.number.set_value(np.int64(0))

    def run(self, steps: int) -> None:
        function = self.function
        for _ in range(steps):
            function()

    def parameters(self) -> Layers:
        parts = [shared.get_value() for shared in self.shared]
        return [(weight.T, bias) for weight, bias in zip(parts[::2], parts[1::2], strict=True)]
