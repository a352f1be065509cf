"""The results as Markdown, to be printed and to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import floor, log10

from tests.benchmarks.machine import in_words
from tests.benchmarks.own import Own
from tests.benchmarks.race import TOLERANCE
from tests.benchmarks.report import Report
from tests.benchmarks.results import Result
from tests.benchmarks.roster import CONTESTANTS, REFERENCE
from tests.benchmarks.slopes import growth

_MICROSECOND = 1e-6

Measure = Callable[[Result], float | None]


def markdown(report: Report) -> str:
    """The whole report."""
    notes = _Notes()
    parts = [_head(report), _agreement(report)]
    for batch in dict.fromkeys(one.batch for one in report.results):
        chosen = [one for one in report.results if one.batch == batch]
        parts.append(f"## Time a step, µs, batch {batch}: median (minimum)")
        parts.append(_grid(chosen, notes, _Times(chosen)))
    least = min((one.batch for one in report.results), default=1)
    for title, measure in _PREPARATIONS.items():
        chosen = [one for one in report.results if one.batch == least]
        parts += [f"## {title}, batch {least}", _grid(chosen, notes, _Plain(measure))]
    if report.own:
        parts += ["## symbackprop's own derivation, with the usual backend", _own(report.own)]
    return "\n\n".join([*parts, *notes.lines()]) + "\n"


def _of_preparation(name: str) -> Measure:
    return lambda one: None if one.preparation is None else float(getattr(one.preparation, name))


_PREPARATIONS: Mapping[str, Measure] = {
    "To derive, s": _of_preparation("derive"),
    "To compile, s": _of_preparation("compile"),
    "Memory by which the peak rises meanwhile, MB": _of_preparation("grown"),
    "Peak memory of the process, MB": _of_preparation("peak"),
}


def _head(report: Report) -> str:
    lines = [
        f"# Benchmark of {report.date}",
        f"{in_words(report.machine)}.",
        f"{report.dtype}, {report.threads} threads (C, CasADi, SymPy, SymEngine and Python use one), "
        f"{report.pace.repetitions} repetitions of at least {report.pace.seconds:g} s in turn, "
        f"{report.pace.budget:g} s at most for getting ready; load of the machine {report.load[0]} at the "
        f"beginning, {report.load[1]} at the end (of this benchmark too).",
        "Sigmoid layers, mean squared error, plain SGD. Each contestant is alone in its process, and has "
        "done as little as x + 1 before its times are taken. Growth is p in time ≈ c · parametersᵖ.",
    ]
    return "\n\n".join([*lines, report.note] if report.note else lines)


def _agreement(report: Report) -> str:
    compared = [one for one in report.results if one.error is not None]
    wrong = [one for one in report.results if one.is_mistake]
    lines = [f"**{one.contestant} at {one.network}, batch {one.batch}: {one.reason}**" for one in wrong]
    if not any(one.outcome == "wrong" for one in wrong):
        largest = max((one.error or 0.0 for one in compared), default=0.0)
        lines.append(
            f"All parameters agree with those of {CONTESTANTS[REFERENCE].title} to "
            f"{TOLERANCE[report.dtype]:g} of what they have changed, after a block of steps: {len(compared)} "
            f"comparisons, the largest difference {largest:.1e}."
        )
    return "\n\n".join(lines)


class _Notes:
    """Why cells are empty: each reason once, by a letter."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}

    def mark(self, one: Result) -> str:
        """What stands in an empty cell."""
        reason = f"{one.outcome}: {one.reason}"
        return self.marks.setdefault(reason, f"[{_letters(len(self.marks))}]")

    def lines(self) -> list[str]:
        """The reasons."""
        told = [f"- {mark} {reason}" for reason, mark in self.marks.items()]
        return ["## Why a cell is empty", "\n".join(told)] if told else []


def _letters(number: int) -> str:
    """a, b, … z, aa, ab, …"""
    tens, ones = divmod(number, 26)
    return (_letters(tens - 1) if tens else "") + chr(ord("a") + ones)


class _Plain:
    """Cells of one number."""

    def __init__(self, measure: Measure) -> None:
        self.measure = measure

    def text(self, one: Result) -> str:
        """What stands in the cell; nothing where there is no number."""
        value = self.measure(one)
        return "" if value is None else three(value)


class _Times(_Plain):
    """Cells of the median and the minimum; the fastest of those that train stands out."""

    def __init__(self, results: Sequence[Result]) -> None:
        super().__init__(lambda one: one.step)
        self.fastest: dict[str, float] = {}
        for one in results:
            if one.step is not None and one.error is not None:
                self.fastest[one.network] = min(one.step, self.fastest.get(one.network, one.step))

    def text(self, one: Result) -> str:
        """What stands in the cell."""
        if one.step is None or one.least is None:
            return ""
        text = f"{three(one.step / _MICROSECOND)} ({three(one.least / _MICROSECOND)})"
        is_fastest = one.error is not None and one.step == self.fastest[one.network]
        return f"**{text}**" if is_fastest else text


def _grid(results: Sequence[Result], notes: _Notes, cells: _Plain) -> str:
    """A row a contestant, a column a network, and the growth over the networks."""
    networks = list(dict.fromkeys(one.network for one in results))
    rows = [["", *networks, "growth"]]
    for name in dict.fromkeys(one.contestant for one in results):
        mine = {one.network: one for one in results if one.contestant == name}
        filled = [cells.text(mine[one]) or notes.mark(mine[one]) if one in mine else "" for one in networks]
        rows.append([CONTESTANTS[name].title, *filled, _grown(mine.values(), cells.measure)])
    return table(rows)


def _grown(results: Iterable[Result], measure: Measure) -> str:
    points = [(one.parameters, value) for one in results if (value := measure(one)) is not None]
    return _exponent([size for size, _ in points], [value for _, value in points])


def _exponent(sizes: Sequence[float], values: Sequence[float]) -> str:
    slope = growth(sizes, values) if sizes else None
    return "" if slope is None else f"{slope:.2f}"


def _own(rows: Sequence[Own]) -> str:
    titles = ["", "notation", "parameters", "derive s", "compile s", "again: derive s", "compile s", "MB"]
    lines = [[*titles, "kB a parameter"]]
    lines += [[one.network, one.notation, f"{one.parameters:,}", *_own_cells(one)] for one in rows]
    for notation in dict.fromkeys(one.notation for one in rows):
        grown = _own_growth([one for one in rows if one.notation == notation])
        lines.append(["growth", notation, "", *grown, ""])
    return table(lines)


def _own_cells(one: Own) -> list[str]:
    if one.first is None or one.again is None:
        return [one.reason, "", "", "", "", ""]
    first, again = one.first, one.again
    times = [first.derive, first.compile, again.derive, again.compile, first.grown]
    return [*map(three, times), three(first.grown * 1024 / one.parameters)]


def _own_growth(rows: Sequence[Own]) -> list[str]:
    done = [(one.parameters, one.first, one.again) for one in rows if one.first and one.again]
    sizes = [size for size, _, _ in done]
    columns = zip(
        *(
            (first.derive, first.compile, again.derive, again.compile, first.grown)
            for _, first, again in done
        ),
        strict=True,
    )
    return [_exponent(sizes, column) for column in columns] or [""] * 5


def three(value: float) -> str:
    """Three digits, and all that stand before the point.

    >>> three(0.08312), three(12.34), three(15206.9), three(0)
    ('0.0831', '12.3', '15207', '0')
    """
    if not value:
        return "0"
    return f"{value:.{max(0, min(6, 2 - floor(log10(abs(value)))))}f}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown, its columns as wide as they have to be.

    >>> print(table([["", "a"], ["b", "1"]]))
    |    |  a |
    | -- | -: |
    | b  |  1 |
    """
    widths = [max(2, *(len(cell) for cell in column)) for column in zip(*rows, strict=True)]
    head, *body = rows
    rule = [f"{'-' * widths[0]}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join(_lines([head, rule, *body], widths))


def _lines(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for first, *rest in rows:
        cells = [
            first.ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)),
        ]
        yield f"| {' | '.join(cells)} |"
