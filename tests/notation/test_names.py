"""How names are printed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.notation.names import GREEK, Name, latex_name, parse_name, typst_name, unicode_name
from tests.latex_reader import canonical, names

TABLE = [
    # name, LaTeX, Unicode
    ("x", "x", "x"),
    ("L", "L", "L"),
    ("d", "d", "d"),
    ("x1", "x_1", "x₁"),
    ("x_1", "x_1", "x₁"),
    ("w_11", "w_{11}", "w₁₁"),
    ("w_1_12", "w_{1,12}", "w_1,12"),
    ("w_11__2", "w_{11}^{[2]}", "w₁₁^[2]"),
    ("W__2", "W^{[2]}", "W^[2]"),
    ("yhat", r"\hat{y}", "ŷ"),
    ("yhat_2", r"\hat{y}_2", "ŷ₂"),
    ("xbar", r"\bar{x}", "x̄"),
    ("ytilde", r"\tilde{y}", "ỹ"),
    ("beta", r"\beta", "β"),
    ("lambda", r"\lambda", "λ"),
    ("epsilon", r"\varepsilon", "ε"),
    ("pi", r"\pi", "π"),
    ("theta_0", r"\theta_0", "θ₀"),
    ("thetahat", r"\hat{\theta}", "θ̂"),
    ("Gamma", r"\Gamma", "Γ"),
    ("sigma_1", r"\sigma_1", "σ₁"),
    ("omega", r"\omega", "ω"),
    ("delta_g1", r"\delta_{g1}", "δ_g1"),
    ("delta_out", r"\delta_{out}", "δ_out"),
    ("delta_alpha", r"\delta_{\alpha}", "δ_α"),
    ("delta_1__2", r"\delta_1^{[2]}", "δ₁^[2]"),
    ("λ_1", r"\lambda_1", "λ₁"),
    ("loss", r"\mathrm{loss}", "loss"),
    ("loss_1", r"\mathrm{loss}_1", "loss₁"),
    ("hat", r"\mathrm{hat}", "hat"),
    ("a_n", "a_n", "a_n"),
    ("E", "E", "E"),
    ("I", "I", "I"),
]


@pytest.mark.parametrize(("name", "latex", "_"), TABLE)
def test_names_in_latex(name: str, latex: str, _: str) -> None:
    """Letter, accent, subscript, layer."""
    assert latex_name(name) == latex


@pytest.mark.parametrize(("name", "_", "shown"), TABLE)
def test_names_in_unicode(name: str, _: str, shown: str) -> None:
    """Digits below the line, words behind an underscore."""
    assert unicode_name(name) == shown


def test_a_step_stands_above_after_the_layer() -> None:
    """w_{11}^{(1)} after one update; w_{11}^{[2](0)} in the second layer before the first."""
    assert latex_name("w_11", "1") == "w_{11}^{(1)}"
    assert latex_name("w_11__2", "0") == "w_{11}^{[2](0)}"
    assert unicode_name("w_11", "1") == "w₁₁^(1)"
    assert unicode_name("w_11__2", "0") == "w₁₁^[2](0)"
    assert latex_name("b", "10") == "b^{(10)}"


def test_a_name_has_letters_accent_indices_and_layer() -> None:
    """And tells them apart."""
    assert parse_name("yhat_1_12__3") == Name("y", "hat", ("1", "12"), "3")
    assert parse_name("delta_a1") == Name("delta", "", ("a1",), "")
    assert parse_name("x1y") == Name("x1y", "", (), "")


@pytest.mark.parametrize("name", sorted(GREEK))
def test_every_greek_name_is_one_letter(name: str) -> None:
    """In LaTeX by a command that exists, or a letter that every engine has; in Unicode the letter itself."""
    assert re.fullmatch(r"\\[A-Za-z]+|[A-Za-z]|\\mathrm\{[A-Za-z]\}", latex_name(name)), latex_name(name)
    assert len(unicode_name(name)) == 1
    assert canonical(latex_name(name)) == latex_name(name)


@pytest.mark.parametrize(
    ("name", "letter"), list(zip("alpha beta gamma sigma tau omega".split(), "αβγστω", strict=True))
)
def test_greek_letters_are_the_right_ones(name: str, letter: str) -> None:
    """The final sigma stands in between in Unicode and must not shift those after it."""
    assert unicode_name(name) == letter
    assert parse_name(letter).letters == name


letters = st.sampled_from(["x", "w", "yhat", "theta", "loss", "Gamma", "xbar"])
tails = st.lists(st.sampled_from(["1", "12", "a1", "out", "n"]), max_size=2)


@given(letters, tails, st.sampled_from(["", "__2", "__10"]))
def test_every_name_is_read_back_as_one_symbol(letter: str, tail: list[str], layer: str) -> None:
    """What is printed is one name and stands in the reader's own shortest form."""
    name = "_".join([letter, *tail]) + layer
    assert canonical(latex_name(name)) == latex_name(name)
    assert names(latex_name(name)) == {latex_name(name)}


@given(letters, tails, tails, letters)
def test_different_names_look_different(left: str, one: list[str], two: list[str], right: str) -> None:
    """As long as they differ in more than an underscore before a digit."""
    first, second = "_".join([left, *one]), "_".join([right, *two])
    assert (latex_name(first) == latex_name(second)) == (first == second)
    assert (unicode_name(first) == unicode_name(second)) == (first == second)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a&b", r"\mathrm{a\&b}"),
        ("&", r"\&"),
        (r"\input{x}", r"\mathrm{\backslash{}input\{x\}}"),
        ("x_50%", r"x_{50\%}"),
        ("w__}", r"w^{[\}]}"),
        ("a^b", r"\mathrm{a\wedge{}b}"),
        ("ab\u202e", r"\mathrm{ab}"),
        ("a\x1b]0;b\x07", r"\mathrm{a]0;b}"),
    ],
)
def test_no_sign_in_the_name_of_a_symbol_steers_latex(name: str, shown: str) -> None:
    """A name that was parsed has no such sign; a symbol of SymPy's may have any."""
    assert latex_name(name) == shown


@pytest.mark.parametrize("name", ["A\x1b]0;pwned\x07\u202eB", "x_\x1b1", "w__\u202e2", "\x00"])
def test_no_name_has_letters_that_are_not_seen(name: str) -> None:
    """In any way of writing: a terminal would obey them."""
    for written in (latex_name(name), unicode_name(name), typst_name(name)):
        assert written.isprintable()


def test_a_layer_that_is_a_word_is_that_word_in_unicode() -> None:
    assert unicode_name("w__α_50%") == "w^[α_50%]"
