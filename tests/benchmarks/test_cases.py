"""The cases and the table of contestants."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.cases import BATCHES, NETWORKS, Case, flat, unflattened
from tests.benchmarks.own import WHERE
from tests.benchmarks.roster import CONTESTANTS, REFERENCE

CLASSES = {**{name: one.where for name, one in CONTESTANTS.items()}, **WHERE}


@pytest.mark.parametrize("network", NETWORKS)
def test_the_parameters_are_as_many_as_the_start_has(network: str) -> None:
    case = Case(network)
    vector = flat(case.start())
    assert vector.size == case.parameters
    for found, expected in zip(unflattened(case, vector), case.start(), strict=True):
        assert all(map(np.array_equal, found, expected))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("batch", BATCHES)
def test_a_block_goes_through_all_batches_and_is_no_long_work(network: str, batch: int) -> None:
    case = Case(network, batch)
    assert case.block % case.batches == 0
    assert case.block == case.batches or case.block * case.work <= 2_000_000


def test_every_process_has_the_same_start_and_data_in_the_precision_asked_for() -> None:
    case = Case("3-2-1", 5, "float32")
    again = Case("3-2-1", 5, "float32")
    assert np.array_equal(flat(case.start()), flat(again.start()))
    assert all(map(np.array_equal, case.data(), again.data()))
    assert {flat(case.start()).dtype, *(part.dtype for part in case.data())} == {np.dtype("float32")}
    assert [part.shape for part in case.data()] == [(4, 5, 3), (4, 5, 1)]


@pytest.mark.parametrize("where", CLASSES.values(), ids=CLASSES)
def test_every_entry_names_a_class_that_is_there(where: str) -> None:
    module, _, name = where.rpartition(".")
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    assert name in [node.name for node in tree.body if isinstance(node, ast.ClassDef)]


def test_the_reference_is_a_contestant_without_limits() -> None:
    assert CONTESTANTS[REFERENCE].beyond(Case(NETWORKS[-1], BATCHES[-1])) == ""
    assert CONTESTANTS[REFERENCE].missing() == ""
