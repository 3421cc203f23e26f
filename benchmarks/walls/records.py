"""Hostile records: JSON and tables that are read back, spoiled place by place; weights that are not numbers."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.walls.mangling import LONG, spoiled, spoiled_json
from benchmarks.walls.trial import Trial

TABLES, DOCUMENTS = ("history.csv", "steps.csv"), ("config.json", "metrics.json", "checks.json", "diagnosis.json")
TRAIN = ("train", "digits", "--limit", "40", "--epochs", "1", "--no-checks", "--engine", "reference", "--out", "r")
WORDS = (
    "FC_1*99999999",
    "FC_4*5000",
    "conv_8," * 40 + "FC_8",
    "conv_999999999,FC_9",
    "FC_1000000000,FC_1000000000",
    "conv_0",
    "FC_-1",
    "FC_1e9",
    "x" * 5_000,
    "conv_8*0",
    "(((((",
    ",,,,",
    "FC_8;rm",
    "conv_8\n",
    "pool*20",
    "\x1b[31m",
    "lenet5" * 100,
    "../victims/notes.txt",
    "/etc/passwd",
    "/dev/zero",
    "",
    " ",
)
FLAGS = {
    "--epochs": ("0", "-1", "99999999999999999999", "1.5", "nan", "x", ""),
    "--batch-size": ("0", "-1", "99999999999999999999", "1e9", "x"),
    "--lr": ("0", "-1", "nan", "inf", "1e30", "x"),
    "--dropout": ("-1", "1", "nan", "x"),
    "--l2": ("-1", "nan", "inf", "1e300"),
    "--resize": ("0x0", "3000x3000", "99999999x99999999", "64", "x", "-1x5", "1x1", "٣x٣"),
    "--threads": ("0", "-1", "99999999999999999999"),
    "--seed": ("-1", "99999999999999999999999", "x"),
    "--split-seed": ("-1", "99999999999999999999999"),
    "--limit": ("0", "1", "-1", "99999999999999999999"),
    "--val-fraction": ("-1", "1", "0.999999", "nan", "1e-300"),
    "--augment": ("flip" * 900, "rotate=1e400", "shift=-1", "x", "shift=99999999"),
    "--optimizer": ("x" * 5_000, "adam\x1b"),
    "--schedule": ("x", "step:0", "cosine:-1"),
    "--loss": ("focal:nan", "focal:-1:9", "x"),
    "--patience": ("-1", "99999999999999999999"),
    "--checkpoint-every": ("-1", "99999999999999999999"),
    "--device": ("cuda:99", "x"),
    "--precision": ("float16", "x"),
    "--engine": ("x", "tensorflow"),
    "--preprocess": ("pca:0", "pca:99999999", "x"),
    "--channels": ("x", "cmyk"),
    "--freeze": ("*" * 3_000, "99999999999999999999"),
    "--weights": ("/dev/zero", "nowhere", "."),
    "--mine-rounds": ("-1", "99999999999999999999"),
    "--out": ("", "/proc/x", "/dev/null", "a" * 5_000, "line\nbreak"),
    "--group": ("x",),
    "--label": ("x",),
    "--data-dir": ("/dev/zero", "x" * 5_000),
}


def parts_of(path: Path) -> tuple[dict[str, np.ndarray], dict, bytes]:
    """(arrays, record, tail of numbers) of a safetensors file of ours."""
    from safetensors.numpy import load

    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return load(data), json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["pellucid"]), data[8 + length :]


def rewritten(path: Path, arrays: dict[str, np.ndarray], record: object) -> None:
    """Write a safetensors file as a stranger could: whatever the record and the arrays are."""
    from safetensors.numpy import save

    path.write_bytes(save(arrays, metadata={"pellucid": json.dumps(record)}))


def spoil_safetensors(path: Path, draw: random.Random) -> tuple[str, str]:
    """Spoil a model or a checkpoint in place; (what was done, what is wanted)."""
    arrays, record, tail = parts_of(path)
    kind = draw.choice(("record", "record", "record", "bytes", "weights", "number"))
    if kind == "record":
        what, record = spoiled_json(record, draw)
        rewritten(path, arrays, record)
        return f"record {what}", "either"
    if kind == "bytes":
        what, data = spoiled(path.read_bytes(), draw)
        path.write_bytes(data)
        return what, "either"
    if kind == "number":
        data = bytearray(path.read_bytes())
        data[len(data) - 1 - draw.randrange(len(tail))] ^= 1 << draw.randrange(8)
        path.write_bytes(bytes(data))
        return "one bit of the numbers flipped", "refused"
    name = draw.choice([each for each in arrays if arrays[each].dtype.kind == "f"])
    how = draw.choice(("nan", "inf", "integers", "gone", "more", "shape", "huge"))
    if how in ("nan", "inf", "huge"):
        arrays[name] = np.full_like(arrays[name], {"nan": np.nan, "inf": np.inf, "huge": 3e38}[how])
    elif how == "integers":
        arrays[name] = arrays[name].astype(np.int32)
    elif how == "gone":
        del arrays[name]
    elif how == "more":
        arrays["more/kernel"] = np.zeros((3, 3), np.float32)
    else:
        arrays[name] = np.zeros((*arrays[name].shape, 2), arrays[name].dtype)
    rewritten(path, arrays, record)
    return f"{name} {how}", "either" if how == "huge" else "refused"


def runs(place: Path, draw: random.Random, count: int, run: Path, stopped: Path) -> Iterator[Trial]:
    """Run folders with one file spoiled, met by the commands that read it."""
    for number in range(count):
        folder = place / f"r{number}"
        folder.mkdir()
        words = draw.choice(
            (
                ["train", "--resume", "r"],
                ["evaluate", "r", "digits"],
                ["diagnose", "r"],
                ["runs", "."],
                ["predict", "r", "a.png"],
                ["summary", "r"],
                ["features", "r", "digits", "--limit", "20", "--engine", "reference", "--out", "f.h5"],
            )
        )
        shutil.copytree(stopped if words[:2] == ["train", "--resume"] else run, folder / "r")
        shutil.copyfile(place.parent / "digit.png", folder / "a.png")
        files = (
            ["config.json", "history.csv", "steps.csv", "last.safetensors"]
            if words[0] == "train"
            else ["config.json", "model.safetensors", "metrics.json", "history.csv", "model.safetensors"]
        )
        name = draw.choice([each for each in files if (folder / "r" / each).exists()])
        path, wanted = folder / "r" / name, "either"
        if name.endswith(".json"):
            what, value = spoiled_json(json.loads(path.read_text()), draw)
            path.write_text(json.dumps(value))
        elif name.endswith(".csv"):
            what, value = spoiled(path.read_bytes(), draw)
            path.write_bytes(value)
        else:
            what, wanted = spoil_safetensors(path, draw)
            if words[0] in ("runs",) or (
                wanted == "refused" and words[0] in ("summary", "diagnose") and "bit" not in what
            ):
                wanted = "either"
        yield Trial("records", f"{words[0]}: {name} {what}", folder, words, wanted)


def typed(place: Path, model: Path) -> Iterator[Trial]:
    """Words and flags that cannot be meant, and work that cannot fit."""
    number = 0
    cases: list[tuple[str, list[str]]] = []
    for words in WORDS:
        cases += [
            (f"train --model {words[:30]!r}", [*TRAIN, "--model", words]),
            (f"summary {words[:30]!r}", ["summary", words]),
            (
                f"check --model {words[:30]!r}",
                ["check", "digits", "--limit", "40", "--model", words, "--engine", "reference"],
            ),
        ]
    for size in ("20000x20000x3", "0x0x0", "1x1x1", "99999999999x1x1", "28x28", "x", "28x28x99999999"):
        for name in ("lenet5", "vgg16", "conv_8,pool,FC_8"):
            cases += [
                (f"summary {name} --input {size}", ["summary", name, "--input", size]),
                (f"explain {name} {size}", ["summary", name, "--input", size, "--explain"]),
            ]
    for classes in ("0", "1", "-1", "999999999", "99999999999999999999"):
        cases.append((f"summary --classes {classes}", ["summary", "lenet5", "--classes", classes]))
    for flag, values in FLAGS.items():
        for value in values:
            cases.append((f"train {flag} {value[:30]!r}", [*(TRAIN if flag != "--out" else TRAIN[:-2]), flag, value]))
    for command in (
        "train",
        "check",
        "evaluate",
        "predict",
        "features",
        "summary",
        "export",
        "diagnose",
        "search",
        "runs",
        "data",
        "nonsense",
        LONG,
    ):
        for tail in (
            [],
            ["--json"],
            ["nowhere"],
            ["/dev/zero"],
            ["--nonsense"],
            ["/etc/shadow"],
            ["\x1b[31m"],
            [LONG],
            ["digits", "digits", "digits"],
        ):
            cases.append((f"{command[:20]} {' '.join(tail)[:30]!r}", [command, *tail]))
    for name, words in cases:
        folder, number = place / f"w{number}", number + 1
        folder.mkdir()
        yield Trial("words", name, folder, words)
