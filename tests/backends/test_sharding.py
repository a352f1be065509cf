"""The JAX backend over a mesh of eight devices: the numbers of one device, each batch split."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.errors import OptionError

pytest.importorskip("jax", reason="pip install 'symbackprop[jax]'")

PROGRAM = """
import json, sys
import numpy as np
import symbackprop as sb

dice = np.random.default_rng(0)
columns = [f"x_{place}" for place in range(1, 7)] + ["y_1", "y_2"]
data = {name: dice.random(96) for name in columns}
found = {}
for notation in ("matrix", "component"):
    spec = f'''
[network]
notation = "{notation}"
init = "glorot"
layers = [6, 5, 2]
[loss]
name = "mse"
[[loss.penalties]]
name = "l2"
strength = 0.01
[training]
optimizer = "adam"
learning_rate = 0.05
batch_size = 16
'''
    for devices in (1, 2, 8):
        run = sb.fit(sb.loads(spec), backend="jax", data=data, steps=40, devices=devices)
        entries = {name: np.ravel(value).tolist() for name, value in run.parameters.items()}
        found[f"{notation} {devices}"] = entries
        found[f"{notation} {devices} choice"] = str(run.choice)
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    """Trained in a process of its own, which sees eight devices."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | flags, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("notation", ["matrix", "component"])
@pytest.mark.parametrize("devices", [2, 8])
def test_several_devices_give_the_numbers_of_one(notation: str, devices: int, runs: dict[str, Any]) -> None:
    """To 1e-12 of the largest entry: sums over the batch are taken in another order."""
    for name, expected in runs[f"{notation} 1"].items():
        scale = np.abs(expected).max()
        np.testing.assert_allclose(runs[f"{notation} {devices}"][name], expected, rtol=0, atol=1e-12 * scale)


def test_the_split_is_said(runs: dict[str, Any]) -> None:
    assert "split over 8 devices" in runs["matrix 8 choice"]
    assert "split" not in runs["matrix 1 choice"]


def test_more_devices_than_there_are_is_refused() -> None:
    network = "[network]\ninit = 'he'\nlayers = [1, 1]\n[loss]\nname = 'mse'\n"
    spec = f"{network}[training]\nlearning_rate = 1\nbatch_size = 64\n"
    data = {"x": np.ones(64), "y": np.ones(64)}
    with pytest.raises(OptionError, match="64 devices"):
        sb.fit(sb.loads(spec), backend="jax", data=data, steps=1, devices=64)
