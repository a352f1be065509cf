"""Homework: one step of gradient descent on f

Forward and backward pass in JAX, each line beside its formula, by symbackprop.
Run as a program it checks its gradients against jax.grad and by central differences.

Conventions:
    derivatives          ∂f/∂s
    shape of a gradient  that of its parameter
    delta of a node z    ∂f/∂z
"""

import sys

import jax
import jax.numpy as jnp
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
    f = jnp.exp(-s)                                          # f = exp(-s)

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


ARGUMENTS = ("x_0", "x_1", "x_2", "theta_0", "theta_1", "theta_2")
WRT = ("theta_0", "theta_1", "theta_2")


@jax.custom_vjp
def loss(x_0, x_1, x_2, theta_0, theta_1, theta_2):
    """f, which JAX differentiates by `backward`: by what is in WRT."""
    return forward(x_0, x_1, x_2, theta_0, theta_1, theta_2)["f"]


def loss_forward(*given):
    """f, and what its derivative needs."""
    for name, one in zip(ARGUMENTS, given, strict=True):
        if one.perturbed and name not in WRT:
            raise ValueError(f"df/d{name} was not derived: export it with --wrt")
    given = [one.value for one in given]
    values = forward(*given)
    return values["f"], (given, values)


def loss_backward(saved, upstream):
    """The derivatives of what is made of f, where its own by f is `upstream`."""
    given, values = saved
    _, gradients = backward(*given, values)
    return tuple(upstream * gradients[name] if name in gradients else None for name in ARGUMENTS)


loss.defvjp(loss_forward, loss_backward, symbolic_zeros=True)


# `check` compares at the values of the spec.
GIVEN = {"x_0": 1.0, "x_1": 2.0, "x_2": 1.0, "theta_0": 1.0, "theta_1": 1.0, "theta_2": 1.0}


@jax.jit
def plain_loss(given):
    """f, differentiated by JAX itself; takes what `forward` takes, by name."""
    return forward(**given)["f"]


def difference(given, name, place):
    """(f(w + h) - f(w - h)) / 2h for one number w of an array."""
    losses, entries = [], []
    for sign in (1, -1):
        moved = np.array(given[name])
        moved[place] += sign * 1e-5 * max(1.0, abs(moved[place]))
        losses.append(plain_loss({**given, name: moved}))
        entries.append(moved[place])
    return (losses[0] - losses[1]) / (entries[0] - entries[1])


def check(tolerance=1e-6):
    """Compare every gradient of `loss` with jax.grad and with central differences."""
    passed = True
    with jax.enable_x64(True):
        given = {name: jnp.asarray(value, dtype=jnp.float64) for name, value in GIVEN.items()}
        wrt = tuple(ARGUMENTS.index(name) for name in WRT)
        gradients = jax.jit(jax.grad(loss, wrt))(*(given[name] for name in ARGUMENTS))
        ours, theirs = dict(zip(WRT, gradients, strict=True)), jax.jit(jax.grad(plain_loss))(given)
        for name in WRT:
            places = list(np.ndindex(given[name].shape))
            numeric = np.array([difference(given, name, place) for place in places])
            symbolic = np.array([ours[name][place] for place in places])
            scale = max(np.max(np.abs(numeric)), 1e-4 * abs(plain_loss(given)), 1e-12)
            automatic = np.max(np.abs(ours[name] - theirs[name])) / scale
            error = np.max(np.abs(symbolic - numeric)) / scale
            passed = passed and bool(automatic <= tolerance and error <= tolerance)
            shown = f"{automatic:.1e} from jax.grad, {error:.1e} from differences"
            print(f"df/d{name}: largest relative error {shown}")
    print("passed" if passed else f"failed: an error is above {tolerance:g}")
    return passed


if __name__ == "__main__":
    sys.exit(0 if check() else 1)
