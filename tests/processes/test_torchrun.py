"""torchrun itself: two processes, one output, and Ctrl-C, which torchrun passes on.

It kills what has not ended 30 seconds later, so how much of the report there is depends on the machine; the checkpoint
comes first.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid.storage.checkpoint import read_checkpoint
from tests.cli.terminal import write_npz
from tests.processes.driver import LOOPBACK, ROOT
from tests.resume.driver import ONE_THREAD

WORDS = ["train", "data.npz", "--engine", "pytorch", "--batch-size", "8", "--epochs", "100000", "--model", "FC_4",
         "--no-checks", "--out", "run"]  # fmt: skip


@pytest.mark.soak  # what torchrun sets and passes on, tests/processes/test_runs.py sets and sends
def test_ctrl_c_stops_all_after_the_same_step(tmp_path: Path) -> None:
    write_npz(tmp_path / "data.npz")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    started = subprocess.Popen(
        [*command, "-m", "pellucid", *WORDS], cwd=tmp_path, start_new_session=True, text=True,
        env={**os.environ, **ONE_THREAD, **LOOPBACK, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert started.stdout is not None
    said = []
    for line in started.stdout:
        said.append(line)
        if line.startswith("epoch 2/"):
            os.killpg(started.pid, signal.SIGINT)  # as a terminal does
            break
    out, err = started.communicate()
    text = "".join(said) + out
    assert started.returncode != 0
    assert text.count("epoch 1/100000") == 1 and "in each of 2 processes" in text, text + err
    assert "pellucid: " not in err, err
    checkpoint = read_checkpoint(tmp_path / "run" / "last.safetensors")
    assert checkpoint.position["step"] >= 4
