"""The check by central differences of what is exported with NumPy: what its function consists of."""

from __future__ import annotations

from dataclasses import dataclass

from symbackprop.content import Text, text
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.layout import Lines
from symbackprop.exporting.module_text import docstring, filled_in
from symbackprop.exporting.strings import in_f_string, in_string


@dataclass(frozen=True)
class Exactness:
    """How near a gradient and differences come, in words of code.

    Attributes:
        tolerance: the largest relative error that passes.
        step: how far a number is moved, relative to its size.
        least: what errors are relative to at the least, as a share of the loss.
    """

    tolerance: str
    step: str = "1e-5"
    least: str = "1e-4"


DOUBLE = Exactness("1e-6")
GRADIENTS_SINGLE = Exactness("1e-3")
"""Gradients have 32 bits, losses have 64."""

SINGLE = Exactness("1e-3", step="1e-2", least="1e-2")
"""All numbers have 32 bits."""


PASSED = text("passed")


def failed(tolerance: str) -> Text:
    """What a check prints at the end where it finds a mistake; the tolerance in words of code."""
    return text("failed: an error is above {tolerance}", tolerance=tolerance)


def largest_error(error: str) -> Text:
    """What is printed of an array; the error in words of code."""
    return text("largest relative error {error}", error=error)


def largest(sheet: Sheet, error: str = "{error:.1e}") -> str:
    """The same within an f-string."""
    return in_f_string(largest_error(error), sheet.language)


def outcome(sheet: Sheet) -> dict[str, str]:
    """What a check prints at the end: `passed` within a string, `failed` within an f-string."""
    return {
        "passed": in_string(sheet.words(PASSED)),
        "failed": in_f_string(failed("{tolerance:g}"), sheet.language),
    }


def quotient(output: str) -> str:
    """The difference, in words of code."""
    return f"({output}(w + h) - {output}(w - h)) / 2h"


def difference(sheet: Sheet, output: str, loss: str, exactness: Exactness = DOUBLE) -> Lines:
    """The function of one difference.

    Args:
        sheet: the formulas.
        output: what is differentiated.
        loss: its value at `given` with `moved` for one of its arrays, as code.
        exactness: of all numbers.
    """
    what = text("{quotient} for one number w of an array.", quotient=quotient(output))
    told = docstring(sheet.words(what))
    return filled_in(_DIFFERENCE, docstring=told, loss=loss, step=exactness.step)


def check(
    sheet: Sheet,
    output: str,
    exactness: Exactness,
    *,
    places: str,
    given: str,
    entry: str = "",
    items: str = "",
) -> Lines:
    """The function that compares all gradients.

    Args:
        sheet: the formulas.
        output: what is differentiated.
        exactness: of all numbers.
        places: the entries of `given[name]` that are compared, as code.
        given: what `loss_and_gradients` is called with, as code.
        entry: what makes a number of an array without axes.
        items: what makes a dictionary of the gradients.
    """
    compared = text("Compare every gradient with central differences, and print its largest relative error.")
    filling = {
        "docstring": docstring(sheet.words(compared)),
        "tolerance": exactness.tolerance,
        "least": exactness.least,
        "largest": largest(sheet),
        **outcome(sheet),
    }
    return filled_in(_CHECK, output=output, places=places, given=given, entry=entry, items=items, **filling)


_DIFFERENCE = """\
def difference(given, name, place):
    {docstring}
    losses, entries = [], []
    for sign in (1, -1):
        moved = np.array(given[name])
        moved[place] += sign * {step} * max(1.0, abs(moved[place]))
        losses.append({loss})
        entries.append(moved[place])
    return (losses[0] - losses[1]) / (entries[0] - entries[1])"""

_CHECK = """\
def check(tolerance={tolerance}):
    {docstring}
    given = {{name: np.array(value, dtype=np.float64){entry} for name, value in GIVEN.items()}}
    loss, gradients = loss_and_gradients({given})
    passed = True
    for name, gradient in gradients{items}.items():
        places = {places}
        numeric = np.array([difference(given, name, place) for place in places])
        symbolic = np.array([np.asarray(gradient)[place] for place in places])
        scale = max(np.max(np.abs(numeric)), {least} * abs(loss), 1e-12)
        error = np.max(np.abs(symbolic - numeric)) / scale
        passed = passed and bool(error <= tolerance)
        print(f"d{output}/d{{name}}: {largest}")
    print("{passed}" if passed else f"{failed}")
    return passed"""
