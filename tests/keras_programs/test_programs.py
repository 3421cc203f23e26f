"""Keras programs run here with nothing but their import lines changed, on a small cut of the real data.

The very same files run with Keras itself too, so that nobody bends them until they suit us.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.datasets import cifar10, flow_from_directory, mnist

PROGRAMS = Path(__file__).parent / "programs"
TOP_LEVEL = {"keras.utils": "pellucid"}  # where a page of Keras's lies elsewhere here
Cut = dict[str, tuple[np.ndarray, ...]]


def swapped(text: str) -> str:
    """The program with other import lines; every other line stays."""

    def other(match: re.Match[str]) -> str:
        page = match["page"]
        return f"from {TOP_LEVEL.get(page, page.replace('keras', 'pellucid', 1))} import "

    return re.sub(r"^from (?P<page>keras[\w.]*) import ", other, text, flags=re.MULTILINE)


def run(name: str, *, change: bool) -> dict[str, Any]:
    """Run a program and return its names."""
    text = (PROGRAMS / name).read_text(encoding="utf-8")
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(swapped(text) if change else text, name, "exec"), scope)
    return scope


@pytest.fixture(scope="session")
def cut(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """The first images of MNIST and of every class of CIFAR-10."""
    (x, y), (x_test, y_test) = mnist.load_data(shared_data)
    assert x.shape == (60000, 28, 28) and x.dtype == y.dtype == np.uint8 and y_test.shape == (10000,)
    return {"mnist": (x[:640], y[:640], x_test[:200], y_test[:200]), "cifar10": few_of_cifar10(shared_data)}


def few_of_cifar10(shared_data: Path) -> tuple[np.ndarray, ...]:
    """12 images a class to learn from and 4 to test, all of the smaller tar, which is read in a second or two."""
    import io
    import tarfile

    from PIL import Image

    names = (shared_data / "cifar10" / "classes.txt").read_text(encoding="utf-8").split()
    pictures: dict[str, list[np.ndarray]] = {name: [] for name in names}
    with tarfile.open(shared_data / "cifar10" / "test.tar.gz", "r|gz") as tar:
        for member in tar:
            folder = member.name.split("/")[-2] if member.isfile() else ""
            if folder in pictures and len(pictures[folder]) < 16:
                data = tar.extractfile(member)
                assert data is not None
                pictures[folder].append(np.asarray(Image.open(io.BytesIO(data.read())).convert("RGB")))
    found: list[np.ndarray] = []
    for chosen in (slice(0, 12), slice(12, 16)):
        x = np.concatenate([np.stack(pictures[name][chosen]) for name in names])
        y = np.repeat(np.arange(len(names), dtype=np.uint8), len(x) // len(names))
        order = np.random.default_rng(0).permutation(len(x))
        found += [x[order], y[order][:, None]]
    return tuple(found)


def give(monkeypatch: pytest.MonkeyPatch, owner: Any, cut: tuple[np.ndarray, ...]) -> None:
    """Make load_data of a data set give the cut."""
    x, y, x_test, y_test = cut
    if isinstance(owner, type(mnist)):
        monkeypatch.setattr(type(owner), "load_data", lambda self, path=None: ((x, y), (x_test, y_test)))
    else:
        monkeypatch.setattr(owner, "load_data", lambda: ((x, y), (x_test, y_test)))


def test_only_import_lines_change() -> None:
    for program in PROGRAMS.iterdir():
        old = program.read_text(encoding="utf-8")
        before, after = old.splitlines(), swapped(old).splitlines()
        changed = [one for one, other in zip(before, after, strict=True) if one != other]
        assert changed and all(line.startswith("from keras") for line in changed)
        assert not any("keras" in line for line in after if line.startswith(("from ", "import ")))


def test_lenet_runs_and_learns(cut: Cut, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import pellucid

    pellucid.set_random_seed(0)
    give(monkeypatch, mnist, cut["mnist"])
    scope = run("lenet_mnist.py", change=True)
    assert scope["model"].count_params() == 520 + 25_050 + 900_500 + 5_010
    assert scope["accuracy"] > 0.6 and scope["confusion"].sum() == 200
    assert scope["accuracy"] == pytest.approx(np.trace(scope["confusion"]) / 200)
    assert list(scope["history"].history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    printed = capsys.readouterr().out
    assert "Total parameters: 931,080" in printed and "Test accuracy:" in printed


def test_the_functional_net_runs_and_learns(
    cut: Cut, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pellucid

    pellucid.set_random_seed(0)
    give(monkeypatch, cifar10, cut["cifar10"])
    scope = run("functional_cifar10.py", change=True)
    losses = scope["history"].history["loss"]
    assert scope["model"].count_params() == 592_554 and losses[1] < losses[0]
    assert scope["features"].output_shape == (None, 128)
    assert "Not trainable: 640" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_same_files_are_valid_keras_programs(
    cut: Cut, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.parity_keras.bridge import keras

    keras.config.set_floatx("float32")
    give(monkeypatch, keras.datasets.mnist, tuple(part[:64] for part in cut["mnist"]))
    assert run("lenet_mnist.py", change=False)["model"].count_params() == 931_080
    give(monkeypatch, keras.datasets.cifar10, tuple(part[:64] for part in cut["cifar10"]))
    assert run("functional_cifar10.py", change=False)["model"].count_params() == 592_554
    assert "Total params" in capsys.readouterr().out


def test_cifar10_has_keras_s_form_and_is_mixed(shared_data: Path, tmp_path: Path) -> None:
    """A data set of a few pictures in the same layout: reading all 60,000 takes 12 s."""
    from PIL import Image

    x, y, _, _ = few_of_cifar10(shared_data)
    names = (shared_data / "cifar10" / "classes.txt").read_text(encoding="utf-8").split()
    for part in ("train", "test"):
        for number in range(60):
            folder = tmp_path / "cifar10" / part / names[y[number, 0]]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(x[number]).save(folder / f"{number:04}.png")
    (x_train, y_train), (x_test, y_test) = cifar10.load_data(tmp_path)
    assert x_train.shape == (60, 32, 32, 3) and y_train.shape == (60, 1) and x_train.dtype == y_train.dtype == np.uint8
    assert (np.diff(y_train[:, 0].astype(int)) < 0).sum() > 10  # the files are sorted by class, the arrays are not
    for image, label in zip(x_test, y_test[:, 0], strict=True):
        number = next(n for n in range(60) if np.array_equal(x[n], image))
        assert sorted({names[k] for k in y[:60, 0]})[label] == names[y[number, 0]]
    again = cifar10.load_data(tmp_path)[0][0]
    np.testing.assert_array_equal(x_train, again)


def test_a_set_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'mnist' was not found; looked at"):
        mnist.load_data(tmp_path)


@pytest.fixture(scope="session")
def fruits(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve training pictures of each of three fruits, as folders."""
    import tarfile

    folder = tmp_path_factory.mktemp("fruits")
    count: dict[str, int] = {}
    with tarfile.open(shared_data / "fruits360-mini" / "fruits360-mini.tar") as tar:
        for member in tar:
            words = member.name.split("/")
            if member.isfile() and "Training" in words and words[-2] in ("Apricot", "Avocado", "Cactus fruit"):
                count[words[-2]] = count.get(words[-2], 0) + 1
                if count[words[-2]] <= 12:
                    member.name = "/".join(words[-2:])
                    tar.extract(member, folder, filter="data")
    return folder


def test_class_folders_flow(fruits: Path) -> None:
    flow = flow_from_directory(fruits, target_size=(20, 24), batch_size=8, seed=1, rescale=1 / 255)
    assert flow.class_indices == {"Apricot": 0, "Avocado": 1, "Cactus fruit": 2}
    assert (flow.samples, flow.steps_per_epoch, len(flow)) == (36, 5, 5)
    batches = list(flow)
    assert [x.shape for x, _ in batches] == [(8, 20, 24, 3)] * 4 + [(4, 20, 24, 3)]
    x, y = batches[0]
    assert x.dtype == y.dtype == np.float32 and x.min() >= 0 and 0.5 < x.max() <= 1
    labels = np.concatenate([y.argmax(1) for _, y in batches])
    assert np.bincount(labels).tolist() == [12, 12, 12] and (np.diff(labels) < 0).any()
    second = np.concatenate([y.argmax(1) for _, y in flow])
    assert not np.array_equal(labels, second)
    same = flow_from_directory(fruits, (20, 24), batch_size=8, seed=1)
    np.testing.assert_array_equal(labels, np.concatenate([y.argmax(1) for _, y in same]))


def test_class_modes(fruits: Path) -> None:
    plain = flow_from_directory(fruits, (10, 10), "grayscale", "sparse", 5, False)
    x, y = plain[0]
    assert x.shape == (5, 10, 10, 1) and y.tolist() == [0] * 5 and x.max() > 1
    assert plain.classes.tolist() == [0] * 12 + [1] * 12 + [2] * 12
    assert flow_from_directory(fruits, (10, 10), class_mode=None)[0].shape == (32, 10, 10, 3)
    with pytest.raises(ValueError, match="class_mode='binary' must be used with 2 classes, but it is 3"):
        flow_from_directory(fruits, (10, 10), class_mode="binary")
    with pytest.raises(ValueError, match="class_mode must be one of 'categorical', 'sparse', 'binary', None"):
        flow_from_directory(fruits, class_mode="input")
    with pytest.raises(ValueError, match="color_mode must be one of 'rgb', 'grayscale', but it is 'rgba'"):
        flow_from_directory(fruits, color_mode="rgba")
    with pytest.raises(ValueError, match=r"target_size must be \(height, width\) in pixels, but it is 100"):
        flow_from_directory(fruits, 100)  # type: ignore[arg-type]


def test_a_model_learns_from_class_folders(fruits: Path) -> None:
    import pellucid as p

    p.set_random_seed(0)
    flow = flow_from_directory(fruits, (16, 16), batch_size=9, seed=0, rescale=1 / 255)
    model = p.Sequential([p.layers.Flatten(), p.layers.Dense(3, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    held_out = flow_from_directory(fruits, (16, 16), rescale=1 / 255)
    history = model.fit(flow, epochs=12, verbose=0, validation_data=held_out)
    assert history.params["steps"] == 4 and history.history["val_accuracy"][-1] > 0.9
    assert model.evaluate(flow)[1] > 0.9
    still = flow_from_directory(fruits, (16, 16), shuffle=False, rescale=1 / 255)
    assert (model.predict(still).argmax(1) == still.classes).mean() > 0.9
