"""The pictures: what they say, that nothing is cut off, and that no name, size or gap makes them warn or fail."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.annotations import Classes
from pellucid.data.blending import STAINS, legend
from pellucid.data.channels import CHANNELS, convert_channels, default_names
from pellucid.data.dataset import Part
from pellucid.data.images import ArrayImages
from pellucid.diagnosis.series import column, layer_ratios, step_clock, thin
from pellucid.errors import ShapeError
from pellucid.reports import drawing
from pellucid.reports.curves import curves_png, ratio_words, score_words
from pellucid.reports.pixels import STRETCHED, displayable
from pellucid.reports.scores import LESS, LOSS, Score
from pellucid.reports.sections import Gallery
from pellucid.runs.pictures import write_pictures
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.classification.confusion import cell_colours, confusion_figure
from pellucid.tasks.classification.evaluation import ACCURACY, Evaluation
from pellucid.tasks.classification.mistakes import mistakes_png
from pellucid.tasks.classification.pictures import pictures_of

ODD_NAMES = ("$x_1$ & <b>", "a$b", "\\frac{1}{2}", "%d {name}", "класс", "猫", "line\nbreak", "")
Rows = Callable[..., tuple[list[dict[str, Any]], list[dict[str, Any]]]]


def synthetic(names: tuple[str, ...], n: int, *, skill: float = 2.0) -> Evaluation:
    rng = np.random.default_rng(len(names))
    labels, answers = rng.integers(0, len(names), n), rng.gamma(0.2, size=(n, len(names)))
    answers[np.arange(n), labels] += skill * rng.random(n)
    origins = [f"train/{names[k]}/image_{i:05d}.jpg" for i, k in enumerate(labels)]
    return Evaluation("test", labels, answers / answers.sum(axis=1, keepdims=True), names, origins, 0.5)


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        return picture.size


def test_all_three_are_written(tmp_path: Path, digits: tuple[Evaluation, np.ndarray], rows: Rows) -> None:
    evaluation, pixels = digits
    asked: list[np.ndarray] = []

    def images(indices: np.ndarray) -> np.ndarray:
        asked.append(indices)
        return pixels[indices]

    folder, (history, steps) = RunFolder(tmp_path), rows(4)
    training = Part(ArrayImages(pixels), Classes(evaluation.labels), evaluation.names, np.arange(len(pixels)))
    shown = write_pictures(folder, history=history, steps=steps, watched=ACCURACY, predictions=[],
                           draw=lambda: pictures_of(evaluation, images, training))  # fmt: skip
    for path in (folder.curves, folder.path / "confusion.png", folder.path / "mistakes.png"):
        assert min(size_of(path.read_bytes())) > 300, path
    worst = evaluation.worst_mistakes(24).tolist()
    assert [indices.tolist() for indices in asked][:2] == [worst, worst]  # for the picture and for the page
    galleries = [len(one.cards) for one in shown.sections if isinstance(one, Gallery)]
    assert (len(shown.curves), galleries) == (3, [24, 24, 18])  # a sample, mistakes, right ones


def test_pyplot_is_never_loaded() -> None:
    code = (
        "import sys, numpy as np\n"
        "import pellucid.reports.report, pellucid.runs.pictures, pellucid.runs.index\n"
        "heavy = {'matplotlib', 'sklearn', 'jinja2', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, f'{heavy} are imported before they are needed'\n"
        "from pellucid.reports.curves import curves_png\n"
        "from pellucid.reports.scores import Score\n"
        "curves_png([{'epoch': 1, 'loss': 1.0}], [], Score('accuracy'))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# curves


def test_curves_say_best_and_last(drawn: list[str], rows: Rows) -> None:
    curves_png(*rows(5), ACCURACY)
    assert any(text.startswith("Lowest validation loss: ") for text in drawn)
    assert any(text.startswith("Best validation accuracy: ") and text.endswith("(epoch 5)") for text in drawn)
    assert {"training", "validation", "conv2d_0", "conv2d_1", "conv2d_2", "epoch", "step"} <= set(drawn)


@pytest.mark.parametrize(("epochs", "layers"), [(1, 0), (1, 53), (2, 1), (60, 9)])
def test_curves_of_any_length(drawn: list[str], rows: Rows, epochs: int, layers: int) -> None:
    curves_png(*rows(epochs, layers=layers, steps_per_epoch=6), ACCURACY)
    assert "training" in drawn
    assert any("Updates" in text for text in drawn) == (layers > 0)


def test_curves_with_gaps(drawn: list[str], rows: Rows) -> None:
    history, steps = rows(2)
    curves_png(history, [], ACCURACY)
    curves_png([], steps, ACCURACY)
    assert "each step" in drawn and "no epoch was finished" in drawn
    curves_png([{"epoch": "1", "loss": "nan"}, {"epoch": "2", "loss": "inf"}], [{"step": "", "epoch": "1"}], ACCURACY)
    curves_png([{"epoch": 1, "loss": -3.5}, {"epoch": 2, "loss": -3.5}], [], ACCURACY)
    huge = [{"epoch": 1, "loss": 1e308, "accuracy": -1e308}, {"epoch": 1e300, "loss": -1e308, "val_loss": 3}]
    curves_png(huge, [{"step": 1e308, "epoch": -1e308, "loss": 1e308}], ACCURACY)
    curves_png([], [], ACCURACY)
    assert "No curves yet" in drawn


def test_overfitting_is_said() -> None:
    epoch, training = np.arange(1.0, 5.0), np.array([0.9, 0.5, 0.3, 0.1])
    rising = {"training": training, "validation": np.array([0.8, 0.6, 0.7, 0.9])}
    title, subtitle = score_words(LOSS, epoch, rising)
    assert title == "Lowest validation loss: 0.6 (epoch 2)"
    assert subtitle == "at the end: training 0.1, validation 0.9 (overfitting)"
    falling = rising | {"validation": np.array([0.8, 0.6, 0.5, 0.52])}
    assert "overfitting" not in score_words(LOSS, epoch, falling)[1]


def test_a_score_of_which_less_is_better(drawn: list[str], rows: Rows) -> None:
    history, steps = rows(5, layers=0)
    history = [row | {"mae": 40 / row["epoch"], "val_mae": 45 / row["epoch"]} for row in history]
    curves_png(history, steps, Score("mae", LESS, "degrees"))
    assert "Lowest validation mae: 9 (epoch 5)" in drawn and not any("accuracy" in text for text in drawn)
    drawn.clear()
    curves_png(history, steps, LOSS)  # the loss is drawn once
    assert sum(text.startswith("Lowest") for text in drawn) == 1


def test_ratio_title_counts_layers_by_most_of_their_updates() -> None:
    def said(**ratios: list[float]) -> str:
        rows = zip(*([1.0, *values] for values in ratios.values()), strict=True)  # the first one is not counted
        names = [f"update_ratio/{name}" for name in ratios]
        return ratio_words([dict(zip(names, row, strict=True)) for row in rows])

    assert said(a=[1e-3, np.nan], b=[1e-5, 1e-5], c=[0.1, np.nan]) == (
        "Updates are far smaller than healthy in 1 and far larger than healthy in 1 of 3 layers"
    )
    wild = [0.3, 1e-3, 3e-6]  # whose median is a healthy one
    assert said(a=wild, b=[1e-3] * 3) == "Updates are far smaller than healthy in 1 of 2 layers"
    assert said(a=[1e-3], b=[5e-3]) == "Updates are near a healthy size in all 2 layers"
    assert said(a=[5e-4, 3e-6], b=[1e-3] * 2) == "Updates are far smaller than healthy in 1 of 2 layers"
    assert said(a=[1e-3]) == "Updates have a healthy size in one layer"
    assert said(a=[]) == "Size of the updates"


def test_small_updates_of_a_rate_that_falls_on_purpose_are_healthy() -> None:
    rates = np.linspace(1, 0, 50) ** 2  # most of the steps have a low one
    steps = [{"learning_rate": rate, "update_ratio/a": 2e-3 * rate} for rate in rates]
    assert ratio_words(steps) == "Updates have a healthy size in one layer"
    flat = [row | {"learning_rate": 1.0} for row in steps]
    assert "far smaller than healthy" in ratio_words([row | {"update_ratio/a": 1e-5} for row in flat])


def test_columns_and_ratios_of_text_rows() -> None:
    steps = [
        {"step": "1", "update_ratio/a/b": "0.5", "update_ratio/frozen": "0.0"},
        {"step": "x", "update_ratio/a/b": ""},
    ]
    assert column(steps, "step")[0] == 1.0 and np.isnan(column(steps, "step")[1])
    ratios = layer_ratios(steps)
    assert list(ratios) == ["a/b"] and ratios["a/b"][0] == 0.5 and np.isnan(ratios["a/b"][1])


def test_last_step_of_an_epoch_lies_on_its_number() -> None:
    # epoch 1 is steps 1 to 4, epoch 2 is 5 to 8, epoch 3 was stopped after half of its steps
    steps = [{"step": s, "epoch": e} for s, e in zip(range(1, 11), [1] * 4 + [2] * 4 + [3] * 2, strict=True)]
    clock = step_clock([{"epoch": 1}, {"epoch": 2}], steps)
    assert clock == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5])
    assert step_clock([{"epoch": e} for e in (1, 2, 3)], steps)[-1] == 3.0


def test_thin_averages_neighbours() -> None:
    x, y = thin(np.arange(5.0), np.array([1.0, 3.0, np.nan, 5.0, 9.0]), points=2)
    assert x.tolist() == [0.5, 3.5] and y.tolist() == [2.0, 7.0]


def test_labels_are_spread_about_their_own_middle() -> None:
    assert drawing.spread([0.0, 100.0], gap=10) == [0.0, 100.0]
    assert drawing.spread([50.0, 52.0], gap=10) == [46.0, 56.0]
    assert drawing.spread([50.0, 52.0, 57.0], gap=10) == pytest.approx([43.0, 53.0, 63.0])


# confusion


@pytest.mark.parametrize("classes", [1, 2, 10, *(pytest.param(n, marks=pytest.mark.soak) for n in (16, 20)), 21, 131])
def test_confusion_of_any_size(drawn: list[str], classes: int) -> None:
    names = tuple(f"{'Apple Golden' if k % 2 else 'Kiwi'} {k}" for k in range(classes))
    evaluation = synthetic(names, 40 * classes)
    drawing.to_png(confusion_figure(evaluation))
    assert set(names) <= set(drawn)
    assert "true class (rows)" in drawn and "predicted class (columns)" in drawn
    counts = {f"{count:,}" for count in evaluation.confusion.ravel()}
    if classes <= 20:
        assert counts <= set(drawn)
        assert [text for text in drawn if text in names] == [*names, *names]  # columns, then rows from the top
    else:
        true, said, count = evaluation.most_confused(1)[0]
        assert "Most often confused" in drawn
        assert f"{names[true]} \N{RIGHTWARDS ARROW} {names[said]}" in drawn and f"{count}" in drawn


def test_confusion_of_large_counts(drawn: list[str]) -> None:
    labels = np.repeat([0, 1], 123_456)
    answers = np.eye(2)[labels]
    answers[7] = answers[7, ::-1]
    drawing.to_png(confusion_figure(Evaluation("test", labels, answers, ("no", "yes"), [""] * len(labels), 0.1)))
    assert {"123,455", "123,456", "1", "0", "100 %", "99.9 %"} <= set(drawn)
    assert "most often confused: no taken for yes, once" in drawn


def test_cells_grow_with_their_counts(drawn: list[str]) -> None:
    labels = np.repeat(np.arange(16), 30_000)
    answers = np.eye(16)[(labels + np.arange(len(labels)) % 2) % 16]  # every second one is taken for its neighbour
    names = tuple(f"c{k}" for k in range(16))
    drawing.to_png(confusion_figure(Evaluation("test", labels, answers, names, [""] * len(labels), 0.1)))
    assert drawn.count("15,000") == 32


def test_confusion_with_absent_classes(drawn: list[str]) -> None:
    drawing.to_png(confusion_figure(Evaluation("test", np.array([0]), np.eye(3)[[0]], ("a", "b", "c"), ["x"], 0.1)))
    assert drawn.count("no sample") == 2
    assert "no class is taken for another" in drawn


def test_cells_are_blue_on_the_diagonal_and_vermilion_beside_it() -> None:
    colours = cell_colours(np.array([[3, 1], [0, 0]]))
    red, _, blue, strength = colours[0, 0]
    assert blue > red
    red, _, blue, fainter = colours[0, 1]
    assert red > blue and 0 < fainter < strength
    assert colours[1, :, 3].tolist() == [0, 0]  # an empty row shows the paper


def test_odd_names_are_drawn_literally(drawn: list[str]) -> None:
    evaluation = synthetic(ODD_NAMES, 200)
    drawing.to_png(confusion_figure(evaluation))
    mistakes_png(evaluation, lambda indices: np.zeros((len(indices), 4, 4, 1), np.uint8))
    assert {"$x_1$ & <b>", "a$b", "\\frac{1}{2}", "line break"} <= set(drawn)


def test_long_names_that_look_alike_carry_their_number(drawn: list[str]) -> None:
    names = tuple(f"A very long name of variety {k} in the collection" for k in range(16))
    drawing.to_png(confusion_figure(synthetic(names, 300)))
    assert drawing.short_names(names, 22)[7] in drawn
    assert drawing.short_names(names, 22)[7].startswith("7 A very")
    assert drawing.short_names(("cat", "dog"), 22) == ["cat", "dog"]


def test_missing_glyphs_become_boxes() -> None:
    assert drawing.drawable("a\U0010fffd\tb") == "a\N{WHITE SQUARE} b"


# mistakes


@pytest.mark.parametrize(
    ("shape", "dtype", "remark"),
    [
        ((8, 8, 1), np.uint8, None),
        ((31, 17, 3), np.uint8, None),
        ((20, 300, 3), np.float32, None),
        ((9, 5, 2), np.uint8, "Colours: channel_0 blue, channel_1 green. " + STRETCHED),
        ((16, 16, 4), np.uint16, f"Colours: {legend(default_names(4))}. {STRETCHED}"),
        ((16, 16, 1), np.float64, "Brightness is stretched in each picture."),
    ],
)
def test_any_kind_of_picture(drawn: list[str], shape: tuple[int, ...], dtype: type, remark: str | None) -> None:
    rng = np.random.default_rng(1)
    scale = {np.uint8: 255, np.uint16: 60_000, np.float32: 1.0, np.float64: 7.0}[dtype]

    def images(indices: np.ndarray) -> np.ndarray:
        return (rng.random((len(indices), *shape)) * scale).astype(dtype)

    mistakes_png(synthetic(("cat", "dog", "owl"), 12), images)
    told = " ".join(reversed([text for text in drawn if any(word in text for word in ("channel", "Bright", "ture."))]))
    assert told == (remark or "")


def test_pixels_are_shown_as_they_are_or_stretched() -> None:
    bytes_ = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3, 1)
    assert displayable(bytes_)[0][0, 0, :, 0] == pytest.approx([0, 0.2, 1])
    wide = np.array([[500, 600, 700], [0, 30_000, 60_000]], np.uint16).reshape(2, 1, 3, 1)
    shown = displayable(wide)[0]
    assert shown[:, 0, 1, 0] == pytest.approx([0.5, 0.5])  # each picture by its own range
    flat = displayable(np.full((1, 2, 2, 1), np.nan, np.float32))[0]
    assert np.isfinite(flat).all()


def test_channels_with_names_are_shown_in_colours_of_their_own() -> None:
    six = np.zeros((1, 1, 2, 6), np.uint8)
    six[0, 0, 0, 0], six[0, 0, 1, 3] = 51, 191                 # full nuclei; full nucleoli
    shown, remark = displayable(six, tuple(STAINS))
    assert np.allclose(shown[0, 0] * 255, [[19, 0, 249], [45, 255, 252]]) and "nucleoli cyan" in remark
    colour = np.array([[[[10, 200, 90]]]], np.uint8)
    again, remark = displayable(convert_channels(colour, "hsv"), CHANNELS["hsv"])
    assert np.abs(again * 255 - colour).max() <= 3 and not remark
    three, remark = displayable(colour, ("DNA", "pH3", "cytoplasm"))
    assert remark.startswith("Colours: DNA blue, pH3 green, cytoplasm red.") and three.shape == (1, 1, 1, 3)


def test_mistakes_name_both_classes(drawn: list[str]) -> None:
    answers = np.array([[0.8, 0.12, 0.05, 0.03], [0.0, 1.0, 0.0, 0.0]])
    evaluation = Evaluation(
        "validation", np.array([3, 1]), answers, ("cat", "dog", "owl", "elk"), ["a/b.png", "c"], 0.1
    )
    mistakes_png(evaluation, lambda indices: np.zeros((len(indices), 5, 9, 1)))
    assert {"The only mistake", "said cat", "is elk", "cat", "80.0 %", "dog", "12.0 %", "owl", "5.0 %"} <= set(drawn)
    assert {"true class: 3.0 %", "a/b.png"} <= set(drawn)


def test_no_mistakes_is_said_without_asking_for_pictures(drawn: list[str]) -> None:
    def images(indices: np.ndarray) -> np.ndarray:
        raise AssertionError("no picture is wanted")

    mistakes_png(Evaluation("test", np.array([0, 1]), np.eye(2), ("a", "b"), ["x", "y"], 0.0), images)
    assert "No mistakes" in drawn and "The model is right about all 2 samples of the test part." in drawn


def test_pictures_of_the_wrong_shape_are_refused() -> None:
    evaluation = synthetic(("cat", "dog", "owl"), 90)
    with pytest.raises(ShapeError, match=r"images must be \(n, H, W, C\) with n = \d+, but it is of shape \(3, 8, 8\)"):
        mistakes_png(evaluation, lambda indices: np.zeros((3, 8, 8)))


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [(1.0, 1, "100 %"), (0.0, 1, "0 %"), (0.99996, 1, "99.9 %"), (0.0001, 1, "0.1 %"), (335 / 360, 2, "93.06 %")],
)
def test_percent_is_never_rounded_to_all_or_nothing(share: float, digits: int, text: str) -> None:
    assert drawing.percent(share, digits) == text


def test_shorten_keeps_the_ends() -> None:
    assert drawing.shorten("abcdefghij", 10) == "abcdefghij"
    assert drawing.shorten("abcdefghijk", 7) == "abcd\N{HORIZONTAL ELLIPSIS}jk"
    assert drawing.shorten("abcdefghijk", 5, keep="end") == "\N{HORIZONTAL ELLIPSIS}hijk"
