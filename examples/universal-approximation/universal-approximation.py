"""A network built by hand: steps, bins of two steps, and any function as bins side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from mpmath import mp

import symbackprop as sb
from symbackprop.arrays.matrices import printer_for
from symbackprop.notation.unicode import UNICODE

STEP = sb.Graph.from_equations("z = w*(x - s); f = a*sigmoid(z)", parameters=["x"])
BIN = sb.Graph.from_equations(
    "f = a*sigmoid(w*(x - s + Delta/2)) - a*sigmoid(w*(x - s - Delta/2))", parameters=["x"]
)
TWO_BINS = sb.Graph.from_equations(
    " + ".join(
        f"a_{i}*sigmoid(w*(x - s_{i} + Delta_{i}/2)) - a_{i}*sigmoid(w*(x - s_{i} - Delta_{i}/2))"
        for i in (1, 2)
    ),
    parameters=["x"],
)
TWO = {"a_1": 1, "s_1": 0.25, "Delta_1": 0.2, "a_2": -0.5, "s_2": 0.75, "Delta_2": 0.3, "w": 10**4}
NETWORK = sb.Graph.from_equations(
    "h = sigmoid(w*(x[:, None] - e)); f = h @ v; L = mean((f - y)**2)",
    shapes={"x": ("n",), "e": ("k",), "v": ("k",), "y": ("n",)},
    parameters=["v", "e"],
)
"""n inputs, k = 2m hidden units with their steps at e and their heights v, and the error that trains it."""

W = 10**4
"""Steep enough for a step."""

GRID = 4000
INTERVALS = {"[0, 1]": (0, 1), "[-10, 10]": (-10, 10)}
BINS = (5, 15, 50)


def value(graph: sb.Graph, **given: float) -> float:
    """The output of a graph of numbers."""
    return float(sb.compile(sb.backprop(graph))(given).values["f"])


@dataclass(frozen=True)
class Bins:
    """An interval cut into bins of equal width.

    Attributes:
        low: where it begins.
        width: of a bin.
        count: of the bins.
    """

    low: Fraction
    width: Fraction
    count: int

    @property
    def edges(self) -> list[Fraction]:
        """Where the bins begin and end."""
        return [self.low + place * self.width for place in range(self.count + 1)]

    @property
    def centres(self) -> list[Fraction]:
        """The middles: low + (i - 1/2) Δ."""
        return [edge + self.width / 2 for edge in self.edges[:-1]]

    @property
    def heights(self) -> list[Any]:
        """The mean of sin(x)/x over each bin: (Si(right) - Si(left)) / Δ."""
        with mp.workdps(50):
            integrals = [mp.si(mp.mpf(edge.numerator) / edge.denominator) for edge in self.edges]
            width = mp.mpf(self.width.numerator) / self.width.denominator
            return [(right - left) / width for left, right in pairwise(integrals)]

    @property
    def weights(self) -> Mapping[str, Any]:
        """Two hidden units a bin, one step up and one down."""
        heights = [float(height) for height in self.heights]
        ends = [float(edge) for edge in self.edges]
        return {"e": np.array(ends[:-1] + ends[1:]), "v": np.array(heights + [-one for one in heights])}


def bins(interval: tuple[int, int], count: int) -> Bins:
    """An interval in so many bins."""
    low, high = interval
    return Bins(Fraction(low), Fraction(high - low, count), count)


def network(cut: Bins, points: Sequence[float]) -> sb.Evaluation:
    """The network at some points."""
    x = np.array(points, dtype=float)
    given = {"x": x, "y": np.sinc(x / np.pi), "w": W, **cut.weights}
    return sb.compile(sb.backprop(NETWORK))(given)


def errors(cut: Bins) -> dict[str, float]:
    """How far the steps are from sin(x)/x as w grows: at the midpoints of a grid of 4000 cells."""
    places = (np.arange(GRID) + 0.5) / GRID
    x = float(cut.low) + float(cut.width * cut.count) * places
    heights = np.array([float(height) for height in cut.heights])
    error = np.abs(heights[(places * cut.count).astype(int)] - np.sinc(x / np.pi))
    return {
        "largest": float(error.max()),
        "rms": float(np.sqrt((error**2).mean())),
        "mean": float(error.mean()),
    }


def at_the_edges(cut: Bins) -> float:
    """The largest error as w grows, where the function falls or rises throughout every bin."""
    ends = np.sinc(np.array([float(edge) for edge in cut.edges]) / np.pi)
    heights = np.array([float(height) for height in cut.heights])
    return float(max(np.abs(heights - ends[:-1]).max(), np.abs(heights - ends[1:]).max()))


def formulas(graph: sb.Graph) -> Iterator[str]:
    """The forward pass and the gradients, line by line."""
    derivation = sb.backprop(graph)
    show = printer_for(UNICODE, derivation.conventions, derivation.shapes)
    for node in graph.inner:
        yield f"  {show(node.symbol)} = {show(node.expression)}"
    for gradient in derivation.gradients.values():
        forms = [gradient.symbol, gradient.chain, gradient.expression]
        parts = map(show, forms if derivation.is_array else [*forms, gradient.closed()])
        yield f"  {' = '.join(dict.fromkeys(parts))}"


def main() -> None:
    """Print the formulas and the figures."""
    print("A step at s", *formulas(STEP), sep="\n")
    for slope in (1, 10, W):
        result = sb.compile(sb.backprop(STEP))({"a": 2, "s": 0.5, "w": slope, "x": 0.5})
        middle, steep = float(result.values["f"]), float(result.gradients["x"])
        print(f"  a = 2, s = 0.5, w = {slope}: at s the value is {middle:g} and the slope a w/4 = {steep:g}")

    print("\nA bin around s of the width Δ: up at s - Δ/2, down at s + Δ/2", *formulas(BIN), sep="\n")
    one = {"a": 2, "s": 0.5, "Delta": 0.4, "w": W}
    shown = ", ".join(f"f({x}) = {value(BIN, x=x, **one):g}" for x in (0.2, 0.3, 0.5, 0.7, 0.8))
    print(f"  a = 2, s = 0.5, Δ = 0.4, w = {W}: {shown}")

    print("\nTwo bins: a = 1 around 0.25 and a = -0.5 around 0.75")
    shown = ", ".join(f"f({x}) = {value(TWO_BINS, x=x, **TWO):g}" for x in (0, 0.25, 0.5, 0.75, 1))
    print(f"  {shown}")

    print("\nm bins: 2m hidden units", *formulas(NETWORK), sep="\n")
    print(f"\nsin(x)/x by the network, w = {W}")
    print("  interval    m  units  f(middle)  largest error    rms error   mean error")
    for name, interval in INTERVALS.items():
        for count in BINS:
            cut, found = bins(interval, count), errors(bins(interval, count))
            middle = float(network(cut, [float(cut.centres[count // 2])]).values["f"][0])
            numbers = "".join(f"{found[of]:13.8f}" for of in ("largest", "rms", "mean"))
            print(f"  {name:9}{count:4}{2 * count:7}{middle:11.6f}  {numbers}")
    ends = ", ".join(f"{at_the_edges(bins(INTERVALS['[0, 1]'], count)):.10f}" for count in BINS)
    print(f"On [0, 1] the function falls, and no error is larger than at the edges: {ends}")


if __name__ == "__main__":
    main()
