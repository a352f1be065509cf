"""The spec file: its TOML, validated; unknown keys are refused with a suggestion, all mistakes at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from symbackprop.conventions import Conventions
from symbackprop.errors import SpecError, did_you_mean, listing, raise_all

LARGEST_FILE = 50_000_000


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("should be a number")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("should be a finite number")
    return Decimal(value)


Number = Annotated[Decimal, BeforeValidator(_number)]
Positive = Annotated[Number, Field(gt=0)]
Share = Annotated[Number, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A table of the file; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


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

    units: Count
    activation: str | None = None
    alpha: Number | None = None
    symbols: Symbols = Symbols()
    weight: list[list[Number]] | None = None
    bias: list[Number] | Literal[False] | None = None


class NetworkSection(Section):
    """`[network]`: layers, or only their widths with the inputs first."""

    notation: Literal["component", "indexed", "matrix"] = "component"
    examples: Literal["columns", "rows"] = "columns"
    inputs: Count | list[str] | None = None
    targets: Count | list[str] | None = None
    activation: str = "sigmoid"
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
    """`[data]`: rows, or a CSV file beside the spec."""

    columns: list[str] | None = None
    rows: list[list[Number]] | None = None
    file: str | None = None
    inputs: dict[str, str] = {}


Values = dict[str, Number | list[Number] | list[list[Number]]]


class Spec(Section):
    """The whole file."""

    title: str = ""
    graph: GraphSection | None = None
    network: NetworkSection | None = None
    loss: LossSection | None = None
    parameters: Values = {}
    inputs: Values = {}
    targets: Values = {}
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
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SpecError(
            f"this is not TOML: {error}", where=label, fix="compare with a file of examples/"
        ) from None
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
        found.setdefault(_path(entry["loc"], content, entry["type"]), []).append(entry)
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
    messages = dict.fromkeys(
        entry["msg"].removeprefix("Value error, ").removeprefix("Input ") for entry in entries
    )
    shown = first["input"]
    given = f"; it is {shown!r}" if isinstance(shown, str | int | float | bool) else ""
    return SpecError(f"{path or 'the file'} {', or '.join(messages)}{given}", where=where)


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
