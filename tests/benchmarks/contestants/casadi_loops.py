"""CasADi: a step as a `Function` of scalars (SX) or matrices (MX), called from Python or folded."""

from __future__ import annotations

from typing import Any, ClassVar

import casadi as ca
import numpy as np

from tests.benchmarks.cases import Array, Case, Layers, unflattened
from tests.benchmarks.contestant import Contestant

# So many steps of a small network become one function of scalars before they are folded: a call costs more.
_TOGETHER = 16
_SMALL = 1000


def step_function(case: Case, kind: Any) -> Any:
    """θ, x, y → θ - η ∂L/∂θ, where an example is a column.

    Args:
        case: what is trained.
        kind: `casadi.SX` or `casadi.MX`.
    """
    theta = kind.sym("theta", case.parameters)
    x, y = kind.sym("x", case.widths[0], case.batch), kind.sym("y", case.widths[-1], case.batch)
    value, begin = x, 0
    for inputs, units in case.layers:
        weight = ca.reshape(theta[begin : begin + inputs * units], units, inputs)
        begin += inputs * units
        bias = theta[begin : begin + units]
        begin += units
        value = 1 / (1 + ca.exp(-(weight @ value + ca.repmat(bias, 1, case.batch))))
    loss = ca.sumsqr(value - y) / (case.batch * case.widths[-1])
    after = theta - case.rate * ca.gradient(loss, theta)
    return ca.Function("step", [theta, x, y], [after])


class _Casadi(Contestant):
    kind: ClassVar[Any] = ca.SX

    def load(self) -> None:
        x = self.kind.sym("x")
        ca.Function("f", [x], [x + 1])(1)

    def derive(self) -> None:
        self.function = step_function(self.case, self.kind)

    def reset(self) -> None:
        start = [part.ravel(order="F") for layer in self.case.start() for part in layer]
        self.now: Array = np.concatenate(start)
        self.after = np.empty_like(self.now)
        inputs, targets = self.case.data()
        self.batches = list(zip(map(np.ravel, inputs), map(np.ravel, targets), strict=True))

    def parameters(self) -> Layers:
        turned = zip(unflattened(self.case, self.now), self.case.layers, strict=True)
        return [(weight.ravel().reshape(layer).T, bias) for (weight, bias), layer in turned]


class CasadiStep(_Casadi):
    """One call a step, into memory that is there already."""

    def reset(self) -> None:
        super().reset()
        self.buffer, self.evaluate = self.function.buffer()

    def run(self, steps: int) -> None:
        buffer, evaluate = self.buffer, self.evaluate
        for _ in range(steps // len(self.batches)):
            for inputs, targets in self.batches:
                buffer.set_arg(0, self.now.data)
                buffer.set_arg(1, inputs.data)
                buffer.set_arg(2, targets.data)
                buffer.set_res(0, self.after.data)
                evaluate()
                self.now, self.after = self.after, self.now


class CasadiLoop(_Casadi):
    """`fold` over a block of steps; one call a block."""

    def compile(self) -> None:
        case = self.case
        together = min(_TOGETHER, case.block) if case.work <= _SMALL else 1
        group = self.function.fold(together).expand() if together > 1 else self.function
        self.loop = group.fold(case.block // together)

    def reset(self) -> None:
        super().reset()
        epochs = self.case.block // self.case.batches
        inputs, targets = zip(*self.batches, strict=True)
        self.inputs, self.targets = (np.tile(np.concatenate(part), epochs) for part in (inputs, targets))
        self.buffer, self.evaluate = self.loop.buffer()
        self.buffer.set_arg(1, self.inputs.data)
        self.buffer.set_arg(2, self.targets.data)

    def run(self, steps: int) -> None:
        for _ in range(steps // self.case.block):
            self.buffer.set_arg(0, self.now.data)
            self.buffer.set_res(0, self.after.data)
            self.evaluate()
            self.now, self.after = self.after, self.now


class CasadiMatrixLoop(CasadiLoop):
    """The same of matrices."""

    kind: ClassVar[Any] = ca.MX
