"""Documents written in a test: what a problem says of them, claim by claim."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import FrameType

from symbackprop.check.checking import check_document
from symbackprop.check.claims import Claim, Report
from symbackprop.load import loads
from symbackprop.problem import Problem

NEURON = """
[graph]
equations = '''
z = w*x + b
a = sigmoid(z)
L = (a - y)**2
'''
[parameters]
w = 0.5
b = 0.1
[inputs]
x = 2
y = 1
"""
"""One neuron: z = 1.1, a = 0.7502601055951177."""

GOOD_FORMULA = r"\frac{\partial L}{\partial w} = 2(a - y)\,a(1 - a)\,x"


_TRAINED = """
[network]
inputs = ["x"]
targets = ["y"]

[[network.layers]]
units = 1
activation = "sigmoid"
symbols = { weight = "w", bias = "b", preactivation = "z", output = "a", delta = "delta" }
weight = [[0.5]]
bias = [0.1]

[loss]
name = "mse"
symbol = "L"

[training]
learning_rate = 0.5
steps = 2

[data]
columns = ["x", "y"]
"""


def trained(rows: str) -> str:
    """The spec of the neuron as a network with w = 0.5 and b = 0.1 that is trained on rows of x and y."""
    return f"{_TRAINED}rows = {rows}\n"


@cache
def problem(spec: str = NEURON) -> Problem:
    return loads(spec)


def displayed(*formulas: str) -> str:
    """A document of displayed formulas; formula number n stands on line 4 n - 2."""
    return "".join(f"$$\n{one}\n$$\n\n" for one in formulas)


def check(text: str, spec: str = NEURON, aliases: Mapping[str, str] | None = None) -> Report:
    return check_document(text, problem(spec), aliases=aliases)


def claims(*formulas: str, spec: str = NEURON, aliases: Mapping[str, str] | None = None) -> list[Claim]:
    return list(check(displayed(*formulas), spec, aliases).claims)


def verdicts(*formulas: str, spec: str = NEURON, aliases: Mapping[str, str] | None = None) -> list[str]:
    """The verdict on each claim; of a refuted one its kind."""
    return [str(one.mistake or one.verdict) for one in claims(*formulas, spec=spec, aliases=aliases)]


class TooLong(Exception):
    """A document took more than its time."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise where more CPU time is needed."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLong(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
