"""The contestants: one entry each. Their modules are imported in their own processes only."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from tests.benchmarks.cases import Case


@dataclass(frozen=True)
class Entry:
    """One contestant.

    Attributes:
        title: for the table.
        where: its module and class.
        needs: the libraries that it needs, as they are imported.
        programs: the programs that it needs.
        largest: the most parameters that it can do within reason; None: any number.
        heaviest: the most parameters times examples.
        slow: it is long in starting or compiling, and left out of a quick run.
    """

    title: str
    where: str
    needs: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    largest: int | None = None
    heaviest: int | None = None
    slow: bool = False

    def missing(self) -> str:
        """What it needs and this machine has not."""
        libraries = [one for one in self.needs if find_spec(one) is None]
        programs = [one for one in self.programs if shutil.which(one) is None]
        told = [f"pip install {' '.join(libraries)}"] if libraries else []
        return "; ".join([*told, *(f"no {one}" for one in programs)])

    def beyond(self, case: Case) -> str:
        """Why a case is too large for it."""
        if self.largest is not None and case.parameters > self.largest:
            return f"not beyond {self.largest:,} parameters"
        if self.heaviest is not None and case.work > self.heaviest:
            return f"not beyond {self.heaviest:,} parameters × examples"
        return ""


_HERE = "tests.benchmarks.contestants"
_OWN = "symbackprop_backends"

REFERENCE = "numpy"
"""With this one's parameters those of all others are compared."""

CONTESTANTS: Mapping[str, Entry] = {
    "symbackprop-python": Entry("symbackprop, python", f"{_HERE}.{_OWN}.PythonBackend", heaviest=1_000_000),
    "symbackprop-numpy": Entry("symbackprop, numpy", f"{_HERE}.{_OWN}.NumpyBackend"),
    "symbackprop-numba": Entry("symbackprop, numba", f"{_HERE}.{_OWN}.NumbaBackend", ("numba",)),
    "symbackprop-jax": Entry("symbackprop, jax", f"{_HERE}.{_OWN}.JaxBackend", ("jax",)),
    "symbackprop-torch": Entry("symbackprop, torch", f"{_HERE}.{_OWN}.TorchBackend", ("torch",)),
    "c": Entry("C, gcc -O3 -march=native", f"{_HERE}.hand_c.HandC", programs=("gcc",)),
    "c-fast-math": Entry("C, also -ffast-math", f"{_HERE}.hand_c.FastC", programs=("gcc",)),
    "numpy": Entry("NumPy by hand", f"{_HERE}.hand_numpy.HandNumpy"),
    "blas": Entry("BLAS calls alone (no training)", f"{_HERE}.blas.Blas", ("scipy",)),
    "python": Entry("straight-line Python", f"{_HERE}.straight_python.StraightPython", heaviest=1_000_000),
    "jax-jit": Entry("JAX, jit", f"{_HERE}.jax_loops.JaxJit", ("jax",)),
    "jax-scan": Entry("JAX, scan", f"{_HERE}.jax_loops.JaxScan", ("jax",)),
    "torch": Entry("PyTorch, eager", f"{_HERE}.torch_loops.TorchEager", ("torch",)),
    "torch-compile": Entry(
        "PyTorch, torch.compile", f"{_HERE}.torch_loops.TorchCompiled", ("torch",), ("g++",), slow=True
    ),
    "pytensor": Entry("PyTensor", f"{_HERE}.pytensor_updates.Pytensor", ("pytensor",), slow=True),
    "casadi-step": Entry(
        "CasADi, scalars, a call a step", f"{_HERE}.casadi_loops.CasadiStep", ("casadi",), heaviest=1_000_000
    ),
    "casadi-loop": Entry(
        "CasADi, scalars, folded loop", f"{_HERE}.casadi_loops.CasadiLoop", ("casadi",), heaviest=1_000_000
    ),
    "casadi-matrix": Entry(
        "CasADi, matrices, folded loop",
        f"{_HERE}.casadi_loops.CasadiMatrixLoop",
        ("casadi",),
        heaviest=30_000_000,
    ),
    "sympy": Entry("SymPy, diff and lambdify", f"{_HERE}.sympy_diff.SympyDiff", largest=100),
    "sympy-cse": Entry("SymPy, lambdify(cse=True)", f"{_HERE}.sympy_diff.SympyCse", largest=300, slow=True),
    "symengine": Entry(
        "SymEngine, Lambdify(cse=True)", f"{_HERE}.symengine_diff.Symengine", ("symengine",), largest=300
    ),
    "symengine-llvm": Entry(
        "SymEngine, with LLVM", f"{_HERE}.symengine_diff.SymengineLlvm", ("symengine",), largest=300
    ),
}
