"""The optimizers: one entry each, the update of a parameter from its gradient as equations.

Every backend prints the same equations; they hold entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import Dummy, Expr, S, Symbol

from symbackprop import functions
from symbackprop.expressions import add, call, divide, mul, neg, power
from symbackprop.problem import Training

THETA, GRADIENT, COUNT = Dummy("theta"), Dummy("g"), Dummy("k")
"""The parameter, the gradient of the batch, and the number of the update, from 1."""

FIRST, SECOND = Dummy("m"), Dummy("v")
"""What an optimizer remembers of each parameter: running means of the gradient and of its square."""

Equation = tuple[Symbol, Expr]


@dataclass(frozen=True)
class Update:
    """One update of a parameter.

    Attributes:
        equations: carried out in their order; the last gives the new parameter.
        memory: the symbols that are remembered from one update to the next; they begin at 0.
        rate: η where the update is θ - η g and nothing else, else None.
    """

    equations: tuple[Equation, ...]
    memory: tuple[Symbol, ...] = ()
    rate: Expr | None = None


def update_of(training: Training) -> Update:
    """The update that a [training] section asks for; weight decay is g ← g + λ θ."""
    found = OPTIMIZERS[training.optimizer](training)
    if not training.weight_decay:
        return found
    decayed = (GRADIENT, add(GRADIENT, mul(training.weight_decay, THETA)))
    return Update((decayed, *found.equations), found.memory)


def _sgd(training: Training) -> Update:
    """θ ← θ - η v with v ← μ v + g; Nesterov steps along g + μ v. Without momentum v is g."""
    rate, momentum = training.learning_rate, training.momentum
    if not momentum:
        return Update((_stepped(rate, GRADIENT),), rate=rate)
    remembered = (FIRST, add(mul(momentum, FIRST), GRADIENT))
    along = add(GRADIENT, mul(momentum, FIRST)) if training.nesterov else FIRST
    return Update((remembered, _stepped(rate, along)), (FIRST,))


def _stepped(rate: Expr, along: Expr) -> Equation:
    return THETA, add(THETA, neg(mul(rate, along)))


def _adam(training: Training) -> Update:
    """θ ← θ - η m̂/(√v̂ + ε), m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², both divided by 1 - βᵏ.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
    """
    one, two = training.beta_1, training.beta_2
    mean = divide(FIRST, add(1, neg(power(one, COUNT))))
    square = divide(SECOND, add(1, neg(power(two, COUNT))))
    below = add(call(functions.sqrt, square), training.epsilon)
    return Update(
        (
            (FIRST, add(mul(one, FIRST), mul(S.One - one, GRADIENT))),
            (SECOND, add(mul(two, SECOND), mul(S.One - two, power(GRADIENT, 2)))),
            (THETA, add(THETA, neg(divide(mul(training.learning_rate, mean), below)))),
        ),
        (FIRST, SECOND),
    )


OPTIMIZERS: Mapping[str, Callable[[Training], Update]] = {"sgd": _sgd, "adam": _adam}
