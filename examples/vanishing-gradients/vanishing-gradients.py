"""Five hidden layers, sigmoid or ReLU: the norm of the gradient in each layer.

`--plot FILE` draws the norms; the ending of the file says what as: .svg, .png, .pdf.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

import symbackprop as sb
from symbackprop.arrays.matrices import printer_for
from symbackprop.notation.unicode import UNICODE

HIDDEN, CLASSES, SEEDS = 5, 10, 20
ACTIVATIONS = {"sigmoid": "sigmoid", "relu": "ReLU"}
WIDTHS = (10, 50, 100)
LAYERS = range(1, HIDDEN + 2)


@cache
def derive(activation: str) -> sb.Derivation:
    """Five hidden layers of n units, k classes, softmax and cross-entropy, no biases."""
    lines = ["z_1 = W_1 @ x"]
    lines += [f"h_{i} = {activation}(z_{i}); z_{i + 1} = W_{i + 1} @ h_{i}" for i in range(1, HIDDEN + 1)]
    lines += [f"L = -sum(y*log_softmax(z_{HIDDEN + 1}))"]
    square = {f"W_{i}": ("n", "n") for i in range(1, HIDDEN + 1)}
    shapes = {"x": ("n",), "y": ("k",), **square, f"W_{HIDDEN + 1}": ("k", "n")}
    names = [f"W_{i}" for i in LAYERS]
    return sb.backprop(sb.Graph.from_equations("; ".join(lines), shapes=shapes, parameters=names))


@cache
def compiled(activation: str) -> sb.Compiled:
    """The network as a function of numbers."""
    return sb.compile(derive(activation))


def draw(width: int, seed: int) -> Mapping[str, Any]:
    """Weights from U[-0.5, 0.5], layer by layer, then an input from N(0, 1) and a class."""
    generator = np.random.default_rng(seed)
    units = [width] * (HIDDEN + 1) + [CLASSES]
    weights = {f"W_{i}": generator.uniform(-0.5, 0.5, (units[i], units[i - 1])) for i in LAYERS}
    x = generator.standard_normal(width)
    return {**weights, "x": x, "y": np.eye(CLASSES)[generator.integers(CLASSES)]}


def norms(activation: str, width: int, seed: int) -> list[float]:
    """The norm of ∂L/∂W in every layer, the first one first."""
    gradients = compiled(activation)(draw(width, seed)).gradients
    return [float(np.linalg.norm(gradients[f"W_{i}"])) for i in LAYERS]


@cache
def medians(activation: str, width: int) -> list[float]:
    """The median of the norms over the seeds."""
    found: list[float] = np.median([norms(activation, width, seed) for seed in range(SEEDS)], axis=0).tolist()
    return found


def decay(activation: str, width: int) -> float:
    """The median of the first layer's norm by the last one's."""
    found = [norms(activation, width, seed) for seed in range(SEEDS)]
    return float(np.median([one[0] / one[-1] for one in found]))


def largest_slope() -> Fraction:
    """σ'(0), the largest slope of the sigmoid."""
    slope = sb.backprop(sb.Graph.from_equations("a = sigmoid(z)", parameters=["z"])).gradients["z"].closed()
    return Fraction(str(slope.subs("z", 0).doit()))


def plot(file: str) -> None:
    """Draw the medians."""
    try:
        matplotlib = importlib.import_module("matplotlib")
    except ModuleNotFoundError:
        raise SystemExit("the plot needs matplotlib: pip install matplotlib") from None
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "symbackprop", "svg.fonttype": "none", "font.size": 10})
    matplotlib.rcParams["font.sans-serif"] = ["DejaVu Sans"]
    pyplot, ticker = map(importlib.import_module, ("matplotlib.pyplot", "matplotlib.ticker"))

    figure, panels = pyplot.subplots(1, len(WIDTHS), figsize=(8, 3.2), sharey=True, layout="constrained")
    for panel, width in zip(panels, WIDTHS, strict=True):
        for (activation, name), style in zip(ACTIVATIONS.items(), ("o-", "s--"), strict=True):
            panel.semilogy(LAYERS, medians(activation, width), style, label=name)
        panel.set_title(f"{width} units a layer", fontsize=10)
        panel.set_xlabel("layer")
        panel.set_xticks(LAYERS)
        panel.yaxis.set_minor_locator(ticker.NullLocator())
        panel.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("norm of the gradient")
    panels[0].legend()
    metadata = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}
    figure.savefig(file, dpi=120, metadata=metadata.get(file[-4:]))
    pyplot.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the formulas and the norms, or draw them."""
    parser = argparse.ArgumentParser(description="Vanishing gradients: sigmoid against ReLU.")
    parser.add_argument("--plot", metavar="FILE", help="draw the norms instead: .svg, .png, .pdf")
    file = parser.parse_args(arguments).plot
    if file:
        plot(file)
        return
    for activation, name in ACTIVATIONS.items():
        derivation = derive(activation)
        show = printer_for(UNICODE, derivation.conventions, derivation.shapes)
        print(f"{name}: deltas from the loss backwards, and the gradients")
        for delta in derivation.deltas.values():
            if delta.symbol is not None:
                print(f"  {show(delta.symbol)} = {show(delta.expression)}")
        for gradient in derivation.gradients.values():
            print(f"  {show(gradient.symbol)} = {show(gradient.expression)}")
        print()

    slope = largest_slope()
    print("σ'(z) is at most 1/4, so after so many layers the factor of the slopes is at most")
    print("  " + ", ".join(f"{count}: {slope**count}" for count in LAYERS))

    print(f"\nMedian norm of the gradient over {SEEDS} seeds, weights from U[-0.5, 0.5]")
    print("  units          " + "".join(f"{f'layer {i}':>11}" for i in LAYERS) + "   first/last")
    for width in WIDTHS:
        for activation, name in ACTIVATIONS.items():
            found = medians(activation, width)
            numbers = "".join(f"{one:11.6f}" for one in found)
            print(f"{width:7}  {name:8}{numbers}{decay(activation, width):13.6f}")


if __name__ == "__main__":
    main()
