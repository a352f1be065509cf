r"""Every printed matrix formula, read back by the rules of matrix algebra alone, has the value computed.

What is printed of textbook programs, of random programs and in the solutions of the examples is read by
`matrix_reader`, which repeats nothing silently and refuses what can be read in two ways.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, seed, settings
from hypothesis import strategies as st
from sympy import Expr, Symbol, preorder_traversal

import symbackprop as sb
from symbackprop.activations import ACTIVATIONS
from symbackprop.arrays.matrices import MatrixPrinter
from symbackprop.content import Text
from symbackprop.conventions import Conventions
from symbackprop.derivation import Delta, Derivation
from symbackprop.losses import LOSSES
from symbackprop.notation.latex import LATEX
from symbackprop.notation.names import latex_name, unicode_name
from symbackprop.notation.unicode import UNICODE
from symbackprop.problem import Problem
from symbackprop.render.latex import write_latex
from symbackprop.solution.derive import solve
from symbackprop.solution.header import header
from symbackprop.solution.steps import Table
from tests.examples import EXAMPLES, LAST_OF
from tests.matrix_reader import Equation, ReadError, canonical, equations, evaluate, on_paper, same
from tests.test_array_programs import Author, Drawn

SIZES = {"n": 3, "m": 4, "d": 2, "k": 5}
"""What the names of sizes stand for: all different, so that no shape fits by chance."""

POSITIVE = ("s", "gamma", "q")
"""Given arrays of these names are positive."""


# ----------------------------------------------------------------------------- what is printed, and its value


@dataclass(frozen=True)
class Program:
    """A program of arrays.

    Attributes:
        text: its lines.
        shapes: of the given arrays; what is not here is a number.
        given: the names of all that is given.
    """

    text: str
    shapes: Mapping[str, tuple[int | str, ...]]
    numbers: str = ""

    @property
    def given(self) -> list[str]:
        return [*self.shapes, *self.numbers.split()]


@dataclass(frozen=True)
class Printed:
    """A formula as it is printed, with what it has to be worth."""

    what: str
    latex: str
    plain: str
    value: Any


def real(shape: tuple[Any, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sizes[one] if isinstance(one, str) else int(one) for one in shape)


def random_values(program: Program, numbers: int = 1) -> dict[str, Any]:
    dice = np.random.default_rng(numbers)
    found: dict[str, Any] = {}
    for name in program.given:
        shape = real(program.shapes.get(name, ()), SIZES)
        value = dice.uniform(0.3, 1.4, size=shape) * dice.choice([-1, 1], size=shape)
        found[name] = np.abs(value) if name.startswith(POSITIVE) else value
    return found


def derived(program: Program, conventions: Conventions) -> Derivation:
    graph = sb.Graph.from_equations(program.text, shapes=dict(program.shapes), parameters=program.given)
    return sb.backprop(graph, conventions=conventions)


def with_distributions(derivation: Derivation, values: dict[str, Any]) -> dict[str, Any]:
    """The same values, targets made to add up to one where a form takes that for granted."""
    found = dict(values)
    deltas = [*derivation.deltas.values(), *(one.delta for one in derivation.gradients.values())]
    for delta in deltas:
        if delta.collapse is not None and delta.collapse.totals:
            target, axes, _ = delta.collapse.totals[0].args
            array = np.abs(found[target.name])
            found[target.name] = array / array.sum(axis=tuple(map(int, axes)), keepdims=True)
    return found


def names_and_values(derivation: Derivation, evaluation: sb.Evaluation) -> dict[str, Any]:
    """What stands under every name that a formula can hold."""
    found = dict(evaluation.values)
    for node in derivation.graph.given:
        for size, number in zip(node.shape, np.shape(found.get(node.name, 0)), strict=False):
            if isinstance(size, Symbol):
                found[size.name] = number
    for delta in derivation.deltas.values():
        if delta.symbol is not None:
            found[delta.symbol.name] = evaluation.deltas[delta.symbol.name]
    return found


def routes_of(delta: Delta) -> dict[str, Expr]:
    found = {"factors": delta.factors}
    if delta.collapse is not None:
        found |= {"general": delta.collapse.general, "final": delta.collapse.final}
    return found


def formulas(derivation: Derivation, evaluation: sb.Evaluation) -> Iterator[tuple[str, Expr, Any]]:
    """Every formula of a derivation with its value."""
    for node in derivation.graph.inner:
        assert node.expression is not None
        yield node.name, node.expression, evaluation.values[node.name]
    for name, delta in derivation.deltas.items():
        if delta.is_output:
            continue
        for route, expression in routes_of(delta).items():
            shown = expression if delta.symbol else derivation.unscaled(delta, expression)
            yield f"delta of {name}, {route}", shown, evaluation.deltas[derivation.delta_name(delta)]
    for name, gradient in derivation.gradients.items():
        value = np.asarray(evaluation.gradients[name])
        yield f"gradient by {name}", gradient.expression, value
        yield f"gradient by {name}, laid out", gradient.laid_out, laid_out(derivation, value)


def laid_out(derivation: Derivation, value: Any) -> Any:
    """A derivative by a vector or a matrix: a row, or transposed, in numerator layout."""
    if derivation.conventions.layout != "numerator" or np.ndim(value) not in (1, 2):
        return value
    return np.reshape(value, (1, -1)) if np.ndim(value) == 1 else np.transpose(value)


def misread(
    derivation: Derivation, evaluation: sb.Evaluation, *, loose: bool = False
) -> list[tuple[str, str, str]]:
    """The formulas that cannot be read or have another value: what, how it is printed, what is wrong."""
    assert derivation.shapes is not None
    values = names_and_values(derivation, evaluation)
    wrong: list[tuple[str, str, str]] = []
    for syntax, plain in ((LATEX, False), (UNICODE, True)):
        named = {
            (unicode_name(name) if plain else canonical(latex_name(name))): value
            for name, value in values.items()
        }
        assert len(named) == len(values)
        printer = MatrixPrinter(syntax, derivation.conventions, derivation.shapes)
        for what, expression, value in formulas(derivation, evaluation):
            shown = printer(expression)
            try:
                found = evaluate(shown, named, plain=plain, shape=np.shape(value), loose=loose)
            except ReadError as error:
                wrong.append((what, shown, str(error)))
                continue
            if not same(found, value):
                wrong.append((what, shown, f"{on_paper(found)} {found} and not {on_paper(value)} {value}"))
    return wrong


def checked(program: Program, conventions: Conventions, *, loose: bool = False) -> list[tuple[str, str, str]]:
    derivation = derived(program, conventions)
    values = with_distributions(derivation, random_values(program))
    return misread(derivation, sb.compile(derivation)(values), loose=loose)


def told(wrong: list[tuple[str, str, str]]) -> str:
    return "\n" + "\n".join(f"{what}:\n    {shown}\n    {why}" for what, shown, why in wrong)


# ------------------------------------------------------------------------------------------ textbook programs

OF_ONE_GATE = {"W": (4, 5), "U": (5, 5), "b": (5,)}
LSTM_WEIGHTS: dict[str, tuple[Any, ...]] = {
    f"{kind}_{gate}": shape for kind, shape in OF_ONE_GATE.items() for gate in "ifog"
}
GRU_WEIGHTS: dict[str, tuple[Any, ...]] = {
    f"{kind}_{gate}": shape for gate in "rzh" for kind, shape in OF_ONE_GATE.items()
}

PROGRAMS = {
    "mlp rows": Program(
        "Z1=X@W1+b1; A1=tanh(Z1); Z2=A1@W2+b2; P=softmax(Z2); L=-sum(Y*log(P))/n",
        {"X": ("n", 4), "W1": (4, 5), "b1": (5,), "W2": (5, 2), "b2": (2,), "Y": ("n", 2)},
    ),
    "mlp rows keep": Program(
        "Z=X@W+b; A=sigmoid(Z); L=-sum(Y*log(A)+(1-Y)*log(1-A))/n",
        {"X": ("n", 4), "W": (4, 5), "b": (1, 5), "Y": ("n", 5)},
    ),
    "mlp cols": Program(
        "Z1=W1@X+b1; A1=relu(Z1); Z2=W2@A1+b2; P=softmax(Z2,axis=0); L=-sum(Y*log(P))/n",
        {"X": (4, "n"), "W1": (5, 4), "b1": (5, 1), "W2": (2, 5), "b2": (2, 1), "Y": (2, "n")},
    ),
    "logsoftmax": Program(
        "Z=X@W+b; P=log_softmax(Z); L=-mean(sum(Y*P,axis=1))",
        {"X": ("n", 4), "W": (4, 5), "b": (5,), "Y": ("n", 5)},
    ),
    "vec mlp": Program(
        "z=W@x+b; a=tanh(z); u=V@a+c; p=softmax(u); L=-sum(y*log(p))",
        {"W": (3, 4), "x": (4,), "b": (3,), "V": (2, 3), "c": (2,), "y": (2,)},
    ),
    "vec log_softmax": Program(
        "z=W@x+b; p=log_softmax(z); L=-dot(y,p)", {"W": (3, 4), "x": (4,), "b": (3,), "y": (3,)}
    ),
    "logistic": Program(
        "z=X@w+b; a=sigmoid(z); L=-mean(y*log(a)+(1-y)*log(1-a))",
        {"X": ("n", 4), "w": (4,), "y": ("n",)},
        "b",
    ),
    "mse": Program("r=X@w-y; L=r@r/n", {"X": ("n", 4), "w": (4,), "y": ("n",)}),
    "ridge": Program("L=sum((X@w-y)**2)/(2*n)+l*norm(w)**2", {"X": ("n", 4), "w": (4,), "y": ("n",)}, "l"),
    "batch_norm": Program(
        "Y=batch_norm(X,gamma,beta); L=sum(Y*C)", {"X": ("n", 4), "gamma": (4,), "beta": (4,), "C": ("n", 4)}
    ),
    "batch_norm plain": Program("Y=batch_norm(X); L=sum(Y*C)", {"X": ("n", 4), "C": ("n", 4)}),
    "layer_norm": Program(
        "Y=layer_norm(X,gamma,beta); L=sum(Y*C)", {"X": ("n", 4), "gamma": (4,), "beta": (4,), "C": ("n", 4)}
    ),
    "layer_norm vec": Program(
        "y=layer_norm(x,gamma,beta); L=sum(y*c)", {"x": (4,), "gamma": (4,), "beta": (4,), "c": (4,)}
    ),
    "attention": Program(
        "O=attention(Q,K,V); L=sum(O*C)", {"Q": ("n", "d"), "K": ("m", "d"), "V": ("m", 5), "C": ("n", 5)}
    ),
    "self attention": Program(
        "Q=X@W_Q; K=X@W_K; V=X@W_V; H=attention(Q,K,V); L=sum((H-Y)**2)/2",
        {"X": ("n", 4), "W_Q": (4, 2), "W_K": (4, 2), "W_V": (4, 5), "Y": ("n", 5)},
    ),
    "rnn cell rows": Program(
        "H=rnn_cell(X,G,W,U,b); L=sum(H*C)",
        {"X": ("n", 4), "G": ("n", 5), "W": (4, 5), "U": (5, 5), "b": (5,), "C": ("n", 5)},
    ),
    "rnn cell vec": Program(
        "h=rnn_cell(x,g,W,U,b); L=sum(h*c)",
        {"x": (4,), "g": (5,), "W": (4, 5), "U": (5, 5), "b": (5,), "c": (5,)},
    ),
    "rnn vec @": Program(
        "h=tanh(W@x+U@g+b); L=sum(h*c)",
        {"x": (4,), "g": (5,), "W": (5, 4), "U": (5, 5), "b": (5,), "c": (5,)},
    ),
    "gru": Program(
        "H=gru_cell(X,G,W_r,U_r,b_r,W_z,U_z,b_z,W_h,U_h,b_h); L=sum(H*C)",
        {
            "X": ("n", 4),
            "G": ("n", 5),
            **GRU_WEIGHTS,
            "C": ("n", 5),
        },
    ),
    "gru vec": Program(
        "h=gru_cell(x,g,W_r,U_r,b_r,W_z,U_z,b_z,W_h,U_h,b_h); L=sum(h*c)",
        {
            "x": (4,),
            "g": (5,),
            **GRU_WEIGHTS,
            "c": (5,),
        },
    ),
    "lstm": Program(
        "H=lstm_cell(X,G,D,W_i,U_i,b_i,W_f,U_f,b_f,W_o,U_o,b_o,W_g,U_g,b_g); L=sum(H*C)",
        {
            "X": ("n", 4),
            "G": ("n", 5),
            "D": ("n", 5),
            **LSTM_WEIGHTS,
            "C": ("n", 10),
        },
    ),
    "lstm vec": Program(
        "h=lstm_cell(x,g,d,W_i,U_i,b_i,W_f,U_f,b_f,W_o,U_o,b_o,W_g,U_g,b_g); L=sum(h*c)",
        {
            "x": (4,),
            "g": (5,),
            "d": (5,),
            **LSTM_WEIGHTS,
            "c": (10,),
        },
    ),
    "conv net no bias": Program(
        "C=conv2d(X,K); A=relu(C); a=A.reshape(-1); z=W@a+c; p=softmax(z); L=-sum(y*log(p))",
        {"X": (1, 1, 3, 3), "K": (2, 1, 2, 2), "W": (3, 8), "c": (3,), "y": (3,)},
    ),
    "conv net bias": Program(
        "C=conv2d(X,K)+b; A=relu(C); a=A.reshape(-1); z=W@a+c; L=sum(z**2)",
        {"X": (1, 1, 3, 3), "K": (2, 1, 2, 2), "b": (2, 1, 1), "W": (3, 8), "c": (3,)},
    ),
    "conv stride": Program(
        "y=conv2d(x,w,stride=2,padding=1); L=sum(y**2)/2", {"x": (1, 2, 5, 5), "w": (3, 2, 2, 2)}
    ),
    "conv1d": Program("y=conv1d(x,w,padding=1); L=sum(y**2)/2", {"x": (6,), "w": (3,)}),
    "conv2d plain": Program("y=conv2d(x,w,stride=2); L=sum(y**2)/2", {"x": (5, 5), "w": (2, 3)}),
    "norms": Program(
        "L=norm(x)+norm(A)+sum(norm(A,axis=1))+sum(norm(A,axis=0))+norm(x)**2+norm(A-B)**2",
        {"x": (4,), "A": (3, 4), "B": (3, 4)},
    ),
    "traces": Program(
        "L=trace(A.T@A)+trace(B@C)+trace(A@D@A.T)", {"A": (3, 4), "B": (3, 4), "C": (4, 3), "D": (4, 4)}
    ),
    "logdet": Program("L=logdet(A)+det(A)+log(det(A)**2)+logdet(A@B)", {"A": (3, 3), "B": (3, 3)}),
    "inverse": Program(
        "B=inv(A); L=sum(B*C)+trace(inv(A))+x@inv(A)@x+x@inv(A+eye(3))@y",
        {"A": (3, 3), "C": (3, 3), "x": (3,), "y": (3,)},
    ),
    "inverse layer": Program(
        "L=sum(inv(W__2)*C)+trace(W__2.T@C)+sum((W__2+C).T@C)+sum((C*W__2).T@C)+logdet(W__2)",
        {"W__2": (3, 3), "C": (3, 3)},
    ),
    "variance": Program(
        "L=var(X)+std(X)+sum(var(X,axis=0))+sum(std(X,axis=1,ddof=1))+sum(c*var(X,axis=1))",
        {"X": (3, 4), "c": (3,)},
    ),
    "variance n": Program("L=var(X,ddof=1)+sum(std(X,axis=0,ddof=1))", {"X": ("n", 4)}),
    "var keep": Program(
        "Z=X-mean(X,axis=0,keepdims=True); S=var(X,axis=0,keepdims=True); V=Z/sqrt(S+1); "
        "T=X/std(X,axis=1,keepdims=True); L=sum(V**2)+sum(T*C)",
        {"X": ("n", 4), "C": ("n", 4)},
    ),
    "maxes": Program(
        "L=max(X)+sum(max(X,axis=1))+sum(c*max(X,axis=0))+min(x)+sum(min(X,axis=1)**2)",
        {"X": (3, 4), "c": (4,), "x": (4,)},
    ),
    "max keep": Program(
        "Z=X-max(X,axis=1,keepdims=True); V=X-max(X,axis=0,keepdims=True); U=X-max(X,axis=0); "
        "L=sum(exp(Z))+sum(V**2)+sum(U**2)",
        {"X": ("n", 4)},
    ),
    "slices": Program(
        "L=sum(X[1:,0])+sum(X[0])+X[1,2]**2+sum(X[:,1:3]**2)+x[1]+sum(x[1:3])+sum(X[::2,::-1]*C)",
        {"X": (3, 4), "x": (4,), "C": (2, 4)},
    ),
    "slices n": Program("L=sum(X[:-1]*X[1:])+sum(X[0]*X[-1])+sum(x[1:])", {"X": ("n", 4), "x": ("n",)}),
    "slices layer": Program(
        "L=sum(W__2[0]**2)+sum((W__2[0:1]).T)+sum(W__2[:,0:2].T@C)", {"W__2": (3, 4), "C": (3, 2)}
    ),
    "concat": Program(
        "z=concatenate([x,y]); Z=concatenate([A,B],axis=1); V=concatenate([A,C],axis=0); "
        "L=sum(z**2)+sum(Z**2)+sum(V**2)",
        {"x": (2,), "y": (3,), "A": (3, 4), "B": (3, 2), "C": (2, 4)},
    ),
    "concat layer": Program(
        "h=concatenate([x,g]); z=W@h+b; L=sum(tanh(z))", {"x": (2,), "g": (3,), "W": (4, 5), "b": (4,)}
    ),
    "stack": Program(
        "Z=stack([x,y]); V=stack([x,y],axis=1); L=sum(Z**2)+sum(V*C)", {"x": (3,), "y": (3,), "C": (3, 2)}
    ),
    "where": Program(
        "L=sum(where(X>0,X**2,B))+sum(where(x>y,x,-y))", {"X": (3, 4), "B": (3, 4), "x": (3,), "y": (3,)}
    ),
    "where broadcast": Program("L=sum(where(X>b,X**2,0))+sum(where(X>0,X,b))", {"X": (3, 4), "b": (4,)}),
    "max2 broadcast": Program(
        "L=sum(maximum(X,b))+sum(clip(X,-1,1))+sum(maximum(X,0))", {"X": (3, 4), "b": (4,)}
    ),
    "pow": Program(
        "L=sum(X**2)+sum(X**3)+sum(x**2)+sum(s**0.5)+sum(A**2)+sum(sqrt(q))+sum(1/X)+sum(X**(-2))"
        "+sum(c/x**2)",
        {"X": (3, 4), "x": (3,), "s": (3,), "A": (3, 3), "q": (3, 4), "c": (3,)},
    ),
    "pow array": Program(
        "L=sum(q**p)+sum(s**p)+sum(2**X)", {"q": (3, 4), "p": (4,), "s": (3, 4), "X": (3, 4)}
    ),
    "broadcast div": Program(
        "L=sum(X/c)+sum(X/r)+sum(X/q)", {"X": (3, 4), "c": (3, 1), "r": (4,), "q": (1, 4)}
    ),
    "broadcast mul": Program(
        "L=sum(X*c*r)+sum((X+c)*(Y-r))+sum(c*r)", {"X": (3, 4), "c": (3, 1), "r": (4,), "Y": (3, 4)}
    ),
    "outer": Program("A=outer(x,y)+B; L=sum(A**2)+x@B@y", {"x": (3,), "y": (4,), "B": (3, 4)}),
    "vec matrix": Program("u=x@W; v=u*c; L=sum(v**2)+x@W@y", {"x": (3,), "W": (3, 4), "c": (4,), "y": (4,)}),
    "vec matrix sum": Program("u=x@W+y; L=sum(u**2)", {"x": (3,), "W": (3, 4), "y": (4,)}),
    "diag": Program("L=sum(diag(x)@A)+sum(diag(A)*x)", {"x": (3,), "A": (3, 3)}),
    "softmax axes": Program(
        "P=softmax(Z,axis=0); Q=softmax(Z,axis=1); L=sum(P*C)+sum(Q*C)", {"Z": (3, 4), "C": (3, 4)}
    ),
    "logsumexp": Program(
        "L=logsumexp(x)+sum(logsumexp(X,axis=1))+sum(c*logsumexp(X,axis=0))+logsumexp(X)",
        {"x": (3,), "X": (3, 4), "c": (4,)},
    ),
    "prod": Program(
        "L=prod(x)+prod(X)+sum(prod(X,axis=1))+sum(c*prod(X,axis=0))", {"x": (3,), "X": (3, 4), "c": (4,)}
    ),
    "means": Program(
        "L=mean(x)+mean(X)+sum(mean(X,axis=0)**2)+sum(mean(X,axis=1)**2)", {"x": ("n",), "X": ("n", 4)}
    ),
    "sums": Program(
        "r=sum(X,axis=0); c=sum(X,axis=1); R=sum(X,axis=0,keepdims=True); "
        "L=sum(r**2)+sum(c**2)+sum(R**2)+sum(X*R)",
        {"X": ("n", 4)},
    ),
    "transposes": Program(
        "Z=(X@W).T; V=(X*X).T@X; U=(X+1).T; L=sum(Z**2)+sum(V)+sum(U*U)+sum(X.T*Y)",
        {"X": (3, 4), "W": (4, 5), "Y": (4, 3)},
    ),
    "scalars": Program(
        "L=a*sum(X)+a*b*sum(X@W)/2+sum(a*X/b)+sum((a+b)*X)+sum(X/(a+b))+a*x@x",
        {"X": (3, 4), "W": (4, 5), "x": (3,)},
        "a b",
    ),
    "exp": Program("A=exp(X); L=sum(1/(1+exp(-X)))+sum(A*X)+exp(a)", {"X": (3, 4)}, "a"),
    "residual": Program(
        "H=X+relu(X@W+b)@V; L=mean((H-Y)**2)",
        {"X": ("n", 4), "W": (4, 5), "b": (5,), "V": (5, 4), "Y": ("n", 4)},
    ),
    "kl": Program("L=sum(q*log(q/s))+sum(xlogx(q))", {"q": (3,), "s": (3,)}),
    "cosine": Program("L=x@y/(norm(x)*norm(y))", {"x": (3,), "y": (3,)}),
    "mahalanobis": Program("L=(x-y)@inv(A@A.T+eye(3))@(x-y)", {"x": (3,), "y": (3,), "A": (3, 3)}),
    "gauss": Program(
        "L=logdet(S@S.T+eye(3))/2+(x-y)@inv(S@S.T+eye(3))@(x-y)/2", {"S": (3, 3), "x": (3,), "y": (3,)}
    ),
    "ones": Program(
        "L=sum(X@ones((4,)))+sum(X*ones((3,4)))+sum(X+zeros((3,4)))+sum(ones((3,1))@r)",
        {"X": (3, 4), "r": (1, 4)},
    ),
    "reshape": Program(
        "a=X.reshape(-1); B=X.reshape(2,6); c=x.reshape(2,2); L=sum(a*a)+sum(B**2)+sum(c@c)+sum(x[:,None]*y)",
        {"X": (3, 4), "x": (4,), "y": (5,)},
    ),
    "reshape n": Program("a=X.reshape(-1); L=sum(a*a)+sum(b*x)", {"X": ("n", 4), "x": ("n",), "b": (1,)}),
    "batch matmul": Program("O=Q@K.mT; L=sum(O**2)", {"Q": (2, 3, 4), "K": (2, 5, 4)}),
    "relu chain": Program(
        "Z=W@X; A=leaky_relu(Z); B=elu(A); C=gelu(B); D=silu(C); L=sum(D)", {"W": (3, 4), "X": (4, 2)}
    ),
    "activations": Program(
        "L=sum(selu(X))+sum(softplus(X))+sum(mish(X))+sum(softsign(X))+sum(hard_sigmoid(X))"
        "+sum(gelu_tanh(X))+sum(abs(X))+sum(sin(X))+sum(arctan(X))+sum(erf(X))",
        {"X": (3, 4)},
    ),
}

WIDE = ("conv net bias",)
"""Programs that repeat arrays of three or more axes as NumPy does: paper has no rule for them."""

VARIANTS = {
    "usual": Conventions(),
    "numerator": Conventions(layout="numerator"),
    "minus": Conventions(error_sign="minus", batch_factor="delta", slopes="argument"),
    "full": Conventions(sigma="full", collapse=False, ties="split", relu_at_zero="1/2"),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_formula_of_a_textbook_program_is_true_on_paper(name: str, variant: str) -> None:
    wrong = checked(PROGRAMS[name], VARIANTS[variant], loose=name in WIDE)
    assert not wrong, told(wrong)


def test_what_three_axes_repeat_silently_is_said_in_the_header() -> None:
    """Paper has no sign for it: the formulas are true once repeating is allowed, and the header says so."""
    program = PROGRAMS["conv net bias"]
    assert not checked(program, Conventions(), loose=True)
    graph = sb.Graph.from_equations(program.text, shapes=program.shapes)
    rows = [row for step in header(Problem(graph)) if isinstance(step, Table) for row in step.rows]
    assert any(isinstance(name, Text) and name.template == "three axes and more" for name, _ in rows)


def test_a_wrong_formula_is_found() -> None:
    """The check itself: Z = W X read where the value is that of X W."""
    program = Program("Z = X @ W; L = sum(Z)", {"X": (3, 3), "W": (3, 3)})
    derivation = derived(program, Conventions())
    values = random_values(program)
    evaluation = sb.compile(derivation)(values)
    swapped = replace(evaluation, values={**evaluation.values, "X": values["W"], "W": values["X"]})
    assert [what for what, _, _ in misread(derivation, swapped)].count("Z") == 2


# ------------------------------------------------------------------------------------------- networks


def network(
    layers: list[tuple[int, str]], loss: str, *, examples: str = "columns", batch: bool = True, more: str = ""
) -> str:
    """A network in matrix notation."""
    sections = "\n".join(
        f'[[network.layers]]\nunits = {units}\nactivation = "{activation}"' for units, activation in layers
    )
    return (
        f'[network]\nnotation = "matrix"\ninputs = 4\nbatch = {str(batch).lower()}\nexamples = "{examples}"\n'
        f'{sections}\n[loss]\nname = "{loss}"\n{more}'
    )


def network_derivation(spec: str, conventions: Conventions) -> tuple[Derivation, dict[str, Any]]:
    """The derivation of a network, and random values for it."""
    problem = sb.loads(spec)
    dice = np.random.default_rng(3)
    derivation = sb.backprop(problem.graph, conventions=conventions)
    values: dict[str, Any] = {}
    for node in problem.graph.given:
        if node.role is sb.Role.SIZE:
            continue
        shape = real(tuple(str(one) if isinstance(one, Symbol) else one for one in node.shape), SIZES)
        value = dice.uniform(0.1, 0.9, size=shape)
        sign = dice.choice([-1, 1], size=shape)
        values[node.name] = value if node.role is sb.Role.TARGET or not shape else value * sign
    return derivation, with_distributions(derivation, values)


def misread_network(spec: str, conventions: Conventions) -> list[tuple[str, str, str]]:
    derivation, values = network_derivation(spec, conventions)
    return misread(derivation, sb.compile(derivation)(values))


ARRANGEMENTS = {
    "columns": {"examples": "columns", "batch": True},
    "rows": {"examples": "rows", "batch": True},
    "one": {"batch": False},
}
PENALTIES = """
[[loss.penalties]]
name = "l2"
factor = 0.5
[[loss.penalties]]
name = "l1"
symbol = "mu"
bias = true
"""


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if not ACTIVATIONS[name].untrainable])
def test_every_formula_of_every_activation_is_true_on_paper(
    activation: str, arrangement: str, variant: str
) -> None:
    options: Any = ARRANGEMENTS[arrangement]
    spec = network([(5, activation), (2, activation)], "mse", **options)
    wrong = misread_network(spec, VARIANTS[variant])
    assert not wrong, told(wrong)


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_formula_of_every_loss_is_true_on_paper(loss: str, arrangement: str) -> None:
    options: Any = ARRANGEMENTS[arrangement]
    for more in ("", PENALTIES, 'reduction = "sum"\n'):
        for last in {LAST_OF.get(loss, "identity"), "sigmoid" if "logits" not in loss else "identity"}:
            spec = network([(5, "tanh"), (2, last)], loss, more=more, **options)
            wrong = misread_network(spec, Conventions())
            assert not wrong, told(wrong)


# ------------------------------------------------------------------------------------------- random programs


@st.composite
def programs(draw: st.DrawFn) -> Drawn:
    """Random programs; a shorter one is simpler."""
    lines = draw(st.integers(1, 6))
    return Author(random.Random(draw(st.integers(0, 2**40))), lines).drawn()


def has_more_than_two_axes(derivation: Derivation) -> bool:
    """Whether any array or part of a formula is no matrix: paper has no rule for it."""
    shapes = derivation.shapes
    assert shapes is not None
    expressions: list[Any] = [node.expression for node in derivation.graph.inner]
    expressions += [
        expression for delta in derivation.deltas.values() for expression in routes_of(delta).values()
    ]
    expressions += [one.expression for one in derivation.gradients.values()]
    expressions += [node.symbol for node in derivation.graph.nodes]
    parts = (part for one in expressions for part in preorder_traversal(one) if isinstance(part, Expr))
    return any(len(shapes[part]) > 2 for part in parts)


@pytest.mark.parametrize("block", range(4))
def test_every_formula_of_a_random_program_is_true_on_paper(block: int) -> None:
    conventions = [*VARIANTS.values()][block]

    @seed(block)
    @settings(max_examples=60, derandomize=False)
    @given(programs())
    def run(program: Drawn) -> None:
        shapes = {name: shape for name, shape in program.shapes.items() if shape}
        graph = sb.Graph.from_equations(
            program.text, shapes=shapes, parameters=[*program.shapes], granularity="equations"
        )
        derivation = sb.backprop(graph, conventions=conventions)
        assume(derivation.is_array and not has_more_than_two_axes(derivation))
        evaluation = sb.compile(derivation)(with_distributions(derivation, dict(program.values)))
        # How large the zeros are that something is placed in, the shape beside the formula says.
        wrong = [
            one for one in misread(derivation, evaluation) if not one[2].startswith("nothing says the shape")
        ]
        assert not wrong, f"{program}{told(wrong)}"

    run()


# ------------------------------------------------------------------------------------------- whole solutions


@cache
def array_examples() -> list[str]:
    found = []
    for one in EXAMPLES:
        text = one.spec.read_text(encoding="utf-8")
        if "@" in text or 'notation = "matrix"' in text or "conv2d" in text:
            found.append(one.name)
    return found


def rendered(spec: str, changes: dict[str, str]) -> tuple[sb.Problem, Derivation, sb.Evaluation, str]:
    """The whole solution in LaTeX, with all digits, and the numbers behind it."""
    problem = sb.loads(spec)
    conventions = problem.conventions.changed({"digits": "15", **changes})
    problem = replace(problem, conventions=conventions)
    derivation = sb.backprop(problem.graph, conventions=conventions)
    row = problem.first_example if problem.data else None
    given_values = {name: np.asarray(value, dtype=float) for name, value in problem.at(row or 1).items()}
    evaluation = sb.compile(derivation)(given_values)
    solution = solve(problem, derivation, evaluation=evaluation, example=row)
    return problem, derivation, evaluation, write_latex(solution, conventions)


def meanings(problem: sb.Problem, derivation: Derivation, evaluation: sb.Evaluation) -> dict[Any, Any]:
    """What the names of a solution mean, derivatives of the output and updated parameters among them."""
    output = canonical(latex_name(derivation.output.name))
    found: dict[Any, Any] = {
        canonical(latex_name(name)): value for name, value in names_and_values(derivation, evaluation).items()
    }
    for delta in derivation.deltas.values():
        value = np.asarray(evaluation.deltas[derivation.delta_name(delta)])
        if delta.symbol is not None:
            sizes = {one: found[canonical(latex_name(one.name))] for one in delta.sign.free_symbols}
            value = value / float(delta.sign.subs(sizes))
        found[output, canonical(latex_name(delta.node.name))] = laid_out(derivation, value)
    training = problem.training
    for name, gradient in evaluation.gradients.items():
        found[output, canonical(latex_name(name))] = laid_out(derivation, np.asarray(gradient))
        if training is not None:
            found[canonical(latex_name(training.symbol))] = float(training.learning_rate)
            before = evaluation.values[name]
            found[canonical(latex_name(name, "0"))] = before
            found[canonical(latex_name(name, "1"))] = before - float(training.learning_rate) * gradient
    return found


UNREAD = (r"\left.", r"\dots", "'(")
"""A derivative with something held fast, a matrix that is shown in part, the slope of a function.

Definitions of functions, σ(t) = …, are not read either."""


def misread_lines(
    lines: Iterator[Equation], known: Mapping[Any, Any]
) -> tuple[int, list[tuple[str, str, str]]]:
    """How many sides were read; and which lines have sides that differ, or cannot be read."""
    count, wrong = 0, []
    for line in lines:
        left, *sides = line.sides
        shown = [left, *(side for side in sides if side.count(r"\partial") <= 2 or r"\cdot" not in side)]
        if any(mark in line.text for mark in UNREAD) or left.endswith(")"):
            continue
        try:
            shape = np.shape(evaluate(left, known, loose=True))
            values = [evaluate(side, known, shape=shape, loose=True) for side in shown]
        except ReadError as error:
            if "is called (" not in str(error):
                wrong.append((left, line.text, str(error)))
            continue
        count += len(values)
        if (
            line.shape is not None
            and -1 not in line.shape
            and on_paper(np.ones(line.shape)) != on_paper(values[0])
        ):
            wrong.append((left, line.text, f"the shape is {on_paper(values[0])}"))
        for one, other in pairwise(values):
            if not same(one, other, 1e-7):
                wrong.append((left, line.text, f"{one} is not {other}"))
    return count, wrong


@pytest.mark.parametrize("changes", [{}, {"layout": "numerator"}, {"error_sign": "minus"}], ids=str)
@pytest.mark.parametrize("name", array_examples())
def test_all_sides_of_every_line_of_an_example_agree_on_paper(name: str, changes: dict[str, str]) -> None:
    spec = next(one for one in EXAMPLES if one.name == name).spec.read_text(encoding="utf-8")
    problem, derivation, evaluation, document = rendered(spec, changes)
    if not derivation.is_array:
        pytest.skip("no arrays")
    count, wrong = misread_lines(equations(document), meanings(problem, derivation, evaluation))
    assert count > 20
    assert not wrong, told(wrong)


# ------------------------------------------------------------------------------------------- how it looks


def prints(
    text: str, of: str, conventions: Conventions | None = None, *, plain: bool = False, **shapes: Any
) -> str:
    """How the gradient or delta of a name is printed."""
    chosen = conventions or Conventions()
    derivation = derived(Program(text, shapes), chosen)
    assert derivation.shapes is not None
    printer = MatrixPrinter(UNICODE if plain else LATEX, chosen, derivation.shapes)
    gradient = derivation.gradients.get(of)
    return printer(gradient.laid_out if gradient else derivation.deltas[of].expression)


@pytest.mark.parametrize(
    ("text", "of", "expected", "shapes"),
    [
        ("Z = X @ W; L = sum(Z**2)/2", "W", r"X^\top \delta_Z", {"X": ("n", 4), "W": (4, 5)}),
        ("Z = W @ X; L = sum(Z**2)/2", "W", r"\delta_Z X^\top", {"X": (4, "n"), "W": (5, 4)}),
        ("Z = X @ W + b; L = sum(Z**2)/2", "b", r"\delta_Z^\top \mathbf{1}_n",
         {"X": ("n", 4), "W": (4, 5), "b": (5,)}),
        ("Z = W @ X + b; L = sum(Z**2)/2", "b", r"\delta_Z \mathbf{1}_n",
         {"X": (4, "n"), "W": (5, 4), "b": (5, 1)}),
        ("z = W @ x + b; L = sum(z**2)/2", "W", r"\delta_z x^\top", {"x": (4,), "W": (5, 4), "b": (5,)}),
        ("L = mean((X @ w - y)**2)", "w", r"\frac{2}{n} X^\top (X w - y)",
         {"X": ("n", 4), "w": (4,), "y": ("n",)}),
        ("L = x @ A @ x", "x", r"A x + A^\top x", {"x": (4,), "A": (4, 4)}),
        ("L = trace(A.T @ B @ A)", "A", r"B A + B^\top A", {"A": (4, 4), "B": (4, 4)}),
        ("L = logdet(A)", "A", r"A^{-\top}", {"A": (4, 4)}),
        ("A = tanh(Z); L = sum(A*C)", "Z", r"\delta_A \circ (1 - A^{\circ 2})", {"Z": (3, 4), "C": (3, 4)}),
        ("L = 2*a*sum(X @ W)", "X", r"2 a \mathbf{1}_3 \mathbf{1}_5^\top W^\top",
         {"a": (), "X": (3, 4), "W": (4, 5)}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_a_gradient_is_printed_as_in_a_textbook(
    text: str, of: str, expected: str, shapes: dict[str, Any]
) -> None:
    assert prints(text, of, **shapes) == expected


def test_the_gradient_in_numerator_layout_has_its_transposes_at_the_leaves() -> None:
    numerator = Conventions(layout="numerator")
    shapes: dict[str, Any] = {"X": ("n", 4), "W": (4, 5), "b": (5,)}
    text = "Z = X @ W + b; L = sum(Z**2)/2"
    assert prints(text, "W", numerator, **shapes) == r"\delta_Z^\top X"
    assert prints(text, "b", numerator, **shapes) == r"\mathbf{1}_n^\top \delta_Z"


NESTED = re.compile(r"\(\(([^()]*)\)\)")


@cache
def printed_formulas() -> list[tuple[str, str]]:
    """Every formula of the textbook programs, with the name of the program."""
    found = []
    for name, program in PROGRAMS.items():
        for conventions in (VARIANTS["usual"], VARIANTS["numerator"]):
            derivation = derived(program, conventions)
            assert derivation.shapes is not None
            evaluation = sb.compile(derivation)(with_distributions(derivation, random_values(program)))
            for syntax in (LATEX, UNICODE):
                printer = MatrixPrinter(syntax, conventions, derivation.shapes)
                found += [
                    (name, printer(expression)) for _, expression, _ in formulas(derivation, evaluation)
                ]
    return [*dict.fromkeys(found)]


@pytest.mark.parametrize(
    "mark", ["1.0 ", "--", "+ -", r"\cdot -", "- -", "e-0", "nan", "^{1}", "{-1 +", "(-1 +"]
)
def test_no_formula_is_clumsy(mark: str) -> None:
    found = [(name, shown) for name, shown in printed_formulas() if mark in shown]
    assert not found, found


def test_no_formula_has_double_brackets() -> None:
    found = [(name, shown) for name, shown in printed_formulas() if NESTED.search(shown)]
    assert not found, found


@pytest.mark.parametrize("tail", [r")^\top", r"\right)^\top", ")ᵀ"])
def test_transposes_stand_at_the_leaves(tail: str) -> None:
    """Brackets are transposed only where a vector stands in them: (x ∘ y)ᵀ; or a function's call."""
    found = [
        (name, shown)
        for name, shown in printed_formulas()
        if name not in ("slices", "slices n", "slices layer", "reshape", "reshape n")
        and re.search(
            r"(?:mathbf\{1\}_\w+|1[ₙₘ₀-₉]+)\)" + re.escape(tail[1:] if tail[0] == ")" else tail), shown
        )
    ]
    assert not found, found


def test_negative_numbers_that_are_put_in_stand_in_brackets() -> None:
    derivation = derived(Program("L = a*sum(x)", {"a": (), "x": (2,)}), Conventions())
    assert derivation.shapes is not None
    expression = derivation.gradients["x"].expression
    for syntax in (LATEX, UNICODE):
        printer = MatrixPrinter(syntax, Conventions(), derivation.shapes, {Symbol("a"): -2.0})
        assert printer(expression).startswith("(-2)")


def test_an_array_that_is_put_in_keeps_the_brackets_of_what_it_stands_for() -> None:
    """(A ∘ B)ᵀ 1 with numbers is not A ∘ Bᵀ 1."""
    program = Program("L = sum((A*B) @ ones((2,))*c)", {"A": (3, 2), "B": (3, 2), "c": (3,)})
    wrong = misread_with_numbers(program)
    assert not wrong, told(wrong)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in WIDE])
def test_a_formula_with_its_numbers_put_in_is_as_true(name: str) -> None:
    wrong = misread_with_numbers(PROGRAMS[name])
    assert not wrong, told(wrong)


def misread_with_numbers(program: Program) -> list[tuple[str, str, str]]:
    """Every formula with numbers for all its names, in all digits."""
    conventions = Conventions(digits=15)
    derivation = derived(program, conventions)
    assert derivation.shapes is not None
    evaluation = sb.compile(derivation)(with_distributions(derivation, random_values(program)))
    values: dict[Any, Any] = {
        Symbol(name): np.asarray(value) if np.ndim(value) else float(value)
        for name, value in names_and_values(derivation, evaluation).items()
    }
    wrong: list[tuple[str, str, str]] = []
    for syntax, plain in ((LATEX, False), (UNICODE, True)):
        printer = MatrixPrinter(syntax, conventions, derivation.shapes, values)
        for what, expression, value in formulas(derivation, evaluation):
            shown = printer(expression)
            try:
                found = evaluate(shown, {}, plain=plain, shape=np.shape(value))
            except ReadError as error:
                wrong.append((what, shown, str(error)))
                continue
            if not same(found, value, 1e-7):
                wrong.append((what, shown, f"{found} and not {value}"))
    return wrong
