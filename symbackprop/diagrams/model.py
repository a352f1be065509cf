"""A drawing as data: boxes, arrows and their labels, without places and without markup."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from symbackprop.content import Math, Text

Edge = tuple[str, str]
"""An edge of the graph: the name of a node, and that of a consumer of it."""


class View(StrEnum):
    """What is drawn of a graph."""

    OPERATIONS = "operations"
    NEURONS = "neurons"
    LAYERS = "layers"


class Shape(StrEnum):
    """The outline of a box."""

    CIRCLE = "circle"
    BOX = "box"
    NONE = "none"


class Kind(StrEnum):
    """What a label says: the sign or name, a value going forward, a derivative going backward, a partial."""

    NAME = "name"
    FORWARD = "forward"
    BACKWARD = "backward"
    PARTIAL = "partial"
    NOTE = "note"


@dataclass(frozen=True)
class Label:
    """One line of words or mathematics; `left = right` where there are both.

    Attributes:
        kind: what it says.
        left: a name, or words.
        right: what it equals.
        of: the name of the node that it speaks of.
    """

    kind: Kind
    left: Math | Text | str | None
    right: Math | None = None
    of: str = ""


@dataclass(frozen=True)
class Box:
    """What stands for one node of the graph, or for several.

    Attributes:
        key: unique in its diagram.
        nodes: the names of the nodes that it stands for.
        lines: what stands in it, one below the other.
        shape: its outline.
        edges: the edges of the graph that run within it.
        column: from the left, where the view has columns.
        row: from the top, where the view has columns.
    """

    key: str
    nodes: tuple[str, ...]
    lines: tuple[Label, ...]
    shape: Shape = Shape.BOX
    edges: tuple[Edge, ...] = ()
    column: int | None = None
    row: float | None = None


@dataclass(frozen=True)
class Arrow:
    """From one box to another.

    Attributes:
        source: the key of the box where it begins.
        target: the key of the box where it ends.
        edges: the edges of the graph that it stands for.
        nodes: the nodes that it stands for, as a weight stands on its arrow.
        above: labels over it: what goes forward.
        below: labels under it: what comes back.
    """

    source: str
    target: str
    edges: tuple[Edge, ...] = ()
    nodes: tuple[str, ...] = ()
    above: tuple[Label, ...] = ()
    below: tuple[Label, ...] = ()

    @property
    def labels(self) -> tuple[Label, ...]:
        """All of them, from the top."""
        return (*self.above, *self.below)


@dataclass(frozen=True)
class Diagram:
    """A drawing.

    Attributes:
        view: what is drawn.
        title: what it is a drawing of.
        description: what one who does not see it is told.
        boxes: in the order of the graph.
        arrows: between them.
    """

    view: View
    title: Text
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    description: Text = field(default_factory=lambda: Text(""))
