"""Nests over the same range become one: what the first computes is still at hand for the second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Symbol

from symbackprop.expressions import Rewriter
from symbackprop.loops.model import (
    Assign,
    Call,
    Entry,
    Group,
    Increase,
    Local,
    Loop,
    Product,
    Statement,
    statements_in,
)

PAIRS = 8
"""At most so many pairs of buffers, one of them written, in a nest: LLVM compares their addresses before it
uses vectors, and gives up beyond that."""


def fused(groups: Iterable[Group]) -> tuple[Group, ...]:
    """The same groups in fewer loops; a nest moves up where nothing between depends on it."""
    pieces = [piece for group in groups for piece in _pieces(group)]
    kept: list[Group] = []
    for piece in pieces:
        place = _partner(kept, piece)
        if place is None:
            kept.append(piece)
        else:
            kept[place] = _joined(kept[place], piece)
    return tuple(_together(kept))


def _pieces(group: Group) -> Iterator[Group]:
    """Each nest of a group by itself, the formulas above the first."""
    if not all(isinstance(one, Loop | Product | Call) for one in group.body):
        yield group
        return
    for place, one in enumerate(group.body):
        yield Group(group.formulas if place == 0 else (), (one,))


def _together(pieces: Sequence[Group]) -> Iterator[Group]:
    """Pieces without formulas of their own belong to those before them."""
    held: Group | None = None
    for piece in pieces:
        if held is not None and not piece.formulas:
            held = replace(held, body=(*held.body, *piece.body))
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _partner(kept: Sequence[Group], piece: Group) -> int | None:
    """The last nest before that a nest may be joined to."""
    uses = Uses.of(piece.body)
    for place in reversed(range(len(kept))):
        if _may_join(kept[place], piece):
            return place
        if Uses.of(kept[place].body).conflicts(uses):
            return None
    return None


@dataclass(frozen=True)
class Uses:
    """Which entries of buffers statements read and write."""

    read: frozenset[Entry]
    written: frozenset[Entry]
    whole: frozenset[Symbol]
    """Buffers that helpers use, entries unknown."""

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> Uses:
        """Of statements and all within them."""
        read: set[Entry] = set()
        written: set[Entry] = set()
        whole: set[Symbol] = set()
        for one in statements_in(statements):
            match one:
                case Local(value=value):
                    read |= value.atoms(Entry)
                case Assign(target, value) | Increase(target, value):
                    read |= value.atoms(Entry)
                    written |= target.atoms(Entry)
                case Product():
                    read |= {one.left, one.right} | one.factor.atoms(Entry)
                    written.add(one.target)
                case Call():
                    whole |= {symbol for symbol in one.arguments if isinstance(symbol, Symbol)}
                    written |= {one.target} if one.target else set()
        return cls(frozenset(read), frozenset(written), frozenset(whole))

    @property
    def sources(self) -> set[Symbol]:
        """The buffers that are read."""
        return {one.buffer for one in self.read} | self.whole

    @property
    def targets(self) -> set[Symbol]:
        """The buffers that are written."""
        return {one.buffer for one in self.written} | self.whole

    def conflicts(self, later: Uses) -> bool:
        """Whether the others have to stay behind."""
        return bool(self.targets & (later.sources | later.targets) or self.sources & later.targets)


def _may_join(first: Group, second: Group) -> bool:
    one, two = _nest(first), _nest(second)
    if one is None or two is None or not one.ranges:
        return False
    if [size for _, size in one.ranges] != [size for _, size in two.ranges]:
        return False
    moved = two.renamed(one)
    before, after = Uses.of(one.body), Uses.of(moved)
    shared = (before.targets & (after.sources | after.targets)) | (before.sources & after.targets)
    indices = [index for index, _ in one.ranges]
    if len(indices) > 1 and not _meet(before, after, indices):
        return False
    places: dict[Symbol, set[tuple[Expr, ...]]] = {}
    for entry in before.read | before.written | after.read | after.written:
        if entry.buffer in shared:
            places.setdefault(entry.buffer, set()).add(entry.indices)
    return (
        all(len(found) == 1 and set(indices) <= set(next(iter(found))) for found in places.values())
        and _pairs([*one.body, *moved]) <= PAIRS
    )


def _meet(before: Uses, after: Uses, indices: Sequence[Symbol]) -> bool:
    """Whether they use an entry in common for all their indices: if not, loops side by side gain nothing."""
    common = (before.read | before.written) & (after.read | after.written)
    return any({*indices} <= one.free_symbols for one in common)


def _pairs(body: Sequence[Statement]) -> int:
    uses = Uses.of(body)
    written, others = len(uses.targets), len(uses.sources - uses.targets)
    return written * (written - 1) // 2 + written * others


@dataclass(frozen=True)
class _Nest:
    """Loops with nothing between them.

    Attributes:
        ranges: from the outermost, each an index and its bounds.
        body: the statements in all of them.
    """

    ranges: tuple[tuple[Symbol, Any], ...]
    body: tuple[Statement, ...]

    def renamed(self, like: _Nest) -> tuple[Statement, ...]:
        """The body over the indices of another nest."""
        names = dict(zip([one for one, _ in self.ranges], [one for one, _ in like.ranges], strict=True))
        return tuple(_renamed(one, names) for one in self.body)


def _nest(group: Group) -> _Nest | None:
    """The only statement of a group as a nest, if its body has no loops."""
    if len(group.body) != 1 or not isinstance(group.body[0], Loop):
        return None
    ranges = []
    inner: tuple[Statement, ...] = group.body
    while len(inner) == 1 and isinstance(inner[0], Loop):
        loop = inner[0]
        ranges.append((loop.index, (loop.start, loop.stop)))
        inner = loop.body
    plain = all(isinstance(one, Local | Assign | Increase) for one in inner)
    return _Nest(tuple(ranges), inner) if plain else None


def _renamed(one: Statement, names: Mapping[Symbol, Symbol]) -> Statement:
    new = Rewriter(names)
    match one:
        case Local():
            return replace(one, value=new(one.value))
        case Assign() | Increase():
            return replace(one, target=new(one.target), value=new(one.value))
    return one


def _joined(first: Group, second: Group) -> Group:
    one, two = _nest(first), _nest(second)
    assert one is not None
    assert two is not None
    body = (*one.body, *two.renamed(one))
    for index, (start, stop) in reversed(one.ranges):
        body = (Loop(index, stop, body, start),)
    return Group((*first.formulas, *second.formulas), body)
