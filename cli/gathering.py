"""The documents that a command is given: files, folders, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LARGEST = 5_000_000
"""So many bytes a document may have."""

KINDS: dict[str, Literal["markdown", "latex"] | None] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".tex": "latex",
    ".txt": None,
}
"""What is looked for in a folder, and what it is read as; None: found from the text."""


@dataclass(frozen=True)
class Source:
    """A document that is to be read.

    Attributes:
        name: as the user gave it.
        path: of its file; None: it was read from standard input.
        content: what standard input held.
    """

    name: str
    path: Path | None
    content: bytes = b""

    @property
    def kind(self) -> Literal["markdown", "latex"] | None:
        """What its name says that it is."""
        return None if self.path is None else KINDS.get(self.path.suffix.lower())


def gather(given: Sequence[str]) -> list[Source]:
    """The documents behind arguments: a folder stands for every document below it."""
    from symbackprop.errors import OptionError

    if given.count("-") > 1:
        raise OptionError("standard input is read once", where="DOCUMENT -", fix="give - once")
    found: list[Source] = []
    for one in given:
        if one == "-":
            found.append(Source("standard input", None, sys.stdin.buffer.read(LARGEST + 1)))
        elif not is_folder(one):
            found.append(Source(one, Path(one)))
        else:
            below = [Source(str(path), path) for path in sorted(_below(Path(one)))]
            if not below:
                what, known = f"no document stands in the folder {one}", ", ".join(f"*{end}" for end in KINDS)
                raise OptionError(what, where=f"DOCUMENT {one}", known=known)
            found += below
    return found


def is_folder(name: str) -> bool:
    """Whether an argument is a folder."""
    try:
        return name != "-" and Path(name).is_dir()
    except (OSError, ValueError):
        return False


def _below(folder: Path) -> Iterator[Path]:
    """Documents below a folder; what is hidden, and links that lead out of it, are passed over."""
    home = folder.resolve()
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(place, name)
            if name.startswith(".") or path.suffix.lower() not in KINDS or not path.is_file():
                continue
            if path.resolve().is_relative_to(home):
                yield path


def read(source: Source) -> str:
    """The text of a document.

    Raises:
        OptionError: it cannot be read, is too large, or is no text in UTF-8.
    """
    from symbackprop.errors import OptionError

    where = f"DOCUMENT {source.name}"
    try:
        content = source.content if source.path is None else _content(source.path)
    except (OSError, ValueError) as error:
        what = f"cannot read {source.name}: {getattr(error, 'strerror', None) or 'no such file'}"
        raise OptionError(what, where=where, fix="check the path") from None
    if len(content) > LARGEST:
        most = f"{LARGEST // 1_000_000} MB at the most"
        raise OptionError(f"{source.name} is too large", where=where, known=most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"{source.name} is not text in UTF-8"
        raise OptionError(what, where=f"{where}, line {line}", fix="save it in UTF-8") from None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)
