"""Initial weights, drawn where a spec asks for them instead of giving numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from decimal import Decimal

from symbackprop.spec import LayerSection, NetworkSection

DIGITS = 4
"""Weights are drawn with so many decimals, so that what is printed is what is used."""

Draw = Callable[[random.Random, int, int], float]

INITIALS: Mapping[str, Draw] = {
    "glorot": lambda dice, inputs, units: _uniform(dice, math.sqrt(6 / (inputs + units))),
    "he": lambda dice, inputs, units: dice.gauss(0, math.sqrt(2 / inputs)),
    "lecun": lambda dice, inputs, units: dice.gauss(0, math.sqrt(1 / inputs)),
}
"""How one weight of a layer is drawn.

- glorot: uniform up to √(6/(inputs + units)); Glorot and Bengio (2010).
- he: normal with variance 2/inputs; He, Zhang, Ren and Sun (2015).
- lecun: normal with variance 1/inputs; LeCun, Bottou, Orr and Müller (1998).
"""


def _uniform(dice: random.Random, reach: float) -> float:
    return dice.uniform(-reach, reach)


def drawn(section: NetworkSection) -> NetworkSection:
    """The section with weights where it says `init`: those that are not given are drawn, biases are 0.

    The numbers depend on the seed and the widths alone, not on the notation.
    """
    if section.init is None or section.inputs is None:
        return section
    dice = random.Random(section.seed)
    layers = []
    width = section.inputs if isinstance(section.inputs, int) else len(section.inputs)
    for layer in section.layers:
        layers.append(_filled(layer, width, INITIALS[section.init], dice, section.examples == "rows"))
        width = layer.units
    return section.model_copy(update={"layers": layers})


def _filled(layer: LayerSection, inputs: int, draw: Draw, dice: random.Random, in_rows: bool) -> LayerSection:
    rows = [[_decimal(draw(dice, inputs, layer.units)) for _ in range(inputs)] for _ in range(layer.units)]
    if in_rows:
        rows = [list(column) for column in zip(*rows, strict=True)]
    bias = [Decimal(0)] * layer.units if layer.bias is None else layer.bias
    return layer.model_copy(update={"weight": layer.weight or rows, "bias": bias})


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.{DIGITS}f}")
