"""Every command in poor surroundings: no traceback, no word of a library, and an exit code that tells of the work."""

from __future__ import annotations

import errno
import io
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pellucid.cli.entry import main
from pellucid.cli.output import OneLine, print_json, say
from pellucid.cli.surroundings import Patient
from pellucid.runs.index import list_runs
from tests.cli.terminal import save_pixel, write_npz

NAMES = ("café 猫", "\N{SNOWMAN} \N{ROCKET}")  # neither ASCII nor cp1252 can write them, and no font has them all
TRAIN = ("photos", "--engine", "reference", "--model", "FC_4", "--epochs", "1", "--no-checks")
COMMANDS: dict[str, tuple[str, ...]] = {
    "train": ("train", *TRAIN, "--out", "runs/又"),
    "check": ("check", *TRAIN[:-3]),
    "evaluate": ("evaluate", "runs/猫"),
    "predict": ("predict", "runs/猫", f"photos/{NAMES[0]}/0.png"),
    "features": ("features", "runs/猫", "photos", "--layer", "dense", "--out", "猫.h5"),
    "summary": ("summary", "runs/猫"),
    "export": ("export", "runs/猫", "--format", "nothing"),
    "runs": ("runs",),
    "compare": ("compare", "runs/猫", "runs/二"),
    "diagnose": ("diagnose", "runs/猫", "--no-images"),
    "search": ("search", *TRAIN[:5], "--trials", "3", "--rounds", "1", "--out", "searched"),
    "data info": ("data", "info", "photos"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos and a run trained on them, both of names that few terminals can show."""
    place = tmp_path_factory.mktemp("place")
    for number in range(24):
        file = place / "photos" / NAMES[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 255, (6, 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(file)
    write_npz(place / "plain.npz")
    before = os.getcwd()
    os.chdir(place)
    try:
        assert ended("train", *TRAIN, "--out", "runs/猫") == 0
        shutil.copytree("runs/猫", "runs/二")
    finally:
        os.chdir(before)
    return place


@pytest.fixture(autouse=True)
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The commands are typed in `place`; what they make there is removed again, and figures are drawn elsewhere."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(Figure, "savefig", save_pixel)
    yield
    for made in (place / "runs" / "又", place / "searched"):
        for file in sorted(made.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        if made.exists():
            made.rmdir()


def ended(*words: str) -> int:
    """The exit code of a command typed in this process."""
    with pytest.raises(SystemExit) as end:
        main(list(words))
    assert isinstance(end.value.code, int)
    return end.value.code


class Terminal(io.TextIOWrapper):
    """Standard output or error of another encoding."""

    def __init__(self, encoding: str) -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding, write_through=True)

    def text(self) -> str:
        return self.bytes.getvalue().decode(self.encoding)


def terminals(monkeypatch: pytest.MonkeyPatch, encoding: str) -> tuple[Terminal, Terminal]:
    out, err = Terminal(encoding), Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    return out, err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_small_ascii_terminal_of_nobody(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(user: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {user}")

    out, err = terminals(monkeypatch, "ascii")
    monkeypatch.setattr("pwd.getpwuid", unknown)
    for variable in ("HOME", "XDG_CACHE_HOME", "USER", "LOGNAME", "USERNAME", "LNAME"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in {"COLUMNS": "1", "LINES": "0", "TERM": "dumb", "NO_COLOR": "1", "TZ": "Nowhere/99"}.items():
        monkeypatch.setenv(variable, value)
    assert ended(*COMMANDS[name]) == (2 if name == "export" else 0), err.text()
    assert err.text().startswith("pellucid: export: format must be" if name == "export" else "")
    if name not in ("summary", "check", "export", "search"):
        assert "?" in out.text()  # the name of a class, a file or a run


@pytest.mark.parametrize("name", COMMANDS)
def test_nobody_listens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)
    assert ended(*COMMANDS[name]) == (2 if name == "export" else 0)


@pytest.mark.parametrize(("name", "fault"), [("train", errno.EPIPE), ("train", errno.ENOSPC), ("runs", errno.EIO)])
def test_words_that_cannot_be_written_end_no_work(name: str, fault: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(Terminal):
        def write(self, text: str) -> int:
            raise OSError(fault, os.strerror(fault))

    _, err = terminals(monkeypatch, "utf-8")
    monkeypatch.setattr(sys, "stdout", Refusing("utf-8"))
    gone = fault == errno.EPIPE
    assert ended(*COMMANDS[name]) == (0 if gone else 1)
    told = f"pellucid: standard output cannot be written: {os.strerror(fault)}.\n"
    assert err.text() == ("" if gone else told)
    if name == "train":
        assert Path("runs/又/report.html").exists() and "report runs" in Path("runs/又/log.txt").read_text("utf-8")


@pytest.mark.parametrize(("name", "encoding"), [("train", "cp1252"), ("predict", "latin-1"), ("data info", "utf-16")])
def test_other_letters(name: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = terminals(monkeypatch, encoding)
    assert ended(*COMMANDS[name]) == 0
    assert err.text() == "" and (encoding == "utf-16" or "?" in out.text())
    if name == "train":  # files are UTF-8 whatever the terminal is
        assert NAMES[0] in Path("runs/又/report.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["predict", "runs", "data info"])
def test_json_is_ascii_and_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = terminals(monkeypatch, "ascii")
    assert ended(*COMMANDS[name], "--json") == 0
    assert NAMES[0] in json.dumps(json.loads(out.text()), ensure_ascii=False) or name == "runs"


def test_a_clock_that_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(2_000_000_000, 0, -86_400))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock) * 10**9)
    assert ended(*COMMANDS["train"]) == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_is_gone(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    _, err = terminals(monkeypatch, "utf-8")
    assert ended(*COMMANDS[name]) == 1
    assert err.text() == "pellucid: the current folder is gone. Change to one that is there, e.g. with: cd ~\n"


def forbid(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """Answer "Permission denied" to whoever opens or lists what is below a folder; root may do anything else."""
    place = os.path.abspath(folder)

    def guarded(call: Callable[..., object]) -> Callable[..., object]:
        def ask(path: object, *arguments: object, **options: object) -> object:
            if isinstance(path, (str, os.PathLike)) and os.path.abspath(path).startswith(place):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
            return call(path, *arguments, **options)

        return ask

    for module, name in ((io, "open"), (os, "open"), (os, "listdir"), (os, "scandir")):
        monkeypatch.setattr(module, name, guarded(getattr(module, name)))
    monkeypatch.setattr("builtins.open", io.open)


READING = [(name, folder) for name in COMMANDS for folder in ("runs/猫", "photos") if folder in COMMANDS[name]]


@pytest.mark.parametrize(("name", "folder"), READING)
def test_what_may_not_be_read_is_a_sentence(name: str, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, err = terminals(monkeypatch, "utf-8")
    forbid(monkeypatch, folder)
    assert ended(*COMMANDS[name]) == 1
    said = err.text()
    assert said.startswith("pellucid: ") and said.count("\n") == 1 and "ermission denied" in said and folder in said
    assert "fault of Pellucid" not in said


@pytest.mark.parametrize("path", ["runs/猫/model.safetensors", None])
def test_what_the_system_refuses_is_no_fault_of_ours(path: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: str) -> list[object]:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("pellucid.runs.index.list_runs", refuse)
    _, err = terminals(monkeypatch, "utf-8")
    assert ended("runs") == 1
    assert "fault of Pellucid" not in err.text() and "ermission denied" in err.text() and err.text().count("\n") == 1


def test_a_cache_that_may_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.path.abspath("closed"))
    forbid(monkeypatch, "closed")
    assert ended(*COMMANDS["data info"]) == 0
    _, err = terminals(monkeypatch, "utf-8")
    assert ended("data", "info", "mnist") == 2 and "the data set 'mnist' was not found" in err.text()


def test_a_process_of_its_own(tmp_path: Path) -> None:
    """Closed streams are closed for real, names are Latin-1 bytes, and the configuration of Matplotlib has no home."""
    script = f"exec {sys.executable} -W error -OO -m pellucid train plain.npz {' '.join(TRAIN[1:])} "
    script += rf"--out {tmp_path}/$'caf\351' <&- >&- 2>{tmp_path}/said"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1",
                   "HOME": "/dev/null", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}  # fmt: skip
    done = subprocess.run(["bash", "-c", script], env=environment, check=False)
    assert ((tmp_path / "said").read_text(), done.returncode) == ("", 0)
    (made,) = [path for path in os.listdir(os.fsencode(tmp_path)) if path.startswith(b"caf")]
    assert made == b"caf\xe9" and os.path.exists(os.path.join(os.fsencode(tmp_path), made, b"report.html"))
    assert [row["state"] for row in list_runs(tmp_path)] == ["finished"]
    assert ended("predict", f"{tmp_path}/caf\udce9", f"photos/{NAMES[0]}/0.png", "--json") == 0
    assert ended("train", "--resume", f"{tmp_path}/caf\udce9") == 0


@pytest.mark.parametrize("name", ["caf\udce9", "cafe\N{COMBINING ACUTE ACCENT}"])
def test_a_folder_is_predicted_whose_names_are_other_bytes(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Latin-1 bytes, and letters in pieces as macOS writes them: both are shown in other letters than the file has."""
    (tmp_path / name).mkdir()
    shutil.copy(f"photos/{NAMES[0]}/0.png", tmp_path / name / f"{name}.png")
    assert ended("predict", "runs/猫", str(tmp_path), "--json") == 0
    assert [each["image"] for each in json.loads(capsys.readouterr().out)["predictions"]] == [
        str(tmp_path / name / f"{name}.png").replace("\udce9", r"\xe9")]  # fmt: skip


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg", "group4"])
def test_no_library_below_pillow_speaks(compression: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """libtiff writes to the second stream by its number, past everything that Python does."""
    file, whole = tmp_path / "broken.tif", io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 255, (20, 21, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    (image.convert("1") if compression == "group4" else image).save(whole, "TIFF", compression=compression)
    content = np.frombuffer(whole.getvalue(), np.uint8).copy()
    content[8:-250:7] ^= 0x5A
    file.write_bytes(content.tobytes())
    code = ended("predict", "runs/猫", str(file))
    said = capfd.readouterr().err
    assert (code, said.count("\n")) in ((1, 1), (0, 0)) and said.startswith("pellucid: " if code else ""), said


@pytest.mark.parametrize("redirection", ["2>&-", ">&-", ">&- 2>&-", "<&-"])
def test_closed_numbers_are_not_given_to_files(redirection: str, tmp_path: Path) -> None:
    script = "import os\nfrom pellucid.cli.surroundings import standard_streams\nwith standard_streams():\n"
    script += f"    number = os.open({str(tmp_path / 'file')!r}, os.O_CREAT | os.O_WRONLY)\nassert number > 2\n"
    (tmp_path / "script.py").write_text(script)
    command = f"exec {sys.executable} {tmp_path}/script.py {redirection}"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == 0


def test_what_moves_the_cursor_is_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = terminals(monkeypatch, "utf-8")
    say("one\ntwo\x07", "a\x1b[2Jb\r\u202ec\udce9 猫")
    assert out.text() == "one\ntwo\\x07\na\\x1b[2Jb\\r\\u202ec\\xe9 猫\n"
    record = logging.LogRecord("pellucid", logging.INFO, "", 0, "data %s", ("a\nssh-rsa AAAA",), None)
    assert OneLine().format(record) == "data a\\nssh-rsa AAAA"


def test_json_has_no_halves_of_letters(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"image": "a\\udce9/caf\udce9 \U0001f41c.png", "h\ud83d": [math.nan, 0.1, "\\xe9"]}
    print_json(told)
    said = capsys.readouterr().out
    assert json.loads(said) == {"image": "a\\udce9/caf\\xe9 \U0001f41c.png", "h\\ud83d": [None, 0.1, "\\xe9"]}
    assert said.isascii() and said.count("\n") == 1


def test_no_command_prints_past_the_one_way() -> None:
    folder = Path(main.__code__.co_filename).parent
    printing = [path.name for path in folder.glob("*.py") if " print(" in path.read_text(encoding="utf-8")]
    assert printing == ["output.py"]


def test_a_refusal_is_remembered_once() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    stream = Patient(Full())
    assert stream.write("abc") == 3 and stream.refusal is None
    stream.flush()
    assert stream.refusal is not None and stream.write("more") == 4 and stream.stream.getvalue() == "abc"  # type: ignore[attr-defined]
