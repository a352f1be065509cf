"""The checker finds a slip of every kind on its line and names it; and the slips themselves are right.

A few slips of each kind, always the same. `python -m tests.check.mutation_run` makes thousands.
"""

from __future__ import annotations

import random
import re
from functools import cache
from itertools import islice

import numpy as np
import pytest

from symbackprop.check.claims import Slip
from tests.check.mutants import KINDS, Mutant, edited, mutants, mutants_of, rounding
from tests.check.mutation_run import FORMS, Task, accused_beside, checked, refuted_on
from tests.check.places import Book, Edit, Place
from tests.check.printed import Printed, Side, read
from tests.check.truth import Misfit, Truth, Unknown, differ, truth_of
from tests.examples import RUNS, Example

EACH = 3
"""How many slips of a kind are made in a document."""

DOCUMENTS = [
    Task("chain", "train", "latex", EACH, 1),
    Task("exercise1", "derive", "markdown", EACH, 1),
    Task("softmax-mlp", "derive", "latex", EACH, 1),
    Task("single-neuron", "train", "markdown", EACH, 1),
    Task("attention", "derive", "markdown", EACH, 1),
]
"""Short documents that have room for every kind between them."""


@cache
def book(task: Task) -> Book:
    return Book(read(task.text), truth_of(task.problem))


@cache
def samples(kind: Slip) -> list[tuple[Task, Mutant]]:
    """A few slips of one kind, of different documents as far as there are."""
    dice = random.Random(f"{kind}")
    found = [[(task, one) for one in islice(mutants_of(kind, book(task), dice), EACH)] for task in DOCUMENTS]
    in_turn = [group[at] for at in range(EACH) for group in found if at < len(group)]
    return in_turn[:EACH]


SAMPLES = [(kind, at) for kind in KINDS for at in range(EACH)]

# ------------------------------------------------------------------------------------------- the checker


@pytest.mark.parametrize(("kind", "at"), SAMPLES)
def test_a_slip_is_found_on_its_line_and_named(kind: Slip, at: int) -> None:
    task, mutant = samples(kind)[at]
    report = checked(mutant.text, task)
    found = refuted_on(report, mutant.line)
    assert found, (mutant.before, mutant.after)
    assert found[0].mistake in {mutant.kind, *mutant.also}, (mutant.before, mutant.after)
    assert not accused_beside(report, mutant.line), (mutant.before, mutant.after)


@pytest.mark.parametrize("task", DOCUMENTS, ids=str)
def test_nothing_is_refuted_in_a_document_without_a_slip(task: Task) -> None:
    report = checked(task.text, task)
    assert not refuted_on(report, 0)
    assert not accused_beside(report, 0)


# ------------------------------------------------------------------------------------- the slips themselves


@pytest.mark.parametrize(("kind", "at"), SAMPLES)
def test_a_slip_is_on_one_line_and_makes_it_wrong(kind: Slip, at: int) -> None:
    task, mutant = samples(kind)[at]
    assert (mutant.kind, kind in mutant.also) == (kind, False)
    before, after = task.text.split("\n"), mutant.text.split("\n")
    assert len(before) == len(after)
    assert [n for n, pair in enumerate(zip(before, after, strict=True), 1) if len({*pair}) == 2] == [
        mutant.line
    ]
    assert is_contradicted(mutant, truth_of(task.problem)), (mutant.before, mutant.after)


def is_contradicted(mutant: Mutant, truth: Truth) -> bool:
    """Whether some side on the line of a slip is not what the left side of its equation is."""
    document = read(mutant.text)
    for equation in document.equations:
        for side in equation.sides[1:]:
            here = document.line(side.start) <= mutant.line <= document.line(side.end)
            if here and contradicts(Book(document, truth), equation.left, side, truth.at(equation)):
                return True
    line = document.text.split("\n")[mutant.line - 1]
    return r"\leftarrow" in line or (re.search(r"\\sum_\{[ij]\}", line) is not None and "_{ij}" in line)


def contradicts(whole: Book, left: Side, side: Side, actual: object) -> bool:
    """Whether two sides differ at a random point; one without names from the left side with numbers."""
    states = whole.truth.random if whole.uses(side) else [actual] if actual is not None else []
    for state in states:
        assert callable(state)
        try:
            expected = state(_read_as_function(left.text))
            found = state(side.text, np.shape(expected))
        except Misfit:
            return True
        except Unknown:
            continue
        if differ(expected, found, 1e-6 if whole.uses(side) else 4e-7):
            return True
    return False


def _read_as_function(text: str) -> str:
    """σ'(z) is read by no reader; what it has to be is σ(z)(1 - σ(z))."""
    return r"\sigma(z)(1 - \sigma(z))" if text == r"\sigma'(z)" else text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_samples(kind: Slip) -> None:
    assert len(samples(kind)) == EACH
    assert len({mutant.text for _, mutant in samples(kind)}) == EACH


def test_the_same_seed_makes_the_same_slips() -> None:
    task = DOCUMENTS[0]
    once, again = (list(islice(mutants(task.text, task.problem, random.Random(9)), 60)) for _ in range(2))
    assert once == again
    assert len({one.kind for one in once}) >= 15


def test_before_and_after_are_the_sides_that_were_changed() -> None:
    task = DOCUMENTS[0]
    for mutant in islice(mutants(task.text, task.problem, random.Random(4)), 40):
        assert mutant.before != mutant.after
        assert task.text.replace(mutant.before, "", 1) != task.text
        assert mutant.text.replace(mutant.after, "", 1) != mutant.text


# ----------------------------------------------------------------- what the slips are made from


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_every_side_of_a_document_is_read_where_it_stands(one: Example, command: str) -> None:
    for form in FORMS:
        text = one.golden(command, form).read_text(encoding="utf-8")
        document = read(text)
        assert len(document.blanked) == len(text)
        for equation in document.equations:
            assert all(side.tree is not None for side in equation.sides), equation.left.text


@pytest.mark.parametrize(
    ("one", "command"), [run for run in RUNS if run[0].name in {task.name for task in DOCUMENTS}], ids=str
)
def test_the_truth_is_what_the_documents_say(one: Example, command: str) -> None:
    """Every formula and every result of an unchanged document is what the truth says of its left side."""
    task = Task(one.name, command, "latex", 0, 0)
    whole, count = book(task), 0
    for equation in whole.document.equations:
        if whole.section(equation) == "data" or r"\leftarrow" in equation.sides[-1].relation:
            continue
        for side in equation.sides[1:]:
            count += 1
            assert not contradicts(whole, equation.left, side, None), side.text
            state = whole.truth.at(equation)
            if side.is_number and state is not None:
                off = np.abs(np.asarray(state(equation.left.text) - state(side.text), dtype=float))
                place = Place(whole, equation, equation.sides.index(side), random.Random())
                assert np.all(off <= 1.01 * rounding(place, side.text, is_result=True) + 1e-12), side.text
    assert count > 20


def test_edits_are_made_from_the_end() -> None:
    assert edited("a + b", [Edit(0, 1, "long"), Edit(2, 3, "-")]) == "long - b"


def test_layout_is_blanked_out_and_offsets_stay() -> None:
    text = "\\begin{align*}\n  \\underset{2 \\times n}{Z} &= W X \\\\*\n  &\\qquad + b\n\\end{align*}\n"
    document: Printed = read(text)
    (equation,) = document.equations
    assert [side.text for side in equation.sides] == ["Z", "W X + b"]
    assert [document.line(side.start) for side in equation.sides] == [2, 2]
    assert text[equation.left.start] == "Z"
