"""A document and a problem -> a report: every claim that is found, with its verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mpmath import mp

from symbackprop.check.claims import Claim, Report, Verdict
from symbackprop.check.contexts import Context, Contexts, hinted
from symbackprop.check.diagnosis import Diagnosis
from symbackprop.check.differentials import are_per_example
from symbackprop.check.findings import Finding
from symbackprop.check.judge import Judge, Line
from symbackprop.check.reference import Reference
from symbackprop.check.sides import random_points_of_all_kinds
from symbackprop.check.tables import Tables
from symbackprop.content import text as said
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import Chain, Side, chains_of
from symbackprop.formulas.tree import Node, is_numeric
from symbackprop.formulas.unread import Unread
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.papers.commas import with_points
from symbackprop.papers.macros import with_macros
from symbackprop.papers.reading import Document, Formula, Heading, Kind, Prose, Table, read_document
from symbackprop.precise.points import States
from symbackprop.problem import Problem
from symbackprop.reckoning.rounding import cells_of, misfits
from symbackprop.reckoning.scene import Scene

DIGITS = 50
_SIZED = re.compile(r"\\(?:left|[bB]igg?l?)\s*\Z")


def check_document(
    text: str,
    problem: Problem,
    *,
    name: str = "",
    aliases: Mapping[str, str] | None = None,
    kind: Kind | None = None,
    lines: Sequence[range] = (),
) -> Report:
    """Check what a document claims about a problem.

    Args:
        text: the document, in Markdown or LaTeX.
        problem: what it treats.
        name: of the document, for the report.
        aliases: names of the document that the spec calls otherwise: {"o_3": "yhat"}.
        kind: what the document is; None: found from the text.
        lines: the lines that are reported; none: all. What stands before them is read all the same.

    Raises:
        OptionError: an alias for a name that the spec does not have.
        ValuesError: the problem has no finite values.
    """
    document = with_points(with_macros(read_document(text, kind)))
    with mp.workdps(DIGITS):
        claims = _Checker(problem, aliases or {}, document).claims()
    chosen = [claim for claim in claims if not lines or any(claim.line in one for one in lines)]
    return Report(name, document, chosen)


@dataclass
class _Place:
    """A formula with its chains.

    Attributes:
        number: its place among the formulas.
        formula: it.
        chains: its chains; none where it could not be taken apart.
        unread: why.
        item: its place among the document's items.
    """

    number: int
    formula: Formula
    chains: list[Chain] = field(default_factory=list)
    unread: Unread | None = None
    item: int = 0


class _Checker:
    def __init__(self, problem: Problem, aliases: Mapping[str, str], document: Document) -> None:
        self.problem, self.document = problem, document
        self.vocabulary = Vocabulary(problem, aliases)
        self.vocabulary.note_steps("\n".join(document.lines))
        loose = not any(sign in line for line in document.lines for sign in (r"\circ", r"\odot", "∘", "⊙"))
        points = random_points_of_all_kinds(problem)
        rates = [mp.mpf(3 + place) / 7 for place in range(len(points))]
        self.scenes = [
            Scene(self.vocabulary, point, rate=rate, seed=place, loose=loose)
            for place, (point, rate) in enumerate(zip(points, rates, strict=True))
        ]
        self.contexts = exact = Contexts(self.vocabulary, _states(problem))
        if problem.conventions.carry == "rounded":
            full = problem.conventions.model_copy(update={"carry": "full"})
            exact = Contexts(self.vocabulary, _states(replace(problem, conventions=full)))
        self.diagnosis = Diagnosis(self.vocabulary, Reference(problem, self.vocabulary), self.scenes)
        self.judge = Judge(self.vocabulary, self.scenes, self.contexts, exact, self.diagnosis)
        self.tables = Tables(self.vocabulary, self.contexts)

    def claims(self) -> list[Claim]:
        """Every claim, in the order of the document."""
        places = self._read()
        walk = self._walk(places)
        found: list[Claim] = []
        last: list[tuple[Side, int]] = []
        by_item = {place.item: (place, context) for place, context in zip(places, walk, strict=True)}
        context: Context | None = walk[0] if walk else None
        for item, content in enumerate(self.document.items):
            if isinstance(content, Table):
                found += self.tables.claims(content, context)
            if item in by_item:
                place, context = by_item[item]
                last = self._formula(place, context, last, found)
        return found

    # ---------------------------------------------------------------------------------------------- reading

    def _read(self) -> list[_Place]:
        """The formulas with their chains; what they define is known to those behind them."""
        places: list[_Place] = []
        number = -1
        for item, content in enumerate(self.document.items):
            if not isinstance(content, Formula):
                continue
            number += 1
            if content.table:
                continue
            place = _Place(number, content, item=item)
            try:
                place.chains = chains_of(content.text, self.vocabulary)
            except Unread as error:
                place.unread = error
            self._announce(place.chains)
            places.append(place)
        chains = [chain for place in places for chain in place.chains]
        self.vocabulary.per_example = are_per_example(chains, self.scenes)
        return places

    def _announce(self, chains: Sequence[Chain]) -> None:
        """Functions that a document defines are called where they stand behind."""
        for chain in chains:
            first = chain.sides[0].node
            second = chain.sides[1].node if len(chain.sides) > 1 else None
            if first is not None and second is not None and first.kind == "call":
                self.vocabulary.announce(first, second)

    # --------------------------------------------------------------------------------------------- contexts

    def _walk(self, places: Sequence[_Place]) -> list[Context | None]:
        """The context of every formula."""
        if not self.contexts.all:
            return [None] * len(places)
        costs = [self._costs(place) for place in places]
        hints = self._hints(places)
        return list(self.contexts.walk(costs, hints))

    def _hints(self, places: Sequence[_Place]) -> list[frozenset[Context]]:
        found: list[frozenset[Context]] = []
        item = 0
        current: Context | None = self.contexts.all[0]
        for place in places:
            hint: frozenset[Context] = frozenset()
            for content in self.document.items[item : place.item]:
                if isinstance(content, Heading | Prose):
                    hint = hinted(content.text, self.contexts, current) or hint
            if hint:
                current = min(hint, key=lambda one: one.state)
            found.append(hint)
            item = place.item
        return found

    def _costs(self, place: _Place) -> list[float]:
        pairs = [pair for chain in place.chains if not chain.compares for pair in _values(chain)]
        if not pairs or len(self.contexts.all) < 2:
            return [0.0] * len(self.contexts.all)
        return [self._cost(pairs, context) for context in self.contexts.all]

    def _cost(self, pairs: Sequence[tuple[Node, Node]], context: Context) -> float:
        cost = 0.0
        for left, right in pairs:
            meant = self.judge.numbers.meant(left, context)
            if meant.value is None:
                continue
            try:
                wrong = misfits(cells_of(right), meant.value)
            except Mistake:
                continue
            cost += 1.0 if wrong is None else len(wrong) and 1.0
        return cost

    # ----------------------------------------------------------------------------------------------- claims

    def _formula(
        self, place: _Place, context: Context | None, last: list[tuple[Side, int]], found: list[Claim]
    ) -> list[tuple[Side, int]]:
        """Judge the chains of a formula; its last side is what the next may go on with."""
        if place.unread is not None:
            found.append(_whole_unread(place))
            return []
        for chain in place.chains:
            whole = chain
            shift = 0
            if chain.continues and last:
                whole = Chain(
                    [*(side for side, _ in last), *chain.sides], words=chain.words, compares=chain.compares
                )
                shift = len(last)
            elif chain.continues and chain.sides and chain.sides[0].unread is None:
                found += [] if len(chain.sides) > 1 else [_alone(place, chain)]
            own = [place.formula.place(side.start)[0] for side in chain.sides]
            numbers = [*(line for _, line in last), *own] if shift else own
            if len(whole.sides) == 1 and not chain.compares and not place.formula.display:
                continue
            for number, finding in self.judge.chain(whole, Line(numbers, context)):
                if number >= shift:
                    found.append(_claim(place, whole, number, shift, finding))
            readable = [
                (side, line) for side, line in zip(whole.sides, numbers, strict=True) if side.node is not None
            ]
            last = readable if len(whole.sides) > 1 else []
        return last


def _states(problem: Problem) -> States | None:
    if not problem.is_numeric:
        return None
    try:
        states = States(problem)
        states.parameters(0)
    except Mistake:
        return None
    return states if states.count else None


def _values(chain: Chain) -> list[tuple[Node, Node]]:
    """The names with the results that are printed for them: the last one of a chain."""
    nodes = [side.node for side in chain.sides if side.node is not None]
    if any(side.relation in ("leftarrow", ":=") for side in chain.sides):
        nodes = nodes[1:]
    if len(nodes) < 2 or is_numeric(nodes[0]):
        return []
    results = [node for node in nodes[1:] if is_numeric(node) and cells_of(node) is not None]
    return [(nodes[0], results[-1])] if results else []


def _claim(place: _Place, chain: Chain, number: int, shift: int, finding: Finding) -> Claim:
    """A finding at its place in the document: from the side before the relation to the one behind it."""
    right = chain.sides[number]
    before = next((side for side in reversed(chain.sides[shift:number]) if side.node is not None), None)
    start = before.start if before is not None else right.start
    if finding.verdict is Verdict.UNREAD and right.unread is not None:
        start = min(right.unread.offset, max(right.end - 1, right.start))
    elif before is not None and place.formula.place(before.start)[0] != place.formula.place(right.start)[0]:
        start = right.start
    start = _with_its_size(place.formula.text, start)
    line, column = place.formula.place(start)
    end_line, end_column = place.formula.place(max(right.end - 1, start))
    return Claim(
        line,
        column,
        end_line,
        end_column + 1,
        place.formula.text[start : right.end].strip(),
        finding.verdict,
        finding.reason,
        finding.mistake,
        finding.expected,
        finding.counterexample,
        finding.follows,
        place.number,
    )


def _with_its_size(latex: str, start: int) -> int:
    r"""Where a side begins, with the \left or \Big before its bracket, which is no token."""
    found = _SIZED.search(latex, 0, start)
    return found.start() if found is not None else start


def _whole_unread(place: _Place) -> Claim:
    assert place.unread is not None
    offset = min(place.unread.offset, max(len(place.formula.text) - 1, 0))
    line, column = place.formula.place(offset)
    end_line, end_column = place.formula.place(max(len(place.formula.text) - 1, 0))
    reason = place.unread.what
    shown = place.formula.text[:200]
    return Claim(line, column, end_line, end_column + 1, shown, Verdict.UNREAD, reason, formula=place.number)


def _alone(place: _Place, chain: Chain) -> Claim:
    """A chain that begins with a relation, and nothing stands before it."""
    side = chain.sides[0]
    line, column = place.formula.place(side.start)
    end_line, end_column = place.formula.place(max(side.end - 1, side.start))
    reason = said("what it is equal to is not known")
    latex = place.formula.text[side.start : side.end]
    return Claim(
        line, column, end_line, end_column + 1, latex, Verdict.UNDECIDED, reason, formula=place.number
    )
