"""What a model sees in pictures: files, folders and patterns, each with its answer or with why there is none."""

from __future__ import annotations

import glob
import io
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.endings import is_picture
from pellucid.data.finding import Found, joined_files
from pellucid.data.images import Array
from pellucid.data.listing import scan_folder
from pellucid.data.options import Options, options_of_record
from pellucid.data.planes import source_sized
from pellucid.data.points.cropping import Window
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.single import read_image, read_sized
from pellucid.data.stacks import parse_pattern
from pellucid.engines.protocol import Engine
from pellucid.errors import DataError, FileError, ShapeError, UsageError, shown
from pellucid.model import Model
from pellucid.reports.pixels import displayable
from pellucid.reports.sections import Account
from pellucid.runs.deciding import problem_of, task_of_model
from pellucid.runs.room import refuse_large_scoring, scoring_bytes
from pellucid.runs.scoring import refuse_tta, views
from pellucid.runs.weights import native_weights
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import write_csv
from pellucid.storage.writer import make_folder, write_bytes, write_json
from pellucid.tasks.protocol import Task
from pellucid.training.session import predict_each
from pellucid.using.boxed import Boxed, boxed
from pellucid.using.evaluating import refuse_not_finite
from pellucid.using.held import Holder
from pellucid.using.opening import classifier_of, engine_of
from pellucid.words import MOST_DIGITS, user_path

AT_ONCE = 32            # pictures answered together, while that takes less than
ROOM = 1 << 30          # bytes; else one by one
Waiting = tuple[dict[str, Any], Array, Window]  # an entry, its pixels, and what of its picture they show
Asked = str | Found | Boxed
PATTERN = re.compile(r"[*?\[]")


@dataclass
class Answered:
    """An entry a picture, in order: `image` with the task's answer or `error`; and what was noticed, in sentences."""

    entries: list[dict[str, Any]]
    task: Task
    warnings: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Why pictures have no answer."""
        return [entry["error"] for entry in self.entries if "error" in entry]


def predict_files(
    run: str, images: Iterable[str], *, top: int, engine: str | None = None, max_pixels: int | None = None,
    tta: bool = False, boxes: Sequence[str] = (),
) -> Answered:
    """What a model says of each picture, read at the size, channels and depth the model was trained on.

    With `tta`, the mean of what it says of the picture and of its mirror image. `boxes` are objects of these pictures,
    x0,y0,x1,y1 each, that are asked about in their place.

    A picture that cannot be read or does not fit has an `error` in place of an answer. Raises UsageError for a run that
    is not there, TrainingError when the model answers with numbers that are not finite.
    """
    opened = classifier_of(run)
    asked = boxed(list(images), boxes, opened[0].input_record or {}) if boxes else images
    return answered(opened, run, asked, top=top, engine=engine, max_pixels=max_pixels, tta=tta)


def judge_cases(run: str, file: str, engine: str | None = None, max_pixels: int | None = None) -> Account:
    """How many core cases of a table a run or model file keeps, as its task judges them, and each that it loses.

    A picture that cannot be read is a case lost. Raises UsageError for a task without core cases, FileError for a table
    that cannot be read or names a picture that is not there, DataError for a row that makes no sense.
    """
    opened = classifier_of(run)

    def predict(images: Sequence[str]) -> Answered:
        return answered(opened, run, images, top=sys.maxsize, engine=engine, max_pixels=max_pixels)

    return task_of_model(opened[0]).judge_cases(file, predict)


def answered(
    opened: tuple[Model, RunFolder | None], run: str, images: Iterable[Asked], *, top: int, engine: str | None,
    max_pixels: int | None, tta: bool = False,
) -> Answered:
    """The same of a model that was read already; a picture may be found in a data set beforehand."""
    model, folder = opened
    refuse_large_scoring(model.graph, 1, "predict")
    at_once = AT_ONCE if scoring_bytes(model.graph, AT_ONCE) < ROOM else 1
    answer = Answerer(model, engine_of(folder, engine), run, top, tta=tta)
    holder = Holder.of(model, run)
    watch = holder.watch()
    found = Answered([], task_of_model(model))
    pending: list[Waiting] = []
    words = {"max_pixels": max_pixels, **options_of_record(holder.record)}
    for image in whole_pictures(images, holder):
        entry: dict[str, Any] = {"image": image if isinstance(image, str) else image.name}
        if isinstance(image, Boxed):
            entry["box"] = list(image.box)
        found.entries.append(entry)
        try:
            read, window = seen(image, words)
            pixels = holder.bring(read, entry["image"])
        except (FileError, DataError) as fault:
            entry["error"] = str(fault)
            continue
        if watch is not None and (share := watch.see(pixels[np.newaxis])[0]) > 1:
            entry["unlike"] = round(share, 3)
        pending.append((entry, pixels, window))
        if len(pending) == at_once:
            answer(pending)
            pending = []
    answer(pending)
    found.warnings = [*holder.warnings, *([watch.warning()] if watch is not None and watch.warning() else [])]
    return found


def seen(image: Asked, words: dict[str, Any]) -> tuple[Array, Window]:
    """The pixels of a picture as the model takes them, and what of it they show, in its own pixels."""
    if isinstance(image, Boxed):
        return image.read(Options(**words))
    read, (height, width) = (source_sized(image.source, Options(**words)) if isinstance(image, Found)
                             else read_sized(image, **words))  # fmt: skip
    return read, (0, 0, width, height)


def whole_pictures(images: Iterable[Asked], holder: Holder) -> Iterable[Asked]:
    """The pictures; where the model learnt from files of one channel each, those that the files given make."""
    pattern = holder.record.get("stack")
    if pattern is None:
        return images
    files = [image for image in images if isinstance(image, str)]
    return (*joined_files(files, parse_pattern(str(pattern))), *(one for one in images if isinstance(one, Found)))


class Answerer:
    """A model on its engine: gives the entries of pictures their answers, those of one size together."""

    def __init__(self, model: Model, engine: Engine, run: str, top: int, *, tta: bool = False) -> None:
        self.model, self.engine, self.run, self.top, self.tta = model, engine, run, top, tta
        self.problem = problem_of(model, run)
        if tta:
            refuse_tta(self.problem, "predict")
        self.params, self.state = native_weights(model, engine)

    def __call__(self, pictures: Sequence[Waiting]) -> None:
        """Put an answer into each entry, or an `error` when the network does not take a picture's size."""
        groups: dict[Any, list[Waiting]] = {}
        for waiting in pictures:
            groups.setdefault((waiting[1].shape, waiting[1].dtype), []).append(waiting)
        for group in groups.values():
            try:
                outputs = self.outputs(np.stack([pixels for _, pixels, _ in group]))
            except ShapeError as fault:
                for entry, _, _ in group:
                    entry["error"] = f"{entry['image']}: {fault}"
                continue
            sizes = [(bottom - top, right - left) for _, _, (left, top, right, bottom) in group]
            answers = self.problem.located(outputs, sizes, top=self.top, run=self.run)
            for (entry, _, (left, top, _, _)), answer in zip(group, answers, strict=True):
                entry |= self.problem.moved(answer, left, top) if "box" in entry else answer

    def outputs(self, x: Array) -> Array:
        """What the network gives (N, ...) for pictures x (N, H, W, C) as read, all of it finite."""
        outputs = self.unchecked(x)
        refuse_not_finite(self.run, outputs)
        return outputs

    def unchecked(self, x: Array) -> Array:
        """The same, whatever the numbers are."""
        pipeline = self.model.preprocessing or assumed_pipeline(x.dtype)
        with np.errstate(all="ignore"):  # what is not finite is for the caller to refuse
            parts = [{"input": pipeline.apply(x)}]
            parts = views(parts[0]) if self.tta else parts
            every = predict_each(self.model.graph, self.engine, self.params, self.state, parts)
            seen = [each["output"] for each in every]
        outputs: Array = np.mean([seen[0], self.problem.unmirrored(seen[1])], axis=0) if self.tta else seen[0]
        return outputs


def expanded(given: Sequence[str]) -> Iterator[str]:
    """Each picture as it is to be opened: of a folder all below it, of a pattern all that it fits, 2 before 10.

    Files named one by one keep their order, also those named twice. Raises UsageError for what means no picture.
    """
    for word in given:
        path = user_path(word)
        if path.is_dir():
            yield from pictures_below(path, word)
        elif PATTERN.search(word) and not os.path.lexists(path):
            found = glob.glob(str(path), recursive=True)
            files = [name for name in found if is_picture(name) and not os.path.isdir(name)]
            if not files:
                raise UsageError(f"predict: no picture fits the pattern {shown(word)}. Check the path.")
            yield from sorted(files, key=natural)
        else:
            yield word


def pictures_below(folder: Path, word: str) -> list[str]:
    """The pictures of a folder and the folders in it, hidden ones left out, 2 before 10."""
    found = [source for source in scan_folder(folder).sources if is_picture(source.path)]
    if not found:
        raise UsageError(f"predict: there is no picture in the folder {shown(word)}. Check the path.")
    found.sort(key=lambda source: natural(source.path))
    return [str(source.file) for source in found]  # its path may be its name in other letters


def natural(path: str) -> list[tuple[int, int, str]]:
    """The key that sorts x2 before x10: digits by their value."""
    words = re.findall(r"[0-9]+|[^0-9]+", path)
    return [(0, int(word[:MOST_DIGITS]), word) if word[0] in "0123456789" else (1, 0, word) for word in words]


def write_answers(path: str, answered: Answered) -> None:
    """A CSV of one row a picture: image, what the task has to say of it, and error if there is one anywhere."""
    rows = [{} if "error" in entry else answered.task.row(entry) for entry in answered.entries]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_csv(path, [
        {"image": entry["image"], **{name: row.get(name) for name in columns},
         **({"error": entry.get("error")} if answered.faults else {})}
        for entry, row in zip(answered.entries, rows, strict=True)
    ])  # fmt: skip


def write_drawn(out: str, answered: Answered, max_pixels: int | None = None) -> int:
    """Into a folder: predictions.json, and each picture with its answer drawn into it as PNG, where its task draws any.

    The number of pictures drawn. Raises FileError for a folder that cannot be made or written.
    """
    from PIL import Image

    folder, taken = Path(out), Counter[str]()
    make_folder(folder)
    drawn = 0
    for entry in answered.entries:
        if "error" in entry:
            continue
        shown, _ = displayable(read_image(entry["image"], max_pixels=max_pixels)[np.newaxis])
        picture = answered.task.drawn(np.round(shown[0] * 255).astype(np.uint8), entry)
        if picture is None:
            break
        name = Path(entry["image"]).stem
        taken[name] += 1
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "PNG")
        write_bytes(folder / f"{name}{'' if taken[name] == 1 else f'-{taken[name]}'}.png", buffer.getvalue())
        drawn += 1
    write_json(folder / "predictions.json", answered.entries)
    return drawn
