"""The run folder: the file names of the design, and no run overwrites another."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.errors import FileError
from pellucid.storage.run_folder import RunFolder

NAMES = {
    "config": "config.json",
    "model": "model.safetensors",
    "last": "last.safetensors",
    "history": "history.csv",
    "steps": "steps.csv",
    "metrics": "metrics.json",
    "checks": "checks.json",
    "report": "report.html",
    "curves": "curves.png",
    "sections": "sections.json",
    "predictions": "predictions.jsonl",
    "log": "log.txt",
}


def test_the_names_are_those_of_the_design(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert {name: getattr(run, name) for name in NAMES} == {name: tmp_path / file for name, file in NAMES.items()}


def test_a_new_folder_is_made_and_opened_once_it_holds_a_config(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "deep" / "run")
    assert run.path.is_dir()
    run.config.write_text("{}")
    assert RunFolder.open(str(run.path)) == run


def test_a_folder_that_holds_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    words = (
        f"{tmp_path} already holds a run. Choose another --out, or continue it with: pellucid train --resume {tmp_path}"
    )
    with pytest.raises(FileError) as caught:
        RunFolder.create(tmp_path)
    assert str(caught.value) == words
    assert RunFolder.create(tmp_path, exist_ok=True).path == tmp_path


@pytest.mark.parametrize("name", sorted(set(NAMES.values()) - {"config.json"} | {"drawn.png"}))
def test_a_folder_with_a_file_that_a_run_would_overwrite_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"mine")
    assert name != "drawn.png" or RunFolder.create(tmp_path).path == tmp_path
    with pytest.raises(FileError, match=rf"{name} exists, and a run would overwrite it\. Choose another --out\."):
        RunFolder.create(tmp_path, of_tasks=("drawn.png",))


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine")
    assert RunFolder.create(tmp_path).path == tmp_path


def test_what_is_no_run_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"absent does not exist: there is no run\. Check the path; pellucid runs"):
        RunFolder.open(tmp_path / "absent")
    with pytest.raises(FileError, match=r"is not a run folder: it has no config\.json\. Give the folder that"):
        RunFolder.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"file is a file, not a run folder\. Give the folder that"):
        RunFolder.open(tmp_path / "file")
    with pytest.raises(FileError, match="file is a file, so no folder of that name can be made"):
        RunFolder.create(tmp_path / "file")
