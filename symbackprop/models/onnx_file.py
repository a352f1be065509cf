"""A file in the ONNX format -> its graph, checked; nothing in it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbackprop.errors import ModelError, OptionError

Proto = Any

OLDEST = 7
"""Older versions of the operators broadcast in other ways."""

PROGRAMS = (".pt", ".pth", ".pkl", ".pickle", ".joblib", ".ckpt")
"""Endings of files whose reading runs what stands in them."""


def read_onnx(path: str | Path) -> Proto:
    """The model in a file, its arrays loaded.

    Raises:
        OptionError: the library that reads the format is not installed.
        ModelError: the file cannot be read, or is no model.
    """
    place = Path(path)
    refuse_program(place)
    onnx = _library()
    try:
        content = place.read_bytes()
    except OSError:
        raise ModelError(f"{place.name} cannot be read", where=str(path), fix="check the path") from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception:
        # The message is of protobuf, and of no use to a reader.
        raise _no_model(place) from None
    if not model.graph.node or not _is_readable(model.graph):
        raise _no_model(place)
    _check_versions(onnx, model, place)
    _load_arrays(onnx, model, place)
    return model


def refuse_program(place: Path) -> None:
    """A pickle is refused: reading it runs what stands in it.

    Raises:
        ModelError: the file is one.
    """
    if place.suffix.lower() in PROGRAMS:
        raise ModelError(
            f"{place.name} is a pickle, and reading a pickle runs whatever program it holds",
            where=str(place),
            known="models are read from .onnx files",
            fix="write it with torch.onnx.export, or load it yourself and call sb.from_torch(model)",
        )


def check_onnx(model: Proto) -> None:
    """The model keeps the rules of the format.

    Raises:
        ModelError: it does not; the message of the format's own checker is told.
    """
    onnx = _library()
    for value in (*model.graph.input, *model.graph.output):
        # The checker wants a shape where the runtimes do without; it does not look at which.
        value.type.tensor_type.shape.SetInParent()
    try:
        onnx.checker.check_model(model)
    except Exception as error:
        first = next(iter(str(error).splitlines()), "")
        what = "the model does not keep the rules of ONNX"
        raise ModelError(what, known=first, fix="export it anew") from None


def opset(model: Proto) -> int:
    """The version of the operators."""
    return max((int(one.version) for one in model.opset_import if one.domain in ("", "ai.onnx")), default=1)


def attributes(node: Proto) -> dict[str, Any]:
    """The settings of a node, by their names; texts as texts."""
    onnx = _library()
    found = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in found.items()
    }


def array(tensor: Proto) -> NDArray[Any]:
    """The entries of an array of the file.

    Raises:
        ModelError: they are broken, or no real numbers.
    """
    onnx = _library()
    try:
        found = np.asarray(onnx.numpy_helper.to_array(tensor))
        # What NumPy has no type for (bfloat16 and its kin) stands in types of its own, which widen.
        return found if found.dtype.kind in "iub" else _real(found)
    except Exception:
        # What the library raises at broken bytes differs from one kind of numbers to the next.
        raise ModelError(
            "an array of the file cannot be read", where=f"the array {tensor.name}", fix="export it anew"
        ) from None


def _real(found: NDArray[Any]) -> NDArray[Any]:
    if found.dtype.kind == "f":
        return found
    if found.dtype.kind == "c":
        raise TypeError
    return found.astype(np.float32)


def sizes(value: Proto) -> list[int | str | None] | None:
    """The axes of a graph's input: a length, a name, or None; no list where even their number is not said."""
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return [int(one.dim_value) if one.dim_value > 0 else one.dim_param or None for one in kind.shape.dim]


def _library() -> Any:
    try:
        import onnx
    except ImportError:
        raise OptionError(
            "models in ONNX need onnx", where="reading a model", fix="pip install 'symbackprop[onnx]'"
        ) from None
    return onnx


def _no_model(place: Path) -> ModelError:
    return ModelError(
        f"{place.name} is no model in ONNX", where=str(place), fix="write it with torch.onnx.export"
    )


def _is_readable(graph: Proto) -> bool:
    """Whether all names are text; what is not UTF-8 is handed out as bytes."""
    names = [one.name for one in (*graph.node, *graph.initializer, *graph.input, *graph.output)]
    for node in graph.node:
        names += [node.op_type, node.domain, *node.input, *node.output, *(one.name for one in node.attribute)]
    return all(isinstance(name, str) for name in names)


def _check_versions(onnx: Any, model: Proto, place: Path) -> None:
    version, newest = opset(model), int(onnx.defs.onnx_opset_version())
    if not OLDEST <= version <= newest:
        raise ModelError(
            f"{place.name} is written in opset {version}",
            where=str(place),
            known=f"{OLDEST} to {newest} are read",
            fix="pip install -U onnx" if version > newest else "export it with opset_version=17",
        )


def _load_arrays(onnx: Any, model: Proto, place: Path) -> None:
    """Arrays that stand in files beside the model; the library refuses paths that lead elsewhere."""
    tensors = [one for one in model.graph.initializer if onnx.external_data_helper.uses_external_data(one)]
    for tensor in tensors:
        try:
            onnx.external_data_helper.load_external_data_for_tensor(tensor, str(place.parent))
        except Exception:
            raise ModelError(
                f"the file that holds the array {tensor.name} cannot be read",
                where=str(place),
                fix="put it beside the model, or export with external_data=False",
            ) from None
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]
