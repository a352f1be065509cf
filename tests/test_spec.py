"""The spec file as it is read: digits kept as typed, defaults, widths, paths of mistakes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from symbackprop.conventions import Conventions
from symbackprop.errors import Mistake, Mistakes, SpecError
from symbackprop.spec import Spec, read_file, read_spec

EXAMPLES = Path(__file__).parents[1] / "examples"
COMPONENT = "obesity homework gates logistic-neuron exercise1 chain minimal".split()
LEAST = '[network]\nlayers = [3, 3, 2, 1]\n[loss]\nname = "mse"\n'


def mistakes(text: str) -> list[Mistake]:
    """The mistakes in a text, in their order."""
    try:
        read_spec(text, "a.toml")
    except Mistakes as several:
        return list(several.mistakes)
    except Mistake as one:
        return [one]
    raise AssertionError("there is no mistake")


@pytest.mark.parametrize("name", COMPONENT)
def test_the_specs_in_component_notation_are_read(name: str) -> None:
    spec = read_spec(read_file(EXAMPLES / name / f"{name}.toml"), name)
    assert (spec.graph is None) != (spec.network is None)


def test_numbers_keep_the_digits_that_were_typed() -> None:
    spec = read_spec(
        "[graph]\nequations = 'f = x'\n[parameters]\nx = 0.10\ny = 1e-30\nz = -0.30000000000000004\nn = 7\n",
        "a",
    )
    assert spec.parameters == {
        "x": Decimal("0.10"),
        "y": Decimal("1e-30"),
        "z": Decimal("-0.30000000000000004"),
        "n": Decimal(7),
    }
    assert str(spec.parameters["x"]) == "0.10"


def test_widths_are_the_inputs_and_then_the_layers() -> None:
    network = read_spec(LEAST, "a").network
    assert network is not None
    assert network.inputs == 3
    assert [layer.units for layer in network.layers] == [3, 2, 1]


def test_named_inputs_go_with_widths() -> None:
    network = read_spec(LEAST.replace("[loss]", 'inputs = ["height", "weight", "age"]\n[loss]'), "a").network
    assert network is not None
    assert network.inputs == ["height", "weight", "age"]
    assert [layer.units for layer in network.layers] == [3, 2, 1]


def test_what_is_left_out_has_the_usual_value() -> None:
    spec = read_spec(LEAST + "[training]\nlearning_rate = 0.5\n", "a")
    assert spec.network is not None
    assert spec.loss is not None
    assert spec.training is not None
    assert (spec.title, spec.data, spec.parameters) == ("", None, {})
    assert (spec.network.activation, spec.network.notation) == ("sigmoid", "component")
    assert (spec.loss.symbol, spec.loss.factor, spec.loss.reduction) == ("L", Decimal(1), "mean")
    training = spec.training
    assert (training.optimizer, training.batch_size, training.order) == ("sgd", 1, [])
    assert (training.shuffle, training.momentum, training.nesterov) == (False, Decimal(0), False)
    assert (training.beta_1, training.beta_2) == (Decimal("0.9"), Decimal("0.999"))
    assert (training.epsilon, training.weight_decay) == (Decimal("1e-8"), Decimal(0))
    assert spec.conventions == Conventions()


def test_conventions_are_read() -> None:
    text = LEAST + '[conventions]\nderivative = "d"\ndigits = 4\nerror_sign = "minus"\ncollapse = false\n'
    assert read_spec(text, "a").conventions == Conventions(
        derivative="d", digits=4, error_sign="minus", collapse=False
    )


def test_one_mistake_is_raised_alone_and_several_together() -> None:
    (alone,) = mistakes(LEAST + "[training]\n")
    assert isinstance(alone, SpecError)
    assert "training.learning_rate" in alone.where
    several = mistakes(LEAST + "[training]\nlearning_rat = 1\nsteps = 0\n")
    assert len(several) == 3
    assert all(one.where.startswith("a.toml: training.") for one in several)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (LEAST + "[training]\nlearning_rate = 'x'\n", "training.learning_rate"),
        (LEAST + "[data]\nrows = [[1, 2], [3, 'x']]\n", "data.rows[1][1]"),
        (
            '[network]\ninputs = 1\n[[network.layers]]\nunits = 1\nbias = [1, "x"]\n',
            "network.layers[0].bias[1]",
        ),
        ("[parameters]\nW = [[1, 2], [3, nan]]\n", "parameters.W[1][1]"),
        ("[parameters]\nw = true\n", "parameters.w"),
        (LEAST + '[[loss.penalties]]\nname = "l2"\nstrength = "x"\n', "loss.penalties[0].strength"),
    ],
)
def test_the_path_is_the_users_and_names_no_alternative_of_pydantic(text: str, path: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.where == f"a.toml: {path}"


def test_the_known_keys_are_those_of_the_section() -> None:
    (mistake,) = mistakes(LEAST.replace("[loss]\n", "[loss]\nsymbl = 'J'\n"))
    assert {"name", "symbol", "factor", "reduction", "penalties"} <= set(mistake.known.split(", "))
    assert "learning_rate" not in mistake.known


def test_a_byte_order_mark_and_windows_lines_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert read_spec(read_file(path), "a") == read_spec(LEAST, "a")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.toml"
    path.write_text(LEAST, encoding="utf-8")
    monkeypatch.setattr("symbackprop.spec.LARGEST_FILE", 10)
    with pytest.raises(SpecError, match="larger than"):
        read_file(path)


def test_the_schema_knows_every_section() -> None:
    assert set(Spec.model_json_schema()["properties"]) == set(
        "title graph network loss parameters inputs targets shapes training data conventions".split()
    )
