"""A formula within a sentence of a report: its LaTeX, which each format shows in its own way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tex:
    """A field of a `Text` that is a formula.

    Attributes:
        latex: the inside of the formula, without marks round it.
    """

    latex: str
