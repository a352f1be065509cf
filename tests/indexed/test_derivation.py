"""Entries and derivations in indices, worked out entry by entry with whole numbers for the indices.

The truth is the array derivation, compiled; local partials are held against differences of the node's
own value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Add, Expr, Mul, Pow, S, Symbol
from sympy.core.relational import Relational

import symbackprop as sb
from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.shapes import Shapes
from symbackprop.conventions import Conventions
from symbackprop.errors import OptionError
from symbackprop.expressions import Prime, Quotient, add, mul
from symbackprop.graph import Graph
from symbackprop.indexed.derivation import Equality, IndexedWriter, indexed_derivation
from symbackprop.indexed.entries import entry
from symbackprop.indexed.terms import (
    Entry,
    Index,
    IndexLargest,
    IndexProduct,
    IndexSmallest,
    IndexSum,
    Kronecker,
    index_letters,
)
from symbackprop.partials import declared_slopes
from tests.numpy_calls import NUMPY_FUNCTIONS

Environment = Mapping[Any, Any]
i, j, k, m = map(Index, "ijkm")

# ------------------------------------------------------------------------------------- the evaluator

_OF_SYMPY: Mapping[Any, Callable[..., Any]] = {
    sympy.exp: np.exp,
    sympy.log: np.log,
    sympy.tanh: np.tanh,
    sympy.sin: np.sin,
    sympy.cos: np.cos,
}
_TAKEN: Mapping[Any, Callable[[list[float]], float]] = {
    IndexSum: lambda values: float(sum(values)),
    IndexProduct: lambda values: float(np.prod(values)),
    IndexLargest: max,
    IndexSmallest: min,
}
_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(abs(a - b) <= 1e-12 * max(1.0, abs(a))),
    "<=": lambda a, b: bool(a <= b),
    "<": lambda a, b: bool(a < b),
    ">=": lambda a, b: bool(a >= b),
    ">": lambda a, b: bool(a > b),
}


class Walk:
    """Works out an expression in indices.

    Args:
        arrays: the values of symbols, by symbol.
        slopes: ∂y/∂x for pairs of symbols, an array over the axes of y and then those of x.
    """

    def __init__(self, arrays: Environment, slopes: Callable[[Symbol, Symbol], Any] | None = None) -> None:
        self.arrays, self.slopes = arrays, slopes

    def __call__(self, expression: Any, at: Mapping[Any, int]) -> Any:
        match expression:
            case Index():
                return at[expression]
            case Symbol():
                return np.asarray(self.arrays[expression]).item()
            case Entry():
                return self.entry(expression, at)
            case Kronecker():
                first, second = (self(one, at) for one in expression.args)
                return int(first == second)
            case IndexSum() | IndexProduct() | IndexLargest() | IndexSmallest():
                body, index, size = expression.args
                last = self(size, at)
                return _TAKEN[expression.func]([self(body, {**at, index: n}) for n in range(1, last + 1)])
            case Quotient():
                return self.quotient(expression, at)
            case Prime():
                return self(declared_slopes(expression.args[0], Conventions())[0], at)
            case Relational():
                return _TESTS[expression.rel_op](*(self(one, at) for one in expression.args))
            case sympy.Integer():
                return int(expression)
            case sympy.Number() | sympy.NumberSymbol():
                return float(expression)
            case functions.where():
                test, then, other = expression.args
                return self(then if self(test, at) else other, at)
            case op.det():
                return np.linalg.det(self.arrays[expression.args[0]])
            case op.logdet():
                return np.linalg.slogdet(self.arrays[expression.args[0]])[1]
        return self.combined(expression, at)

    def combined(self, expression: Any, at: Mapping[Any, int]) -> Any:
        values = [self(argument, at) for argument in expression.args]
        if isinstance(expression, Add):
            return sum(values)
        if isinstance(expression, Mul):
            return np.prod(values) if any(isinstance(v, float) for v in values) else int(np.prod(values))
        if isinstance(expression, Pow):
            return float(values[0]) ** values[1] if values[1] != 0 else 1.0
        function = _OF_SYMPY.get(expression.func) or NUMPY_FUNCTIONS[expression.func.__name__]
        return float(function(*values))

    def entry(self, expression: Entry, at: Mapping[Any, int]) -> Any:
        array = expression.array
        value = np.linalg.inv(self.arrays[array.args[0]]) if isinstance(array, op.inv) else self.arrays[array]
        return picked(value, [self(one, at) for one in expression.indices])

    def quotient(self, expression: Quotient, at: Mapping[Any, int]) -> Any:
        assert self.slopes is not None
        of, by = (
            (one.array, one.indices) if isinstance(one, Entry) else (one, ()) for one in expression.args[:2]
        )
        return picked(self.slopes(of[0], by[0]), [self(one, at) for one in (*of[1], *by[1])])


def picked(value: Any, places: Sequence[int]) -> Any:
    """The entry at places counted from 1, axes of length 1 left out."""
    array = np.asarray(value, dtype=float)
    whole = array.reshape([n for n in array.shape if n != 1])
    assert len(places) == whole.ndim
    assert all(1 <= place <= size for place, size in zip(places, whole.shape, strict=True)), places
    return whole[tuple(place - 1 for place in places)]


def everywhere(expression: Any, indices: Sequence[Any], shape: Sequence[int], walk: Walk) -> Any:
    """The whole array, entry by entry."""
    result = np.zeros(tuple(shape))
    for place in np.ndindex(*shape):
        at = {one: number + 1 for one, number in zip(indices, place, strict=True) if isinstance(one, Index)}
        result[place] = walk(expression, at)
    return result


# ------------------------------------------------------------------------------------- whole programs


@dataclass(frozen=True)
class Case:
    """A program with numbers.

    Attributes:
        equations: the program.
        shapes: of the given names; sizes may be letters.
        wrt: what to differentiate by.
        sizes: what the letters stand for.
        positive: names with positive values.
        distribution: names whose rows add up to 1.
    """

    equations: str
    shapes: dict[str, tuple[Any, ...]]
    wrt: str
    sizes: dict[str, int]
    positive: str = ""
    distribution: str = ""

    def values(self, graph: Graph, rng: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in graph.given:
            if node.name in self.sizes:
                continue
            value = rng.normal(size=tuple(self.sizes.get(str(size), size) for size in node.shape))
            value = (
                np.abs(value) + 0.3
                if node.name in (self.positive + " " + self.distribution).split()
                else value
            )
            if node.name in self.distribution.split():
                value = value / value.sum(axis=-1, keepdims=True)
            found[node.name] = value
        return found


CASES = {
    "two layers": Case(
        "h_1 = W_1 @ x + b; h_2 = tanh(h_1); h_3 = W_2 @ h_2; p = softmax(h_3); L = -sum(y*log(p))",
        {"x": (3,), "y": (4,), "W_1": (2, 3), "b": (2,), "W_2": (4, 2)},
        "W_1 b W_2 x",
        {},
        distribution="y",
    ),
    "a batch": Case(
        "Z = X @ W + b; P = softmax(Z); L = -sum(Y*log(P))/n",
        {"X": ("n", 3), "W": (3, 4), "b": (4,), "Y": ("n", 4)},
        "W b X",
        {"n": 3},
        distribution="Y",
    ),
    "log softmax": Case(
        "Z = X @ W; P = log_softmax(Z); L = -sum(Y*P)/n",
        {"X": ("n", 2), "W": (2, 3), "Y": ("n", 3)},
        "W",
        {"n": 3},
        distribution="Y",
    ),
    "logistic regression": Case(
        "Z = X @ W + b; A = sigmoid(Z); L = -sum(y*log(A) + (1 - y)*log(1 - A))/n",
        {"X": ("n", 3), "W": (3, 1), "b": (1,), "y": ("n", 1)},
        "W b",
        {"n": 4},
    ),
    "batch norm": Case(
        "Y = batch_norm(X, gamma, beta); L = sum(Y*C)",
        {"X": ("n", 2), "gamma": (2,), "beta": (2,), "C": ("n", 2)},
        "X gamma beta",
        {"n": 3},
    ),
    "layer norm": Case(
        "Y = layer_norm(tanh(X), gamma, beta); L = sum(Y*C)",
        {"X": ("n", 3), "gamma": (3,), "beta": (3,), "C": ("n", 3)},
        "X gamma beta",
        {"n": 2},
    ),
    "attention": Case(
        "O = attention(Q, K, V); L = sum(O*C)",
        {"Q": ("n", "d"), "K": ("m", "d"), "V": ("m", 2), "C": ("n", 2)},
        "Q K V",
        {"n": 2, "m": 3, "d": 2},
    ),
    "matrix functions": Case(
        "L = trace(A.T@A) + logdet(A) + 1/det(A) + exp(trace(B)) + A[1,1] + sum(inv(A)@x)",
        {"A": (3, 3), "B": (3, 3), "x": (3,)},
        "A B x",
        {},
    ),
    "reductions": Case(
        "L = norm(A) + sum(prod(A, axis=0)) + max(A) + sum(min(A, axis=1)) + prod(x)"
        " + sum(var(A, axis=0, ddof=1)) + sum(std(A, axis=1)) + mean(A) + sum(norm(A, axis=1)*x)",
        {"A": (3, 3), "x": (3,)},
        "A x",
        {},
    ),
    "pieces": Case(
        "y = x[::-1, 1:]; z = concatenate([y, y**2], axis=1); s = stack([z, z*2], axis=0);"
        " L = sum(s**3) + x[1, 1]",
        {"x": (3, 4)},
        "x",
        {},
    ),
    "shapes": Case(
        "y = x.reshape(2, 6).T; z = y[:, None, 0]*w; u = x.reshape(12); t = u[1:5].reshape(2, 2);"
        " L = sum(z**2) + logsumexp(x) + sum(logsumexp(x, axis=0)*log_softmax(x)[0]) + sum(diag(v)@x[:3])"
        " + sum(t**2)",
        {"x": (3, 4), "w": (6, 3), "v": (3,)},
        "x w v",
        {},
    ),
    "products": Case(
        "y = w @ X; z = x @ y; s = M @ x; r = outer(w, x);"
        " L = z + sum(X @ v) + sum(M*v) + sum(s) + sum(r**2)",
        {"w": (3,), "X": (3, 4), "x": (4,), "v": (4,), "M": (2, 3, 4)},
        "w X x v M",
        {},
    ),
    "a batch of matrices": Case("Y = A @ B; L = sum(Y**2)", {"A": (2, 3, 2), "B": (2, 2)}, "A B", {}),
    "a signal": Case(
        "y = conv1d(x, w, stride=2, padding=1); L = sum(y*y)", {"x": (2, 2, 5), "w": (2, 2, 3)}, "x w", {}
    ),
    "an image": Case("y = conv2d(x, w); L = sum(y**3)", {"x": (3, 4), "w": (2, 2)}, "x w", {}),
    "an image with steps": Case(
        "y = conv2d(x, w, stride=(2, 1), padding=(1, 0)); L = sum(y**3)",
        {"x": (1, 2, 3, 3), "w": (2, 2, 2, 2)},
        "x w",
        {},
    ),
    "kinks": Case(
        "L = sum(where(x > 0, x*y, y)) + sum(maximum(x, y)) + sum(abs(x)) + sum(relu(x)) + sum(q**p)",
        {"x": (3, 4), "y": (4,), "q": (3, 4), "p": (3, 1)},
        "y p q",
        {},
        positive="q",
    ),
    "constants": Case("S = x*ones((3, 4)) + eye(3) @ A; L = sum(S**2)", {"x": (4,), "A": (3, 4)}, "x A", {}),
}


class Worked:
    """A program in indices beside its numbers."""

    def __init__(self, case: Case, conventions: Conventions, seed: int = 0) -> None:
        self.graph = Graph.from_equations(case.equations, shapes=case.shapes, parameters=case.wrt.split())
        self.derivation = sb.backprop(self.graph, conventions=conventions)
        result = sb.compile(self.derivation)(case.values(self.graph, np.random.default_rng(seed)))
        self.indexed = indexed_derivation(self.derivation)
        self.writer = IndexedWriter(self.derivation)
        self.arrays: dict[Any, Any] = {Symbol(name): value for name, value in result.values.items()}
        self.arrays |= {Symbol(name): np.asarray(size) for name, size in case.sizes.items()}
        self.by_node: dict[Symbol, Any] = {Symbol(name): value for name, value in result.gradients.items()}
        for name, delta in self.derivation.deltas.items():
            if not delta.is_output:
                self.by_node[delta.node] = result.deltas[name] / float(delta.sign)
                if delta.symbol is not None:
                    self.arrays[delta.symbol] = result.deltas[name]
        self.walk = Walk(self.arrays, self.slope)
        self._jacobians: dict[tuple[Symbol, Symbol], Any] = {}

    def slope(self, of: Symbol, by: Symbol) -> Any:
        """∂L/∂x as found by the derivation, any other ∂y/∂x by differences."""
        direct = (of, by) in self.derivation.partials
        if of == self.derivation.output and not direct:
            return self.by_node[by]
        if (of, by) not in self._jacobians:
            self._jacobians[of, by] = self.differences(of, by)
        return self._jacobians[of, by]

    def node(self, symbol: Symbol, arrays: Environment) -> Any:
        line = self.indexed.nodes[symbol.name]
        shape = np.shape(self.arrays[symbol])
        return everywhere(line.value, self.writer.indices(symbol), shape, Walk(arrays))

    def differences(self, of: Symbol, by: Symbol) -> Any:
        """∂y/∂x of one node by another, the other parents held fast."""
        x = np.asarray(self.arrays[by], dtype=float)
        result = np.zeros((*np.shape(self.arrays[of]), *x.shape))
        for place in np.ndindex(*x.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = x.copy()
                moved[place] += step
                ends.append(self.node(of, {**self.arrays, by: moved}))
            result[(..., *place)] = (ends[0] - ends[1]) / 2e-5
        return result

    def check(self, line: Equality, symbol: Symbol, truth: Any) -> None:
        """Every side of a line equals the truth, chains with slopes by differences to some digits."""
        indices = self.writer.indices(symbol)
        for side in line.sides:
            found = everywhere(side, indices, np.shape(truth), self.walk)
            tolerance = 1e-5 if side.atoms(Quotient) else 1e-9
            scale = 1.0 + float(np.abs(truth).max())
            assert np.abs(found - truth).max() <= tolerance * scale, f"{line.left} = {side}"


@pytest.fixture(params=list(CASES))
def worked(request: pytest.FixtureRequest) -> Worked:
    return Worked(CASES[request.param], Conventions())


def test_every_node_has_the_entries_of_the_array(worked: Worked) -> None:
    for node in worked.graph.inner:
        truth = np.asarray(worked.arrays[node.symbol], dtype=float)
        found = worked.node(node.symbol, worked.arrays)
        assert np.allclose(found, truth, rtol=1e-9, atol=1e-11), node.name


def test_every_side_of_a_delta_is_the_delta(worked: Worked) -> None:
    for name, found in worked.indexed.deltas.items():
        delta = worked.derivation.deltas[name]
        truth = worked.by_node[delta.node] * float(delta.sign)
        worked.check(found.line, delta.node, truth)


def test_every_side_of_a_gradient_is_the_gradient(worked: Worked) -> None:
    for name, found in worked.indexed.gradients.items():
        worked.check(found.line, Symbol(name), worked.by_node[Symbol(name)])


def test_every_local_partial_is_the_slope_of_the_node(worked: Worked) -> None:
    for consumer, parent in worked.derivation.partials:
        line = worked.writer.local(consumer, parent)
        of, by = (one.indices if isinstance(one, Entry) else () for one in line.left.args[:2])
        truth = worked.differences(consumer, parent)
        long = [size for size in truth.shape if size != 1]
        found = everywhere(line.value, (*of, *by), long, worked.walk)
        scale = 1.0 + float(np.abs(truth).max())
        assert np.abs(found - truth.reshape(long)).max() <= 1e-4 * scale, line


def test_a_condition_holds_where_the_targets_are_distributions(worked: Worked) -> None:
    for name, found in worked.indexed.deltas.items():
        if found.line.condition is not None:
            indices = worked.writer.indices(Symbol(name))
            shape = np.shape(worked.arrays[Symbol(name)])
            assert np.allclose(everywhere(found.line.condition, indices, shape, worked.walk), 1.0)


@pytest.mark.parametrize(
    "conventions",
    [
        Conventions(error_sign="minus"),
        Conventions(collapse=False),
        Conventions(slopes="argument"),
        Conventions(ties="split"),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["two layers", "a batch", "reductions", "logistic regression"])
def test_other_conventions_change_no_value(name: str, conventions: Conventions) -> None:
    worked = Worked(CASES[name], conventions)
    test_every_side_of_a_delta_is_the_delta(worked)
    test_every_side_of_a_gradient_is_the_gradient(worked)
    test_every_local_partial_is_the_slope_of_the_node(worked)


@pytest.mark.parametrize("seed", range(6))
def test_networks_of_random_sizes_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, d, h, o = (int(size) for size in rng.integers(1, 5, size=4))
    shapes = {"X": (n, d), "U": (d, h), "b": (h,), "V": (h, o), "c": (o,), "Y": (n, o)}
    program = "Z = X @ U + b; A = tanh(Z); R = A @ V + c; L = sum((R - Y)**2)/2"
    worked = Worked(Case(program, shapes, "U b V c", {}), Conventions(), seed)
    test_every_node_has_the_entries_of_the_array(worked)
    test_every_side_of_a_delta_is_the_delta(worked)
    test_every_side_of_a_gradient_is_the_gradient(worked)


# ----------------------------------------------------------------------------- one rule an operation

_SHAPES = Shapes(
    {
        Symbol(name): shape
        for name, shape in {"A": (3, 3), "B": (3, 4), "x": (3,), "T": (2, 3), "y": (3,)}.items()
    }
    | {Symbol("S"): (2, 5), Symbol("I"): (4, 4), Symbol("K"): (2, 2), Symbol("F"): (3,)}
)
A, B, T, x, y = (Symbol(name) for name in ("A", "B", "T", "x", "y"))
EXAMPLES: Mapping[str, Expr] = {
    **{
        name: op.of(op.OPERATIONS[name].head, T, 1, 0)
        for name in "sum mean prod max min norm logsumexp".split()
    },
    **{name: op.of(op.OPERATIONS[name].head, T, 1, 1, 1) for name in ("var", "std")},
    **{name: op.of(op.OPERATIONS[name].head, T, -1) for name in ("softmax", "log_softmax")},
    **{name: op.of(op.OPERATIONS[name].head, A) for name in ("trace", "det", "logdet", "inv")},
    "dot": op.of(op.matmul, x, y),
    "matmul": op.of(op.matmul, T, B),
    "outer": op.of(op.outer, x, y),
    "diag": op.of(op.diag, x),
    "transpose": op.of(op.transpose, B, (1, 0)),
    "reshape": op.of(op.reshape, B, (2, 6)),
    "concatenate": op.of(op.concatenate, sympy.Tuple(A, B), 1),
    "stack": op.of(op.stack, sympy.Tuple(x, y), 1),
    "ones": op.of(op.ones, (2, 3)),
    "zeros": op.of(op.zeros, (2, 3)),
    "eye": op.of(op.eye, 3),
    "conv1d": op.of(op.conv1d, x, Symbol("F"), 1, 1),
    "conv2d": op.of(op.conv2d, Symbol("I"), Symbol("K"), 2, 0),
}


def compiled_value(expression: Expr, shapes: Shapes, arrays: Mapping[Any, Any]) -> Any:
    """The array, by the numeric backend."""
    resolved, shape = shapes.resolved(expression)
    total = op.of(op.total, resolved, tuple(range(len(shape))), 0) if shape else resolved
    given = {s.name: shapes[s] for s in resolved.free_symbols}
    extra = Symbol("zero")
    graph = Graph.from_expressions(
        {"out": resolved, "L": add(mul(extra, 1), shapes.resolved(total)[0])},
        parameters=["zero"],
        shapes=given,
    )
    values = {s.name: arrays[s] for s in resolved.free_symbols}
    return sb.compile(sb.backprop(graph))({**values, "zero": 0.0}).values["out"]


def symbol_arrays() -> dict[Any, Any]:
    rng = np.random.default_rng(7)
    symbols = [A, B, T, x, y, *map(Symbol, "SIKF")]
    return {one: rng.normal(size=tuple(int(str(n)) for n in _SHAPES[one])) for one in symbols}


@pytest.mark.parametrize("name", sorted(op.OPERATIONS))
def test_every_operation_of_the_language_has_a_proved_rule(name: str) -> None:
    """An operation that is added fails here until it has an example."""
    arrays = symbol_arrays()
    expression = EXAMPLES[name]
    _, shape = _SHAPES.resolved(expression)
    indices = [Index(letter) for letter in "ijk"[: len(shape)]]
    found = everywhere(
        entry(expression, indices, _SHAPES), indices, [int(str(size)) for size in shape], Walk(arrays)
    )
    if expression.free_symbols:
        truth = compiled_value(expression, _SHAPES, arrays)
    else:
        truth = {"ones": np.ones((2, 3)), "zeros": np.zeros((2, 3)), "eye": np.eye(3)}[name]
    assert np.allclose(found, truth, rtol=1e-10, atol=1e-12)


def heads() -> Iterator[type[op.Operation]]:
    for value in vars(op).values():
        if isinstance(value, type) and issubclass(value, op.Operation) and value is not op.Operation:
            yield value


@pytest.mark.parametrize("head", list(heads()), ids=lambda head: head.__name__)
def test_every_operation_has_a_rule_or_is_resolved_away(head: type[op.Operation]) -> None:
    from symbackprop.indexed.entries import RULES

    assert head in RULES or head is op.length


@pytest.mark.parametrize("head", [op.det, op.logdet, op.inv])
def test_what_has_no_form_in_indices_is_refused_with_a_cure(head: type[op.Operation]) -> None:
    expression = op.of(head, op.of(op.matmul, A, A))
    indices = [i, j] if head is op.inv else []
    with pytest.raises(OptionError, match=f"{head.__name__} of an expression has no form") as caught:
        entry(expression, indices, _SHAPES)
    assert caught.value.fix
    assert caught.value.where


def test_an_unknown_operation_is_refused() -> None:
    strange = op._operation("strange", "")
    shapes = Shapes({A: (3, 3)})
    shapes._found[op.of(strange, A)] = (op.of(strange, A), (3, 3))
    with pytest.raises(OptionError, match="strange"):
        entry(op.of(strange, A), [i, j], shapes)


def test_a_program_of_numbers_has_no_indices() -> None:
    derivation = sb.backprop(Graph.from_equations("q = x + y; f = q*z", parameters=["x"]))
    with pytest.raises(OptionError, match="no indices"):
        indexed_derivation(derivation)


# -------------------------------------------------------------------------------------- short forms


def test_a_sum_over_a_kronecker_delta_picks_one_entry() -> None:
    n = Symbol("n")
    shapes = Shapes({B: (n, 4)})
    assert entry(op.of(op.matmul, op.of(op.eye, n), B), [i, j], shapes) == Entry(B, i, j)


def test_a_sum_over_what_has_another_range_is_kept() -> None:
    placed = op.of(op.placed, x, sympy.Tuple(sympy.Tuple(0, 3, 1)), sympy.Tuple(5))
    found = entry(placed, [i], Shapes({x: (3,)}))
    assert isinstance(found, IndexSum)
    walk = Walk({x: np.array([1.0, 2.0, 3.0])})
    assert everywhere(found, [i], [5], walk).tolist() == [1, 2, 3, 0, 0]


def test_factors_without_the_index_stand_before_the_sum() -> None:
    scalar = Symbol("c")
    found = entry(op.of(op.total, mul(scalar, x), 0, 0), [], _SHAPES)
    assert found == mul(scalar, IndexSum(Entry(x, i), i, 3))


def test_a_sum_of_what_does_not_depend_on_the_index_counts() -> None:
    n, scalar = Symbol("n"), Symbol("c")
    shapes = Shapes({x: (n,)})
    assert entry(op.of(op.total, op.of(op.spread, scalar, (n,)), 0, 0), [], shapes) == mul(n, scalar)


def test_indices_take_no_letter_of_the_program() -> None:
    letters = index_letters(["i", "K_m", "delta_jj", "n__l"])
    assert [next(letters).name for _ in range(3)] == ["j", "p", "q"]


def test_when_all_letters_are_taken_they_get_numbers() -> None:
    letters = index_letters([*"abcdefghijklmnopqrstuvwxyz", "i_1"])
    assert next(letters).name == "j_1"


def test_nested_sums_have_different_letters() -> None:
    found = entry(op.of(op.matmul, T, A, B), [i, j], _SHAPES)
    bound = [one.args[1] for one in found.atoms(IndexSum)]
    assert len(set(bound)) == 2
    assert not {i, j} & set(bound)


def test_an_axis_of_length_one_has_no_index() -> None:
    column = Symbol("v")
    assert entry(add(A, column), [i, j], Shapes({A: (3, 3), column: (3, 1)})) == add(
        Entry(A, i, j), Entry(column, i)
    )
    assert entry(column, [S.One], Shapes({column: (1,)})) == column


def test_a_local_partial_that_vanishes_is_zero() -> None:
    graph = Graph.from_equations("s = sign(z); L = sum(s*z)", shapes={"z": ("n",)}, parameters=["z"])
    assert IndexedWriter(sb.backprop(graph)).local(Symbol("s"), Symbol("z")).value is S.Zero


def test_the_jacobian_of_softmax_has_its_common_factor_in_front() -> None:
    graph = Graph.from_equations("p = softmax(z); L = sum(p**2)", shapes={"z": ("n",)}, parameters=["z"])
    line = IndexedWriter(sb.backprop(graph)).local(Symbol("p"), Symbol("z"))
    p = Symbol("p")
    assert line.left == Quotient(Entry(p, i), Entry(Symbol("z"), j))
    assert line.value == mul(Entry(p, i), add(Kronecker(i, j), mul(-1, Entry(p, j))))
