"""What dZ means in a document: ∂L/∂Z, or the derivative of the loss of each example, as where dZ = A - Y."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from symbackprop.formulas.chains import Chain
from symbackprop.formulas.tree import Node
from symbackprop.reckoning.identities import compare
from symbackprop.reckoning.scene import Scene


def are_per_example(chains: Sequence[Chain], scenes: Sequence[Scene]) -> bool:
    """Whether the first formula that is right in one meaning alone is right for each example."""
    vocabulary = scenes[0].vocabulary
    for left, right in _with_differentials(chains):
        holds = []
        for vocabulary.per_example in (True, False):
            holds.append(compare(left, right, scenes).status == "equal")
        if holds[0] != holds[1]:
            return holds[0]
    return False


def _with_differentials(chains: Sequence[Chain]) -> Iterator[tuple[Node, Node]]:
    """The equations in which a differential stands."""
    for chain in chains:
        nodes = [side.node for side in chain.sides if side.node is not None]
        for pair in pairwise(nodes):
            if any(one.value == "differential" for node in pair for one in node.walk()):
                yield pair
