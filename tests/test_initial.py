"""Initial weights: their spread, their seed, and what is given stays."""

from __future__ import annotations

import statistics

import pytest

import symbackprop as sb
from symbackprop.errors import Mistake

SPEC = '[network]\nnotation = "matrix"\ninit = "{}"\nseed = {}\nlayers = [40, 50, 1]\n[loss]\nname = "mse"\n'


def weights(init: str, seed: int = 0) -> list[float]:
    problem = sb.loads(SPEC.format(init, seed))
    return [float(one) for row in problem.values["W__1"] for one in row]


def test_glorot_is_uniform_up_to_its_bound() -> None:
    """√(6/(40 + 50)) = 0.2582."""
    found = weights("glorot")
    assert len(found) == 2000
    assert 0.25 < max(found) <= 0.2582
    assert statistics.pstdev(found) == pytest.approx(0.2582 / 3**0.5, rel=0.05)


@pytest.mark.parametrize(("init", "variance"), [("he", 2 / 40), ("lecun", 1 / 40)])
def test_normal_draws_have_their_variance(init: str, variance: float) -> None:
    found = weights(init)
    assert statistics.pvariance(found) == pytest.approx(variance, rel=0.1)
    assert abs(statistics.mean(found)) < 0.02


def test_the_seed_says_which() -> None:
    assert weights("he", 1) == weights("he", 1) != weights("he", 2)


def test_biases_are_zero_and_given_weights_stay() -> None:
    layers = "[[network.layers]]\nunits = 2\nweight = [[1, 2], [3, 4]]\n[[network.layers]]\nunits = 1\n"
    spec = f"[network]\ninputs = 2\ninit = 'he'\n{layers}[loss]\nname = 'mse'\n"
    values = sb.loads(spec).values
    assert [float(values[f"w_{place}__1"]) for place in ("11", "12", "21", "22")] == [1, 2, 3, 4]
    assert float(values["b_1__1"]) == 0
    assert float(values["w_1__2"]) != 0


def test_notations_and_layouts_have_the_same_numbers() -> None:
    columns = sb.loads(SPEC.format("he", 3)).values["W__1"]
    rows = sb.loads(SPEC.format("he", 3).replace("[network]", '[network]\nexamples = "rows"')).values["W__1"]
    scalars = sb.loads(SPEC.format("he", 3), notation="component").values
    assert [list(row) for row in zip(*rows, strict=True)] == [list(row) for row in columns]
    assert scalars["w_2_3__1"] == columns[1][2]


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(Mistake, match="glorot"):
        sb.loads(SPEC.format("xavier", 0))
