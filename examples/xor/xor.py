"""XOR: no linear model computes it; with the product of the inputs, or with one hidden layer, one does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import sympy
from sympy import Symbol

import symbackprop as sb
from symbackprop.analysis.optimum import Optimum, solve_for_optimum
from symbackprop.arrays.matrices import printer_for
from symbackprop.notation.unicode import UNICODE

INPUTS = list(product((0, 1), repeat=2))
LABELS = {"XOR": [0, 1, 1, 0], "XNOR": [1, 0, 0, 1]}

LINEAR = [[1, x1, x2] for x1, x2 in INPUTS]
WITH_PRODUCT = [[1, x1, x2, x1 * x2] for x1, x2 in INPUTS]

NETWORK = sb.Graph.from_equations(
    "z = X @ W + c; h = relu(z); f = h @ v; L = mean((f - y)**2)",
    shapes={"X": (4, 2), "W": (2, 2), "c": (2,), "v": (2,), "y": (4,)},
    parameters=["W", "c", "v"],
)
WEIGHTS = {"W": [[1, 1], [1, 1]], "c": [0, -1], "v": [1, -2]}
"""relu(x1 + x2) - 2 relu(x1 + x2 - 1)."""


def least_squares(features: Sequence[Sequence[int]]) -> Optimum:
    """The normal equations of the mean squared error over the four points."""
    width = len(features[0])
    shapes = {"Phi": (4, width), "w": (width,), "y": (4,)}
    return solve_for_optimum(sb.Graph.from_equations("L = mean((Phi @ w - y)**2)", shapes=shapes), "w")


def fit(features: Sequence[Sequence[int]], labels: Sequence[int]) -> tuple[list[Any], Any]:
    """The best weights and their mean squared error, exactly."""
    weights = least_squares(features).exactly({"Phi": features, "y": labels})
    errors = np.array(features, dtype=object) @ weights - np.array(labels, dtype=object)
    return list(weights), (errors @ errors) / sympy.Integer(4)


def run(labels: Sequence[int]) -> sb.Evaluation:
    """The network written by hand at the four points."""
    return sb.compile(sb.backprop(NETWORK))({"X": INPUTS, "y": labels, **WEIGHTS})


def opposite_corners() -> Any:
    """f(0,0) + f(1,1) - f(0,1) - f(1,0) of a linear f: 0, and 2 or -2 of the labels."""
    b, w1, w2 = sympy.symbols("b w_1 w_2")
    f = [b + w1 * x1 + w2 * x2 for x1, x2 in INPUTS]
    return sympy.expand(f[0] + f[3] - f[1] - f[2])


def doubled_input() -> Any:
    """f(x with x_1 doubled) - f(x) of a linear f: w_1 x_1."""
    graph = sb.Graph.from_equations("f = b + w_1*x_1 + w_2*x_2")
    f, x = sb.backprop(graph).closed(graph.output), Symbol("x_1")
    return sympy.expand(f.subs(x, 2 * x) - f)


def main() -> None:
    """Print the formulas and the numbers."""
    optimum = least_squares(LINEAR)
    show = printer_for(UNICODE, sb.Conventions(), optimum.shapes)
    print("A linear model of features Φ, L = mean((Φ w - y)²)")
    for step in optimum.steps:
        print(f"  {step.name + ':':17}{show(step.left)} = {show(step.right)}")
    print(f"\nOf any linear f, f(0,0) + f(1,1) - f(0,1) - f(1,0) = {opposite_corners()}; of XOR it is -2.")
    for name, labels in LABELS.items():
        print(f"\n{name} {labels}")
        for features, of in ((LINEAR, "1, x₁, x₂"), (WITH_PRODUCT, "1, x₁, x₂, x₁x₂")):
            weights, error = fit(features, labels)
            print(f"  weights of {of + ':':17}{', '.join(map(str, weights))}; mean squared error {error}")

    derivation = sb.backprop(NETWORK)
    show = printer_for(UNICODE, derivation.conventions, derivation.shapes)
    print("\nOne hidden layer")
    for node in NETWORK.inner:
        print(f"  {show(node.symbol)} = {show(node.expression)}")
    for gradient in derivation.gradients.values():
        parts = map(show, (gradient.symbol, gradient.chain, gradient.expression))
        print(f"  {' = '.join(dict.fromkeys(parts))}")
    found = run(LABELS["XOR"])
    print(f"with W = {WEIGHTS['W']}, c = {WEIGHTS['c']}, v = {WEIGHTS['v']}")
    print(f"  f = {found.values['f'].tolist()}, L = {found.values['L']}")
    print(f"  largest entry of the gradients: {max(np.abs(one).max() for one in found.gradients.values())}")


if __name__ == "__main__":
    main()
