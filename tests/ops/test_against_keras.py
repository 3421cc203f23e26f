"""Each operation on numbers and in a network gives what keras.ops gives; an error is a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import ops
from pellucid.errors import PellucidError
from pellucid.layers import Input
from pellucid.models import Model
from tests.parity_keras.bridge import keras, numbers

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(2, 4, 3, 5)).astype("float32")
Y = RANDOM.normal(size=(2, 4, 3, 5)).astype("float32")
ROWS = RANDOM.normal(size=(2, 5)).astype("float32")
NAMES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    **{word: ((X,), {}) for word in (
        "absolute", "negative", "sign", "square", "exp", "expm1", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh",
        "floor", "ceil", "round", "isnan", "isfinite", "relu", "relu6", "leaky_relu", "sigmoid", "elu", "gelu", "selu",
        "silu", "softplus", "softsign", "hard_sigmoid", "hard_silu", "hard_tanh", "log_sigmoid", "tanh_shrink", "celu",
        "squareplus", "hard_shrink", "soft_shrink", "sparse_plus", "sparse_sigmoid", "erf", "arcsinh", "logical_not",
        "softmax", "log_softmax", "swapaxes", "var", "std",
    )},
    **{word: ((np.abs(X) + 0.1,), {}) for word in ("sqrt", "rsqrt", "log", "log1p", "log2", "log10", "reciprocal")},
    **{word: ((X, Y), {}) for word in (
        "add", "subtract", "multiply", "divide", "maximum", "minimum", "equal", "not_equal", "greater", "greater_equal",
        "less", "less_equal", "arctan2", "logaddexp", "mod", "floor_divide",
    )},
    **{word: ((X,), {"axis": axis}) for word, axis in (
        ("sum", 1), ("mean", (1, 3)), ("max", -1), ("min", 2), ("prod", 3), ("logsumexp", 1), ("argmax", 1),
        ("argmin", -1), ("cumsum", 2), ("cumprod", 1), ("softmax", 1), ("any", 1), ("all", 1),
        ("expand_dims", 1), ("flip", 1), ("normalize", -1), ("norm", 3),
    )},
    "var": ((X,), {"axis": (1, 2), "keepdims": True}),
    "std": ((X,), {"axis": 2}),
    "swapaxes": ((X, 1, 3), {}),
    "moveaxis": ((X, 1, -1), {}),
    "transpose": ((X,), {"axes": (0, 3, 1, 2)}),
    "reshape": ((X, (-1, 15, 4)), {}),
    "squeeze": ((X[:, :, :1],), {"axis": 2}),
    "clip": ((X, -0.5, 0.25), {}),
    "power": ((X, 2), {}),
    "threshold": ((X, 0.3, -1.0), {}),
    "matmul": ((X, Y.swapaxes(2, 3).copy()), {}),
    "einsum": (("bhwc,bhvc->bhwv", X, Y), {}),
    "where": ((X > 0, X, Y), {}),
    "roll": ((X, 2), {"axis": 1}),
    "repeat": ((X, 2), {"axis": 2}),
    "tile": ((X, (1, 2, 1, 3)), {}),
    "pad": ((X, ((0, 0), (1, 2), (0, 0), (2, 0))), {}),
    "take": ((X, [2, 0, 2]), {"axis": 1}),
    "take_along_axis": ((X, np.argsort(X, axis=1)), {"axis": 1}),
    "one_hot": ((np.array([[1, 0], [2, 2]]), 3), {}),
    "concatenate": (([X, Y],), {"axis": 1}),
    "stack": (([X, Y],), {"axis": 2}),
    "split": ((X, 2), {"axis": 1}),
    "top_k": ((ROWS, 2), {}),
    "tensordot": ((X, Y[0, 0].T.copy()), {"axes": 1}),
}  # fmt: skip


def arrays(found: Any) -> list[np.ndarray]:
    """The results as a list of arrays."""
    if isinstance(found, (list, tuple)):
        return [array for entry in found for array in arrays(entry)]
    return [np.asarray(found) if isinstance(found, (np.ndarray, np.generic)) else numbers(found)]


def same(name: str, ours: Any, theirs: Any) -> None:
    """Raise AssertionError unless shapes and values agree to float32."""
    for mine, other in zip(arrays(ours), arrays(theirs), strict=True):
        assert mine.shape == other.shape, f"{name}: {mine.shape}, Keras has {other.shape}"
        pair = np.asarray(mine, float), np.asarray(other, float)
        np.testing.assert_allclose(*pair, rtol=2e-5, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("name", NAMES)
def test_numbers(name: str) -> None:
    given, more = NAMES[name]
    keras.config.set_floatx("float32")
    same(name, getattr(ops, name)(*given, **more), getattr(keras.ops, name)(*given, **more))


def symbolic(given: Any, inputs: dict[Any, np.ndarray]) -> Any:
    """The arguments with an Input in place of each array that has a row a sample."""
    if isinstance(given, np.ndarray) and given.ndim > 1 and len(given) == 2 and given.shape[0] == len(X):
        tensor = Input(given.shape[1:])
        inputs[tensor] = given
        return tensor
    return [symbolic(entry, inputs) for entry in given] if isinstance(given, list) else given


@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_it(name: str) -> None:
    given, more = NAMES[name]
    inputs: dict[Any, np.ndarray] = {}
    found = getattr(ops, name)(*(symbolic(entry, inputs) for entry in given), **more)
    model = Model(list(inputs), found)
    model.compile("sgd", "mse", engine="reference")
    listed = list(inputs.values())
    plain = getattr(ops, name)(*given, **more)
    predicted = model.predict([x.astype("float32") for x in listed] if len(listed) > 1 else listed[0], verbose=0)
    same(name, predicted, plain)


def test_operators_and_slices() -> None:
    x, y = Input((4, 3, 5)), Input((4, 3, 5))
    (column,) = ops.unstack(x[:, :1], axis=1)
    eye = np.ones((5, 2), "float32")
    found = [
        column, x + y, x - 1, 2 - x, x * y, x / 255.0, 1 / (x * x + 1), -x, abs(x), x**2, x @ eye, x[:, 1:, ::2],
        x[..., -1], x[:, 0, None], x[:, ::-1], x % 2, np.float32(3) * x, np.exp(x), X[:1] + x,
    ]  # fmt: skip
    wanted = [
        X[:, 0], X + Y, X - 1, 2 - X, X * Y, X / 255.0, 1 / (X * X + 1), -X, abs(X), X**2, X @ eye, X[:, 1:, ::2],
        X[..., -1], X[:, 0, None], X[:, ::-1], X % 2, 3 * X, np.exp(X), X[:1] + X,
    ]  # fmt: skip
    model = Model([x, y], found)
    same("operators", model.predict([X, Y], verbose=0), wanted)


x = Input((4, 3))
BAD = {
    "the batch axis": (lambda: x[0], "index must be `:` for the batch axis"),
    "a place outside": (lambda: x[:, 4], "get_item: index must be from -4 to 3 on axis 1, but it is 4"),
    "an empty slice": (lambda: x[:, 3:3], "slice must be of at least one entry on axis 1"),
    "too many axes": (lambda: x[:, 0, 0, 0], "index must be"),
    "shapes that do not fit": (lambda: x + np.ones((5, 3)), "inputs must be of one shape"),
    "ranks that do not fit": (lambda: x + Input((4,)), "values must be of as many axes, but it is"),
    "a product": (lambda: ops.matmul(x, np.ones((4, 2))), r"operands must be \(..., I, J\) and \(..., J, K\)"),
    "an equation": (lambda: ops.einsum("bij,kj->bki", x, np.ones((2, 4))), "axis 'j' of bij,kj->bki must be of one"),
    "samples mixed": (lambda: ops.einsum("bij,bij->ij", x, x), "result begins with the batch axis 'b'"),
    "other samples": (lambda: ops.reshape(x, (3, -1)), "newshape must be a shape that begins with -1"),
    "another size": (lambda: ops.reshape(x, (-1, 5)), "newshape must be a shape of the 12 entries of a sample"),
    "no axis": (lambda: ops.mean(x, axis=3), r"axis must be from -3 to 2 for x of shape \(N, 4, 3\), but it is 3"),
    "a number asked of a tensor": (lambda: bool(x), "a tensor has no numbers while the network is built"),
    "an array asked of a tensor": (lambda: np.sort(x), "a tensor has no numbers while the network is built"),
    "text": (lambda: x * "a", "values must be numbers or tensors, but it is 'a'"),
    "an unknown argument": (lambda: ops.mean(x, axes=1), "Its arguments are: x, axis, keepdims"),
    "no batch axis left": (lambda: Model(x, ops.mean(x)), "outputs must be with a batch axis"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_told_in_a_sentence(what: str) -> None:
    act, text = BAD[what]
    with pytest.raises(PellucidError, match=text):
        act()
