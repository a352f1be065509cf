"""What is found about one relation: a verdict, with what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass

from symbackprop.check.claims import Counterexample, Slip, Verdict
from symbackprop.content import Text, text
from symbackprop.reckoning.paper import Misfit


@dataclass(frozen=True)
class Finding:
    """A verdict with what there is to say about it; as in `Claim`.

    Attributes:
        renames: what is wrong is the name on the left: the rest speaks of another quantity, and may be right.
    """

    verdict: Verdict
    reason: Text | None = None
    mistake: Slip | None = None
    expected: str = ""
    counterexample: Counterexample | None = None
    follows: int | None = None
    renames: bool = False


VERIFIED = Finding(Verdict.VERIFIED)


def refuted(slip: Slip, expected: str, misfit: Misfit | None = None) -> Finding:
    """A mistake, with the right formula."""
    reason = None
    if misfit is not None and misfit.left and misfit.right and slip is Slip.OTHER:
        reason = text(
            "the shapes {left} and {right} do not fit", left=_shape(misfit.left), right=_shape(misfit.right)
        )
    return Finding(Verdict.REFUTED, reason, slip, expected)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
