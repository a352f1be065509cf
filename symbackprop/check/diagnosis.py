"""The kind of a mistake: slips are tried on the right formula and on the wrong one until one explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any

import numpy as np
from mpmath import mpf

from symbackprop import functions, operations
from symbackprop.check.array_slips import Variant
from symbackprop.check.claims import Slip
from symbackprop.check.reference import Reference, Right
from symbackprop.check.slips import Slips
from symbackprop.check.trees import name_node
from symbackprop.errors import Mistake
from symbackprop.formulas.keys import key_of, key_of_name
from symbackprop.formulas.names import bound
from symbackprop.formulas.tree import Name, Node, spelled, standing_names
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Role
from symbackprop.reckoning import paper
from symbackprop.reckoning.identities import Outcome
from symbackprop.reckoning.paper import Misfit, Undefined, settled, shape_of
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene, Unknown

LONGEST = 150
"""Nodes of a wrong formula whose kind of mistake is still looked for."""
MOST = 6000
"""Variants that are tried for one mistake."""

_LIKE_DIAGONAL = frozenset(
    (Slip.MISSING_PATH, Slip.WRONG_INDEX, Slip.ACTIVATION_DOUBLED, Slip.FORWARD, Slip.SIGN, Slip.ELEMENTWISE)
)
"""What the diagonal of a softmax alone may look like, too."""

PRIORITY = (
    Slip.ASCENT,
    Slip.BIAS,
    Slip.ACTIVATION_MISSING,
    Slip.ACTIVATION_DOUBLED,
    Slip.FACTOR,
    Slip.SOFTMAX_DIAGONAL,
    Slip.TRANSPOSE,
    Slip.ELEMENTWISE,
    Slip.ORDER,
    Slip.MISSING_PATH,
    Slip.SIGN,
    Slip.FORWARD,
    Slip.PRODUCT_FOR_SUM,
    Slip.LOSS_FOR_DELTA,
    Slip.WRONG_POINT,
    Slip.MISSING_FACTOR,
    Slip.WRONG_NAME,
    Slip.WRONG_INDEX,
    Slip.AXIS,
    Slip.EXTRA_FACTOR,
    Slip.OTHER,
)
"""Of several slips that explain a mistake, the one that comes first here is said."""


class Diagnosis:
    """Finds kinds of mistakes in the documents of one problem."""

    def __init__(self, vocabulary: Vocabulary, reference: Reference, scenes: Sequence[Scene]) -> None:
        self.vocabulary, self.reference, self.scenes = vocabulary, reference, list(scenes)

    def of_formula(self, first: Node, left: Node, right: Node, outcome: Outcome) -> tuple[Slip, str, bool]:
        """The kind of mistake of a formula, the right one in LaTeX, and whether only the name is wrong."""
        scene = outcome.scene or self.scenes[0]
        known = self.reference.of(_bound_key(first, self.vocabulary, dict(scene.binding)))
        other = self.other_name(first, right, scene)
        if other is not None:
            return Slip.WRONG_NAME, str(other), True
        candidates = [one.node for one in known]
        if left is not first:
            candidates.append(left)
        expected = _shortest(known)
        is_forward = any(one.is_forward for one in known)
        return self._slip(right, candidates, first, scene, is_forward=is_forward), expected, False

    def _slip(
        self, wrong: Node, candidates: list[Node], left: Node, scene: Scene, *, is_forward: bool
    ) -> Slip:
        if sum(1 for _ in islice(wrong.walk(), LONGEST + 1)) > LONGEST:
            return Slip.OTHER
        slips = Slips(self.vocabulary, is_forward=is_forward)
        found = set(self._forwards(wrong, candidates, scene, slips))
        if found <= _LIKE_DIAGONAL and self._is_diagonal(wrong, left, scene):
            return Slip.SOFTMAX_DIAGONAL
        if not found and self._is_of_other_axis(wrong, left, scene):
            return Slip.AXIS
        if not found:
            found = set(self._special(wrong, left, scene))
        if not found:
            found = set(self._backwards(wrong, left, scene, slips))
        slip = next((slip for slip in PRIORITY if slip in found), Slip.OTHER)
        return Slip.BIAS if slip is Slip.EXTRA_FACTOR and self._is_by_bias(wrong, left) else slip

    def _is_by_bias(self, wrong: Node, left: Node) -> bool:
        """Whether the factor too many is the very parameter that is differentiated by."""
        name = self.differentiated(left)
        standing = {key_of_name(one, self.vocabulary) for one in standing_names(wrong)}
        if name is None or f"node {name}" not in standing:
            return False
        graph = self.vocabulary.graph
        return graph[name].role is Role.PARAMETER and all(
            np.all(scene.point.slope(str(user.name), name) == 1)
            for user in graph.consumers[graph[name].symbol]
            for scene in self.scenes
        )

    # -------------------------------------------------------------------- slips of the right formula

    def alike(self, wrong: Node, left: Node) -> Slip | None:
        """The slip that makes what reads like the wrong formula of a right one."""
        slips, text = Slips(self.vocabulary, is_forward=False), spelled(wrong)
        candidates = [one.node for one in self.reference.of(left)]
        found = {
            slip for one in candidates for slip, variant in slips.readings(one) if spelled(variant) == text
        }
        return next((slip for slip in PRIORITY if slip in found), None)

    def _forwards(self, wrong: Node, candidates: list[Node], scene: Scene, slips: Slips) -> Iterator[Slip]:
        """The slips that make the wrong formula of a right one."""
        text = spelled(wrong)
        alike = {
            slip for one in candidates for slip, variant in slips.readings(one) if spelled(variant) == text
        }
        if alike:
            yield from alike
            return
        value = self._value(wrong, scene, None)
        tried = 0
        for candidate in candidates:
            for slip, variant in slips.of(candidate):
                tried += 1
                if tried > MOST:
                    return
                if self._is(variant, value, text, scene):
                    yield slip

    def _is(self, variant: Node, value: Any, text: str, scene: Scene) -> bool:
        if value is None:
            return spelled(variant) == text
        other = self._value(variant, scene, shape_of(value))
        return other is not None and _agree(other, value)

    def _value(self, node: Node, scene: Scene, shape: tuple[int, ...] | None) -> Any | None:
        try:
            return settled(value_of(node, scene.having(shape=shape or ())))
        except (Unknown, Misfit, Undefined, Mistake, TypeError, ZeroDivisionError):
            return None

    # -------------------------------------------------------------------- what would mend the wrong one

    def _backwards(self, wrong: Node, left: Node, scene: Scene, slips: Slips) -> Iterator[Slip]:
        """The slips that make the wrong formula right again."""
        right = self._value(left, scene, None)
        if right is None:
            return
        for tried, (slip, variant) in enumerate(slips.of(wrong)):
            if tried > MOST:
                return
            if self._is(variant, right, "", scene):
                yield _MENDS.get(slip, slip)

    def _special(self, wrong: Node, left: Node, scene: Scene) -> Iterator[Slip]:
        """Another quantity than the one on the left: the derivative by what uses it, or by what it uses."""
        value = self._value(wrong, scene, None)
        if value is None:
            return
        for slip, other in self._others(left):
            found = self._value(other, scene, shape_of(value))
            if found is not None and _agree(found, value):
                yield slip

    def _others(self, left: Node) -> Iterator[Variant]:
        """What is taken for the left side by mistake."""
        graph = self.vocabulary.graph
        output = self.vocabulary.output_node(-1)
        name = self.differentiated(left)
        if name is None:
            return
        for user in graph.consumers[graph[name].symbol]:
            yield Slip.LOSS_FOR_DELTA, _derivative(output, str(user.name))
        for parent in graph[name].parents:
            yield Slip.LOSS_FOR_DELTA, _derivative(output, str(parent.name))

    def other_name(self, left: Node, right: Node, scene: Scene) -> Name | None:
        """The name of the same letter that the right side is the value of: ŷ, where y stands on the left."""
        if left.kind != "name" or not isinstance(left.value, Name):
            return None
        value = self._value(right, scene, None)
        for other in Slips(self.vocabulary, is_forward=True).all_names():
            if value is None or other.letter != left.value.letter or other.accent == left.value.accent:
                continue
            found = self._value(Node("name", (), other, -1, -1), scene, None)
            if found is not None and _agree(found, value):
                return other
        return None

    def _is_diagonal(self, wrong: Node, left: Node, scene: Scene) -> bool:
        """Whether only the diagonal of a softmax's derivatives was taken, or nothing of what it subtracts."""
        value = self._value(wrong, scene, None)
        if value is None:
            return False
        made = [*self._diagonals(left, scene), *self._off_the_diagonal(left, scene)]
        return any(_agree(one, value) for one in made)

    def _diagonals(self, left: Node, scene: Scene) -> Iterator[Any]:
        """p(1 - p) ∂L/∂p and p ∂L/∂p, for a delta or a derivative by what a softmax takes."""
        name = self.differentiated(left)
        if name is None:
            return
        graph, output = self.vocabulary.graph, self.vocabulary.graph.output.name
        scale = self._scale(name) if left.kind == "name" else mpf(1)
        for user in (graph[one] for one in graph.consumers[graph[name].symbol]):
            if self._is_softmax(user):
                p = scene.point[user.name]
                slope = scene.point.slope(output, user.name) * scale
                yield paper.on_paper(slope * p * (1 - p))
                yield paper.on_paper(slope * p)

    def _scale(self, name: str) -> Any:
        """By what a delta is more than the derivative."""
        point = self.scenes[0].point
        delta = paper.entries_of(point.delta(name))
        slope = paper.entries_of(point.slope(self.vocabulary.graph.output.name, name))
        return next((one / other for one, other in zip(delta, slope, strict=True) if other != 0), mpf(1))

    def _off_the_diagonal(self, left: Node, scene: Scene) -> Iterator[Any]:
        """0, p_i(1 - p_i) and what mixes it with -p_i p_j, for ∂p_i/∂z_j."""
        names = [part.value for part in left.parts if isinstance(part.value, Name)]
        if left.kind != "derivative" or len(names) != 2:
            return
        of, by = (self.vocabulary.find(scene.name(name)) for name in names)
        if (
            of is None
            or by is None
            or of.kind != "node"
            or not self._is_softmax(self.vocabulary.graph[of.name])
        ):
            return
        nodes = [node for node in self.vocabulary.graph.inner if self._is_softmax(node) and not node.shape]
        chances = [scene.point[node.name] for node in nodes]
        for one, other in product(chances, repeat=2):
            yield from (one * (1 - other), -one * (1 - other))
        yield mpf(0)

    @staticmethod
    def _is_softmax(node: Any) -> bool:
        heads = (functions.softmax, operations.softmax_along)
        return node.expression is not None and bool(node.expression.atoms(*heads))

    def _is_of_other_axis(self, wrong: Node, left: Node, scene: Scene) -> bool:
        """Whether a sum runs along the wrong axis of the delta that it adds up."""
        name = self.differentiated(left)
        value = self._value(wrong, scene, None)
        if name is None or value is None or np.ndim(value) != 2 or 1 not in np.shape(value):
            return False
        graph = self.vocabulary.graph
        for user in graph.consumers[graph[name].symbol]:
            upstream = np.asarray(
                paper.on_paper(scene.point.slope(graph.output.name, str(user.name))), dtype=object
            )
            if upstream.ndim != 2:
                continue
            for axis in (0, 1):
                total = upstream.sum(axis=axis)
                if total.size == value.size and _agree(total.reshape(value.shape), value):
                    return True
        return False

    def differentiated(self, left: Node) -> str | None:
        """The node that the output is differentiated by on the left; None: something else stands there."""
        key = key_of(left, self.vocabulary)
        if key.startswith("delta "):
            return self.vocabulary.delta_of.get(key.removeprefix("delta "))
        head = f"d node {self.vocabulary.graph.output.name} / node "
        if key.startswith(head) and " " not in key.removeprefix(head):
            return key.removeprefix(head)
        return None


_MENDS = {
    Slip.MISSING_FACTOR: Slip.EXTRA_FACTOR,
    Slip.EXTRA_FACTOR: Slip.MISSING_FACTOR,
    Slip.ACTIVATION_MISSING: Slip.ACTIVATION_DOUBLED,
    Slip.ACTIVATION_DOUBLED: Slip.ACTIVATION_MISSING,
    Slip.MISSING_PATH: Slip.OTHER,
    Slip.FORWARD: Slip.OTHER,
}
"""A slip that mends a formula, and what its mistake is then."""


def _agree(left: Any, right: Any) -> bool:
    """Whether two values at a random point are those of one quantity."""
    return paper.same(left, right, mpf(10) ** -20, mpf(10) ** -40)


def _shortest(known: Sequence[Right]) -> str:
    """The formula to show: without derivatives in it where there is one, and more than a name."""
    plain = [one for one in known if not any(part.kind == "derivative" for part in one.node.walk())]
    told = [one for one in plain if one.node.kind != "name"]
    return (told or plain or list(known))[-1].latex if known else ""


def _derivative(of: Node, by: str) -> Node:
    return Node("derivative", (of, name_node(by)), "partial", -1, -1)


def _bound_key(node: Node, vocabulary: Vocabulary, binding: dict[str, int]) -> Node:
    """The left side with its indices in numbers."""
    if node.kind == "name" and isinstance(node.value, Name):
        return node.having(value=bound(node.value, binding))
    return node.having(*(_bound_key(part, vocabulary, binding) for part in node.parts))
