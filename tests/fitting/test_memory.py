"""Examples larger than memory: a run takes as much of it for a long file as for a short one."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from symbackprop.fitting import schedule
from symbackprop.fitting.fit import fit
from symbackprop.problem import Problem
from tests.fitting.problems import line

MEGABYTE = 1_000_000


def spread(path: Path, rows: int) -> Path:
    """An array of zeros, of which the file system stores nothing; sixteen columns, of which two are used."""
    np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=(rows, 16))
    return path


def peak(problem: Problem, path: Path) -> int:
    """The most memory that Python and NumPy have taken during one epoch."""
    tracemalloc.start()
    try:
        fit(problem, data=path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_array_takes_no_more_memory_than_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "BLOCK", 1 << 16)
    heads = [*"xyabcdefghijklmn"]
    problem = line("batch_size = 16384\nshuffle = true", f"[data]\nfile = 'd.npy'\ncolumns = {heads}\n")
    rows = 20 * MEGABYTE // 128
    short, long = (spread(tmp_path / f"{n}.npy", n * rows) for n in (1, 10))
    assert long.stat().st_size > 200 * MEGABYTE
    peak(problem, short)
    assert peak(problem, long) < peak(problem, short) + MEGABYTE


def test_a_long_csv_file_takes_no_more_memory_than_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "BLOCK", 1 << 13)
    problem = line("batch_size = 512", data="[data]\nfile = 'd.npy'\n")
    for count in (1, 10):
        (tmp_path / f"{count}.csv").write_text("x,y\n" + "0.25,0.125\n" * (count * 10_000), encoding="utf-8")
    peak(problem, tmp_path / "1.csv")
    assert peak(problem, tmp_path / "10.csv") < peak(problem, tmp_path / "1.csv") + 500_000


def test_a_long_parquet_file_takes_no_more_memory_than_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pip install 'symbackprop[parquet]'")
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(schedule, "BLOCK", 1 << 16)
    problem = line("batch_size = 65536", data="[data]\nfile = 'd.npy'\n")
    group = pyarrow.table({name: np.zeros(200_000) for name in ("x", "y")})
    usual, taken = pyarrow.default_memory_pool(), []
    for count in (5, 20):
        path = tmp_path / f"{count}.parquet"
        with parquet.ParquetWriter(path, group.schema) as writer:
            for _ in range(count):
                writer.write_table(group)
        # A pool of its own counts its own peak.
        pool = pyarrow.proxy_memory_pool(usual)
        pyarrow.set_memory_pool(pool)
        try:
            fit(problem, data=path)
        finally:
            pyarrow.set_memory_pool(usual)
        taken.append(pool.max_memory())
    assert 0 < taken[1] < taken[0] + 10 * MEGABYTE
