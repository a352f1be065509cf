"""On what and with what a benchmark ran."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = "symbackprop sympy numpy scipy numba jax jaxlib torch casadi symengine pytensor".split()

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""What libraries look at when they are imported."""


def use_threads(count: int) -> None:
    """Let this process and those that it starts use so many threads, on as many processors."""
    os.environ |= dict.fromkeys(THREADS, str(count))
    if count == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def facts() -> dict[str, str]:
    """The processor, the system, and the versions of all that takes part."""
    found = {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "gcc": _gcc(),
    }
    return found | {name: _version(name) for name in LIBRARIES}


def load() -> str:
    """How many processes wait for a processor, in the last minute: others than this one, when it begins."""
    return f"{os.getloadavg()[0]:.2f}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    if about.exists():
        for line in about.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _gcc() -> str:
    try:
        told = subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "not there"
    return told.splitlines()[0].rpartition(" ")[2]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not there"


def in_words(described: Mapping[str, str]) -> str:
    """In one line."""
    return ", ".join(f"{name} {value}" for name, value in described.items())
