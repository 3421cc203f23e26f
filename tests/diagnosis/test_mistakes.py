"""Error analysis by hand, the sheet for a person and its way back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.mistakes import analyse_mistakes, beyond_chance, patterns
from pellucid.diagnosis.tagging import read_tags, sample_mistakes, write_sheet
from pellucid.diagnosis.tags import Tags, column_tags
from pellucid.errors import DataError, FileError
from pellucid.keys import Key
from pellucid.storage.tables import read_csv


def answers_of(labels: list[int], predicted: list[int], names: str = "abc") -> Answers:
    """Answers that name `predicted`."""
    return Answers(np.array(labels), np.eye(len(names))[predicted], tuple(names))


#               0  1  2  3  4  5  6  7  8  9     wrong: 1 2 5 6 9
LABELS, SAID = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 1, 0, 1, 2, 0, 2, 2, 1]
DARK = np.array([0, 1, 1, 1, 0, 1, 0, 0, 0, 0], bool)
BLUR = np.array([0, 0, 1, 0, 0, 1, 1, 0, 0, 0], bool)
GLARE = np.array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], bool)


def test_by_hand() -> None:
    tags = Tags.of("measured", {"dark": DARK, "blurred": BLUR, "glare": GLARE}, 10)
    found = analyse_mistakes(answers_of(LABELS, SAID), tags)
    assert (found.n, found.mistakes, found.untagged) == (10, 5, 1)  # sample 9 has no tag
    assert [(pair.true, pair.predicted, pair.mistakes, pair.share) for pair in found.pairs] == [
        ("a", "b", 2, 0.4), ("b", "a", 1, 0.2), ("b", "c", 1, 0.2), ("c", "b", 1, 0.2)
    ]  # fmt: skip
    blurred, dark = found.tags  # as many mistakes each; the tag of fewer samples first; glare has no mistake
    assert (blurred.tag, blurred.n, blurred.mistakes, blurred.share, blurred.cap) == ("blurred", 3, 3, 0.6, 0.3)
    assert (blurred.error, blurred.elsewhere) == (1.0, 2 / 7)
    assert (dark.tag, dark.n, dark.mistakes, dark.share, dark.cap, dark.error) == ("dark", 4, 3, 0.6, 0.3, 0.75)
    assert dark.share_interval == pytest.approx((0.2307, 0.8824), abs=1e-4)  # Wilson, 3 of 5
    assert found.to_json()["tags"][0]["tag"] == "blurred"


def test_few_mistakes_of_a_kind_are_no_pattern() -> None:
    assert [beyond_chance(count, 37, 90) for count in (3, 4, 5)] == [False, False, True]  # the fullest of 90 has 3 or 4
    assert not beyond_chance(2, 2, 90) and beyond_chance(3, 3, 90)
    assert [beyond_chance(count, 8, 2) for count in (2, 3)] == [False, True]  # of two classes both pairs are told
    random = np.random.default_rng(0)
    alarms = sum(beyond_chance(np.bincount(random.integers(0, 90, 40)).max(), 40, 90) for _ in range(400))
    assert alarms <= 0.05 * 400
    wrong = np.arange(200) < 20
    tags = Tags.joined([
        Tags.of("measured", {"dark": np.arange(200) % 10 == 0, "red": np.arange(200) < 15}, 200),
        Tags.of("given", {"cut off": np.arange(200) < 3, "glare": np.arange(200) < 2}, 200),
    ])
    told = analyse_mistakes(answers_of([0] * 200, list(wrong.astype(int))), tags).to_json()
    assert [tag["tag"] for tag in patterns(told["tags"])] == ["red", "cut off"]


def test_without_mistakes_and_without_tags() -> None:
    none = analyse_mistakes(answers_of([0, 1], [0, 1]), Tags.of("measured", {}, 2))
    assert (none.mistakes, none.pairs, none.tags, none.untagged) == (0, (), (), 0)
    everywhere = analyse_mistakes(answers_of([0, 1], [0, 0]), Tags.of("given", {"all": np.ones(2, bool)}, 2))
    assert everywhere.tags[0].elsewhere is None


def test_groups_are_tags() -> None:
    groups = column_tags("group", ["p1"] * 5 + ["p2"] * 5)
    found = analyse_mistakes(answers_of(LABELS, SAID), groups)
    assert [(one.tag, one.mistakes) for one in found.tags] == [("group=p1", 2), ("group=p2", 3)][::-1]


def test_a_hundred_are_drawn_at_random() -> None:
    answers = answers_of([0] * 700, [1] * 600 + [0] * 100)
    chosen = sample_mistakes(answers, key=Key.of(1))
    assert len(chosen) == 100 == len(set(chosen.tolist())) and chosen.max() < 600 and (np.diff(chosen) > 0).all()
    assert np.array_equal(chosen, sample_mistakes(answers, key=Key.of(1)))
    assert not np.array_equal(chosen, sample_mistakes(answers, key=Key.of(2)))
    assert 200 < chosen.mean() < 400  # all over the part
    assert len(sample_mistakes(answers, 1000)) == 600


NAMES, IDS = [f"photos/{i}.png" for i in range(10)], np.arange(50, 60)


def test_the_sheet_goes_out_and_comes_back(tmp_path: Path) -> None:
    answers = answers_of(LABELS, SAID)
    write_sheet(tmp_path / "sheet.csv", answers, sample_mistakes(answers), names=NAMES, ids=IDS)
    rows = read_csv(tmp_path / "sheet.csv")
    first = {"id": "51", "path": "photos/1.png", "true": "a", "predicted": "b", "confidence": "1.0", "tags": ""}
    assert rows[0] == first
    assert len(rows) == 5
    text = (tmp_path / "sheet.csv").read_text(encoding="utf-8")
    filled = text.replace("a,b,1.0,\n", "a,b,1.0,glare; cut off\n")
    (tmp_path / "sheet.csv").write_text(filled, encoding="utf-8")
    tags = read_tags(tmp_path / "sheet.csv", names=NAMES, ids=IDS)
    assert tags.names == ("cut off", "glare") and tags.kinds == ("given", "given")
    assert np.flatnonzero(tags.marks[:, 0]).tolist() == [1, 2]


def test_tables_of_a_person(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("path,tags,stain\n./photos/1.png,glare,red\nphotos/1.png,cut off,\nphotos/7.png,,blue\nelsewhere.png,glare,red\n")  # noqa: E501
    tags = read_tags(path, names=NAMES, ids=IDS)
    assert tags.names == ("cut off", "glare", "stain=blue", "stain=red")
    assert [np.flatnonzero(column).tolist() for column in tags.marks.T] == [[1], [1], [7], [1]]


@pytest.mark.parametrize(
    ("text", "told"),
    [("tags\nglare\n", "its columns must be path or id, then tags, but it is tags"),
     ("", "its columns must be path or id, then tags, but it is missing"),
     ("id,tags\n3,glare\n", "a line must be about a sample of this part, e.g. 50, but it is none of 1")],
)  # fmt: skip
def test_tables_that_mean_nothing(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.csv") as fault:
        read_tags(tmp_path / "bad.csv", names=NAMES, ids=IDS)
    assert told in str(fault.value)
    with pytest.raises(FileError, match="it does not exist"):
        read_tags(tmp_path / "none.csv", names=NAMES, ids=IDS)
