"""The table of backends, and what is said where one cannot be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import get_args

from symbackprop.backends.base import Backend, Precision
from symbackprop.errors import OptionError, did_you_mean, listing


@dataclass(frozen=True)
class Entry:
    """Where a backend is found.

    Attributes:
        module: its module.
        name: of its class there.
        needs: the libraries that it needs, as they are imported.
        what: it in a few words.
    """

    module: str
    name: str
    needs: tuple[str, ...] = ()
    what: str = ""


BACKENDS: Mapping[str, Entry] = {
    "python": Entry("python_backend", "PythonBackend", what="plain Python, no other library"),
    "numpy": Entry("numpy_backend", "NumpyBackend", what="one operation of NumPy for each of a formula"),
    "numba": Entry("numba_backend", "NumbaBackend", ("numba",), "machine code: lines, or loops over forms"),
    "jax": Entry("jax_backend", "JaxBackend", ("jax",), "compiled by XLA, one scan over the steps"),
    "torch": Entry("torch_backend", "TorchBackend", ("torch",), "one operation of PyTorch for each"),
}


@cache
def find_backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        OptionError: there is none, or what it needs is not installed, or is broken.
    """
    if name not in BACKENDS:
        raise OptionError(
            f"unknown backend {name!r}",
            where=f"backend {name}",
            known=listing(BACKENDS),
            fix=did_you_mean(name, BACKENDS),
        )
    missing = missing_libraries(name)
    if missing:
        raise OptionError(
            f"the backend {name} needs {listing(missing)}",
            where=f"backend {name}",
            known=f"without it: {listing(one for one in BACKENDS if not missing_libraries(one))}",
            fix=f"pip install 'symbackprop[{name}]'",
        )
    entry = BACKENDS[name]
    try:
        module = import_module(f"symbackprop.backends.{entry.module}")
    except ImportError as error:
        if not entry.needs:
            raise
        raise OptionError(
            f"the backend {name} cannot be loaded: {error}",
            where=f"backend {name}",
            known=f"{listing(entry.needs)} is installed, but cannot be imported",
            fix=f"pip install --upgrade 'symbackprop[{name}]'",
        ) from None
    found: Backend = getattr(module, entry.name)()
    return found


def missing_libraries(name: str) -> list[str]:
    """What a backend needs and this machine has not."""
    return [one for one in BACKENDS[name].needs if find_spec(one) is None]


def find_precision(name: str) -> Precision:
    """The precision of that name.

    Raises:
        OptionError: there is none.
    """
    for known in get_args(Precision):
        if name == known:
            return known  # type: ignore[no-any-return]
    known = get_args(Precision)
    fix = did_you_mean(name, known)
    raise OptionError(f"unknown dtype {name!r}", where=f"dtype {name}", known=listing(known), fix=fix)
