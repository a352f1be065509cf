"""The folders of `examples/`, what each can be asked for, and the command line run within the process."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from symbackprop.activations import ACTIVATIONS
from symbackprop.load import load
from symbackprop.losses import LOSSES

FOLDER = Path(__file__).parent.parent / "examples"
GOLDEN = Path(__file__).parent / "golden"

FORMATS = {"text": "txt", "latex": "tex", "markdown": "md", "json": "json"}
"""Every format with the ending of its golden file."""


@dataclass(frozen=True)
class Example:
    """A folder `examples/<name>` with its spec `<name>.toml`."""

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def spec(self) -> Path:
        return self.folder / f"{self.name}.toml"

    @property
    def toml(self) -> dict[str, Any]:
        """The spec as TOML reads it."""
        return tomllib.loads(self.spec.read_text(encoding="utf-8"))

    @property
    def commands(self) -> tuple[str, ...]:
        """`derive` always; `train` where the spec says how."""
        return ("derive", "train") if "training" in self.toml else ("derive",)

    @property
    def is_array(self) -> bool:
        """Whether its values are vectors and matrices."""
        return load(self.spec).graph.is_array

    def golden(self, command: str, form: str) -> Path:
        return self.folder / f"{command}.{FORMATS[form]}"


EXAMPLES = [Example(path.name) for path in sorted(FOLDER.iterdir()) if (path / f"{path.name}.toml").exists()]
SCALARS = [one for one in EXAMPLES if not one.is_array]
"""The examples whose values are numbers; the others are read back by `matrix_reader.py`."""
RUNS = [(example, command) for example in EXAMPLES for command in example.commands]
RUNS_OF_SCALARS = [(example, command) for example in SCALARS for command in example.commands]


def example(name: str) -> Example:
    """The example of this name."""
    return next(one for one in EXAMPLES if one.name == name)


def invoke(arguments: Sequence[str], text: str | None = None) -> Result:
    """What the command line answers; `text` stands on standard input."""
    app = importlib.import_module("symbackprop_cli.main").app
    return CliRunner().invoke(app, list(arguments), input=text)


@cache
def printed(*arguments: str) -> str:
    """What a command prints, where it has to succeed; the same command is run once only."""
    result = invoke(arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.stdout


LAST_OF = {
    "binary_cross_entropy": "sigmoid",
    "cross_entropy": "softmax",
    "kl_divergence": "softmax",
}
"""The activation of the last layer where a loss needs one that gives probabilities."""


def network(hidden: str, output: str, loss: str) -> str:
    """A small spec with these activations and this loss; no pre-activation is at a kink."""
    return f"""
[network]
inputs = 2

[[network.layers]]
units = 2
activation = "{hidden}"
weight = [[0.7, -0.4], [-0.9, 0.3]]
bias = [0.2, -0.1]

[[network.layers]]
units = 2
activation = "{output}"
weight = [[0.6, 0.5], [-0.3, 0.8]]
bias = [0.1, 0]

[loss]
name = "{loss}"

[training]
learning_rate = 0.25
steps = 1

[data]
columns = ["x_1", "x_2", "y_1", "y_2"]
rows = [[0.5, 1.25, 0.25, 0.75]]
"""


NETWORKS = {
    name: network(name, "sigmoid", "mse") for name, entry in ACTIVATIONS.items() if not entry.untrainable
} | {name: network("tanh", LAST_OF.get(name, "identity"), name) for name in LOSSES}
"""A spec for every activation that can be trained and for every loss, by its name."""
