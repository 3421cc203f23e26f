"""Detectors of papers: how many numbers they learn, a step of each on both engines, darknet's files of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.architectures import Darknet19, Darknet53, DetNet59, ResNet50
from pellucid.data.batches import Batch
from pellucid.data.boxes.column import Placed
from pellucid.errors import ArgumentError, FileError
from pellucid.graph.graph import Graph
from pellucid.graph.summary import summarize
from pellucid.keys import Key
from pellucid.layers import Conv2D, Dense, Input
from pellucid.model import Model, weights
from pellucid.models import clone_model, load_model
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.encoded import Codec, also
from pellucid.tasks.detection.codecs.tiles import TileCodec, tiled
from pellucid.tasks.detection.darknet import Builder, load_darknet, sections_of
from pellucid.tasks.detection.kinds import KINDS
from pellucid.tasks.detection.literature import NINE
from pellucid.tasks.detection.overlap import iou
from pellucid.tasks.detection.record import codec_of
from pellucid.tasks.detection.retina import detnet_above, fpn_above, retina_above
from pellucid.tasks.detection.settings import Settings
from pellucid.tasks.detection.task import Detection
from pellucid.tasks.detection.trident import BESIDE, BRANCHES, MIDDLE, trident_net
from pellucid.tasks.detection.yolo import yolo2_above, yolo3_above
from pellucid.training.session import engine_named
from tests.architectures.small import numbers
from tests.tasks.detection.darknet_files import convolution, last, net, write_weights, yolo2_cfg, yolo3_cfg

SIZES = np.array([[8.0 + 7 * k, 60.0 - 5 * k] for k in range(10)])  # so many that every anchor has one
OBJECTS = Placed(np.concatenate([np.full((10, 2), 2.0), 2 + SIZES], axis=1), np.arange(10) % 3, np.zeros(10, bool),
                 np.arange(10) % 2, np.arange(10))  # fmt: skip


def codec_of_kind(name: str, side: int, classes: int = 3) -> Codec:
    return KINDS[name].codec((side, side), classes, OBJECTS, Settings())


@pytest.mark.parametrize(("name", "classes", "count"), [("yolov2", 20, 50_655_389), ("yolov3", 80, 61_949_149),
                                                        ("yolov3", 20, 61_626_049)])  # fmt: skip
def test_a_detector_learns_as_many_numbers_as_its_paper_has(name: str, classes: int, count: int) -> None:
    codec = codec_of_kind(name, 416, classes)
    model = KINDS[name].network((416, 416, 3), classes, codec)
    assert summarize(model.graph).trainable == count
    assert model.output_shape == (None, codec.places, codec.numbers)


def tiny_yolo2(codec: Codec) -> Model:
    below = Darknet19(include_top=False, input_shape=(64, 64, 3), width=2)
    maps = [below.get_layer("conv13_leaky").output, below.output]
    return Model(below.input, yolo2_above(maps, (64, 64, 3), 3, codec, width=2))


def tiny_yolo3(codec: Codec, side: int = 64) -> Model:
    below = Darknet53(include_top=False, input_shape=(side, side, 3), width=2)
    maps = [below.get_layer(f"stage{stage}_block{last}_add").output for stage, last in ((3, 8), (4, 8), (5, 4))]
    return Model(below.input, yolo3_above(maps, (side, side, 3), 3, codec, width=2))


def tiny_fpn(codec: Codec) -> Model:
    below = Darknet53(include_top=False, input_shape=(64, 64, 3), width=2)
    maps = [below.get_layer(f"stage{stage}_block{last}_add").output for stage, last in ((3, 8), (4, 8), (5, 4))]
    above = fpn_above if isinstance(codec, AnchorCodec) else retina_above
    return Model(below.input, above(maps, (64, 64, 3), 3, codec, filters=6))


def tiny_detnet(codec: Codec) -> Model:
    below = Darknet53(include_top=False, input_shape=(64, 64, 3), width=2)
    maps = [below.get_layer(f"stage{stage}_block{last}_add").output for stage, last in ((3, 8), (4, 6), (4, 7), (4, 8))]
    return Model(below.input, detnet_above(maps, (64, 64, 3), 3, codec, filters=6))


def tiny_trident(codec: Codec) -> Model:
    return trident_net((64, 64, 3), 3, codec, width=2, filters=6)


TINY: dict[str, Callable[[Codec], Model]] = {
    "yolov2": tiny_yolo2, "yolov3": tiny_yolo3, "fpn": tiny_fpn, "retinanet": tiny_fpn, "detnet": tiny_detnet,
    "tridentnet": tiny_trident}


@pytest.mark.parametrize("name", TINY)
def test_a_detector_takes_the_same_step_on_both_engines(name: str) -> None:
    """Every trained number has a gradient, and both engines agree on the loss and on each of them."""
    codec = codec_of_kind(name, 64)
    model = TINY[name](codec)
    problem = Detection(("ant", "bee", "cat"), (0, 1, 2), codec, form=name)
    made = also(codec.encode(OBJECTS, 2), KINDS[name].beside)
    x = {"input": np.random.default_rng(3).random((2, 64, 64, 3))}
    batch = Batch(x, {"output": made.targets}, made.weights, made.masks, np.arange(2))
    told = {}
    for engine_name in ("reference", "pytorch"):
        pytest.importorskip("torch") if engine_name == "pytorch" else None
        engine = engine_named(engine_name, "float64", "cpu")
        params, state = map(engine.put, numbers(model.graph))
        run = engine.forward(model.graph, params, state, engine.put(batch.inputs), training=True, key=Key.of(1))
        objective = problem.objective(Settings(), model.graph)
        sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
        told[engine_name] = objective.report(sums)["loss"], engine.get(found.parameters)
    assert np.isfinite(told["reference"][0]) and told["reference"][0] == pytest.approx(told["pytorch"][0], rel=1e-9)
    assert set(told["reference"][1]) == {key for key, one in model.graph.weights.items() if one.trainable}
    for key, gradient in told["reference"][1].items():
        assert gradient.any(), key
        assert np.allclose(gradient, told["pytorch"][1][key], rtol=1e-6, atol=1e-9 * np.abs(gradient).max()), key


def test_the_parts_of_pyramids_have_the_counts_that_were_worked_out() -> None:
    """Laterals and heads of the book's pyramid at C = 20; torchvision's RetinaNet at 91 classes, batch norm aside."""
    weights = KINDS["fpn"].network((416, 416, 3), 20, codec_of_kind("fpn", 416, 20)).graph.weights
    for word, count in (("lateral", 459_520), ("head_class", 2_505_535), ("head_box", 2_387_980)):
        assert sum(math.prod(one.shape) for key, one in weights.items() if key.startswith(word)) == count
    retina = KINDS["retinanet"].network((64, 64, 3), 91, codec_of_kind("retinanet", 64, 91)).graph.weights
    plain = [one for key, one in retina.items() if one.trainable and not key.endswith(("gamma", "beta"))]
    assert sum(math.prod(one.shape) for one in plain) == 34_014_999


def test_the_branches_of_trident_are_one_array_seen_at_three_widths() -> None:
    """As many numbers as the plain net of one branch; 3x3s that see 3, 5 and 7 places; the middle one predicts."""
    codec = codec_of_kind("tridentnet", 64)
    model, plain = (trident_net((64, 64, 3), 3, codec, branches=one) for one in (BRANCHES, (MIDDLE,)))
    body = ResNet50(form="torchvision", classes=2).graph.weights
    shapes = {key: one.shape for key, one in model.graph.weights.items()}
    assert shapes == {key: one.shape for key, one in plain.graph.weights.items()}
    assert {key: shapes[key] for key in shapes if not key.startswith("head_")} == {
        key: one.shape for key, one in body.items() if not key.startswith(("layer4", "fc"))}
    rows = {row.name: row for row in summarize(model.graph).rows}
    seen = {}
    for gaps, word in ((1, ", dilation 1"), (2, ""), (3, ", dilation 3")):
        row = rows[f"layer3_1_conv2{word}"]
        assert row.receptive_field is not None and rows["layer3_1_conv1"].receptive_field is not None
        seen[gaps] = (row.receptive_field[0] - rows["layer3_1_conv1"].receptive_field[0]) // 16 + 1
    assert seen == {1: 3, 2: 5, 3: 7}
    assert model.output_shape == plain.output_shape == (None, codec.places, 7)
    assert model.graph.training_only == BESIDE and Graph.from_json(model.graph.to_json()) == model.graph


def test_only_the_middle_branch_predicts_and_it_is_the_plain_net(tmp_path: Path) -> None:
    codec = codec_of_kind("tridentnet", 64)
    model, plain = (trident_net((64, 64, 3), 3, codec, 2, 6, branches=one) for one in (BRANCHES, (MIDDLE,)))
    plain.set_weights(model.get_weights())
    x = np.random.default_rng(4).random((1, 64, 64, 3)).astype(np.float32)
    model.save(tmp_path / "trident.safetensors")
    assert np.allclose(model.predict(x), plain.predict(x), atol=1e-6)
    assert np.array_equal(load_model(tmp_path / "trident.safetensors").predict(x), model.predict(x))


def test_a_call_with_a_dilation_of_its_own_is_the_layer_with_it() -> None:
    conv, other = Conv2D(3, 3, padding="same", dilation_rate=2), Conv2D(3, 3, padding="same", dilation_rate=3)
    image = Input((9, 8, 2))
    model = Model(image, [conv(image), conv(image, dilation_rate=3)])
    same = Model(image, other(image))
    other.set_weights(conv.get_weights())
    x = np.random.default_rng(1).random((2, 9, 8, 2)).astype(np.float32)
    own, wide = model.predict(x)
    assert np.allclose(wide, same.predict(x), atol=1e-6) and np.abs(own - wide).max() > 1e-3
    again = clone_model(model)
    again.set_weights(model.get_weights())
    assert np.array_equal(again.predict(x)[1], wide)
    torch = pytest.importorskip("torch")
    told = model.to_torch()(torch.from_numpy(x.transpose(0, 3, 1, 2)))
    for one, mine in zip(told.values(), (own, wide), strict=True):
        assert np.allclose(one.detach().numpy().transpose(0, 2, 3, 1), mine, atol=1e-5)
    with pytest.raises(ArgumentError, match="dilation_rate of a call must be a whole number >= 1, but it is 0"):
        conv(image, dilation_rate=0)
    with pytest.raises(ArgumentError, match="arguments of a call must be the inputs, and training, but"):
        Dense(2)(image, dilation_rate=2)


def test_the_last_stages_of_detnet_stay_at_16_pixels_and_see_ever_more() -> None:
    body = DetNet59(input_shape=(64, 96, 3), classes=2)
    shapes = [body.get_layer(f"layer{stage}_{last}_out").output.sizes for stage, last in
              ((1, 2), (2, 3), (3, 5), (4, 2), (5, 2))]  # fmt: skip
    assert shapes == [(16, 24, 256), (8, 12, 512), (4, 6, 1024), (4, 6, 1024), (4, 6, 1024)]
    rows = {row.name: row for row in summarize(body.graph).rows}
    before, after = (rows[f"layer4_0_{word}"].receptive_field for word in ("conv1", "conv2"))
    assert before is not None and after is not None and after[0] - before[0] == 4 * 16  # 5x5 places, two apart


def test_tiled_anchors_learn_what_they_cover_and_give_it_back() -> None:
    codec = TileCodec((64, 96), 3, (8, 16, 32), tuple(tiled(4.0 * stride) for stride in (8, 16, 32)))
    corners = np.array([[2.0, 3, 40, 30], [50, 8, 92, 60], [10, 40, 14, 60], [50, 8, 92, 50]])
    crowd, picture = np.array([False, False, False, True]), np.array([0, 0, 1, 1])
    placed = Placed(corners, np.array([0, 1, 2, 0]), crowd, picture, np.arange(4))
    made = codec.encode(placed, 2)
    tiles = codec.rows
    shared = iou(np.concatenate([tiles[:, :2] - tiles[:, 2:] / 2, tiles[:, :2] + tiles[:, 2:] / 2], 1), corners)
    most, learns = shared[:, :2].max(axis=1), made.masks["box"][0]
    assert learns[most >= 0.5].all() and (most[learns] >= 0.5).sum() >= learns.sum() - 2  # those that cover one most
    between = (most >= 0.4) & (most < 0.5) & ~learns
    assert between.any() and not made.masks["class"][0][between].any() and made.masks["class"][0][most < 0.4].all()
    near = (shared[:, 3] > 0.3) & ~made.masks["box"][1]
    assert near.any() and not made.masks["class"][1][near].any()
    for number in (0, 1):
        told = codec.decode(codec.sure(made.targets[number]), 0.5)
        for row in np.flatnonzero((picture == number) & ~crowd):
            far = np.abs(told.boxes[told.classes == placed.classes[row]] - corners[row]).max(axis=1)
            assert far.min() < 1e-3
        assert len(told.scores) == made.masks["box"][number].sum()
    assert not np.any(codec.lost(placed)) and codec_of(codec.record()) == codec


def test_the_cfg_of_v2_is_the_network_of_its_paper(tmp_path: Path) -> None:
    (tmp_path / "v2.cfg").write_text(yolo2_cfg(32, 20, 416, [(1.3, 1.7), (3.2, 4.0), (5.1, 8.1), (9.5, 4.8), (11, 10)]))
    model, codec = Builder("v2.cfg").build(sections_of(str(tmp_path / "v2.cfg")), 20)
    assert summarize(model.graph).trainable == 50_655_389 and codec.exclusive
    assert codec.anchors[0][0] == (1.3 * 32, 1.7 * 32) and codec.strides == (32,)


def test_reorg_is_darknets_loop(tmp_path: Path) -> None:
    """Held to the loop of src/blas.c, which reads one order of numbers in another."""
    (tmp_path / "x.cfg").write_text("[net]\nheight=4\nwidth=6\nchannels=8\n[reorg]\nstride=2\n")
    builder = Builder("x.cfg")
    image = Input((4, 6, 8))
    model = Model(image, builder.make_reorg(image, 1, {"stride": "2"}))
    x = np.random.default_rng(0).random((1, 4, 6, 8)).astype(np.float32)
    given, expected = x[0].transpose(2, 0, 1).ravel(), np.empty(8 * 4 * 6, np.float32)
    for k, j, i in np.ndindex(8, 4, 6):
        offset, row = k // 2, 2 * j + (k // 2) // 2
        expected[i + 6 * (j + 4 * k)] = given[2 * i + offset % 2 + 12 * (row + 8 * (k % 2))]
    assert np.array_equal(model.predict(x)[0].transpose(2, 0, 1).ravel(), expected)


def in_darknets_order(model: Model) -> list[dict[str, np.ndarray]]:
    """The convolutions of a tiny v3 as its .cfg lists them, those of a cell's three words as one."""
    values, found = model.weights_by_key(), []
    names = [layer.name for layer in Darknet53(include_top=False).layers if f"{layer.name}/kernel" in values]
    for stride in (32, 16, 8):
        names += [f"narrow{stride}"] * (stride != 32)
        names += [f"at{stride}_{number}" for number in range(1, 6)] + [f"head{stride}", f"cell{stride}"]
    for name in names:
        if name.startswith("cell"):
            words = [f"{name}_{word}" for word in ("box", "object", "class")]
            parts = [[np.split(values[f"{word}/{kind}"], 3, axis=-1) for word in words] for kind in ("kernel", "bias")]
            kernel, bias = (np.concatenate([one[k] for k in range(3) for one in part], axis=-1) for part in parts)
            found.append({"kernel": kernel, "bias": bias})
            continue
        spread = (np.sqrt(values[f"{name}_bn/moving_variance"] + 1e-5) - 1e-6) ** 2  # darknet adds to the root
        found.append({"kernel": values[f"{name}/kernel"], "moving_variance": spread, **{
            word: values[f"{name}_bn/{word}"] for word in ("beta", "gamma", "moving_mean")}})
    return found


def test_darknets_files_of_v3_give_what_the_network_by_name_gives(tmp_path: Path) -> None:
    side, anchors = 96, tuple(NINE[k : k + 3] for k in (0, 3, 6))
    model = tiny_yolo3(AnchorCodec((side, side), 3, (8, 16, 32), anchors), side)
    params, state = numbers(model.graph)
    state = {key: np.abs(value) + 0.5 if key.endswith("variance") else value for key, value in state.items()}
    weights.take(model.built, "test", {**params, **state})
    (tmp_path / "v3.cfg").write_text(yolo3_cfg(2, 3, side, NINE))
    (tmp_path / "names").write_text("ant\nbee\ncat\n")
    write_weights(tmp_path / "v3.weights", in_darknets_order(model))
    read = load_darknet(tmp_path / "v3.cfg", tmp_path / "v3.weights", tmp_path / "names")
    assert summarize(read.graph).trainable == summarize(model.graph).trainable
    x = np.random.default_rng(2).random((2, side, side, 3)).astype(np.float32)
    ours, theirs = model.predict(x), read.predict(x)
    coarse, middle, fine = np.split(theirs, [27, 27 + 108], axis=1)  # darknet begins with the coarsest map
    assert np.allclose(ours, np.concatenate([fine, middle, coarse], axis=1), atol=1e-4 * np.abs(ours).max())


TINY_CFG = net(16) + convolution(2, 3, 2) + last(7) + "[yolo]\nmask=0\nanchors=3,4\nclasses=2\nnum=1\n"


@pytest.mark.parametrize(("old", "new", "said"), [
    ("filters=2", "filters=-3", "x.cfg: line 5: Conv2D: filters must be"),
    ("height=16", "height=0", "x.cfg: line 1: pictures must be red, green and blue, of 1x1 pixels at least"),
    ("channels=3", "channels=1", "x.cfg: line 1: pictures must be red, green and blue"),
    ("height=16", "height=17", "x.cfg: line 18: pictures of 17x16 come to 9x8 places that are no squares"),
    ("anchors=3,4", "anchors=-3,4", "7 filters come before it, but 0 anchors"),
])  # fmt: skip
def test_a_cfg_that_makes_no_sense_is_refused_by_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "x.cfg").write_text(TINY_CFG.replace(old, new, 1))
    with pytest.raises(FileError, match=said):
        Builder("x.cfg").build(sections_of(str(tmp_path / "x.cfg")), 2)


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -1.0])
def test_weights_that_no_training_leaves_are_refused(tmp_path: Path, spoilt: float) -> None:
    """The eighth number is a variance, which is above 0."""
    (tmp_path / "x.cfg").write_text(TINY_CFG)
    (tmp_path / "names").write_text("ant\nbee\n")
    values = np.ones(83, "<f4")
    head = np.array([0, 2, 0, 0, 0], "<i4").tobytes()
    words = [tmp_path / name for name in ("x.cfg", "x.weights", "names")]
    words[1].write_bytes(head + values.tobytes())
    assert load_darknet(*words).count_params() == 83
    values[7] = spoilt
    words[1].write_bytes(head + values.tobytes())
    with pytest.raises(FileError, match="conv0_bn/moving_variance has numbers that are not finite, or"):
        load_darknet(*words)
