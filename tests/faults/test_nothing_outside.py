"""A run folder from a stranger: whatever of it is a link, a pipe or a second name, nothing outside is written."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pellucid.runs import finishing
from pellucid.storage import writer
from tests.cli.terminal import Terminal, write_npz

TRAIN = ["train", "data.npz", "--model", "FC_4", "--epochs", "2", "--batch-size", "8", "--no-checks", "--engine",
         "reference"]  # fmt: skip
NAMES = ("metrics.json", "history.csv", "steps.csv", "log.txt", "report.html", "curves.png", "confusion.png",
         "mistakes.png", "model.safetensors", "last.safetensors", "checks.json", "sections.json", "run.lock",
         "diagnosis.json", "diagnosis.html", "diagnosis-split.png", "diagnosis-labels.csv", "diagnosis-to-tag.csv",
         "calibrated.safetensors", "config.json", ".log.txt.0123abcd.tmp", "sub", "notes")  # fmt: skip
SECRET = b"ssh-ed25519 AAAA mine\n"


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "write_pictures", lambda folder, **_: None)
    monkeypatch.setattr(finishing, "write_report", lambda folder, **_: writer.write_text(folder.report, "<html>"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in a folder of its own."""
    from pellucid.runs.config import RunConfig
    from pellucid.runs.experiment import start_run
    from pellucid.storage.run_folder import RunFolder

    place = tmp_path_factory.mktemp("stranger")
    write_npz(place / "data.npz")
    config = RunConfig(data=str(place / "data.npz"), model="FC_4", epochs=2, batch_size=8, no_checks=True,
                       engine="reference")  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finishing, "write_pictures", lambda folder, **_: None)
        patch.setattr(finishing, "write_report", lambda folder, **_: None)
        start_run(config, RunFolder.create(place / "run"), command="pellucid train", console=None)
    return place / "run"


@pytest.fixture
def stranger(trained: Path, tmp_path: Path) -> Path:
    """A copy of the run, and a victim beside it that must keep its bytes."""
    shutil.copytree(trained, tmp_path / "run")
    (tmp_path / "victim").write_bytes(SECRET)
    return tmp_path / "run"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [["train", "--resume", "run"], ["diagnose", "run"]], ids=["resume", "diagnose"])
@pytest.mark.parametrize("target", ["victim", "absent"])
def test_a_link_in_a_run_folder_is_named_and_not_followed(
    terminal: Terminal, stranger: Path, name: str, command: list[str], target: str
) -> None:
    if name == "config.json" and target == "victim":
        shutil.copy(stranger / name, stranger.parent / "victim")
    elif name == "config.json":
        return  # without it there is no run
    before = (stranger.parent / "victim").read_bytes()
    (stranger / name).unlink(missing_ok=True)
    (stranger / name).symlink_to(stranger.parent / target)
    terminal.refused(1, [f"run/{name} is a link", "Remove it"], *command)
    assert (stranger.parent / "victim").read_bytes() == before
    assert not (stranger.parent / "absent").exists()
    assert (stranger / name).is_symlink()


@pytest.mark.parametrize("name", ["log.txt", "steps.csv", "pipe"])
def test_a_pipe_in_a_run_folder_is_refused(terminal: Terminal, stranger: Path, name: str) -> None:
    (stranger / name).unlink(missing_ok=True)
    os.mkfifo(stranger / name)
    terminal.refused(1, [f"run/{name} is a pipe, a socket or a device", "Remove it"], "train", "--resume", "run")


@pytest.mark.parametrize("name", ["log.txt", "steps.csv", "history.csv", "metrics.json", "model.safetensors"])
def test_a_second_name_of_a_file_keeps_its_bytes(terminal: Terminal, stranger: Path, name: str) -> None:
    (stranger / "last.safetensors").unlink()  # trained anew, so that every file is written
    backup = stranger.parent / "victim"
    backup.unlink()
    (stranger / "log.txt").write_text("begun\n", encoding="utf-8")
    os.link(stranger / name, backup)
    before = backup.read_bytes()
    assert terminal.type("train", "--resume", "run").code == 0
    assert backup.read_bytes() == before
    assert not (stranger / name).samefile(backup)


@pytest.mark.parametrize("command", [["train", "--resume", "run"], ["diagnose", "run"]], ids=["resume", "diagnose"])
def test_a_lock_that_is_another_file_is_not_written(terminal: Terminal, stranger: Path, command: list[str]) -> None:
    os.link(stranger.parent / "victim", stranger / "run.lock")
    terminal.refused(1, ["run/run.lock is a second name", "Remove it"], *command)
    assert (stranger.parent / "victim").read_bytes() == SECRET


def test_files_that_a_run_would_make_are_no_links(terminal: Terminal, stranger: Path) -> None:
    Path("data.npz").write_bytes((Path(stranger)).parent.joinpath("victim").read_bytes())
    for name in ("log.txt", "config.json", "report.html"):
        Path("out").mkdir()
        Path("out", name).symlink_to("/nowhere/at/all")
        terminal.refused(1, ["out"], *TRAIN, "--out", "out")
        assert not Path("/nowhere").exists()
        shutil.rmtree("out")


@pytest.mark.parametrize("words", [
    ["features", "run", "--out", "run/store.h5"],
    ["features", "run", "--out", "store.h5"],
])  # fmt: skip
def test_what_is_made_from_a_run_follows_no_link(terminal: Terminal, stranger: Path, words: list[str]) -> None:
    for name in ("run/store.h5", "store.h5"):
        Path(name).symlink_to(stranger.parent / "victim")
    terminal.refused(1, ["is a link", "Remove the link"], *words)
    assert (stranger.parent / "victim").read_bytes() == SECRET


def test_a_folder_that_the_user_names_may_be_a_link(terminal: Terminal, stranger: Path) -> None:
    Path("there").symlink_to(stranger)
    assert terminal.type("train", "--resume", "there").code == 0
    Path("far").mkdir()
    Path("out").symlink_to("far")
    Path("data.npz").symlink_to(stranger.parent / "absent.npz")
    write_npz(stranger.parent / "absent.npz")
    assert terminal.type(*TRAIN, "--out", "out").code == 0
    assert Path("far/metrics.json").exists() and Path("out").is_symlink()
    assert terminal.type(*TRAIN, "--out", "out/below/it").code == 0


@pytest.mark.parametrize("name", ["trials", "trials/0000", "best", "study.sqlite3", "search.json", "trials.csv",
                                  "search.html", "search.png"])  # fmt: skip
def test_a_search_follows_no_link(terminal: Terminal, name: str) -> None:
    pytest.importorskip("optuna")
    write_npz(Path("data.npz"))
    words = ["search", "data.npz", "--model", "FC_4", "--trials", "1", "--rounds", "1", "--range", "lr=1e-3:1e-2",
             "--out", "found"]  # fmt: skip
    Path("victims").mkdir()
    Path("victims/metrics.json").write_bytes(SECRET)
    Path("found", name).parent.mkdir(parents=True)
    Path("found", name).symlink_to(Path("victims").resolve() / ("" if "." not in name else "metrics.json"))
    terminal.refused(1, [f"found/{name} is a link"], *words)
    assert os.listdir("victims") == ["metrics.json"]
    assert Path("victims/metrics.json").read_bytes() == SECRET


def test_a_folder_swapped_for_a_link_after_the_look_is_not_followed(tmp_path: Path) -> None:
    from pellucid.storage.entries import enclose

    (tmp_path / "far").mkdir()
    (tmp_path / "search" / "trials").mkdir(parents=True)
    enclose(tmp_path / "search")
    writer.write_bytes(tmp_path / "search" / "trials" / "a", b"1")
    shutil.rmtree(tmp_path / "search" / "trials")
    (tmp_path / "search" / "trials").symlink_to(tmp_path / "far")
    for write in (lambda path: writer.write_bytes(path, b"1"), lambda path: writer.append_text(path, "1"),
                  writer.make_folder, lambda path: writer.remove_files([path])):  # fmt: skip
        with pytest.raises(OSError, match="trials is a link"):
            write(tmp_path / "search" / "trials" / "b")
    assert not os.listdir(tmp_path / "far")


def test_it_holds_where_folders_have_no_handles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.storage import entries
    from pellucid.storage.claims import claimed

    monkeypatch.setattr(entries, "HANDLES", False)  # as on Windows
    (tmp_path / "run").mkdir()
    with claimed(tmp_path / "run"):
        writer.write_bytes(tmp_path / "run" / "a", b"1")
        writer.append_text(tmp_path / "run" / "a", "2")
        writer.make_folder(tmp_path / "run" / "deep" / "er")
    assert (tmp_path / "run" / "a").read_bytes() == b"12" and sorted(os.listdir(tmp_path / "run")) == ["a", "deep"]
    (tmp_path / "victim").write_bytes(SECRET)
    (tmp_path / "run" / "b").symlink_to(tmp_path / "victim")
    (tmp_path / "run" / "led").symlink_to(tmp_path)
    for path in (tmp_path / "run" / "b", tmp_path / "run" / "led" / "victim"):
        with pytest.raises(OSError, match="is a link"):
            writer.write_bytes(path, b"1")
    assert (tmp_path / "victim").read_bytes() == SECRET


def test_a_table_of_steps_without_a_header_is_begun_anew(terminal: Terminal, stranger: Path) -> None:
    for lines in ("", "1,1,0.5\n", "1,1,0.5\n2,1,0.4\n"):
        (stranger / "steps.csv").write_text(lines, encoding="utf-8")
        (stranger / "last.safetensors").unlink(missing_ok=True)
        assert terminal.type("train", "--resume", "run").code == 0
        assert (stranger / "steps.csv").read_text(encoding="utf-8").startswith("step,epoch,")


def test_onnxruntime_keeps_no_number_of_this_machine(tmp_path: Path) -> None:
    """Its import writes one below the user's home, with a database of events, unless it is told not to."""
    pytest.importorskip("onnxruntime")
    program = "from pellucid.model.exporting import run_onnx\ntry:\n    run_onnx(b'', {})\nexcept Exception:\n    pass"
    own = {name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    subprocess.run([sys.executable, "-c", program], env={**own, "HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.rglob("*")) == []


def test_nobody_writes_but_the_writer() -> None:
    import pellucid

    home = Path(pellucid.__file__).parent
    found = [f"{path.relative_to(home)} {call}" for path in sorted(home.rglob("*.py")) if path.parent.name != "storage"
             for call in writing_calls(path.read_text(encoding="utf-8"))]  # fmt: skip
    assert [line for line in found if not line.startswith("cli/surroundings.py")] == []
    assert found  # that one opens the null device for a stream that is closed


def writing_calls(source: str) -> Iterator[str]:
    """Calls that write to a disk, as a reader of the source sees them."""
    methods = {"write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "rename", "tofile"}
    functions = {"os": {"replace", "rename", "mkdir", "makedirs", "unlink", "remove", "open", "link", "symlink"},
                 "shutil": {"copy", "copy2", "copyfile", "copytree", "move", "rmtree"},
                 "np": {"save", "savez", "savez_compressed", "savetxt"}}  # fmt: skip
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        owner = getattr(getattr(node.func, "value", None), "id", "")
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        modes = {word.value for word in given if isinstance(word, ast.Constant) and isinstance(word.value, str)}
        opens = name == "open" and modes & {"w", "a", "x", "wb", "ab", "xb", "w+", "r+", "r+b", "w+b"}
        method = owner not in functions and isinstance(node.func, ast.Attribute) and name in methods
        if opens or method or name in functions.get(owner, ()):
            yield f"{owner}.{name}, line {node.lineno}"
