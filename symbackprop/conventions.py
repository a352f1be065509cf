"""Everything on which textbooks differ, as one frozen record; the header of every result prints it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from symbackprop.errors import OptionError, did_you_mean, listing
from symbackprop.shown import Shown


class Conventions(BaseModel, Shown):
    """The choices that a derivation and its print depend on.

    Attributes:
        derivative: `partial` writes ∂L/∂w, `d` writes dL/dw.
        slopes: `value` writes σ'(z) as a(1 - a) in the node's own value, `argument` as σ(z)(1 - σ(z)).
        sigma: `name` prints σ(z), `full` prints 1/(1 + e^{-z}).
        error_sign: `plus` makes a delta ∂L/∂z, `minus` makes it -∂L/∂z (the descent direction).
        relu_at_zero: ReLU'(0); at the kinks of its kin 0 takes the flatter slope, 1 the steeper.
        ties: the slopes of max(x, y) at x = y: `none` 0 and 0, `first` 1 and 0, `split` 1/2 and 1/2.
        collapse: where softmax meets cross-entropy (or sigmoid its own), go on with δ = a - y.
        layout: a gradient by a matrix has the shape of its `parameter` (for a scalar also the `denominator`
            layout), or in `numerator` layout the transposed shape.
        batch_factor: the 1/n of a mean over a batch stands in the `gradient`, or already in the `delta`.
        broadcast: what is repeated to a larger shape is written with `ones`, as 1_n bᵀ, or left `implicit`.
        digits: digits after the point, from 1e-4 up (with 6 digits); as many in the mantissa below.
        rounding: `half_even` or `half_up`, wherever a carried value is rounded.
        carry: `full` carries every value in double precision, `rounded` carries what was printed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    derivative: Literal["partial", "d"] = "partial"
    slopes: Literal["value", "argument"] = "value"
    sigma: Literal["name", "full"] = "name"
    error_sign: Literal["plus", "minus"] = "plus"
    relu_at_zero: Literal["0", "1/2", "1"] = "0"
    ties: Literal["none", "first", "split"] = "none"
    collapse: bool = True
    layout: Literal["parameter", "denominator", "numerator"] = "parameter"
    batch_factor: Literal["gradient", "delta"] = "gradient"
    broadcast: Literal["ones", "implicit"] = "ones"
    digits: Annotated[int, Field(ge=1, le=15)] = 6
    rounding: Literal["half_even", "half_up"] = "half_even"
    carry: Literal["full", "rounded"] = "full"

    def changed(self, settings: dict[str, str]) -> Conventions:
        """The same conventions with some set from text, as `name=value` on the command line.

        Raises:
            OptionError: the name is not a convention, or the value not one of its values.

        >>> Conventions().changed({"derivative": "d", "digits": "4"}).digits
        4
        """
        fields = type(self).model_fields
        for name in settings:
            if name not in fields:
                raise OptionError(
                    f"unknown convention {name!r}",
                    where=f"--convention {name}={settings[name]}",
                    known=listing(fields),
                    fix=did_you_mean(name, fields),
                )
        merged = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in self}
        try:
            return type(self).model_validate_strings(merged | settings)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = str(first["loc"][0])
            raise OptionError(
                f"convention {name!r} cannot be {settings[name]!r}",
                where=f"--convention {name}={settings[name]}",
                known=first["msg"],
                fix="take one of these",
            ) from None
