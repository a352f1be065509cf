"""What a page says besides its solution: buttons, hints, and the sentences of its script."""

from __future__ import annotations

from symbackprop.content import text

WORDS = {
    "contents": text("Contents"),
    "tools": text("Stepping through the page"),
    "first": text("First step"),
    "back": text("Step back"),
    "forward": text("Next step"),
    "factor": text("Next factor"),
    "play": text("Play"),
    "iteration": text("Iteration"),
    "open": text("Open all sections"),
    "close": text("Close all sections"),
    "live": text("Live sheet"),
    "live-help": text("Change a number: everything that depends on it follows."),
    "reset": text("As it was"),
    "keys": text("Arrow keys step, Escape stops; F goes through the factors of a chain."),
    "iteration-keys": text("[ and ] change the iteration."),
    "leave": text("Stop stepping"),
    "close-live": text("Close"),
}
"""What the page itself says."""

SCRIPT_WORDS = {
    "step": text("Step {number} of {count}"),
    "play": text("Play"),
    "pause": text("Pause"),
    "parameter": text("Parameters"),
    "input": text("Inputs"),
    "target": text("Targets"),
    "constant": text("Constants"),
    "training": text("The update"),
    "argument": text("Arguments of the activations, set by hand"),
    "example": text("Example {number}"),
    "computed": text("computed"),
    "sum": text("The targets no longer add up to one: the page shows the numbers before this change."),
    "infinite": text("{name} is not a finite number: the page shows the numbers before this change."),
    "loss": text("Loss"),
    "derivative": text("A derivative"),
    "wrong": text("Not a number: the page keeps {number}."),
    "wrong-argument": text("Not a number: the page computes it."),
    "changed": text("The numbers of this page were changed in the live sheet."),
}
"""What its script says; the fields are left to it."""
