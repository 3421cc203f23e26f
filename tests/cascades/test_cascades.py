"""Cascades: windows, hard negatives in rounds, stages that keep what is right, and the command from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.cascades.backgrounds import Backgrounds, divided
from pellucid.cascades.cascade import Cascade, Stage
from pellucid.cascades.mining import mine
from pellucid.cascades.plan import Plan, models_of
from pellucid.cascades.sets import weighed
from pellucid.cascades.windows import Look
from pellucid.errors import FileError, UsageError
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.old_settings import MEANINGS
from tests.cli.terminal import Terminal

LOOK = Look((5, 7), 3, 3)


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(height, width, 1) uint8."""
    return np.random.default_rng(seed).integers(0, 90, (height, width, 1)).astype(np.uint8)


def test_windows_of_the_grid_are_the_pixels_at_their_boxes_and_reach_every_edge() -> None:
    picture = noise(17, 23)
    every = list(LOOK.all(picture))
    assert len(every) == len(LOOK.scaled(picture)) == 3
    windows, boxes = every[0]
    assert len(windows) == 5 * 7 and boxes[:, 2].max() == 23 and boxes[:, 3].max() == 17
    for window, (x1, y1, x2, y2) in zip(windows, boxes.astype(int), strict=True):
        assert np.array_equal(window, picture[y1:y2, x1:x2])
    sides = [np.unique(np.round(own[:, 2] - own[:, 0], 6)).tolist() for _, own in every]
    assert sides[0] == [7.0] and sides[1][0] == pytest.approx(7 * 23 / 17) and len(sides[2]) == 1


def test_windows_at_random_are_some_of_the_picture_at_each_scale() -> None:
    picture = noise(16, 21)
    drawn = LOOK.some(picture, 60, np.random.default_rng(0))
    assert drawn.shape == (60, 5, 7, 1)
    dense = Look((5, 7), 1, 3)
    known = [{window.tobytes() for window in windows} for windows, _ in dense.all(picture)]
    share = [sum(window.tobytes() in own for window in drawn) for own in known]
    assert sum(share) == 60 and share[0] > share[1] > share[2] > 0


def judge(count: float) -> Stage:
    """Says no to windows by the mean of their first `count` rows: darker than 50 is background for sure."""
    def answer(windows: np.ndarray) -> np.ndarray:
        light = windows[:, : int(count)].mean(axis=(1, 2, 3)) / 255
        return np.stack([light, 1 - light], axis=1)

    return Stage(answer, 1, loose=0.86, most=0.84)


def test_a_window_leaves_at_the_first_no_and_later_stages_are_not_asked() -> None:
    seen: list[int] = []
    windows = np.random.default_rng(0).integers(0, 90, (400, 5, 7, 1))
    first, second = judge(2), judge(5)

    def counted(some: np.ndarray) -> np.ndarray:
        seen.append(len(some))
        return second.answer(some)

    cascade = Cascade([first, Stage(counted, 1, 0.86, 0.84)])
    kept, told = cascade.passed(windows)
    fits = first.told(windows)[:, 1] <= 0.86
    assert np.array_equal(kept, np.flatnonzero(fits & (second.told(windows)[:, 1] <= 0.84))) and 0 < len(kept) < 400
    assert np.array_equal(told, second.told(windows)[kept]) and seen == [fits.sum()]
    assert len(cascade.passed(windows, loose=True)[0]) > len(kept)
    assert len(cascade.passed(np.zeros((3, 5, 7, 1), int))[0]) == 0 and seen[2:] == []


def test_the_limit_of_a_stage_keeps_the_share_of_objects_that_is_asked_for() -> None:
    told = np.stack([np.zeros(200), np.random.default_rng(0).permutation(200) / 200], axis=1)
    stage = judge(1)
    assert (told[:, 1] <= stage.limit(told, 0.95)).sum() == 190 and stage.limit(told, 1.0) == told[:, 1].max()


def saved(folder: Path, count: int, side: int = 20) -> Path:
    """A folder of dark noise."""
    folder.mkdir()
    for number in range(count):
        Image.fromarray(noise(side, side + number, number)[..., 0]).save(folder / f"{number}.png")
    return folder


def test_hard_negatives_are_windows_that_the_cascade_takes_for_objects(tmp_path: Path) -> None:
    parts = divided(str(saved(tmp_path / "dark", 10)), Key.of(0), {"channels": "gray"}, LOOK, np.dtype(np.uint8))
    names = [{file.name for file in parts[name].files} for name in ("train", "validation", "test")]
    assert [len(own) for own in names] == [6, 2, 2] and len(set().union(*names)) == 10
    any_of_them = mine(parts["train"], None, 40, 1000, Key.of(1))
    assert len(any_of_them.windows) == 40 and any_of_them.looked == 42
    cascade = Cascade([judge(2)])
    hard = mine(parts["train"], cascade, 40, 4000, Key.of(1))
    assert len(hard.windows) == 40 and hard.looked > 3 * 40
    assert len(cascade.passed(hard.windows, loose=True)[0]) == 40 > len(cascade.passed(hard.windows)[0])
    few = mine(parts["train"], cascade, 10_000, 500, Key.of(1))
    assert few.looked == 500 and 0 < len(few.windows) < 500


def test_later_negatives_weigh_more() -> None:
    rounds = [{"train": np.full((30, 1, 1, 1), number), "test": np.full((4, 1, 1, 1), number)} for number in range(3)]
    assert np.bincount(weighed(rounds, "train").ravel()).tolist() == [30, 60, 90]
    assert np.bincount(weighed(rounds, "test").ravel()).tolist() == [4, 4, 4]


@pytest.mark.parametrize(("words", "said"), [
    ((None, 0, None), "--rounds must be from 1 to 20"), ((None, -1, None), "but it is -1"),
    (("lenet5||FC_3", None, None), "--models must be networks"),
    (("lenet5|FC_3", 3, None), "--rounds must be 2"), (("lenet5", None, "vgg16"), "and then no --model"),
])  # fmt: skip
def test_words_that_make_no_sense_are_refused(words: tuple[str | None, int | None, str | None], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("|", r"\|")):
        models_of(*words)


def test_a_cascade_learns_from_its_mistakes_and_finds_what_it_was_shown(terminal: Terminal, tmp_path: Path) -> None:
    """Crosses and bars among noise and half bars, two rounds; the same command goes on to the same record."""
    random = np.random.default_rng(0)
    shapes = np.zeros((2, 8, 8), np.uint8)
    shapes[0, 3:5, 1:7] = shapes[0, 1:7, 3:5] = shapes[1, 1:7, 3:5] = 220
    labels = np.arange(400) % 2
    light = random.uniform(0.4, 1, (400, 1, 1))
    x = np.maximum(shapes[labels] * light, random.integers(0, 60, (400, 8, 8))).astype(np.uint8)
    np.savez("shapes.npz", x_train=x[:240], y_train=labels[:240], x_val=x[240:320], y_val=labels[240:320],
             x_test=x[320:], y_test=labels[320:])  # fmt: skip
    Path("bg").mkdir()
    for number in range(10):
        pixels = random.integers(0, 60, (40, 40)).astype(np.uint8)
        for y, x1 in random.integers(0, 34, (12, 2)):
            pixels[y : y + 2, x1 : x1 + 6] = 220
            pixels[x1 : x1 + 4, y : y + 2] = 220
        Image.fromarray(pixels).save(f"bg/{number}.png")
    words = ["cascade", "shapes.npz", "--background", "bg", "--models", "linear|FC_32", "--epochs", "8", "--augment",
             "none", "--no-checks", "--engine", "reference", "--lr", "0.01", "--step", "2", "--crops", "3000",
             "--out", "out"]  # fmt: skip
    typed = terminal.type(*words, "--json")
    assert typed.code == 0, typed.err
    record = json.loads(typed.out)
    first, second = record["measured"]
    assert second["alone"]["alarms"] < first["alone"]["alarms"] and second["alone"]["recall"] > 0.95
    assert second["cascade"]["alarms"] <= second["alone"]["alarms"]
    easy, hard = record["stages"]
    assert easy["looked"] < 1.1 * easy["negatives"] and hard["looked"] > 2 * hard["negatives"] > 0
    before = Path("out/round-2/metrics.json").stat().st_mtime_ns
    Path("out/cascade.json").unlink()
    again = json.loads(terminal.type(*words, "--json").out)
    assert again["stages"] == record["stages"] and Path("out/round-2/metrics.json").stat().st_mtime_ns == before
    terminal.refused(1, ["out holds another cascade: setting lr was 0.01, is 0.02", "choose another --out"], *words,
                     "--lr", "0.02")  # fmt: skip
    picture = random.integers(0, 60, (40, 44)).astype(np.uint8)
    picture[10:18, 20:28] = np.maximum(picture[10:18, 20:28], shapes[0])
    Image.fromarray(picture).save("one.png")
    (found,) = json.loads(terminal.type("predict", "out", "one.png", "--json").out)["predictions"]
    assert [round(v) for v in found["boxes"][0]["box"]] == [20, 10, 28, 18] and found["boxes"][0]["class"] == "0"
    assert found["boxes"][0]["score"] > 0.5
    terminal.refused(2, ["is a cascade", "--slide"], "predict", "out", "one.png", "--slide")
    Image.fromarray(picture[:5]).save("small.png")
    terminal.refused(1, ["must be at least 8x8 pixels, but it is 5x44"], "predict", "out", "small.png")
    records_are_held_against_the_rounds(terminal, record)


def records_are_held_against_the_rounds(terminal: Terminal, record: dict[str, Any]) -> None:
    """In out: where all windows pass no box is of background; another's round or record is refused in a sentence."""
    place = Path("out/cascade.json")
    lax = [{**one, "loose": 1.0, "most": 1.0} for one in record["stages"]]
    place.write_text(json.dumps({**record, "stages": lax}))
    (all_of_them,) = json.loads(terminal.type("predict", "out", "one.png", "--json").out)["predictions"]
    assert {box["class"] for box in all_of_them["boxes"]} == {"0", "1"} and len(all_of_them["boxes"]) > 10
    for told, said in (("{}", "cascade.json is damaged"), (json.dumps(record)[:300], "cascade.json"),
                       (json.dumps({**record, "format": 2}), "is of format 2, and this Pellucid reads formats up to 1"),
                       (json.dumps({**record, "stages": [{**lax[0], "run": "round-9"}]}), "round-9 does not exist")):
        place.write_text(told)
        terminal.refused(1, [said], "predict", "out", "one.png")
    place.write_text(json.dumps(record))
    for old, new in (("round-1", "kept"), ("round-2", "round-1"), ("kept", "round-2")):
        Path("out", old).rename(Path("out", new))
    terminal.refused(1, ["round-1 holds another model than the one that out/cascade.json tells of"], "predict", "out",
                     "one.png")  # fmt: skip


def test_data_and_folders_that_do_not_fit_are_told(terminal: Terminal, tmp_path: Path) -> None:
    saved(tmp_path / "few", 4)
    words = ("cascade", "digits", "--out", "out", "--background")
    terminal.refused(2, ["--background must be a folder of at least 5 pictures", "4"], *words, "few")
    terminal.refused(2, ["--background must be a folder of pictures without"], *words, "none")
    terminal.refused(2, ["--recall must be from 0.5 to 1"], *words, "few", "--recall", "0.2")
    saved(tmp_path / "some", 20)
    Image.fromarray(noise(6, 30)[..., 0]).save("some/7.png")
    terminal.refused(1, ["some/7.png", "must be at least 8x8 pixels, the window's, but it is 6x30"], *words, "some")
    Path("some/7.png").write_bytes(b"no picture")
    terminal.refused(1, ["some/7.png"], *words, "some")
    assert not Path("out").exists()


def test_a_plan_reads_its_stores_as_they_lie() -> None:
    plan = Plan(RunConfig(data="x", resize="9x9", limit=5, lr=0.1), "bg", ("linear", None))
    config = plan.config(0, "round-1.h5")
    assert (config.data, config.resize, config.limit, config.lr, config.model) == ("round-1.h5", None, None, 0.1, "")
    assert plan.loosely == pytest.approx(0.999)


def test_settings_of_later_versions_that_nobody_typed_make_no_other_cascade() -> None:
    plain, typed = (Plan(RunConfig(use_ema=word), "bg", ("linear",)).identity("a", "b")["settings"]
                    for word in (False, True))  # fmt: skip
    assert MEANINGS["use_ema"].absent is False and "lr" in plain
    assert "use_ema" not in plain and typed["use_ema"]


def test_a_picture_of_another_depth_is_refused(tmp_path: Path) -> None:
    Image.fromarray(noise(9, 9)[..., 0].astype(np.uint16) * 256).save(tmp_path / "deep.png")
    part = Backgrounds([tmp_path / "deep.png"], {"channels": "gray"}, LOOK, np.dtype(np.uint8))
    with pytest.raises(Exception, match="must be uint8 as the objects"):
        part.picture(0)
    with pytest.raises(FileError):
        Backgrounds([tmp_path / "gone.png"], {}, LOOK, np.dtype(np.uint8)).picture(0)
