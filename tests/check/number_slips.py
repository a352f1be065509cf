r"""Slips in numbers: digits that are miscopied or badly rounded, and wrong values carried on correctly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from symbackprop.check.claims import Slip
from symbackprop.nodes import Role
from tests.check.formula_slips import bias_terms, one
from tests.check.places import Change, Edit, Place
from tests.check.printed import NUMBER, Factor, Side, Sum, sums
from tests.check.truth import Misfit, State, Unknown, Value
from tests.matrix_reader import as_matrix

PRINTED = re.compile(r"(?<![\w.}])(?P<whole>\d+)(?:\.(?P<decimals>\d+))?(?P<times> \\times 10\^\{-?\d+\})?")


def printed_numbers(place: Place) -> Iterator[re.Match[str]]:
    """The numbers of a side, exponents and subscripts not among them."""
    text = place.book.document.blanked
    for match in PRINTED.finditer(text, place.side.start, place.side.end):
        behind = text[max(0, match.start() - 2) : match.start()]
        if not behind.endswith(("_", "^", "_{", "^{")):
            yield match


# ------------------------------------------------------------------------------------------ signs, digits


def signs_of_numbers(place: Place) -> Iterator[Change]:
    """The sign of a number lost, or one put before it."""
    text = place.book.document.blanked
    also = (Slip.ASCENT,) if place.section == "update" else ()
    for match in printed_numbers(place):
        before = text[place.side.start : match.start()].rstrip()
        if before.endswith("-") and not re.search(r"[\w)}] -$", before):
            sign = place.side.start + len(before) - 1
            yield one(sign, sign + 1, "", Slip.SIGN, *also)
        elif not before or before.endswith(("(", "&", r"\\", "{pmatrix}")):
            yield one(match.start(), match.start(), "-", Slip.SIGN, *also)


def roundings(place: Place) -> Iterator[Change]:
    """The last digit one too large or too small; digits cut off."""
    for match in printed_numbers(place) if place.is_result and place.section != "given" else ():
        digits = match["decimals"]
        if not digits or len(digits) < 2:
            continue
        whole = match["whole"] + digits
        for step in (1, -1):
            other = str(int(whole) + step).rjust(len(whole), "0")
            if len(other) == len(whole) and int(whole) + step >= 0:
                yield _digits(match, other[: -len(digits)], other[-len(digits) :], Slip.ROUNDING)
        for left in {2, 4, len(digits) - 1} - {len(digits)}:
            if 0 < left < len(digits):
                yield _digits(match, match["whole"], digits[:left], Slip.ROUNDING)


def _digits(match: re.Match[str], whole: str, decimals: str, kind: Slip, *also: Slip) -> Change:
    shown = whole + (f".{decimals}" if decimals else "") + (match["times"] or "")
    return one(match.start(), match.end(), shown, kind, *also)


def copies(place: Place) -> Iterator[Change]:
    """Two digits swapped, a digit dropped, the number of a line nearby."""
    near = [number for number in _nearby(place) if number]
    for match in printed_numbers(place):
        whole, decimals = match["whole"], match["decimals"] or ""
        for text, is_whole in ((whole, True), (decimals, False)):
            for at in range(len(text) - 1):
                swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
                if swapped != text and not (is_whole and swapped.startswith("0")):
                    parts = (swapped, decimals) if is_whole else (whole, swapped)
                    yield _digits(match, *parts, Slip.COPY, *_nearly(match, *parts))
        if len(whole) > 1:
            yield _digits(match, whole[1:].lstrip("0") or "0", decimals, Slip.COPY)
        if len(decimals) > 2:
            at = place.dice.randrange(len(decimals) - 1)
            left = decimals[:at] + decimals[at + 1 :]
            yield _digits(match, whole, left, Slip.COPY, *_nearly(match, whole, left))
        for other in place.dice.sample(near, min(2, len(near))):
            if other != match[0]:
                # It is the value of another name, and put into a forward formula it may be said so.
                also = (Slip.FORWARD,) if place.section == "forward" else ()
                yield one(match.start(), match.end(), other, Slip.COPY, *also)


def _nearly(match: re.Match[str], whole: str, decimals: str) -> list[Slip]:
    """A number that is off by ten units of its last place or fewer may be badly rounded as well."""
    old, new = Decimal(f"{match['whole']}.{match['decimals'] or 0}"), Decimal(f"{whole}.{decimals or 0}")
    unit = Decimal(1).scaleb(-len(match["decimals"] or ""))
    return [Slip.ROUNDING] if abs(old - new) <= 10 * unit and decimals else []


def _nearby(place: Place) -> list[str]:
    """The numbers that the equations before and after end with."""
    equations = place.book.document.equations
    at = next(at for at, equation in enumerate(equations) if equation is place.equation)
    found = []
    for equation in (*equations[max(0, at - 2) : at], *equations[at + 1 : at + 3]):
        text = equation.sides[-1].text.removeprefix("-")
        if NUMBER.fullmatch(text) and len(text) > 2:
            found.append(text)
    return found


# ------------------------------------------------------------------------------- wrong values, carried on


@dataclass(frozen=True)
class Working:
    """A formula, the numbers put into it if they are shown, and the result."""

    place: Place
    formula: Side
    numbers: Side | None
    result: Side

    def result_at(self, state: State) -> Edit | None:
        """What the result is with other values."""
        try:
            shape = np.shape(state(self.result.text)) if state.is_array else None
            value = state(self.formula.text, shape)
        except (Misfit, Unknown):
            return None
        return self.result_of(value)

    def result_of(self, value: Value) -> Edit:
        """Another result; a 1×1 matrix stays one."""
        if np.ndim(value) == 0 and self.result.text.startswith(r"\begin"):
            value = np.reshape(value, (1, 1))
        return Edit(self.result.start, self.result.end, self.place.book.truth.shown(value))

    def operand(self, key: str, value: Value) -> Edit | None:
        """Another number in the place of a name."""
        for name, shown in self.pairs():
            turned = self.place.power(name) == r"^\top" or self.place.text(name).endswith(r"\top}")
            if self.place.key(name) == key and (turned or name.bare_end == name.end):
                return self._put(shown, as_matrix(np.asarray(value)).T if turned else value)
        return None

    def _put(self, shown: Factor, value: Value) -> Edit:
        """A number in place of another, in brackets if it needs them; a minus before it goes."""
        blanked, start = self.place.book.document.blanked, shown.start
        before = blanked[:start].rstrip()
        new = self.place.book.truth.shown(value)
        if before.endswith(("(-", "= -")):
            start = len(before) - 1
        in_brackets = blanked[:start].rstrip().endswith("(")
        needs = new.startswith("-") and not in_brackets
        return Edit(start, shown.end, f"({new})" if needs else new)

    def pairs(self) -> list[tuple[Factor, Factor]]:
        """The names and numbers of the formula, each with the number that was put in its place."""
        assert self.numbers is not None
        left, right = leaves(self.formula), leaves(self.numbers)
        return list(zip(left, right, strict=True)) if len(left) == len(right) else []


def leaves(side: Side) -> list[Factor]:
    """The names, derivatives, numbers and matrices of a side, in the order of the text."""
    return [one for whole in [side.tree] if whole for one in _leaves(whole)]


def _leaves(whole: Sum) -> Iterator[Factor]:
    for term in whole.terms:
        for factor in term.factors:
            if factor.kind in ("name", "quotient", "held", "number", "matrix"):
                yield factor
            for inner in factor.inside:
                yield from _leaves(inner)


def working(place: Place) -> Working | None:
    """The working that ends with a result."""
    sides = place.equation.sides
    symbolic = [side for side in sides[1 : place.at] if place.book.uses(side)]
    if not place.is_result or not symbolic or place.at != len(sides) - 1:
        return None
    between = sides[sides.index(symbolic[-1]) + 1 : place.at]
    if len(between) > 1:
        return None
    return Working(place, symbolic[-1], between[0] if between else None, place.side)


def carried(found: Working, key: str, value: Value, kind: Slip, *also: Slip) -> Iterator[Change]:
    """A wrong value of a name, put in and worked out: both on one line, and off by more than a last digit."""
    if found.place.state is None:
        return
    wrong = found.place.state.having({key: value})
    result = found.result_at(wrong)
    if result is None or not _is_far(found, wrong):
        return
    if found.numbers is None:
        yield Change((result,), kind, frozenset(also))
    elif (operand := found.operand(key, value)) is not None:
        yield Change((operand, result), kind, frozenset(also))


def _is_far(found: Working, wrong: State) -> bool:
    """Whether the result moves by more than ten units of its last place."""
    assert found.place.state is not None
    shape = np.shape(found.place.state(found.result.text)) if wrong.is_array else None
    old, new = (
        np.asarray(state(found.formula.text, shape), dtype=float) for state in (found.place.state, wrong)
    )
    unit = 10.0**-found.place.book.truth.format.digits
    return bool(np.any(np.abs(new - old) > 10 * unit * np.where(np.abs(old) < 1e-4, np.abs(old), 1)))


def new_weights(place: Place) -> Iterator[Change]:
    """The weight after the update in place of the one before it."""
    found = working(place)
    after = place.book.truth.update(place.equation)
    if found is None or after is None or place.section != "backward":
        return
    iteration = max(1, place.book.truth.moment(place.equation)[0])
    for symbol in place.book.symbols:
        key = place.book.truth.key(symbol.name)
        new = place.book.truth.key(symbol.name, iteration)
        used = any(use.key == key and not use.in_quotient for use in place.book.uses(found.formula))
        if used and new in after.symbols:
            yield from carried(found, key, after.symbols[new], Slip.NEW_WEIGHTS)


def forwards(place: Place) -> Iterator[Change]:
    """The value of another weight in the forward pass."""
    found = working(place)
    if found is None or place.section != "forward" or place.state is None:
        return
    parameters = [key for key in place.book.spelled if key in place.book.parameters]
    for use in place.book.uses(found.formula):
        others = [key for key in parameters if key[0] == use.key[0] and key != use.key]
        if use.key not in place.book.parameters:
            continue
        for other in place.dice.sample(others, min(2, len(others))):
            value = place.state.symbols[other]
            if np.any(value) and np.shape(value) == np.shape(place.state.symbols[use.key]):
                is_opposite = np.all(np.add(value, place.state.symbols[use.key]) == 0)
                also = (Slip.WRONG_INDEX, Slip.WRONG_NAME, *([Slip.SIGN] if is_opposite else []))
                yield from carried(found, use.key, value, Slip.FORWARD, *also)


def numeric_biases(place: Place) -> Iterator[Change]:
    """+ 0.1 left out of the numbers, and of the result."""
    found = working(place)
    if found is None or place.section != "forward" or place.state is None:
        return
    formula = Place(place.book, place.equation, place.equation.sides.index(found.formula), place.dice)
    for whole, at in bias_terms(formula):
        key = next(key for key in map(formula.key, whole.terms[at].factors) if key)
        nothing = 0 * place.state.symbols[key]
        result = found.result_at(place.state.having({key: nothing}))
        dropped = _dropped(found, whole, at)
        for edits in ((dropped,), (dropped, result)) if found.numbers else ((result,),):
            if all(edits):
                yield Change(tuple(edit for edit in edits if edit), Slip.BIAS)


def _dropped(found: Working, whole: Sum, at: int) -> Edit | None:
    """The numbers without the term that stands where the bias does."""
    if found.numbers is None or found.numbers.tree is None or found.formula.tree is None:
        return None
    place = list(sums(found.formula.tree)).index(whole)
    like = [one for one in sums(found.numbers.tree) if len(one.terms) == len(whole.terms)]
    if place == 0 and like and like[0] is found.numbers.tree:
        return Edit(like[0].terms[at - 1].end, like[0].terms[at].end, "")
    return None


def numeric_ascents(place: Place) -> Iterator[Change]:
    """The step taken uphill: in the numbers and the result, or everywhere."""
    found = working(place)
    if found is None or place.section != "update" or found.formula.tree is None or place.state is None:
        return
    formula = found.formula.tree
    if len(formula.terms) != 2 or formula.terms[1].sign != "-":
        return
    try:
        old, new = (place.state(side) for side in (formula_start(place, formula), found.formula.text))
    except (Unknown, Misfit):
        return
    signs = [formula.terms[1].sign_at]
    result = found.result_of(2 * old - new)
    if found.numbers and found.numbers.tree and len(found.numbers.tree.terms) == 2:
        signs.append(found.numbers.tree.terms[1].sign_at)
    flips = tuple(Edit(sign, sign + 1, "+") for sign in signs)
    yield Change((*flips, result), Slip.ASCENT, frozenset({Slip.SIGN}))
    yield Change((*flips[1:], result), Slip.ASCENT, frozenset({Slip.SIGN}))


def formula_start(place: Place, formula: Sum) -> str:
    """The first term of a formula: the parameter before the update."""
    return place.text(formula.terms[0])


def numeric_losses_for_deltas(place: Place) -> Iterator[Change]:
    """The value of ∂L/∂a as that of the delta of z."""
    node = place.book.deltas.get(place.left_key or "")
    after = place.book.after(node) if node is not None else None
    if not place.is_result or place.state is None or after is None:
        return
    output = place.book.truth.key(place.book.truth.graph.output.name)
    value = place.state.quotients.get((output, after))
    if value is not None:
        new = place.book.truth.shown(value)
        is_activation = place.book.nodes[after].role is Role.ACTIVATION
        also = (Slip.ACTIVATION_MISSING, *(() if is_activation else (Slip.MISSING_FACTOR,)))
        yield one(place.side.start, place.side.end, new, Slip.LOSS_FOR_DELTA, *also)
