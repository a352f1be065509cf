"""PyTorch's losses -> goals: one short function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympy import Rational

from symbackprop.errors import ModelError, did_you_mean, listing
from symbackprop.models.objective import Goal
from symbackprop.models.stages import typed

Module = Any


def _plain(name: str) -> Callable[[Module], Goal]:
    return lambda _: Goal(name)


def _huber(module: Module) -> Goal:
    return Goal("huber", parameters={"delta": Rational(typed(module.delta))})


def _smooth_l1(module: Module) -> Goal:
    """Huber's loss over β; with β = 0 the absolute value."""
    if module.beta == 0:
        return Goal("mae")
    beta = Rational(typed(module.beta))
    return Goal("huber", factor=1 / beta, parameters={"delta": beta})


TORCH_LOSSES: Mapping[str, Callable[[Module], Goal]] = {
    "MSELoss": _plain("mse"),
    "L1Loss": _plain("mae"),
    "HuberLoss": _huber,
    "SmoothL1Loss": _smooth_l1,
    "BCELoss": _plain("binary_cross_entropy"),
    "BCEWithLogitsLoss": _plain("binary_cross_entropy_with_logits"),
    "CrossEntropyLoss": _plain("cross_entropy_with_logits"),
    "NLLLoss": _plain("negative_log_likelihood"),
}
"""The losses that are read, each by what reads it."""

_USUAL: Mapping[str, Any] = {"weight": None, "pos_weight": None, "ignore_index": -100, "label_smoothing": 0.0}
"""Settings that only their usual value is read of."""


def torch_goal(module: Module) -> Goal:
    """The goal that a loss of PyTorch is.

    Raises:
        ModelError: the loss, or one of its settings, is not read.
    """
    word, place = type(module).__name__, f"loss={module!r}"
    if word not in TORCH_LOSSES or not type(module).__module__.startswith("torch.nn."):
        raise ModelError(
            f"the loss {word} is not read",
            where=place,
            known=listing(TORCH_LOSSES),
            fix=did_you_mean(word, TORCH_LOSSES) or 'take one of these, or a name such as loss="mse"',
        )
    for name, usual in _USUAL.items():
        if (value := getattr(module, name, usual)) is not usual and value != usual:
            raise ModelError(f"{name} of {word} is not read", where=place, fix=f"leave {name} out")
    if module.reduction not in ("mean", "sum"):
        raise ModelError(
            "a loss for each example has no gradient of its own",
            where=place,
            fix='take reduction="mean" or "sum"',
        )
    goal = TORCH_LOSSES[word](module)
    return Goal(goal.name, module.reduction == "mean", goal.factor, goal.parameters)
