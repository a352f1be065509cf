"""Where the numbers of a plot stand: round ticks, a linear or logarithmic scale, labels kept apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from symbackprop.notation.numbers import scientific
from symbackprop.plots import Plot

TICKS = 6
"""About so many ticks stand on an axis."""

MOST_POINTS = 300
"""Of a longer line the ups and downs are kept, and so many points."""

FOOT = 0.1
"""Where zeros stand under a logarithmic scale, it leaves this part of the height to them."""

_PLAIN = range(-4, 6)
"""Ticks of these orders are written without a power of ten."""


@dataclass(frozen=True)
class Tick:
    """A mark on an axis.

    Attributes:
        place: from 0, where the axis begins, to 1.
        digits: its number, as the number format writes it: 0.25, 5e-06.
        is_power: it is a power of ten, and written as one.
    """

    place: float
    digits: str
    is_power: bool = False


@dataclass(frozen=True)
class Axis:
    """A scale with its ticks.

    Attributes:
        low: the number at `foot`; on a logarithmic scale its exponent.
        high: likewise at 1.
        ticks: from the low end.
        log: whether it is logarithmic.
        foot: the place of `low`; a zero stands at 0.
    """

    low: float
    high: float
    ticks: tuple[Tick, ...]
    log: bool = False
    foot: float = 0.0

    def __call__(self, number: float) -> float:
        """The place of a number, from 0 to 1."""
        if self.log and number <= 0:
            return 0.0
        linear = math.log10(number) if self.log else number
        return self.foot + (1 - self.foot) * (linear - self.low) / (self.high - self.low)


def vertical(plot: Plot) -> Axis:
    """The axis of the numbers."""
    numbers = [float(value.number) for line in plot.lines for _, value in line.points] or [0.0]
    return _decades(numbers) if plot.log else linear_axis(min(numbers), max(numbers))


def horizontal(plot: Plot) -> Axis:
    """The axis that counts: whole numbers, no further than it goes."""
    counts = [count for line in plot.lines for count, _ in line.points] or [0]
    first, last = min(counts), max(counts)
    low, high = (first, last) if first < last else (first - 1, last + 1)
    step = max(1, int(round_step((last - first) / TICKS)))
    shown = [first, *(one for one in range(first - first % step + step, last + 1, step))]
    if len(shown) > 1 and shown[1] - shown[0] < step / 2:
        del shown[1]
    ticks = tuple(Tick((one - low) / (high - low), str(one)) for one in shown)
    return Axis(low, high, ticks)


def linear_axis(lowest: float, highest: float) -> Axis:
    """From a round number to a round number; from 0 where that is not far.

    >>> [tick.digits for tick in linear_axis(0.13, 0.71).ticks]
    ['0', '0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '0.7', '0.8']
    >>> [tick.digits for tick in linear_axis(0.235, 0.31).ticks]
    ['0.23', '0.24', '0.25', '0.26', '0.27', '0.28', '0.29', '0.30', '0.31']
    """
    if lowest == highest:
        margin = abs(lowest) / 10 or 1.0
        lowest, highest = lowest - margin, highest + margin
    elif 0 < lowest < highest / 2:
        lowest = 0.0
    elif lowest / 2 < highest < 0:
        highest = 0.0
    step = round_step((highest - lowest) / TICKS)
    first = math.floor(Decimal(lowest) / step)
    last = math.ceil(Decimal(highest) / step)
    ticks = tuple(
        Tick((number - first) / (last - first), _digits(number * step, step))
        for number in range(first, last + 1)
    )
    return Axis(float(first * step), float(last * step), ticks)


def round_step(length: float) -> Decimal:
    """The nearest of 1, 2 and 5 times a power of ten that is not much shorter.

    >>> round_step(0.13), round_step(0.04), round_step(170.0)
    (Decimal('0.1'), Decimal('0.05'), Decimal('200'))
    """
    if length <= 0:
        return Decimal(1)
    order = math.floor(math.log10(length))
    mantissa = length / 10.0**order
    chosen = next((one for one in (1, 2, 5) if mantissa <= 1.5 * one), 10)
    return Decimal(chosen * 10**order) if order >= 0 else Decimal(chosen).scaleb(order)


def _digits(number: Decimal, step: Decimal) -> str:
    """With as many decimals as its axis needs: 0.30 beside 0.25."""
    short = number.normalize()
    if short == 0:
        return "0"
    if step.adjusted() in _PLAIN:
        return f"{number.quantize(step) if step < 1 else short:f}"
    return scientific(short)


def _decades(numbers: Sequence[float]) -> Axis:
    """Powers of ten; a foot for zeros where there are any."""
    positive = [number for number in numbers if number > 0]
    low = math.floor(math.log10(min(positive)))
    high = max(math.ceil(math.log10(max(positive))), low + 1)
    foot = FOOT if len(positive) < len(numbers) else 0.0
    every = int(round_step((high - low) / TICKS)) or 1
    zero = [Tick(0.0, "0")] if foot else []
    powers = [
        Tick(foot + (1 - foot) * (one - low) / (high - low), f"1e{one:+03d}", is_power=True)
        for one in range(low, high + 1)
        if (one - low) % every == 0
    ]
    return Axis(low, high, (*zero, *powers), log=True, foot=foot)


def thinned(numbers: Sequence[float], most: int = MOST_POINTS) -> list[int]:
    """The places of the numbers that are drawn: all, or of every stretch the lowest and the highest.

    >>> thinned([0, 1, 5, 2, 3, 0, 4, 4], 4)
    [0, 2, 5, 6, 7]
    """
    count = len(numbers)
    if count <= most:
        return list(range(count))
    stretches = most // 2
    kept = {0, count - 1}
    for one in range(stretches):
        stretch = range(one * count // stretches, (one + 1) * count // stretches)
        kept |= {min(stretch, key=numbers.__getitem__), max(stretch, key=numbers.__getitem__)}
    return sorted(kept)


def kept_apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places, moved as little as is needed to stand `gap` apart between `low` and `high`.

    >>> kept_apart([5.0, 4.0, 9.0], 2.0, 0.0, 10.0)
    [5.5, 3.5, 9.0]
    """
    order = sorted(range(len(places)), key=lambda one: places[one])
    groups: list[tuple[float, list[int]]] = []
    for one in order:
        members = [one]
        middle = _within(places[one], 0.0, low, high)
        while groups and middle - groups[-1][0] < gap * (len(members) + len(groups[-1][1])) / 2:
            _, before = groups.pop()
            members = [*before, *members]
            reach = gap * (len(members) - 1) / 2
            middle = _within(sum(places[each] for each in members) / len(members), reach, low, high)
        groups.append((middle, members))
    moved = [0.0] * len(places)
    for middle, members in groups:
        for number, one in enumerate(members):
            moved[one] = middle + gap * (number - (len(members) - 1) / 2)
    return moved


def _within(middle: float, reach: float, low: float, high: float) -> float:
    return max(low + reach, min(high - reach, middle))
