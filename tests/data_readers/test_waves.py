"""The toy set: its formula, its split, its whitening."""

from __future__ import annotations

import numpy as np

from pellucid.data.waves import load_waves


def test_sizes_classes_and_repeat() -> None:
    parts = load_waves(3)
    assert {name: len(points) for name, (points, _) in parts.items()} == {"train": 400, "validation": 200, "test": 200}
    for name, each in (("train", 100), ("validation", 50), ("test", 50)):
        assert np.bincount(parts[name][1]).tolist() == [each] * 4
    np.testing.assert_array_equal(parts["test"][0], load_waves(3)["test"][0])
    assert not np.array_equal(parts["test"][0], load_waves(4)["test"][0])


def test_the_training_part_alone_sets_the_whitening() -> None:
    parts = load_waves()
    train = parts["train"][0]
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.cov(train, rowvar=False, bias=True), np.eye(2), atol=1e-4)
    assert np.abs(parts["validation"][0].mean(axis=0)).max() > 1e-6


def test_the_points_lie_on_their_waves() -> None:
    """Whitening is one linear map, so it scales the area that each class covers by the same factor."""
    parts = load_waves()
    points = np.concatenate([points for points, _ in parts.values()])
    labels = np.concatenate([labels for _, labels in parts.values()])
    t = np.linspace(-np.pi, np.pi, 200)
    curves = [np.sin(t + j * np.pi / 2) + 0.2 * np.sin(10 * t + j * np.pi / 2) + 0.25 * t + 10 for j in range(4)]
    spread = np.array([np.cov(points[labels == j], rowvar=False) for j in range(4)])
    wanted = np.array([np.cov(np.stack([t + 5, curve]), bias=False) + np.diag([0, 0.01]) for curve in curves])
    ratio = np.linalg.det(spread) / np.linalg.det(wanted)
    np.testing.assert_allclose(ratio / ratio.mean(), 1, atol=0.05)
