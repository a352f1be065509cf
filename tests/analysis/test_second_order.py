"""Second derivatives: against central differences of NumPy losses, and in a textbook's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Symbol

import symbackprop as sb
from symbackprop.analysis.second_order import HessianVector, hessian, hvp
from symbackprop.arrays.misfits import in_code
from symbackprop.conventions import Conventions
from symbackprop.errors import GraphError, LinearityError, OptionError, ShapeError
from symbackprop.graph import Graph
from tests.analysis.test_linear_maps import numbers

N = 4
SHAPES: Mapping[str, Any] = {
    "X": (N, 3), "w": (3,), "y": (N,), "W": (2, 3), "x": (3,), "b": (2,), "V": (4, 2), "t": (4,), "A": (3, 3),
    "lam": (), "n": (),
}  # fmt: skip
Oracle = Callable[[Mapping[str, Any]], Any]


def graph_of(equations: str, symbolic: bool = False) -> Graph:
    names = {name for name in SHAPES if sympy.Symbol(name) in _symbols(equations)}
    shapes = {name: SHAPES[name] for name in names if SHAPES[name]}
    if symbolic:
        shapes = {name: tuple("n" if size == N else size for size in shape) for name, shape in shapes.items()}
    return Graph.from_equations(equations, shapes=shapes)


def _symbols(equations: str) -> set[Symbol]:
    words = "".join(one if one.isalnum() or one == "_" else " " for one in equations).split()
    return set(map(Symbol, words))


def point(graph: Graph, seed: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    found = {node.name: rng.uniform(0.2, 1.2, SHAPES[node.name]) for node in graph.given if node.name != "n"}
    if "t" in found:
        found["t"] = np.array([0.1, 0.2, 0.3, 0.4])
    return found


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum()


def network(v: Mapping[str, Any]) -> Any:
    return -np.sum(v["t"] * np.log(softmax(v["V"] @ np.tanh(v["W"] @ v["x"] + v["b"]))))


def logistic(v: Mapping[str, Any]) -> Any:
    p = sigmoid(v["X"] @ v["w"])
    return -np.sum(v["y"] * np.log(p) + (1 - v["y"]) * np.log(1 - p))


def residual(v: Mapping[str, Any]) -> Any:
    return v["X"] @ v["w"] - v["y"]


LOGISTIC = "z = X @ w; p = sigmoid(z); L = -sum(y*log(p) + (1 - y)*log(1 - p))/n"
NETWORK = "z = W @ x + b; h = tanh(z); u = V @ h; p = softmax(u); L = -sum(t*log(p))"
SHORT = "h = tanh(W @ x + b); p = softmax(V @ h); L = -sum(t*log(p))"
CASES: Mapping[str, tuple[str, str, str, Oracle]] = {
    "least squares": ("L = sum((X @ w - y)**2)", "w", "2*(X.T @ X)", lambda v: np.sum(residual(v) ** 2)),
    "their mean": ("L = sum((X @ w - y)**2)/n", "w", "2/n*(X.T @ X)", lambda v: np.mean(residual(v) ** 2)),
    "ridge": (
        "L = mean((X @ w - y)**2)/2 + lam*(w @ w)", "w", "X.T @ X/n + 2*lam*eye(size=(3,))",
        lambda v: np.mean(residual(v) ** 2) / 2 + v["lam"] * v["w"] @ v["w"],
    ),
    "logistic": (LOGISTIC, "w", "X.T @ diag(p*(1 - p)) @ X/n", lambda v: logistic(v) / N),
    "logistic, mean": (
        LOGISTIC.replace("sum", "mean").replace("/n", ""), "w", "X.T @ diag(p*(1 - p)) @ X/n",
        lambda v: logistic(v) / N,
    ),
    "Poisson": (
        "z = X @ w; p = exp(z); L = sum(p - y*z)", "w", "X.T @ diag(p) @ X",
        lambda v: np.sum(np.exp(v["X"] @ v["w"]) - v["y"] * (v["X"] @ v["w"])),
    ),
    "a quadratic form": ("L = w @ A @ w", "w", "A.T + A", lambda v: v["w"] @ v["A"] @ v["w"]),
    "log-sum-exp": (
        "L = logsumexp(w)", "w", "diag(softmax(w, axis=0)) - outer(softmax(w, axis=0), softma…",
        lambda v: np.log(np.sum(np.exp(v["w"]))),
    ),
    "a norm": (
        "L = norm(w)", "w", "eye(size=(3,))/L - outer(w, w)/L**3",
        lambda v: np.sqrt(np.sum(v["w"] ** 2)),
    ),
    "a hidden bias": (NETWORK, "b", "", network),
    "a hidden bias, in fewer equations": (SHORT, "b", "", network),
    "a constant slope": ("L = sum(X @ w)", "w", "zeros(shape=(3, 3))", lambda v: np.sum(v["X"] @ v["w"])),
}  # fmt: skip


def second_differences(loss: Oracle, given: Mapping[str, Any], wrt: str) -> Any:
    """The Hessian by central differences of central differences."""
    at, step = np.asarray(given[wrt], dtype=float), 1e-4
    units = [unit.reshape(at.shape) * step for unit in np.eye(at.size)]

    def value(change: Any) -> Any:
        return loss({**given, wrt: at + change})

    return np.array(
        [
            [(value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * step**2) for b in units]
            for a in units
        ]
    )


def evaluated(product: HessianVector, expression: Any, given: Mapping[str, Any]) -> Any:
    """The value of an expression in the forward pass."""
    forward = sb.compile(product.first)(given).values
    known = {node.name: node.shape for node in product.graph.nodes} | {
        node.name: node.shape for node in product.first.graph.nodes
    }
    return numbers(expression, {**forward, **given}, known)


@pytest.mark.parametrize("case", CASES)
def test_the_hessian_is_that_of_central_differences(case: str) -> None:
    equations, wrt, form, loss = CASES[case]
    graph = graph_of(equations, symbolic=True)
    given = point(graph)
    found = hessian(graph, wrt)
    expected = second_differences(loss, given, wrt)
    assert found.shapes[found.expression] == found.shape == (*SHAPES[wrt], *SHAPES[wrt])
    values = evaluated(found.product, found.expression, given)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(values, values.T, rtol=1e-12, atol=1e-14)
    if form:
        assert in_code(found.expression) == form


PRODUCTS = {
    **{case: (equations, wrt, loss) for case, (equations, wrt, _, loss) in CASES.items()},
    "a matrix of hidden weights": (NETWORK, "W", network),
    "a matrix of output weights": (NETWORK, "V", network),
    "a matrix of data": ("L = sum((X @ w - y)**2)", "X", lambda v: np.sum(residual(v) ** 2)),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_the_product_with_a_vector_is_that_of_the_hessian_by_its_steps_and_in_closed_form(case: str) -> None:
    equations, wrt, loss = PRODUCTS[case]
    graph = graph_of(equations)
    found = hvp(graph, wrt, "direction")
    given = point(graph) | ({"n": float(N)} if "n" in graph else {})
    direction = np.random.default_rng(5).normal(size=SHAPES[wrt])
    expected = (second_differences(loss, given, wrt) @ direction.ravel()).reshape(SHAPES[wrt])
    step_given = {node.name: {**given, "direction": direction}[node.name] for node in found.graph.given}
    by_steps = sb.compile(found.derivation)(step_given).gradients[wrt]
    np.testing.assert_allclose(by_steps, expected, rtol=1e-5, atol=1e-5)
    closed = evaluated_closed(found, given, direction)
    np.testing.assert_allclose(closed, by_steps, rtol=1e-10, atol=1e-12)


def evaluated_closed(found: HessianVector, given: Mapping[str, Any], direction: Any) -> Any:
    forward = dict(sb.compile(found.first)(given).values)
    known = {node.name: node.shape for node in found.first.graph.nodes} | {"direction": direction.shape}
    return numbers(found.closed, {**forward, "direction": direction}, known)


def test_the_product_is_named_step_by_step() -> None:
    found = hvp(graph_of(LOGISTIC, symbolic=True), "w")
    assert [(symbol.name, in_code(expression)) for symbol, expression in found.steps] == [
        ("delta_z", "(p - y)/n"),
        ("gradient_w", "X.T @ delta_z"),
        ("L_v", "sum(gradient_w*v, axis=0)"),
        ("eta_gradient_w", "v"),
        ("eta_delta_z", "X @ eta_gradient_w"),
        ("eta_p", "eta_delta_z/n"),
        ("eta_z", "eta_p*p*(1 - p)"),
    ]
    assert in_code(found.expression) == "X.T @ eta_z"
    assert in_code(found.closed) == "X.T @ ((X @ v)*p*(1 - p))/n"


def test_the_hessian_with_an_error_sign_of_minus_is_the_same() -> None:
    found = hessian(graph_of(LOGISTIC, symbolic=True), "w", conventions=Conventions(error_sign="minus"))
    assert in_code(found.expression) == "X.T @ diag(p*(1 - p)) @ X/n"


def test_the_targets_that_add_up_to_one_are_told() -> None:
    assert hvp(graph_of(NETWORK), "W").summing_to_one == (Symbol("t"),)
    assert hvp(graph_of(LOGISTIC), "w").summing_to_one == ()


@pytest.mark.parametrize("text", ["w**4", "exp(w*a)/w", "sigmoid(w)*w", "tanh(w*w + a)"])
def test_a_scalar_has_the_second_derivative_of_sympy(text: str) -> None:
    w, a = sympy.symbols("w a")
    plain = sympy.sympify(text, {"sigmoid": lambda z: 1 / (1 + sympy.exp(-z)), "w": w, "a": a})
    found = hessian(Graph.from_equations(f"L = {text}", parameters=["w"]), "w")
    at = {"w": 0.7, "a": 0.3, "L": plain.subs({w: 0.7, a: 0.3})}
    value = numbers(found.expression, {str(s): at[str(s)] for s in found.expression.free_symbols}, {})
    assert float(value) == pytest.approx(float(sympy.diff(plain, w, 2).subs({w: 0.7, a: 0.3})), rel=1e-12)


def test_a_matrix_is_refused_and_its_product_offered() -> None:
    with pytest.raises(ShapeError, match="W has the shape \\(2, 3\\)") as refusal:
        hessian(graph_of(NETWORK), "W")
    assert "hvp(graph, 'W')" in refusal.value.fix


def test_a_taken_name_of_the_vector_is_refused() -> None:
    with pytest.raises(GraphError, match="'y' is taken"):
        hvp(graph_of(LOGISTIC), "w", "y")


def test_a_vector_called_v_in_the_graph_leaves_the_hessian_as_it_is() -> None:
    graph = Graph.from_equations("L = sum((X @ v - y)**2)", shapes={"X": (4, 3), "v": (3,), "y": (4,)})
    assert in_code(hessian(graph, "v").expression) == "2*(X.T @ X)"


def test_a_loss_that_is_no_scalar_is_refused() -> None:
    with pytest.raises(ShapeError, match="not a scalar"):
        hvp(graph_of("L = X @ w"), "w")


def test_an_operation_without_a_second_derivative_is_refused_in_words() -> None:
    with pytest.raises(OptionError, match="cannot be written"):
        hvp(graph_of("L = prod(w)"), "w")


def test_a_product_over_a_page_is_refused_and_the_steps_offered() -> None:
    layers = "; ".join(f"h_{k + 1} = tanh(A @ h_{k}*h_{k} + h_{k})" for k in range(1, 7))
    graph = graph_of(f"h_1 = tanh(A @ w); {layers}; L = sum(h_7**2)")
    found = hvp(graph, "w")
    assert in_code(found.expression)
    with pytest.raises(OptionError, match="over a page") as refusal:
        assert found.closed
    assert "steps" in refusal.value.fix


def test_a_step_that_no_rule_makes_a_matrix_of_is_refused() -> None:
    with pytest.raises(LinearityError):
        hessian(graph_of("M = outer(w, w)*A; L = sum(M**2)"), "w")
