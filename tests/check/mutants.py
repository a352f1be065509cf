r"""A printed solution with one slip in it: every kind of mistake, put into a formula that was right.

A mutant is given only if it is proved wrong: the independent readers work the side out before and after, at
random points where it has names, with what is printed where it has none. A number has to be off by more than
rounding explains, be it that of the result or that of the numbers it is worked out from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import numpy as np

from symbackprop.check.claims import Slip
from symbackprop.problem import Problem
from tests.check import formula_slips as formulas
from tests.check import number_slips as numbers
from tests.check.places import Book, Change, Edit, Place
from tests.check.printed import QUOTIENT, Side, read
from tests.check.truth import Misfit, State, Unknown, Value, differ, truth_of


@dataclass(frozen=True)
class Mutant:
    """A document with one slip.

    Attributes:
        text: the document.
        line: where the slip is, from 1.
        kind: which slip it is.
        before: what stood in its place; `after` what stands there now.
        also: other kinds that name it as well.
    """

    text: str
    line: int
    kind: Slip
    before: str
    after: str
    also: frozenset[Slip] = frozenset()


Maker = Callable[[Place], Iterator[Change]]

IN_FORMULAS: dict[Slip, Maker] = {
    Slip.SIGN: formulas.signs,
    Slip.FACTOR: formulas.factors,
    Slip.ACTIVATION_MISSING: formulas.missing_slopes,
    Slip.ACTIVATION_DOUBLED: formulas.doubled_slopes,
    Slip.WRONG_POINT: formulas.wrong_points,
    Slip.MISSING_FACTOR: formulas.missing_factors,
    Slip.EXTRA_FACTOR: formulas.extra_factors,
    Slip.MISSING_PATH: formulas.missing_paths,
    Slip.PRODUCT_FOR_SUM: formulas.products_for_sums,
    Slip.WRONG_INDEX: formulas.indices,
    Slip.WRONG_NAME: formulas.other_names,
    Slip.TRANSPOSE: formulas.transposes,
    Slip.ORDER: formulas.orders,
    Slip.ELEMENTWISE: formulas.elementwise,
    Slip.SOFTMAX_DIAGONAL: formulas.softmax_diagonals,
    Slip.LOSS_FOR_DELTA: formulas.losses_for_deltas,
    Slip.AXIS: formulas.axes,
    Slip.BIAS: formulas.biases,
    Slip.ASCENT: formulas.ascents,
}
"""What is made in a side with names."""

IN_NUMBERS: dict[Slip, Maker] = {
    Slip.SIGN: numbers.signs_of_numbers,
    Slip.NEW_WEIGHTS: numbers.new_weights,
    Slip.ASCENT: numbers.numeric_ascents,
    Slip.LOSS_FOR_DELTA: numbers.numeric_losses_for_deltas,
    Slip.ROUNDING: numbers.roundings,
    Slip.COPY: numbers.copies,
    Slip.FORWARD: numbers.forwards,
    Slip.BIAS: numbers.numeric_biases,
}
"""What is made in a side without names."""

KINDS = tuple(kind for kind in Slip if kind is not Slip.OTHER)


def mutants(text: str, problem: Problem, rng: random.Random) -> Iterator[Mutant]:
    """Every slip that can be made in a document, in random order, one of each kind in turn."""
    book = Book(read(text), truth_of(problem))
    by_kind = [mutants_of(kind, book, rng) for kind in rng.sample(KINDS, len(KINDS))]
    for row in zip_longest(*by_kind):
        yield from (mutant for mutant in row if mutant is not None)


def mutants_of(kind: Slip, book: Book, rng: random.Random) -> Iterator[Mutant]:
    """The slips of one kind, in random order; each text once."""
    places = list(_places(book, rng))
    rng.shuffle(places)
    seen: set[tuple[Edit, ...]] = set()
    waiting = [iter(_shuffled(_changes(kind, place), rng)) for place in places]
    while waiting:
        left = []
        for place, changes in zip(places, waiting, strict=True):
            change = next(changes, None)
            if change is None:
                continue
            left.append((place, changes))
            if change.edits not in seen and (mutant := _proved(place, change)):
                seen.add(change.edits)
                yield mutant
        places, waiting = [place for place, _ in left], [changes for _, changes in left]


def _shuffled(changes: Iterator[Change], rng: random.Random) -> Iterator[Change]:
    """Lazily: the changes of a place are made when the first is asked for."""
    found = list(changes)
    rng.shuffle(found)
    yield from found


def _places(book: Book, rng: random.Random) -> Iterator[Place]:
    """The sides that are claimed: not the left ones, nothing about columns of data, no condition."""
    for equation in book.document.equations:
        first = Place(book, equation, 0, rng)
        named = first.left_key or first.left_quotient or equation.left.text.endswith(")")
        if book.section(equation) != "data" and named:
            for at, side in enumerate(equation.sides):
                if at and side.tree is not None:
                    yield Place(book, equation, at, rng)


def _changes(kind: Slip, place: Place) -> Iterator[Change]:
    """What a definition says of its name is no claim; of the rule of an update only its sign is one."""
    makers = IN_FORMULAS if place.is_symbolic else IN_NUMBERS
    defines = place.side.relation == r"\equiv"
    is_rule = place.side.relation == r"\leftarrow"
    if kind in makers and not defines and (kind is Slip.ASCENT or not is_rule):
        yield from makers[kind](place)


# -------------------------------------------------------------------------------------------------- proofs


def _proved(place: Place, change: Change) -> Mutant | None:
    """The mutant, if it is on one line, can be read, and is wrong."""
    document, edits = place.book.document, sorted(change.edits, key=lambda edit: edit.start)
    lines = {document.line(edit.start) for edit in edits}
    touched = [side for side in place.equation.sides if _within(side, edits)]
    laid_out = any(_has_layout(place, edit) for edit in edits)
    if len(lines) != 1 or laid_out:
        return None
    if not change.is_sure and not all(_is_wrong(place, side, edits) for side in touched):
        return None
    start, end = touched[0].start, touched[-1].end
    text = edited(document.text, edits)
    grown = len(text) - len(document.text)
    before, after = document.text[start:end], text[start : end + grown]
    return Mutant(text, lines.pop(), change.kind, before, after, change.also)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """A text with its edits, in the order of the text."""
    for edit in reversed(edits):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def _within(side: Side, edits: Sequence[Edit]) -> list[Edit]:
    return [edit for edit in edits if side.start <= edit.start and edit.end <= side.end]


def _has_layout(place: Place, edit: Edit) -> bool:
    document = place.book.document
    return document.text[edit.start : edit.end] != document.blanked[edit.start : edit.end]


def _is_wrong(place: Place, side: Side, edits: Sequence[Edit]) -> bool:
    """Whether a side that was right is wrong by its edits."""
    document = place.book.document
    own = [Edit(edit.start - side.start, edit.end - side.start, edit.new) for edit in _within(side, edits)]
    after = " ".join(edited(document.blanked[side.start : side.end], own).split())
    if not place.book.uses(side):
        return _is_off(place, side, after)
    states = place.book.truth.random
    if place.state is not None and _is_plain(place.state, after):
        states = [place.state]
    return any(_differs(place, state, side.text, after) for state in states)


def _is_plain(state: State, side: str) -> bool:
    """Whether a side has no names: it may be meant with the numbers of the problem."""
    try:
        State({}, {}, state.is_array)(side)
    except (Unknown, Misfit):
        return False
    return True


def _differs(place: Place, state: State, before: str, after: str) -> bool:
    """Whether two formulas are worth different things; false where they cannot be read."""
    try:
        shape = _shape_of_left(place, state)
        old = state(before, shape)
    except (Unknown, Misfit):
        return False
    try:
        return differ(old, state(after, shape))
    except Misfit:
        return True
    except Unknown:
        return False


def _shape_of_left(place: Place, state: State) -> tuple[int, ...] | None:
    if not state.is_array:
        return None
    try:
        return np.shape(state(place.equation.left.text))
    except (Unknown, Misfit):
        return None


def _is_off(place: Place, side: Side, after: str) -> bool:
    """Whether a number, or what is put into a formula, is off by more than rounding explains."""
    state = place.state or place.book.truth.random[0]
    try:
        right, slack = _right(place, side, state)
        found, own = state(after), rounding(place, after, is_result=side.is_number)
    except (Unknown, Misfit):
        return False
    if np.shape(right) != np.shape(found):
        return False
    off, size = _size(found - right), _size(right)
    return bool(np.any(off > 1.1 * (own + slack) + 1e-12 * size))


def _size(value: Value) -> Any:
    return np.abs(np.asarray(value, dtype=float))


def _right(place: Place, side: Side, state: State) -> tuple[Value, Any]:
    """What a side without names has to be worth, and how far the rounding of the other sides may lead."""
    slack: Any = 0.0
    for other in place.equation.sides[1:]:
        if other is not side:
            is_formula = bool(place.book.uses(other))
            own = (
                _carried(place, other, state) if is_formula else rounding(place, other.text, other.is_number)
            )
            slack = np.maximum(slack, own)
    try:
        return state(place.equation.left.text), slack
    except Unknown:
        return state(side.text), slack + rounding(place, side.text, side.is_number)


_ROUNDED = re.compile(r"(?<![\w.}])\d+\.(?P<decimals>\d+)(?: \\times 10\^\{(?P<exponent>-?\d+)\})?")


def rounding(place: Place, side: str, is_result: bool) -> Any:
    """How far a side without names may be off by half a unit in the last place of each of its numbers.

    In a working only what has all decimals of the format was rounded; every other number was typed.
    """
    plain = State({}, {}, place.is_array)
    centre, total = plain(side), np.zeros(())
    for match in _ROUNDED.finditer(side):
        if is_result or len(match["decimals"]) == place.book.truth.format.digits:
            mantissa = match[0].split(" ")[0]
            shifted = f"{mantissa}5" + match[0][len(mantissa) :]
            total = total + _size(plain(side[: match.start()] + shifted + side[match.end() :]) - centre)
    return total


def _carried(place: Place, side: Side, state: State) -> Any:
    """How far a formula may be off if every value in it is first rounded as it is printed."""
    centre, total = state(side.text), np.zeros(())
    for moved in _with_one_rounded(place, side, state):
        total = total + _size(moved(side.text) - centre)
    return total


def _with_one_rounded(place: Place, side: Side, state: State) -> Iterator[State]:
    """The same values, but for one that is rounded as it is printed."""
    canonical = place.book.truth.canonical
    pairs = {(canonical(match["over"]), canonical(match["under"])) for match in QUOTIENT.finditer(side.text)}
    for key in {use.key for use in place.book.uses(side) if not use.in_quotient} & set(state.symbols):
        yield replace(state, symbols={**state.symbols, key: _rounded(place, state, state.symbols[key])})
    for pair in pairs & set(state.quotients):
        yield replace(
            state, quotients={**state.quotients, pair: _rounded(place, state, state.quotients[pair])}
        )


def _rounded(place: Place, state: State, value: Value) -> Value:
    found = state(place.book.truth.shown(value))
    return np.reshape(found, np.shape(value)) if state.is_array else found
