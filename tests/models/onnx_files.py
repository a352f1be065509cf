"""Small files in the ONNX format, written node by node."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.problem import Problem


def onnx_or_skip() -> Any:
    """The library of the format, where it is installed."""
    return pytest.importorskip("onnx", reason="pip install 'symbackprop[onnx]'")


Node = tuple[str, str, Mapping[str, Any]]
"""Operator, `inputs -> outputs` and settings; an input `_` is left out."""


@dataclass(frozen=True)
class File:
    """A model whose input is x and whose output is out.

    Attributes:
        nodes: as ("Gemm", "x W b -> out", {"transB": 1}).
        arrays: those of the file, by name; floating numbers take the type `dtype`.
        constants: likewise those that are written into the program.
        shape: of the input; None: the file does not say it.
        opset: the version of the operators.
        dtype: of numbers.
        outputs: what comes out.
    """

    nodes: Sequence[Node]
    arrays: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    shape: Sequence[int | str | None] | None = ("batch", 3)
    opset: int = 17
    dtype: type[np.generic] = np.float64
    outputs: tuple[str, ...] = ("out",)

    def proto(self) -> Any:
        """As the library has it."""
        onnx = onnx_or_skip()
        helper = onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        nodes = [
            helper.make_node("Constant", [], [name], value=self._tensor(name, value))
            for name, value in self.constants.items()
        ]
        nodes += [self._node(place, *one) for place, one in enumerate(self.nodes)]
        graph = helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info("x", kind, self.shape)],
            [helper.make_tensor_value_info(name, kind, None) for name in self.outputs],
            [self._tensor(name, value) for name, value in self.arrays.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)

    def _node(self, place: int, word: str, text: str, settings: Mapping[str, Any]) -> Any:
        before, _, after = text.partition("->")
        inputs = ["" if one == "_" else one for one in before.split()]
        return onnx_or_skip().helper.make_node(word, inputs, after.split(), f"/{place}/{word}", **settings)

    def _tensor(self, name: str, value: Any) -> Any:
        array = np.asarray(value)
        typed = array.astype(self.dtype) if array.dtype.kind == "f" else array
        return onnx_or_skip().numpy_helper.from_array(typed, name=name)

    def written(self, folder: Path) -> Path:
        """As a file."""
        path = folder / "model.onnx"
        onnx_or_skip().save(self.proto(), str(path))
        return path

    def read(self, folder: Path, **options: Any) -> Problem:
        """The problem made of it."""
        problem: Problem = sb.from_onnx(self.written(folder), **options)
        return problem

    def output(self, inputs: Any) -> Any:
        """What ONNX's own evaluator gives."""
        reference = importlib.import_module("onnx.reference")
        return reference.ReferenceEvaluator(self.proto()).run(None, {"x": inputs})[0]
