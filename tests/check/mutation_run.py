"""Thousands of documents with one slip each, given to the checker: is it found, named, and nothing else?

    python -m tests.check.mutation_run --count 3000 -j 2 --failures build/mutants.txt

A slip is found if a claim on its line is refuted, named if the first such claim is said to be of its kind or
of one that names it as well. An accusation is a refuted claim elsewhere that is not said to follow from that
line; every document without a slip is checked, too, and must have none.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import get_args

from symbackprop.check.checking import check_document
from symbackprop.check.claims import Claim, Report, Verdict
from symbackprop.load import load
from symbackprop.papers.reading import Kind
from symbackprop.problem import Problem
from tests.check.mutants import Mutant, mutants
from tests.examples import EXAMPLES, Example, example

FORMS: tuple[Kind, ...] = get_args(Kind)
UNCHANGED = "no slip"


@dataclass(frozen=True)
class Task:
    """A document, and how many slips are made in it."""

    name: str
    command: str
    form: Kind
    count: int
    seed: int

    def __str__(self) -> str:
        return f"{self.name} {self.command} {self.form}"

    @property
    def text(self) -> str:
        """The document as it is printed."""
        return example(self.name).golden(self.command, self.form).read_text(encoding="utf-8")

    @property
    def problem(self) -> Problem:
        """What it is the solution of."""
        return _problem(self.name)


@cache
def _problem(name: str) -> Problem:
    return load(example(name).spec)


@dataclass(frozen=True)
class Outcome:
    """What the checker made of a document.

    Attributes:
        kind: of its slip.
        found: the line of the slip is refuted; `named`: by its kind.
        accused: how many claims elsewhere are refuted and do not follow.
        seconds: how long the check took.
        story: what was changed and what was said; empty where all is well.
    """

    kind: str
    found: bool
    named: bool
    accused: int
    seconds: float
    story: str = ""

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be said against it."""
        return self.found and self.named and not self.accused


def checked(text: str, task: Task) -> Report:
    """What the checker says."""
    return check_document(text, task.problem, name=str(task), aliases={}, kind=task.form)


def refuted_on(report: Report, line: int) -> list[Claim]:
    """The refuted claims that a line has a part of."""
    return [one for one in report.having(Verdict.REFUTED) if one.line <= line <= one.end_line]


def accused_beside(report: Report, line: int) -> list[Claim]:
    """The refuted claims elsewhere that are not said to follow from one on this line."""
    guilty = {line, *(one.line for one in refuted_on(report, line))}
    elsewhere = [one for one in report.having(Verdict.REFUTED) if not one.line <= line <= one.end_line]
    return [one for one in elsewhere if one.follows not in guilty]


def judged(mutant: Mutant, task: Task) -> Outcome:
    """What the checker makes of a slip."""
    start = time.perf_counter()
    try:
        report = checked(mutant.text, task)
    except Exception as error:  # a crash is a finding
        story = _story(mutant, task, [f"{type(error).__name__}: {error}"])
        return Outcome(str(mutant.kind), False, False, 0, time.perf_counter() - start, story)
    seconds = time.perf_counter() - start
    hits, accused = refuted_on(report, mutant.line), accused_beside(report, mutant.line)
    named = bool(hits) and hits[0].mistake in {mutant.kind, *mutant.also}
    said = [_told(one) for one in report.claims if one.line <= mutant.line <= one.end_line]
    said += [f"accused: {_told(one)}" for one in accused]
    return Outcome(str(mutant.kind), bool(hits), named, len(accused), seconds, _story(mutant, task, said))


def judged_unchanged(task: Task) -> Outcome:
    """What the checker makes of the document itself: nothing in it may be refuted."""
    start = time.perf_counter()
    try:
        accused = [_told(one) for one in checked(task.text, task).having(Verdict.REFUTED)]
    except Exception as error:  # a crash is a finding
        accused = [f"{type(error).__name__}: {error}"]
    seconds = time.perf_counter() - start
    return Outcome(UNCHANGED, True, True, len(accused), seconds, "\n".join([f"{task}: no slip", *accused]))


def _told(claim: Claim) -> str:
    follows = f", follows from line {claim.follows}" if claim.follows is not None else ""
    reason = claim.reason.template if claim.reason is not None else ""
    return f"line {claim.line}: {claim.verdict} {claim.mistake or ''}{follows}: {claim.latex}  [{reason}]"


def _story(mutant: Mutant, task: Task, said: Sequence[str]) -> str:
    kinds = " or ".join([str(mutant.kind), *sorted(map(str, mutant.also))])
    head = f"{task}, line {mutant.line}: {kinds}\n    - {mutant.before}\n    + {mutant.after}"
    return "\n".join([head, *(f"    {one}" for one in said)])


def run(task: Task) -> list[Outcome]:
    """A document without a slip, and with so many different ones."""
    found = mutants(task.text, task.problem, random.Random(f"{task} {task.seed}"))
    return [judged_unchanged(task), *(judged(mutant, task) for mutant in islice(found, task.count))]


# ------------------------------------------------------------------------------------------------ the command


def tasks(count: int, seed: int, name: str | None) -> list[Task]:
    """Every document of the examples, the slips divided among them."""
    chosen: list[Example] = [example(name)] if name else EXAMPLES
    places = [(str(one), command, form) for one in chosen for command in one.commands for form in FORMS]
    each = -(-count // len(places))
    return [Task(*place, each, seed) for place in places]


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A row for each kind: how many, found, named, accused, and seconds for a document."""
    yield f"{'kind':30} {'count':>6} {'line':>8} {'kind':>8} {'accused':>8} {'s each':>7}"
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_kind[outcome.kind].append(outcome)
    slips = [one for one in outcomes if one.kind != UNCHANGED]
    for kind, group in (*sorted(by_kind.items()), ("all slips", slips)):
        count = max(1, len(group))
        found, named = (sum(getattr(one, what) for one in group) / count for what in ("found", "named"))
        accused = sum(1 for one in group if one.accused)
        seconds = sum(one.seconds for one in group) / count
        yield f"{kind:30} {len(group):6} {found:8.1%} {named:8.1%} {accused:8} {seconds:7.2f}"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="how many slips in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--example", help="only the documents of this example")
    parser.add_argument("--failures", type=Path, help="the file for what went wrong")
    asked = parser.parse_args()
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(asked.jobs) as pool:
        todo = tasks(asked.count, asked.seed, asked.example)
        for task, found in zip(todo, pool.map(run, todo), strict=True):
            outcomes += found
            print(
                f"{task}: {sum(one.is_right for one in found)} of {len(found)}", file=sys.stderr, flush=True
            )
    print("\n".join(table(outcomes)))
    if asked.failures:
        stories = [one.story for one in outcomes if not one.is_right]
        asked.failures.write_text("\n\n".join(stories) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
