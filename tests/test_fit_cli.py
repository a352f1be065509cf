"""`symbackprop train` with the options of a run: a summary, checkpoints, parameters; nothing else changes."""

from __future__ import annotations

import importlib
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from symbackprop.fitting.fit import fit
from symbackprop.load import load
from tests.commandline import Outcome, done, refused, run
from tests.documents import words_of
from tests.examples import example
from tests.fitting.files import written
from tests.fitting.problems import NETWORK, points

OBESITY = example("obesity").spec


def train(*options: str | Path, spec: Path = OBESITY) -> Outcome:
    return run("train", spec, *options)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A spec without examples."""
    spec = tmp_path / "network.toml"
    spec.write_text(NETWORK.format(notation="matrix", training="batch_size = 2"), encoding="utf-8")
    return spec


def test_a_run_is_summed_up() -> None:
    outcome = done(train("--backend", "numpy", "--steps", "50"))
    found = fit(load(OBESITY), steps=50)
    assert outcome.err == ""
    for words in (
        "computed by                numpy",
        "numbers                    float64",
        "optimizer                  sgd with η = 0.5",
        "examples of a step         1",
        "updates                    50",
        f"w₁₁ = {found.parameters['w_11']:.6f}, w₁₂ = {found.parameters['w_12']:.6f}",
        "Parameters after 50 iterations",
    ):
        assert words in outcome.out
    table = outcome.out.split("Mean loss\n")[1].split("\n\n")[0].splitlines()[1:]
    assert len(table) <= 20
    assert table[-1].split()[0] == "50"


@pytest.mark.parametrize("option", [["--dtype", "float64"], ["--devices", "1"], ["--backend", "numpy"]])
def test_any_option_of_a_run_makes_one(option: list[str]) -> None:
    assert "computed by" in done(train(*option)).out


def test_without_such_an_option_there_is_the_worked_solution() -> None:
    assert "computed by" not in done(train()).out


def test_json_is_as_its_schema_says() -> None:
    document = json.loads(done(train("--backend", "numpy", "--steps", "5", "--format", "json")).out)
    schema = json.loads(done(run("schema", "fit")).out)
    jsonschema.validate(document, schema)
    found = fit(load(OBESITY), steps=5)
    assert document["schema"] == "symbackprop/fit/1"
    assert document["losses"] == {"steps": [1, 2, 3, 4, 5], "means": found.losses.means.tolist()}
    assert document["parameters"] == {name: float(value) for name, value in found.parameters.items()}


@pytest.mark.parametrize(
    ("options", "begins", "plot"),
    [
        (["--format", "markdown"], "# Obesity", ""),
        (["--format", "latex"], "% Obesity", ""),
        (["--format", "latex", "--standalone"], r"\documentclass", r"\begin{tikzpicture}"),
        (["--format", "html"], "<!DOCTYPE html>", 'class="plot"'),
    ],
)
def test_a_run_is_summed_up_in_every_format(options: list[str], begins: str, plot: str) -> None:
    found = done(train("--backend", "numpy", "--steps", "50", *options)).out
    assert found.startswith(begins)
    assert "computed by" in found
    assert f"{fit(load(OBESITY), steps=50).parameters['u_1']:.6f}" in found
    assert any(mark in found for mark in ("tikzpicture", "<svg")) == bool(plot)
    assert plot in found


def test_a_run_is_summed_up_on_paper(tmp_path: Path) -> None:
    paper = tmp_path / "document.pdf"
    outcome = train("--backend", "numpy", "--steps", "50", "--format", "pdf", "--output", paper)
    assert outcome.status == 0
    assert "computed by" in words_of(tmp_path)


def test_arrays_are_lists_in_json(network: Path) -> None:
    data = written(network.parent, ".csv", points(5))
    document = json.loads(done(train("--data", data, "--format", "json", spec=network)).out)
    assert np.shape(document["parameters"]["W__1"]) == (3, 2)
    assert document["steps"] == 3


def test_large_arrays_are_told_by_their_shape_and_norm(tmp_path: Path) -> None:
    weights = [[round(0.01 * (i - j), 2) for j in range(9)] for i in range(9)]
    layers = f"layers = [{{ units = 9, activation = 'tanh', weight = {weights}, bias = {[0.5] * 9} }}]"
    for notation, says in (("matrix", "W    9×9"), ("component", "layer 1          90")):
        spec = tmp_path / f"{notation}.toml"
        text = f"[network]\nnotation = '{notation}'\ninputs = 9\n{layers}\n[loss]\nname = 'mse'\n"
        rest = f"[training]\nlearning_rate = 0.1\n[data]\ncolumns = {_heads()}\nrows = [{[0.5] * 18}]\n"
        spec.write_text(text + rest, encoding="utf-8")
        out = done(train("--backend", "numpy", spec=spec)).out
        assert says in out
        norm = np.sqrt(sum(np.sum(np.square(one)) for one in _of_weights(spec, notation)))
        assert f"{norm:.6f}" in out


def _heads() -> list[str]:
    return [f"{letter}_{place}" for letter in "xy" for place in range(1, 10)]


def _of_weights(spec: Path, notation: str) -> list[Any]:
    parameters = fit(load(spec)).parameters
    return [parameters["W"]] if notation == "matrix" else list(parameters.values())


def test_the_parameters_can_be_had_as_a_file(network: Path) -> None:
    data = written(network.parent, ".npy", points(5))
    path = network.parent / "weights.npz"
    outcome = done(train("--data", data, "--parameters", path, spec=network))
    assert "parameters written to" in outcome.err
    expected = fit(load(network), data=data).parameters
    with np.load(path) as found:
        assert list(found) == list(expected)
        assert all(np.array_equal(found[name], value) for name, value in expected.items())
    refused(train("--backend", "numpy", "--parameters", path / "none" / "w.npz"), "cannot write w.npz")


def test_a_parameter_may_have_any_name(tmp_path: Path) -> None:
    spec = tmp_path / "s.toml"
    equations = '[graph]\nequations = "L = (file - allow_pickle)**2"\n'
    values = "[parameters]\nfile = 1\nallow_pickle = 3\n[training]\nlearning_rate = 0.25\n"
    spec.write_text(equations + values, encoding="utf-8")
    done(train("--backend", "python", "--parameters", tmp_path / "w.npz", spec=spec))
    with np.load(tmp_path / "w.npz") as found:
        assert {name: float(found[name]) for name in found} == {"file": 2.0, "allow_pickle": 2.0}


def test_a_run_is_taken_up_again(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.npz"
    options = ["--checkpoint", str(checkpoint), "--every", "2"]
    done(train(*options, "--steps", "5"))
    refused(train(*options, "--steps", "9"), "there is a checkpoint run.npz already", "resume it")
    outcome = done(train(*options, "--steps", "9", "--resume"))
    assert "of these in the checkpoint  5" in outcome.out
    whole = fit(load(OBESITY), steps=9)
    assert f"w₁₁ = {whole.parameters['w_11']:.6f}" in outcome.out
    other = example("homework").spec
    refused(train(*options, "--resume", spec=other), "the checkpoint run.npz is of another run", "formulas")
    checkpoint.write_bytes(checkpoint.read_bytes()[:300])
    refused(train(*options, "--resume"), "the checkpoint run.npz is damaged")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--backend", "nump"], ["unknown backend 'nump'", "did you mean 'numpy'?"]),
        (["--dtype", "double"], ["unknown dtype 'double'", "float64, float32"]),
        (["--resume"], ["nothing says what is resumed", "--checkpoint FILE"]),
        (["--data", "none.npy"], ["none.npy cannot be read"]),
        (["--backend", "numpy", "--full", "2"], ["a run writes no iterations out"]),
        (["--backend", "numpy", "--no-updates"], ["a run writes no iterations out"]),
        (["--backend", "numpy", "--carry-rounded", "half_up"], ["does not carry rounded values"]),
        (["--backend", "numpy", "--language", "fr"], ["there is no language 'fr'"]),
    ],
)
def test_what_does_not_go_together_is_refused(options: list[str], says: list[str]) -> None:
    refused(train(*options), *says)


def test_a_run_speaks_the_language_that_is_asked_for() -> None:
    out = done(train("--backend", "numpy", "--language", "it", "--decimal", "comma")).out
    assert "calcolato da" in out
    assert "sgd con η = 0,5" in out
    assert "Loss media" in out
    assert "Средняя функция потерь" in done(train("--backend", "numpy", "--language", "ru")).out


class Terminal(io.StringIO):
    """What takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def test_at_a_terminal_a_bar_shows_the_steps_the_speed_and_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    progress = importlib.import_module("symbackprop_cli.fit")._progress
    with progress() as report:
        report(10, None, 0.5)
        report(20, 100, 0.25)
    shown = screen.getvalue()
    assert "20/100" in shown
    assert "steps/s" in shown
    assert "loss 0.25" in shown


def test_a_run_that_is_stopped_says_how_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = tmp_path / "run.npz"
    done(train("--checkpoint", checkpoint, "--steps", "5"))

    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("symbackprop.fitting.fit.fit", stopped)
    outcome = train("--checkpoint", checkpoint, "--steps", "50", "--resume")
    assert outcome.status != 0
    assert f"note: --resume goes on from {checkpoint}" in outcome.err
