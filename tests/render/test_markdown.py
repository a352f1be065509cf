"""The Markdown of every example, as an independent reader of CommonMark with `$$` sees it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from sympy import Symbol

from symbackprop.content import Value, text
from symbackprop.conventions import Conventions
from symbackprop.graph import Graph
from symbackprop.notation.printable import on_one_line
from symbackprop.problem import Problem
from symbackprop.render.markdown import write_markdown
from symbackprop.solution.derive import solve
from symbackprop.solution.steps import Heading, Sentence, Solution, Table
from symbackprop.sweep import backprop
from tests.examples import RUNS, Example, example, printed
from tests.latex_reader import read_equation

BODY = '[graph]\nequations = "f = x*y"\n\n[parameters]\nx = 1\ny = 2\n'


def tokens(text: str) -> list[Token]:
    reader = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, allow_space=False)
    return reader.parse(text)


def inline(text: str) -> list[Token]:
    return [child for token in tokens(text) for child in token.children or ()]


def titled(title: str, folder: Path) -> str:
    """The Markdown of a small spec with this title."""
    quoted = title.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    spec = folder / "spec.toml"
    spec.write_text(f'title = "{quoted}"\n\n{BODY}', encoding="utf-8")
    return printed("derive", str(spec), "--format", "markdown")


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_every_displayed_formula_is_found_as_a_block(one: Example, command: str) -> None:
    text = printed(command, str(one.spec), "--format", "markdown")
    marks = [place for place, line in enumerate(text.split("\n")) if line == "$$"]
    assert text.count("$$") == len(marks)
    assert len(marks) % 2 == 0
    blocks = [token for token in tokens(text) if token.type == "math_block"]
    assert [token.map for token in blocks] == [
        [start, end + 1] for start, end in zip(marks[::2], marks[1::2], strict=True)
    ]
    lines = text.split("\n")
    for token in blocks:
        assert token.map is not None
        start, end = token.map
        assert token.content.strip("\n") == "\n".join(lines[start + 1 : end - 1])


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_every_displayed_formula_is_balanced(one: Example, command: str) -> None:
    for token in tokens(printed(command, str(one.spec), "--format", "markdown")):
        if token.type == "math_block":
            assert balanced(token.content), token.content
            assert "\n\n" not in token.content.strip()


def balanced(formula: str) -> bool:
    """Whether braces, environments and \\left \\right pair up."""
    depth = 0
    plain = formula.replace(r"\{", "").replace(r"\}", "")
    for character in plain:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    pairs = ((r"\begin{", r"\end{"), (r"\left", r"\right"))
    return depth == 0 and all(
        plain.replace(r"\leftarrow", "").count(a) == plain.replace(r"\rightarrow", "").count(b)
        for a, b in pairs
    )


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_no_dollar_or_command_is_left_in_the_text_between(one: Example, command: str) -> None:
    found = inline(printed(command, str(one.spec), "--format", "markdown"))
    assert any(token.type == "math_inline" for token in found)
    for token in found:
        if token.type == "text":
            assert "$" not in token.content
            assert "\\" not in token.content
        assert token.type in ("text", "math_inline", "softbreak"), token


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_tables_have_as_many_cells_in_every_row_as_in_their_head(one: Example, command: str) -> None:
    text = printed(command, str(one.spec), "--format", "markdown")
    found = tokens(text)
    assert any(token.type == "table_open" for token in found)
    paragraphs = [token for token in inline(text) if token.type == "text"]
    assert not [token for token in paragraphs if token.content.startswith("|")]
    width = rows = 0
    for token in found:
        if token.type == "tr_open":
            rows = 0
        rows += token.type in ("th_open", "td_open")
        if token.type == "thead_close":
            width = rows
        if token.type == "tr_close":
            assert rows == width or width == 0
        if token.type == "table_close":
            width = 0


@pytest.mark.parametrize(
    "title",
    [
        "*stars* _lines_ `code` [link](http://a.example) <b>bold</b>",
        "# hash | bar $x$ ~~gone~~ & &amp; \\ back",
        "1. first",
        "a_b_c and $$ f $$",
        "![image](x.png)",
        "https://example.org/a_b",
        "two\nlines",
    ],
)
def test_a_title_with_special_characters_is_read_as_it_was_written(title: str, tmp_path: Path) -> None:
    text = titled(title, tmp_path)
    opening, heading, *_ = tokens(text)
    assert (opening.type, opening.tag) == ("heading_open", "h1")
    assert heading.children is not None
    assert {child.type for child in heading.children} <= {"text", "text_special"}
    assert "".join(child.content for child in heading.children) == " ".join(title.split())


HOSTILE = ["A\x1b]0;pwned\x07\u202eB", "\x9b2J", "left\u2066to\u2069 right\ufeff", "nul\x00 \x7f", "\u202e"]
"""What a terminal obeys, what turns the direction of writing, what is not seen."""


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_titles_and_names_are_words_that_are_seen(words: str) -> None:
    x, y = Symbol(f"x{words}"), Symbol("y")
    graph = Graph.from_expressions({"f": x**2 * y}, parameters=[x, y])
    problem = Problem(graph, title=words)
    solution = solve(problem, backprop(graph), pictures=True)
    table = Table((words, text("{w}", w=words)), ((words, Value(1)),))
    more = (Heading(2, text("{w}", w=words)), Sentence(text("{w}", w=words)), table)
    written = write_markdown(replace(solution, steps=(*solution.steps, *more)), Conventions())
    assert written.replace("\n", "").isprintable()
    assert "mermaid" in written
    assert on_one_line(words) in written.replace("\\", "")


def test_a_title_of_nothing_that_is_seen_is_no_heading() -> None:
    assert write_markdown(Solution("\u202e\x1b", (Sentence(text("Words.")),)), Conventions()) == "Words.\n"


def test_headings_go_down_one_level_at_a_time() -> None:
    text = printed("train", str(example("obesity").spec), "--format", "markdown")
    levels = [int(token.tag[1]) for token in tokens(text) if token.type == "heading_open"]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_displayed_formula_is_an_equation() -> None:
    text = printed("derive", str(example("exercise1").spec), "--format", "markdown")
    blocks = [token.content for token in tokens(text) if token.type == "math_block"]
    assert all(len(read_equation(one)) > 1 for block in blocks for one in block.split(r", \quad "))
