"""docs/serving.md: every curl line answers as typed, and its table is that of the settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import serving_page
from tests.docs import serving_limits
from tests.docs.made import page_with

PAGE = serving_limits.PAGE.read_text(encoding="utf-8")
CURL = re.compile(r"^\$ (curl .*)$", re.MULTILINE)
TOKEN = "a-token-of-the-docs"


def test_the_table_of_limits_is_that_of_the_settings() -> None:
    made = page_with(serving_limits.PAGE, serving_limits.MAKER, serving_limits.made())
    assert made == PAGE, "Run python -m tests.docs.serving_limits."


def test_the_figures_are_those_of_the_committed_measurement() -> None:
    found = json.loads(serving_page.RESULT.read_text(encoding="utf-8"))
    made = page_with(serving_page.PAGE, serving_page.MAKER, serving_page.made(found))
    assert made == PAGE, "Run python -m benchmarks.serving_page."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run called first, and the files that the page names."""
    from pellucid.cli.entry import run

    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["train", "digits", "--limit", "200", "--epochs", "1", "--no-checks", "--engine", "reference"]
        assert run([*words, "--out", "runs/first"]) == 0
    pixels = np.arange(64, dtype=np.uint8)
    for name in ("digit.png", "other.png"):
        Image.fromarray(pixels.reshape(8, 8)).save(folder / name)
    (folder / "pixels.bin").write_bytes(pixels.tobytes())
    tensor = {"name": "input", "shape": [1, 8, 8, 1], "datatype": "UINT8", "data": pixels.tolist()}
    (folder / "tensor.json").write_text(json.dumps({"inputs": [tensor]}))
    return folder


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    """Where the server of `pellucid serve runs/first` listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pellucid", "serve", "runs/first", "--port", "0", "--audit", os.devnull], cwd=place,
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PELLUCID_TOKEN": TOKEN},
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    while "http://" not in said:
        said = process.stdout.readline()
        assert said, "the server ended"
    yield said.rpartition("http://")[2].strip()
    process.terminate()
    process.communicate()
    assert process.returncode == 0


def test_every_curl_line_answers(place: Path, address: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed (apt-get install curl)")
    lines = CURL.findall(PAGE)
    assert len(lines) >= 10
    for line in lines:
        token = "" if "Authorization" in line else " -H 'Authorization: Bearer " + TOKEN + "'"
        patient = f"curl -sS --fail-with-body --retry 9 --retry-connrefused{token}"
        command = line.replace("127.0.0.1:8000", address).replace("curl -s", patient, 1)
        said = subprocess.run(["sh", "-c", command], cwd=place, capture_output=True, text=True,
                              env={**os.environ, "PELLUCID_TOKEN": TOKEN})  # fmt: skip
        assert said.returncode == 0, (line, said.stdout, said.stderr)
        if "/metrics" not in line:
            answer = json.loads(said.stdout)
            assert len(answer.get("predictions", ())) == line.count("@") * ("/predict" in line), line
