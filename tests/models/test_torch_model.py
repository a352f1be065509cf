"""Models of PyTorch as problems: losses, names, exact numbers, training, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Rational

import symbackprop as sb
from symbackprop.graph import Role
from symbackprop.models.torch_losses import TORCH_LOSSES
from tests.models.torch_oracle import agree, close, distributions, evaluated, numbers, torch_or_skip

torch = torch_or_skip()
nn = torch.nn


def small(*, outputs: int = 2) -> Any:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, outputs))


def told(model: Any, **options: Any) -> str:
    """What is said of a model that is not read."""
    with pytest.raises((sb.Mistake, sb.Mistakes)) as caught:
        sb.from_torch(model, **options)
    return str(caught.value)


# ----------------------------------------------------------------------------------------------------- losses

SIGMOID, LOG_SOFTMAX = nn.Sigmoid(), nn.LogSoftmax(dim=1)
SHARES = distributions(5, 3)
LOSSES = [
    (nn.MSELoss(), None),
    (nn.MSELoss(reduction="sum"), None),
    (nn.L1Loss(), None),
    (nn.HuberLoss(delta=0.4), None),
    (nn.SmoothL1Loss(beta=0.4, reduction="sum"), None),
    (nn.SmoothL1Loss(beta=0.0), None),
    (nn.BCELoss(), SIGMOID),
    (nn.BCEWithLogitsLoss(), None),
    (nn.BCEWithLogitsLoss(reduction="sum"), None),
    (nn.CrossEntropyLoss(), None),
    (nn.CrossEntropyLoss(reduction="sum"), None),
]


@pytest.mark.parametrize(("loss", "ending"), LOSSES, ids=lambda one: repr(one).partition("(")[0])
def test_a_loss_has_the_value_and_the_gradients_of_pytorch(loss: Any, ending: Any) -> None:
    model = small(outputs=3)
    agree(nn.Sequential(model, ending) if ending else model, loss, numbers(5, 3), SHARES)


def test_the_likelihood_of_classes_is_taken_of_rows_of_one_and_zeros() -> None:
    model, classes = nn.Sequential(small(outputs=3), LOG_SOFTMAX).double(), torch.tensor([0, 2, 1, 1, 0])
    loss, x = nn.NLLLoss(), numbers(5, 3)
    loss(model(torch.tensor(x)), classes).backward()
    problem = sb.from_torch(model, loss=loss, inputs=x, targets=classes)
    result = evaluated(problem, **problem.given(problem.first_batch))
    theirs = {name: own for own, name in problem.origins.items()}
    for name, parameter in model.named_parameters():
        close(result.gradients[theirs[name]], parameter.grad, name)


def test_every_loss_of_the_table_is_compared() -> None:
    assert {type(loss).__name__ for loss, _ in LOSSES} | {"NLLLoss"} == set(TORCH_LOSSES)


def test_cross_entropy_of_large_logits_does_not_overflow() -> None:
    problem = sb.from_torch(nn.Linear(2, 2, bias=False), loss=nn.CrossEntropyLoss())
    x = np.array([[1e4, -1e4]])
    result = evaluated(replace(problem, values={"W": [[1, 0], [0, 1]]}), X=x, Y=np.array([[0.0, 1.0]]))
    assert result.values["L"] == 2e4
    close(result.deltas["Z"], [[1, -1]], "δ")


def test_a_loss_by_its_name_is_that_of_pytorch() -> None:
    by_name = sb.from_torch(small(), loss="binary_cross_entropy_with_logits", reduction="sum")
    by_module = sb.from_torch(small(), loss=nn.BCEWithLogitsLoss(reduction="sum"))
    assert by_name.graph["L"].expression == by_module.graph["L"].expression


# ------------------------------------------------------------------------------------------ names and numbers


def test_names_follow_the_layers_and_origins_tell_the_names_of_pytorch() -> None:
    model = nn.Sequential(small(), nn.ReLU(), nn.Sequential(nn.LayerNorm(2), nn.Linear(2, 1)))
    problem = sb.from_torch(model)
    assert problem.origins == {
        "W__1": "0.0.weight",
        "b__1": "0.0.bias",
        "W__2": "0.2.weight",
        "b__2": "0.2.bias",
        "gamma__2": "2.0.weight",
        "beta__2": "2.0.bias",
        "W__3": "2.1.weight",
        "b__3": "2.1.bias",
    }
    inner = "Z__1 A__1 Z__2 A__2 mu__2 v__2 xhat__2 H__2 Yhat L".split()
    assert [node.name for node in problem.graph.inner] == inner
    assert [layer.activation for layer in problem.layers] == ["tanh", "relu, layer_norm", "identity"]


def test_one_layer_needs_no_number() -> None:
    problem = sb.from_torch(nn.Linear(3, 1))
    assert problem.origins == {"W": "weight", "b": "bias"}


def test_every_parameter_is_the_rational_number_that_it_is() -> None:
    for dtype, number in {
        torch.float64: Rational(*(0.1).as_integer_ratio()),
        torch.float32: Rational(13421773, 134217728),
        torch.bfloat16: Rational(205, 2048),
    }.items():
        model = nn.Linear(1, 1, bias=False, dtype=dtype)
        nn.init.constant_(model.weight, 0.1)
        assert sb.from_torch(model).values["W"] == [[number]]


def test_a_frozen_parameter_is_a_constant() -> None:
    model = small()
    model[0].weight.requires_grad_(False)
    problem = agree(model, nn.MSELoss(), numbers(5, 3), numbers(5, 2, seed=1))
    assert problem.graph["W__1"].role is Role.CONSTANT


def test_layers_that_share_a_parameter_share_its_gradient() -> None:
    layer, other = nn.Linear(3, 3), nn.Linear(3, 3)
    other.weight = layer.weight
    model = nn.Sequential(layer, nn.Tanh(), other, nn.ReLU(), layer)
    problem = agree(model, nn.MSELoss(), numbers(5, 3), numbers(5, 3, seed=1))
    assert set(problem.origins.values()) == {"0.weight", "0.bias", "2.bias"}


def test_random_chains_have_the_gradients_of_pytorch() -> None:
    source = np.random.default_rng(0)
    kinds: list[Callable[[int], Any]] = [
        nn.LayerNorm,
        nn.BatchNorm1d,
        lambda width: nn.BatchNorm1d(width).eval(),
        lambda _: nn.GELU(),
        lambda _: nn.SiLU(),
        lambda _: nn.Softmax(dim=-1),
        lambda _: nn.Dropout().eval(),
        lambda width: nn.Sequential(nn.Tanh(), nn.Linear(width, width, bias=False)),
    ]
    for seed in range(6):
        torch.manual_seed(seed)
        modules, width = [], 3
        for _ in range(3):
            wide = int(source.integers(1, 5))
            modules += [nn.Linear(width, wide), kinds[int(source.integers(len(kinds)))](wide)]
            width = wide
        agree(nn.Sequential(*modules), nn.MSELoss(), numbers(6, 3), numbers(6, width, seed=1))


def test_one_example_is_a_vector() -> None:
    model, x, y = small().double(), numbers(3), numbers(2, seed=1)
    nn.MSELoss()(model(torch.tensor(x)), torch.tensor(y)).backward()
    problem = sb.from_torch(model, batch=None)
    result = evaluated(problem, x=x, y=y)
    close(result.gradients["W__1"], model[0].weight.grad, "W")
    assert problem.graph["z__1"].shape == (4,)
    assert sb.backprop(problem.graph).gradients["W__2"].text().endswith("δ_ŷ a^[1]ᵀ")


def test_an_image_may_be_one_too() -> None:
    problem = sb.from_torch(nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU()), batch=None, shape=(1, 3, 3))
    assert problem.graph["yhat"].shape == (2, 2, 2)


def test_what_is_flattened_first_counts_as_flat() -> None:
    problem = sb.from_torch(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    assert [node.name for node in problem.graph.inner] == ["Yhat", "L"]


# ----------------------------------------------------------------------------------------- examples, training


def test_steps_of_training_are_those_of_pytorch() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).double()
    x, classes = numbers(6, 3), [0, 1, 1, 0, 1, 0]
    training = sb.Training(Rational("0.1"), batch_size=3, steps=4)
    problem = sb.from_torch(model, loss=nn.CrossEntropyLoss(), inputs=x, targets=classes, training=training)
    after = sb.train(problem).iterations[-1].after
    for step in range(4):
        model.zero_grad()
        rows = [3, 4, 5] if step % 2 else [0, 1, 2]
        nn.CrossEntropyLoss()(model(torch.tensor(x)[rows]), torch.tensor(classes)[rows]).backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(0.1 * parameter.grad)
    theirs = dict(model.named_parameters())
    for name, origin in problem.origins.items():
        close(after[name], theirs[origin].detach(), origin)


def test_one_number_an_example_may_be_given_without_a_column() -> None:
    problem = sb.from_torch(small(outputs=1), inputs=numbers(4, 3), targets=[1, 2, 3, 4])
    assert problem.given([1, 2])["Y"] == [[1], [2]]
    assert problem.is_numeric


def test_images_are_given_as_they_stand() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 2), nn.Flatten(), nn.Linear(2, 1))
    problem = sb.from_torch(model, inputs=numbers(3, 1, 2, 2), targets=numbers(3, 1, seed=1))
    assert problem.data is None
    assert np.shape(problem.values["X"]) == (3, 1, 2, 2)
    assert problem.is_numeric


def test_a_small_model_may_be_written_entry_by_entry() -> None:
    whole = sb.from_torch(small(), batch=None, inputs=[1, 2, 3], targets=[0, 1])
    parts = sb.from_torch(small(), batch=None, inputs=[1, 2, 3], targets=[0, 1], notation="component")
    assert not parts.graph.is_array
    one = evaluated(parts)
    close(evaluated(whole).gradients["W__2"][1][2], one.gradients["W_23__2"], "w")


# -------------------------------------------------------------------------------------------- what is refused


def test_all_layers_that_are_not_read_are_told_together_with_their_places() -> None:
    model = nn.Sequential(
        nn.Linear(2, 3),
        nn.LSTM(3, 4),
        nn.Sequential(nn.Dropout(), nn.Conv2d(2, 4, 3, groups=2)),
        nn.MaxPool2d(2, stride=1),
        nn.Softmax(),
        nn.Bilinear(2, 3, 4),
    )
    words = told(model)
    for place, what in {
        "layer 1: LSTM": "the layer LSTM is not read",
        "layer 2.0: Dropout": "what drops out at random has no derivation",
        "layer 2.1: Conv2d": "groups=2 of a convolution is not read",
        "layer 3: MaxPool2d": "stride=1 of a pooling is not read",
        "layer 4: Softmax": "the axis is left to chance",
        "layer 5: Bilinear": "the layer Bilinear is not read",
    }.items():
        assert place in words
        assert what in words
    assert "known: Linear, Conv1d" in words
    assert "lstm_cell" in words


REFUSED = {
    "dilation": nn.Conv2d(1, 1, 3, dilation=2),
    "padding_mode": nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular"),
    "pads the two ends differently": nn.Conv1d(1, 1, 2, padding="same"),
    "several axes": nn.LayerNorm((2, 3)),
    "eps is left": nn.RMSNorm(3),
    "CELU with alpha": nn.CELU(2.0),
    "output_size": nn.AdaptiveAvgPool2d(2),
    "normalisation takes several examples": nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_setting_that_is_not_read_is_named(words: str) -> None:
    assert words in told(REFUSED[words], batch=None)


def test_a_class_of_the_users_own_is_code_even_where_it_is_called_linear() -> None:
    own = type("Linear", (nn.Linear,), {"forward": lambda _, x: x})
    assert "the layer Linear is not read" in told(nn.Sequential(own(2, 3)))


def test_a_hook_is_code() -> None:
    model = small()
    model[1].register_forward_hook(lambda *_: None)
    assert "a hook or a forward of its own" in told(model)


def test_layers_that_do_not_fit_are_told_with_their_places() -> None:
    words = told(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1)))
    assert "this layer takes 4 numbers, and what goes in has the shape (n, 3)" in words
    assert "layer 2: Linear" in words


def test_numbers_that_are_not_finite_are_told_by_name() -> None:
    model = small()
    with torch.no_grad():
        model[2].bias[0] = float("nan")
    words = told(model)
    assert "2.bias holds NaN" in words
    assert "layer 2: Linear" in words


def test_arrays_without_numbers_are_refused() -> None:
    assert "holds no plain numbers" in told(nn.Linear(2, 3, device="meta"))
    assert "holds no plain numbers" in told(nn.Linear(2, 3, dtype=torch.complex64))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "ms"}, "did you mean 'mse'?"),
        ({"loss": nn.MSELoss(reduction="none")}, "a loss for each example"),
        ({"loss": nn.TripletMarginLoss()}, "the loss TripletMarginLoss is not read"),
        ({"loss": nn.CrossEntropyLoss(label_smoothing=0.1)}, "label_smoothing of CrossEntropyLoss"),
        ({"loss": nn.BCEWithLogitsLoss(pos_weight=torch.ones(2))}, "pos_weight of BCEWithLogitsLoss"),
        ({"loss": "cross_entropy"}, 'loss="cross_entropy_with_logits"'),
        ({"loss": "mse", "reduction": "none"}, "unknown reduction 'none'"),
        ({"inputs": [["a"]]}, "inputs is not an array of numbers"),
        ({"inputs": [[1, 2, float("inf")]]}, "NaN or infinity"),
        ({"inputs": [[1, 2]]}, "this layer takes 3 numbers"),
        ({"targets": [[1, 2, 3]]}, "targets has the shape (1, 3), and the model takes (n, 2)"),
        ({"inputs": np.ones((4, 3)), "targets": np.ones((3, 2))}, "of different lengths"),
        ({"loss": nn.CrossEntropyLoss(), "targets": [0, 2]}, "a target is no number of a class"),
        ({"batch": 0}, "a batch of 0"),
        ({"batch": "max"}, "'max' is a function of the language"),
        ({"notation": "words"}, "unknown notation 'words'"),
        ({"shape": (0,)}, "empty axis"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(options: dict[str, Any], words: str) -> None:
    message = told(small(), **options)
    assert words in message
    assert "where: " in message


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Sequential(), "the model has no layers"),
        (nn.Identity(), "the layers do not say what shape an example has"),
        (nn.Sequential(nn.Conv2d(1, 2, 3)), "give shape=(…) of one example"),
        ({"0.weight": torch.ones(2)}, "a dict is no model of PyTorch"),
        ("model.pt", "a str is no model of PyTorch"),
    ],
)
def test_what_is_no_model_is_refused(model: Any, words: str) -> None:
    assert words in told(model)
