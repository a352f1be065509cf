"""What the whole suite shares: the option `--update`, the profile of hypothesis, the browser."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from mpmath import mp

from tests.browser import chromium, tabs, visit

__all__ = ["chromium", "tabs", "visit"]

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --update` writes the goldens anew instead of comparing with them."""
    parser.addoption("--update", action="store_true", help="write the goldens anew")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are to be written anew."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(autouse=True)
def _many_digits() -> Iterator[None]:
    """What tests do with the numbers of mpmath, they do in sixty digits."""
    with mp.workdps(60):
        yield
