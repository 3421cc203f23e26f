"""NaN is never success: wherever it first appears, the command ends with 1 and one sentence that says what to type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import Sequential, load_model
from pellucid.errors import TrainingError
from pellucid.layers import Dense, Flatten, Input
from pellucid.storage.tables import read_csv
from pellucid.training.program import Supervised
from tests.cli.terminal import Terminal, pictures, write_npz

TRAIN = ["train", "data.npz", "--model", "FC_4", "--optimizer", "sgd", "--schedule", "constant", "--no-checks",
         "--out", "run"]  # fmt: skip


@pytest.fixture(params=["reference", "pytorch"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "pytorch":
        pytest.importorskip("torch", reason="the engine 'pytorch' needs PyTorch")
    return str(request.param)


@pytest.mark.parametrize("held", ["0.2", "0"], ids=["in validation", "in the test part alone"])
def test_weights_that_explode_in_the_last_step(terminal: Terminal, engine: str, held: str) -> None:
    """One epoch of one step: the loss of that step is a number, and the weights it leaves are numbers too."""
    write_npz(Path("data.npz"))
    words = ["--lr", "1e30", "--epochs", "1", "--batch-size", "32", "--val-fraction", held, "--engine", engine]
    said = terminal.refused(1, ["not finite", "lower learning rate"], *TRAIN, *words)
    assert not Path("run/metrics.json").exists()
    assert "--lr" in said


def test_nan_in_the_validation_loss_alone(terminal: Terminal, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second epoch's; the first one's model is kept and named."""
    evaluate, calls = Supervised.evaluate, [0]

    def second(*given: Any) -> Any:
        calls[0] += 1
        return evaluate(*given) | ({"loss:output": (np.nan, 1.0)} if calls[0] == 2 else {})

    monkeypatch.setattr(Supervised, "evaluate", second)
    write_npz(Path("data.npz"))
    words = [*TRAIN, "--epochs", "3", "--val-fraction", "0.2", "--engine", engine]
    terminal.refused(1, ["val_loss is NaN after epoch 2: training has diverged. Train with a lower learning rate",
                         "is kept in run. The model kept is run/model.safetensors."], *words)  # fmt: skip
    assert np.isfinite(load_model("run/model.safetensors").get_weights()[0]).all()
    assert [row["epoch"] for row in read_csv("run/history.csv")] == ["1"]


def test_nan_in_the_scores_of_a_part(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.engines.protocol import Objective

    write_npz(Path("data.npz"))
    assert terminal.type(*TRAIN, "--epochs", "1", "--engine", "reference").code == 0
    report = Objective.report
    monkeypatch.setattr(Objective, "report", lambda *given: report(*given) | {"loss": np.nan})
    terminal.refused(1, ["the loss on the test part is NaN"], "evaluate", "run")


def huge(path: str, scale: float = 1e30) -> Sequential:
    """A model of finite weights so large that what it answers overflows."""
    model = Sequential([Input((7, 6, 3)), Flatten(), Dense(4), Dense(2, activation="softmax")])
    model.set_weights([np.full(weight.shape, scale * (-1) ** place, np.float32)
                       for place, weight in enumerate(model.get_weights())])  # fmt: skip
    model.class_names = ["0", "1"]
    model.save(path)
    return model


def test_a_model_of_huge_weights_predicts_nothing(terminal: Terminal, engine: str) -> None:
    from PIL import Image

    model = huge("huge.safetensors")
    Image.fromarray(pictures()[0]).save("a.png")
    write_npz(Path("data.npz"))
    words = ["what the network answers is not finite", "the largest weight, in 'dense"]
    terminal.refused(1, words, "predict", "huge.safetensors", "a.png", "--engine", engine)
    terminal.refused(1, words, "evaluate", "huge.safetensors", "data.npz", "--engine", engine)
    model.compile("sgd", "sparse_categorical_crossentropy", engine=engine)
    with pytest.raises(TrainingError, match="not finite"):
        model.predict(pictures().astype(np.float32), verbose=0)


def test_fit_ends_where_validation_is_nan() -> None:
    x, y = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32), np.arange(8) % 2
    model = Sequential([Input((3,)), Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    model.optimizer.learning_rate = 1e38
    with pytest.raises(TrainingError, match="finite"):
        model.fit(x, y, epochs=1, batch_size=8, validation_data=(x * 1e3, y), verbose=0)


def test_a_trial_of_a_search_that_diverged_is_no_success(terminal: Terminal) -> None:
    pytest.importorskip("optuna", reason="pellucid search needs Optuna")
    write_npz(Path("data.npz"))
    words = ["search", "data.npz", "--model", "FC_4", "--optimizer", "sgd", "--batch-size", "32", "--rounds", "1",
             "--val-fraction", "0.2", "--trials", "1", "--range", "lr=1e30:1e31", "--engine", "reference"]  # fmt: skip
    typed = terminal.type(*words, "--out", "search")
    assert typed.code == 1, typed
    (row,) = read_csv("search/trials.csv")
    assert row["state"] == "diverged" and "not finite" in row["reason"]


def test_large_numbers_whose_sum_overflows_are_numbers(engine: str) -> None:
    """Answers are looked at by their sum first, which says less than they do."""
    model = Sequential([Input((1,)), Dense(3)])
    model.compile("sgd", "mse", engine=engine)
    model.set_weights([np.full((1, 3), 3e38, np.float32), np.zeros(3, np.float32)])
    assert (model.predict(np.ones((2, 1), np.float32)) > 2.9e38).all()
