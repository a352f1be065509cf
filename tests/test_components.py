"""The component form: what it looks like, and that its scalar derivation agrees with that of the arrays."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import pytest
from sympy import Symbol

from symbackprop import operations as op
from symbackprop.components import (
    MOST_ENTRIES,
    component_name,
    component_names,
    component_values,
    gathered,
    to_components,
)
from symbackprop.conventions import Conventions
from symbackprop.errors import GraphError, ShapeError, ValuesError
from symbackprop.graph import Graph, Node, Role
from symbackprop.language import check_name
from symbackprop.notation.latex import LATEX
from symbackprop.notation.names import latex_name
from symbackprop.notation.printer import Printer
from symbackprop.notation.syntax import Syntax
from symbackprop.notation.unicode import UNICODE
from symbackprop.numeric.compiled import compile as compiled
from symbackprop.sweep import backprop

Shape = tuple[int, ...]
NEAR = 1e-9
LONG = Conventions(collapse=False)
"""Without the forms that hold only for targets that add up to 1."""


def components(text: str, sizes: Mapping[str, int] | None = None, **shapes: Any) -> Graph:
    """The component form of some equations."""
    return to_components(Graph.from_equations(text, shapes=shapes), sizes)


def formulas(graph: Graph, syntax: Syntax = UNICODE) -> list[str]:
    """The computed nodes as they are printed."""
    show = Printer(syntax, Conventions())
    return [f"{show(node.symbol)} = {show(node.expression)}" for node in graph.inner if node.expression]


def formula(expression: str, **shapes: Any) -> str:
    """What a number computed from arrays is in their entries."""
    return formulas(components(f"L = {expression}", **shapes))[-1].removeprefix("L = ")


# ---------------------------------------------------------------------------------- the two derivations


def drawn_values(graph: Graph, sizes: Mapping[str, int], seed: int) -> dict[str, Any]:
    """Values for every given node of a graph of arrays."""
    draw = np.random.default_rng(seed)
    names = component_names(graph, sizes)
    given = [node.name for node in graph.given if node.role is not Role.SIZE]
    return {name: draw.normal(size=names[name].shape) for name in given}


def apart(found: Any, expected: Any) -> float:
    """The largest difference, by the largest of what is expected; infinite where the shapes differ."""
    if np.shape(found) != np.shape(expected):
        return np.inf
    return float(np.max(np.abs(found - np.asarray(expected))) / (1 + np.max(np.abs(expected))))


def disagreements(
    graph: Graph, values: Mapping[str, Any], sizes: Mapping[str, int], conventions: Conventions = LONG
) -> list[str]:
    """Where values or gradients of the arrays are not those of their entries."""
    array = compiled(backprop(graph, conventions=conventions))(values)
    entries = backprop(to_components(graph, sizes), conventions=conventions)
    scalar = compiled(entries)(component_values(graph, values))
    found = gathered(graph, scalar.values, sizes)
    wrong = [node.name for node in graph.inner if apart(array.values[node.name], found[node.name]) > NEAR]
    slopes = gathered(graph, scalar.gradients, sizes)
    assert set(slopes) == set(array.gradients)
    return wrong + [f"∂{name}" for name in slopes if apart(array.gradients[name], slopes[name]) > NEAR]


PROGRAMS: Sequence[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("z = W @ x + b; a = tanh(z); L = sum((a - y)**2)", {"W": (2, 3), "x": (3,), "b": (2,), "y": (2,)}, {}),
    ("Z = X @ W + b; L = mean(softplus(Z))", {"X": ("n", 3), "W": (3, 2), "b": (2,)}, {"n": 4}),
    ("Z = X @ W; L = -sum(Y*log_softmax(Z))/n", {"X": ("n", 2), "W": (2, 3), "Y": ("n", 3)}, {"n": 2}),
    ("L = sum(batch_norm(X, c, b)**3)", {"X": ("n", 2), "c": (2,), "b": (2,)}, {"n": 3}),
    ("L = sum(layer_norm(X, c, b)**3)", {"X": ("n", 3), "c": (3,), "b": (3,)}, {"n": 2}),
    ("L = sum(attention(Q, K, V)**2)", {"Q": ("n", "d"), "K": (3, "d"), "V": (3, 2)}, {"n": 2, "d": 2}),
    ("L = sum(rnn_cell(x, h, W, U, b)**2)", {"x": (2,), "h": (2,), "W": (2, 2), "U": (2, 2), "b": (2,)}, {}),
    ("L = trace(A.T @ A) + exp(trace(A)) + 1/det(A) + logdet(A)", {"A": (3, 3)}, {}),
    ("L = sum(inv(A) @ x) + sum(inv(B)) + det(B)", {"A": (4, 4), "x": (4,), "B": (1, 1)}, {}),
    ("L = sum(diag(x) @ diag(A)) + sum(outer(x, y)**2)", {"x": (3,), "A": (3, 3), "y": (2,)}, {}),
    ("L = sum(var(A, axis=0, ddof=1)) + sum(std(A, axis=(0, 1), keepdims=True))", {"A": (3, 2)}, {}),
    ("L = norm(A) + sum(norm(A, axis=1)) + prod(A) + sum(prod(A, axis=0)**2)", {"A": (2, 3)}, {}),
    ("L = max(A) + sum(min(A, axis=1)**2) + sum(max(A, axis=0, keepdims=True)*A)", {"A": (3, 3)}, {}),
    ("L = logsumexp(A) + sum(logsumexp(A, axis=0)*softmax(A)[0])", {"A": (2, 3)}, {}),
    ("L = sum(log_softmax(A, axis=0)**2) + sum(softmax(A, axis=0)**2)", {"A": (2, 3)}, {}),
    ("y = x[::-1, 1:]; z = concatenate([y, y**2], axis=1); L = sum(z**3) + x[1, -1]", {"x": (3, 4)}, {}),
    ("y = stack([x, x*c], axis=1); L = sum(y[..., 0]*y[:, 1]**2)", {"x": (3,), "c": ()}, {}),
    ("y = x.reshape(2, -1).T; z = y[:, None, 0]*w; L = sum(z**2)", {"x": (3, 4), "w": (6, 2)}, {}),
    ("L = sum(transpose(M, (2, 0, 1))[..., 0]**2) + sum(M @ x)", {"M": (2, 3, 4), "x": (4,)}, {}),
    ("L = sum(M.mT @ N @ x) + sum(y @ M)", {"M": (2, 3, 4), "N": (3, 2), "x": (2,), "y": (3,)}, {}),
    ("L = sum((ones(2, 3) + eye(3)[:2] + zeros(3))*A**2)", {"A": (2, 3)}, {}),
    (
        "L = sum(where(x > y, x*y, y**2)) + sum(maximum(x, y) + abs(x) + relu(-y))",
        {"x": (2, 3), "y": (3,)},
        {},
    ),
    ("y = conv1d(x, w, stride=2, padding=1); L = sum(y**2)", {"x": (2, 2, 5), "w": (2, 2, 3)}, {}),
    ("y = conv1d(x, w); L = sum(y**2)", {"x": ("n",), "w": (2,)}, {"n": 4}),
    ("L = sum(conv2d(x, w, stride=(2, 1), padding=(1, 0))**2)", {"x": (2, 3, 4), "w": (2, 2, 2, 2)}, {}),
    ("L = sum(x[1:]*x[:-1]) + x.size*x[-1] + sum(reshape(x, (n, 1)))/n", {"x": ("n",)}, {"n": 3}),
]

DIFFERENT: Sequence[tuple[str, dict[str, Any], Conventions]] = [
    ("L = sum(x*sum(Y, axis=-1, keepdims=True))", {"x": (2, 1), "Y": (2, 2, 1)}, LONG),
    ("L = sum(x*mean(Y, axis=(0, 2), keepdims=True))", {"x": (3, 1), "Y": (2, 3, 4)}, LONG),
    ("z = W @ x; p = softmax(z); q = log(p); L = sum(q)", {"W": (3, 2), "x": (2,)}, Conventions()),
    ("q = log_softmax(x); w = 2*q; L = w[0]", {"x": (3,)}, Conventions()),
    ("q = log_softmax(x); L = sum(c*q)", {"x": (3,), "c": (3,)}, Conventions()),
    (
        "q = log_softmax(x); w = sum(A, axis=0, keepdims=True) @ q; L = w[0]",
        {"x": (3,), "A": (2, 3)},
        Conventions(),
    ),
]
"""Programs whose derivation by arrays was once wrong."""


@pytest.mark.parametrize(("text", "shapes", "conventions"), DIFFERENT, ids=[one[0] for one in DIFFERENT])
def test_they_agree_where_they_once_did_not(
    text: str, shapes: dict[str, Any], conventions: Conventions
) -> None:
    graph = Graph.from_equations(text, shapes=shapes)
    assert disagreements(graph, drawn_values(graph, {}, 1), {}, conventions) == []


@pytest.mark.parametrize(("text", "shapes", "sizes"), PROGRAMS, ids=[text for text, _, _ in PROGRAMS])
def test_the_two_derivations_agree(text: str, shapes: dict[str, Any], sizes: dict[str, int]) -> None:
    graph = Graph.from_equations(text, shapes=shapes)
    assert disagreements(graph, drawn_values(graph, sizes, 1), sizes) == []


def test_every_operation_of_the_language_is_among_these_programs() -> None:
    read = [Graph.from_equations(text, shapes=shapes) for text, shapes, _ in PROGRAMS]
    used = {part.func for graph in read for node in graph.inner for part in _operations(node)}
    assert {one.head for one in op.OPERATIONS.values()} <= used


def _operations(node: Node) -> set[Any]:
    assert node.expression is not None
    return set(node.expression.atoms(op.Operation))


@pytest.mark.parametrize("loss", ["p = softmax(z); L = -sum(y*log(p))", "q = log_softmax(z); L = -sum(y*q)"])
@pytest.mark.parametrize("conventions", [Conventions(), Conventions(slopes="argument"), LONG])
def test_they_agree_where_the_shorter_form_of_a_softmax_is_taken(loss: str, conventions: Conventions) -> None:
    shapes = {"W": (3, 2), "x": (2,), "y": (3,)}
    graph = Graph.from_equations(f"z = W @ x; {loss}", shapes=shapes, parameters=["W"], targets=["y"])
    values = drawn_values(graph, {}, 2) | {"y": np.array([0.2, 0.5, 0.3])}
    assert disagreements(graph, values, {}, conventions) == []


# ------------------------------------------------------------------------------------ random programs


class Program:
    """A random program of arrays: its text, and the shapes of what is given to it.

    It is made from the result on: every rule is asked for an expression of a shape.
    """

    def __init__(self, seed: int, depth: int) -> None:
        self.draw = random.Random(seed)
        self.given: dict[str, Shape] = {}
        self.lines: list[str] = []
        self.lines.append(f"L = {self.of((), depth)}")
        self.text = "\n".join(self.lines)

    def of(self, shape: Shape, depth: int) -> str:
        """An expression of that shape, sometimes as a line of its own."""
        found = None
        while depth and found is None:
            found = self.draw.choice(RULES)(self, shape, depth - 1)
        if found is None or self.draw.random() < 0.6:
            return f"({found})" if found else self.leaf(shape)
        self.lines.append(f"v{len(self.lines) + 1} = {found}")
        return f"v{len(self.lines)}"

    def leaf(self, shape: Shape) -> str:
        """A given array of that shape, new or used before."""
        same = [name for name, other in self.given.items() if other == shape]
        if same and self.draw.random() < 0.5:
            return self.draw.choice(same)
        name = f"x{len(self.given) + 1}"
        self.given[name] = shape
        return name

    def size(self) -> int:
        """A size; 1 is broadcast."""
        return self.draw.choice([1, 2, 2, 3])

    def smaller(self, shape: Shape) -> Shape:
        """A shape that broadcasts to this one."""
        ones = [1 if self.draw.random() < 0.3 else size for size in shape]
        return tuple(ones[self.draw.choice([0, 0, *range(len(shape) + 1)]) :])


def _unary(program: Program, shape: Shape, depth: int) -> str:
    form = "tanh({0}) sigmoid({0}) exp(tanh({0})) {0}**2 softplus({0}) relu({0}) abs({0}) -{0} 2*{0} {0}/3"
    return program.draw.choice(form.split()).format(program.of(shape, depth))


def _binary(program: Program, shape: Shape, depth: int) -> str:
    shapes = program.draw.sample([shape, program.smaller(shape)], 2)
    one, two = (program.of(part, depth) for part in shapes)
    form = "{0} + {1};{0} - {1};{0}*{1};{0}/(1 + {1}**2);maximum({0}, {1})"
    form += ";where({0} > {1}, {1}, 1);(1 + {0}**2)**{1}"
    return program.draw.choice(form.split(";")).format(one, two)


def _matmul(program: Program, shape: Shape, depth: int) -> str:
    inner = program.size()
    lead, row, column = shape[:-2], shape[-2:-1], shape[-1:]
    if len(shape) == 1 and program.draw.random() < 0.5:
        row, column = column, ()
    left = (*(lead if lead else ()), *row, inner)
    right = (*program.smaller(lead), inner, *column)
    return f"{program.of(left, depth)} @ {program.of(right, depth)}"


def _reduced(program: Program, shape: Shape, depth: int) -> str | None:
    """A reduction that drops an axis, or keeps one of length 1."""
    ones = [place for place, size in enumerate(shape) if size == 1]
    keep = bool(ones) and program.draw.random() < 0.5
    axis = program.draw.choice(ones) if keep else program.draw.randint(0, len(shape))
    inner = (*shape[:axis], program.draw.choice([2, 3]), *shape[axis + keep :])
    head = program.draw.choice("sum mean var std prod max min norm logsumexp".split())
    return f"{head}({program.of(inner, depth)}, axis={axis}, keepdims={keep})" if len(inner) < 5 else None


def _along(program: Program, shape: Shape, depth: int) -> str | None:
    if not shape:
        return None
    head = program.draw.choice(["softmax", "log_softmax"])
    return f"{head}({program.of(shape, depth)}, axis={program.draw.randrange(-len(shape), len(shape))})"


def _moved(program: Program, shape: Shape, depth: int) -> str | None:
    if len(shape) < 2:
        return None
    order = program.draw.sample(range(len(shape)), len(shape))
    inner = [shape[order.index(axis)] for axis in range(len(shape))]
    return f"transpose({program.of(tuple(inner), depth)}, {tuple(order)})"


def _reshaped(program: Program, shape: Shape, depth: int) -> str | None:
    inner = program.draw.choice([(prod(shape),), shape[::-1], (*shape, 1)])
    return f"reshape({program.of(inner, depth)}, {shape})" if shape else None


def _item(program: Program, shape: Shape, depth: int) -> str | None:
    """An index before slices."""
    if len(shape) > 2:
        return None
    slices = [(":", 0), ("::-1", 0), ("1:", 1), (":-1", 1)]
    chosen = [program.draw.choice(slices) for _ in shape]
    first = program.size()
    inner = (first, *(size + more for size, (_, more) in zip(shape, chosen, strict=True)))
    index = program.draw.randrange(-first, first)
    return f"{program.of(inner, depth)}[{', '.join([str(index), *(text for text, _ in chosen)])}]"


def _joined(program: Program, shape: Shape, depth: int) -> str | None:
    if not shape or shape[0] > 3:
        return None
    if program.draw.random() < 0.5:
        parts = [program.of(shape[1:], depth) for _ in range(shape[0])]
        return f"stack([{', '.join(parts)}], axis=0)"
    parts = [program.of((1, *shape[1:]), depth) for _ in range(shape[0])]
    return f"concatenate([{', '.join(parts)}], axis=0)"


def _matrix(program: Program, shape: Shape, depth: int) -> str | None:
    forms: Mapping[int, str] = {
        0: "trace({0});det(3*eye(2) + tanh({0}));logdet(3*eye(2) + tanh({0}))",
        1: "diag({0})",
    }
    if len(shape) < 2:
        inner = shape * 2 or (2, 2)
        return program.draw.choice(forms[len(shape)].split(";")).format(program.of(inner, depth))
    if len(shape) == 2 and shape[0] == shape[1] and program.draw.random() < 0.5:
        return f"inv(4*eye({shape[0]}) + tanh({program.of(shape, depth)}))"
    if len(shape) == 2:
        return f"outer({program.of(shape[:1], depth)}, {program.of(shape[1:], depth)})"
    return None


def _convolved(program: Program, shape: Shape, depth: int) -> str | None:
    if len(shape) not in (1, 2):
        return None
    stride, width = program.draw.choice([1, 2]), program.draw.choice([1, 2])
    long = (shape[-1] - 1) * stride + width
    x, w = ((long,), (width,)) if len(shape) == 1 else ((2, long), (shape[0], 2, width))
    return f"conv1d({program.of(x, depth)}, {program.of(w, depth)}, stride={stride})"


RULES: Sequence[Callable[[Program, Shape, int], str | None]] = [
    *[_unary, _binary, _binary, _matmul, _reduced, _reduced],
    *[_along, _moved, _reshaped, _item, _joined, _matrix, _convolved],
]


@pytest.mark.parametrize("seed", range(80))
def test_they_agree_on_random_programs(seed: int) -> None:
    program = Program(seed, 3)
    graph = Graph.from_equations(program.text, shapes=program.given)
    assert disagreements(graph, drawn_values(graph, {}, seed), {}) == [], program.text


# ------------------------------------------------------------------------------------------ formulas


def test_a_layer_reads_as_by_hand() -> None:
    graph = components("z = W @ x + b; a = tanh(z); L = sum((a - y)**2)/2", W=(2, 2), x=(2,), b=(2,), y=(2,))
    assert formulas(graph) == [
        "z₁ = W₁₁ x₁ + W₁₂ x₂ + b₁",
        "z₂ = W₂₁ x₁ + W₂₂ x₂ + b₂",
        "a₁ = tanh(z₁)",
        "a₂ = tanh(z₂)",
        "L = ((a₁ - y₁)² + (a₂ - y₂)²)/2",
    ]


def test_a_batch_reads_as_by_hand() -> None:
    shapes = {"X": ("n", 2), "W__1": (2, 2), "b__1": (2,), "Y": ("n", 2)}
    text = "Z = X @ W__1 + b__1; P = softmax(Z); L = -sum(Y*log(P))/n"
    assert formulas(components(text, {"n": 1}, **shapes), LATEX) == [
        "Z_{11} = X_{11} W_{11}^{[1]} + X_{12} W_{21}^{[1]} + b_1^{[1]}",
        "Z_{12} = X_{11} W_{12}^{[1]} + X_{12} W_{22}^{[1]} + b_2^{[1]}",
        r"P_{11} = \operatorname{softmax}_1(Z_{11}, Z_{12})",
        r"P_{12} = \operatorname{softmax}_2(Z_{11}, Z_{12})",
        r"L = -(Y_{11} \log(P_{11}) + Y_{12} \log(P_{12}))",
    ]


A3, A2, X3, X2 = {"A": (3, 3)}, {"A": (2, 2)}, {"x": (3,)}, {"x": (2,)}
READ: Sequence[tuple[str, Mapping[str, Any], str]] = [
    ("det(A)", A3, "A₁₁ (A₂₂ A₃₃ - A₂₃ A₃₂) - A₁₂ (A₂₁ A₃₃ - A₂₃ A₃₁) + A₁₃ (A₂₁ A₃₂ - A₂₂ A₃₁)"),
    ("inv(A)[0, 1]", A2, "-A₁₂/(A₁₁ A₂₂ - A₁₂ A₂₁)"),
    ("logdet(A)", A2, "log(|A₁₁ A₂₂ - A₁₂ A₂₁|)"),
    ("trace(A)", A3, "A₁₁ + A₂₂ + A₃₃"),
    ("max(x)", X3, "max(max(x₁, x₂), x₃)"),
    ("logsumexp(x)", X2, "log(exp(x₁) + exp(x₂))"),
    ("log_softmax(x)[1]", X2, "x₂ - log(exp(x₁) + exp(x₂))"),
    ("norm(x)", X2, "√(x₁² + x₂²)"),
    ("mean(x)", X3, "(x₁ + x₂ + x₃)/3"),
    ("var(x)", X2, "((x₁ - (x₁ + x₂)/2)² + (x₂ - (x₁ + x₂)/2)²)/2"),
    ("x[-1]*prod(x[:2])", X3, "x₃ x₁ x₂"),
    ("sum(where(x > 1, x, 0))", X2, "{x₁ if x₁ > 1, else 0} + {x₂ if x₂ > 1, else 0}"),
    ("sum(x/(2*y))", {**X2, "y": (2,)}, "x₁/(2 y₁) + x₂/(2 y₂)"),
    ("conv1d(x, w, padding=1)[0] + conv1d(x, w)[0]", {**X3, "w": (2,)}, "w₂ x₁ + w₁ x₁ + w₂ x₂"),
]


@pytest.mark.parametrize(("expression", "shapes", "expected"), READ, ids=[text for text, _, _ in READ])
def test_an_operation_reads_as_by_hand(expression: str, shapes: Mapping[str, Any], expected: str) -> None:
    assert formula(expression, **shapes) == expected


def test_zeros_and_ones_that_stand_in_the_structure_vanish() -> None:
    assert formula("sum(diag(x) @ A)", x=(2,), **A2) == "x₁ A₁₁ + x₁ A₁₂ + x₂ A₂₁ + x₂ A₂₂"
    assert formula("norm(diag(x))", **X2) == "√(x₁² + x₂²)"
    assert formula("sum((eye(2) + zeros(2)) @ x)", **X2) == "x₁ + x₂"


def test_what_has_no_arrays_stays_as_it_was_written() -> None:
    graph = Graph.from_equations("q = a + (b + c); z = 2*(3*q); L = z + sum(x)", shapes=X2)
    written = to_components(graph)
    assert [written[name].expression for name in "qz"] == [graph[name].expression for name in "qz"]
    plain = Graph.from_equations("q = a + b")
    assert to_components(plain) is plain


def test_roles_layers_deltas_and_the_output_are_kept() -> None:
    w, x, z, loss = map(Symbol, ("w", "x", "z", "L"))
    nodes = [
        Node(w, role=Role.PARAMETER, layer=1, shape=(2,)),
        Node(x, role=Role.TARGET, shape=()),
        Node(z, w * x, Role.PREACTIVATION, 1, Symbol("delta"), shape=(2,)),
        Node(loss, op.of(op.total, z, (0,), 0), Role.LOSS),
    ]
    graph = to_components(Graph(tuple(nodes), loss))
    assert [(node.name, node.role, node.layer) for node in graph.nodes] == [
        ("w_1", Role.PARAMETER, 1),
        ("w_2", Role.PARAMETER, 1),
        ("x", Role.TARGET, None),
        ("z_1", Role.PREACTIVATION, 1),
        ("z_2", Role.PREACTIVATION, 1),
        ("L", Role.LOSS, None),
    ]
    assert [str(node.delta) for node in graph.inner] == ["delta_1", "delta_2", "None"]
    assert graph.output == loss


# --------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "index", "expected"),
    [
        ("W", (0, 1), "W_12"),
        ("x", (2,), "x_3"),
        ("W_1", (0, 1), "W_1_12"),
        ("W", (0, 11), "W_1_12"),
        ("W__2", (0, 1), "W_12__2"),
        ("L", (), "L"),
        ("W", (0, 0), "W_11"),
    ],
)
def test_an_entry_is_named_by_its_array_and_its_indices(
    name: str, index: tuple[int, ...], expected: str
) -> None:
    assert component_name(name, index) == expected


CROWDED = "L = sum(W) + sum(W_1) + W_11 + sum(x) + x_1 + sum(h) + sum(h_1) + sum(V) + V_1 + V_1_1 + V_11"


def test_names_never_collide_and_are_names_of_the_language() -> None:
    shapes = {"W": (2, 12), "W_1": (2, 2), "x": (2,), "h": (2,), "h_1": (1,), "V": (2, 2)}
    graph = Graph.from_equations(CROWDED, shapes=shapes)
    names = [node.name for node in to_components(graph).nodes]
    assert len({latex_name(name) for name in names}) == len(names) == 24 + 4 + 2 + 2 + 1 + 4 + 5 + 1
    assert list(map(check_name, names)) == names
    assert {"W_11", "x_1", "V_1", "V_1_1", "V_11", "L"} <= set(names)
    assert set(component_names(graph)["V"].flat) == {"V_e11", "V_e12", "V_e21", "V_e22"}
    values = drawn_values(graph, {}, 0)
    again = gathered(graph, component_values(graph, values))
    assert all(np.array_equal(again[name], values[name]) for name in values)


def test_a_delta_never_takes_the_name_of_a_node() -> None:
    graph = components("z = 2*x; L = sum(z*delta_z_1)", x=(2,))
    deltas = {node.delta.name for node in graph.inner if node.delta is not None}
    assert deltas == {"delta_z_e1", "delta_z_e2"}


# ------------------------------------------------------------------------------------- values and back


def test_values_go_to_the_entries_and_gradients_come_back() -> None:
    graph = Graph.from_equations("L = sum(W @ x)/n", shapes={"W": (2, "n"), "x": ("n",)})
    values = component_values(graph, {"W": [[1, 2], [3, 4]], "x": np.array([5.0, 6.0])})
    assert values == {"W_11": 1, "W_12": 2, "W_21": 3, "W_22": 4, "x_1": 5.0, "x_2": 6.0}
    derivation = backprop(to_components(graph, {"n": 2}))
    found = gathered(graph, compiled(derivation)(values).gradients, {"n": 2})
    assert {name: slope.tolist() for name, slope in found.items()} == {
        "W": [[2.5, 3.0], [2.5, 3.0]],
        "x": [2.0, 3.0],
    }
    slopes = {name: gradient.expression for name, gradient in derivation.gradients.items()}
    assert gathered(graph, slopes, {"n": 2})["W"][1, 0] == slopes["W_21"]
    assert "x" not in gathered(graph, {"x_1": 1.0}, {"n": 2})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": [1, 2, 3], "y": [1, 2]}, r"the value of y has the shape \(2,\), and \(n,\) is expected"),
        ({"x": [[1, 2]]}, r"the value of x has the shape \(1, 2\), and \(n,\) is expected"),
        ({"x": [[1, 2], [3]]}, "the value of x is not an array"),
        ({"x": [1, 2], "z": 1}, "'z' has a value but is not given"),
        ({"x": [1, 2], "L": 1}, "'L' has a value but is not given"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: dict[str, Any], message: str) -> None:
    graph = Graph.from_equations("L = sum(x*y)", shapes={"x": ("n",), "y": ("n",)})
    with pytest.raises(ValuesError, match=message) as caught:
        component_values(graph, values)
    assert caught.value.fix or caught.value.known


# ------------------------------------------------------------------------------------------- refusals

REFUSED: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any], type[Exception], str]] = [
    ("L = sum(x)", {"x": ("n",)}, {}, ShapeError, "the component form needs a number for n"),
    ("L = sum(x)", {"x": ("n",)}, {"n": 2, "m": 3}, ShapeError, "'m' is no size of the graph"),
    ("L = sum(x)", {"x": ("n",)}, {"n": 0}, ShapeError, "the size n cannot be 0"),
    ("L = sum(x)", {"x": ("n",)}, {"n": 1.5}, ShapeError, "the size n cannot be 1.5"),
    ("L = sum(x[1:]) + sum(x)", {"x": ("n",)}, {"n": 1}, ShapeError, "a slice is empty"),
    ("y = x[2:]; L = sum(y)", {"x": ("n",)}, {"n": 2}, ShapeError, r"y cannot have the shape \(0,\)"),
    ("y = x[-3:]; L = sum(y)", {"x": ("n",)}, {"n": 2}, ShapeError, "reaches beyond an axis of 2 entries"),
    ("y = x[:3]; L = sum(y)", {"x": ("n",)}, {"n": 2}, ShapeError, "reaches beyond an axis of 2 entries"),
    ("y = 2*x", {"x": (2,)}, {}, ShapeError, r"y is not a scalar: its shape is \(2,\)"),
    ("L = det(A)", {"A": (5, 5)}, {}, GraphError, "the determinant or inverse of 5 rows is too long"),
    ("L = sum(inv(A))", {"A": ("n", "n")}, {"n": 6}, GraphError, "the determinant or inverse of 6 rows"),
    ("L = sum(x)", {"x": (MOST_ENTRIES,)}, {}, ShapeError, f"has {MOST_ENTRIES + 1} nodes; at most"),
]


@pytest.mark.parametrize(("text", "shapes", "sizes", "mistake", "message"), REFUSED)
def test_what_has_no_component_form_is_refused_in_words(
    text: str,
    shapes: Mapping[str, Any],
    sizes: Mapping[str, Any],
    mistake: type[Exception],
    message: str,
) -> None:
    with pytest.raises(mistake, match=message) as caught:
        components(text, sizes, **shapes)
    assert "fix:" in str(caught.value) or "known:" in str(caught.value)


def test_an_operation_of_the_backward_pass_has_no_component_form() -> None:
    x, y = map(Symbol, "xy")
    most = op.of(op.extreme, x, (0,), 1, 0)
    nodes = [Node(x, shape=(2,)), Node(y, op.of(op.total, most, (0,), 0))]
    with pytest.raises(GraphError, match="extreme has no component form"):
        to_components(Graph(tuple(nodes), y))
