"""Time a step of the JAX backend against the number of devices: `python -m tests.benchmarks.mesh`.

The devices are simulated ones of this host, which share its processors: what the table shows is what
splitting a batch and averaging the gradients cost, and that the numbers stay the same.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEVICES = (1, 2, 4, 8)
NETWORKS = (("784-32-10", 256), ("784-512-512-10", 1024))
Array = NDArray[Any]

_FLAG = f"--xla_force_host_platform_device_count={DEVICES[-1]}"


def main() -> None:
    """Print the table."""
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_FLAG}"
    print("| network | batch | devices | µs a step | ratio | furthest from one device |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for network, batch in NETWORKS:
        _network(network, batch)


def _network(network: str, batch: int) -> None:
    alone, first = measure(network, batch, DEVICES[0])
    for devices in DEVICES:
        took, found = (alone, first) if devices == DEVICES[0] else measure(network, batch, devices)
        far = max(float(np.abs(found[name] - one).max() / np.abs(one).max()) for name, one in first.items())
        print(f"| {network} | {batch} | {devices} | {took * 1e6:,.0f} | {took / alone:.2f} | {far:.0e} |")


def measure(
    network: str, batch: int, devices: int, *, steps: int = 20, repetitions: int = 7
) -> tuple[float, Mapping[str, Array]]:
    """Seconds a step, the median, and the parameters after the first steps."""
    # JAX reads the number of devices when it is imported.
    from symbackprop.backends.base import State
    from tests.benchmarks.cases import Case
    from tests.benchmarks.contestants.symbackprop_backends import JaxBackend

    own = JaxBackend(Case(network, batch))
    own.load()
    own.derive()
    own.compile()
    own.stepper = own.engine.stepper(replace(own.recipe, devices=devices))
    own.reset()
    own.run(steps)
    parameters = dict(own.state.parameters)
    times = []
    for _ in range(repetitions):
        own.state = State.start(own.recipe)
        start = time.perf_counter()
        own.run(steps)
        times.append((time.perf_counter() - start) / steps)
    return statistics.median(times), parameters


if __name__ == "__main__":
    main()
