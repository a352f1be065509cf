"""Every example's document compiles: no error, no letter that is missing, no formula that leaves the page."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from pathlib import Path

import pytest
from sympy import Symbol

from symbackprop.content import Value, text
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.diagrams.model import View
from symbackprop.diagrams.views import diagram
from symbackprop.load import load
from symbackprop.notation.names import latex_name
from symbackprop.numeric.train import train
from symbackprop.plots import losses_plot
from symbackprop.problem import Problem
from symbackprop.render.latex import write_latex
from symbackprop.solution.derive import solve
from symbackprop.solution.steps import Assignments, Formulas, Picture, Solution, Step, Table, equation
from symbackprop.sweep import backprop
from symbackprop.translation import Language
from symbackprop.writing.letters import latex_words
from tests.documents import ENGINES, check, compiled, in_one, words_of
from tests.examples import NETWORKS, RUNS, Example, example, printed

LANGUAGES = {"en": "point", "it": "comma", "ru": "comma"}
"""Every language, with what stands in its decimals."""


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_the_document_of_an_example_compiles(one: Example, command: str, tmp_path: Path) -> None:
    text = printed(command, str(one.spec), "--format", "latex", "--standalone")
    check(compiled("pdflatex", text, tmp_path))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("exercise1", "chain,delta,paths,closed"),
        ("gates", "chain,delta,paths,closed"),
        ("homework", "chain,delta,paths,closed"),
        ("chain", "chain,delta,paths,closed"),
        ("regularised-cost", "chain,delta,paths"),  # its closed forms are longer than a page
        ("obesity", "chain,delta,paths"),
    ],
)
def test_the_document_with_every_form_and_both_modes_compiles(name: str, form: str, tmp_path: Path) -> None:
    options = ("--form", form, "--mode", "both", "--format", "latex", "--standalone")
    text = printed("derive", str(example(name).spec), *options)
    check(compiled("pdflatex", text, tmp_path))


@pytest.mark.parametrize("kind", ["gelu_tanh", "leaky_relu", "huber", "kl_divergence"])
def test_the_document_of_a_network_with_long_slopes_compiles(kind: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text(NETWORKS[kind], encoding="utf-8")
    text = printed("train", str(spec), "--format", "latex", "--standalone")
    check(compiled("pdflatex", text, tmp_path))


def test_the_obesity_document_in_the_notation_with_d_compiles(tmp_path: Path) -> None:
    text = (example("obesity").folder / "train-d.tex").read_text(encoding="utf-8")
    check(compiled("pdflatex", text, tmp_path))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("engine", ENGINES)
def test_all_examples_compile_in_every_language(engine: str, language: str, tmp_path: Path) -> None:
    spoken = ("--language", language, "--decimal", LANGUAGES[language])
    documents = [
        printed(command, str(one.spec), "--format", "latex", "--standalone", *spoken) for one, command in RUNS
    ]
    check(compiled(engine, in_one(documents), tmp_path))


def test_a_fragment_compiles_where_its_packages_are_loaded(tmp_path: Path) -> None:
    fragment = printed("train", str(example("homework").spec), "--format", "latex")
    packages = r"\usepackage{amsmath}\usepackage{booktabs}"
    text = f"\\documentclass{{article}}{packages}\\begin{{document}}\n{fragment}\\end{{document}}\n"
    log = compiled("pdflatex", text, tmp_path)
    assert "LaTeX Error" not in log


# ------------------------------------------------------------------------------------- how it is laid out


def fragment(*steps: Step) -> str:
    return write_latex(Solution("", steps), Conventions())


x, y, long = Symbol("x"), Symbol("y"), Symbol("delta_out")


def test_equations_that_are_read_together_are_aligned_at_their_first_relation() -> None:
    found = fragment(Formulas((equation(x, y, Value(3)), equation(long, x))))
    assert found == "\\begin{align*}\n  x &= y = 3 \\\\*\n  \\delta_{out} &= x\n\\end{align*}\n"


def test_a_wide_equation_has_its_relations_below_each_other() -> None:
    names = [Symbol(f"long_{number}") for number in range(1, 9)]
    wide = equation(x, sum(names), sum(reversed(names)) * y, Value(0.5))
    found = fragment(Formulas((wide, equation(long, x)))).splitlines()
    assert [re.sub(r"=.*", "=", line).strip() for line in found[1:-1]] == [
        "x &=",
        "&=",
        "&=",
        r"\delta_{out} &=",
    ]


def test_results_stand_in_boxes_of_their_own() -> None:
    found = fragment(Formulas((equation(x, y), equation(long, y, boxed=True))))
    assert found == "\\[\n  x = y\n\\]\n\\[\n  \\boxed{\\delta_{out} = y}\n\\]\n"


def test_rows_of_short_equations_begin_below_each_other() -> None:
    found = fragment(
        Assignments(((equation(x, Value(1)), equation(y, Value(2))), (equation(long, Value(3)),)))
    )
    assert found.splitlines()[1:-1] == [r"  &x = 1, \quad y = 2 \\*", r"  &\delta_{out} = 3"]


def test_a_sentence_in_a_table_is_broken_where_it_is_wide(tmp_path: Path) -> None:
    sentence = "what is said here is longer than a line of the page " * 4
    step = Table(
        (text("name"), text("meaning")), ((text("first"), text(sentence)), (text("other"), text("short")))
    )
    for engine in ENGINES:
        document = write_latex(Solution("", (step,)), Conventions(), standalone=True)
        check(compiled(engine, document, tmp_path))


# ------------------------------------------------------------------------------------------------- drawings


def pictured(name: str) -> tuple[Problem, Derivation, Solution]:
    problem = load(example(name).spec)
    derivation = backprop(problem.graph, conventions=problem.conventions)
    return problem, derivation, solve(problem, derivation)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_document_has_its_drawings_and_plots(engine: str, language: str, tmp_path: Path) -> None:
    problem, derivation, solution = pictured("obesity")
    views = [Picture(diagram(problem, derivation, view=view)) for view in (View.NEURONS, View.LAYERS)]
    plot = Picture(losses_plot(train(problem, steps=2)))
    drawn = dataclasses.replace(solution, steps=(*views, *solution.steps, plot))
    spoken = Language(language, "point" if language == "en" else "comma")
    document = write_latex(drawn, problem.conventions, spoken, standalone=True)
    assert document.count(r"\begin{tikzpicture}") == 3
    check(compiled(engine, document, tmp_path))


def test_a_document_without_drawings_needs_no_tikz() -> None:
    problem, _, solution = pictured("homework")
    kept = tuple(step for step in solution.steps if not isinstance(step, Picture))
    document = write_latex(dataclasses.replace(solution, steps=kept), problem.conventions, standalone=True)
    assert "tikz" not in document


def test_a_fragment_has_no_drawings() -> None:
    problem, derivation, solution = pictured("chain")
    picture = Picture(diagram(problem, derivation, view=View.NEURONS))
    drawn = dataclasses.replace(solution, steps=(*solution.steps, picture))
    assert "tikz" not in write_latex(drawn, problem.conventions)


# --------------------------------------------------------------------------------------------- hostile words

HOSTILE = {
    "<script>alert(1)</script> 100 % of a_b & c^d # $5 {x} ~ \\alpha | < >": "100 % of a_b &",
    r"\input{/etc/passwd} \end{document} \write18{id} ^^5cinput{x}": r"\input{/etc/passwd} \end",
    "Ünïcode – “quotes” … naïve Straße `a' \"b\" don''t -- ,,": "naïve Straße",
    "left\u202eright\u200f zero\u200bwidth\u200d \ufeffmark": "leftright zerowidth mark",
    "lone \u0301 accent x\u0323\u0308 and emoji 🙂 and 体重 and ﬁn": "and emoji ? and ?? and fin",
    "bell\x07 tab\tline\nbreak\x7f\x1b[31m": "bell tab line break[31m",
    "Größe in м/с² и α ≤ β → ∞": "и α ≤ β → ∞",
}
"""Titles, each with what one must be able to read of it."""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("language", ["en", "it", "ru"])
def test_hostile_words_are_printed_and_do_nothing(
    title: str, language: str, engine: str, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.toml"
    body = '[graph]\nequations = "f = x*y_αβ"\n\n[parameters]\nx = 1\n"y_αβ" = 2\n'
    spec.write_text(body, encoding="utf-8")
    problem = dataclasses.replace(load(spec), title=title)
    derivation = backprop(problem.graph, conventions=problem.conventions)
    document = write_latex(
        solve(problem, derivation), problem.conventions, Language(language), standalone=True
    )
    log = compiled(engine, document, tmp_path)
    check(log)
    assert "passwd" not in log
    assert "root:" not in log
    assert squeezed(HOSTILE[title]) in squeezed(words_of(tmp_path))


def squeezed(words: str) -> str:
    """Without spaces, which a PDF does not keep; an accent stands on a dotless i in some fonts."""
    return "".join(unicodedata.normalize("NFD", words).replace("ı", "i").split())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_letter_of_european_alphabets_is_printed(language: str, engine: str, tmp_path: Path) -> None:
    letters = [chr(code) for code in (*range(0x21, 0x7F), *range(0xA1, 0x180), *range(0x2010, 0x2040))]
    russian = [chr(code) for code in range(0x401, 0x460)] if language == "ru" else []
    title = " ".join([*letters, *russian])
    document = write_latex(Solution(title, ()), Conventions(), Language(language), standalone=True)
    check(compiled(engine, document.replace(r"\maketitle", rf"\maketitle {latex_words(title)}"), tmp_path))


def test_greek_letters_within_a_word_are_commands() -> None:
    assert latex_name("w_αβ") == r"w_{{\alpha}{\beta}}"
