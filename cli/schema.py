"""`symbackprop schema`: the JSON Schema of the spec file and of the JSON results."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .writing import write

if TYPE_CHECKING:
    from pydantic import BaseModel


class Document(StrEnum):
    """What has a schema."""

    SPEC = "spec"
    DERIVATION = "derivation"
    TRAINING = "training"
    FIT = "fit"


def schema(
    document: Annotated[Document, typer.Argument(help="spec, derivation, training or fit.")] = Document.SPEC,
    output: options.OutputOption = None,
) -> None:
    """Print the JSON Schema of the spec file, or of a JSON result."""
    with options.mistakes_told():
        from symbackprop.render.documents import DOCUMENTS
        from symbackprop.spec import Spec

        models: dict[str, type[BaseModel]] = {"spec": Spec, **DOCUMENTS}
        text = (
            json.dumps(models[document.value].model_json_schema(by_alias=True), indent=2, ensure_ascii=False)
            + "\n"
        )
        write(text, output)
