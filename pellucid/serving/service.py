"""What the server does for a request, however it came: pictures to predictions, tensors to tensors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import DataError, FileError, PellucidError
from pellucid.serving.admission import Admission
from pellucid.serving.counting import Counts
from pellucid.serving.formats import FAMILY, allowed, quick
from pellucid.serving.inference import brought, read_request, response
from pellucid.serving.models import Models
from pellucid.serving.network import Network
from pellucid.serving.refusals import Refused, busy
from pellucid.serving.settings import Settings
from pellucid.serving.turns import Turns
from pellucid.serving.version import Version

DECODERS = 2  # threads; each may hold one large picture
Read = tuple[Array, tuple[int, int]]  # pixels (H, W, C), and the (height, width) of the picture


class Service:
    """Models, the thread behind them, and what is counted of both."""

    def __init__(self, models: Models, settings: Settings) -> None:
        self.models, self.settings = models, settings
        self.counts = Counts(settings.batch)
        self.admission = Admission(settings.queue, self.counts.waiting.set)
        threads = max(version.threads for version in models) // settings.workers
        self.turns = Turns()
        self.network = Network(max(1, threads), self.counts.batch, lambda: bool(self.turns.waiting))
        self.decoders = ThreadPoolExecutor(DECODERS, "decoder")
        for version in models:
            self.counts.version(version.name, version.id)

    def close(self) -> None:
        """End the threads."""
        self.decoders.shutdown()
        self.network.close()

    async def predict(self, version: Version, files: Sequence[tuple[str, bytes]], top: int) -> dict[str, Any]:
        """`predictions`, an entry a file in order with its answer or `error`, and `warnings`."""
        entries: list[dict[str, Any]] = [{"image": name} for name, _ in files]
        groups: dict[Any, list[tuple[dict[str, Any], Read]]] = {}
        for entry, (name, content) in zip(entries, files, strict=True):
            try:
                read = await self.read(version, content, name)
            except (FileError, DataError) as fault:
                entry["error"] = str(fault)
                continue
            groups.setdefault((read[0].shape, read[0].dtype), []).append((entry, read))
        fills = [self._fill(version, group, top) for group in groups.values()]
        every = [await fills[0]] if len(fills) == 1 else await asyncio.gather(*fills)
        return {"predictions": entries, "warnings": list(dict.fromkeys(one for some in every for one in some))}

    async def read(self, version: Version, content: bytes, name: str) -> Read:
        """A picture as a row. Raises FileError and DataError as `Version.read` does, and for other formats."""
        if not allowed(content):
            raise FileError(f"{name}: this is not a picture of a kind that is read here: {FAMILY}.")
        if quick(content):
            async with self.turns:
                return version.read(content, name)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.decoders, version.read, content, name)

    async def _fill(self, version: Version, group: Sequence[tuple[dict[str, Any], Read]], top: int) -> list[str]:
        """Put the answers into entries of pictures of one shape; what was noticed of them."""
        first = group[0][1][0][np.newaxis]
        rows = first if len(group) == 1 else np.stack([pixels for _, (pixels, _) in group])
        sizes = [size for _, (_, size) in group]

        def finish(outputs: Array, distances: Array) -> tuple[list[dict[str, Any]], list[str]]:
            return version.entries(rows, outputs, distances, sizes, top)

        try:
            answers, warnings = await self.run(version, rows, finish, look=True)
        except PellucidError as fault:
            answers, warnings = [{"error": str(fault)}] * len(group), []
        for (entry, _), answer in zip(group, answers, strict=True):
            entry |= answer
        return list(warnings)

    async def infer(self, version: Version, body: bytes, length: str, place: Any) -> tuple[dict[str, Any], bytes]:
        """The JSON and the tensors that answer a request of the Open Inference Protocol."""
        async with self.turns:
            asked, pixels = read_request(body, length, version, self.settings.pictures)
            place.needs(len(pixels))
            rows = brought(pixels, version)
        sizes = [(int(rows.shape[1]), int(rows.shape[2]))] * len(rows)

        def finish(outputs: Array, distances: Array) -> tuple[dict[str, Any], bytes]:
            answers, _ = version.entries(rows, outputs, distances, sizes, self.settings.top)
            return response(asked, version, outputs, answers)

        try:
            found: tuple[dict[str, Any], bytes] = await self.run(version, rows, finish, look=False)
            return found
        except PellucidError as fault:
            raise Refused(422, str(fault)) from None

    async def run(self, version: Version, rows: Array, finish: Callable[..., Any], *, look: bool) -> Any:
        """As `Network.run`. Raises Refused when it takes longer than a request may."""
        try:
            return await self.network.run(version, rows, finish, look=look, seconds=self.settings.timeout)
        except TimeoutError:
            raise busy(f"There was no answer within {self.settings.timeout:g} seconds (--timeout).") from None
