"""A derivation as a module of PyTorch."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.backends.base import Precision
from symbackprop.content import text
from symbackprop.exporting import differences
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.helpers import ARRAYS, OWN, TORCH
from symbackprop.exporting.layout import Lines
from symbackprop.exporting.module_text import quoted_tuple
from symbackprop.exporting.passes import Passes
from symbackprop.exporting.python_module import PythonModule
from symbackprop.exporting.strings import in_inner_string
from symbackprop.exporting.torch_text import TorchText


class TorchModule(PythonModule):
    """One module: the loss as a `torch.autograd.Function`."""

    namespace = "torch"
    library = "PyTorch"
    imports = ("import sys", "", "import torch", "from torch.autograd.function import once_differentiable")
    words = frozenset({"torch", "Loss"})
    modules = (ARRAYS, TORCH, OWN)
    checked = text(
        "Run as a program it checks its gradients by torch.autograd.gradcheck and against autograd."
    )

    def passes_of(self, names: dict[Symbol, str]) -> Passes:
        """The two passes, where the symbols are called so."""
        given = self.sheet.given
        like = next((node for node in given if node.shape), given[0])
        return Passes(self.sheet, names, TorchText(names, self.sheet.derivation.shapes, names[like.symbol]))

    def name_tuples(self) -> Lines:
        """SAVED too: the values that the backward pass reads."""
        saved = [self.names[one.symbol] for one in self.sheet.carried]
        return [*super().name_tuples(), *quoted_tuple("SAVED", saved)]

    def interface(self) -> list[Lines]:
        """The Function, and loss(X, W, Y) that calls it."""
        output = self.passes.output
        signature, call = self.loss_signature()
        told = text("{output}, whose derivative is computed by `backward`.", output=output)
        filling = {
            "output": output,
            "count": str(len(self.passes.arguments)),
            "refused": self.not_derived(),
        }
        loss = [*signature, *self.documented(_LOSS, self.told_loss("autograd"), call=call)]
        return [self.name_tuples(), self.documented(_FUNCTION, told, **filling), loss]

    def check(self) -> list[Lines]:
        """Against PyTorch's own derivatives, in double precision."""
        words = self.sheet.words
        compared = text(
            "Compare every gradient of `loss` with autograd of `forward`, and by gradcheck with differences."
        )
        filling = {
            "output": self.passes.output,
            "largest": differences.largest(self.sheet),
            "agrees": in_inner_string(words(text("agrees"))),
            "disagrees": in_inner_string(words(text("disagrees"))),
            **differences.outcome(self.sheet),
            "tolerance": "1e-3" if self.is_single else "1e-9",
            "given": "[one.float() for one in given]" if self.is_single else "given",
            "fast": ", fast_mode=True" if self.is_drawn else "",
        }
        return [self.documented(_CHECK, compared, **filling)]


def files(sheet: Sheet, name: str, precision: Precision = "float64") -> dict[str, str]:
    """The module, by the name of its file."""
    return {f"{name}.py": TorchModule(sheet, precision).text()}


_FUNCTION = """\
class Loss(torch.autograd.Function):
    {docstring}

    @staticmethod
    def forward(ctx, *given):
        for name, needed in zip(ARGUMENTS, ctx.needs_input_grad, strict=True):
            if needed and name not in WRT:
                raise ValueError(f"{refused}")
        values = forward(*given)
        ctx.save_for_backward(*given, *(values[name] for name in SAVED))
        return values["{output}"]

    @staticmethod
    @once_differentiable
    def backward(ctx, upstream):
        given, saved = ctx.saved_tensors[:{count}], ctx.saved_tensors[{count}:]
        _, gradients = backward(*given, dict(zip(SAVED, saved, strict=True)))
        return tuple(upstream * gradients[name] if name in gradients else None for name in ARGUMENTS)"""

_LOSS = """\
    {docstring}
    return Loss.apply({call})"""

_CHECK = """\
def check(tolerance={tolerance}):
    {docstring}
    given = [torch.tensor(GIVEN[name], dtype=torch.float64) for name in ARGUMENTS]
    places = tuple(ARGUMENTS.index(name) for name in WRT)
    wrt = [given[place].requires_grad_() for place in places]
    ours = torch.autograd.grad(loss(*{given}), wrt, materialize_grads=True)
    theirs = torch.func.grad(lambda *given: forward(*given)["{output}"], places)(*given)
    passed, size = True, abs(loss(*given).item())
    for name, symbolic, automatic in zip(WRT, ours, theirs, strict=True):
        scale = max(automatic.abs().max().item(), 1e-4 * size, 1e-12)
        error = (symbolic - automatic).abs().max().item() / scale
        passed = passed and error <= tolerance
        print(f"d{output}/d{{name}}: {largest}")
    atol = 1e-5 * max(1.0, size)
    numeric = torch.autograd.gradcheck(loss, given, atol=atol{fast}, raise_exception=False)
    print(f"gradcheck: {{'{agrees}' if numeric else '{disagrees}'}}")
    print("{passed}" if passed and numeric else f"{failed}")
    return passed and numeric"""
