"""Exported C: compiled without a warning, its values are the derivation's, its check finds what is wrong."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.exporting.names import C_WORDS
from symbackprop.graph import Graph
from symbackprop.problem import Problem
from tests.examples import EXAMPLES, Example, example
from tests.exporting.c_library import CLibrary, gcc, needs_gcc, written
from tests.exporting.exported import as_printed, assert_as_derived, problem_of, ran
from tests.loops.every_operation import PROGRAMS

pytestmark = needs_gcc

HEADERS = "#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n"


def exported(problem: Problem, dtype: str = "float64") -> dict[str, str]:
    return sb.export(problem, "c", name="net", dtype=dtype)


def assert_right(problem: Problem, folder: Path) -> None:
    """The code computes what was derived, and its check passes."""
    library = CLibrary(exported(problem), folder)
    (text,) = sb.export(problem, "numpy").values()
    given = as_printed(problem, ran(text).GIVEN)
    assert_as_derived(problem, given, *library.results(given))
    assert library.check() == 0


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_the_c_of_every_example_computes_its_derivation_and_passes_its_check(
    one: Example, tmp_path: Path
) -> None:
    assert_right(problem_of(one), tmp_path)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_c_of_every_operation_computes_its_derivation_and_passes_its_check(
    name: str, tmp_path: Path
) -> None:
    text, shapes, _ = PROGRAMS[name]
    assert_right(Problem(Graph.from_equations(text, shapes=shapes, parameters=[*shapes])), tmp_path)


@pytest.mark.parametrize("name", ["homework", "conv-net"])
def test_the_check_in_float_passes(name: str, tmp_path: Path) -> None:
    files = exported(problem_of(example(name)), "float32")
    assert "double " not in files["net.h"]
    assert CLibrary(files, tmp_path).check() == 0


def test_without_its_check_a_source_has_no_main(tmp_path: Path) -> None:
    written(exported(problem_of(example("softmax-mlp"))), tmp_path)
    assert gcc(tmp_path, "net.c", "-O2", "-c").returncode == 0
    assert "undefined reference to `main'" in gcc(tmp_path, "net.c").stderr


def test_the_command_in_the_header_runs_the_check(tmp_path: Path) -> None:
    files = exported(problem_of(example("homework")))
    written(files, tmp_path)
    command = re.search(r"gcc .*", files["net.h"])
    assert command is not None
    done = subprocess.run(command[0], shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "passed"
    assert "df/dtheta_0: largest relative error" in done.stdout


def test_a_check_finds_a_gradient_that_is_wrong(tmp_path: Path) -> None:
    files = exported(problem_of(example("obesity")))
    assert "dL_dw_11 = delta_a1*x_1;" in files["net.c"]
    wrong = files["net.c"].replace("dL_dw_11 = delta_a1*x_1;", "dL_dw_11 = delta_a1*x_2;")
    written(files | {"net.c": wrong}, tmp_path)
    assert gcc(tmp_path, "net.c", "-DNET_MAIN").returncode == 0
    done = subprocess.run([tmp_path / "compiled"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.endswith("failed: an error is above 1e-6\n")


def test_no_name_of_a_user_is_a_macro_of_the_headers() -> None:
    command = ["gcc", "-std=c11", "-dM", "-E", "-"]
    every = subprocess.run(command, input=HEADERS, capture_output=True, text=True, check=True).stdout
    macros = set(re.findall(r"#define ([A-Za-z]\w*)(?!\w)(?!\()", every))
    assert macros <= C_WORDS
