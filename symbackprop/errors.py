"""What a user can get wrong: one exception a noun, and each message carries its cure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Result = TypeVar("Result")

MOST_TOLD = 20
"""So many mistakes are told at once at the most."""


class Mistake(Exception):
    """A mistake in what the user gave.

    Args:
        what: what is wrong, in one sentence.
        where: where it stands: the path into the TOML, or the line with a caret under the column.
        known: what was known at that point (the names, the expected shape, the allowed keys).
        fix: the likely cure.
    """

    def __init__(self, what: str, *, where: str = "", known: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.known, self.fix = what, where, known, fix

    def at(self, where: str) -> Mistake:
        """The same mistake, found further out: `where` is put before its own place."""
        self.where = f"{where}\n{self.where}" if self.where else where
        return self

    def __str__(self) -> str:
        labelled = [("where", self.where), ("known", self.known), ("fix", self.fix)]
        lines = [seen(self.what)]
        for label, text in labelled:
            if text:
                first, *rest = map(seen, text.splitlines())
                lines.append(f"  {label + ':':<7}{first}")
                lines += [f"         {line}" for line in rest]
        return "\n".join(lines)


def seen(words: str) -> str:
    r"""Words of a user as one may show them: as long as they are, without what steers a terminal.

    >>> seen("x\u202ey\t+ 1")
    'x�y + 1'
    """
    return "".join(one if one.isprintable() else " " if one.isspace() else "\ufffd" for one in words)


class ExpressionError(Mistake):
    """Text that is not an expression of the language."""


class GraphError(Mistake):
    """Equations that do not make a computational graph."""


class ShapeError(Mistake):
    """Arrays whose shapes do not fit an operation.

    Attributes:
        expression: the operation, by which its place in the text is found.
    """

    expression: object = None


class LinearityError(Mistake):
    """An expression that is no matrix times a symbol, or none that has a closed form here."""


class SpecError(Mistake):
    """A spec file that does not describe a problem."""


class ModelError(Mistake):
    """A model of another library that is not read: a layer that the language lacks, a broken file."""


class DataError(Mistake):
    """Numbers that cannot be used: a ragged row, a decimal comma, NaN, infinity."""


class ValuesError(Mistake):
    """Values at which a node is not a finite number."""


class TrainingError(Mistake):
    """Steps that cannot be taken: no numbers, an overflow, a slope of zero everywhere."""


class OptionError(Mistake):
    """An option whose value does not fit."""


class Mistakes(Exception):
    """Several mistakes found in one reading, reported together.

    Args:
        mistakes: each of them, in the order of the file.
    """

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)


def raise_all(mistakes: Sequence[Mistake]) -> None:
    """Raise nothing, the one mistake, or all of them together."""
    if len(mistakes) == 1:
        raise mistakes[0]
    if mistakes:
        raise Mistakes(mistakes[:MOST_TOLD])


class Gathering:
    """Gathers mistakes on the way, so that they can be told together.

    Attributes:
        mistakes: those found so far.
    """

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def attempt(self, action: Callable[[], Result]) -> Result | None:
        """The result of the action; what it raises is gathered, and there is no result."""
        try:
            return action()
        except Mistakes as several:
            self.mistakes += several.mistakes
        except Mistake as mistake:
            self.mistakes.append(mistake)
        return None

    def refuse(self, what: str, where: str, *, known: str = "", fix: str = "") -> None:
        """Gather a mistake in the spec."""
        self.mistakes.append(SpecError(what, where=where, known=known, fix=fix))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion of the known word nearest to `word`, or nothing.

    >>> did_you_mean("learning_rat", ["learning_rate", "steps"])
    "did you mean 'learning_rate'?"
    """
    near = nearest(word, known)
    return f"did you mean {near!r}?" if near is not None else ""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like `word`; none where none is like it.

    >>> nearest("x_1", ["x1", "y"])
    'x1'
    """
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def listing(words: Iterable[str], most: int = 12) -> str:
    """Names in a row, cut after `most` of them.

    >>> listing(["x", "y", "z"], most=2)
    'x, y, … (3 in all)'
    """
    every = list(words)
    shown = ", ".join(every[:most])
    return f"{shown}, … ({len(every)} in all)" if len(every) > most else shown


def caret(source: str, line: int, column: int, label: str = "") -> str:
    """The line of `source` with a caret under the column (both counted from 1).

    >>> print(caret("q = x + ", 1, 9))
    line 1, column 9
    q = x +
            ^
    """
    lines = source.splitlines() or [""]
    text = lines[min(line, len(lines)) - 1]
    start = max(0, column - 61)
    shown = text[start : start + 100].replace("\t", " ")
    place = f"line {line}, column {column}" + (f" of {label}" if label else "")
    return f"{place}\n{shown.rstrip()}\n{' ' * (column - 1 - start)}^"
