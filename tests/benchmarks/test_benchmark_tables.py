"""What is told: growth, tables, files and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.own import Own
from tests.benchmarks.race import Pace
from tests.benchmarks.report import Report
from tests.benchmarks.results import Result
from tests.benchmarks.slopes import growth
from tests.benchmarks.tables import markdown
from tests.benchmarks.worker import Preparation

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_the_growth_of_a_power_is_its_exponent(power: float) -> None:
    sizes = [23, 220, 8970, 25450]
    assert growth(sizes, [3e-6 * size**power for size in sizes]) == pytest.approx(power, abs=1e-12)


def test_the_growth_of_scattered_times_is_near_their_exponent() -> None:
    sizes = np.geomspace(10, 1e6, 40)
    scatter = np.exp(np.random.default_rng(0).normal(0, 0.1, 40))
    assert growth(list(sizes), list(1e-8 * sizes**1.5 * scatter)) == pytest.approx(1.5, abs=0.02)


def test_two_sizes_or_a_time_of_nothing_have_no_growth() -> None:
    assert growth([10, 100, 100], [1, 2, 3]) is None
    assert growth([1, 10, 100], [0.0, 1, 2]) is None


def timed(
    contestant: str, network: str, parameters: int, seconds: float, error: float | None = 1e-14
) -> Result:
    ready = Preparation(0.25, 0.5, 100.0, 1.5)
    return Result(
        contestant, network, 1, parameters, "timed", "", ready, error, 100, (seconds, seconds, 2 * seconds)
    )


@pytest.fixture
def report() -> Report:
    results = [
        *(
            timed("c", network, size, size * 1e-6)
            for network, size in (("1-1", 2), ("9-1", 10), ("99-1", 100))
        ),
        timed("numpy", "1-1", 2, 1e-6),
        timed("blas", "1-1", 2, 1e-8, error=None),
        Result("torch", "1-1", 1, 2, "not there", "pip install torch"),
    ]
    ready = Preparation(0.1, 0.02, 90.0, 2.0)
    own = [Own("3-3-2-1", "component", 23, ready, ready), Own("9-9", "matrix", 90, reason="over 1 s")]
    return Report(
        "2026-01-01 00:00", {"processor": "abacus"}, "float64", 2, Pace(), "", ("0", "1"), results, own
    )


def test_the_table_has_median_and_minimum_growth_and_the_fastest_that_trains(report: Report) -> None:
    text = markdown(report)
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert (
        "| C, gcc -O3 -march=native | 0.0200 (0.0200) | **0.100 (0.100)** | **1.00 (1.00)** | 1.00 |" in rows
    )
    assert any(row.startswith("| NumPy by hand | **0.0100 (0.0100)** |") for row in rows)
    assert any(row.startswith("| BLAS calls alone (no training) | 0.000100 (0.000100) |") for row in rows)
    assert any(row.startswith("| 3-3-2-1 | component | 23 | 0.100 | 0.0200 |") for row in rows)
    assert any(row.startswith("| 9-9 | matrix | 90 | over 1 s |") for row in rows)
    assert "4 comparisons, the largest difference 1.0e-14" in text


def test_an_empty_cell_has_a_reason_below(report: Report) -> None:
    rows = [" ".join(line.split()) for line in markdown(report).splitlines()]
    assert "| PyTorch, eager | [a] | | | |" in rows
    assert "- [a] not there: pip install torch" in rows


def test_a_wrong_contestant_stands_above_the_table_and_makes_the_run_fail(report: Report) -> None:
    assert not report.has_mistakes
    report.results.append(Result("jax-jit", "1-1", 1, 2, "wrong", "its parameters are off by 2.0e-03"))
    assert report.has_mistakes
    text = markdown(report)
    assert "**jax-jit at 1-1, batch 1: its parameters are off by 2.0e-03**" in text
    assert "All parameters agree" not in text


def test_one_command_prints_the_table_and_keeps_it(tmp_path: Path) -> None:
    chosen = "--only numpy,python --networks 2-1 --batches 1 --quick --no-own --output".split()
    command = [sys.executable, "-m", "tests.benchmarks", *chosen, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    (written,) = tmp_path.glob("*.md")
    assert done.stdout.startswith(written.read_text(encoding="utf-8"))
    kept = json.loads(written.with_suffix(".json").read_text(encoding="utf-8"))
    assert [one["outcome"] for one in kept["results"]] == ["timed", "timed"]
    assert all(one["error"] < 1e-12 and one["step"] > 0 for one in kept["results"])
    assert kept["machine"]["Python"] in done.stdout


@pytest.mark.parametrize("arguments", [("--only", "tortch"), ("--networks", "3-x"), ("--batches", "0")])
def test_what_is_not_known_is_refused(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert arguments[1].split("-")[-1] in capsys.readouterr().err
