"""What augmentation makes of a batch: pictures and annotations moved together, then two or four of them in one.

Shapes  images (B, H, W, C), B annotations -> the same
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pellucid.data.annotations import Annotations
from pellucid.data.images import Array
from pellucid.data.mixing import Mix, mixed
from pellucid.keys import Key

if TYPE_CHECKING:
    from pellucid.data.augmentation import Augmentation


class Augments(Protocol):
    def apply(self, images: Array, *, key: Key, epoch: int, ids: Array) -> Array: ...
    def affines(self, size: tuple[int, int], *, key: Key, epoch: int, ids: Array) -> Array: ...


def changed(augmentation: Augments, x: Array, annotations: Annotations, *, key: Key, epoch: int, ids: Array,
            drawn: Array | None = None) -> tuple[Array, Annotations, Mix | None]:  # fmt: skip
    """The batch as a network learns from it, and who was mixed.

    drawn (B,): the numbers that samples draw by, where they are not ids; a copy is changed in another way.
    """
    from pellucid.data.augmentation import Augmentation  # fit alone does without

    by: dict[str, Any] = {"key": key, "epoch": epoch, "ids": ids if drawn is None else drawn}
    if annotations.moves:
        size = (x.shape[1], x.shape[2])
        annotations = annotations.moved(augmentation.affines(size, **by), size)
    x = augmentation.apply(x, **by)
    if not isinstance(augmentation, Augmentation):
        return x, annotations, None
    first = tuple(int(i) for i in ids[:1])
    if augmentation.mosaic:
        x, annotations = in_mosaics(x, annotations, augmentation, key.fold("mosaic", epoch, *first))
    x, mix = mixed(x, augmentation, key.fold("mix", epoch, *first))
    return x, annotations, mix


def in_mosaics(x: Array, annotations: Annotations, augmentation: Augmentation, key: Key) -> tuple[Array, Annotations]:
    """A share of the batch as mosaics; nothing changes where annotations cannot follow."""
    from pellucid.data.mosaic import Tiles, pieced, pieces_of

    if not isinstance(annotations, Tiles):
        return x, annotations
    pieces = pieces_of(len(x), (x.shape[1], x.shape[2]), augmentation.mosaic, key)
    return pieced(x, pieces), annotations.tiled(pieces)
