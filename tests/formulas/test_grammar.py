"""What a side in LaTeX is worth, against plain Python; what is refused, and where; nothing is guessed."""

from __future__ import annotations

import re
from math import cos, exp, log, prod, sin, sqrt, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.formulas.chains import chains_of
from symbackprop.formulas.unread import Unread
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.load import load
from symbackprop.papers.reading import read_document
from tests.examples import RUNS, Example
from tests.formulas.sides import NUMBERS, VALUES, Q, U, V, W, read, value

x, y, z, t, w = (NUMBERS[name] for name in ("x", "y", "z", "t", "w"))
a = {number: NUMBERS[f"a_{number}"] for number in (1, 2, 3)}
ws = {(i, j): NUMBERS[f"w_{i}{j}"] for i in (1, 2) for j in (1, 2)}
yhat = VALUES["yhat"]
slope_w = 2 * (yhat - t) * x


def sigma(at: float) -> float:
    return 1 / (1 + exp(-at))


TABLE = {
    # What binds first.
    r"1 + 2 \cdot 3": 7,
    "x - y - z": x - y - z,
    "x - (y - z)": x - (y - z),
    "1 - (1 - x)": x,
    "x / y / z": x / y / z,
    r"2 \cdot 3 / 4": 1.5,
    r"x \div y": x / y,
    r"\frac{\frac{x}{y}}{z}": x / y / z,
    r"\dfrac{x + y}{z}": (x + y) / z,
    r"\frac12": 0.5,
    r"\frac12x": 0.5 * x,
    r"\frac x y": x / y,
    "-x^2": -(x**2),
    "(-x)^2": x**2,
    "2^{-1}": 0.5,
    "x^{y^{2}}": x ** (y**2),
    "x^{2}y": x**2 * y,
    "x^{-1}y": y / x,
    "(x+y)^{2}": (x + y) ** 2,
    # Factors side by side.
    "2xy": 2 * x * y,
    "xx": x * x,
    "x(y + z)": x * (y + z),
    "(x + y)(x - y)": (x + y) * (x - y),
    "a_1(1-a_1)": a[1] * (1 - a[1]),
    r"\left(x + y\right)z": (x + y) * z,
    r"\bigl(x+y\bigr)\,z": (x + y) * z,
    "[x + y] z": (x + y) * z,
    r"x\,y\;z": x * y * z,
    "x~y": x * y,
    r"x \times y": x * y,
    r"x \odot y": x * y,
    "x * y": x * y,
    # Signs.
    r"x \cdot -y": x * -y,
    r"x \times (-y)": x * -y,
    "x - -y": x + y,
    "-x + y": -x + y,
    "x − y": x - y,
    # Numbers.
    ".5": 0.5,
    "5.85e - 05": 5.85e-5,
    "5.85e-05": 5.85e-5,
    r"3.9 \times 10^{-5}": 3.9e-5,
    r"1.5 \cdot 10^{2}": 150,
    r"2 \times 10^3": 2000,
    "10^{-3}": 0.001,
    "1{,}5": 1.5,
    # Functions.
    r"\sigma(z)": sigma(z),
    r"\sigma(z)x": sigma(z) * x,
    r"\sigma(z)(1 - \sigma(z))": sigma(z) * (1 - sigma(z)),
    r"\sigma'(z)": sigma(z) * (1 - sigma(z)),
    r"\tanh'(z)": 1 - tanh(z) ** 2,
    r"\log x": log(x),
    r"\log(x)z": log(x) * z,
    r"\ln 2x": log(2 * x),
    r"\log x + z": log(x) + z,
    r"\log^2 x": log(x) ** 2,
    "e^{-x}": exp(-x),
    r"\exp(-x)": exp(-x),
    r"\sin x \cos z": sin(x) * cos(z),
    r"\tanh z": tanh(z),
    r"\sqrt{x + z}": sqrt(x + z),
    r"\sqrt 2": sqrt(2),
    r"\max(x, y)": max(x, y),
    r"\operatorname{ReLU}(y)": 0,
    r"\operatorname{ReLU}(z)": z,
    "|y|": -y,
    "2|y|x": -2 * y * x,
    "|x - y| - |y|": x - y + y,
    r"\mathbf{1}[x > 0]": 1,
    "[y > 0]": 0,
    r"\begin{cases} x & x > 0 \\ 0 & x \leq 0 \end{cases}": x,
    r"\begin{cases} y & \text{if } y > 0 \\ 0.1 y & \text{otherwise} \end{cases}": 0.1 * y,
    # Sums.
    r"\sum_{i=1}^{3} a_i": sum(a.values()),
    r"\sum_{i=2}^{3} a_i": a[2] + a[3],
    r"\sum_i a_i": sum(a.values()),
    r"\sum_{i=1}^{2} a_i + x": a[1] + a[2] + x,
    r"\sum_{i=1}^{2} x a_i w_{1i}": x * (a[1] * ws[1, 1] + a[2] * ws[1, 2]),
    r"\sum_{i=1}^{2} \sum_{j=1}^{2} w_{ij}": sum(ws.values()),
    r"\sum_{i=1}^{2} \left( a_i + \sum_{j=1}^{2} w_{ij} \right)^2": sum(
        (a[i] + ws[i, 1] + ws[i, 2]) ** 2 for i in (1, 2)
    ),
    r"\sum_{i=1}^{3} i^2": 14,
    r"\prod_{i=1}^{3} a_i": prod(a.values()),
    # Names.
    "w_{11}": ws[1, 1],
    "w_{1,1}": ws[1, 1],
    "w_{1 1}": ws[1, 1],
    r"\hat y": yhat,
    r"\hat{y}^2": yhat**2,
    r"\widehat{y}": yhat,
    r"\mathbf{x}": x,
    r"\mathrm{x}": x,
    r"\color{red} x": x,
    "a^{(2)}_1": NUMBERS["a_1__2"],
    "a_1^{(2)}": NUMBERS["a_1__2"],
    "a_1^{[2]}": NUMBERS["a_1__2"],
    "a_1^2": a[1] ** 2,
    # Derivatives.
    r"\frac{\partial L}{\partial w}": slope_w,
    r"\frac{dL}{dw}": slope_w,
    "dL/dw": slope_w,
    r"\partial L/\partial w": slope_w,
    "L_w": slope_w,
    r"\nabla_w L": slope_w,
    r"\partial_x \hat y": w,
    r"2\frac{\partial \hat y}{\partial x}": 2 * w,
    r"\frac{\partial L}{\partial \hat y} \frac{\partial \hat y}{\partial w}": slope_w,
    r"\frac{\partial}{\partial x} (x^2)": 2 * x,
    r"\left.\frac{\partial L}{\partial w}\right|_{y}": slope_w,
    r"\left. u^2 \right|_{u = 3}": 9,
}


@pytest.mark.parametrize(("latex", "expected"), TABLE.items(), ids=list(TABLE))
def test_a_side_of_numbers_has_its_value(latex: str, expected: float) -> None:
    assert value(latex) == pytest.approx(expected, rel=1e-12, abs=1e-14)


ARRAYS = {
    "W V": W @ V[:, None],
    r"\mathbf{W}": W,
    r"W^\top u": W.T @ U[:, None],
    "W^{T}u": W.T @ U[:, None],
    r"u^\top W": U[None] @ W,
    r"u^\top q": U @ Q,
    r"u V^\top": np.outer(U, V),
    "W_{12}": W[0, 1],
    "W_{1,2}": W[0, 1],
    "V_2": V[1],
    r"u \odot q": (U * Q)[:, None],
    "2u + q": (2 * U + Q)[:, None],
    r"u^{\circ 2}": (U**2)[:, None],
    r"\|u\|^2": U @ U,
    r"\sum_i u_i q_i": U @ Q,
    r"\sum_{j=1}^{3} W_{1j} V_j": Q[0],
    r"W \begin{pmatrix} 1 \\ 2 \\ 3 \end{pmatrix}": W @ [[1], [2], [3]],
    r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} u": [[1, 2], [3, 4]] @ U[:, None],
    r"\mathbf{1}_2": np.ones((2, 1)),
    "I_2 u": U[:, None],
    r"W W^\top": W @ W.T,
    r"\operatorname{diag}(u) W": np.diag(U) @ W,
    r"\sigma(u)": 1 / (1 + np.exp(-U[:, None])),
    r"\operatorname{softmax}(u)": np.exp(U[:, None]) / np.exp(U).sum(),
    r"\frac{\partial L}{\partial W}": np.outer(U, V),
    r"\nabla_W L": np.outer(U, V),
    r"\nabla_V L": W.T @ U[:, None],
    r"\frac{\partial L}{\partial W_{12}}": U[0] * V[1],
}


@pytest.mark.parametrize(("latex", "expected"), ARRAYS.items(), ids=list(ARRAYS))
def test_a_side_of_arrays_has_its_value(latex: str, expected: object) -> None:
    found = value(latex, arrays=True)
    assert np.shape(found) == np.asarray(expected).shape
    assert found == pytest.approx(np.asarray(expected, dtype=float), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("latex", [r"W^{[2]\top}", r"W^{(2)\top}", r"(W^{[2]})^{\top}"])
def test_a_layer_and_a_transposition_stand_in_one_superscript(latex: str) -> None:
    node = read(latex)
    assert node.kind == "transposed"
    (inner,) = node.parts
    assert [str(one.value).translate({40: 91, 41: 93}) for one in inner.walk() if one.kind == "name"] == [
        "W^{[2]}"
    ]


# ------------------------------------------------------------------------------------------------- refused

REFUSED = {
    "": 0,
    "(x": 2,
    r"\left(x": 7,
    "(x,y": 4,
    "[x)": 2,
    "x)": 1,
    "}": 0,
    "x^{2": 4,
    r"\frac{x": 7,
    "w_{11": 5,
    "x 2": 2,
    "2 3": 2,
    "x^23": 3,
    "x +": 3,
    r"x \cdot": 7,
    "x^": 2,
    "x_": 2,
    "x^{}": 4,
    r"\foo x": 0,
    r"x + \foo": 4,
    r"\input{/etc/passwd}": 0,
    r"\frac{1}": 8,
    r"\frac{\partial^2 L}{\partial w^2}": 6,
    r"\frac{\partial^2 L}{\partial w \partial x}": 6,
    r"\frac{\partial L}{\partial w \partial x}": 18,
    r"\partial x": 10,
    r"\nabla": 6,
    r"\log": 4,
    r"\sqrt[3]{x}": 5,
    r"\hat{x+y}": 0,
    r"\sum_{j \neq i} a_j": 8,
    r"\begin{pmatrix} 1 & 2": 0,
    r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}": 0,
    "0,5": 1,
    "4!": 1,
    "x @ y": 2,
    "x # y": 2,
    r"x \$ y": 2,
    "x == y": 2,
}


@pytest.mark.parametrize(("latex", "column"), REFUSED.items(), ids=repr)
def test_what_is_outside_of_the_grammar_is_refused_where_it_stands(latex: str, column: int) -> None:
    with pytest.raises(Unread) as caught:
        read(latex)
    assert caught.value.offset == column
    assert caught.value.what


@pytest.mark.parametrize("depth", [61, 500, 5000])
@pytest.mark.parametrize(("before", "after"), [("(", ")"), ("{", "}"), (r"\frac{1}{", "}"), ("x^{", "}")])
def test_what_is_nested_too_deep_is_refused(before: str, after: str, depth: int) -> None:
    with pytest.raises((Unread, RecursionError)) as caught:
        read(before * depth + "x" + after * depth)
    assert isinstance(caught.value, Unread)


# --------------------------------------------------------------------------------------------- any expression


class Tree:
    """A name, a number or an operation: its value by Python, its LaTeX by the printer below."""

    def __init__(self, latex: str, value: float, level: int) -> None:
        self.latex, self.value, self.level = latex, value, level

    def __repr__(self) -> str:
        return self.latex

    def within(self, level: int) -> str:
        """In brackets where its operation binds less than what it stands in; 0: sum, 1: product, 2: power."""
        return self.latex if self.level >= level else f"({self.latex})"


LEAVES = st.one_of(
    st.sampled_from([("x", x), ("y", y), ("z", z), ("a_1", a[1]), (r"\hat{y}", yhat), ("w_{12}", ws[1, 2])]),
    st.integers(0, 99).map(lambda one: (str(one), float(one))),
    st.integers(1, 999).map(lambda one: (f"{one / 100:.2f}", one / 100)),
).map(lambda pair: Tree(pair[0], pair[1], 3))


def operations(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    def product(one: Tree, two: Tree, sign: str) -> Tree:
        return Tree(f"{one.within(1)} {sign} {two.within(2)}", one.value * two.value, 1)

    def beside(one: Tree, two: Tree) -> Tree:
        return Tree(f"({one.latex})({two.latex})", one.value * two.value, 1)

    return st.one_of(
        st.builds(lambda p, q: Tree(f"{p.within(0)} + {q.within(1)}", p.value + q.value, 0), inner, inner),
        st.builds(lambda p, q: Tree(f"{p.within(0)} - {q.within(1)}", p.value - q.value, 0), inner, inner),
        st.builds(lambda p: Tree(f"-{p.within(1)}", -p.value, 0), inner),
        st.builds(product, inner, inner, st.sampled_from([r"\cdot", r"\times", "*"])),
        st.builds(beside, inner, inner),
        st.builds(lambda p: Tree(rf"\frac{{{p.latex}}}{{5}}", p.value / 5, 3), inner),
        st.builds(lambda p: Tree(f"{{{p.within(3)}}}^{{2}}", p.value**2, 2), inner),
        st.builds(lambda p: Tree(rf"\left|{p.latex}\right|", abs(p.value), 3), inner),
        st.builds(lambda p: Tree(rf"\tanh({p.latex})", tanh(p.value), 3), inner),
    )


@given(st.recursive(LEAVES, operations, max_leaves=12))
def test_any_expression_that_is_printed_is_read_to_its_value(tree: Tree) -> None:
    scale = max(1.0, *(float(one) for one in re.findall(r"[\d.]+", tree.latex + " 1")))
    assert value(tree.latex) == pytest.approx(tree.value, rel=1e-9, abs=1e-12 * scale**4)


# -------------------------------------------------------------------------------------------------- examples


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
@pytest.mark.parametrize("form", ["latex", "markdown"])
def test_every_formula_of_every_example_is_read(one: Example, command: str, form: str) -> None:
    vocabulary = Vocabulary(load(one.spec))
    text = one.golden(command, form).read_text(encoding="utf-8")
    formulas = [found for found in read_document(text).formulas if not found.table]
    unread = []
    for formula in formulas:
        for chain in chains_of(formula.text, vocabulary):
            unread += [(side.unread, formula.text) for side in chain.sides if side.unread is not None]
    assert len(formulas) > 5
    assert not unread
