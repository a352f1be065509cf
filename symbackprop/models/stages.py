"""What a reader finds in a model, in no library's terms: its arrays, and its layers one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbackprop.errors import ModelError
from symbackprop.models.layers import LAYERS, LayerKind, Option

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tensor:
    """An array of a model.

    Attributes:
        name: in the model.
        numbers: its entries, widened to doubles, which changes none of them.
        is_trained: whether training moves it; else it is a constant.
    """

    name: str
    numbers: Numbers = field(repr=False)
    is_trained: bool = True


@dataclass(frozen=True)
class Stage:
    """One layer of a model with all that it is given.

    Attributes:
        layer: its name in `LAYERS`.
        output: by which later stages know its value.
        inputs: for the braces of its equations, the values that go in.
        tensors: likewise the arrays.
        options: likewise numbers, axes and shapes.
        place: where it stands in the model, for messages.
        width: the length of the last axis of what goes in, where the layer says it.
    """

    layer: str
    output: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    options: Mapping[str, Option] = field(default_factory=dict)
    place: str = ""
    width: int | None = None

    @property
    def kind(self) -> LayerKind:
        """Its layer."""
        return LAYERS[self.layer]


@dataclass(frozen=True)
class Model:
    """A model as a reader found it.

    Attributes:
        stages: its layers, each after those whose values it takes.
        input: the value that goes in, as the stages know it; `output` is that which comes out.
    """

    stages: tuple[Stage, ...]
    input: str
    output: str

    def reduced(self) -> Model:
        """The same model without layers that hand their input on, and without what nothing comes of."""
        meant: dict[str, str] = {}
        kept = []
        for stage in self.stages:
            inputs = {slot: meant.get(key, key) for slot, key in stage.inputs.items()}
            if stage.layer == "identity" and "x" in inputs:
                meant[stage.output] = inputs["x"]
            else:
                kept.append(replace(stage, inputs=inputs))
        output = meant.get(self.output, self.output)
        needed = {output}
        for stage in reversed(kept):
            if stage.output in needed:
                needed.update(stage.inputs.values())
        return Model(tuple(stage for stage in kept if stage.output in needed), self.input, output)


def typed(value: Any) -> str:
    """A number of a model as somebody typed it: the shortest decimal that is read as it.

    >>> typed(6.0), typed(1e-5), typed(np.float32(0.01))
    ('6', '1e-05', '0.01')
    """
    number = float(str(value))
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def checked_numbers(name: str, numbers: Numbers) -> Numbers:
    """The entries of an array, which are all finite.

    Raises:
        ModelError: one is not, or there is none.
    """
    if not numbers.size:
        raise ModelError(f"{name} has no entries", fix="leave the layer out")
    if not np.isfinite(numbers).all():
        raise ModelError(
            f"{name} holds {'NaN' if np.isnan(numbers).any() else 'infinity'}",
            fix="train the model again, with a smaller learning rate",
        )
    return numbers
