"""A node of an ONNX graph with what stands in the file about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbackprop.errors import ModelError
from symbackprop.models.layers import Option
from symbackprop.models.stages import Stage, Tensor, checked_numbers, typed


@dataclass(frozen=True, eq=False)
class Constant:
    """An array that stands in the file.

    Attributes:
        name: in the file.
        entries: its numbers.
        is_literal: it was written into the program, and is no parameter.
    """

    name: str
    entries: NDArray[Any]
    is_literal: bool

    @property
    def is_number(self) -> bool:
        """Whether it is one number of a formula."""
        return self.entries.ndim == 0 or (self.is_literal and self.entries.size == 1)

    def tensor(self, *, is_trained: bool = True) -> Tensor:
        """It as an array of the model."""
        with np.errstate(invalid="ignore"):
            numbers = self.entries.astype(np.float64)
        checked = checked_numbers(self.name, numbers)
        return Tensor(self.name, checked, is_trained=is_trained and not self.is_literal)


@dataclass(frozen=True, eq=False)
class Operation:
    """A node of the file's graph.

    Attributes:
        word: its operator.
        inputs: the names of what it takes, empty where something is left out.
        output: the name of what it gives.
        settings: its attributes.
        constants: the arrays of the file, by name.
        opset: the version of the operators.
        place: where it stands, for messages.
    """

    word: str
    inputs: tuple[str, ...]
    output: str
    settings: Mapping[str, Any]
    constants: Mapping[str, Constant]
    opset: int
    place: str

    def has(self, place: int) -> bool:
        """Whether its input of this place is there."""
        return place < len(self.inputs) and bool(self.inputs[place])

    def is_array(self, place: int) -> bool:
        """Whether its input of this place stands in the file, and is more than a number."""
        found = self.constants.get(self.inputs[place])
        return found is not None and not found.is_number

    def constant(self, place: int) -> NDArray[Any] | None:
        """The entries of an input that must stand in the file; none where it is left out.

        Raises:
            ModelError: it is computed.
        """
        if not self.has(place):
            return None
        name = self.inputs[place]
        if name not in self.constants:
            what = f"{self.word} takes {name!r}, which is computed on the way"
            raise ModelError(what, fix="export with fixed shapes; only the first axis may be dynamic")
        return self.constants[name].entries

    def number(self, name: str, usual: float) -> str:
        """A setting as it was typed."""
        return typed(np.float32(self.settings.get(name, usual)))

    def whole(self, name: str, usual: int) -> int:
        """A setting that is a whole number."""
        return int(self.settings.get(name, usual))

    def stage(
        self,
        layer: str,
        slots: str = "x",
        options: Mapping[str, Option] | None = None,
        constants: Sequence[str] = (),
    ) -> Stage:
        """The layer that it is.

        Args:
            layer: its name in `LAYERS`.
            slots: the words in braces that its inputs stand for, in their order.
            options: numbers, axes and shapes.
            constants: the slots of arrays that training does not move.
        """
        inputs: dict[str, str] = {}
        tensors: dict[str, Tensor] = {}
        numbers: dict[str, Option] = dict(options or {})
        for place, slot in enumerate(slots.split()):
            found = self.constants.get(self.inputs[place]) if self.has(place) else None
            if found is None and self.has(place):
                inputs[slot] = self.inputs[place]
            elif found is not None and found.is_number:
                numbers[slot] = self.literal(found.entries)
            elif found is not None:
                tensors[slot] = found.tensor(is_trained=slot not in constants)
        return Stage(layer, self.output, inputs, tensors, numbers, self.place)

    def whole_numbers(self, name: str, place: int) -> tuple[int, ...] | None:
        """Axes or sizes, an attribute in older versions, an input in newer ones; none where left out.

        Raises:
            ModelError: they are no list of whole numbers, or computed.
        """
        given = self.settings.get(name)
        found = self.constant(place) if given is None else np.asarray(given, dtype=np.int64)
        if found is None:
            return None
        if found.dtype.kind not in "iu" or found.ndim > 1:
            raise ModelError(f"{name} of {self.word} are no whole numbers", fix="export it anew")
        return tuple(int(one) for one in found.reshape(-1))

    def one(self, place: int) -> Any:
        """An input that is one number and stands in the file, of its own type; None where it is left out.

        Raises:
            ModelError: it is more than one, or computed.
        """
        found = self.constant(place)
        if found is None:
            return None
        if found.size != 1 or found.dtype.kind not in "biuf":
            raise ModelError(f"{self.inputs[place]!r} is not one number", fix="export it anew")
        return found.reshape(())[()]

    def literal(self, entries: Any) -> str:
        """One number as it was typed.

        Raises:
            ModelError: it is not finite, or no number.
        """
        value = np.asarray(entries).reshape(())[()]
        if value.dtype.kind not in "iuf" or not np.isfinite(value):
            raise ModelError(f"a constant of {self.word} is {value}", fix="leave it out")
        return typed(value)
