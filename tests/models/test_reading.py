"""What both readers share: the table of layers, and no library that is imported before it is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from symbackprop.language import parse_equations
from symbackprop.models.layers import LAYERS, Option
from symbackprop.models.recognition import recognised

MODELS = Path(__file__).parents[2] / "symbackprop" / "models"
OPTIONS: dict[str, Option] = {
    **{"start": 1, "end": -1, "axis": 2, "keep": "True", "stride": 1, "padding": 0},
    **{"sizes": (-1,), "axes": (0,), "blocks": (1,), "order": (0, 1)},
}
"""Axes and shapes that suit an array of three axes."""


def at_import(path: Path) -> Iterator[str]:
    """The libraries that a module imports when it is imported."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.py")), ids=lambda path: path.stem)
def test_no_other_library_is_imported_before_it_is_needed(path: Path) -> None:
    assert not {*at_import(path)} & {"torch", "onnx", "google"}


@pytest.mark.parametrize("name", LAYERS)
def test_the_equations_of_a_layer_are_text_of_the_language(name: str) -> None:
    for text in LAYERS[name].variants((4, 3, 2), OPTIONS):
        words = {word for _, word, _, _ in Formatter().parse(text) if word is not None}
        assert "x" in words
        *lines, last = parse_equations(text.format(**{word: word for word in words} | OPTIONS))
        assert last.name is None
        assert all(line.name for line in lines)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("z*0.5*(1 + erf(z/1.4142135))", "gelu"),
        ("0.5*z*(1 + tanh(0.7978846*(z + 0.044715*z**3)))", "gelu_tanh"),
        ("z*(1/(1 + exp(-z)))", "silu"),
        ("z*tanh(softplus(z))", "mish"),
        ("z*clip(z + 3, 0, 6)/6", "hard_swish"),
        ("-log(1 + exp(-z))", "log_sigmoid"),
        ("z/(1 + abs(z))", "softsign"),
        ("maximum(z, 0)", "relu"),
        ("2/(1 + exp(-2*z)) - 1", "tanh"),
    ],
)
def test_an_activation_that_is_spelled_out_is_known_by_its_values(text: str, word: str) -> None:
    found = recognised(text)
    assert found is not None
    assert found[0] == word


@pytest.mark.parametrize(
    "text", ["z*(1 + erf(z/1.41))*0.5", "z*z", "log(z)", "x*sigmoid(z)", "1/(z - 0.3)", "2"]
)
def test_what_is_no_activation_stays_as_it_is(text: str) -> None:
    assert recognised(text) is None
