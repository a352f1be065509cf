"""The exported files of the homework, as people read them: `examples/homework/exported/`."""

from __future__ import annotations

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.exporting.table import TARGETS
from tests.examples import example
from tests.exporting.exported import problem_of

FOLDER = example("homework").folder / "exported"


def files(target: str) -> dict[Path, str]:
    name = "homework" if target == "c" else f"homework_{target}"
    exported = sb.export(problem_of(example("homework")), target, name=name)
    return {FOLDER / known_as: text for known_as, text in exported.items()}


@pytest.mark.parametrize("target", TARGETS)
def test_the_homework_is_exported_as_its_golden(target: str, update: bool) -> None:
    for path, text in files(target).items():
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"pytest --update writes {path.name} anew"


def test_every_file_there_is_exported() -> None:
    assert set(FOLDER.iterdir()) == {path for target in TARGETS for path in files(target)}
