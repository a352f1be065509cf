"""Time and memory against the size of a network, in component notation: `python tests/benchmarks/growth.py`.

Every size runs in a process of its own. Memory is told as it stands when all is derived, and at the end. The
last column is the time a parameter takes, against the smallest network that has more than a thousand of them:
it stays near 1 where the growth is linear.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time

from symbackprop.graph import Graph
from symbackprop.network import Objective, build_network, default_layer
from symbackprop.numeric.compiled import compile
from symbackprop.sweep import backprop

SIZES = ["1-1-1-1", "3-3-2-1", "10-10-10", "30-30-10", "64-64-64-10", "196-32-10", "392-32-10", "784-32-10"]


def measure(widths: list[int]) -> dict[str, float]:
    """Derive and compile one sigmoid network with mean squared error; seconds and megabytes."""
    # The imports are not what is measured.

    compile(backprop(_tiny()))
    before = _megabytes()
    inputs, *units = widths
    start = time.perf_counter()
    layers = [default_layer(place, len(units), width, "sigmoid") for place, width in enumerate(units, 1)]
    names = [f"x_{place}" for place in range(1, inputs + 1)]
    targets = [f"y_{place}" for place in range(1, units[-1] + 1)]
    network = build_network(names, targets, layers, Objective("mse"))
    built = time.perf_counter()
    derivation = backprop(network.graph)
    for gradient in derivation.gradients.values():
        _ = gradient.expression
    derived, kept = time.perf_counter(), _megabytes()
    compiled = compile(derivation)
    ready = time.perf_counter()
    values = {name: random.uniform(-0.1, 0.1) for name in compiled.given}
    compiled(values)
    first = time.perf_counter()
    compiled(values)
    return {
        "parameters": len(derivation.gradients),
        "build": built - start,
        "derive": derived - built,
        "compile": ready - derived,
        "evaluate": time.perf_counter() - first,
        "derived megabytes": kept - before,
        "megabytes": _megabytes() - before,
    }


def _megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _tiny() -> Graph:
    return Graph.from_equations("f = sigmoid(w*x)")


def main() -> None:
    """Print the table, or with one size as argument its figures as JSON."""
    if len(sys.argv) > 1:
        print(json.dumps(measure([int(width) for width in sys.argv[1].split("-")])))
        return
    head = [
        "network",
        "parameters",
        "build s",
        "derive s",
        "compile s",
        "evaluate s",
        "derived MB",
        "kB/param",
        "MB",
        "kB/param",
        "ratio",
    ]
    print("  ".join(f"{title:>11}" for title in head))
    base = None
    for size in SIZES:
        done = subprocess.run([sys.executable, __file__, size], capture_output=True, text=True, check=True)
        row = json.loads(done.stdout)
        each = (row["build"] + row["derive"] + row["compile"]) / row["parameters"]
        if base is None and row["parameters"] > 1000:
            base = each
        cells = [f"{row[key]:.3f}" for key in ("build", "derive", "compile", "evaluate")]
        memory = [
            cell
            for key in ("derived megabytes", "megabytes")
            for cell in (f"{row[key]:.0f}", f"{1024 * row[key] / row['parameters']:.1f}")
        ]
        ratio = "" if base is None else f"{each / base:.2f}"
        print(
            "  ".join(f"{cell:>11}" for cell in [size, str(row["parameters"]), *cells, *memory, ratio]),
            flush=True,
        )


if __name__ == "__main__":
    main()
