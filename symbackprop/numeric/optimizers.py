"""The optimizers: one entry each, the update of a whole vector of parameters from its gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbackprop.problem import Training

Vector = NDArray[np.float64]


@dataclass
class State:
    """What an optimizer remembers between steps: how many there were, and its running means."""

    count: int
    first: Vector
    second: Vector

    @classmethod
    def start(cls, size: int) -> State:
        """Nothing seen yet."""
        return cls(0, np.zeros(size), np.zeros(size))


def sgd(theta: Vector, gradient: Vector, state: State, training: Training) -> Vector:
    """θ ← θ - η v with v ← μ v + g; Nesterov steps along g + μ v. Without momentum v is g."""
    momentum = float(training.momentum)
    state.first = momentum * state.first + gradient if momentum and state.count else gradient
    along = gradient + momentum * state.first if training.nesterov else state.first
    state.count += 1
    return theta - float(training.learning_rate) * along


def adam(theta: Vector, gradient: Vector, state: State, training: Training) -> Vector:
    """θ ← θ - η m̂/(√v̂ + ε), m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², both divided by 1 - βᵏ.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
    """
    one, two = float(training.beta_1), float(training.beta_2)
    state.count += 1
    state.first = one * state.first + (1 - one) * gradient
    state.second = two * state.second + (1 - two) * gradient**2
    mean = state.first / (1 - one**state.count)
    square = state.second / (1 - two**state.count)
    return theta - float(training.learning_rate) * mean / (np.sqrt(square) + float(training.epsilon))


OPTIMIZERS: Mapping[str, Callable[[Vector, Vector, State, Training], Vector]] = {"sgd": sgd, "adam": adam}


def decayed(theta: Vector, gradient: Vector, training: Training) -> Vector:
    """The gradient with weight decay: g + λ θ."""
    decay: Any = float(training.weight_decay)
    return gradient + decay * theta if decay else gradient
