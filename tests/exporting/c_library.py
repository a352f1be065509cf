"""Exported C in the tests: compiled once, run by way of the structures that its header declares."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O0")
DOUBLES = ctypes.POINTER(ctypes.c_double)
TAGS = ("given", "values", "deltas", "gradients")

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="apt-get install gcc")


def gcc(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Compile with all warnings as errors, to `folder/compiled`."""
    command = ["gcc", *STRICT, *arguments, "-lm", "-o", "compiled"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def written(files: Mapping[str, str], folder: Path) -> None:
    """The files in a folder."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Member:
    """A member of a structure: its type without `const`, its shape as it is told beside it."""

    name: str
    kind: str
    shape: tuple[str, ...]

    @property
    def is_array(self) -> bool:
        return self.kind == "double *"


KINDS: Mapping[str, Any] = {"double": ctypes.c_double, "double *": DOUBLES, "size_t": ctypes.c_size_t}


class CLibrary:
    """A header and a source `net`, compiled without a warning, `main` among the functions.

    Args:
        files: their texts.
        folder: where they are written to.
    """

    def __init__(self, files: Mapping[str, str], folder: Path) -> None:
        written(files, folder)
        done = gcc(folder, "net.c", "-DNET_MAIN", "-shared", "-fPIC")
        assert done.returncode == 0, done.stderr[:3000]
        self.library = ctypes.CDLL(str(folder / "compiled"))
        self.members = {tag: list(_members(files["net.h"], tag)) for tag in TAGS}

    def check(self) -> int:
        """The exit status of the check."""
        return int(self.library.main())

    def results(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Values, deltas and gradients by their names in code."""
        known = {name: np.array(value, dtype=np.float64) for name, value in given.items()}
        sizes = {
            axis: size
            for one in self.members["given"]
            if one.is_array
            for axis, size in zip(one.shape, known[one.name].shape, strict=True)
        }
        rooms = {"given": known | {one.name: sizes[one.name] for one in self._of("given", "size_t")}}
        for tag in TAGS[1:]:
            rooms[tag] = {
                one.name: np.full([int(sizes.get(axis, axis)) for axis in one.shape], np.nan)
                for one in self.members[tag]
            }
        structures = {tag: self._structure(tag, rooms[tag]) for tag in TAGS if self.members[tag]}
        pointers = [ctypes.byref(one) for one in structures.values()]
        self.library.net_forward(*pointers[:2])
        self.library.net_backward(*pointers)
        for tag in TAGS[1:]:
            rooms[tag] |= {one.name: getattr(structures[tag], one.name) for one in self._of(tag, "double")}
        return [rooms[tag] for tag in TAGS[1:]]

    def _of(self, tag: str, kind: str) -> Iterator[Member]:
        return (one for one in self.members[tag] if one.kind == kind)

    def _structure(self, tag: str, values: Mapping[str, Any]) -> ctypes.Structure:
        fields = [(one.name, KINDS[one.kind]) for one in self.members[tag]]
        structure: ctypes.Structure = type(tag, (ctypes.Structure,), {"_fields_": fields})()
        for one in self.members[tag]:
            value = values[one.name]
            setattr(structure, one.name, value.ctypes.data_as(DOUBLES) if one.is_array else value)
        return structure


def _members(header: str, tag: str) -> Iterator[Member]:
    """The members of a structure, as its declaration says; a row that tells nothing is told by the next."""
    found = re.search(rf"struct net_{tag} {{\n(.*?)\n}};", header, re.DOTALL)
    waiting: list[tuple[str, str]] = []
    for line in found[1].splitlines() if found else ():
        row = re.fullmatch(r" *(?:const )?(\w+) ([^;]*);(.*)", line)
        assert row is not None
        kind, names, told = row.groups()
        waiting += [(f"{kind}{' *' if '*' in one else ''}", one.strip("*")) for one in names.split(", ")]
        if told or "*" not in names:
            (axes,) = re.findall(r"\(([^()]*,[^()]*)\)", told) or [""]
            shape = tuple(one for one in re.split(r",\s*", axes) if one)
            yield from (Member(name, one, shape) for one, name in waiting)
            waiting.clear()
