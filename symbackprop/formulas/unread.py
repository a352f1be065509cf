"""What is raised where a formula is outside of the grammar."""

from __future__ import annotations

from symbackprop.content import Text


class Unread(Exception):
    """A formula that cannot be read.

    Attributes:
        what: why, in words.
        offset: where in the formula.
    """

    def __init__(self, what: Text, offset: int) -> None:
        super().__init__(str(what))
        self.what = what
        self.offset = offset
