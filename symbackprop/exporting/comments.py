"""Words of a user and formulas within comments: on one line, and nothing that ends the comment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from symbackprop.notation.printable import on_one_line
from symbackprop.writing.lines import Phrase, split_sum


def padded(words: str, width: int) -> str:
    """Words with spaces behind them."""
    return words + " " * (width - cell_len(words))


def in_docstring(words: str) -> str:
    r'''Words within a string in triple quotes.

    >>> in_docstring('a \\ """ b')
    'a \\\\ \\"\\"\\" b'
    '''
    return on_one_line(words).replace("\\", "\\\\").replace('"""', r"\"\"\"").strip()


def in_c_comment(words: str) -> str:
    """Words within a comment of C: no end of it, no line that goes on, no trigraph.

    >>> in_c_comment("x */ y // z ??/ w")
    'x * / y / / z ? ?/ w'
    """
    return tamed(on_one_line(words))


def tamed(line: str) -> str:
    """A line on which nothing ends a comment of C or goes on; its spaces stay."""
    plain = line.replace("\\", "∖")
    for sign in ("*/", "/*", "//", "??"):
        while sign in plain:
            plain = plain.replace(sign, f"{sign[0]} {sign[1]}")
    return plain


def phrase_lines(phrase: Phrase, width: int, *, left: int = 0) -> list[str]:
    """A formula on one line, or broken at its relations and, where a side is too long, at + and -.

    Args:
        phrase: the formula.
        width: where it is broken.
        left: the width of the left sides of a row of formulas, whose relations stand below each other.
    """
    head = padded(phrase.left, left)
    whole = " ".join([head, *(f"{relation} {side}" for relation, side in phrase.sides)])
    if cell_len(whole) <= width or not phrase.sides:
        return [whole]
    margin = cell_len(head)
    lines = [head]
    for relation, side in phrase.sides:
        first, *rest = split_sum(side, width - margin - 3, deepest=2)
        if cell_len(f"{lines[-1]} {relation} {first}") <= width:
            lines[-1] += f" {relation} {first}"
        else:
            lines.append(f"{' ' * margin} {relation} {first}")
        lines += [f"{' ' * margin}     {piece}" for piece in rest]
    return lines


def table(rows: Iterable[Sequence[str]], gap: int = 2) -> list[str]:
    """Rows with their columns below each other."""
    every = [list(row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*every, strict=True)]
    return [
        (" " * gap).join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in every
    ]
