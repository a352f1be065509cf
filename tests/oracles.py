"""The slow truth: values by mpmath, derivatives by sympy.diff and by central differences.

Nothing here uses the slopes, the sweep, the printer or the compiler of the package. The strategies at the end
draw random expressions and random graphs for the oracles to be asked about.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from hypothesis import assume
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Basic, Expr, Rational, Symbol, Tuple

from symbackprop import functions
from symbackprop.derivation import Derivation
from symbackprop.expressions import Quotient, add, call, divide, mul, neg, power
from symbackprop.graph import Graph

DIGITS = 60
"""Digits that every oracle works with."""

STEP = mpf(10) ** -20
"""The step of the central differences; its error is of the order of STEP squared, 1e-40."""

Point = Mapping[Any, Any]


class Outside(ArithmeticError):
    """The expression has no finite real value at this point, or one that is too large to compare."""


# ------------------------------------------------------------------------------- values, by mpmath


def _log(x: mpf) -> mpf:
    if x <= 0:
        raise Outside("log")
    return mp.log(x)


def _exp(x: mpf) -> mpf:
    if x > 20000:
        raise Outside("exp")
    return mp.exp(x)


def _sqrt(x: mpf) -> mpf:
    if x < 0:
        raise Outside("sqrt")
    return mp.sqrt(x)


def _logistic(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def _elu(x: mpf, alpha: mpf) -> mpf:
    return x if x > 0 else alpha * mp.expm1(x)


def _selu(x: mpf) -> mpf:
    scale, alpha = mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717")
    return scale * _elu(x, alpha)


def _rounded(x: mpf, digits: mpf) -> mpf:
    """Half to even, as NumPy and Python round."""
    return mp.nint(x * 10 ** int(digits)) / 10 ** int(digits)


FUNCTIONS: Mapping[str, Callable[..., mpf]] = {
    "exp": _exp,
    "log": _log,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "atan": mp.atan,
    "erf": mp.erf,
    "sqrt": _sqrt,
    "log1p": lambda x: _log(1 + x),
    "expm1": lambda x: _exp(x) - 1,
    "absolute": abs,
    "signum": mp.sign,
    "xlogx": lambda x: x * _log(x) if x else mpf(0),
    "sigmoid": _logistic,
    "softplus": lambda x: mp.log(1 + _exp(x)),
    "relu": lambda x: max(x, mpf(0)),
    "leaky_relu": lambda x, alpha: x if x > 0 else alpha * x,
    "elu": _elu,
    "selu": _selu,
    "rounded": _rounded,
    "floor": mp.floor,
    "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * _logistic(2 * mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3)),
    "silu": lambda x: x * _logistic(x),
    "mish": lambda x: x * mp.tanh(mp.log(1 + _exp(x))),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_sigmoid": lambda x: min(max((x + 3) / 6, mpf(0)), mpf(1)),
    "step": lambda x: mpf(x >= 0),
    "maximum": max,
    "minimum": min,
    "clip": lambda x, low, high: min(max(x, low), high),
    "where": lambda test, then, other: then if test else other,
    "indicator": lambda test: mpf(bool(test)),
}
"""What every function is, by the name of its SymPy class; written from the literature, in mpmath."""

_RELATIONS: Mapping[str, Callable[[mpf, mpf], bool]] = {
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}


def value(expression: Basic, point: Point) -> mpf:
    """The number that an expression is at a point, with DIGITS digits.

    Raises:
        Outside: it is none there, or a monster.
    """
    with mp.workdps(max(DIGITS, mp.dps)):
        try:
            result = _Walk(point)(expression)
        except (ZeroDivisionError, OverflowError) as error:
            raise Outside(str(error)) from error
        if not mp.isfinite(result) or (result and abs(mp.log10(abs(result))) > 3000):
            raise Outside(str(expression))
        return result


class _Walk:
    """Values of the parts of expressions; a part that was met before is not walked again."""

    def __init__(self, point: Point) -> None:
        self.known: dict[Basic, Any] = {key: _number(number) for key, number in point.items()}

    def __call__(self, expression: Basic) -> Any:
        if expression not in self.known:
            self.known[expression] = self._found(expression)
        return self.known[expression]

    def _found(self, e: Basic) -> Any:
        if isinstance(e, Rational):
            return mpf(e.p) / mpf(e.q)
        if isinstance(e, sympy.Float):
            return mpf(str(e))
        if e in (sympy.pi, sympy.E):
            return +(mp.pi if e is sympy.pi else mp.e)
        if isinstance(e, sympy.Piecewise):
            return next(self(part) for part, test in e.args if test == sympy.true or self(test))
        if isinstance(e, sympy.logic.boolalg.BooleanAtom):
            return bool(e)
        if isinstance(e, functions.softmax):
            raised = [_exp(self(z)) for z in e.args[1]]
            return raised[int(e.args[0]) - 1] / mp.fsum(raised)
        if isinstance(e, sympy.core.relational.Relational):
            return _RELATIONS[e.rel_op](self(e.lhs), self(e.rhs))
        if isinstance(e, sympy.And | sympy.Or):
            return (all if isinstance(e, sympy.And) else any)(map(self, e.args))
        if isinstance(e, sympy.Not):
            return not self(e.args[0])
        if isinstance(e, sympy.ITE):
            return self(e.args[1] if self(e.args[0]) else e.args[2])
        parts = [self(argument) for argument in e.args]
        if isinstance(e, sympy.Add):
            return mp.fsum(parts)
        if isinstance(e, sympy.Mul):
            return mp.fprod(parts)
        if isinstance(e, sympy.Pow):
            return _power(*parts)
        return FUNCTIONS[type(e).__name__](*parts)


def _number(number: Any) -> mpf:
    if isinstance(number, Rational):
        return mpf(number.p) / mpf(number.q)
    return mpf(float(number)) if hasattr(number, "dtype") else mpf(number)


def _power(base: mpf, exponent: mpf) -> mpf:
    if base < 0 and exponent != int(exponent):
        raise Outside("a root of a negative number")
    if base == 0 and exponent < 0:
        raise Outside("division by zero")
    if base and abs(exponent * mp.log10(abs(base))) > 3000:
        raise Outside("a monster")
    return mp.power(base, exponent)


def graph_values(graph: Graph, point: Point) -> dict[Symbol, mpf]:
    """Every node's value, one node after the other, whatever order the graph keeps them in."""
    values = {_symbol(key): _number(number) for key, number in point.items()}
    waiting = [node for node in graph.nodes if node.expression is not None and node.symbol not in values]
    while waiting:
        ready = [node for node in waiting if node.expression.free_symbols <= values.keys()]  # type: ignore[union-attr]
        assert ready, "no node can be computed"
        for node in ready:
            assert node.expression is not None
            values[node.symbol] = value(node.expression, values)
        waiting = [node for node in waiting if node not in ready]
    return values


def _symbol(key: Any) -> Symbol:
    return Symbol(key) if isinstance(key, str) else key


def delta_values(derivation: Derivation, point: Point) -> dict[Symbol, mpf]:
    """The values of all nodes, and of all named deltas by what the derivation says that they equal."""
    values = graph_values(derivation.graph, point)
    for delta in derivation.deltas.values():
        if delta.symbol is not None:
            values[delta.symbol] = value(delta.expression, values)
    return values


# ------------------------------------------------------------------------------------- derivatives


def expanded(graph: Graph, output: Symbol | None = None) -> Expr:
    """The output as one expression in what is given, in SymPy's own functions and evaluated by SymPy."""
    known: dict[Symbol, Expr] = {}
    for node in graph.nodes:
        if node.expression is not None:
            known[node.symbol] = node.expression.doit().xreplace(known)
    return known[output or graph.output]


def slope(expression: Expr, symbol: Symbol) -> Expr:
    """The derivative by sympy.diff of the same expression in SymPy's own functions."""
    return sympy.diff(expression.doit(), symbol)


def central(graph: Graph, point: Point, name: str, output: str | None = None) -> mpf:
    """The derivative of the output by one given name, by central differences in DIGITS digits."""
    target = Symbol(output) if output else graph.output
    with mp.workdps(DIGITS):
        start = {_symbol(key): _number(number) for key, number in point.items()}
        around = [
            graph_values(graph, start | {Symbol(name): start[Symbol(name)] + sign * STEP})[target]
            for sign in (1, -1)
        ]
        return (around[0] - around[1]) / (2 * STEP)


def central_at_node(graph: Graph, point: Point, name: str) -> mpf:
    """Likewise by a computed node, which is then held at its own value plus and minus the step."""
    start = graph_values(graph, point)[Symbol(name)]
    return central(
        graph, {_symbol(key): number for key, number in point.items()} | {Symbol(name): start}, name
    )


def quotient_value(graph: Graph, point: Point, quotient: Quotient) -> mpf:
    """What a printed ∂y/∂x means: all ways from x to y, but for those through what is held fast."""
    values = graph_values(graph, point)
    fixed = {_symbol(key): number for key, number in point.items()}
    fixed |= {symbol: values[symbol] for symbol in (quotient.by, *quotient.held)}
    return central(graph, fixed, quotient.by.name, quotient.of.name)


def near(left: Any, right: Any, relative: float = 1e-25, absolute: float = 0.0) -> bool:
    """Equal up to a share of the right side, or up to `absolute`."""
    with mp.workdps(max(DIGITS, mp.dps)):
        left, right = _number(left), _number(right)
        return bool(abs(left - right) <= max(mpf(relative) * abs(right), mpf(absolute)))


def points(names: Iterable[str], seed: int, count: int = 1) -> list[dict[Symbol, Rational]]:
    """Random points, away from 0 and from each other's coordinates."""
    dice = random.Random(seed)
    return [
        {Symbol(name): Rational(dice.choice([-1, 1]) * dice.randint(2_000, 19_999), 10_007) for name in names}
        for _ in range(count)
    ]


def kink_distance(expression: Basic, point: Point) -> mpf:
    """How far the nearest kink or jump in the expression is: a difference quotient over it means nothing."""
    found = [mpf(10)]
    for part in sympy.preorder_traversal(expression):
        found += [abs(value(one, point)) for one in _kinks(part)]
    return min(found)


def _kinks(part: Basic) -> list[Expr]:
    """What is 0 at the kinks of one call."""
    name, arguments = type(part).__name__, part.args
    if name in ("absolute", "signum", "relu", "leaky_relu", "elu", "selu", "step", "softsign"):
        return [arguments[0]]
    if name in ("maximum", "minimum"):
        return [sympy.Add(arguments[0], -arguments[1])]
    if name == "hard_sigmoid":
        return [arguments[0] - 3, arguments[0] + 3]
    if name == "clip":
        return [arguments[0] - arguments[1], arguments[0] - arguments[2]]
    if isinstance(part, sympy.core.relational.Relational):
        return [part.lhs - part.rhs]
    return []


# ------------------------------------------------------------------------------ random expressions

NAMES = ("x", "y", "w_11", "beta", "theta_0")
SMOOTH = ("sin", "cos", "tanh", "arctan", "erf", "sigmoid", "softplus", "gelu", "silu", "mish", "softsign")
_SOMEWHERE = {Symbol(name): Rational(place, 7) + Rational(5, 11) for place, name in enumerate(NAMES, -2)}
KINKED = ("abs", "relu", "leaky_relu", "elu", "selu", "hard_sigmoid", "sign", "step")


@dataclass(frozen=True)
class Built:
    """An expression built by the package, and how SymPy builds the same one.

    Attributes:
        ours: built by add, mul, power, divide, neg and call.
        recipe: builds it by SymPy's own arithmetic, evaluated.
    """

    ours: Expr
    recipe: Callable[[], Expr]

    def __repr__(self) -> str:
        return f"Built({self.ours})"

    @property
    def plain(self) -> Expr:
        """SymPy's own twin."""
        return self.recipe()

    @property
    def may_be_zero(self) -> bool:
        """Whether it is 0 at one point chosen at random: then it is likely to be 0 everywhere."""
        try:
            return bool(abs(value(self.ours, _SOMEWHERE)) < mpf("1e-30"))
        except Outside:
            return True


def _leaves() -> st.SearchStrategy[Built]:
    symbols = st.sampled_from(NAMES).map(Symbol)
    chosen = st.sampled_from(
        [1, 2, 3, -1, -2, Rational(1, 2), Rational(-2, 3), Rational("0.044715"), Rational(7, 4)]
    )
    leaves = st.one_of(symbols, symbols, symbols, chosen.map(sympy.sympify))
    return leaves.map(lambda leaf: Built(leaf, lambda: leaf))


def _one_and_square(e: Built) -> Built:
    """1 + e², which is nowhere 0."""
    return Built(add(1, power(e.ours, 2)), lambda: 1 + e.plain**2)


def _sum(row: list[Built]) -> Built:
    return Built(add(*(e.ours for e in row)), lambda: sympy.Add(*(e.plain for e in row)))


def _product(row: list[Built]) -> Built:
    return Built(mul(*(e.ours for e in row)), lambda: sympy.Mul(*(e.plain for e in row)))


def _quotient(above: Built, below: Built) -> Built:
    safe = _one_and_square(below) if below.may_be_zero else below
    return Built(divide(above.ours, safe.ours), lambda: above.plain / safe.plain)


def _raised(base: Built, exponent: Any) -> Built:
    safe = _one_and_square(base) if exponent.q != 1 or base.may_be_zero else base
    return Built(power(safe.ours, exponent), lambda: safe.plain**exponent)


def _variable_power(base: Built, exponent: Built) -> Built:
    safe = _one_and_square(base)
    return Built(power(safe.ours, exponent.ours), lambda: safe.plain**exponent.plain)


def _called(name: str, *row: Built) -> Built:
    return Built(
        functions.build(name, [e.ours for e in row]),
        lambda: functions.build(name, [e.plain for e in row]).doit(),
    )


def _chosen(left: Built, right: Built, then: Built, other: Built) -> Built:
    return Built(
        call(functions.where, sympy.Gt(left.ours, right.ours, evaluate=False), then.ours, other.ours),
        lambda: sympy.Piecewise((then.plain, sympy.Gt(left.plain, right.plain)), (other.plain, True)),
    )


def _softmaxed(index: int, one: Built, two: Built) -> Built:
    def plain() -> Expr:
        row = [sympy.exp(one.plain), sympy.exp(two.plain), sympy.exp(Symbol("x"))]
        return row[index - 1] / sum(row)

    return Built(call(functions.softmax, sympy.Integer(index), Tuple(one.ours, two.ours, Symbol("x"))), plain)


def _larger(inner: st.SearchStrategy[Built], kinked: bool, called: bool) -> st.SearchStrategy[Built]:
    rows = st.lists(inner, min_size=2, max_size=4)
    exponents = st.sampled_from([2, 3, -1, -2, Rational(1, 2), Rational(-1, 2), Rational(3, 2)]).map(
        sympy.sympify
    )
    kinds: list[st.SearchStrategy[Built]] = [
        rows.map(_sum),
        rows.map(_product),
        inner.map(lambda e: Built(neg(e.ours), lambda: -e.plain)),
        st.builds(_quotient, inner, inner),
        st.builds(_raised, inner, exponents),
    ]
    if called:
        kinds += [
            st.builds(_variable_power, inner, inner),
            st.builds(_called, st.sampled_from((*SMOOTH, "exp")), inner),
            st.builds(_softmaxed, st.sampled_from([1, 2]), inner, inner),
            st.builds(_called, st.sampled_from(["log", "sqrt"]), inner.map(_one_and_square)),
        ]
    if kinked:
        kinds += [
            st.builds(_called, st.sampled_from(KINKED), inner),
            st.builds(_called, st.sampled_from(["maximum", "minimum"]), inner, inner),
            st.builds(_chosen, inner, inner, inner, inner),
        ]
    return st.one_of(kinds)


def expressions(*, kinked: bool = True, called: bool = True, most: int = 8) -> st.SearchStrategy[Built]:
    """Random expressions, each built by the package and, step by step alike, by SymPy's own arithmetic."""
    return st.recursive(_leaves(), lambda inner: _larger(inner, kinked, called), max_leaves=most)


def same_value(left: Expr, right: Expr, point: Point, relative: float = 1e-25) -> bool:
    """Whether two expressions have one value at a point; points where they have none are passed over."""
    try:
        return near(value(left, point), value(right, point), relative, 1e-40)
    except Outside:
        assume(False)
        raise


# ----------------------------------------------------------------------------------- random graphs


@dataclass(frozen=True)
class Drawn:
    """A random graph with a point at which it is far from kinks and poles.

    Attributes:
        equations: name → expression.
        point: the values of the leaves.
        parameters: the leaves to differentiate by.
    """

    equations: dict[str, Expr]
    point: dict[str, float]
    parameters: tuple[str, ...]

    @property
    def graph(self) -> Graph:
        """The graph."""
        return Graph.from_expressions(self.equations, parameters=self.parameters)


def _candidates(one: Expr, two: Expr, three: Expr) -> list[Expr]:
    a, b, c = one, two, three
    return [
        mul(a, b),
        add(a, b),
        add(mul(a, b), c),
        add(a, neg(b)),
        divide(a, b),
        divide(a, add(1, power(b, 2))),
        power(a, 2),
        call(sympy.tanh, a),
        call(sympy.exp, a),
        call(functions.sigmoid, a),
        call(functions.sigmoid, add(mul(a, b), c)),
        call(functions.relu, a),
        add(call(functions.absolute, a), call(functions.signum, b)),
        mul(call(functions.step, a), c),
        call(functions.signum, a),
        call(functions.maximum, a, b),
        call(functions.where, sympy.Gt(a, b, evaluate=False), mul(a, c), add(b, c)),
        mul(a, add(b, c), a),
        call(sympy.sin, a),
        call(functions.softmax, sympy.Integer(2), Tuple(a, b, c)),
    ]


@st.composite
def graphs(draw: st.DrawFn, most: int = 60) -> Drawn:
    """Random graphs with fan-out, shared parameters and diamonds; the values stay moderate."""
    leaves = [f"p_{number}" for number in range(1, draw(st.integers(2, 6)) + 1)]
    size = draw(st.integers(1, most))
    dice = random.Random(draw(st.integers(0, 10**6)))
    point = {name: dice.choice([-1, 1]) * dice.uniform(0.3, 1.7) for name in leaves}
    values: dict[Symbol, mpf] = {Symbol(name): mpf(number) for name, number in point.items()}
    equations: dict[str, Expr] = {}
    for number in range(1, size + 1):
        recent = [*values][-8:]
        chosen = [dice.choice(recent if dice.random() < 0.7 else [*values]) for _ in range(3)]
        if number > 1:
            chosen[0] = [*values][-1] if dice.random() < 0.5 else chosen[0]
        expression = _tame(dice.choice(_candidates(chosen[0], chosen[1], chosen[2])), chosen[0], values)
        equations[f"v_{number}"] = expression
        values[Symbol(f"v_{number}")] = value(expression, values)
    return Drawn(equations, point, tuple(leaves))


def _tame(candidate: Expr, fallback: Symbol, values: Point) -> Expr:
    """The candidate, or tanh of its first argument where it is large, near a pole or near a kink."""
    try:
        steady = abs(value(candidate, values)) < 6 and kink_distance(candidate, values) > 1e-3
        small = [
            values[part.base] for part in candidate.atoms(sympy.Pow) if part.exp == -1 and part.base in values
        ]
    except Outside:
        return call(sympy.tanh, fallback)
    return candidate if steady and all(abs(number) > 0.3 for number in small) else call(sympy.tanh, fallback)
