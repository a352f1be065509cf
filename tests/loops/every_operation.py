"""Programs in which together every operation on arrays stands, forward or in a gradient."""

from __future__ import annotations

from collections.abc import Mapping

from tests.loops.array_programs import Case, case_of

Shapes = Mapping[str, tuple[int | str, ...]]

_M: Shapes = {"A": (3, 4), "B": (4, 2), "x": (4,), "y": (3,)}
_S: Shapes = {"A": (3, 3), "B": (3, 3), "c": (3,)}
_N: Shapes = {"X": ("n", 3), "w": (3,), "b": (3,)}
_T: Shapes = {"X": (2, 3, 4), "Y": (2, 4, 3)}

PROGRAMS: Mapping[str, tuple[str, Shapes, Mapping[str, int]]] = {
    "element by element": ("L = sum(tanh(A)*exp(A/4) + A**2/(1 + A**2) - 1)", {"A": (3, 4)}, {}),
    "broadcasting": ("Z = X*w + b; L = sum(sigmoid(Z)*Z[:, :1])", _N, {"n": 5}),
    "matrix products": ("L = sum((A @ B)**2) + y @ A @ x + sum(A.T @ y)", _M, {}),
    "products of batches": ("L = sum((X @ Y)**2) + sum(X[0] @ Y)", _T, {}),
    "vectors and batches": ("L = sum((X @ x)**2) + sum(x @ Y)", {**_T, "x": (4,)}, {}),
    "sums and means": ("L = sum(sum(X, axis=0)**2) + mean(X**2) + sum(mean(X, axis=1)**3)", _N, {"n": 4}),
    "of rows": ("L = sum(sum(A, axis=1)**2 + mean(A, axis=1, keepdims=True)[:, 0])", _M, {}),
    "variance": ("L = sum(var(X, axis=0)**2) + std(X) + sum(std(X, axis=1, ddof=1))", _N, {"n": 4}),
    "norm": ("L = sum(norm(X, axis=1)**3) + norm(w)", _N, {"n": 4}),
    "product over axes": ("L = sum(prod(A, axis=1)**2) + prod(x) + sum(prod(A, axis=(0, 1))*y)", _M, {}),
    "largest and smallest": ("L = sum(max(A, axis=1)**2) + sum(min(A, axis=0)*x) + max(A)", _M, {}),
    "softmax": ("P = softmax(X, axis=1); L = sum(P**2*w)", _N, {"n": 4}),
    "softmax of columns": ("P = softmax(2*A, axis=0); L = sum(P*P)", {"A": (3, 4)}, {}),
    "log softmax": ("P = log_softmax(X, axis=1); L = sum(P*w)", _N, {"n": 4}),
    "logsumexp": ("L = sum(logsumexp(X, axis=1)**2) + logsumexp(X)", _N, {"n": 4}),
    "trace": ("L = trace(A @ B) + trace(A)**2", _S, {}),
    "determinants": ("L = det(A + 4*eye(3)) + logdet(B + 5*eye(3))", _S, {}),
    "inverse": ("L = sum(inv(A + 4*eye(3)) @ B)**2 + c @ inv(B + 5*eye(3)) @ c", _S, {}),
    "outer": ("L = sum(outer(x, y)**2) + sum(outer(x, x)*3)", {"x": (4,), "y": (3,)}, {}),
    "diagonals": ("L = sum(diag(c) @ A) + sum(diag(A)**2*c)", _S, {}),
    "constants": ("L = sum(A*ones((3, 4)) + zeros((3, 4))) + sum(A @ A.T - eye(3))", {"A": (3, 4)}, {}),
    "transposes": ("L = sum(transpose(X, (2, 0, 1))**2) + sum(X.mT @ X)", _T, {}),
    "slices": ("L = sum(A[1:, 0]**2) + sum(A[::-1, ::2]**3) + A[2, -1]*x[1]", _M, {}),
    "slices of n": ("L = sum(X[1:]*X[:-1]) + sum(X[0]*w) + X[-1, 0]", _N, {"n": 4}),
    "reshapes": ("L = sum(reshape(X, (4, 6))**2*2) + sum(X.reshape(-1)**3) + sum(X[:, None] + 1)", _T, {}),
    "concatenate": (
        "L = sum(concatenate([A, 2*A, tanh(A)], axis=0)**2) + sum(concatenate([sum(A, axis=1), y])**3)",
        _M,
        {},
    ),
    "stack": ("L = sum(stack([A, A*A], axis=1)**3) + sum(tanh(stack([x, 2*x])))", _M, {}),
    "convolution of a signal": (
        "L = sum(conv1d(x, w)**2) + sum(conv1d(x, w, stride=2, padding=3)**3)",
        {"x": (7,), "w": (3,)},
        {},
    ),
    "convolution with channels": (
        "L = sum(conv1d(x, w, padding=1)**2) + sum(conv2d(X, K, stride=(2, 1), padding=(0, 1))**2)",
        {"x": (2, 6), "w": (3, 2, 3), "X": (2, 1, 5, 4), "K": (2, 1, 3, 2)},
        {},
    ),
    "convolution of n": ("L = sum(conv1d(x, w, padding=1)**2)", {"x": ("n",), "w": (3,)}, {"n": 5}),
    "choices": ("L = sum(where(A > 0, A*A, -A)) + sum(maximum(A, x)*clip(A, -1, 1))", _M, {}),
    "kinks": ("L = sum(relu(A)*3 + abs(A) + leaky_relu(A, 0.1)*A + hard_sigmoid(A))", _M, {}),
    "powers": ("L = sum((1 + A**2)**(x/3)) + sum(sqrt(1 + A*A) + (2 + sin(A))**(-1))", _M, {}),
    "a layer of norms": ("L = sum(layer_norm(X, w, b)**3) + sum(batch_norm(X)**3)", _N, {"n": 4}),
    "attention": ("L = sum(attention(X, X, 2*X)**2)", {"X": (3, 4)}, {}),
    "numbers": ("t = sum(x*x); L = t*a + exp(-a*a) + sum(x)/t", {"x": (4,), "a": ()}, {}),
    "sizes as numbers": ("L = sum(X)/X.shape[0] + X.shape[0]*sum(w)", _N, {"n": 4}),
}


def case(name: str) -> Case:
    """The case of that name."""
    text, shapes, sizes = PROGRAMS[name]
    return case_of(text, shapes, sizes)
