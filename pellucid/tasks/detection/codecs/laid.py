"""Anchors laid over maps: so many at every cell of each map, read map by map, cell by cell, anchor by anchor."""

from __future__ import annotations

from dataclasses import dataclass

Anchors = tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True)
class Laid:
    """size (height, width) of the input; of each map its stride and the (width, height) of its anchors, in pixels."""

    size: tuple[int, int]
    classes: int
    strides: tuple[int, ...]
    anchors: Anchors

    @property
    def maps(self) -> list[tuple[int, int]]:
        """(height, width) of each map."""
        return [(-(-self.size[0] // stride), -(-self.size[1] // stride)) for stride in self.strides]

    @property
    def places(self) -> int:
        return sum(height * width * len(own) for (height, width), own in zip(self.maps, self.anchors, strict=True))
