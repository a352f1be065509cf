"""Machine code on disk: it is found again, and no run fails because of what stands there or cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba", reason="pip install 'symbackprop[numba]'")

from numba.core.caching import FunctionCache

from symbackprop.backends import numba_keeping, numba_scope

SOURCE = "def double(x):\n    return 2.0*x\n"


def double() -> Any:
    return numba_scope.compiled(SOURCE, "double", "float64")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where machine code is kept; one function stands there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert double()(21.0) == 42
    return numba_scope.folder()


def files(folder: Path, ending: str) -> list[Path]:
    return [*folder.rglob(f"*.{ending}")]


def hits(function: Any) -> int:
    return sum(function.stats.cache_hits.values())


def test_machine_code_is_found_again(folder: Path) -> None:
    function = double()
    assert function(1.5) == 3
    assert hits(function) == 1


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def overwritten(path: Path) -> None:
    path.write_bytes(b"junk\n")


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("spoil", [emptied, cut, overwritten])
def test_broken_files_are_written_anew(folder: Path, spoil: Callable[[Path], None], ending: str) -> None:
    for path in files(folder, ending):
        spoil(path)
    assert double()(1.5) == 3
    again = double()
    assert again(1.5) == 3
    assert hits(again) == 1


@pytest.mark.parametrize("place", ["/proc/none", "file"])
def test_without_a_folder_nothing_is_kept(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / place))
    function = double()
    assert function(1.5) == 3
    assert function._cache.__class__.__name__ == "NullCache"


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("could not determine home directory")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert double()(1.5) == 3


def test_a_full_disk_keeps_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for path in files(folder, "nbi"):
        path.unlink()
    monkeypatch.setattr(FunctionCache, "save_overload", full)
    assert double()(1.5) == 3
    assert files(folder, "nbi") == []


def test_where_numba_may_write_nowhere_functions_are_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: Any) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(FunctionCache, "__init__", refused)
    assert numba_keeping.kept(abs_of)(-1.5) == 1.5
    assert numba_keeping.kept_callback("float64(float64)", abs_of).ctypes(-1.5) == 1.5


def abs_of(x: float) -> float:
    return abs(x)
