"""What stands in for Keras's inner modules in its test files: Pellucid's public pages, and a test case.

Nothing here calculates: a name that Pellucid does not have stops the item that asks for it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from absl.testing import parameterized

import pellucid as p
from pellucid import (
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
from pellucid.spec.images import OfPictures


class NotHereError(Exception):
    """A name of Keras's that Pellucid does not have."""


class Missing:
    """Stands where a name is not there; whoever uses it stops."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        page = PAGES.get(self._name.partition(".")[0])  # an inner module of a page: its names lie on the page
        found = getattr(page, name, None)
        return Missing(f"{self._name}.{name}") if found is None else found

    def __call__(self, *args: Any, **named: Any) -> Any:
        raise NotHereError(self._name)

    def __iter__(self) -> Any:
        raise NotHereError(self._name)

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (Absent,)


class Absent:
    """The base of a class whose base is not there."""

    def __init__(self, *args: Any, **named: Any) -> None:
        raise NotHereError(type(self).__name__)


def elsewhere(name: str) -> Any:
    """What stands for a name of another framework, or of the set-up of Keras's own suite."""
    if name == "skip_if_backend":
        import pytest

        return lambda backend, reason="": pytest.mark.skipif(backend == "numpy", reason=reason)
    return Missing(name)


def array(x: Any) -> np.ndarray:
    """Numbers of whatever holds them."""
    return np.asarray(x.numpy() if hasattr(x, "numpy") else x)


def floatx_of(kind: Any) -> str:
    """A type's name."""
    usual = {"float": "float32", "int": "int32", "bool": "bool"}
    return usual.get(getattr(kind, "__name__", ""), str(kind or "float32"))


class Testing:
    """Keras's helpers of tests, with our test case."""

    def __getattr__(self, name: str) -> Any:
        from keras.src import testing
        from keras.src.testing import test_case, test_utils

        if name in ("test_case", "test_utils"):
            return self
        if name == "TestCase":
            return TestCase
        return next((getattr(part, name) for part in (testing, test_utils, test_case) if hasattr(part, name)), None)


def tensor_of(shape: Any, dtype: Any = "float32", **named: Any) -> Any:
    """A symbolic tensor, as keras.KerasTensor is."""
    return p.Input(tuple(shape)[1:])


CONFIG = {"image_data_format": lambda: "channels_last", "floatx": lambda: "float32", "backend": lambda: "numpy",
          "epsilon": lambda: 1e-7}  # fmt: skip
BACKEND = SimpleNamespace(
    **CONFIG, config=SimpleNamespace(**CONFIG), convert_to_numpy=array, is_tensor=lambda x: False,
    convert_to_tensor=lambda x, dtype=None, **named: ops.convert_to_tensor(x, dtype=dtype),
    standardize_dtype=floatx_of, is_float_dtype=lambda kind: "float" in str(kind),
    KerasTensor=tensor_of, Variable=p.Variable, shape=lambda x: tuple(x.shape),
)  # fmt: skip
POLICY = SimpleNamespace(dtype_policy=lambda: "float32", set_dtype_policy=lambda policy: None)
POLICIES = SimpleNamespace(dtype_policy=POLICY)


class TestCase(parameterized.TestCase):
    """Keras's test case, its layer test on public names: numbers, shapes, counts, configurations, a step of fit."""

    maxDiff = None

    def get_temp_dir(self) -> str:
        folder = tempfile.mkdtemp()
        self.addCleanup(lambda: shutil.rmtree(folder))
        return folder

    def convert_to_numpy(self, x: Any) -> np.ndarray:
        return array(x)

    def assertAllClose(self, actual: Any, desired: Any, atol: float = 1e-6, rtol: float = 1e-6, msg: Any = None,
                       **named: Any) -> None:  # fmt: skip
        np.testing.assert_allclose(array(actual), array(desired), atol=atol, rtol=rtol, err_msg=msg or "")

    def assertNotAllClose(self, x1: Any, x2: Any, atol: float = 1e-6, rtol: float = 1e-6, msg: Any = None) -> None:
        if np.allclose(array(x1), array(x2), atol=atol, rtol=rtol):
            raise AssertionError("the two values are close")

    def assertAlmostEqual(self, actual: Any, desired: Any, decimal: int = 3, msg: Any = None, **named: Any) -> None:
        np.testing.assert_almost_equal(array(actual), array(desired), decimal=decimal)

    def assertAllEqual(self, actual: Any, desired: Any, msg: Any = None) -> None:
        np.testing.assert_array_equal(array(actual), array(desired))

    def assertLen(self, iterable: Any, expected_len: int, msg: Any = None) -> None:
        self.assertEqual(len(iterable), expected_len, msg=msg)

    def assertSparse(self, x: Any, sparse: bool = True) -> None:
        assert not sparse, "rows are always whole"

    def assertDType(self, x: Any, dtype: Any, msg: Any = None) -> None:
        self.assertEqual(floatx_of(getattr(x, "dtype", type(x))), floatx_of(dtype))

    def assertFileExists(self, path: Any) -> None:
        assert Path(path).is_file(), path

    def run_class_serialization_test(self, instance: Any, custom_objects: Any = None) -> Any:
        config = instance.get_config()
        revived = type(instance).from_config(config)
        self.assertEqual(json.dumps(config, default=str), json.dumps(revived.get_config(), default=str))
        return revived

    def run_layer_test(self, layer_cls: Any, init_kwargs: Any, input_shape: Any = None, input_data: Any = None,
                       call_kwargs: Any = None, expected_output_shape: Any = None, expected_output: Any = None,
                       expected_num_trainable_weights: int | None = None,
                       expected_num_non_trainable_weights: int | None = None, run_training_check: bool = True,
                       input_dtype: Any = None, **ignored: Any) -> None:  # fmt: skip
        """Numbers, symbols, weights, configuration and one step of fit of a layer."""
        init, call = init_kwargs or {}, call_kwargs or {}
        self.run_class_serialization_test(layer_cls(**init))
        if input_data is None and input_shape is None:
            return
        numbers = np.random.default_rng(0)
        several = isinstance(input_shape, (list, dict)) or (input_shape and isinstance(input_shape[0], (list, tuple)))
        if input_data is None:
            kind = str(input_dtype if isinstance(input_dtype, str) else "float32")
            draw = lambda shape: numbers.random(tuple(n or 2 for n in shape)).astype(kind)  # noqa: E731
            if isinstance(input_shape, dict):
                input_data = {word: draw(shape) for word, shape in input_shape.items()}
            else:
                input_data = [draw(shape) for shape in input_shape] if several else draw(input_shape)
        several = isinstance(input_data, (list, tuple))
        layer = layer_cls(**init)
        found = layer(**input_data, **call) if isinstance(input_data, dict) else layer(input_data, **call)
        self.check_layer(layer, expected_num_trainable_weights, expected_num_non_trainable_weights)
        if expected_output is not None:
            self.assertAllClose(found, expected_output)
        if expected_output_shape is not None:
            pairs = zip(expected_output_shape, np.shape(found), strict=True)
            assert all(wanted in (None, size) for wanted, size in pairs)
        if isinstance(input_data, dict):
            return
        arrays = [array(x) for x in input_data] if several else [array(input_data)]
        if isinstance(getattr(layer, "spec", None), OfPictures) and arrays[0].ndim == 3:
            return  # one picture alone: a network has a batch axis
        inputs = [p.Input(x.shape[1:]) for x in arrays]
        layer = layer_cls(**init)
        symbol = layer(inputs if several else inputs[0], **call)
        self.check_layer(layer, expected_num_trainable_weights, expected_num_non_trainable_weights)
        assert tuple(symbol.shape[1:]) == tuple(np.shape(found)[1:]), (symbol.shape, np.shape(found))
        if run_training_check:
            model = models.Model(inputs, symbol)
            model.compile("sgd", "mse", engine="reference")
            if model.count_params():
                model.fit(arrays if several else arrays[0], np.zeros(np.shape(found), "float32"), verbose=0)

    def check_layer(self, layer: Any, trained: int | None, still: int | None) -> None:
        """How many weights there are."""
        if trained is not None:
            self.assertLen(layer.trainable_weights, trained)
        if still is not None:
            self.assertLen(layer.non_trainable_weights, still)


PAGES: dict[str, Any] = {
    "activations": activations, "callbacks": callbacks, "constraints": constraints, "initializers": initializers,
    "layers": layers, "losses": losses, "metrics": metrics, "models": models, "ops": ops, "optimizers": optimizers,
    "random": random, "regularizers": regularizers, "dtype_policies": POLICIES, "utils": utils,
    "saving": saving, "backend": BACKEND,
}  # fmt: skip


TESTING = Testing()
INSTEAD = {"Functional": models.Model}  # inner classes by the public name that does the same


class Page:
    """A page whose missing names are told when they are used."""

    def __init__(self, name: str, page: Any) -> None:
        self.__dict__.update(_name=name, _page=page)

    def __getattr__(self, name: str) -> Any:
        if self._name == "optimizers" and name == "schedules":
            return Page("schedules", optimizers.schedules)
        found = getattr(self._page, name, None)
        return Missing(f"{self._name}.{name}") if found is None else found


def named(module: str, name: str) -> Any:
    """What `from module import name` gives in a test file; `tree`, which only walks through lists, is Keras's own."""
    if name == "tree" and module in ("keras.src", "keras"):
        from keras import tree

        return tree
    if module.startswith("keras.src.testing") or (module == "keras.src" and name == "testing"):
        return TESTING if name == "testing" else getattr(TESTING, name)
    parts = module.removeprefix("keras").removeprefix(".src").strip(".").split(".")
    if parts == [""]:
        page = PAGES.get(name) or getattr(p, name, None)
        return Missing(name) if page is None else Page(name, page) if name in PAGES else page
    if parts[0] not in PAGES:
        page = getattr(p, parts[0], None)
        return getattr(page, name, None) or Missing(f"{parts[0]}.{name}")
    if parts[:2] == ["optimizers", "schedules"]:
        return getattr(optimizers.schedules, name, None) or Missing(f"schedules.{name}")
    if name in INSTEAD:
        return INSTEAD[name]
    if name in ("losses", "metrics", "activations", "callbacks") and name == parts[0]:
        return Page(name, PAGES[name])
    return getattr(Page(parts[0], PAGES[parts[0]]), name)
