"""What was read of a document in short, every place of it proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.papers.reading import (
    Document,
    Formula,
    Heading,
    Item,
    Kind,
    Piece,
    Prose,
    Table,
    read_document,
)

KINDS: Sequence[Kind] = ["markdown", "latex"]


def pieces(items: Sequence[Item]) -> Iterator[Piece]:
    """All pieces of text, those in tables too."""
    for item in items:
        yield from (cell for row in item.rows for cell in row) if isinstance(item, Table) else [item]


def check_places(document: Document) -> None:
    """Every character of every piece stands where the piece says."""
    for piece in pieces(document.items):
        assert piece.starts[0] == 0
        assert len(piece.starts) == len(piece.places)
        for offset, sign in enumerate(piece.text):
            line, column = piece.place(offset)
            if sign != "\n":
                assert document.lines[line - 1][column - 1] == sign


def read(text: str, kind: Kind = "markdown") -> list[Item]:
    """What stands in a text, every place proved."""
    document = read_document(text, kind)
    check_places(document)
    return list(document.items)


def formulas(text: str, kind: Kind = "markdown") -> list[str]:
    return [item.text for item in read(text, kind) if isinstance(item, Formula)]


def brief(text: str, kind: Kind = "markdown") -> list[str]:
    """What stands in a text, a line an item: its kind in a letter, then its text."""
    lines = []
    for item in read(text, kind):
        match item:
            case Formula():
                lines.append(("D" if item.display else "I") + ("T" if item.table else "") + f" {item.text}")
            case Heading():
                lines.append(f"{item.level} {item.text}")
            case Table():
                rows = " / ".join(", ".join(cell.text for cell in row) for row in item.rows)
                lines.append(f"T{'h' * item.head} {rows}")
            case Prose():
                lines.append(f"P {item.text}")
    return lines
