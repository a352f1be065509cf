"""What the tests of all backends share: which there are here, and their recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from symbackprop.backends.table import BACKENDS, missing_libraries


def backend_marks(name: str) -> Any:
    """The backend's name as a parameter; skipped where its library is not installed."""
    missing = missing_libraries(name)
    reason = f"pip install 'symbackprop[{name}]'"
    return pytest.param(name, marks=pytest.mark.skipif(bool(missing), reason=reason))


EVERYWHERE = [backend_marks(name) for name in BACKENDS]

LOOSE: Mapping[str, float] = {"float64": 1e-12, "float32": 2e-5}
"""How near a result of this precision comes to the truth, where nothing cancels."""
