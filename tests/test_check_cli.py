"""The command `check`: what it is given and prints, its exit status; the checking itself is a stand-in."""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from symbackprop.check.claims import Report, Slip, Verdict
from symbackprop.errors import OptionError
from symbackprop.problem import Problem
from symbackprop.reports.text import write_text
from tests.commandline import Outcome, refused, run
from tests.reports.samples import Judged, report

JOBS = importlib.import_module("symbackprop_cli.jobs")
LARGEST = importlib.import_module("symbackprop_cli.gathering").LARGEST
SPEC = "f = (w*x - y)**2"


def judged(
    text: str,
    problem: Problem,
    *,
    name: str,
    aliases: Mapping[str, str],
    kind: str | None,
    lines: Sequence[range],
) -> Report:
    """A report by words in the document: `wrong`, `odd`; some fail."""
    assert isinstance(problem, Problem)
    if "slow" in text:
        time.sleep(60)
    if "broken" in text:
        raise KeyError("x")
    if "ended" in text:
        os._exit(3)
    if "mistake" in text:
        raise OptionError("no such name", where="--alias", fix="another")
    found = [Judged("a = b")]
    found += [Judged("c = d", Verdict.REFUTED, mistake=Slip.SIGN)] if "wrong" in text else []
    found += [Judged("c = d", Verdict.UNREAD)] if "odd" in text else []
    made = report(f"$a = b$ {','.join(f'{k}:{v}' for k, v in aliases.items())} {kind}\n\n$c = d$", *found)
    return Report(name, made.document, made.claims)


@pytest.fixture(autouse=True)
def _checking(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("symbackprop.check.checking")
    module.check_document = judged  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    if JOBS.START != "fork":
        pytest.skip("another process would not have this checking")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Submissions of every kind."""
    for name, words in {
        "b.md": "wrong",
        "a.tex": "fine",
        "deep/c.TXT": "odd",
        "d.markdown": "mistake",
        "e.md": "broken",
        "f.md": "ended",
        "g.md": "slow",
        ".hidden.md": "wrong",
        ".git/x.md": "wrong",
        "notes.pdf": "wrong",
    }.items():
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
    (tmp_path / "all" / "latin.md").write_bytes(b"one\ncaf\xe9")
    (tmp_path / "secret.md").write_text("wrong", encoding="utf-8")
    (tmp_path / "all" / "out.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "all" / "gone.md").symlink_to(tmp_path / "nothing.md")
    return tmp_path / "all"


def file(folder: Path, words: str, name: str = "one.md") -> Path:
    """A document that holds some words."""
    path = folder / name
    path.write_text(words, encoding="utf-8")
    return path


def check(*arguments: str | Path, typed: str | None = None) -> Outcome:
    return run("check", *arguments, "--spec", SPEC, typed=typed)


@pytest.mark.parametrize(
    ("words", "options", "status"),
    [
        ("fine", [], 0),
        ("wrong", [], 1),
        ("odd", [], 0),
        ("odd", ["--strict"], 1),
        ("wrong", ["--format", "json"], 1),
        ("wrong", ["--format", "html"], 1),
        ("fine", ["--format", "markdown"], 0),
        ("fine", ["--format", "csv"], 0),
    ],
)
def test_the_exit_status_tells_what_was_found(
    words: str, options: list[str], status: int, tmp_path: Path
) -> None:
    outcome = check(file(tmp_path, words), *options)
    assert (outcome.status, outcome.err) == (status, "")
    assert outcome.out


def test_the_report_of_one_document_is_printed(tmp_path: Path) -> None:
    path = file(tmp_path, "wrong")
    outcome = check(path, "--alias", "o_3 = yhat", "--alias", "a=b")
    assert outcome.out.startswith(f"{path}: 2 claims: 1 right, 1 wrong")
    assert f"{path}:3:2: wrong: the sign is the other way round" in outcome.out
    shown = check(path, "--alias", "o_3 = yhat", "--all", "--kind", "latex").out
    assert "$a = b$ o_3:yhat latex" in shown


def test_the_kind_is_found_from_the_name(tmp_path: Path) -> None:
    for name, kind in (("a.md", "markdown"), ("a.TEX", "latex"), ("a.txt", "None"), ("a", "None")):
        assert f"$a = b$  {kind}\n" in check(file(tmp_path, "fine", name), "--all").out


def test_standard_input_is_a_document() -> None:
    outcome = check("-", typed="wrong")
    assert outcome.out.startswith("standard input: 2 claims")
    assert outcome.status == 1


def test_the_report_goes_into_a_file(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    outcome = check(file(tmp_path, "fine"), "--format", "html", "--output", target)
    assert outcome.out == ""
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_folder_gives_a_table_whatever_fails(folder: Path) -> None:
    outcome = check(folder, "--timeout", "1.5", "-j", "3")
    assert outcome.status == 2
    rows = outcome.out.splitlines()[2:]
    assert [row.split()[0].removeprefix(f"{folder}/") for row in rows] == [
        "a.tex", "b.md", "d.markdown", "deep/c.TXT", "e.md", "f.md", "g.md", "latin.md"
    ]  # fmt: skip
    assert rows[1].endswith("3: the sign is the other way round")
    assert rows[2].endswith("could not be checked: no such name")
    assert "broke off: KeyError: 'x'" in rows[4]
    assert rows[5].endswith("broke off")
    assert rows[6].endswith("took too long")
    assert rows[7].endswith("latin.md is not text in UTF-8")
    assert outcome.err.count("error: ") == 5
    assert "latin.md, line 2" in outcome.err


def test_a_folder_as_csv_and_json(folder: Path) -> None:
    for name in ("g.md", "f.md", "e.md", "d.markdown", "latin.md"):
        (folder / name).unlink()
    rows = list(csv.reader(io.StringIO(check(folder, "--format", "csv").out, newline="")))
    assert [row[:1] + row[1:2] + row[9:10] for row in rows[1:]] == [
        [str(folder / "a.tex"), "1", "checked"],
        [str(folder / "b.md"), "2", "checked"],
        [str(folder / "deep/c.TXT"), "2", "checked"],
    ]
    outcome = check(folder, "--format", "json", "-j", "2")
    data = json.loads(outcome.out)
    assert [one["summary"]["refuted"] for one in data] == [0, 1, 0]
    assert outcome.status == 1
    (folder / "b.md").unlink()
    assert check(folder).status == 0
    assert check(folder, "--strict").status == 1


def test_several_documents_of_which_one_is_missing(tmp_path: Path) -> None:
    outcome = check(file(tmp_path, "fine"), tmp_path / "none.md", "--format", "json")
    first, second = json.loads(outcome.out)
    assert first["summary"]["verified"] == 1
    assert second["status"] == "error"
    assert outcome.status == 2


@pytest.mark.parametrize("words", ["mistake", "broken", "ended"])
def test_one_document_that_fails_is_refused(words: str, tmp_path: Path) -> None:
    refused(check(file(tmp_path, words)), "no such name" if words == "mistake" else "broke off")


def test_a_document_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    refused(check(file(tmp_path, "slow"), "--timeout", "0.3"), "took longer than 0.3 s", "--timeout")


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    refused(check(tmp_path / "none.md"), "cannot read", "none.md")
    refused(check("a\0b"), "cannot read")
    refused(check(tmp_path), "no document stands in the folder", "*.tex")
    (tmp_path / "latin.md").write_bytes(b"caf\xe9")
    refused(check(tmp_path / "latin.md"), "is not text in UTF-8", "line 1")
    (tmp_path / "large.md").write_bytes(b" " * (LARGEST + 1))
    refused(check(tmp_path / "large.md"), "too large", "5 MB")
    refused(run("check", tmp_path / "x.md", "--spec", tmp_path / "none.toml"), "none.toml")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--alias", "o_3"], "'o_3' names nothing"),
        (["--alias", "=x"], "'=x' names nothing"),
        (["--alias", "a=b", "--alias", "a=c"], "'a' has two meanings"),
        (["--language", "de"], "there is no language 'de'"),
        (["-", "--format", "html"], "shows one document"),
        (["-", "--format", "markdown"], "text, json, csv"),
        (["-", "-"], "standard input is read once"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: list[str], says: str, tmp_path: Path) -> None:
    refused(check(file(tmp_path, "fine"), *options), says)


def test_standard_input_is_not_both() -> None:
    refused(run("check", "-", "--spec", "-", typed=""), "standard input cannot be")


def test_the_report_is_written_in_a_language(tmp_path: Path) -> None:
    path = file(tmp_path, "wrong")
    report_of = judged(
        "wrong", Problem.__new__(Problem), name=str(path), aliases={}, kind="markdown", lines=()
    )
    assert check(path).out == write_text(report_of)


def double(task: int) -> int:
    """Work that can be sent to any process."""
    if task == 3:
        os._exit(1)
    time.sleep(30 if task == 2 else 0)
    return 2 * task


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_results_are_in_order(jobs: int) -> None:
    found = JOBS.run_all(double, list(range(6)), jobs=jobs, seconds=0.5)
    assert found == [0, 2, JOBS.Ended("timeout"), JOBS.Ended("error"), 8, 10]
    assert JOBS.run_all(double, [], jobs=jobs, seconds=1) == []


def test_a_process_may_begin_without_a_copy() -> None:
    assert JOBS.run_all(double, [1, 3, 4], jobs=2, seconds=0.5, start="spawn") == [2, JOBS.Ended("error"), 8]
