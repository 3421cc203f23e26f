"""How points are written: what is written comes back, hills are as they are defined, mirrors undo themselves (H30)."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.batches import Batch
from pellucid.data.points.column import Points, around
from pellucid.data.points.usual import FACE5
from pellucid.engines.protocol import Objective
from pellucid.engines.reference.engine import ReferenceEngine
from pellucid.graph.vocabulary import Activation, Input
from pellucid.model import Model
from pellucid.spec.losses import CategoricalCrossentropy
from pellucid.tasks.keypoints.codecs.coordinates import Coordinates
from pellucid.tasks.keypoints.codecs.encoded import Codec
from pellucid.tasks.keypoints.codecs.heatmaps import HeatMaps
from pellucid.tasks.keypoints.codecs.peaks import taylor
from pellucid.tasks.keypoints.codecs.simcc import SimCC
from pellucid.tasks.keypoints.evaluation import Yardsticks
from pellucid.tasks.keypoints.task import Keypoints, unit_of

SIZE, K, MAPS = (40, 56), 5, (10, 14)
WITHIN = {"peak": 0.5, "quarter": 0.25, "taylor": 1e-4, "mean": 0.02, "window": 0.1}  # pixels of a map


def scattered(border: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Points (30,K,2) anywhere in the input, `border` pixels from its edges, and which are marked."""
    random = np.random.default_rng(3)
    width, height = SIZE[1], SIZE[0]
    xy = np.stack(
        [random.uniform(border, width - border, (30, K)), random.uniform(border, height - border, (30, K))], axis=-1)
    return xy, random.random((30, K)) < 0.8


def back(codec: Codec, xy: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """What is read of what was written, less the truth, of the points that are marked (M,2)."""
    made = codec.encode(xy, inside)
    found, sure = codec.decode(codec.sure(made.targets))
    assert sure.min() >= 0 and sure.max() <= 1 and sure[inside].min() > 0.75  # exp(-1/4) between pixels
    return np.asarray((found - xy)[inside])


def test_coordinates_come_back_to_a_millionth() -> None:
    codec = Coordinates(SIZE, K)
    assert np.abs(back(codec, *scattered()) / (SIZE[1], SIZE[0])).max() < 1e-6


@pytest.mark.parametrize("loss", ["mse", "crossentropy"])
@pytest.mark.parametrize("way", WITHIN)
def test_points_come_back_from_their_maps(loss: str, way: str) -> None:
    """To half a pixel by its place alone, a quarter with the shift, exactly by Taylor; means want room for the hill."""
    codec = HeatMaps(SIZE, K, MAPS, 1.0, loss, way)
    away = back(codec, *scattered(16.0 if way in ("mean", "window") else 0.0)) / codec.pixel
    assert np.abs(away).max() <= WITHIN[way] + 1e-9
    assert way != "quarter" or np.abs(away).max() > 0.2  # the bound is near


def test_windows_and_scores_are_those_of_sums_pixel_by_pixel() -> None:
    """Maps that are not square, of noise, so that windows lie over edges and answers off the largest pixel."""
    height, width = MAPS
    codec = HeatMaps(SIZE, K, MAPS)
    outputs = np.random.default_rng(3).normal(0, 3, (2, K, height * width)).astype(np.float32)
    outputs[0, 0] += 30 * (np.arange(height * width) == width - 1)                      # a corner's
    xy, sure = codec.decode(outputs)
    for found, score, logs in zip(xy.reshape(-1, 2), sure.ravel(), outputs.reshape(-1, height, width), strict=True):
        row, column = (int(place[0]) for place in np.nonzero(logs == logs.max()))
        y, x = np.indices(MAPS)
        shares = np.exp(logs.astype(np.float64) - logs.max())
        window = shares * (abs(y - row) <= 3) * (abs(x - column) <= 3)
        at = np.array([(window * x).sum(), (window * y).sum()]) / window.sum()
        near = (abs(x - at[0]) <= 2) & (abs(y - at[1]) <= 2)
        assert found / codec.pixel - 0.5 == pytest.approx(at, abs=1e-9)
        assert score == pytest.approx(shares[near].sum() / shares.sum(), abs=1e-6)


def test_rows_and_columns_come_back() -> None:
    assert np.abs(back(SimCC(SIZE, K), *scattered())).max() < 0.25


@pytest.mark.parametrize("codec", [HeatMaps(SIZE, K, MAPS), SimCC(SIZE, K), HeatMaps(SIZE, K, MAPS, 1.0, "mse"),
                                   Coordinates(SIZE, K)], ids=["maps", "simcc", "squares", "coordinates"])  # fmt: skip
def test_perfect_answers_cost_the_entropy_of_their_targets(codec: Codec) -> None:
    xy, every = np.full((1, K, 2), 20.5), np.ones((1, K), bool)
    targets = codec.encode(xy, every).targets.astype(np.float64)
    soft = codec.least > 0
    cost = -(targets * codec.sure(targets)).sum(axis=-1) if soft else (targets - codec.sure(targets)) ** 2
    assert cost.mean() == pytest.approx(codec.least, rel=1e-2)
    assert soft == any(isinstance(term.loss, CategoricalCrossentropy) for term in codec.terms())


def test_a_hill_is_one_on_a_pixel_and_its_sum_is_that_of_a_gaussian() -> None:
    codec = HeatMaps(SIZE, 1, MAPS, 1.0, "mse")
    on, between = np.array([[[5.5, 4.5]]]) * codec.pixel, np.array([[[5.8, 4.2]]]) * codec.pixel
    for xy in (on, between):
        hill = codec.encode(xy, np.ones((1, 1), bool)).targets.reshape(MAPS)
        assert hill.sum() == pytest.approx(2 * np.pi, rel=1e-3)
        assert (hill.max() == 1) == (xy is on) and np.unravel_index(hill.argmax(), MAPS) == (4 - (xy is between) * 0, 5)
    assert not codec.encode(on, np.zeros((1, 1), bool)).targets.any()


def test_noise_keeps_a_paraboloid_within_a_pixel_of_its_peak() -> None:
    logs = np.random.default_rng(0).normal(size=(200, 7, 6))
    rows, columns = np.divmod(logs.reshape(200, -1).argmax(axis=1), 6)
    assert np.abs(taylor(logs, 1.0) - np.stack([columns, rows], axis=1)).max() <= 1


CODECS = [Coordinates(SIZE, K), HeatMaps(SIZE, K, MAPS, 1.0, "mse"), HeatMaps(SIZE, K, MAPS), SimCC(SIZE, K)]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_outputs_for_a_mirror_image_are_brought_back(codec: Codec) -> None:
    xy, inside = scattered()
    order = np.array([0, 2, 1, 4, 3])
    plain = codec.encode(xy, inside).targets
    mirrored = codec.encode((np.array([SIZE[1], 0]) + xy * (-1, 1))[:, order], inside[:, order]).targets
    assert np.allclose(codec.mirrored(mirrored, order)[inside], plain[inside], atol=1e-6)
    assert np.allclose(codec.mirrored(codec.mirrored(plain, order), order), plain, atol=1e-6)
    assert not np.allclose(mirrored, plain, atol=1e-3)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_what_is_not_marked_has_no_gradient_and_weights_are_factors(codec: Codec) -> None:
    """H28: with a sample's weight 1 / d^2 the loss is that of each sample times 1 / d^2, over as many places."""
    xy, inside = (each[:4] for each in scattered())
    weights = np.array([0.5, 2.0, 1.0, 4.0])
    image = Input((K, codec.numbers))
    model = Model(image, Activation("linear")(image))
    engine, objective = ReferenceEngine("float64"), Objective(codec.terms())
    x = np.random.default_rng(1).normal(size=(4, K, codec.numbers))
    name = model.graph.inputs[0][0]

    def learnt(weights: np.ndarray | None, rows: slice = slice(None)) -> tuple[float, np.ndarray]:
        made = codec.encode(xy[rows], inside[rows], weights)
        batch = Batch({name: x[rows]}, {"output": made.targets}, dict(made.weights), dict(made.masks))
        run = engine.forward(model.graph, {}, {}, engine.put(batch.inputs), training=True)
        sums, slopes = engine.grad(objective, run, batch, wrt=("inputs",))
        return sum(sums[f"loss:{term.name}"][0] for term in objective.terms), slopes.inputs[name]

    plain, slope = learnt(None)
    assert (slope[~inside] == 0).all() and (np.abs(slope[inside]).max(axis=-1) > 0).all()
    each = [learnt(None, slice(row, row + 1))[0] for row in range(4)]
    weighted, heavier = learnt(weights)
    assert plain == pytest.approx(sum(each)) and weighted == pytest.approx(weights @ each)
    assert np.allclose(heavier, slope * weights[:, None, None])


def test_objects_weigh_by_one_over_their_length_squared() -> None:
    """H28: eyes 10 and 20 apart, the middle one of them weighs 1; an object without its eyes teaches nothing."""
    xy = np.array([[(10, 10), (20, 10), (15, 15), (12, 20), (18, 20)],
                   [(10, 10), (22, 26), (15, 15), (12, 20), (18, 20)],
                   [(np.nan, np.nan), (20, 10), (15, 15), (12, 20), (18, 20)]])  # fmt: skip
    visible = np.where(np.isnan(xy[..., 0]), 0, 2)
    points = Points(xy, visible, around(xy), np.ones(3), np.tile(SIZE, (3, 1)), np.tile(np.eye(2, 3), (3, 1, 1)), FACE5)
    by, codec = Yardsticks("pupils", 0.2, (0.05,) * K, False), HeatMaps(SIZE, K, MAPS)
    unit = unit_of(points, by)
    assert unit == 15
    made = Keypoints(FACE5, codec, by, unit=unit).encode(points)
    wanted = np.repeat([[(15 / 10) ** 2], [(15 / 20) ** 2], [0.0]], K, axis=1)
    np.testing.assert_allclose(made.weights["output"], wanted, rtol=1e-6)
    assert Keypoints(FACE5, codec, by).encode(points).weights == {}
