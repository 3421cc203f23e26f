"""What is read off a picture: worked by hand, and the tags that follow from it."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.images import ArrayImages
from pellucid.diagnosis import pictures
from pellucid.diagnosis.pictures import MEASURES, filled_share, gray_of, laplacian_variance, measure
from pellucid.diagnosis.tags import Tags, class_tags, column_tags, measured_tags
from pellucid.errors import ShapeError


def test_gray_is_the_mean_of_channels_from_0_to_1() -> None:
    x = np.array([[[[0, 255, 255]]]], np.uint8)
    assert gray_of(x) == pytest.approx(2 / 3)
    assert gray_of(np.full((1, 1, 1, 6), 65535, np.uint16)) == 1.0
    assert gray_of(np.full((1, 1, 1, 1), -3.5, np.float32)) == -3.5


def test_sharpness_by_hand() -> None:
    # inner pixels of a 3x4 picture:  (1,1): 0+0+0+1 - 4*0 = 1   (1,2): 0+0+0+0 - 4*1 = -4; mean -1.5, variance 6.25
    gray = np.array([[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], float)[None]
    assert laplacian_variance(gray) == pytest.approx(6.25)
    assert laplacian_variance(np.ones((1, 5, 5))) == 0.0
    assert np.isnan(laplacian_variance(np.ones((2, 2, 5)))).all()


def test_size_by_hand() -> None:
    gray = np.zeros((2, 4, 5))
    gray[0, 1:3, 1:4] = 1.0      # six of twenty pixels
    gray[0, 1, 1] = 0.2          # one of them too faint
    assert filled_share(gray) == pytest.approx([5 / 20, 0.0])
    assert filled_share(1 - gray) == pytest.approx([5 / 20, 0.0])


def test_measures_come_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).integers(0, 256, (23, 7, 6, 3), dtype=np.uint8)
    whole = measure(ArrayImages(x))
    monkeypatch.setattr(pictures, "CHUNK", 7 * 6 * 3 * 5)
    parts = measure(ArrayImages(x))
    assert tuple(whole) == MEASURES
    assert all(np.array_equal(whole[name], parts[name]) for name in MEASURES)


@pytest.fixture
def plain() -> np.ndarray:
    """(200,16,16,1) pictures of one kind: a soft square on a gray ground, with grain."""
    random = np.random.default_rng(4)
    x = random.normal(120, 12, (200, 16, 16, 1))
    x[:, 5:11, 5:11] += 80
    return x


@pytest.mark.parametrize(
    ("tag", "change"),
    [
        ("dark", lambda x: x * 0.5),
        ("bright", lambda x: x * 0.5 + 120),
        ("low contrast", lambda x: 120 + (x - 120) * 0.4),
        ("blurred", lambda x: (x + np.roll(x, 1, 1) + np.roll(x, 1, 2) + np.roll(x, (1, 1), (1, 2))) / 4),
    ],
)
def test_a_tenth_is_marked(plain: np.ndarray, tag: str, change: object) -> None:
    plain[:19] = change(plain[:19])  # type: ignore[operator]
    tags = measured_tags(ArrayImages(plain.clip(0, 255).astype(np.uint8)))
    marked = np.flatnonzero(tags.marks[:, tags.names.index(tag)])
    assert set(range(19)) <= set(marked.tolist()) and len(marked) == 20
    assert "repeated" not in tags.names and set(tags.kinds) == {"measured"}


def test_small_large_and_repeated(plain: np.ndarray) -> None:
    plain[:10, 5:11, 5:8] -= 80
    plain[10:20, 2:14, 2:14] = plain[10:20, :1, :1] + 80
    plain[199] = plain[50]
    tags = measured_tags(ArrayImages(plain.clip(0, 255).astype(np.uint8)))
    found = {name: set(np.flatnonzero(tags.marks[:, place]).tolist()) for place, name in enumerate(tags.names)}
    assert found["small"] == set(range(10)) or set(range(10)) <= found["small"]
    assert set(range(10, 20)) <= found["large"] and found["repeated"] == {50, 199}


def test_pictures_that_are_all_alike_in_a_measure_get_no_tag() -> None:
    tags = measured_tags(ArrayImages(np.zeros((30, 2, 2, 1), np.uint8)))
    assert tags.names == ("repeated",) and tags.marks.all()


def test_columns() -> None:
    words = column_tags("stain", ["red", "blue", "", "red"])
    assert words.names == ("stain=blue", "stain=red") and words.marks[:, 1].tolist() == [True, False, False, True]
    flag = column_tags("glare", ["yes", "0", "", "X"])
    assert flag.names == ("glare",) and flag.marks[:, 0].tolist() == [True, False, False, True]
    few = column_tags("plate", ["1", "2", "3", "2"])
    assert few.names == ("plate=1", "plate=2", "plate=3")
    many = column_tags("age", [str(number) for number in range(40)] + [""])
    assert many.names == tuple(f"age: {word} quarter" for word in ("lowest", "second", "third", "highest"))
    assert many.marks.sum(axis=0).tolist() == [10, 10, 10, 10] and not many.marks[40].any()
    assert class_tags(np.array([1, 1]), ("a", "b")).names == ("class b",)


def test_lists_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"marks must be \(N, T\) with T = 1"):
        Tags(("a",), ("given",), np.zeros((3, 2), bool))
    with pytest.raises(ShapeError, match="about the same samples, but it is 2 and 3"):
        Tags.joined([column_tags("a", ["x", "y"]), column_tags("a", ["x", "y", "z"])])
