"""Tables of data, of values, of losses by state: each cell is a claim, and one wrong cell is the only one."""

from __future__ import annotations

from math import exp

import pytest

from symbackprop.check.claims import Report, Verdict
from tests.check.small import check, trained

SPEC = trained("[[2, 1], [-1, 0], [0.5, 1]]")
ROWS = [(2.0, 1.0), (-1.0, 0.0), (0.5, 1.0)]


def states() -> list[tuple[float, float]]:
    """w and b before the first update and after each: plain gradient descent, one example after another."""
    found = [(0.5, 0.1)]
    for x, y in ROWS[:2]:
        w, b = found[-1]
        a = 1 / (1 + exp(-(w * x + b)))
        delta = 2 * (a - y) * a * (1 - a)
        found.append((w - 0.5 * delta * x, b - 0.5 * delta))
    return found


def forward(x: float, y: float, state: int = 0) -> tuple[float, float, float]:
    w, b = states()[state]
    z = w * x + b
    a = 1 / (1 + exp(-z))
    return z, a, (a - y) ** 2


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["--:"] * len(head), *rows]
    return "".join(f"| {' | '.join(one)} |\n" for one in lines)


DATA = [[str(number), f"${x:g}$", f"${y:g}$"] for number, (x, y) in enumerate(ROWS, 1)]
VALUES = [
    [str(number), *(f"${value:.6f}$" for value in forward(x, y))] for number, (x, y) in enumerate(ROWS, 1)
]
LOSSES = [
    [
        "before any update" if not state else f"after update {state}",
        *(f"${forward(x, y, state)[2]:.6f}$" for x, y in ROWS),
        f"${sum(forward(x, y, state)[2] for x, y in ROWS) / 3:.6f}$",
    ]
    for state in range(3)
]
TABLES = {
    "data": (["Example", "$x$", "$y$"], DATA),
    "values": (["Example", "$z$", "$a$", "$L$"], VALUES),
    "losses": (["State", "#1", "#2", "#3", "mean of all"], LOSSES),
}


def judged(kind: str, changed: tuple[int, int] | None = None) -> Report:
    head, rows = TABLES[kind]
    rows = [list(row) for row in rows]
    if changed is not None:
        row, column = changed
        rows[row][column] = f"${float(rows[row][column].strip('$')) + 0.25:.6f}$"
    return check(f"## Table\n\n{table(head, rows)}", SPEC)


@pytest.mark.parametrize("kind", TABLES)
def test_a_right_table_is_verified_cell_by_cell(kind: str) -> None:
    head, rows = TABLES[kind]
    report = judged(kind)
    assert report.summary["claims"] >= len(rows) * (len(head) - 1)
    assert report.summary["verified"] == report.summary["claims"]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("place", [(0, 1), (1, 2), (2, 2)])
def test_one_wrong_cell_is_the_only_one_that_is_refuted(kind: str, place: tuple[int, int]) -> None:
    report = judged(kind, place)
    (wrong,) = report.having(Verdict.REFUTED)
    assert wrong.line == 5 + place[0]
    assert report.summary["verified"] == report.summary["claims"] - 1
    assert wrong.expected


@pytest.mark.parametrize(("carry", "verdict"), [("full", Verdict.REFUTED), ("rounded", Verdict.UNDECIDED)])
def test_a_last_digit_is_left_open_where_rounded_values_are_carried(carry: str, verdict: Verdict) -> None:
    rows = [list(row) for row in LOSSES]
    wrong = f"{forward(*ROWS[0])[2] + 2e-6:.6f}"
    rows[0][1] = f"${wrong}$"
    spec = f'{SPEC}\n[conventions]\ncarry = "{carry}"\n'
    report = check(f"## Table\n\n{table(TABLES['losses'][0], rows)}", spec)
    assert [claim.verdict for claim in report.claims if claim.latex == wrong] == [verdict]
    assert [claim.latex for claim in report.having(Verdict.REFUTED)] == [wrong] * (carry == "full")
