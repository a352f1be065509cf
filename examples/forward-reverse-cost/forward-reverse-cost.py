"""The same gradient multiplied from either end: how many multiplications forward and reverse mode take."""

from __future__ import annotations

from collections.abc import Mapping

import symbackprop as sb
from symbackprop.analysis.chain_cost import ChainCost, chain_cost, cost_of_gradient, dense
from symbackprop.analysis.jacobian import jacobian
from symbackprop.arrays.matrices import printer_for
from symbackprop.notation.unicode import UNICODE

NETWORK = sb.Graph.from_equations(
    "h_1 = W_1 @ x; h_2 = tanh(h_1); h_3 = W_2 @ h_2; p = softmax(h_3); L = -sum(y*log(p))",
    shapes={"x": ("d",), "W_1": ("m", "d"), "W_2": ("k", "m"), "y": ("k",)},
    parameters=["W_1", "W_2"],
)
"""One hidden layer, softmax and cross-entropy."""

SIZES = [(3, 4, 2), (10, 10, 10), (100, 50, 10), (784, 128, 10)]
"""Inputs, hidden units, classes."""

CHAINS = [(3, 10), (5, 100)]
"""So many Jacobians of n × n."""


def costs(inputs: int, hidden: int, classes: int) -> Mapping[str, ChainCost]:
    """The gradient by W_1 with every zero multiplied, and without."""
    sizes = {"d": inputs, "m": hidden, "k": classes}
    derivation = sb.backprop(NETWORK)
    return {
        kind: cost_of_gradient(derivation, "W_1", sizes, structured=kind == "structured")
        for kind in ("dense", "structured")
    }


def chains(length: int, n: int) -> Mapping[str, ChainCost]:
    """Square Jacobians, and at one end a single output or a single input."""
    squares = [dense(n, n)] * length
    return {
        "one output": chain_cost([dense(1, n), *squares]),
        "one input": chain_cost([*squares, dense(n, 1)]),
    }


def main() -> None:
    """Print the formulas and the counts."""
    derivation = sb.backprop(NETWORK)
    show = printer_for(UNICODE, derivation.conventions, derivation.shapes)
    print("The network and its gradients")
    for node in NETWORK.inner:
        print(f"  {show(node.symbol)} = {show(node.expression)}")
    for delta in derivation.deltas.values():
        if delta.symbol is not None:
            print(f"  {show(delta.symbol)} = {show(delta.expression)}")
    for gradient in derivation.gradients.values():
        print(f"  {show(gradient.symbol)} = {show(gradient.chain)} = {show(gradient.expression)}")

    print("\nThe chain of Jacobians from L down to h₁, from the left a row times a matrix each time")
    chain = jacobian(NETWORK, "L", "h_1", chain=True)
    names = printer_for(UNICODE, derivation.conventions, chain.shapes)
    for factor in chain.factors:
        left, right = (names(NETWORK[name].symbol) for name in (factor.of, factor.by))
        print(f"  ∂{left}/∂{right} = {names(factor.expression)}")

    print("\nMultiplications for the gradient by W₁")
    print("    d    m    k               forward    reverse   ratio")
    for sizes in SIZES:
        for kind, cost in costs(*sizes).items():
            counts = f"{cost.forward.total:12}{cost.reverse.total:11}{cost.ratio:8.2f}"
            print("".join(f"{size:5}" for size in sizes) + f"  {kind:11}{counts}")

    print("\nMultiplications for a chain of Jacobians of n × n")
    print("  Jacobians    n                  forward    reverse")
    for length, n in CHAINS:
        for ends, cost in chains(length, n).items():
            print(f"{length:11}{n:5}  {ends:11}{cost.forward.total:13}{cost.reverse.total:11}")


if __name__ == "__main__":
    main()
