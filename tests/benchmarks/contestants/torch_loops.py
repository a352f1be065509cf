"""PyTorch: eager, where every step records its graph anew, and compiled, where it is one program."""

from __future__ import annotations

from typing import Any

import torch

from tests.benchmarks.cases import Layers
from tests.benchmarks.contestant import Contestant

# A step is called from C++.
_OPTIONS: dict[str, Any] = {"cpp_wrapper": True}


def _loss(parameters: list[Any], inputs: Any, targets: Any) -> Any:
    value = inputs
    for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
        value = torch.sigmoid(torch.nn.functional.linear(value, weight, bias))
    return torch.nn.functional.mse_loss(value, targets)


class _Torch(Contestant):
    def reset(self) -> None:
        start = [torch.from_numpy(part.copy()) for layer in self.case.start() for part in layer]
        self.now = self._held(start)
        inputs, targets = (torch.from_numpy(part) for part in self.case.data())
        self.batches = list(zip(inputs, targets, strict=True))

    def _held(self, start: list[Any]) -> list[Any]:
        return start

    def run(self, steps: int) -> None:
        for _ in range(steps // len(self.batches)):
            for inputs, targets in self.batches:
                self.step(inputs, targets)

    def step(self, inputs: Any, targets: Any) -> None:
        raise NotImplementedError

    def parameters(self) -> Layers:
        parts = [part.detach().numpy() for part in self.now]
        return list(zip(parts[::2], parts[1::2], strict=True))


class TorchEager(_Torch):
    """`autograd.grad`, and all parameters updated in place by one call."""

    def _held(self, start: list[Any]) -> list[Any]:
        return [part.requires_grad_() for part in start]

    def step(self, inputs: Any, targets: Any) -> None:
        slopes = torch.autograd.grad(_loss(self.now, inputs, targets), self.now)
        with torch.no_grad():
            torch._foreach_add_(self.now, slopes, alpha=-self.case.rate)


class TorchCompiled(_Torch):
    """The whole step, with its update in place, as one graph."""

    def load(self) -> None:
        torch.compile(lambda x: x + 1, options=_OPTIONS)(torch.zeros(1))

    def derive(self) -> None:
        rate = -self.case.rate

        def step(parameters: list[Any], inputs: Any, targets: Any) -> None:
            slopes = torch.func.grad(_loss)(parameters, inputs, targets)
            torch._foreach_add_(parameters, list(slopes), alpha=rate)

        self.function = torch.compile(step, fullgraph=True, dynamic=False, options=_OPTIONS)

    def compile(self) -> None:
        self.reset()
        self.run(self.case.batches)

    def run(self, steps: int) -> None:
        with torch.no_grad():
            super().run(steps)

    def step(self, inputs: Any, targets: Any) -> None:
        self.function(self.now, inputs, targets)
