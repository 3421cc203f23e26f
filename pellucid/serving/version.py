"""One version of a model: a file that was read once, whole and checked, on the engine that its run chose.

Shapes  rows (n, H, W, C) in the model's own depth, as `take` or `read` give them; outputs (n, ...) of the network
Bits    every call of the network is padded to one batch size, so the outputs of a picture depend on it alone; where
        its place in the batch would still change them, which is tried when a version is made, that size is one
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.data.options import Options, options_of_record
from pellucid.data.planes import decoded_sized
from pellucid.engines.threads import limited_threads
from pellucid.errors import FileError, PellucidError
from pellucid.runs.room import refuse_large_scoring
from pellucid.storage.reading import sha256_of
from pellucid.using.evaluating import refuse_not_finite
from pellucid.using.held import Holder
from pellucid.using.opening import all_or_one, classifier_of, engine_of
from pellucid.using.predicting import Answerer

MODEL = "model.safetensors"  # of a run folder
SMALL = 1 << 12  # numbers of a picture
PIXEL = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\xdac`\0\0\0\x02"
         b"\0\x01\xe5'\xde\xfc\0\0\0\0IEND\xaeB`\x82")  # fmt: skip
Stamp = tuple[int, int, int]  # of a file: when it was written, how long it is, which one it is


class Version:
    """A model as it answers requests. Raises what `classifier_of` raises for a file that cannot be used."""

    def __init__(self, name: str, run: str, *, batch: int, max_pixels: int, engine: str | None = None) -> None:
        self.name = name
        self.path = file_of(run)
        self.stamp = stamp_of(self.path)
        model, folder = classifier_of(run)
        self.sha256 = sha256_of(self.path)
        if stamp_of(self.path) != self.stamp:
            raise FileError(f"{self.path} was changed while it was read. It is read again when it is whole.")
        refuse_large_scoring(model.graph, batch, "serve")
        self.graph = model.graph
        self.engine = engine_of(folder, engine)
        self.answerer = Answerer(model, self.engine, name, 1)
        self.problem = self.answerer.problem
        self.threads = all_or_one(model, self.engine, batch)
        self.holder = Holder.of(model, name)
        self.watch = self.holder.watch()  # knows the training pictures; has seen none itself
        self.options = Options(max_pixels=max_pixels, **options_of_record(self.holder.record))
        record = self.holder.record
        self.shape = tuple(int(record[name]) for name in ("height", "width", "channels")) if record else None
        self.dtype = np.dtype(record.get("dtype", "float32"))
        self.output_shape = model.graph.output_shapes[next(iter(model.graph.lasting))]
        self.batch = batch
        if not self.same_at_every_place():
            self.batch = 1
        decoded_sized(PIXEL, "a pixel", Options())  # the first picture need not wait for what opens pictures

    @property
    def id(self) -> str:
        """What a client knows the version by: the beginning of the file's sha256."""
        return self.sha256[:12]

    def takes(self, dtype: np.dtype[Any]) -> bool:
        """Whether pixels of a dtype are rows as they are."""
        depth = self.holder.depth
        return depth is None or (dtype.kind != "f" and depth.holds(dtype))

    def read(self, content: bytes, where: str) -> tuple[Array, tuple[int, int]]:
        """A picture's bytes as one row (H, W, C), and its own (height, width).

        Raises FileError for what is no picture and DataError for a kind that is not read.
        """
        pixels, size = decoded_sized(content, where, self.options)
        return self.holder.bring(pixels, where), size

    def same_at_every_place(self) -> bool:
        """Whether a picture has the same outputs, bit for bit, wherever in a batch it lies and beside whatever else.

        Matrix products may sum the rows at their edge in another order. Where the size of pictures is not known
        beforehand nothing is: it may depend on the size.
        """
        if self.batch == 1 or self.shape is None:
            return self.batch == 1
        most = 1 if self.holder.depth is None else self.holder.depth.most or 1
        two = (np.random.default_rng(0).random((2, *self.shape)) * most).astype(self.dtype)
        with limited_threads(self.threads):
            alone = [self.answerer.unchecked(np.repeat(one[np.newaxis], self.batch, axis=0)) for one in two]
            mixed = self.answerer.unchecked(two[np.arange(self.batch) % 2])
        return all(np.array_equal(row, alone[place % 2][0]) for place, row in enumerate(mixed)) and all(
            np.array_equal(row, rows[0]) for rows in alone for row in rows
        )

    def answer(self, rows: Array, *, look: bool) -> tuple[Array, Array]:
        """What the network gives for at most `batch` rows (n, ...), and their distances from training pictures (n,).

        Without `look` that is zero.
        """
        n = len(rows)
        padded = rows
        if n < self.batch:
            padded = np.zeros((self.batch, *rows.shape[1:]), rows.dtype)
            padded[:n] = rows
        return self.answerer.unchecked(padded)[:n], self._distances(padded, n) if look else np.zeros(n)

    def _distances(self, padded: Array, n: int) -> Array:
        """The distance of each row, always of as many together: sums of floats depend on how many there are.

        Of little pictures a batch takes no longer than one.
        """
        watch = self.watch
        if watch is None:
            return np.zeros(n)
        if padded[0].size <= SMALL:
            return watch.typical.distances(watch.depth.as_floats(padded))[:n]
        return np.concatenate([watch.typical.distances(watch.depth.as_floats(row[np.newaxis])) for row in padded[:n]])

    def entries(
        self, rows: Array, outputs: Array, distances: Array, sizes: Sequence[tuple[int, int]], top: int
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """An answer a row, as `pellucid predict --json` has it without `image`, and what was noticed in sentences."""
        found: list[dict[str, Any]]
        if np.isfinite(outputs).all():
            found = self.problem.located(outputs, sizes, top=top, run=self.name)
        else:
            found = [self._entry(output, size, top) for output, size in zip(outputs, sizes, strict=True)]
        watch, warning = self.watch, ""
        if watch is not None and distances.max() > watch.typical.some:
            for entry, share in zip(found, (distances / watch.typical.far).tolist(), strict=True):
                entry |= {"unlike": round(share, 3)} if share > 1 else {}
            watch = replace(watch, distances=[], plain={})
            watch.note(rows, distances)
            warning = watch.warning()
        return found, [*self.holder.warnings, *([warning] if warning else [])]

    def _entry(self, output: Array, size: tuple[int, int], top: int) -> dict[str, Any]:
        """The answer to one row, or `error` where it is not finite."""
        try:
            refuse_not_finite(self.name, output)
            return self.problem.located(output[np.newaxis], [size], top=top, run=self.name)[0]
        except PellucidError as fault:
            return {"error": str(fault)}


def file_of(run: str) -> Path:
    """The model file of a run folder; a model file itself."""
    return Path(run, MODEL) if os.path.isdir(run) else Path(run)


def stamp_of(path: Path) -> Stamp:
    """What changes when another file is put in the place of a file; zeros where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino
