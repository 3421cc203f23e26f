"""Tweaked networks: clusters of the last features, faces moved within them, a regressor each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.architectures import FacePoints
from pellucid.errors import ArgumentError, ShapeError, UsageError
from pellucid.graph.vocabulary import Dense, Flatten, Input, Reshape
from pellucid.keys import Key
from pellucid.model import load_model
from pellucid.model.ending import with_ending
from pellucid.models import Model
from pellucid.spec.reshaping import Reshape as ReshapeSpec
from pellucid.tasks.keypoints.tcnn import tweaking
from pellucid.tasks.keypoints.tcnn.mixture import clusters_for, fit_mixture
from pellucid.tasks.keypoints.tcnn.regressors import fit_regressor, ridge
from pellucid.tasks.keypoints.tcnn.similarity import carried, moved_picture, similarity
from pellucid.tasks.keypoints.tcnn.tweaking import aligned, last_features, tweak

SIDE, POINTS = 8, 3


def turned(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    """A similarity (2,3)."""
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


def two_poses(faces: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N,8,8,1) whose two halves of the faces have their points follow them in opposite ways."""
    random = np.random.default_rng(seed)
    pose = np.arange(faces) % 2
    x = random.uniform(-0.3, 0.3, (faces, SIDE, SIDE, 1))
    x[..., :2, :, 0] += np.where(pose, 2.0, -2.0)[:, np.newaxis, np.newaxis]
    follow = x[:, 4:7, 4, 0] * np.where(pose, 4.0, -4.0)[:, np.newaxis]
    points = np.stack([4 + follow, 4 - follow], -1)
    return x.astype(np.float32), points


def plain(seed: int = 0) -> Model:
    """A network whose features are the pixels, with a head that answers the middle."""
    x = Input((SIDE, SIDE, 1))
    features = Dense(SIDE * SIDE, name="fc5")(Flatten()(x))
    answer = Reshape((POINTS, 2))(Dense(2 * POINTS, name="points")(features))
    model = Model(x, answer)
    model.get_layer("fc5").set_weights([np.eye(SIDE * SIDE, dtype=np.float32), np.zeros(SIDE * SIDE, np.float32)])
    model.get_layer("points").set_weights(
        [np.zeros((SIDE * SIDE, 2 * POINTS), np.float32), np.full(2 * POINTS, 0.5, np.float32)])
    return model


def error(model: Model, x: np.ndarray, points: np.ndarray) -> float:
    """Mean distance in pixels."""
    return float(np.linalg.norm(model.predict(x, verbose=0) * SIDE - points, axis=-1).mean())


def test_clusters_serve_what_one_linear_head_cannot() -> None:
    x, points = two_poses(160, 0)
    more, there = two_poses(80, 1)
    one = tweak(plain(), x, points, clusters=1, drawn=0)
    two = tweak(plain(), x, points, clusters=2, drawn=0)
    assert sorted(two.faces) == [80, 80] and len(set(two.belongs[::2])) == len(set(two.belongs[1::2])) == 1
    assert error(two.model, x, points) < error(plain(), x, points)
    assert error(two.model, more, there) < 0.5 * error(one.model, more, there)


def test_clusters_of_features_are_poses_where_those_of_pixels_are_lighting() -> None:
    """H27: the features leave out how bright a picture is, so mean pictures of their clusters differ in pose."""
    x, points = two_poses(80, 6)
    light = np.arange(80) // 2 % 2 == 1
    lit = x + np.where(light, 30.0, -30.0)[:, None, None, None].astype(np.float32)
    model, count = plain(), SIDE * SIDE
    model.get_layer("fc5").set_weights([np.eye(count, dtype=np.float32) - np.float32(1 / count), np.zeros(count, "f4")])
    found = tweak(model, lit, points, clusters=2, drawn=0)
    of_pixels = fit_mixture(lit.reshape(80, -1), 2, seed=0).belongs(lit.reshape(80, -1))
    assert len(set(of_pixels[light])) == 1 and len(set(of_pixels[~light])) == 1
    assert len(set(found.belongs[::2])) == len(set(found.belongs[1::2])) == 1
    dark, bright = found.mean_pictures(lit)[found.belongs[[0, 1]]]               # of the first face, the second
    assert (bright - dark)[:2].min() > 3 and np.abs(bright - dark)[2:].max() < 1


def test_on_the_training_part_it_is_never_worse_than_the_plain_head() -> None:
    for seed in range(4):
        random = np.random.default_rng(seed)
        x, points = random.normal(size=(60, SIDE, SIDE, 1)).astype(np.float32), random.uniform(0, SIDE, (60, POINTS, 2))
        found = tweak(plain(), x, points, seed=seed)
        squares = [((one.predict(x, verbose=0) * SIDE - points) ** 2).sum() for one in (found.model, plain())]
        assert squares[0] <= squares[1] * (1 + 1e-6)


def test_where_moved_faces_mislead_the_plain_head_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces that the plain head answers exactly, and many more made of them whose points lie elsewhere."""
    x, _ = two_poses(40, 5)
    points = np.full((40, POINTS, 2), SIDE / 2)

    def astray(pictures: np.ndarray, points: np.ndarray, seen: np.ndarray, members: np.ndarray, drawn: int, key: Key,
               ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        again = members.repeat(drawn)
        return pictures[again], points[again] + 2, seen[again], again

    monkeypatch.setattr(tweaking, "aligned", astray)
    found = tweak(plain(), x, points, clusters=1)
    assert found.strengths == (None,)
    np.testing.assert_array_equal(found.model.predict(x, verbose=0), plain().predict(x, verbose=0))


def test_no_cluster_is_empty_and_small_ones_keep_the_plain_head() -> None:
    x, points = two_poses(60, 3)
    x[:7] += 20                                              # seven faces far away: a cluster of their own,
    points[:7] = 1                                           # which a regressor would serve better
    found = tweak(plain(), x, points, clusters=3, drawn=2)
    assert min(found.faces) > 0 and sum(found.faces) == 60
    small = [place for place, count in enumerate(found.faces) if count == 7]
    assert len(small) == 1 and found.strengths[small[0]] is None
    np.testing.assert_array_equal(found.model.predict(x[:7], verbose=0), plain().predict(x[:7], verbose=0))


def test_more_clusters_than_a_twentieth_of_the_faces_are_refused() -> None:
    assert clusters_for(255, None) == 12 and clusters_for(5_000, None) == 64 and clusters_for(7, None) == 1
    with pytest.raises(UsageError, match="clusters must be from 1 to 12, one for every 20 of the 255 training faces"):
        clusters_for(255, 13)
    with pytest.raises(UsageError, match="but it is 0"):
        clusters_for(255, 0)


def test_points_that_are_not_seen_change_nothing() -> None:
    x, points = two_poses(80, 4)
    seen = np.random.default_rng(0).random((80, POINTS)) < 0.7
    wild = np.where(seen[..., np.newaxis], points, 1e6)
    some, others = (tweak(plain(), x, one, seen, clusters=2, drawn=1) for one in (points, wild))
    np.testing.assert_array_equal(some.model.predict(x, verbose=0), others.model.predict(x, verbose=0))


def test_a_similarity_is_found_from_the_points_that_both_have() -> None:
    random = np.random.default_rng(5)
    points, seen = random.uniform(0, 40, (7, 2)), np.array([1, 1, 0, 1, 1, 0, 1], bool)
    wanted = turned(0.7, 1.4, (3.0, -8.0))
    onto = np.where(seen[:, np.newaxis], carried(points, wanted), np.nan)
    found = similarity(points, onto, seen)
    assert found is not None
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert similarity(points, onto, np.arange(7) == 1) is None
    assert similarity(np.ones((7, 2)), onto, seen) is None


def test_it_is_the_best_similarity() -> None:
    random = np.random.default_rng(6)
    a, b, seen = random.normal(size=(5, 2)), random.normal(size=(5, 2)), np.ones(5, bool)
    best = similarity(a, b, seen)
    assert best is not None
    least = ((carried(a, best) - b) ** 2).sum()
    for _ in range(200):
        z = random.normal(0, 0.05, 4)
        other = best + np.array([[z[0], -z[1], z[2]], [z[1], z[0], z[3]]])
        assert ((carried(a, other) - b) ** 2).sum() > least


def test_a_picture_moves_with_its_points() -> None:
    rows, columns = np.mgrid[:40, :40] + 0.5
    spot = np.array([[12.0, 22.0]])
    picture = np.exp(-((columns - 12) ** 2 + (rows - 22) ** 2) / 8)[..., np.newaxis].astype(np.float32)
    affine = turned(0.4, 1.1, (9.0, -7.0))
    moved = moved_picture(picture, affine)[..., 0]
    centre = np.array([(columns * moved).sum(), (rows * moved).sum()]) / moved.sum()
    np.testing.assert_allclose(centre, carried(spot, affine)[0], atol=0.02)


def test_faces_are_moved_onto_layouts_of_their_own_cluster() -> None:
    random = np.random.default_rng(7)
    pictures, points = random.random((9, SIDE, SIDE, 1)), random.uniform(0, SIDE, (9, 5, 2))
    members = np.array([1, 4, 5, 8])
    moved, at, seen, faces = aligned(pictures, points, np.ones((9, 5), bool), members, 2, Key.of(1))
    assert len(moved) == len(at) == len(seen) == 8 and sorted(set(faces)) == members.tolist()
    middles = points[members].mean(1)
    for layout, face in zip(at, faces, strict=True):
        others = [place for place, member in enumerate(members) if member != face]
        assert np.abs(layout.mean(0) - middles[others]).sum(1).min() < 1e-9


def test_the_mixture_is_the_dense_layer() -> None:
    from sklearn.mixture import GaussianMixture

    random = np.random.default_rng(8)
    features = np.concatenate([random.normal(centre, 0.3, (30, 4)) for centre in (0, 1, 3)])
    mixture = fit_mixture(features, 3, seed=0)
    theirs = GaussianMixture(3, covariance_type="diag", reg_covar=1e-3, n_init=3, max_iter=200, random_state=0)
    np.testing.assert_array_equal(mixture.belongs(features), theirs.fit_predict(features))


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_a_cluster_to_which_no_face_belongs_is_left_out() -> None:
    features = np.concatenate([np.zeros((40, 4)), np.ones((20, 4))])  # two places for three clusters
    mixture = fit_mixture(features, 3, seed=0)
    assert len(mixture.bias) == mixture.kernel.shape[1] == 2
    assert len(np.bincount(mixture.belongs(features))) == 2 and np.bincount(mixture.belongs(features)).min() == 20


def test_ridge_is_the_minimum_and_chance_is_left_to_the_plain_head() -> None:
    random = np.random.default_rng(9)
    features, residuals = random.normal(size=(40, 3)), random.normal(size=(40, 2))
    found, middle = ridge(features, residuals, 2.0), features.mean(0)

    def price(kernel: np.ndarray, bias: np.ndarray) -> float:
        left = (features - middle) @ kernel + bias - residuals
        return float((left**2).sum() + 2.0 * (40 * features.var(0).mean() * (kernel**2).sum() + (bias**2).sum()))

    own = (found.kernel, found.bias + middle @ found.kernel)
    for _ in range(100):
        steps = random.normal(0, 0.01, (3, 2)), random.normal(0, 0.01, 2)
        assert price(own[0] + steps[0], own[1] + steps[1]) > price(*own)
    chance = [fit_regressor(random.normal(size=(30, 6)), random.normal(size=(30, 2)), np.arange(30)) for _ in range(20)]
    assert sum(one.strength is None and not one.kernel.any() for one in chance) > 10


def test_the_tweaked_network_is_saved_and_answers_the_same_on_both_engines(tmp_path: Path) -> None:
    body = FacePoints(classes=10, input_shape=(40, 40, 1))
    model = with_ending(body, (ReshapeSpec((5, 2)),))
    random = np.random.default_rng(10)
    x, points = random.normal(size=(45, 40, 40, 1)).astype(np.float32), random.uniform(0, 40, (45, 5, 2))
    found = tweak(model, x, points, drawn=1)
    path = tmp_path / "tweaked.safetensors"
    found.model.save(path)
    again = load_model(path)
    told = again.predict(x, verbose=0)
    np.testing.assert_array_equal(told, found.model.predict(x, verbose=0))
    assert last_features(load_model(path)).sizes == (100,)
    again.compile("sgd", "mse", engine="pytorch")
    np.testing.assert_allclose(again.predict(x, verbose=0), told, atol=1e-5)


def test_networks_and_points_that_do_not_fit_are_named() -> None:
    with pytest.raises(ArgumentError, match="tweak: model must be one that ends in coordinates by a dense layer"):
        last_features(FacePoints())
    with pytest.raises(ShapeError, match=r"points must be \(N=20, 3, 2\), but it is of shape \(20, 4, 2\)"):
        tweak(plain(), np.zeros((20, SIDE, SIDE, 1), np.float32), np.zeros((20, 4, 2)))
