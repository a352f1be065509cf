"""The losses and penalties: one entry each, their terms written in the expression language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sympy import Expr, Rational, S, Symbol

from symbackprop.expressions import Rewriter, add, mul, plain_sum
from symbackprop.graph import Collapse
from symbackprop.language import parse_expression


@dataclass(frozen=True)
class Loss:
    """L = sign · factor · Σ_k term(ŷ_k, y_k), or the mean over the outputs k.

    Attributes:
        term: one output's share, in `yhat`, `y` and the loss's own parameters.
        negative: the sign in front of the sum is a minus.
        averages: the mean over the outputs is usual; else the outputs are always summed.
        parameters: the loss's own constants with their usual values.
        activations: the activations of the last layer that it takes; none: any.
        collapses: for an activation of the last layer, ∂L/∂z_k in `yhat`, `y` and `total` = Σ_k y_k, where
            L is the sum with the factor 1; the condition total = 1 gives its final form.
        distribution: its targets are probabilities that add up to 1.
    """

    term: str
    negative: bool = False
    averages: bool = True
    parameters: Mapping[str, Rational] = field(default_factory=dict)
    activations: tuple[str, ...] = ()
    collapses: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    distribution: bool = False

    def build(
        self,
        outputs: Sequence[Symbol],
        targets: Sequence[Symbol],
        *,
        factor: Expr = S.One,
        mean: bool = False,
        parameters: Mapping[str, Expr] | None = None,
    ) -> Expr:
        """The loss of one example.

        Args:
            outputs: ŷ_k.
            targets: y_k, as many.
            factor: the number in front, as 1/2.
            mean: divide by the number of outputs.
            parameters: other values for the loss's own constants.
        """
        terms = [self.filled(yhat, y, parameters) for yhat, y in zip(outputs, targets, strict=True)]
        total = plain_sum(terms)
        return mul(-1 if self.negative else 1, self._coefficient(len(outputs), factor, mean), total)

    def filled(self, output: Symbol, target: Symbol, parameters: Mapping[str, Expr] | None = None) -> Expr:
        """The share of one output, or of an array of them entry by entry."""
        return _filled(self.term, output, target, {**self.parameters, **(parameters or {})})

    def collapse(
        self,
        activation: str,
        outputs: Sequence[Symbol],
        targets: Sequence[Symbol],
        *,
        factor: Expr = S.One,
        mean: bool = False,
    ) -> list[Collapse] | None:
        """∂L/∂z_k in its shorter form for every output, where this loss has one with that activation."""
        if activation not in self.collapses:
            return None
        general, final = self.collapses[activation]
        coefficient = self._coefficient(len(outputs), factor, mean)
        total = {"total": add(*targets)}
        return [
            Collapse(
                mul(coefficient, _filled(general, yhat, y, total)),
                mul(coefficient, _filled(final, yhat, y, {})),
                tuple(targets) if self.distribution else (),
            )
            for yhat, y in zip(outputs, targets, strict=True)
        ]

    def _coefficient(self, outputs: int, factor: Expr, mean: bool) -> Expr:
        return factor / outputs if mean and self.averages else factor


def _filled(text: str, yhat: Symbol, y: Symbol, constants: Mapping[str, Expr]) -> Expr:
    values = {Symbol("yhat"): yhat, Symbol("y"): y} | {
        Symbol(name): value for name, value in constants.items()
    }
    result: Expr = Rewriter(values)(_read(text))
    return result


@cache
def _read(text: str) -> Expr:
    return parse_expression(text)


_SIGMOID_CROSS_ENTROPY = ("yhat*(1 - y) - y*(1 - yhat)", "yhat - y")
_SOFTMAX_CROSS_ENTROPY = ("yhat*total - y", "yhat - y")

LOSSES: Mapping[str, Loss] = {
    "mse": Loss("(yhat - y)**2"),
    "mae": Loss("abs(yhat - y)"),
    "huber": Loss(
        "where(abs(yhat - y) <= delta, 1/2*(yhat - y)**2, delta*(abs(yhat - y) - delta/2))",
        parameters={"delta": Rational(1)},
    ),
    "hinge": Loss("max(0, 1 - y*yhat)"),
    "binary_cross_entropy": Loss(
        "y*log(yhat) + (1 - y)*log(1 - yhat)", negative=True, collapses={"sigmoid": _SIGMOID_CROSS_ENTROPY}
    ),
    "binary_cross_entropy_with_logits": Loss("softplus(yhat) - y*yhat", activations=("identity",)),
    "cross_entropy": Loss(
        "y*log(yhat)",
        negative=True,
        averages=False,
        collapses={"softmax": _SOFTMAX_CROSS_ENTROPY},
        distribution=True,
    ),
    "kl_divergence": Loss(
        "xlogx(y) - y*log(yhat)",
        averages=False,
        collapses={"softmax": _SOFTMAX_CROSS_ENTROPY},
        distribution=True,
    ),
}


@dataclass(frozen=True)
class Penalty:
    """R = factor · λ · Σ term(w) over the weights, and over the biases where they are included."""

    term: str

    def build(self, weights: Sequence[Symbol], coefficient: Expr) -> Expr:
        """The penalty of these weights.

        Args:
            weights: what is penalised.
            coefficient: λ with its factor, as λ/2.
        """
        terms = [self.filled(weight) for weight in weights]
        return mul(coefficient, plain_sum(terms))

    def filled(self, weight: Symbol) -> Expr:
        """The share of one weight, or of an array of them entry by entry."""
        result: Expr = Rewriter({Symbol("w"): weight})(_read(self.term))
        return result


PENALTIES: Mapping[str, Penalty] = {"l1": Penalty("abs(w)"), "l2": Penalty("w**2")}
