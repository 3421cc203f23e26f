"""Jobs that ask the model: predictions of pictures, evaluations of data. The model is read once, and again when it
changed on the disk."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pellucid.errors import FileError, UsageError
from pellucid.jobs.job import Evaluate, Predict
from pellucid.jobs.places import Places
from pellucid.model import Model
from pellucid.storage.reading import sha256_of
from pellucid.storage.run_folder import RunFolder
from pellucid.using.evaluating import evaluate_on
from pellucid.using.opening import classifier_of
from pellucid.using.predicting import answered

NO_MODEL = "the worker was started without a model. Start one with: pellucid work SPOOL --model RUN"
Stamp = tuple[int, int, int]  # of a file: its number, size and time


@dataclass
class Oracle:
    """The model that jobs ask; `run` is a run folder or a model file, None for a worker that only trains."""

    run: str | None
    places: Places
    engine: str | None = None
    max_pixels: int | None = None
    _stamp: Stamp | None = field(default=None, repr=False)
    _opened: tuple[Model, RunFolder | None] | None = field(default=None, repr=False)
    _sha256: str = ""

    def open(self) -> None:
        """Read the model, unless it is the one that was read. Raises FileError when there is none."""
        if self.run is None:
            raise UsageError(NO_MODEL)
        file = os.path.join(self.run, "model.safetensors") if os.path.isdir(self.run) else self.run
        stamp = None
        with suppress(OSError):
            found = os.stat(file)
            stamp = found.st_ino, found.st_size, found.st_mtime_ns
        if self._opened is None or stamp is None or stamp != self._stamp:
            self._opened = classifier_of(self.run)
            self._sha256, self._stamp = sha256_of(file), stamp

    def predict(self, job: Predict) -> dict[str, Any]:
        """As `pellucid predict --json` says it, each `image` under the job's own name."""
        self.open()
        assert self.run is not None and self._opened is not None
        names, paths, refused = list(job.images), [], dict[int, str]()
        for place, name in enumerate(names):
            try:
                paths.append(self.places.file(name))
            except (ValueError, FileError) as fault:  # DataError is a ValueError
                refused[place] = str(fault)
        found = answered(self._opened, self.run, paths, top=job.top, engine=self.engine, max_pixels=self.max_pixels,
                         tta=job.tta)
        answers = iter(zip(paths, found.entries, strict=True))
        entries = []
        for place, name in enumerate(names):
            if place in refused:
                entries.append({"image": name, "error": refused[place]})
                continue
            path, entry = next(answers)
            error = {"error": entry["error"].replace(path, name)} if "error" in entry else {}
            entries.append({**entry, "image": name, **error})
        faults = [entry["error"] for entry in entries if "error" in entry]
        return {"predictions": entries, "warnings": found.warnings, **self._told(),
                **({"error": faults[0]} if faults else {})}  # fmt: skip

    def evaluate(self, job: Evaluate) -> dict[str, Any]:
        """As `pellucid evaluate --json` says it."""
        self.open()
        assert self.run is not None
        data = None if job.data is None else self.places.data(job.data)
        found = evaluate_on(self.run, data, split=job.split, batch_size=job.batch_size, data_dir=None, limit=job.limit,
                            metrics=job.metrics, tta=job.tta, engine=self.engine, max_pixels=self.max_pixels)
        return {"metrics": found, **self._told()}

    def _told(self) -> dict[str, Any]:
        return {"model": {"run": self.run, "sha256": self._sha256}}
