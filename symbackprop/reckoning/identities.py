"""Whether two sides are equal: by evaluation at random points, for all numbers of their indices.

Agreement at points is no proof, and is not called one; a difference at one point is a counterexample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
from mpmath import mpf

from symbackprop.content import Text, text
from symbackprop.errors import Mistake
from symbackprop.formulas.names import agreeing, as_step, letters_in
from symbackprop.formulas.tree import Name, Node, names_in, range_of, standing_names
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.reckoning import paper
from symbackprop.reckoning.paper import Jacobian, Misfit, Undefined
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene, Unknown, is_generic

RELATIVE = mpf(10) ** -22
FLOOR = mpf(10) ** -42
MOST_BINDINGS = 80
"""Choices of numbers for index letters that are tried; where there are more, as many spread over all."""


@dataclass(frozen=True)
class Outcome:
    """What a comparison found.

    Attributes:
        status: `equal`, `different` or `unknown`.
        left: the value of the left side where they differ; `right` likewise.
        scene: where they differ.
        misfit: the shapes that do not fit, where that is the difference.
        unknown: what is not known.
        kind: of what is not known: `name`, `numbers`, `meaning`, `value`.
    """

    status: str
    left: Any = None
    right: Any = None
    scene: Scene | None = None
    misfit: Misfit | None = None
    unknown: Text | str = ""
    kind: str = "name"
    names: frozenset[Name] = field(default_factory=frozenset)


EQUAL = Outcome("equal")


def compare(left: Node, right: Node, scenes: Sequence[Scene]) -> Outcome:
    """Compare two sides in all scenes, for all numbers of their index letters.

    Where ∂f/∂x is not equal along all ways, it may mean the direct way only: that is tried, too.
    """
    outcome = _compared(left, right, scenes)
    if outcome.status == "different" and _is_ambiguous((left, right), scenes[0].vocabulary):
        for way in _local_ways((left, right), scenes[0].vocabulary):
            there = [scene.having(local=way) for scene in scenes]
            local = _compared(left, right, there)
            if local.status == "equal" and not _loses_a_slope((left, right), there):
                return local
    return outcome


def _local_ways(nodes: Sequence[Node], vocabulary: Vocabulary) -> Iterator[str]:
    """What ∂f/∂x may mean besides the derivative along all ways, the likeliest first."""
    if {"d", "partial"} <= {one.value for one in _derivatives(nodes)}:
        yield "signs"
    yield "gates"
    if _are_direct(nodes, vocabulary):
        yield "direct"


def _derivatives(nodes: Sequence[Node]) -> Iterator[Node]:
    return (one for node in nodes for one in node.walk() if one.kind == "derivative")


def _are_direct(nodes: Sequence[Node], vocabulary: Vocabulary) -> bool:
    """Whether all derivatives are by what is used directly: then they may be meant as local slopes."""
    graph = vocabulary.graph
    for one in _derivatives(nodes):
        referents = [
            vocabulary.find(part.value) if isinstance(part.value, Name) else None for part in one.parts
        ]
        if any(found is None or found.kind != "node" for found in referents):
            return False
        upper, lower = (graph[found.name] for found in referents if found is not None)
        if lower.symbol not in upper.parents:
            return False
    return True


def _loses_a_slope(nodes: Sequence[Node], scenes: Sequence[Scene]) -> bool:
    """Whether a derivative is nothing along the direct way alone, at every point: then that was not meant."""
    return any(
        all(_is_nothing(one, scene) for scene in scenes)
        and not all(_is_nothing(one, scene.having(local="")) for scene in scenes)
        for one in _derivatives(nodes)
    )


def _is_nothing(node: Node, scene: Scene) -> bool:
    try:
        choice = bindings_of((node,), scene.vocabulary)[0]
        value = value_of(node, settings(scene.having(binding=choice), (node,))[0])
    except (Unknown, Misfit, Undefined, Mistake):
        return False
    return all(one == 0 for one in paper.entries_of(value))


def _compared(left: Node, right: Node, scenes: Sequence[Scene]) -> Outcome:
    vocabulary = scenes[0].vocabulary
    try:
        choices = _with_entries((left, right), bindings_of((left, right), vocabulary), scenes[0])
    except Unknown as error:
        return Outcome("unknown", unknown=error.what, kind=error.kind)
    defined = 0
    trouble: Outcome | None = None
    for scene in scenes:
        for choice in choices:
            for one in settings(scene.having(binding={**scene.binding, **choice}), (left, right)):
                outcome = _at(left, right, one)
                if outcome.status == "different":
                    return outcome
                if outcome.status == "unknown":
                    if outcome.kind == "meaning":
                        return outcome
                    trouble = outcome
                else:
                    defined += 1
    if trouble is not None and (trouble.kind != "value" or not defined):
        return trouble
    return EQUAL


def _at(left: Node, right: Node, scene: Scene) -> Outcome:
    scene = scene.having(free=set())
    try:
        one, other = _values(left, right, scene)
    except Misfit as misfit:
        if scene.free or _has_unknown(left, scene) or _has_unknown(right, scene):
            return _unknown_names(scene)
        return Outcome("different", scene=scene, misfit=misfit)
    except Undefined as error:
        return Outcome("unknown", unknown=error.what, kind="value")
    except Unknown as error:
        if error.kind == "index" and not scene.free:
            # An index that no sum binds stands on one side only.
            return Outcome("different", scene=scene, misfit=Misfit((), (), "index"))
        return Outcome("unknown", unknown=error.what, kind=error.kind)
    except Mistake as error:
        return Outcome("unknown", unknown=str(error).splitlines()[0], kind="value")
    if paper.same(one, other, RELATIVE, FLOOR):
        return EQUAL
    if scene.free - _arguments(left, scene):
        return _unknown_names(scene)
    if paper.shape_of(_shown(one)) != paper.shape_of(_shown(other)) and _has_unknown(left, scene):
        return Outcome("unknown", unknown=text("bars round an array"), kind="norm")
    return Outcome("different", _shown(one), _shown(other), scene)


def _arguments(node: Node, scene: Scene) -> set[Name]:
    """The names that a known function is written of, on the left: sigma(z) = … holds for every z."""
    while node.kind in ("group", "derivative"):
        node = node.parts[0]
    if node.kind not in ("call", "prime") or not isinstance(node.value, tuple):
        return set()
    head = node.value[0]
    if isinstance(head, Name) and scene.vocabulary.called(head) is None:
        return set()
    return {
        scene.name(part.value) for part in node.parts if part.kind == "name" and isinstance(part.value, Name)
    }


def _has_unknown(node: Node, scene: Scene) -> bool:
    """Whether a function is called that no one knows, or bars stand round an array, which may be a norm."""
    for one in node.walk():
        if one.kind == "absolute":
            return True
        if one.kind == "call" and isinstance(one.value, tuple) and isinstance(one.value[0], Name):
            name = one.value[0]
            if scene.vocabulary.called(name) is None and not scene.vocabulary.is_value(name):
                return True
    return False


def _shown(value: Any) -> Any:
    return value.value if isinstance(value, Jacobian) else value


def _unknown_names(scene: Scene) -> Outcome:
    names = ", ".join(sorted(map(str, scene.free)))
    return Outcome("unknown", unknown=names, kind="name", names=frozenset(scene.free))


def _values(left: Node, right: Node, scene: Scene) -> tuple[Any, Any]:
    """The values of both; the shape of an adjoint is that of the other side."""
    if any(node.kind == "adjoint" for node in left.walk()):
        other = value_of(right, scene)
        return value_of(left, scene.having(shape=paper.shape_of(_shown(other)))), other
    one = value_of(left, scene)
    return one, value_of(right, scene.having(shape=paper.shape_of(_shown(one))))


# ------------------------------------------------------------------------------------------- indices, letters


def bindings_of(nodes: Sequence[Node], vocabulary: Vocabulary) -> list[dict[str, int]]:
    """All numbers of the free index letters with which every name means something; [{}] where there are none.

    Raises:
        Unknown: there is no such number.
    """
    found: list[dict[str, int]] | None = None
    letters: set[str] = set()
    for name, own in free_names(nodes, vocabulary):
        letters |= own
        choices = [{k: v for k, v in one.items() if k in own} for one in vocabulary.bindings(name)]
        if not choices:
            continue
        found = choices if found is None else agreeing(found, choices)
    if found is None:
        return [{}]
    if not found:
        raise Unknown(", ".join(sorted(letters)), "meaning")
    return _fewer(found)


def _fewer(found: list[dict[str, int]]) -> list[dict[str, int]]:
    step = max(1.0, len(found) / MOST_BINDINGS)
    return [found[int(place * step)] for place in range(min(len(found), MOST_BINDINGS))]


def _with_entries(nodes: Sequence[Node], choices: list[dict[str, int]], scene: Scene) -> list[dict[str, int]]:
    """The choices with the letters of entries, ( … )_{ij}, that no name and no sum binds."""
    for node, letters in _free_entries(nodes, frozenset(choices[0])):
        try:
            value = value_of(node, scene.having(binding={**scene.binding, **choices[0]}))
        except (Unknown, Misfit, Undefined, Mistake):
            continue
        sizes = [
            size for size in np.shape(_shown(value)) if len(letters) == np.ndim(_shown(value)) or size > 1
        ]
        if len(sizes) == len(letters):
            places = product(*(range(1, size + 1) for size in sizes))
            own = [dict(zip(letters, place, strict=True)) for place in places]
            choices = agreeing(choices, [one for one in own if len(set(letters)) == len(letters)])
    return _fewer(choices)


def _free_entries(nodes: Sequence[Node], taken: frozenset[str]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The arrays of which an entry by letters is taken, where nothing binds the letters yet."""
    for node in nodes:
        if node.kind == "big":
            yield from _free_entries(node.parts, taken | set(range_of(node)[1]))
            continue
        letters = node.value if node.kind == "entry" and isinstance(node.value, tuple) else ()
        if letters and not taken & set(letters) and all(letters_in(one) == [one] for one in letters):
            yield node.parts[0], letters
        yield from _free_entries(node.parts, taken)


def free_names(nodes: Sequence[Node], vocabulary: Vocabulary) -> Iterator[tuple[Name, frozenset[str]]]:
    """The names with index letters that no sum binds, and these letters."""
    for node in nodes:
        yield from _free(node, frozenset(), vocabulary)


def _free(node: Node, taken: frozenset[str], vocabulary: Vocabulary) -> Iterator[tuple[Name, frozenset[str]]]:
    if node.kind == "big":
        _, index, _, _ = range_of(node)
        if not index:
            index = tuple(letter for name in names_in(node.parts[0]) for letter in vocabulary.letters(name))
        yield from _free(node.parts[0], taken | set(index), vocabulary)
        return
    if node.kind == "name" and isinstance(node.value, Name):
        own = vocabulary.letters(node.value) - taken
        if own:
            yield node.value, own
        return
    if node.kind == "operator" and isinstance(node.value, Node):
        yield from _free(node.value, taken, vocabulary)
    for part in node.parts:
        yield from _free(part, taken, vocabulary)


# ------------------------------------------------------------------------------ generic parameters, and steps


def settings(scene: Scene, nodes: Sequence[Node]) -> list[Scene]:
    """The scene with a parameter for each θ, and the number of the update that its steps count from."""
    vocabulary = scene.vocabulary
    names = [scene.name(name) for node in nodes for name in every_name(node)]
    counted = [scene.name(name) for node in nodes for name in standing_names(node)]
    unknown = [name for name in names if vocabulary.find(name) is None]
    generic = {replace(name, above=()) for name in unknown if is_generic(replace(name, above=()), vocabulary)}
    used = [name for name in generic if _is_used_as_parameter(name, nodes)]
    base = steps_of(counted, vocabulary, set(used))
    scene = scene.having(base=base)
    if not used:
        return [scene]
    parameters = [symbol.name for symbol in vocabulary.graph.parameters]
    chosen = list(dict.fromkeys((parameters[0], parameters[-1])))
    return [scene.having(generic={**scene.generic, **dict.fromkeys(used, one)}) for one in chosen]


def every_name(node: Node) -> list[Name]:
    """The names of a tree, those below a bar and of operators with them."""
    found = names_in(node)
    for one in node.walk():
        if one.kind == "operator" and isinstance(one.value, Node):
            found += names_in(one.value)
    return found


def _is_used_as_parameter(name: Name, nodes: Sequence[Node]) -> bool:
    """Whether something is differentiated by a name, or it counts steps."""
    for node in nodes:
        for one in node.walk():
            if one.kind == "derivative" and any(
                replace(found, above=()) == name for found in names_in(one.parts[1])
            ):
                return True
    return False


def steps_of(names: Sequence[Name], vocabulary: Vocabulary, generic: set[Name]) -> Mapping[str, int]:
    """By the letter that counts updates the least number that stands above a parameter."""
    found: dict[str, int] = {}
    bare: set[tuple[str, tuple[str, ...]]] = set()
    stepped: set[tuple[str, tuple[str, ...]]] = set()
    for name in names:
        step = _step(name, vocabulary, generic)
        if step is None:
            bare.add((name.letter, name.below))
        elif step[0] == "new":
            found["new"] = 0
        else:
            stepped.add((name.letter, name.below))
            found[step[0]] = min(step[1], found.get(step[0], step[1]))
    if stepped & bare and len({_step(name, vocabulary, generic) for name in names} - {None}) == 1:
        # s^{(1)} = s - …: the name without a superscript is the one before.
        found = {letter: number - 1 if letter != "new" else 0 for letter, number in found.items()}
    return found


def _step(name: Name, vocabulary: Vocabulary, generic: set[Name]) -> tuple[str, int] | None:
    referent = vocabulary.find(name)
    if referent is not None:
        return referent.step
    if replace(name, above=()) in generic and name.above:
        return as_step(name.above[0][1])
    return None


def _is_ambiguous(nodes: Sequence[Node], vocabulary: Vocabulary) -> bool:
    """Whether a derivative is by what the other uses itself and by way of a third, too."""
    graph = vocabulary.graph
    for one in _derivatives(nodes):
        pair = [names_in(part) for part in one.parts]
        of, by = (vocabulary.find(names[0]) if len(names) == 1 else None for names in pair)
        if of is None or by is None or "rate" in (of.kind, by.kind):
            continue
        upper, lower = (graph[vocabulary.delta_of.get(found.name, found.name)] for found in (of, by))
        if lower.symbol in upper.parents or lower.symbol not in graph.ancestors(upper.symbol):
            below = graph.descendants([lower.symbol]) - {lower.symbol}
            if any(parent in below for parent in upper.parents):
                return True
        elif upper.symbol != lower.symbol:
            return True
    return False
