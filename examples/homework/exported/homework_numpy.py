"""Homework: one step of gradient descent on f

Forward and backward pass in NumPy, each line beside its formula, by symbackprop.
Run as a program it checks its gradients by central differences.

Conventions:
    derivatives          ∂f/∂s
    shape of a gradient  that of its parameter
    delta of a node z    ∂f/∂z
"""

import sys

import numpy as np


def forward(x_0, x_1, x_2, theta_0, theta_1, theta_2):
    """The forward pass.

    Args:
        x_0, x_1, x_2: inputs
        theta_0, theta_1, theta_2: parameters

    Returns:
        The value of every node, by name; f is the last.
    """
    s = theta_0 * x_0 + theta_1 * x_1**2 + theta_2 * x_2**3  # s = θ₀ x₀ + θ₁ x₁² + θ₂ x₂³
    f = np.exp(-s)                                           # f = exp(-s)

    return {"s": s, "f": f}


def backward(x_0, x_1, x_2, theta_0, theta_1, theta_2, values):
    """The backward pass.

    Args:
        values: what `forward` returns; the others as there

    Returns:
        The deltas and the gradients of f, each by name.
    """
    f = values["f"]

    # Deltas, from the output back
    delta_s = -f  # δ_s ≡ ∂f/∂s = -f

    # Gradients
    df_dtheta_0 = delta_s * x_0     # ∂f/∂θ₀ = ∂f/∂s · ∂s/∂θ₀ = δ_s x₀
    df_dtheta_1 = delta_s * x_1**2  # ∂f/∂θ₁ = ∂f/∂s · ∂s/∂θ₁ = δ_s x₁²
    df_dtheta_2 = delta_s * x_2**3  # ∂f/∂θ₂ = ∂f/∂s · ∂s/∂θ₂ = δ_s x₂³

    deltas = {"delta_s": delta_s}
    gradients = {"theta_0": df_dtheta_0, "theta_1": df_dtheta_1, "theta_2": df_dtheta_2}
    return deltas, gradients


def loss_and_gradients(**given):
    """f and its gradients; takes what `forward` takes, by name."""
    values = forward(**given)
    _, gradients = backward(**given, values=values)
    return values["f"], gradients


# `check` compares at the values of the spec.
GIVEN = {"x_0": 1.0, "x_1": 2.0, "x_2": 1.0, "theta_0": 1.0, "theta_1": 1.0, "theta_2": 1.0}


def difference(given, name, place):
    """(f(w + h) - f(w - h)) / 2h for one number w of an array."""
    losses, entries = [], []
    for sign in (1, -1):
        moved = np.array(given[name])
        moved[place] += sign * 1e-5 * max(1.0, abs(moved[place]))
        losses.append(forward(**{**given, name: moved})["f"])
        entries.append(moved[place])
    return (losses[0] - losses[1]) / (entries[0] - entries[1])


def check(tolerance=1e-6):
    """Compare every gradient with central differences, and print its largest relative error."""
    given = {name: np.array(value, dtype=np.float64) for name, value in GIVEN.items()}
    loss, gradients = loss_and_gradients(**given)
    passed = True
    for name, gradient in gradients.items():
        places = list(np.ndindex(given[name].shape))
        numeric = np.array([difference(given, name, place) for place in places])
        symbolic = np.array([np.asarray(gradient)[place] for place in places])
        scale = max(np.max(np.abs(numeric)), 1e-4 * abs(loss), 1e-12)
        error = np.max(np.abs(symbolic - numeric)) / scale
        passed = passed and bool(error <= tolerance)
        print(f"df/d{name}: largest relative error {error:.1e}")
    print("passed" if passed else f"failed: an error is above {tolerance:g}")
    return passed


if __name__ == "__main__":
    sys.exit(0 if check() else 1)
