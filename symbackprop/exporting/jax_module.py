"""A derivation as a module of JAX."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.backends.base import Precision
from symbackprop.exporting.array_text import JaxText
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.helpers import BACKENDS
from symbackprop.exporting.layout import Lines
from symbackprop.exporting.module_text import filled_in
from symbackprop.exporting.passes import Passes
from symbackprop.exporting.python_module import OWN, PythonModule


class JaxModule(PythonModule):
    """One module: the loss with a derivative rule of its own, which `jit`, `grad` and `vmap` take."""

    namespace = "jnp"
    library = "JAX"
    imports = ("import sys", "", "import jax", "import jax.numpy as jnp", "import numpy as np")
    words = frozenset({"jax", "jnp", "np"})
    modules = (f"{BACKENDS}.array_functions", f"{BACKENDS}.jax_functions", OWN)
    checked_by = "against jax.grad and by central differences"

    def passes_of(self, names: dict[Symbol, str]) -> Passes:
        """The two passes, where the symbols are called so."""
        dtype = "float32" if self.is_single else ""
        return Passes(self.sheet, names, JaxText(names, self.sheet.derivation.shapes, dtype))

    def interface(self) -> list[Lines]:
        """loss(X, W, Y), differentiated by its own rule."""
        signature, call = self.loss_signature()
        loss = [
            "@jax.custom_vjp",
            *signature,
            f'    """{self.passes.output}, as a function that JAX differentiates by {self.told_wrt}."""',
            f'    return forward({call})["{self.passes.output}"]',
        ]
        parts = [self.name_tuples(), loss]
        return parts + [filled_in(one, output=self.passes.output) for one in (_FORWARD, _BACKWARD, _RULE)]

    def check(self) -> list[Lines]:
        """Against automatic differentiation and central differences, in double precision."""
        filling = {
            "output": self.passes.output,
            "tolerance": "1e-3" if self.is_single else "1e-6",
            "given": _SINGLE if self.is_single else "*given",
            "places": self.compared_places,
        }
        return [filled_in(one, **filling) for one in (_DIFFERENCES, _CHECK)]


def files(sheet: Sheet, name: str, precision: Precision = "float64") -> dict[str, str]:
    """The module, by the name of its file."""
    return {f"{name}.py": JaxModule(sheet, precision).text()}


_SINGLE = "*(one.astype(jnp.float32) for one in given)"

_FORWARD = '''\
def loss_forward(*given):
    """{output}, and what its derivative needs."""
    values = forward(*given)
    return values["{output}"], (given, values)'''

_BACKWARD = '''\
def loss_backward(saved, upstream):
    """The derivatives of what is made of {output}, where its own by {output} is `upstream`."""
    given, values = saved
    _, gradients = backward(*given, values)
    return tuple(upstream * gradients[name] if name in gradients else None for name in ARGUMENTS)'''

_RULE = "loss.defvjp(loss_forward, loss_backward)"

_DIFFERENCES = '''\
def differences(function, given, argument):
    """({output}(w + h) - {output}(w - h)) / 2h for the entries w of one argument."""
    array = np.array(given[argument])
    found = np.full(array.shape, np.nan)
    for place in {places}:
        losses, entries = [], []
        for sign in (1, -1):
            moved = array.copy()
            moved[place] += sign * 1e-5 * max(1.0, abs(array[place]))
            losses.append(function(*given[:argument], jnp.asarray(moved), *given[argument + 1 :]))
            entries.append(moved[place])
        found[place] = (losses[0] - losses[1]) / (entries[0] - entries[1])
    return found'''

_CHECK = '''\
def check(tolerance={tolerance}):
    """Compare every gradient of `loss` with jax.grad and with central differences."""
    passed = True
    with jax.enable_x64(True):
        given = [jnp.asarray(GIVEN[name], dtype=jnp.float64) for name in ARGUMENTS]
        arguments = [ARGUMENTS.index(name) for name in WRT]
        plain = jax.jit(lambda *given: forward(*given)["{output}"])
        ours = jax.jit(jax.grad(loss, arguments))({given})
        theirs = jax.jit(jax.grad(plain, arguments))(*given)
        for argument, symbolic, automatic in zip(arguments, ours, theirs, strict=True):
            numeric = differences(plain, given, argument)
            scale = max(np.nanmax(np.abs(numeric)), 1e-4 * abs(plain(*given)), 1e-12)
            errors = [np.nanmax(np.abs(symbolic - other)) / scale for other in (automatic, numeric)]
            passed = passed and bool(max(errors) <= tolerance)
            shown = f"{{errors[0]:.1e}} from jax.grad, {{errors[1]:.1e}} from differences"
            print(f"d{output}/d{{ARGUMENTS[argument]}}: largest relative error {{shown}}")
    print("passed" if passed else f"failed: an error is above {{tolerance:g}}")
    return passed'''
