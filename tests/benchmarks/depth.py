"""Time against depth and width of a network, in matrix notation: `python tests/benchmarks/depth.py`.

The ratio is the time a layer takes, against that of the first row: it stays near 1 where the time is linear
in the depth, and the rows of one depth agree where it does not depend on the widths.
"""

from __future__ import annotations

import time

from symbackprop.load import loads
from symbackprop.numeric.compiled import compile
from symbackprop.sweep import backprop

DEPTHS = (3, 10, 20, 50, 100)
WIDTHS = (4, 64, 512, 4096)


def measure(widths: list[int]) -> tuple[float, float]:
    """Seconds to derive a network of ReLU layers with a batch of n, and to print all its gradients."""
    spec = f'[network]\nnotation = "matrix"\nbatch = true\nactivation = "relu"\nlayers = {widths}\n'
    problem = loads(f'{spec}[loss]\nname = "mse"\n')
    start = time.perf_counter()
    derivation = backprop(problem.graph, conventions=problem.conventions)
    for gradient in derivation.gradients.values():
        _ = gradient.expression
    derived = time.perf_counter()
    for gradient in derivation.gradients.values():
        gradient.latex()
    return derived - start, time.perf_counter() - derived


def main() -> None:
    """Print the table."""
    measure([2, 2])
    compile(backprop(loads("[network]\nlayers = [1, 1]\n[loss]\nname = 'mse'").graph))
    print(f"{'network':>22}  {'derive s':>9}  {'print s':>9}  {'ratio':>6}")
    base = 0.0
    for depth in DEPTHS:
        for width in WIDTHS:
            derived, printed = measure([width] * (depth + 1))
            each = derived / depth
            base = base or each
            print(f"{f'{depth} layers of {width}':>22}  {derived:9.4f}  {printed:9.4f}  {each / base:6.2f}")
    derived, printed = measure([784, 512, 512, 10])
    print(f"{'784-512-512-10':>22}  {derived:9.4f}  {printed:9.4f}  {derived / 3 / base:6.2f}")


if __name__ == "__main__":
    main()
