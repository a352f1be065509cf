"""Runs the program `symbackprop`: within this process, or in another one under a limit of time."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import sysconfig
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from typer.testing import CliRunner

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "symbackprop")
SECONDS = 5
"""So long may a refusal take."""

_LIMITED = 'ulimit -t "$1"; ulimit -v 6000000 2>/dev/null; shift; exec "$@"'


@dataclass(frozen=True)
class Outcome:
    """What a run left behind: its exit status, and what it wrote on standard output and standard error."""

    status: int
    out: str
    err: str

    def pointed(self) -> str:
        """The text of the line above the caret, from the caret on."""
        lines = self.err.splitlines()
        place = next(number for number, line in enumerate(lines) if line.strip() == "^")
        return lines[place - 1][lines[place].index("^") :]


def run(*arguments: str | Path, typed: str | None = None) -> Outcome:
    """Run within this process; an exception that leaves the program fails the test.

    Args:
        arguments: of the command line.
        typed: what stands on standard input.
    """
    app = importlib.import_module("symbackprop_cli.main").app
    result = CliRunner().invoke(app, list(map(str, arguments)), input=typed, catch_exceptions=False)
    return Outcome(result.exit_code, result.stdout, result.stderr)


def run_alone(
    *arguments: str | Path,
    typed: str | bytes = "",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    seconds: int = SECONDS,
) -> Outcome:
    """Run in a process of its own, which is ended when it has computed for longer than `seconds`.

    Args:
        arguments: of the command line.
        typed: what stands on standard input.
        environment: variables besides those of this process.
        folder: where it runs.
        seconds: the limit of its computing time.
    """
    result = subprocess.run(
        ["sh", "-c", _LIMITED, "sh", str(seconds), PROGRAM, *map(str, arguments)],
        input=typed.encode() if isinstance(typed, str) else typed,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        cwd=folder,
        timeout=60,
        check=False,
    )
    return Outcome(result.returncode, result.stdout.decode("utf-8"), result.stderr.decode("utf-8"))


class Warm:
    """A process that has imported everything, and runs each command line in a child of its own.

    A child that computes for longer than SECONDS is ended; its outcome has the status -1.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.commandline import serve; serve()"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str | Path, typed: str = "", folder: Path | None = None) -> Outcome:
        """Run the program.

        Args:
            arguments: of the command line.
            typed: what stands on standard input.
            folder: where it runs.
        """
        order = {"arguments": list(map(str, arguments)), "typed": typed, "folder": str(folder or Path.cwd())}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def serve() -> None:
    """Answer the orders on standard input, a line each."""
    for name in ("symbackprop", "symbackprop.solution.training", "symbackprop.render.documents"):
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os.chdir(order["folder"])
            try:
                outcome = run(*order["arguments"], typed=order["typed"])
            except BaseException:
                outcome = Outcome(1, "", traceback.format_exc())
            with open(writer, "w", encoding="utf-8") as pipe:
                json.dump(asdict(outcome), pipe)
            os._exit(0)
        os.close(writer)
        with open(reader, encoding="utf-8") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        print(answer or json.dumps(asdict(Outcome(-1, "", "ended: it took too long"))), flush=True)


def done(outcome: Outcome) -> Outcome:
    """The same outcome, of a run that went well."""
    assert outcome.status == 0, outcome.err
    assert outcome.out
    assert "Traceback" not in outcome.err
    return outcome


def refused(outcome: Outcome, *says: str) -> Outcome:
    """The same outcome, of a run that was refused as a user's mistake should be.

    Args:
        outcome: of the run.
        says: what the message must hold.
    """
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("error: "), outcome.err
    for words in says:
        assert words in outcome.err, outcome.err
    for message in outcome.err.removeprefix("error: ").split("\nerror: "):
        assert "\n  where: " in message, f"no place in: {message}"
        says_how = any(mark in message for mark in ("\n  known: ", "\n  fix:   ", " should be ", "^"))
        assert says_how, f"no cure in: {message}"
    return outcome
