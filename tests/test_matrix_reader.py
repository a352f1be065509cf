"""The reader of matrix formulas works out what is written, and refuses what can be read in two ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.matrix_reader import ReadError, canonical, equation, evaluate, same

A = np.array([[1.0, 2.0], [3.0, 4.0]])
B = np.array([[0.0, 1.0], [-1.0, 2.0]])
C = np.array([[2.0, 0.0], [1.0, -1.0]])
W = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 3.0]])
NAMES: dict[str, Any] = {
    "A": A, "B": B, "C": C, "W": W, "x": np.array([1.0, 2.0]), "y": np.array([3.0, -1.0]),
    "u": np.array([1.0, 0.0, 2.0]),
    "a": 2.0, "b": -3.0, "n": 2, "r": np.array([[5.0, 7.0]]),
}  # fmt: skip
LATEX = NAMES | {r"W^{[2]}": C, r"\delta_{h_3}": np.array([1.0, -1.0]), r"\hat{x}": A, r"w_{11}^{(1)}": 4.0,
                 ("L", r"W^{[2]}"): B}  # fmt: skip
PLAIN = NAMES | {"W^[2]": C, "δ_h₃": np.array([1.0, -1.0]), "x̂": A, "x₁₂": 5.0, "δ_W,Q": 6.0,
                 ("L", "W^[2]"): B}  # fmt: skip

LATEX_VALUES: list[tuple[str, Any]] = [
    ("A B", [[-2, 5], [-4, 11]]),
    (r"A \circ B", [[0, 2], [-3, 8]]),
    (r"(A B) \circ C", [[-4, 0], [-4, -11]]),
    (r"A \circ B \circ C", [[0, 0], [-3, -8]]),
    (r"2 A \circ B", [[0, 4], [-6, 16]]),
    (r"\frac{1}{n} A \circ B", [[0, 1], [-1.5, 4]]),
    ("-A + B", [[-1, -1], [-4, -2]]),
    ("-A B", [[2, -5], [4, -11]]),
    ("-(A - B)", [[-1, -1], [-4, -2]]),
    ("1 - A", [[0, -1], [-2, -3]]),
    ("A x", [5, 11]),
    (r"x^\top A", [[7, 10]]),
    (r"x^\top y", 1),
    (r"x y^\top", [[3, -1], [6, -2]]),
    (r"x^\top y A", [[1, 2], [3, 4]]),
    (r"x^\top A y", 11),
    (r"x \circ (y - x^\top y)", [2, -4]),
    (r"x \circ y", [3, -2]),
    (r"a b\, x", [-6, -12]),
    (r"2(a + 1)\, x", [6, 12]),
    (r"(-2)\, x", [-2, -4]),
    (r"2 \cdot 3 \cdot x", [6, 12]),
    ("x^2", [1, 4]),
    (r"\frac{x}{y}", [1 / 3, -2]),
    (r"\frac{A}{2}", [[0.5, 1], [1.5, 2]]),
    (r"\frac{1}{A}", [[1, 0.5], [1 / 3, 0.25]]),
    ("A^2", [[7, 10], [15, 22]]),
    (r"A^{\circ 2}", [[1, 4], [9, 16]]),
    (r"(A - B)^{\circ 2}", [[1, 1], [16, 4]]),
    ("A^{-1}", [[-2, 1], [1.5, -0.5]]),
    (r"A^{-\top}", [[-2, 1.5], [1, -0.5]]),
    (r"A^\top", [[1, 3], [2, 4]]),
    (r"W^{[2]\top} x", [4, -2]),
    (r"(A B)^\top", [[-2, -4], [5, 11]]),
    (r"\delta_{h_3} x^\top", [[1, 2], [-1, -2]]),
    (r"\hat{x} x", [5, 11]),
    ("w_{11}^{(1)} a", 8),
    (r"\frac{\partial L}{\partial W^{[2]}} - B", [[0, 0], [0, 0]]),
    (r"\mathbf{1}_n x^\top", [[1, 2], [1, 2]]),
    (r"\mathbf{1}_n^\top A", [[4, 6]]),
    (r"\mathbf{1}_{n \times 3}", np.ones((2, 3))),
    (r"\mathbf{0}_3", [0, 0, 0]),
    (r"I_n - A", [[0, -2], [-3, -3]]),
    (r"\mathbf{1}_{(n + 1)}", [1, 1, 1]),
    (r"\sum_{i,j} (A \circ B)_{ij}", 7),
    (r"\sum_{i} x_{i}", 3),
    (r"-\frac{\sum_{i} (x \circ y)_{i}}{n} + 1", 0.5),
    (r"\operatorname{softmax}_{j}(A)", [[1 / (1 + np.e), np.e / (1 + np.e)]] * 2),
    (r"\operatorname{softmax}(x)", [1 / (1 + np.e), np.e / (1 + np.e)]),
    (r"\log\operatorname{softmax}(x)", [-np.log(1 + np.e), 1 - np.log(1 + np.e)]),
    (r"\max_{j}(W)", [1, 2, 3]),
    (r"\max_{i}(W)", [2, 3]),
    (r"\max(W)", 3),
    (r"\max(x, y)", [3, 2]),
    (r"\max(0, x)", [1, 2]),
    (r"\operatorname{var}_{j, ddof=1}(A)", [0.5, 0.5]),
    (r"\operatorname{std}(x)", 0.5),
    (r"\operatorname{prod}_{i}(A)", [3, 8]),
    (r"\operatorname{others}_{j}(A)", [[2, 1], [4, 3]]),
    (r"\operatorname{logsumexp}(x)", np.log(np.e + np.e**2)),
    (r"\operatorname{tr}(A B)", 9),
    (r"\det(A)", -2),
    (r"\log \left|\det(A)\right|", np.log(2)),
    (r"\left\lVert x \right\rVert", 5**0.5),
    (r"\left\lVert A \right\rVert_F", 30**0.5),
    (r"\left\lVert A \right\rVert_j", [5**0.5, 5]),
    (r"\operatorname{diag}(x)", [[1, 0], [0, 2]]),
    (r"\operatorname{diag}(A)", [1, 4]),
    (r"W_{[1{:}3, 0]}", [2, 0]),
    (r"W_{[{:}, 1]}", [-1, 0, 3]),
    (r"W_{[0{:}1, {:}]}", [[1, -1]]),
    (r"W_{[0, {:}]}", [1, -1]),
    (r"x_{[1]}", 2),
    (r"W_{[{:}{:}2, {:}{:}-1]}", [[-1, 1], [3, 0]]),
    (r"W_{[{:}n, 0]}", [1, 2]),
    (r"(A B)_{[0, 1]}", 5),
    (r"\operatorname{reshape}_{3 \times 2}(W)", W),
    (r"\operatorname{reshape}_{6}(W)", [1, -1, 2, 0, 0, 3]),
    (r"\operatorname{repeat}_{n \times 3}(a)", 2 * np.ones((2, 3))),
    (r"A + \operatorname{place}_{[0, 1]}(5)", [[1, 7], [3, 4]]),
    (r"\begin{bmatrix} x & A \end{bmatrix}", [[1, 1, 2], [2, 3, 4]]),
    (r"\begin{bmatrix} x \\ u \end{bmatrix}", [1, 2, 1, 0, 2]),
    (r"\operatorname{stack}_{i}(x, y)", [[1, 2], [3, -1]]),
    (r"\operatorname{stack}_{j}(x, y)", [[1, 3], [2, -1]]),
    (r"[B > 0]", [[0, 1], [0, 1]]),
    (r"[A \ge 2] \circ A", [[0, 2], [3, 4]]),
    (r"[A = \max(A)]", [[0, 0], [0, 1]]),
    (r"\begin{cases} A & \text{if } B > 0 \\ 0 & \text{otherwise} \end{cases}", [[0, 2], [0, 4]]),
    (r"\sigma(x)", [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-2))]),
    (r"\tanh(A - A)", [[0, 0], [0, 0]]),
    (r"\operatorname{ReLU}(B)", [[0, 1], [0, 2]]),
    (r"\operatorname{LeakyReLU}(B, 0.5)", [[0, 1], [-0.5, 2]]),
    (r"\operatorname{clip}(A, 2, 3)", [[2, 2], [3, 3]]),
    (r"e^{-a}", np.exp(-2)),
    (r"\sqrt{A}", np.sqrt(A)),
    (r"\left|B\right|", np.abs(B)),
    (r"\begin{pmatrix} 1 & -2 \\ 0.5 & 3 \times 10^{-2} \end{pmatrix}", [[1, -2], [0.5, 0.03]]),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix} \begin{pmatrix} 1 & 1 \end{pmatrix}", [[1, 1], [2, 2]]),
    (r"\operatorname{conv}_{s=2}(u, \begin{pmatrix} 1 \\ 10 \end{pmatrix})", 1),
    (r"\left(\begin{pmatrix} 1 & 2 \end{pmatrix}\right)^\top", [1, 2]),
]

PLAIN_VALUES: list[tuple[str, Any]] = [
    ("A B - 1ₙ r", [[-7, -2], [-9, 4]]),
    ("1/n · A ∘ B", [[0, 1], [-1.5, 4]]),
    ("x/y", [1 / 3, -2]),
    ("xᵀ y x", [1, 2]),
    ("(A B)/A^(∘2)", [[-2, 5 / 4], [-4 / 9, 11 / 16]]),
    ("A⁻¹", [[-2, 1], [1.5, -0.5]]),
    ("A⁻ᵀ", [[-2, 1.5], [1, -0.5]]),
    ("W^[2]ᵀ x", [4, -2]),
    ("(A - B)^(∘2)", [[1, 1], [16, 4]]),
    ("δ_h₃ xᵀ", [[1, 2], [-1, -2]]),
    ("x̂ x - δ_W,Q + x₁₂", [4, 10]),
    ("Σ_ij (A ∘ B)_ij/n", 3.5),
    ("(Σ_i x_i) y", [9, -3]),
    ("log softmax(x)", [-np.log(1 + np.e), 1 - np.log(1 + np.e)]),
    ("max_j(W)", [1, 2, 3]),
    ("var_(j, ddof=1)(A)", [0.5, 0.5]),
    ("std_j, ddof=1(A)", [0.5**0.5, 0.5**0.5]),
    ("log |det(A)|", np.log(2)),
    ("‖x‖² + ‖A‖_F²", 35),
    ("W[1:3, 0]", [2, 0]),
    ("A [1, 2]ᵀ", [5, 11]),
    ("[1, 2; 3, 4] [1, 0]ᵀ", [1, 3]),
    ("[x, A]", [[1, 1, 2], [2, 3, 4]]),
    ("[x; u]", [1, 2, 1, 0, 2]),
    ("A ∘ [B > 0]", [[0, 2], [0, 4]]),
    ("{A if B > 0, else 0}", [[0, 2], [0, 4]]),
    ("√(A)", np.sqrt(A)),
    ("√(x + 1)³", [2**1.5, 3**1.5]),
    ("exp(-a)", np.exp(-2)),
    ("reshape_3×2(W)", W),
    ("repeat_n×3(a)", 2 * np.ones((2, 3))),
    ("I₂ + 1₂ 1₂ᵀ", [[2, 1], [1, 2]]),
    ("1_n×3", np.ones((2, 3))),
    ("1_(n + 1)", [1, 1, 1]),
    ("A + place_[0, 1](5)", [[1, 7], [3, 4]]),
    ("(-2) x", [-2, -4]),
    ("1e-05 x", [1e-5, 2e-5]),
    ("∂L/∂W^[2] - B", [[0, 0], [0, 0]]),
    ("conv_s=2(u, [1, 10]ᵀ)", 1),
]


def worth(formula: str, *, plain: bool = False, shape: tuple[int, ...] | None = None) -> Any:
    return evaluate(formula, PLAIN if plain else LATEX, plain=plain, shape=shape)


@pytest.mark.parametrize(("formula", "expected"), LATEX_VALUES)
def test_latex_is_worked_out(formula: str, expected: Any) -> None:
    assert same(worth(formula), np.asarray(expected, dtype=float)), worth(formula)


@pytest.mark.parametrize(("formula", "expected"), PLAIN_VALUES)
def test_unicode_is_worked_out(formula: str, expected: Any) -> None:
    assert same(worth(formula, plain=True), np.asarray(expected, dtype=float)), worth(formula, plain=True)


@pytest.mark.parametrize(
    "formula",
    [
        r"A \circ B C",
        r"A B \circ C",
        r"\mathbf{1}_n x^\top \circ A",
        r"A + x",
        r"A + r",
        r"x + r",
        r"x \circ r",
        r"A \circ x",
        r"\frac{A}{x}",
        r"[A > x]",
        r"\max(A, x)",
        r"\begin{cases} A & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"[W = \max_{j}(W)]",
        r"A W",
        r"x y",
        r"x A",
        r"W^2",
        r"A^{x}",
        r"A^{\circ x}",
        r"W^{-1}",
        r"e^{A}",
        r"W^{[2]}^\top",
        r"A^\top^\top",
        r"A 2",
        r"2 \frac{1}{2}",
        r"\sum_{i} (x)_{i} a",
        r"\sum_{i} (A)_{i}",
        r"\sum_{i,j} (x)_{ij} \cdot a \circ x_{[0]} +",
        r"\sum_{i} (r)_{i}",
        r"\left\lVert A \right\rVert",
        r"\operatorname{place}_{[0]}(1)",
        r"\operatorname{repeat}_{2 \times 3}(x)",
        r"\operatorname{unknown}(x)",
        r"\operatorname{LeakyReLU}(x)",
        r"q",
        r"A -- B",
        r"A \circ -B",
        r"(A",
        r"A)",
        r"W_{[3, 0]}",
        r"W_{[0]}",
        r"\log \left|a\right| x",
        "",
    ],
)
def test_latex_that_is_wrong_or_can_be_read_in_two_ways_is_refused(formula: str) -> None:
    with pytest.raises(ReadError):
        worth(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "A ∘ B C",
        "A B/C",
        "A x/y",
        "a/n A",
        "a/n/a",
        "A + x",
        "[A > x]",
        "Σ_i x_i a",
        "Aᵀᵀ",
        "1₂ 1/n · x",
        "x 2",
        "A ∘ B C/A",
    ],
)
def test_unicode_that_is_wrong_or_can_be_read_in_two_ways_is_refused(formula: str) -> None:
    with pytest.raises(ReadError):
        worth(formula, plain=True)


def test_what_is_placed_takes_the_shape_of_what_stands_beside_it_or_of_the_left_side() -> None:
    assert same(worth(r"2 \operatorname{place}_{[1]}(a)", shape=(3,)), np.array([0.0, 4.0, 0.0]))
    assert same(worth("2 place_[0, :](x)", plain=True, shape=(2, 2)), np.array([[2.0, 4.0], [0.0, 0.0]]))
    with pytest.raises(ReadError):
        worth(r"\operatorname{place}_{[1{:}3]}(a)", shape=(3,))


def test_the_adjoint_of_a_convolution_is_the_transpose_of_its_matrix() -> None:
    w = r"\begin{pmatrix} 1 \\ 10 \end{pmatrix}"
    found = evaluate(rf"\operatorname{{conv}}(\cdot, {w})^{{*}}(g)", {"g": np.array([1.0, 2.0])}, shape=(3,))
    assert same(found, np.array([1.0, 12.0, 20.0]))
    values = {"g": np.array([1.0, 2.0]), "u": NAMES["u"]}
    found = evaluate("conv(u, ·)*(g)", values, plain=True, shape=(2,))
    assert same(found, np.array([1.0, 4.0]))


def test_an_equation_is_split_at_its_relations_without_its_frames() -> None:
    line = (
        r"\begin{aligned}[t]\underset{2 \times 1}{h_1} &= W \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \\"
        r"  &= \resizebox{0.8\linewidth}{!}{$\displaystyle [Z = 0] x$} \\ &\qquad + y \end{aligned}"
    )
    found = equation(line)
    assert found.shape == (2, 1)
    assert [" ".join(side.split()) for side in found.sides] == [
        "h_1", r"W \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "[Z = 0] x + y",
    ]  # fmt: skip
    assert equation(r"\boxed{a \equiv \frac{\partial L}{\partial z} = 1}").sides == [
        "a", r"\frac{\partial L}{\partial z}", "1",
    ]  # fmt: skip


def test_a_name_has_one_form() -> None:
    assert canonical(r"\delta_{ z }") == r"\delta_z"
    assert canonical(r"w_{11}^{[2]}") == r"w_{11}^{[2]}"
