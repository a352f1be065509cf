"""Specs become problems: names in print, shapes, values, roles."""

from __future__ import annotations

from pathlib import Path

import pytest
from sympy import Rational, Symbol

import symbackprop as sb
from symbackprop.errors import Mistakes
from symbackprop.graph import Role
from symbackprop.load import load, loads
from symbackprop.problem import Problem

EXAMPLES = Path(__file__).parents[1] / "examples"
LOSS = '[loss]\nname = "mse"\n'


def example(name: str) -> Problem:
    return load(EXAMPLES / name / f"{name}.toml")


def names(problem: Problem, *roles: Role) -> list[str]:
    return [node.name for node in problem.graph.having(*roles)]


def test_obesity_has_its_23_parameters_by_the_names_of_the_spec() -> None:
    problem = example("obesity")
    assert (
        names(problem, Role.PARAMETER)
        == (
            "w_11 w_12 w_13 b_1 w_21 w_22 w_23 b_2 w_31 w_32 w_33 b_3 "
            "v_11 v_12 v_13 c_1 v_21 v_22 v_23 c_2 u_1 u_2 d"
        ).split()
    )
    assert names(problem, Role.INPUT) == ["x_1", "x_2", "x_3"]
    assert names(problem, Role.TARGET) == ["y"]
    assert names(problem, Role.PREACTIVATION) == "z_1 z_2 z_3 s_1 s_2 t".split()
    assert names(problem, Role.ACTIVATION) == "a_1 a_2 a_3 g_1 g_2 yhat".split()
    assert problem.graph.output == Symbol("L")
    deltas = [node.delta for node in problem.graph.having(Role.PREACTIVATION)]
    assert [str(one) for one in deltas] == ("delta_a1 delta_a2 delta_a3 delta_g1 delta_g2 delta_out".split())


def test_the_values_of_a_layer_stand_row_by_row_in_its_units() -> None:
    values = example("obesity").values
    assert [values[f"w_2{column}"] for column in (1, 2, 3)] == [
        Rational(-1, 10),
        Rational(1, 10),
        Rational(1, 5),
    ]
    assert values["v_13"] == Rational(1, 20)
    assert values["u_2"] == Rational(-1, 10)
    assert values["d"] == 0


def test_a_layer_of_one_unit_drops_the_row_and_one_input_the_column() -> None:
    problem = example("chain")
    assert names(problem, Role.PARAMETER) == "w_1 b_1 w_2 b_2 w_3 b_3".split()
    assert names(problem, Role.ACTIVATION) == "o_1 o_2 o_3".split()


def test_the_least_network_has_default_names_with_the_layer_above() -> None:
    problem = example("minimal")
    assert names(problem, Role.INPUT) == ["x_1", "x_2", "x_3"]
    assert names(problem, Role.TARGET) == ["y"]
    parameters = names(problem, Role.PARAMETER)
    assert len(parameters) == 3 * 3 + 3 + 3 * 2 + 2 + 2 + 1
    assert {"w_11__1", "b_2__2", "w_2__3", "b__3"} <= set(parameters)
    assert names(problem, Role.ACTIVATION)[-1] == "yhat"
    assert problem.values == {}
    assert not problem.is_numeric


def test_one_layer_needs_no_number_above() -> None:
    problem = loads("[network]\nlayers = [2, 1]\n" + LOSS)
    assert names(problem, Role.PARAMETER) == ["w_1", "w_2", "b"]


def test_many_units_keep_their_indices_apart() -> None:
    parameters = names(loads("[network]\nlayers = [12, 11, 1]\n" + LOSS), Role.PARAMETER)
    assert "w_1_12__1" in parameters
    assert "w_11_2__1" in parameters
    assert len(set(parameters)) == 12 * 11 + 11 + 11 + 1


@pytest.mark.parametrize(
    ("inputs", "hidden", "outputs"), [(1, 1, 1), (2, 3, 2), (5, 4, 3), (10, 10, 10), (1, 11, 1)]
)
def test_the_parameters_are_as_many_as_the_widths_say(inputs: int, hidden: int, outputs: int) -> None:
    problem = loads(f"[network]\nlayers = [{inputs}, {hidden}, {outputs}]\n" + LOSS)
    assert len(problem.graph.parameters) == inputs * hidden + hidden + hidden * outputs + outputs
    assert len(names(problem, Role.TARGET)) == outputs


def test_a_layer_without_a_bias_has_none() -> None:
    problem = loads("[network]\ninputs = 2\nlayers = [{ units = 2, bias = false }, { units = 1 }]\n" + LOSS)
    assert [name for name in names(problem, Role.PARAMETER) if name.startswith("b")] == ["b__2"]


def test_an_activation_of_the_network_holds_where_a_layer_has_none() -> None:
    layers = 'layers = [{ units = 1 }, { units = 1, activation = "identity" }]\n'
    problem = loads('[network]\ninputs = 1\nactivation = "tanh"\n' + layers + LOSS)
    assert problem.network is not None
    assert [layer.activation for layer in problem.network.layers] == ["tanh", "identity"]


def test_a_networks_numbers_may_be_given_by_name() -> None:
    text = (
        "[network]\nlayers = [1, 1]\n"
        + LOSS
        + "[parameters]\nw = 0.25\nb = 3\n[inputs]\nx = 2\n[targets]\ny = 1\n"
    )
    problem = loads(text)
    assert problem.values == {"w": Rational(1, 4), "b": 3, "x": 2, "y": 1}
    assert problem.is_numeric


def test_the_roles_of_a_graph_are_those_of_its_tables() -> None:
    problem = example("homework")
    assert names(problem, Role.PARAMETER) == ["theta_0", "theta_1", "theta_2"]
    assert names(problem, Role.INPUT) == ["x_0", "x_1", "x_2"]
    assert problem.values["x_1"] == 2
    assert problem.training is not None
    assert (problem.training.learning_rate, problem.training.steps) == (2, 1)


def test_columns_of_the_data_are_inputs_of_a_graph() -> None:
    data = '[data]\ncolumns = ["x", "y"]\nrows = [[1, 2], [3, 4]]\n'
    problem = loads('[graph]\nequations = "L = (w*x - y)**2"\n[parameters]\nw = 1\n' + data)
    assert names(problem, Role.INPUT) == ["x", "y"]
    assert problem.at(2) == {"w": 1, "x": 3, "y": 4}


def test_operations_split_the_equations() -> None:
    assert len(example("logistic-neuron").graph.inner) == 9


def test_the_output_may_be_named() -> None:
    problem = loads('[graph]\nequations = "f = x**2; g = 3*x"\noutput = "f"\n[parameters]\nx = 1\n')
    assert problem.graph.output == Symbol("f")


def test_numbers_are_exact() -> None:
    problem = loads('[graph]\nequations = "f = x*y"\n[parameters]\nx = 0.1\ny = 1e-7\n')
    assert problem.values == {"x": Rational(1, 10), "y": Rational(1, 10**7)}


def test_a_penalty_brings_its_constants() -> None:
    problem = example("regularised-cost")
    assert names(problem, Role.CONSTANT) == ["lambda", "m"]
    assert problem.values["lambda"] == Rational(1, 10)
    assert problem.values["m"] == 2
    assert len(problem.graph.parameters) == 17


def test_a_loss_with_factor_and_constant() -> None:
    loss = "name = 'huber'\nfactor = 0.5\ndelta = 1.5\nsymbol = 'J'\nreduction = 'sum'\n"
    objective = loads("[network]\nlayers = [1, 1]\n[loss]\n" + loss).objective
    assert objective is not None
    assert (objective.factor, objective.symbol, objective.mean) == (Rational(1, 2), "J", False)
    assert objective.parameters == {"delta": Rational(3, 2)}


def test_the_data_file_stands_beside_the_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[network]\nlayers = [1, 1]\n" + LOSS + "[data]\nfile = 'd.csv'\n"
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.toml").write_text(text, encoding="utf-8")
    (tmp_path / "inner" / "d.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    data = load("inner/a.toml").data
    assert data is not None
    assert data.examples == ({"x": 1, "y": 2},)


def test_the_title_is_as_written() -> None:
    assert (
        loads('title = "50% & more"\n[graph]\nequations = "f = x"\n[inputs]\nx = 1\n').title == "50% & more"
    )


def test_every_mistake_of_a_spec_carries_the_label() -> None:
    with pytest.raises(Mistakes) as caught:
        loads('[network]\nlayers = [{ units = 1, activation = "sigmod" }]\n', "a.toml")
    assert len(caught.value.mistakes) == 3
    assert all(mistake.where.startswith("a.toml") for mistake in caught.value.mistakes)


def test_the_front_loads_too() -> None:
    assert (
        sb.load(EXAMPLES / "gates" / "gates.toml").title
        == sb.loads((EXAMPLES / "gates" / "gates.toml").read_text(encoding="utf-8")).title
    )
