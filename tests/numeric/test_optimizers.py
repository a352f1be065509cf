"""SGD, momentum, Nesterov, weight decay and Adam against a plain implementation, and against torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sympy import Rational

from symbackprop.backends.numpy_backend import update_function
from symbackprop.load import loads
from symbackprop.lowering.updates import OPTIMIZERS, update_of
from symbackprop.numeric.train import Trace, train
from symbackprop.problem import OptimizerName, Problem, Training

Vector = NDArray[np.float64]

NAMES = ("v", "w", "b")
START = {"v": 0.75, "w": -0.5, "b": 0.25}
ROWS = ((0.5, 1.0), (-1.25, 0.25), (2.0, -0.5), (0.125, 0.0), (-0.75, 1.5))
STEPS = 12

# What stands under [training], and the same in the words of torch.optim.
SETTINGS: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "sgd": ("", "SGD", {}),
    "weight decay": ("weight_decay = 0.3", "SGD", {"weight_decay": 0.3}),
    "momentum": ("momentum = 0.9", "SGD", {"momentum": 0.9}),
    "momentum and decay": (
        "momentum = 0.7\nweight_decay = 0.05",
        "SGD",
        {"momentum": 0.7, "weight_decay": 0.05},
    ),
    "nesterov": ("momentum = 0.9\nnesterov = true", "SGD", {"momentum": 0.9, "nesterov": True}),
    "nesterov and decay": (
        "momentum = 0.6\nnesterov = true\nweight_decay = 0.1",
        "SGD",
        {"momentum": 0.6, "nesterov": True, "weight_decay": 0.1},
    ),
    "adam": ('optimizer = "adam"', "Adam", {}),
    "adam with its constants": (
        'optimizer = "adam"\nbeta_1 = 0.8\nbeta_2 = 0.95\nepsilon = 1e-3',
        "Adam",
        {"betas": (0.8, 0.95), "eps": 1e-3},
    ),
    "adam and decay": ('optimizer = "adam"\nweight_decay = 0.2', "Adam", {"weight_decay": 0.2}),
}


def problem(settings: str) -> Problem:
    """v tanh(w x + b) fitted to y by five rows, two at a time."""
    return loads(
        '[graph]\nequations = "h = w*x + b; a = tanh(h); L = (v*a - y)**2"\n'
        "[parameters]\n"
        + "".join(f"{name} = {START[name]}\n" for name in NAMES)
        + f"[training]\nlearning_rate = 0.05\nbatch_size = 2\nsteps = {STEPS}\n{settings}\n"
        + f'[data]\ncolumns = ["x", "y"]\nrows = {[list(row) for row in ROWS]}\n'
    )


def batches() -> list[list[tuple[float, float]]]:
    """Rows 1 and 2, rows 3 and 4, row 5, and again."""
    each = [list(ROWS[0:2]), list(ROWS[2:4]), list(ROWS[4:5])]
    return [each[step % 3] for step in range(STEPS)]


def slope(theta: Vector, batch: list[tuple[float, float]]) -> Vector:
    """The mean gradient, differentiated by hand."""
    v, w, b = theta
    total = np.zeros(3)
    for x, y in batch:
        a = np.tanh(w * x + b)
        error = 2 * (v * a - y)
        inner = error * v * (1 - a * a)
        total += np.array([error * a, inner * x, inner])
    return total / len(batch)


def plain_sgd(
    rate: float, momentum: float = 0.0, decay: float = 0.0, *, nesterov: bool = False
) -> list[Vector]:
    """Every state of θ: g ← g + λθ, v ← μv + g (v ← g at first), θ ← θ - η v, or θ - η (g + μv)."""
    theta, speed = np.array([START[name] for name in NAMES]), None
    states = [theta.copy()]
    for batch in batches():
        g = slope(theta, batch) + decay * theta
        speed = g if speed is None else momentum * speed + g
        theta = theta - rate * (g + momentum * speed if nesterov else speed)
        states.append(theta)
    return states


def plain_adam(
    rate: float, one: float = 0.9, two: float = 0.999, epsilon: float = 1e-8, decay: float = 0.0
) -> list[Vector]:
    """Every state of θ, by algorithm 1 of Kingma and Ba."""
    theta = np.array([START[name] for name in NAMES])
    m, v = np.zeros(3), np.zeros(3)
    states = [theta.copy()]
    for t, batch in enumerate(batches(), 1):
        g = slope(theta, batch) + decay * theta
        m = one * m + (1 - one) * g
        v = two * v + (1 - two) * g * g
        theta = theta - rate * (m / (1 - one**t)) / (np.sqrt(v / (1 - two**t)) + epsilon)
        states.append(theta)
    return states


PLAIN: Mapping[str, Callable[[], list[Vector]]] = {
    "sgd": lambda: plain_sgd(0.05),
    "weight decay": lambda: plain_sgd(0.05, decay=0.3),
    "momentum": lambda: plain_sgd(0.05, 0.9),
    "momentum and decay": lambda: plain_sgd(0.05, 0.7, 0.05),
    "nesterov": lambda: plain_sgd(0.05, 0.9, nesterov=True),
    "nesterov and decay": lambda: plain_sgd(0.05, 0.6, 0.1, nesterov=True),
    "adam": lambda: plain_adam(0.05),
    "adam with its constants": lambda: plain_adam(0.05, 0.8, 0.95, 1e-3),
    "adam and decay": lambda: plain_adam(0.05, decay=0.2),
}


def states(trace: Trace) -> list[list[float]]:
    found = [trace.iterations[0].before, *(iteration.after for iteration in trace.iterations)]
    return [[state[name] for name in NAMES] for state in found]


@pytest.mark.parametrize("name", SETTINGS)
def test_training_follows_a_plain_implementation(name: str) -> None:
    found, expected = states(train(problem(SETTINGS[name][0]))), PLAIN[name]()
    assert len(found) == len(expected) == STEPS + 1
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SETTINGS)
def test_training_follows_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    settings, optimizer, words = SETTINGS[name]
    theta = {
        key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in START.items()
    }
    steps = getattr(torch.optim, optimizer)(list(theta.values()), lr=0.05, **words)
    expected = [[theta[key].item() for key in NAMES]]
    for batch in batches():
        steps.zero_grad()
        rows = torch.tensor(batch, dtype=torch.float64)
        a = torch.tanh(theta["w"] * rows[:, 0] + theta["b"])
        ((theta["v"] * a - rows[:, 1]) ** 2).mean().backward()
        steps.step()
        expected.append([theta[key].item() for key in NAMES])
    np.testing.assert_allclose(states(train(problem(settings))), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_gradients_shown_are_those_of_the_batch_without_decay(name: str) -> None:
    trace = train(problem(SETTINGS[name][0]))
    for iteration, batch in zip(trace.iterations, batches(), strict=True):
        before = np.array([iteration.before[key] for key in NAMES])
        found = [iteration.gradients[key] for key in NAMES]
        np.testing.assert_allclose(found, slope(before, batch), rtol=1e-12, atol=1e-15)


def steps_of(training: Training, theta: list[float], *gradients: list[float]) -> list[Vector]:
    """θ after each update."""
    update = update_of(training)
    step = update_function(update)
    now, memory, found = np.array(theta), tuple(np.zeros(len(theta)) for _ in update.memory), []
    for count, gradient in enumerate(gradients, 1):
        now, memory = step(now, np.array(gradient), count, *memory)
        found.append(now)
    return found


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_update_leaves_what_it_is_given_as_it_was(optimizer: OptimizerName) -> None:
    training = Training(Rational(1, 2), optimizer, momentum=Rational(1, 2), weight_decay=Rational(1, 3))
    update = update_of(training)
    given = [np.array([1.0, -2.0]), np.array([0.5, 0.25]), *([np.array([0.5, 1.0])] * len(update.memory))]
    before = [one.copy() for one in given]
    update_function(update)(*given[:2], 3, *given[2:])
    np.testing.assert_array_equal(given, before)


def test_every_optimizer_of_the_spec_has_an_entry() -> None:
    for name in OPTIMIZERS:
        training = problem(f'optimizer = "{name}"').training
        assert training is not None
        assert training.optimizer == name


def test_adams_first_step_is_the_learning_rate() -> None:
    """m̂ = g and v̂ = g², so the step is η g/(|g| + ε): η by a hair, whatever the size of g."""
    for size in (1e-3, 1.0, 1e6):
        training = Training(Rational(1, 10), "adam")
        ((after,),) = steps_of(training, [0.0], [-size])
        assert after == pytest.approx(0.1 * size / (size + 1e-8), rel=1e-12)


def test_one_step_of_each_kind_by_hand() -> None:
    """θ = 1, g = 0.5, η = 0.1: exact decimals, carried out by hand."""
    half, tenth = Rational(1, 2), Rational(1, 10)

    def two_steps(training: Training) -> list[Decimal]:
        return [round(Decimal(float(theta)), 12) for (theta,) in steps_of(training, [1.0], [0.5], [0.25])]

    def decimals(*digits: str) -> list[Decimal]:
        return [round(Decimal(one), 12) for one in digits]

    # 1 - 0.05, then - 0.025
    assert two_steps(Training(tenth)) == decimals("0.95", "0.925")
    # v = 0.5, then 0.25 + 0.25 = 0.5
    assert two_steps(Training(tenth, momentum=half)) == decimals("0.95", "0.9")
    # g + v/2 = 0.75, then 0.25 + 0.25 = 0.5
    assert two_steps(Training(tenth, momentum=half, nesterov=True)) == decimals("0.925", "0.875")
    # g + θ/2 = 1, then 0.25 + 0.45 = 0.7
    assert two_steps(Training(tenth, weight_decay=half)) == decimals("0.9", "0.83")
