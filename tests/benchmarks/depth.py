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


def measure(widths: list[int]) -> tuple[float, float, float]:
    """Seconds to build a network of ReLU layers with a batch of n, to derive it, to print its gradients."""
    spec = f'[network]\nnotation = "matrix"\nbatch = true\nactivation = "relu"\nlayers = {widths}\n'
    start = time.perf_counter()
    problem = loads(f'{spec}[loss]\nname = "mse"\n')
    built = time.perf_counter()
    derivation = backprop(problem.graph, conventions=problem.conventions)
    for gradient in derivation.gradients.values():
        _ = gradient.expression
    derived = time.perf_counter()
    for gradient in derivation.gradients.values():
        gradient.latex()
    return built - start, derived - built, time.perf_counter() - derived


def main() -> None:
    """Print the table."""
    measure([2, 2])
    compile(backprop(loads("[network]\nlayers = [1, 1]\n[loss]\nname = 'mse'").graph))
    print(f"{'network':>22}  {'build s':>9}  {'derive s':>9}  {'print s':>9}  {'ratio':>6}")
    base = 0.0
    for depth in DEPTHS:
        for width in WIDTHS:
            base = _row(f"{depth} layers of {width}", [width] * (depth + 1), base)
    _row("3-3-2-1", [3, 3, 2, 1], base)
    _row("784-512-512-10", [784, 512, 512, 10], base)


def _row(name: str, widths: list[int], base: float) -> float:
    """Print one network, and give what a layer of the first took."""
    built, derived, printed = measure(widths)
    each = derived / (len(widths) - 1)
    base = base or each
    print(f"{name:>22}  {built:9.4f}  {derived:9.4f}  {printed:9.4f}  {each / base:6.2f}")
    return base


if __name__ == "__main__":
    main()
