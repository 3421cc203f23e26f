"""The picture and the page hold for any mixture of trials, and for names that mean something to HTML and TeX."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.reports.scores import LESS, Score
from pellucid.runs.config import RunConfig
from pellucid.search.folder import SearchFolder
from pellucid.search.page import write_page
from pellucid.search.picture import draw_search, limits
from pellucid.search.settings import Plan
from pellucid.search.space import Choice, Range, Space
from pellucid.search.trials import DIVERGED, FAILED, LOST, PRUNED, Trial, ranked
from pellucid.tasks.classification.evaluation import ACCURACY

SPACE: Space = (Range("lr", 1e-5, 0.1, log=True), Range("batch_size", 4, 64, whole=True),
                Choice("model", ("<b>$x^2$</b>,pool", "conv_8")))  # fmt: skip


def some_trials(states: list[str], rounds: int = 1, by: Score = ACCURACY) -> list[Trial]:
    made = []
    for number, state in enumerate(states):
        score = 0.5 + number / 100 if state in ("complete", PRUNED) else None
        values = {"lr": 10.0 ** -(1 + number % 5), "batch_size": 4 + number, "model": SPACE[2].at(number / 10)}
        made.append(Trial(number, number * rounds // len(states), 2, values, state, score, 1.0, 1, 0.1, 12,
                          "" if score else "<script>it broke</script>", by=by))  # fmt: skip
    return made


@pytest.mark.parametrize(("states", "count"), [
    (["complete"] * 4 + [PRUNED, DIVERGED, FAILED, LOST], 3), (["complete"], 1), ([DIVERGED, FAILED], 1), ([PRUNED], 1),
])  # fmt: skip
def test_the_picture_is_drawn(states: list[str], count: int) -> None:
    space = SPACE[:count]
    later = [space, (Range("lr", 1e-3, 1e-2, log=True), *space[1:])]
    png, svg = draw_search(space, later, some_trials(states, 2))
    picture = Image.open(io.BytesIO(png))
    pixels = np.asarray(picture.convert("RGB"))
    assert picture.width > 900 and (pixels < 60).all(axis=-1).any()  # something is written
    blue = (pixels[..., 2].astype(int) - pixels[..., 0] > 60).sum()
    assert (blue > 50) == ("complete" in states)
    assert svg.startswith('<svg role="img"') and f"{len(states)} trials" in svg
    assert not re.search("#[0-9a-f]{6};", svg)  # every colour is the page's


def test_where_less_is_better_the_best_is_the_lowest() -> None:
    trials = some_trials(["complete"] * 3 + [DIVERGED], by=Score("mae", LESS, "degrees"))
    assert [trial.number for trial in ranked(trials)] == [0, 1, 2]
    _, svg = draw_search(SPACE, [SPACE], trials)
    assert "Validation mae of every trial" in svg and "Best validation mae 0.50000, trial 0" in svg
    low, high = limits(trials)
    assert 0.5 - low < high - 0.52  # the cross without a score is at the worse end


SCORES = {"accuracy": 0.9, "accuracy_interval": [0.8, 0.95], "n": 30, "split": "test"}


@pytest.mark.parametrize("metrics", [None, SCORES])
def test_the_page_needs_no_other_file_and_escapes_everything(tmp_path: Path, metrics: dict[str, object] | None) -> None:
    folder = SearchFolder(tmp_path / "a <search>")
    folder.path.mkdir()
    plan = Plan(RunConfig(data="<i>my</i> data"), SPACE, 6, (1, 2), by=ACCURACY)
    trials = some_trials(["complete", "complete", PRUNED, DIVERGED], 2)
    write_page(folder, plan, trials, ranked(trials)[0], metrics, ["lr is at a <border>"], picture="<svg></svg>",
               command="pellucid search <x>", fingerprint="0123")  # fmt: skip
    text = folder.page.read_text(encoding="utf-8")
    for plain in ("<script", "<i>", "<b>", "<border>", "http", "<x>"):
        assert plain not in text
    assert "lr is at a &lt;border&gt;" in text and "<svg></svg>" in text
    assert ("90.00 % of 30 test images" in text) == (metrics is not None)
    assert ("not finished" in text) == (metrics is None)
    assert text.count("<tr>") == 5
