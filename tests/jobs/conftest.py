"""A run that jobs ask, and a spool with a few pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import Terminal


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on digits, trained for a moment."""
    from pellucid.runs import finishing
    from pellucid.runs.config import RunConfig
    from pellucid.runs.experiment import start_run
    from pellucid.storage.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("asked") / "run"
    config = RunConfig(data="digits", model="conv_4,pool,FC_16", epochs=1, limit=200, no_checks=True,
                       engine="reference")  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finishing, "write_pictures", lambda folder, **_: None)
        patch.setattr(finishing, "write_report", lambda folder, **_: None)
        start_run(config, RunFolder.create(folder), command="pellucid train", console=None)
    return folder


def write_pictures(folder: Path, count: int = 5) -> None:
    """Pictures of noise, 0.png and on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(np.random.default_rng(7).integers(0, 256, (count, 9, 8), dtype=np.uint8)):
        Image.fromarray(pixels).save(folder / f"{number}.png")


def leave(spool: Path, name: str, job: Mapping[str, Any] | str) -> None:
    """A job for whoever works there."""
    place = spool / "incoming" / f"{name}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(job if isinstance(job, str) else json.dumps(job), encoding="utf-8")


def leave_predictions(spool: Path, count: int) -> None:
    """Jobs j0 and on, a picture each."""
    write_pictures(spool / "files")
    for number in range(count):
        leave(spool, f"j{number}", {"kind": "predict", "images": [f"{number % 5}.png"]})


def results(spool: Path) -> dict[str, Any]:
    """What was answered, by id."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (spool / "results").glob("*.json")}


@pytest.fixture
def spool(terminal: Terminal) -> Path:
    """A spool in the terminal's folder, with pictures."""
    write_pictures(Path("spool/files"))
    return Path("spool")


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pellucid.jobs.spool.YOUNG", 0.0)  # nobody is still writing
    return Terminal(capsys)
