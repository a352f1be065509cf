"""NumPy as an expert writes it by hand: every result goes into memory that is there already."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.cases import Array, Layers
from tests.benchmarks.contestant import Contestant


class HandNumpy(Contestant):
    """Examples in rows, A ← σ(A Wᵀ + b); `dot`, for it takes what has one row or column for a vector."""

    def reset(self) -> None:
        case = self.case
        self.batches = list(zip(*case.data(), strict=True))
        self.weights = [weight.copy() for weight, _ in case.start()]
        self.biases = [bias.copy() for _, bias in case.start()]
        self.gradients = [np.empty_like(weight) for weight in self.weights]
        self.values, self.deltas, self.slopes = (
            [np.empty((case.batch, units), case.dtype) for _, units in case.layers] for _ in range(3)
        )

    def run(self, steps: int) -> None:
        for _ in range(steps // len(self.batches)):
            for inputs, targets in self.batches:
                self._step(inputs, targets)

    def _step(self, inputs: Array, targets: Array) -> None:
        value = inputs
        for weight, bias, out in zip(self.weights, self.biases, self.values, strict=True):
            np.dot(value, weight.T, out=out)
            np.add(out, bias, out=out)
            _sigmoid(out)
            value = out
        # The deltas carry η · 2/(n K), so that no gradient needs to be scaled.
        np.subtract(value, targets, out=self.deltas[-1])
        np.multiply(self.deltas[-1], self.case.slope, out=self.deltas[-1])
        for place in range(len(self.weights) - 1, -1, -1):
            self._through_sigmoid(place)
            if place:
                np.dot(self.deltas[place], self.weights[place], out=self.deltas[place - 1])
            self._update(place, self.values[place - 1] if place else inputs)

    def _through_sigmoid(self, place: int) -> None:
        """δ ← δ ∘ a ∘ (1 - a)."""
        value, delta, slope = self.values[place], self.deltas[place], self.slopes[place]
        np.subtract(1.0, value, out=slope)
        np.multiply(slope, value, out=slope)
        np.multiply(delta, slope, out=delta)

    def _update(self, place: int, below: Array) -> None:
        """W ← W - δᵀ A, b ← b - Σ δ."""
        weight, bias, delta = self.weights[place], self.biases[place], self.deltas[place]
        np.dot(delta.T, below, out=self.gradients[place])
        np.subtract(weight, self.gradients[place], out=weight)
        np.subtract(bias, delta.sum(axis=0) if len(delta) > 1 else delta[0], out=bias)

    def parameters(self) -> Layers:
        return list(zip(self.weights, self.biases, strict=True))


def _sigmoid(value: Array) -> None:
    """1/(1 + exp(-z)) in place."""
    np.negative(value, out=value)
    np.exp(value, out=value)
    np.add(value, 1.0, out=value)
    np.reciprocal(value, out=value)
