r"""Sums and products over an index: \sum_{i=1}^{n} x_i, with limits or over all that the names allow."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from mpmath import mp, mpf

from symbackprop.content import text
from symbackprop.formulas.names import agreeing, bound
from symbackprop.formulas.tree import Node, indices_of, names_in, range_of
from symbackprop.graph import Role
from symbackprop.reckoning import paper
from symbackprop.reckoning.algebra import Algebra
from symbackprop.reckoning.paper import Misfit, settled
from symbackprop.reckoning.scene import Unknown


class Sums(Algebra):
    """Evaluates sums."""

    def _big(self, node: Node) -> Any:
        word, index, has_lower, has_upper = range_of(node)
        body = node.parts[0]
        letters = index or self._unbound(body)
        self._check_examples(body, letters)
        if not letters:
            return self._whole(self(body), word)
        if has_lower and has_upper:
            ranges = self._given_range(node)
            if ranges is not None:
                return self._total(body, [{letters[0]: one} for one in ranges], word)
        return self._total(body, self._domain(body, tuple(letters)), word)

    def _check_examples(self, body: Node, letters: tuple[str, ...]) -> None:
        """In a sum over examples, what has no example's superscript while others have one means nothing."""
        vocabulary = self.scene.vocabulary
        names = [self.scene.name(name) for name in names_in(body)]
        if not any(content in letters for name in names for _, content in name.above):
            return
        for name in names:
            referent = vocabulary.find(name)
            if referent is None or referent.labels or referent.kind not in ("node", "delta"):
                continue
            node = vocabulary.graph_node(referent)
            if node.role is not Role.PARAMETER and vocabulary.example_axis(node) is not None:
                raise Unknown(text("which example {name} is of", name=str(name)), "meaning")

    def _whole(self, value: Any, word: str) -> Any:
        """The sum of all entries."""
        value = settled(value)
        if word != "sum" or not isinstance(value, np.ndarray):
            return value
        return mp.fsum(value.reshape(-1))

    def _unbound(self, body: Node) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in names_in(body):
            for letter in sorted(self.scene.vocabulary.letters(bound(name, self.scene.binding))):
                found.setdefault(letter)
        return tuple(found)

    def _given_range(self, node: Node) -> range | None:
        try:
            free = set(self.scene.free)
            low, high = self.plain(node.parts[1]), self.plain(node.parts[2])
        except (Unknown, Misfit):
            return None
        if self.scene.free - free or low != int(low) or high != int(high) or high - low > 2000:
            self.scene.free.intersection_update(free)
            return None
        return range(int(low), int(high) + 1)

    def _domain(self, body: Node, letters: tuple[str, ...]) -> list[dict[str, int]]:
        """The numbers of the letters with which all names of the body are names of the spec."""
        found: list[dict[str, int]] | None = None
        for name in names_in(body):
            partly = bound(name, self.scene.binding)
            own = self.scene.vocabulary.letters(partly) & set(letters)
            if own:
                choices = [
                    {letter: one[letter] for letter in own}
                    for one in self.scene.vocabulary.bindings(partly)
                    if own <= set(one)
                ]
                found = choices if found is None else agreeing(found, choices)
        for entry in body.walk():
            if entry.kind == "entry" and set(indices_of(entry)) & set(letters):
                choices = self._entry_choices(entry, letters)
                found = choices if found is None else agreeing(found, choices)
        if not found or any(set(one) != set(letters) for one in found):
            raise Unknown(text("what {letters} runs over", letters=", ".join(letters)), "meaning")
        return found

    def _entry_choices(self, entry: Node, letters: tuple[str, ...]) -> list[dict[str, int]]:
        value = np.asarray(self.plain(entry.parts[0]), dtype=object)
        indices = indices_of(entry)
        if value.ndim == 2 and len(indices) == 1 and 1 in value.shape:
            value = value.reshape(-1)
        if value.ndim != len(indices):
            return [dict.fromkeys((one for one in indices if one in letters), 1)] if value.ndim == 0 else []
        return [
            {letter: place[axis] + 1 for axis, letter in enumerate(indices) if letter in letters}
            for place in np.ndindex(value.shape)
        ]

    def _total(self, body: Node, choices: list[dict[str, int]], word: str) -> Any:
        combine = paper.add if word == "sum" else operator.mul
        total: Any = None
        for choice in choices:
            scene = self.scene.having(binding={**self.scene.binding, **choice})
            value = settled(type(self)(scene, self.depth)(body))
            total = value if total is None else combine(total, value)
        return mpf(word == "prod") if total is None else total
