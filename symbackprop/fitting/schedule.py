"""Which rows each step takes: stretches of steps, cut at the same steps however often a run is resumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, repeat

import numpy as np
from numpy.typing import NDArray

from symbackprop.backends.base import Floats
from symbackprop.fitting.examples import Examples
from symbackprop.problem import Training

Order = NDArray[np.int64]

BLOCK = 1 << 20
"""About so many numbers of a stream are in memory at once, and are mixed with each other."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """Steps that take as many examples each, all from one table.

    Attributes:
        done: steps before it.
        table: rows of examples.
        order: a row for each step, the places of its examples in the table.
        before: how many rows of the source stand before the table.
    """

    done: int
    table: Floats
    order: Order
    before: int = 0

    def part(self, start: int, stop: int) -> Stretch:
        """Some of its steps."""
        return Stretch(self.done + start, self.table, self.order[start:stop], self.before)

    def examples(self, step: int) -> list[int]:
        """The row numbers, from 1, of one of its steps."""
        return [self.before + int(place) + 1 for place in self.order[step]]


def without_table(done: int, together: int) -> Iterator[Stretch]:
    """Steps that take no examples, without end.

    Args:
        done: steps that need not be made again.
        together: how many a stretch has.
    """
    table = np.empty((0, 0))
    order = np.empty((together, 0), dtype=np.int64)
    for number in count(done // together):
        yield Stretch(number * together, table, order)


def of_table(table: Floats, training: Training, done: int, together: int) -> Iterator[Stretch]:
    """The batches of `training.batches`, without end.

    Args:
        table: all examples.
        training: says how they are gone through.
        done: steps that need not be made again; the first stretch begins with their epoch.
        together: about so many steps make a stretch.
    """
    size = training.batch_size
    length = len(training.order) or len(table)
    each = -(-length // size)
    # A smaller batch at the end of an epoch stands alone.
    epochs = max(1, together // each) if length % size == 0 else 1
    done -= done % each
    for places in _passes(training, len(table), done // each, epochs):
        for order in _batches(places, size):
            yield Stretch(done, table, order)
            done += len(order)


def _passes(training: Training, rows: int, skipped: int, together: int) -> Iterator[Order]:
    """The places of some epochs at a time, one behind the other."""
    passes = training.passes(rows)
    if not training.shuffle:
        return repeat(np.tile(next(passes), together) - 1)
    wanted = islice(passes, skipped, None)
    return (np.concatenate(some) - 1 for some in iter(lambda: list(islice(wanted, together)), []))


def _batches(places: Order, size: int) -> Iterator[Order]:
    """A row for each batch; the smaller one at the end by itself."""
    whole = len(places) - len(places) % size
    if whole:
        yield places[:whole].reshape(-1, size)
    if whole < len(places):
        yield places[whole:].reshape(1, -1)


def of_stream(examples: Examples, training: Training, done: int, epochs: int | None) -> Iterator[Stretch]:
    """Batches from one block of a stream after another.

    With `shuffle` the rows of a block are mixed by a generator seeded from (seed, epoch, block), so that
    nothing of what came before has to be known.

    Args:
        examples: the stream.
        training: says how it is gone through.
        done: steps that need not be made again; the first stretch begins with their block.
        epochs: how often it is gone through; None: without end.
    """
    size = training.batch_size
    block = size * max(1, BLOCK // (size * len(examples.names)))
    each = -(-examples.rows // size) if examples.rows else None
    first, here = divmod(done, each) if each else (0, done)
    skipped = here // (block // size)
    done -= here - skipped * (block // size)
    for epoch in count(first) if epochs is None else range(first, epochs):
        for number, table in enumerate(examples.blocks(block, skipped * block), skipped):
            places = np.arange(len(table))
            if training.shuffle:
                np.random.default_rng([abs(training.seed), epoch, number]).shuffle(places)
            for order in _batches(places, size):
                yield Stretch(done, table, order, number * block)
                done += len(order)
        skipped = 0


def cut(
    stretches: Iterable[Stretch], start: int, stop: int | None, marks: Sequence[int]
) -> Iterator[Stretch]:
    """The steps from `start` to `stop`, cut where their number is a multiple of a mark.

    Args:
        stretches: one behind the other, the first beginning no later than `start`.
        start: so many steps are done.
        stop: so many will be; None: all that there are.
        marks: a run that was interrupted at a cut and one that was not go through the same parts.
    """
    if start == stop:
        return
    for stretch in stretches:
        at, end = max(start - stretch.done, 0), stretch.done + len(stretch.order)
        while stretch.done + at < end:
            done = stretch.done + at
            length = min(end - done, *(mark - done % mark for mark in marks))
            length = length if stop is None else min(length, stop - done)
            yield stretch.part(at, at + length)
            at += length
            if done + length == stop:
                return
