"""LaTeX in Unicode: what a reader of a terminal takes for the same formula, and nothing that breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.reports.plain_math import plain_math


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\frac{\partial L}{\partial W^{(1)}} = \delta^{(1)} x^\top", "∂L/∂W^(1) = δ^(1) xᵀ"),
        (r"\delta = (W^{[2]})^{\mathsf T}\delta^{[2]} \odot \sigma'(z)", "δ = (W^[2])ᵀ δ^[2] ⊙ σ′(z)"),
        (r"\frac{1}{2n}\sum_{i=1}^{n} (y_i - o_i)^2", "1/(2n) · ∑_(i=1)ⁿ (y_i - o_i)²"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4\end{pmatrix}", "[1  2; 3  4]"),
        (r"w_{11} = 0.5 - 0{,}1\cdot(-2)", "w₁₁ = 0.5 - 0,1 · (-2)"),
        (r"\left. \frac{df}{dx} \right|_{x=2}", "df/dx|_(x=2)"),
        (r"\frac{\frac{a}{b}}{c+d} e^{-z}", "(a/b)/(c + d) · e^(-z)"),
        (r"\begin{cases} 1 & \text{if } x>0\\ 0 & \text{or else}\end{cases}", "{1, if x > 0; 0, or else}"),
        (r"w \leftarrow w - \eta\,\hat{y}", "w ← w - ηŷ"),
        (r"\sqrt{x+1} + \log x", "√(x + 1) + log x"),
    ],
)
def test_formulas(latex: str, shown: str) -> None:
    assert plain_math(latex) == shown


@pytest.mark.parametrize(
    "latex", [r"\unknown{x}", r"\frac{a}{", "a}b", r"x \\ y", r"\text{a\foo}", "{" * 500]
)
def test_what_is_not_known_stands_as_it_is(latex: str) -> None:
    assert plain_math(latex) == latex


PARTS = [*r"\{}_^&$%' ab1.,=+-()[]|", *r"\frac \left \right \begin{cases} \end{cases} \text{ \hat".split()]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_nothing_breaks(latex: str) -> None:
    assert plain_math(latex).isprintable()
