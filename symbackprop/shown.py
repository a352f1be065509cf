"""Objects that show themselves: in a notebook as formulas and tables, elsewhere in one line."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import singledispatch
from typing import Protocol


class Face(Protocol):
    """How an object looks."""

    @property
    def headline(self) -> str:
        """What it is, in a few words."""

    def latex(self) -> str:
        """All of it as LaTeX."""

    def html(self) -> str:
        """All of it as HTML."""


@singledispatch
def face(thing: object) -> Face:
    """How an object looks; `notebook` says it for every kind, and is asked when the first is shown."""
    if _LATER:
        _LATER.pop()()
        return face(thing)
    raise TypeError(f"a {type(thing).__name__} does not show itself")


_LATER: list[Callable[[], None]] = []


def register_later(register: Callable[[], None]) -> None:
    """Have faces registered when the first object is shown: what draws and prints them is slow to import."""
    _LATER.append(register)


class Shown:
    """What shows itself in a notebook."""

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """The object in every format: an exported page shows the HTML, a printed one the LaTeX.

        Args:
            include: only these formats.
            exclude: not these.
        """
        own = face(self)
        makers = {"text/plain": lambda: repr(self), "text/html": own.html, "text/latex": own.latex}
        return {
            kind: make()
            for kind, make in makers.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }


class Headed(Shown):
    """What shows itself, and is too large to be written out in one line."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {face(self).headline}>"
