"""The garbage collector is left out, and set to work again."""

from __future__ import annotations

import gc

import pytest

from symbackprop.collector import uncollected


@pytest.mark.parametrize("working", [True, False])
def test_the_collector_is_left_as_it_was_found(working: bool) -> None:
    """Also one that somebody has stopped, also after a mistake."""
    before = gc.isenabled()
    try:
        (gc.enable if working else gc.disable)()
        with uncollected():
            assert not gc.isenabled()
            with uncollected():
                pass
            assert not gc.isenabled()
        assert gc.isenabled() == working
        with pytest.raises(ZeroDivisionError), uncollected():
            1 / 0  # noqa: B018
        assert gc.isenabled() == working
    finally:
        (gc.enable if before else gc.disable)()


def test_it_can_stand_above_a_function() -> None:
    """Every call has its own."""

    @uncollected()
    def working() -> bool:
        return gc.isenabled()

    assert (working(), working(), gc.isenabled()) == (False, False, True)
