"""How expressions in indices are printed; the textbooks' formulas are pinned."""

from __future__ import annotations

from itertools import chain

import pytest
from sympy import Expr, S, Symbol

import symbackprop as sb
from symbackprop import operations as op
from symbackprop.conventions import Conventions
from symbackprop.errors import OptionError
from symbackprop.expressions import Quotient, add, divide, mul, power
from symbackprop.graph import Graph
from symbackprop.indexed.derivation import IndexedDerivation, IndexedWriter, indexed_derivation
from symbackprop.indexed.general_layer import general_layer
from symbackprop.indexed.printing import printer_for_indices, shown_equality
from symbackprop.indexed.terms import Entry, Index, IndexLargest, IndexProduct, IndexSum, Kronecker
from symbackprop.notation.code import CODE
from symbackprop.notation.latex import LATEX
from symbackprop.notation.unicode import UNICODE

latex, unicode = (printer_for_indices(syntax, Conventions()) for syntax in (LATEX, UNICODE))
i, j, k = map(Index, "ijk")
n = Symbol("n")


def of(name: str, *indices: Expr) -> Entry:
    return Entry(Symbol(name), *indices)


@pytest.mark.parametrize(
    ("expression", "in_latex", "in_unicode"),
    [
        (of("W", i, j), "w_{ij}", "w_ij"),
        (of("W__2", i, j), "w_{ij}^{(2)}", "w_ij^(2)"),
        (of("W__l-1", i, j), "w_{ij}^{(l-1)}", "w_ij^(l-1)"),
        (of("delta__2", i), r"\delta_i^{(2)}", "δ_i^(2)"),
        (of("delta__2", i, j), r"\delta_{ij}^{(2)}", "δ_ij^(2)"),
        (of("delta", i), r"\delta_i", "δ_i"),
        (of("delta", i, j), r"(\delta)_{ij}", "(δ)_ij"),
        (of("delta_Z", i, j), r"(\delta_Z)_{ij}", "(δ_Z)_ij"),
        (of("delta_z__2", i), r"(\delta_z^{(2)})_i", "(δ_z^(2))_i"),
        (Kronecker(i, j), r"\delta_{ij}", "δ_ij"),
        (Kronecker(i, add(j, 1)), r"\delta_{i,j+1}", "δ_(i,j+1)"),
        (of("W_1", i, j), "(W_1)_{ij}", "(W₁)_ij"),
        (of("x1", i), "(x_1)_i", "(x₁)_i"),
        (of("yhat", i), r"\hat{y}_i", "ŷ_i"),
        (of("Theta", i, j), r"\theta_{ij}", "θ_ij"),
        (of("rate", i), r"\mathrm{rate}_i", "rate_i"),
        (of("X", i, S.One), "x_{i1}", "x_i1"),
        (of("X", S.One, S(2)), "x_{12}", "x₁₂"),
        (of("X", i, S(12)), "x_{i,12}", "x_(i,12)"),
        (of("X", add(i, 1)), "x_{i+1}", "x_(i+1)"),
        (of("X", Index("i_1"), j), "x_{i_1,j}", "x_(i₁,j)"),
        (Entry(op.of(op.inv, Symbol("A")), j, i), "(A^{-1})_{ji}", "(A⁻¹)_ji"),
        (op.of(op.det, Symbol("A")), r"\det(A)", "det(A)"),
        (op.of(op.logdet, Symbol("A")), r"\log \left|\det(A)\right|", "log |det(A)|"),
        (Symbol("n_l-1"), "n_{l-1}", "n_(l-1)"),
        (Symbol("b__2"), "b^{(2)}", "b^(2)"),
        (power(of("a__2", i), 2), "(a_i^{(2)})^2", "(a_i^(2))²"),
        (power(of("a", i), 2), "a_i^2", "a_i²"),
        (IndexSum(of("x", k), k, n), r"\sum_{k=1}^{n} x_k", "Σ_k x_k"),
        (
            mul(IndexSum(of("x", k), k, n), of("y", i)),
            r"(\sum_{k=1}^{n} x_k)\, y_i",
            "(Σ_k x_k) y_i",
        ),
        (mul(of("y", i), IndexSum(of("x", k), k, n)), r"y_i \sum_{k=1}^{n} x_k", "y_i Σ_k x_k"),
        (divide(IndexSum(of("x", k), k, n), n), r"\frac{\sum_{k=1}^{n} x_k}{n}", "(Σ_k x_k)/n"),
        (
            IndexSum(add(of("x", k), mul(-1, of("y", k))), k, n),
            r"\sum_{k=1}^{n} (x_k - y_k)",
            "Σ_k (x_k - y_k)",
        ),
        (power(IndexSum(of("x", k), k, n), 2), r"(\sum_{k=1}^{n} x_k)^2", "(Σ_k x_k)²"),
        (mul(-1, IndexSum(of("x", k), k, n)), r"-\sum_{k=1}^{n} x_k", "-Σ_k x_k"),
        (IndexProduct(of("x", k), k, n), r"\prod_{k=1}^{n} x_k", "Π_k x_k"),
        (IndexLargest(of("x", k), k, n), r"\max_{k} x_k", "max_k x_k"),
        (
            Quotient(Symbol("L"), of("W__l", i, j)),
            r"\frac{\partial L}{\partial w_{ij}^{(l)}}",
            "∂L/∂w_ij^(l)",
        ),
    ],
    ids=str,
)
def test_each_kind_is_printed_so(expression: Expr, in_latex: str, in_unicode: str) -> None:
    assert latex(expression) == in_latex
    assert unicode(expression) == in_unicode


def test_the_general_layer_reads_as_in_the_textbook() -> None:
    lines = general_layer("sigmoid", "cross_entropy", output_activation="softmax")
    assert [
        shown_equality(latex, line)
        for line in (lines.preactivation, lines.weight_gradient, lines.bias_gradient)
    ] == [
        r"z_i^{(l)} = \sum_{j=1}^{n_{l-1}} w_{ij}^{(l)} a_j^{(l-1)} + b_i^{(l)}",
        r"\frac{\partial L}{\partial w_{ij}^{(l)}} = \delta_i^{(l)} a_j^{(l-1)}",
        r"\frac{\partial L}{\partial b_i^{(l)}} = \delta_i^{(l)}",
    ]
    summed = r"(\sum_{k=1}^{n_{l+1}} \delta_k^{(l+1)} w_{ki}^{(l+1)})\, "
    assert shown_equality(latex, lines.hidden_delta) == (
        rf"\delta_i^{{(l)}} = {summed}\sigma'(z_i^{{(l)}}) = {summed}a_i^{{(l)}} (1 - a_i^{{(l)}})"
    )
    assert latex(lines.output_delta.value) == "a_i^{(L)} - y_i"


def test_the_general_layer_reads_on_one_line_of_text() -> None:
    lines = general_layer("tanh", "cross_entropy", output_activation="softmax")
    assert [shown_equality(unicode, line) for line in lines.lines] == [
        "z_i^(l) = Σ_j w_ij^(l) a_j^(l-1) + b_i^(l)",
        "a_i^(l) = tanh(z_i^(l))",
        "a_i^(L) = exp(z_i^(L))/(Σ_j exp(z_j^(L)))",
        "L = -Σ_i y_i log(a_i^(L))",
        "δ_i^(L) = ∂L/∂z_i^(L) = Σ_k ∂L/∂a_k^(L) · ∂a_k^(L)/∂z_i^(L) = a_i^(L)(-y_i/a_i^(L) + Σ_k y_k)"
        " = (Σ_k y_k) a_i^(L) - y_i = a_i^(L) - y_i",
        "δ_i^(l) = (Σ_k δ_k^(l+1) w_ki^(l+1)) tanh'(z_i^(l)) = (Σ_k δ_k^(l+1) w_ki^(l+1))(1 - (a_i^(l))²)",
        "∂L/∂w_ij^(l) = δ_i^(l) a_j^(l-1)",
        "∂L/∂b_i^(l) = δ_i^(l)",
    ]


def indexed(equations: str, shapes: dict[str, tuple[object, ...]], wrt: str) -> IndexedDerivation:
    graph = Graph.from_equations(equations, shapes=shapes, parameters=wrt.split())
    return indexed_derivation(sb.backprop(graph))


def all_lines(found: IndexedDerivation) -> list[str]:
    show = printer_for_indices(UNICODE, Conventions(), found.capitals)
    derived = chain(found.deltas.values(), found.gradients.values())
    return [shown_equality(show, line) for line in (*found.nodes.values(), *(one.line for one in derived))]


def test_a_network_of_two_layers_reads_so() -> None:
    found = indexed(
        "h_1 = W_1 @ x; h_2 = tanh(h_1); h_3 = W_2 @ h_2; p = softmax(h_3); L = -sum(y*log(p))",
        {"x": (3,), "y": (3,), "W_1": (2, 3), "W_2": (3, 2)},
        "W_1 W_2",
    )
    assert all_lines(found) == [
        "(h₁)_i = Σ_j (W₁)_ij x_j",
        "(h₂)_i = tanh((h₁)_i)",
        "(h₃)_i = Σ_j (W₂)_ij (h₂)_j",
        "p_i = exp((h₃)_i)/(Σ_j exp((h₃)_j))",
        "L = -Σ_i y_i log(p_i)",
        "(δ_p)_i = ∂L/∂p_i = -y_i/p_i",
        "(δ_h₃)_i = ∂L/∂(h₃)_i = Σ_k ∂L/∂p_k · ∂p_k/∂(h₃)_i = p_i ((δ_p)_i - Σ_k (δ_p)_k p_k)"
        " = (Σ_k y_k) p_i - y_i = p_i - y_i",
        "(δ_h₂)_i = ∂L/∂(h₂)_i = Σ_k ∂L/∂(h₃)_k · ∂(h₃)_k/∂(h₂)_i = Σ_k (δ_h₃)_k (W₂)_ki",
        "(δ_h₁)_i = ∂L/∂(h₁)_i = Σ_k ∂L/∂(h₂)_k · ∂(h₂)_k/∂(h₁)_i = (δ_h₂)_i (1 - (h₂)_i²)",
        "∂L/∂(W₁)_ij = Σ_k ∂L/∂(h₁)_k · ∂(h₁)_k/∂(W₁)_ij = (δ_h₁)_i x_j",
        "∂L/∂(W₂)_ij = Σ_k ∂L/∂(h₃)_k · ∂(h₃)_k/∂(W₂)_ij = (δ_h₃)_i (h₂)_j",
    ]


def test_a_batch_has_two_indices() -> None:
    found = indexed(
        "Z = X @ W + b; P = softmax(Z); L = -sum(Y*log(P))/n",
        {"X": ("n", "d"), "W": ("d", "c"), "b": ("c",), "Y": ("n", "c")},
        "W b",
    )
    assert all_lines(found) == [
        "z_ij = Σ_k x_ik w_kj + b_j",
        "p_ij = exp(z_ij)/(Σ_k exp(z_ik))",
        "L = -(Σ_i Σ_j y_ij log(p_ij))/n",
        "(δ_P)_ij = ∂L/∂p_ij = -y_ij/(n p_ij)",
        "(δ_Z)_ij = ∂L/∂z_ij = Σ_k Σ_m ∂L/∂p_km · ∂p_km/∂z_ij = p_ij ((δ_P)_ij - Σ_k p_ik (δ_P)_ik)"
        " = (p_ij Σ_k y_ik - y_ij)/n = (p_ij - y_ij)/n",
        "∂L/∂w_ij = Σ_k Σ_m ∂L/∂z_km · ∂z_km/∂w_ij = Σ_k (δ_Z)_kj x_ki",
        "∂L/∂b_i = Σ_k Σ_m ∂L/∂z_km · ∂z_km/∂b_i = Σ_k (δ_Z)_ki",
    ]


def test_layers_above_the_names_stand_in_round_brackets() -> None:
    found = indexed(
        "z__1 = W__1 @ x; a__1 = sigmoid(z__1); L = sum(a__1**2)", {"x": ("d",), "W__1": ("h", "d")}, "W__1"
    )
    assert latex(found.gradients["W__1"].line.left) == r"\frac{\partial L}{\partial w_{ij}^{(1)}}"
    assert latex(found.nodes["z__1"].left) == "z_i^{(1)}"


LOCALS = {
    ("softmax(z)", "p", "z"): r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)",
    ("sigmoid(z)", "p", "z"): r"\frac{\partial p_i}{\partial z_j} = \delta_{ij} p_i (1 - p_i)",
    ("W @ z", "p", "W"): r"\frac{\partial p_k}{\partial w_{ij}} = \delta_{ki} z_j",
    ("W @ z", "p", "z"): r"\frac{\partial p_i}{\partial z_j} = w_{ij}",
    ("relu(z)", "p", "z"): r"\frac{\partial p_i}{\partial z_j} = \delta_{ij} [z_i > 0]",
    ("z*z", "p", "z"): r"\frac{\partial p_i}{\partial z_j} = 2 \delta_{ij} z_i",
}


@pytest.mark.parametrize(("program", "of_", "by"), LOCALS, ids=str)
def test_a_local_partial_has_its_kronecker_delta(program: str, of_: str, by: str) -> None:
    shapes = {"z": ("n",)} | ({"W": ("n", "n")} if "W" in program else {})
    graph = Graph.from_equations(f"p = {program}; L = sum(p**2)", shapes=shapes, parameters=[by])
    line = IndexedWriter(sb.backprop(graph)).local(Symbol(of_), Symbol(by))
    assert shown_equality(latex, line) == LOCALS[program, of_, by]


def test_the_local_partials_of_a_chain_have_its_letters() -> None:
    found = indexed("z = W @ x; a = tanh(z); L = sum(a**2)", {"x": ("d",), "W": ("h", "d")}, "W")
    assert shown_equality(unicode, found.gradients["W"].locals["z"]) == "∂z_k/∂w_ij = δ_ki x_j"
    assert shown_equality(unicode, found.deltas["z"].locals["a"]) == "∂a_k/∂z_i = δ_ki (1 - a_k²)"


def test_an_array_keeps_its_capital_where_the_small_letter_is_anothers() -> None:
    found = indexed("L = sum(W @ w) + sum(X)", {"W": (2, 3), "w": (3,), "X": (2, 2)}, "W")
    show = printer_for_indices(LATEX, Conventions(), found.capitals)
    assert show(of("W", i, j)) == "W_{ij}"
    assert show(of("w", i)) == "w_i"
    assert show(of("X", i, j)) == "x_{ij}"


def test_no_index_has_the_letter_of_a_name() -> None:
    found = indexed("k = A @ j; L = sum(k**2)", {"A": (2, 3), "j": (3,)}, "A")
    assert all_lines(found)[0] == "k_i = Σ_m a_im j_m"


def test_the_mark_of_a_derivative_is_the_conventions() -> None:
    show = printer_for_indices(LATEX, Conventions(derivative="d"))
    assert show(Quotient(Symbol("L"), of("W", i, j))) == r"\frac{dL}{dw_{ij}}"


def test_code_has_no_way_to_write_indices() -> None:
    with pytest.raises(OptionError, match="code"):
        printer_for_indices(CODE, Conventions())
