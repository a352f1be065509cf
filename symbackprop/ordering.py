"""Topological order, and a cycle where there is none."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def topological_order(parents: Mapping[Item, Sequence[Item]]) -> list[Item]:
    """The items so that parents come first, otherwise in the order of the mapping (Kahn's algorithm).

    Items on a cycle, and what depends on them, are left out.

    >>> topological_order({"f": ["q"], "q": ["x"], "x": []})
    ['x', 'q', 'f']
    """
    items = list(parents)
    place = {item: number for number, item in enumerate(items)}
    waiting = [len(parents[item]) for item in items]
    users: list[list[int]] = [[] for _ in items]
    for number, item in enumerate(items):
        for parent in parents[item]:
            users[place[parent]].append(number)
    ready = [number for number, left in enumerate(waiting) if not left]
    order = []
    while ready:
        number = heapq.heappop(ready)
        order.append(items[number])
        for user in users[number]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    return order


def find_cycle(parents: Mapping[Item, Sequence[Item]], ordered: set[Item]) -> list[Item]:
    """One cycle among the items that could not be ordered: each needs the next, the last is the first.

    >>> find_cycle({"a": ["b"], "b": ["a"]}, set())
    ['a', 'b', 'a']
    """
    item = next(one for one in parents if one not in ordered)
    trail: list[Item] = []
    while item not in trail:
        trail.append(item)
        item = next(parent for parent in parents[item] if parent not in ordered)
    return [*trail[trail.index(item) :], item]
