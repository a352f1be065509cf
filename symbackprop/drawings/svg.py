"""A drawing as SVG: real text, light and dark, with names of nodes, edges and numbers for a page to find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from symbackprop.content import Text
from symbackprop.conventions import Conventions
from symbackprop.diagrams.layout import place
from symbackprop.diagrams.model import Diagram, Edge, Kind, Shape
from symbackprop.diagrams.placed import Placed, PlacedArrow, PlacedBox, PlacedLabel, Point
from symbackprop.drawings.runs import SIZE, SMALL, Number, Run, RunWriter
from symbackprop.notation.printable import printable
from symbackprop.slots import slot
from symbackprop.solution.steps import Notation
from symbackprop.translation import ENGLISH, Language

FONT = "'STIX Two Text', 'STIX Two Math', 'Times New Roman', Times, 'Libertinus Serif', serif"

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "note": "#59636e",
    "line": "#6e7781",
    "fill": "#f6f8fa",
    "forward": "#116329",
    "backward": "#b3261e",
    "partial": "#6639ba",
}
DARK = {
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "note": "#9198a1",
    "line": "#8b949e",
    "fill": "#161b22",
    "forward": "#56d364",
    "backward": "#ff8f87",
    "partial": "#c297ff",
}
"""The colours of a drawing on a light and on a dark ground, by what they are for."""

SHIFT = {-1: 3.5, 1: -5.0}
"""How far an index stands below or above its line."""

HEAD = 8.0, 3.4
"""The length of an arrow's head, and half its width."""


def colour_of(kind: Kind) -> str:
    """The colour of a label on a light ground."""
    return LIGHT["ink" if kind is Kind.NAME else kind.value]


def style(colours: dict[str, str]) -> str:
    """The rules that colour a drawing.

    >>> style(LIGHT).splitlines()[0]
    '.diagram .paper { fill: #ffffff }'
    """
    rules = [
        f".diagram .{one} {{ fill: {colours[one]} }}" for one in ("paper", "note", "forward", "backward")
    ]
    rules += [
        f".diagram .partial {{ fill: {colours['partial']} }}",
        f".diagram .name {{ fill: {colours['ink']} }}",
        f".diagram .outline {{ fill: {colours['fill']}; stroke: {colours['line']} }}",
        f".diagram .wire {{ stroke: {colours['line']} }}",
        f".diagram .head, .diagram .fork {{ fill: {colours['line']} }}",
    ]
    return "\n".join(rules)


def write_svg(
    diagram: Diagram,
    conventions: Conventions,
    notation: Notation | None = None,
    language: Language = ENGLISH,
    *,
    standalone: bool = True,
    prefix: str = "",
) -> str:
    """The drawing as SVG.

    Args:
        diagram: what is drawn.
        conventions: ∂ or d, digits.
        notation: of the mathematics in it.
        language: to write in.
        standalone: a file of its own, which knows dark grounds; else a part of a page, which has its style.
        prefix: of identifiers, unique in its page.
    """
    writer = RunWriter(conventions, notation, language)
    return "\n".join(_Drawing(writer, place(diagram, writer.width)).lines(diagram, prefix, standalone)) + "\n"


class _Drawing:
    def __init__(self, writer: RunWriter, placed: Placed) -> None:
        self.writer, self.placed = writer, placed

    def lines(self, diagram: Diagram, prefix: str, standalone: bool) -> Iterator[str]:
        width, height = _number(self.placed.width), _number(self.placed.height)
        title, description = f"{prefix}title", f"{prefix}description"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram {diagram.view.value}" role="img" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f"aria-labelledby={quoteattr(f'{title} {description}')} "
            f'font-family="{FONT}" font-size="{_number(SIZE)}">'
        )
        yield f"<title id={quoteattr(title)}>{self._words(diagram.title)}</title>"
        yield f"<desc id={quoteattr(description)}>{self._words(diagram.description)}</desc>"
        if standalone:
            yield f"<style>\n@media (prefers-color-scheme: dark) {{\n{style(DARK)}\n}}\n</style>"
            yield f'<rect class="paper" width="100%" height="100%" fill="{LIGHT["paper"]}"/>'
        for arrow in self.placed.arrows:
            yield from self._arrow(arrow)
        for x, y in self.placed.forks:
            yield f'<circle class="fork" cx="{_number(x)}" cy="{_number(y)}" r="2.4" fill="{LIGHT["line"]}"/>'
        for box in self.placed.boxes:
            yield from self._box(box)
        yield "</svg>"

    def _words(self, words: Text) -> str:
        """Words for one who hears them: plain text, without indices."""
        return escape("".join(run.text for run in self.writer.plain_runs(words)))

    def _arrow(self, placed: PlacedArrow) -> Iterator[str]:
        names = _data("nodes", placed.arrow.nodes) + _edges(placed.arrow.edges)
        yield f'<g class="edge"{names}>'
        line = f'fill="none" stroke="{LIGHT["line"]}" stroke-width="1.2"'
        yield f'<path class="wire" d="{_path(placed.curve)}" {line}/>'
        yield f'<path class="head" d="{_head(placed.curve)}" fill="{LIGHT["line"]}"/>'
        yield from map(self._label, placed.labels)
        yield "</g>"

    def _box(self, placed: PlacedBox) -> Iterator[str]:
        box = placed.box
        yield f'<g class="node"{_data("nodes", box.nodes)}{_edges(box.edges)}>'
        paint = f'class="outline" fill="{LIGHT["fill"]}" stroke="{LIGHT["line"]}" stroke-width="1.2"'
        x, y = _number(placed.x), _number(placed.y)
        if box.shape is Shape.CIRCLE:
            yield f'<circle {paint} cx="{x}" cy="{y}" r="{_number(placed.width / 2)}"/>'
        elif box.shape is Shape.BOX:
            left, top = _number(placed.x - placed.width / 2), _number(placed.y - placed.height / 2)
            size = f'width="{_number(placed.width)}" height="{_number(placed.height)}"'
            yield f'<rect {paint} x="{left}" y="{top}" {size} rx="6"/>'
        yield from map(self._label, placed.labels)
        yield "</g>"

    def _label(self, placed: PlacedLabel) -> str:
        kind = placed.label.kind
        colour = colour_of(kind)
        body = "".join(self._parts(placed))
        y = _number(placed.y + 0.34 * SIZE)
        names = _data("of", (placed.label.of,)) if placed.label.of else ""
        return (
            f'<text class="{kind.value}"{names} x="{_number(placed.x)}" y="{y}" text-anchor="middle" '
            f'fill="{colour}">{body}</text>'
        )

    def _parts(self, placed: PlacedLabel) -> Iterator[str]:
        level = 0
        for part in self.writer.parts(placed.label):
            if isinstance(part, Number):
                yield _slotted(part, _tspans(part.runs, level))
            else:
                yield _tspans([part], level)
            level = (part.runs[-1] if isinstance(part, Number) else part).level


def _slotted(number: Number, body: str) -> str:
    name = printable(slot(number.value.source))
    return f'<tspan class="number" data-slot={quoteattr(name)}>{body}</tspan>' if name else body


def _tspans(runs: Sequence[Run], before: int) -> str:
    """Runs one behind the other, each moved from the height of the one before it to its own."""
    found = ""
    for run in runs:
        shift = SHIFT.get(run.level, 0.0) - SHIFT.get(before, 0.0)
        before = run.level
        marks = ' class="exponent"' if run.level == 1 else ""
        marks += f' dy="{_number(shift)}"' if shift else ""
        marks += f' font-size="{_number(SIZE * SMALL)}"' if run.level else ""
        marks += ' font-style="italic"' if run.italic else ""
        found += f"<tspan{marks}>{escape(run.text)}</tspan>" if marks else escape(run.text)
    return found


def _data(name: str, values: Sequence[str]) -> str:
    return f" data-{name}={quoteattr(printable(' '.join(values)))}" if values else ""


def _edges(edges: Sequence[Edge]) -> str:
    return _data("edges", [f"{parent}>{consumer}" for parent, consumer in edges])


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _point(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _path(curve: Sequence[Point]) -> str:
    first, *rest = curve
    pieces = [" ".join(map(_point, rest[start : start + 3])) for start in range(0, len(rest), 3)]
    return f"M{_point(first)}" + "".join(f" C{piece}" for piece in pieces)


def _head(curve: Sequence[Point]) -> str:
    """A triangle whose tip is the end of the curve."""
    tip = curve[-1]
    tail = next(point for point in reversed(curve) if point != tip)
    dx, dy = tip[0] - tail[0], tip[1] - tail[1]
    length = (dx * dx + dy * dy) ** 0.5
    ux, uy = dx / length, dy / length
    base = tip[0] - HEAD[0] * ux, tip[1] - HEAD[0] * uy
    left = base[0] - HEAD[1] * uy, base[1] + HEAD[1] * ux
    right = base[0] + HEAD[1] * uy, base[1] - HEAD[1] * ux
    return f"M{_point(tip)} L{_point(left)} L{_point(right)} Z"
