"""Polynomial features, least squares and ridge regression: gradient, Hessian, normal equations, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import comb
from typing import Any

import numpy as np
import sympy
from mpmath import mp
from sympy import Matrix, Rational

import symbackprop as sb
from symbackprop.analysis.optimum import Optimum, solve_for_optimum
from symbackprop.arrays.matrices import printer_for
from symbackprop.notation.unicode import UNICODE

SHAPES = {"Phi": ("n", "k"), "w": ("k",), "y": ("n",)}
LOSSES = {
    "least squares": "r = y - Phi @ w; L = mean(r**2)",
    "ridge, mean of squares": "r = y - Phi @ w; L = mean(r**2) + lambda*sum(w**2)",
    "ridge, sum of squares": "r = y - Phi @ w; L = sum(r**2) + lambda*sum(w**2)",
}
LEAST, MEAN, SUM = LOSSES
POINTS = {"x": [0, 1, 2, 3], "y": [1, 0, 2, 5]}
STRENGTHS = (Rational(1, 10), Rational(1), Rational(100))
DIGITS = 60
Weights = list[sympy.Rational]


@cache
def graph(loss: str) -> sb.Graph:
    """The loss of w."""
    return sb.Graph.from_equations(LOSSES[loss], shapes=SHAPES, parameters=["w"])


@cache
def optimum(loss: str) -> Optimum:
    """Where its gradient is zero."""
    return solve_for_optimum(graph(loss), "w")


def features(x: Sequence[Any], degree: int) -> list[list[Any]]:
    """1, x, x², … of every point."""
    return [[sympy.sympify(one) ** power for power in range(degree + 1)] for one in x]


def weights(loss: str, phi: Sequence[Sequence[Any]], y: Sequence[Any], strength: Any = None) -> Weights:
    """The best weights, exactly."""
    given = {"Phi": phi, "y": y} | ({} if strength is None else {"lambda": strength})
    return list(optimum(loss).exactly(given))


def at(loss: str, found: Weights, strength: Any) -> sb.Evaluation:
    """The loss and its gradient over `POINTS` at some weights."""
    phi = np.array(features(POINTS["x"], 2), dtype=float)
    values = {"Phi": phi, "y": POINTS["y"], "w": [float(one) for one in found], "lambda": float(strength)}
    return sb.compile(sb.backprop(graph(loss)))(values)


def small(loss: str, strength: Any = None) -> Weights:
    """The best parabola through `POINTS`."""
    return weights(loss, features(POINTS["x"], 2), POINTS["y"], strength)


def without_bound() -> Weights:
    """The limit of the ridge weights as λ grows."""
    strength, phi = sympy.Symbol("lambda", positive=True), Matrix(features(POINTS["x"], 2))
    square = phi.T * phi + phi.rows * strength * sympy.eye(phi.cols)
    return [sympy.limit(one, strength, sympy.oo) for one in square.LUsolve(phi.T * Matrix(POINTS["y"]))]


def decimal(value: Any) -> sympy.Rational:
    """Sixty digits of a number of mpmath, as a fraction."""
    return Rational(mp.nstr(value, DIGITS))


@cache
def sine() -> tuple[list[Any], list[Any]]:
    """Ten points of sin(2πx) between 0 and 1, as in Bishop's example."""
    with mp.workdps(DIGITS + 10):
        return [Rational(i, 9) for i in range(10)], [decimal(mp.sin(2 * mp.pi * i / 9)) for i in range(10)]


@cache
def polynomial(degree: int, loss: str = LEAST, log_strength: int | None = None) -> Weights:
    """The best polynomial through the points of the sine; λ is given by its logarithm."""
    x, y = sine()
    with mp.workdps(DIGITS + 10):
        strength = None if log_strength is None else decimal(mp.exp(log_strength))
    return weights(loss, features(x, degree), y, strength)


def error(degree: int) -> sympy.Rational:
    """The mean squared error of the best polynomial."""
    x, y = sine()
    errors = Matrix(features(x, degree)) * Matrix(polynomial(degree)) - Matrix(y)
    return errors.dot(errors) / len(x)


def condition(degree: int) -> Any:
    """The condition number of Φ: its largest singular value by its smallest."""
    with mp.workdps(DIGITS):
        rows = [[mp.mpf(one.p) / one.q for one in row] for row in features(sine()[0], degree)]
        values = mp.svd_r(mp.matrix(rows), compute_uv=False)
        return max(values) / min(values)


def rank(degree: int) -> int:
    """The rank of ΦᵀΦ."""
    phi = Matrix(features(sine()[0], degree))
    return int((phi.T * phi).rank())


def monomials(inputs: int, degree: int) -> int:
    """How many products of powers of some inputs have at most this degree in all."""
    return comb(inputs + degree, degree)


def listed(found: Sequence[Any]) -> str:
    """Weights, exactly."""
    return ", ".join(map(str, found))


def main() -> None:
    """Print the formulas and the numbers."""
    for loss in LOSSES:
        solved = optimum(loss)
        show = printer_for(UNICODE, sb.Conventions(), solved.shapes)
        print(loss.capitalize())
        for node in graph(loss).inner:
            print(f"  {show(node.symbol)} = {show(node.expression)}")
        for step in solved.steps:
            print(f"  {step.name + ':':17}{show(step.left)} = {show(step.right)}")
        print(f"  {'Hessian:':17}{show(solved.hessian)}\n")

    print(f"A parabola through x = {POINTS['x']}, y = {POINTS['y']}")
    print(f"  least squares: {listed(small(LEAST))}")
    for strength in STRENGTHS:
        print(f"  λ = {strength}")
        for loss in (MEAN, SUM):
            found = small(loss, strength)
            result = at(MEAN, found, strength)
            gradient = ", ".join(f"{one:.6f}" for one in result.gradients["w"].round(12) + 0.0)
            print(f"    {loss}: {listed(found)}")
            print(f"      the mean's L = {float(result.values['L']):.6f}, its gradient is {gradient}")
    print(f"  λ → ∞: {listed(without_bound())}")

    print("\nPolynomials through ten points of sin(2πx)")
    print("  degree  mean squared error  largest weight  condition of Φ")
    for degree in (0, 1, 3, 9):
        largest = float(max(map(abs, polynomial(degree))))
        mean, ill = float(error(degree)), float(condition(degree))
        print(f"{degree:8}{mean:20.10f}{largest:16.6f}{ill:16.6g}")
    print(f"  degree 10: ΦᵀΦ has 11 columns and the rank {rank(10)}, so no single solution")
    for logarithm in (-18, 0):
        for loss in (MEAN, SUM):
            largest = float(max(map(abs, polynomial(9, loss, logarithm))))
            print(f"  degree 9, ln λ = {logarithm}, {loss}: largest weight {largest:.6f}")

    degrees = (1, 2, 3, 5, 9)
    print("\nMonomials of at most a degree")
    print("  inputs" + "".join(f"{f'M = {degree}':>15}" for degree in degrees))
    for inputs in (1, 2, 3, 10, 100):
        print(f"{inputs:8}" + "".join(f"{monomials(inputs, degree):15}" for degree in degrees))


if __name__ == "__main__":
    main()
