"""The spec file: its TOML, validated; unknown keys are refused with a suggestion, all mistakes at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from symbackprop.conventions import Conventions
from symbackprop.errors import SpecError, did_you_mean, listing, raise_all
from symbackprop.exact import is_ordinary

LARGEST_FILE = 50_000_000


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("should be a number")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("should be a finite number")
    if not is_ordinary(number):
        raise ValueError("should be a number of at most 40 digits between 1e-308 and 1e308")
    return number


def _numbers(value: Any, path: str = "") -> Any:
    """A number, or a list or a list of lists of them."""
    if isinstance(value, list):
        return [_numbers(one, f"{path}[{place}]") for place, one in enumerate(value)]
    try:
        return _number(value)
    except ValueError as error:
        raise PydanticCustomError("number", str(error), {"inside": path}) from None


def _bias(value: Any) -> Any:
    if value is False or value is None:
        return value
    if not isinstance(value, list):
        raise ValueError("should be a list of numbers, or false")
    return _numbers(value)


Number = Annotated[Decimal, BeforeValidator(_number)]
Positive = Annotated[Number, Field(gt=0)]
Share = Annotated[Number, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Width = Annotated[int, Field(ge=1, le=100_000)]


_NUMBERS_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "array"}]}
_BIAS_SCHEMA = {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"const": False}]}


class Section(BaseModel):
    """A table of the file; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class GraphSection(Section):
    """`[graph]`: named equations."""

    equations: str
    output: str | None = None
    granularity: Literal["equations", "operations"] = "equations"


class Symbols(Section):
    """The letters of one layer."""

    weight: str | None = None
    bias: str | None = None
    preactivation: str | None = None
    output: str | None = None
    delta: str | None = None


class LayerSection(Section):
    """`[[network.layers]]`: one fully connected layer."""

    units: Width
    activation: str | None = None
    alpha: Number | None = None
    symbols: Symbols = Symbols()
    weight: list[list[Number]] | None = None
    bias: Annotated[Any, BeforeValidator(_bias), WithJsonSchema(_BIAS_SCHEMA)] = None


def _widths_too(schema: dict[str, Any]) -> None:
    """The published schema says that a list of widths will do."""
    layers = schema["properties"]["layers"]
    widths = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2}
    schema["properties"]["layers"] = {"anyOf": [layers, widths]}


class NetworkSection(Section):
    """`[network]`: layers, or only their widths with the inputs first."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_widths_too)

    notation: Literal["component", "indexed", "matrix"] = "component"
    examples: Literal["columns", "rows"] = "columns"
    batch: bool | None = None
    inputs: Width | list[str] | None = None
    targets: Width | list[str] | None = None
    activation: str = "sigmoid"
    init: Literal["glorot", "he", "lecun"] | None = None
    seed: int = 0
    layers: list[LayerSection] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _widths(cls, values: Any) -> Any:
        """`layers = [3, 3, 2, 1]` is three inputs and layers of 3, 2 and 1 units."""
        layers = values.get("layers") if isinstance(values, dict) else None
        if isinstance(layers, list) and len(layers) > 1 and all(type(width) is int for width in layers):
            first, *rest = layers
            return {"inputs": first, **values, "layers": [{"units": width} for width in rest]}
        return values


class PenaltySection(Section):
    """`[[loss.penalties]]`: λ · factor · Σ |w| or w²."""

    name: Literal["l1", "l2"]
    strength: Number | None = None
    symbol: str = "lambda"
    factor: Number = Decimal(1)
    bias: bool = False
    per_example: bool = False


class LossSection(Section):
    """`[loss]`: what is minimised."""

    name: str
    symbol: str = "L"
    factor: Positive = Decimal(1)
    reduction: Literal["mean", "sum"] = "mean"
    delta: Positive | None = None
    penalties: list[PenaltySection] = []


class TrainingSection(Section):
    """`[training]`: how the parameters are updated."""

    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rate: Positive
    symbol: str = "eta"
    batch_size: Count = 1
    order: list[Count] = []
    shuffle: bool = False
    seed: int = 0
    steps: Count | None = None
    epochs: Count | None = None
    momentum: Share = Decimal(0)
    nesterov: bool = False
    beta_1: Share = Decimal("0.9")
    beta_2: Share = Decimal("0.999")
    epsilon: Positive = Decimal("1e-8")
    weight_decay: Annotated[Number, Field(ge=0)] = Decimal(0)


class DataSection(Section):
    """`[data]`: rows, or a file beside the spec; .npy, .parquet and a `stream` are not read as a whole."""

    columns: list[str] | None = None
    rows: list[list[Number]] | None = None
    file: str | None = None
    stream: bool = False
    inputs: dict[str, str] = {}
    arrays: dict[str, str | list[str]] = {}


Sizes = list[str | Annotated[int, Field(ge=1)]]
Values = dict[str, Annotated[Any, BeforeValidator(_numbers), WithJsonSchema(_NUMBERS_SCHEMA)]]


class Spec(Section):
    """The whole file."""

    title: str = ""
    graph: GraphSection | None = None
    network: NetworkSection | None = None
    loss: LossSection | None = None
    parameters: Values = {}
    inputs: Values = {}
    targets: Values = {}
    shapes: dict[str, Sizes] = {}
    training: TrainingSection | None = None
    data: DataSection | None = None
    conventions: Conventions = Conventions()


def read_spec(text: str, label: str) -> Spec:
    """The spec in a text.

    Args:
        text: TOML.
        label: the file's name, for messages.

    Raises:
        SpecError: the text is no TOML, or is not a spec; `Mistakes` where there are several.
    """
    if not text.strip():
        raise SpecError(
            "the spec is empty",
            where=label,
            fix="see examples/minimal/minimal.toml for the least that makes one",
        )
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        told = isinstance(error, tomllib.TOMLDecodeError)
        reason = str(error) if told else "a number, or the nesting, is too large"
        fix = "compare with a file of examples/"
        raise SpecError(f"this is not TOML: {reason}", where=label, fix=fix) from None
    try:
        return Spec.model_validate(content)
    except ValidationError as error:
        raise_all(_mistakes(error, content, label))
        raise


def read_file(path: Path) -> str:
    """The text of a file.

    Raises:
        SpecError: there is no such file, or it is no text.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SpecError(f"{path.name} is larger than {LARGEST_FILE // 1_000_000} MB", where=str(path))
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = (
            did_you_mean(path.name, [one.name for one in path.parent.glob("*.toml")])
            if path.parent.is_dir()
            else ""
        )
        raise SpecError(
            f"there is no file {path.name}", where=str(path), fix=near or "check the path"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        raise SpecError(f"{path.name} {reason}", where=str(path), fix="give a TOML file") from None


def _mistakes(error: ValidationError, content: Any, label: str) -> list[SpecError]:
    """One mistake for each place in the file, however many alternatives pydantic tried there."""
    found: dict[str, list[Any]] = {}
    for entry in error.errors(include_url=False):
        inside = entry.get("ctx", {}).get("inside", "")
        found.setdefault(_path(entry["loc"], content, entry["type"]) + inside, []).append(entry)
    return [_mistake(path, entries, label) for path, entries in found.items()]


def _path(location: Sequence[int | str], content: Any, kind: str) -> str:
    """The path into the file, without the names of alternatives that pydantic puts into it."""
    path, here = "", content
    for place, step in enumerate(location):
        last = place == len(location) - 1
        inside = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int)
        )
        if inside or (last and kind == "missing"):
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
            here = here[step] if inside else None
    return path


def _mistake(path: str, entries: Sequence[Mapping[str, Any]], label: str) -> SpecError:
    where = f"{label}: {path}" if path else label
    first = entries[0]
    name = str(first["loc"][-1])
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"][:-1])
        return SpecError(
            f"unknown key {name!r}", where=where, known=listing(known, 30), fix=did_you_mean(name, known)
        )
    if first["type"] == "missing":
        return SpecError(f"{path} is missing", where=where, fix=f"add {name} = …")
    wanted = " or ".join(dict.fromkeys(_wanted(entry) for entry in entries))
    shown = first["input"]
    plain = not first.get("ctx", {}).get("inside") and isinstance(shown, str | int | float | bool | Decimal)
    given = f"; it is {str(shown)[:40]!r}" if plain else ""
    fix = next((_cure(entry) for entry in entries if _cure(entry)), "")
    return SpecError(f"{path or 'the file'} should be {wanted}{given}", where=where, fix=fix)


_WANTED = {
    "int_type": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "too_short": "a list that is not empty",
}
_CURES = {
    "int_type": "write it without quotes and without a point",
    "string_type": "put it in quotes",
    "list_type": "write it in [ ]",
    "dict_type": "give it a section of its own, with keys",
    "model_type": "give it a section of its own, with keys",
    "value_error": "write a number such as 0.5, without quotes",
    "number": "write a number such as 0.5, without quotes",
}


def _wanted(entry: Mapping[str, Any]) -> str:
    """What pydantic wanted, in the words of the file."""
    message = (
        str(entry["msg"]).removeprefix("Value error, ").removeprefix("Input ").removeprefix("should be ")
    )
    return _WANTED.get(entry["type"], message)


def _cure(entry: Mapping[str, Any]) -> str:
    if entry["type"] == "literal_error":
        options = [
            option.strip("' ")
            for part in entry["ctx"]["expected"].split(" or ")
            for option in part.split(",")
        ]
        return did_you_mean(str(entry["input"]), options) or "take one of them"
    if entry["type"] == "string_type" and isinstance(entry["input"], list | dict):
        return "write one, in quotes"
    return _CURES.get(entry["type"], "")


def _known_keys(location: Sequence[int | str]) -> list[str]:
    """The keys of the section at this place."""
    section: Any = Spec
    for step in location:
        if isinstance(step, str) and step in section.model_fields:
            section = _section_of(section.model_fields[step].annotation) or section
    return list(section.model_fields)


def _section_of(annotation: Any) -> Any:
    """The section within an annotation such as `list[LayerSection] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in getattr(annotation, "__args__", ()) if (found := _section_of(one))), None)
