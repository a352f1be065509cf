"""What a document claims and what became of it: claims with verdicts, and the report of a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from symbackprop.content import Text
from symbackprop.papers.reading import Document, Formula


class Verdict(StrEnum):
    """What became of a claim."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    UNREAD = "unread"


class Slip(StrEnum):
    """The kinds of mistake that are known."""

    SIGN = "sign"
    FACTOR = "factor"
    ACTIVATION_MISSING = "activation-derivative-missing"
    ACTIVATION_DOUBLED = "activation-derivative-doubled"
    WRONG_POINT = "wrong-point"
    MISSING_FACTOR = "missing-factor"
    EXTRA_FACTOR = "extra-factor"
    MISSING_PATH = "missing-path"
    PRODUCT_FOR_SUM = "product-for-sum"
    WRONG_INDEX = "wrong-index"
    WRONG_NAME = "wrong-name"
    TRANSPOSE = "transpose"
    ORDER = "order"
    ELEMENTWISE = "elementwise"
    SOFTMAX_DIAGONAL = "softmax-diagonal"
    NEW_WEIGHTS = "new-weights"
    ASCENT = "ascent"
    LOSS_FOR_DELTA = "loss-for-delta"
    ROUNDING = "rounding"
    COPY = "copy"
    FORWARD = "forward"
    BIAS = "bias"
    AXIS = "axis"
    OTHER = "other"


@dataclass(frozen=True)
class Counterexample:
    """Numbers at which the two sides of a claim differ.

    Attributes:
        at: the numbers of the names, by their LaTeX; empty: the numbers of the spec.
        claimed: what the claim gives there.
        right: what is right there.
    """

    at: Mapping[str, str]
    claimed: str
    right: str


@dataclass(frozen=True)
class Claim:
    """One relation between two sides, or one cell of a table, with its verdict.

    Attributes:
        line: of its first character in the document, from 1; `column` likewise.
        end_line: of the place behind its last character; `end_column` likewise.
        latex: the claim as it stands in the document.
        verdict: what became of it.
        reason: one sentence that a student understands; None where there is nothing to say.
        mistake: the kind of mistake of a refuted claim.
        expected: the right formula or number, in LaTeX; empty where it is not known.
        counterexample: numbers that show a mistake.
        follows: the line of the earlier claim from which this mistake follows.
        formula: the place of its formula among those of the document; None for a cell of a table.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    latex: str
    verdict: Verdict
    reason: Text | None = None
    mistake: Slip | None = None
    expected: str = ""
    counterexample: Counterexample | None = None
    follows: int | None = None
    formula: int | None = None


@dataclass(frozen=True)
class Report:
    """Every claim of a document, in its order.

    Attributes:
        name: of the document, as the user gave it.
        document: what was read.
        claims: with their verdicts.
    """

    name: str
    document: Document
    claims: Sequence[Claim]

    @property
    def summary(self) -> dict[str, int]:
        """How many claims there are, and how many of each verdict."""
        counts = Counter(claim.verdict for claim in self.claims)
        return {"claims": len(self.claims), **{str(one): counts[one] for one in Verdict}}

    def having(self, verdict: Verdict) -> list[Claim]:
        """The claims with that verdict."""
        return [claim for claim in self.claims if claim.verdict is verdict]

    @property
    def first_wrong(self) -> Claim | None:
        """The first refuted claim."""
        return next(iter(self.having(Verdict.REFUTED)), None)

    @property
    def formulas(self) -> Sequence[Formula]:
        """The formulas of the document."""
        return self.document.formulas
