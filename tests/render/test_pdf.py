"""The PDF: pages that are filled and keep their margins, the same bytes each time, harmless titles."""

from __future__ import annotations

import builtins
import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typst
from PIL import Image
from sympy import Symbol

import symbackprop.render.pdf
from symbackprop.content import Value, text
from symbackprop.conventions import Conventions
from symbackprop.errors import OptionError
from symbackprop.expressions import add, mul
from symbackprop.render.pdf import write_pdf
from symbackprop.render.typst import write_typst
from symbackprop.solution.steps import (
    Assignments,
    Formulas,
    Heading,
    Sentence,
    Solution,
    Step,
    Table,
    equation,
)
from symbackprop.translation import ENGLISH, Language
from tests.examples import NETWORKS, RUNS, Example, example, invoke

PPI = 60
MARGIN = int(2.2 / 2.54 * PPI) - 1
"""Pixels of white on either side."""

FOOT = int(2.4 / 2.54 * PPI)
"""Pixels below the text, where the number of the page stands."""

Asked = tuple[Solution, Conventions, Language]


@cache
def asked(*arguments: str) -> Asked:
    """The solution that a command writes as a PDF."""
    found: list[Asked] = []

    def kept(solution: Solution, conventions: Conventions, language: Language = ENGLISH) -> bytes:
        found.append((solution, conventions, language))
        return b"%PDF"

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(symbackprop.render.pdf, "write_pdf", kept)
        result = invoke([*arguments, "--format", "pdf", "--output", f"{folder}/it.pdf"])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return found[0]


def pages(source: str) -> list[Any]:
    """Every page as grey numbers, 0 is black; Typst has nothing to warn of."""
    with tempfile.TemporaryDirectory() as empty:
        shown, warnings = typst.Compiler(root=empty, ignore_system_fonts=True).compile_with_warnings(
            source.encode(), format="png", ppi=PPI
        )
    assert [str(one) for one in warnings] == []
    images = shown if isinstance(shown, list) else [shown or b""]
    return [np.asarray(Image.open(io.BytesIO(one)).convert("L")) for one in images]


def check(source: str) -> None:
    for number, page in enumerate(pages(source), 1):
        ink = page < 200
        assert not ink[:, :MARGIN].any(), f"page {number}: something stands in the left margin"
        assert not ink[:, -MARGIN:].any(), f"page {number}: something stands in the right margin"
        assert ink[:-FOOT].any(), f"page {number} is blank"


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_the_pages_of_an_example_are_filled_and_keep_their_margins(one: Example, command: str) -> None:
    check(write_typst(*asked(command, str(one.spec))))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("homework", ("--form", "chain,delta,paths,closed", "--mode", "both")),
        ("regularised-cost", ("--form", "chain,delta,paths", "--mode", "both")),
        ("attention", ("--notation", "indexed")),
        ("rnn", ("--notation", "indexed")),
        ("softmax-mlp", ("--notation", "component")),
        ("obesity", ("--language", "ru", "--decimal", "comma")),
        ("minibatch-sgd", ("--language", "it", "--decimal", "comma")),
    ],
)
def test_other_forms_notations_and_languages_keep_the_margins_too(
    name: str, options: tuple[str, ...]
) -> None:
    check(write_typst(*asked("derive", str(example(name).spec), *options)))


@pytest.mark.parametrize("kind", ["gelu_tanh", "leaky_relu", "huber", "kl_divergence"])
def test_long_slopes_keep_the_margins_too(kind: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text(NETWORKS[kind], encoding="utf-8")
    check(write_typst(*asked("train", str(spec))))


def test_a_pdf_has_the_same_bytes_each_time() -> None:
    solution = asked("train", str(example("homework").spec))
    first = write_pdf(*solution)
    assert first.startswith(b"%PDF-")
    assert first == write_pdf(*solution)
    assert b"CreationDate" not in first or b"D:1970" in first


def test_a_pdf_says_its_title_and_its_language() -> None:
    solution, conventions, _ = asked("train", str(example("homework").spec))
    shown = write_pdf(solution, conventions, Language("it", "comma"))
    assert re.search(rb"/Lang\s*\(it", shown)
    assert re.search(rb"/Title", shown)


# ------------------------------------------------------------------------------------ one step at a time

PLAIN = Conventions()


def page_of(*steps: Step, title: str = "", language: Language = ENGLISH) -> str:
    return write_typst(Solution(title, steps), PLAIN, language)


def symbols(letter: str, count: int) -> list[Symbol]:
    return [Symbol(f"{letter}_{number}") for number in range(1, count + 1)]


def products(count: int) -> list[Any]:
    return [mul(w, x) for w, x in zip(symbols("w", count), symbols("x", count), strict=True)]


def test_a_sum_of_many_terms_is_broken_at_its_signs_and_loses_none() -> None:
    source = page_of(Formulas((equation(Symbol("z"), add(*products(60))),)))
    check(source)
    assert all(f"w_{number} x_{number}" in source for number in range(1, 61))
    assert np.ptp(np.where((pages(source)[0] < 200)[:-FOOT])[0]) > 3 * PPI / 6  # more than two lines


def test_a_sum_in_brackets_is_broken_too() -> None:
    check(page_of(Formulas((equation(Symbol("z"), mul(Symbol("a"), add(*products(60)))),))))


def test_what_no_sign_breaks_is_made_smaller() -> None:
    check(page_of(Formulas((equation(Symbol("z"), mul(*products(60))),))))
    check(page_of(Formulas((equation(Symbol("z"), mul(*products(40)), boxed=True),))))


def test_many_short_equations_go_on_in_the_next_line() -> None:
    row = tuple(equation(one, Value(-0.123456)) for one in symbols("w", 40))
    check(page_of(Assignments((row,))))


def test_a_wide_table_is_split_and_a_long_sentence_in_a_cell_is_broken() -> None:
    wide = Table(tuple(symbols("x", 40)), (tuple(Value(-0.123456) for _ in range(40)),) * 3)
    words = Table((text("What"), text("Why")), ((text("a"), text("because of this " * 30)),))
    check(page_of(wide, words))


def test_a_box_stands_round_a_result() -> None:
    plain, boxed = (
        pages(page_of(Formulas((equation(Symbol("z"), Symbol("x"), boxed=one),))))[0] for one in (False, True)
    )
    assert (boxed < 200).sum() > 2 * (plain < 200).sum() - 40


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_heading_is_never_the_last_line_of_a_page(level: int) -> None:
    """Where it begins a page, the page before holds only what stands above it."""
    after = (Heading(level, text("Here")), Formulas((equation(Symbol("z"), Symbol("x")),)))
    for count in (20, 30, 34, 35, 36, 37, 38, 39, 40, 41, 42, 45):
        lines = [Sentence(text("A line."))] * count
        shown = pages(page_of(*lines, *after))
        alone = pages(page_of(*lines))
        if len(shown) > len(alone):
            ink = [(page[:-FOOT] < 200).sum() for page in (shown[-2], alone[-1])]
            assert ink[0] == ink[1], count


def test_a_matrix_that_is_made_smaller_stands_at_the_height_of_its_name() -> None:
    rows_of_numbers = "; ".join([", ".join(["-0.123456"] * 11)] * 4)
    ink = pages(f"{page_of()}\n#formulas(($W$, $= mat({rows_of_numbers})$))")[0][:-FOOT] < 200
    rows, columns = np.where(ink)
    name = rows[columns < columns.min() + PPI // 8]
    assert abs(int(name.min() + name.max()) - int(rows.min() + rows.max())) / 2 <= 2


def test_a_wide_drawing_lies_across_its_own_page_below_its_headings() -> None:
    solution, conventions, language = asked("train", str(example("obesity").spec))
    source = write_typst(solution, conventions, language)
    across = re.findall(r"#page\(flipped: true\)\[\n= ([^\n]*)\n\n#drawing", source)
    assert across == [rf"Iteration {number}\: example {number}" for number in (1, 2, 3)]
    assert [page.shape[1] > page.shape[0] for page in pages(source)].count(True) == 3


def test_a_high_drawing_ends_above_the_number_of_the_page(tmp_path: Path) -> None:
    spec = tmp_path / "spec.toml"
    layers = "layers = [2, 30, 1]\nactivation = 'tanh'"
    spec.write_text(f"[network]\n{layers}\n[loss]\nname = 'mse'\n", encoding="utf-8")
    for page in pages(write_typst(*asked("derive", str(spec)))):
        assert not (page[-FOOT:, : page.shape[1] // 3] < 200).any()


HOSTILE = [
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.4.0"',
    "$x$ *b* _i_ `raw` = no heading",
    "\\ \\u{41} ] } ) #",
    "\"quotes\" 'single' <label> @ref // no comment /* none */",
    "https://example.org - -- --- ... ~ -? 1. + /",
    "left\u202eto right\u2066",
    "two\nlines #pagebreak()",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_words_of_a_user_are_shown_as_they_are_and_do_nothing(words: str) -> None:
    """What Typst reads of a sentence and of the title is their text, without what does not print."""
    harmless = "".join(one for one in " ".join(words.split()) if one.isprintable())
    sentence = Sentence(text("{words}", words=words))
    source = page_of(Heading(2, text("{words}", words=words)), sentence, title=words)
    check(source)
    body = source.rpartition("#title()")[2].rpartition("\n\n")[2].strip()
    with tempfile.TemporaryDirectory() as empty:
        compiler = typst.Compiler(f"#metadata([{body}]) <it>".encode(), root=empty)
        found = compiler.query("<it>", "value", one=True)
    assert spoken(json.loads(found)) == harmless


def spoken(content: Mapping[str, Any]) -> str:
    """The text of Typst's content."""
    children: Sequence[Mapping[str, Any]] = content.get("children", ())
    if content["func"] == "space":
        return " "
    if content["func"] == "smartquote":
        return '"' if content["double"] else "'"
    assert content["func"] in ("sequence", "text", "symbol"), content
    return str(content.get("text", "")) + "".join(map(spoken, children))


def test_without_typst_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "typst":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OptionError, match="PDF needs typst") as told:
        write_pdf(Solution("", ()), PLAIN)
    assert told.value.fix == "pip install 'symbackprop[pdf]'"
