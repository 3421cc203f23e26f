"""Which of the names that Keras programs type most do their work here: built, on numbers, in fit, saved and loaded.

Run with   python -m benchmarks.keras_names.at_work
Writes benchmarks/results/keras-names-at-work.json: how many of each page work, and why each other one does not. The
names are the 148 most typed of Keras's public pages; ten of them are of sequences with a state of time.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pellucid as p
from pellucid.errors import PellucidError

RESULT = Path(__file__).parents[1] / "results" / "keras-names-at-work.json"
NAMES = {
    "layers":
        "Activation Add AveragePooling2D BatchNormalization Concatenate Conv2D Conv2DTranspose Dense "
        "DepthwiseConv2D Dropout Flatten GlobalAveragePooling2D GlobalMaxPooling2D Input LeakyReLU "
        "MaxPool2D MaxPooling2D Multiply ReLU Rescaling Reshape SeparableConv2D Softmax UpSampling2D "
        "ZeroPadding2D add Attention Average Bidirectional concatenate Conv1D Embedding "
        "GlobalAveragePooling1D GlobalMaxPooling1D GRU InputLayer Lambda Layer LayerNormalization LSTM "
        "Maximum MaxPooling1D MultiHeadAttention Normalization RandomContrast RandomCrop RandomFlip "
        "RandomRotation RandomTranslation RandomZoom Resizing SimpleRNN Subtract TextVectorization "
        "TimeDistributed",
    "losses":
        "BinaryCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy Huber MeanAbsoluteError "
        "MeanSquaredError SparseCategoricalCrossentropy BinaryFocalCrossentropy CTC KLDivergence Loss",
    "metrics":
        "BinaryAccuracy CategoricalAccuracy MeanAbsoluteError MeanSquaredError SparseCategoricalAccuracy "
        "TopKCategoricalAccuracy Accuracy AUC F1Score Mean MeanIoU Metric Precision Recall "
        "RootMeanSquaredError SparseTopKCategoricalAccuracy",
    "optimizers":
        "Adagrad Adam RMSprop SGD AdamW Optimizer",
    "schedules":
        "CosineDecay ExponentialDecay InverseTimeDecay PolynomialDecay LearningRateSchedule "
        "PiecewiseConstantDecay",
    "callbacks":
        "Callback CSVLogger EarlyStopping History LambdaCallback LearningRateScheduler ModelCheckpoint "
        "ReduceLROnPlateau BackupAndRestore TensorBoard TerminateOnNaN",
    "initializers":
        "Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal Ones RandomNormal "
        "RandomUniform TruncatedNormal VarianceScaling Zeros Orthogonal",
    "regularizers":
        "L1 l1 l1_l2 L1L2 L2 l2",
    "activations":
        "elu gelu leaky_relu linear relu selu sigmoid silu softmax softplus swish tanh",
    "constraints":
        "MaxNorm",
    "utils":
        "get_file image_dataset_from_directory img_to_array load_img pad_sequences plot_model PyDataset "
        "register_keras_serializable Sequence set_random_seed to_categorical",
}  # fmt: skip
ARGUMENTS: dict[str, dict[str, Any]] = {
    "Activation": {"activation": "gelu"}, "Conv2D": {"filters": 3, "kernel_size": 2}, "Dropout": {"rate": 0.5},
    "Conv2DTranspose": {"filters": 3, "kernel_size": 2}, "Dense": {"units": 3}, "DepthwiseConv2D": {"kernel_size": 2},
    "Resizing": {"height": 4, "width": 5}, "RandomCrop": {"height": 4, "width": 5}, "RandomContrast": {"factor": 0.1},
    "RandomRotation": {"factor": 0.1}, "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "Rescaling": {"scale": 0.5}, "Reshape": {"target_shape": (-1,)},
    "SeparableConv2D": {"filters": 3, "kernel_size": 2},
    "Conv1D": {"filters": 3, "kernel_size": 2}, "Normalization": {"mean": 0.5, "variance": 2.0},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 5},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}, "MeanIoU": {"num_classes": 3},
    "PiecewiseConstantDecay": {"boundaries": [2], "values": [0.1, 0.01]}, "TopKCategoricalAccuracy": {"k": 2},
    "SparseTopKCategoricalAccuracy": {"k": 2}, "LearningRateScheduler": {"schedule": lambda epoch, rate: rate / 2},
    "MaxNorm": {"max_value": 1.0}, "L1L2": {"l1": 0.1, "l2": 0.1}, "l1_l2": {"l1": 0.1, "l2": 0.1},
}  # fmt: skip
PICTURES = ("RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom",
            "Resizing")  # fmt: skip
JOINS = ("Add", "Average", "Concatenate", "Maximum", "Multiply", "Subtract", "add", "concatenate")
RANDOM = np.random.default_rng(0)
X = RANDOM.random((8, 6)).astype("float32")
HOT = np.eye(3, dtype="float32")[RANDOM.integers(0, 3, 8)]


def network(**named: Any) -> Any:
    """A small classifier."""
    return p.Sequential([p.Input((6,)), p.layers.Dense(3, activation="softmax", **named)])


def fitted(model: Any, x: Any = X, y: Any = HOT, loss: Any = "mse", optimizer: Any = "sgd", **named: Any) -> None:
    """Train, save, load; the loaded model says the same."""
    model.compile(optimizer, loss, metrics=named.pop("metrics", None))
    model.fit(x, y, epochs=2, batch_size=4, verbose=0, **named)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m.safetensors")
        again = p.load_model(Path(folder) / "m.safetensors")
        np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)


def layer(name: str) -> None:
    """Of the ranks of input the first that fits: on numbers, in a network, trained, saved, loaded."""
    entry, given = getattr(p.layers, name), ARGUMENTS.get(name, {})
    if name in ("Input", "InputLayer"):
        fitted(p.Sequential([entry((6,)), p.layers.Dense(3)]))
        return
    if name == "Layer":
        own = type("Own", (entry,), {"call": lambda self, x: x * 2})
        fitted(p.Sequential([p.Input((6,)), own(), p.layers.Dense(3)]))
        return
    shape = (6, 6, 3) if "2D" in name or name in PICTURES else (6, 3) if "1D" in name else (6,)
    x = RANDOM.random((8, *shape)).astype("float32")
    if name in JOINS:
        inputs = [p.Input(shape), p.Input(shape)]
        call = (lambda pair: entry(pair)) if name.islower() else entry(**given)
        numbers, y, x = call([x, x]), call(inputs), [x, x]
    else:
        inputs, call = p.Input(shape), entry(**given)
        numbers, y = call(x), call(inputs)
    model = p.Model(inputs, y)
    if name.startswith("Random"):  # on numbers they change what they are given, in prediction nothing
        numbers = call(x, training=False)
    np.testing.assert_allclose(model.predict(x, verbose=0), numbers, rtol=1e-5, atol=1e-6)
    fitted(p.Model(inputs, p.layers.Dense(3)(p.layers.Flatten()(y))), x)


def loss(name: str) -> None:
    """On numbers and in fit."""
    if name == "Loss":
        made = type("Own", (p.losses.Loss,), {"call": lambda self, t, y: p.ops.mean((t - y) ** 2, axis=-1)})()
    else:
        made = getattr(p.losses, name)()
    y = HOT.argmax(1) if "Sparse" in name else HOT
    assert np.isfinite(made(y, np.full((8, 3), 1 / 3, "float32")))
    fitted(network(), y=y, loss=made)


def metric(name: str) -> None:
    """On numbers in two parts, and in fit."""
    if name == "Metric":
        fitted(network(), metrics=[p.metrics.MeanMetricWrapper(lambda t, y: (t - y) ** 2)])
        return
    made = getattr(p.metrics, name)(**ARGUMENTS.get(name, {}))
    if name == "Mean":
        made.update_state([1.0, 2.0])
        made.update_state([6.0])
        assert made.result() == 3
        return
    y = HOT.argmax(1) if "Sparse" in name or "IoU" in name or name == "Accuracy" else HOT
    given = y if name in ("MeanIoU", "Accuracy") else np.roll(HOT, 1, 0) * 0.8 + 0.1
    made.update_state(y[:3], given[:3])
    made.update_state(y[3:], given[3:])
    assert np.isfinite(made.result()).all()
    made.reset_state()
    if name not in ("MeanIoU", "Accuracy"):
        fitted(network(), y=y, loss="sparse_categorical_crossentropy" if y.ndim == 1 else "mse", metrics=[made])


def callback(name: str) -> None:
    """In fit."""
    entry, given = getattr(p.callbacks, name), ARGUMENTS.get(name, {})
    with tempfile.TemporaryDirectory() as folder:
        if name in ("CSVLogger", "ModelCheckpoint"):
            file = Path(folder) / ("a.csv" if name == "CSVLogger" else "a.safetensors")
            fitted(network(), callbacks=[entry(file)])
            assert file.is_file()
            return
        if name in ("BackupAndRestore", "TensorBoard"):
            given = {"backup_dir" if name == "BackupAndRestore" else "log_dir": Path(folder) / "kept"}
        fitted(network(), callbacks=[entry(**given)], validation_data=(X, HOT))


def utility(name: str) -> None:
    """With the arguments of every day."""
    entry = getattr(p.utils, name)
    picture = RANDOM.integers(0, 256, (4, 5, 3)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        p.utils.save_img(Path(folder) / "a.png", picture, scale=False)
        calls: dict[str, Callable[[], Any]] = {
            "img_to_array": lambda: entry(picture), "load_img": lambda: entry(Path(folder) / "a.png"),
            "pad_sequences": lambda: entry([[1], [2, 3]]), "to_categorical": lambda: entry([0, 2]),
            "set_random_seed": lambda: entry(3), "register_keras_serializable": lambda: entry()(int),
            "get_file": lambda: entry("a.png", str(Path(folder) / "a.png")),
            "image_dataset_from_directory": lambda: entry(class_folders(folder), image_size=(6, 6)),
            "plot_model": lambda: entry(network(), Path(folder) / "m.png", show_shapes=True),
        }  # fmt: skip
        if name in calls:
            calls[name]()
            return
        made = type("Own", (entry,), {"__len__": lambda self: 2, "__getitem__": lambda self, i: (X[:4], HOT[:4])})()
        model = network()
        model.compile("sgd", "mse")
        model.fit(made, verbose=0)


def class_folders(folder: str) -> Path:
    """Two classes of two pictures."""
    for place in range(4):
        home = Path(folder) / "classes" / f"class{place % 2}"
        home.mkdir(parents=True, exist_ok=True)
        p.utils.save_img(home / f"{place}.png", RANDOM.integers(0, 256, (6, 6, 3)).astype("float32"), scale=False)
    return Path(folder) / "classes"


def activation(name: str) -> None:
    """On numbers, as a word, as a function."""
    function = getattr(p.activations, name)
    np.testing.assert_allclose(p.layers.Activation(name)(X), function(X), rtol=1e-5)
    fitted(p.Sequential([p.Input((6,)), p.layers.Dense(3, activation=function)]))


def schedule(name: str) -> None:
    """On a step, and in fit."""
    entry = getattr(p.optimizers.schedules, name)
    if name == "LearningRateSchedule":
        entry = type("Own", (entry,), {"__call__": lambda self, step: 0.1 / (1 + step)})
    made = entry(**ARGUMENTS.get(name, {}))
    assert 0 <= made(3) <= 0.1
    fitted(network(), optimizer=p.optimizers.SGD(made))


def optimizer(name: str) -> None:
    """In fit."""
    entry = getattr(p.optimizers, name)
    if name == "Optimizer":
        step = {"update_step": lambda self, gradient, variable, rate: self.assign_sub(variable, rate * gradient)}
        entry = type("Own", (entry,), step)
    fitted(network(), optimizer=entry(0.01))


def initializer(name: str) -> None:
    """Numbers of a shape, and the weights of a layer."""
    made = getattr(p.initializers, name)()
    assert np.shape(made((6, 3))) == (6, 3)
    fitted(network(kernel_initializer=made))


def regularizer(name: str) -> None:
    """On numbers, and of a layer."""
    made = getattr(p.regularizers, name)(**ARGUMENTS.get(name, {}))
    assert made(X) > 0
    fitted(network(kernel_regularizer=made))


def constraint(name: str) -> None:
    """On numbers, and of a layer."""
    made = getattr(p.constraints, name)(**ARGUMENTS[name])
    assert np.linalg.norm(made(X), axis=0).max() <= 1.0001
    fitted(network(kernel_constraint=made))


TRIES: dict[str, Callable[[str], None]] = {
    "layers": layer, "losses": loss, "metrics": metric, "callbacks": callback, "utils": utility,
    "activations": activation, "schedules": schedule, "initializers": initializer, "regularizers": regularizer,
    "constraints": constraint,
    "optimizers": optimizer,
}  # fmt: skip


def main() -> None:
    """Try every name, print and write."""
    warnings.simplefilter("ignore")
    p.set_random_seed(0)
    works: dict[str, str] = {}
    missing: dict[str, str] = {}
    for page, listed in NAMES.items():
        names = listed.split()
        for name in names:
            try:
                TRIES[page](name)
            except (PellucidError, AttributeError, AssertionError, TypeError, ValueError) as fault:
                missing[f"{page}.{name}"] = " ".join(str(fault).split())[:140]
        works[page] = f"{sum(f'{page}.{name}' not in missing for name in names)} of {len(names)}"
    total = sum(len(listed.split()) for listed in NAMES.values())
    found = {"pellucid": p.__version__, "work": total - len(missing), "of": total, "by page": works, "not": missing}
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
