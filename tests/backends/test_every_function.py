"""Every function of the language on every backend: value and slope against mpmath, in the tails too."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from symbackprop.derivation import Derivation
from symbackprop.functions import FUNCTIONS
from symbackprop.graph import Graph
from symbackprop.numeric.compiled import compile as compiled
from symbackprop.sweep import backprop
from tests.backends.everywhere import EVERYWHERE
from tests.oracles import expanded, near, slope, value

POSITIVE = {"log", "sqrt", "xlogx", "log1p"}
BOUNDED = {"exp": 300.0, "expm1": 300.0, "sinh": 300.0, "cosh": 300.0, "tan": 1.4, "erf": 26.0, "gelu": 26.0}
POINTS = [1e-300, 1e-8, 0.1, 0.5, 0.9, 1.3, 2.5, 3.5, 5.9, 12.0, 26.0, 40.0, 300.0]
NAMES = [name for name in FUNCTIONS if name != "round"]


def _arguments(name: str) -> list[str]:
    entry = FUNCTIONS[name]
    return [f"{name}_{argument}" for argument in entry.arguments[1 if entry.test else 0 :]]


def _equation(name: str) -> str:
    entry = FUNCTIONS[name]
    test = [f"{name}_t > 0.3"] if entry.test else []
    return f"f_{name} = {name}({', '.join([*test, *_arguments(name)])})"


@functools.cache
def everything() -> Derivation:
    """One graph with every function, so that a backend compiles once."""
    total = " + ".join(f"f_{name}" for name in NAMES)
    return backprop(Graph.from_equations("; ".join([*map(_equation, NAMES), f"L = {total}"])))


def points() -> dict[str, Any]:
    """Both signs, near and far; for each function within what a double can hold."""
    found: dict[str, list[float]] = {}
    for node in everything().graph.given:
        name, argument = node.name.rsplit("_", 1)
        # Two arguments are never equal: there the convention of ties decides.
        away = 1.07 if argument in ("y", "other", "s") else 1.0
        most = BOUNDED.get(name, np.inf)
        signs = (1, 1) if name in POSITIVE else (1, -1)
        found[node.name] = [sign * away * min(one, most) for one in POINTS for sign in signs]
    found["clip_low"], found["clip_high"] = [-1.1] * 26, [0.95] * 26
    return found


@functools.cache
def truths(name: str) -> Mapping[str, list[tuple[mpf, mpf]]]:
    """Of a function and of its slope by each argument: the value at every point and its condition."""
    with mp.workdps(700):
        whole = expanded(Graph.from_equations(_equation(name)))
        expressions = {"value": whole} | {
            symbol.name: slope(whole, symbol) for symbol in sorted(whole.free_symbols, key=str)
        }
        given = points()
        found: dict[str, list[tuple[mpf, mpf]]] = {}
        for what, expression in expressions.items():
            found[what] = []
            for place in range(26):
                at = {symbol: mpf(given[symbol.name][place]) for symbol in whole.free_symbols}
                exact = value(expression, at)
                moved = value(expression, {one: x * (1 + mpf("1e-30")) for one, x in at.items()})
                condition = abs((moved - exact) / (exact * mpf("1e-30"))) if exact else mpf(1)
                found[what].append((exact, condition))
    return found


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_every_function_and_its_slope_in_the_tails(backend: str) -> None:
    found = compiled(everything(), backend=backend)(points())
    wrong = []
    for name in NAMES:
        for what, exact in truths(name).items():
            got = found.values[f"f_{name}"] if what == "value" else found.gradients[what]
            for place, (true, condition) in enumerate(exact):
                number = float(np.broadcast_to(got, (26,))[place])
                # A slope such as 1 - tanh² cancels where it is small: there 1e-14 is what doubles know.
                absolute = 1e-290 if what == "value" else 1e-14
                relative = 2e-14 + 1e-15 * float(min(condition, mpf(1e12)))
                if not near(number, true, relative, absolute):
                    wrong.append((name, what, place, number, mp.nstr(true, 17)))
    assert wrong == []


@pytest.mark.parametrize("backend", EVERYWHERE)
def test_single_precision_is_single_precision(backend: str) -> None:
    derivation = backprop(
        Graph.from_equations("a = sigmoid(w*x + 0.1); L = (a - 1/3)**2 + where(x > 1, x, w)/7")
    )
    at = {"w": 0.7, "x": 1.3}
    single = compiled(derivation, backend=backend, dtype="float32")(at)
    double = compiled(derivation, backend=backend)(at)
    for name, number in double.gradients.items():
        error = abs(float(single.gradients[name]) / float(number) - 1)
        assert 1e-12 < error < 2e-6, name
    assert np.float32(single.values["L"]) == single.values["L"]
