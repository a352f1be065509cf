"""Formulas with numbers of the spec in them, for one class, for all examples; dZ; numerator layout."""

from __future__ import annotations

import pytest

from symbackprop.check.checking import check_document
from symbackprop.check.claims import Verdict
from symbackprop.load import load, loads
from tests.check import small
from tests.check.small import displayed, trained
from tests.examples import example, invoke


def verdicts(name: str, *formulas: str) -> list[str]:
    """The verdict on each claim about an example; of a refuted one its kind."""
    return small.verdicts(*formulas, spec=example(name).spec.read_text(encoding="utf-8"))


RIGHT = [
    ("obesity", "z_1 = 0.1 x_1 - 0.2 x_2 + 0.1 x_3"),
    ("obesity", r"u_1 \leftarrow u_1 - 0.5\,\delta_{out}\,g_1"),
    ("obesity", r"v_{11}^{(1)} = v_{11} - 0.5\,\frac{\partial L}{\partial v_{11}}"),
    ("regularised-cost", r"\frac{\partial R}{\partial v_{11}} = \frac{0.1}{2} v_{11}"),
    ("regularised-cost", r"\frac{\partial R}{\partial v_{11}} = 0.05 v_{11}"),
    ("single-neuron", r"C = \frac{1}{3}\sum_{i=1}^3 (\hat y^{(i)} - y^{(i)})^2"),
    ("single-neuron", r"\frac{\partial C}{\partial \hat y} = \frac{2}{n}(\hat y - y)"),
    ("logistic-3layer", r"\frac{\partial L}{\partial Z^{[3]}} = \frac{1}{10}(A^{[3]} - Y)"),
    ("softmax-mlp", r"L = -\log p_2"),
    ("softmax-mlp", r"\left(\frac{\partial L}{\partial W_1}\right)_{ij} = (\delta_{h_1})_i x_j"),
    ("obesity", r"\delta_{g_1} = \delta_{out} u_1 g_1(1 - g_1)"),
    ("obesity", r"\delta_{a_i} = \sum_k v_{ki}\,\delta_{g_k} a_i(1 - a_i)"),
]
"""Of obesity w_11 = 0.1, w_12 = -0.2, w_13 = 0.1, b_1 = 0, η = 0.5; of regularised-cost λ = 0.1, m = 2."""


@pytest.mark.parametrize(("name", "formula"), RIGHT)
def test_what_holds_for_what_is_meant_is_verified(name: str, formula: str) -> None:
    assert verdicts(name, formula) == ["verified"]


WRONG = [
    ("obesity", "z_1 = 0.1 x_1 + 0.2 x_2 + 0.1 x_3"),
    ("obesity", r"z_1 = w_{11} x_1 + w_{12} x_2 + w_{13} x_3 + 0.5 b_1"),
    ("obesity", r"u_1 \leftarrow u_1 - 0.05\,\delta_{out}\,g_1"),
    ("obesity", r"u_1 \leftarrow u_1 + 0.5\,\delta_{out}\,g_1"),
    ("obesity", r"v_{11}^{(1)} = v_{11} + 0.5\,\frac{\partial L}{\partial v_{11}}"),
    ("regularised-cost", r"\frac{\partial R}{\partial v_{11}} = 0.1 v_{11}"),
    ("single-neuron", r"C = \frac{1}{4}\sum_{i=1}^3 (\hat y^{(i)} - y^{(i)})^2"),
    ("logistic-3layer", r"\frac{\partial L}{\partial Z^{[3]}} = \frac{1}{5}(A^{[3]} - Y)"),
    ("softmax-mlp", r"L = -\log p_1"),
    ("homework", r"s = \theta_0 x_0 + \theta_1 x_1^2 + \theta_2 x_0^3"),
    ("homework", r"s = \theta_0 x_0 + \theta_1 x_1^2 + \theta_2 x_2^3 x_0"),
    ("softmax-mlp", r"\left(\frac{\partial L}{\partial W_1}\right)_{ij} = (\delta_{h_1})_j x_i"),
    ("obesity", r"\delta_{g_1} = \delta_{out} u_2 g_1(1 - g_1)"),
    ("obesity", r"\delta_{a_i} = v_{1i}\,\delta_{g_1} a_i(1 - a_i)"),
]


@pytest.mark.parametrize(("name", "formula"), WRONG)
def test_what_does_not_hold_for_it_is_refuted(name: str, formula: str) -> None:
    (verdict,) = verdicts(name, formula)
    assert verdict not in {str(one) for one in Verdict}


def test_a_wrong_formula_of_the_array_of_all_examples_is_left_open() -> None:
    assert verdicts("single-neuron", r"\frac{\partial C}{\partial \hat y} = \frac{1}{n}(\hat y - y)") == [
        "undecided"
    ]


def test_a_name_like_those_of_the_spec_is_not_defined_rightly() -> None:
    assert verdicts("obesity", r"\delta_7 = 2\hat y(1 - \hat y)", r"q = 2\hat y") == ["undecided", "verified"]


# ------------------------------------------------------------------------------------ numbers that are put in


@pytest.mark.parametrize(
    ("numbers", "is_right"),
    [
        (r"0.1 \cdot 0.85 - 0.2 \cdot 0.4333 + 0.1 \cdot 0.25", True),
        (r"0.1 \cdot 0.85 - 0.2 \cdot 0.4333 + 0.3 \cdot 0.25", False),
        (r"0.1 \cdot 0.85 - 0.2 \cdot 0.4333 + 0.1 \cdot 0.35", False),
        (r"0.1 \cdot 0.85 - 0.2 \cdot 0.4333", False),
    ],
)
def test_numbers_of_the_spec_are_not_taken_for_roundings(numbers: str, is_right: bool) -> None:
    first, *_ = verdicts("obesity", f"z_1 = {numbers}")
    assert (first == "verified") == is_right


def test_a_value_rounded_to_a_digit_may_look_like_a_number_of_the_spec() -> None:
    """x = 0.3, w = 0.3: z = 0.09 is printed 0.1, and b = 0.1 is exact."""
    graph = "[graph]\nequations = '''\nz = w*x\nL = 7*z + b\n'''\n"
    spec = f"{graph}[parameters]\nw = 0.3\nb = 0.1\n[inputs]\nx = 0.3\n"
    report = check_document(displayed(r"L = 7 \cdot 0.1 + 0.1", r"L = 7 \cdot 0.2 + 0.1"), loads(spec))
    assert [one.verdict for one in report.claims] == [Verdict.VERIFIED, Verdict.REFUTED]


def test_the_value_of_the_first_side_is_no_proof_of_a_wrong_one() -> None:
    report = check_document(displayed(r"L = -\log p_1 = 1.376"), load(example("softmax-mlp").spec))
    assert [one.verdict for one in report.claims] == [Verdict.REFUTED, Verdict.VERIFIED]
    assert str(report.claims[1].reason) == "it is the value of the first side"


# ------------------------------------------------------------------------------------------------- notations


FORWARD = r"dZ^{[3]} = A^{[3]} - Y"
OF_MEAN = r"dZ^{[3]} = \frac{1}{n}(A^{[3]} - Y)"
MEAN, PLAIN = r"dW^{[3]} = \frac{1}{n} dZ^{[3]} A^{[2]\top}", r"dW^{[3]} = dZ^{[3]} A^{[2]\top}"


def test_differentials_are_those_of_each_example_or_of_the_mean_as_the_document_has_it() -> None:
    assert verdicts("logistic-3layer", FORWARD, MEAN, PLAIN) == ["verified", "verified", "factor"]
    assert verdicts("logistic-3layer", OF_MEAN, PLAIN, MEAN) == ["verified", "verified", "factor"]


@pytest.mark.parametrize("name", ["softmax-mlp", "batch-norm", "single-neuron"])
def test_what_the_tool_writes_in_numerator_layout_is_right(name: str) -> None:
    one = example(name)
    shown = invoke(["derive", str(one.spec), "--format", "markdown", "--convention", "layout=numerator"])
    spec = one.spec.read_text(encoding="utf-8") + '\n[conventions]\nlayout = "numerator"\n'
    assert {claim.verdict for claim in check_document(shown.stdout, loads(spec)).claims} == {Verdict.VERIFIED}


def test_a_derivative_in_numerator_layout_is_a_row_and_a_gradient_a_column() -> None:
    spec = example("softmax-mlp").spec.read_text(encoding="utf-8") + '\n[conventions]\nlayout = "numerator"\n'
    formulas = (
        r"\frac{\partial L}{\partial W_1} = x \delta_{h_1}^\top",
        r"\frac{\partial L}{\partial W_1} = \delta_{h_1} x^\top",
        r"\nabla_{W_1} L = \delta_{h_1} x^\top",
    )
    report = check_document(displayed(*formulas), loads(spec))
    assert [str(one.mistake or one.verdict) for one in report.claims] == ["verified", "transpose", "verified"]


def test_an_exact_result_is_right_where_rounded_values_are_carried() -> None:
    spec = trained("[[2, 1]]") + '\n[conventions]\ncarry = "rounded"\ndigits = 2\n'
    report = check_document(
        displayed(r"z = w x + b = \frac{1}{2} \cdot 2 + \frac{1}{10} = \frac{11}{10}"), loads(spec)
    )
    assert {one.verdict for one in report.claims} == {Verdict.VERIFIED}
