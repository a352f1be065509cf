"""The examples in arrays against the figures of `tests/golden/`, worked out by others and in 40 digits.

The golden files are copied as they stand. Where a network can be asked for in components too, it is.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Symbol

import symbackprop as sb
from tests.examples import example

CLOSE = 1e-10
Numbers = Mapping[str, Any]


@cache
def golden(name: str) -> Any:
    path = Path(__file__).parent / "golden" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def numbers(entry: Any) -> Any:
    """Golden digits as floats: `{mp, f64}`, strings, numbers, and lists of them."""
    if isinstance(entry, list):
        return np.array([numbers(one) for one in entry])
    return float(entry["mp"] if isinstance(entry, dict) else entry)


def assert_close(found: Any, expected: Any, what: str = "", atol: float = 0.0) -> None:
    """The same shape, and every number to 1e-10 of its size."""
    mine, wanted = np.asarray(found, dtype=float), np.asarray(expected)
    assert mine.shape == wanted.shape, what
    assert np.allclose(mine, wanted, rtol=CLOSE, atol=atol), f"{what}: {mine} instead of {wanted}"


def spec(name: str, *changes: tuple[str, str]) -> str:
    """The text of an example, changed here and there."""
    text = example(name).spec.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def turned(text: str) -> str:
    """The same network with its examples in rows instead of in columns, or the other way round."""

    def transposed(found: re.Match[str]) -> str:
        return "weight = " + json.dumps([*zip(*json.loads(found[1]), strict=True)])

    other = {"columns": "rows", "rows": "columns"}
    text = re.sub(r'examples = "(\w+)"', lambda found: f'examples = "{other[found[1]]}"', text)
    return re.sub(r"weight = (\[\[.*\]\])", transposed, text)


@cache
def trained(text: str, notation: str = "matrix") -> sb.Trace:
    return sb.train(sb.loads(text, notation=notation))


def gathered(values: Numbers, name: str, shape: Sequence[int]) -> Any:
    """What a run in components gives under w_11, w_12 …, as an array; a batch lies along the last axis.

    A layer of one unit has no index for it, and `w__2` takes its index before the layer: w_11__2.
    """
    letter, bar, layer = name.partition("__")
    places = itertools.product(*(range(1, size + 1) for size in shape))
    found = []
    for place in places:
        index = "".join(str(one) for one, size in zip(place, shape, strict=True) if size > 1)
        found.append(values[letter + ("_" + index if index else "") + bar + layer])
    return np.array(found).reshape((*shape, *np.shape(found[0])))


# ----------------------------------------------------------------------- three sigmoid layers, logistic loss

LOGISTIC = golden("001_logistic_3layer")
LAYERS = {"1": (3, 3), "2": (2, 3), "3": (1, 2)}


def logistic_gradient(letter: str, layer: str) -> Any:
    return numbers(LOGISTIC["grads"][letter + layer])


@pytest.mark.parametrize("layer", LAYERS)
def test_the_logistic_network_has_its_golden_gradients(layer: str) -> None:
    (one,) = trained(spec("logistic-3layer")).iterations
    assert_close(one.loss, numbers(LOGISTIC["L_batch_mean"]))
    for letter in "Wb":
        name, wanted = f"{letter}__{layer}", logistic_gradient(letter, layer)
        assert_close(one.gradients[name], wanted, name)
        assert_close(one.after[name], one.before[name] - 0.5 * wanted, name)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_logistic_network_has_them_in_rows_too(layer: str) -> None:
    (one,) = trained(turned(spec("logistic-3layer"))).iterations
    assert_close(one.loss, numbers(LOGISTIC["L_batch_mean"]))
    for letter in "Wb":
        assert_close(one.gradients[f"{letter}__{layer}"], logistic_gradient(letter, layer).T)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_logistic_network_has_them_in_components_too(layer: str) -> None:
    (one,) = trained(spec("logistic-3layer"), "component").iterations
    assert_close(one.loss, numbers(LOGISTIC["L_batch_mean"]))
    units, inputs = LAYERS[layer]
    assert_close(gathered(one.gradients, f"w__{layer}", (units, inputs)), logistic_gradient("W", layer))
    assert_close(gathered(one.gradients, f"b__{layer}", (units, 1)), logistic_gradient("b", layer))


def test_the_logistic_gradients_read_as_the_golden_formulas() -> None:
    assert LOGISTIC["formulas"]["dW3"] == "(1/n) sum (a3-y) a2^T"
    assert LOGISTIC["formulas"]["db"] == "(1/n) sum delta"
    derivation = sb.backprop(sb.load(example("logistic-3layer").spec).graph)
    before = {"3": r"A^{[2]\top}", "2": r"A^{[1]\top}", "1": r"X^\top"}
    for layer, factor in before.items():
        delta = rf"= \frac{{1}}{{n}} \delta^{{[{layer}]}} "
        assert derivation.gradients[f"W__{layer}"].latex().endswith(delta + factor)
        assert derivation.gradients[f"b__{layer}"].latex().endswith(delta + r"\mathbf{1}_n")
    assert derivation.deltas["Z__3"].expression == Symbol("A__3") - Symbol("Y")


# ------------------------------------------------------------------------------------ one neuron on a batch

NEURON = golden("001_single_neuron")


@pytest.mark.parametrize("rows", [False, True])
def test_the_neuron_has_its_golden_figures(rows: bool) -> None:
    text = spec("single-neuron")
    (one,) = trained(turned(text) if rows else text).iterations
    assert_close(one.loss, numbers(NEURON["C"]))
    assert_close(np.ravel(one.evaluation.values["yhat"]), numbers(NEURON["yhat"]))
    for kind in ("correct", "finite_difference"):
        assert_close(np.ravel(one.gradients["w"]), numbers(NEURON[f"{kind}_grad_w"]))
        assert_close(np.ravel(one.gradients["b"]), [numbers(NEURON[f"{kind}_grad_b"])])
    assert_close(np.ravel(one.after["w"]), [0.1, -0.2, 0.1] - 0.5 * numbers(NEURON["correct_grad_w"]))


def test_the_neuron_has_them_in_components_too() -> None:
    (one,) = trained(spec("single-neuron"), "component").iterations
    assert_close(one.loss, numbers(NEURON["C"]))
    assert_close(one.evaluation.values["yhat"], numbers(NEURON["yhat"]))
    assert_close(gathered(one.gradients, "w", (3,)), numbers(NEURON["correct_grad_w"]))
    assert_close(one.gradients["b"], numbers(NEURON["correct_grad_b"]))


def test_the_three_factors_of_the_neuron_are_the_golden_ones() -> None:
    """A = -2(y - ŷ), which the document writes without its minus; B = σ'; C = x."""
    derivation = sb.backprop(sb.load(example("single-neuron").spec, notation="component").graph)
    yhat, y, x = (Symbol(name) for name in ("yhat", "y", "x_1"))
    (path,) = derivation.gradients["w_1"].paths()
    expected = -2 * (y - yhat) * yhat * (1 - yhat) * x
    assert sympy.expand(path.expression - expected) == 0
    assert all(NEURON["identities"].values())


# ------------------------------------------------------------------------------- softmax and cross-entropy

SOFTMAX = golden("002_softmax_ce")


def softmax_run(text: str) -> sb.Evaluation:
    problem = sb.loads(text)
    return sb.compile(sb.backprop(problem.graph))(problem.values)


def test_the_softmax_network_has_its_golden_figures() -> None:
    found = softmax_run(spec("softmax-mlp"))
    names = {"h_1": "h1", "h_2": "h2", "h_3": "h3", "p": "softmax", "L": "L"}
    for name, key in names.items():
        assert_close(found.values[name], numbers(SOFTMAX[key]), name)
    assert_close(found.deltas["delta_h_3"], numbers(SOFTMAX["dL_dh3_correct = softmax(h3)-y"]))
    assert_close(found.gradients["W_1"], numbers(SOFTMAX["gradW1_correct"]))
    assert_close(found.gradients["W_2"], numbers(SOFTMAX["gradW2_correct"]))


def test_the_softmax_network_without_the_collapse_has_them_too() -> None:
    problem = sb.loads(spec("softmax-mlp") + "\n[conventions]\ncollapse = false\n")
    found = sb.compile(sb.backprop(problem.graph, conventions=problem.conventions))(problem.values)
    assert_close(found.gradients["W_1"], numbers(SOFTMAX["gradW1_correct"]))
    assert_close(found.gradients["W_2"], numbers(SOFTMAX["gradW2_correct"]))


def jacobian(function: str, by: str, size: int, **values: Any) -> Any:
    """The derivatives of every entry of a vector by one of the given names."""
    shapes = {name: np.shape(value) for name, value in values.items()}
    rows = []
    for entry in range(size):
        equations = f"f = {function}; e = f[{entry}]"
        graph = sb.Graph.from_equations(equations, parameters=[by], shapes=shapes)
        rows.append(sb.compile(sb.backprop(graph))(values).gradients[by])
    return np.array(rows)


def test_the_jacobians_of_the_softmax_network_are_golden() -> None:
    h_1, h_3 = numbers(SOFTMAX["h1"]), numbers(SOFTMAX["h3"])
    softmax = numbers(SOFTMAX["softmax_jacobian p_i(delta_ij-p_j)"])
    assert_close(jacobian("softmax(h)", "h", 3, h=h_3), softmax)
    given = {"W": numbers(SOFTMAX["W1"]), "x": numbers(SOFTMAX["x"])}
    assert_close(jacobian("W @ x", "x", 2, **given), numbers(SOFTMAX["jacobian_eq28 dh/dx"]))
    slopes = np.diag(numbers(SOFTMAX["jacobian_eq31 diag phi'(h1)"]))
    assert_close(jacobian("tanh(h)", "h", 2, h=h_1), slopes)


def test_a_layer_before_the_softmax_network_has_its_golden_figures() -> None:
    extra = SOFTMAX["extra_layer (l.429 provate)"]
    found = softmax_run(
        spec(
            "softmax-mlp",
            ("h_1 = W_1 @ x", "k_0 = W_0 @ x\nz_0 = tanh(k_0)\nh_1 = W_1 @ z_0"),
            ("[parameters]", f"[parameters]\nW_0 = {numbers(extra['W0']).tolist()}"),
        )
    )
    assert_close(found.values["L"], numbers(extra["L"]))
    for name in ("W_0", "W_1", "W_2"):
        assert_close(found.gradients[name], numbers(extra["grad" + name.replace("_", "")]), name)


LAYERS_OF_SOFTMAX = """
[network]
inputs = 3
targets = 3

[[network.layers]]
units = 2
activation = "tanh"
weight = [[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]]
bias = false

[[network.layers]]
units = 3
activation = "softmax"
weight = [[0.7, -0.8], [0.2, 0.1], [-0.3, 0.9]]
bias = false

[loss]
name = "cross_entropy"

[training]
learning_rate = 1

[data]
columns = ["x_1", "x_2", "x_3", "y_1", "y_2", "y_3"]
rows = [[1, -2, 0.5, 0, 1, 0]]
"""
"""The network of the example by its layers, so that it can be asked for in components."""


def test_the_softmax_network_by_its_layers_has_them_too() -> None:
    (one,) = trained(LAYERS_OF_SOFTMAX).iterations
    assert_close(one.loss, numbers(SOFTMAX["L"]))
    assert_close(one.gradients["W__1"], numbers(SOFTMAX["gradW1_correct"]))
    assert_close(one.gradients["W__2"], numbers(SOFTMAX["gradW2_correct"]))
    (one,) = trained(LAYERS_OF_SOFTMAX, "component").iterations
    assert_close(one.loss, numbers(SOFTMAX["L"]))
    assert_close(gathered(one.gradients, "w__1", (2, 3)), numbers(SOFTMAX["gradW1_correct"]))
    assert_close(gathered(one.gradients, "w__2", (3, 2)), numbers(SOFTMAX["gradW2_correct"]))


# ----------------------------------------------------------------------------------- an epoch of mini-batches

EPOCH = golden("002_minibatch_sgd")
BATCHES = sorted(EPOCH["one_epoch_no_shuffle"], key=lambda name: int(name[2:]))
OF_LAYER = {
    "W": ("w", (3, 3)),
    "b": ("b", (3,)),
    "V": ("v", (2, 3)),
    "c": ("c", (2,)),
    "U": ("u", (2,)),
    "d": ("d", ()),
}
TINY = 1e-17
"""What doubles of size 0.1 may lose; some parameters of size 1e-8 are differences of them."""


def theta(values: Mapping[str, Any], name: str) -> Any:
    """The golden figures w11, w12 … of a parameter, as an array."""
    letter, shape = OF_LAYER[name]
    places = itertools.product(*(range(1, size + 1) for size in shape))
    found = [numbers(values[letter + "".join(map(str, place))]) for place in places]
    return np.array(found).reshape(shape)


def epoch(size: str, notation: str = "matrix") -> sb.Trace:
    text = spec("minibatch-sgd", ("batch_size = 3\n", f"batch_size = {size}\n"))
    return trained(
        text if size != "1" else text.replace("[network]\n", "[network]\nbatch = true\n"), notation
    )


@pytest.mark.parametrize("notation", ["matrix", "component"])
@pytest.mark.parametrize("batch", BATCHES)
def test_an_epoch_ends_in_its_golden_state(batch: str, notation: str) -> None:
    expected, trace = EPOCH["one_epoch_no_shuffle"][batch], epoch(batch[2:], notation)
    assert len(trace.iterations) == expected["updates"] == -(-10 // int(batch[2:]))
    losses = [one.loss for one in trace.iterations]
    assert_close(losses, numbers(expected["batch_losses_before_update"]))
    assert_close(np.mean(trace.losses.table[-1]), numbers(expected["J_after_epoch"]))
    assert_close(np.mean(trace.losses.table[0]), numbers(EPOCH["J_theta0_eq24"]))
    last = trace.iterations[-1].after
    for name, (_, shape) in OF_LAYER.items():
        found = gathered(last, name, shape) if notation == "component" else np.reshape(last[name], shape)
        assert_close(found, theta(expected["theta_after"], name), f"{batch} {name}", TINY)


@pytest.mark.parametrize("notation", ["matrix", "component"])
def test_the_whole_table_as_one_batch_has_the_golden_gradient(notation: str) -> None:
    (one,) = epoch("10", notation).iterations
    assert_close(one.loss, numbers(EPOCH["J_theta0_eq24"]))
    for name, (_, shape) in OF_LAYER.items():
        gradient = one.gradients
        found = (
            gathered(gradient, name, shape) if notation == "component" else np.reshape(gradient[name], shape)
        )
        assert_close(found, theta(EPOCH["full_gradient"], name), name, TINY)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_gradients_of_all_batches_of_a_size_have_the_full_gradient_as_their_mean(size: int) -> None:
    problem = sb.loads(spec("minibatch-sgd"))
    program = sb.compile(sb.backprop(problem.graph))
    whole = epoch("10").iterations[0].evaluation.values
    found: dict[str, list[Any]] = {name: [] for name in OF_LAYER}
    for chosen in itertools.combinations(range(10), size):
        given = {"X": whole["X"][:, chosen], "Y": whole["Y"][:, chosen]}
        gradients = program({**problem.values, **given}).gradients
        for name in OF_LAYER:
            found[name].append(gradients[name])
    assert len(found["W"]) == EPOCH["unbiasedness_eq25"][f"M={size}"]["batches"]
    for name, (_, shape) in OF_LAYER.items():
        mean = np.mean(found[name], axis=0).reshape(shape)
        assert_close(mean, theta(EPOCH["full_gradient"], name), name, TINY)


# ----------------------------------------------------------------------------------- the 2-2-2-1 network

TASK = golden("004_task3")
WIDTHS = {"1": (2, 2), "2": (2, 2), "3": (2, 1)}


def test_task_3_is_given_as_in_the_golden() -> None:
    (one,) = trained(spec("task3")).iterations
    for layer in WIDTHS:
        assert_close(one.before[f"w__{layer}"], numbers(TASK[f"W{layer}"]))
    assert_close(one.evaluation.values["X"], numbers(TASK["X"]))
    assert_close(np.ravel(one.evaluation.values["Y"]), numbers(TASK["y"]))


@pytest.mark.parametrize("layer", WIDTHS)
def test_task_3_has_its_golden_figures(layer: str) -> None:
    (one,) = trained(spec("task3")).iterations
    values, wanted = one.evaluation.values, numbers(TASK[f"gradW{layer}"])
    assert_close(values[f"h__{layer}"], numbers(TASK[f"h{layer}"]))
    assert_close(values[f"o__{layer}"], numbers(TASK[f"O{layer}"]))
    assert_close(one.evaluation.deltas[f"delta__{layer}"], numbers(TASK[f"delta{layer}"]))
    assert_close(one.gradients[f"w__{layer}"], wanted)
    assert_close(one.after[f"w__{layer}"], one.before[f"w__{layer}"] - wanted)
    assert_close(one.loss, numbers(TASK["L"]))


@pytest.mark.parametrize("layer", WIDTHS)
def test_task_3_has_them_in_columns_and_in_components_too(layer: str) -> None:
    text, (inputs, units) = turned(spec("task3")), WIDTHS[layer]
    (one,) = trained(text).iterations
    assert_close(one.evaluation.deltas[f"delta__{layer}"], numbers(TASK[f"delta{layer}"]).T)
    assert_close(one.gradients[f"w__{layer}"], numbers(TASK[f"gradW{layer}"]).T)
    (one,) = trained(text, "component").iterations
    assert_close(one.loss, numbers(TASK["L"]))
    values, deltas = one.evaluation.values, one.evaluation.deltas
    assert_close(gathered(values, f"h__{layer}", (units,)), numbers(TASK[f"h{layer}"]).T)
    assert_close(gathered(values, f"o__{layer}", (units,)), numbers(TASK[f"O{layer}"]).T)
    assert_close(gathered(deltas, f"delta__{layer}", (units,)), numbers(TASK[f"delta{layer}"]).T)
    assert_close(gathered(one.gradients, f"w__{layer}", (units, inputs)), numbers(TASK[f"gradW{layer}"]).T)


def test_task_3_in_rows_can_be_asked_for_in_components() -> None:
    (one,) = trained(spec("task3"), "component").iterations
    assert_close(one.loss, numbers(TASK["L"]))


def test_the_scalar_form_of_task_3_is_the_golden_one() -> None:
    scalar = TASK["scalar_form_correct"].replace("f(", "sigmoid(")
    derivation = sb.backprop(sb.Graph.from_equations(f"y = {scalar}"))
    point: dict[str, float] = {}
    for layer, shape in WIDTHS.items():
        for i, j in np.ndindex(shape):
            index = f"{i + 1}{j + 1}" if shape[1] > 1 else f"{i + 1}"
            point[f"w{layer}_{index}"] = numbers(TASK[f"W{layer}"])[i, j]
    for row, wanted in zip(numbers(TASK["X"]), numbers(TASK["O3"]), strict=True):
        found = sb.compile(derivation)({**point, "x1": row[0], "x2": row[1]})
        assert_close(found.values["y"], wanted[0])


def test_the_scalar_chain_of_task_3_is_golden() -> None:
    chain, names = TASK["l82_scalar_chain"], ("w1", "w2", "w3", "x", "y")
    graph = sb.Graph.from_equations(
        "o1 = sigmoid(w1*x); o2 = sigmoid(w2*o1); o3 = sigmoid(w3*o2); L = (y - o3)**2/2", parameters=["w1"]
    )
    values = dict(zip(names, numbers(chain["w1,w2,w3,x,y"]), strict=True))
    found = sb.compile(sb.backprop(graph))(values).gradients["w1"]
    assert_close(found, numbers(chain["with w2"]))
    assert_close(found, numbers(chain["finite difference"]))
