"""Structures of C: what is given, the values, the deltas, the gradients, member by member."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.exporting.comments import in_c_comment
from symbackprop.exporting.layout import INDENT, WIDTH, Lines, commented, filled, indented

ROOM = WIDTH - len(INDENT) - len("  // ")
"""How wide a member and what is said of it may be."""


@dataclass(frozen=True)
class Member:
    """A number or an array.

    Attributes:
        name: in code.
        shape: () is a number.
        remark: what it is, in a word; members of one remark stand together.
        several: what several of them are; the same, unless given.
        is_read: it is only read.
        is_size: it is a size of arrays.
    """

    name: str
    shape: Shape = ()
    remark: str = ""
    several: str = ""
    is_read: bool = False
    is_size: bool = False

    def told(self, *, several: bool = False) -> str:
        """What stands behind it, or behind several in a row: the remark and the shape."""
        remark = self.several if several and self.several else self.remark
        return in_c_comment(", ".join(filter(None, (remark, show_shape(self.shape) if self.shape else ""))))

    def kind(self, real: str) -> str:
        """Its type, without the star of a pointer."""
        if self.is_size:
            return "size_t"
        return f"const {real}" if self.shape and self.is_read else real

    @property
    def declared(self) -> str:
        """*X of an array, x of a number."""
        return f"*{self.name}" if self.shape else self.name


@dataclass(frozen=True)
class Structure:
    """A structure.

    Attributes:
        name: its tag.
        remark: what it holds.
        members: in their order; none: there is no such structure.
    """

    name: str
    remark: str
    members: Sequence[Member]

    def declaration(self, real: str) -> Lines:
        """Its declaration: members that are alike in a row, what they are beside them."""
        rows = [row for group in self._groups(real) for row in _rows(group, real)]
        column = max((len(row) for row, told in rows if told), default=0)
        shown = [f"{row:<{column}}  // {told}" if told else row for row, told in rows]
        return [*commented(self.remark), f"struct {self.name} {{", *indented(shown), "};"]

    def _groups(self, real: str) -> Iterator[list[Member]]:
        for _, group in groupby(self.members, key=lambda one: (one.kind(real), one.told(), bool(one.shape))):
            yield list(group)


def _rows(members: Sequence[Member], real: str) -> list[tuple[str, str]]:
    """double x_1, x_2; with what they are behind the last row."""
    told = members[0].told(several=len(members) > 1)
    lines = declarations(members[0].kind(real), [one.declared for one in members], ROOM - len(told))
    return [*((line, "") for line in lines[:-1]), (lines[-1], told)]


def declarations(kind: str, names: Sequence[str], room: int) -> Lines:
    """double a, b; as many times as it takes lines."""
    rows = filled(names, room - len(kind) - 1)
    return [f"{kind} {row.removesuffix(',')};" for row in rows]
