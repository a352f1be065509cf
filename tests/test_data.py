"""The table of examples: CSV files as people write them, and formulas carried out exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

from symbackprop.data import Data, build_data, read_csv
from symbackprop.errors import DataError, Mistakes
from symbackprop.load import load

HERE = Path(__file__).parent
TABLE = json.loads((HERE / "golden" / "000_input_table.json").read_text(encoding="utf-8"))


def read(tmp_path: Path, content: str | bytes) -> tuple[list[str], list[list[Decimal]]]:
    path = tmp_path / "d.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_csv(path)


def build(
    formulas: dict[str, str], columns: str = "x y", rows: tuple[tuple[object, ...], ...] = ((1, 2), (3, 4))
) -> Data:
    numbers = [[Decimal(str(entry)) for entry in row] for row in rows]
    return build_data(columns.split(), numbers, formulas, list(formulas))


@pytest.mark.parametrize(
    "content",
    [
        "x,y\n0.10,-2\n3,4e-5\n",
        b"\xef\xbb\xbfx,y\n0.10,-2\n3,4e-5\n",
        "x,y\r\n0.10,-2\r\n3,4e-5\r\n",
        " x , y \n 0.10 , -2 \n 3,\t4e-5\n",
        "\nx,y\n\n0.10,-2\n  ,  \n3,4e-5\n\n\n",
        '"x","y"\n"0.10","-2"\n3,"4e-5"\n',
        "x,y\n0.10,-2\n3,4E-5",
    ],
    ids=["plain", "byte order mark", "windows", "spaces", "blank lines", "quotes", "no last newline"],
)
def test_a_csv_file_is_read_as_people_write_it(tmp_path: Path, content: str | bytes) -> None:
    columns, rows = read(tmp_path, content)
    assert columns == ["x", "y"]
    assert rows == [[Decimal("0.10"), Decimal(-2)], [Decimal(3), Decimal("4e-5")]]


def test_the_lines_of_mistakes_are_those_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(Mistakes) as caught:
        read(tmp_path, "x,y\n\n1,2\n\none,2\n1\n")
    assert ["line 5" in one.where or "line 6" in one.where for one in caught.value.mistakes] == [True, True]


@given(
    rows=st.lists(
        st.lists(st.decimals(-(10**6), 10**6, places=4), min_size=2, max_size=2), min_size=1, max_size=8
    )
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Decimal]]
) -> None:
    text = "x,y\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    assert read(tmp_path_factory.mktemp("csv"), text) == (["x", "y"], rows)


def test_the_inputs_of_obesity_are_the_documents() -> None:
    data = load(HERE.parent / "examples" / "obesity" / "obesity.toml").data
    assert data is not None
    assert [list(map(int, row)) for row in data.rows] == TABLE["raw"]
    for (height, weight, age, target), example in zip(TABLE["raw"], data.examples, strict=True):
        rounded = round(Fraction(weight, 150), 4)
        assert example["x_1"] == Rational(height, 200)
        assert example["x_2"] == Rational(rounded.numerator, rounded.denominator)
        assert example["x_3"] == Rational(age, 100)
        assert example["y"] == target


def test_a_formula_is_exact() -> None:
    data = build({"a": "x/3 + y/7", "b": "(x - y)**2", "c": "round(x/y, 4)"})
    assert data.examples[0] == {"a": Rational(1, 3) + Rational(2, 7), "b": 1, "c": Rational(1, 2)}
    assert data.examples[1] == {"a": Rational(11, 7), "b": 1, "c": Rational(3, 4)}


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        ("2.5", 0, "2"),
        ("3.5", 0, "4"),
        ("0.00005", 4, "0"),
        ("0.00015", 4, "0.0002"),
        ("-2.5", 0, "-2"),
        ("1250", -2, "1200"),
    ],
)
def test_round_takes_ties_to_even_on_the_digits_as_typed(value: str, digits: int, expected: str) -> None:
    data = build({"a": f"round(x, {digits})"}, "x", ((value,),))
    assert data.examples[0]["a"] == Rational(expected)


def test_a_formula_with_no_exact_value_is_a_double() -> None:
    data = build({"a": "exp(x)", "b": "sqrt(y)"}, rows=((1, 2),))
    assert float(data.examples[0]["a"]) == pytest.approx(2.718281828459045, rel=1e-15)
    assert float(data.examples[0]["b"]) == pytest.approx(1.4142135623730951, rel=1e-15)


def test_a_formula_may_choose_by_a_comparison() -> None:
    data = build({"a": "where(x > 2, 1, 0)", "b": "max(x, y) - min(x, 2)", "c": "abs(x - y)"})
    assert [dict(one) for one in data.examples] == [{"a": 0, "b": 1, "c": 1}, {"a": 1, "b": 2, "c": 1}]


def test_a_column_may_be_used_under_its_own_name_by_a_formula() -> None:
    data = build_data(["x"], [[Decimal(4)]], {"x": "x/8"}, ["x"])
    assert data.rows == ((4,),)
    assert data.examples == ({"x": Rational(1, 2)},)


def test_columns_that_nobody_needs_are_left_out_of_the_examples() -> None:
    data = build_data(["name", "x"], [[Decimal(1), Decimal(2)]], {}, ["x"])
    assert data.examples == ({"x": 2},)
    assert data.columns == ("name", "x")


def test_a_formula_without_a_value_names_the_row() -> None:
    with pytest.raises(DataError, match="row 2"):
        build({"a": "log(x)"}, "x", ((1,), (-1,)))
    with pytest.raises(DataError, match="row 1"):
        build({"a": "1/(x - 1)"}, "x", ((1,), (2,)))
