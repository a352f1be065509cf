"""`symbackprop export`: where the files go, what they are called, mistakes with their cures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commandline import done, refused, run
from tests.examples import example

GATES = "q = x + y; f = q*z"
HOMEWORK = str(example("homework").spec)
OBESITY = str(example("obesity").spec)
SOFTMAX = str(example("softmax-mlp").spec)


def written(*arguments: str | Path) -> None:
    """A run that writes files, and nothing on the screen."""
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (0, ""), outcome.err
    assert outcome.err.startswith("written to ")


def test_on_the_screen_stands_a_module_of_numpy() -> None:
    out = done(run("export", GATES)).out
    assert "    q = x + y  # q = x + y\n    f = q * z  # f = q z\n" in out
    assert "    delta_q = z  # δ_q ≡ ∂f/∂q = z\n" in out
    assert "    df_dz = q        # ∂f/∂z = q\n" in out


def test_on_the_screen_several_files_are_told_apart() -> None:
    out = done(run("export", HOMEWORK, "--to", "c")).out
    assert out.startswith("/* homework.h */\n\n/*\n * Homework: one step of gradient descent on f\n")
    assert '\n/* homework.c */\n\n/* homework.h says what this is. */\n\n#include "homework.h"\n' in out


def test_a_module_goes_to_a_file_and_is_a_program(tmp_path: Path) -> None:
    file = tmp_path / "gates.py"
    written("export", GATES, "--at", "x=-2,y=5,z=-4", "--output", file)
    assert 'GIVEN = {"x": -2.0, "y": 5.0, "z": -4.0}' in file.read_text(encoding="utf-8")
    found = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines()[-1] == "passed"


def test_a_program_with_a_wrong_line_ends_with_status_1(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    text = done(run("export", GATES)).out
    assert "delta_q = z " in text
    file.write_text(text.replace("delta_q = z ", "delta_q = y "), encoding="utf-8")
    found = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stdout.splitlines()[-1] == "failed: an error is above 1e-06"


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    written("export", HOMEWORK, "--to", "c", "--output", f"{tmp_path}/one/two/")
    assert sorted(one.name for one in (tmp_path / "one" / "two").iterdir()) == ["homework.c", "homework.h"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused(run("export", HOMEWORK, "--output", f"{tmp_path}/file/there/"), "cannot be made", "--output")


def test_files_go_into_a_folder_by_the_name_of_the_spec(tmp_path: Path) -> None:
    written("export", HOMEWORK, "--to", "c", "--output", tmp_path)
    written("export", HOMEWORK, "--output", tmp_path)
    written("export", GATES, "--output", tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "backward.py",
        "homework.c",
        "homework.h",
        "homework.py",
    ]


def test_a_header_and_a_source_go_beside_each_other(tmp_path: Path) -> None:
    written("export", HOMEWORK, "--to", "c", "--output", tmp_path / "net.c")
    assert '#include "net.h"' in (tmp_path / "net.c").read_text(encoding="utf-8")
    assert "void net_forward(" in (tmp_path / "net.h").read_text(encoding="utf-8")


@pytest.mark.parametrize("to", ["numpy", "c"])
def test_every_notation_is_exported(to: str) -> None:
    single = done(run("export", SOFTMAX, "--notation", "component", "--to", to)).out
    assert "∂L/∂W_1,11 = ∂L/∂h_1,1 · ∂h_1,1/∂W_1,11 = δ_h₁,1 x₁" in single
    whole = done(run("export", OBESITY, "--notation", "matrix", "--to", to)).out
    assert "∂L/∂w = ∂L/∂z · ∂z/∂w = δ_a xᵀ" in whole


def test_what_is_differentiated_by_is_chosen() -> None:
    out = done(run("export", GATES, "--wrt", "z")).out
    assert 'gradients = {"z": df_dz}' in out
    assert "delta_q" not in out


def test_numbers_of_32_bits() -> None:
    assert "np.float32" in done(run("export", HOMEWORK, "--dtype", "float32")).out
    assert "    float s, f;" in done(run("export", HOMEWORK, "--to", "c", "--dtype", "float32")).out


def test_what_is_told_is_in_the_language_that_is_asked_for() -> None:
    out = done(run("export", GATES, "--language", "it")).out
    assert "    # Delta, a ritroso dall'output\n    delta_q = z  # δ_q ≡ ∂f/∂q = z\n" in out
    assert (
        "/* Прямой проход. */\nvoid homework_forward("
        in done(run("export", HOMEWORK, "--to", "c", "--language", "ru")).out
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([GATES, "--to", "rust"], "known: numpy, numba, jax, torch, c"),
        ([GATES, "--to", "nunpy"], "did you mean 'numpy'?"),
        ([GATES, "--dtype", "float16"], "known: float64, float32"),
        ([GATES, "--language", "de"], "there is no language 'de'"),
        ([GATES, "--wrt", "q"], "leave it out: its derivative is a delta of the backward pass"),
        ([GATES, "--wrt", "w"], "known: x, y, z, q, f"),
        (["f = log(-x**2)"], "look for a logarithm or a root of what is always negative"),
        ([GATES, "--output", "/no/such/folder/net.py"], "check that the folder exists"),
        (["nothing.toml"], "there is no file nothing.toml"),
    ],
)
def test_a_mistake_is_told_with_its_cure(arguments: list[str], says: str) -> None:
    assert says in refused(run("export", *arguments)).err
