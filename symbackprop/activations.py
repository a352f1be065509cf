"""The activations of a network's layers: one entry each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr, Symbol, Tuple

from symbackprop import functions
from symbackprop.expressions import call


@dataclass(frozen=True)
class Activation:
    """a = f(z).

    Attributes:
        function: its name in the expression language; empty for the identity.
        whole_layer: its outputs depend on every pre-activation of the layer.
        untrainable: why no network with it can be trained, where that is so.
    """

    function: str
    whole_layer: bool = False
    untrainable: str = ""

    def outputs(self, inputs: Sequence[Symbol], alpha: Expr | None = None) -> list[Expr]:
        """a_i = f(z_i) for every unit of a layer.

        Args:
            inputs: the pre-activations.
            alpha: the constant of leaky_relu and elu, where it is not the usual one.
        """
        if self.whole_layer:
            return [call(functions.softmax, place, Tuple(*inputs)) for place in range(1, len(inputs) + 1)]
        if not self.function:
            return list(inputs)
        extra = [] if alpha is None else [alpha]
        return [functions.build(self.function, [z, *extra]) for z in inputs]

    @property
    def takes_alpha(self) -> bool:
        """Whether it has a constant to choose."""
        return (
            bool(self.function)
            and not self.whole_layer
            and len(functions.FUNCTIONS[self.function].arguments) > 1
        )


_STEP = "its slope is 0 wherever it has one, so every gradient is 0 and no weight would ever move"

ACTIVATIONS: Mapping[str, Activation] = {
    "identity": Activation(""),
    "sigmoid": Activation("sigmoid"),
    "tanh": Activation("tanh"),
    "relu": Activation("relu"),
    "leaky_relu": Activation("leaky_relu"),
    "elu": Activation("elu"),
    "selu": Activation("selu"),
    "softplus": Activation("softplus"),
    "gelu": Activation("gelu"),
    "gelu_tanh": Activation("gelu_tanh"),
    "silu": Activation("silu"),
    "mish": Activation("mish"),
    "softsign": Activation("softsign"),
    "hard_sigmoid": Activation("hard_sigmoid"),
    "step": Activation("step", untrainable=_STEP),
    "softmax": Activation("softmax", whole_layer=True),
}
