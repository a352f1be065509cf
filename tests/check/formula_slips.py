r"""Slips in formulas: each function finds where one kind can be made in a side, and says by which edits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from symbackprop.check.claims import Slip
from tests.check.places import Change, Edit, Place, Use
from tests.check.printed import NAME, Factor, Sum, Term, all_factors, sums
from tests.check.truth import Misfit, Unknown

NONE: frozenset[Slip] = frozenset()


def one(start: int, end: int, new: str, kind: Slip, *also: Slip) -> Change:
    """A slip by one edit."""
    return Change((Edit(start, end, new),), kind, frozenset(also))


def terms(place: Place) -> Iterator[Term]:
    """Every term of a side, at any depth."""
    for whole in sums(place.tree):
        yield from whole.terms


# ------------------------------------------------------------------------------------- signs and factors


def signs(place: Place) -> Iterator[Change]:
    """+ and - swapped between terms; a minus in front dropped or added."""
    for whole in sums(place.tree):
        first, *others = whole.terms
        for term in others:
            if place.section == "update" and whole is place.tree:
                continue
            yield one(term.sign_at, term.sign_at + 1, "-" if term.sign == "+" else "+", Slip.SIGN)
        if first.sign == "-":
            yield one(first.sign_at, first.sign_at + 1, "", Slip.SIGN)
        elif whole is place.tree:
            yield one(first.start, first.start, "-", Slip.SIGN)


def factors(place: Place) -> Iterator[Change]:
    """A constant factor dropped, halved or doubled; 2, 1/2 or 1/n added."""
    for term in terms(place):
        first = term.factors[0]
        for at, factor in enumerate(term.factors):
            if len(term.factors) > 1 and place.is_constant(factor) and factor.kind != "name":
                also = [Slip.MISSING_FACTOR] if any(map(place.key, all_factors(_alone(factor)))) else []
                yield Change((place.without(term, at, at + 1),), Slip.FACTOR, frozenset(also))
            if factor.kind == "fraction":
                yield from _fractions(place, factor)
        if term in place.tree.terms and first.kind != "number":
            yield from _added(place, first)


def _alone(factor: Factor) -> Sum:
    return Sum((Term("", factor.start, (factor,), ()),))


def _fractions(place: Place, factor: Factor) -> Iterator[Change]:
    above, below = factor.inside
    if place.text(above) == "2":
        yield one(above.start, above.end, "1", Slip.FACTOR)
    if place.text(below) == "2":
        bare = place.text(above)
        yield one(factor.start, factor.end, bare if len(above.terms) == 1 else f"({bare})", Slip.FACTOR)
    if place.text(above) == "1" and place.text(below).isalnum():
        yield one(above.start, above.end, "2", Slip.FACTOR)


def _added(place: Place, first: Factor) -> Iterator[Change]:
    gap = "" if first.kind == "group" else r" \cdot " if first.kind in ("fraction", "quotient") else " "
    yield one(first.start, first.start, f"2{gap}", Slip.FACTOR)
    yield one(first.start, first.start, r"\frac{1}{2}" + (gap or " "), Slip.FACTOR)
    if "n" in place.book.spelled or "n" in place.book.nodes:
        yield one(first.start, first.start, r"\frac{1}{n}" + (gap or " "), Slip.FACTOR, Slip.EXTRA_FACTOR)


def missing_factors(place: Place) -> Iterator[Change]:
    """One factor dropped."""
    for term in terms(place):
        halves = {at for start, end, _ in slopes(place, term) for at in range(start, end)}
        for at, factor in enumerate(term.factors):
            if len(term.factors) == 1 or factor.kind in ("number", "ones"):
                continue
            also = {Slip.FACTOR} if place.is_constant(factor) or _is_rate(place, factor) else set[Slip]()
            if at in halves or factor.kind == "indicator" or _is_activation_slope(place, factor):
                also |= {Slip.ACTIVATION_MISSING, Slip.LOSS_FOR_DELTA}
            if place.is_constant(factor) and factor.kind != "name":
                continue
            yield Change((place.without(term, at, at + 1),), Slip.MISSING_FACTOR, frozenset(also))


def _is_rate(place: Place, factor: Factor) -> bool:
    return place.book.rate is not None and place.key(factor) == place.book.rate


def _is_activation_slope(place: Place, factor: Factor) -> bool:
    """∂a/∂z of an activation."""
    if factor.kind != "quotient":
        return False
    over, under = (use.key for use in uses_within(place, factor))
    return place.book.before(over) == under


def uses_within(place: Place, factor: Factor) -> list[Use]:
    """The names of a side that stand within a factor."""
    return [use for use in place.book.uses(place.side) if factor.start <= use.start and use.end <= factor.end]


def extra_factors(place: Place) -> Iterator[Change]:
    """A name put behind a term once more, or a name of the document that has no business there."""
    for term in place.tree.terms:
        last = term.factors[-1]
        if last.kind == "number" or place.section == "update":
            continue
        halves = {at for start, end, _ in slopes(place, term) for at in range(start, end)}
        own = [
            place.text(factor)
            for at, factor in enumerate(term.factors)
            if at not in halves and factor.kind == "name" and factor.end == factor.bare_end
        ]
        known = [name for key, name in place.book.spelled.items() if _has_role(place, key)]
        chosen = [*own, *place.dice.sample(sorted(known), min(2, len(known)))]
        dot = r" \circ " if place.is_array else " "
        for name in dict.fromkeys(chosen):
            yield one(term.end, term.end, f"{dot}{name}", Slip.EXTRA_FACTOR)


# ---------------------------------------------------------------------------- slopes of activations


def slopes(place: Place, term: Term) -> Iterator[tuple[int, int, tuple[Factor, ...]]]:
    """Where the slope of an activation stands in a term: from, to, and the names that it is taken at."""
    for at, factor in enumerate(term.factors):
        square = _one_minus(place, factor)
        if square is None:
            continue
        if place.power(square) in ("^2", r"^{\circ 2}"):
            yield at, at + 1, (square,)
        for start, other in ((at - 1, at - 1), (at, at + 1)):
            if 0 <= other < len(term.factors) and place.power(square) == "":
                same = place.text(term.factors[other]) == place.text(square)
                if same and not (
                    start == at and at and place.text(term.factors[at - 1]) == place.text(square)
                ):
                    yield start, start + 2, (term.factors[other], square)


def _one_minus(place: Place, factor: Factor) -> Factor | None:
    """a of (1 - a)."""
    if factor.kind != "group" or len(factor.inside) != 1 or factor.bare_end != factor.end:
        return None
    inner = factor.inside[0].terms
    if len(inner) != 2 or place.text(inner[0]) != "1" or inner[1].sign != "-" or len(inner[1].factors) != 1:
        return None
    only = inner[1].factors[0]
    return only if only.kind == "name" else None


def steps_of_relu(place: Place, term: Term) -> Iterator[int]:
    """Where [z > 0] stands in a term."""
    return (at for at, factor in enumerate(term.factors) if factor.kind == "indicator")


def missing_slopes(place: Place) -> Iterator[Change]:
    """The slope of an activation dropped."""
    for term in terms(place):
        places = [(start, end) for start, end, _ in slopes(place, term)]
        places += [(at, at + 1) for at in steps_of_relu(place, term)]
        for start, end in places:
            if end - start < len(term.factors):
                also = {Slip.LOSS_FOR_DELTA} if _is_all_of_a_delta(place, term) else set[Slip]()
                yield Change((place.without(term, start, end),), Slip.ACTIVATION_MISSING, frozenset(also))


def _is_all_of_a_delta(place: Place, term: Term) -> bool:
    return place.tree.terms == (term,) and place.left_key in place.book.deltas


def doubled_slopes(place: Place) -> Iterator[Change]:
    """The slope of an activation taken twice."""
    for term in terms(place):
        places = [(start, end) for start, end, _ in slopes(place, term)]
        places += [(at, at + 1) for at in steps_of_relu(place, term)]
        for start, end in places:
            again = place.book.source(term.factors[start].start, term.factors[end - 1].end)
            dot = r" \circ " if place.is_array else " "
            behind = term.factors[end - 1].end
            yield one(behind, behind, dot + again, Slip.ACTIVATION_DOUBLED)


def wrong_points(place: Place) -> Iterator[Change]:
    """The slope of an activation taken at its argument, or at another activation."""
    for term in terms(place):
        for _, _, names in slopes(place, term):
            key = place.key(names[-1])
            if key is None:
                continue
            own = place.book.before(key)
            others = [name for name in activations(place) if name != key]
            chosen = ([own] if own else []) + place.dice.sample(others, min(2, len(others)))
            for other in chosen:
                if (spelling := place.book.spelled.get(other)) is None:
                    continue
                alike = _letter(place, other) == _letter(place, key)
                also = {Slip.WRONG_INDEX if alike else Slip.WRONG_NAME} if other != own else set[Slip]()
                edits = tuple(Edit(factor.start, factor.bare_end, spelling) for factor in names)
                yield Change(edits, Slip.WRONG_POINT, frozenset(also))


def activations(place: Place) -> list[str]:
    """The names that slopes are taken at, of the document."""
    book = place.book
    return [key for key in book.spelled if key in book.nodes and book.before(key) is not None]


# ------------------------------------------------------------------------------------------------ paths


def paths(place: Place) -> Iterator[Sum]:
    """The sums whose terms are ways that the derivative takes."""
    if place.section != "backward":
        return
    for whole in sums(place.tree):
        joined = len(whole.terms) > 1 and all(term.sign != "-" for term in whole.terms)
        keys = frozenset(place.book.deltas)
        count = sum(place.holds(term, keys) for term in whole.terms)
        if joined and count and (count > 1 or whole is place.tree):
            yield whole


def missing_paths(place: Place) -> Iterator[Change]:
    """One way of a derivative left out."""
    for whole in paths(place):
        for at, term in enumerate(whole.terms):
            also = {Slip.SOFTMAX_DIAGONAL} if _goes_through_softmax(place, term) else set[Slip]()
            if at:
                edit = Edit(whole.terms[at - 1].end, term.end, "")
            else:
                edit = Edit(whole.start, whole.terms[1].start, "")
            yield Change((edit,), Slip.MISSING_PATH, frozenset(also))


def _goes_through_softmax(place: Place, term: Term) -> bool:
    """∂p_2/∂s_1, a derivative of softmax off its diagonal."""
    for factor in term.factors:
        if factor.kind == "quotient":
            over, under = (use.key for use in uses_within(place, factor))
            index = re.search(r"\d+", over), re.search(r"\d+", under)
            if over in place.book.softmax and index[0] and index[1] and index[0][0] != index[1][0]:
                return True
    return False


def products_for_sums(place: Place) -> Iterator[Change]:
    """The ways of a derivative multiplied."""
    for whole in paths(place):
        for term in whole.terms[1:]:
            yield one(term.sign_at, term.sign_at + 1, r"\cdot", Slip.PRODUCT_FOR_SUM)


# ------------------------------------------------------------------------------------------------ names


def indices(place: Place) -> Iterator[Change]:
    """A name with another index."""
    for use in _exchangeable(place):
        letter = _letter(place, use.key)
        others = [
            key
            for key in place.book.spelled
            if key != use.key and _letter(place, key) == letter and _stepped(key) == _stepped(use.key)
        ]
        for key in place.dice.sample(others, min(3, len(others))):
            also = _in_place_of(place, use)
            node, other = place.book.deltas.get(use.key), place.book.deltas.get(key)
            if node and other and place.book.after(node) == place.book.truth.key(other.name):
                also |= {Slip.LOSS_FOR_DELTA, Slip.ACTIVATION_MISSING}
            if not _only_digits_differ(use.key, key):
                also |= {Slip.WRONG_NAME}
            yield from _named(place, use, key, Slip.WRONG_INDEX, also)


def other_names(place: Place) -> Iterator[Change]:
    """Another name in place of one: y for ŷ, z for a."""
    for use in _exchangeable(place):
        letter = _letter(place, use.key)
        others = [
            key for key in place.book.spelled if _letter(place, key) != letter and _has_role(place, key)
        ]
        near = [key for key in others if _kin(place, use.key, key)]
        alike = [key for key in others if _alike(place, use.key, key)]
        for key in dict.fromkeys([*near, *place.dice.sample(alike, min(2, len(alike)))]):
            also = _in_place_of(place, use)
            if use.in_quotient and place.book.before(key) == use.key:
                also |= {Slip.LOSS_FOR_DELTA, Slip.ACTIVATION_MISSING}
            yield from _named(place, use, key, Slip.WRONG_NAME, also)


def _has_role(place: Place, key: str) -> bool:
    """Whether a name is one of the graph, but not that of the output."""
    return key in place.book.nodes and place.book.nodes[key].symbol != place.book.truth.graph.output


def _alike(place: Place, key: str, other: str) -> bool:
    """Whether both are parameters, or both are given, or both are worked out."""
    node, second = place.book.nodes.get(key), place.book.nodes[other]
    if node is None or (node.expression is None) != (second.expression is None):
        return False
    return (key in place.book.parameters) == (other in place.book.parameters)


def _exchangeable(place: Place) -> Iterator[Use]:
    for use in place.book.uses(place.side):
        if use.key in place.book.spelled and use.key != place.book.rate:
            yield use


def _letter(place: Place, key: str) -> str:
    match = NAME.match(place.book.spelled.get(key, key))
    return match["base"] if match else key


def _kin(place: Place, key: str, other: str) -> bool:
    """ŷ and y; an activation and its argument."""
    bare, target = (re.sub(r"\\hat\{(\w)\}", r"\1", one).lower() for one in (key, other))
    return bare == target or place.book.before(key) == other or place.book.before(other) == key


def _stepped(key: str) -> bool:
    """Whether a name is that of a parameter after some updates."""
    return re.search(r"\(\d+\)", key) is not None


def _only_digits_differ(key: str, other: str) -> bool:
    return re.sub(r"\d+|[{}_^]", "", key) == re.sub(r"\d+|[{}_^]", "", other)


def _in_place_of(place: Place, use: Use) -> frozenset[Slip]:
    """What else a wrong name may be called where it stands."""
    also = {Slip.FORWARD} if place.section == "forward" and use.key in place.book.parameters else set[Slip]()
    for term in terms(place):
        if any(use.start == name.start for _, _, names in slopes(place, term) for name in names):
            also.add(Slip.WRONG_POINT)
    return frozenset(also)


def _named(place: Place, use: Use, key: str, kind: Slip, also: frozenset[Slip]) -> Iterator[Change]:
    """The name of another thing of the same shape."""
    spelling, state = place.book.spelled[key], place.book.truth.random[0]
    if use.turned:
        if not spelling.endswith("]}"):
            return
        spelling = spelling[:-1] + r"\top}"
    shapes = [getattr(state.symbols.get(one), "shape", ()) for one in (use.key, key)]
    if shapes[0] == shapes[1] or use.in_quotient:
        yield Change((Edit(use.start, use.end, spelling),), kind, also)


def losses_for_deltas(place: Place) -> Iterator[Change]:
    """∂L/∂a in place of the delta of z, whose activation a is."""
    book = place.book
    own = book.deltas.get(place.left_key or "")
    key = book.after(own) if own is not None else None
    if key is not None:
        for side in _formulas_of(place, key):
            also = (Slip.ACTIVATION_MISSING, Slip.MISSING_FACTOR)
            yield one(place.side.start, place.side.end, side, Slip.LOSS_FOR_DELTA, *also)
    for factor in all_factors(place.tree):
        node = book.deltas.get(place.key(factor) or "")
        after = book.after(node) if node is not None else None
        if after in book.quotient_of and after != book.truth.key(book.truth.graph.output.name):
            new = book.quotient_of[after or ""]
            yield one(factor.start, factor.bare_end, new, Slip.LOSS_FOR_DELTA, Slip.ACTIVATION_MISSING)


def _formulas_of(place: Place, key: str) -> Iterator[str]:
    """The formulas without derivatives of the derivative of the output by a name, or of its delta."""
    node = place.book.nodes[key]
    names = {
        place.book.quotient_of.get(key),
        node.delta and place.book.spelled.get(place.book.truth.key(node.delta.name)),
    }
    for equation in place.book.document.equations:
        if equation.left.text in names:
            for side in equation.sides[1:]:
                used = list(place.book.uses(side))
                if used and not any(use.in_quotient for use in used):
                    yield side.text


# ------------------------------------------------------------------------------------------------ arrays


def transposes(place: Place) -> Iterator[Change]:
    """A ⊤ dropped or added."""
    for factor in all_factors(place.tree) if place.is_array else ():
        ones = (Slip.AXIS,) if factor.kind == "ones" else ()
        if factor.kind not in ("name", "group", "ones"):
            continue
        text, power = place.text(factor), place.power(factor)
        if power == r"^\top":
            yield one(factor.bare_end, factor.end, "", Slip.TRANSPOSE, *ones)
        elif text.endswith(r"\top}"):
            yield one(factor.start, factor.end, text.removesuffix(r"\top}") + "}", Slip.TRANSPOSE)
        elif not power and text.endswith("]}"):
            yield one(factor.start, factor.end, text[:-1] + r"\top}", Slip.TRANSPOSE)
        elif not power:
            yield one(factor.end, factor.end, r"^\top", Slip.TRANSPOSE, *ones)


def orders(place: Place) -> Iterator[Change]:
    """Two factors of a matrix product swapped."""
    for term in terms(place) if place.is_array else ():
        for (left, right), dot in zip(pairwise(term.factors), term.dots, strict=True):
            if not dot and not place.is_constant(left):
                also = {Slip.AXIS} if "ones" in (left.kind, right.kind) else set[Slip]()
                new = f"{place.text(right)} {place.text(left)}"
                yield Change((Edit(left.start, right.end, new),), Slip.ORDER, frozenset(also))


def elementwise(place: Place) -> Iterator[Change]:
    r"""∘ in place of a matrix product, and a matrix product in place of ∘."""
    for term in terms(place) if place.is_array else ():
        gaps = [place.gap(term, at + 1) for at in range(len(term.dots))]
        dots = [at for at, dot in enumerate(term.dots) if dot == r"\circ"]
        if dots:
            edits = tuple(Edit(*gaps[at], " ") for at in dots)
            yield Change(edits, Slip.ELEMENTWISE)
        for at, dot in enumerate(term.dots):
            if not dot and not place.is_constant(term.factors[at]):
                yield one(*gaps[at], r" \circ ", Slip.ELEMENTWISE)


def softmax_diagonals(place: Place) -> Iterator[Change]:
    """The slope of softmax taken as though it were diagonal."""
    if place.is_array:
        for term in terms(place):
            yield from _softmax_of_arrays(place, term)
    elif place.left_quotient and place.left_quotient[0] in place.book.softmax:
        names = [place.text(factor) for factor in all_factors(place.tree) if factor.kind == "name"]
        if len(set(names)) == 2 and len(names) == 2:
            for new in ("0", *(f"{name} (1 - {name})" for name in names), f"-{names[0]} (1 - {names[1]})"):
                yield one(place.side.start, place.side.end, new, Slip.SOFTMAX_DIAGONAL)
    yield from _cross_paths(place)


def _softmax_of_arrays(place: Place, term: Term) -> Iterator[Change]:
    if len(term.factors) != 2 or term.dots != (r"\circ",) or term.factors[1].kind != "group":
        return
    outer, inner = place.text(term.factors[0]), term.factors[1].inside[0]
    if len(inner.terms) != 2 or place.key(inner.terms[0].factors[0]) not in place.book.deltas:
        return
    delta = place.text(inner.terms[0])
    for new in (
        rf"{outer} \circ (1 - {outer}) \circ {delta}",
        rf"{delta} \circ {outer} \circ (1 - {outer})",
        rf"{outer} \circ ({delta} - {outer} \circ {delta})",
        rf"{outer} \circ {delta}",
    ):
        yield one(term.start, term.end, new, Slip.SOFTMAX_DIAGONAL)


def _cross_paths(place: Place) -> Iterator[Change]:
    for change in missing_paths(place):
        if Slip.SOFTMAX_DIAGONAL in change.also:
            yield Change(change.edits, Slip.SOFTMAX_DIAGONAL, frozenset({Slip.MISSING_PATH}))


_ALONG = re.compile(
    r"(?P<what>\\operatorname\{(?:softmax|sum|mean)\})_(?:\{(?P<axes>[ijkl]+)\}|(?P<axis>[ijkl]))"
)
_TURNED = {"i": "j", "j": "i", "kl": "ij"}


def axes(place: Place) -> Iterator[Change]:
    """A sum or softmax along the wrong axis; ones on the wrong side."""
    if not place.is_array:
        return
    for match in _ALONG.finditer(place.book.document.blanked, place.side.start, place.side.end):
        turned = _TURNED.get(match["axes"] or match["axis"])
        if turned:
            yield one(*match.span(), f"{match['what']}_{{{turned}}}", Slip.AXIS)
    for term in terms(place):
        yield from _ones(place, term)
    for factor in all_factors(place.tree):
        yield from _half_sums(place, factor)


def _half_sums(place: Place, factor: Factor) -> Iterator[Change]:
    """Σ over one of the indices i, j: the other is left over, and what has to be a number is none."""
    over = r"\sum_{i,j}"
    if factor.kind != "over" or not place.text(factor).startswith(over):
        return
    try:
        shape = np.shape(place.book.truth.random[0](place.text(factor.inside[0])))
    except (Unknown, Misfit):
        return
    for axis, size in zip("ij", shape[::-1], strict=True):
        if size > 1:
            edit = Edit(factor.start, factor.start + len(over), rf"\sum_{{{axis}}}")
            yield Change((edit,), Slip.AXIS, is_sure=True)


def _ones(place: Place, term: Term) -> Iterator[Change]:
    """1 1ᵀ A and A 1 1ᵀ; 1ᵀ A and A 1."""
    kinds = [factor.kind for factor in term.factors]
    if "ones" not in kinds or "" not in term.dots:
        return
    also = (Slip.ORDER, Slip.TRANSPOSE)
    first, last = kinds.index("ones"), len(kinds) - 1 - kinds[::-1].index("ones")
    ones = [place.text(factor) for factor in term.factors[first : last + 1]]
    turned = [one.removesuffix(r"^\top") if r"\top" in one else one + r"^\top" for one in ones]
    shown = " ".join(ones) if len(ones) == 2 else turned[0]
    if first and not last + 1 < len(kinds):
        start = term.factors[first - 1]
        yield one(start.start, term.end, f"{shown} {place.text(start)}", Slip.AXIS, *also)
    elif last + 1 < len(kinds):
        rest = place.book.source(term.factors[last + 1].start, term.end)
        yield one(term.factors[first].start, term.end, f"{rest} {shown}", Slip.AXIS, *also)


# ------------------------------------------------------------------------------------- biases, updates


def biases(place: Place) -> Iterator[Change]:
    """+ b dropped."""
    for whole, at in bias_terms(place):
        yield one(whole.terms[at - 1].end, whole.terms[at].end, "", Slip.BIAS)


def bias_terms(place: Place) -> Iterator[tuple[Sum, int]]:
    """A parameter alone in a sum, behind products with other parameters."""
    for whole in sums(place.tree) if place.section == "forward" else ():
        for at, term in enumerate(whole.terms):
            bare = [factor for factor in term.factors if factor.kind != "ones"]
            products = [other for other in whole.terms if len(other.factors) > 1 and other is not term]
            weighted = any(
                place.key(factor) in place.book.parameters for other in products for factor in other.factors
            )
            if at and weighted and len(bare) == 1 and place.key(bare[0]) in place.book.parameters:
                yield whole, at


def ascents(place: Place) -> Iterator[Change]:
    """The rule of the update with + in place of -."""
    if place.section == "update" and place.is_symbolic and len(place.tree.terms) == 2:
        sign = place.tree.terms[1].sign_at
        yield one(sign, sign + 1, "+", Slip.ASCENT, Slip.SIGN)
