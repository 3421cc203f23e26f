"""Hostile places: special files and links among pictures, odd names, deep folders, a stranger's run folder."""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from benchmarks.walls.pictures import picture
from benchmarks.walls.trial import Trial

NAMES = (
    b"line\nbreak",
    b"tab\tname",
    b"esc\x1b[31mred",
    b"bell\x07",
    b"latin-\xe9",
    b"\xff\xfe",
    "café".encode(),
    "cafe\u0301".encode(),
    b"-rf",
    b"--out",
    b" space ",
    b"quote'\"",
    b"$(touch x)",
    b"`id`",
    b"a" * 250,
    b"%s%n",
    "\u202egnp".encode(),
    "日本".encode(),
    "🐜".encode(),
    b"CON",
    b"nul.",
    b"=cmd()",
    b"..x",
    b"x.tmp",
)
WRITTEN = (
    "metrics.json",
    "history.csv",
    "steps.csv",
    "log.txt",
    "report.html",
    "curves.png",
    "confusion.png",
    "mistakes.png",
    "checks.json",
    "sections.json",
    "predictions.jsonl",
    "last.safetensors",
    "model.safetensors",
    "config.json",
    "calibrated.safetensors",
    "diagnosis.json",
    "diagnosis.html",
    "diagnosis-split.png",
    "diagnosis-to-tag.csv",
    "diagnosis-labels.csv",
    "run.lock",
)


def small_set(folder: Path, draw: random.Random, classes: tuple[bytes, ...] = (b"ant", b"bee"), count: int = 4) -> None:
    """A folder of class folders; names are bytes."""
    for name in classes:
        inner = os.path.join(os.fsencode(folder), name)
        os.makedirs(inner, exist_ok=True)
        for i in range(count):
            with open(os.path.join(inner, b"%d.png" % i), "wb") as file:
                picture(draw).save(file, "PNG")


def special(kind: str, path: Path, victims: Path) -> None:
    """One thing that is no plain file."""
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "self":
        path.symlink_to(path.name)
    elif kind == "device":
        path.symlink_to("/dev/tty")
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(40 << 30)
    elif kind == "proc":
        path.symlink_to("/proc/self/environ")
    else:
        path.symlink_to(victims / "notes.txt")


def folders(place: Path, draw: random.Random, model: Path, run: Path, victims: Path) -> Iterator[Trial]:
    """Data folders with something odd in them."""
    number = 0
    for kind in ("fifo", "socket", "zero", "dangling", "self", "device", "sparse", "proc", "text"):
        for name in (
            "ant/odd.png",
            "odd.png",
            "classes.txt",
            "labels.csv",
            "odd.npz",
            "train-images-idx3-ubyte",
            "odd.h5",
            "odd.tar",
        ):
            folder, number = place / f"f{number}", number + 1
            small_set(folder, draw)
            os.chdir(folder)
            special(kind, folder / name, victims)
            yield Trial("places", f"{kind} as {name}", folder, ["data", "info", "."])
            yield Trial("places", f"{kind} typed as {name}", folder, ["data", "info", name])
            yield Trial("places", f"{kind} as picture {name}", folder, ["predict", str(model), name])
            if name == "odd.npz":
                for words in (["evaluate", name, "."], ["summary", name], ["export", name, "--format", "onnx"]):
                    yield Trial("places", f"{kind} as model in {words[0]}", folder, words)
    for name in NAMES:
        folder, number = place / f"f{number}", number + 1
        small_set(folder, draw, (name, b"bee"))
        yield Trial("places", f"class {name!r}", folder, ["data", "info", "."])
        yield Trial(
            "places",
            f"train on class {name!r}",
            folder,
            [
                "train",
                ".",
                "--model",
                "FC_4",
                "--epochs",
                "1",
                "--engine",
                "reference",
                "--no-checks",
                "--out",
                "../run-" + str(number),
            ],
        )
        inner = os.path.join(os.fsencode(folder), b"bee", name + b".png")
        shutil.copyfile(folder / "bee" / "0.png", inner)
        yield Trial("places", f"picture {name!r}", folder, ["predict", str(model), os.fsdecode(inner)])
        yield Trial("places", f"no data {name!r}", folder, ["data", "info", "nowhere/" + os.fsdecode(name)])
    deep = place / "deep"
    small_set(deep, draw)
    inner = os.open(deep, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=inner)
        inner, old = os.open("d", os.O_RDONLY, dir_fd=inner), inner
        os.close(old)
    os.close(inner)
    yield Trial("places", "1,500 nested folders", deep, ["data", "info", "."])
    os.system(f"rm -rf '{deep}'")
    for link, target in (("ant/up", ".."), ("again", "."), ("ant/self", "self"), ("root", "/"), ("proc", "/proc")):
        folder, number = place / f"f{number}", number + 1
        small_set(folder, draw)
        (folder / link).symlink_to(target)
        yield Trial("places", f"link {link} -> {target}", folder, ["data", "info", "."])


def strangers(place: Path, run: Path, stopped: Path, victims: Path) -> Iterator[Trial]:
    """A run folder in which one file is a link to a victim, a folder, or a special file."""
    number = 0
    for name in WRITTEN:
        for kind in ("link", "dangling link", "hard link", "folder", "fifo", "inner link"):
            for source, words in (
                (stopped, ["train", "--resume", "r"]),
                (run, ["diagnose", "r"]),
                (run, ["evaluate", "r", "digits"]),
                (run, ["diagnose", "r", "--calibrate"]),
            ):
                if (words[0] == "evaluate" or "--calibrate" in words) and kind not in ("link", "dangling link"):
                    continue
                folder, number = place / f"x{number}", number + 1
                folder.mkdir()
                shutil.copytree(source, folder / "r")
                path = folder / "r" / name
                held = path.read_bytes() if path.is_file() else b"x\n"
                path.unlink(missing_ok=True)
                victim = victims / "authorized_keys"
                if kind == "link":
                    path.symlink_to(victim)
                elif kind == "dangling link":
                    path.symlink_to(victims / "made-by-pellucid")
                elif kind == "hard link":
                    os.link(victim, path)
                elif kind == "folder":
                    path.mkdir()
                elif kind == "fifo":
                    os.mkfifo(path)
                else:
                    (folder / "kept").write_bytes(held)
                    path.symlink_to("../kept")
                yield Trial("strangers", f"{name} is a {kind}: {words[0]}", folder, words)
