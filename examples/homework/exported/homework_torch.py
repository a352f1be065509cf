"""Homework: one step of gradient descent on f

Forward and backward pass in PyTorch, each line beside its formula, by symbackprop.
Run as a program it checks its gradients by torch.autograd.gradcheck and against autograd.

Conventions:
    derivatives          ∂f/∂s
    shape of a gradient  that of its parameter
    delta of a node z    ∂f/∂z
"""

import sys

import torch
from torch.autograd.function import once_differentiable


def forward(x_0, x_1, x_2, theta_0, theta_1, theta_2):
    """The forward pass.

    Args:
        x_0, x_1, x_2: inputs
        theta_0, theta_1, theta_2: parameters

    Returns:
        The value of every node, by name; f is the last.
    """
    s = theta_0 * x_0 + theta_1 * x_1**2 + theta_2 * x_2**3  # s = θ₀ x₀ + θ₁ x₁² + θ₂ x₂³
    f = torch.exp(-s)                                        # f = exp(-s)

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
SAVED = ("f",)


class Loss(torch.autograd.Function):
    """f, whose derivative is computed by `backward`."""

    @staticmethod
    def forward(ctx, *given):
        for name, needed in zip(ARGUMENTS, ctx.needs_input_grad, strict=True):
            if needed and name not in WRT:
                raise ValueError(f"df/d{name} was not derived: export it with --wrt")
        values = forward(*given)
        ctx.save_for_backward(*given, *(values[name] for name in SAVED))
        return values["f"]

    @staticmethod
    @once_differentiable
    def backward(ctx, upstream):
        given, saved = ctx.saved_tensors[:6], ctx.saved_tensors[6:]
        _, gradients = backward(*given, dict(zip(SAVED, saved, strict=True)))
        return tuple(upstream * gradients[name] if name in gradients else None for name in ARGUMENTS)


def loss(x_0, x_1, x_2, theta_0, theta_1, theta_2):
    """f, which autograd differentiates by `backward`: by what is in WRT."""
    return Loss.apply(x_0, x_1, x_2, theta_0, theta_1, theta_2)


# `check` compares at the values of the spec.
GIVEN = {"x_0": 1.0, "x_1": 2.0, "x_2": 1.0, "theta_0": 1.0, "theta_1": 1.0, "theta_2": 1.0}


def check(tolerance=1e-9):
    """Compare every gradient of `loss` with autograd of `forward`, and by gradcheck with differences."""
    given = [torch.tensor(GIVEN[name], dtype=torch.float64) for name in ARGUMENTS]
    places = tuple(ARGUMENTS.index(name) for name in WRT)
    wrt = [given[place].requires_grad_() for place in places]
    ours = torch.autograd.grad(loss(*given), wrt, materialize_grads=True)
    theirs = torch.func.grad(lambda *given: forward(*given)["f"], places)(*given)
    passed, size = True, abs(loss(*given).item())
    for name, symbolic, automatic in zip(WRT, ours, theirs, strict=True):
        scale = max(automatic.abs().max().item(), 1e-4 * size, 1e-12)
        error = (symbolic - automatic).abs().max().item() / scale
        passed = passed and error <= tolerance
        print(f"df/d{name}: largest relative error {error:.1e}")
    atol = 1e-5 * max(1.0, size)
    numeric = torch.autograd.gradcheck(loss, given, atol=atol, raise_exception=False)
    print(f"gradcheck: {'agrees' if numeric else 'disagrees'}")
    print("passed" if passed and numeric else f"failed: an error is above {tolerance:g}")
    return passed and numeric


if __name__ == "__main__":
    sys.exit(0 if check() else 1)
