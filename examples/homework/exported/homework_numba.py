"""Homework: one step of gradient descent on f

Forward and backward pass in Numba, each line beside its formula, by symbackprop.
Run as a program it checks its gradients by central differences.

Conventions:
    derivatives          ∂f/∂s
    shape of a gradient  that of its parameter
    delta of a node z    ∂f/∂z
"""

import sys
from collections import namedtuple
from math import exp

from numba import njit

Values = namedtuple("Values", ["s", "f"])
Deltas = namedtuple("Deltas", ["delta_s"])
Gradients = namedtuple("Gradients", ["theta_0", "theta_1", "theta_2"])


@njit(error_model="numpy")
def forward(x_0, x_1, x_2, theta_0, theta_1, theta_2):
    """The forward pass.

    Args:
        x_0, x_1, x_2: inputs
        theta_0, theta_1, theta_2: parameters

    Returns:
        The value of every node, by name; f is the last.
    """
    s = theta_0 * x_0 + theta_1 * x_1**2 + theta_2 * x_2**3  # s = θ₀ x₀ + θ₁ x₁² + θ₂ x₂³
    f = exp(-s)                                              # f = exp(-s)

    return Values(s, f)


@njit(error_model="numpy")
def backward(x_0, x_1, x_2, theta_0, theta_1, theta_2, values):
    """The backward pass.

    Args:
        values: what `forward` returns; the others as there

    Returns:
        The deltas and the gradients of f, each by name.
    """
    f = values.f

    # Deltas, from the output back
    delta_s = -f  # δ_s ≡ ∂f/∂s = -f

    # Gradients
    df_dtheta_0 = delta_s * x_0     # ∂f/∂θ₀ = ∂f/∂s · ∂s/∂θ₀ = δ_s x₀
    df_dtheta_1 = delta_s * x_1**2  # ∂f/∂θ₁ = ∂f/∂s · ∂s/∂θ₁ = δ_s x₁²
    df_dtheta_2 = delta_s * x_2**3  # ∂f/∂θ₂ = ∂f/∂s · ∂s/∂θ₂ = δ_s x₂³

    deltas = Deltas(delta_s)
    gradients = Gradients(df_dtheta_0, df_dtheta_1, df_dtheta_2)
    return deltas, gradients


@njit(error_model="numpy")
def loss_and_gradients(x_0, x_1, x_2, theta_0, theta_1, theta_2):
    """f and its gradients."""
    values = forward(x_0, x_1, x_2, theta_0, theta_1, theta_2)
    _, gradients = backward(x_0, x_1, x_2, theta_0, theta_1, theta_2, values)
    return values.f, gradients


# `check` compares at the values of the spec.
GIVEN = {"x_0": 1.0, "x_1": 2.0, "x_2": 1.0, "theta_0": 1.0, "theta_1": 1.0, "theta_2": 1.0}


def difference(name):
    """(f(w + h) - f(w - h)) / 2h for one argument w."""
    step = 1e-5 * max(1.0, abs(GIVEN[name]))
    more, less = (GIVEN[name] + sign * step for sign in (1, -1))
    losses = [forward(**{**GIVEN, name: moved}).f for moved in (more, less)]
    return (losses[0] - losses[1]) / (more - less)


def check(tolerance=1e-6):
    """Compare every gradient with a central difference, and print its relative error."""
    loss, gradients = loss_and_gradients(*GIVEN.values())
    passed = True
    for name, gradient in gradients._asdict().items():
        numeric = difference(name)
        error = abs(gradient - numeric) / max(abs(numeric), 1e-4 * abs(loss), 1e-12)
        passed = passed and error <= tolerance
        print(f"df/d{name}: relative error {error:.1e}")
    print("passed" if passed else f"failed: an error is above {tolerance:g}")
    return passed


if __name__ == "__main__":
    sys.exit(0 if check() else 1)
