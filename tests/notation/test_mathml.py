"""Formulas as MathML: every formula of every example, and what browsers need repaired."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from symbackprop.notation.mathml import CLASSES, CSS, MathMLError, mathml
from tests.examples import RUNS, example, printed

GOLDENS = [one.golden(command, "markdown") for one, command in RUNS]
READER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, allow_space=False)
CORE = frozenset(
    "math mi mn mo mtext mspace mrow mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr"
    " mtd mpadded".split()
)
"""What MathML Core, which all browsers show, knows of."""
HARMLESS = frozenset(
    "class display displaystyle scriptlevel stretchy lspace rspace accent accentunder width form fence"
    " separator largeop movablelimits linethickness minsize maxsize symmetric mathvariant".split()
)


def formulas(markdown: str) -> Iterator[tuple[str, bool]]:
    """Every formula of a text in Markdown, and whether it is displayed."""
    for token in READER.parse(markdown):
        if token.type == "math_block":
            yield token.content.strip(), True
        for child in token.children or ():
            if child.type == "math_inline":
                yield child.content, False


def assert_shown(latex: str, display: bool) -> None:
    root = ElementTree.fromstring(mathml(latex, display=display))
    for element in root.iter():
        assert element.tag in CORE, latex
        assert set(element.attrib) <= HARMLESS, latex
        assert set(element.get("class", "boxed").split()) <= {"boxed", *CLASSES.values()}, latex


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_formula_of_every_example_is_mathml_core_without_styles(path: Path) -> None:
    found = set(formulas(path.read_text(encoding="utf-8")))
    assert found
    for latex, display in found:
        assert_shown(latex, display)


@pytest.mark.parametrize("language", ["it", "ru"])
@pytest.mark.parametrize("notation", ["component", "indexed", "matrix"])
def test_formulas_of_other_notations_and_languages_are_shown(notation: str, language: str) -> None:
    arguments = ("--notation", notation, "--language", language, "--format", "markdown")
    text = printed("derive", str(example("softmax-mlp").spec), *arguments)
    for latex, display in set(formulas(text)):
        assert_shown(latex, display)


def test_a_box_is_a_class_for_browsers_have_no_menclose() -> None:
    shown = mathml(r"\boxed{x}", display=True)
    assert shown == '<math display="block"><mrow class="boxed"><mi>x</mi></mrow></math>'


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\sigma'", "<mrow><mi>σ</mi>′</mrow>"),
        ("f''", "<mrow><mi>f</mi>″</mrow>"),
        (r"f^{\prime}", "<mrow><mi>f</mi>′</mrow>"),
        ("f'_n", "<msub><mrow><mi>f</mi>′</mrow><mi>n</mi></msub>"),
        ("f'^2", "<msup><mrow><mi>f</mi>′</mrow><mn>2</mn></msup>"),
        ("f'^2_n", "<msubsup><mrow><mi>f</mi>′</mrow><mi>n</mi><mn>2</mn></msubsup>"),
    ],
)
def test_a_prime_follows_its_letter_in_its_own_size(latex: str, shown: str) -> None:
    expected = shown.replace("′", '<mo lspace="0" rspace="0">′</mo>')
    expected = expected.replace("″", '<mo lspace="0" rspace="0">″</mo>')
    assert mathml(latex) == f"<math>{expected}</math>"


def test_a_decimal_comma_is_part_of_its_number_and_another_comma_is_not() -> None:
    shown = mathml("(1{,}5, 2)")
    assert "<mn>1,5</mn><mo>,</mo><mn>2</mn>" in shown


def test_room_beside_a_part_is_a_space_and_no_style() -> None:
    shown = mathml(r"\left(x\right)^2 y")
    assert '</msup><mspace width="0.1667em"></mspace></mrow><mi>y</mi>' in shown


def test_the_place_of_aligned_lines_is_no_part_of_the_formula() -> None:
    assert mathml(r"\begin{aligned}[t]a &= b\end{aligned}") == mathml(r"\begin{aligned}a &= b\end{aligned}")


def test_every_class_has_a_look() -> None:
    for name in {"boxed", *CLASSES.values()}:
        assert f".{name} {{" in CSS


def test_what_stands_in_a_text_is_escaped() -> None:
    assert "<mtext>&lt;script&gt;&amp;</mtext>" in mathml(r"\text{<script>\&}")


@pytest.mark.parametrize("latex", [r"\unheardof", r"\frac{1", r"\textcolor{red}{x}", r"\href{a}{x}"])
def test_what_cannot_be_shown_is_an_error_that_names_the_formula(latex: str) -> None:
    with pytest.raises(MathMLError) as caught:
        mathml(latex)
    assert latex in str(caught.value)
