"""Two small problems, and what a side in LaTeX is worth at their numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from mpmath import mp

from symbackprop.formulas.grammar import read_side
from symbackprop.formulas.lexer import tokens_of
from symbackprop.formulas.tree import Node
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.load import loads
from symbackprop.precise.point import Point
from symbackprop.reckoning.paper import settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene

NUMBERS = {
    "x": 0.5,
    "y": -1.25,
    "z": 0.75,
    "t": 0.25,
    "w": 1.5,
    "a_1": 0.375,
    "a_2": -0.625,
    "a_3": 2.5,
    "w_11": 0.875,
    "w_12": -0.5,
    "w_21": 1.125,
    "w_22": 0.3125,
    "a_1__2": 0.6,
}
"""The given numbers of the first problem; those of its nodes are worked out in `VALUES`."""

_X, _Y, _W, _T = (NUMBERS[name] for name in ("x", "y", "w", "t"))
_YHAT = _W * _X + NUMBERS["a_1"] * NUMBERS["w_11"]
VALUES = {**NUMBERS, "yhat": _YHAT, "L": (_YHAT - _T) ** 2 + _Y * _Y * NUMBERS["z"]}


def _listed(*names: str) -> str:
    return "".join(f"{name} = {NUMBERS[name]}\n" for name in names)


SPEC = f"""
[graph]
equations = '''
yhat = w*x + a_1*w_11
L = (yhat - t)**2 + y**2*z + 0*(a_2 + a_3 + w_12 + w_21 + w_22 + a_1__2)
'''

[parameters]
{_listed("w", "w_11", "w_12", "w_21", "w_22")}
[inputs]
{_listed("x", "y", "z", "t", "a_1", "a_2", "a_3", "a_1__2")}
"""

W = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])
V = np.array([2.0, -1.0, 4.0])
U = np.array([0.5, -1.5])
Q = W @ V
ARRAY_SPEC = f"""
[graph]
equations = '''
q = W @ V
L = sum(u*q)
'''

[parameters]
W = {W.tolist()}

[inputs]
V = {V.tolist()}
u = {U.tolist()}
"""


@cache
def scene(arrays: bool = False) -> Scene:
    problem = loads(ARRAY_SPEC if arrays else SPEC)
    given = {"W": W.tolist(), "V": V.tolist(), "u": U.tolist()} if arrays else NUMBERS
    return Scene(Vocabulary(problem), Point(problem, given))


def read(latex: str, arrays: bool = False) -> Node:
    """The tree of a side."""
    vocabulary = scene(arrays).vocabulary
    return read_side(tokens_of(latex, vocabulary.words)[:-1], vocabulary, latex)


def value(latex: str, arrays: bool = False) -> Any:
    """What a side is worth."""
    with mp.workdps(50):
        found = settled(value_of(read(latex, arrays), scene(arrays)))
        return np.array(found, dtype=float) if isinstance(found, np.ndarray) else float(found)
