"""Words of a user that try to run, to read a file or to turn the page: harmless in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sympy import Symbol

from symbackprop.conventions import Conventions
from symbackprop.graph import Graph
from symbackprop.page.html import write_html
from symbackprop.problem import Problem
from symbackprop.render.latex import write_latex
from symbackprop.render.pdf import write_pdf
from symbackprop.solution.derive import solve
from symbackprop.solution.steps import Solution
from symbackprop.sweep import backprop
from tests.browser import Visit
from tests.commandline import done, refused, run
from tests.documents import ENGINES, ERROR, check, compiled, words_of

WORDS = [
    '<script>document.title="run"</script>',
    "</title><img src=x onerror=\"document.title='run'\">",
    r"\input{/etc/passwd}",
    r"\immediate\write18{touch pwned}",
    '#read("/etc/passwd")',
    "\"double\" 'single' `back`",
    "left\u202eright\u200f\u2066",
    "\x1b]0;pwned\x07",
    "$x$ & % # _ ^ ~ { } | ---",
]
UNSEEN = dict.fromkeys(map(ord, "\u202e\u200f\u2066\x1b\x07"))
FORMATS = ["text", "markdown", "latex", "html", "json"]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A network whose title and columns are hostile."""
    columns = ", ".join(json.dumps(words) for words in [*WORDS, "x_1", "x_2", "y"])
    path = tmp_path / "spec.toml"
    path.write_text(
        f"""
title = {json.dumps(" ".join(WORDS))}

[network]
inputs = 2

[[network.layers]]
units = 1
activation = "sigmoid"
weight = [[0.5, -0.25]]
bias = [0.1]

[loss]
name = "mse"

[training]
learning_rate = 0.5
steps = 1

[data]
columns = [{columns}]
rows = [[{", ".join(["1"] * (len(WORDS) + 3))}]]
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def solution() -> tuple[Solution, Graph]:
    """A solution whose title and names are hostile; the language refuses them, Python does not."""
    factors = [Symbol(words) for words in WORDS]
    graph = Graph.from_expressions({"f": sum(one**2 for one in factors)}, parameters=factors)
    problem = Problem(graph, title=" ".join(WORDS))
    return solve(problem, backprop(graph), pictures=True), graph


def squeezed(words: str) -> str:
    return "".join(words.split())


def looked_at(page: str, visit: Visit, folder: Path) -> str:
    """What is read on a page, after nothing of it ran and nothing was asked for."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    visit.open(path)
    visit.page.wait_for_selector("#tools:not([hidden])")
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.title() != "run"
    assert visit.page.locator("img").count() == 0
    assert visit.errors == []
    assert visit.requests == []
    return str(visit.page.inner_text("body"))


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_printed_steers_no_terminal(form: str, spec: Path) -> None:
    printed = done(run("train", str(spec), "--format", form)).out
    assert all(line.replace("\t", " ").isprintable() for line in printed.splitlines())
    assert "root:" not in printed


def test_a_page_shows_hostile_titles_and_columns_as_words(spec: Path, visit: Visit, tmp_path: Path) -> None:
    page = done(run("train", str(spec), "--format", "html")).out
    shown = squeezed(looked_at(page, visit, tmp_path))
    assert all(shown.count(squeezed(words.translate(UNSEEN))) >= 2 for words in WORDS)


def test_a_page_shows_hostile_names_as_names(
    solution: tuple[Solution, Graph], visit: Visit, tmp_path: Path
) -> None:
    steps, graph = solution
    looked_at(write_html(steps, Conventions(), graph=graph), visit, tmp_path)


@pytest.mark.parametrize("engine", ENGINES)
def test_latex_sets_hostile_titles_and_columns_as_words(engine: str, spec: Path, tmp_path: Path) -> None:
    log = compiled(engine, done(run("train", str(spec), "--format", "latex", "--standalone")).out, tmp_path)
    check(log)
    assert "passwd" not in log
    assert "root:" not in words_of(tmp_path)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_latex_sets_hostile_names_as_names(
    engine: str, solution: tuple[Solution, Graph], tmp_path: Path
) -> None:
    log = compiled(engine, write_latex(solution[0], Conventions(), standalone=True), tmp_path)
    assert ERROR.findall(log) == []
    assert "/etc/passwd)" not in log
    assert not (tmp_path / "pwned").exists()


def test_a_pdf_shows_hostile_titles_and_columns_as_words(spec: Path, tmp_path: Path) -> None:
    outcome = run("train", str(spec), "--format", "pdf", "--output", str(tmp_path / "document.pdf"))
    assert outcome.status == 0
    shown = squeezed(words_of(tmp_path))
    assert "root:" not in shown
    assert squeezed(WORDS[2]) in shown


def test_a_pdf_shows_hostile_names_as_names(solution: tuple[Solution, Graph]) -> None:
    assert write_pdf(solution[0], Conventions()).startswith(b"%PDF")


@pytest.mark.parametrize("words", WORDS)
def test_the_language_refuses_such_names(words: str) -> None:
    refused(run("derive", f"f = {words}*x"))
