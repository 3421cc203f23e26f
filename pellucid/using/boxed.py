"""Objects of a picture that are named by a box, for a model that learnt from such: read as its training objects were.

Box     x0, y0, x1, y1 in pixels of the upright picture, from its corner, far edges exclusive
Read    the window around the box with the margin that the model's record has, in the proportions of its input
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.data.listing import file_source
from pellucid.data.options import Options, margin_of
from pellucid.data.planes import source_sized
from pellucid.data.points.cropping import Window, refuse_away, windows_of
from pellucid.data.survey import survey
from pellucid.errors import UsageError, describe, shown
from pellucid.words import decimal, user_path

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Boxed:
    """An object of a picture file."""

    name: str
    box: Box

    def read(self, options: Options) -> tuple[Array, Window]:
        """The pixels around it, as the options ask for them, and the window that they show.

        Raises FileError and DataError for a picture that cannot be read, DataError for a box outside it.
        """
        source = file_source(self.name, user_path(self.name))
        (told,) = survey([source], max_pixels=options.most_pixels)
        if isinstance(told, Exception):
            raise told
        size, box = (told[0].height, told[0].width), np.array([self.box])
        refuse_away(self.name, box[0], size)
        window = windows_of(box, np.array([size]), margin_of(options.crop) or 0, options.resize)[0]
        return source_sized(replace(source, window=window), options)[0], window


def boxed(images: Sequence[str], words: Sequence[str], record: Mapping[str, Any]) -> list[Boxed]:
    """The objects that boxes, as they were typed, name in pictures: all of one picture, or one in each.

    Raises UsageError for words that are no box, another number of them, and a model that learnt from whole pictures.
    """
    if margin_of(str(record.get("crop", "none"))) is None or record.get("stack"):
        raise UsageError("predict: --box is for models that learnt from objects cut out by boxes, and this one learnt "
                         "from whole pictures. Leave it out.")
    boxes = [parsed(word) for word in words]
    if len(images) not in (1, len(boxes)):
        raise UsageError(describe("predict", "--box", f"typed {len(images)} times, once a picture in their order, or "
                                  "for one picture alone", f"typed {len(boxes)} times"))  # fmt: skip
    every = images if len(images) == len(boxes) else [images[0]] * len(boxes)
    return [Boxed(image, box) for image, box in zip(every, boxes, strict=True)]


def parsed(word: str) -> Box:
    """A box as it was typed. Raises UsageError for what is none."""
    numbers = [number for part in word.split(",") if (number := decimal(part.strip())) is not None]
    if len(numbers) != 4 or word.count(",") != 3 or not (numbers[2] > numbers[0] and numbers[3] > numbers[1]):
        raise UsageError(describe("predict", "--box", "x0,y0,x1,y1 in pixels, the second corner to the right of and "
                                  "below the first, e.g. 12,30,80,95", repr(shown(word))))  # fmt: skip
    return numbers[0], numbers[1], numbers[2], numbers[3]
