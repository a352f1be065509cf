"""Which products of matrices are left to machine code of their own; it takes addresses and checks nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sympy import Symbol

import symbackprop as sb
from symbackprop.graph import Graph
from symbackprop.loops.routines import routine_of
from symbackprop.lowering.program import forward_program
from tests.loops.array_programs import case_of

numba_arrays = pytest.importorskip(
    "symbackprop.backends.numba_arrays", reason="pip install 'symbackprop[numba]'"
)
loops = pytest.importorskip("symbackprop.backends.numba_loops")

Shapes = Mapping[str, tuple[int | str, ...]]


def turned(text: str, shapes: Shapes, outer: str | None = None) -> list[tuple[bool, bool]]:
    """For every product that is called whether k comes first in A, and last in B."""
    graph = Graph.from_equations(text, shapes=shapes, parameters=[*shapes])
    routine = routine_of(forward_program(sb.backprop(graph)), outer=Symbol(outer) if outer else None)
    names = {one.symbol: f"x{place}" for place, one in enumerate(routine.buffers)}
    code = loops.NumbaLoops(routine, names | {size: size.name for size in routine.sizes})
    assert [*code.body()]
    return [one.turned for one in code.products]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A @ B", (False, False)),
        ("A.T @ C", (True, False)),
        ("A @ D.T", (False, True)),
        ("B.T @ A.T", (True, True)),
        ("C.T @ A", (True, False)),
        ("2*A[:4] @ B", (False, False)),
        ("A @ X[1]", (False, False)),
    ],
)
def test_whole_matrices_and_their_first_rows_are_called(text: str, expected: tuple[bool, bool]) -> None:
    shapes: Shapes = {"A": (5, 3), "B": (3, 4), "C": (5, 2), "D": (6, 3), "X": (2, 3, 5)}
    used = {name: shape for name, shape in shapes.items() if name in text}
    assert turned(f"Z = {text}; L = sum(Z)", used) == [expected]


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("A[:, :2] @ B", {"A": (5, 3), "B": (2, 4)}),
        ("B @ A[:, :2]", {"A": (5, 3), "B": (4, 5)}),
        ("A[:, :2].T @ B", {"A": (5, 3), "B": (5, 4)}),
        ("A[:, 1:] @ B", {"A": (5, 3), "B": (2, 4)}),
        ("A[::2] @ B", {"A": (6, 3), "B": (3, 4)}),
        ("A[::-1] @ B", {"A": (6, 3), "B": (3, 4)}),
        ("A @ B", {"A": (1, 3), "B": (3, 4)}),
        ("A @ B", {"A": (5, 1), "B": (1, 4)}),
        ("A @ b", {"A": (5, 3), "b": (3,)}),
    ],
)
def test_parts_of_matrices_are_loops(text: str, shapes: Shapes) -> None:
    assert turned(f"Z = {text}; L = sum(Z**2)", shapes) == []


def test_axes_that_lie_apart_in_memory_are_loops() -> None:
    shapes: Shapes = {"X": (2, "n", 3), "B": (3, 4)}
    assert len(turned("Z = X @ B; L = sum(Z)", shapes)) == 1
    assert turned("Z = X @ B; L = sum(Z)", shapes, outer="n") == []


def test_parts_of_matrices_are_multiplied_as_numpy_does() -> None:
    one = case_of("L = sum((A[:, :2] @ B)**2) + sum((A[:4].T @ A[:4, 1:])**2)", {"A": (5, 3), "B": (2, 4)})
    one.assert_near(numba_arrays.numba_array_function(one.program)(one.given, one.sizes))


def test_read_only_arrays_are_no_others_to_the_machine_code() -> None:
    one = case_of("L = sum((A @ B)**2)", {"A": ("n", 3), "B": (3, 4)}, {"n": 5})
    function = numba_arrays.numba_array_function(one.program)
    function(one.given, one.sizes)
    for value in one.given:
        value.flags.writeable = False
    one.assert_near(function(one.given, one.sizes))
    assert len(function._run.signatures) == 1
