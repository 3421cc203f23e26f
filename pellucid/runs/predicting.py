"""What a model sees in pictures: files, folders and patterns, each with its answer or with why there is none."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.endings import is_picture
from pellucid.data.images import Array
from pellucid.data.listing import scan_folder
from pellucid.data.options import options_of_record
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.single import read_image
from pellucid.engines.protocol import Engine
from pellucid.errors import DataError, FileError, ShapeError, UsageError, shown
from pellucid.model import Model
from pellucid.runs.held import Holder
from pellucid.runs.room import refuse_large_scoring, scoring_bytes
from pellucid.runs.using import classifier_of, engine_of, refuse_not_finite
from pellucid.runs.weights import native_weights
from pellucid.storage.tables import write_csv
from pellucid.training.session import predict_each

AT_ONCE = 32            # pictures answered together, while that takes less than
ROOM = 1 << 30          # bytes; else one by one
PATTERN = re.compile(r"[*?\[]")


@dataclass
class Answered:
    """An entry a picture, in order: `image` with `classes` or `error`; and what was noticed, in sentences."""

    entries: list[dict[str, Any]]
    warnings: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Why pictures have no answer."""
        return [entry["error"] for entry in self.entries if "error" in entry]


def predict_files(
    run: str, images: Iterable[str], *, top: int, engine: str | None = None, max_pixels: int | None = None
) -> Answered:
    """The most likely classes of each picture, read at the size, channels and depth the model was trained on.

    A picture that cannot be read or does not fit has an `error` in place of `classes`. Raises UsageError for a run that
    is not there, TrainingError when the model answers with numbers that are not finite.
    """
    model, folder = classifier_of(run)
    refuse_large_scoring(model.graph, 1, "predict")
    at_once = AT_ONCE if scoring_bytes(model.graph, AT_ONCE) < ROOM else 1
    answer = Answerer(model, engine_of(folder, engine), run, top)
    holder = Holder.of(model, run)
    watch = holder.watch()
    answered = Answered([])
    pending: list[tuple[dict[str, Any], Array]] = []
    for image in images:
        entry: dict[str, Any] = {"image": image}
        answered.entries.append(entry)
        try:
            pixels = holder.bring(read_image(image, max_pixels=max_pixels, **options_of_record(holder.record)), image)
        except (FileError, DataError) as fault:
            entry["error"] = str(fault)
            continue
        if watch is not None and (share := watch.see(pixels[np.newaxis])[0]) > 1:
            entry["unlike"] = round(share, 3)
        pending.append((entry, pixels))
        if len(pending) == at_once:
            answer(pending)
            pending = []
    answer(pending)
    answered.warnings = [*holder.warnings, *([watch.warning()] if watch is not None and watch.warning() else [])]
    return answered


class Answerer:
    """A model on its engine: gives the entries of pictures their classes, those of one size together."""

    def __init__(self, model: Model, engine: Engine, run: str, top: int) -> None:
        self.model, self.engine, self.run, self.top = model, engine, run, top
        self.names = names_of(model)
        self.params, self.state = native_weights(model, engine)

    def __call__(self, pictures: Sequence[tuple[dict[str, Any], Array]]) -> None:
        """Put `classes` into each entry, or an `error` when the network does not take a picture's size."""
        groups: dict[Any, list[tuple[dict[str, Any], Array]]] = {}
        for entry, pixels in pictures:
            groups.setdefault((pixels.shape, pixels.dtype), []).append((entry, pixels))
        for group in groups.values():
            try:
                rows = self.probabilities(np.stack([pixels for _, pixels in group]))
            except ShapeError as fault:
                for entry, _ in group:
                    entry["error"] = f"{entry['image']}: {fault}"
                continue
            for (entry, _), row in zip(group, rows, strict=True):
                order = np.argsort(-row, kind="stable")[: self.top]
                entry["classes"] = [{"class": self.names[k], "probability": float(row[k])} for k in order]

    def probabilities(self, x: Array) -> Array:
        """Of each class (N, K), for pictures x (N, H, W, C) as read."""
        pipeline = self.model.preprocessing or assumed_pipeline(x.dtype)
        with np.errstate(all="ignore"):  # what is not finite is refused below
            parts = [{"input": pipeline.apply(x)}]
            (outputs,) = predict_each(self.model.graph, self.engine, self.params, self.state, parts)
        return of_each_class(outputs["output"], self.names, self.run)


def names_of(model: Model) -> list[str]:
    """The names of the classes; numbers for a model that has none. Raises UsageError for several outputs."""
    shape = model.output_shape
    if isinstance(shape, dict) or isinstance(model.input_shape, dict):
        raise UsageError(f"predict: {model.name} has several inputs or outputs; call it in Python.")
    return list(model.class_names or [str(number) for number in range(max(2, int(shape[-1])))])


def of_each_class(outputs: Array, names: Sequence[str], run: str) -> Array:
    """The outputs (N, K); of one output for two classes (a sigmoid), that of the second, both classes'.

    Raises TrainingError when one is not finite, DataError when there are not as many as classes.
    """
    refuse_not_finite(run, outputs)
    if outputs.ndim == 2 and outputs.shape[1] == 1 and len(names) == 2:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    if outputs.ndim != 2 or outputs.shape[1] != len(names):
        raise DataError(f"{run}: the model names {len(names)} classes, but an answer has the shape "
                        f"{outputs.shape[1:]}. Give a classifier.")
    return outputs


def expanded(given: Sequence[str]) -> Iterator[str]:
    """Each picture as it is to be opened: of a folder all below it, of a pattern all that it fits, 2 before 10.

    Files named one by one keep their order, also those named twice. Raises UsageError for what means no picture.
    """
    for word in given:
        path = Path(os.path.expanduser(word))
        if path.is_dir():
            yield from pictures_below(path, word)
        elif PATTERN.search(word) and not os.path.lexists(path):
            found = glob.glob(os.path.expanduser(word), recursive=True)
            files = [name for name in found if is_picture(name) and not os.path.isdir(name)]
            if not files:
                raise UsageError(f"predict: no picture fits the pattern {shown(word)}. Check the path.")
            yield from sorted(files, key=natural)
        else:
            yield word


def pictures_below(folder: Path, word: str) -> list[str]:
    """The pictures of a folder and the folders in it, hidden ones left out, 2 before 10."""
    found = [source.path for source in scan_folder(folder).sources if is_picture(source.path)]
    if not found:
        raise UsageError(f"predict: there is no picture in the folder {shown(word)}. Check the path.")
    return [os.path.join(word, path) for path in sorted(found, key=natural)]


def natural(path: str) -> list[tuple[int, int, str]]:
    """The key that sorts x2 before x10: digits by their value."""
    words = re.findall(r"[0-9]+|[^0-9]+", path)
    return [(0, int(word[:4000]), word) if word[0] in "0123456789" else (1, 0, word) for word in words]


def write_answers(path: str, answered: Answered) -> None:
    """A CSV of one row a picture: image, class, probability, class_2, probability_2 ..., and error if there is one."""
    width = max((len(entry.get("classes", ())) for entry in answered.entries), default=0)
    write_csv(path, [row_of(entry, width, bool(answered.faults)) for entry in answered.entries])


def row_of(entry: dict[str, Any], width: int, broken: bool) -> dict[str, Any]:
    """An entry as a row of the table, with `width` classes."""
    row: dict[str, Any] = {"image": entry["image"]}
    guesses = entry.get("classes", [])
    for place in range(width):
        guess, end = (guesses[place] if place < len(guesses) else {}), f"_{place + 1}" if place else ""
        row |= {f"class{end}": guess.get("class"), f"probability{end}": guess.get("probability")}
    return row | ({"error": entry.get("error")} if broken else {})
