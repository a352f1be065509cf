"""Runs what the documents show: Python sessions, and `$` commands with what they print."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sybil import Example, Sybil
from sybil.document import Document
from sybil.region import Region

ROOT = Path(__file__).parent

# What the contestants of the benchmark import is not installed everywhere.
collect_ignore_glob = ["tests/benchmarks/contestants/*"]
_SESSION = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def console(document: Document) -> Iterator[Region]:
    """Every ```console block: lines that begin with `$ ` are run, the others are what they print."""
    for block in _BLOCK.finditer(document.text):
        yield Region(block.start(), block.end(), parsed=block.group(1), evaluator=run)


def run(example: Example) -> str | None:
    """Run the commands of a block; a line `...` stands for any lines."""
    for part in re.split(r"^\$ ", str(example.parsed), flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            shlex.split(command),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=100,
        )
        if not matches(done.stdout, expected):
            return f"{command}\nprinted:\n{done.stdout}\nnot:\n{expected}"
    return None


def matches(printed: str, expected: str) -> bool:
    """Whether the printed lines are the expected ones, `...` standing for any."""
    lines = [".*?" if line == "..." else re.escape(line + "\n") for line in expected.splitlines()]
    return re.fullmatch("".join(lines), printed, re.DOTALL) is not None


def sessions(document: Document) -> Iterator[Region]:
    """Every ```python block is one session, whichever process it runs in."""
    for block in _SESSION.finditer(document.text):
        yield Region(block.start(), block.end(), parsed=block.group(1), evaluator=play)


def play(example: Example) -> str | None:
    """Run a session and compare what it shows."""
    shown: list[str] = []
    test = doctest.DocTestParser().get_doctest(str(example.parsed), {}, "session", example.path, example.line)
    results = doctest.DocTestRunner().run(test, out=shown.append)
    return "".join(shown) if results.failed else None


pytest_collect_file = Sybil(
    parsers=[console, sessions],
    patterns=["README.md", "CONTRIBUTING.md", "examples/*/README.md"],
).pytest()
