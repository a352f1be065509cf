"""What reports say, in no language yet: verdicts, kinds of mistakes, summaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symbackprop.check.claims import Claim, Counterexample, Report, Slip, Verdict
from symbackprop.check.tex import Tex
from symbackprop.content import Text, text

VERDICTS: Mapping[Verdict, Text] = {
    Verdict.VERIFIED: text("right"),
    Verdict.REFUTED: text("wrong"),
    Verdict.UNDECIDED: text("undecided"),
    Verdict.UNREAD: text("not read"),
}
"""The title of each verdict."""

SIGNS: Mapping[Verdict, str] = {
    Verdict.VERIFIED: "✓",
    Verdict.REFUTED: "✗",
    Verdict.UNDECIDED: "?",
    Verdict.UNREAD: "?",
}
"""What tells the verdicts apart besides colours."""

SLIPS: Mapping[Slip, Text] = {
    Slip.SIGN: text("the sign is the other way round"),
    Slip.FACTOR: text("a constant factor is wrong or left out"),
    Slip.ACTIVATION_MISSING: text("the derivative of the activation is left out"),
    Slip.ACTIVATION_DOUBLED: text("the derivative of the activation stands here once too often"),
    Slip.WRONG_POINT: text("a derivative is taken at the wrong point"),
    Slip.MISSING_FACTOR: text("a factor of the chain is left out"),
    Slip.EXTRA_FACTOR: text("there is a factor too many"),
    Slip.MISSING_PATH: text("a path to the loss is left out: the derivative is the sum over all paths"),
    Slip.PRODUCT_FOR_SUM: text("the paths are multiplied where they are to be added"),
    Slip.WRONG_INDEX: text("an index is wrong"),
    Slip.WRONG_NAME: text("another quantity belongs here"),
    Slip.TRANSPOSE: text("a transpose is left out, or one is too many"),
    Slip.ORDER: text("the factors of the matrix product stand in the wrong order"),
    Slip.ELEMENTWISE: text("the product of the entries and the matrix product are mixed up"),
    Slip.SOFTMAX_DIAGONAL: text(
        "every output of softmax depends on every input: the terms off the diagonal are left out"
    ),
    Slip.NEW_WEIGHTS: text("weights after the update stand where those before it belong"),
    Slip.ASCENT: text("the step goes up the slope: the gradient is to be subtracted"),
    Slip.LOSS_FOR_DELTA: text("the loss, or its derivative by another node, stands where the delta belongs"),
    Slip.ROUNDING: text("the number is rounded wrongly"),
    Slip.COPY: text("a number is copied wrongly, or cut short"),
    Slip.FORWARD: text("the forward pass is wrong here"),
    Slip.BIAS: text("the bias is left out or has a wrong factor"),
    Slip.AXIS: text("the sum runs along the wrong axis"),
    Slip.OTHER: text("the two sides are not equal"),
}
"""One sentence for each kind of mistake."""

UNDECIDED = text("neither a proof nor a counterexample was found")
UNREAD = text("this formula was not understood")

WORDS: Mapping[str, Text] = {
    "findings": text("Findings"),
    "document": text("The document"),
    "no-findings": text("Nothing to complain of."),
    "line": text("Line"),
    "verdict": text("Verdict"),
    "formula": text("Formula"),
    "reason": text("Reason"),
    "claims": text("Claims"),
    "first": text("First wrong line"),
    "name": text("Document"),
    "timeout": text("took too long"),
    "error": text("could not be checked"),
    "legend": text("Point at a marked formula, or go to it with the tab key, to read what is said of it."),
}
"""Heads of tables and sections, and what a page says besides."""


def reason_of(claim: Claim) -> Text | None:
    """Why a claim has its verdict: its own reason, or what is said of its kind of mistake."""
    if claim.reason is not None:
        return claim.reason
    if claim.follows is not None:
        return text("follows from line {line}", line=claim.follows)
    match claim.verdict:
        case Verdict.REFUTED:
            return SLIPS[claim.mistake or Slip.OTHER]
        case Verdict.UNDECIDED:
            return UNDECIDED
        case Verdict.UNREAD:
            return UNREAD
    return None


def verdict_of(claim: Claim) -> Text:
    """The title of a verdict with its reason: `wrong: the sign is the other way round`."""
    reason = reason_of(claim)
    title = VERDICTS[claim.verdict]
    return title if reason is None else text("{title}: {reason}", title=title, reason=reason)


def follow_ups(claim: Claim) -> Iterator[Text]:
    """What is said beside the reason: the right formula, a counterexample, where the mistake comes from."""
    if claim.expected and claim.verdict is not Verdict.VERIFIED:
        yield text("right: {formula}", formula=Tex(claim.expected))
    if claim.counterexample is not None:
        yield _shown_by(claim.counterexample)


def _shown_by(example: Counterexample) -> Text:
    claimed, right = Tex(example.claimed), Tex(example.right)
    if not example.at:
        return text("this gives {claimed}, right is {right}", claimed=claimed, right=right)
    numbers = tuple(Tex(f"{name} = {value}") for name, value in example.at.items())
    return text(
        "for {numbers}: this gives {claimed}, right is {right}", numbers=numbers, claimed=claimed, right=right
    )


def summary_of(report: Report) -> Text:
    """How many claims there are, and what became of them; consequences of earlier mistakes told apart."""
    counts = report.summary
    if not counts["claims"]:
        return text("no claims were found")
    follow = sum(claim.follows is not None for claim in report.having(Verdict.REFUTED))
    wrong = text("{count} wrong", "{count} wrong", count=counts["refuted"])
    if follow:
        source = text(
            "{count} follows from an earlier line", "{count} follow from earlier lines", count=follow
        )
        wrong = text("{wrong} ({source})", wrong=wrong, source=source)
    return text(
        "{claims}: {right}, {wrong}, {undecided}, {unread}",
        claims=text("{count} claim", "{count} claims", count=counts["claims"]),
        right=text("{count} right", "{count} right", count=counts["verified"]),
        wrong=wrong,
        undecided=text("{count} undecided", "{count} undecided", count=counts["undecided"]),
        unread=text("{count} not read", "{count} not read", count=counts["unread"]),
    )


def first_wrong_of(report: Report) -> Text | None:
    """Where the first mistake stands."""
    first = report.first_wrong
    return None if first is None else text("first wrong line: {line}", line=first.line)


def findings(report: Report, *, every: bool = False) -> list[Claim]:
    """The claims that something is to be said of, in the order of the document.

    Args:
        report: of the document.
        every: those that are right too.
    """
    return [claim for claim in report.claims if every or claim.verdict is not Verdict.VERIFIED]
