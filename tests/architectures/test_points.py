"""The networks of points: their maps, their losses after every module, and one step of both engines."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from pellucid.architectures import FacePoints, Hourglass, OpenPose
from pellucid.architectures.names import NAMES, OF_POINTS, architecture, smallest
from pellucid.data.batches import Batch
from pellucid.engines.protocol import Objective, Term
from pellucid.errors import ArgumentError, ShapeError, UsageError
from pellucid.graph.resizing import resized, same_weights
from pellucid.graph.summary import summarize
from pellucid.keys import Key
from pellucid.models import Model
from pellucid.runs.networks import in_words
from pellucid.spec.losses import MeanSquaredError
from pellucid.training.session import engine_named
from pellucid.using.opening import network_named
from tests.architectures.small import numbers

JOINTS = 3


def step(model: Model, engine_name: str, joints: tuple[int, ...]) -> tuple[float, dict[str, np.ndarray]]:
    """The loss of all outputs, each as heavy, and its gradients in float64."""
    random = np.random.default_rng(5)
    params, state = numbers(model.graph)
    engine = engine_named(engine_name, "float64", None)
    x = random.normal(size=(2, *model.input_shape[1:]))
    names = [name for name, _ in model.graph.outputs]
    targets = {names[0]: random.normal(size=(2, *joints))}
    objective = Objective(tuple(Term(name, MeanSquaredError(), shares=names[0]) for name in names))
    batch = Batch({"input": x}, targets, {}, {}, np.arange(2))
    run = engine.forward(model.graph, engine.put(params), engine.put(state), engine.put(batch.inputs), training=True,
                         key=Key.of(1))  # fmt: skip
    sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
    return objective.report(sums)["loss"], engine.get(found.parameters)


@pytest.mark.parametrize("model, answer", [
    (Hourglass(stacks=2, width=8, classes=JOINTS, input_shape=(128, 64, 2)), (32, 16, JOINTS)),
    (FacePoints(), (10,)),
    (OpenPose(stages=2, classes=JOINTS, input_shape=(16, 8, 2)), (2, 1, JOINTS)),
], ids=["hourglass", "face", "openpose"])  # fmt: skip
def test_both_engines_take_the_same_step(model: Model, answer: tuple[int, ...]) -> None:
    loss, gradients = step(model, "reference", answer)
    other, others = step(model, "pytorch", answer)
    assert np.isfinite(loss) and abs(loss - other) < 1e-9 * loss
    assert set(gradients) == set(others) == {key for key, one in model.graph.weights.items() if one.trainable}
    largest = max(np.abs(one).max() for one in others.values())
    for key, gradient in gradients.items():
        assert gradient.any() or "0_conv/bias" in key, key
        assert np.abs(gradient - others[key]).max() < 1e-9 * largest, key


def test_the_maps_are_a_quarter_as_wide_and_every_module_has_its_own() -> None:
    model = Hourglass(stacks=4)
    assert model.output_shape == (None, 64, 64, 16)  # of the last module alone
    assert model.graph.training_only == ("stack1_maps", "stack2_maps", "stack3_maps")
    rows = [row.name for row in summarize(model.graph).rows if row.kind == "Add"]
    for number in range(1, 5):
        blocks = [name for name in rows if name.startswith(f"stack{number}_")
                  and name.endswith(("side_out", "down_out", "middle_out", "up_out"))]  # fmt: skip
        assert len(blocks) == 13
    sizes = {row.output_shape for row in summarize(model.graph).rows if "level1_pool" in row.name}
    assert sizes == {"(N, 4, 4, 256)"}


def test_supervision_inside_is_left_out_on_request() -> None:
    plain = Hourglass(stacks=2, supervised=False)
    assert plain.graph.training_only == () and plain.output_shape == (None, 64, 64, 16)
    assert plain.count_params() == Hourglass(stacks=2).count_params()


def test_predictions_are_the_last_modules_maps() -> None:
    model = Hourglass(stacks=2, width=16, classes=JOINTS, input_shape=(64, 64, 1))
    x = np.random.default_rng(1).normal(size=(2, 64, 64, 1)).astype(np.float32)
    found = model.predict(x, verbose=0)
    assert found.shape == (2, 16, 16, JOINTS)
    last = Model(model.input, model.get_layer("stack2_maps").output)
    np.testing.assert_array_equal(found, last.predict(x, verbose=0))


@pytest.mark.parametrize("side", [32, 96, 100, 255])
def test_sides_that_are_no_multiple_of_64_are_refused(side: int) -> None:
    with pytest.raises(ShapeError, match=re.escape(f"multiples of 64, but it is 128 x {side}")):
        Hourglass(stacks=1, input_shape=(128, side, 3))
    with pytest.raises(UsageError, match=r"--model hourglass: .*from 64x64 on: --resize 64x64"):
        architecture("hourglass", (side, side, 3), 14)
    assert smallest(OF_POINTS["hourglass"]) == 64


def test_the_same_weights_serve_larger_pictures() -> None:
    graph = Hourglass(stacks=1, input_shape=(64, 64, 3)).graph
    assert same_weights(graph, resized(graph, (128, 192, 3)))


@pytest.mark.parametrize("options, wanted", [
    ({"stacks": 0}, "stacks must be an integer >= 1"), ({"stacks": True}, "stacks must be an integer >= 1"),
    ({"width": 100}, "width must be a multiple of 8"), ({"width": 0}, "width must be a multiple of 8"),
], ids=str)  # fmt: skip
def test_another_number_of_modules_or_maps_is_refused(options: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ArgumentError, match=f"Hourglass: {wanted}"):
        Hourglass(**options)


def test_the_plain_network_is_that_of_the_table() -> None:
    rows = {row.name: row for row in summarize(FacePoints().graph).rows}
    names = ("conv1", "pool1", "conv2", "pool2", "conv3", "pool3", "conv4", "fc5")
    assert [rows[name].output_shape for name in names] == [
        "(N, 36, 36, 16)", "(N, 18, 18, 16)", "(N, 16, 16, 48)", "(N, 8, 8, 48)", "(N, 6, 6, 64)", "(N, 3, 3, 64)",
        "(N, 2, 2, 64)", "(N, 100)"]  # fmt: skip
    counts = [rows[name].parameters for name in ("conv1", "conv2", "conv3", "conv4", "fc5", "points")]
    assert counts == [1_216, 6_960, 27_712, 16_448, 25_700, 1_010]
    features = FacePoints(include_top=False)
    assert features.output_shape == (None, 100)
    assert features.predict(np.random.default_rng(0).normal(size=(4, 40, 40, 3)), verbose=0).min() >= 0  # |tanh|


def test_a_network_of_points_is_known_to_summary_and_refused_to_classes() -> None:
    assert not in_words("hourglass-2")
    assert network_named("Hourglass_2", None, None, "relu").count_params() == Hourglass(stacks=2).count_params()
    with pytest.raises(UsageError, match="--model hourglass-2 answers with points, which these data do not mark"):
        architecture("hourglass-2", (64, 64, 3), 10, names=NAMES)


def test_stages_see_the_features_with_what_the_one_before_said() -> None:
    model = OpenPose(stages=3, classes=44, fields=30, input_shape=(64, 80, 3))
    assert model.output_shape == (None, 8, 10, 44) and model.graph.training_only == ("stage1", "stage2")
    rows = {row.name: row.output_shape for row in summarize(model.graph).rows}
    assert rows["stage2_on"] == "(N, 8, 10, 172)" and rows["stage3_fields_out"] == "(N, 8, 10, 30)"
    assert OpenPose().output_shape == (None, 46, 82, 57)  # of pictures of 368 x 656: 654 is no multiple of 8


@pytest.mark.parametrize("options, wanted", [
    ({"stages": 0}, "stages must be an integer >= 1"), ({"fields": 3}, "fields must be two a limb"),
    ({"fields": 57}, "fewer than all 57 outputs"),
], ids=str)  # fmt: skip
def test_other_stages_and_fields_are_refused(options: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ArgumentError, match=f"OpenPose: .*{wanted}"):
        OpenPose(**options)
    with pytest.raises(ShapeError, match="multiples of 8, but it is 368 x 654"):
        OpenPose(input_shape=(368, 654, 3))
