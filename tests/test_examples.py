"""Every example gives the text, LaTeX, Markdown and JSON that lie beside its spec.

`pytest --update tests/test_examples.py` writes these files anew. JSON is compared as numbers, so that another
machine's libm does not break it; its `latex` and every other format are compared letter by letter.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.examples import EXAMPLES, FORMATS, RUNS, Example, example, printed

ONE_DOCUMENT = ("train", "--format", "latex", "--standalone", "--convention", "derivative=d")
"""The notation of the document that the obesity network comes from, as a document of its own."""


def compare(golden: Path, text: str, *, update: bool) -> None:
    """The golden file says the same; with `update` it is made to."""
    if update:
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert golden.exists(), f"no {golden}: write it with pytest --update"
    expected = golden.read_text(encoding="utf-8")
    if golden.suffix == ".json":
        same(json.loads(text), json.loads(expected))
    else:
        assert text == expected


def same(found: Any, expected: Any, where: str = "$") -> None:
    """Equal, with numbers equal to 1e-12 of their size."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), where
        assert list(found) == list(expected), where
        for key in expected:
            same(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(found, list), where
        assert len(found) == len(expected), where
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            same(one, other, f"{where}[{place}]")
    elif isinstance(expected, float) and isinstance(found, float):
        assert math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-18), f"{where}: {found} {expected}"
    else:
        assert (type(found), found) == (type(expected), expected), where


@cache
def schema(document: str) -> Any:
    found = json.loads(printed("schema", document))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_an_example_prints_its_golden(one: Example, command: str, form: str, update: bool) -> None:
    compare(one.golden(command, form), printed(command, str(one.spec), "--format", form), update=update)


def test_the_obesity_network_is_printed_as_a_document_with_d(update: bool) -> None:
    one = example("obesity")
    command, *options = ONE_DOCUMENT
    compare(one.folder / "train-d.tex", printed(command, str(one.spec), *options), update=update)


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_json_results_keep_to_their_published_schema(one: Example, command: str) -> None:
    document = json.loads(printed(command, str(one.spec), "--format", "json"))
    kind = {"derive": "derivation", "train": "training"}[command]
    assert document["schema"] == f"symbackprop/{kind}/1"
    assert next(iter(document)) == "schema"
    jsonschema.validate(document, schema(kind), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_specs_keep_to_the_published_schema(one: Example) -> None:
    jsonschema.validate(one.toml, schema("spec"), cls=jsonschema.Draft202012Validator)


def test_the_schema_of_the_spec_refuses_an_unknown_key() -> None:
    wrong = example("obesity").toml | {"traning": {}}
    with pytest.raises(jsonschema.ValidationError, match="traning"):
        jsonschema.validate(wrong, schema("spec"), cls=jsonschema.Draft202012Validator)


def test_every_file_of_an_example_belongs_to_a_run() -> None:
    wanted = {one.golden(command, form) for one, command in RUNS for form in FORMATS}
    wanted |= {one.spec for one in EXAMPLES}
    wanted |= {example("obesity").folder / "train-d.tex"}
    wanted |= {example("homework").folder / one for one in ("solution.md", "exported")}
    found = {path for one in EXAMPLES for path in one.folder.iterdir() if path.name != "README.md"}
    assert found == wanted
