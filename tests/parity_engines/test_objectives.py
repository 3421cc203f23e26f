"""Every loss, metric and penalty on both engines: fused, from logits, from probabilities; weighted and masked."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.engines.pytorch.losses import LOSSES as TORCH_LOSSES
from pellucid.spec.composed_losses import Dice, LogCosh
from pellucid.spec.losses import (
    METRICS,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    Huber,
    LossSpec,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from pellucid.spec.regularizers import L1L2
from tests.gradient.checking import draw
from tests.gradient.test_losses import EXTRAS, PAIRS, K, N, batch_of, dense, labels, two_heads
from tests.parity_engines.comparing import compare_objective
from tests.spec.samples import arguments_of


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS)
@pytest.mark.parametrize(("loss", "activation"), PAIRS, ids=lambda value: repr(value).replace(" ", ""))
def test_a_loss_is_the_same_on_both_engines(
    loss: LossSpec, activation: str, extra: tuple[bool, bool], precision: str
) -> None:
    random = np.random.default_rng(3)
    batch = batch_of(labels(loss, random, (N, K)), *extra, random)
    point = draw(dense(activation, L1L2(0.2, 0.5)), batch=N)
    compare_objective(point, Objective((Term("output", loss, 0.7),)), batch, precision)


def test_several_outputs_with_several_losses() -> None:
    random = np.random.default_rng(3)
    batch = batch_of(np.eye(K)[random.integers(0, K, N)], True, True, random, "kind")
    size = batch_of(random.normal(0, 2, N), False, True, random, "size")
    batch.targets.update(size.targets)
    batch.masks.update(size.masks)
    terms = (Term("kind", CategoricalFocalCrossentropy(), 0.5), Term("size", MeanSquaredError(), 2.0))
    compare_objective(two_heads(), Objective(terms), batch, "float64")


@pytest.mark.parametrize("loss", [MeanSquaredError(), LogCosh(), Dice()], ids=lambda loss: loss.name)
def test_a_missing_label_may_hold_anything(loss: LossSpec) -> None:
    random = np.random.default_rng(3)
    batch = batch_of(random.normal(size=(N, K)), False, True, random)
    batch.targets["output"][~batch.masks["output"]] = np.nan
    objective = Objective((Term("output", loss),))
    compare_objective(draw(dense("linear"), batch=N), objective, batch, "float64")


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "metric", [owner for owner in METRICS if not owner.of_values], ids=lambda owner: owner.__name__
)
def test_a_metric_is_the_same_on_both_engines(metric, masked: bool) -> None:
    random = np.random.default_rng(4)
    sparse = "Sparse" in metric.__name__ or metric.__name__ in ("IoU", "MeanIoU")
    target = random.integers(0, K, 40) if sparse else np.eye(K)[random.integers(0, K, 40)]
    loss = SparseCategoricalCrossentropy() if sparse else CategoricalCrossentropy()
    own = {"num_classes": K, "sparse_y_pred": False} if "num_classes" in arguments_of(metric) else {}
    spec = metric(k=2) if "TopK" in metric.__name__ else metric(**arguments_of(metric) | own)
    objective = Objective((Term("output", loss),), (Measure("output", spec, "watched"),))
    compare_objective(draw(dense("softmax"), batch=40), objective, batch_of(target, False, masked, random), "float64")


def test_a_planted_difference_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    batch = batch_of(random.normal(size=(N, K)), False, False, random)
    right = TORCH_LOSSES[MeanSquaredError]
    monkeypatch.setitem(TORCH_LOSSES, MeanSquaredError, lambda *given: right(*given) * (1 + 1e-8))
    with pytest.raises(AssertionError, match="sum loss:output"):
        compare_objective(
            draw(dense("linear"), batch=N), Objective((Term("output", MeanSquaredError()),)), batch, "float64"
        )


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS)
@pytest.mark.parametrize("loss", [MeanSquaredError(), Huber(0.3)], ids=["squared", "huber"])
def test_scales_are_the_same_on_both_engines(loss: LossSpec, extra: tuple[bool, bool]) -> None:
    random = np.random.default_rng(3)
    batch = batch_of(random.normal(size=(N, K)), *extra, random)
    objective = Objective((Term("output", loss, 0.7, scales=(0.5, 30.0, 2.0, 7.0)),))
    compare_objective(draw(dense("linear"), batch=N), objective, batch, "float64")
