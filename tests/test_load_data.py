"""Examples that stay in their file: what a spec says of them, and what is done without them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sympy import Symbol

from symbackprop.data import Stream
from symbackprop.errors import Mistake, Mistakes, TrainingError
from symbackprop.load import loads
from symbackprop.numeric.train import train
from tests.commandline import done, refused, run

LINE = """\
[graph]
equations = "L = (w*x + b - y)**2"
[parameters]
w = 0.5
b = -1
[training]
learning_rate = 0.5
"""
NETWORK = "[network]\nlayers = [2, 1]\nnotation = 'matrix'\n[loss]\nname = 'mse'\n"


def stream(data: str, spec: str = LINE) -> Stream:
    found = loads(f"{spec}[data]\n{data}", folder=Path("there")).stream
    assert found is not None
    return found


@pytest.mark.parametrize("data", ["file = 'd.npy'", "file = 'd.PARQUET'", "file = 'd.csv'\nstream = true"])
def test_a_stream_is_not_read_with_its_spec(data: str) -> None:
    found = stream(data)
    assert (found.path.parent, found.columns, found.names) == (Path("there"), (), ("x", "y"))


def test_an_array_without_heads_is_given_them() -> None:
    data = "file = 'd.npy'\ncolumns = ['u', 'y']\n[data.inputs]\nx = 'u/2'\ny = 'y'"
    found = stream(data)
    assert found.columns == ("u", "y")
    assert found.formulas["x"].equals(Symbol("u") / 2)
    assert found.formulas["y"] == Symbol("y")


def test_a_network_of_arrays_asks_for_its_columns() -> None:
    assert stream("file = 'd.npy'", NETWORK).names == ("x_1", "x_2", "y")
    with pytest.raises(Mistake, match="no column gives 'y'"):
        stream("file = 'd.npy'\ncolumns = ['x_1', 'x_2', 'z']", NETWORK)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("file = 'd.csv'\ncolumns = ['x', 'y']\nstream = true", "both a file and rows"),
        ("file = 'd.npy'\ncolumns = ['x', 'y']\nrows = [[1, 2]]", "both a file and rows"),
        ("stream = true\ncolumns = ['x', 'y']\nrows = [[1, 2]]", "a stream needs a file"),
        ("file = 'd.npy'\ncolumns = ['x', 'x']", "twice"),
        ("file = 'd.npy'\ncolumns = ['x', 'z']", "undeclared name 'y'"),
        ("file = 'd.npy'\ncolumns = ['u', 'y']\n[data.inputs]\nx = 'v'\ny = 'y'", "'v' is no column"),
        ("file = 'd.parquet'\n[data.inputs]\nx = 'u +'\ny = 'y'", "data.inputs.x"),
        ("file = 'd.parquet'\nstream = 1", "true or false"),
    ],
)
def test_what_can_be_checked_without_the_file_is(data: str, says: str) -> None:
    with pytest.raises((Mistake, Mistakes)) as caught:
        stream(data)
    assert says in str(caught.value)


def test_the_columns_of_a_file_are_what_nothing_else_gives(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("y,x,more\n1,2,3\n", encoding="utf-8")
    problem = loads(f"{LINE}[data]\nfile = 'd.csv'", folder=tmp_path)
    assert problem.examples == ({"x": 2, "y": 1},)
    (tmp_path / "d.csv").write_text("y,z\n1,2\n", encoding="utf-8")
    with pytest.raises(Mistake, match="no column gives 'x'"):
        loads(f"{LINE}[data]\nfile = 'd.csv'", folder=tmp_path)


def test_an_order_of_rows_needs_them_in_memory() -> None:
    with pytest.raises(Mistake, match="an order of rows needs them in memory"):
        stream("file = 'd.npy'", LINE + "order = [1, 2]\n")


def test_a_worked_solution_of_a_stream_is_refused_kindly() -> None:
    problem = loads(f"{LINE}[data]\nfile = 'd.npy'")
    with pytest.raises(TrainingError, match=r"the examples stay in d\.npy") as caught:
        train(problem)
    assert "--backend numpy" in caught.value.fix


def test_formulas_are_derived_without_the_file(tmp_path: Path) -> None:
    spec = tmp_path / "s.toml"
    spec.write_text(f"{LINE}[data]\nfile = 'd.npy'", encoding="utf-8")
    outcome = done(run("derive", spec))
    assert "∂L/∂w" in outcome.out
    assert "the examples stay in d.npy" in outcome.err
    refused(run("train", spec), "the examples stay in d.npy")


def test_a_network_of_arrays_without_examples_says_what_is_missing() -> None:
    problem = loads(NETWORK + "[training]\nlearning_rate = 1\nbatch_size = 2\n")
    assert problem.missing == ["X", "Y", "W", "b"]
    with pytest.raises(TrainingError, match="no number for X, Y, W, b"):
        train(problem)


def test_a_step_of_several_examples_needs_a_batch() -> None:
    """Else every example but the first of a batch would be left out."""
    network = "[network]\nnotation = 'matrix'\nbatch = false\ninputs = 1\n"
    layer = "layers = [{ units = 1, weight = [[1]], bias = [0] }]\n[loss]\nname = 'mse'\n"
    data = "[data]\ncolumns = ['x', 'y']\nrows = [[1, 2], [3, 4]]\n"
    problem = loads(f"{network}{layer}{data}[training]\nlearning_rate = 1\nbatch_size = 2\n")
    with pytest.raises(TrainingError, match="a step takes 2 examples"):
        train(problem)
