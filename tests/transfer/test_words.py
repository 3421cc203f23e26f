"""The flags of transfer on the command line: what they refuse, in which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
    (["--model", "FC_4", "--new-head"], ["--new-head goes with a model file"]),
])  # fmt: skip
def test_refused(terminal: Terminal, flags: list[str], parts: list[str]) -> None:
    write_npz(Path("data.npz"))
    terminal.refused(2, parts, *TRAIN, *flags)
    assert not Path("run").exists()


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
