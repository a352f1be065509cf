"""NumPy as an expert writes it by hand: every result goes into memory that is there already."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.cases import Array, Layers
from tests.benchmarks.contestant import Contestant


class HandNumpy(Contestant):
    """Examples in rows, A ← σ(A W + b); a single one is a vector, for which NumPy has faster products."""

    def reset(self) -> None:
        case = self.case
        shape = (case.batch,) if case.batch > 1 else ()
        inputs, targets = (part.reshape(case.batches, *shape, -1) for part in case.data())
        self.batches = list(zip(inputs, targets, strict=True))
        self.weights = [np.ascontiguousarray(weight.T) for weight, _ in case.start()]
        self.biases = [bias.copy() for _, bias in case.start()]
        self.gradients = [np.empty_like(weight) for weight in self.weights]
        self.values, self.deltas, self.scratch = (
            [np.empty((*shape, units), case.dtype) for _, units in case.layers] for _ in range(3)
        )

    def run(self, steps: int) -> None:
        for _ in range(steps // len(self.batches)):
            for inputs, targets in self.batches:
                self._step(inputs, targets)

    def _step(self, inputs: Array, targets: Array) -> None:
        value = inputs
        for weight, bias, out in zip(self.weights, self.biases, self.values, strict=True):
            np.matmul(value, weight, out=out)
            np.add(out, bias, out=out)
            _sigmoid(out)
            value = out
        # The deltas carry η · 2/(n K), so that no gradient needs to be scaled.
        np.subtract(value, targets, out=self.deltas[-1])
        np.multiply(self.deltas[-1], self.case.slope, out=self.deltas[-1])
        for place in range(len(self.weights) - 1, -1, -1):
            self._through_sigmoid(place)
            if place:
                np.matmul(self.deltas[place], self.weights[place].T, out=self.deltas[place - 1])
            self._update(place, self.values[place - 1] if place else inputs)

    def _through_sigmoid(self, place: int) -> None:
        """δ ← δ ∘ a ∘ (1 - a)."""
        value, delta, scratch = self.values[place], self.deltas[place], self.scratch[place]
        np.subtract(1.0, value, out=scratch)
        np.multiply(scratch, value, out=scratch)
        np.multiply(delta, scratch, out=delta)

    def _update(self, place: int, below: Array) -> None:
        """W ← W - Aᵀ δ, b ← b - Σ δ."""
        delta, gradient = self.deltas[place], self.gradients[place]
        if delta.ndim == 1:
            np.multiply(below[:, None], delta, out=gradient)
        else:
            np.matmul(below.T, delta, out=gradient)
        self.weights[place] -= gradient
        self.biases[place] -= delta if delta.ndim == 1 else delta.sum(axis=0)

    def parameters(self) -> Layers:
        return [(weight.T, bias) for weight, bias in zip(self.weights, self.biases, strict=True)]


def _sigmoid(value: Array) -> None:
    """1/(1 + exp(-z)) in place."""
    np.negative(value, out=value)
    np.exp(value, out=value)
    np.add(value, 1.0, out=value)
    np.reciprocal(value, out=value)
