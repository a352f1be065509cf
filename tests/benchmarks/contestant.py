"""What every contestant can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from tests.benchmarks.cases import Case, Layers


class NotThere(Exception):
    """The contestant does not exist in this installation; the message says what is missing."""


class Contestant(ABC):
    """One way to train the network of a case; it lives in a process of its own.

    The methods are called in this order: `load`, `derive`, `compile`, then `reset` and `run` at will.
    Importing the contestant's module imports its library.

    Attributes:
        case: what is trained.
        trains: whether its parameters are those of SGD; else it only does a part of the work.
    """

    trains: ClassVar[bool] = True

    def __init__(self, case: Case) -> None:
        self.case = case

    def load(self) -> None:  # noqa: B027  (most have nothing to start)
        """Start the library, with as little as `x + 1`: what it does once in a process is not measured.

        Raises:
            NotThere: the contestant does not exist here.
        """

    def derive(self) -> None:  # noqa: B027  (what is written by hand has nothing to derive)
        """Build the graph of a step, its gradient included."""

    def compile(self) -> None:  # noqa: B027  (likewise)
        """Make it ready to run."""

    @abstractmethod
    def reset(self) -> None:
        """Go back to the start of the case."""

    @abstractmethod
    def run(self, steps: int) -> None:
        """Take so many steps, a multiple of `case.block`, from the first batch on, and wait for them."""

    @abstractmethod
    def parameters(self) -> Layers:
        """The parameters as they are now."""
