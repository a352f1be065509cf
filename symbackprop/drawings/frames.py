"""Where everything of a plot stands, in whatever unit: its area, its points, the names of its lines."""

from __future__ import annotations

from symbackprop.content import Value
from symbackprop.drawings.axes import horizontal, kept_apart, thinned, vertical
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.plots import Line, Plot
from symbackprop.writing.lines import PLAIN_RELATIONS, Writer

MARKED = 40
"""Of a longer line only some points have marks."""

FEW = 10
"""So many have them then."""


class Frame:
    """Where everything stands: the origin is the foot of the vertical axis, upwards is positive.

    Args:
        plot: what is drawn.
        writer: of words.
        total: the width of the whole.
        line: the height of a line of words.
        letter: the width of a letter, at most.
    """

    def __init__(self, plot: Plot, writer: Writer, total: float, line: float, letter: float) -> None:
        self.plot, self.writer, self.line = plot, writer, line
        self.measure = Writer(UnicodeSyntax(writer.syntax.language), writer.conventions, PLAIN_RELATIONS)
        self.across, self.up = horizontal(plot), vertical(plot)
        names = [len(self.measure.words(one.label)) for one in plot.lines]
        ticks = [4 if tick.is_power else len(tick.digits) for tick in self.up.ticks]
        self.left = (max(ticks) + 1.5) * letter
        self.key = 1.5 * line
        self.right = self.key + line * 1.4 + max(names, default=0) * letter
        self.width = max(total - self.left - self.right, total / 3)
        self.height = max(total * 0.42, len(plot.lines) * line)
        ends = [self.y(float(one.points[-1][1].number)) if one.points else 0.0 for one in plot.lines]
        self.ends = kept_apart(ends, line, 0.0, self.height)

    def x(self, count: int) -> float:
        """Where a count stands."""
        return self.across(count) * self.width

    def y(self, number: float) -> float:
        """Where a number stands."""
        return self.up(number) * self.height

    def points(self, line: Line) -> list[tuple[float, float, int, Value]]:
        """The points of a line that are drawn: their places, counts and numbers."""
        kept = thinned([float(value.number) for _, value in line.points])
        chosen = [line.points[place] for place in kept]
        return [(self.x(count), self.y(float(value.number)), count, value) for count, value in chosen]

    @staticmethod
    def marked(count: int) -> list[int]:
        """The points that have marks."""
        if count <= MARKED:
            return list(range(count))
        return [round(one * (count - 1) / (FEW - 1)) for one in range(FEW)]
