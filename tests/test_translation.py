"""Every language: no string left out, plurals and placeholders right, decimals with a comma."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages import Message
from babel.messages.extract import extract_from_dir

from symbackprop.content import Text
from symbackprop.conventions import Conventions
from symbackprop.errors import OptionError
from symbackprop.notation.latex import LatexSyntax
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.render.latex import write_latex
from symbackprop.render.markdown import write_markdown
from symbackprop.render.text import write_text
from symbackprop.solution.steps import Heading, Sentence, Solution, Table
from symbackprop.translation import CATALOGS, NAMES, Language, find_language
from tests import catalogs
from tests.catalogs import CODES, FORMULA_WORDS, PACKAGE
from tests.examples import RUNS, example, invoke, printed

MODULES = sorted(PACKAGE.rglob("*.py"))

SAME = {"it": {"Loss", "loss", "batch", "input", "Input", "Formula"}, "ru": set[str]()}
"""Words that are the same in English and in that language."""

MORE = [
    ("derive", "exercise1", "--form", "chain,delta,paths,closed", "--mode", "both"),
    ("derive", "task3", "--notation", "indexed"),
    ("derive", "softmax-mlp", "--notation", "indexed"),
    ("derive", "single-neuron", "--convention", "error_sign=minus", "--convention", "layout=numerator"),
    ("derive", "max-gate", "--convention", "ties=split", "--carry-rounded", "half_up", "--digits", "1"),
    ("derive", "relu-gate", "--convention", "relu_at_zero=1/2", "--carry-rounded", "half_even"),
    ("train", "obesity", "--full", "1", "--no-updates"),
]
LINEAR = "f = mean((X @ w - y)**2)"
BEYOND = [
    ("derive", LINEAR, "--shapes", "X=n*3,w=3,y=n", "--wrt", "w", "--optimum", "w", "--hessian", "w"),
    ("derive", "h = tanh(W @ x); f = sum(h)", "--shapes", "W=3*2,x=2", "--jacobian", "h,x"),
]
COMMANDS = [
    *((command, one.name) for one, command in RUNS),
    *MORE,
    *BEYOND,
]


def arguments(command: tuple[str, ...]) -> list[str]:
    """The command line of it: an example is given by the path of its spec."""
    name, source, *options = command
    given = source if command in BEYOND else str(example(source).spec)
    return [name, given, *options]


@cache
def solved(command: tuple[str, ...]) -> tuple[Solution, Conventions]:
    """The solution that a command shows."""
    shown: list[tuple[Solution, Conventions]] = []

    def keep(solution: Solution, conventions: Conventions, *_: Any, **__: Any) -> str:
        shown.append((solution, conventions))
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("symbackprop.render.text.write_text", keep)
        result = invoke(arguments(command))
    assert result.exit_code == 0, result.output
    return shown[0]


def texts(solution: Solution) -> Iterator[Text]:
    """Every text that is written in a solution, those within others too."""

    def within(words: Any) -> Iterator[Text]:
        if isinstance(words, Text):
            yield words
            for inner in words.fields.values():
                yield from within(inner)

    for step in solution.steps:
        match step:
            case Heading(_, words, _) | Sentence(words):
                yield from within(words)
            case Table(head, rows):
                for cell in (*head, *(cell for row in rows for cell in row)):
                    yield from within(cell)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string or "",) if isinstance(message.string, str | None) else tuple(message.string)


def identifiers(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if message.pluralizable else (str(message.id),)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def has_letters(template: str) -> bool:
    """Whether words stand in a template, besides its fields."""
    return any(character.isalpha() for literal, *_ in Formatter().parse(template) for character in literal)


TEMPLATES = [message for message in catalogs.extracted() if message.id]


# What is extracted is all that there is.


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_template_stands_literally_in_its_call(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    computed = [
        call.lineno
        for call in catalogs.calls(tree)
        if catalogs.templates(call) is None
        and not ast.unparse(call.args[0]).endswith((".template", "docstring"))
    ]
    made = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Text"
        and ast.unparse(node.args[0]) not in ("''", "template")
    ]
    assert (computed, made) == ([], [])


def test_the_extractor_of_babel_finds_the_same() -> None:
    keywords = dict.fromkeys(catalogs.CALLS, (1,))
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=keywords)
    literal = {message for _, _, message, _, _ in found}
    assert {identifiers(message)[0] for message in TEMPLATES} == literal | catalogs.of_copied()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_text_of_a_solution_is_in_the_template(command: tuple[str, ...]) -> None:
    known = {identifiers(message) for message in TEMPLATES}
    solution, _ = solved(command)
    shown = {(one.template, one.plural) if one.plural else (one.template,) for one in texts(solution)}
    assert shown
    assert shown - known == set()


# The files.


def test_the_template_is_up_to_date() -> None:
    assert catalogs.TEMPLATE.read_bytes() == catalogs.as_po(catalogs.extracted())


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_has_exactly_what_is_printed(code: str) -> None:
    catalog = catalogs.read(code)
    assert {message.id for message in catalog} - {""} == {message.id for message in TEMPLATES}
    assert not catalog.obsolete
    assert catalogs.po_of(code).read_bytes() == catalogs.as_po(catalogs.updated(code, catalogs.extracted()))


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_is_compiled(code: str) -> None:
    compiled = catalogs.po_of(code).with_suffix(".mo").read_bytes()
    assert compiled == catalogs.as_mo(catalogs.updated(code, catalogs.extracted()))


def test_the_package_carries_every_compiled_catalog() -> None:
    settings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["symbackprop"]
    carried = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    assert carried >= {catalogs.po_of(code).with_suffix(".mo") for code in CODES}
    assert {path.name for path in CATALOGS.iterdir() if path.is_dir()} == set(CODES)


# The translations.


@pytest.mark.parametrize("code", CODES)
def test_everything_is_translated(code: str) -> None:
    catalog = catalogs.read(code)
    missing = [
        message.id
        for message in catalog
        if message.id and (message.fuzzy or not all(one.strip() for one in strings(message)))
    ]
    numbers = {len(strings(message)) for message in catalog if message.pluralizable}
    assert (missing, numbers) == ([], {{"it": 2, "ru": 3}[code]})


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_left_in_english(code: str) -> None:
    left = [
        message.id
        for message in catalogs.read(code)
        if set(identifiers(message)) & set(strings(message))
        and has_letters(identifiers(message)[0])
        and message.id not in SAME[code]
    ]
    assert left == []


@pytest.mark.parametrize("code", CODES)
def test_the_fields_of_a_translation_are_those_of_its_template(code: str) -> None:
    wrong = [
        one
        for message in catalogs.read(code)
        if message.id
        for one in strings(message)
        if fields(one) != fields(identifiers(message)[0])
    ]
    assert wrong == []


@pytest.mark.parametrize("code", CODES)
def test_a_translation_begins_and_ends_as_its_template(code: str) -> None:
    """A sentence ends with the same sign; a heading is capitalised where it is in English."""
    wrong = [
        (message.id, one)
        for message in catalogs.read(code)
        if message.id
        for one in strings(message)
        if not alike(identifiers(message)[0], one)
    ]
    assert wrong == []


def alike(template: str, translation: str) -> bool:
    ends = [one[-1] if one[-1] in ".:" else "" for one in (template, translation)]
    capital = [one[0].isupper() for one in (template, translation) if one[0].isalpha()]
    return len({*ends}) == 1 and (len(capital) < 2 or capital[0] == capital[1])


VALUES = {
    "en": {1: "1 value", 2: "2 values", 5: "5 values", 11: "11 values", 21: "21 values"},
    "it": {1: "1 valore", 2: "2 valori", 5: "5 valori", 11: "11 valori", 21: "21 valori"},
    "ru": {1: "1 значение", 2: "2 значения", 5: "5 значений", 11: "11 значений", 21: "21 значение"},
}
ITERATIONS = {
    "en": {1: "after 1 iteration", 2: "after 2 iterations", 21: "after 21 iterations"},
    "it": {1: "dopo 1 iterazione", 2: "dopo 2 iterazioni", 21: "dopo 21 iterazioni"},
    "ru": {1: "после 1 итерации", 2: "после 2 итераций", 21: "после 21 итерации"},
}


@pytest.mark.parametrize("code", NAMES)
def test_plurals_are_right(code: str) -> None:
    language = Language(code)
    for n, words in VALUES[code].items():
        shown = language("Gradients: {count} value", "Gradients: {count} values", n)
        assert shown.format(count=n).endswith(f": {words}")
    for n, words in ITERATIONS[code].items():
        shown = language("Parameters after {count} iteration", "Parameters after {count} iterations", n)
        assert shown.format(count=n).endswith(words)


VOCABULARY = {
    "it": "strato iterazione esempio aggiornamento gradiente peso",
    "ru": "слой итерация наблюдение обновление градиент прямой обратное граф",
}


@pytest.mark.parametrize("code", CODES)
def test_the_words_are_those_of_the_course(code: str) -> None:
    words = " ".join(one for message in catalogs.read(code) if message.id for one in strings(message)).lower()
    assert [word for word in VOCABULARY[code].split() if not re.search(rf"\b{word}\b", words)] == []


# What is printed.


def names_of(command: tuple[str, ...]) -> set[str]:
    """The Latin words that the user wrote, and those of formulas."""
    source = arguments(command)[1]
    written = source if command in BEYOND else example(command[1]).spec.read_text(encoding="utf-8")
    return {
        word for text in (written, *FORMULA_WORDS) for word in re.findall("[A-Za-z]+", text.replace("_", " "))
    } | set(FORMULA_WORDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_english_word_is_left_in_russian(command: tuple[str, ...]) -> None:
    solution, conventions = solved(command)
    page = write_text(solution, conventions, Language("ru"))
    # What stands below or above a letter is an index.
    words = set(re.findall(r"(?<![\w^(])[A-Za-z]{2,}", page))
    left = {word for word in words - names_of(command) if not re.fullmatch("[dijkl]?[A-Za-z]|[ijkl]+", word)}
    assert left == set()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("code", CODES)
def test_no_english_sentence_is_left(command: tuple[str, ...], code: str) -> None:
    solution, conventions = solved(command)
    page = write_text(solution, conventions, Language(code))
    sentences = {
        literal
        for one in texts(solution)
        for literal, *_ in Formatter().parse(one.template)
        if sum(map(str.isalpha, literal.split())) > 1
    }
    assert [one for one in sentences if one in page] == []


# Decimals.


def in_one_way(page: str) -> str:
    """A page with points in decimals, and space between the things in a row."""
    return re.sub(r"[,;]?\s+", " ", re.sub(r"(?<=\d),(?=\d)", ".", page))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_page_with_a_decimal_comma_says_the_same(command: tuple[str, ...]) -> None:
    solution, conventions = solved(command)
    comma = write_text(solution, conventions, Language(decimal="comma"))
    assert in_one_way(comma) == in_one_way(write_text(solution, conventions))
    body = comma.replace(solution.title, "")
    assert re.findall(r"\d\.\d", body) == []
    assert re.findall(r"\d,\d+(?:e-?\d+)?\)?,\s", body) == []


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("write", [write_latex, write_markdown])
def test_formulas_of_latex_have_a_comma_without_space(command: tuple[str, ...], write: Any) -> None:
    solution, conventions = solved(command)
    comma = write(solution, conventions, Language(decimal="comma"))
    point = write(solution, conventions)
    assert re.sub("[,;]", "", comma.replace("{,}", ".")) == re.sub("[,;]", "", point)
    assert re.findall(r"\d\.\d", re.sub(r"[\d.]+\\linewidth", "", comma.replace(solution.title, ""))) == []
    assert re.findall(r"\{,\}\d+\)?,", comma) == []


@pytest.mark.parametrize(
    ("syntax", "shown"),
    [
        (
            UnicodeSyntax,
            ["1,5", "-7,8e-05", "[0,1  0,2; 3  4]", "[0,1  2]ᵀ", "max(0,1; 2)", "{1 если x > 0,5; иначе 2}"],
        ),
        (
            LatexSyntax,
            [
                "1{,}5",
                r"-7{,}8 \times 10^{-5}",
                r"\begin{pmatrix} 0{,}1 & 0{,}2 \\ 3 & 4 \end{pmatrix}",
                r"\begin{pmatrix} 0{,}1 \\ 2 \end{pmatrix}",
                r"\operatorname{max}(0{,}1; 2)",
                r"\begin{cases} 1 & \text{если } x > 0{,}5 \\ 2 & \text{иначе} \end{cases}",
            ],
        ),
    ],
)
def test_formulas_with_a_decimal_comma(syntax: type[UnicodeSyntax | LatexSyntax], shown: list[str]) -> None:
    class max: ...  # noqa: N801

    written = syntax(Language("ru", "comma"))
    number = written.number
    rows = [[number("0.1"), number("0.2")], ["3", "4"]]
    assert [
        number("1.5"),
        number("-7.8e-05"),
        written.matrix(rows, vector=False),
        written.matrix([[number("0.1")], ["2"]], vector=True),
        written.call(max, [number("0.1"), "2"]),
        written.cases(f"x > {number('0.5')}", "1", "2"),
    ] == shown


def test_a_wide_matrix_is_broken_between_its_entries() -> None:
    solution, conventions = solved(("derive", "softmax-mlp"))
    page = write_text(solution, conventions, Language(decimal="comma"), width=60)
    assert in_one_way(page) == in_one_way(write_text(solution, conventions, width=60))


def test_json_is_the_same_in_every_language() -> None:
    spec = str(example("obesity").spec)
    plain = printed("train", spec, "--format", "json")
    assert printed("train", spec, "--format", "json", "--language", "ru", "--decimal", "comma") == plain


@pytest.mark.parametrize("command", [("derive", "minimal"), ("train", "obesity")], ids=" ".join)
def test_the_command_line_takes_language_and_decimal(command: tuple[str, ...]) -> None:
    solution, conventions = solved(command)
    page = printed(*arguments(command), "--language", "it", "--decimal", "comma")
    assert page == write_text(solution, conventions, Language("it", "comma"))


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="'de'"):
        find_language("de")
    with pytest.raises(OptionError, match="'dot'"):
        find_language("en", "dot")
