"""The verdict on every relation of a chain: identities of formulas, values, arithmetic, rules of update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mpmath import mp, mpf

from symbackprop.check.claims import Counterexample, Slip, Verdict
from symbackprop.check.contexts import Context, Contexts
from symbackprop.check.diagnosis import Diagnosis
from symbackprop.check.findings import Finding, refuted
from symbackprop.check.narrower import Narrower
from symbackprop.check.notes import Notes
from symbackprop.check.numbers import Numbers
from symbackprop.check.rows import Rows
from symbackprop.check.tex import Tex
from symbackprop.check.updates import Updates
from symbackprop.content import text
from symbackprop.errors import Mistake
from symbackprop.formulas.chains import Chain, Side
from symbackprop.formulas.spec_names import Defined
from symbackprop.formulas.tree import Name, Node, is_numeric, names_in, standing_names
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.reckoning import paper
from symbackprop.reckoning.identities import Outcome, compare, every_name, settings
from symbackprop.reckoning.paper import Misfit, Undefined
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.rounding import cells_of, plain_number
from symbackprop.reckoning.scene import Scene, Unknown, is_generic


@dataclass
class Line:
    """Where a chain stands, while it is judged.

    Attributes:
        numbers: the line of each side.
        context: which numbers it speaks of.
        wrong: the places of its refuted sides; `refuted`: where they begin.
    """

    numbers: Sequence[int]
    context: Context | None
    wrong: set[int] = field(default_factory=set)
    refuted: set[int] = field(default_factory=set)


class Judge:
    """Judges chains in the order of the document; what it said before is remembered in its notes.

    Args:
        vocabulary: what names mean.
        scenes: random points.
        contexts: the numbers of the spec.
        exact: the same for results without decimals, of which nothing was rounded on the way.
        diagnosis: of what is wrong.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        scenes: Sequence[Scene],
        contexts: Contexts,
        exact: Contexts,
        diagnosis: Diagnosis,
    ) -> None:
        self.vocabulary, self.scenes = vocabulary, list(scenes)
        self.contexts, self.diagnosis = contexts, diagnosis
        self.notes = Notes(vocabulary)
        self.kinds: dict[int, Slip] = {}
        self.rows = Rows(vocabulary, scenes[0])
        self.updates = Updates(vocabulary, self.scenes)
        self.narrower = Narrower(vocabulary, contexts, self.scenes)
        loose = scenes[0].loose
        self.numbers = Numbers(vocabulary, contexts, self.notes, diagnosis, loose=loose)
        self.exact = self.numbers
        if exact is not contexts:
            self.exact = Numbers(vocabulary, exact, self.notes, diagnosis, loose=loose)

    def chain(self, chain: Chain, line: Line) -> list[tuple[int, Finding]]:
        """The verdict on each relation, by the place of the side to its right."""
        if chain.compares:
            return [
                (place, unread(side)) for place, side in enumerate(chain.sides) if side.unread is not None
            ]
        found: list[tuple[int, Finding]] = []
        before: list[int] = []
        for place, side in enumerate(chain.sides):
            if side.unread is not None:
                found.append((place, unread(side)))
            elif side.node is not None and before:
                finding = self._relation(chain, before, place, line)
                if finding is not None:
                    finding = self._of_its_root(finding, line.numbers[place])
                    found.append((place, finding))
                    if finding.renames:
                        before = []
                    elif finding.verdict is Verdict.REFUTED:
                        line.wrong.add(place)
                        line.refuted.add(side.start)
                if before and self.updates.is_rule(chain.sides[before[0]], side):
                    before = []
            if side.node is not None:
                before.append(place)
        return found

    def _of_its_root(self, finding: Finding, line: int) -> Finding:
        """What follows from an earlier mistake is of its kind."""
        if finding.follows is not None:
            return replace(finding, mistake=self.kinds.get(finding.follows, finding.mistake))
        if finding.mistake is not None:
            self.kinds.setdefault(line, finding.mistake)
        return finding

    # -------------------------------------------------------------------------------------------- relations

    def _relation(self, chain: Chain, before: list[int], place: int, line: Line) -> Finding | None:
        left, right = chain.sides[before[-1]], chain.sides[place]
        assert left.node is not None
        assert right.node is not None
        is_rule = self.updates.is_rule(left, right)
        if len(before) == 1 and not is_rule and self._defines(left.node, right):
            return self._definition(left.node, right)
        if is_rule:
            return self._rule(left.node, right.node)
        if any(one.kind == "ellipsis" for node in (left.node, right.node) for one in node.walk()):
            return Finding(Verdict.UNDECIDED, text("dots stand for what is left out"))
        anchors = [chain.sides[one] for one in before]
        if is_numeric(right.node):
            wrong = line.numbers[before[-1]] if before[-1] in line.wrong else None
            return self._numeric(anchors, right, line, wrong)
        if is_numeric(left.node) and not all(is_numeric(one.node) for one in anchors if one.node):
            return self._numeric_reversed(anchors, right, line)
        if is_numeric(left.node):
            return self._numeric([right], replace(left, relation="="), line, None)
        return self._identity(anchors, right, line, [place in line.wrong for place in before])

    def _rule(self, left: Node, right: Node) -> Finding:
        finding = self.updates.judged(left, right)
        if finding.verdict is not Verdict.REFUTED:
            return finding
        given = (Updates(self.vocabulary, scenes) for scenes in self.narrower.given.scenes_for(right))
        if any(one.judged(left, right).verdict is Verdict.VERIFIED for one in given):
            return Finding(Verdict.VERIFIED, text("it holds for the numbers of the spec"))
        return finding

    # ------------------------------------------------------------------------------------------ definitions

    def _definition(self, left: Node, right: Side) -> Finding:
        """The verdict on a definition: δ_3 = …, where the spec has a δ_1 and a δ_2, may be no new name."""
        name = left.value
        assert right.node is not None
        is_plain = right.relation in ("=", "approx") and right.node.kind not in ("name", "derivative")
        if left.kind == "name" and isinstance(name, Name) and is_plain and self.vocabulary.has_letter(name):
            what = Tex(str(name))
            reason = text("what {names} means is not known; it is taken for what stands here", names=what)
            return Finding(Verdict.UNDECIDED, reason)
        return Finding(Verdict.VERIFIED, text("a definition"))

    def _defines(self, left: Node, right: Side) -> bool:
        """Take a definition: an unknown name or function on the left."""
        assert right.node is not None
        while left.kind == "group":
            left = left.parts[0]
        if left.kind == "call":
            return self._defines_function(left, right.node)
        if left.kind != "name" or not isinstance(left.value, Name) or left.value.primes:
            return False
        name = left.value
        if self.vocabulary.find(name) is not None:
            return False
        if self.vocabulary.bindings(name) or is_generic(replace(name, above=()), self.vocabulary):
            return False
        if name.letter in self.vocabulary.functions and not name.below:
            return False
        before = self.vocabulary.definition(name)
        if before is not None and cells_of(before) is not None and cells_of(right.node) is not None:
            # m = 5, m = 15: one setting after another.
            before = None
        if before is not None or name in self.rows.names:
            return False
        if any(found == name for found in every_name(right.node)):
            return True
        self.vocabulary.define(name, right.node)
        return True

    def _defines_function(self, left: Node, body: Node) -> bool:
        head = left.value[0] if isinstance(left.value, tuple) else None
        if not isinstance(head, Name) or not all(part.kind == "name" for part in left.parts):
            return False
        known = self.vocabulary.called(head)
        if isinstance(known, str) or self.vocabulary.find(head) is not None or self.vocabulary.letters(head):
            return False
        arguments = tuple(part.value for part in left.parts if isinstance(part.value, Name))
        if any(
            isinstance(one.value, tuple) and one.value and one.value[0] == head
            for one in body.walk()
            if one.kind == "call"
        ):
            return True
        self.vocabulary.functions[str(head)] = Defined(arguments, body)
        return True

    # --------------------------------------------------------------------------------------------- formulas

    def _identity(self, anchors: Sequence[Side], right: Side, line: Line, wrong: Sequence[bool]) -> Finding:
        left = anchors[-1]
        assert left.node is not None
        assert right.node is not None
        first = anchors[0]
        assert first.node is not None
        outcome = compare(left.node, right.node, self.scenes)
        if outcome.status == "equal":
            if wrong[-1]:
                return Finding(Verdict.REFUTED, follows=line.numbers[0])
            return Finding(Verdict.VERIFIED, text("both sides agree at random points"))
        if len(anchors) > 1:
            whole = compare(first.node, right.node, self.scenes)
            if whole.status == "equal":
                return Finding(Verdict.VERIFIED, text("it agrees with the first side at random points"))
            if whole.status == "different" and outcome.kind != "norm":
                outcome = whole
        narrower = self.narrower.of(first.node, right.node, outcome, line.context)
        if narrower is not None:
            return Finding(Verdict.VERIFIED, narrower)
        if outcome.status == "unknown":
            of_data = self.rows.compared(first.node, right.node, outcome)
            if of_data is None and self.updates.skips_updates(first.node, right.node):
                return refuted(Slip.WRONG_INDEX, "")
            if of_data is None:
                return self._undecided(outcome)
            if of_data.status == "equal":
                return Finding(Verdict.VERIFIED, text("it holds for every row of the data"))
            outcome = of_data
        return self._refuted(first, left, right, outcome, line)

    def _refuted(self, first: Side, left: Side, right: Side, outcome: Outcome, line: Line) -> Finding:
        assert first.node is not None
        assert left.node is not None
        assert right.node is not None
        follows = self.notes.follows(first.node, right.node, self.scenes)
        slip, expected, renames = self.diagnosis.of_formula(first.node, left.node, right.node, outcome)
        if self.updates.skips_updates(first.node, right.node):
            slip = Slip.WRONG_INDEX
        if follows is None and not renames:
            self.notes.wrong_formula(first.node, right.node, line.numbers[0])
        shown = counterexample(outcome, (left.node, right.node))
        finding = refuted(slip, expected, misfit=outcome.misfit)
        return replace(finding, counterexample=shown, follows=follows, renames=renames)

    def _undecided(self, outcome: Outcome) -> Finding:
        if outcome.kind == "name":
            reason = text(
                "what {names} means is not known; say it with --alias", names=Tex(str(outcome.unknown))
            )
        elif outcome.kind == "numbers":
            reason = text("there is no number for {name}", name=outcome.unknown)
        elif outcome.kind == "value":
            reason = text("it has no value at the points that were tried: {what}", what=outcome.unknown)
        else:
            reason = text("this is not decided: {what}", what=outcome.unknown)
        return Finding(Verdict.UNDECIDED, reason)

    # ---------------------------------------------------------------------------------------------- numbers

    def _numeric(self, anchors: Sequence[Side], right: Side, line: Line, wrong: int | None) -> Finding:
        """A number, or numbers put in, behind names or behind other numbers."""
        symbolic = [side for side in anchors if side.node is not None and not is_numeric(side.node)]
        formula = symbolic[0].node if symbolic else None
        assert right.node is not None
        is_rounded = self._is_rounded(right.node)
        numbers = self.numbers if is_rounded else self.exact
        if formula is not None and not is_rounded:
            outcome = compare(formula, right.node, self.scenes)
            if outcome.status == "equal":
                numbers.note(symbolic, right, line.numbers[-1])
                return Finding(Verdict.VERIFIED, text("both sides agree at random points"))
            of_any = outcome.scene is not None and bool(outcome.scene.free)
            if outcome.status == "different" and (of_any or self._is_constant(formula)):
                return self._refuted(symbolic[0], symbolic[-1], right, outcome, line)
        sound = [side for side in anchors if not self._is_wrong(side, line)]
        finding = numbers.judged(sound, right, line.context, line.numbers, wrong)
        if finding.verdict is Verdict.REFUTED and cells_of(right.node) is None and numbers is not self.exact:
            unrounded = self.exact.judged(sound, right, line.context, line.numbers, wrong)
            finding = unrounded if unrounded.verdict is Verdict.VERIFIED else finding
        if len(sound) == len(anchors):
            return finding
        if finding.verdict is not Verdict.REFUTED:
            is_first = finding.verdict is Verdict.VERIFIED and anchors[-1] not in sound
            return replace(finding, reason=text("it is the value of the first side")) if is_first else finding
        formulas = [side for side in anchors if self._is_wrong(side, line)]
        if numbers.judged(formulas, right, line.context, line.numbers).verdict is Verdict.VERIFIED:
            return replace(finding, follows=line.numbers[0])
        return finding

    @staticmethod
    def _is_wrong(side: Side, line: Line) -> bool:
        """Whether a formula was refuted before, in this chain."""
        return side.node is not None and not is_numeric(side.node) and side.start in line.refuted

    def _numeric_reversed(self, anchors: Sequence[Side], right: Side, line: Line) -> Finding:
        """Names behind numbers, behind names."""
        symbolic = [side for side in anchors if side.node is not None and not is_numeric(side.node)]
        return self._identity([symbolic[0]], right, line, [False])

    @staticmethod
    def _is_rounded(node: Node) -> bool:
        return any(getattr(one.value, "unit", 0) for one in node.walk() if one.kind == "number")

    def _is_constant(self, node: Node) -> bool:
        """Whether a side has one value at all random points, as ∂z/∂b = 1 has."""
        values = []
        if any(
            found is not None and found.kind == "size" for found in map(self.vocabulary.find, names_in(node))
        ):
            return False
        for scene in self.scenes:
            try:
                values.append(value_of(node, settings(scene, (node,))[0]))
            except (Unknown, Misfit, Undefined, Mistake):
                return False
        return all(paper.same(values[0], other, mpf(10) ** -25, mpf(0)) for other in values[1:]) and not any(
            scene.free for scene in self.scenes
        )


def unread(side: Side) -> Finding:
    """A side that could not be read."""
    assert side.unread is not None
    return Finding(Verdict.UNREAD, side.unread.what)


def counterexample(outcome: Outcome, nodes: Sequence[Node]) -> Counterexample | None:
    """The numbers of the names at a point where two sides differ."""
    scene = outcome.scene
    if scene is None or outcome.misfit is not None:
        return None
    at: dict[str, str] = {}
    for node in nodes:
        for name in standing_names(node):
            full = scene.name(name)
            try:
                value = value_of(Node("name", (), full), scene)
            except (Unknown, Misfit, Undefined, Mistake):
                continue
            if scene.vocabulary.is_value(full):
                at.setdefault(str(full), plain_number(value))
    with mp.workdps(15):
        return Counterexample(at, plain_number(outcome.right), plain_number(outcome.left))
