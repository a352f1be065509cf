"""symbackprop beside its peers, in one run: `python -m tests.benchmarks`; `--quick` takes about a minute.

All contestants train the same sigmoid networks; first it is checked that they agree. The table is printed,
and kept as Markdown and JSON. The exit status is 1 where a contestant disagrees or breaks down.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from tests.benchmarks import machine
from tests.benchmarks.cases import BATCHES, NETWORKS, Case
from tests.benchmarks.own import NETWORKS as OWN
from tests.benchmarks.own import QUICK, measure_own
from tests.benchmarks.race import TOLERANCE, Pace, race
from tests.benchmarks.report import Report
from tests.benchmarks.results import Result
from tests.benchmarks.roster import CONTESTANTS, Entry
from tests.benchmarks.tables import markdown

RESULTS = Path("build") / "benchmarks"

_QUICK_NETWORKS = ("3-3-2-1", "784-32-10")
_QUICK_BATCHES = (1,)
_QUICK_PACE = Pace(repetitions=3, seconds=0.05, budget=20.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit status."""
    asked = _asked(arguments)
    machine.use_threads(asked.threads)
    names = asked.only or [name for name, one in CONTESTANTS.items() if not (asked.quick and one.slow)]
    now = datetime.now()
    report = Report(
        f"{now:%Y-%m-%d %H:%M}", machine.facts(), asked.dtype, asked.threads, _pace(asked), _note(names)
    )
    path = asked.output / f"{now:%Y-%m-%d-%H%M%S}"
    for results in _races(asked, {name: CONTESTANTS[name] for name in names}, report.pace):
        report.results += results
        _store(report, path)
    if asked.own:
        report.own += measure_own(QUICK if asked.quick else OWN, report.pace.budget, _tell)
    _store(report, path)
    _tell("")
    print(f"{markdown(report)}\n{path}.md and .json")
    return 1 if report.has_mistakes else 0


def _races(asked: argparse.Namespace, entries: Mapping[str, Entry], pace: Pace) -> Iterator[list[Result]]:
    """The results of one case after another."""
    for network in asked.networks or (_QUICK_NETWORKS if asked.quick else NETWORKS):
        for batch in asked.batches or (_QUICK_BATCHES if asked.quick else BATCHES):
            case = Case(network, batch, asked.dtype)
            yield race(case, entries, pace, partial(_tell_of, case))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    head, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=head, epilog=rest)
    parser.add_argument("--only", type=_names, metavar="NAMES", help=f"contestants: {', '.join(CONTESTANTS)}")
    parser.add_argument("--networks", type=_networks, help=f"as {','.join(NETWORKS)}")
    parser.add_argument("--batches", type=_numbers, help=f"as {','.join(map(str, BATCHES))}")
    parser.add_argument("--dtype", choices=list(TOLERANCE), default="float64")
    parser.add_argument("--threads", type=_positive, default=2, help="of each contestant; 2 unless given")
    parser.add_argument(
        "--quick", action="store_true", help="two networks, one batch, none that is slow to start"
    )
    parser.add_argument("--repetitions", type=_positive, help="how often each is timed")
    parser.add_argument("--seconds", type=float, help="the least that a repetition takes")
    parser.add_argument("--budget", type=float, help="seconds for getting ready")
    parser.add_argument(
        "--no-own", dest="own", action="store_false", help="not symbackprop's own derivations"
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder where the table is kept")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in CONTESTANTS]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(CONTESTANTS)}")
    return names


def _networks(text: str) -> list[str]:
    networks = text.split(",")
    for network in networks:
        if len([_positive(width) for width in network.split("-")]) < 2:
            raise argparse.ArgumentTypeError(f"{network}: widths as 3-3-2-1, the inputs first")
    return networks


def _numbers(text: str) -> list[int]:
    return [_positive(number) for number in text.split(",")]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _pace(asked: argparse.Namespace) -> Pace:
    usual = _QUICK_PACE if asked.quick else Pace()
    return Pace(
        asked.repetitions or usual.repetitions, asked.seconds or usual.seconds, asked.budget or usual.budget
    )


def _note(names: Sequence[str]) -> str:
    absent = [name for name in CONTESTANTS if name not in names]
    return f"Not asked for: {', '.join(absent)}." if absent else ""


def _store(report: Report, path: Path) -> None:
    report.load = (report.load[0], machine.load())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".md").write_text(markdown(report), encoding="utf-8")
    path.with_suffix(".json").write_text(report.json(), encoding="utf-8")


def _tell_of(case: Case, text: str) -> None:
    _tell(f"{case}: {text}")


def _tell(text: str) -> None:
    """One line on standard error, in the place of the last."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
