"""The functions that a document may write, by the words and letters in which they are printed."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from symbackprop import functions as f
from symbackprop.notation.latex import OPERATORS

_PLAIN: Mapping[str, object] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "ln": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "arctan": sympy.atan,
    "erf": sympy.erf,
    "sqrt": f.sqrt,
}
_DECLARED = (
    "log1p expm1 sigmoid softplus relu leaky_relu elu selu gelu gelu_tanh silu mish softsign hard_sigmoid "
    "step clip signum absolute xlogx"
).split()
ELEMENTWISE: Mapping[str, object] = (
    dict(_PLAIN)
    | {name: getattr(f, name) for name in _DECLARED}
    | {word: head for head, word in OPERATORS.items() if head is not f.rounded}
    | {
        "Sigmoid": f.sigmoid,
        "Tanh": sympy.tanh,
        "sgn": f.signum,
        "sig": f.sigmoid,
        "relu": f.relu,
        "logistic": f.sigmoid,
    }
)
"""Functions of numbers, entry by entry where they are given arrays; by the words that name them."""

ARRAYS = frozenset(
    "softmax Softmax logsoftmax logsumexp LSE sum mean var std norm tr det conv reshape diag max min round "
    "CE vec ones lg maximum minimum prod outer dot concatenate stack flatten".split()
)
"""Functions with rules of their own."""

FUNCTIONS = frozenset(ELEMENTWISE) | ARRAYS
"""Every word that is a function."""

LETTERS: Mapping[str, str] = {"sigma": "sigmoid"}
"""Letters that are functions, unless the spec has such a name."""
