"""Words that mean nothing, and settings that cannot be trained with: exit code 2 before any data are read, or 1."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pellucid.storage.checkpoint import read_checkpoint
from tests.cli.terminal import Terminal, write_npz

WORDS: dict[str, tuple[list[str], list[str]]] = {
    "no data": ([], ["name the data, e.g. pellucid train digits"]),
    "epochs": (["data.npz", "--epochs", "many"], ["--epochs", "pellucid train --help"]),
    "no epochs": (["data.npz", "--epochs", "0"], ["--epochs must be at least 1, but it is 0"]),
    "batch size": (["data.npz", "--batch-size", "0"], ["--batch-size must be at least 1"]),
    "rate": (["data.npz", "--lr", "-1"], ["--lr must be above 0, but it is -1.0"]),
    "rate that is no number": (["data.npz", "--lr", "nan"], ["--lr must be above 0, but it is nan"]),
    "share": (["data.npz", "--val-fraction", "1.5"], ["--val-fraction must be from 0 to below 1"]),
    "batch norm's momentum": (["data.npz", "--batch-norm-momentum", "1"], ["--batch-norm-momentum must be from 0"]),
    "momentum below 0": (["data.npz", "--batch-norm-momentum", "-0.1"], ["below 1, but it is -0.1"]),
    "seed": (["data.npz", "--seed", "-1"], ["--seed must be at least 0"]),
    "schedule": (["data.npz", "--schedule", "zigzag"], ["--schedule must be constant, cosine, linear", "'zigzag'"]),
    "schedule's numbers": (["data.npz", "--schedule", "step:2"], ["--schedule", "step:N:F", "'step:2'"]),
    "an endless step": (["data.npz", "--schedule", "step:inf:0.5"], ["--schedule", "step:N:F", "'step:inf:0.5'"]),
    "a step of no number": (["data.npz", "--schedule", "step:nan:0.5"], ["--schedule", "'step:nan:0.5'"]),
    "an endless plateau": (["data.npz", "--schedule", "plateau:inf:.5"], ["--schedule", "'plateau:inf:.5'"]),
    "growth": (["data.npz", "--schedule", "exponential:1e308", "--epochs", "3"], ["--schedule", "exponential:F"]),
    "endless penalty": (["data.npz", "--l2", "inf"], ["--l2 must be finite, but it is inf"]),
    "user": (["~nosuchuser/x"], ["~nosuchuser/x: there is no user nosuchuser here", "Type the whole path."]),
    "user of --data-dir": (["mnist", "--data-dir", "~nosuchuser"], ["there is no user nosuchuser here"]),
    "thousands of layers": (["data.npz", "--freeze", "9" * 5000], ["--freeze", "names of layers", "999...999"]),
    "thousands of digits": (["data.npz", "--preprocess", "scale,pca=" + "9" * 5000], ["--preprocess", "pca=999"]),
    "a raised digit": (["data.npz", "--preprocess", "scale,pca=²"], ["--preprocess", "a number of components (40)"]),
    "factor": (["data.npz", "--schedule", "plateau:2:3"], ["plateau:N:F with whole N and F below 1"]),
    "resize": (["data.npz", "--resize", "64"], ["--resize must be HxW in pixels, e.g. 64x64, but it is '64'"]),
    "preprocess": (["data.npz", "--preprocess", "blur"], ["--preprocess", "'blur'", "standardize"]),
    "augment": (["data.npz", "--augment", "wobble"], ["--augment", "'wobble'", "flip"]),
    "augment's number": (["data.npz", "--augment", "rotate=999"], ["--augment", "rotate", "from 0 to 180"]),
    "optimizer": (["data.npz", "--optimizer", "adamant"], ["--optimizer", "'adamant'", "rmsprop"]),
    "engine": (["data.npz", "--engine", "steam"], ["--engine", "'steam'", "'reference'"]),
    "precision": (["data.npz", "--engine", "reference", "--precision", "bfloat16"], ["--precision", "bfloat16"]),
    "device": (["data.npz", "--engine", "reference", "--device", "cuda"], ["--device", "cuda"]),
    "class weight": (["data.npz", "--class-weight", "heavy"], ["--class-weight must be 'none' or 'balanced'"]),
    "model": (["data.npz", "--model", "ResNeXt"], ["--model ResNeXt: no such network", "lenet5", "conv_8,pool,FC_32"]),
    "notation": (["data.npz", "--model", "conv_8,poll"], ["'poll' is no word", "pool"]),
    "notation's number": (["data.npz", "--model", "conv8"], ["'conv8' is no word", "conv_F"]),
    "too small for the network": (["data.npz", "--model", "pool*4"], ["pool", "network notation"]),
    "dropout": (["data.npz", "--model", "lenet5", "--dropout", "0.5"], ["--dropout goes with networks in notation"]),
    "no dropout": (["data.npz", "--model", "cifar10cnn-small", "--dropout", "0.5"], ["which has no dropout"]),
    "column": (["data.npz", "--group", "donor"], ["--group names a column of a CSV table"]),
    "limit": (["data.npz", "--limit", "1"], ["--limit", "2 classes"]),
    "another's flag": (["data.npz", "--allow-different"], ["--allow-different goes with --resume"]),
    "unknown flag": (["data.npz", "--learning-rate", "1"], ["--learning-rate", "pellucid train --help"]),
}


@pytest.mark.parametrize("case", WORDS)
def test_words_that_mean_nothing(terminal: Terminal, case: str) -> None:
    words, parts = WORDS[case]
    write_npz(Path("data.npz"))
    terminal.refused(2, parts, "train", *words, *(["--out", "run"] if words else []))
    assert not Path("run").exists()


@pytest.mark.parametrize(("words", "parts"), [
    (["summary", "conv_8", "--input", "28"], ["--input must be HxWxC, e.g. 28x28x1"]),
    (["summary", "conv_2", "--explain", "--pixel", "²,0,0"], ["--pixel must be ROW,COLUMN,FILTER", "²,0,0"]),
    (["summary", "conv_2", "--explain", "--pixel", "9" * 5000 + ",0,0"], ["--pixel must be ROW,COLUMN,FILTER"]),
    (["evaluate", "run", "--max-latency", "inf"], ["--max-latency must be above 0 milliseconds, and finite"]),
    (["evaluate", "run", "--max-latency", "nan"], ["--max-latency", "but it is nan"]),
    (["data", "info", "~nosuchuser/x"], ["there is no user nosuchuser here"]),
    (["summary", "nonet"], ["nonet: no such network"]),
    (["summary", "FC_8", "--classes", "0"], ["--classes"]),
    (["evaluate"], ["Missing", "pellucid evaluate --help"]),
    (["trian", "digits"], ["trian", "train"]),
    (["data", "inform"], ["inform", "pellucid data --help"]),
])  # fmt: skip
def test_other_commands(terminal: Terminal, words: list[str], parts: list[str]) -> None:
    terminal.refused(2, parts, *words)


def test_batch_norm_with_a_batch_of_one(terminal: Terminal) -> None:
    from pellucid import Sequential
    from pellucid.layers import BatchNormalization, Dense, Flatten, Input

    write_npz(Path("data.npz"))
    layers = [Input((7, 6, 3)), Flatten(), Dense(4), BatchNormalization(), Dense(2, activation="softmax")]
    Sequential(layers).save("norm.safetensors")
    words = ["train", "data.npz", "--model", "norm.safetensors", "--val-fraction", "0", "--out", "run", "--batch-size"]
    terminal.refused(2, ["--batch-size", "'batch_normalization'", "at least 2 values", "batch_size=2"], *words, "1")
    terminal.refused(2, ["--batch-size", "the last batch of 24 samples holds 1"], *words, "23")
    assert not Path("run").exists()


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
@pytest.mark.parametrize(("rate", "kept", "sentence"), [
    (["--schedule", "constant", "--lr", "1e37"], 1,
     r"the loss is no longer finite at step 2: it first appeared in the result of layer 'dense_1'\. Lower the .* "),
    (["--schedule", "exponential:1e12", "--lr", "1e-3"], None,      # grows from epoch to epoch
     r"the (loss is|weights 'dense/kernel' are) no longer finite (at|after) step \d+\S? .*Lower the learning rate.* "),
])  # fmt: skip
def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(
    terminal: Terminal, engine: str, rate: list[str], kept: int | None, sentence: str
) -> None:
    if engine == "pytorch":
        pytest.importorskip("torch", reason="the engine 'pytorch' needs PyTorch")
    write_npz(Path("data.npz"))
    words = ["train", "data.npz", "--engine", engine, "--model", "FC_4", "--optimizer", "sgd", "--out", "run",
             "--batch-size", "8", "--epochs", "9", "--checkpoint-every", "1", *rate]  # fmt: skip
    typed = terminal.refused(1, [], *words)
    last = read_checkpoint("run/last.safetensors")
    step = last.position["step"]
    kept_in = rf"The checkpoint of step {step} is kept in run\.( The model kept is run/model\.safetensors\.)?\n"
    assert re.fullmatch(f"pellucid: {sentence}{kept_in}", typed), typed
    assert kept in (None, step) and step >= 1
    assert all(np.isfinite(value).all() for value in last.state["params"].values())
    assert not list(Path("run").glob(".*"))
    assert Path("run/log.txt").read_text(encoding="utf-8").splitlines()[-1].removeprefix("failed: ") in typed


def test_a_validation_loss_that_overflows_stops_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights are fine, so the run goes on; JSON has no word for infinity, and null stands for it."""
    from pellucid.training.program import Supervised

    evaluate = Supervised.evaluate
    overflow = {"loss:output": (np.inf, 1.0)}
    monkeypatch.setattr(Supervised, "evaluate", lambda *given: evaluate(*given) | overflow)
    write_npz(Path("data.npz"))
    typed = terminal.type("train", "data.npz", "--model", "FC_4", "--epochs", "2", "--out", "run", "--json")
    assert typed.code == 0, typed.err
    assert "val_loss inf" in typed.err and terminal.type("train", "--resume", "run").code == 0
    assert "inf" in Path("run/history.csv").read_text(encoding="utf-8")


def test_without_a_checkpoint_the_sentence_says_so(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    words = ["--model", "FC_4", "--optimizer", "sgd", "--lr", "1e37", "--batch-size", "8", "--out", "run"]
    terminal.refused(1, ["No epoch was finished, so run holds no checkpoint."], "train", "data.npz", *words)


def test_no_warning_of_numpys_stands_beside_the_sentence(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    words = ["--model", "FC_4", "--optimizer", "sgd", "--lr", "1e30", "--epochs", "9", "--batch-size", "4"]
    terminal.refused(1, ["no longer finite", "step"], "train", "data.npz", *words, "--out", "run")
