"""Tables read in blocks: every kind of file gives the same numbers, and says what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.data import read_csv
from symbackprop.errors import DataError, Mistake, Mistakes, OptionError
from symbackprop.fitting.opening import open_source
from symbackprop.fitting.sources import Columns, Source, reblocked
from tests.fitting.files import WRITERS, written

ROWS = 23
TABLE = {"x": np.arange(ROWS) / 7, "n": np.arange(ROWS) % 3, "y": np.linspace(-1, 1, ROWS)}
ENDINGS = list(WRITERS)


def opened(folder: Path, ending: str) -> Source:
    return open_source(written(folder, ending, TABLE))


def message(path: Path, heads: tuple[str, ...] = (), columns: tuple[str, ...] = ()) -> str:
    """What is said when a file is opened and read."""
    try:
        source = open_source(path, heads)
        list(source.blocks(columns or source.columns, 4))
    except (Mistake, Mistakes) as mistake:
        return str(mistake)
    raise AssertionError("nothing is said")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("size", [1, 5, 7, 23, 100])
def test_every_file_gives_the_same_blocks(tmp_path: Path, ending: str, size: int) -> None:
    source = opened(tmp_path, ending)
    assert source.columns == ("x", "n", "y")
    blocks = list(source.blocks(["y", "n"], size))
    assert [len(block) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    np.testing.assert_array_equal(np.concatenate(blocks), np.column_stack([TABLE["y"], TABLE["n"]]))
    assert source.rows == ROWS


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("start", [0, 5, 10, 20])
def test_rows_that_are_passed_over_are_the_first(tmp_path: Path, ending: str, start: int) -> None:
    source = opened(tmp_path, ending)
    blocks = list(source.blocks(["x"], 5, start))
    np.testing.assert_array_equal(np.concatenate(blocks)[:, 0], TABLE["x"][start:])
    assert source.rows == ROWS


def test_columns_in_memory_are_blocks_too() -> None:
    source = Columns(TABLE)
    blocks = list(source.blocks(["n", "x"], 10))
    assert [len(one) for one in blocks] == [10, 10, 3]
    np.testing.assert_array_equal(np.concatenate(blocks), np.column_stack([TABLE["n"], TABLE["x"]]))


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"x": [1, 2], "y": [1]}, "different lengths"),
        ({"x": ["a"]}, "the column 'x' is no row of numbers"),
        ({"x": [[1, 2]]}, "the column 'x' is no row of numbers"),
    ],
)
def test_columns_in_memory_are_numbers(columns: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Columns(columns)


@given(
    lengths=st.lists(st.integers(0, 6), max_size=12),
    size=st.integers(1, 5),
    start=st.integers(0, 4),
)
def test_pieces_of_any_length_make_blocks_of_one(lengths: list[int], size: int, start: int) -> None:
    whole = np.arange(sum(lengths), dtype=float)[:, np.newaxis]
    start = min(start, len(whole))
    blocks = list(reblocked(np.split(whole, np.cumsum(lengths)[:-1]) if lengths else [], size, start))
    assert [len(block) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert all(0 < len(block) <= size for block in blocks)
    np.testing.assert_array_equal(np.concatenate([*blocks, whole[:0]]), whole[start:])


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_is_told_from_another_and_not_by_its_name(tmp_path: Path, ending: str) -> None:
    source = opened(tmp_path, ending)
    other = tmp_path / "other"
    other.mkdir()
    assert opened(other, ending).identity() == source.identity()
    changed = {**TABLE, "y": TABLE["y"] + 1}
    assert open_source(written(other, ending, changed)).identity() != source.identity()


@pytest.mark.parametrize("ending", [*ENDINGS, ".CSV"])
def test_a_file_that_is_not_there(tmp_path: Path, ending: str) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow", reason="pip install 'symbackprop[parquet]'")
    said = message(tmp_path / f"none{ending}")
    assert "cannot be read" in said
    assert "check the path" in said


# ----------------------------------------------------------------------------------------------- CSV


CSV_TEXTS = {
    "plain": "x,y\n0.10,-2\n3,4e-5\n",
    "byte order mark": "\ufeffx,y\n0.10,-2\n3,4e-5\n",
    "windows": "x,y\r\n0.10,-2\r\n3,4e-5\r\n",
    "spaces": " x , y \n 0.10 , -2 \n 3,\t4e-5\n",
    "blank lines": "\nx,y\n\n0.10,-2\n  ,  \n3,4e-5\n\n\n",
    "quotes": '"x","y"\n"0.10","-2"\n3,"4e-5"\n',
    "no last newline": "x,y\n0.10,-2\n3,4E-5",
}


@pytest.mark.parametrize("text", CSV_TEXTS.values(), ids=CSV_TEXTS)
def test_a_csv_file_is_read_in_blocks_as_it_is_read_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(text.encode("utf-8"))
    source = open_source(path)
    columns, rows = read_csv(path)
    assert list(source.columns) == columns
    found = np.concatenate(list(source.blocks(columns, 1)))
    np.testing.assert_array_equal(found, np.array(rows, dtype=float))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x,y\n1,2\n\none,2\n1\n", ["d.csv, line 4, column 'x'", "'one' is not a number"]),
        ("x,y\n1,2\n\none,2\n1\n", ["d.csv, line 5", "a row has 1 entries instead of 2"]),
        ("x,y\n0,5,1\n", ["a row has 3 entries instead of 2", "a decimal comma"]),
        ("x,y\n1,nan\n", ["line 2, column 'y'", "not a finite number"]),
        ("x,y\n1,1e400\n", ["line 2, column 'y'", "not a finite number"]),
        ("x;y\n1;2\n", ["'1;2' is not a number"]),
        ("x,y\n", ["has no rows"]),
        ("", ["has no rows"]),
        ("x,y\n1,\x00\n", ["d.csv"]),
    ],
)
def test_a_mistake_in_a_csv_file_is_told_with_its_line(tmp_path: Path, text: str, says: list[str]) -> None:
    path = tmp_path / "d.csv"
    path.write_text(text, encoding="utf-8")
    said = message(path)
    assert all(words in said for words in says), said


def test_a_mistake_far_behind_is_told_when_it_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x\n" + "1\n" * 9 + "?\n", encoding="utf-8")
    blocks = open_source(path).blocks(["x"], 4)
    assert [len(next(blocks)), len(next(blocks))] == [4, 4]
    with pytest.raises(DataError, match="'\\?' is not a number") as caught:
        next(blocks)
    assert "line 11" in caught.value.where


def test_what_is_no_text_is_no_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"x,y\n1,2\n\xff\xfe,3\n")
    assert "is not text in UTF-8" in message(path)


# ----------------------------------------------------------------------------------------------- .npy


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int8", "uint64", "bool", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_of_any_numbers_is_read(tmp_path: Path, kind: str, order: str) -> None:
    array = np.array([[1, 0], [0, 1], [1, 1]], dtype=kind, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "d.npy", array)
    source = open_source(tmp_path / "d.npy", ("a", "b"))
    (block,) = source.blocks(("b",), 5)
    assert block.dtype == np.float64
    np.testing.assert_array_equal(block[:, 0], [0, 1, 1])


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((3, 2)), "has 2 columns, and 3 are named"),
        (np.zeros(3), "an array of 1 axis of"),
        (np.zeros((2, 2, 2)), "an array of 3 axes"),
        (np.zeros((2, 3), dtype=complex), "of type complex128"),
        (np.array([["1", "2", "3"]]), "of type <U1"),
        (np.array([(1, "a")], dtype=[("a", int), ("b", "U1")]), "of type"),
        (np.array([[None, 1, 2]], dtype=object), "no whole array of numbers"),
    ],
)
def test_an_array_that_is_no_table_is_refused(tmp_path: Path, array: object, says: str) -> None:
    np.save(tmp_path / "d.npy", np.asarray(array), allow_pickle=True)
    assert says in message(tmp_path / "d.npy", ("a", "b", "c"))


def test_nothing_in_an_array_is_run(tmp_path: Path) -> None:
    """A pickled object would be; it is not opened."""
    np.save(tmp_path / "d.npy", np.array([[print]], dtype=object), allow_pickle=True)
    assert "no whole array of numbers" in message(tmp_path / "d.npy", ("a",))


def test_a_damaged_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.zeros((100, 2)))
    whole = (tmp_path / "d.npy").read_bytes()
    for length in (0, 3, 60, 400):
        (tmp_path / "d.npy").write_bytes(whole[:length])
        assert "no whole array of numbers" in message(tmp_path / "d.npy", ("a", "b"))


def test_several_arrays_are_no_table(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", a=np.zeros((2, 2)))
    (tmp_path / "d.npz").rename(tmp_path / "d.npy")
    assert "no whole array of numbers" in message(tmp_path / "d.npy", ("a", "b"))


# ------------------------------------------------------------------------------------------- Parquet


def test_parquet_reads_only_the_columns_that_are_wanted(tmp_path: Path) -> None:
    path = written(tmp_path, ".parquet", {**TABLE, "name": np.array(["a"] * ROWS)})
    (block,) = open_source(path).blocks(["x"], 100)
    np.testing.assert_array_equal(block[:, 0], TABLE["x"])
    assert "holds string in the column 'name'" in message(path, columns=("name",))


def test_what_is_missing_in_parquet_is_no_number(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pip install 'symbackprop[parquet]'")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"x": [1, None, 3]}), tmp_path / "d.parquet")
    (block,) = open_source(tmp_path / "d.parquet").blocks(["x"], 10)
    assert np.isnan(block[:, 0]).tolist() == [False, True, False]


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ".parquet", TABLE)
    whole = path.read_bytes()
    for damaged in (b"", whole[:50], b"x" * 200):
        path.write_bytes(damaged)
        assert "table.parquet cannot be read" in message(path)
    path.write_bytes(whole[:20] + b"\xff" * 100 + whole[120:])
    assert "table.parquet" in message(path)


def test_without_pyarrow_the_line_of_pip_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("symbackprop.fitting.parquet_source.find_spec", lambda _: None)
    with pytest.raises(OptionError) as caught:
        open_source(tmp_path / "d.parquet")
    assert "pip install 'symbackprop[parquet]'" in caught.value.fix
