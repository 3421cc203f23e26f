"""report.html: one page that says what was trained, on what, how well it does, and what to type next.

The page needs no other file: pictures are embedded, style is inline, nothing is fetched and nothing runs. Every value
is escaped by the template, so class names and paths can hold any character.
"""

from __future__ import annotations

import base64
import json
import math
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError, describe
from pellucid.runs.drawing import DPI, percent
from pellucid.runs.evaluation import interval_of

if TYPE_CHECKING:
    from jinja2 import Template

    from pellucid.storage.run_folder import RunFolder

MANY_CLASSES = 20  # beyond, the page shows the weakest classes and folds the table of all
WEAKEST = 10
MARKED = 3
MOST_CONFUSED = 6
DASH = "\N{EN DASH}"

Picture = dict[str, Any]  # source: a data address; width_px: how wide it was meant


def write_report(folder: RunFolder, *, context: Mapping[str, Any]) -> Path:
    """Write report.html from plain values and the pictures already in the folder; returns its path.

    context, each key optional: command (text), data (what to type for the data set), dataset (name, fingerprint,
    parts, class_names, channel_names, notes), settings, summary_rows (layer, output_shape, parameters), totals
    (total, trainable, not_trainable, flops, receptive_field), environment, state, best_epoch, evaluation (what
    Evaluation.to_metrics gives; seconds and images_per_second may be added), checks (name, status, value, meaning,
    remedy). What is missing is left out of the page. Raises FileError when a picture cannot be read or the page
    cannot be written.
    """
    from pellucid.storage.writer import write_text

    page = render(context, path=folder.path, pictures=read_pictures(folder))
    write_text(folder.report, page)
    return Path(folder.report)


def read_pictures(folder: RunFolder) -> dict[str, Picture]:
    """The pictures that are there: curves, confusion, mistakes."""
    found = {}
    for name, path in (("curves", folder.curves), ("confusion", folder.confusion), ("mistakes", folder.mistakes)):
        try:
            found[name] = embed(Path(path).read_bytes())
        except FileNotFoundError:
            continue
        except OSError as fault:
            raise FileError(describe("report", f"the picture {path}", "readable", f"not ({fault.strerror})")) from None
    return found


def embed(png: bytes) -> Picture:
    """A PNG of ours as a data address, as wide on the page as it was drawn (bytes 16 to 20 hold its width)."""
    width = int.from_bytes(png[16:20], "big") * 96 // DPI
    return {"source": "data:image/png;base64," + base64.b64encode(png).decode("ascii"), "width_px": width}


def render(context: Mapping[str, Any], *, path: Path, pictures: Mapping[str, Picture]) -> str:
    """The page as text; path is the run folder."""
    evaluation = context.get("evaluation") or {}
    dataset = context.get("dataset") or {}
    return _template().render(
        name=path.resolve().name,
        headline=headline(evaluation),
        state=str(context.get("state") or "unfinished"),
        best_epoch=context.get("best_epoch"),
        split=str(evaluation.get("split") or ""),
        most_confused=(evaluation.get("most_confused") or [])[:MOST_CONFUSED],
        scores=scores(evaluation),
        per_class=per_class(evaluation.get("per_class") or []),
        many_classes=MANY_CLASSES,
        weakest=WEAKEST,
        command=context.get("command"),
        dataset=facts_of_dataset(dataset),
        notes=[str(note) for note in dataset.get("notes") or []],
        checks=context.get("checks") or [],
        pictures=pictures,
        network=network(context),
        settings=facts(context.get("settings") or {}),
        environment=facts(context.get("environment") or {}),
        next_steps=next_steps(context, path),
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files("pellucid.runs").joinpath("report.html").read_text(encoding="utf-8"))


def headline(evaluation: Mapping[str, Any]) -> dict[str, str] | None:
    """Accuracy, how sure it is, and a caution where the part cannot speak for new images; None without a score."""
    interval, split = interval_of(evaluation), str(evaluation.get("split") or "")
    if interval is None:
        return None
    accuracy, n = float(evaluation["accuracy"]), int(evaluation["n"])
    cautions = {
        "train": "Measured on the images it was trained on: this says nothing about new ones.",
        "validation": "The best epoch was chosen on these images, so new ones may do a little worse.",
    }
    return {
        "accuracy": share(accuracy),
        "right": f"{round(accuracy * n):,} of {n:,} {split + ' ' if split else ''}images are right",
        "low": share(interval[0]),
        "high": share(interval[1]),
        "caution": cautions.get(split, ""),
    }


def scores(evaluation: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The other scores as label and text, only those that were measured."""
    shares = {"balanced_accuracy": "Balanced accuracy", "macro_f1": "Macro F1", "top5": "Top 5"}
    found = [(label, share(evaluation[key])) for key, label in shares.items() if _measured(evaluation.get(key))]
    numbers = {"loss": ("Loss", "{:.4g}"), "seconds": ("Seconds", "{:,.1f}"),
               "images_per_second": ("Images a second", "{:,.0f}")}  # fmt: skip
    found += [(label, form.format(evaluation[key])) for key, (label, form) in numbers.items()
              if _measured(evaluation.get(key))]  # fmt: skip
    return found


def _measured(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def share(value: float | None) -> str:
    """A share as a percentage with two digits, or a dash where it is undefined."""
    return DASH if value is None or not math.isfinite(value) else percent(value, 2)


def per_class(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for the table, in class order; up to three classes with the lowest F1 below 1 are marked as weakest."""
    measured = [k for k, row in enumerate(rows) if _measured(row.get("f1")) and row.get("n")]
    order = sorted(measured, key=lambda k: rows[k]["f1"])
    marked = {k for k in order[: min(MARKED, len(order) // 2)] if rows[k]["f1"] < 1}
    found = []
    for k, row in enumerate(rows):
        cells = {score: share(row.get(score)) for score in ("precision", "recall", "f1")}
        bar = round(100 * row["f1"], 1) if _measured(row.get("f1")) else 0
        rank = order.index(k) if k in marked or (len(rows) > MANY_CLASSES and k in measured) else len(rows)
        found.append(
            {"class": row.get("class"), "n": row.get("n"), "weak": k in marked, "bar": bar, "rank": rank} | cells
        )
    return found


def facts_of_dataset(dataset: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything the description of a data set says, except its notes; long lists are cut with their length."""
    return facts({key: value for key, value in dataset.items() if key != "notes"})


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and text of every value, in the given order."""
    return [(str(key).replace("_", " "), text(value)) for key, value in values.items()]


def text(value: Any) -> str:
    """A plain value as a person writes it: yes and no, sizes with thousands, lists with commas, groups as a: b."""
    if value is None or value == "" or value in ([], {}, ()):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return "; ".join(_pair(str(key).replace("_", " "), inner) for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        shown = ", ".join(text(inner) for inner in value[:40])
        return shown if len(value) <= 40 else f"{shown} and {len(value) - 40} more"
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _pair(key: str, value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return f"{key} ({text(value).replace('; ', ', ')})"
    return f"{key}: {text(value)}"


def network(context: Mapping[str, Any]) -> dict[str, Any]:
    """Rows (layer, output shape, parameters) and the totals of the network table."""
    rows = [
        {"layer": str(row.get("layer", "")), "shape": shape_text(row.get("output_shape")),
         "parameters": text(row.get("parameters", 0))}
        for row in context.get("summary_rows") or []
    ]  # fmt: skip
    totals = context.get("totals") or {}
    labels = {"total": "Parameters", "trainable": "trainable", "not_trainable": "not trainable",
              "flops": "FLOPs for one image", "receptive_field": "Receptive field, pixels"}  # fmt: skip
    known = [(label, totals[key]) for key, label in labels.items() if totals.get(key) is not None]
    known += [(key.replace("_", " "), value) for key, value in totals.items() if key not in labels]
    return {"rows": rows, "totals": [(label, _size(value)) for label, value in known]}


def _size(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return " \N{MULTIPLICATION SIGN} ".join(map(text, value)) if isinstance(value, (list, tuple)) else text(value)


def shape_text(shape: Any) -> str:
    """(None, 26, 26, 32) as 26 × 26 × 32; the axis of images is left out. Several outputs stand side by side."""
    if not isinstance(shape, (list, tuple)):
        return text(shape)
    if shape and isinstance(shape[0], (list, tuple)):
        return ", ".join(shape_text(inner) for inner in shape)
    sizes = list(shape[1:] if shape and shape[0] in (None, "N") else shape)
    return " \N{MULTIPLICATION SIGN} ".join("any" if size is None else str(size) for size in sizes) or DASH


def next_steps(context: Mapping[str, Any], path: Path) -> list[tuple[str, str]]:
    """What to type next, as (what it does, command); a run that stopped midway starts with going on."""
    evaluation, state = context.get("evaluation") or {}, str(context.get("state") or "")
    run = shlex.quote(path.as_posix())
    data = shlex.quote(str(context.get("data") or (context.get("dataset") or {}).get("name") or "DATA"))
    split = shlex.quote(str(evaluation.get("split") or "test"))
    use = [
        ("Ask it about pictures of your own", f"pellucid predict {run} IMAGE..."),
        ("Measure it again, or on other data", f"pellucid evaluate {run} {data} --split {split}"),
    ]
    compare = ("Compare it with the runs beside it", f"pellucid runs {shlex.quote(path.parent.as_posix())}")
    finished = state.startswith("finished") or "early" in state
    meaning = "Had it been interrupted, this would have gone on with it" if finished else "Go on where it stopped"
    resume = (meaning, f"pellucid train --resume {run}")
    usable = use if evaluation else []
    return [*usable, compare, resume] if finished else [resume, *usable, compare]
