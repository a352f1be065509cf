"""C as an expert writes it by hand: `template.c` for the sizes of a network, the loop in C, one thread."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path
from string import Template
from typing import ClassVar

import numpy as np

from tests.benchmarks.cases import Array, Case, Layers, flat, unflattened
from tests.benchmarks.contestant import Contestant

_TEMPLATE = Template((Path(__file__).parent / "template.c").read_text(encoding="utf-8"))

# From so many parameters on, four examples go through the weights together.
_MANY = 1000
_TILE = 4


class HandC(Contestant):
    """gcc -O3 -march=native."""

    flags: ClassVar[tuple[str, ...]] = ("-std=c11", "-O3", "-march=native")

    def derive(self) -> None:
        self.source = source(self.case)

    def compile(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            text, library = Path(folder, "run.c"), Path(folder, "run.so")
            text.write_text(self.source, encoding="utf-8")
            command = ["gcc", *self.flags, "-shared", "-fPIC", str(text), "-o", str(library), "-lm"]
            subprocess.run(command, check=True)
            self.function = ctypes.CDLL(str(library)).run
        self.function.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_long]
        self.function.restype = None

    def reset(self) -> None:
        self.vector = flat([(weight.T, bias) for weight, bias in self.case.start()])
        self.inputs, self.targets = self.case.data()

    def run(self, steps: int) -> None:
        self.function(_address(self.vector), _address(self.inputs), _address(self.targets), steps)

    def parameters(self) -> Layers:
        case = self.case
        turned = zip(unflattened(case, self.vector), case.layers, strict=True)
        return [(weight.reshape(inputs, units).T, bias) for (weight, bias), (inputs, units) in turned]


class FastC(HandC):
    """With -ffast-math: sums in any order, exp for several numbers at once."""

    flags: ClassVar[tuple[str, ...]] = (*HandC.flags, "-ffast-math")


def source(case: Case) -> str:
    """The program for one case."""
    last = len(case.layers)
    tiled = case.parameters >= _MANY and case.batch % _TILE == 0
    sizes = [
        (f"{letter}{place}", units) for place, (_, units) in enumerate(case.layers, 1) for letter in "ad"
    ]
    return _TEMPLATE.substitute(
        real={"float64": "double", "float32": "float"}[case.dtype],
        batch=case.batch,
        batches=case.batches,
        tile=_TILE if tiled else 1,
        rate=repr(case.slope),
        buffers=", ".join(f"{name}[{case.batch * units}]" for name, units in sizes),
        inputs=case.widths[0],
        outputs=case.widths[-1],
        step="\n        ".join(
            [*_forward(case), f"error({case.widths[-1]}, a{last}, y, d{last});", *_backward(case)]
        ),
    )


def _places(case: Case) -> list[tuple[int, int, str, str, str]]:
    """Of every layer the inputs and units, where its weights and biases begin, and what goes into it."""
    found, begin = [], 0
    for place, (inputs, units) in enumerate(case.layers):
        weights = f"p + {begin}"
        begin += inputs * units
        found.append((inputs, units, weights, f"p + {begin}", f"a{place}" if place else "x"))
        begin += units
    return found


def _forward(case: Case) -> list[str]:
    return [
        f"forward({inputs}, {units}, {weights}, {biases}, {below}, a{place});"
        for place, (inputs, units, weights, biases, below) in enumerate(_places(case), 1)
    ]


def _backward(case: Case) -> list[str]:
    """Every delta from the old weights, then their update."""
    lines = []
    for place, (inputs, units, weights, biases, below) in reversed([*enumerate(_places(case), 1)]):
        if place > 1:
            lines.append(f"backward({inputs}, {units}, {weights}, d{place}, {below}, d{place - 1});")
        lines.append(f"update({inputs}, {units}, {weights}, {biases}, d{place}, {below});")
    return lines


def _address(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(np.ascontiguousarray(array).ctypes.data)
