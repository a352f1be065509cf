"""What a model is trained for: a loss of all that comes out, and the targets that it compares with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Rational, S, Symbol

from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, Size, count, show_shape
from symbackprop.errors import ModelError, OptionError, did_you_mean, listing
from symbackprop.graph import Node, Role
from symbackprop.losses import LOSSES, Loss
from symbackprop.matrix_network import array_loss
from symbackprop.models.stages import Stage
from symbackprop.network import Objective

MODEL_LOSSES: Mapping[str, Loss] = {
    **LOSSES,
    "cross_entropy_with_logits": Loss(
        "y*log_softmax(yhat)", negative=True, averages=False, distribution=True
    ),
    "negative_log_likelihood": Loss("y*yhat", negative=True, averages=False, distribution=True),
}
"""The losses of a network, and those that take what comes out before or after a logarithm."""

OF_LOGITS = frozenset({"cross_entropy_with_logits", "binary_cross_entropy_with_logits"})
"""The losses that bring their own sigmoid or softmax: what comes out is no estimate of the targets yet."""

_OF_PROBABILITIES = {
    "cross_entropy": "cross_entropy_with_logits",
    "kl_divergence": "cross_entropy_with_logits",
    "binary_cross_entropy": "binary_cross_entropy_with_logits",
}
"""The losses that take the logarithm of what comes out, and those that take it as it is."""


@dataclass(frozen=True)
class Goal:
    """What is minimised.

    Attributes:
        name: of the loss, in `MODEL_LOSSES`.
        is_mean: the mean over entries, of a distribution over examples; else the sum.
        factor: the number in front.
        parameters: the loss's own constants.
    """

    name: str
    is_mean: bool = True
    factor: Rational = S.One
    parameters: Mapping[str, Rational] = field(default_factory=dict)

    @property
    def loss(self) -> Loss:
        """Its entry in the table."""
        return MODEL_LOSSES[self.name]

    def node(self, output: Node, target: Symbol, symbol: Symbol, *, batch: bool) -> Node:
        """The loss of what comes out.

        Args:
            output: what comes out.
            target: what it is compared with.
            symbol: the letter of the loss.
            batch: whether the first axis is of examples.

        Raises:
            ModelError: the loss is of classes, and they do not stand along the last axis.
        """
        if self.loss.distribution and len(output.shape) > 1 + batch:
            raise ModelError(
                f"{self.name} takes the classes along the last axis",
                where="loss",
                known=f"the model's output has the shape {show_shape(output.shape)}",
                fix="flatten what comes out, or take another loss",
            )
        objective = Objective(self.name, factor=self.factor, parameters=dict(self.parameters))
        expression = array_loss(
            self.loss,
            objective,
            output.symbol,
            target,
            rank=len(output.shape),
            count=self._count(output.shape, batch=batch),
        )
        shapes = Shapes({output.symbol: output.shape, target: output.shape})
        return Node(symbol, shapes.resolved(expression)[0], Role.LOSS)

    def _count(self, shape: Shape, *, batch: bool) -> Size:
        """Over how many the mean is taken."""
        if not self.is_mean:
            return 1
        if self.loss.averages:
            return count(shape)
        return shape[0] if batch else 1


def named_goal(name: str, reduction: str = "mean") -> Goal:
    """The loss of this name.

    Args:
        name: as `mse`.
        reduction: `mean` or `sum`.

    Raises:
        OptionError: there is none of this name, or no such reduction.
    """
    if name not in MODEL_LOSSES:
        raise OptionError(
            f"unknown loss {name!r}",
            where=f"loss={name!r}",
            known=listing(MODEL_LOSSES),
            fix=did_you_mean(name, MODEL_LOSSES) or "take one of these",
        )
    if reduction not in ("mean", "sum"):
        raise OptionError(
            f"unknown reduction {reduction!r}", where=f"reduction={reduction!r}", known="mean, sum"
        )
    return Goal(name, is_mean=reduction == "mean")


def check_ending(goal: Goal, last: Stage) -> None:
    """A loss of probabilities does not take what weights give.

    Raises:
        ModelError: the model ends without a sigmoid or a softmax.
    """
    instead = _OF_PROBABILITIES.get(goal.name)
    if instead is not None and last.kind.opens:
        raise ModelError(
            f"{goal.name} takes probabilities, and the model ends in logits",
            where=last.place,
            fix=f'take loss="{instead}"',
        )
