"""Long statements on several lines: the same statements, and no line is longer than asked."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest
from rich.cells import cell_len

from symbackprop.exporting.layout import PYTHON, C, Entry, broken, fitted, statements
from symbackprop.writing.lines import Phrase
from tests.examples import EXAMPLES, Example
from tests.exporting.exported import text_of

ROOMS = (60, 90)


def assignments(text: str) -> list[str]:
    """The assignments of names in the two passes, each on one line."""
    found = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Assign)]
    return [ast.unparse(one) for one in found if isinstance(one.targets[0], ast.Name)]


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_a_broken_statement_is_the_same_statement(one: Example) -> None:
    for line in assignments(text_of(one, "numpy")):
        name, _, value = line.partition(" = ")
        for room in ROOMS:
            lines = broken(f"{name} =", value, PYTHON, room)
            assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(line))


@pytest.mark.parametrize("room", ROOMS)
def test_a_long_sum_fits(room: int) -> None:
    value = " + ".join(f"weight_{i} * np.exp(-(activation_{i} - 1) ** 2 / 2)" for i in range(9))
    assert max(map(len, broken("total =", value, PYTHON, room))) <= room


def test_a_broken_statement_of_c_ends_with_its_semicolon() -> None:
    lines = fitted(["    y[i] += first[i]*second[i] + third[i];"], C, 30)
    assert lines == ["    y[i] +=", "        first[i]*second[i]", "        + third[i];"]


def test_short_lines_and_loops_stay_as_they_are() -> None:
    lines = ["for (size_t i = 0; i < number_of_examples; i++) {", "    y[i] = 0.0;", "}"]
    assert fitted(lines, C, 20) == lines


def entry(name: str, formula: str) -> Entry:
    return Entry(f"{name} =", "1", Phrase(name, (("=", formula),)))


def test_formulas_stand_beside_their_statements_in_one_column() -> None:
    lines = statements([entry("z", "1"), entry("delta", "11")], PYTHON)
    assert lines == ["z = 1      # z = 1", "delta = 1  # delta = 11"]


def test_a_formula_without_room_stands_above_its_statement() -> None:
    lines = statements([entry("a", "1"), entry("b", "2"), entry("c", "long " * 4 + "end")], PYTHON, 30)
    assert lines == ["a = 1  # a = 1", "b = 1  # b = 2", "", "# c = long long long long end", "c = 1"]


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_beside_each_statement_of_numbers_stands_its_formula(one: Example) -> None:
    """A comment on the line of each value, delta and gradient, or above it."""
    passes = text_of(one, "numpy").partition("def forward(")[2].partition("def loss_and_gradients")[0]
    for above, line in pairwise(passes.splitlines()):
        name = re.match(r"    (?:d\w+_d\w+|delta_\w+) = ", line)
        assert name is None or "# " in line or above.startswith("    # ")
        assert cell_len(line) <= 110
