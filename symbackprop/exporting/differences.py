"""The check by central differences of what is exported with NumPy: what its function consists of."""

from __future__ import annotations

from symbackprop.exporting.layout import Lines
from symbackprop.exporting.module_text import filled_in


def difference(output: str, loss: str, step: str = "1e-5") -> Lines:
    """The function of one difference.

    Args:
        output: what is differentiated.
        loss: its value at `given` with `moved` for one of its arrays, as code.
        step: how far a number is moved, relative to its size.
    """
    return filled_in(_DIFFERENCE, output=output, loss=loss, step=step)


def check(output: str, *, tolerance: str, places: str, given: str, entry: str = "", items: str = "") -> Lines:
    """The function that compares all gradients.

    Args:
        output: what is differentiated.
        tolerance: the largest relative error that passes.
        places: the entries of `given[name]` that are compared, as code.
        given: what `loss_and_gradients` is called with, as code.
        entry: what makes a number of an array without axes.
        items: what makes a dictionary of the gradients.
    """
    filling = {"output": output, "tolerance": tolerance, "places": places}
    return filled_in(_CHECK, **filling, given=given, entry=entry, items=items)


_DIFFERENCE = '''\
def difference(given, name, place):
    """({output}(w + h) - {output}(w - h)) / 2h for one number w of an array."""
    losses, entries = [], []
    for sign in (1, -1):
        moved = np.array(given[name])
        moved[place] += sign * {step} * max(1.0, abs(moved[place]))
        losses.append({loss})
        entries.append(moved[place])
    return (losses[0] - losses[1]) / (entries[0] - entries[1])'''

_CHECK = '''\
def check(tolerance={tolerance}):
    """Compare every gradient with central differences, and print its largest relative error."""
    given = {{name: np.array(value, dtype=np.float64){entry} for name, value in GIVEN.items()}}
    loss, gradients = loss_and_gradients({given})
    passed = True
    for name, gradient in gradients{items}.items():
        places = {places}
        numeric = np.array([difference(given, name, place) for place in places])
        symbolic = np.array([np.asarray(gradient)[place] for place in places])
        scale = max(np.max(np.abs(numeric)), 1e-4 * abs(loss), 1e-12)
        error = np.max(np.abs(symbolic - numeric)) / scale
        passed = passed and bool(error <= tolerance)
        print(f"d{output}/d{{name}}: largest relative error {{error:.1e}}")
    print("passed" if passed else f"failed: an error is above {{tolerance:g}}")
    return passed'''
