"""The flags of transfer on the command line: what they refuse, in which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pellucid.model import load_model
from tests.cli.terminal import Terminal, write_npz

TRAIN = ["train", "data.npz", "--epochs", "2", "--out", "run"]


@pytest.mark.parametrize(("flags", "parts"), [
    (["--model", "FC_4", "--freeze", "conv*"], ["--freeze: ", "dense, dense_1", "'conv*'"]),
    (["--model", "FC_4", "--freeze", "*"], ["--freeze: every layer with weights is frozen"]),
    (["--model", "FC_4", "--freeze", "all-but-head", "--unfreeze-after", "2"], ["leaves no epoch, for there are 2"]),
    (["--unfreeze-after", "1"], ["--unfreeze-after goes with --freeze"]),
    (["--freeze", "head", "--unfreeze-rate", "0"], ["--unfreeze-rate must be above 0 and at most 1, but it is 0"]),
    (["--trunk-rate", "1.5"], ["--trunk-rate must be above 0 and at most 1, but it is 1.5"]),
    (["--model", "FC_4", "--new-head"], ["--new-head goes with --weights FILE"]),
])  # fmt: skip
def test_refused(terminal: Terminal, flags: list[str], parts: list[str]) -> None:
    write_npz(Path("data.npz"))
    terminal.refused(2, parts, *TRAIN, *flags)
    assert not Path("run").exists()


def test_weights_of_a_file(terminal: Terminal) -> None:
    """Ours, torch's with other classes, and what is refused before a run folder is made."""
    write_npz(Path("data.npz"))
    assert terminal.type(*TRAIN, "--model", "conv_4,FC_5", "--preprocess", "scale,center").code == 0
    again = ["train", "data.npz", "--epochs", "1", "--model", "conv_4,FC_5", "--out", "again"]
    typed = terminal.type(*again, "--weights", "run/model.safetensors")
    assert typed.code == 0 and "(names of Pellucid): 6 arrays matched, 969 numbers\n" in typed.out
    assert load_model("again/model.safetensors").preprocessing.to_config()["steps"][1]["name"] == "center"
    arrays = {"features.0.weight": np.ones((4, 3, 3, 3)), "features.0.bias": np.ones(4), "classifier.0.weight":
              np.ones((5, 168)), "classifier.0.bias": np.ones(5), "classifier.2.weight": np.ones((9, 5)),
              "classifier.2.bias": np.ones(9)}  # fmt: skip
    save_file({name: array.astype("float32") for name, array in arrays.items()}, "torch.safetensors")
    typed = terminal.type(*again[:-1], "torch", "--weights", "torch.safetensors", "--freeze", "all-but-head", "--json")
    assert typed.code == 0
    assert "the head is left as it is: dense_1/kernel, dense_1/bias" in typed.err
    kept = load_model("torch/model.safetensors").weights_by_key()
    assert (kept["conv2d/kernel"] == 1).all() and (kept["dense_1/kernel"] != 1).all()
    Path("net.pth").touch()
    for flags, code, parts in (
        (["--weights", "net.pth"], 1, ["net.pth holds a pickle", "save_file"]),
        (["--weights", "gone.safetensors"], 1, ["gone.safetensors", "does not exist"]),
        (["--weights", "torch.safetensors", "--model", "FC_3"], 2, ["--model: torch.safetensors: its weights"]),
        (["--weights", "torch.safetensors", "--model", "run/model.safetensors"], 2, ["--weights goes with a network"]),
    ):
        terminal.refused(code, parts, *again[:-1], "new", *flags)
        assert not Path("new").exists()
    Path("torch.safetensors").unlink()
    terminal.refused(1, ["weights file torch.safetensors has changed"], "train", "--resume", "torch")


def test_other_classes_want_a_new_head(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    assert terminal.type(*TRAIN, "--model", "FC_4", "--preprocess", "scale,standardize").code == 0
    write_npz(Path("more.npz"), y_train=np.arange(24) % 3, y_test=np.arange(12) % 3)
    words = ["train", "more.npz", "--epochs", "1", "--out", "next", "--model", "run/model.safetensors"]
    terminal.refused(2, ["2 classes", "3.", "--new-head"], *words)
    typed = terminal.type(*words, "--new-head", "--freeze", "all-but-head")
    assert typed.code == 0 and "head   dense_1: made anew for 3 classes, 2 before" in typed.out
    first, second = (load_model(Path(run, "model.safetensors")) for run in ("run", "next"))
    assert second.output_shape == (None, 3)
    np.testing.assert_array_equal(*(m.weights_by_key()["dense/kernel"] for m in (first, second)))
    ours, theirs = (m.preprocessing.arrays() for m in (first, second))
    for name, array in ours.items():  # not fitted anew: the weights have learnt from these
        np.testing.assert_array_equal(array, theirs[name])
