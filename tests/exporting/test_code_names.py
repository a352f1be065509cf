"""Names of users that mean something in a language: the code runs, and no two things have one name."""

from __future__ import annotations

from pathlib import Path

import pytest
from sympy import Symbol

import symbackprop as sb
from symbackprop.errors import Mistakes
from symbackprop.exporting.names import C_WORDS, PYTHON_WORDS, code_names, identifier
from symbackprop.exporting.table import TARGETS
from symbackprop.graph import Graph
from symbackprop.language import parse_equations
from tests.exporting.c_library import CLibrary, needs_gcc
from tests.exporting.exported import needs, ran

HOSTILE = """
np jnp jax torch math sys njit namedtuple functools Loss Values GIVEN ARGUMENTS WRT SAVED REAL
forward backward check loss loss_and_gradients difference places given values deltas gradients self ctx
double main signed NULL EOF stdin size_t room compared struct largest total raised_1 part_1 square i j s m
lambda γ_1 Omega ϕ θ_12
""".split()
"""Names of modules, of what exported files define and call, of C and of Python; Greek ones."""

HARD = Graph.from_equations(
    f"q = {' + '.join(HOSTILE)}; p = exp(q/{len(HOSTILE)})*maximum(q, lambda); f = p*np + sigmoid(p)"
)
"""Each hostile name is given."""

NODES = Graph.from_equations(
    "values = 2*x + np; given = exp(values); main = given*values; Loss = main + backward*loss; f = Loss*x"
)
"""Hostile names of what is computed."""

SHAPES = {"forward": ("n", 3), "backward": (3, 2), "REAL": (2,), "double": ("n", 2)}

ARRAYS = Graph.from_equations(
    "i = relu(forward @ backward + REAL); s = softmax(i); loss = -sum(double*log(s))/n",
    shapes=SHAPES,
    parameters=["backward", "REAL"],
)
"""Hostile names of arrays."""


GRAPHS = {"given": HARD, "computed": NODES, "arrays": ARRAYS}
COMPILED = [("computed", "numba"), ("arrays", "numba")]
"""So many given numbers are compiled for half a minute."""

MODULES = [(name, target) for name in GRAPHS for target in ("numpy", "jax", "torch")] + COMPILED


@pytest.mark.parametrize(
    ("name", "target"), [pytest.param(*one, marks=needs(one[1]).marks) for one in MODULES]
)
def test_a_module_with_hostile_names_passes_its_check(name: str, target: str) -> None:
    (text,) = sb.export(sb.backprop(GRAPHS[name]), target).values()
    assert ran(text).check()


@needs_gcc
@pytest.mark.parametrize("name", GRAPHS)
def test_a_source_with_hostile_names_passes_its_check(name: str, tmp_path: Path) -> None:
    assert CLibrary(sb.export(sb.backprop(GRAPHS[name]), "c", name="net"), tmp_path).check() == 0


def test_who_can_keep_a_name_keeps_it() -> None:
    wishes = {Symbol(name): name for name in ("lambda", "θ_1", "theta_1", "x", "main")}
    assert list(code_names(wishes, PYTHON_WORDS).values()) == ["lambda_", "theta_1_", "theta_1", "x", "main"]
    assert list(code_names(wishes, C_WORDS).values()) == ["lambda", "theta_1_", "theta_1", "x", "main_"]


@pytest.mark.parametrize(
    "name", ["", "_", "9", "a-b", "é", "日本", "x" * 99, "'; import os; '", "\\N{BULLET}"]
)
def test_whatever_stands_in_a_name_an_identifier_comes_out(name: str) -> None:
    found = identifier(name)
    assert found.isascii()
    assert found.isidentifier()
    assert not found.startswith("_")


@pytest.mark.parametrize("name", ["x; import os", "__import__", "a b", "x*/y", "x\\y"])
def test_no_such_name_gets_as_far_as_code(name: str) -> None:
    with pytest.raises((sb.Mistake, Mistakes)):
        parse_equations(f"{name} = 2*u")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("title", ['"""; import os', "*/ int x; /*", "a\\", "line\nline", "??/", "{x} %s"])
def test_a_title_stays_within_its_comment(title: str, target: str, tmp_path: Path) -> None:
    problem = sb.Problem(Graph.from_equations("f = x*y"), title=title)
    files = sb.export(problem, target, name="net")
    if target == "c":
        assert CLibrary(files, tmp_path).check() == 0
    else:
        compile(files["net.py"], "net.py", "exec")
