"""Every loss and penalty against central differences: fused, from logits, from probabilities; weighted and masked."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.engines.protocol import Batch, Objective, Term
from pellucid.engines.reference import losses
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.graph.traced import TracedLoss
from pellucid.spec.box_losses import BinaryFocalCrossentropy, EdgeIoU, HeatmapFocalCrossentropy
from pellucid.spec.composed_losses import (
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    ComposedLoss,
    CosineSimilarity,
    Dice,
    Hinge,
    KLDivergence,
    LogCosh,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Poisson,
    SquaredHinge,
    Tversky,
)
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.losses import (
    LOSSES,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    Huber,
    LossSpec,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
    SparseCategoricalFocalCrossentropy,
)
from pellucid.spec.regularizers import L1, L1L2, L2, Regularizer
from pellucid.spec.reshaping import Flatten, InputLayer
from tests.gradient.checking import Point, check_objective, draw

L = Layer.of
N, K = 5, 4

# (loss, the activation before it): softmax and sigmoid are fused; sigmoid before a softmax loss is not, nor is tanh
PAIRS = [
    (SparseCategoricalCrossentropy(), "softmax"),
    (SparseCategoricalCrossentropy(from_logits=True), "linear"),
    (SparseCategoricalCrossentropy(), "sigmoid"),
    (CategoricalCrossentropy(), "softmax"),
    (CategoricalCrossentropy(label_smoothing=0.2), "softmax"),
    (CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), "linear"),
    (CategoricalCrossentropy(label_smoothing=0.1), "sigmoid"),
    (CategoricalFocalCrossentropy(), "softmax"),
    (CategoricalFocalCrossentropy(0.7, 1.3, from_logits=True), "linear"),
    (CategoricalFocalCrossentropy(0.7, 3.0, label_smoothing=0.1), "sigmoid"),
    (SparseCategoricalFocalCrossentropy(), "softmax"),
    (SparseCategoricalFocalCrossentropy(0.7, 1.3, from_logits=True), "linear"),
    (SparseCategoricalFocalCrossentropy(0.7, 3.0), "sigmoid"),
    (BinaryCrossentropy(), "sigmoid"),
    (BinaryCrossentropy(from_logits=True, label_smoothing=0.1), "tanh"),
    (BinaryCrossentropy(), "softmax"),
    (MeanSquaredError(), "linear"),
    (MeanAbsoluteError(), "tanh"),
    (Huber(), "linear"),
    (Huber(0.3), "tanh"),
    (BinaryFocalCrossentropy(), "sigmoid"),
    (BinaryFocalCrossentropy(True, 0.7, 1.3, from_logits=True), "linear"),
    (BinaryFocalCrossentropy(gamma=3.0, label_smoothing=0.1), "softmax"),
    (HeatmapFocalCrossentropy(), "linear"),
    (HeatmapFocalCrossentropy(1.5, 3.0), "tanh"),
    (EdgeIoU(), "linear"),
    (EdgeIoU(generalized=False), "tanh"),
    (EdgeIoU(logarithms=0.3), "linear"),
    (MeanAbsolutePercentageError(), "linear"),
    (MeanSquaredLogarithmicError(), "sigmoid"),
    (CosineSimilarity(), "linear"),
    (LogCosh(), "linear"),
    (Hinge(), "tanh"),
    (SquaredHinge(), "linear"),
    (CategoricalHinge(), "linear"),
    (KLDivergence(), "softmax"),
    (Poisson(), "sigmoid"),
    (Dice(), "sigmoid"),
    (Tversky(0.3, 0.8), "sigmoid"),
    (CategoricalGeneralizedCrossEntropy(), "softmax"),
]
OWN = [  # another test registers its own
    owner for owner in LOSSES if owner.__module__.startswith("pellucid.") and owner is not TracedLoss
]
WRITTEN = [owner for owner in OWN if not issubclass(owner, ComposedLoss)]
EXTRAS = {"plain": (False, False), "weighted": (True, False), "masked": (False, True), "both": (True, True)}


def labels(loss: LossSpec, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Class numbers, distributions, yes and no, or numbers that keep errors away from Huber's and |e|'s kinks."""
    if isinstance(loss, HeatmapFocalCrossentropy):
        return np.where(random.random(shape) < 0.3, 1.0, random.uniform(0, 0.9, shape))
    if isinstance(loss, EdgeIoU):
        return random.uniform(0.2, 6, shape)
    if loss.labels == "index":
        return random.integers(0, shape[-1], shape[:-1])
    if loss.fuses == "Softmax" or isinstance(loss, KLDivergence):
        return random.dirichlet(np.ones(shape[-1]), shape[:-1])
    if loss.fuses == "Sigmoid":
        return random.integers(0, 2, shape).astype(float)
    return random.normal(0, 2, shape)


def batch_of(
    target: np.ndarray, weighted: bool, masked: bool, random: np.random.Generator, name: str = "output"
) -> Batch:
    """A batch with sample weights, or with every third label missing, or both."""
    weights = {name: random.uniform(0.2, 3, len(target))} if weighted else {}
    masks = {name: np.arange(len(target)) % 3 != 1} if masked else {}
    return SimpleNamespace(inputs={}, targets={name: target}, weights=weights, masks=masks)


def dense(activation: str, penalty: Regularizer | None = None) -> Graph:
    x = L(InputLayer((3,)))(())
    return build([x], [L(Dense(K, activation, kernel_regularizer=penalty))(x)]).graph


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS)
@pytest.mark.parametrize(("loss", "activation"), PAIRS, ids=lambda value: repr(value).replace(" ", ""))
def test_the_gradient_of_a_loss_is_its_derivative(loss: LossSpec, activation: str, extra: tuple[bool, bool]) -> None:
    random = np.random.default_rng(3)
    point = draw(dense(activation), batch=N)
    batch = batch_of(labels(loss, random, (N, K)), *extra, random)
    worst = check_objective(point, Objective((Term("output", loss, 0.7),)), batch)[0]
    assert worst.error < 1e-6, worst


def test_every_loss_is_among_them() -> None:
    assert set(OWN) - {type(loss) for loss, _ in PAIRS} == set()


def test_a_loss_on_each_pixel_of_a_map() -> None:
    """Labels (N,H,W): further axes count as samples."""
    x = L(InputLayer((3, 2, 4)))(())
    graph = build([x], [L(Conv2D(K, 1, activation="softmax"))(x)]).graph
    random = np.random.default_rng(3)
    batch = batch_of(random.integers(0, K, (N, 3, 2)), True, True, random)
    loss = Objective((Term("output", SparseCategoricalCrossentropy()),))
    worst = check_objective(draw(graph, batch=N), loss, batch)[0]
    assert worst.error < 1e-6, worst


@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3), L1L2(0.2, 0.5)], ids=repr)
def test_a_penalty_adds_its_derivative(penalty: Regularizer) -> None:
    random = np.random.default_rng(3)
    point = draw(dense("softmax", penalty), batch=N)
    point.params["dense/kernel"][:] += np.sign(point.params["dense/kernel"]) * 0.01  # |w| has a kink at zero
    batch = batch_of(random.integers(0, K, N), True, True, random)
    worst = check_objective(point, Objective((Term("output", SparseCategoricalCrossentropy()),)), batch)[0]
    assert worst.error < 1e-6, worst


def test_a_shared_weight_pays_its_penalty_once() -> None:
    x = L(InputLayer((K,)))(())
    layer = L(Dense(K, "tanh", kernel_regularizer=L2(0.4), bias_regularizer=L1(0.2)))
    point = draw(build([x], [layer(layer(x))]).graph, batch=N)
    random = np.random.default_rng(3)
    batch = batch_of(random.normal(size=(N, K)), False, False, random)
    worst = check_objective(point, Objective((Term("output", MeanSquaredError()),)), batch)[0]
    assert worst.error < 1e-6, worst


def test_parts_of_one_output_read_columns_weights_and_masks_of_their_own() -> None:
    random = np.random.default_rng(3)
    x = L(InputLayer((3, 2, 4)))(())
    point = draw(build([x], [L(Conv2D(6, 1))(x)]).graph, batch=N)
    target = np.concatenate([random.integers(0, 2, (N, 3, 2, 2)), random.uniform(0.2, 6, (N, 3, 2, 4))], -1)
    batch = SimpleNamespace(
        inputs={}, targets={"output": target}, weights={"edges": random.uniform(0.2, 3, (N, 3, 2))},
        masks={"class": random.random((N, 3)) < 0.6, "edges": random.random((N, 3, 2)) < 0.5},
    )
    terms = (Term("output", BinaryFocalCrossentropy(from_logits=True), 0.5, part="class", columns=(0, 2)),
             Term("output", EdgeIoU(), 2.0, part="edges", columns=(2, 6)))
    worst = check_objective(point, Objective(terms), batch)[0]
    assert worst.error < 1e-6, worst


def two_heads() -> Point:
    x = L(InputLayer((4, 3, 2)))(())
    trunk = L(Dense(6, "tanh", kernel_regularizer=L2(0.1)))(L(Flatten())(L(Conv2D(3, 2, activation="elu"))(x)))
    kind, size = L(Dense(K, "softmax"), "kind")(trunk), L(Dense(1), "size")(trunk)
    return draw(build([x], [kind, size]).graph, batch=N)


def test_several_outputs_with_several_losses_weights_and_masks() -> None:
    random = np.random.default_rng(3)
    first = batch_of(random.integers(0, K, N), True, True, random, "kind")
    second = batch_of(random.normal(0, 2, N), False, True, random, "size")
    batch = SimpleNamespace(
        inputs={}, targets=first.targets | second.targets, weights=first.weights, masks=first.masks | second.masks
    )
    terms = (Term("kind", CategoricalFocalCrossentropy(), 0.5), Term("size", MeanSquaredError(), 2.0))
    batch.targets["kind"] = np.eye(K)[batch.targets["kind"]]
    worst = check_objective(two_heads(), Objective(terms), batch)[0]
    assert worst.error < 1e-6, worst


@pytest.mark.parametrize("owner", WRITTEN, ids=lambda owner: owner.__name__)
def test_a_planted_fault_in_a_loss_is_reported(owner: type[LossSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivative of one class is off by a thousandth."""
    loss, activation = next(pair for pair in PAIRS if type(pair[0]) is owner)
    right = losses.LOSSES[owner]

    def spoilt(*arguments):
        value, slope = right(*arguments)
        slope[..., 1] *= 1.001
        return value, slope

    random = np.random.default_rng(3)
    batch = batch_of(labels(loss, random, (N, K)), True, True, random)
    monkeypatch.setitem(losses.LOSSES, owner, spoilt)
    worst = check_objective(draw(dense(activation), batch=N), Objective((Term("output", loss),)), batch)[0]
    assert worst.error > 1e-5, worst


@pytest.mark.parametrize("loss", [MeanSquaredError(), MeanAbsoluteError(), Huber(0.3)], ids=["squared", "abs", "huber"])
def test_scales_are_passed_through(loss: LossSpec) -> None:
    random = np.random.default_rng(3)
    batch = batch_of(random.normal(size=(N, K)), True, True, random)
    objective = Objective((Term("output", loss, 0.7, scales=(0.5, 30.0, 2.0, 7.0)),))
    worst = check_objective(draw(dense("linear"), batch=N), objective, batch)[0]
    assert worst.error < 1e-6, worst
