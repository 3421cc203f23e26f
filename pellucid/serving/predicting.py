"""POST /predict: the files of a request, answered as `pellucid predict --json` answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import DataError, FileError
from pellucid.serving.network import Network
from pellucid.serving.version import Version

Read = tuple[Array, tuple[int, int]]  # pixels (H, W, C), and the (height, width) of the picture


async def predictions(
    network: Network, version: Version, files: Sequence[tuple[str, bytes]], top: int
) -> dict[str, Any]:
    """`predictions`, an entry a file in order with its answer or `error`, and `warnings`."""
    entries: list[dict[str, Any]] = [{"image": name} for name, _ in files]
    groups: dict[Any, list[tuple[dict[str, Any], Read]]] = {}
    for entry, (name, content) in zip(entries, files, strict=True):
        try:
            read = version.read(content, name)
        except (FileError, DataError) as fault:
            entry["error"] = str(fault)
            continue
        groups.setdefault((read[0].shape, read[0].dtype), []).append((entry, read))
    warnings: list[str] = []
    for noticed in await asyncio.gather(*(fill(network, version, group, top) for group in groups.values())):
        warnings += [one for one in noticed if one not in warnings]
    return {"predictions": entries, "warnings": warnings}


async def fill(
    network: Network, version: Version, group: Sequence[tuple[dict[str, Any], Read]], top: int
) -> list[str]:
    """Put the answers into entries of pictures of one shape; what was noticed of them."""
    rows = np.stack([pixels for _, (pixels, _) in group])
    sizes = [size for _, (_, size) in group]

    def finish(outputs: Array) -> tuple[list[dict[str, Any]], list[str]]:
        return version.entries(rows, outputs, sizes, top)

    answers, warnings = await network.run(version, rows, finish)
    for (entry, _), answer in zip(group, answers, strict=True):
        entry |= answer
    return list(warnings)
