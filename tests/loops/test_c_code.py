"""Routines as C11 without a warning: every value is NumPy's, every function Python's."""

from __future__ import annotations

import ctypes
import inspect
import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from symbackprop.backends import scalar_functions
from symbackprop.backends.namespaces import functions_of
from symbackprop.loops import helpers
from symbackprop.loops.c_code import CLoops, c_functions
from symbackprop.loops.model import Routine
from tests.loops.array_programs import Bound, Case, bound, random_case
from tests.loops.every_operation import PROGRAMS, case

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="apt-get install gcc")

RANDOM = 24
STRICT = "-Wall -Wextra -Werror -std=c11 -O0 -shared -fPIC".split()
HEADERS = "#include <math.h>\n#include <stddef.h>\n\n"


def compiled(folder: Path, source: str) -> ctypes.CDLL:
    """A library of C code that has no warnings."""
    (folder / "code.c").write_text(HEADERS + source, encoding="utf-8")
    call = ["gcc", *STRICT, "-o", str(folder / "code.so"), str(folder / "code.c"), "-lm"]
    result = subprocess.run(call, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[:3000]
    return ctypes.CDLL(str(folder / "code.so"))


@cache
def cases() -> list[tuple[Case, Bound]]:
    """Every operation, and random programs; every second one has the examples outermost in memory."""
    every = [*map(case, PROGRAMS), *map(random_case, range(1000, 1000 + RANDOM))]
    return [(one, bound(one, by_examples=place % 2 == 1)) for place, one in enumerate(every)]


def printed(routine: Routine) -> CLoops:
    names = {one.symbol: f"x{place}" for place, one in enumerate(routine.buffers)}
    return CLoops(routine, names | {size: f"n{place}" for place, size in enumerate(routine.sizes)})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """All routines in one library."""
    loops = [printed(one.routine) for _, one in cases()]
    functions = [one.function(f"routine_{place}") for place, one in enumerate(loops)]
    heads = [f"{one.prototype(f'routine_{place}')};" for place, one in enumerate(loops)]
    used = [name for one in loops for name in one.used]
    source = "\n\n".join([c_functions(used), "\n".join(heads), *functions])
    return compiled(tmp_path_factory.mktemp("c"), source)


def run(library: ctypes.CDLL, place: int, one: Bound) -> None:
    """Call the routine of a place; its rooms hold what it has computed."""
    given = [ctypes.c_double(one) if isinstance(one, float) else _address(one) for one in one.given]
    rooms = map(_address, one.rooms)
    getattr(library, f"routine_{place}")(*map(ctypes.c_size_t, one.sizes), *given, *rooms)


def _address(array: Any) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)  # type: ignore[no-any-return]


def test_every_value_is_that_of_numpy(library: ctypes.CDLL) -> None:
    for place, (one, room) in enumerate(cases()):
        run(library, place, room)
        one.assert_near(room.results)


# The functions of the language and the helpers, one by one.

POINTS = (-800.0, -40.0, -3.0, -1.5, -0.5, -1e-9, 0.0, 1e-9, 0.3, 1.0, 2.5, 3.0, 40.0, 800.0)
OWN_IN_C = {"square"}
IN_MATH_H = {"power": "pow"}


def _names(text: str) -> set[str]:
    return set(re.findall(r"static inline \w+ (\w+)\(", text))


def test_c_has_every_function_that_python_has() -> None:
    known = _names(c_functions([*functions_of(scalar_functions), *functions_of(helpers), *OWN_IN_C]))
    python = {*functions_of(scalar_functions), *functions_of(helpers)} - {*IN_MATH_H}
    assert known - python <= OWN_IN_C
    assert python - known == set()


def test_only_what_is_called_is_printed() -> None:
    assert _names(c_functions(["mish"])) == {"mish", "softplus", "relu"}
    assert c_functions(["exp"]) == ""


def test_every_function_gives_what_python_gives(tmp_path: Path) -> None:
    functions = {name: one for name, one in functions_of(scalar_functions).items() if name not in IN_MATH_H}
    arity = {name: len(inspect.signature(one).parameters) for name, one in functions.items()}
    given = {name: ", ".join(f"x[{place}]" for place in range(count)) for name, count in arity.items()}
    calls = [
        f"double call_{name}(const double *x) {{ return {name}({one}); }}" for name, one in given.items()
    ]
    heads = [f"double call_{name}(const double *x);" for name in arity]
    library = compiled(tmp_path, "\n".join([c_functions(functions), *heads, *calls]))
    for name, one in functions.items():
        call = getattr(library, f"call_{name}")
        call.restype = ctypes.c_double
        for place in range(len(POINTS)):
            point = [POINTS[(place + 3 * step) % len(POINTS)] for step in range(arity[name])]
            _assert_same(call((ctypes.c_double * 3)(*point)), one, point)


def _assert_same(found: float, function: Any, given: Sequence[float]) -> None:
    try:
        right = function(*given)
    except (OverflowError, ValueError, ZeroDivisionError):
        return
    assert math.isclose(found, right, rel_tol=1e-14), (function.__name__, given)
