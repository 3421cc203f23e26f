"""A folder as a telephone leaves it trains with one flag, and its run treats other pictures as it did those."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid import load_model
from pellucid.data import read_image
from pellucid.runs.config import RunConfig
from tests.cli.terminal import Terminal

TINY = ("--model", "conv_2,pool", "--epochs", "1", "--no-checks", "--threads", "1", "--engine", "reference")
SIZES = ((40, 30), (30, 40), (52, 39), (39, 52), (36, 36))


def photos(folder: Path) -> Path:
    """Two classes of 20 pictures: mixed sizes, some turned, alpha, one broken, one CMYK, one gray, several endings."""
    random = np.random.default_rng(5)
    for label, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            height, width = SIZES[number % len(SIZES)]
            pixels = random.integers(0, 120, (height, width, 3), dtype=np.uint8) + np.uint8(120 * label)
            path, options = folder / name / f"IMG_{number}.jpg", {}
            image = Image.fromarray(pixels)
            if number == 3:
                path, image = path.with_suffix(".png"), Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
            elif number == 4:
                path = path.with_suffix(".webp")
            elif number == 5 and label:
                image = image.convert("CMYK")
            elif number == 6 and label:
                image = image.convert("L")
            elif number % 7 == 0:
                exif = Image.Exif()
                exif[0x0112] = 6
                options["exif"] = exif
            image.save(path, **options)
    path = folder / "cat" / "IMG_9.jpg"
    path.write_bytes(path.read_bytes()[:-300])
    return folder


def test_a_telephones_folder_trains_with_skip_broken_alone(terminal: Terminal) -> None:
    photos(Path("photos"))
    refused = terminal.refused(1, ["cat/IMG_9.jpg: ", "type --skip-broken 3%"], "train", "photos", "--out", "r", *TINY)
    assert "more:" not in refused and not Path("r").exists()
    typed = terminal.type("train", "photos", "--skip-broken", "3%", "--out", "r", *TINY)
    assert typed.code == 0, typed
    for line in ("size 36x36 chosen, as pictures are from 30x40 to 52x39; --resize HxW takes another",
                 "left out: photos/cat/IMG_9.jpg: ", "alpha put over white: 2 pictures", "CMYK made rgb: 1 picture",
                 "gray made rgb: 1 picture", "turned upright as EXIF says: 6 pictures",
                 "left out, as they cannot be read: 1 picture (2.5 %), cat/IMG_9.jpg"):
        assert line in typed.out, (line, typed.out)
    assert "left out: photos/cat/IMG_9.jpg" in Path("r/log.txt").read_text()
    assert not typed.err and "Warning" not in typed.out
    scored = json.loads(terminal.type("evaluate", "r", "--json").out.splitlines()[-1])   # train's log goes on above it
    assert scored["n"] == json.loads(Path("r/metrics.json").read_text())["n"]
    predicted = terminal.type("predict", "r", "photos/dog/IMG_3.png", "photos/cat/IMG_4.webp")
    assert predicted.code == 0 and len(predicted.out.splitlines()) == 2
    terminal.refused(1, ["IMG_9.jpg"], "evaluate", "r/model.safetensors", "photos")
    assert terminal.type("evaluate", "r/model.safetensors", "photos", "--skip-broken", "5%").code == 0


def test_the_model_keeps_how_pictures_were_read(terminal: Terminal) -> None:
    photos(Path("photos"))
    typed = terminal.type("train", "photos", "--skip-broken", "3%", "--fit", "letterbox", "--out", "r", *TINY)
    record = load_model("r/model.safetensors").input_record
    assert typed.code == 0 and record is not None
    assert {"height": 36, "width": 36, "channels": 3, "fit": "letterbox", "alpha": "white"}.items() <= record.items()
    pixels = read_image("photos/dog/IMG_3.png", resize=(36, 36), channels="rgb", fit="letterbox")
    network = load_model("r/model.safetensors")
    answers = np.asarray(network.predict(network.preprocessing.apply(pixels[None]), verbose=0))[0]
    told = json.loads(terminal.type("predict", "r", "photos/dog/IMG_3.png", "--json").out)["predictions"][0]["classes"]
    assert {guess["class"]: guess["probability"] for guess in told} == pytest.approx(
        dict(zip(network.class_names, answers.tolist(), strict=True)), abs=1e-5)


def test_flags_that_make_no_sense_are_refused_before_anything_is_read(terminal: Terminal) -> None:
    for words, told in ((("--skip-broken", "some"), "--skip-broken must be a percentage"),
                        (("--skip-broken", "101%"), "--skip-broken must be from 0 to 100"),
                        (("--fit", "squash"), "--fit must be 'stretch', 'letterbox' or 'crop'"),
                        (("--alpha", "black"), "--alpha must be 'white' or 'drop'"),
                        (("--max-pixels", "0"), "--max-pixels")):
        terminal.refused(2, [told], "train", "nowhere", *words)


def test_an_old_run_drops_transparency_and_a_new_one_does_not() -> None:
    settings = RunConfig().to_json()
    assert RunConfig.from_json(settings, "config.json").alpha == "white"
    for name in ("alpha", "fit", "max_pixels", "skip_broken"):
        del settings[name]
    old = RunConfig.from_json(settings, "config.json")
    assert (old.alpha, old.fit, old.max_pixels, old.skip_broken) == ("drop", "stretch", 178_956_970, None)
