"""Exported code in every language: the same code, the same check; no English is left, no word breaks it."""

from __future__ import annotations

import ast
import gettext
import importlib
import io
import re
import subprocess
import tokenize
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from rich.cells import cell_len

import symbackprop as sb
from symbackprop import translation
from symbackprop.errors import OptionError
from symbackprop.exporting.helpers import MODULES
from symbackprop.exporting.layout import WIDTH, commented
from symbackprop.exporting.module_text import documented
from symbackprop.exporting.python_module import PythonModule
from symbackprop.exporting.table import TARGETS
from symbackprop.graph import Graph
from symbackprop.problem import Problem
from symbackprop.translation import Language
from tests import catalogs
from tests.catalogs import CODES, FORMULA_WORDS
from tests.examples import example
from tests.exporting.c_library import gcc, needs_gcc, written
from tests.exporting.exported import PYTHON, needs, problem_of, ran
from tests.exporting.test_sample import LARGE
from tests.loops.every_operation import PROGRAMS

LIBRARIES = [needs(target) for target in PYTHON]
EXAMPLES = ("homework", "obesity", "softmax-mlp", "batch-norm", "conv-net", "attention", "max-gate")
NAMES = (*EXAMPLES, "drawn", "renamed", "by convention")
"""Problems with all that is told: layers, sizes, nodes with other names, drawn numbers, copied functions."""

LONG = {"layout": "numerator", "error_sign": "minus", "ties": "split"}
"""Conventions that take many words."""


@cache
def problem(name: str) -> Problem:
    match name:
        case "drawn":
            return Problem(LARGE)
        case "renamed":
            return Problem(Graph.from_equations("f = lambda*x", parameters=["lambda", "x"]))
        case "by convention":
            plain = problem("largest and smallest")
            return replace(plain, conventions=plain.conventions.changed(LONG))
    if name in EXAMPLES:
        return problem_of(example(name))
    text, shapes, _ = PROGRAMS[name]
    return Problem(Graph.from_equations(text, shapes=shapes, parameters=[*shapes]))


@cache
def exported(name: str, target: str, code: str) -> Mapping[str, str]:
    return sb.export(problem(name), target, name="net", language=code)


def module(name: str, target: str, code: str) -> str:
    (text,) = exported(name, target, code).values()
    return text


def told(name: str, target: str, code: str) -> str:
    """All files without the title, which is the user's own."""
    text = "\n".join(exported(name, target, code).values())
    return text.replace(problem(name).title or "\0", "")


# The check.


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("target", LIBRARIES)
def test_the_check_of_a_module_passes_and_says_so(
    target: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(module("homework", target, code)).check()
    assert capsys.readouterr().out.endswith(f"\n{Language(code)('passed')}\n")


def compiled(files: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The check of a source, compiled without a warning and run."""
    written(files, folder)
    done = gcc(folder, "net.c", "-DNET_MAIN")
    assert (done.returncode, done.stderr) == (0, "")
    return subprocess.run([folder / "compiled"], capture_output=True, text=True, check=False)


@needs_gcc
@pytest.mark.parametrize("code", CODES)
def test_the_check_of_a_source_passes_and_says_so(code: str, tmp_path: Path) -> None:
    done = compiled(exported("homework", "c", code), tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, Language(code)("passed"))


@pytest.mark.parametrize("code", CODES)
def test_a_wrong_gradient_is_told_in_the_language(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = module("homework", "numpy", code)
    assert not ran(text.replace("delta_s = -f", "delta_s = f")).check()
    failed = Language(code)("failed: an error is above {tolerance}").format(tolerance="1e-06")
    assert capsys.readouterr().out.endswith(f"\n{failed}\n")


# The words.


@cache
def english() -> frozenset[str]:
    """Of all that is ever printed, the pieces of several English words."""
    ids = [message.id for message in catalogs.extracted()]
    templates = [one for each in ids for one in ([each] if isinstance(each, str) else each)]
    pieces = {piece.strip() for template in templates for piece, *_ in Formatter().parse(template)}
    words = {piece: re.findall(r"(?<!\w)[A-Za-z]{2,}", piece) for piece in pieces}
    return frozenset(piece for piece, found in words.items() if len(found) > 1 and {*found} - FORMULA_WORDS)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("target", TARGETS)
def test_no_english_sentence_is_left(target: str, code: str) -> None:
    for name in NAMES:
        assert [one for one in english() if one in told(name, target, "en")] != []
        assert [one for one in english() if one in told(name, target, code)] == [], name


_C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def read(target: str, text: str) -> tuple[set[str], str]:
    """The names in the code of a file, and all its comments, docstrings and strings of several words."""
    if target == "c":
        said = [*_C_COMMENT.findall(text), *re.findall(r'"[^"\n]* [^"\n]*"', text)]
        return set(re.findall(r"\w+", _C_COMMENT.sub("", text))), "\n".join(said)
    names, said = set(), []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        of_words = token.type in (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1))
        if of_words and " " in token.string:
            said.append(token.string)
        else:
            names |= set(re.findall(r"\w+", token.string))
    return names, "\n".join(said)


KNOWN = {
    *"NumPy Python symbackprop Klambauer NaN NAN erfc Phi gcc std lm".split(),
    *"broadcasting start stop step zmax upstream".split(),
    *FORMULA_WORDS,
}


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("name", dict.fromkeys([*EXAMPLES, *PROGRAMS]))
def test_no_english_word_is_left_in_russian(name: str, target: str) -> None:
    """But names: those in the code, those in formulas, those of libraries."""
    files = [read(target, text) for text in exported(name, target, "ru").values()]
    names = set.union(*(one for one, _ in files))
    said = "\n".join(one for _, one in files).replace(problem(name).title or "\0", "")
    words = set(re.findall(r"(?<![\w^(])[A-Za-z]{2,}\w*", said))
    assert {one for one in words - names - KNOWN if not re.fullmatch(r"\w+_\w*|d\w", one)} == set()


def test_every_copied_function_is_in_the_catalogs() -> None:
    found = [
        one
        for target in TARGETS.values()
        for one in vars(importlib.import_module(f"symbackprop.exporting.{target}")).values()
        if isinstance(one, type) and issubclass(one, PythonModule)
    ]
    assert {known_as for one in found for known_as in one.modules} == set(MODULES)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("target", TARGETS)
def test_lines_are_within_the_width(target: str, code: str) -> None:
    lines = [line for name in NAMES for line in told(name, target, code).splitlines()]
    assert [line for line in lines if cell_len(line) > WIDTH] == []


@pytest.mark.parametrize(
    ("code", "one", "several"),
    [("en", "input", "parameters"), ("it", "input", "parametri"), ("ru", "вход", "параметры")],
)
def test_several_are_told_in_the_plural(code: str, one: str, several: str) -> None:
    """21 too, though in Russian the noun would be singular behind that number."""
    names = [f"w_{place}" for place in range(1, 22)]
    graph = Graph.from_equations(f"f = exp(x*({' + '.join(names)}))", parameters=names)
    header = sb.export(Problem(graph), "c", name="net", language=code)["net.h"]
    assert re.search(rf"double x; +// {one}\n", header)
    assert re.search(rf"w_21; +// {several}\n", header)
    (text,) = sb.export(Problem(graph), language=code).values()
    assert re.search(rf"\bx: {one}\n", text)
    assert re.search(rf"w_21:\s+{several}\n", text)


# The code.


class _Wordless(ast.NodeTransformer):
    """What is raised says nothing."""

    def visit_Raise(self, _: ast.Raise) -> ast.Raise:
        return ast.Raise()


def code_of(text: str) -> list[str]:
    """The functions of a module without their words, and all decimals, those of its comments too."""
    functions = [one for one in _Wordless().visit(ast.parse(text)).body if isinstance(one, ast.FunctionDef)]
    bodies = [
        ast.unparse(statement) for one in functions if one.name != "check" for statement in one.body[1:]
    ]
    return bodies + re.findall(r"\d+\.\d+", text)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("target", PYTHON)
def test_code_is_the_same_in_every_language(target: str, code: str) -> None:
    for name in NAMES:
        assert code_of(module(name, target, code)) == code_of(module(name, target, "en"))


@pytest.mark.parametrize("code", CODES)
def test_c_is_the_same_in_every_language(code: str) -> None:
    for name in NAMES:
        texts = ["\n".join(exported(name, "c", one).values()) for one in ("en", code)]
        plain, other = (re.sub(r'"[^"\n]*"|\s+', "", _C_COMMENT.sub("", text)) for text in texts)
        assert plain == other


# What a translation may not do.

SIGNS = "' \" \\ ''' \"\"\" */ /* // ??/ % %s %n # ` {x}"
"""What ends a string or a comment somewhere, or steers what is printed."""


class Hostile(gettext.NullTranslations):
    """Every sentence, with those signs and a long tail behind it."""

    def gettext(self, message: str) -> str:
        return f'{message} {SIGNS.replace("{x}", "{{x}}")} {"word " * 30}"'


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "_catalog", lambda _: Hostile())


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("name", ["homework", "softmax-mlp"])
@pytest.mark.parametrize("target", [needs("numpy"), needs("torch")])
def test_no_translation_breaks_a_module(target: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = sb.export(problem(name), target, language="it").values()
    assert ran(text).check()
    first, *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith(f"passed {SIGNS} word")
    assert f" {SIGNS} word" in first


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("target", PYTHON)
def test_no_translation_adds_code_to_a_module(target: str) -> None:
    (text,) = sb.export(problem("homework"), target, language="it").values()
    plain = module("homework", target, "en")
    found, expected = (list(map(type, ast.walk(ast.parse(one)))) for one in (text, plain))
    # A word behind the last field of an f-string is one string more.
    assert [one for one in found if one is not ast.Constant] == [
        one for one in expected if one is not ast.Constant
    ]


@needs_gcc
@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("name", ["homework", "softmax-mlp"])
def test_no_translation_breaks_a_source(name: str, tmp_path: Path) -> None:
    done = compiled(sb.export(problem(name), "c", name="net", language="it"), tmp_path)
    first, *_, last = done.stdout.splitlines()
    assert done.returncode == 0
    assert last.startswith(f"passed {SIGNS} word")
    assert f" {SIGNS} word" in first


def test_a_docstring_that_ends_with_a_quote_is_closed_on_a_line_of_its_own() -> None:
    assert documented('of a "gate"') == ['    """of a "gate"', '    """']


def test_a_long_docstring_and_a_long_comment_of_c_are_folded() -> None:
    docstring, comment = documented("parola " * 40), commented("parola " * 40)
    assert max(map(len, (*docstring, *comment))) <= WIDTH
    assert (docstring[-1], comment[0][:3], comment[-1][-3:]) == ('    """', "/* ", " */")


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="there is no language 'de'"):
        sb.export(problem("homework"), language="de")
