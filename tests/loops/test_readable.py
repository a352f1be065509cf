"""What people read of loops: the whole text of a small routine, in Python and in C."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Symbol

import symbackprop as sb
from symbackprop.graph import Graph
from symbackprop.loops.c_code import CLoops
from symbackprop.loops.model import Routine
from symbackprop.loops.python_code import PythonLoops
from symbackprop.loops.routines import routine_of
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.lean import lean
from symbackprop.lowering.program import program

TEXT = "Z = X @ W + b; A = tanh(Z); L = sum((A - Y)**2)/2"
SHAPES = {"X": ("n", 3), "W": (3, 2), "b": (2,), "Y": ("n", 2)}


def routine() -> tuple[Routine, Mapping[Symbol, str]]:
    graph = Graph.from_equations(TEXT, shapes=SHAPES, parameters=["W", "b"])
    lines = lean(program(sb.backprop(graph)))
    symbols = [*lines.given, *lines.sizes, *(line.symbol for line in lines.lines)]
    names = {one: one.name.replace("gradient ", "dL_d").replace("delta ", "delta_") for one in symbols}

    def text(symbol: Symbol, expression: Expr) -> str:
        return f"{names[symbol]} = {ArrayCode(names)(expression)}"

    found = routine_of(lines, text=text)
    return found, names | {size: size.name for size in found.sizes}


PYTHON = """\
def gradient(X, W, b, Y, Z, A, L, delta_A, delta_Z, dL_dW, dL_db, n):
    # Z = X @ W + b
    for i in range(n):
        for j in range(2):
            Z[2*i + j] = 0.0
        for j in range(3):
            a = X[3*i + j]
            for k in range(2):
                Z[2*i + k] += a*W[2*j + k]
    # A = np.tanh(Z)
    for i in range(n):
        for j in range(2):
            Z[2*i + j] += b[j]
            A[2*i + j] = tanh(Z[2*i + j])
    # L = np.sum((A - Y)**2, axis=(0, 1))*0.5
    s = 0.0
    for i in range(n):
        for j in range(2):
            s += (A[2*i + j] - Y[2*i + j])**2
    L[0] = s*0.5
    # delta_A = A - Y
    # delta_Z = delta_A*(1 - A**2)
    for i in range(n):
        for j in range(2):
            delta_A[2*i + j] = A[2*i + j] - Y[2*i + j]
            delta_Z[2*i + j] = delta_A[2*i + j]*(1 - A[2*i + j]**2)
    # dL_dW = X.T @ delta_Z
    for i in range(3):
        for j in range(2):
            dL_dW[2*i + j] = 0.0
        for j in range(n):
            a = X[3*j + i]
            for k in range(2):
                dL_dW[2*i + k] += a*delta_Z[2*j + k]
    # dL_db = np.sum(delta_Z, axis=0)
    for i in range(2):
        dL_db[i] = 0.0
    for i in range(n):
        for j in range(2):
            dL_db[j] += delta_Z[2*i + j]
"""

C_BEGIN = """\
void gradient(
    size_t n, const double *restrict X, const double *restrict W, const double *restrict b,
    const double *restrict Y, double *restrict Z, double *restrict A, double *restrict L,
    double *restrict delta_A, double *restrict delta_Z, double *restrict dL_dW,
    double *restrict dL_db)
{
    /* Z = X @ W + b */
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < 2; j++) {
            Z[2*i + j] = 0.0;
        }
        for (size_t j = 0; j < 3; j++) {
            double a = X[3*i + j];
            for (size_t k = 0; k < 2; k++) {
                Z[2*i + k] += a*W[2*j + k];
            }
        }
    }
    /* A = np.tanh(Z) */
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < 2; j++) {
            Z[2*i + j] += b[j];
            A[2*i + j] = tanh(Z[2*i + j]);
        }
    }
    /* L = np.sum((A - Y)**2, axis=(0, 1))*0.5 */
    double s = 0.0;
"""


def test_python_reads_as_the_formulas_do() -> None:
    found, names = routine()
    assert PythonLoops(found, names).function("gradient") == PYTHON


def test_c_reads_likewise() -> None:
    found, names = routine()
    assert CLoops(found, names).function("gradient").startswith(C_BEGIN)


def test_arrays_are_indexed_along_their_axes_where_they_are_arrays() -> None:
    found, names = routine()
    text = PythonLoops(found, names, flat=False).function("gradient")
    assert "Z[i, j] += b[j]\n" in text
    assert "s += (A[i, j] - Y[i, j])**2\n" in text


def test_the_examples_may_lie_outermost_in_memory() -> None:
    graph = Graph.from_equations(
        "Z = W @ X; L = sum(Z**2)", shapes={"W": (2, 3), "X": (3, "n")}, parameters=["W"]
    )
    found = routine_of(lean(program(sb.backprop(graph))), outer=Symbol("n"))
    assert {one.symbol.name: one.order for one in found.buffers}["X"] == (1, 0)
