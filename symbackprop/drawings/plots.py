"""Plots as SVG and as TikZ: lines told apart by colour, dashes and marks, each with its name at its end."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from symbackprop.content import Text, Value, text
from symbackprop.conventions import Conventions
from symbackprop.drawings.axes import Tick
from symbackprop.drawings.frames import Frame
from symbackprop.drawings.runs import MINUS
from symbackprop.drawings.svg import DARK, FONT, LIGHT
from symbackprop.notation.numbers import number_parts
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.plots import Plot
from symbackprop.slots import slot
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.latex import LatexWriter
from symbackprop.writing.lines import PLAIN_RELATIONS, Writer

COLOURS = (
    ("#0b5cad", "#6cb0ff"),
    ("#a84300", "#ffa066"),
    ("#1a7f37", "#5fd07f"),
    ("#7a3fb0", "#c9a0ff"),
    ("#b0246f", "#ff8fc7"),
    ("#00707a", "#4fd0d8"),
    ("#57606a", "#a8b3bd"),
)
"""Of the lines one after another: on white, and on black."""

INK, FAINT, PAPER = (LIGHT["ink"], DARK["ink"]), ("#d5dae0", "#343a42"), (LIGHT["paper"], DARK["paper"])
"""Of words and axes, of the grid, and of the ground: on white, and on black."""

DASHES = ((), (7, 3), (2, 2.5), (9, 3, 2, 3), (4, 2))
"""Of the lines one after another: so long drawn, so long not."""

_MARKS = (
    ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0z", "circle[radius=1.6pt]"),
    ("M-2.7,-2.7h5.4v5.4h-5.4z", "+(-1.5pt,-1.5pt) rectangle +(1.5pt,1.5pt)"),
    ("M0,-3.7L3.4,2.6h-6.8z", "+(90:2.1pt) -- +(210:2.1pt) -- +(330:2.1pt) -- cycle"),
    ("M0,-3.8L3.8,0L0,3.8L-3.8,0z", "+(0:2.1pt) -- +(90:2.1pt) -- +(180:2.1pt) -- +(270:2.1pt) -- cycle"),
)
"""What stands on the points of the lines one after another: in SVG and in TikZ."""


def plot_style(*, dark: bool) -> str:
    """The rules by which a page gives plots their colours.

    Args:
        dark: on a dark ground; else on a light one.
    """
    rules = {"ink": INK, "faint": FAINT, "paper": PAPER} | {f"c{n}": one for n, one in enumerate(COLOURS)}
    return "".join(
        f".plot .{name} {{ stroke: {colour[dark]} }}\n.plot .{name}-fill {{ fill: {colour[dark]} }}\n"
        for name, colour in rules.items()
    )


def plot_svg(
    plot: Plot,
    conventions: Conventions,
    language: Language = ENGLISH,
    *,
    standalone: bool = True,
    prefix: str = "",
) -> str:
    """A plot as SVG; every point is a `circle.point` that knows the slot of its number.

    Args:
        plot: what is drawn.
        conventions: digits.
        language: to write in.
        standalone: a file of its own; else a part of a page, which has `plot_style`.
        prefix: of the names within it, where there are several in a page.
    """
    return _Svg(plot, conventions, language, prefix).written(standalone=standalone)


def plot_tikz(plot: Plot, conventions: Conventions, language: Language = ENGLISH) -> str:
    """A plot as a tikzpicture that needs the package tikz and nothing else.

    Args:
        plot: what is drawn.
        conventions: digits.
        language: to write in.
    """
    return _Tikz(plot, conventions, language).written()


class _Svg(Frame):
    """Writes SVG."""

    def __init__(self, plot: Plot, conventions: Conventions, language: Language, prefix: str) -> None:
        writer = Writer(UnicodeSyntax(language), conventions, PLAIN_RELATIONS)
        super().__init__(plot, writer, 560.0, 17.0, 8.5)
        self.language, self.prefix = language, prefix
        self.top = 30.0

    def written(self, *, standalone: bool) -> str:
        """The whole."""
        width, height = self.left + self.width + self.right, self.top + self.height + 44
        style = ""
        if standalone:
            style = f"<style>@media (prefers-color-scheme: dark) {{\n{plot_style(dark=True)}}}</style>"
            style += f'<rect class="paper-fill" width="100%" height="100%" fill="{PAPER[0]}"/>'
        grid, lines = "".join(self._axes()), "".join(map(self._line, range(len(self.plot.lines))))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}" '
            f'font-size="14"><title>{self._words(self.plot.title)}</title>'
            f"<desc>{self._described()}</desc>{style}{grid}"
            f'<g class="plotting" {self._scale()}>{lines}</g></svg>\n'
        )

    def _described(self) -> str:
        told = [
            text(
                "{name}: {first} at {start}, {last} at {end}",
                name=one.label,
                first=first,
                start=start,
                last=last,
                end=end,
            )
            for one in self.plot.lines
            if one.points
            for (start, first), (end, last) in [(one.points[0], one.points[-1])]
        ]
        axes = f"{self._words(self.plot.x)} → {self._words(self.plot.y)}"
        return "; ".join([axes, *map(self._words, told)])

    def _scale(self) -> str:
        """How a script finds the place of a number."""
        low, high = (f"1e{one:.0f}" if self.up.log else f"{one:.10g}" for one in (self.up.low, self.up.high))
        foot = self._down(self.up.foot * self.height)
        data = {
            "scale": "log" if self.up.log else "linear",
            "x0": f"{self.left:.2f}",
            "x1": f"{self.left + self.width:.2f}",
            "y0": f"{foot:.2f}",
            "y1": f"{self.top:.2f}",
            "zero": f"{self._down(0.0):.2f}",
            "xmin": f"{self.across.low:g}",
            "xmax": f"{self.across.high:g}",
            "ymin": low,
            "ymax": high,
        }
        return " ".join(f'data-{name}="{value}"' for name, value in data.items())

    def _down(self, y: float) -> float:
        return self.top + self.height - y

    def _axes(self) -> Iterator[str]:
        left, bottom, right = self.left, self._down(0.0), self.left + self.width
        for tick in self.up.ticks:
            y = self._down(tick.place * self.height)
            yield f'<path class="faint" d="M{left:.1f},{y:.1f}H{right:.1f}" stroke="{FAINT[0]}"/>'
            yield self._text(left - 8, y + 4.5, self._tick(tick), "end")
        for tick in self.across.ticks:
            x = left + tick.place * self.width
            yield f'<path class="ink" d="M{x:.1f},{bottom:.1f}v5" stroke="{INK[0]}"/>'
            yield self._text(x, bottom + 19, self._tick(tick), "middle")
        yield (
            f'<path class="ink" d="M{left:.1f},{self.top:.1f}V{bottom:.1f}H{right:.1f}" '
            f'fill="none" stroke="{INK[0]}"/>'
        )
        yield self._text(4.0, self.top - 14, self._words(self.plot.y), "start")
        yield self._text(right, bottom + 38, self._words(self.plot.x), "end")

    def _line(self, number: int) -> str:
        """One line with its marks, its points, and its name at its end."""
        points = self.points(self.plot.lines[number])
        if not points:
            return ""
        places = [(self.left + x, self._down(y)) for x, y, _, _ in points]
        marked = self.marked(len(points))
        mark, name = f"{self.prefix}mark-{number}", f"c{number % len(COLOURS)}"
        colour, dash = COLOURS[number % len(COLOURS)][0], " ".join(map(str, DASHES[number % len(DASHES)]))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        paint = f'fill="none" stroke="{colour}" stroke-width="1.7"{dashed}'
        every = len(marked) == len(points)
        markers = " ".join(f'marker-{where}="url(#{mark})"' for where in ("start", "mid", "end"))
        sparse = (
            ""
            if every
            else f'<polyline class="marks" points="{_joined([places[one] for one in marked])}" '
            f'fill="none" data-places="{" ".join(map(str, marked))}" {markers}/>'
        )
        return (
            f'<g class="series" data-line="{number}">'
            f'<marker id="{mark}" viewBox="-4 -4 8 8" markerWidth="8" markerHeight="8" '
            f'markerUnits="userSpaceOnUse"><path class="{name}-fill" fill="{colour}" '
            f'd="{_MARKS[number % len(_MARKS)][0]}"/></marker>'
            f'<polyline class="line {name}" {paint} points="{_joined(places)}"'
            f"{' ' + markers if every else ''}/>{sparse}"
            f"{self._key(number, places[-1], paint, mark)}"
            f"{''.join(map(self._point, places, points))}</g>"
        )

    def _key(self, number: int, last: tuple[float, float], paint: str, mark: str) -> str:
        """The name of a line, behind a piece of it, beside its end."""
        x, y = self.left + self.width + 14, self._down(self.ends[number])
        middle, colour = x + self.key / 2, COLOURS[number % len(COLOURS)][0]
        name = f"c{number % len(COLOURS)}"
        leader = (
            f'<path class="faint leader" d="M{last[0] + 5:.1f},{last[1]:.1f}L{x - 2:.1f},{y:.1f}" '
            f'stroke="{FAINT[0]}"/>'
        )
        sample = (
            f'<polyline class="key {name}" {paint} '
            f'points="{x:.1f},{y:.1f} {middle:.1f},{y:.1f} {x + self.key:.1f},{y:.1f}" '
            f'marker-mid="url(#{mark})"/>'
        )
        words = self._words(self.plot.lines[number].label)
        label = self._text(x + self.key + 6, y + 4.5, words, "start", f"{name}-fill", colour)
        return leader + sample + label

    def _point(self, place: tuple[float, float], point: tuple[float, float, int, Value]) -> str:
        _, _, count, value = point
        source = f' data-slot="{escape(slot(value.source))}"' if value.source else ""
        told = f"{count}: {escape(self.writer.math(value))}"
        return (
            f'<circle class="point" cx="{place[0]:.2f}" cy="{place[1]:.2f}" r="6" fill="transparent" '
            f'data-x="{count}"{source}><title>{told}</title></circle>'
        )

    def _words(self, words: Text) -> str:
        return escape(self.writer.words(words))

    def _tick(self, tick: Tick) -> str:
        """A number, its power of ten raised."""
        sign, mantissa, exponent = number_parts(tick.digits, self.language.point)
        shown = sign.replace("-", MINUS) + mantissa
        if not exponent and not tick.is_power:
            return shown
        head = "10" if tick.is_power else f"{shown}·10"
        return f'{head}<tspan dy="-5" font-size="10">{exponent.replace("-", MINUS) or "0"}</tspan>'

    def _text(
        self, x: float, y: float, words: str, anchor: str, name: str = "ink-fill", colour: str = INK[0]
    ) -> str:
        return (
            f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" fill="{colour}" '
            f'text-anchor="{anchor}">{words}</text>'
        )


def _joined(places: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in places)


class _Tikz(Frame):
    """Writes TikZ; lengths are in centimetres."""

    def __init__(self, plot: Plot, conventions: Conventions, language: Language) -> None:
        super().__init__(plot, LatexWriter(conventions, language=language), 14.0, 0.45, 0.18)

    def written(self) -> str:
        """The whole."""
        lines = [*self._axes(), *(one for line in range(len(self.plot.lines)) for one in self._line(line))]
        body = "\n".join(f"  {line}" for line in lines)
        return (
            "\\begin{tikzpicture}[x=1cm,y=1cm,font=\\small,line width=0.4pt]\n"
            f"{body}\n\\end{{tikzpicture}}\n"
        )

    def _axes(self) -> Iterator[str]:
        width, height = f"{self.width:.2f}", f"{self.height:.2f}"
        for tick in self.up.ticks:
            y = f"{tick.place * self.height:.2f}"
            yield rf"\draw[{_rgb(FAINT[0])}] (0,{y}) -- ({width},{y});"
            yield rf"\node[left] at (0,{y}) {{{self._tick(tick)}}};"
        for tick in self.across.ticks:
            x = f"{tick.place * self.width:.2f}"
            yield rf"\draw ({x},0) -- ({x},-0.1) node[below] {{{self._tick(tick)}}};"
        yield rf"\draw (0,{height}) -- (0,0) -- ({width},0);"
        yield (
            rf"\node[above right,inner xsep=0pt] at ({-self.left:.2f},{self.height + 0.2:.2f}) "
            rf"{{{self.writer.words(self.plot.y, '${}$')}}};"
        )
        yield (
            rf"\node[below left,inner xsep=0pt] at ({width},-0.55) "
            rf"{{{self.writer.words(self.plot.x, '${}$')}}};"
        )

    def _line(self, number: int) -> Iterator[str]:
        points = self.points(self.plot.lines[number])
        if not points:
            return
        places = [f"({x:.3f},{y:.3f})" for x, y, _, _ in points]
        colour, mark = _rgb(COLOURS[number % len(COLOURS)][0]), _MARKS[number % len(_MARKS)][1]
        on_off = zip(*[iter(DASHES[number % len(DASHES)])] * 2, strict=True)
        pattern = " ".join(f"on {0.7 * on:.3g}pt off {0.7 * off:.3g}pt" for on, off in on_off)
        drawn = rf"\draw[{colour},line width=0.9pt{f',dash pattern={pattern}' if pattern else ''}]"
        parts = [" -- ".join(places[one : one + 6]) for one in range(0, len(places), 6)]
        yield f"{drawn} " + "\n    -- ".join(parts) + ";"
        x, y = self.width + 0.35, self.ends[number]
        last = points[-1]
        yield rf"\draw[{_rgb(FAINT[0])}] ({last[0] + 0.12:.3f},{last[1]:.3f}) -- ({x - 0.05:.3f},{y:.3f});"
        yield (
            rf"{drawn} ({x:.3f},{y:.3f}) -- ({x + self.key:.3f},{y:.3f}) "
            rf"node[right,{colour}] {{{self.writer.words(self.plot.lines[number].label, '${}$')}}};"
        )
        marked = [places[one] for one in self.marked(len(places))]
        for place in [*marked, f"({x + self.key / 2:.3f},{y:.3f})"]:
            yield rf"\fill[{colour}] {place} {mark};"

    def _tick(self, tick: Tick) -> str:
        if tick.is_power:
            return f"$10^{{{number_parts(tick.digits)[2] or '0'}}}$"
        return f"${self.writer.syntax.number(tick.digits)}$"


def _rgb(colour: str) -> str:
    """A colour as TikZ takes it without a name."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"color={{rgb,255:red,{red};green,{green};blue,{blue}}}"
