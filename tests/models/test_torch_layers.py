"""Every module that is read: its output and all gradients against PyTorch's own autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from symbackprop.models.torch_layers import TORCH_LAYERS
from tests.models.torch_oracle import TOLERANCE, agree, numbers, torch_or_skip

torch = torch_or_skip()
nn = torch.nn
LOSS = nn.MSELoss()

ENTRYWISE = [
    nn.ReLU(),
    nn.LeakyReLU(),
    nn.LeakyReLU(0.3),
    nn.PReLU(),
    nn.PReLU(4),
    nn.ELU(),
    nn.ELU(0.7),
    nn.CELU(),
    nn.SELU(),
    nn.GELU(),
    nn.GELU(approximate="tanh"),
    nn.SiLU(),
    nn.Mish(),
    nn.Softplus(),
    nn.Softplus(2.5),
    nn.Softsign(),
    nn.Sigmoid(),
    nn.LogSigmoid(),
    nn.Tanh(),
    nn.Tanhshrink(),
    nn.Hardsigmoid(),
    nn.Hardswish(),
    nn.Hardtanh(),
    nn.Hardtanh(-0.5, 2.0),
    nn.ReLU6(),
    nn.Threshold(0.2, -1.0),
    nn.Hardshrink(),
    nn.Softshrink(0.3),
    nn.Identity(),
    *(kind().eval() for kind in (nn.Dropout, nn.AlphaDropout, nn.FeatureAlphaDropout)),
]
"""Functions of every entry."""

ALONG = [
    nn.Softmax(dim=1),
    nn.Softmax(dim=0),
    nn.Softmin(dim=-1),
    nn.LogSoftmax(dim=-1),
    nn.LogSoftmax(dim=0),
]
"""What works along an axis."""


def scattered(module: Any) -> Any:
    """A module with parameters and running statistics that are not all 0 or 1."""
    with torch.no_grad():
        for one in module.parameters():
            one.copy_(torch.tensor(numbers(*one.shape, seed=3)))
        if hasattr(module, "running_mean") and module.running_mean is not None:
            module.running_mean.copy_(torch.tensor(numbers(*module.running_mean.shape, seed=4)))
            module.running_var.copy_(torch.tensor(numbers(*module.running_var.shape, seed=5) ** 2 + 0.1))
    return module


def chain(*modules: Any) -> Any:
    """Modules one after the other, their start the same in every run."""
    torch.manual_seed(0)
    return nn.Sequential(*modules)


NORMS: dict[str, Callable[[], Any]] = {
    "LayerNorm": lambda: scattered(nn.LayerNorm(4)),
    "LayerNorm without a bias": lambda: scattered(nn.LayerNorm(4, bias=False)),
    "LayerNorm without parameters": lambda: nn.LayerNorm(4, eps=1e-3, elementwise_affine=False),
    "RMSNorm": lambda: scattered(nn.RMSNorm(4, eps=1e-3)),
    "RMSNorm without parameters": lambda: nn.RMSNorm(4, eps=1e-3, elementwise_affine=False),
    "BatchNorm1d in training": lambda: scattered(nn.BatchNorm1d(4)),
    "BatchNorm1d in use": lambda: scattered(nn.BatchNorm1d(4)).eval(),
    "BatchNorm1d without parameters": lambda: nn.BatchNorm1d(4, affine=False),
    "BatchNorm1d in use without parameters": lambda: scattered(nn.BatchNorm1d(4, affine=False)).eval(),
    "BatchNorm1d without running statistics": lambda: scattered(
        nn.BatchNorm1d(4, track_running_stats=False)
    ).eval(),
}

IMAGES: dict[str, Sequence[Any]] = {
    "stride and padding": [
        nn.Conv2d(2, 3, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12, 2),
    ],
    "without a bias": [
        nn.Conv2d(2, 3, (3, 1), stride=(1, 2), padding=(1, 0), bias=False),
        nn.PReLU(3),
    ],
    "the same size": [nn.Conv2d(2, 3, 3, padding="same"), nn.Softmax(dim=1)],
    "no padding": [nn.Conv2d(2, 3, 3, padding="valid"), nn.Dropout2d().eval()],
    "normalised by the batch": [nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2)],
    "normalised by what was learnt": [
        nn.Conv2d(2, 3, 3),
        nn.BatchNorm2d(3).eval(),
        nn.AvgPool2d((2, 1)),
        nn.Flatten(1, 2),
    ],
    "one mean a channel": [nn.Conv2d(2, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)],
    "unflattened": [nn.Flatten(), nn.Linear(32, 6), nn.Unflatten(1, (3, 2))],
}

SIGNALS: dict[str, Sequence[Any]] = {
    "normalised": [nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3), nn.SiLU(), nn.AdaptiveAvgPool1d(1)],
    "pooled": [nn.Conv1d(2, 3, 3), nn.Dropout1d().eval(), nn.MaxPool1d(2), nn.Flatten()],
    "averaged": [nn.Conv1d(2, 3, 3, stride=2, bias=False), nn.AvgPool1d(2)],
}


def compare(model: Any, inputs: Any) -> None:
    """A model with targets of the shape that comes out."""
    output = model.double()(torch.tensor(inputs))
    agree(model, LOSS, inputs, numbers(*output.shape, seed=1))


@pytest.mark.parametrize("module", ENTRYWISE + ALONG, ids=repr)
def test_an_activation_has_the_output_and_the_gradients_of_pytorch(module: Any) -> None:
    # PyTorch's Hardsigmoid multiplies by a sixth in single precision, whatever its numbers are.
    tolerance = 1e-7 if isinstance(module, nn.Hardsigmoid) else TOLERANCE
    agree(chain(nn.Linear(3, 4), module), LOSS, numbers(5, 3), numbers(5, 4, seed=1), tolerance=tolerance)


@pytest.mark.parametrize("module", [nn.Tanh(), nn.PReLU(4), nn.Softmax(dim=1)], ids=repr)
def test_a_layer_may_stand_alone(module: Any) -> None:
    agree(module, LOSS, numbers(5, 4), numbers(5, 4, seed=1))


@pytest.mark.parametrize("name", NORMS)
def test_a_normalisation_has_the_output_and_the_gradients_of_pytorch(name: str) -> None:
    model = chain(nn.Linear(3, 4), NORMS[name](), nn.Tanh(), nn.Linear(4, 2, bias=False))
    problem = agree(model, LOSS, numbers(5, 3), numbers(5, 2, seed=1))
    running = [name for name in problem.origins.values() if "running" in name]
    assert bool(running) == ("in use" in name)


@pytest.mark.parametrize("name", IMAGES)
def test_layers_of_images_have_the_output_and_the_gradients_of_pytorch(name: str) -> None:
    compare(scattered(chain(*IMAGES[name])), numbers(4, 2, 4, 4))


@pytest.mark.parametrize("name", SIGNALS)
def test_layers_of_signals_have_the_output_and_the_gradients_of_pytorch(name: str) -> None:
    compare(scattered(chain(*SIGNALS[name])), numbers(4, 2, 6))


def test_a_linear_layer_works_along_the_last_of_three_axes() -> None:
    model = chain(nn.Linear(3, 4), nn.Tanh(), scattered(nn.LayerNorm(4)), nn.Linear(4, 2))
    compare(model, numbers(4, 5, 3))


def test_every_module_that_is_read_is_compared_with_pytorch() -> None:
    modules = [*ENTRYWISE, *ALONG, *(make() for make in NORMS.values())]
    modules += [one for models in (IMAGES, SIGNALS) for own in models.values() for one in own]
    assert {type(one).__name__ for one in modules} == set(TORCH_LAYERS)
